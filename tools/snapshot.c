/* SPDX-License-Identifier: MIT */
/* mmapx snapshot: write down which parts of which files are in memory. */
#include "tool.h"
#include "commands.h"
#include "files.h"
#include "interrupt.h"
#include "libmmapx.h"
#include "output.h"
#include "snapshot_format.h"
#include "survey.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct snapshot {
    const struct tool_options *o;
    FILE *out;
    const struct stat *own; /* the file that is written to, or NULL */
    const struct stat *old; /* the one that it replaces, or NULL */
    uint64_t files;
    uint64_t seen; /* files that were looked at, also if nothing is noted */
    /* The file that is described: its first line is written with its first run,
     * since it may be gone from memory by the time that it is asked for. */
    const char *path;
    int64_t size;
};

static void
write_run(const struct mmapx_cache_run *run, void *arg)
{
    struct snapshot *s = arg;

    if (!run->cached)
        return;
    if (s->path != NULL) {
        snapshot_write_file(s->out, s->path, s->size);
        s->files++;
    }
    s->path = NULL;
    snapshot_write_run(s->out, run->off, run->len);
}

static bool
is_file(const struct stat *st, const struct tool_file *file)
{
    return st != NULL && st->st_dev == file->device
           && st->st_ino == file->inode;
}

/* What is written at this moment is not a part of what is described. */
static bool
is_own(const struct snapshot *s, const struct tool_file *file)
{
    return is_file(s->own, file) || is_file(s->old, file);
}

/* It is deleted, or its name means something else here, as that of a file in a
 * container can.  No restore could find it. */
static int
leave_out(const struct snapshot *s, const struct tool_file *file)
{
    if (s->o->verbose)
        tool_note(file->path, "left out, since no name here leads to it", "");
    return 0;
}

/* By a name that is good from everywhere, and is no link. */
static int
write_file(struct snapshot *s, const struct tool_file *file)
{
    char *path = open_real_path(file);
    int error;

    if (path == NULL)
        return errno == ENOENT ? leave_out(s, file) : errno;
    if (!snapshot_takes(path)) {
        free(path);
        return ENAMETOOLONG;
    }
    s->path = path;
    s->size = file->size;
    error = survey_runs(file, 0, file->size, write_run, s);
    free(path);
    return error;
}

static int
describe(const struct tool_file *file, void *arg)
{
    struct snapshot *s = arg;
    bool is_put_off = survey_is_put_off(file);
    struct survey now = { .known = 0 };
    int error = 0;

    if (is_own(s, file))
        return TOOL_OK;
    s->seen++;
    if (!is_put_off)
        error = survey_found(&now, file);
    if (error == 0 && !is_put_off && now.known == 0)
        error = EPERM;
    if (error == 0 && (is_put_off || now.cached > 0))
        error = write_file(s, file);
    if (error == EPERM)
        survey_explain();
    if (ferror(s->out) || tool_interrupted != 0)
        return TOOL_STOPPED;
    return error != 0 ? tool_failed(file->path, error) : TOOL_OK;
}

/* Write all of it to a stream.  It ends with the number of files, and without
 * that a part is not taken for the whole. */
static int
write_all(struct snapshot *s)
{
    int status;

    snapshot_write_begin(s->out);
    status = tool_files_ahead(s->o, survey_ahead_of_runs, describe, s);
    if (tool_interrupted == 0)
        snapshot_write_end(s->out, s->files);
    return status;
}

static int
write_to_stdout(const struct tool_options *o)
{
    struct stat st;
    bool is_file = fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode);
    struct snapshot s = { .o = o, .out = stdout, .own = is_file ? &st : NULL };

    return write_all(&s);
}

/* Whether there is a snapshot that lists files. */
static bool
lists_files(const char *path)
{
    static const char begin[] = "mmapx snapshot 1\nfile ";
    char head[sizeof begin - 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool lists = fd >= 0
                 && read(fd, head, sizeof head) == (ssize_t)sizeof head
                 && memcmp(head, begin, sizeof head) == 0;

    if (fd >= 0)
        close(fd);
    return lists;
}

/* Where there is no file, a disk may not be mounted this time, and what a
 * process had open is not known after its end: a snapshot of that is worth less
 * than one of files, which it would replace. */
static bool
is_worse(const struct snapshot *s, const struct output *out)
{
    const char *why = s->seen == 0 ? "of none"
                      : tool_process_ended()
                          ? "without those of a process that has ended"
                          : NULL;

    if (why == NULL || !out->replaces || tool_interrupted != 0
        || !lists_files(out->path))
        return false;
    tool_note(out->path, "Lists files, and is not replaced by a snapshot", why);
    return true;
}

static int
write_to_file(const struct tool_options *o)
{
    struct output out;
    struct snapshot s = { .o = o, .own = &out.id };
    int error = output_open(&out, o->output);
    int status;
    bool worse;

    if (error != 0)
        return tool_interrupted != 0 ? TOOL_FAILED
                                     : tool_failed(o->output, error);
    s.out = out.stream;
    s.old = out.replaces ? &out.old : NULL;
    status = write_all(&s);
    worse = is_worse(&s, &out);
    error = output_close(&out, tool_interrupted == 0 && !worse
                                   && (status == TOOL_OK || s.files > 0));
    if (worse)
        status = TOOL_FAILED;
    if (error != 0 && tool_interrupted == 0)
        status = tool_failed(o->output, error);
    return status;
}

int
tool_snapshot(const struct tool_options *o)
{
    tool_catch_signals();
    /* A limit on the size of files is an error, to clean up after. */
    signal(SIGXFSZ, SIG_IGN);
    return o->output == NULL || strcmp(o->output, "-") == 0
               ? write_to_stdout(o)
               : write_to_file(o);
}

/* SPDX-License-Identifier: MIT */
/* mmapx snapshot: write down which parts of which files are in memory. */
#include "tool.h"
#include "commands.h"
#include "files.h"
#include "interrupt.h"
#include "libmmapx.h"
#include "snapshot_format.h"
#include "survey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct snapshot {
    FILE *out;
    uint64_t files;
};

static void
write_run(const struct mmapx_cache_run *run, void *arg)
{
    const struct snapshot *s = arg;

    if (run->cached)
        snapshot_write_run(s->out, run->off, run->len);
}

static int
describe(const struct tool_file *file, void *arg)
{
    struct snapshot *s = arg;
    struct mmapx_cache c;
    char *path;
    int error;

    if (mmapx_cache_stat(file->fd, 0, -1, &c) < 0) {
        if (errno == EPERM)
            survey_explain();
        return tool_failed(file->path, errno);
    }
    if (c.cached == 0)
        return TOOL_OK;
    /* By a name that is good from everywhere, and is no link. */
    path = realpath(file->path, NULL);
    if (path == NULL)
        return tool_failed(file->path, errno);
    snapshot_write_file(s->out, path, file->size);
    free(path);
    s->files++;
    error = survey_runs(file, 0, -1, write_run, s);
    return error != 0 ? tool_failed(file->path, error) : TOOL_OK;
}

/* Write all of it to a stream.  It ends with the number of files, and without
 * that a part is not taken for the whole. */
static int
write_all(const struct tool_options *o, FILE *out)
{
    struct snapshot s = { .out = out };
    int status;

    snapshot_write_begin(out);
    status = tool_files(o, describe, &s);
    if (tool_interrupted == 0)
        snapshot_write_end(out, s.files);
    return status;
}

/* A new file beside the one that it is to replace. */
static FILE *
open_beside(const char *path, char **name)
{
    static const char suffix[] = ".XXXXXX";
    size_t room = strlen(path) + sizeof suffix;
    mode_t mask = umask(0);
    FILE *out = NULL;
    int fd;

    umask(mask);
    *name = malloc(room);
    if (*name == NULL)
        tool_no_memory();
    snprintf(*name, room, "%s%s", path, suffix);
    fd = mkstemp(*name);
    if (fd >= 0 && fchmod(fd, 0666 & ~mask) == 0)
        out = fdopen(fd, "w");
    if (fd >= 0 && out == NULL) {
        close(fd);
        unlink(*name);
    }
    return out;
}

/* All of it or nothing: it takes the place of the old one in one step, and a
 * link there is replaced and not followed. */
static int
replace(const struct tool_options *o)
{
    char *name;
    FILE *out = open_beside(o->output, &name);
    int status;
    bool good;

    if (out == NULL) {
        status = tool_failed(o->output, errno);
        free(name);
        return status;
    }
    status = write_all(o, out);
    good = fflush(out) == 0 && !ferror(out) && fsync(fileno(out)) == 0;
    good = fclose(out) == 0 && good;
    if (good && tool_interrupted == 0)
        good = rename(name, o->output) == 0;
    if (!good)
        status = tool_failed(o->output, errno);
    if (!good || tool_interrupted != 0)
        unlink(name);
    free(name);
    return status;
}

int
tool_snapshot(const struct tool_options *o)
{
    tool_catch_signals();
    /* A limit on the size of files is an error, to clean up after. */
    signal(SIGXFSZ, SIG_IGN);
    return o->output != NULL ? replace(o) : write_all(o, stdout);
}

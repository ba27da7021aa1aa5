/* SPDX-License-Identifier: MIT */
/*
 * mmapx restore: load what a snapshot says.
 *
 * A snapshot may come from anywhere.  All of it is checked before anything is
 * done, and of each file only its place in the snapshot is kept in memory.
 */
#include "tool.h"
#include "commands.h"
#include "files.h"
#include "interrupt.h"
#include "json.h"
#include "libmmapx.h"
#include "progress.h"
#include "screen.h"
#include "snapshot_format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes between two looks at the signals. */
enum { RESTORE_STEP = 8 << 20 };

struct entry {
    dev_t device;
    ino_t inode;
    off_t at; /* where its line begins in the snapshot */
};

struct restore {
    struct snapshot_reader reader;
    const char *name; /* of the snapshot */
    struct entry *entries;
    size_t n;
    size_t room;
    int status;
    struct progress progress;
    int64_t total;
    int64_t loaded;
    size_t files; /* of which that is */
    const struct tool_options *o;
};

static int
corrupt(const struct restore *s)
{
    fflush(stdout);
    fputs("mmapx: ", stderr);
    tool_name(stderr, s->name);
    fprintf(stderr, ": line %" PRIu64 " is not that of a snapshot\n",
            s->reader.number);
    return TOOL_FAILED;
}

/* --- Checking and sorting ------------------------------------------------- */

static void
skip(struct restore *s, const char *path, const char *why)
{
    progress_hide();
    fflush(stdout);
    fputs("mmapx: ", stderr);
    tool_name(stderr, path);
    fprintf(stderr, ": %s, left out\n", why);
    s->status = TOOL_FAILED;
}

/* A file that is as it was is put on the list. */
static bool
list_file(const char *path, int64_t size, off_t at, void *arg)
{
    struct restore *s = arg;
    struct tool_file file = { .fd = -1 };
    int error = tool_open(&file, path, false);

    if (error == ENOENT || error == ENOTDIR) {
        skip(s, path, "gone since the snapshot");
        return false;
    }
    if (error != 0) {
        skip(s, path, tool_error(error));
        return false;
    }
    close(file.fd);
    if (file.size != size) {
        skip(s, path, "of another size since the snapshot");
        return false;
    }
    if (s->n == s->room) {
        s->room = 2 * s->room + 64;
        s->entries = realloc(s->entries, s->room * sizeof *s->entries);
        if (s->entries == NULL)
            tool_no_memory();
    }
    s->entries[s->n++] = (struct entry){ file.device, file.inode, at };
    return true;
}

/* The whole snapshot. */
static int
check(struct restore *s)
{
    if (snapshot_check(&s->reader, list_file, s, &s->total))
        return TOOL_OK;
    return tool_interrupted != 0 ? TOOL_FAILED : corrupt(s);
}

/* As inodes are numbered, files mostly lie on the disk. */
static int
by_place(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;

    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* --- Loading -------------------------------------------------------------- */

/* Returns 0 or an errno. */
static int
load_run(struct restore *s, const struct tool_file *file, int64_t off,
         int64_t len)
{
    for (int64_t n; len > 0 && tool_interrupted == 0; off += n, len -= n) {
        n = RESTORE_STEP - off % RESTORE_STEP;
        n = n < len ? n : len;
        if (mmapx_cache_load(file->fd, off, n) < 0)
            return errno;
        s->loaded += n;
        progress_add(&s->progress, file->path, n);
    }
    return 0;
}

/* The runs that follow in the snapshot. */
static int
load_runs(struct restore *s, const struct tool_file *file)
{
    int64_t off, len;
    int error = 0;

    while (error == 0 && tool_interrupted == 0 && snapshot_line(&s->reader)
           && snapshot_run(s->reader.line, &off, &len))
        error = load_run(s, file, off, len);
    return error;
}

static void
load(struct restore *s, const struct entry *e)
{
    int64_t before = s->loaded;
    struct tool_file file = { .fd = -1 };
    const char *path = NULL;
    int64_t size;
    int error;

    if (fseeko(s->reader.in, e->at, SEEK_SET) == 0
        && snapshot_line(&s->reader))
        path = snapshot_file(s->reader.line, &size);
    if (path == NULL) {
        s->status = corrupt(s); /* by now */
        return;
    }
    path = strdup(path);
    if (path == NULL)
        tool_no_memory();
    error = tool_open(&file, path, false);
    if (error == 0) {
        error = load_runs(s, &file);
        close(file.fd);
    }
    if (error == 0)
        s->files++;
    else
        s->status = tool_failed(path, error);
    if (error == 0 && s->o->json)
        json_line(json_pack("{s:o, s:I}", "path", json_path(path), "loaded",
                            (json_int_t)(s->loaded - before)));
    free((char *)(uintptr_t)path);
}

/* A stream that can be read twice: a copy, if need be. */
static FILE *
open_snapshot(const char *path)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    FILE *copy;
    char buf[4096];
    size_t n;

    if (in == NULL || fseeko(in, 0, SEEK_SET) == 0)
        return in;
    copy = tmpfile();
    while (copy != NULL && (n = fread(buf, 1, sizeof buf, in)) > 0)
        if (fwrite(buf, 1, n, copy) != n) {
            fclose(copy);
            copy = NULL;
        }
    if (copy != NULL && (ferror(in) || fseeko(copy, 0, SEEK_SET) != 0)) {
        fclose(copy);
        copy = NULL;
    }
    if (in != stdin)
        fclose(in);
    return copy;
}

static void
print_summary(const struct restore *s, double seconds)
{
    char size[24];

    printf("restored %s in %zu file%s, %.1f s\n",
           tool_size(size, s->loaded, s->o->bytes), s->files,
           s->files == 1 ? "" : "s", seconds);
}

int
tool_restore(const struct tool_options *o)
{
    static struct restore s; /* it has a long line in it */
    double began = tool_seconds();
    int status;

    s.o = o;
    s.name = o->paths[0];
    s.reader.in = open_snapshot(o->paths[0]);
    if (s.reader.in == NULL)
        return tool_failed(o->paths[0], errno);
    tool_catch_signals();
    status = check(&s);
    if (status != TOOL_OK)
        s.n = 0;
    if (s.n > 1)
        qsort(s.entries, s.n, sizeof *s.entries, by_place);
    progress_begin(&s.progress, o, "restoring", s.total);
    for (size_t i = 0; i < s.n && tool_interrupted == 0; i++)
        load(&s, &s.entries[i]);
    progress_hide();
    if (tool_interrupted != 0)
        fputs("mmapx: interrupted\n", stderr);
    if (status == TOOL_OK && !o->json)
        print_summary(&s, tool_seconds() - began);
    fclose(s.reader.in);
    free(s.entries);
    return status != TOOL_OK ? status : s.status;
}

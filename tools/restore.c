/* SPDX-License-Identifier: MIT */
/*
 * mmapx restore: load what a snapshot says.
 *
 * A snapshot may come from anywhere.  All of it is checked before anything is
 * done, and for each file only its place in the snapshot is kept in memory.
 * Files live on meanwhile: what is left of the ranges is loaded, and it is no
 * failure that a file has changed or gone.
 */
#include "tool.h"
#include "commands.h"
#include "files.h"
#include "identity.h"
#include "interrupt.h"
#include "json.h"
#include "libmmapx.h"
#include "memory.h"
#include "pace.h"
#include "progress.h"
#include "restore_runs.h"
#include "screen.h"
#include "snapshot_format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
    struct identity id;
    off_t at;      /* where its line begins in the snapshot */
    int64_t bytes; /* that it had, and can still have */
};

/* What became of a file since the snapshot. */
enum state { SAME, GROWN, CUT, GONE, STATES };

static const char *const state_names[STATES] = { "same", "grown", "cut",
                                                 "gone" };

struct restore {
    const struct tool_options *o;
    struct snapshot_reader reader;
    const char *name; /* of the snapshot */
    struct entry *entries;
    size_t n;
    size_t room;
    int status;
    struct progress progress;
    int64_t wanted; /* bytes of all entries */
    int64_t needed; /* the same, where a file that is named twice counts once */
    int64_t there;  /* of these, in memory now */
    int64_t lacks;  /* of what the files still have, not in memory now */
    size_t files;   /* that were loaded, all of them */
    size_t states[STATES];
    bool counting;  /* once more, and nothing else */
};

static int
damaged(const struct restore *s)
{
    snapshot_complain(&s->reader, s->name);
    return TOOL_FAILED;
}

/* A file that is no longer as it was is said to be so if that is wanted. */
static void
tell(struct restore *s, const char *path, enum state state, int64_t there)
{
    if (s->counting)
        return;
    s->states[state]++;
    progress_hide();
    if (s->o->json) {
        json_line(json_pack("{s:o, s:I, s:s}", "path", json_path(path),
                            "loaded", (json_int_t)there, "state",
                            state_names[state]));
    } else if (s->o->verbose && state != SAME) {
        tool_name(stdout, path);
        printf(": %s since the snapshot\n", state_names[state]);
    }
}

/* --- Checking and sorting ------------------------------------------------- */

static void
keep_entry(struct restore *s, const struct stat *st,
           const struct snapshot_entry *e)
{
    bool cut = S_ISREG(st->st_mode) && st->st_size < e->bytes;
    int64_t bytes = cut ? st->st_size : e->bytes;

    if (s->n == s->room) {
        s->room = 2 * s->room + 64;
        s->entries = realloc(s->entries, s->room * sizeof *s->entries);
        if (s->entries == NULL)
            tool_no_memory();
    }
    s->entries[s->n++]
        = (struct entry){ { st->st_dev, st->st_ino }, e->at, bytes };
    s->wanted = tool_sum(s->wanted, bytes);
}

/* Where there is something else by now, the file has gone. */
static bool
is_gone(int error)
{
    return error == ENOENT || error == ENOTDIR || error == ELOOP
           || error == EISDIR || error == OPEN_OTHER;
}

/* Put a file that is there on the list. */
static void
list_file(const struct snapshot_entry *e, void *arg)
{
    struct restore *s = arg;
    struct stat st;
    int handle, error;

    if (e->bad != 0) {
        fputs("mmapx: ", stderr);
        tool_name(stderr, s->name);
        fprintf(stderr, ": line %" PRIu64 " is wrong, its file is left out\n",
                e->bad);
        s->status = TOOL_FAILED;
        return;
    }
    handle = open_look_along(e->path, &st);
    error = handle < 0 ? errno : S_ISDIR(st.st_mode) ? EISDIR : 0;
    if (handle >= 0)
        close(handle);
    if (error == 0)
        keep_entry(s, &st, e);
    else if (is_gone(error))
        tell(s, e->path, GONE, 0);
    else
        s->status = tool_failed(e->path, error);
}

/* Entries of one file lie side by side when they are sorted. */
static int64_t
sum_of_files(const struct restore *s)
{
    int64_t sum = 0;
    int64_t most = 0; /* of one file's entries */

    for (size_t i = 0; i < s->n; i++) {
        const struct entry *e = &s->entries[i];

        if (e->bytes > most)
            most = e->bytes;
        if (i + 1 < s->n && identity_compare(e, e + 1) == 0)
            continue;
        sum = tool_sum(sum, most);
        most = 0;
    }
    return sum;
}

static int
check(struct restore *s)
{
    if (!snapshot_check(&s->reader, list_file, s))
        return tool_interrupted != 0 ? TOOL_FAILED : damaged(s);
    /* As inodes are numbered, files mostly lie on the disk. */
    if (s->n > 1)
        qsort(s->entries, s->n, sizeof *s->entries, identity_compare);
    s->needed = sum_of_files(s);
    return TOOL_OK;
}

/* --- Loading -------------------------------------------------------------- */

/* What somebody has cut meanwhile is not missed. */
static bool
was_cut(const struct tool_file *file)
{
    struct stat st;

    return fstat(file->fd, &st) == 0 && S_ISREG(st.st_mode)
           && st.st_size < file->size;
}

static void
load_file(struct restore *s, const struct tool_file *file, int64_t size)
{
    enum state state = file->size > size ? GROWN : SAME;
    struct restore_runs r = { .reader = &s->reader, .file = file,
                              .progress = &s->progress,
                              .counting = s->counting };
    int error = restore_runs(&r, size < file->size ? size : file->size);

    s->there = tool_sum(s->there, r.found);
    if (tool_interrupted != 0)
        return;
    if (error != 0) {
        s->status = tool_failed(file->path, error);
        return;
    }
    s->files++;
    if (file->size < size || (r.found < r.wanted && was_cut(file)))
        state = CUT;
    else if (r.found < r.wanted)
        s->lacks = tool_sum(s->lacks, r.wanted - r.found);
    tell(s, file->path, state, r.found);
}

/* An entry's file is opened once more, and may be another one by now. */
static void
load_entry(struct restore *s, const struct entry *e)
{
    struct tool_file file = { .fd = -1 };
    const char *in_line = NULL;
    struct stat st;
    int64_t size = 0;
    char *path;
    int handle, error;

    if (fseeko(s->reader.in, e->at, SEEK_SET) == 0
        && snapshot_line(&s->reader) == SNAPSHOT_FILE)
        in_line = snapshot_file(s->reader.line, &size);
    if (in_line == NULL) {
        s->status = damaged(s); /* by now */
        return;
    }
    path = strdup(in_line);
    if (path == NULL)
        tool_no_memory();
    file.path = path;
    handle = open_look_along(path, &st);
    error = handle < 0 ? errno : open_file(&file, handle, &st);
    if (error == 0) {
        load_file(s, &file, size);
        close(file.fd);
    } else if (is_gone(error)) {
        tell(s, path, GONE, 0);
    } else {
        s->status = tool_failed(path, error);
    }
    if (handle >= 0)
        close(handle);
    free(path);
}

static void
load_all(struct restore *s)
{
    s->there = s->lacks = 0;
    s->files = 0;
    for (size_t i = 0; i < s->n && tool_interrupted == 0; i++)
        load_entry(s, &s->entries[i]);
}

/* What is more than there is room for is loaded all the same, but not without a
 * word; then what came first may have gone for what came last. */
static void
load_into_room(struct restore *s)
{
    struct memory memory;
    bool fits;

    memory_look(&memory);
    fits = s->needed <= memory.available;
    if (!fits)
        memory_complain(&memory, NULL, "restored", s->needed, s->o->bytes);
    load_all(s);
    progress_hide();
    if (!fits && tool_interrupted == 0) {
        s->counting = true;
        load_all(s);
    }
    if (s->lacks > 0)
        s->status = TOOL_FAILED;
}

/* --- What came of it ------------------------------------------------------ */

/* "since the snapshot 1 file has gone, and 2 changed in size", or a half. */
static void
print_changes(const struct restore *s)
{
    size_t changed = s->states[GROWN] + s->states[CUT];
    size_t gone = s->states[GONE];

    if (gone + changed == 0)
        return;
    fputs("since the snapshot ", stdout);
    if (gone > 0)
        printf("%zu file%s gone", gone, gone == 1 ? " has" : "s have");
    if (gone > 0 && changed > 0)
        printf(", and %zu changed in size", changed);
    else if (changed > 0)
        printf("%zu file%s changed in size", changed,
               changed == 1 ? " has" : "s have");
    puts(s->o->verbose ? "" : " (-v lists them)");
}

static void
print_summary(const struct restore *s, double seconds)
{
    char some[24], lacks[24];

    printf("restored %s in %zu file%s, %.1f s\n",
           tool_size(some, s->there, s->o->bytes), s->files,
           s->files == 1 ? "" : "s", seconds);
    print_changes(s);
    if (s->lacks > 0)
        printf("%s are not in memory: they did not stay\n",
               tool_size(lacks, s->lacks, s->o->bytes));
}

int
tool_restore(const struct tool_options *o)
{
    struct restore s = { .o = o, .name = o->paths[0] };
    double began = tool_seconds();
    int status;

    tool_catch_signals();
    s.reader.in = snapshot_open(o->paths[0]);
    if (s.reader.in == NULL) {
        if (tool_interrupted != 0)
            fputs("mmapx: interrupted\n", stderr);
        return TOOL_FAILED;
    }
    status = check(&s);
    progress_begin(&s.progress, o, "restoring", s.wanted);
    if (status == TOOL_OK)
        load_into_room(&s);
    progress_hide();
    if (tool_interrupted != 0)
        fputs("mmapx: interrupted\n", stderr);
    if (status == TOOL_OK && !o->json && !o->quiet)
        print_summary(&s, tool_seconds() - began);
    else if (status == TOOL_OK && s.lacks > 0)
        memory_complain_gone(s.lacks, o->bytes);
    snapshot_close(&s.reader);
    free(s.entries);
    return status != TOOL_OK ? status : s.status;
}

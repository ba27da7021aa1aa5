/* SPDX-License-Identifier: MIT */
/*
 * Loading the files that restore has listed.  While a file is waited for, the
 * files behind it are opened and the first of their runs begun, so that the
 * disk has something to do.
 */
#include "tool.h"
#include "ahead.h"
#include "bring.h"
#include "interrupt.h"
#include "restore.h"
#include "restore_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What goes along with a file that is opened ahead, and the first of its runs,
 * which are begun then. */
enum { FIRST_RUNS = 12 };

struct opened {
    off_t runs_at; /* where they begin in the snapshot */
    int64_t size;  /* of the file at that time */
    size_t n;
    struct bring_part runs[FIRST_RUNS];
};

_Static_assert(sizeof(struct opened) <= AHEAD_NOTE, "no room for a note");

/* What somebody has cut meanwhile is not missed. */
static bool
was_cut(const struct tool_file *file)
{
    struct stat st;

    return fstat(file->fd, &st) == 0 && S_ISREG(st.st_mode)
           && st.st_size < file->size;
}

/* What was loaded of a file is looked at once more after the last one. */
static void
note_loaded(struct restore *s, const struct tool_file *file)
{
    struct work_file f = { .file = file, .len = file->size };

    if (!sample_is_due(&s->sample)
        || survey_range(&f.after, file, 0, f.len) == 0)
        sample_add(&s->sample, &f);
}

static void
load_file(struct restore *s, const struct tool_file *file)
{
    const struct opened *opened = file->note;
    int64_t size = opened->size;
    enum restore_state state
        = file->size > size ? RESTORE_GROWN : RESTORE_SAME;
    struct restore_runs r = { .reader = &s->reader,
                              .file = file,
                              .progress = &s->progress,
                              .is_begun = !s->counting,
                              .counting = s->counting };
    int error;

    if (fseeko(s->reader.in, opened->runs_at, SEEK_SET) < 0) {
        s->status = restore_damaged(s);
        return;
    }
    error = restore_runs(&r, size < file->size ? size : file->size);
    s->there = tool_sum(s->there, r.found);
    need_add(&s->need, file, r.wanted, r.found);
    if (tool_interrupted != 0) {
        restore_tell(s, file->path, state, r.unknown ? -1 : r.found);
        return;
    }
    if (error != 0) {
        s->status = tool_failed(file->path, error);
        return;
    }
    s->files++;
    if (!s->counting)
        note_loaded(s, file);
    if (file->size < size || (r.found < r.wanted && was_cut(file)))
        state = RESTORE_CUT;
    else if (r.found < r.wanted)
        s->lacks = tool_sum(s->lacks, r.wanted - r.found);
    s->unknown |= r.unknown;
    restore_tell(s, file->path, state, r.unknown ? -1 : r.found);
}

static void
begin(const struct tool_file *file, void *arg)
{
    const struct opened *opened = file->note;

    (void)arg;
    bring_begin_parts(file, opened->runs, opened->n);
}

static void
load_first(struct restore *s)
{
    const struct ahead_file *f = ahead_take(s->ahead);

    if (f->error == 0 && tool_interrupted == 0)
        load_file(s, &f->file);
    else if (tool_interrupted == 0 && open_is_gone(f->error))
        restore_tell(s, f->path, RESTORE_GONE, 0);
    else if (tool_interrupted == 0)
        s->status = tool_failed(f->path, f->error);
    if (f->error == 0)
        close(f->file.fd);
}

static void
load_last(struct restore *s)
{
    while (ahead_has_file(s->ahead))
        load_first(s);
}

/* The line of an entry once more, and the first of its runs.  The path is in
 * the heap; or NULL. */
static char *
read_entry(struct restore *s, const struct restore_entry *e,
           struct opened *opened)
{
    struct snapshot_reader *r = &s->reader;
    const char *in_line = NULL;
    int64_t off = 0;
    int64_t len = 0;
    char *path;

    if (fseeko(r->in, e->at, SEEK_SET) == 0
        && snapshot_line(r) == SNAPSHOT_FILE)
        in_line = snapshot_file(r->line, &opened->size);
    if (in_line == NULL)
        return NULL;
    path = strdup(in_line);
    if (path == NULL)
        tool_no_memory();
    opened->runs_at = ftello(r->in);
    while (opened->n < FIRST_RUNS && snapshot_line(r) == SNAPSHOT_RUN
           && snapshot_run(r->line, &off, &len))
        opened->runs[opened->n++] = (struct bring_part){ off, len };
    return path;
}

/* An entry's file is opened once more, and may be another one by now. */
static void
load_entry(struct restore *s, const struct restore_entry *e)
{
    struct opened opened = { .n = 0 };
    struct ahead_file f = { .file.note = &opened,
                            .note_size = sizeof opened,
                            .handle = -1,
                            .along = true };

    f.path = read_entry(s, e, &opened);
    if (f.path == NULL) {
        load_last(s);
        s->status = restore_damaged(s); /* by now */
        return;
    }
    while (!ahead_has_room(s->ahead))
        load_first(s);
    ahead_add(s->ahead, &f);
    free(f.path);
}

void
restore_load(struct restore *s)
{
    s->there = s->lacks = 0;
    s->files = 0;
    s->need = (struct need){ 0 };
    s->ahead = ahead_new(s->o, s->counting ? NULL : begin, NULL);
    for (size_t i = 0; i < s->n && tool_interrupted == 0; i++)
        load_entry(s, &s->entries[i]);
    load_last(s);
    ahead_free(s->ahead);
}

bool
restore_has_lost(struct restore *s)
{
    bool has_lost = sample_has_lost(&s->sample);

    return has_lost && !s->unknown && s->lacks == 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * The files that a snapshot names: all of it is checked, and what is there is
 * listed.  Names are looked up ahead of their turn.
 */
#include "tool.h"
#include "ahead.h"
#include "interrupt.h"
#include "restore.h"
#include "screen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* What goes along with a file that is looked up ahead. */
struct looked {
    off_t at; /* these two as in its entry */
    int64_t bytes;
};

_Static_assert(sizeof(struct looked) <= AHEAD_NOTE, "no room for a note");

static void
keep_entry(struct restore *s, const struct stat *st,
           const struct looked *looked)
{
    bool cut = S_ISREG(st->st_mode) && st->st_size < looked->bytes;
    int64_t bytes = cut ? st->st_size : looked->bytes;

    s->entries = tool_grow(s->entries, s->n, &s->room, sizeof *s->entries);
    s->entries[s->n++] = (struct restore_entry){
        .id = { st->st_dev, st->st_ino },
        .at = looked->at,
        .bytes = bytes,
    };
    s->wanted = tool_sum(s->wanted, bytes);
}

/* Put the first file that was looked up on the list, if it is there. */
static void
list_first(struct restore *s)
{
    const struct ahead_file *f = ahead_take(s->ahead);
    int error = f->error;

    if (error == 0 && S_ISDIR(f->st.st_mode))
        error = EISDIR;
    if (tool_interrupted != 0)
        return;
    if (error == 0)
        keep_entry(s, &f->st, f->file.note);
    else if (open_is_gone(error))
        restore_tell(s, f->path, RESTORE_GONE, 0);
    else
        s->status = tool_failed(f->path, error);
}

static void
list_all(struct restore *s)
{
    while (ahead_has_file(s->ahead))
        list_first(s);
}

static void
list_file(const struct snapshot_entry *e, void *arg)
{
    struct restore *s = arg;
    struct looked looked = { e->at, e->bytes };
    struct ahead_file f = { .file.note = &looked,
                            .note_size = sizeof looked,
                            .path = e->path,
                            .handle = -1,
                            .along = true,
                            .looks = true };

    if (e->bad != 0) {
        list_all(s);
        snapshot_leave_out(e, s->name);
        s->status = TOOL_FAILED;
        return;
    }
    while (!ahead_has_room(s->ahead))
        list_first(s);
    ahead_add(s->ahead, &f);
}

/* Entries of one file lie side by side when they are sorted. */
static int64_t
sum_of_files(const struct restore *s)
{
    int64_t sum = 0;
    int64_t most = 0; /* of one file's entries */

    for (size_t i = 0; i < s->n; i++) {
        const struct restore_entry *e = &s->entries[i];

        if (e->bytes > most)
            most = e->bytes;
        if (i + 1 < s->n && identity_compare(e, e + 1) == 0)
            continue;
        sum = tool_sum(sum, need_round(most));
        most = 0;
    }
    return sum;
}

int
restore_check(struct restore *s)
{
    bool is_whole;

    s->ahead = ahead_new(s->o, NULL, NULL);
    is_whole = snapshot_check(&s->reader, list_file, s);
    list_all(s);
    ahead_free(s->ahead);
    if (!is_whole)
        return tool_interrupted != 0 ? TOOL_FAILED : restore_damaged(s);
    /* As inodes are numbered, files mostly lie on the disk. */
    if (s->n > 1)
        qsort(s->entries, s->n, sizeof *s->entries, identity_compare);
    s->needed = sum_of_files(s);
    return TOOL_OK;
}

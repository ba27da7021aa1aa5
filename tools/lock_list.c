/* SPDX-License-Identifier: MIT */
/* What a snapshot names, to be locked: unlike what is restored it is needed
 * again and again, so it is kept in memory. */
#include "tool.h"
#include "interrupt.h"
#include "lock_list.h"
#include "screen.h"
#include "snapshot_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct lock_list *list;
    const char *name; /* of the snapshot */
    size_t room;
    int status;
};

/* An entry, for now without its parts. */
static void
list_entry(const struct snapshot_entry *e, void *arg)
{
    struct reading *r = arg;
    struct lock_list *list = r->list;
    char *path;

    if (e->bad != 0) {
        snapshot_leave_out(e, r->name);
        r->status = TOOL_FAILED;
        return;
    }
    list->entries = tool_grow(list->entries, list->n, &r->room,
                              sizeof *list->entries);
    path = strdup(e->path);
    if (path == NULL)
        tool_no_memory();
    list->entries[list->n++]
        = (struct lock_entry){ .path = path, .at = e->at };
}

static void
read_parts(struct lock_entry *e, struct snapshot_reader *in)
{
    size_t room = 0;
    int64_t off = 0;
    int64_t len = 0;
    int64_t size;

    if (fseeko(in->in, e->at, SEEK_SET) != 0
        || snapshot_line(in) != SNAPSHOT_FILE
        || snapshot_file(in->line, &size) == NULL)
        return;
    while (tool_interrupted == 0 && snapshot_line(in) == SNAPSHOT_RUN
           && snapshot_run(in->line, &off, &len)) {
        int64_t n = snapshot_within(size, off, len);

        if (n == 0)
            return; /* nor is there anything in what follows */
        e->parts = tool_grow(e->parts, e->n, &room, sizeof *e->parts);
        e->parts[e->n++] = (struct bring_part){ off, n };
    }
}

int
lock_list_read(struct lock_list *list, const char *snapshot)
{
    struct reading r = { .list = list, .name = snapshot };
    struct snapshot_reader in = { .in = snapshot_open(snapshot) };

    if (in.in == NULL)
        return TOOL_FAILED;
    if (!snapshot_check(&in, list_entry, &r)) {
        if (tool_interrupted == 0)
            snapshot_complain(&in, snapshot);
        lock_list_free(list);
        r.status = TOOL_FAILED;
    }
    for (size_t i = 0; i < list->n && tool_interrupted == 0; i++)
        read_parts(&list->entries[i], &in);
    snapshot_close(&in);
    return r.status;
}

void
lock_list_free(struct lock_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->entries[i].path);
        free(list->entries[i].parts);
    }
    free(list->entries);
    *list = (struct lock_list){ 0 };
}

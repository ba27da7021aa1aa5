/* SPDX-License-Identifier: MIT */
/* What a snapshot names, to be locked. */
#ifndef TOOL_LOCK_LIST_H
#define TOOL_LOCK_LIST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bring.h"

struct lock_entry {
    char *path;
    off_t at; /* of its first line in the snapshot */
    struct bring_part *parts;
    size_t n;
};

struct lock_list {
    struct lock_entry *entries;
    size_t n;
};

/* Read a snapshot.  A wrong entry is complained of and left out; the status is
 * TOOL_FAILED then, and where nothing could be read at all. */
int lock_list_read(struct lock_list *list, const char *snapshot);

void lock_list_free(struct lock_list *list);

#endif /* TOOL_LOCK_LIST_H */

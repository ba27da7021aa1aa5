/* SPDX-License-Identifier: MIT */
/* The files that are kept in memory, by their names. */
#ifndef TOOL_LOCK_FILES_H
#define TOOL_LOCK_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "held.h"
#include "options.h"

/* It begins as zeros. */
struct lock_files {
    void *tree; /* of struct held, by path */
    struct held **all;
    size_t n;
    size_t room;
};

/* The file of a path, which may be new. */
struct held *lock_files_find(struct lock_files *files, const char *path,
                             bool listed);

/* Let go of each file to which no name leads any more, after a look.  One that
 * was not seen although its name leads to it could not be opened this time. */
void lock_files_drop(struct lock_files *files, const struct tool_options *o,
                     unsigned look);

/* Let go of everything. */
void lock_files_free(struct lock_files *files);

#endif /* TOOL_LOCK_FILES_H */

/* SPDX-License-Identifier: MIT */
/* How much memory it takes to have files in it.  Memory is used by whole pages,
 * of which a small file fills a part. */
#ifndef TOOL_NEED_H
#define TOOL_NEED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "files.h"
#include "memory.h"

struct need {
    int64_t absent; /* bytes that are not in memory yet */
    int64_t cached; /* that are, as pages that the system could give back */
    dev_t device;   /* whose file system has been asked */
    bool asked;
    bool in_memory; /* it lives there */
};

/* So many bytes in whole pages. */
int64_t need_round(int64_t bytes);

/* Add what a range of a file needs: how many bytes of it are to be in memory,
 * and how many of these are. */
void need_add(struct need *need, const struct tool_file *file, int64_t bytes,
              int64_t cached);

/* The same, but look what is in memory.  Without an answer nothing is. */
void need_look(struct need *need, const struct tool_file *file, int64_t off,
               int64_t len);

/*
 * How much has to be free for that.  What is cached counts as far as it may be
 * a part of what is called available: it is not available twice.
 */
int64_t need_of(const struct need *need, const struct memory *memory);

#endif /* TOOL_NEED_H */

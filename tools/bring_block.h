/* SPDX-License-Identifier: MIT */
/* Bringing in a block of which single pages are wanted. */
#ifndef TOOL_BRING_BLOCK_H
#define TOOL_BRING_BLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "open.h"

/* What one huge page holds, where pages have 4 KiB. */
enum { BRING_BLOCK = 2 << 20 };

struct bring_block {
    pthread_t thread;
    bool is_begun;
    bool is_whole;
    bool was_huge; /* before it was split; else it is not worth a thread */
    int fd;
    int64_t off;
    int64_t gap; /* where a page is that is not wanted */
};

/* Whether a block lies in the file, and nothing of it is in memory. */
bool bring_block_is_fresh(const struct tool_file *file, int64_t off);

/* Begin to read a block, by a thread.  False if that is no way here. */
bool bring_block_begin(struct bring_block *block, const struct tool_file *file,
                       int64_t off, int64_t gap);

/* Wait for the thread of a block, if it was begun.  Returns whether all of it
 * is there, to be given back in parts; else some of it may be there. */
bool bring_block_end(struct bring_block *block);

/* Whether little more of a block is in memory than so many bytes that are
 * wanted, in n parts. */
bool bring_block_is_split(const struct bring_block *block, int64_t bytes,
                          size_t n);

#endif /* TOOL_BRING_BLOCK_H */

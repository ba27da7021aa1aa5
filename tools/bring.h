/* SPDX-License-Identifier: MIT */
/* Bringing parts of a file into memory, those parts and little else. */
#ifndef TOOL_BRING_H
#define TOOL_BRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bring_block.h"
#include "open.h"
#include "pace.h"
#include "progress.h"

enum { BRING_PARTS = 256, BRING_BATCHES = 6 };

struct bring_part {
    int64_t off;
    int64_t len;
};

/* Short parts that are read together. */
struct bring_batch {
    struct bring_part parts[BRING_PARTS];
    size_t n;
    int64_t bytes;
    bool dense; /* it is read as a whole, and gaps are given back */
    bool has_gap[BRING_PARTS]; /* in front of a part, not in memory before */
    struct bring_block block; /* that all parts are in, if it is begun */
};

struct bring {
    const struct tool_file *file;
    struct progress *progress;
    bool small;    /* into pieces of one page */
    bool is_begun; /* in part, by bring_begin_parts() */
    struct pace pace;
    int advice; /* that the system was given last */
    bool no_blocks; /* they are not huge pages here, or not split */
    /* In a ring: parts are added to the one that is next, and those behind it
     * were asked for, the first of them the longest time ago. */
    struct bring_batch batches[BRING_BATCHES];
    size_t next;
};

void bring_begin(struct bring *b, const struct tool_file *file,
                 struct progress *progress);

/* Bring a part in, at once or together with others.  Parts go forward through
 * the file.  Returns 0 or an errno; EINTR: tool_interrupted was set. */
int bring_part(struct bring *b, int64_t off, int64_t len);

/* Bring in what still waits, unless there was an error, which is returned then.
 * Returns as bring_part() does. */
int bring_end(struct bring *b, int error);

/*
 * Begin to read a part that has no holes, and do not wait; the page cache will
 * have it in small pieces.  A part that is large enough for large ones is left
 * alone; false then.
 */
bool bring_begin_early(const struct tool_file *file, int64_t off, int64_t len);

/* The same for several parts, as many of the first as are short together. */
void bring_begin_parts(const struct tool_file *file,
                       const struct bring_part *parts, size_t n);

/* Wait for a part that was begun early.  Returns 0 or an errno. */
int bring_wait_for(const struct tool_file *file, int64_t off, int64_t len);

#endif /* TOOL_BRING_H */

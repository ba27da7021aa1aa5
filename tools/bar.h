/* SPDX-License-Identifier: MIT */
/* Where in a file something is. */
#ifndef TOOL_BAR_H
#define TOOL_BAR_H

#include <stddef.h>
#include <stdint.h>

struct bar {
    int64_t len;    /* of the file, in bytes */
    int64_t filled; /* bytes of it that were added */
    size_t cells;
    size_t cursor;  /* no cell before this one is added to again */
    int64_t *fill;  /* of each cell's bytes, how many were added */
};

enum { BAR_LEVELS = 8 };

void bar_init(struct bar *bar, int64_t len, size_t cells);
void bar_free(struct bar *bar);

/* Add len bytes from off on.  The calls go forward through the file. */
void bar_add(struct bar *bar, int64_t off, int64_t len);

/* The byte at which a cell begins, and how full it is: 0 is empty, BAR_LEVELS
 * full, and neither is rounded to. */
int64_t bar_cell(const struct bar *bar, size_t cell);
unsigned char bar_level(const struct bar *bar, size_t cell);

/* The same in steps of a 255th. */
enum { BAR_FULL = 255 };
unsigned char bar_share(const struct bar *bar, size_t cell);

#endif /* TOOL_BAR_H */

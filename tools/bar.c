/* SPDX-License-Identifier: MIT */
/* A row of cells that tells where in a file something is. */
#include "tool.h"
#include "bar.h"

#include <stdlib.h>

/* The byte at which a cell begins; multiplied in two parts, none overflows. */
int64_t
bar_cell(const struct bar *bar, size_t cell)
{
    int64_t cells = (int64_t)bar->cells;
    int64_t i = (int64_t)cell;

    return bar->len / cells * i + bar->len % cells * i / cells;
}

/* A cell has a byte at least; those of a very short file share theirs. */
static int64_t
cell_end(const struct bar *bar, size_t cell)
{
    int64_t begin = bar_cell(bar, cell);
    int64_t end = bar_cell(bar, cell + 1);

    return end > begin ? end : begin + 1;
}

/* Empty and full are never rounded to: one page shows, wherever it is. */
unsigned char
bar_level(const struct bar *bar, size_t cell)
{
    int64_t size = cell_end(bar, cell) - bar_cell(bar, cell);
    int64_t fill = bar->fill[cell];

    if (fill == 0)
        return 0;
    if (fill >= size)
        return BAR_LEVELS;
    return (unsigned char)(1 + fill / (size / (BAR_LEVELS - 1) + 1));
}

unsigned char
bar_share(const struct bar *bar, size_t cell)
{
    int64_t size = cell_end(bar, cell) - bar_cell(bar, cell);
    int64_t fill = bar->fill[cell];

    if (fill == 0)
        return 0;
    if (fill >= size)
        return BAR_FULL;
    return (unsigned char)(1 + (double)fill / (double)size * (BAR_FULL - 2));
}

void
bar_init(struct bar *bar, int64_t len, size_t cells)
{
    *bar = (struct bar){ .len = len, .cells = cells };
    bar->fill = calloc(cells, sizeof *bar->fill);
    if (bar->fill == NULL)
        tool_no_memory();
}

void
bar_free(struct bar *bar)
{
    free(bar->fill);
}

void
bar_add(struct bar *bar, int64_t off, int64_t len)
{
    int64_t end = len < bar->len - off ? off + len : bar->len;

    /* A file may have grown since. */
    if (off >= end)
        return;
    bar->filled += end - off;
    while (bar->cursor < bar->cells && cell_end(bar, bar->cursor) <= off)
        bar->cursor++;
    for (size_t i = bar->cursor; i < bar->cells; i++) {
        int64_t from = bar_cell(bar, i);
        int64_t to = cell_end(bar, i);

        if (from >= end)
            break;
        bar->fill[i] += (to < end ? to : end) - (from > off ? from : off);
    }
}

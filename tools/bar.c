/* SPDX-License-Identifier: MIT */
/* A bar that shows where in a file something is. */
#include "tool.h"

enum { LEVELS = 8 };

/* Nothing, then one to eight eighths. */
static const char *const blocks[LEVELS + 1] = {
    " ",      "\u2581", "\u2582", "\u2583", "\u2584",
    "\u2585", "\u2586", "\u2587", "\u2588",
};

/* Nothing, less than half, more, all. */
static const char *const letters[LEVELS + 1] = {
    ".", "-", "-", "-", "-", "+", "+", "+", "#",
};

/* The byte at which a cell begins; multiplied in two parts, none overflows. */
static int64_t
cell_begin(const struct bar *bar, size_t cell)
{
    int64_t cells = (int64_t)bar->cells;
    int64_t i = (int64_t)cell;

    return bar->len / cells * i + bar->len % cells * i / cells;
}

/* A cell has a byte at least; those of a very short file share theirs. */
static int64_t
cell_end(const struct bar *bar, size_t cell)
{
    int64_t begin = cell_begin(bar, cell);
    int64_t end = cell_begin(bar, cell + 1);

    return end > begin ? end : begin + 1;
}

/* Empty and full are never rounded to: one page shows, wherever it is. */
static int
cell_level(const struct bar *bar, size_t cell)
{
    int64_t size = cell_end(bar, cell) - cell_begin(bar, cell);
    int64_t fill = bar->fill[cell];

    if (fill == 0)
        return 0;
    if (fill == size)
        return LEVELS;
    return 1 + (int)(fill / (size / (LEVELS - 1) + 1));
}

void
bar_init(struct bar *bar, int64_t len, size_t cells)
{
    *bar = (struct bar){ .len = len, .cells = cells };
}

void
bar_add(struct bar *bar, int64_t off, int64_t len)
{
    int64_t end = off + len;

    bar->filled += len;
    while (cell_end(bar, bar->cursor) <= off)
        bar->cursor++;
    for (size_t i = bar->cursor; i < bar->cells; i++) {
        int64_t from = cell_begin(bar, i);
        int64_t to = cell_end(bar, i);

        if (from >= end)
            break;
        bar->fill[i] += (to < end ? to : end) - (from > off ? from : off);
    }
}

void
bar_print(const struct bar *bar, const struct tool_screen *screen)
{
    const char *const *cells = screen->utf8 ? blocks : letters;

    fputs(screen->utf8 ? "\u2595" : "[", stdout);
    if (screen->colour)
        fputs("\033[32m", stdout);
    for (size_t i = 0; i < bar->cells; i++)
        fputs(cells[cell_level(bar, i)], stdout);
    if (screen->colour)
        fputs("\033[0m", stdout);
    fputs(screen->utf8 ? "\u258f" : "]", stdout);
}

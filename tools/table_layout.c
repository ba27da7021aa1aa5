/* SPDX-License-Identifier: MIT */
/*
 * How wide the columns of a table are.
 *
 * Elsewhere than on a terminal each line has all of them, and its whole name.
 * A terminal has so many columns and no more: the numbers come first, then a
 * name, then as much of a bar as is left.  What is dirty or being written back
 * has a column only if there is some, or if there is room besides.
 */
#include "tool.h"
#include "bar.h"
#include "libmmapx.h"
#include "table.h"

#include <string.h>

/* Columns of the parts of a line.  A bar has two marks and a gap besides its
 * cells, each number a gap. */
enum {
    HUMAN = 7,
    EXACT = 15,
    PERCENT = 4,
    WRITEBACK = 9,
    GAP = 2,
    BESIDES_BAR = 4,
    HEADING = 4, /* "FILE" */
    LEAST_NAME = 12,
    SUM = 24, /* "total of 1234567 files" */
};

/* The bars that TABLE_PARTS can be divided into. */
static const size_t bars[] = { 40, 32, 30, 24, 20, 16, 15, 12, 10, 0 };

int
table_width(const struct table *t)
{
    return t->o->bytes ? EXACT : HUMAN;
}

int
table_writeback_width(const struct table *t)
{
    return t->o->bytes ? EXACT : WRITEBACK;
}

/* The columns of the numbers, with their gaps. */
static size_t
numbers(const struct table *t)
{
    const struct table_layout *l = &t->layout;
    int width = table_width(t) + GAP;
    int sum = width + PERCENT + GAP;

    sum += l->size ? width : 0;
    sum += l->change ? width + 1 : 0;
    sum += l->dirty ? width : 0;
    sum += l->writeback ? table_writeback_width(t) + GAP : 0;
    return (size_t)sum;
}

/* What is left of a line for the bar and the name. */
static size_t
rest(const struct table *t)
{
    size_t used = numbers(t);

    return t->screen.columns > used ? t->screen.columns - used : 0;
}

/* The largest bar beside which the longest name is whole, or has two thirds of
 * the room; none at all if hardly anything of a name were left. */
static void
divide(struct table *t, size_t longest)
{
    struct table_layout *l = &t->layout;
    size_t left = rest(t);
    size_t least = longest < LEAST_NAME ? longest : LEAST_NAME;
    size_t wanted = longest < 2 * left / 3 ? longest : 2 * left / 3;
    const size_t *bar = bars;

    while (*bar > bars[sizeof bars / sizeof bars[0] - 2]
           && *bar + BESIDES_BAR + wanted > left)
        bar++;
    if (*bar + BESIDES_BAR + least > left)
        l->cells = 0;
    else
        l->cells = *bar;
    if (l->cells == 0 && left < least && l->size) {
        l->size = false;
        left = rest(t);
    }
    if (l->cells > 0)
        left -= l->cells + BESIDES_BAR;
    l->name = left > HEADING ? left : HEADING;
}

static void
note_unwritten(struct table_layout *l, const struct survey *s)
{
    l->dirty |= (s->known & MMAPX_CACHE_DIRTY) != 0 && s->dirty > 0;
    l->writeback |= (s->known & MMAPX_CACHE_WRITEBACK) != 0
                    && s->writeback > 0;
}

/* Both columns for what is not written where all else has all the room that it
 * can use. */
static void
add_unwritten(struct table *t, size_t longest)
{
    struct table_layout before = t->layout;

    t->layout.dirty = t->layout.writeback = true;
    if (rest(t) < TABLE_MOST_CELLS + BESIDES_BAR + longest)
        t->layout = before;
}

void
table_lay_out(struct table *t, size_t n)
{
    struct table_layout *l = &t->layout;
    size_t longest = t->o->summarize ? SUM : HEADING;

    t->laid_out = true;
    *l = (struct table_layout){
        .size = true,
        .change = t->changes != NULL,
        .dirty = t->wants_dirty,
        .writeback = t->wants_writeback,
    };
    if (t->screen.columns == 0) {
        l->dirty = l->writeback = true;
        l->cells = TABLE_PIPE_CELLS;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        size_t columns = tool_name(NULL, t->rows[i].path);

        longest = columns > longest ? columns : longest;
        note_unwritten(l, &t->rows[i].survey);
    }
    if (t->o->total)
        note_unwritten(l, &t->sums.survey);
    add_unwritten(t, longest);
    divide(t, longest);
    t->longest = longest;
}

void
table_widen(struct table *t, const struct table_row *row)
{
    struct table_layout before = t->layout;

    if (!t->laid_out)
        table_lay_out(t, 0);
    if (t->screen.columns == 0 || t->o->json)
        return;
    note_unwritten(&t->layout, &row->survey);
    if (t->layout.dirty == before.dirty
        && t->layout.writeback == before.writeback)
        return;
    t->layout.size = true;
    divide(t, t->longest);
    t->headed = false;
}

/* --- Bars ----------------------------------------------------------------- */

/* Empty and full are never rounded to. */
static unsigned char
level(const unsigned char *parts, size_t n)
{
    size_t sum = 0;
    size_t step;

    for (size_t i = 0; i < n; i++)
        sum += parts[i];
    if (sum == 0)
        return 0;
    if (sum == n * BAR_FULL)
        return BAR_LEVELS;
    step = sum * (BAR_LEVELS - 1) / (n * BAR_FULL);
    return (unsigned char)(1 + step);
}

void
table_levels(const struct table *t, const struct table_row *row,
             unsigned char *levels)
{
    size_t cells = t->layout.cells;
    size_t n = t->parts / cells;
    bool full = row->survey.cached > 0;

    if (row->parts == NULL) {
        memset(levels, full ? BAR_LEVELS : 0, cells);
        return;
    }
    for (size_t i = 0; i < cells; i++)
        levels[i] = level(row->parts + i * n, n);
}

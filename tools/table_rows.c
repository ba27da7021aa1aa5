/* SPDX-License-Identifier: MIT */
/* The rows of a table that are kept, and their order. */
#include "tool.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

static int
by_name(const void *a, const void *b)
{
    return strcmp(((const struct table_row *)a)->path,
                  ((const struct table_row *)b)->path);
}

static int
descending(int64_t x, int64_t y, const void *a, const void *b)
{
    return x != y ? (x < y ? 1 : -1) : by_name(a, b);
}

static int
by_cached(const void *a, const void *b)
{
    return descending(((const struct table_row *)a)->survey.cached,
                      ((const struct table_row *)b)->survey.cached, a, b);
}

static int
by_size(const void *a, const void *b)
{
    return descending(((const struct table_row *)a)->survey.size,
                      ((const struct table_row *)b)->survey.size, a, b);
}

static int64_t
unwritten(const struct survey *s)
{
    return tool_sum(s->dirty, s->writeback);
}

static int
by_dirty(const void *a, const void *b)
{
    return descending(unwritten(&((const struct table_row *)a)->survey),
                      unwritten(&((const struct table_row *)b)->survey),
                      a, b);
}

static double
share(const void *row)
{
    const struct survey *s = &((const struct table_row *)row)->survey;

    return s->size > 0 ? (double)s->cached / (double)s->size : 0;
}

static int
by_percent(const void *a, const void *b)
{
    double x = share(a);
    double y = share(b);

    return x < y ? 1 : x > y ? -1 : by_cached(a, b);
}

/* The largest change first, whether more or less. */
static int
by_change(const void *a, const void *b)
{
    int64_t x = ((const struct table_row *)a)->change;
    int64_t y = ((const struct table_row *)b)->change;

    return descending(x < 0 ? -x : x, y < 0 ? -y : y, a, b);
}

void
table_free_row(struct table_row *row)
{
    free(row->parts);
    free(row->map);
    free(row->ranges);
}

void
table_free_rows(struct table *t, size_t from)
{
    for (size_t i = from; i < t->n; i++) {
        free(t->rows[i].path);
        table_free_row(&t->rows[i]);
    }
    if (t->n > from)
        t->n = from;
}

/* No more rows are needed than are shown, now or in another order. */
static size_t
limit_of(const struct table *t)
{
    return t->o->top != 0 && (t->limit == 0 || t->o->top < t->limit)
               ? t->o->top
               : t->limit;
}

void
table_sort(struct table *t)
{
    static int (*const orders[])(const void *, const void *)
        = { NULL,     by_cached,  by_size,  by_name,
            by_dirty, by_percent, by_change };
    size_t limit = limit_of(t);

    if (t->sort != TOOL_UNSORTED && t->n > 1)
        qsort(t->rows, t->n, sizeof *t->rows, orders[t->sort]);
    if (limit != 0)
        table_free_rows(t, limit);
}

void
table_keep(struct table *t, struct table_row *row)
{
    size_t limit = limit_of(t);

    /* No more in memory than twice as many as will be shown. */
    if (limit != 0 && t->n >= 2 * limit)
        table_sort(t);
    t->rows = tool_grow(t->rows, t->n, &t->room, sizeof *t->rows);
    t->rows[t->n] = *row;
    t->rows[t->n].path = strdup(row->path);
    if (t->rows[t->n].path == NULL)
        tool_no_memory();
    t->n++;
    row->parts = NULL;
    row->map = NULL;
    row->ranges = NULL;
}

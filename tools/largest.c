/* SPDX-License-Identifier: MIT */
/* The largest of many, without keeping the others. */
#include "tool.h"
#include "largest.h"

#include <stdlib.h>
#include <string.h>

/* Descending by what is in memory, and by name where that is equal. */
static int
compare(const void *a, const void *b)
{
    const struct largest_row *x = a;
    const struct largest_row *y = b;

    if (x->survey.cached != y->survey.cached)
        return x->survey.cached < y->survey.cached ? 1 : -1;
    return strcmp(x->name, y->name);
}

static void
swap(struct largest_row *a, struct largest_row *b)
{
    struct largest_row row = *a;

    *a = *b;
    *b = row;
}

static void
rise(struct largest *l, size_t i)
{
    while (i > 0 && compare(&l->rows[i], &l->rows[(i - 1) / 2]) > 0) {
        swap(&l->rows[i], &l->rows[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

static void
sink(struct largest *l, size_t i)
{
    for (;;) {
        size_t least = i;

        for (size_t j = 2 * i + 1; j <= 2 * i + 2 && j < l->n; j++)
            if (compare(&l->rows[j], &l->rows[least]) > 0)
                least = j;
        if (least == i)
            return;
        swap(&l->rows[i], &l->rows[least]);
        i = least;
    }
}

/* The row's name is the heap's from now on. */
static void
put(struct largest *l, const struct largest_row *row)
{
    if (l->n < l->most) {
        l->rows = tool_grow(l->rows, l->n, &l->room, sizeof *l->rows);
        l->rows[l->n] = *row;
        rise(l, l->n++);
    } else {
        free(l->rows[0].name);
        l->rows[0] = *row;
        sink(l, 0);
    }
}

static bool
is_large(const struct largest *l, const struct largest_row *row)
{
    return l->n < l->most || (l->n > 0 && compare(row, &l->rows[0]) < 0);
}

void
largest_add(struct largest *l, const struct largest_row *row)
{
    struct largest_row copy = *row;

    if (!is_large(l, row))
        return;
    copy.name = strdup(row->name);
    if (copy.name == NULL)
        tool_no_memory();
    put(l, &copy);
}

void
largest_move(struct largest *l, struct largest *from)
{
    for (size_t i = 0; i < from->n; i++) {
        if (is_large(l, &from->rows[i]))
            put(l, &from->rows[i]);
        else
            free(from->rows[i].name);
    }
    from->n = 0;
    largest_free(from);
}

void
largest_sort(struct largest *l)
{
    size_t kept = 0;

    if (l->n > 1)
        qsort(l->rows, l->n, sizeof *l->rows, compare);
    for (size_t i = 0; i < l->n; i++) {
        if (kept > 0 && strcmp(l->rows[kept - 1].name, l->rows[i].name) == 0)
            free(l->rows[i].name);
        else
            l->rows[kept++] = l->rows[i];
    }
    l->n = kept;
}

void
largest_free(struct largest *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->rows[i].name);
    free(l->rows);
    l->rows = NULL;
    l->n = l->room = 0;
}

/* SPDX-License-Identifier: MIT */
/* Files, each on a line of its own: what is in memory of them, and where. */
#include "tool.h"
#include "bar.h"
#include "libmmapx.h"
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- Ranges and maps ------------------------------------------------------ */

/* Cells of a map. */
enum { MAP = 1024 };

struct detail {
    const struct table *t;
    const char *path;
    struct bar *bar;
};

static void
print_range(const struct mmapx_cache_run *run, void *arg)
{
    const struct detail *d = arg;

    if (d->bar != NULL && run->cached)
        bar_add(d->bar, run->off, run->len);
    if (!d->t->o->ranges || !run->cached)
        return;
    if (d->t->o->json)
        table_json_range(d->path, run);
    else
        table_text_range(d->t, run);
}

/* What has a line of its own behind the file's.  Returns 0 or an errno. */
static int
print_details(const struct table *t, const struct tool_file *file)
{
    struct detail d = { .t = t, .path = file->path };
    int64_t page = (int64_t)mmapx_page_size(NULL);
    int64_t pages = file->size / page + (file->size % page > 0);
    bool maps = t->o->map && !t->o->json && pages > 0;
    struct bar bar;
    int error;

    if (maps) {
        bar_init(&bar, file->size, pages < MAP ? (size_t)pages : MAP);
        d.bar = &bar;
    }
    error = survey_runs(file, 0, -1, print_range, &d);
    if (maps) {
        if (error == 0)
            table_text_map(t, &bar);
        bar_free(&bar);
    }
    return error;
}

/* --- The table ------------------------------------------------------------ */

void
table_begin(struct table *t, const struct tool_options *o)
{
    *t = (struct table){ .o = o };
    tool_screen_of(&t->screen, stdout, o->colour);
    t->cells = table_text_cells(t);
    t->keeps = o->sort != TOOL_UNSORTED || o->top != 0;
    t->sum.known = ~0u;
}

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

static void
free_rows(struct table *t, size_t from)
{
    for (size_t i = from; i < t->n; i++) {
        free(t->rows[i].path);
        free(t->rows[i].levels);
    }
    if (t->n > from)
        t->n = from;
}

/* In the order asked for, no more of them than asked for. */
static void
sort_rows(struct table *t)
{
    static int (*const orders[])(const void *, const void *)
        = { NULL, by_cached, by_size, by_name };

    if (t->o->sort != TOOL_UNSORTED && t->n > 1)
        qsort(t->rows, t->n, sizeof *t->rows, orders[t->o->sort]);
    if (t->o->top != 0)
        free_rows(t, t->o->top);
}

static void
keep(struct table *t, const struct table_row *row)
{
    /* No more in memory than twice as many as will be shown. */
    if (t->o->top != 0 && t->n >= 2 * t->o->top)
        sort_rows(t);
    if (t->n == t->room) {
        t->room = 2 * t->room + 64;
        t->rows = realloc(t->rows, t->room * sizeof *t->rows);
        if (t->rows == NULL)
            tool_no_memory();
    }
    t->rows[t->n] = *row;
    t->rows[t->n].path = strdup(row->path);
    t->rows[t->n].levels = malloc(t->cells);
    if (t->rows[t->n].path == NULL || t->rows[t->n].levels == NULL)
        tool_no_memory();
    memcpy(t->rows[t->n].levels, row->levels, t->cells);
    t->n++;
}

static void
add_run(const struct mmapx_cache_run *run, void *bar)
{
    if (run->cached)
        bar_add(bar, run->off, run->len);
}

static void
add_to_sum(struct table *t, const struct survey *s)
{
    t->files++;
    t->sum.size += s->size;
    t->sum.cached += s->cached;
    t->sum.dirty += s->dirty;
    t->sum.writeback += s->writeback;
    t->sum.evicted += s->evicted;
    t->sum.recently_evicted += s->recently_evicted;
    if (s->known == 0)
        t->unknown++;
    else
        t->sum.known &= s->known;
}

/* Look at a file; most are in memory as a whole or not at all, and need no
 * search for where.  Returns 0 or an errno. */
static int
look_at(const struct table *t, const struct tool_file *file,
        struct table_row *row)
{
    struct survey *s = &row->survey;
    struct bar bar;
    int error = survey_file(s, file);

    memset(row->levels, s->cached == 0 ? 0 : BAR_LEVELS, t->cells);
    if (error != 0 || t->o->json || s->cached == 0 || s->cached == s->size)
        return error;
    bar_init(&bar, file->size, t->cells);
    error = survey_runs(file, 0, -1, add_run, &bar);
    s->cached = bar.filled;
    for (size_t i = 0; i < t->cells; i++)
        row->levels[i] = bar_level(&bar, i);
    bar_free(&bar);
    return error;
}

static void
print_row(struct table *t, const struct table_row *row)
{
    if (t->o->json)
        table_json_row(t, row);
    else
        table_text_row(t, row);
}

int
table_visit(const struct tool_file *file, void *arg)
{
    struct table *t = arg;
    unsigned char levels[TABLE_MOST_CELLS];
    struct table_row row = { .path = (char *)(uintptr_t)file->path,
                             .levels = levels };
    int error = look_at(t, file, &row);

    if (error != 0)
        return tool_failed(file->path, error);
    if (t->o->only_cached && row.survey.known != 0 && row.survey.cached == 0)
        return TOOL_OK;
    add_to_sum(t, &row.survey);
    if (t->keeps)
        keep(t, &row);
    else
        print_row(t, &row);
    if (!t->keeps && (t->o->ranges || t->o->map) && row.survey.known != 0)
        error = print_details(t, file);
    if (row.survey.known == 0)
        survey_explain();
    return error != 0               ? tool_failed(file->path, error)
           : row.survey.known != 0 ? TOOL_OK
                                    : TOOL_FAILED;
}

/* A file that was kept is closed by now. */
static int
print_kept(struct table *t, const struct table_row *row)
{
    struct tool_file file = { .fd = -1 };
    int error = 0;

    print_row(t, row);
    if ((!t->o->ranges && !t->o->map) || row->survey.known == 0)
        return TOOL_OK;
    error = tool_open(&file, row->path, true);
    if (error == 0) {
        error = print_details(t, &file);
        close(file.fd);
    }
    return error != 0 ? tool_failed(row->path, error) : TOOL_OK;
}

int
table_print(struct table *t, size_t lines)
{
    int status = TOOL_OK;
    size_t shown;

    if (!t->keeps)
        return TOOL_OK;
    sort_rows(t);
    shown = t->n < lines ? t->n : lines;
    for (size_t i = 0; i < shown; i++)
        if (print_kept(t, &t->rows[i]) != TOOL_OK)
            status = TOOL_FAILED;
    if (shown < t->n)
        table_text_more(t, t->n - shown);
    return status;
}

void
table_total(const struct table *t)
{
    struct survey sum = t->sum;

    if (t->unknown == t->files && t->files > 0)
        sum.known = 0;
    if (t->o->json)
        table_json_total(t, &sum);
    else
        table_text_total(t, &sum);
}

void
table_clear(struct table *t)
{
    free_rows(t, 0);
    free(t->rows);
    t->rows = NULL;
    t->room = 0;
    t->sum = (struct survey){ .known = ~0u };
    t->files = t->unknown = 0;
}

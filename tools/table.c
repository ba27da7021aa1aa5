/* SPDX-License-Identifier: MIT */
/* Files, each on a line of its own: what is in memory of them, and where. */
#include "tool.h"
#include "bar.h"
#include "interrupt.h"
#include "libmmapx.h"
#include "openmetrics.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

/* --- The table ------------------------------------------------------------ */

void
table_begin(struct table *t, const struct tool_options *o)
{
    *t = (struct table){ .o = o };
    tool_screen_of(&t->screen, stdout, o->colour);
    t->cells = table_text_cells(t);
    t->keeps = o->sort != TOOL_UNSORTED || o->top != 0 || o->openmetrics;
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

/* What a row has, without the path. */
static void
free_row(struct table_row *row)
{
    free(row->levels);
    free(row->map);
    free(row->ranges);
}

static void
free_rows(struct table *t, size_t from)
{
    for (size_t i = from; i < t->n; i++) {
        free(t->rows[i].path);
        free_row(&t->rows[i]);
    }
    if (t->n > from)
        t->n = from;
}

/* In the order asked for, no more of them than asked for. */
static void
sort_rows(struct table *t)
{
    static int (*const orders[])(const void *, const void *)
        = { NULL, by_cached, by_size, by_name, by_dirty, by_percent };

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
    if (t->rows[t->n].path == NULL)
        tool_no_memory();
    t->n++;
}

static void
add_to_sum(struct table *t, const struct survey *s)
{
    t->files++;
    t->sum.size = tool_sum(t->sum.size, s->size);
    t->sum.cached = tool_sum(t->sum.cached, s->cached);
    t->sum.dirty = tool_sum(t->sum.dirty, s->dirty);
    t->sum.writeback = tool_sum(t->sum.writeback, s->writeback);
    t->sum.evicted = tool_sum(t->sum.evicted, s->evicted);
    t->sum.recently_evicted
        = tool_sum(t->sum.recently_evicted, s->recently_evicted);
    if (s->known == 0)
        t->unknown++;
    else
        t->sum.known &= s->known;
}

/* --- Files ---------------------------------------------------------------- */

/* What a row's runs are put into, where they are wanted. */
struct places {
    struct table_row *row;
    struct bar bar;
    struct bar map;
    bool has_bar;
    bool has_map;
    bool has_ranges;
};

static void
add_range(struct table_row *row, const struct mmapx_cache_run *run)
{
    if (row->n == row->room) {
        row->room = 2 * row->room + 16;
        row->ranges = realloc(row->ranges, row->room * sizeof *row->ranges);
        if (row->ranges == NULL)
            tool_no_memory();
    }
    row->ranges[row->n++] = (struct table_range){ run->off, run->len };
}

static void
add_run(const struct mmapx_cache_run *run, void *arg)
{
    struct places *places = arg;

    if (!run->cached)
        return;
    if (places->has_bar)
        bar_add(&places->bar, run->off, run->len);
    if (places->has_map)
        bar_add(&places->map, run->off, run->len);
    if (places->has_ranges)
        add_range(places->row, run);
}

static void
take_levels(unsigned char *levels, struct bar *bar)
{
    for (size_t i = 0; i < bar->cells; i++)
        levels[i] = bar_level(bar, i);
    bar_free(bar);
}

/* Where in a file is what is in memory of it.  Returns 0 or an errno. */
static int
look_where(const struct table *t, const struct tool_file *file,
           struct table_row *row, struct places *places)
{
    int error;

    if (places->has_bar)
        bar_init(&places->bar, file->size, t->cells);
    if (places->has_map) {
        bar_init(&places->map, file->size, row->map_cells);
        row->map = malloc(row->map_cells);
        if (row->map == NULL)
            tool_no_memory();
    }
    error = survey_runs(file, 0, file->size, add_run, places);
    if (places->has_bar) {
        row->survey.cached = places->bar.filled;
        take_levels(row->levels, &places->bar);
    }
    if (places->has_map)
        take_levels(row->map, &places->map);
    return error;
}

/* Look at a file; most are in memory as a whole or not at all, and need no
 * search for where.  Returns 0 or an errno. */
static int
look_at(const struct table *t, const struct tool_file *file,
        struct table_row *row)
{
    struct survey *s = &row->survey;
    struct places places = { .row = row };
    int64_t page = (int64_t)mmapx_page_size(NULL);
    int64_t pages = file->size / page + (file->size % page > 0);
    int error = survey_range(s, file, 0, file->size);

    memset(row->levels, s->cached == 0 ? 0 : BAR_LEVELS, t->cells);
    if (error != 0 || s->known == 0)
        return error;
    places.has_bar = !t->o->json && !t->o->openmetrics && s->cached != 0
                     && s->cached != s->size;
    places.has_map = !t->o->json && t->o->map && pages > 0;
    places.has_ranges = t->o->ranges;
    row->map_cells = pages < TABLE_MAP_CELLS ? (size_t)pages : TABLE_MAP_CELLS;
    if (places.has_bar || places.has_map || places.has_ranges)
        error = look_where(t, file, row, &places);
    return error;
}

static void
print_row(struct table *t, const struct table_row *row)
{
    if (t->o->json) {
        table_json_row(t, row);
        table_json_ranges(row);
        return;
    }
    table_text_row(t, row);
    table_text_who(t, row);
    table_text_ranges(t, row);
    if (row->map != NULL)
        table_text_map(t, row);
}

/* Show a row that was looked at, or keep it. */
static int
show(struct table *t, const struct table_row *row)
{
    add_to_sum(t, &row->survey);
    if (t->keeps)
        keep(t, row);
    else if (!t->o->summarize)
        print_row(t, row);
    if (row->survey.known != 0)
        return TOOL_OK;
    if (!t->o->quiet)
        survey_explain();
    return TOOL_FAILED;
}

int
table_visit(const struct tool_file *file, void *arg)
{
    struct table *t = arg;
    struct table_row row = { .path = (char *)(uintptr_t)file->path };
    bool kept = false;
    int status, error;

    if (t->o->who)
        row.who = who_maps(file->device, file->inode);
    row.levels = malloc(t->cells);
    if (row.levels == NULL)
        tool_no_memory();
    error = look_at(t, file, &row);
    if (tool_interrupted != 0) {
        status = TOOL_STOPPED;
    } else if (error != 0) {
        status = tool_failed(file->path, error);
    } else if (t->o->only_cached && row.survey.known != 0
               && row.survey.cached == 0) {
        status = TOOL_OK;
    } else {
        kept = t->keeps;
        status = show(t, &row);
    }
    if (!kept)
        free_row(&row);
    return status;
}

void
table_print(struct table *t, size_t lines)
{
    size_t shown;

    if (!t->keeps || t->o->summarize)
        return;
    sort_rows(t);
    shown = t->n < lines ? t->n : lines;
    for (size_t i = 0; i < shown; i++)
        print_row(t, &t->rows[i]);
    if (shown < t->n)
        table_text_more(t, t->n - shown);
}

void
table_print_metrics(struct table *t)
{
    struct openmetrics_row *rows;

    sort_rows(t);
    rows = calloc(t->n + 1, sizeof *rows);
    if (rows == NULL)
        tool_no_memory();
    for (size_t i = 0; i < t->n; i++)
        rows[i] = (struct openmetrics_row){ t->rows[i].path,
                                            &t->rows[i].survey };
    openmetrics_print(rows, t->n);
    free(rows);
}

void
table_total(struct table *t)
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

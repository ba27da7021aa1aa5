/* SPDX-License-Identifier: MIT */
/* Files, each on a line of its own: what is in memory of them, and where. */
#include "tool.h"
#include "bar.h"
#include "interrupt.h"
#include "pace.h"
#include "libmmapx.h"
#include "openmetrics.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

/* Seconds that rows are held back at most. */
#define HELD_SECONDS 0.3

/* --- The table ------------------------------------------------------------ */

void
table_begin(struct table *t, const struct tool_options *o)
{
    *t = (struct table){ .o = o };
    tool_screen_of(&t->screen, stdout, o->colour);
    t->parts = t->screen.columns > 0 ? TABLE_PARTS : TABLE_PIPE_CELLS;
    t->sort = o->sort;
    t->keeps = o->sort != TOOL_UNSORTED || o->top != 0 || o->openmetrics;
    sums_begin(&t->sums);
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

/* Whether bars, or anything else that shows where it is, may be wanted. */
static bool
shows_where(const struct table *t)
{
    return t->o->ranges || (!t->o->json && !t->o->openmetrics);
}

void
table_begin_file(const struct tool_file *file, void *arg)
{
    const struct table *t = arg;

    if (shows_where(t))
        survey_ahead_of_runs(file, arg);
    else
        survey_ahead(file, arg);
}

static void
add_range(struct table_row *row, const struct mmapx_cache_run *run)
{
    row->ranges = tool_grow(row->ranges, row->n, &row->room,
                            sizeof *row->ranges);
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

/* A bar of any width is made of these later, unless all cells are alike. */
static void
take_parts(struct table_row *row, struct bar *bar)
{
    if (bar->filled > 0 && bar->filled < bar->len) {
        row->parts = malloc(bar->cells);
        if (row->parts == NULL)
            tool_no_memory();
        for (size_t i = 0; i < bar->cells; i++)
            row->parts[i] = bar_share(bar, i);
    }
    bar_free(bar);
}

static void
take_levels(unsigned char *levels, struct bar *bar)
{
    for (size_t i = 0; i < bar->cells; i++)
        levels[i] = bar_level(bar, i);
    bar_free(bar);
}

/* Call add_run() for what is in memory: as a rule all of it, or nothing. */
static int
each_run(const struct tool_file *file, struct places *places)
{
    struct survey *s = &places->row->survey;
    struct mmapx_cache_run all = { .len = s->size, .cached = true };

    if (survey_is_put_off(file))
        return survey_by_runs(s, file, add_run, places);
    if (s->cached != 0 && s->cached != s->size)
        return survey_runs(file, 0, file->size, add_run, places);
    if (s->cached != 0)
        add_run(&all, places);
    return 0;
}

/* Where in a file is what is in memory of it.  Returns 0 or an errno. */
static int
look_where(const struct table *t, const struct tool_file *file,
           struct table_row *row, struct places *places)
{
    int error;

    if (places->has_bar)
        bar_init(&places->bar, file->size, t->parts);
    if (places->has_map) {
        bar_init(&places->map, file->size, row->map_cells);
        row->map = malloc(row->map_cells);
        if (row->map == NULL)
            tool_no_memory();
    }
    error = each_run(file, places);
    if (places->has_bar) {
        row->survey.cached = places->bar.filled;
        take_parts(row, &places->bar);
    }
    if (places->has_map)
        take_levels(row->map, &places->map);
    return error;
}

/* Look at a file.  Returns 0 or an errno. */
static int
look_at(const struct table *t, const struct tool_file *file,
        struct table_row *row)
{
    struct survey *s = &row->survey;
    struct places places = { .row = row };
    int64_t page = (int64_t)mmapx_page_size(NULL);
    int64_t pages = file->size / page + (file->size % page > 0);
    bool is_put_off = survey_is_put_off(file);
    int error = is_put_off ? 0 : survey_found(s, file);

    if (!is_put_off && (error != 0 || s->known == 0))
        return error;
    places.has_bar = !t->o->json && !t->o->openmetrics
                     && (is_put_off
                         || (s->cached != 0 && s->cached != s->size));
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

/* As wide as these rows need to be. */
static void
print_rows(struct table *t, size_t n)
{
    if (!t->o->json && n > 0)
        table_lay_out(t, n);
    for (size_t i = 0; i < n; i++)
        print_row(t, &t->rows[i]);
}

/* On a terminal the first rows decide how wide the columns are: as many as it
 * shows at once, or as come within a moment. */
static void
hold_or_print(struct table *t, struct table_row *row)
{
    double now;

    if (t->screen.columns == 0 || t->o->json || t->laid_out) {
        table_widen(t, row);
        print_row(t, row);
        return;
    }
    now = tool_seconds();
    if (t->n == 0)
        t->held_since = now;
    table_keep(t, row);
    if (t->n < t->screen.rows && now - t->held_since < HELD_SECONDS)
        return;
    print_rows(t, t->n);
    table_free_rows(t, 0);
}

/* Show a row that was looked at, or keep it. */
static int
show(struct table *t, struct table_row *row)
{
    sums_add_file(&t->sums, &row->survey);
    t->change += row->change;
    if (t->keeps)
        table_keep(t, row);
    else if (!t->o->summarize)
        hold_or_print(t, row);
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
    int status, error;

    if (t->o->who)
        row.who = who_maps(file->device, file->inode);
    error = look_at(t, file, &row);
    if (t->changes != NULL && error == 0 && row.survey.known != 0)
        row.change = changes_add(t->changes, file, row.survey.cached);
    if (tool_interrupted != 0) {
        status = TOOL_STOPPED;
    } else if (error != 0) {
        status = tool_failed(file->path, error);
    } else if (t->o->only_cached && row.survey.known != 0
               && row.survey.cached == 0) {
        status = TOOL_OK;
    } else {
        status = show(t, &row);
    }
    table_free_row(&row);
    return status;
}

size_t
table_show(struct table *t, size_t lines)
{
    size_t shown;

    if (t->o->summarize)
        return 0;
    table_sort(t);
    shown = t->n < lines ? t->n : lines;
    if (t->on_screen) {
        table_lay_out(t, shown);
        table_text_head(t);
    }
    print_rows(t, shown);
    return shown;
}

void
table_print(struct table *t, size_t lines)
{
    size_t shown = table_show(t, lines);

    if (!t->o->summarize && shown < t->n)
        table_text_more(t, t->n - shown);
}

void
table_print_metrics(struct table *t)
{
    struct openmetrics_row *rows;

    table_sort(t);
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
    struct survey sum = sums_total(&t->sums);

    if (t->o->json)
        table_json_total(t, &sum);
    else
        table_text_total(t, &sum);
}

void
table_clear(struct table *t)
{
    table_free_rows(t, 0);
    free(t->rows);
    t->rows = NULL;
    t->room = 0;
    sums_begin(&t->sums);
    t->change = 0;
}

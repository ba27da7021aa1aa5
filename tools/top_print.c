/* SPDX-License-Identifier: MIT */
/* mmapx top: what is printed. */
#include "tool.h"
#include "json.h"
#include "libmmapx.h"
#include "openmetrics.h"
#include "screen.h"
#include "table_json.h"
#include "top.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the rows are. */
static bool
has_files(const struct top *top)
{
    return !top->o->dirs.given && top->o->by == TOOL_BY_FILE;
}

static const struct largest *
rows_of(const struct top *top)
{
    return has_files(top) ? &top->all.largest : &top->dirs;
}

/* The page cache has changed while it was counted. */
static int64_t
explained(const struct top *top)
{
    return top->all.explained < top->memory.page_cache || !top->memory.known
               ? top->all.explained
               : top->memory.page_cache;
}

/* --- For programs --------------------------------------------------------- */

static json_t *
bytes_or_null(bool known, int64_t bytes)
{
    return known ? json_integer((json_int_t)bytes) : json_null();
}

static void
print_json_row(const struct top *top, const struct largest_row *row)
{
    json_t *cached
        = bytes_or_null(row->survey.known != 0, row->survey.cached);
    json_t *object;

    if (top->o->by == TOOL_BY_PROCESS) {
        object = json_pack("{s:o, s:I, s:I, s:o}", "process",
                           json_path(row->name), "pid", (json_int_t)row->pid,
                           "files", (json_int_t)row->files, "cached", cached);
    } else if (top->o->dirs.given) {
        object = json_pack("{s:o, s:I, s:o}", "dir", json_path(row->name),
                           "files", (json_int_t)row->files, "cached", cached);
    } else {
        json_decref(cached);
        object = json_pack("{s:o}", "path", json_path(row->name));
        json_object_update_new(object, table_json_survey(&row->survey));
    }
    json_line(object);
}

static void
print_json_total(const struct top *top)
{
    const struct meminfo *memory = &top->memory;
    struct survey sum = sums_total(&top->all.sums);
    json_t *total = table_json_survey(&sum);

    json_object_set_new(total, "files",
                        json_integer((json_int_t)top->all.sums.files));
    json_object_set_new(total, "unknown_files",
                        json_integer((json_int_t)top->all.sums.unknown));
    json_object_set_new(total, "deleted",
                        json_integer(top->all.deleted.survey.cached));
    json_object_set_new(total, "page_cache",
                        bytes_or_null(memory->known, memory->page_cache));
    json_object_set_new(total, "explained", json_integer(explained(top)));
    json_object_set_new(total, "shared",
                        bytes_or_null(memory->known, memory->shared));
    json_object_set_new(total, "buffers",
                        bytes_or_null(memory->known, memory->buffers));
    json_line(json_pack("{s:o}", "total", total));
}

static void
print_json(const struct top *top)
{
    const struct largest *rows = rows_of(top);

    for (size_t i = 0; i < rows->n; i++)
        print_json_row(top, &rows->rows[i]);
    print_json_total(top);
}

static void
print_openmetrics(const struct top *top)
{
    const struct largest *rows = rows_of(top);
    struct openmetrics_row *all = calloc(rows->n + 1, sizeof *all);

    if (all == NULL)
        tool_no_memory();
    for (size_t i = 0; i < rows->n; i++)
        all[i] = (struct openmetrics_row){ rows->rows[i].name,
                                           &rows->rows[i].survey };
    openmetrics_print(all, rows->n);
    free(all);
}

/* --- For people ----------------------------------------------------------- */

static const char *
size(const struct top *top, char buf[static 24], int64_t bytes)
{
    return tool_size(buf, bytes, top->o->bytes);
}

static int
width(const struct top *top)
{
    return top->o->bytes ? 15 : 7;
}

const char *
top_percent(char buf[static 8], int64_t part, int64_t whole)
{
    double value = 100 * (double)part / (double)whole;

    if (whole <= 0)
        return "-";
    if (part > 0 && value < 1)
        return "<1%";
    if (part < whole && value > 99)
        return ">99%";
    snprintf(buf, 8, "%.0f%%", value);
    return buf;
}

static bool
some_dirty(const struct largest *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        if (rows->rows[i].survey.dirty > 0)
            return true;
    return false;
}

struct text {
    const struct top *top;
    struct tool_screen screen;
    /* Which columns there are besides that of what is cached. */
    bool size;
    bool percent;
    bool dirty;
    bool files;
    size_t names; /* columns for a name; 0: all that it takes */
};

/* Columns of the numbers, with the gaps behind them. */
static size_t
numbers(const struct text *t)
{
    size_t column = (size_t)width(t->top) + 2;

    return column + (t->size ? column : 0) + (t->percent ? 6 : 0)
           + (t->dirty ? column : 0) + (t->files ? 9 : 0)
           + (t->top->o->by == TOOL_BY_PROCESS ? 10 : 0);
}

/* Where a terminal is too narrow for all columns and a name, those go that say
 * least. */
static void
begin(struct text *t, const struct top *top, const struct largest *rows)
{
    enum { NAME = 16, LEAST_NAME = 8 };

    *t = (struct text){
        .top = top,
        .size = true,
        .percent = true,
        .dirty = some_dirty(rows),
        .files = !has_files(top),
    };
    tool_screen_of(&t->screen, stdout, top->o->colour);
    if (t->screen.columns == 0)
        return;
    t->size = numbers(t) + NAME <= t->screen.columns;
    t->files &= numbers(t) + NAME <= t->screen.columns;
    t->percent = numbers(t) + NAME <= t->screen.columns;
    t->dirty &= numbers(t) + NAME <= t->screen.columns;
    t->names = t->screen.columns > numbers(t) + LEAST_NAME
                   ? t->screen.columns - numbers(t) : LEAST_NAME;
}

static void
print_head(const struct text *t)
{
    const struct top *top = t->top;

    tool_paint(&t->screen, TOOL_BOLD);
    printf("%*s  ", width(top), "CACHED");
    if (t->size)
        printf("%*s  ", width(top), "SIZE");
    if (t->percent)
        printf("%4s  ", "%");
    if (t->dirty)
        printf("%*s  ", width(top), "DIRTY");
    if (t->files)
        printf("%7s  ", "FILES");
    if (top->o->by == TOOL_BY_PROCESS)
        printf("%8s  PROCESS", "PID");
    else
        fputs(top->o->dirs.given ? "DIRECTORY" : "FILE", stdout);
    tool_unpaint(&t->screen);
    putchar('\n');
}

static void
print_dirty(const struct text *t, const struct survey *s)
{
    bool alert = s->dirty > 0;
    const char *text = "-";
    char dirty[24];

    if ((s->known & MMAPX_CACHE_DIRTY) == 0)
        text = "?";
    else if (alert)
        text = size(t->top, dirty, s->dirty);
    if (alert)
        tool_paint(&t->screen, TOOL_YELLOW);
    printf("%*s", width(t->top), text);
    if (alert)
        tool_unpaint(&t->screen);
    fputs("  ", stdout);
}

static void
print_numbers(const struct text *t, const struct survey *s)
{
    const struct top *top = t->top;
    char cached[24], all[24], part[8];

    printf("%*s  ", width(top),
           s->known != 0 ? size(top, cached, s->cached) : "unknown");
    if (t->size)
        printf("%*s  ", width(top), size(top, all, s->size));
    if (t->percent)
        printf("%4s  ",
               s->known != 0 ? top_percent(part, s->cached, s->size) : "-");
    if (t->dirty)
        print_dirty(t, s);
}

static void
print_row(const struct text *t, const struct largest_row *row)
{
    print_numbers(t, &row->survey);
    if (t->files)
        printf("%7" PRIu64 "  ", row->files);
    if (t->top->o->by == TOOL_BY_PROCESS)
        printf("%8jd  ", (intmax_t)row->pid);
    tool_name_cut(&t->screen, row->name, t->names);
    putchar('\n');
}

static void
print_table(const struct top *top)
{
    const struct largest *rows = rows_of(top);
    struct survey sum = sums_total(&top->all.sums);
    uint64_t files = top->all.sums.files;
    struct text t;

    begin(&t, top, rows);
    if (!top->o->quiet)
        print_head(&t);
    for (size_t i = 0; i < rows->n; i++)
        print_row(&t, &rows->rows[i]);
    if (top->o->quiet)
        return;
    print_numbers(&t, &sum);
    printf("total of %" PRIu64 " file%s\n", files, files == 1 ? "" : "s");
}

void
top_print(struct top *top)
{
    largest_sort(&top->all.largest);
    largest_sort(&top->dirs);
    if (top->o->openmetrics) {
        print_openmetrics(top);
    } else if (top->o->json) {
        print_json(top);
    } else {
        print_table(top);
        if (!top->o->quiet)
            top_print_rest(top, explained(top));
    }
    top_print_closed(&top->all);
}

/* SPDX-License-Identifier: MIT */
/* Files, each on a line of its own: what is in memory of them, and where. */
#include "tool.h"
#include "bar.h"
#include "json.h"
#include "libmmapx.h"
#include "table.h"
#include "units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Cells of a bar, and of a map in all and in a line of it. */
enum { BAR = 32, LEAST_BAR = 10, MOST_BAR = 128, MAP = 1024, MAP_LINE = 64 };

/* Columns of a line that are neither bar nor name. */
enum { HUMAN_COLUMNS = 7, EXACT_COLUMNS = 15, OTHERS = 4 + 9 + 14 };

/* --- Cells ---------------------------------------------------------------- */

/* Heights for a bar, shades for a map; and letters for both: nothing, less than
 * half, more, all. */
static const char *const heights[BAR_LEVELS + 1] = {
    " ",      "\u2581", "\u2582", "\u2583", "\u2584",
    "\u2585", "\u2586", "\u2587", "\u2588",
};
static const char *const shades[BAR_LEVELS + 1] = {
    "\u00b7", "\u2591", "\u2591", "\u2591", "\u2592",
    "\u2592", "\u2593", "\u2593", "\u2588",
};
static const char *const letters[BAR_LEVELS + 1] = {
    ".", "-", "-", "-", "-", "+", "+", "+", "#",
};

static void
print_cells(const struct table *t, const char *const *glyphs,
            const unsigned char *levels, size_t n)
{
    char text[4 * MOST_BAR];
    char *end = text;

    if (!t->screen.utf8)
        glyphs = letters;
    fputs(t->screen.utf8 ? "\u2595" : "[", stdout);
    tool_paint(&t->screen, TOOL_GREEN);
    for (size_t i = 0; i < n; i++)
        for (const char *glyph = glyphs[levels[i]]; *glyph != '\0'; glyph++)
            *end++ = *glyph;
    fwrite(text, 1, (size_t)(end - text), stdout);
    tool_plain(&t->screen);
    fputs(t->screen.utf8 ? "\u258f" : "]", stdout);
}

/* --- A line --------------------------------------------------------------- */

/* On a screen that is written over, the rest of the line is old. */
static void
end_line(const struct table *t)
{
    if (t->keeps && t->o->command == TOOL_WATCH && t->screen.columns > 0)
        fputs("\033[K", stdout);
    putchar('\n');
}

/* "0%" and "100%" mean none and all, and are not rounded to. */
static const char *
percent(char buf[static 8], const struct survey *s)
{
    double value = 100 * (double)s->cached / (double)s->size;

    if (s->known == 0 || s->size == 0)
        return "-";
    if (s->cached > 0 && value < 1)
        return "<1%";
    if (s->cached < s->size && value > 99)
        return ">99%";
    snprintf(buf, 8, "%.0f%%", value);
    return buf;
}

static int
width(const struct table *t)
{
    return t->o->bytes ? EXACT_COLUMNS : HUMAN_COLUMNS;
}

/* A number that the system told, or did not. */
static void
print_count(const struct table *t, const struct survey *s, unsigned bit,
            int64_t bytes, int columns)
{
    const char *text = "-";
    char size[24];
    bool alert = bytes > 0 && bit != MMAPX_CACHE_CACHED;

    if ((s->known & bit) == 0)
        text = bit == MMAPX_CACHE_CACHED ? "unknown" : "?";
    else if (bytes > 0 || t->o->bytes || bit == MMAPX_CACHE_CACHED)
        text = tool_size(size, bytes, t->o->bytes);
    if (alert)
        tool_paint(&t->screen, TOOL_YELLOW);
    printf("%*s", columns, text);
    if (alert)
        tool_plain(&t->screen);
    fputs("  ", stdout);
}

static void
print_time(const struct table *t)
{
    time_t now = t->time;
    struct tm tm;
    char text[16];

    if (t->time == 0)
        return;
    strftime(text, sizeof text, "%H:%M:%S", localtime_r(&now, &tm));
    printf("%s  ", text);
}

static void
print_head(struct table *t)
{
    if (t->headed)
        return;
    t->headed = true;
    if (t->time != 0)
        printf("%-8s  ", "TIME");
    tool_paint(&t->screen, TOOL_BOLD);
    printf("%*s  %*s  %4s  %*s  %*s  %-*s  %s", width(t), "CACHED", width(t),
           "SIZE", "%", width(t), "DIRTY", t->o->bytes ? EXACT_COLUMNS : 9,
           "WRITEBACK", (int)t->cells + 2, "WHERE", "FILE");
    tool_plain(&t->screen);
    end_line(t);
}

static void
print_numbers(const struct table *t, const struct survey *s)
{
    char part[8];
    char size[24];

    print_time(t);
    print_count(t, s, MMAPX_CACHE_CACHED, s->cached, width(t));
    printf("%*s  %4s  ", width(t), tool_size(size, s->size, t->o->bytes),
           percent(part, s));
    print_count(t, s, MMAPX_CACHE_DIRTY, s->dirty, width(t));
    print_count(t, s, MMAPX_CACHE_WRITEBACK, s->writeback,
                t->o->bytes ? EXACT_COLUMNS : 9);
}

static void
print_row(struct table *t, const struct table_row *row)
{
    const struct survey *s = &row->survey;

    print_head(t);
    print_numbers(t, s);
    if (s->known != 0 && s->size > 0)
        print_cells(t, heights, row->levels, t->cells);
    else
        printf("%*s", (int)t->cells + 2, "");
    fputs("  ", stdout);
    tool_name(stdout, row->path);
    end_line(t);
}

/* --- JSON ----------------------------------------------------------------- */

static json_t *
number(const struct survey *s, unsigned bit, int64_t bytes)
{
    return (s->known & bit) != 0 ? json_integer(bytes) : json_null();
}

static json_t *
json_survey(const struct table *t, const struct survey *s)
{
    json_t *object = json_pack(
        "{s:I, s:o, s:o, s:o, s:o, s:o}", "size", (json_int_t)s->size,
        "cached", number(s, MMAPX_CACHE_CACHED, s->cached),
        "dirty", number(s, MMAPX_CACHE_DIRTY, s->dirty),
        "writeback", number(s, MMAPX_CACHE_WRITEBACK, s->writeback),
        "evicted", number(s, MMAPX_CACHE_EVICTED, s->evicted),
        "recently_evicted",
        number(s, MMAPX_CACHE_RECENTLY_EVICTED, s->recently_evicted));

    if (t->time != 0)
        json_object_set_new(object, "time", json_integer((json_int_t)t->time));
    return object;
}

static void
json_row(const struct table *t, const struct table_row *row)
{
    json_t *object = json_pack("{s:o}", "path", json_path(row->path));
    json_t *numbers = json_survey(t, &row->survey);

    json_object_update(object, numbers);
    json_decref(numbers);
    json_line(object);
}

/* --- Ranges and maps ------------------------------------------------------ */

struct detail {
    const struct table *t;
    const char *path;
    struct bar *bar;
};

static void
print_range(const struct mmapx_cache_run *run, void *arg)
{
    const struct detail *d = arg;
    char off[24], len[24];

    if (d->bar != NULL && run->cached)
        bar_add(d->bar, run->off, run->len);
    if (!d->t->o->ranges || !run->cached)
        return;
    if (d->t->o->json)
        json_line(json_pack("{s:o, s:{s:I, s:I}}", "path", json_path(d->path),
                            "range", "offset", (json_int_t)run->off, "length",
                            (json_int_t)run->len));
    else if (d->t->o->bytes)
        printf("    %lld:%lld\n", (long long)run->off, (long long)run->len);
    else
        printf("    %s:%s\n", tool_exact_size(off, run->off),
               tool_exact_size(len, run->len));
}

static void
print_map(const struct table *t, const struct bar *bar)
{
    size_t line = MAP_LINE;
    char off[24];

    if (t->screen.columns > 0 && t->screen.columns < line + 16)
        line = t->screen.columns > 26 ? t->screen.columns - 16 : LEAST_BAR;
    for (size_t i = 0; i < bar->cells; i += line) {
        size_t n = bar->cells - i < line ? bar->cells - i : line;
        unsigned char levels[MAP_LINE];

        for (size_t k = 0; k < n; k++)
            levels[k] = bar_level(bar, i + k);
        printf("%*s  ", t->o->bytes ? EXACT_COLUMNS : 11,
               tool_size(off, bar_cell(bar, i), t->o->bytes));
        print_cells(t, shades, levels, n);
        putchar('\n');
    }
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
            print_map(t, &bar);
        bar_free(&bar);
    }
    return error;
}

/* --- The table ------------------------------------------------------------ */

/* The bar has the room that the longest name leaves, where names are known. */
static size_t
bar_cells(const struct table *t)
{
    size_t columns = t->screen.columns;
    size_t names = columns / 3;
    size_t used;

    if (columns == 0)
        return BAR;
    if (!t->o->recurse && t->o->files0 == NULL) {
        names = 0;
        for (char **path = t->o->paths; *path != NULL; path++) {
            size_t n = tool_name(NULL, *path);

            names = n > names ? n : names;
        }
    }
    used = 3 * (size_t)width(t) + OTHERS + names
           + (t->o->bytes ? EXACT_COLUMNS - 9 : 0);
    if (columns < used + LEAST_BAR)
        return LEAST_BAR;
    return columns - used < MOST_BAR ? columns - used : MOST_BAR;
}

void
table_begin(struct table *t, const struct tool_options *o)
{
    *t = (struct table){ .o = o };
    tool_screen(&t->screen, stdout, o->colour);
    t->cells = bar_cells(t);
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
add(struct table *t, const struct survey *s)
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
look(const struct table *t, const struct tool_file *file,
     struct table_row *row)
{
    struct survey *s = &row->survey;
    struct bar bar;
    int error = survey(s, file);

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

int
table_visit(const struct tool_file *file, void *arg)
{
    struct table *t = arg;
    unsigned char levels[MOST_BAR];
    struct table_row row = { .path = (char *)(uintptr_t)file->path,
                             .levels = levels };
    int error = look(t, file, &row);

    if (error != 0)
        return tool_failed(file->path, error);
    if (t->o->only_cached && row.survey.known != 0 && row.survey.cached == 0)
        return TOOL_OK;
    add(t, &row.survey);
    if (t->keeps)
        keep(t, &row);
    else if (t->o->json)
        json_row(t, &row);
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

    if (t->o->json)
        json_row(t, row);
    else
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
    if (shown < t->n) {
        printf("and %zu more", t->n - shown);
        end_line(t);
    }
    return status;
}

void
table_total(const struct table *t)
{
    struct survey sum = t->sum;

    if (t->unknown == t->files && t->files > 0)
        sum.known = 0;
    if (t->o->json) {
        json_t *object = json_survey(t, &sum);

        json_object_set_new(object, "files",
                            json_integer((json_int_t)t->files));
        json_object_set_new(object, "unknown_files",
                            json_integer((json_int_t)t->unknown));
        json_line(json_pack("{s:o}", "total", object));
        return;
    }
    print_numbers(t, &sum);
    printf("%*s  total of %zu file%s", (int)t->cells + 2, "", t->files,
           t->files == 1 ? "" : "s");
    if (t->unknown > 0)
        printf(", %zu of them unknown", t->unknown);
    end_line(t);
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

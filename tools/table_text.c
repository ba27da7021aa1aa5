/* SPDX-License-Identifier: MIT */
/* The table as text: columns, bars and maps. */
#include "tool.h"
#include "bar.h"
#include "libmmapx.h"
#include "table.h"
#include "units.h"

#include <stdio.h>
#include <time.h>

/* Cells of a bar, and of a line of a map. */
enum { BAR = 32, LEAST_BAR = 10, MAP_LINE = 64 };

/* Columns of a line that are neither bar nor name. */
enum { HUMAN_COLUMNS = 7, EXACT_COLUMNS = 15, OTHER_COLUMNS = 4 + 9 + 14 };

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
    char text[4 * TABLE_MOST_CELLS];
    char *end = text;

    if (!t->screen.utf8)
        glyphs = letters;
    fputs(t->screen.utf8 ? "\u2595" : "[", stdout);
    tool_paint(&t->screen, TOOL_GREEN);
    for (size_t i = 0; i < n; i++)
        for (const char *glyph = glyphs[levels[i]]; *glyph != '\0'; glyph++)
            *end++ = *glyph;
    fwrite(text, 1, (size_t)(end - text), stdout);
    tool_unpaint(&t->screen);
    fputs(t->screen.utf8 ? "\u258f" : "]", stdout);
}

/* --- A line --------------------------------------------------------------- */

/* On a screen that is written over, the rest of the line is old. */
static void
end_line(const struct table *t)
{
    if (t->keeps && t->o->command == TOOL_WATCH && t->screen.columns > 0)
        fputs("\033[K", stdout);
    tool_end_line();
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
        tool_unpaint(&t->screen);
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
    if (t->headed || t->o->quiet)
        return;
    t->headed = true;
    if (t->time != 0)
        printf("%-8s  ", "TIME");
    tool_paint(&t->screen, TOOL_BOLD);
    printf("%*s  %*s  %4s  %*s  %*s  %-*s  %s", width(t), "CACHED", width(t),
           "SIZE", "%", width(t), "DIRTY", t->o->bytes ? EXACT_COLUMNS : 9,
           "WRITEBACK", (int)t->cells + 2, "WHERE", "FILE");
    tool_unpaint(&t->screen);
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

void
table_text_row(struct table *t, const struct table_row *row)
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

void
table_text_more(const struct table *t, size_t more)
{
    printf("and %zu more", more);
    end_line(t);
}

void
table_text_total(struct table *t, const struct survey *sum)
{
    if (t->o->summarize)
        print_head(t);
    print_numbers(t, sum);
    printf("%*s  total of %zu file%s", (int)t->cells + 2, "", t->files,
           t->files == 1 ? "" : "s");
    if (t->unknown > 0)
        printf(", %zu of them unknown", t->unknown);
    end_line(t);
}

/* --- Ranges and maps ------------------------------------------------------ */

void
table_text_ranges(const struct table *t, const struct table_row *row)
{
    for (size_t i = 0; i < row->n; i++) {
        const struct table_range *range = &row->ranges[i];
        char off[24], len[24];

        if (t->o->bytes)
            printf("    %lld:%lld", (long long)range->off,
                   (long long)range->len);
        else
            printf("    %s:%s", tool_exact_size(off, range->off),
                   tool_exact_size(len, range->len));
        tool_end_line();
    }
}

/* Programs that run in many processes, on a terminal, are not all listed. */
void
table_text_who(const struct table *t, const struct table_row *row)
{
    enum { SHOWN = 8 };
    size_t n = row->who != NULL ? row->who->n : 0;
    size_t shown = t->screen.columns > 0 && n > SHOWN ? SHOWN : n;

    if (n == 0)
        return;
    fputs("    mapped by", stdout);
    for (size_t i = 0; i < shown; i++) {
        fputs(i == 0 ? " " : ", ", stdout);
        tool_name(stdout, row->who->list[i]->name);
        printf(" (%jd)", (intmax_t)row->who->list[i]->pid);
    }
    if (shown < n)
        printf(" and %zu more", n - shown);
    end_line(t);
}

void
table_text_map(const struct table *t, const struct table_row *row)
{
    struct bar bar = { .len = row->survey.size, .cells = row->map_cells };
    size_t line = MAP_LINE;
    char off[24];

    if (t->screen.columns > 0 && t->screen.columns < line + 16)
        line = t->screen.columns > 26 ? t->screen.columns - 16 : LEAST_BAR;
    for (size_t i = 0; i < bar.cells; i += line) {
        size_t n = bar.cells - i < line ? bar.cells - i : line;

        printf("%*s  ", t->o->bytes ? EXACT_COLUMNS : 11,
               tool_size(off, bar_cell(&bar, i), t->o->bytes));
        print_cells(t, shades, row->map + i, n);
        tool_end_line();
    }
}

/* --- The layout ----------------------------------------------------------- */

/* The longest name leaves that much room, where names are known. */
size_t
table_text_cells(const struct table *t)
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
    used = 3 * (size_t)width(t) + OTHER_COLUMNS + names
           + (t->o->bytes ? EXACT_COLUMNS - 9 : 0);
    if (columns < used + LEAST_BAR)
        return LEAST_BAR;
    if (columns - used > TABLE_MOST_CELLS)
        return TABLE_MOST_CELLS;
    return columns - used;
}

/* SPDX-License-Identifier: MIT */
/* The table as text: columns, bars and maps. */
#include "tool.h"
#include "bar.h"
#include "libmmapx.h"
#include "table.h"
#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Cells of a line of a map. */
enum { MAP_LINE = 64, LEAST_MAP_LINE = 10 };

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
    char text[4 * MAP_LINE];
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

/* As printf() does with %*s, in a third of the time: there are many lines. */
static void
print_right(const char *text, int columns)
{
    char blanks[32];
    int n = columns - (int)strlen(text);

    if (n > (int)sizeof blanks)
        n = (int)sizeof blanks;
    if (n > 0) {
        memset(blanks, ' ', sizeof blanks);
        fwrite(blanks, 1, (size_t)n, stdout);
    }
    fputs(text, stdout);
}

/* On a screen that is written over, the rest of the line is old; a new line
 * behind the last one would scroll. */
void
table_text_end(struct table *t)
{
    if (!t->on_screen) {
        tool_end_line();
        return;
    }
    fputs("\033[K", stdout);
    if (t->lines > 1)
        putchar('\n');
    t->lines -= t->lines > 0;
}

/* "0%" and "100%" mean none and all, and are not rounded to. */
static const char *
percent(char buf[static 8], const struct survey *s)
{
    double value = 100 * (double)s->cached / (double)s->size;

    if (s->known == 0 || s->size == 0)
        return "-";
    if (s->cached == s->size)
        return "100%";
    if (s->cached > 0 && value < 1)
        return "<1%";
    if (s->cached < s->size && value > 99)
        return ">99%";
    snprintf(buf, 8, "%.0f%%", value);
    return buf;
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
    print_right(text, columns);
    if (alert)
        tool_unpaint(&t->screen);
    fputs("  ", stdout);
}

/* Since the last look: nothing is blank, so that what moves is seen. */
static void
print_change(const struct table *t, const struct survey *s, int64_t change)
{
    char text[26] = "";
    char size[24];

    if (s->known != 0 && change != 0)
        snprintf(text, sizeof text, "%c%s", change < 0 ? '-' : '+',
                 tool_size(size, change < 0 ? -change : change, t->o->bytes));
    printf("%*s  ", table_width(t) + 1, text);
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

void
table_text_head(struct table *t)
{
    const struct table_layout *l = &t->layout;
    int width = table_width(t);

    if (t->headed || t->o->quiet)
        return;
    t->headed = true;
    if (t->time != 0)
        printf("%-8s  ", "TIME");
    tool_paint(&t->screen, TOOL_BOLD);
    printf("%*s  ", width, "CACHED");
    if (l->size)
        printf("%*s  ", width, "SIZE");
    printf("%4s  ", "%");
    if (l->change)
        printf("%*s  ", width + 1, "CHANGE");
    if (l->dirty)
        printf("%*s  ", width, "DIRTY");
    if (l->writeback)
        printf("%*s  ", table_writeback_width(t), "WRITEBACK");
    if (l->cells > 0)
        printf("%-*s  ", (int)l->cells + 2, "WHERE");
    fputs("FILE", stdout);
    tool_unpaint(&t->screen);
    table_text_end(t);
}

static void
print_numbers(const struct table *t, const struct survey *s, int64_t change)
{
    const struct table_layout *l = &t->layout;
    int width = table_width(t);
    char part[8];
    char size[24];

    print_time(t);
    print_count(t, s, MMAPX_CACHE_CACHED, s->cached, width);
    if (l->size) {
        print_right(tool_size(size, s->size, t->o->bytes), width);
        fputs("  ", stdout);
    }
    print_right(percent(part, s), 4);
    fputs("  ", stdout);
    if (l->change)
        print_change(t, s, change);
    if (l->dirty)
        print_count(t, s, MMAPX_CACHE_DIRTY, s->dirty, width);
    if (l->writeback)
        print_count(t, s, MMAPX_CACHE_WRITEBACK, s->writeback,
                    table_writeback_width(t));
}

void
table_text_row(struct table *t, const struct table_row *row)
{
    const struct survey *s = &row->survey;
    unsigned char levels[TABLE_MOST_CELLS];

    table_text_head(t);
    print_numbers(t, s, row->change);
    if (t->layout.cells > 0) {
        table_levels(t, row, levels);
        if (s->known != 0 && s->size > 0)
            print_cells(t, heights, levels, t->layout.cells);
        else
            printf("%*s", (int)t->layout.cells + 2, "");
        fputs("  ", stdout);
    }
    tool_name_cut(&t->screen, row->path, t->layout.name);
    table_text_end(t);
}

void
table_text_more(struct table *t, size_t more)
{
    printf("and %zu more", more);
    table_text_end(t);
}

void
table_text_total(struct table *t, const struct survey *sum)
{
    const struct table_layout *l = &t->layout;
    size_t room;
    char text[96];
    int n;

    if (!t->laid_out)
        table_lay_out(t, 0);
    if (t->o->summarize)
        table_text_head(t);
    print_numbers(t, sum, t->change);
    n = snprintf(text, sizeof text, "total of %" PRIu64 " file%s",
                 t->sums.files, t->sums.files == 1 ? "" : "s");
    if (t->sums.unknown > 0)
        n += snprintf(text + n, sizeof text - (size_t)n,
                      ", %" PRIu64 " of them unknown", t->sums.unknown);
    /* It stands below the names if it is no longer than they may be, and else
     * has the bar's room, too. */
    room = l->name;
    if (l->cells > 0 && (room == 0 || (size_t)n <= room))
        printf("%*s", (int)l->cells + 4, "");
    else if (l->cells > 0)
        room += l->cells + 4;
    tool_name_cut(&t->screen, text, room);
    table_text_end(t);
}

/* --- Ranges and maps ------------------------------------------------------ */

void
table_text_ranges(struct table *t, const struct table_row *row)
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

/* Programs that run in many processes are not all listed on a terminal, which
 * shows what fits into a line. */
void
table_text_who(struct table *t, const struct table_row *row)
{
    static const char head[] = "    mapped by ";
    size_t columns = t->screen.columns;
    size_t used = sizeof head - 1;

    if (row->who == NULL || row->who->n == 0)
        return;
    if (columns > 0)
        columns = columns > used ? columns - used : 1;
    fputs(head, stdout);
    who_print(stdout, row->who, who_fitting(row->who, row->who->n, columns));
    table_text_end(t);
}

void
table_text_map(const struct table *t, const struct table_row *row)
{
    struct bar bar = { .len = row->survey.size, .cells = row->map_cells };
    size_t line = MAP_LINE;
    char off[24];

    if (t->screen.columns > 0 && t->screen.columns < line + 16)
        line = t->screen.columns > 26 ? t->screen.columns - 16 : LEAST_MAP_LINE;
    for (size_t i = 0; i < bar.cells; i += line) {
        size_t n = bar.cells - i < line ? bar.cells - i : line;

        printf("%*s  ", t->o->bytes ? table_width(t) : 11,
               tool_size(off, bar_cell(&bar, i), t->o->bytes));
        print_cells(t, shades, row->map + i, n);
        tool_end_line();
    }
}

/* SPDX-License-Identifier: MIT */
/* A line on the terminal that says how far the work is. */
#include "tool.h"
#include "pace.h"
#include "progress.h"

#include <stdio.h>
#include <string.h>

/* Seconds from one update to the next: ten a second. */
#define INTERVAL 0.1

/* What is to be taken away before something else is said. */
static const struct progress *on_screen;

void
progress_begin(struct progress *p, const struct tool_options *o,
               const char *verb, int64_t total)
{
    *p = (struct progress){ .verb = verb, .total = total };
    tool_screen_of(&p->screen, stderr, o->colour);
    p->shown = p->screen.columns > 0 && !o->no_progress;
    p->began = tool_seconds();
}

/* A line of eighths of a column, or of whole ones. */
static void
draw_bar(const struct progress *p, size_t columns)
{
    static const char *const parts[] = { " ",      "\u258f", "\u258e",
                                         "\u258d", "\u258c", "\u258b",
                                         "\u258a", "\u2589" };
    bool utf8 = p->screen.utf8;
    double share = p->total > 0 ? (double)p->done / (double)p->total : 1;
    size_t eighths = (size_t)((double)(columns * 8) * (share < 1 ? share : 1));

    fputs(utf8 ? "\u2595" : "[", stderr);
    tool_paint(&p->screen, TOOL_GREEN);
    for (size_t i = 0; i < columns; i++, eighths -= eighths < 8 ? eighths : 8)
        if (eighths >= 8)
            fputs(utf8 ? "\u2588" : "#", stderr);
        else
            fputs(utf8 ? parts[eighths] : ".", stderr);
    tool_unpaint(&p->screen);
    fputs(utf8 ? "\u258f" : "]", stderr);
}

/* "4:05", or "1:02:03" from an hour on. */
static void
draw_time(double seconds)
{
    long s = seconds < 360000 ? (long)(seconds + 0.5) : 359999;

    if (s >= 3600)
        fprintf(stderr, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        fprintf(stderr, "%ld:%02ld", s / 60, s % 60);
}

static void
draw(struct progress *p, const char *path, double now)
{
    enum { BAR = 24, ALL_BUT_PATH = 53 + BAR + 2, LEAST_PATH = 10 };
    size_t columns = p->screen.columns;
    double rate = (double)p->done / (now - p->began + 1e-9);
    char done[24], total[24], speed[24];

    fprintf(stderr, "\r\033[K%s ", p->verb);
    if (p->total >= 0) {
        if (columns >= ALL_BUT_PATH)
            draw_bar(p, BAR);
        fprintf(stderr, " %3.0f%%  %s of %s",
                p->total > 0 ? 100 * (double)p->done / (double)p->total : 100.0,
                tool_size(done, p->done, false),
                tool_size(total, p->total, false));
    } else {
        fputs(tool_size(done, p->done, false), stderr);
    }
    fprintf(stderr, "  %s/s",
            tool_size(speed, rate < 9e18 ? (int64_t)rate : INT64_MAX, false));
    if (p->total > p->done && rate > 0) {
        fputs("  ", stderr);
        draw_time((double)(p->total - p->done) / rate);
        fputs(" left", stderr);
    }
    if (columns >= ALL_BUT_PATH + LEAST_PATH) {
        fputs("  ", stderr);
        tool_name_end(stderr, path, columns - ALL_BUT_PATH - 3);
    }
    fflush(stderr);
    p->drawn = now;
    on_screen = p;
}

void
progress_add(struct progress *p, const char *path, int64_t bytes)
{
    double now = p->shown ? tool_seconds() : 0;

    p->done = tool_sum(p->done, bytes);
    /* Nothing is shown of what is over at once. */
    if (p->shown && now - p->began >= INTERVAL && now - p->drawn >= INTERVAL)
        draw(p, path, now);
}

void
progress_hide(void)
{
    if (on_screen != NULL)
        fputs("\r\033[K", stderr);
    on_screen = NULL;
}

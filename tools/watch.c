/* SPDX-License-Identifier: MIT */
/* mmapx watch: how much of each file is in memory, again and again. */
#include "tool.h"
#include "commands.h"
#include "files.h"
#include "interrupt.h"
#include "table.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* The screen is written over from its top, so that it does not flicker. */
static void
print_screen(struct table *t)
{
    /* Title, blank, heading, "and more", the cursor. */
    enum { OTHER_LINES = 5 };
    size_t room = t->screen.rows;
    size_t rows = room > OTHER_LINES ? room - OTHER_LINES : 1;
    char clock[16];
    time_t now = t->time;
    struct tm tm;

    t->time = 0;
    strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&now, &tm));
    fputs("\033[H", stdout);
    printf("mmapx watch, every %g s, at %s\033[K\n\033[K\n", t->o->interval,
           clock);
    t->headed = false;
    table_print(t, rows - t->o->total);
    if (t->o->total)
        table_total(t);
    fputs("\033[J", stdout);
}

int
tool_watch(const struct tool_options *o)
{
    struct table t;
    int status = TOOL_OK;

    tool_catch_signals();
    table_begin(&t, o);
    if (t.screen.columns > 0 && !o->json) {
        t.keeps = true;
        fputs("\033[H\033[2J", stdout);
    }
    for (uint64_t round = 1; tool_interrupted == 0; round++) {
        int walked;

        t.time = time(NULL);
        walked = tool_files_ahead(o, survey_ahead, table_visit, &t);
        if (tool_interrupted != 0)
            break;
        status = walked;
        if (t.screen.columns > 0 && !o->json) {
            print_screen(&t);
        } else {
            table_print(&t, SIZE_MAX);
            if (o->total)
                table_total(&t);
        }
        table_clear(&t);
        if (fflush(stdout) != 0 || round == o->count)
            break;
        tool_wait(o->interval);
    }
    table_clear(&t);
    /* That is how it is meant to end. */
    tool_interrupted = 0;
    return status;
}

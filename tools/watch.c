/* SPDX-License-Identifier: MIT */
/* mmapx watch: how much of each file is in memory, again and again. */
#include "tool.h"
#include "commands.h"
#include "files.h"
#include "interrupt.h"
#include "said.h"
#include "screen.h"
#include "table.h"
#include "watch.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* One line after the other, each with its time. */
static int
watch_lines(const struct tool_options *o)
{
    struct table t;
    int status = TOOL_OK;

    table_begin(&t, o);
    for (uint64_t round = 1; tool_interrupted == 0; round++) {
        int walked;
        bool in_vain;

        said_next_look(true);
        t.time = time(NULL);
        walked = tool_files_ahead(o, table_begin_file, table_visit, &t);
        if (tool_interrupted != 0)
            break;
        status = walked;
        in_vain = round == 1 && walked != TOOL_OK && t.sums.files == 0;
        table_print(&t, SIZE_MAX);
        if (o->total)
            table_total(&t);
        table_clear(&t);
        if (tool_flush() != 0 || round == o->count || in_vain)
            break;
        tool_wait(o->interval);
    }
    table_clear(&t);
    said_forget();
    return status;
}

int
tool_watch(const struct tool_options *o)
{
    int status;

    tool_catch_signals();
    status = !o->json && tool_can_draw(stdout) ? watch_screen(o)
                                               : watch_lines(o);
    /* That is how it is meant to end. */
    tool_interrupted = 0;
    return status;
}

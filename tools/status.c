/* SPDX-License-Identifier: MIT */
/* mmapx status: how much of each file is in memory. */
#include "tool.h"
#include "commands.h"
#include "files.h"
#include "table.h"
#include "who.h"

#include <stdint.h>
#include <stdio.h>

/* Who maps files is known as far as processes let themselves be looked at. */
static int
look_for_processes(void)
{
    int error = who_look();

    if (error != 0)
        return tool_failed("/proc", error);
    if (who_closed() > 0)
        fprintf(stderr, "mmapx: not known to this user: what %zu process%s\n",
                who_closed(), who_closed() == 1 ? " maps" : "es map");
    if (who_hidden())
        fputs("mmapx: not known to this user: what hidden processes map\n",
              stderr);
    return TOOL_OK;
}

int
tool_status(const struct tool_options *o)
{
    int looked = o->who ? look_for_processes() : TOOL_OK;
    struct table t;
    int status;

    table_begin(&t, o);
    status = tool_files_ahead(o, table_begin_file, table_visit, &t);
    if (o->openmetrics)
        table_print_metrics(&t);
    else
        table_print(&t, SIZE_MAX);
    if (o->total && !o->openmetrics)
        table_total(&t);
    table_clear(&t);
    who_forget();
    return status != TOOL_OK ? status : looked;
}

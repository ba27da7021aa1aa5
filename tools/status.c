/* SPDX-License-Identifier: MIT */
/* mmapx status: how much of each file is in memory. */
#include "tool.h"
#include "commands.h"
#include "files.h"
#include "table.h"

#include <stdint.h>

int
tool_status(const struct tool_options *o)
{
    struct table t;
    int status;

    table_begin(&t, o);
    status = tool_files(o, table_visit, &t);
    table_print(&t, SIZE_MAX);
    if (o->total)
        table_total(&t);
    table_clear(&t);
    return status;
}

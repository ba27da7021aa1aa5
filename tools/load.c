/* SPDX-License-Identifier: MIT */
/* mmapx load: into memory. */
#include "tool.h"
#include "commands.h"
#include "libmmapx.h"
#include "screen.h"
#include "work.h"

#include <stdio.h>

/* What had to be read, and what had not. */
static void
print_loaded(const struct work *work, double seconds)
{
    int64_t loaded
        = work->after > work->before ? work->after - work->before : 0;
    char some[24], others[24];

    if (work->unknown) {
        printf("%s are in memory now",
               tool_size(some, work->bytes, work->o->bytes));
        work_print_end(work, 0, seconds);
        return;
    }
    printf("loaded %s (%s were in memory)",
           tool_size(some, loaded, work->o->bytes),
           tool_size(others, work->before, work->o->bytes));
    work_print_end(work, loaded, seconds);
}

int
tool_load(const struct tool_options *o)
{
    /* A slow disk's tenth of a second goes by between two looks at the
     * signals. */
    static const struct work_kind loading = {
        .verb = "loading",
        .step = 8 << 20,
        .do_step = mmapx_cache_load,
        .print_sum = print_loaded,
    };

    return work_run(o, &loading);
}

/* SPDX-License-Identifier: MIT */
/* mmapx evict: out of memory. */
#include "tool.h"
#include "commands.h"
#include "libmmapx.h"
#include "screen.h"
#include "work.h"

#include <stdio.h>

/* What has gone, and why the rest has not. */
static void
print_evicted(const struct work *work, double seconds)
{
    int64_t evicted
        = work->before > work->after ? work->before - work->after : 0;
    int64_t dirty = work->dirty < work->after ? work->dirty : work->after;
    char some[24], others[24];

    if (work->unknown)
        printf("asked to evict %s",
               tool_size(some, work->bytes, work->o->bytes));
    else
        printf("evicted %s of %s in memory",
               tool_size(some, evicted, work->o->bytes),
               tool_size(others, work->before, work->o->bytes));
    work_print_end(work, 0, seconds);
    if (dirty > 0)
        printf("%s stayed: to be written back first%s\n",
               tool_size(some, dirty, work->o->bytes),
               work->o->sync ? "" : " (--sync does that)");
    if (work->after > dirty)
        printf("%s stayed: locked, mapped by others, in use, or on a file"
               " system in memory\n",
               tool_size(some, work->after - dirty, work->o->bytes));
}

int
tool_evict(const struct tool_options *o)
{
    /* To evict takes no disk, so that a long step is over soon. */
    static const struct work_kind evicting = {
        .verb = "evicting",
        .step = 128 << 20,
        .do_step = mmapx_cache_evict,
        .print_sum = print_evicted,
    };

    return work_run(o, &evicting);
}

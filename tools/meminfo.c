/* SPDX-License-Identifier: MIT */
/* What the machine's memory is used for, as far as files are concerned. */
#include "meminfo.h"
#include "numbers.h"

/* A part that may not be told. */
static int64_t
part(int64_t kilobytes)
{
    return kilobytes > 0 ? kilobytes * 1024 : 0;
}

void
meminfo_read(struct meminfo *m)
{
    int64_t cached, shared, buffers, inactive, active, total, available;
    const struct number numbers[] = {
        { "Cached:", &cached },
        { "Shmem:", &shared },
        { "Buffers:", &buffers },
        { "Inactive(file):", &inactive },
        { "Active(file):", &active },
        { "MemTotal:", &total },
        { "MemAvailable:", &available },
    };

    numbers_in("/proc/meminfo", numbers, sizeof numbers / sizeof numbers[0]);
    *m = (struct meminfo){
        .known = cached >= 0,
        /* The two are not counted at the same moment. */
        .page_cache = cached > shared ? part(cached) - part(shared) : 0,
        .shared = part(shared),
        .buffers = part(buffers),
        .files = part(inactive) + part(active),
        .total = total >= 0 ? total * 1024 : -1,
        .available = available >= 0 ? available * 1024 : -1,
    };
}

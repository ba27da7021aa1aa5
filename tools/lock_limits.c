/* SPDX-License-Identifier: MIT */
/* Which of the system's limits kept something from being locked: the same errno
 * stands for several. */
#include "tool.h"
#include "libmmapx.h"
#include "lock_limits.h"
#include "need.h"
#include "numbers.h"
#include "progress.h"
#include "screen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static bool too_many_mappings; /* was found once */
static bool too_little_memlock; /* was found, and is to be explained */

/* No address space of today has room for so much. */
#define TOO_LARGE (sizeof(void *) > 4 ? INT64_C(1) << 47 : INT64_C(1) << 31)

/* Whether the process has as many mappings as the system allows; locking may
 * need some more for a moment. */
enum { FEW_MAPPINGS = 8 };

static bool
has_too_many_mappings(void)
{
    int64_t most = number_in("/proc/sys/vm/max_map_count", "", 10);
    size_t n = lines_in("/proc/self/maps");

    if (most >= 0 && (int64_t)n + FEW_MAPPINGS >= most)
        too_many_mappings = true;
    return too_many_mappings;
}

/* Whether the limit on locked memory counts for this process. */
static bool
may_lock_all(void)
{
    enum { CAP_IPC_LOCK_BIT = 14 };
    int64_t set = number_in("/proc/self/status", "CapEff:", 16);

    return set >= 0 && (set >> CAP_IPC_LOCK_BIT & 1) != 0;
}

static void
blame_memlock(const char *path, int64_t bytes, size_t limit, size_t locked)
{
    char need[24], most[24], used[24];

    fputs("mmapx: ", stderr);
    tool_name(stderr, path);
    fprintf(stderr,
            ": %s to be locked, but RLIMIT_MEMLOCK is %s, of which %s are"
            " used\n",
            tool_size(need, bytes, false),
            tool_size(most, (int64_t)limit, false),
            tool_size(used, (int64_t)locked, false));
    too_little_memlock = true;
}

bool
limits_blame(const char *path, const struct hold *want, int error)
{
    size_t limit = 0;
    size_t locked = 0;

    progress_hide();
    if (error != ENOMEM && error != EAGAIN && error != EPERM) {
        tool_failed(path, error);
        return false;
    }
    tool_flush();
    if (error == ENOMEM && want->bytes >= TOO_LARGE) {
        fputs("mmapx: ", stderr);
        tool_name(stderr, path);
        fputs(": Too large to be mapped\n", stderr);
        return false;
    }
    if (error != EPERM && has_too_many_mappings())
        return true; /* limits_explain() says it */
    if (!may_lock_all() && mmapx_lock_limit(&limit, &locked) == 0
        && limit != SIZE_MAX
        && (uint64_t)need_round(want->keep) > limit - locked)
        blame_memlock(path, want->keep, limit, locked);
    else
        tool_failed(path, error);
    return true;
}

/* 'ulimit -l' takes KiB. */
static void
explain_memlock(size_t files, int64_t needed)
{
    enum { KIB = 1024 };
    char need[24];

    fprintf(stderr, "mmapx: raise it to %s for %zu file%s, with 'ulimit -l %"
            PRId64 "', LimitMEMLOCK= of systemd, or limits.conf(5)\n",
            tool_size(need, needed, false), files, files == 1 ? "" : "s",
            needed / KIB + (needed % KIB != 0));
}

static void
explain_mappings(size_t files)
{
    static bool done;
    size_t need = files + 256; /* the others are the program's own */

    if (done)
        return;
    done = true;
    fprintf(stderr,
            "mmapx: %zu files are to be locked, and each takes a mapping, but"
            " vm.max_map_count is %" PRId64 "\n"
            "mmapx: raise it with 'sysctl vm.max_map_count=%zu'\n",
            files, number_in("/proc/sys/vm/max_map_count", "", 10), need);
}

void
limits_explain(size_t files, int64_t needed)
{
    if (too_little_memlock)
        explain_memlock(files, needed);
    else if (too_many_mappings)
        explain_mappings(files);
    too_little_memlock = false;
}

/* SPDX-License-Identifier: MIT */
/*
 * How much memory there is for files: MemAvailable, and what the limits of the
 * memory control groups leave.  A group counts the page cache that its
 * processes have filled; that part can be given back, so it is no obstacle.
 */
#include "tool.h"
#include "meminfo.h"
#include "memory.h"
#include "mounts.h"
#include "numbers.h"
#include "progress.h"
#include "screen.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* What the two versions of control groups call things. */
struct version {
    const char *limit;
    const char *soft_limit; /* beyond it the system takes pages back; or NULL */
    const char *usage;
    const char *inactive; /* lines of memory.stat, with all groups below */
    const char *active;
};

static const struct version version_1 = {
    "memory.limit_in_bytes",
    NULL,
    "memory.usage_in_bytes",
    "total_inactive_file ",
    "total_active_file ",
};

static const struct version version_2 = {
    "memory.max",
    "memory.high",
    "memory.current",
    "inactive_file ",
    "active_file ",
};

/* Read n numbers of a file in a directory of a group. */
static void
group_numbers(const char *dir, const char *name, const struct number *numbers,
              size_t n)
{
    char path[2 * PATH_MAX + 32];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    numbers_in(path, numbers, n);
}

/* The only number of such a file. */
static int64_t
group_number(const char *dir, const char *name)
{
    int64_t number;

    group_numbers(dir, name, &(struct number){ "", &number }, 1);
    return number;
}

/* --- Where the groups are ------------------------------------------------- */

/* The group's path below the root of its hierarchy, by a line of
 * /proc/self/cgroup: "NUMBER:CONTROLLERS:PATH". */
static bool
group_path(bool is_v2, char path[PATH_MAX])
{
    FILE *in = fopen("/proc/self/cgroup", "re");
    char line[PATH_MAX + 256];
    bool found = false;

    if (in == NULL)
        return false;
    while (!found && fgets(line, sizeof line, in) != NULL) {
        char *controllers = strchr(line, ':');
        char *at = controllers != NULL ? strchr(controllers + 1, ':') : NULL;

        if (at == NULL)
            continue;
        *at++ = '\0';
        at[strcspn(at, "\n")] = '\0';
        found = is_v2 ? controllers[1] == '\0'
                      : strstr(controllers, "memory") != NULL;
        found = found && strlen(at) < PATH_MAX;
        if (found)
            memcpy(path, at, strlen(at) + 1);
    }
    fclose(in);
    return found;
}

/* Where a hierarchy is mounted.  What is mounted may be a part of it, from root
 * on. */
struct hierarchy {
    bool is_v2;
    bool found;
    char root[PATH_MAX];
    char dir[PATH_MAX];
};

/* The first mount of the hierarchy is taken. */
static bool
find_hierarchy(const struct mount_line *line, void *arg)
{
    struct hierarchy *h = arg;
    size_t root = strlen(line->root) + 1;
    size_t dir = strlen(line->dir) + 1;

    if (strcmp(line->type, h->is_v2 ? "cgroup2" : "cgroup") == 0
        && (h->is_v2 || strstr(line->rest, "memory") != NULL)
        && root <= sizeof h->root && dir <= sizeof h->dir) {
        memcpy(h->root, line->root, root);
        memcpy(h->dir, line->dir, dir);
        h->found = true;
    }
    return !h->found;
}

/* --- What they leave ------------------------------------------------------ */

/* The lower one of a group's limits, or -1. */
static int64_t
limit_of(const char *dir, const struct version *v)
{
    int64_t limit = group_number(dir, v->limit);
    int64_t soft = v->soft_limit != NULL ? group_number(dir, v->soft_limit)
                                         : -1;

    return limit < 0 || (soft >= 0 && soft < limit) ? soft : limit;
}

/* Bytes of files in a group, on both lists of pages. */
static int64_t
group_cache(const char *dir, const struct version *v)
{
    int64_t inactive, active;
    const struct number numbers[] = {
        { v->inactive, &inactive },
        { v->active, &active },
    };

    group_numbers(dir, "memory.stat", numbers, 2);
    return (inactive > 0 ? inactive : 0) + (active > 0 ? active : 0);
}

/* So much is left, which cache bytes of files fill, or a part of them. */
static void
set_available(struct memory *memory, int64_t available, int64_t cache)
{
    memory->available = available;
    memory->cache = cache < available ? cache : available;
}

static void
look_at_group(struct memory *memory, const char *dir, const struct version *v)
{
    int64_t limit = limit_of(dir, v);
    int64_t usage = group_number(dir, v->usage);
    int64_t cache, left;

    /* The root of the groups has none of the files. */
    if (limit < 0 || usage < 0)
        return;
    cache = group_cache(dir, v);
    usage -= cache;
    left = limit - (usage > 0 ? usage : 0);
    if (left < 0)
        left = 0;
    if (left < memory->available) {
        set_available(memory, left, cache);
        memory->group = limit;
    }
}

/* The group itself, and those above it as far as they can be seen. */
static void
look_at_groups(struct memory *memory, bool is_v2)
{
    struct hierarchy h = { .is_v2 = is_v2 };
    char path[PATH_MAX], dir[2 * PATH_MAX];
    const char *below = path;
    size_t top, n;

    if (!group_path(is_v2, path) || mounts_each(find_hierarchy, &h) != 0
        || !h.found)
        return;
    if (strcmp(h.root, "/") != 0 && tool_is_below(path, h.root))
        below = path + strlen(h.root);
    top = strlen(h.dir);
    snprintf(dir, sizeof dir, "%s%s", h.dir, below);
    for (n = strlen(dir); n >= top; n = strlen(dir)) {
        look_at_group(memory, dir, is_v2 ? &version_2 : &version_1);
        *strrchr(dir, '/') = '\0';
    }
}

void
memory_look(struct memory *memory)
{
    struct meminfo machine;

    meminfo_read(&machine);
    *memory = (struct memory){
        .available = INT64_MAX,
        .group = INT64_MAX,
        .total = machine.total >= 0 ? machine.total : INT64_MAX,
    };
    if (machine.available >= 0)
        set_available(memory, machine.available, machine.files);
    look_at_groups(memory, false);
    look_at_groups(memory, true);
}

void
memory_complain(const struct memory *memory, const char *path,
                const char *verb, int64_t bytes, bool exact)
{
    char need[24], have[24], limit[24];

    progress_hide();
    tool_flush();
    fputs("mmapx: ", stderr);
    if (path != NULL) {
        tool_name(stderr, path);
        fputs(": ", stderr);
    }
    fprintf(stderr, "%s are to be %s, and %s of memory are available",
            tool_size(need, bytes, exact), verb,
            tool_size(have, memory->available, exact));
    if (memory->group != INT64_MAX)
        fprintf(stderr, " in a control group that is limited to %s",
                tool_size(limit, memory->group, exact));
    putc('\n', stderr);
}

void
memory_complain_gone(int64_t bytes, bool exact)
{
    char gone[24];

    tool_flush();
    fprintf(stderr, "mmapx: %s are not in memory: they did not stay\n",
            tool_size(gone, bytes, exact));
}

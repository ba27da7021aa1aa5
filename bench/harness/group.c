/* SPDX-License-Identifier: MIT */
/* A control group with little memory, of either version. */
#include "harness/group.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/output.h"

/* Where the groups are, and which file of one has the limit. */
static const struct version {
    const char *root;
    const char *prefix; /* of the line in /proc/self/cgroup */
    const char *limit;
} versions[] = {
    { "/sys/fs/cgroup/memory", "memory:", "memory.limit_in_bytes" },
    { "/sys/fs/cgroup", "0::", "memory.max" },
};

static struct {
    const struct version *version;
    char path[96];
    char before[512]; /* the group that the process was in */
} group;

static bool
put(const char *dir, const char *file, const char *text)
{
    char path[640];
    bool done;
    FILE *out;

    snprintf(path, sizeof path, "%s/%s", dir, file);
    out = fopen(path, "we");
    if (out == NULL)
        return false;
    done = fputs(text, out) >= 0;
    return fclose(out) == 0 && done;
}

static bool
move_to(const char *dir)
{
    char pid[32];

    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    return put(dir, "cgroup.procs", pid);
}

/* The group that the process is in now. */
static bool
look(const struct version *v)
{
    FILE *in = fopen("/proc/self/cgroup", "re");
    char line[512];
    bool found = false;

    while (in != NULL && !found && fgets(line, sizeof line, in) != NULL) {
        const char *at = strstr(line, v->prefix);

        found = at != NULL;
        line[strcspn(line, "\n")] = '\0';
        if (found)
            snprintf(group.before, sizeof group.before, "%s%s", v->root,
                     at + strlen(v->prefix));
    }
    if (in != NULL)
        fclose(in);
    return found;
}

static bool
enter(const struct version *v, size_t limit)
{
    char bytes[32];

    snprintf(bytes, sizeof bytes, "%zu", limit);
    snprintf(group.path, sizeof group.path, "%s/mmapx-bench.%ld", v->root,
             (long)getpid());
    if (!look(v) || mkdir(group.path, 0700) < 0)
        return false;
    group.version = v;
    if (put(group.path, v->limit, bytes) && move_to(group.path))
        return true;
    group_leave();
    return false;
}

bool
group_enter(const char *row, size_t limit)
{
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        if (enter(&versions[i], limit))
            return true;
    skip(row, "a group with %s of memory: %s", bytes_text((double)limit),
         strerror(errno));
    return false;
}

void
group_leave(void)
{
    if (group.version == NULL)
        return;
    move_to(group.before);
    rmdir(group.path);
    group.version = NULL;
}

/* SPDX-License-Identifier: MIT */
/* Linux: who may know what is resident. */
#include "../internal.h"
#include "linux_missing.h"
#include "linux_proc.h"

#include <stdlib.h>
#include <sys/fsuid.h>
#include <unistd.h>

/* What the kernel shows for a user or group that has no place in the caller's
 * user namespace (the default of kernel.overflowuid and overflowgid). */
enum { OVERFLOW_ID = 65534 };

/* Whether the caller's user namespace has all ids, so that none overflows. */
static bool
ids_are_mapped(const char *map)
{
    struct mmapx_os_proc in;
    char line[64];
    bool found = false;

    if (!mmapx_os_proc_open(&in, map))
        return false;
    while (!found && mmapx_os_proc_line(&in, line, sizeof line)) {
        char *rest;
        unsigned long long inside = strtoull(line, &rest, 10);

        strtoull(rest, &rest, 10); /* outside */
        found = inside == 0 && strtoull(rest, NULL, 10) >= UINT32_MAX;
    }
    mmapx_os_proc_close(&in);
    return found;
}

/* An overflow id may be anybody's who is not in the namespace, also where the
 * namespace has such an id of its own. */
static bool
id_is_somebodys(const char *map, uintptr_t id)
{
    return id != OVERFLOW_ID || ids_are_mapped(map);
}

/* The capability that makes the kernel take the caller for a file's owner. */
static bool
acts_as_owner(void)
{
    struct linux_cap_header header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct linux_cap_data data[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

    return syscall(SYS_capget, &header, data) == 0
           && (data[0].effective >> CAP_FOWNER & 1) != 0;
}

/*
 * The kernel's rule: the owner, a caller with CAP_FOWNER, and those whom the
 * mode lets write.  It goes by the file-system ids, not the effective ones;
 * an id that does not exist sets none and brings back the present one.
 */
bool
mmapx_os_may_know(const struct mmapx_os_owner *owner)
{
    if (!id_is_somebodys("/proc/self/uid_map", owner->uid)
        || !id_is_somebodys("/proc/self/gid_map", owner->gid))
        return false;
    return (uid_t)setfsuid((uid_t)-1) == owner->uid || acts_as_owner()
           || mmapx_os_mode_lets_write(owner, (gid_t)setfsgid((gid_t)-1));
}

/* Whether no file lies behind the memory, so that it is the process's own. */
static bool
is_anonymous(uintptr_t begin, uintptr_t end)
{
    struct mmapx_os_proc in;
    char line[128];

    if (!mmapx_os_proc_open(&in, "/proc/thread-self/maps"))
        return false;
    /* They are by address.  What no line tells of stays in doubt. */
    while (begin < end && mmapx_os_proc_line(&in, line, sizeof line)) {
        struct mmapx_os_mapping map = mmapx_os_proc_mapping(line);

        if (map.end <= begin)
            continue;
        if (map.begin > begin || map.inode != 0)
            break;
        begin = (uintptr_t)map.end;
    }
    mmapx_os_proc_close(&in);
    return begin >= end;
}

bool
mmapx_os_may_know_memory(const void *addr, size_t len)
{
    uintptr_t begin = (uintptr_t)addr;

    return is_anonymous(begin, begin + len)
           || (acts_as_owner()
               && ids_are_mapped("/proc/self/uid_map"));
}

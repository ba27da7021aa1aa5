/* SPDX-License-Identifier: MIT */
/* Linux: who may know what is resident. */
#include "../internal.h"
#include "held.h"
#include "linux_fs.h"
#include "linux_missing.h"
#include "linux_proc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
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

static bool
has_capability(int capability)
{
    struct linux_cap_header header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct linux_cap_data data[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

    return syscall(SYS_capget, &header, data) == 0
           && (data[0].effective >> capability & 1) != 0;
}

/* The capability that makes the kernel take the caller for a file's owner. */
static bool
acts_as_owner(void)
{
    return has_capability(CAP_FOWNER);
}

/* The capability counts for the ids of its user namespace, and these are
 * all. */
static bool
owns_everything(void)
{
    return acts_as_owner() && ids_are_mapped("/proc/self/uid_map")
           && ids_are_mapped("/proc/self/gid_map");
}

/*
 * The ids by which the kernel gives access to files: those that a new pipe
 * gets.  setfsuid(2) tells them too, but services are killed for it, as if they
 * wanted to change them.
 */
static bool
file_system_ids(uid_t *uid, gid_t *gid)
{
    struct stat sb;
    int ends[2];
    int r;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    r = fstat(ends[0], &sb);
    held_close(ends[0]);
    held_close(ends[1]);
    *uid = sb.st_uid;
    *gid = sb.st_gid;
    return r == 0;
}

/* The kernel's rule: the owner, a caller with CAP_FOWNER, and callers that
 * the mode allows to write. */
bool
mmapx_os_may_see_residency(const struct mmapx_os_owner *owner)
{
    uid_t uid;
    gid_t gid;

    if (owner->uid == (uid_t)-1)
        return owns_everything();
    if (!id_is_somebodys("/proc/self/uid_map", owner->uid)
        || !id_is_somebodys("/proc/self/gid_map", owner->gid))
        return false;
    if (acts_as_owner())
        return true;
    return file_system_ids(&uid, &gid)
           && (uid == owner->uid || mmapx_os_mode_lets_write(owner, gid));
}

/*
 * To a caller who may not know, the kernel says that everything is in memory,
 * also what lies past the end of the file.  A page far behind it, if it can be
 * mapped, will not be there soon; the next one may.
 */
bool
mmapx_os_is_told(int fd, const struct mmapx_os_stat *st)
{
    int64_t far[] = { INT64_C(1) << 30, 1 };
    int64_t size = st->size;
    unsigned char in_memory = 1;

    if (st->type != MMAPX_OS_FILE && mmapx_os_device_size(fd, &size) < 0)
        return false;
    for (size_t i = 0; i < 2 && size <= INT64_MAX - far[i]; i++) {
        int64_t off = size + far[i] - 1;
        int64_t end = size + far[i];
        size_t len = mmapx_os_page_size();
        void *addr = NULL;
        int r;

        mmapx_i_cache_widen(&off, &end);
        if (end - off != (int64_t)len
            || mmapx_os_mmap(&addr, len, PROT_READ, MAP_SHARED, fd, end) < 0)
            continue;
        r = mmapx_os_mincore(addr, len, &in_memory);
        mmapx_os_munmap(addr, len);
        if (r == 0)
            break;
    }
    return (in_memory & 1) == 0;
}

/* Whether the mode says that some may write who may not: by a list of their
 * own, or because nobody may. */
static bool
mode_is_half_the_truth(int fd)
{
    return fgetxattr(fd, "system.posix_acl_access", NULL, 0) >= 0
           || (syscall(SYS_faccessat2, fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS)
                   < 0
               && errno != ENOSYS && errno != EINVAL);
}

uint32_t
mmapx_os_birth(int fd)
{
#ifdef SYS_statx
    struct linux_statx sx;
#endif

    if (mmapx_os_fs_type(fd) != OVERLAYFS_SUPER_MAGIC)
        return 0;
#ifdef SYS_statx
    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BTIME, &sx) == 0
        && (sx.stx_mask & STATX_BTIME) != 0) {
        uint64_t mixed = (uint64_t)sx.stx_btime.tv_sec * 1000000000u
                         + sx.stx_btime.tv_nsec;

        return (uint32_t)(mixed * 0x9e3779b97f4a7c15u >> 32) | 1;
    }
#endif
    return MMAPX_OS_UNTOLD;
}

/*
 * Where one file lies over another, the kernel goes by the owner of the file
 * below, and no call tells that owner.  It is the owner that is known here if
 * the caller has no privilege and is told; otherwise nobody (-1) is the owner.
 */
void
mmapx_os_doubt_owner(int fd, struct mmapx_os_stat *st)
{
    struct mmapx_os_owner *owner = &st->owner;

    if (st->type != MMAPX_OS_FILE)
        return;
    if ((owner->group_writes || owner->others_write)
        && mode_is_half_the_truth(fd))
        owner->group_writes = owner->others_write = false;
    if (st->has_device)
        return;
    st->file_system = mmapx_os_fs_type(fd);
    if (mmapx_os_fs_has_own_cache(st->file_system))
        return;
    /* What was opened for writing lies on top, and stays there. */
    if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
        st->birth = mmapx_os_birth(fd);
    if (owns_everything() || !mmapx_os_is_told(fd, st))
        *owner = (struct mmapx_os_owner){ .uid = (uid_t)-1, .gid = (gid_t)-1 };
}

/* Whether no file lies behind the memory, so that it is the process's own. */
static bool
is_anonymous(uintptr_t begin, uintptr_t end)
{
    struct mmapx_os_proc in;
    char line[128];

    if (!mmapx_os_proc_open(&in, "/proc/thread-self/maps"))
        return false;
    /* Lines are sorted by address.  A gap means the range is not mapped: answer
     * no. */
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
mmapx_os_may_see_memory(const void *addr, size_t len)
{
    uintptr_t begin = (uintptr_t)addr;

    return is_anonymous(begin, begin + len)
           || (acts_as_owner()
               && ids_are_mapped("/proc/self/uid_map"));
}

/* That of a user namespace does not count; one that has all ids is, or is as
 * good as, the first. */
bool
mmapx_os_locks_unlimited(void)
{
    return has_capability(CAP_IPC_LOCK) && ids_are_mapped("/proc/self/uid_map");
}

/* SPDX-License-Identifier: MIT */
/* Linux: taking a file's pages out of this process's page tables. */
#include "../internal.h"
#include "linux_missing.h"
#include "linux_proc.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static bool
has_one_thread(void)
{
    size_t threads;

    return mmapx_os_proc_number("/proc/thread-self/status", "Threads:",
                                &threads)
               == 0
           && threads == 1;
}

/* What the list of mappings calls the file of the mapping at addr.  Kernels
 * before 6.11 have to be read the list. */
static bool
name_of_mapping(const void *addr, struct mmapx_os_mapping *name)
{
    struct linux_procmap_query query = { .size = sizeof query,
                                         .query_addr = (uintptr_t)addr };
    struct mmapx_os_proc in;
    char line[128];
    bool found = false;

    if (!mmapx_os_proc_open(&in, "/proc/thread-self/maps"))
        return false;
    if (syscall(SYS_ioctl, in.fd, PROCMAP_QUERY, &query) == 0) {
        *name = (struct mmapx_os_mapping){ .inode = query.inode,
                                           .major = query.dev_major,
                                           .minor = query.dev_minor };
        found = true;
    }
    while (!found && mmapx_os_proc_line(&in, line, sizeof line)) {
        *name = mmapx_os_proc_mapping(line);
        found = name->begin <= (uintptr_t)addr && (uintptr_t)addr < name->end;
    }
    mmapx_os_proc_close(&in);
    return found;
}

/*
 * The device and inode by which the list of mappings knows a file.  On btrfs
 * and overlayfs they are not those of stat(2), which have to do only where the
 * descriptor is not open for reading and cannot be mapped.
 */
static bool
name_of_file(int fd, int64_t off, struct mmapx_os_mapping *name)
{
    size_t page = mmapx_os_page_size();
    void *addr = NULL;
    struct stat sb;
    bool found;

    if (mmapx_os_mmap(&addr, page, PROT_NONE, MAP_SHARED, fd, off) == 0) {
        found = name_of_mapping(addr, name);
        mmapx_os_munmap(addr, page);
        return found;
    }
    if (fstat(fd, &sb) < 0)
        return false;
    *name = (struct mmapx_os_mapping){ .inode = sb.st_ino,
                                       .major = major(sb.st_dev),
                                       .minor = minor(sb.st_dev) };
    return true;
}

/* The part of a mapping that has bytes off to end of the file; false: none.
 * qemu-user can show addresses that do not fit a pointer; skip them. */
static bool
overlap(const struct mmapx_os_mapping *map, uint64_t off, uint64_t end,
        struct mmapx_i_span *span)
{
    uint64_t from = off > map->offset ? off - map->offset : 0;
    uint64_t to = end > map->offset ? end - map->offset : 0;
    uint64_t len = map->end - map->begin;

    if (to > len)
        to = len;
    if (from >= to || (uintptr_t)map->end != map->end)
        return false;
    span->addr = (unsigned char *)(uintptr_t)(map->begin + from);
    span->len = (size_t)(to - from);
    return true;
}

/*
 * Whether the process has mapped some of the file; with an advice for shared
 * mappings, that is given, too.
 *
 * MADV_DONTNEED would lose what exists nowhere else: what a private mapping was
 * written to, or anything at all that another thread has put in the place of
 * the mapping since it was listed.  MADV_PAGEOUT never does, takes longer, and
 * may leave some pages.
 */
static bool
visit(const struct mmapx_os_mapping *name, uint64_t off, uint64_t end,
      const int *shared_advice)
{
    struct mmapx_os_proc in;
    char line[128];
    bool found = false;

    if (!mmapx_os_proc_open(&in, "/proc/thread-self/maps"))
        return false;
    while ((shared_advice != NULL || !found)
           && mmapx_os_proc_line(&in, line, sizeof line)) {
        struct mmapx_os_mapping map = mmapx_os_proc_mapping(line);
        struct mmapx_i_span span;

        if (map.inode != name->inode || map.major != name->major
            || map.minor != name->minor || !overlap(&map, off, end, &span))
            continue;
        found = true;
        if (shared_advice != NULL)
            mmapx_os_madvise(span.addr, span.len,
                             map.shared ? *shared_advice : MADV_PAGEOUT);
    }
    mmapx_os_proc_close(&in);
    return found;
}

/*
 * Pages that somebody has mapped are not evicted.  The device counts as well as
 * the inode: memory of a driver's with the same number, such as that of a ring
 * of io_uring's, would not come back.
 *
 * Threads are counted before the list is read whose mappings are advised: one
 * might map something and end.
 */
void
mmapx_os_unmap_file(int fd, int64_t off, int64_t end)
{
    struct mmapx_os_mapping name;
    int advice;

    if (!name_of_file(fd, off, &name) || name.inode == 0
        || !visit(&name, (uint64_t)off, (uint64_t)end, NULL))
        return;
    advice = has_one_thread() ? MADV_DONTNEED : MADV_PAGEOUT;
    visit(&name, (uint64_t)off, (uint64_t)end, &advice);
}

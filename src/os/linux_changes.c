/* SPDX-License-Identifier: MIT */
/* Linux: which pages of a private mapping are the process's own. */
#include "../internal.h"
#include "held.h"
#include "linux_missing.h"

/* The bits of an entry of /proc/PID/pagemap. */
#define ENTRY_PRESENT ((uint64_t)1 << 63)
#define ENTRY_SWAPPED ((uint64_t)1 << 62)
#define ENTRY_IS_FILE ((uint64_t)1 << 61) /* or shared memory */
#define ENTRY_GUARD   ((uint64_t)1 << 58) /* 6.15 */

enum { ENTRIES = 128 };

/*
 * A page that is there, in memory or in the swap area, and not the file's.
 * Pages of guards are not there although they look so; kernels that can have
 * them in files know their category.
 */
static int
scan(int fd, unsigned char **addr, size_t *len, uint64_t guard)
{
    struct linux_page_region found = { 0, 0, 0 };
    struct linux_pm_scan_arg arg = {
        .size = sizeof arg,
        .start = (uintptr_t)*addr,
        .end = (uintptr_t)*addr + *len,
        .vec = (uintptr_t)&found,
        .vec_len = 1,
        .category_inverted = PAGE_IS_FILE | guard,
        .category_mask = PAGE_IS_FILE | guard,
        .category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
        .return_mask = PAGE_IS_FILE,
    };
    long n = syscall(SYS_ioctl, fd, PAGEMAP_SCAN, &arg);

    if (n < 0)
        return -errno;
    *addr = (unsigned char *)(uintptr_t)found.start;
    *len = n > 0 ? (size_t)(found.end - found.start) : 0;
    return 0;
}

static bool
is_own(uint64_t entry)
{
    return (entry & (ENTRY_PRESENT | ENTRY_SWAPPED)) != 0
           && (entry & (ENTRY_IS_FILE | ENTRY_GUARD)) == 0;
}

/* The first run of them in n entries; where it ends, or n. */
static size_t
find_run(const uint64_t *entries, size_t n, size_t *first)
{
    size_t i = 0;

    while (i < n && !is_own(entries[i]))
        i++;
    *first = i;
    while (i < n && is_own(entries[i]))
        i++;
    return i;
}

/*
 * The same by reading an entry for each page, for kernels before 6.7.  A run
 * ends where the entries that were read at once do; the next one goes on.
 */
static int
read_entries(int fd, unsigned char **addr, size_t *len)
{
    size_t page = mmapx_os_page_size();
    size_t pages = *len / page;
    uint64_t entries[ENTRIES];

    for (size_t at = 0; at < pages;) {
        size_t n = pages - at < ENTRIES ? pages - at : ENTRIES;
        size_t number = (uintptr_t)*addr / page + at;
        ssize_t got = held_pread(fd, entries, n * sizeof entries[0],
                                 (off_t)(number * sizeof entries[0]));
        size_t first, end;

        if (got < (ssize_t)sizeof entries[0])
            return got < 0 ? -errno : -EIO;
        n = (size_t)got / sizeof entries[0];
        end = find_run(entries, n, &first);
        if (end > first) {
            *addr += (at + first) * page;
            *len = (end - first) * page;
            return 0;
        }
        at += n;
    }
    *len = 0;
    return 0;
}

int
mmapx_os_own_pages_open(void)
{
    int fd = held_open("/proc/thread-self/pagemap", O_RDONLY | O_CLOEXEC);

    return fd < 0 ? -ENOTSUP : fd;
}

int
mmapx_os_own_pages(int fd, unsigned char **addr, size_t *len)
{
    int r = scan(fd, addr, len, PAGE_IS_GUARD);

    if (r == -EINVAL)
        r = scan(fd, addr, len, 0);
    if (r == -ENOTTY || r == -EINVAL || r == -EPERM || r == -ENOSYS)
        r = read_entries(fd, addr, len);
    return r < 0 ? -ENOTSUP : 0;
}

/* Locked pages come back locked, at the touch. */
int
mmapx_os_drop(void *addr, size_t len)
{
    int r = mmapx_os_madvise(addr, len, MADV_DONTNEED);

    if (r != -EINVAL)
        return r;
    r = mmapx_os_madvise(addr, len, MADV_DONTNEED_LOCKED);
    if (r != -EINVAL)
        return r;
    /* Kernels before 5.18 do not take from a lock. */
    r = mmapx_os_munlock(addr, len);
    if (r == 0)
        r = mmapx_os_madvise(addr, len, MADV_DONTNEED);
    mmapx_os_mlock_onfault(addr, len);
    return r;
}

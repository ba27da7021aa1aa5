/* SPDX-License-Identifier: MIT */
/* Linux: which pages of a private mapping are the process's own. */
#include "../internal.h"
#include "held.h"
#include "linux_missing.h"

#include <sys/stat.h>

/* The bits of an entry of /proc/PID/pagemap. */
#define ENTRY_PRESENT ((uint64_t)1 << 63)
#define ENTRY_SWAPPED ((uint64_t)1 << 62)
#define ENTRY_IS_FILE ((uint64_t)1 << 61) /* or shared memory */
#define ENTRY_GUARD   ((uint64_t)1 << 58) /* 6.15 */

enum { ENTRIES = 128 }; /* read at once */

/*
 * A page that is there, in memory or in the swap area, and not the file's.
 * Pages of guards are not there although they look so; kernels that can have
 * them in files know their category.
 */
static int
scan(int fd, const unsigned char *addr, size_t len, struct iovec *runs,
     size_t most, uint64_t guard)
{
    /* valgrind does not know what the call writes. */
    struct linux_page_region found[MMAPX_OS_RUNS] = { { 0, 0, 0 } };
    struct linux_pm_scan_arg arg = {
        .size = sizeof arg,
        .start = (uintptr_t)addr,
        .end = (uintptr_t)addr + len,
        .vec = (uintptr_t)found,
        .vec_len = most,
        .category_inverted = PAGE_IS_FILE | guard,
        .category_mask = PAGE_IS_FILE | guard,
        .category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
        .return_mask = PAGE_IS_FILE,
    };
    long n = syscall(SYS_ioctl, fd, PAGEMAP_SCAN, &arg);

    if (n < 0)
        return -errno;
    for (long i = 0; i < n; i++)
        runs[i] = (struct iovec){ (void *)(uintptr_t)found[i].start,
                                  (size_t)(found[i].end - found[i].start) };
    return (int)n;
}

static bool
is_own(uint64_t entry)
{
    return (entry & (ENTRY_PRESENT | ENTRY_SWAPPED)) != 0
           && (entry & (ENTRY_IS_FILE | ENTRY_GUARD)) == 0;
}

/* The first run of them in entries from *first on; where it ends, or n. */
static size_t
find_run(const uint64_t *entries, size_t n, size_t *first)
{
    size_t i = *first;

    while (i < n && !is_own(entries[i]))
        i++;
    *first = i;
    while (i < n && is_own(entries[i]))
        i++;
    return i;
}

/* The entries of up to n pages; how many, or -errno. */
static ssize_t
read_entries(int fd, uint64_t *entries, size_t n, const unsigned char *addr)
{
    size_t size = sizeof entries[0];
    size_t number = (uintptr_t)addr / mmapx_os_page_size();
    ssize_t got = held_pread(fd, entries, n * size, (off_t)(number * size));

    if (got < (ssize_t)size)
        return got < 0 ? -errno : -EIO;
    return got / (ssize_t)size;
}

/*
 * The same by reading an entry for each page, for kernels before 6.7.  A run
 * ends where the entries that were read at once do; the next one goes on.
 */
static int
look_at_entries(int fd, unsigned char *addr, size_t len, struct iovec *runs,
                size_t most)
{
    size_t page = mmapx_os_page_size();
    uint64_t entries[ENTRIES];
    size_t found = 0;
    ssize_t n;

    for (size_t pages = len / page; pages > 0 && found < most;
         addr += (size_t)n * page, pages -= (size_t)n) {
        n = read_entries(fd, entries, pages < ENTRIES ? pages : ENTRIES, addr);
        if (n < 0)
            return (int)n;
        for (size_t at = 0, end; found < most; at = end) {
            end = find_run(entries, (size_t)n, &at);
            if (at == end)
                break;
            runs[found++] = (struct iovec){ (void *)(addr + at * page),
                                            (end - at) * page };
        }
    }
    return (int)found;
}

int
mmapx_os_own_pages_open(void)
{
    int fd = held_open("/proc/thread-self/pagemap", O_RDONLY | O_CLOEXEC);

    return fd < 0 ? -ENOTSUP : fd;
}

int
mmapx_os_own_pages(int fd, unsigned char *addr, size_t len, struct iovec *runs,
                   size_t most)
{
    int n = scan(fd, addr, len, runs, most, PAGE_IS_GUARD);

    if (n == -EINVAL)
        n = scan(fd, addr, len, runs, most, 0);
    if (n == -ENOTTY || n == -EINVAL || n == -EPERM || n == -ENOSYS)
        n = look_at_entries(fd, addr, len, runs, most);
    return n < 0 ? -ENOTSUP : n;
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

/*
 * After an fstat(2) the next write gives the file a time of its own, and a new
 * entry in the file system's books (6.13).  A question about nothing but the
 * size costs the write nothing.
 */
int
mmapx_os_file_size(int fd, int64_t *size)
{
    struct stat st;
#ifdef SYS_statx
    struct linux_statx x;

    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_SIZE, &x) == 0
        && (x.stx_mask & STATX_SIZE) != 0) {
        *size = (int64_t)x.stx_size;
        return 0;
    }
#endif
    if (fstat(fd, &st) < 0)
        return -errno;
    *size = st.st_size;
    return 0;
}

/* What could not be tried, as where a filter forbids it, is left to the flush;
 * what failed on the way to the disk may not be told again. */
int
mmapx_os_begin_write(int fd, int64_t off, int64_t len)
{
    int r = held_sync_file_range(fd, (off_t)off, (off_t)len) < 0 ? -errno : 0;

    return r == -EIO || r == -ENOSPC || r == -EDQUOT ? r : 0;
}

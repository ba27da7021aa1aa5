/* SPDX-License-Identifier: MIT */
/* Linux: what the page cache has of a file, and how it loses it. */
#include "../internal.h"
#include "linux_missing.h"
#include "linux_proc.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int
cachestat(int fd, int64_t off, int64_t len, struct linux_cachestat *st)
{
    struct linux_cachestat_range range = { (uint64_t)off, (uint64_t)len };

    return syscall(SYS_cachestat, fd, &range, st, 0) < 0 ? -errno : 0;
}

/* A sandbox refuses the call as the kernel refuses a caller who may not know;
 * but the kernel looks at the descriptor first. */
int
mmapx_os_cachestat(int fd, int64_t off, int64_t len, struct mmapx_cache *c)
{
    struct linux_cachestat st = { 0 };
    int r = cachestat(fd, off, len, &st);

    if (r == -EPERM && cachestat(-1, off, len, &st) == -EPERM)
        return -ENOSYS;
    if (r == 0)
        *c = (struct mmapx_cache){
            .cached = st.nr_cache,
            .dirty = st.nr_dirty,
            .writeback = st.nr_writeback,
            .evicted = st.nr_evicted,
            .recently_evicted = st.nr_recently_evicted,
            .known = MMAPX_CACHE_CACHED | MMAPX_CACHE_DIRTY
                     | MMAPX_CACHE_WRITEBACK | MMAPX_CACHE_EVICTED
                     | MMAPX_CACHE_RECENTLY_EVICTED,
        };
    return r;
}

enum { EXTENTS = 32 };

/* The list has its place behind the question. */
struct extents {
    struct linux_fiemap map;
    struct linux_fiemap_extent list[EXTENTS];
};

/*
 * By the file system's list of extents.  lseek(2) with SEEK_DATA would do as
 * well, but it moves the position of a descriptor that is not ours alone.
 * What is allocated and was never written reads as a hole does.
 */
void
mmapx_os_next_data(int fd, int64_t *off, int64_t end, int64_t *data_end)
{
    struct extents extents = { .map = { .fm_start = (uint64_t)*off,
                                        .fm_length = (uint64_t)(end - *off),
                                        .fm_extent_count = EXTENTS } };
    const struct linux_fiemap_extent *extent = extents.list;
    uint64_t begin = (uint64_t)end;
    uint64_t stop = (uint64_t)end;

    *data_end = end;
    if (syscall(SYS_ioctl, fd, FS_IOC_FIEMAP, &extents) < 0)
        return;
    for (uint32_t i = 0; i < extents.map.fm_mapped_extents; i++, extent++) {
        bool first = begin == (uint64_t)end;

        if ((extent->fe_flags & FIEMAP_EXTENT_UNWRITTEN) != 0)
            continue;
        if (!first && extent->fe_logical != stop)
            break;
        if (first)
            begin = extent->fe_logical;
        stop = extent->fe_logical + extent->fe_length;
    }
    /* So many that were never written: there may be more behind them. */
    if (begin == (uint64_t)end && extents.map.fm_mapped_extents == EXTENTS)
        begin = stop = extent[-1].fe_logical + extent[-1].fe_length;
    if (begin > (uint64_t)*off)
        *off = begin < (uint64_t)end ? (int64_t)begin : end;
    if (stop < (uint64_t)end)
        *data_end = (int64_t)stop;
}

static bool
has_one_thread(void)
{
    size_t threads;

    return mmapx_os_proc_number("/proc/thread-self/status", "Threads:",
                                &threads)
               == 0
           && threads == 1;
}

/*
 * Take the pages of a file out of this process's page tables, as far as that
 * loses nothing: pages that somebody has mapped are not evicted.  Mappings are
 * known by the inode alone, since btrfs and overlayfs show another device here
 * than to stat(2); one of another file is merely faulted in again.
 *
 * MADV_DONTNEED would lose what exists nowhere else: what a private mapping was
 * written to, or anything at all that another thread has put in the place of
 * the mapping since it was listed.  MADV_PAGEOUT never does, takes longer, and
 * may leave some pages.  Threads are counted before the list is read: one might
 * map something and end.  An address that is none here is an emulator's.
 */
static void
unmap_pages(int fd, uint64_t off, uint64_t end)
{
    int shared_advice = has_one_thread() ? MADV_DONTNEED : MADV_PAGEOUT;
    struct mmapx_os_proc in;
    struct stat sb;
    char line[128];

    if (fstat(fd, &sb) < 0
        || !mmapx_os_proc_open(&in, "/proc/thread-self/maps"))
        return;
    while (mmapx_os_proc_line(&in, line, sizeof line)) {
        struct mmapx_os_mapping map = mmapx_os_proc_mapping(line);
        uint64_t from = off > map.offset ? off - map.offset : 0;
        uint64_t to = end > map.offset ? end - map.offset : 0;
        uint64_t len = map.end - map.begin;

        if (to > len)
            to = len;
        if (map.inode == sb.st_ino && from < to
            && (uintptr_t)map.end == map.end)
            mmapx_os_madvise((void *)(uintptr_t)(map.begin + from),
                             (size_t)(to - from),
                             map.shared ? shared_advice : MADV_PAGEOUT);
    }
    mmapx_os_proc_close(&in);
}

int
mmapx_os_evict(int fd, int64_t off, int64_t len)
{
    unmap_pages(fd, (uint64_t)off, (uint64_t)off + (uint64_t)len);
    return -posix_fadvise(fd, (off_t)off, (off_t)len, POSIX_FADV_DONTNEED);
}

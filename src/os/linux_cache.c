/* SPDX-License-Identifier: MIT */
/* Linux: what the page cache has of a file, and how it loses it. */
#include "../internal.h"
#include "linux_fs.h"
#include "linux_missing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
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

uint32_t
mmapx_os_fs_type(int fd)
{
    struct statfs fs;

    return fstatfs(fd, &fs) == 0 ? (uint32_t)fs.f_type : 0;
}

/*
 * On file systems that lay one file over another the inode that the descriptor
 * leads to may have no pages: overlayfs, FUSE with passthrough, and what is not
 * known here.
 */
bool
mmapx_os_fs_has_own_cache(uint32_t type)
{
    static const uint32_t plain[] = {
        EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,   BTRFS_SUPER_MAGIC,
        TMPFS_MAGIC,      RAMFS_MAGIC,       F2FS_SUPER_MAGIC,
        NFS_SUPER_MAGIC,  SMB2_SUPER_MAGIC,  CIFS_SUPER_MAGIC,
        CEPH_SUPER_MAGIC, V9FS_MAGIC,        MSDOS_SUPER_MAGIC,
        EXFAT_SUPER_MAGIC, ISOFS_SUPER_MAGIC, SQUASHFS_MAGIC,
        BCACHEFS_SUPER_MAGIC,
    };

    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (type == plain[i])
            return true;
    return false;
}

bool
mmapx_os_has_own_cache(int fd)
{
    return mmapx_os_fs_has_own_cache(mmapx_os_fs_type(fd));
}

enum { EXTENTS = 32 };

/* A question, and room for the answer behind it. */
struct extents {
    struct linux_fiemap map;
    struct linux_fiemap_extent list[EXTENTS];
};

/* The name of a device can be in memory, too. */
enum mmapx_os_home
mmapx_os_home(int fd)
{
    struct sysinfo system;
    struct stat st;

    if (mmapx_os_fs_type(fd) != TMPFS_MAGIC || fstat(fd, &st) < 0
        || !S_ISREG(st.st_mode))
        return MMAPX_OS_ON_DISK;
    return sysinfo(&system) == 0 && system.freeswap == system.totalswap
               ? MMAPX_OS_IN_MEMORY
               : MMAPX_OS_SWAPPED;
}

/*
 * By the file system's list of extents.  What is allocated and was never
 * written reads as a hole does.
 */
bool
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
        return false;
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
    /* The list is full of unwritten extents; data may follow it. */
    if (begin == (uint64_t)end && extents.map.fm_mapped_extents == EXTENTS)
        begin = stop = extent[-1].fe_logical + extent[-1].fe_length;
    if (begin > (uint64_t)*off)
        *off = begin < (uint64_t)end ? (int64_t)begin : end;
    if (stop < (uint64_t)end)
        *data_end = (int64_t)stop;
    return true;
}

/* The cheapest of the calls that begin to read, if the part is there. */
int
mmapx_os_readahead(int fd, int64_t off, int64_t len)
{
    return -posix_fadvise(fd, (off_t)off, (off_t)len, POSIX_FADV_WILLNEED);
}

/* To the end means also what the last unit has behind the file's. */
int
mmapx_os_evict(int fd, int64_t off, int64_t len, bool to_end)
{
    return -posix_fadvise(fd, (off_t)off, to_end ? 0 : (off_t)len,
                          POSIX_FADV_DONTNEED);
}

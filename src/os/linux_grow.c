/* SPDX-License-Identifier: MIT */
/* Linux: how files grow. */
#include "../internal.h"
#include "held.h"
#include "linux_missing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The bytes that a file may still get: what is free, and what it may already
 * have past its end.  Memory without a limit and some FUSE file systems tell of
 * no blocks at all, or of no size. */
static int64_t
available(int fd, const struct statfs *fs)
{
    uint64_t unit = (uint64_t)fs->f_frsize;
    uint64_t most = INT64_MAX;
    struct stat sb = { .st_blocks = 0 };

    if ((uint64_t)fs->f_blocks * unit == 0
        || (uint64_t)fs->f_bfree >= most / 2 / unit)
        return INT64_MAX;
    fstat(fd, &sb);
    return (int64_t)((uint64_t)fs->f_bfree * unit
                     + (uint64_t)sb.st_blocks * 512);
}

/*
 * Zeros are worth writing into allocated blocks where a store then goes into
 * the same block.  btrfs and its like take a new block for each store, and the
 * reservation would be used up by the zeros.  A descriptor that writes past the
 * cache, waits for the disk or appends is left alone.
 */
int
mmapx_os_growth(int fd, struct mmapx_os_growth *growth)
{
    const int special = O_DIRECT | O_DSYNC | O_APPEND;
    int flags = fcntl(fd, F_GETFL);
    struct statfs fs;

    if (flags < 0 || fstatfs(fd, &fs) < 0)
        return -errno;

    unsigned type = (unsigned)fs.f_type;

    *growth = (struct mmapx_os_growth){
        .available = available(fd, &fs),
        .is_writable = (flags & O_ACCMODE) != O_RDONLY,
        .keeps_tail = type != BTRFS_SUPER_MAGIC,
        .stacks = type == OVERLAYFS_SUPER_MAGIC,
        .zeros_pay = (type == EXT4_SUPER_MAGIC || type == XFS_SUPER_MAGIC)
                     && (flags & special) == 0,
    };
    return 0;
}

/* A filter of system calls, and kernels without the call, say ENOSYS. */
int
mmapx_os_allocate(int fd, int64_t from, int64_t len)
{
    if (held_fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)len) == 0)
        return 0;
    return errno == ENOSYS ? -ENOTSUP : -errno;
}

/*
 * A file to which one may only append cannot be set to a size, but its blocks
 * may be allocated, which makes it longer too.
 */
int
mmapx_os_lengthen(int fd, int64_t size)
{
    int r = mmapx_os_set_size(fd, size);

    if (r == -EPERM && held_fallocate(fd, 0, (off_t)size - 1, 1) == 0)
        return 0;
    return r;
}

/* --- What is stored past the end of a file -------------------------------- */

/* Whether some of these bytes are not zero, as far as they can be read. */
static bool
has_data(const unsigned char *addr, size_t len)
{
    unsigned char buf[1024];
    pid_t self = getpid();

    for (size_t n; len > 0; addr += n, len -= n) {
        n = len < sizeof buf ? len : sizeof buf;

        struct iovec to = { buf, n };
        struct iovec from = { (void *)(uintptr_t)addr, n };

        if (process_vm_readv(self, &to, 1, &from, 1, 0) != (ssize_t)n)
            return errno != EFAULT; /* a hole on a full tmpfs */
        for (size_t i = 0; i < n; i++)
            if (buf[i] != 0)
                return true;
    }
    return false;
}

/* Whether a file's last page has anything past the file's end. */
static bool
has_tail(int fd, int64_t size, size_t head, size_t page)
{
    void *addr = NULL;
    bool found;

    /* Where all memory is locked, the kernel would read the page while it is
     * mapped, without end if it cannot be read.  A caller who cannot look must
     * assume it. */
    if (mmapx_os_mmap(&addr, page, PROT_NONE, MAP_SHARED, fd,
                      size - (int64_t)head)
        < 0)
        return true;
    found = mmapx_os_mprotect(addr, page, PROT_READ) < 0
            || has_data((unsigned char *)addr + head, page - head);
    mmapx_os_munmap(addr, page);
    return found;
}

/*
 * tmpfs brings back what was stored past the end of the file, in its last page,
 * when the file grows; so do ext4 and, where the block was allocated and never
 * written, xfs before Linux 6.13.  Punching a hole there makes it zero and
 * leaves the size alone, but splits a huge page: only where there is something.
 */
int
mmapx_os_clear_tail(int fd, int64_t size)
{
    size_t page = mmapx_os_page_size();
    size_t head = (size_t)size & (page - 1);
    int r;

    if (head == 0 || !has_tail(fd, size, head, page))
        return 0;
    do
        r = held_fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                      (off_t)size, (off_t)(page - head));
    while (r < 0 && errno == EINTR);
    return 0;
}

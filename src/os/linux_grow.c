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

/* Without a change of the size. */
static int
change_blocks(int fd, int mode, int64_t from, int64_t len)
{
    mode |= FALLOC_FL_KEEP_SIZE;
    return held_fallocate(fd, mode, (off_t)from, (off_t)len) < 0 ? -errno : 0;
}

/* A filter of system calls says ENOSYS, as old kernels do; or EPERM, as the
 * kernel does for a seal, but that looks at the descriptor first. */
int
mmapx_os_allocate(int fd, int64_t from, int64_t len)
{
    int r = change_blocks(fd, 0, from, len);

    if (r == -ENOSYS
        || (r == -EPERM && change_blocks(-1, 0, from, len) == -EPERM))
        return -ENOTSUP;
    return r;
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

/* Map the page at an offset of a file.  Where all memory is locked, the kernel
 * would read it while it is mapped, without end if it cannot be read. */
static int
map_page(int fd, int64_t at, int prot, unsigned char **page)
{
    size_t len = mmapx_os_page_size();
    void *addr = NULL;
    int r = mmapx_os_mmap(&addr, len, PROT_NONE, MAP_SHARED, fd, at);

    if (r < 0)
        return r;
    r = mmapx_os_mprotect(addr, len, prot);
    if (r < 0)
        mmapx_os_munmap(addr, len);
    *page = addr;
    return r;
}

/* Whether a file's last page has anything past the file's end.  A caller who
 * cannot look must assume it. */
static bool
has_tail(int fd, int64_t size, size_t head, size_t len)
{
    unsigned char *page;
    bool found;

    if (map_page(fd, size - (int64_t)head, PROT_READ, &page) < 0)
        return true;
    found = has_data(page + head, len);
    mmapx_os_munmap(page, head + len);
    return found;
}

static int
punch(int fd, int64_t from, size_t len)
{
    int r;

    do
        r = change_blocks(fd, FALLOC_FL_PUNCH_HOLE, from, (int64_t)len);
    while (r == -EINTR);
    return r;
}

static int
store_zeros(int fd, int64_t size, size_t head, size_t len)
{
    const int prot = PROT_READ | PROT_WRITE;
    unsigned char *page;
    int r = map_page(fd, size - (int64_t)head, prot, &page);

    if (r < 0)
        return r;
    r = mmapx_os_clear(page + head, len, prot);
    mmapx_os_munmap(page, head + len);
    return r;
}

/*
 * tmpfs brings back what was stored past the end of the file, in its last page,
 * when the file grows; so do ext4 and, where the block was allocated and never
 * written, xfs before Linux 6.13.  Punching a hole there makes it zero and
 * leaves the size alone, but splits a huge page: only where there is something.
 * A filter, a seal or the file system may not let that happen, and the seal
 * lets nobody store either.  To set the size that the file has makes it zero,
 * too, and is the last way, since it gives back blocks behind the end.
 */
int
mmapx_os_clear_tail(int fd, int64_t size)
{
    size_t page = mmapx_os_page_size();
    size_t head = (size_t)size & (page - 1);
    size_t len = page - head;

    if (head > 0 && has_tail(fd, size, head, len)
        && punch(fd, size, len) < 0 && store_zeros(fd, size, head, len) < 0)
        (void)mmapx_os_set_size(fd, size);
    return 0;
}

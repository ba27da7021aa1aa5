/* SPDX-License-Identifier: MIT */
/* Linux, with whichever C library: what is not in linux_*.c. */
#include "../internal.h"
#include "held.h"
#include "linux_missing.h"
#include "linux_proc.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The size of a huge page on most machines, and the alignment at which the
 * kernel's own file systems place large mappings. */
const size_t mmapx_os_large_alignment = (size_t)2 << 20;

/* --- Page sizes ----------------------------------------------------------- */

/* Huge pages are hugetlbfs's alone, but other file systems have large blocks
 * too: the extra question is for those only. */
int
mmapx_os_file_page_size(int fd, size_t blksize, size_t *page)
{
    struct statfs fs;

    *page = mmapx_os_page_size();
    if (blksize <= *page)
        return 0;
    if (fstatfs(fd, &fs) < 0)
        return -errno;
    if ((unsigned)fs.f_type == HUGETLBFS_MAGIC)
        *page = (size_t)fs.f_bsize;
    return 0;
}

int
mmapx_os_anon_page_size(int flags, size_t *page)
{
    unsigned shift = (unsigned)flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;

    *page = mmapx_os_page_size();
    if ((flags & MAP_HUGETLB) == 0)
        return 0;
    if (shift == 0)
        return mmapx_os_proc_bytes("/proc/meminfo", "Hugepagesize:", page);
    if (shift >= sizeof(size_t) * 8 - 1)
        return -EINVAL;
    *page = (size_t)1 << shift;
    return 0;
}

/* --- Objects -------------------------------------------------------------- */

/* Of some text in procfs the kernel says EIO instead of ENODEV; from another
 * file system that is a real error. */
int
mmapx_os_translate_mmap_error(int err, int fd)
{
    struct statfs fs;

    if (err == -EIO && fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC)
        return -ENODEV;
    return err;
}

int
mmapx_os_device_size(int fd, int64_t *size)
{
    uint64_t bytes;

    /* By number: C libraries disagree about the type of a request. */
    if (syscall(SYS_ioctl, fd, BLKGETSIZE64, &bytes) < 0)
        return mmapx_os_seek_size(fd, size);
    *size = (int64_t)bytes;
    return 0;
}

/*
 * File systems in memory write nothing back, and so do not see that a page has
 * been stored to a second time.  Who may write a file but does not own it may
 * set both times or none.
 */
void
mmapx_os_note_change(int fd)
{
    struct timespec changed[2] = { { 0, UTIME_OMIT }, { 0, UTIME_NOW } };
    struct statfs fs;

    if (fstatfs(fd, &fs) < 0
        || ((unsigned)fs.f_type != TMPFS_MAGIC
            && (unsigned)fs.f_type != RAMFS_MAGIC))
        return;
    if (futimens(fd, changed) < 0)
        futimens(fd, NULL);
}

/* --- Growing, and memory that cannot shrink ------------------------------- */

int
mmapx_os_mremap(void **addr, size_t old, size_t len, bool may_move)
{
    void *p = mremap(*addr, old, len, may_move ? MREMAP_MAYMOVE : 0);

    if (p == MAP_FAILED)
        return -errno;
    *addr = p;
    return 0;
}

int
mmapx_os_mremap_to(void *from, size_t len, void *to)
{
    void *p = mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to);

    return p == MAP_FAILED ? -errno : 0;
}

/* Up to 1 MiB in one call, so that the page cache makes large folios.  The
 * zeros are never written to: they are one page of the system's. */
static int
write_zeros(int fd, int64_t at, int64_t len)
{
    static unsigned char zeros[64 << 10];
    struct iovec part[16];
    size_t want = 0;
    int n = 0;

    for (; n < 16 && len > 0; n++) {
        size_t size = len < (int64_t)sizeof zeros ? (size_t)len : sizeof zeros;

        part[n] = (struct iovec){ zeros, size };
        want += size;
        len -= (int64_t)size;
    }
    /* The file grows with what is written: at no time does somebody see a
     * length whose zeros would still overwrite what he stores. */
    return held_pwritev(fd, part, n, (off_t)at) == (ssize_t)want ? (int)want
                                                                 : -EIO;
}

int
mmapx_os_extend_with_zeros(int fd, int64_t from, int64_t len)
{
    int flags = fcntl(fd, F_GETFL);
    int64_t end = from + len;
    int n = 0;

    /* A write that goes past the cache, or waits for the disk. */
    if (flags < 0 || (flags & (O_DIRECT | O_DSYNC)) != 0)
        return -ENOTSUP;
    if (held_fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)len) < 0)
        return -errno;
    for (; from < end && n >= 0; from += n)
        n = write_zeros(fd, from, end - from);
    return n < 0 ? n : 0;
}

/*
 * tmpfs brings back what was stored past the end of the file, in its last page
 * or huge page, when the file grows.  Punching a hole there makes it zero and
 * leaves the size alone.  File systems that cannot do that are not tmpfs.
 */
int
mmapx_os_clear_tail(int fd, int64_t size)
{
    int r;

    do
        r = held_fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                           (off_t)size, (off_t)mmapx_os_large_alignment);
    while (r < 0 && errno == EINTR);
    return r < 0 && errno == EBADF ? -EBADF : 0;
}

/* By number: older C libraries do not have it. */
int
mmapx_os_memfd(const char *name, unsigned flags)
{
    long fd = syscall(SYS_memfd_create, name,
                      flags | MFD_CLOEXEC | MFD_ALLOW_SEALING);

    return fd < 0 ? -errno : (int)fd;
}

int
mmapx_os_seal_shrink(int fd)
{
    return fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0 ? -errno : 0;
}

bool
mmapx_os_is_sealed(int fd)
{
    int seals = fcntl(fd, F_GET_SEALS);

    return seals >= 0 && (seals & F_SEAL_SHRINK) != 0;
}

/* --- Advice --------------------------------------------------------------- */

/* The kernel looks at the number before it finds the range empty. */
bool
mmapx_os_advice_known(int advice)
{
    return mmapx_os_madvise(NULL, 0, advice) == 0;
}

/* --- Locking -------------------------------------------------------------- */

/* By number: glibc's mlock2 turns ENOSYS into EINVAL. */
int
mmapx_os_mlock_onfault(void *addr, size_t len)
{
#ifdef SYS_mlock2
    return syscall(SYS_mlock2, addr, len, MLOCK_ONFAULT) < 0 ? -errno : 0;
#else
    (void)addr, (void)len;
    return -ENOSYS;
#endif
}

int
mmapx_os_locked_bytes(size_t *locked)
{
    return mmapx_os_proc_bytes("/proc/thread-self/status", "VmLck:", locked);
}

/* SPDX-License-Identifier: MIT */
/* Linux, with whichever C library: what is not in linux_*.c. */
#include "../internal.h"
#include "held.h"
#include "linux_fs.h"
#include "linux_missing.h"
#include "linux_proc.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
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

/* tmpfs does it itself, by what its huge= and the system's settings say. */
bool
mmapx_os_aligns_mappings(uint32_t file_system)
{
    return file_system == TMPFS_MAGIC;
}

/* For some text in procfs the kernel fails with EIO instead of ENODEV; on
 * another file system EIO is a real error. */
int
mmapx_os_translate_mmap_error(int err, int fd)
{
    return err == -EIO && mmapx_os_fs_type(fd) == PROC_SUPER_MAGIC ? -ENODEV
                                                                   : err;
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

/* Whether a file is in memory only.  The name of a device may be there, which
 * tells nothing of the device. */
static bool
is_in_memory_only(int fd)
{
    uint32_t type = mmapx_os_fs_type(fd);
    struct stat sb;

    return (type == TMPFS_MAGIC || type == RAMFS_MAGIC) && fstat(fd, &sb) == 0
           && S_ISREG(sb.st_mode);
}

/*
 * File systems in memory write nothing back, and so do not see that a page has
 * been stored to a second time.  A caller who may write a file but does not own
 * it may set both times or none.
 */
void
mmapx_os_note_change(int fd)
{
    struct timespec changed[2] = { { 0, UTIME_OMIT }, { 0, UTIME_NOW } };

    if (!is_in_memory_only(fd))
        return;
    if (futimens(fd, changed) < 0)
        futimens(fd, NULL);
}

/* --- Memory behind a descriptor ------------------------------------------- */

/* By number: older C libraries do not have it. */
int
mmapx_os_memfd(const char *name, unsigned flags)
{
    long fd = syscall(SYS_memfd_create, name,
                      flags | MFD_CLOEXEC | MFD_ALLOW_SEALING);

    return fd < 0 ? -errno : (int)fd;
}

/* --- Advice --------------------------------------------------------------- */

/* The kernel looks at the number before it finds the range empty. */
bool
mmapx_os_advice_known(int advice)
{
    return mmapx_os_madvise(NULL, 0, advice) == 0;
}

/* --- Locking -------------------------------------------------------------- */

int
mmapx_os_name(void *addr, size_t len, const char *name)
{
    return prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, addr, len, name) < 0
               ? -errno
               : 0;
}

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

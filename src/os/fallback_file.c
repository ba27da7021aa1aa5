/* SPDX-License-Identifier: MIT */
/* What every system but Linux answers about files that grow, and memfds. */
#include "../internal.h"
#include "held.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int
mmapx_os_growth(int fd, struct mmapx_os_growth *growth)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return -errno;
    *growth = (struct mmapx_os_growth){
        .available = INT64_MAX,
        .is_writable = (flags & O_ACCMODE) != O_RDONLY,
    };
    return 0;
}

int
mmapx_os_allocate(int fd, int64_t from, int64_t len)
{
#if HAVE_DECL_POSIX_FALLOCATE
    int error = held_posix_fallocate(fd, (off_t)from, (off_t)len);

    /* FreeBSD's ZFS says EINVAL, and so do older standards. */
    return error == EOPNOTSUPP || error == EINVAL ? -ENOTSUP : -error;
#elif defined F_PREALLOCATE
    fstore_t store = { .fst_flags = F_ALLOCATEALL,
                       .fst_posmode = F_PEOFPOSMODE,
                       .fst_length = (off_t)len };

    (void)from;
    return fcntl(fd, F_PREALLOCATE, &store) < 0 ? -errno : 0;
#else
    (void)fd, (void)from, (void)len;
    return -ENOTSUP;
#endif
}

int
mmapx_os_lengthen(int fd, int64_t size)
{
    return mmapx_os_set_size(fd, size);
}

int
mmapx_os_clear_tail(int fd, int64_t size)
{
    (void)fd, (void)size;
    return 0;
}

void
mmapx_os_note_change(int fd)
{
    (void)fd;
}

/* FreeBSD has them since 13. */
#if HAVE_DECL_MEMFD_CREATE && defined F_ADD_SEALS
int
mmapx_os_memfd(const char *name, unsigned flags)
{
    int fd = memfd_create(name, flags | MFD_CLOEXEC | MFD_ALLOW_SEALING);

    return fd < 0 ? -errno : fd;
}
#else
int
mmapx_os_memfd(const char *name, unsigned flags)
{
    (void)name, (void)flags;
    return -ENOSYS;
}
#endif

/* SPDX-License-Identifier: MIT */
/* FreeBSD, DragonFly, NetBSD and OpenBSD, beyond fallback.c. */
#include "../internal.h"

#include <sys/ioctl.h>
#include <sys/param.h>
#ifdef HAVE_SYS_DISK_H
#include <sys/disk.h>
#endif
#ifdef HAVE_SYS_DKIO_H
#include <sys/dkio.h>
#endif

/* For NetBSD and OpenBSD: on the others disks are character devices, and those
 * cannot be mapped. */
int
mmapx_os_device_size(int fd, int64_t *size)
{
#if HAVE_DECL_DIOCGMEDIASIZE
    off_t bytes;

    if (ioctl(fd, DIOCGMEDIASIZE, &bytes) == 0) {
        *size = bytes;
        return 0;
    }
#endif
    return mmapx_os_seek_size(fd, size);
}

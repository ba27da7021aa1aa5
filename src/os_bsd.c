/* SPDX-License-Identifier: MIT */
/* FreeBSD, DragonFly, NetBSD and OpenBSD, beyond os_plain.c. */
#include "internal.h"

#include <sys/ioctl.h>
#include <sys/param.h>
#if HAVE_SYS_DISK_H
#include <sys/disk.h>
#endif
#if HAVE_SYS_DKIO_H
#include <sys/dkio.h>
#endif

int
mmapx_os_device_size(int fd, int64_t *size)
{
#ifdef DIOCGMEDIASIZE
    off_t bytes;

    if (ioctl(fd, DIOCGMEDIASIZE, &bytes) == 0) {
        *size = bytes;
        return 0;
    }
#endif
    return mmapx_os_seek_size(fd, size);
}

/* SPDX-License-Identifier: MIT */
/* FreeBSD, DragonFly, NetBSD and OpenBSD, beyond fallback*.c. */
#include "../internal.h"

#include <sys/ioctl.h>
#include <sys/param.h>
#ifdef __FreeBSD__
#include <sys/sysctl.h>
#endif
#ifdef HAVE_SYS_DISK_H
#include <sys/disk.h>
#endif
#ifdef HAVE_SYS_DKIO_H
#include <sys/dkio.h>
#endif

/* FreeBSD's tells of this process's page tables unless it is asked otherwise:
 * of a file just mapped it would say that nothing is in memory. */
bool
mmapx_os_mincore_is_residency(void)
{
#ifdef __FreeBSD__
    int of_mappings = 1;
    size_t size = sizeof of_mappings;

    return sysctlbyname("vm.mincore_mapped", &of_mappings, &size, NULL, 0) == 0
           && of_mappings == 0;
#else
    return true;
#endif
}

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

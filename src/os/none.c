/* SPDX-License-Identifier: MIT */
/* Systems with nothing of their own beyond fallback*.c, and illumos, whose
 * disks have an ioctl for their size. */
#include "../internal.h"

#ifdef HAVE_SYS_DKIO_H
#include <sys/dkio.h>
#include <unistd.h>
#endif

bool
mmapx_os_mincore_is_residency(void)
{
    return true;
}

int
mmapx_os_device_size(int fd, int64_t *size)
{
#ifdef DKIOCGMEDIAINFO
    struct dk_minfo info;

    if (ioctl(fd, DKIOCGMEDIAINFO, &info) == 0) {
        *size = (int64_t)info.dki_capacity * (int64_t)info.dki_lbsize;
        return 0;
    }
#endif
    return mmapx_os_seek_size(fd, size);
}

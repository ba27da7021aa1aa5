/* SPDX-License-Identifier: MIT */
/* macOS, beyond fallback*.c. */
#include "../internal.h"

#ifdef HAVE_SYS_DISK_H
#include <sys/disk.h>
#endif
#include <sys/ioctl.h>

bool
mmapx_os_mincore_is_residency(void)
{
    return true;
}

int
mmapx_os_device_size(int fd, int64_t *size)
{
#ifdef DKIOCGETBLOCKSIZE
    uint32_t block;
    uint64_t blocks;

    if (ioctl(fd, DKIOCGETBLOCKSIZE, &block) == 0
        && ioctl(fd, DKIOCGETBLOCKCOUNT, &blocks) == 0
        && (block == 0 || blocks <= (uint64_t)INT64_MAX / block)) {
        *size = (int64_t)(blocks * block);
        return 0;
    }
#endif
    return mmapx_os_seek_size(fd, size);
}

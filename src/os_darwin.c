/* SPDX-License-Identifier: MIT */
/* macOS, beyond os_plain.c. */
#include "internal.h"

#include <sys/disk.h>
#include <sys/ioctl.h>

int
mmapx_os_device_size(int fd, int64_t *size)
{
    uint32_t block;
    uint64_t blocks;

    if (ioctl(fd, DKIOCGETBLOCKSIZE, &block) < 0
        || ioctl(fd, DKIOCGETBLOCKCOUNT, &blocks) < 0)
        return mmapx_os_seek_size(fd, size);
    if (block > 0 && blocks > (uint64_t)INT64_MAX / block)
        return -EOVERFLOW;
    *size = (int64_t)(blocks * block);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Seals on memory behind a descriptor, which POSIX does not have: Linux has
 * them, and FreeBSD since 13. */
#include "../internal.h"
#ifdef __linux__
#include "linux_missing.h"
#endif

#include <fcntl.h>

#ifdef F_ADD_SEALS
/* Linux alone can leave the mappings that are there as they are. */
#ifdef F_SEAL_FUTURE_WRITE
enum { AGAINST_WRITING = F_SEAL_WRITE | F_SEAL_FUTURE_WRITE };
#else
enum { AGAINST_WRITING = F_SEAL_WRITE };
#endif

int
mmapx_os_seal_shrink(int fd)
{
    return fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0 ? -errno : 0;
}

bool
mmapx_os_is_sealed(int fd, int against)
{
    int seals = fcntl(fd, F_GET_SEALS);
    int meant = 0;

    if ((against & MMAPX_OS_SHRINKING) != 0)
        meant |= F_SEAL_SHRINK;
    if ((against & MMAPX_OS_GROWING) != 0)
        meant |= F_SEAL_GROW;
    if ((against & MMAPX_OS_WRITING) != 0)
        meant |= AGAINST_WRITING;
    return seals >= 0 && (seals & meant) != 0;
}
#else
int
mmapx_os_seal_shrink(int fd)
{
    (void)fd;
    return -ENOSYS;
}

bool
mmapx_os_is_sealed(int fd, int against)
{
    (void)fd, (void)against;
    return false;
}
#endif

/* SPDX-License-Identifier: MIT */
/* Linux: what guards ask of the kernel.  All of it may be called by a signal
 * handler. */
#include "../internal.h"
#include "context.h"
#include "linux_missing.h"
#include "linux_proc.h"

#include <unistd.h>

int
mmapx_os_anonymous(unsigned char **addr, size_t *len)
{
    uintptr_t at = (uintptr_t)*addr;
    uintptr_t end = at + *len;
    struct mmapx_os_proc in;
    struct mmapx_os_mapping map;

    if (!mmapx_os_proc_open(&in, "/proc/thread-self/maps"))
        return -ENOTSUP;
    *len = 0;
    while (at < end && mmapx_os_proc_find(&in, at, &map) && map.begin < end) {
        uintptr_t begin = at > map.begin ? at : (uintptr_t)map.begin;

        at = end < map.end ? end : (uintptr_t)map.end;
        if (map.inode == 0 && !map.shared) {
            *addr = (unsigned char *)begin;
            *len = at - begin;
            break;
        }
    }
    mmapx_os_proc_close(&in);
    return 0;
}

int
mmapx_os_protection(const void *addr, int *prot)
{
    struct mmapx_os_proc in;
    struct mmapx_os_mapping map;
    bool found;

    if (!mmapx_os_proc_open(&in, "/proc/thread-self/maps"))
        return errno == EMFILE || errno == ENFILE ? -errno : -ENOTSUP;
    found = mmapx_os_proc_find(&in, (uintptr_t)addr, &map)
            && map.begin <= (uintptr_t)addr;
    mmapx_os_proc_close(&in);
    if (!found)
        return -ENOMEM;
    *prot = map.prot;
    return 0;
}

/*
 * By number where the numbers mean the same: ThreadSanitizer takes mmap(3) for
 * a store to all of the range, and other threads use the page at that moment.
 */
int
mmapx_os_map_zeros(void *addr, size_t len, int prot)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
#if defined SYS_mmap2
    long r = syscall(SYS_mmap2, addr, len, prot, flags, -1, 0L);
#elif defined __s390__
    long r = mmap(addr, len, prot, flags, -1, 0) == MAP_FAILED ? -1 : 0;
#else
    long r = syscall(SYS_mmap, addr, len, prot, flags, -1, 0L);
#endif

    return r == -1 ? -errno : 0;
}

void
mmapx_os_send_again(const siginfo_t *info)
{
    if (info->si_code == SI_TKILL)
        syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid),
                info->si_signo, info);
    else
        syscall(SYS_rt_sigqueueinfo, getpid(), info->si_signo, info);
}

/* SPDX-License-Identifier: MIT */
/* What every system but Linux answers to the questions of the seam. */
#include "internal.h"

#include <sys/types.h>
#include <unistd.h>

const size_t mmapx_os_congruence = 1;

int
mmapx_os_file_page(int fd, size_t blksize, size_t *page)
{
    (void)fd, (void)blksize;
    *page = mmapx_os_page_size();
    return 0;
}

int
mmapx_os_anon_page(int flags, size_t *page)
{
    (void)flags;
    *page = mmapx_os_page_size();
    return 0;
}

int
mmapx_os_mmap_error(int err, int fd)
{
    (void)fd;
    return err;
}

/* The headers are the kernel's own: what they name is there. */
bool
mmapx_os_advice_known(int advice)
{
    (void)advice;
    return true;
}

/* Several systems limit mincore(2), none says when: go by Linux's rule. */
bool
mmapx_os_may_know(const struct mmapx_os_owner *owner)
{
    return geteuid() == 0 || geteuid() == owner->uid
           || mmapx_os_mode_lets_write(owner, getegid());
}

bool
mmapx_os_may_know_memory(const void *addr, size_t len)
{
    (void)addr, (void)len;
    return geteuid() == 0;
}

int
mmapx_os_mremap(void **addr, size_t old, size_t len, bool may_move)
{
    (void)addr, (void)old, (void)len, (void)may_move;
    return -ENOSYS;
}

int
mmapx_os_clear_tail(int fd, int64_t size)
{
    (void)fd, (void)size;
    return 0;
}

int
mmapx_os_memfd(const char *name, unsigned flags)
{
    (void)name, (void)flags;
    return -ENOSYS;
}

int
mmapx_os_seal_shrink(int fd)
{
    (void)fd;
    return -ENOSYS;
}

bool
mmapx_os_is_sealed(int fd)
{
    (void)fd;
    return false;
}

int
mmapx_os_mlock_onfault(void *addr, size_t len)
{
    (void)addr, (void)len;
    return -ENOSYS;
}

int
mmapx_os_locked(size_t *locked)
{
    (void)locked;
    return -ENOTSUP;
}

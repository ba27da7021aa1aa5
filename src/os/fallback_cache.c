/* SPDX-License-Identifier: MIT */
/* What every system but Linux answers about the page cache and residency. */
#include "../internal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Several systems limit mincore(2), none says when: go by Linux's rule. */
bool
mmapx_os_may_see_residency(const struct mmapx_os_owner *owner)
{
    return mmapx_os_mincore_is_residency()
           && (geteuid() == 0 || geteuid() == owner->uid
               || mmapx_os_mode_lets_write(owner, getegid()));
}

bool
mmapx_os_may_see_memory(const void *addr, size_t len)
{
    (void)addr, (void)len;
    return mmapx_os_mincore_is_residency() && geteuid() == 0;
}

bool
mmapx_os_is_told(int fd, const struct mmapx_os_stat *st)
{
    (void)fd;
    return mmapx_os_may_see_residency(&st->owner);
}

void
mmapx_os_doubt_owner(int fd, struct mmapx_os_stat *st)
{
    (void)fd, (void)st;
}

uint32_t
mmapx_os_birth(int fd)
{
    (void)fd;
    return 0;
}

/* Nothing but mincore(2) is asked. */
bool
mmapx_os_has_own_cache(int fd)
{
    (void)fd;
    return false;
}

int
mmapx_os_cachestat(int fd, int64_t off, int64_t len, struct mmapx_cache *c)
{
    (void)fd, (void)off, (void)len, (void)c;
    return -ENOSYS;
}

bool
mmapx_os_next_data(int fd, int64_t *off, int64_t end, int64_t *data_end)
{
    (void)fd, (void)off;
    *data_end = end;
    return false;
}

enum mmapx_os_home
mmapx_os_home(int fd)
{
    (void)fd;
    return MMAPX_OS_ON_DISK;
}

int
mmapx_os_readahead(int fd, int64_t off, int64_t len)
{
#if HAVE_DECL_POSIX_FADVISE
    return -posix_fadvise(fd, (off_t)off, (off_t)len, POSIX_FADV_WILLNEED);
#elif defined F_RDADVISE /* macOS, whose lengths are int */
    struct radvisory part = { .ra_offset = (off_t)off, .ra_count = (int)len };

    return fcntl(fd, F_RDADVISE, &part) < 0 ? -errno : 0;
#else
    (void)fd, (void)off, (void)len;
    return -ENOTSUP;
#endif
}

/* Where posix_fadvise(2) is missing, macOS and others drop what msync(2) is to
 * invalidate. */
int
mmapx_os_evict(int fd, int64_t off, int64_t len, bool to_end)
{
#if HAVE_DECL_POSIX_FADVISE
    if (to_end)
        len = 0;
    return -posix_fadvise(fd, (off_t)off, (off_t)len, POSIX_FADV_DONTNEED);
#else
    int r = 0;

    (void)to_end;
    for (int64_t n; len > 0 && r == 0; off += n, len -= n) {
        void *addr = NULL;

        n = len < 64 << 20 ? len : 64 << 20;
        r = mmapx_os_mmap(&addr, (size_t)n, PROT_READ, MAP_SHARED, fd, off);
        if (r < 0)
            return r;
        r = mmapx_os_msync(addr, (size_t)n, MS_INVALIDATE);
        mmapx_os_munmap(addr, (size_t)n);
    }
    return r;
#endif
}

/* Nobody lists them. */
void
mmapx_os_unmap_file(int fd, int64_t off, int64_t end)
{
    (void)fd, (void)off, (void)end;
}

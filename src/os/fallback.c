/* SPDX-License-Identifier: MIT */
/* What every system but Linux answers about memory, and what is in none of the
 * other fallback*.c. */
#include "../internal.h"
#include "context.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

const size_t mmapx_os_large_alignment = 1;

int
mmapx_os_file_page_size(int fd, size_t blksize, size_t *page)
{
    (void)fd, (void)blksize;
    *page = mmapx_os_page_size();
    return 0;
}

int
mmapx_os_anon_page_size(int flags, size_t *page)
{
    (void)flags;
    *page = mmapx_os_page_size();
    return 0;
}

bool
mmapx_os_aligns_mappings(uint32_t file_system)
{
    (void)file_system;
    return true;
}

int
mmapx_os_translate_mmap_error(int err, int fd)
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

int
mmapx_os_madvise_batch(const struct iovec *list, size_t n, int advice,
                       size_t *done)
{
    (void)list, (void)n, (void)advice, (void)done;
    return -ENOTSUP;
}

int
mmapx_os_mremap(void **addr, size_t old, size_t len, bool may_move)
{
    (void)addr, (void)old, (void)len, (void)may_move;
    return -ENOSYS;
}

int
mmapx_os_mremap_to(void *from, size_t old, void *to, size_t new)
{
    (void)from, (void)old, (void)to, (void)new;
    return -ENOSYS;
}

int
mmapx_os_mremap_keeping(void *from, size_t len, void *to)
{
    (void)from, (void)len, (void)to;
    return -ENOSYS;
}

int
mmapx_os_mremap_copy(void *from, size_t len, void *to)
{
    (void)from, (void)len, (void)to;
    return -ENOSYS;
}

bool
mmapx_os_is_free(const void *addr, size_t len)
{
    (void)addr, (void)len;
    return false;
}

int
mmapx_os_pieces(const void *addr, size_t len, size_t unit,
                int (*fn)(void *arg, size_t n), void *arg)
{
    (void)addr, (void)unit;
    return fn(arg, len);
}

enum mmapx_os_lock
mmapx_os_lock_of(void *addr)
{
    (void)addr;
    return MMAPX_OS_NOT_LOCKED;
}

int
mmapx_os_clear(void *addr, size_t len, int prot)
{
    size_t page = mmapx_os_page_size();
    unsigned char *base = mmapx_i_round_down(addr, page);
    size_t extent = mmapx_i_round_up((size_t)((unsigned char *)addr - base)
                                         + len,
                                     page);
    const int both = PROT_READ | PROT_WRITE;
    bool is_open = prot >= 0 && (prot & both) == both;
    int r = prot < 0 ? -ENOTSUP : 0;

    if (r == 0 && !is_open)
        r = mmapx_os_mprotect(base, extent, both);
    if (r < 0)
        return r;
    memset(addr, 0, len);
    return is_open ? 0 : mmapx_os_mprotect(base, extent, prot);
}

bool
mmapx_os_can_read(const void *addr)
{
    (void)addr;
    return true;
}

int
mmapx_os_touch_open(struct mmapx_os_touch_fds *t)
{
    (void)t;
    return -ENOTSUP;
}

void
mmapx_os_touch_close(struct mmapx_os_touch_fds *t)
{
    (void)t;
}

int
mmapx_os_touch(const struct mmapx_os_touch_fds *t, unsigned char *addr,
               size_t len, size_t stride)
{
    (void)t, (void)addr, (void)len, (void)stride;
    return -ENOTSUP;
}

int
mmapx_os_next_unmapped(const struct mmapx_os_touch_fds *t,
                       unsigned char **addr, size_t *len)
{
    (void)t, (void)addr, (void)len;
    return -ENOTSUP;
}

uint64_t
mmapx_os_cpu_time(void)
{
    return 0;
}

int
mmapx_os_name(void *addr, size_t len, const char *name)
{
    (void)addr, (void)len, (void)name;
    return -ENOSYS;
}

int
mmapx_os_mlock_onfault(void *addr, size_t len)
{
    (void)addr, (void)len;
    return -ENOSYS;
}

int
mmapx_os_locked_bytes(size_t *locked)
{
    (void)locked;
    return -ENOTSUP;
}

bool
mmapx_os_locks_unlimited(void)
{
    return false;
}

bool
mmapx_os_is_past_end(const void *addr)
{
    (void)addr;
    return false;
}

int
mmapx_os_anonymous(unsigned char **addr, size_t *len)
{
    (void)addr, (void)len;
    return -ENOTSUP;
}

int
mmapx_os_protection(const void *addr, int *prot)
{
    (void)addr, (void)prot;
    return -ENOTSUP;
}

int
mmapx_os_map_zeros(void *addr, size_t len, int prot)
{
    int flags = MAP_PRIVATE | MAP_ANON | MAP_FIXED;

    return mmap(addr, len, prot, flags, -1, 0) == MAP_FAILED ? -errno : 0;
}

void
mmapx_os_send_again(const siginfo_t *info)
{
    kill(getpid(), info->si_signo);
}

int
mmapx_os_own_pages_open(void)
{
    return -ENOTSUP;
}

int
mmapx_os_own_pages(int fd, unsigned char *addr, size_t len, struct iovec *runs,
                   size_t most)
{
    (void)fd, (void)addr, (void)len, (void)runs, (void)most;
    return -ENOTSUP;
}

int
mmapx_os_file_size(int fd, int64_t *size)
{
    struct mmapx_os_stat st;
    int r = mmapx_os_stat(fd, &st);

    if (r == 0)
        *size = st.size;
    return r;
}

int
mmapx_os_begin_write(int fd, int64_t off, int64_t len)
{
    (void)fd, (void)off, (void)len;
    return 0;
}

int
mmapx_os_drop(void *addr, size_t len)
{
    (void)addr, (void)len;
    return -ENOTSUP;
}

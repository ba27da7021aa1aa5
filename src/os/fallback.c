/* SPDX-License-Identifier: MIT */
/* What every system but Linux answers to the questions of the seam. */
#include "../internal.h"
#include "context.h"
#include "held.h"

#include <fcntl.h>
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
mmapx_os_aligns_mappings(int fd)
{
    (void)fd;
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

int
mmapx_os_madvise_batch(const struct iovec *list, size_t n, int advice,
                       size_t *done)
{
    (void)list, (void)n, (void)advice, (void)done;
    return -ENOTSUP;
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

size_t
mmapx_os_piece(const void *addr, size_t len)
{
    (void)addr;
    return len;
}

enum mmapx_os_lock
mmapx_os_lock_of(void *addr)
{
    (void)addr;
    return MMAPX_OS_NOT_LOCKED;
}

/* Memory whose protection is not known stays as it is. */
void
mmapx_os_clear(void *addr, size_t len, int prot)
{
    size_t page = mmapx_os_page_size();
    unsigned char *base = mmapx_i_round_down(addr, page);
    size_t extent = mmapx_i_round_up((size_t)((unsigned char *)addr - base)
                                         + len,
                                     page);
    const int both = PROT_READ | PROT_WRITE;

    if (prot < 0
        || ((prot & both) != both && mmapx_os_mprotect(base, extent, both) < 0))
        return;
    memset(addr, 0, len);
    if ((prot & both) != both)
        mmapx_os_mprotect(base, extent, prot);
}

bool
mmapx_os_can_read(const void *addr)
{
    (void)addr;
    return true;
}

int
mmapx_os_growth(int fd, struct mmapx_os_growth *growth)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return -errno;
    *growth = (struct mmapx_os_growth){
        .available = INT64_MAX,
        .is_writable = (flags & O_ACCMODE) != O_RDONLY,
    };
    return 0;
}

int
mmapx_os_allocate(int fd, int64_t from, int64_t len)
{
#if HAVE_DECL_POSIX_FALLOCATE
    int error = held_posix_fallocate(fd, (off_t)from, (off_t)len);

    /* FreeBSD's ZFS says EINVAL, and so do older standards. */
    return error == EOPNOTSUPP || error == EINVAL ? -ENOTSUP : -error;
#elif defined F_PREALLOCATE
    fstore_t store = { .fst_flags = F_ALLOCATEALL,
                       .fst_posmode = F_PEOFPOSMODE,
                       .fst_length = (off_t)len };

    (void)from;
    return fcntl(fd, F_PREALLOCATE, &store) < 0 ? -errno : 0;
#else
    (void)fd, (void)from, (void)len;
    return -ENOTSUP;
#endif
}

int
mmapx_os_lengthen(int fd, int64_t size)
{
    return mmapx_os_set_size(fd, size);
}

int
mmapx_os_clear_tail(int fd, int64_t size)
{
    (void)fd, (void)size;
    return 0;
}

/* FreeBSD has them since 13. */
#if HAVE_DECL_MEMFD_CREATE && defined F_ADD_SEALS
int
mmapx_os_memfd(const char *name, unsigned flags)
{
    int fd = memfd_create(name, flags | MFD_CLOEXEC | MFD_ALLOW_SEALING);

    return fd < 0 ? -errno : fd;
}

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
        meant |= F_SEAL_WRITE;
    return seals >= 0 && (seals & meant) != 0;
}
#else
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
mmapx_os_is_sealed(int fd, int against)
{
    (void)fd, (void)against;
    return false;
}
#endif

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

void
mmapx_os_note_change(int fd)
{
    (void)fd;
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
mmapx_os_own_pages(int fd, unsigned char **addr, size_t *len)
{
    (void)fd, (void)addr, (void)len;
    return -ENOTSUP;
}

int
mmapx_os_drop(void *addr, size_t len)
{
    (void)addr, (void)len;
    return -ENOTSUP;
}

/* SPDX-License-Identifier: MIT */
/* Memory, its faults and the clock: what is the same on every system, give or
 * take a constant that configure has found. */
#include "../internal.h"
#include "held.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) >= 8, "large files need a 64-bit off_t");
_Static_assert(sizeof(struct mmapx) == 8 * sizeof(void *),
               "the handle is eight words");

#if HAVE_DECL_MAP_FIXED_NOREPLACE
const int mmapx_os_fixed_noreplace = MAP_FIXED_NOREPLACE;
#else
const int mmapx_os_fixed_noreplace = 0;
#endif

#ifdef MAP_NORESERVE /* FreeBSD reserves nothing in any case */
const int mmapx_os_noreserve = MAP_NORESERVE;
#else
const int mmapx_os_noreserve = 0;
#endif

#if !HAVE_DECL_MAP_POPULATE
#define MAP_POPULATE 0
#endif
#if !HAVE_DECL_MAP_LOCKED
#define MAP_LOCKED 0
#endif
const int mmapx_os_eager_map_flags = MAP_POPULATE | MAP_LOCKED;

static int
result(int r)
{
    return r < 0 ? -errno : r;
}

size_t
mmapx_os_page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

int
mmapx_os_mmap(void **addr, size_t len, int prot, int flags, int fd,
              int64_t offset)
{
    void *p = mmap(*addr, len, prot, flags, fd, (off_t)offset);

    if (p == MAP_FAILED)
        return -errno;
    *addr = p;
    return 0;
}

int
mmapx_os_munmap(void *addr, size_t len)
{
    return result(munmap(addr, len));
}

int
mmapx_os_mprotect(void *addr, size_t len, int prot)
{
    return result(mprotect(addr, len, prot));
}

int
mmapx_os_msync(void *addr, size_t len, int flags)
{
    return result(held_msync(addr, len, flags));
}

int
mmapx_os_mlock(void *addr, size_t len)
{
    return result(mlock(addr, len));
}

int
mmapx_os_munlock(void *addr, size_t len)
{
    return result(munlock(addr, len));
}

int
mmapx_os_lock_limit(size_t *limit)
{
#ifdef RLIMIT_MEMLOCK
    struct rlimit rl;

    if (getrlimit(RLIMIT_MEMLOCK, &rl) < 0)
        return -errno;
    /* FreeBSD's type is signed. */
    *limit = rl.rlim_cur == RLIM_INFINITY || (uint64_t)rl.rlim_cur > SIZE_MAX
                 ? SIZE_MAX
                 : (size_t)rl.rlim_cur;
#else
    *limit = SIZE_MAX;
#endif
    return 0;
}

int
mmapx_os_mincore(void *addr, size_t len, unsigned char *vec)
{
#ifdef MMAPX_MINCORE_VEC
    return result(mincore(addr, len, (MMAPX_MINCORE_VEC *)vec));
#else
    (void)addr, (void)len, (void)vec;
    return -ENOSYS;
#endif
}

/* configure has put the system's number behind each name, or -1. */
int
mmapx_os_advice(enum mmapx_advice advice)
{
    static const int native[] = {
        [MMAPX_MADV_NORMAL]          = MMAPX_OS_MADV_NORMAL,
        [MMAPX_MADV_RANDOM]          = MMAPX_OS_MADV_RANDOM,
        [MMAPX_MADV_SEQUENTIAL]      = MMAPX_OS_MADV_SEQUENTIAL,
        [MMAPX_MADV_WILLNEED]        = MMAPX_OS_MADV_WILLNEED,
        [MMAPX_MADV_DONTNEED]        = MMAPX_OS_MADV_DONTNEED,
        [MMAPX_MADV_FREE]            = MMAPX_OS_MADV_FREE,
        [MMAPX_MADV_REMOVE]          = MMAPX_OS_MADV_REMOVE,
        [MMAPX_MADV_DONTFORK]        = MMAPX_OS_MADV_DONTFORK,
        [MMAPX_MADV_DOFORK]          = MMAPX_OS_MADV_DOFORK,
        [MMAPX_MADV_MERGEABLE]       = MMAPX_OS_MADV_MERGEABLE,
        [MMAPX_MADV_UNMERGEABLE]     = MMAPX_OS_MADV_UNMERGEABLE,
        [MMAPX_MADV_HUGEPAGE]        = MMAPX_OS_MADV_HUGEPAGE,
        [MMAPX_MADV_NOHUGEPAGE]      = MMAPX_OS_MADV_NOHUGEPAGE,
        [MMAPX_MADV_DONTDUMP]        = MMAPX_OS_MADV_DONTDUMP,
        [MMAPX_MADV_DODUMP]          = MMAPX_OS_MADV_DODUMP,
        [MMAPX_MADV_WIPEONFORK]      = MMAPX_OS_MADV_WIPEONFORK,
        [MMAPX_MADV_KEEPONFORK]      = MMAPX_OS_MADV_KEEPONFORK,
        [MMAPX_MADV_COLD]            = MMAPX_OS_MADV_COLD,
        [MMAPX_MADV_PAGEOUT]         = MMAPX_OS_MADV_PAGEOUT,
        [MMAPX_MADV_POPULATE_READ]   = MMAPX_OS_MADV_POPULATE_READ,
        [MMAPX_MADV_POPULATE_WRITE]  = MMAPX_OS_MADV_POPULATE_WRITE,
        [MMAPX_MADV_DONTNEED_LOCKED] = MMAPX_OS_MADV_DONTNEED_LOCKED,
        [MMAPX_MADV_COLLAPSE]        = MMAPX_OS_MADV_COLLAPSE,
        [MMAPX_MADV_GUARD_INSTALL]   = MMAPX_OS_MADV_GUARD_INSTALL,
        [MMAPX_MADV_GUARD_REMOVE]    = MMAPX_OS_MADV_GUARD_REMOVE,
    };

    return native[advice] >= 0 ? native[advice] : -ENOTSUP;
}

int
mmapx_os_madvise(void *addr, size_t len, int advice)
{
#if HAVE_DECL_MADVISE
    return result(madvise(addr, len, advice));
#else
    return -posix_madvise(addr, len, advice);
#endif
}

/*
 * Neither a signal that a process sent, whose codes are positive on some
 * systems, nor a memory error found in passing.
 */
bool
mmapx_os_is_fault(int code)
{
    switch (code) {
    case BUS_ADRALN:
    case BUS_ADRERR:
    case BUS_OBJERR:
#ifdef BUS_MCEERR_AR
    case BUS_MCEERR_AR:
#endif
#ifdef BUS_OOMERR
    case BUS_OOMERR:
#endif
        return true;
    default:
        return false;
    }
}

uint64_t
mmapx_os_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void
mmapx_os_pause(void)
{
    held_nanosleep(&(struct timespec){ .tv_nsec = 50000 });
}

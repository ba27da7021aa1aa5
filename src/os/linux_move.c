/* SPDX-License-Identifier: MIT */
/* Linux: moving mappings, and what they are. */
#include "../internal.h"
#include "../bytes.h"
#include "held.h"
#include "linux_missing.h"
#include "linux_proc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static int
remap(void *from, size_t old, size_t new, int flags, void *to)
{
    void *p = mremap(from, old, new, MREMAP_MAYMOVE | MREMAP_FIXED | flags, to);

    return p == MAP_FAILED ? -errno : 0;
}

int
mmapx_os_mremap(void **addr, size_t old, size_t len, bool may_move)
{
    void *p = mremap(*addr, old, len, may_move ? MREMAP_MAYMOVE : 0);

    if (p == MAP_FAILED)
        return -errno;
    *addr = p;
    return 0;
}

int
mmapx_os_mremap_to(void *from, size_t old, void *to, size_t new)
{
    return remap(from, old, new, 0, to);
}

/* Nothing is written back or dropped: the kernel merely refuses to drop what is
 * locked. */
static bool
is_locked(void *addr)
{
    return held_msync(addr, mmapx_os_page_size(), MS_INVALIDATE) < 0
           && errno == EBUSY;
}

/* The kernel would count locked pages twice, for good (seen on 6.18). */
int
mmapx_os_mremap_keeping(void *from, size_t len, void *to)
{
    if (is_locked(from))
        return -EINVAL;
    return remap(from, len, len, MREMAP_DONTUNMAP, to);
}

/* A shared mapping of which nothing is moved is mapped once more. */
int
mmapx_os_mremap_copy(void *from, size_t len, void *to)
{
    return remap(from, 0, len, 0, to);
}

/* --- What /proc says about a mapping -------------------------------------- */

/* The line of the mapping at addr, from a list that goes on behind it. */
static bool
find_mapping(struct mmapx_os_proc *in, const void *addr, char *line,
             size_t size, struct mmapx_os_mapping *map)
{
    while (mmapx_os_proc_line(in, line, size)) {
        if (line[strspn(line, "0123456789abcdef")] != '-')
            continue; /* not the first line about one */
        *map = mmapx_os_proc_mapping(line);
        if (map->end > (uintptr_t)addr)
            return map->begin <= (uintptr_t)addr;
    }
    return false;
}

/* The lines are sorted by address, and the list ends where it can be read no
 * further. */
bool
mmapx_os_is_free(const void *addr, size_t len)
{
    uintptr_t begin = (uintptr_t)addr;
    struct mmapx_os_mapping map = { .end = 0 };
    struct mmapx_os_proc in;
    char line[128];
    bool found;

    if (!mmapx_os_proc_open(&in, "/proc/thread-self/maps"))
        return false;
    found = find_mapping(&in, addr, line, sizeof line, &map);
    mmapx_os_proc_close(&in);
    if (found || map.end == 0)
        return false;
    return map.end <= begin || map.begin - begin >= len;
}

/* Where nothing is told a page is surely one. */
static size_t
piece_at(struct mmapx_os_proc *in, uintptr_t addr, size_t len, size_t unit)
{
    struct mmapx_os_mapping map;

    if (len > unit && in->fd >= 0 && mmapx_os_proc_find(in, addr, &map)
        && map.begin <= addr && map.end - addr > unit)
        unit = mmapx_i_round_up((size_t)(map.end - addr), unit);
    return len < unit ? len : unit;
}

/* The list is opened once: to read it anew for each piece takes as long as
 * there are pieces and mappings, multiplied. */
int
mmapx_os_pieces(const void *addr, size_t len, size_t unit,
                int (*fn)(void *arg, size_t n), void *arg)
{
    struct mmapx_os_proc in = { .fd = -1 };
    int r = 0;

    if (len > unit)
        (void)mmapx_os_proc_open(&in, "/proc/thread-self/maps");
    for (size_t at = 0, n; at < len && r >= 0; at += n) {
        n = piece_at(&in, (uintptr_t)addr + at, len - at, unit);
        r = fn(arg, n);
    }
    if (in.fd >= 0)
        mmapx_os_proc_close(&in);
    return r;
}

/* The flag words of a mapping in /proc/self/smaps, as "VmFlags: rd wr lo lf":
 * false if they are not told. */
static bool
flags_of(const void *addr, char *line, size_t size)
{
    struct mmapx_os_mapping map;
    struct mmapx_os_proc in;
    bool found = false;

    if (!mmapx_os_proc_open(&in, "/proc/thread-self/smaps"))
        return false;
    if (find_mapping(&in, addr, line, size, &map))
        while (!found && mmapx_os_proc_line(&in, line, size))
            found = strncmp(line, "VmFlags:", 8) == 0;
    mmapx_os_proc_close(&in);
    return found;
}

enum mmapx_os_lock
mmapx_os_lock_of(void *addr)
{
    char line[256];

    if (!is_locked(addr))
        return MMAPX_OS_NOT_LOCKED;
    if (!flags_of(addr, line, sizeof line))
        return MMAPX_OS_LOCKED_SOMEHOW;
    /* Before it had a name it was the one flag that has none. */
    return strstr(line, " lf") != NULL || strstr(line, " ??") != NULL
               ? MMAPX_OS_LOCKED_ONFAULT
               : MMAPX_OS_LOCKED;
}

/* --- Zeros into memory of any protection ---------------------------------- */

/* What a copy says that was to have n bytes. */
static int
copied(ssize_t done, size_t n)
{
    if (done == (ssize_t)n)
        return 0;
    return done < 0 ? -errno : -EFAULT;
}

/* A filter of system calls may forbid the kernel to copy directly; a pipe holds
 * a page at least. */
static int
copy_through_pipe(const void *from, void *to, size_t n)
{
    int ends[2];
    int r;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    r = copied(held_write(ends[1], from, n), n);
    if (r == 0)
        r = copied(held_read(ends[0], to, n), n);
    held_close(ends[0]);
    held_close(ends[1]);
    return r;
}

/* Copy out of or into the process's own memory. */
static int
copy_out(int mem, const void *addr, void *buf, size_t n)
{
    void *from = (void *)(uintptr_t)addr;
    struct iovec here = { buf, n }, there = { from, n };
    int r;

    if (mem >= 0)
        return copied(held_pread(mem, buf, n, (off_t)(uintptr_t)addr), n);
    r = copied(process_vm_readv(getpid(), &here, 1, &there, 1, 0), n);
    return r == 0 || r == -EFAULT ? r : copy_through_pipe(addr, buf, n);
}

static int
copy_in(int mem, void *addr, void *buf, size_t n)
{
    struct iovec here = { buf, n }, there = { addr, n };
    int r;

    if (mem >= 0)
        return copied(held_pwrite(mem, buf, n, (off_t)(uintptr_t)addr), n);
    r = copied(process_vm_writev(getpid(), &here, 1, &there, 1, 0), n);
    return r == 0 || r == -EFAULT ? r : copy_through_pipe(buf, addr, n);
}

/* -EFAULT: something cannot be read; -ENOMEM: something cannot be written. */
static int
clear(int mem, unsigned char *addr, size_t len)
{
    unsigned char buf[1024];

    for (size_t n; len > 0; addr += n, len -= n) {
        int r;

        n = len < sizeof buf ? len : sizeof buf;
        r = copy_out(mem, addr, buf, n);
        if (r < 0)
            return r;
        if (mmapx_i_is_zero(buf, n))
            continue;
        memset(buf, 0, n);
        r = copy_in(mem, addr, buf, n);
        if (r < 0)
            return r == -EFAULT ? -ENOMEM : r;
    }
    return 0;
}

/* Where the kernel copies in no way, the processor does, as soon as the kernel
 * says that the pages are there: r is why it did not. */
static int
clear_directly(const struct mmapx_i_span *pages, unsigned char *addr,
               size_t len, int r)
{
    int advice = mmapx_os_advice(MMAPX_MADV_POPULATE_READ);
    int told = mmapx_os_madvise(pages->addr, pages->len, advice);

    if (told == 0 && !mmapx_i_is_zero(addr, len))
        memset(addr, 0, len);
    return told == 0 || told == -EFAULT ? told : r;
}

/* Memory that opens itself for this only.  What cannot be read then has nothing
 * stored. */
static int
clear_opened(unsigned char *addr, size_t len, int prot)
{
    size_t page = mmapx_os_page_size();
    unsigned char *base = mmapx_i_round_down(addr, page);
    struct mmapx_i_span pages = {
        base, mmapx_i_round_up((size_t)(addr - base) + len, page)
    };
    int r = prot < 0 ? mmapx_os_protection(base, &prot) : 0;

    if (r == 0)
        r = mmapx_os_mprotect(base, pages.len, PROT_READ | PROT_WRITE);
    if (r < 0)
        return r;
    r = clear(-1, addr, len);
    if (r < 0 && r != -EFAULT && r != -ENOMEM)
        r = clear_directly(&pages, addr, len, r);
    mmapx_os_mprotect(base, pages.len, prot);
    return r == -EFAULT ? 0 : r;
}

/*
 * The kernel copies, so that a page that cannot be had is no signal.  By
 * /proc/self/mem it also goes through the protection of private memory, as a
 * debugger does.
 */
int
mmapx_os_clear(void *addr, size_t len, int prot)
{
    int r = clear(-1, addr, len);
    int mem;

    if (r == 0)
        return 0;
    mem = held_open("/proc/self/mem", O_RDWR | O_CLOEXEC);
    if (mem >= 0) {
        r = clear(mem, addr, len);
        held_close(mem);
    }
    return r < 0 ? clear_opened(addr, len, prot) : 0;
}

bool
mmapx_os_can_read(const void *addr)
{
    unsigned char byte;

    return copy_out(-1, addr, &byte, 1) != -EFAULT;
}

/* SPDX-License-Identifier: MIT */
/*
 * Which pages of a file are cached, by mincore(2) on a mapping that does not
 * stay.  The kernel is asked about the file behind the mapping, which on file
 * systems that stack is another one than that behind the descriptor.
 */
#include "internal.h"

/* Pages that are looked at in one call where there are many: a tenth of the
 * time depends on it, a quarter where there are page tables. */
enum { MANY_PAGES = 16384 };

/*
 * PROT_NONE: a process that locks all that it maps would read the file in, and
 * find it all cached.  An emulator that answers in the kernel's place does not
 * look at such pages, so mmapx_i_window_look() may have to change that.
 */
int
mmapx_i_window_open(struct mmapx_i_window *w, int fd, int64_t off, int64_t end)
{
    int r;

    mmapx_i_cache_widen(&off, &end);
    w->addr = NULL;
    w->len = mmapx_i_round_up((size_t)(end - off), mmapx_os_page_size());
    if (!mmapx_i_is_representable(off, w->len))
        return -EOVERFLOW;
    r = mmapx_os_mmap(&w->addr, w->len, PROT_NONE, MAP_SHARED, fd, off);
    return r < 0 ? mmapx_os_translate_mmap_error(r, fd) : 0;
}

void
mmapx_i_window_close(struct mmapx_i_window *w)
{
    mmapx_os_munmap(w->addr, w->len);
}

int
mmapx_i_window_look(struct mmapx_i_window *w, size_t page, size_t n,
                    unsigned char *vec)
{
    size_t size = mmapx_os_page_size();
    unsigned char *addr = (unsigned char *)w->addr + page * size;
    int r = mmapx_os_mincore(addr, n * size, vec);

    if (r == -ENOMEM && mmapx_os_mprotect(w->addr, w->len, PROT_READ) == 0)
        r = mmapx_os_mincore(addr, n * size, vec);
    return r;
}

static size_t
vector_size(void)
{
    return mmapx_i_round_up(MANY_PAGES, mmapx_os_page_size());
}

size_t
mmapx_i_vector_map(unsigned char **vec, size_t n)
{
    size_t size = vector_size();
    void *addr = NULL;

    if (mmapx_os_mmap(&addr, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        < 0)
        return n;
    *vec = addr;
    return size;
}

void
mmapx_i_vector_unmap(unsigned char *vec)
{
    mmapx_os_munmap(vec, vector_size());
}

/* Where nobody tells, all seems to be cached. */
int
mmapx_i_window_is_true(int fd)
{
    struct mmapx_os_stat st;
    int r = mmapx_os_stat(fd, &st);

    if (r < 0)
        return r;
    return mmapx_os_is_told(fd, &st) ? 0 : -EPERM;
}

/* SPDX-License-Identifier: MIT */
/* Places in the address space: mapping where nothing is, and keeping a place
 * free for oneself. */
#include "internal.h"

/* Map exactly there, where nothing is mapped yet, or fail with -ENOMEM. */
int
mmapx_i_map_there(unsigned char *place, size_t n, int prot, int flags, int fd,
                  int64_t offset)
{
    void *at = place;
    int r = mmapx_os_mmap(&at, n, prot, flags | mmapx_os_fixed_noreplace, fd,
                          offset);

    if (r == -EEXIST)
        return -ENOMEM;
    if (r < 0 || at == place)
        return r;
    /* The address was taken for a hint. */
    mmapx_os_munmap(at, n);
    return -ENOMEM;
}

/* Take a place that is free, without memory behind it. */
int
mmapx_i_take(unsigned char *place, size_t n)
{
    return mmapx_i_map_there(place, n, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | mmapx_os_noreserve,
                             -1, 0);
}

/* Map exactly there, over what is there. */
int
mmapx_i_map_over(unsigned char *place, size_t n, int prot, int flags, int fd,
                 int64_t offset)
{
    void *at = place;

    return mmapx_os_mmap(&at, n, prot, flags | MAP_FIXED, fd, offset);
}

/* Make what is at a place a reservation again. */
int
mmapx_i_take_back(unsigned char *place, size_t n)
{
    return mmapx_i_map_over(place, n, PROT_NONE,
                            MAP_PRIVATE | MAP_ANONYMOUS | mmapx_os_noreserve,
                            -1, 0);
}

/*
 * Take n bytes anywhere, whose address agrees with like's where large pages
 * need that: page tables move as a whole then.
 */
int
mmapx_i_take_some(size_t n, uintptr_t like, unsigned char **place)
{
    size_t page = mmapx_os_page_size();
    size_t large = mmapx_os_large_alignment;
    size_t unit = large > page && n >= large ? large : page;
    size_t spare = unit - page;
    unsigned char *base;
    void *at = NULL;
    size_t lead;
    int r = mmapx_os_mmap(&at, n + spare, PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS | mmapx_os_noreserve, -1,
                          0);

    if (r < 0)
        return r;
    base = at;
    lead = (size_t)(like - (uintptr_t)base) & (unit - 1);
    if (lead > 0)
        mmapx_os_munmap(base, lead);
    if (lead < spare)
        mmapx_os_munmap(base + lead + n, spare - lead);
    *place = base + lead;
    return 0;
}

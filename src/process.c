/* SPDX-License-Identifier: MIT */
/*
 * Which process this is.  A child of fork(2) has a copy of what the threads of
 * its parent were about to do, and none of these threads.  Process ids do not
 * tell the two apart: in a namespace of its own, a child may have the id that
 * its parent has in another one.
 *
 * So the processes are numbered, each by one more than it has found in its
 * memory.  The number lies in a page that a child finds empty.  Where the
 * system has no such page, the process id has to do; only Linux has namespaces
 * of them, and has had such pages since 4.14.
 */
#include "internal.h"

#include <unistd.h>

static uintptr_t last; /* the number that was given last, also by a parent */
static uintptr_t no_page;
static uintptr_t *page; /* NULL: nobody has asked yet */

/* One page of these is all of the library's.  One that was mapped could come
 * into a gap that the program has just made. */
enum { LARGEST_PAGE = 64 << 10 };
static unsigned char room[2 * LARGEST_PAGE];

/* A page that a child finds empty, or no_page.  The first answer stays, because
 * numbers and ids do not go together. */
static uintptr_t *
find_page(void)
{
    uintptr_t *found = __atomic_load_n(&page, __ATOMIC_ACQUIRE);
    int advice = mmapx_os_advice(MMAPX_MADV_WIPEONFORK);
    size_t size = mmapx_os_page_size();
    void *at = room + (-(uintptr_t)room & (size - 1));

    if (found != NULL)
        return found;
    if (advice < 0 || size > LARGEST_PAGE
        || mmapx_os_madvise(at, size, advice) < 0)
        at = &no_page;
    return __atomic_compare_exchange_n(&page, &found, at, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
               ? at
               : found;
}

/* A number that no other process has in any copy of this memory; never 0. */
uintptr_t
mmapx_i_process(void)
{
    uintptr_t *place = find_page();
    uintptr_t number;
    uintptr_t found;

    if (place == &no_page)
        return (uintptr_t)getpid();
    found = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    if (found != 0)
        return found;
    number = __atomic_add_fetch(&last, 1, __ATOMIC_ACQ_REL);
    return __atomic_compare_exchange_n(place, &found, number, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
               ? number
               : found;
}

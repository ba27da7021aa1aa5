/* SPDX-License-Identifier: MIT */
/*
 * Pages of zeros in the place of those that cannot be had.  The handler of
 * SIGBUS calls this, so all of it is safe in a signal handler.
 */
#include "guard.h"

/* So many times a page may come back and go again before it is replaced
 * although it is there. */
enum { TRIES = 64 };

/*
 * Two threads may fault in one page: what the first stores there once it is
 * replaced is not to be lost by the second.  As long as no other thread has
 * replaced anything since this one entered its guard there is no need to look.
 */
static uintptr_t replacing;
unsigned mmapx_i_replacements;

/* The protection that the page has: that of the mapping, or the kernel's word
 * where it is not the same everywhere. */
static int
protection_at(const struct mmapx *m, const struct mmapx_i_span *page)
{
    int prot;
    int r;

    if (!mmapx_i_has_any(m, MMAPX_I_MIXED))
        return mmapx_i_protection(m);
    r = mmapx_os_protection(page->addr, &prot);
    return r < 0 ? r : prot;
}

/*
 * Whether a page is there after all, because another thread has replaced it or
 * the file has it again: then the instruction is to be tried once more.  A page
 * may be there for reading and not for writing; if trying did not help, it is
 * the latter that is asked for.
 */
static bool
is_there(const struct mmapx_i_span *page, bool writes)
{
    struct mmapx_i_span found = *page;
    int r = mmapx_i_madvise(page, writes ? MMAPX_MADV_POPULATE_WRITE
                                         : MMAPX_MADV_POPULATE_READ);

    if (r != -ENOTSUP)
        return r == 0;
    /* An older kernel tells whether it has been replaced. */
    return mmapx_os_anonymous(&found.addr, &found.len) == 0 && found.len > 0;
}

static bool
may_try_again(const struct mmapx_i_span *page, int prot)
{
    struct mmapx_i_thread *t = &mmapx_i_thread;

    if (t->again != page->addr) {
        t->again = page->addr;
        t->tries = 0;
    }
    if (t->replaced == mmapx_i_replacements)
        return false;
    t->replaced = mmapx_i_replacements;
    return t->tries < TRIES
           && is_there(page, t->tries > 0 && (prot & PROT_WRITE) != 0)
           && ++t->tries > 0;
}

static bool
put_zeros(struct mmapx_i_frame *f, const struct mmapx_i_span *page)
{
    int prot = protection_at(f->m, page);

    if (prot < 0)
        return false;
    if (may_try_again(page, prot))
        return true;
    if (mmapx_os_map_zeros(page->addr, page->len, prot) < 0)
        return false;
    f->faults++;
    mmapx_i_thread.again = NULL;
    mmapx_i_thread.replaced
        = __atomic_add_fetch(&mmapx_i_replacements, 1, __ATOMIC_RELAXED);
    mmapx_i_note(f->m, MMAPX_I_REPLACED);
    return true;
}

bool
mmapx_i_replace(struct mmapx_i_frame *f, uintptr_t addr)
{
    size_t size = mmapx_i_page_size(f->m);
    struct mmapx_i_span page = { mmapx_i_round_down((void *)addr, size), size };
    sigset_t all, now;
    bool done;

    /* A handler of another signal may fault in the mapping, too. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &now);
    mmapx_i_acquire(&replacing);
    done = put_zeros(f, &page);
    mmapx_i_release(&replacing);
    pthread_sigmask(SIG_SETMASK, &now, NULL);
    return done;
}

/*
 * Narrow a span of a mapping to the first of its pages that were replaced.
 * Where there is none, span->len is 0.  Fails with -ENOTSUP where the system
 * does not tell.
 */
int
mmapx_i_replaced(const struct mmapx *m, struct mmapx_i_span *span)
{
    if (!mmapx_i_has_any(m, MMAPX_I_REPLACED)) {
        span->len = 0;
        return 0;
    }
    return mmapx_os_anonymous(&span->addr, &span->len);
}

/* SPDX-License-Identifier: MIT */
/* Calls on the memory: protecting, locking, looking, syncing. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "model.h"
#include "world.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* --- Protection, locks, population ---------------------------------------- */

/* The handle knows what it did itself, and only for all of the mapping. */
static void
know_protection(struct region *r, struct pages in, int prot, bool is_view)
{
    if (is_view)
        r->foreign = true;
    else if (is_whole(r, in))
        r->prot = prot;
    else if (r->prot != prot)
        r->prot = -1;
}

void
do_protect(void)
{
    struct target t;
    size_t off, n;
    struct pages in;
    int prot = take_prot();
    struct mmapx before;
    bool refused;

    doing = "protect";
    if (!take_target_range(&t, &off, &n))
        return;
    before = *t.m;
    if (!range_is_good(&t, off, &n) || !is_exact(&t, off, n)) {
        expect(mmapx_protect(t.m, off, n, prot), EINVAL);
        check_unchanged(t.m, &before);
        return;
    }
    in = outward(&t, off, n);
    refused = t.region->shared && t.region->read_only
              && (prot & PROT_WRITE) != 0 && n > 0;
    expect(mmapx_protect(t.m, off, n, prot), refused ? EACCES : 0);
    if (refused || n == 0)
        return;
    know_protection(t.region, in, prot, t.is_view);
    for (size_t p = in.from; p < in.to; p++) {
        struct page *pg = &t.region->page[p];
        bool becomes_writable = (pg->prot & PROT_WRITE) == 0
                                && (prot & PROT_WRITE) != 0;

        pg->prot = prot;
        /* The kernel copies what is locked. */
        if (becomes_writable && pg->locked)
            maybe_own(t.region, p);
    }
    check_region(t.region);
}

static bool
lock_works(const struct region *r, struct pages in, bool on_fault)
{
    for (size_t p = in.from; p < in.to; p++)
        if (!on_fault && (r->page[p].prot == PROT_NONE || !is_backed(r, p)))
            return false;
    return true;
}

static void
set_locked(struct region *r, struct pages in, bool locked)
{
    for (size_t p = in.from; p < in.to; p++)
        r->page[p].locked = locked;
}

void
do_lock(void)
{
    struct target t;
    size_t off, n;
    struct pages in;
    bool on_fault = take_below(3) == 0;
    int flags = on_fault ? MMAPX_LOCK_ONFAULT : 0;
    int code;

    doing = "lock";
    if (!take_target_range(&t, &off, &n))
        return;
    if (!range_is_good(&t, off, &n)) {
        expect(mmapx_lock(t.m, off, n, flags), EINVAL);
        return;
    }
    in = outward(&t, off, n);
    code = EXPECT_ANY(mmapx_lock(t.m, off, n, flags), 0, EAGAIN, EFAULT,
                      ENOMEM, EPERM, ENOTSUP);
    if (n == 0 && code != 0)
        fail("an empty range cannot be locked");
    if (code == 0 && !lock_works(t.region, in, on_fault))
        fail("locked what cannot be in memory");
    if (code != 0 && !lock_is_limited && lock_works(t.region, in, on_fault))
        fail("errno %d", code);
    set_locked(t.region, in, code == 0);
    maybe_own_pages(t.region, in);
    for (size_t p = in.from; p < in.to && code == 0 && !on_fault; p++)
        if (is_private(t.region) && (t.region->page[p].prot & PROT_WRITE) != 0)
            make_own(t.region, p);
    check_region(t.region);
}

void
do_unlock(void)
{
    struct target t;
    size_t off, n;

    doing = "unlock";
    if (!take_target_range(&t, &off, &n))
        return;
    if (!range_is_good(&t, off, &n)) {
        expect(mmapx_unlock(t.m, off, n), EINVAL);
        return;
    }
    expect(mmapx_unlock(t.m, off, n), 0);
    set_locked(t.region, outward(&t, off, n), false);
}

/* What the system counts is what the model has. */
void
do_lock_limit(void)
{
    size_t limit, locked;
    size_t pages = 0;

    doing = "lock_limit";
    if (!has_proc) {
        expect(mmapx_lock_limit(&limit, &locked), ENOTSUP);
        return;
    }
    expect(mmapx_lock_limit(&limit, &locked), 0);
    for (size_t i = 0; i < REGIONS; i++)
        for (size_t p = 0; regions[i].used && p < regions[i].pages; p++)
            pages += regions[i].page[p].locked;
    if (locked != pages * page)
        fail("%zu bytes are locked, not %zu", locked, pages * page);
}

void
do_populate(void)
{
    bool writes = take_below(2) == 0;
    int flags = writes ? MMAPX_POPULATE_WRITE : MMAPX_POPULATE_READ;
    int prot = writes ? PROT_WRITE : PROT_READ;
    struct target t;
    size_t off, n;
    struct pages in;
    int outcome = 0;

    doing = "populate";
    if (!take_target_range(&t, &off, &n))
        return;
    if (!range_is_good(&t, off, &n)) {
        expect(mmapx_populate(t.m, off, n, flags), EINVAL);
        return;
    }
    in = outward(&t, off, n);
    if (n > 0 && believed(&t) != -1 && (believed(&t) & prot) == 0) {
        expect(mmapx_populate(t.m, off, n, flags), EACCES);
        return;
    }
    for (size_t p = in.from; p < in.to && outcome == 0; p++) {
        if ((t.region->page[p].prot & prot) == 0)
            outcome = EACCES;
        else if (!is_backed(t.region, p))
            outcome = EFAULT;
    }
    expect(mmapx_populate(t.m, off, n, flags), outcome);
    if (writes)
        maybe_own_pages(t.region, in);
    for (size_t p = in.from; p < in.to && writes && outcome == 0; p++)
        if (is_private(t.region))
            make_own(t.region, p);
    check_region(t.region);
}

/* --- Residency and sync --------------------------------------------------- */

void
do_residency(void)
{
    unsigned char vec[REGION_PAGES + 1];
    struct target t;
    size_t off, n, count, sum = 0;
    struct pages in;
    struct mmapx_run run;

    doing = "residency";
    if (!take_target_range(&t, &off, &n))
        return;
    if (!range_is_good(&t, off, &n)) {
        expect(mmapx_residency(t.m, off, n, vec, sizeof vec), EINVAL);
        expect(mmapx_resident_count(t.m, off, n, &count), EINVAL);
        if (mmapx_page_count(t.m, off, n) != 0)
            fail("pages of a bad range");
        return;
    }
    in = outward(&t, off, n);
    if (mmapx_page_count(t.m, off, n) != in.to - in.from)
        fail("%zu pages, not %zu", mmapx_page_count(t.m, off, n),
             in.to - in.from);
    if (t.is_view && geteuid() != 0)
        return; /* of a file's the kernel may not tell */
    if (!has_proc && t.is_view) {
        expect(mmapx_residency(t.m, off, n, vec, sizeof vec),
               n > 0 ? EPERM : 0);
        return; /* whose memory it is, nobody tells */
    }
    memset(vec, 0x77, sizeof vec);
    if (in.to - in.from > 0) {
        expect(mmapx_residency(t.m, off, n, vec, in.to - in.from - 1),
               ERANGE);
        if (vec[0] != 0x77)
            fail("ERANGE, and something was written");
    }
    expect(mmapx_residency(t.m, off, n, vec, in.to - in.from), 0);
    for (size_t i = 0; i < in.to - in.from; i++) {
        if (vec[i] > 1)
            fail("entry %zu is %u", i, vec[i]);
        if (t.region->page[in.from + i].state == OWN && vec[i] == 0
            && t.region->page[in.from + i].locked)
            fail("a locked page is not resident");
        sum += vec[i];
    }
    if (vec[in.to - in.from] != 0x77)
        fail("written past the end of the vector");
    expect(mmapx_resident_count(t.m, off, n, &count), 0);
    if (count != sum)
        fail("%zu resident pages, not %zu", count, sum);
    expect(mmapx_resident_run(t.m, off, &run), 0);
    if (run.off != off || run.len > t.m->len - off
        || (run.len == 0) != (off == t.m->len))
        fail("a run of %zu bytes at %zu", run.len, run.off);
    if (n > 0 && run.resident != vec[0])
        fail("a run that begins otherwise");
}

/* Nothing changes, and nothing that cannot be read is an error. */
void
do_prefetch(void)
{
    struct target t;
    struct mmapx_range ranges[2];
    size_t off, n;

    doing = "prefetch";
    if (!take_target_range(&t, &off, &n))
        return;
    ranges[0] = (struct mmapx_range){ 0, MMAPX_TO_END };
    ranges[1] = (struct mmapx_range){ off, n };
    expect(mmapx_prefetch(t.m, ranges, 2),
           range_is_good(&t, off, &n) ? 0 : EINVAL);
    expect(mmapx_prefetch(t.m, NULL, 1), EINVAL);
    expect(mmapx_prefetch(t.m, NULL, 0), 0);
    check_region(t.region);
}

/* Bytes, protections and everything else stay as they are. */
void
do_name(void)
{
    static const char *const names[] = { "mmapx-model", "", NULL };
    static int of_private = 1, of_shared = 1; /* not yet known */
    const char *name = names[take_below(3)];
    struct target t;
    size_t off, n;
    int *outcome;
    int r;

    doing = "name";
    if (!take_target_range(&t, &off, &n))
        return;
    expect(mmapx_name(t.m, "no[brackets]"), EINVAL);
    if (t.region->file != NULL) {
        expect(mmapx_name(t.m, name), t.is_view && t.m->len == 0 ? 0 : ENOTSUP);
        return;
    }
    outcome = t.region->shared ? &of_shared : &of_private;
    r = mmapx_name(t.m, name) == 0 ? 0 : errno;
    model_calls++;
    if (t.is_view && t.m->len == 0) {
        if (r != 0)
            fail("errno %d of nothing", r);
        return;
    }
    if (*outcome == 1 && (r == 0 || r == ENOTSUP))
        *outcome = r;
    if (r != *outcome)
        fail("errno %d, not %d", r, *outcome);
    check_region(t.region);
}

void
do_sync(void)
{
    static const int all_flags[] = { MS_SYNC, MS_ASYNC,
                                     MS_SYNC | MS_INVALIDATE,
                                     MS_ASYNC | MS_INVALIDATE };
    int flags = all_flags[take_below(4)];
    struct target t;
    size_t off, n;
    struct pages in;
    int outcome = 0;

    doing = "sync";
    if (!take_target_range(&t, &off, &n))
        return;
    if (!range_is_good(&t, off, &n)) {
        expect(mmapx_sync(t.m, off, n, flags), EINVAL);
        expect(mmapx_sync_file(t.m, files[0].fd, off, n), EINVAL);
        return;
    }
    in = outward(&t, off, n);
    if ((flags & MS_INVALIDATE) != 0 && first_locked(t.region, in) < in.to)
        outcome = EBUSY;
    expect(mmapx_sync(t.m, off, n, flags), outcome);
    expect(mmapx_sync(t.m, off, n, MS_SYNC | MS_ASYNC), EINVAL);
    expect(mmapx_sync_file(t.m, -1, off, n), EBADF);
    if (t.region->file != NULL)
        expect(mmapx_sync_file(t.m, t.region->file->fd, off, n), 0);
}

/* SPDX-License-Identifier: MIT */
/* Calls that read and write, and guarded ones. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "model.h"
#include "world.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- Reading and writing -------------------------------------------------- */

/* Whether a page that has no access comes before one that the file lacks. */
static bool
is_refused(const struct region *r, struct pages in, int prot)
{
    for (size_t p = in.from; p < in.to && is_backed(r, p); p++)
        if ((r->page[p].prot & prot) != prot)
            return true;
    return in.to > in.from && is_backed(r, in.from) == false
           && (r->page[in.from].prot & prot) != prot;
}

/* How many bytes can be copied before a page is missing. */
static size_t
reachable(const struct target *t, size_t off, size_t n)
{
    struct pages in = outward(t, off, n);

    for (size_t p = in.from; p < in.to; p++)
        if (!is_backed(t->region, p)) {
            size_t at = p * page;

            return at > t->start + off ? at - (t->start + off) : 0;
        }
    return n;
}

static void
expect_count(ssize_t got, size_t can, size_t n)
{
    model_calls++;
    if (n > 0 && can == 0) {
        if (got != -1 || errno != EIO)
            fail("returned %zd, errno %d, not EIO", got, errno);
    } else if (got != (ssize_t)can) {
        fail("returned %zd, errno %d, not %zu of %zu", got, errno, can, n);
    }
}

void
do_read(void)
{
    struct target t;
    size_t off, n, can;

    doing = "read";
    if (!take_target_range(&t, &off, &n))
        return;
    if (n > SIZE_MAX / 2)
        n = REGION_PAGES * page; /* it is cut */
    if (off > t.m->len) {
        expect((int)mmapx_read(t.m, off, copy, n), EINVAL);
        return;
    }
    if (n > t.m->len - off)
        n = t.m->len - off;
    if (n > 0 && believed(&t) != -1 && (believed(&t) & PROT_READ) == 0) {
        expect((int)mmapx_read(t.m, off, copy, n), EACCES);
        return;
    }
    if (!is_allowed(t.region, outward(&t, off, n), PROT_READ))
        return; /* that is SIGSEGV, by contract */
    can = reachable(&t, off, n);
    expect_count(mmapx_read(t.m, off, copy, n), can, n);
    if (memcmp(copy, (char *)t.m->addr + off, can) != 0)
        fail("read other bytes");
    check_region(t.region);
}

static void
write_bytes(const struct target *t, size_t off, size_t n, size_t can)
{
    struct region *r = t->region;
    struct pages in = outward(t, off, can);
    size_t begin = t->start + off;
    static unsigned char *wanted;
    unsigned seed = take();

    if (wanted == NULL)
        need((wanted = malloc(REGION_PAGES * page)) != NULL);
    for (size_t p = in.from; p < in.to; p++) {
        check_page(r, p);
        memcpy(wanted + p * page, memory(r, p), page);
    }
    for (size_t i = 0; i < n; i++)
        copy[i] = (unsigned char)(seed + i * 7 + i / 251);
    memcpy(wanted + begin, copy, can);

    expect_count(mmapx_write(t->m, off, copy, n), can, n);
    for (size_t p = in.from; p < in.to; p++) {
        if (memcmp(memory(r, p), wanted + p * page, page) != 0)
            fail("page %zu has other bytes than were written", p);
        make_own(r, p);
    }
    if (r->shared && r->file != NULL)
        change_file(r->file, r->first * page + begin, copy, can);
}

void
do_write(void)
{
    struct target t;
    size_t off, n;
    struct pages in;

    doing = "write";
    if (!take_target_range(&t, &off, &n))
        return;
    if (off > t.m->len) {
        expect((int)mmapx_write(t.m, off, copy, 1), EINVAL);
        return;
    }
    if (n > t.m->len - off)
        n = t.m->len - off;
    in = outward(&t, off, n);
    if (n > 0 && believed(&t) != -1 && (believed(&t) & PROT_WRITE) == 0) {
        expect((int)mmapx_write(t.m, off, copy, n), EACCES);
        return;
    }
    if (believed(&t) == -1 && is_refused(t.region, in, PROT_WRITE)) {
        expect((int)mmapx_write(t.m, off, copy, n), EACCES);
        maybe_own_pages(t.region, in);
        return;
    }
    if (!is_allowed(t.region, in, PROT_WRITE))
        return; /* a view has taken it away: SIGSEGV */
    write_bytes(&t, off, n, reachable(&t, off, n));
    check_all();
}

static volatile unsigned char touched;

int
touch(void *arg)
{
    touched = *(volatile unsigned char *)arg;
    return 5;
}

void
do_guard(void)
{
    struct target t;
    size_t off;
    int r;

    doing = "guard";
    if (!take_target(&t) || t.m->len == 0)
        return;
    off = take_size(t.m->len) % t.m->len;
    if (!is_allowed(t.region, outward(&t, off, 1), PROT_READ))
        return;
    r = mmapx_guard(t.m, touch, (char *)t.m->addr + off);
    if (is_backed(t.region, (t.start + off) / page)) {
        if (r != 5)
            fail("returned %d, errno %d", r, errno);
        model_calls++;
    } else {
        expect(r, EIO);
    }
}

/* What a page becomes when it is replaced is looked at once: with it the region
 * ends. */
void
do_guard_zeros(void)
{
    struct target t;
    size_t faults = 99;
    bool is_there;
    size_t off;
    int r;

    doing = "guard_zeros";
    if (!take_target(&t) || t.m->len == 0)
        return;
    off = take_size(t.m->len) % t.m->len;
    if (!is_allowed(t.region, outward(&t, off, 1), PROT_READ))
        return;
    is_there = is_backed(t.region, (t.start + off) / page);
    if (!is_there && !has_proc && believed(&t) == -1)
        return; /* which protection it has, nobody tells: SIGBUS */
    r = mmapx_guard_zeros(t.m, touch, (char *)t.m->addr + off, &faults);
    model_calls++;
    if (r != 5 || faults != (is_there ? 0 : 1))
        fail("returned %d, errno %d, after %zu faults", r, errno, faults);
    check_region(t.region);
    if (is_there)
        return;
    if (touched != 0)
        fail("a replaced page has a byte %d", touched);
    end_region(t.region);
}

/* Whatever comes in the handler's place, it is put back. */
void
do_guard_rearm(void)
{
    bool is_replaced = take_below(2) == 1;

    doing = "guard_rearm";
    mmapx_guard_rearm();
    if (is_replaced)
        signal(SIGBUS, take_below(2) == 1 ? SIG_DFL : SIG_IGN);
    expect(mmapx_guard_rearm() == (is_replaced ? 1 : 0) ? 0 : -1, 0);
    expect(mmapx_guard_rearm(), 0);
}

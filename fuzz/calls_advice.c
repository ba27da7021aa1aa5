/* SPDX-License-Identifier: MIT */
/* Advice: what it loses, what it must not, and what is refused. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "world.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Private pages are gone; what is below them shows. */
static void
lose_pages(struct region *r, struct pages in)
{
    for (size_t p = in.from; p < in.to; p++)
        r->page[p].state = UNDER;
}

/* Which of them, nobody says. */
static void
maybe_lose_pages(struct region *r, struct pages in)
{
    for (size_t p = in.from; p < in.to; p++)
        if (r->page[p].state == OWN)
            r->page[p].state = EITHER;
}

void
do_dontneed(void)
{
    bool also_locked = take_below(3) == 0;
    struct target t;
    size_t off, n, stop;
    struct pages in;
    enum mmapx_advice advice
        = also_locked ? MMAPX_MADV_DONTNEED_LOCKED : MMAPX_MADV_DONTNEED;

    doing = "dontneed";
    if (!take_target_range(&t, &off, &n))
        return;
    if (!range_is_good(&t, off, &n)) {
        expect(mmapx_advise(t.m, off, n, advice), EINVAL);
        return;
    }
    in = inward(&t, off, n, true);
    if (!also_locked && t.region->shared && !t.is_view)
        in = outward(&t, off, n);
    stop = also_locked ? in.to : first_locked(t.region, in);
    expect(mmapx_advise(t.m, off, n, advice), stop < in.to ? EINVAL : 0);
    if (is_private(t.region) && stop == in.to)
        lose_pages(t.region, in);
    else if (is_private(t.region))
        maybe_lose_pages(t.region, (struct pages){ in.from, stop });
    check_all();
}

void
do_free(void)
{
    struct target t;
    size_t off, n, stop;
    struct pages in;
    bool can;

    doing = "free";
    if (!take_target_range(&t, &off, &n))
        return;
    can = t.region->file == NULL && is_private(t.region);
    if (!range_is_good(&t, off, &n) || (!can && !t.is_view)) {
        expect(mmapx_advise(t.m, off, n, MMAPX_MADV_FREE), EINVAL);
        return;
    }
    in = inward(&t, off, n, true);
    stop = can ? first_locked(t.region, in) : in.from;
    expect(mmapx_advise(t.m, off, n, MMAPX_MADV_FREE),
           stop < in.to ? EINVAL : 0);
    in.to = stop;
    if (can)
        maybe_lose_pages(t.region, in);
    check_all();
}

/* A page of a file, or of shared anonymous memory, that was punched out. */
static void
punch(struct region *r, struct pages in)
{
    for (size_t p = in.from; p < in.to; p++) {
        size_t at = (r->first + p) * page;

        if (r->file == NULL)
            r->page[p].state = UNDER;
        else if (at < r->file->size)
            change_file(r->file, at, zeroes, page);
    }
}

/* Where it stopped half-way each page is as it was, or is zero. */
static void
maybe_punch(struct region *r, struct pages in)
{
    for (size_t p = in.from; p < in.to && is_backed(r, p); p++) {
        size_t known;
        size_t at = (r->first + p) * page;

        under(r, p, &known);
        if (r->file == NULL) {
            if (r->page[p].state == OWN)
                r->page[p].state = EITHER;
        } else if (pread(r->file->fd, copy, known, (off_t)at)
                       == (ssize_t)known
                   && memcmp(copy, zeroes, known) == 0) {
            change_file(r->file, at, zeroes, known);
        }
    }
}

void
do_remove(void)
{
    struct target t;
    size_t off, n;
    struct pages in;
    bool can;

    doing = "remove";
    if (!take_target_range(&t, &off, &n))
        return;
    can = t.region->shared || t.is_view;
    if (!range_is_good(&t, off, &n) || !can) {
        expect(mmapx_advise(t.m, off, n, MMAPX_MADV_REMOVE), EINVAL);
        return;
    }
    in = inward(&t, off, n, false);
    if (in.from == in.to) {
        expect(mmapx_advise(t.m, off, n, MMAPX_MADV_REMOVE), 0);
    } else if (first_locked(t.region, in) < in.to) {
        EXPECT_ANY(mmapx_advise(t.m, off, n, MMAPX_MADV_REMOVE), EINVAL,
                   EACCES);
        maybe_punch(t.region, in);
    } else if (!t.region->shared) {
        expect(mmapx_advise(t.m, off, n, MMAPX_MADV_REMOVE),
               t.region->file != NULL ? EACCES : EINVAL);
    } else if (t.region->read_only) {
        expect(mmapx_advise(t.m, off, n, MMAPX_MADV_REMOVE), EACCES);
    } else if (is_allowed(t.region, in, PROT_WRITE)) {
        /* FUSE has no holes if the server has none. */
        if (EXPECT_ANY(mmapx_advise(t.m, off, n, MMAPX_MADV_REMOVE), 0,
                       EOPNOTSUPP)
            == 0)
            punch(t.region, in);
    } else if (EXPECT_ANY(mmapx_advise(t.m, off, n, MMAPX_MADV_REMOVE), 0,
                          EACCES, EOPNOTSUPP)
               == 0) {
        punch(t.region, in); /* since 6.6 */
    } else {
        maybe_punch(t.region, in);
    }
    check_all();
}

/* What changes no byte: the errno only has to be one that is documented. */
void
do_hint(void)
{
    static const enum mmapx_advice hints[] = {
        MMAPX_MADV_NORMAL,      MMAPX_MADV_RANDOM,    MMAPX_MADV_SEQUENTIAL,
        MMAPX_MADV_WILLNEED,    MMAPX_MADV_COLD,      MMAPX_MADV_PAGEOUT,
        MMAPX_MADV_HUGEPAGE,    MMAPX_MADV_NOHUGEPAGE, MMAPX_MADV_COLLAPSE,
        MMAPX_MADV_UNMERGEABLE, MMAPX_MADV_KEEPONFORK, MMAPX_MADV_WIPEONFORK,
    };
    struct target t;
    size_t off, n;
    enum mmapx_advice advice = hints[take_below(12)];

    doing = "hint";
    if (!take_target_range(&t, &off, &n))
        return;
    if (!range_is_good(&t, off, &n)) {
        expect(mmapx_advise(t.m, off, n, advice), EINVAL);
        return;
    }
    EXPECT_ANY(mmapx_advise(t.m, off, n, advice), 0, EAGAIN, EBADF, EBUSY,
               EINVAL, EIO, ENOMEM, ENOTSUP, EPERM);
    check_region(t.region);
}

void
do_exact_advice(void)
{
    static const enum mmapx_advice exact[] = {
        MMAPX_MADV_DONTFORK, MMAPX_MADV_DOFORK, MMAPX_MADV_DONTDUMP,
        MMAPX_MADV_DODUMP,
    };
    struct target t;
    size_t off, n;
    enum mmapx_advice advice = exact[take_below(4)];

    doing = "exact advice";
    if (!take_target_range(&t, &off, &n))
        return;
    if (!range_is_good(&t, off, &n) || !is_exact(&t, off, n)) {
        expect(mmapx_advise(t.m, off, n, advice), EINVAL);
        return;
    }
    expect(mmapx_advise(t.m, off, n, advice), 0);
}

/* Pages become a trap and are let free again, which loses private ones. */
void
do_guard_pages(void)
{
    struct target t;
    size_t off, n;
    struct pages in;

    doing = "guard pages";
    if (!take_target_range(&t, &off, &n)
        || !mmapx_advice_supported(MMAPX_MADV_GUARD_INSTALL))
        return;
    if (!range_is_good(&t, off, &n)) {
        expect(mmapx_advise(t.m, off, n, MMAPX_MADV_GUARD_INSTALL), EINVAL);
        return;
    }
    in = inward(&t, off, n, true);
    if (first_locked(t.region, in) < in.to)
        return;
    if (EXPECT_ANY(mmapx_advise(t.m, off, n, MMAPX_MADV_GUARD_INSTALL), 0,
                   EINVAL)
            == 0
        && in.from < in.to) {
        struct mmapx v;

        expect(mmapx_view(&v, memory(t.region, in.from),
                          (in.to - in.from) * page),
               0);
        expect(mmapx_advise(&v, 0, MMAPX_TO_END, MMAPX_MADV_GUARD_REMOVE), 0);
        if (is_private(t.region))
            lose_pages(t.region, in);
    }
    check_all();
}

void
do_bad_advice(void)
{
    struct target t;
    int number = (int)take() - 128;

    doing = "an advice that there is not";
    if (!take_target(&t))
        return;
    if ((number >= 0 && number <= 4) || (number >= 8 && number <= 25)
        || number == 102 || number == 103)
        return;
    expect(mmapx_advise(t.m, 0, MMAPX_TO_END, (enum mmapx_advice)number),
           EINVAL);
    check_region(t.region);
}

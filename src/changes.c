/* SPDX-License-Identifier: MIT */
/*
 * Which pages of a private mapping differ from the file.  Linux knows which of
 * them are the process's own.  Where nobody tells, the bytes are compared.  And
 * giving them back, once the file has them.
 */
#include "commit.h"
#include "bytes.h"

/* Bytes that are compared at once: a part of a page, small enough for any
 * stack. */
enum { PART = 2048 };

/* Where a byte of the mapping's pages lies in the file. */
int64_t
mmapx_i_place_of(const struct mmapx *m, const unsigned char *addr)
{
    return mmapx_i_offset(m) - (int64_t)mmapx_i_head(m)
           + (addr - mmapx_i_base(m));
}

int
mmapx_i_changes_begin(struct mmapx_i_changes *c, const struct mmapx *m,
                      const struct mmapx_i_span *span, int fd)
{
    c->m = m;
    c->rest = *span;
    c->fd = fd;
    c->n_runs = c->at_run = 0;
    c->asks_for = 1;
    c->knows_all = false;
    c->pages = mmapx_os_own_pages_open();
    return c->pages < 0 && fd < 0 ? -ENOTSUP : 0;
}

void
mmapx_i_changes_end(struct mmapx_i_changes *c)
{
    if (c->pages >= 0)
        mmapx_os_close(c->pages);
}

/* --- Comparing ------------------------------------------------------------ */

struct comparison {
    const unsigned char *memory;
    unsigned char file[PART];
    size_t len;
};

static int
differ(void *arg)
{
    const struct comparison *c = arg;

    return memcmp(c->memory, c->file, c->len) != 0;
}

/* MMAPX_MADV_GUARD_INSTALL hides a page of the file, which has just been read
 * and so is in memory.  A copy that cannot be had any more is not. */
static bool
is_hidden(const struct mmapx_i_span *page)
{
    unsigned char vec = 0;

    return mmapx_os_mincore(page->addr, page->len, &vec) == 0
           && mmapx_i_resident(&vec, 1) > 0;
}

/* Whether the memory may be read, 1, 0 if it has nothing, or -errno: what is
 * not a signal for the guard would end the process.  A kernel that cannot be
 * asked has no guard pages. */
static int
may_read(const struct mmapx *m, unsigned char *page)
{
    struct mmapx_i_span span = { page, mmapx_i_page_size(m) };
    int r = mmapx_i_madvise(&span, MMAPX_MADV_POPULATE_READ);

    if (r == 0)
        return 1;
    if (r == -ENOTSUP && !mmapx_i_has_any(m, MMAPX_I_MIXED))
        return mmapx_i_has_any(m, MMAPX_I_PROT_R) ? 1 : -EFAULT;
    if (r == -EFAULT && is_hidden(&span))
        return 0;
    return r == -ENOMEM || r == -ENOTSUP ? r : -EFAULT;
}

/* After a commit that failed, the page cache has what the disk may not have.
 * Zeros in a hole are on the disk, and would fill it. */
static bool
may_be_lost(const struct mmapx_i_changes *c, unsigned char *page, bool is_empty)
{
    int64_t at = mmapx_i_place_of(c->m, page);
    int64_t end = at + (int64_t)mmapx_i_page_size(c->m);
    int64_t data = at, data_end = end;

    if (!mmapx_i_has_any(c->m, MMAPX_I_HALF_COMMITTED))
        return false;
    return !is_empty || !mmapx_os_next_data(c->fd, &data, end, &data_end)
           || data < end;
}

/* Whether a page differs: 1, 0 or -errno.  Past the end of the file there is
 * nothing to compare it with. */
static int
is_changed(const struct mmapx_i_changes *c, unsigned char *page)
{
    size_t size = mmapx_i_page_size(c->m);
    struct comparison part;
    bool is_empty = true;
    int differs = 0;
    int r = 0;

    for (size_t done = 0; done < size && r == 0 && differs == 0;
         done += part.len) {
        int64_t n = mmapx_os_read_at(c->fd, part.file, PART,
                                     mmapx_i_place_of(c->m, page + done));

        if (n < 0 || (n == 0 && done == 0))
            return (int)n;
        if (n == 0)
            break;
        part.memory = page + done;
        part.len = (size_t)n;
        if (done == 0) {
            r = may_read(c->m, page);
            if (r <= 0)
                return r;
        }
        r = mmapx_i_guard(c->m, differ, &part, &differs);
        is_empty = is_empty && mmapx_i_is_zero(part.file, part.len);
    }
    if (r == 0 && differs == 0)
        differs = may_be_lost(c, page, is_empty);
    return r < 0 ? (r == -EIO ? -EFAULT : r) : differs;
}

static int
compare(const struct mmapx_i_changes *c, struct mmapx_i_span *run)
{
    size_t page = mmapx_i_page_size(c->m);
    unsigned char *end = run->addr + run->len;
    int r = 0;

    for (; run->addr < end; run->addr += page) {
        r = is_changed(c, run->addr);
        if (r != 0)
            break;
    }
    run->len = 0;
    while (r > 0 && run->addr + run->len < end) {
        run->len += page;
        if (run->addr + run->len < end)
            r = is_changed(c, run->addr + run->len);
    }
    return r < 0 ? r : 0;
}

/* --- The next run --------------------------------------------------------- */

/* Ask for a few at first: the caller may want no more. */
static int
ask(struct mmapx_i_changes *c, const struct mmapx_i_span *rest)
{
    int n = mmapx_os_own_pages(c->pages, rest->addr, rest->len, c->runs,
                               c->asks_for);

    if (n < 0)
        return n;
    c->n_runs = (size_t)n;
    c->at_run = 0;
    c->knows_all = c->n_runs < c->asks_for;
    if (c->asks_for < MMAPX_OS_RUNS)
        c->asks_for *= 8;
    return 0;
}

static unsigned char *
end_of(const struct iovec *run)
{
    return (unsigned char *)(void *)run->iov_base + run->iov_len;
}

/* The first run of what is left, as the kernel says. */
static int
find_told(struct mmapx_i_changes *c, struct mmapx_i_span *run)
{
    unsigned char *begin;
    int r = 0;

    while (c->at_run < c->n_runs && end_of(&c->runs[c->at_run]) <= run->addr)
        c->at_run++;
    if (c->at_run == c->n_runs && !c->knows_all)
        r = ask(c, run);
    if (r < 0)
        return r;
    if (c->at_run == c->n_runs) {
        run->len = 0;
        return 0;
    }
    begin = (void *)c->runs[c->at_run].iov_base;
    if (begin > run->addr)
        run->addr = begin;
    run->len = (size_t)(end_of(&c->runs[c->at_run]) - run->addr);
    return 0;
}

/* What cannot be asked about any more is compared. */
static int
find_own(struct mmapx_i_changes *c, struct mmapx_i_span *run)
{
    if (c->pages >= 0) {
        if (find_told(c, run) == 0)
            return 0;
        mmapx_os_close(c->pages);
        c->pages = -ENOTSUP;
    }
    return c->fd >= 0 ? compare(c, run) : -ENOTSUP;
}

/* The pages that mmapx_guard_zeros() has replaced hold nothing for the file:
 * the part of a run before the first of them, and where to go on. */
int
mmapx_i_leave_out_replaced(const struct mmapx *m, struct mmapx_i_span *run,
                           unsigned char **next)
{
    struct mmapx_i_span replaced = *run;
    int r = mmapx_i_replaced(m, &replaced);

    *next = run->addr + run->len;
    if (r < 0 || replaced.len == 0)
        return r;
    run->len = (size_t)(replaced.addr - run->addr);
    *next = replaced.addr + replaced.len;
    return 0;
}

/* The next changed pages; run->len is 0 where there are no more.  Two runs may
 * adjoin. */
int
mmapx_i_changes_next(struct mmapx_i_changes *c, struct mmapx_i_span *run)
{
    unsigned char *end = c->rest.addr + c->rest.len;
    unsigned char *next;
    int r = 0;

    for (run->len = 0; c->rest.len > 0 && run->len == 0 && r == 0;) {
        *run = c->rest;
        next = end;
        r = find_own(c, run);
        if (r == 0 && run->len > 0)
            r = mmapx_i_leave_out_replaced(c->m, run, &next);
        c->rest.addr = next;
        c->rest.len = (size_t)(end - next);
    }
    return r;
}

/* --- Giving the copies back ----------------------------------------------- */

/* Where nothing drops them, the file is mapped there once more. */
static void
drop(const struct mmapx_i_commit *c, const struct mmapx_i_span *run)
{
    if (mmapx_os_drop(run->addr, run->len) == -ENOTSUP
        && c->compares_with >= 0 && !mmapx_i_has_any(c->m, MMAPX_I_MIXED))
        mmapx_i_map_over(run->addr, run->len, mmapx_i_protection(c->m),
                         MAP_PRIVATE, c->fd,
                         mmapx_i_place_of(c->m, run->addr));
}

/* Several at once, as far as the kernel takes them. */
static void
drop_all(const struct mmapx_i_commit *c, const struct iovec *list, size_t n)
{
    size_t done = 0;

    mmapx_os_madvise_batch(list, n, mmapx_os_advice(MMAPX_MADV_DONTNEED),
                           &done);
    for (; done < n; done++) {
        /* Some systems have a char pointer there. */
        struct mmapx_i_span run = { (void *)list[done].iov_base,
                                    list[done].iov_len };

        drop(c, &run);
    }
}

/* What was found by comparing is not found again: all is dropped but what
 * mmapx_guard_zeros() has replaced, which exists nowhere else. */
static void
drop_unseen(const struct mmapx_i_commit *c)
{
    struct mmapx_i_span run = c->span;
    unsigned char *end = run.addr + run.len;
    unsigned char *next;

    while (run.len > 0
           && mmapx_i_leave_out_replaced(c->m, &run, &next) == 0) {
        if (run.len > 0)
            drop(c, &run);
        run = (struct mmapx_i_span){ next, (size_t)(end - next) };
    }
}

/* Drop the copies, which the file has now.  One that cannot be dropped does no
 * harm. */
void
mmapx_i_commit_drop(const struct mmapx_i_commit *c)
{
    struct mmapx_i_changes changes;
    struct iovec list[MMAPX_OS_RUNS];
    struct mmapx_i_span run;
    size_t n = 0;

    if (mmapx_i_changes_begin(&changes, c->m, &c->span, c->compares_with) < 0)
        return;
    while (changes.pages >= 0 && mmapx_i_changes_next(&changes, &run) == 0
           && run.len > 0) {
        list[n++] = (struct iovec){ (void *)run.addr, run.len };
        if (n == MMAPX_OS_RUNS) {
            drop_all(c, list, n);
            n = 0;
        }
    }
    if (n > 0)
        drop_all(c, list, n);
    if (changes.pages < 0)
        drop_unseen(c);
    mmapx_i_changes_end(&changes);
}

/* SPDX-License-Identifier: MIT */
/* Bringing pages in, with an error where they cannot be had. */
#include "internal.h"

/* Bytes for one system call.  It is long against the cost of a call, and a
 * signal waits no longer than for that much to be read. */
enum { ADVICE_STEP = 32 << 20 };

/* Bytes by which two ways are compared; a range that is not long against that
 * is not worth it. */
enum { SAMPLE = 2 << 20, LEAST_CONTEST = 16 << 20 };

/* Bytes that a fault maps where they are in the cache: what Linux does unless
 * it is told otherwise.  If it is wrong, touching loses the comparison. */
enum { FAULT_AROUND = 64 << 10 };

/* Below this cost per MiB, in ns, the range must be mapped by huge pages, which
 * nothing beats: page by page the advice takes ten times as long.  Then the
 * steps are large, because the cost of each call would show. */
enum { HUGE_PAGE_COST = 8000, HUGE_PAGE_STEP = 8 * ADVICE_STEP };

struct touch {
    struct mmapx_i_span span;
    size_t page;
    bool writes;
};

/* Touch each page, for writing by a store that changes nothing: of a word,
 * since not every machine has atomic bytes. */
static int
touch(void *arg)
{
    const struct touch *t = arg;

    for (size_t i = 0; i < t->span.len; i += t->page) {
        void *word = t->span.addr + i;

        if (t->writes)
            __atomic_fetch_or((uintptr_t *)word, 0, __ATOMIC_RELAXED);
        else
            (void)*(volatile unsigned char *)word;
    }
    return 0;
}

/* For kernels without the advice. */
static int
populate_by_touch(const struct mmapx *m, const struct mmapx_i_span *span,
                  bool writes)
{
    struct touch t = { *span, mmapx_i_page_size(m), writes };
    int value;
    int r;

    /* We do not know where the protection allows it, and a touch where it does
     * not is a crash. */
    if (mmapx_i_has_any(m, MMAPX_I_MIXED))
        return -ENOTSUP;
    r = mmapx_i_guard(m, touch, &t, &value);
    return r == -EIO ? -EFAULT : r;
}

static size_t
lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* One step of advice, once more after each signal. */
static int
advise_again(const struct mmapx_i_span *step, enum mmapx_advice advice)
{
    int r;

    do
        r = mmapx_i_madvise(step, advice);
    while (r == -EINTR);
    return r;
}

static int
populate_by_advice(const struct mmapx *m, const struct mmapx_i_span *span,
                   enum mmapx_advice advice, bool loose)
{
    struct mmapx_i_span step;
    int r = 0;

    for (size_t done = 0; done < span->len && r == 0; done += step.len) {
        step.addr = span->addr + done;
        step.len = lesser(span->len - done, ADVICE_STEP);
        mmapx_i_read_in(m, &step, loose);
        r = advise_again(&step, advice);
    }
    return r;
}

/* --- Two ways for reading ------------------------------------------------- */

/*
 * The advice looks at each page, and maps one at a time; or whole huge pages,
 * which nothing beats.  A touch maps what lies around it, which is cheaper
 * where the cache holds smaller pieces.  A file may be cached in pieces of all
 * sizes, so the two are compared, and compared again.
 */
enum way { ADVICE, TOUCH, WAYS };

struct contest {
    struct mmapx_os_touch_fds touch;
    bool touch_is_open;
    uint64_t cost[WAYS]; /* ns for a MiB; 0: not known */
    size_t until_retry;  /* bytes until the loser has another chance */
    size_t retry_gap;    /* and those after that */
};

/* By touches; whatever they did not map, by advice. */
static int
populate_around(const struct contest *c, const struct mmapx_i_span *step)
{
    unsigned char *end = step->addr + step->len;
    struct mmapx_i_span hole = *step;
    int r = mmapx_os_touch(&c->touch, step->addr, step->len, FAULT_AROUND);

    while (r == 0 && hole.addr < end) {
        hole.len = (size_t)(end - hole.addr);
        r = mmapx_os_next_unmapped(&c->touch, &hole.addr, &hole.len);
        if (r < 0 || hole.len == 0)
            break;
        r = advise_again(&hole, MMAPX_MADV_POPULATE_READ);
        hole.addr += hole.len;
    }
    return r;
}

/* Which way to go on, and how far. */
static enum way
choose(struct contest *c, size_t *len)
{
    enum way winner = c->cost[TOUCH] < c->cost[ADVICE] ? TOUCH : ADVICE;

    *len = SAMPLE;
    if (c->cost[ADVICE] == 0)
        return ADVICE;
    if (c->cost[ADVICE] < HUGE_PAGE_COST) {
        *len = HUGE_PAGE_STEP;
        return ADVICE;
    }
    if (c->cost[TOUCH] == 0)
        return TOUCH;
    if (c->until_retry == 0) {
        c->retry_gap *= 2;
        c->until_retry = c->retry_gap;
        return winner == TOUCH ? ADVICE : TOUCH;
    }
    *len = lesser(c->until_retry, ADVICE_STEP);
    c->until_retry -= *len;
    return winner;
}

/* Without what it needs, touching has lost. */
static bool
can_touch(struct contest *c)
{
    if (!c->touch_is_open)
        c->touch_is_open = mmapx_os_touch_open(&c->touch) == 0;
    return c->touch_is_open;
}

static int
take_step(struct contest *c, enum way way, const struct mmapx_i_span *step)
{
    uint64_t began = mmapx_os_cpu_time();
    int r = 0;

    /* Where a touch fails the advice knows why. */
    if (way == ADVICE || populate_around(c, step) < 0)
        r = advise_again(step, MMAPX_MADV_POPULATE_READ);
    c->cost[way] = (mmapx_os_cpu_time() - began) * (1 << 20) / step->len + 1;
    return r;
}

static int
populate_by_contest(const struct mmapx *m, const struct mmapx_i_span *span,
                    bool loose)
{
    struct contest c = { .until_retry = ADVICE_STEP,
                         .retry_gap = ADVICE_STEP };
    struct mmapx_i_span rest = *span;
    int r = 0;

    while (rest.len > 0 && r == 0) {
        struct mmapx_i_span step = rest;
        enum way way = choose(&c, &step.len);

        if (way == TOUCH && !can_touch(&c))
            return populate_by_advice(m, &rest, MMAPX_MADV_POPULATE_READ,
                                      loose);
        if (step.len > rest.len)
            step.len = rest.len;
        mmapx_i_read_in(m, &step, loose);
        r = take_step(&c, way, &step);
        rest.addr += step.len;
        rest.len -= step.len;
    }
    if (c.touch_is_open)
        mmapx_os_touch_close(&c.touch);
    return r;
}

static int
populate_for_reading(const struct mmapx *m, const struct mmapx_i_span *span,
                     bool loose)
{
    if (mmapx_i_kind(m) == MMAPX_I_FILE && span->len >= LEAST_CONTEST
        && mmapx_i_page_size(m) == mmapx_os_page_size())
        return populate_by_contest(m, span, loose);
    return populate_by_advice(m, span, MMAPX_MADV_POPULATE_READ, loose);
}

/* -------------------------------------------------------------------------- */

int
mmapx_i_populate(const struct mmapx *m, size_t off, size_t len, int how,
                 bool loose)
{
    bool writes = how == MMAPX_POPULATE_WRITE;
    unsigned needed = writes ? MMAPX_I_PROT_W : MMAPX_I_PROT_R;
    struct mmapx_i_span span;
    int r;

    if (how != MMAPX_POPULATE_READ && how != MMAPX_POPULATE_WRITE)
        return -EINVAL;
    r = mmapx_i_span(m, off, len, MMAPX_I_OUTWARD, &span);
    if (r < 0 || span.len == 0)
        return r;
    if (!mmapx_i_has_any(m, MMAPX_I_MIXED) && !mmapx_i_has_any(m, needed))
        return -EACCES;

    r = writes ? populate_by_advice(m, &span, MMAPX_MADV_POPULATE_WRITE, loose)
               : populate_for_reading(m, &span, loose);
    if (r == -ENOTSUP)
        return populate_by_touch(m, &span, writes);
    /* The range was checked above, so EINVAL can only mean a protection that
     * forbids it. */
    return r == -EINVAL ? -EACCES : r;
}

int
mmapx_populate(const struct mmapx *m, size_t off, size_t len, int flags)
{
    return mmapx_i_result(mmapx_i_populate(m, off, len, flags, false));
}

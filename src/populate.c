/* SPDX-License-Identifier: MIT */
/* Bringing pages in, with an error where they cannot be had. */
#include "internal.h"

/* Bytes for one system call.  It is long against the cost of a call, and a
 * signal waits no longer than for that much to be read. */
enum { STEP = 32 << 20 };

/* Bytes by which two ways are compared; a range that is not long against that
 * is not worth it. */
enum { SAMPLE = 2 << 20, LARGE = 16 << 20 };

/* Bytes that a fault maps where they are in the cache: what Linux does unless
 * it is told otherwise.  If it is wrong, touching loses the comparison. */
enum { AROUND = 64 << 10 };

/* ns for a MiB that only whole huge pages are mapped in, with the cost of a
 * call for few of them: no other way is as fast, and page by page the advice
 * takes ten times as long.  In steps of the usual length the calls would show.
 */
enum { FAST = 8000, FAST_STEP = 8 * STEP };

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

    /* Where it may be done is not known, and a wrong touch is a crash. */
    if (mmapx_i_has_any(m, MMAPX_I_MIXED))
        return -ENOTSUP;
    r = mmapx_i_guard(m, touch, &t, &value);
    return r == -EIO ? -EFAULT : r;
}

/* In one call, and once more after a signal. */
static int
advise(const struct mmapx_i_span *step, enum mmapx_advice advice)
{
    int r;

    do
        r = mmapx_i_madvise(step, advice);
    while (r == -EINTR);
    return r;
}

static int
populate_by_advice(const struct mmapx_i_span *span, enum mmapx_advice advice)
{
    struct mmapx_i_span step;
    int r = 0;

    for (size_t done = 0; done < span->len && r == 0; done += step.len) {
        step.addr = span->addr + done;
        step.len = span->len - done < STEP ? span->len - done : STEP;
        r = advise(&step, advice);
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

struct race {
    struct mmapx_os_toucher toucher;
    bool open;
    uint64_t cost[WAYS]; /* ns for a MiB; 0: not known */
    size_t left;         /* bytes until the loser has another chance */
    size_t gap;          /* and those after that */
};

/* By touches; whatever they did not map, by advice. */
static int
populate_around(const struct race *race, const struct mmapx_i_span *step)
{
    unsigned char *end = step->addr + step->len;
    struct mmapx_i_span hole = *step;
    int r = mmapx_os_touch(&race->toucher, step->addr, step->len, AROUND);

    while (r == 0 && hole.addr < end) {
        hole.len = (size_t)(end - hole.addr);
        r = mmapx_os_unmapped(&race->toucher, &hole.addr, &hole.len);
        if (r < 0 || hole.len == 0)
            break;
        r = advise(&hole, MMAPX_MADV_POPULATE_READ);
        hole.addr += hole.len;
    }
    return r;
}

/* Which way to go on, and how far. */
static enum way
choose(struct race *race, size_t *len)
{
    enum way winner = race->cost[TOUCH] < race->cost[ADVICE] ? TOUCH : ADVICE;

    *len = SAMPLE;
    if (race->cost[ADVICE] == 0)
        return ADVICE;
    if (race->cost[ADVICE] < FAST) {
        *len = FAST_STEP;
        return ADVICE;
    }
    if (race->cost[TOUCH] == 0)
        return TOUCH;
    if (race->left == 0) {
        race->gap *= 2;
        race->left = race->gap;
        return winner == TOUCH ? ADVICE : TOUCH;
    }
    *len = race->left < STEP ? race->left : STEP;
    race->left -= *len;
    return winner;
}

/* Without what it needs, touching has lost. */
static bool
can_touch(struct race *race)
{
    if (!race->open)
        race->open = mmapx_os_toucher_open(&race->toucher) == 0;
    return race->open;
}

static int
take_step(struct race *race, enum way way, const struct mmapx_i_span *step)
{
    uint64_t began = mmapx_os_cpu_time();
    int r = 0;

    /* Where a touch fails the advice knows why. */
    if (way == ADVICE || populate_around(race, step) < 0)
        r = advise(step, MMAPX_MADV_POPULATE_READ);
    race->cost[way] = (mmapx_os_cpu_time() - began) * (1 << 20) / step->len + 1;
    return r;
}

static int
populate_by_race(const struct mmapx_i_span *span)
{
    struct race race = { .left = STEP, .gap = STEP };
    struct mmapx_i_span rest = *span;
    int r = 0;

    while (rest.len > 0 && r == 0) {
        struct mmapx_i_span step = rest;
        enum way way = choose(&race, &step.len);

        if (way == TOUCH && !can_touch(&race))
            return populate_by_advice(&rest, MMAPX_MADV_POPULATE_READ);
        if (step.len > rest.len)
            step.len = rest.len;
        r = take_step(&race, way, &step);
        rest.addr += step.len;
        rest.len -= step.len;
    }
    if (race.open)
        mmapx_os_toucher_close(&race.toucher);
    return r;
}

static int
populate_for_reading(const struct mmapx *m, const struct mmapx_i_span *span)
{
    if (mmapx_i_kind(m) == MMAPX_I_FILE && span->len >= LARGE
        && mmapx_i_page_size(m) == mmapx_os_page_size())
        return populate_by_race(span);
    return populate_by_advice(span, MMAPX_MADV_POPULATE_READ);
}

/* -------------------------------------------------------------------------- */

int
mmapx_i_populate(const struct mmapx *m, size_t off, size_t len, int flags)
{
    bool writes = flags == MMAPX_POPULATE_WRITE;
    unsigned needed = writes ? MMAPX_I_PROT_W : MMAPX_I_PROT_R;
    struct mmapx_i_span span;
    int r;

    if (flags != MMAPX_POPULATE_READ && flags != MMAPX_POPULATE_WRITE)
        return -EINVAL;
    r = mmapx_i_span(m, off, len, MMAPX_I_OUTWARD, &span);
    if (r < 0 || span.len == 0)
        return r;
    if (!mmapx_i_has_any(m, MMAPX_I_MIXED) && !mmapx_i_has_any(m, needed))
        return -EACCES;

    r = writes ? populate_by_advice(&span, MMAPX_MADV_POPULATE_WRITE)
               : populate_for_reading(m, &span);
    if (r == -ENOTSUP)
        return populate_by_touch(m, &span, writes);
    /* The range is right, so it is the protection that is not. */
    return r == -EINVAL ? -EACCES : r;
}

int
mmapx_populate(const struct mmapx *m, size_t off, size_t len, int flags)
{
    return mmapx_i_result(mmapx_i_populate(m, off, len, flags));
}

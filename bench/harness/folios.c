/* SPDX-License-Identifier: MIT */
/* States of the page cache: making them, and checking that they are so. */
#include "harness/folios.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/output.h"

/* MADV_POPULATE_READ, which C libraries are too old for. */
enum { ADVICE_POPULATE_READ = 22 };

/* --- Making them --------------------------------------------------------- */

/* Advice makes the read-ahead use folios of 2 MiB. */
static bool
fill_large(const struct file *f)
{
    char *p = mmap(NULL, f->size, PROT_READ, MAP_SHARED, f->fd, 0);
    bool filled;

    if (p == MAP_FAILED)
        return false;
    madvise(p, f->size, MADV_HUGEPAGE);
    filled = madvise(p, f->size, ADVICE_POPULATE_READ) == 0;
    munmap(p, f->size);
    return filled;
}

/* A write makes folios of its own size; they stay when they are clean. */
static bool
fill_medium(const struct file *f)
{
    return file_write(f, MIB);
}

/* Without read-ahead each page gets a folio. */
static bool
fill_small(const struct file *f, size_t from, size_t len)
{
    bool filled = true;

    posix_fadvise(f->fd, 0, 0, POSIX_FADV_RANDOM);
    for (size_t done = 0; done < len && filled; done += MIB) {
        size_t n = len - done < MIB ? len - done : MIB;

        filled = pread(f->fd, file_buffer(), n, (off_t)(from + done))
                 == (ssize_t)n;
    }
    posix_fadvise(f->fd, 0, 0, POSIX_FADV_NORMAL);
    return filled;
}

/* One percent, in pieces; a piece may be met twice. */
static bool
fill_some(const struct file *f, size_t piece)
{
    bool filled = true;

    for (size_t done = 0; done < f->size / 100 && filled; done += piece)
        filled = fill_small(f, (size_t)random_below(f->size / piece) * piece,
                            piece);
    return filled;
}

static bool
fill(const struct file *f, enum state state)
{
    switch (state) {
    case STATE_L:
        return fill_large(f);
    case STATE_M:
        return fill_medium(f);
    case STATE_S:
        return fill_small(f, 0, f->size);
    case STATE_RANDOM:
        return fill_some(f, page_size());
    case STATE_CLUSTERED:
        return fill_some(f, MIB);
    default:
        return true;
    }
}

const char *
state_name(enum state state)
{
    static const char *const names[] = {
        [STATE_EMPTY] = "-",  [STATE_L] = "L",      [STATE_M] = "M",
        [STATE_S] = "S",      [STATE_RANDOM] = "1r", [STATE_CLUSTERED] = "1c",
    };

    return names[state];
}

/* --- Checking that the state is what it should be ------------------------ */

enum {
    ORDERS         = 12,
    PRESENT        = 63, /* bits of /proc/self/pagemap's and */
    COMPOUND_HEAD  = 15, /* /proc/kpageflags' words */
    COMPOUND_TAIL  = 16,
};
#define FRAME_MASK (((uint64_t)1 << 55) - 1)

struct frames {
    int map, flags;
};

static uint64_t
word_at(int fd, uint64_t index)
{
    uint64_t word = 0;

    return pread(fd, &word, 8, (off_t)(index * 8)) == 8 ? word : 0;
}

/* The folio's pages from a page frame on, as a power of two. */
static int
order_of(const struct frames *in, uint64_t frame)
{
    int order = 0;

    /* A tail's head is at most so far away as the folio is long. */
    while ((word_at(in->flags, frame) >> COMPOUND_TAIL & 1) != 0)
        frame--;
    if ((word_at(in->flags, frame) >> COMPOUND_HEAD & 1) == 0)
        return 0;
    while (order + 1 < ORDERS
           && (word_at(in->flags, frame + ((uint64_t)1 << order))
               >> COMPOUND_TAIL & 1) != 0)
        order++;
    return order;
}

/* Look at pages here and there.  False: only root sees frames. */
static bool
sample_orders(const struct file *f, unsigned *orders, unsigned samples)
{
    struct frames in = { open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC),
                         open("/proc/kpageflags", O_RDONLY | O_CLOEXEC) };
    bool seen = in.map >= 0 && in.flags >= 0;

    for (unsigned i = 0; i < samples && seen; i++) {
        uint64_t page = random_below(f->size / page_size());
        volatile char *p = mmap(NULL, page_size(), PROT_READ, MAP_SHARED, f->fd,
                                (off_t)(page * page_size()));
        uint64_t word;

        if (p == MAP_FAILED)
            break;
        (void)*p;
        word = word_at(in.map, (uintptr_t)p / page_size());
        seen = (word >> PRESENT & 1) != 0 && (word & FRAME_MASK) != 0;
        if (seen)
            orders[order_of(&in, word & FRAME_MASK)]++;
        munmap((void *)(uintptr_t)p, page_size());
    }
    close(in.map);
    close(in.flags);
    return seen;
}

/* How many percent of a sample are in folios of the size that is meant. */
static unsigned
right_percent(enum state state, const unsigned *orders, unsigned samples)
{
    size_t size = state == STATE_L ? 2 * MIB : state == STATE_M ? MIB
                                                                : page_size();
    int order = 0;

    while (page_size() << order < size)
        order++;
    return orders[order] * 100 / samples;
}

static void
report_state(const struct file *f, enum state state)
{
    enum { SAMPLES = 200 };
    unsigned orders[ORDERS] = { 0 };
    uint64_t cached = file_cached(f);
    size_t page = page_size();
    double percent = (double)cached * (double)page * 100 / (double)f->size;
    bool whole = state == STATE_L || state == STATE_M || state == STATE_S;
    const char *size = bytes_text((double)f->size);

    if (cached == UINT64_MAX)
        percent = -1;
    if (!whole)
        note("state %s of %s: %.2f %% cached", state_name(state), size,
             percent);
    else if (sample_orders(f, orders, SAMPLES))
        note("state %s of %s: %.2f %% cached, %u %% of a sample in folios of "
             "that size", state_name(state), size, percent,
             right_percent(state, orders, SAMPLES));
    else
        note("state %s of %s: %.2f %% cached, folios not verified (needs root)",
             state_name(state), size, percent);
}

bool
file_fill(const struct file *f, enum state state)
{
    file_evict(f);
    return fill(f, state);
}

bool
file_set(const struct file *f, enum state state)
{
    if (out_of_time())
        return false;
    if (!file_fill(f, state)) {
        note("state %s: %s", state_name(state), strerror(errno));
        return false;
    }
    report_state(f, state);
    return true;
}

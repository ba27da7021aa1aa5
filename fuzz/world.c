/* SPDX-License-Identifier: MIT */
/* The model: what is drawn, what memory and files have to hold, ranges. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "model.h"
#include "world.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint64_t model_calls;

size_t page;
bool lock_is_limited;
bool on_disk;
unsigned char *zeroes;
unsigned char *copy;

struct file files[FILES];
struct region regions[REGIONS];
struct view views[VIEWS];

/* --- The bytes of the run ------------------------------------------------- */

static const uint8_t *input;
static size_t input_left;

void
begin_input(const uint8_t *data, size_t size)
{
    input = data;
    input_left = size;
}

bool
input_is_left(void)
{
    return input_left > 0;
}

unsigned
take(void)
{
    if (input_left == 0)
        return 0;
    input_left--;
    return *input++;
}

unsigned
take_below(unsigned n)
{
    return take() % n;
}

size_t
take_size(size_t most)
{
    unsigned how = take();
    size_t near = how >> 4;
    size_t base;

    switch (how & 7) {
    case 0:
        return near;
    case 1:
        return most > near ? most - near : 0;
    case 2:
        base = take_below(REGION_PAGES) * page;
        return base > near ? base - near : 0;
    case 3:
        return take_below(REGION_PAGES) * page + near;
    case 4:
        return take_below(REGION_PAGES) * page;
    default:
        base = (size_t)take() << 8;
        return (base | take()) % (most + 1);
    }
}

int
take_prot(void)
{
    static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE,
                                 PROT_READ | PROT_WRITE,
                                 PROT_READ | PROT_EXEC };

    return prots[take_below(5)];
}

bool
take_target(struct target *t)
{
    unsigned i = take_below(REGIONS + VIEWS);

    if (i < REGIONS) {
        struct region *r = &regions[i];

        *t = (struct target){ &r->m, r, r->m.len > 0 ? r->head : 0, false };
        return r->used;
    }
    *t = (struct target){ &views[i - REGIONS].m, views[i - REGIONS].region,
                          views[i - REGIONS].start, true };
    return t->region != NULL;
}

/* A page edge inside the mapping, or one of its own, in bytes from addr. */
static size_t
take_edge(const struct target *t)
{
    size_t at = take_below((unsigned)t->region->pages + 1) * page;

    at = at > t->start ? at - t->start : 0;
    return at < t->m->len ? at : t->m->len;
}

/* A range of the mapping; now and then not one. */
static void
take_range(const struct target *t, size_t *off, size_t *n)
{
    size_t len = t->m->len;
    size_t other;

    *off = take_size(len) % (len + 1);
    *n = take_size(len - *off) % (len - *off + 1);
    switch (take_below(16)) {
    case 0:
        *n = MMAPX_TO_END;
        break;
    case 1:
        *n = SIZE_MAX - take();
        break;
    case 2:
        *off = SIZE_MAX - take();
        break;
    case 3:
        *n = len - *off + 1 + take();
        break;
    case 4:
    case 5:
        *off = 0;
        *n = len;
        break;
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
        *off = take_edge(t);
        other = take_edge(t);
        *n = other > *off ? other - *off : *off - other;
        *off = other > *off ? *off : other;
        break;
    default:
        break;
    }
}

bool
take_target_range(struct target *t, size_t *off, size_t *n)
{
    if (!take_target(t))
        return false;
    take_range(t, off, n);
    return true;
}

/* --- Failing -------------------------------------------------------------- */

const char *doing = "nothing";

_Noreturn void
fail(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "model: %s: ", doing);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

void
expect(int r, int outcome)
{
    int code = r == -1 ? errno : 0;

    model_calls++;
    if (code != outcome || (r != 0 && r != -1))
        fail("returned %d, errno %d, not errno %d", r, code, outcome);
}

int
expect_any(int r, const int *outcomes, size_t n)
{
    int code = r == -1 ? errno : 0;

    model_calls++;
    for (size_t i = 0; i < n; i++)
        if (code == outcomes[i])
            return code;
    fail("returned %d, errno %d", r, code);
}

void
need(bool done)
{
    if (!done)
        fail("the harness cannot go on: errno %d", errno);
}

/* --- What memory has to hold ---------------------------------------------- */

bool
is_private(const struct region *r)
{
    return !r->shared;
}

unsigned char *
memory(const struct region *r, size_t p)
{
    return (unsigned char *)r->m.addr - (r->m.len > 0 ? r->head : 0)
           + p * page;
}

bool
is_backed(const struct region *r, size_t p)
{
    return r->file == NULL || (r->first + p) * page < r->file->size;
}

const unsigned char *
under(const struct region *r, size_t p, size_t *known)
{
    size_t at = (r->first + p) * page;

    *known = page;
    if (r->file == NULL)
        return zeroes;
    *known = r->file->size > at ? r->file->size - at : 0;
    if (*known > page)
        *known = page;
    return r->file->bytes + at;
}

static bool
can_read(const struct region *r, size_t p)
{
    return (r->page[p].prot & PROT_READ) != 0 && is_backed(r, p);
}

static bool
equals_under(const struct region *r, size_t p)
{
    size_t known;
    const unsigned char *bytes = under(r, p, &known);

    return memcmp(memory(r, p), bytes, known) == 0;
}

static bool
equals_own(const struct region *r, size_t p)
{
    return memcmp(memory(r, p), r->page[p].own, page) == 0;
}

void
check_page(const struct region *r, size_t p)
{
    enum state state = r->page[p].state;

    if (!can_read(r, p))
        return;
    if (!((state != OWN && equals_under(r, p))
          || (state != UNDER && equals_own(r, p))))
        fail("page %zu of region %zu has other bytes (state %d)", p,
             (size_t)(r - regions), (int)state);
}

void
check_region(const struct region *r)
{
    for (size_t p = 0; r->used && p < r->pages; p++)
        check_page(r, p);
}

static void
check_files(void)
{
    for (size_t i = 0; i < FILES; i++) {
        const struct file *f = &files[i];

        if (lseek(f->fd, 0, SEEK_END) != (off_t)f->size)
            fail("file %zu has %lld bytes, not %zu", i,
                 (long long)lseek(f->fd, 0, SEEK_END), f->size);
        if (pread(f->fd, copy, f->size, 0) != (ssize_t)f->size
            || memcmp(copy, f->bytes, f->size) != 0)
            fail("file %zu has other bytes", i);
    }
}

void
check_all(void)
{
    for (size_t i = 0; i < REGIONS; i++)
        check_region(&regions[i]);
    check_files();
}

void
make_own(struct region *r, size_t p)
{
    if (is_private(r) || r->file == NULL) {
        r->page[p].state = OWN;
        memcpy(r->page[p].own, memory(r, p), page);
    }
}

void
maybe_own(struct region *r, size_t p)
{
    struct page *pg = &r->page[p];

    if (!is_private(r) || pg->state == OWN || !can_read(r, p))
        return;
    if (pg->state == EITHER && !equals_under(r, p)) {
        pg->state = OWN;
        return;
    }
    memcpy(pg->own, memory(r, p), page);
    pg->state = EITHER;
}

void
change_file(struct file *f, size_t at, const unsigned char *bytes, size_t n)
{
    if (at >= f->size)
        return;
    if (n > f->size - at)
        n = f->size - at;
    memcpy(f->bytes + at, bytes, n);
}

void
set_file_size(struct file *f, size_t size)
{
    if (size < f->size)
        memset(f->bytes + size, 0, f->size - size);
    f->size = size;
    for (size_t i = 0; i < REGIONS; i++) {
        struct region *r = &regions[i];

        for (size_t p = 0; r->used && r->file == f && p < REGION_PAGES; p++)
            if (!is_backed(r, p))
                r->page[p].state = UNDER;
    }
}

/* --- Ranges --------------------------------------------------------------- */

bool
range_is_good(const struct target *t, size_t off, size_t *n)
{
    if (off > t->m->len)
        return false;
    if (*n == MMAPX_TO_END)
        *n = t->m->len - off;
    return *n <= t->m->len - off;
}

struct pages
outward(const struct target *t, size_t off, size_t n)
{
    size_t begin = t->start + off;

    if (n == 0)
        return (struct pages){ 0, 0 };
    return (struct pages){ begin / page, (begin + n - 1) / page + 1 };
}

static bool
begins_at_edge(const struct target *t, size_t off, bool own_edges)
{
    return (t->start + off) % page == 0 || (own_edges && off == 0);
}

static bool
ends_at_edge(const struct target *t, size_t off, size_t n, bool own_edges)
{
    return (t->start + off + n) % page == 0
           || (own_edges && off + n == t->m->len);
}

struct pages
inward(const struct target *t, size_t off, size_t n, bool own_edges)
{
    struct pages in = outward(t, off, n);

    own_edges = own_edges && !t->is_view;
    if (n == 0)
        return in;
    if (!begins_at_edge(t, off, own_edges))
        in.from++;
    if (!ends_at_edge(t, off, n, own_edges))
        in.to--;
    if (in.from > in.to)
        in.to = in.from;
    return in;
}

bool
is_exact(const struct target *t, size_t off, size_t n)
{
    return n == 0
           || (begins_at_edge(t, off, !t->is_view)
               && ends_at_edge(t, off, n, !t->is_view));
}

bool
is_whole(const struct region *r, struct pages in)
{
    return in.from == 0 && in.to == r->pages;
}

bool
is_allowed(const struct region *r, struct pages in, int prot)
{
    for (size_t p = in.from; p < in.to; p++)
        if ((r->page[p].prot & prot) != prot)
            return false;
    return true;
}

size_t
first_locked(const struct region *r, struct pages in)
{
    size_t p = in.from;

    while (p < in.to && !r->page[p].locked)
        p++;
    return p;
}

/* SPDX-License-Identifier: MIT */
/* The model: what memory and files have to hold, and ranges. */
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
bool has_proc;
unsigned char *zeroes;
unsigned char *copy;

struct file files[FILES];
struct region regions[REGIONS];
struct view views[VIEWS];

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

int
believed(const struct target *t)
{
    return t->is_view ? -1 : t->region->prot;
}

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
maybe_own_pages(struct region *r, struct pages in)
{
    for (size_t p = in.from; p < in.to && is_backed(r, p); p++)
        if ((r->page[p].prot & PROT_WRITE) != 0)
            maybe_own(r, p);
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

/* --- What handles have to hold -------------------------------------------- */

void
check_handle(const struct region *r, size_t len)
{
    const unsigned char *first = memory(r, 0);

    if (r->m.len != len)
        fail("%zu bytes, not %zu", r->m.len, len);
    if ((uintptr_t)first % page != 0)
        fail("the mapping begins at %p", r->m.addr);
    if (mmapx_page_size(&r->m) != page)
        fail("pages of %zu bytes", mmapx_page_size(&r->m));
}

void
check_room(const struct region *r)
{
    size_t room = r->room > 0 ? r->room * page - r->head : r->m.len;

    model_calls++;
    if (mmapx_room(&r->m) != room)
        fail("room for %zu bytes, not %zu", mmapx_room(&r->m), room);
}

void
check_unchanged(const struct mmapx *m, const struct mmapx *before)
{
    if (memcmp(m, before, sizeof *before) != 0)
        fail("a failure changed the handle");
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

/* SPDX-License-Identifier: MIT */
/*
 * The model: an array of bytes for each file, and for each mapping a table of
 * its pages: protection, whether locked, and whether the page is the file's or
 * the mapping's own.  The calls are made on the real kernel.  After each the
 * result is compared, errno included, and what can be read of the memory and
 * of the files; at the end of a run /proc/self/maps as well.
 *
 * The arithmetic on pages is done here once more, and otherwise: by numbers of
 * pages from the mapping's first one.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "model.h"

#include <libmmapx.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    FILES = 3,
    REGIONS = 4,
    VIEWS = 2,
    FILE_PAGES = 12,   /* the most that a file is made to have */
    REGION_PAGES = 24, /* and a mapping, with what it may reach of the file */
};

uint64_t model_calls;

static size_t page;
static bool lock_is_limited;  /* RLIMIT_MEMLOCK, to anybody but root */
static int next_fd;           /* while nothing has been left open */
static unsigned char *zeroes; /* a page of them */
static unsigned char *copy;   /* room for a mapping */

static struct file {
    int fd;
    int read_only; /* a second descriptor */
    size_t size;
    unsigned char *bytes; /* zero from size on */
} files[FILES];

enum state {
    UNDER,  /* the file's bytes; zero where there is no file */
    OWN,    /* the mapping's */
    EITHER, /* one of the two: the kernel may have done it, or may yet */
};

struct page {
    int prot;
    bool locked;
    enum state state;
    unsigned char *own;
};

static struct region {
    bool used;
    bool shared;
    bool read_only;    /* the descriptor was */
    bool split;        /* its pages were not all alike, once */
    bool foreign;      /* a view has changed its protection */
    struct file *file; /* NULL: anonymous */
    size_t first;      /* the page of the file where it begins */
    size_t head;       /* bytes of that page before the mapping's first one */
    size_t pages;
    int prot; /* what the handle knows; -1 that it is not one */
    struct mmapx m;
    struct page page[REGION_PAGES];
} regions[REGIONS];

static struct view {
    struct region *region; /* NULL: unused */
    size_t start;          /* bytes from the region's first page on */
    struct mmapx m;
} views[VIEWS];

/* A handle, of whichever kind. */
struct target {
    struct mmapx *m;
    struct region *region;
    size_t start;
    bool is_view;
};

#if defined __has_feature
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#if defined __SANITIZE_ADDRESS__
#define WITH_ASAN 1
#endif

/* The sanitizer's do nothing.  The library is to find these, also if it is a
 * shared one. */
#ifdef WITH_ASAN
#pragma GCC visibility push(default)
int
mlock(const void *addr, size_t len)
{
    return (int)syscall(SYS_mlock, addr, len);
}

int
munlock(const void *addr, size_t len)
{
    return (int)syscall(SYS_munlock, addr, len);
}
#pragma GCC visibility pop
#endif

/* --- The bytes of the run ------------------------------------------------- */

static const uint8_t *input;
static size_t input_left;

static unsigned
take(void)
{
    if (input_left == 0)
        return 0;
    input_left--;
    return *input++;
}

static unsigned
take_below(unsigned n)
{
    return take() % n;
}

/* A number of bytes up to about most: anywhere, or near an edge. */
static size_t
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

/* --- Failing -------------------------------------------------------------- */

static const char *doing = "nothing";

__attribute__((format(printf, 1, 2))) static _Noreturn void
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

/* A call that has to come out so: 0, or an errno. */
static void
expect(int r, int outcome)
{
    int code = r == -1 ? errno : 0;

    model_calls++;
    if (code != outcome || (r != 0 && r != -1))
        fail("returned %d, errno %d, not errno %d", r, code, outcome);
}

/* The same where several errnos are right; 0 among them is success. */
static int
expect_any(int r, const int *outcomes, size_t n)
{
    int code = r == -1 ? errno : 0;

    model_calls++;
    for (size_t i = 0; i < n; i++)
        if (code == outcomes[i])
            return code;
    fail("returned %d, errno %d", r, code);
}

#define EXPECT_ANY(r, ...)                                                     \
    expect_any(r, (const int[]){ __VA_ARGS__ },                                \
               sizeof(const int[]){ __VA_ARGS__ } / sizeof(int))

static void
need(bool done)
{
    if (!done)
        fail("the harness cannot go on: errno %d", errno);
}

/* --- What memory has to hold ---------------------------------------------- */

static bool
is_private(const struct region *r)
{
    return !r->shared;
}

static unsigned char *
memory(const struct region *r, size_t p)
{
    return (unsigned char *)r->m.addr - (r->m.len > 0 ? r->head : 0)
           + p * page;
}

/* Whether the file reaches to the page, so that a touch is no SIGBUS. */
static bool
is_backed(const struct region *r, size_t p)
{
    return r->file == NULL || (r->first + p) * page < r->file->size;
}

/* The bytes below a page, and how many of them are defined. */
static const unsigned char *
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

static void
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

static void
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

static void
check_all(void)
{
    for (size_t i = 0; i < REGIONS; i++)
        check_region(&regions[i]);
    check_files();
}

/* The page has become the mapping's own, as it is now. */
static void
make_own(struct region *r, size_t p)
{
    if (is_private(r) || r->file == NULL) {
        r->page[p].state = OWN;
        memcpy(r->page[p].own, memory(r, p), page);
    }
}

/* The kernel may have made it so, or may have left it. */
static void
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

/* --- Ranges --------------------------------------------------------------- */

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

struct pages {
    size_t from;
    size_t to;
};

static bool
range_is_good(const struct target *t, size_t off, size_t *n)
{
    if (off > t->m->len)
        return false;
    if (*n == MMAPX_TO_END)
        *n = t->m->len - off;
    return *n <= t->m->len - off;
}

static struct pages
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

static struct pages
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

static bool
is_exact(const struct target *t, size_t off, size_t n)
{
    return n == 0
           || (begins_at_edge(t, off, !t->is_view)
               && ends_at_edge(t, off, n, !t->is_view));
}

static bool
is_whole(const struct region *r, struct pages in)
{
    return in.from == 0 && in.to == r->pages;
}

/* The first page from in.from on that is locked, or in.to. */
static size_t
first_locked(const struct region *r, struct pages in)
{
    size_t p = in.from;

    while (p < in.to && !r->page[p].locked)
        p++;
    return p;
}

/* --- Mapping -------------------------------------------------------------- */

static void
drop_views(const struct region *r)
{
    for (size_t i = 0; i < VIEWS; i++)
        if (views[i].region == r) {
            expect(mmapx_unmap(&views[i].m), 0);
            views[i].region = NULL;
        }
}

static void
end_region(struct region *r)
{
    if (!r->used)
        return;
    drop_views(r);
    expect(mmapx_unmap(&r->m), 0);
    if (r->m.addr != NULL || r->m.len != 0)
        fail("the handle is not cleared");
    r->used = false;
}

static int
take_prot(void)
{
    static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE,
                                 PROT_READ | PROT_WRITE,
                                 PROT_READ | PROT_EXEC };

    return prots[take_below(5)];
}

/* The model of a mapping that was just made. */
static void
begin_region(struct region *r, struct file *file, size_t offset, int prot,
             bool shared, bool read_only)
{
    r->used = true;
    r->shared = shared;
    r->read_only = read_only;
    r->split = false;
    r->foreign = false;
    r->file = file;
    r->first = offset / page;
    r->head = offset % page;
    r->pages = (r->head + r->m.len + page - 1) / page;
    if (r->m.len == 0)
        r->pages = 1;
    r->prot = prot;
    for (size_t p = 0; p < REGION_PAGES; p++) {
        r->page[p].prot = prot;
        r->page[p].locked = false;
        r->page[p].state = UNDER;
    }
}

static struct region *
take_unused(void)
{
    struct region *r = &regions[take_below(REGIONS)];

    end_region(r);
    memset(&r->m, 0x5a, sizeof r->m);
    return r;
}

/* How the handle has to begin. */
static void
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

static void
do_map(void)
{
    struct region *r = take_unused();
    struct file *f = &files[take_below(FILES)];
    bool shared = take_below(2) == 0;
    bool read_only = take_below(4) == 0;
    int fd = read_only ? f->read_only : f->fd;
    int prot = take_prot();
    int flags = shared ? MAP_SHARED : MAP_PRIVATE;
    size_t offset = take_size(FILE_PAGES * page) % (FILE_PAGES * page);
    size_t len = take_size(f->size) % (FILE_PAGES * page);
    bool to_end = take_below(4) == 0;
    struct mmapx before = r->m;
    int outcome = 0;

    if (shared && read_only && (prot & PROT_WRITE) != 0)
        outcome = EACCES;
    if (to_end && offset > f->size)
        outcome = ENXIO;
    doing = "map";
    if (take_below(4) == 0) {
        char path[40];

        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        offset = 0;
        to_end = true;
        doing = "map_path";
        outcome = 0;
        read_only = !shared || (prot & PROT_WRITE) == 0;
        expect(mmapx_map_path(&r->m, path, prot, flags), outcome);
    } else {
        expect(mmapx_map_region(&r->m, fd, (int64_t)offset,
                                to_end ? MMAPX_TO_END : len, prot, flags),
               outcome);
    }
    if (outcome != 0) {
        if (memcmp(&r->m, &before, sizeof before) != 0)
            fail("a failure changed the handle");
        return;
    }
    begin_region(r, f, offset, prot, shared, read_only);
    check_handle(r, to_end ? f->size - offset : len);
}

static void
do_map_anon(void)
{
    struct region *r = take_unused();
    bool shared = take_below(2) == 0;
    int prot = take_prot();
    size_t len = take_size(FILE_PAGES * page) % (FILE_PAGES * page);

    doing = "map_anon";
    expect(mmapx_map_anon(&r->m, len, prot,
                          shared ? MAP_SHARED : MAP_PRIVATE),
           0);
    begin_region(r, NULL, 0, prot, shared, false);
    check_handle(r, len);
}

/* Nothing is replaced, whatever is asked for. */
static void
do_map_at(void)
{
#ifdef MAP_FIXED_NOREPLACE
    struct region *r = &regions[take_below(REGIONS)];
    struct file *f = &files[take_below(FILES)];
    size_t offset = take_size(FILE_PAGES * page) % (FILE_PAGES * page);
    struct mmapx m, before;
    char *addr;
    int outcome;

    doing = "map_at";
    if (!r->used)
        return;
    addr = (char *)memory(r, take_below((unsigned)r->pages)) + take_below(4);
    memset(&m, 0x5a, sizeof m);
    before = m;
    outcome = (uintptr_t)addr % page == offset % page ? EEXIST : EINVAL;
    expect(mmapx_map_at(&m, addr, f->fd, (int64_t)offset, 1 + take(),
                        PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE),
           outcome);
    if (memcmp(&m, &before, sizeof m) != 0)
        fail("a failure changed the handle");
#endif
}

static void
do_view(void)
{
    struct region *r = &regions[take_below(REGIONS)];
    struct view *v = &views[take_below(VIEWS)];
    size_t start, len;

    doing = "view";
    if (!r->used)
        return;
    start = take_size(r->pages * page) % (r->pages * page);
    len = take_size(r->pages * page - start) % (r->pages * page - start + 1);
    v->region = r;
    v->start = start;
    expect(mmapx_view(&v->m, memory(r, 0) + start, len), 0);
}

static void
do_unmap(void)
{
    doing = "unmap";
    end_region(&regions[take_below(REGIONS)]);
}

/* One of the handles that are there; false if it is not. */
static bool
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

/* Whether all pages have the access. */
static bool
is_allowed(const struct region *r, struct pages in, int prot)
{
    for (size_t p = in.from; p < in.to; p++)
        if ((r->page[p].prot & prot) != prot)
            return false;
    return true;
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

/* What a handle believes of its protection. */
static int
believed(const struct target *t)
{
    return t->is_view ? -1 : t->region->prot;
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

static void
do_read(void)
{
    struct target t;
    size_t off, n, can;

    doing = "read";
    if (!take_target(&t))
        return;
    take_range(&t, &off, &n);
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

/* The file has these bytes at an offset, as far as it reaches. */
static void
change_file(struct file *f, size_t at, const unsigned char *bytes, size_t n)
{
    if (at >= f->size)
        return;
    if (n > f->size - at)
        n = f->size - at;
    memcpy(f->bytes + at, bytes, n);
}

/* Write what the model has, which is a pattern, to pages that can be. */
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

static void
maybe_own_pages(struct region *r, struct pages in)
{
    for (size_t p = in.from; p < in.to && is_backed(r, p); p++)
        if ((r->page[p].prot & PROT_WRITE) != 0)
            maybe_own(r, p);
}

static void
do_write(void)
{
    struct target t;
    size_t off, n;
    struct pages in;

    doing = "write";
    if (!take_target(&t))
        return;
    take_range(&t, &off, &n);
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

static int
touch(void *arg)
{
    touched = *(volatile unsigned char *)arg;
    return 5;
}

static void
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

/* --- Advice --------------------------------------------------------------- */

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

static void
do_dontneed(void)
{
    bool also_locked = take_below(3) == 0;
    struct target t;
    size_t off, n, stop;
    struct pages in;
    enum mmapx_advice advice
        = also_locked ? MMAPX_MADV_DONTNEED_LOCKED : MMAPX_MADV_DONTNEED;

    doing = "dontneed";
    if (!take_target(&t))
        return;
    take_range(&t, &off, &n);
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

static void
do_free(void)
{
    struct target t;
    size_t off, n, stop;
    struct pages in;
    bool can;

    doing = "free";
    if (!take_target(&t))
        return;
    take_range(&t, &off, &n);
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

static void
do_remove(void)
{
    struct target t;
    size_t off, n;
    struct pages in;
    bool can;

    doing = "remove";
    if (!take_target(&t))
        return;
    take_range(&t, &off, &n);
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
        expect(mmapx_advise(t.m, off, n, MMAPX_MADV_REMOVE), 0);
        punch(t.region, in);
    } else if (EXPECT_ANY(mmapx_advise(t.m, off, n, MMAPX_MADV_REMOVE), 0,
                          EACCES)
               == 0) {
        punch(t.region, in); /* since 6.6 */
    } else {
        maybe_punch(t.region, in);
    }
    check_all();
}

/* What changes no byte: the errno only has to be one that is documented. */
static void
do_hint(void)
{
    static const enum mmapx_advice hints[] = {
        MMAPX_MADV_NORMAL,      MMAPX_MADV_RANDOM,    MMAPX_MADV_SEQUENTIAL,
        MMAPX_MADV_WILLNEED,    MMAPX_MADV_COLD,      MMAPX_MADV_PAGEOUT,
        MMAPX_MADV_HUGEPAGE,    MMAPX_MADV_NOHUGEPAGE, MMAPX_MADV_COLLAPSE,
        MMAPX_MADV_UNMERGEABLE, MMAPX_MADV_KEEPONFORK, MMAPX_MADV_WIPEONFORK,
    };
    struct target t;
    struct pages in;
    size_t off, n;
    enum mmapx_advice advice = hints[take_below(12)];

    doing = "hint";
    if (!take_target(&t))
        return;
    take_range(&t, &off, &n);
    if (!range_is_good(&t, off, &n)) {
        expect(mmapx_advise(t.m, off, n, advice), EINVAL);
        return;
    }
    EXPECT_ANY(mmapx_advise(t.m, off, n, advice), 0, EAGAIN, EBADF, EBUSY,
               EINVAL, EIO, ENOMEM, ENOTSUP, EPERM);
    in = advice == MMAPX_MADV_WIPEONFORK ? inward(&t, off, n, true)
                                         : outward(&t, off, n);
    if (!is_whole(t.region, in))
        t.region->split = true;
    check_region(t.region);
}

static void
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
    if (!take_target(&t))
        return;
    take_range(&t, &off, &n);
    if (!range_is_good(&t, off, &n) || !is_exact(&t, off, n)) {
        expect(mmapx_advise(t.m, off, n, advice), EINVAL);
        return;
    }
    expect(mmapx_advise(t.m, off, n, advice), 0);
    if (!is_whole(t.region, outward(&t, off, n)))
        t.region->split = true;
}

/* Pages become a trap and are let free again, which loses private ones. */
static void
do_guard_pages(void)
{
    struct target t;
    size_t off, n;
    struct pages in;

    doing = "guard pages";
    if (!take_target(&t)
        || !mmapx_advice_supported(MMAPX_MADV_GUARD_INSTALL))
        return;
    take_range(&t, &off, &n);
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

static void
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

static void
do_protect(void)
{
    struct target t;
    size_t off, n;
    struct pages in;
    int prot = take_prot();
    struct mmapx before;
    bool refused;

    doing = "protect";
    if (!take_target(&t))
        return;
    take_range(&t, &off, &n);
    before = *t.m;
    if (!range_is_good(&t, off, &n) || !is_exact(&t, off, n)) {
        expect(mmapx_protect(t.m, off, n, prot), EINVAL);
        if (memcmp(t.m, &before, sizeof before) != 0)
            fail("a failure changed the handle");
        return;
    }
    in = outward(&t, off, n);
    refused = t.region->shared && t.region->read_only
              && (prot & PROT_WRITE) != 0 && n > 0;
    expect(mmapx_protect(t.m, off, n, prot), refused ? EACCES : 0);
    if (refused || n == 0)
        return;
    if (!is_whole(t.region, in))
        t.region->split = true;
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
    if (!is_whole(r, in) && in.from < in.to)
        r->split = true;
}

static void
do_lock(void)
{
    struct target t;
    size_t off, n;
    struct pages in;
    bool on_fault = take_below(3) == 0;
    int flags = on_fault ? MMAPX_LOCK_ONFAULT : 0;
    int code;

    doing = "lock";
    if (!take_target(&t))
        return;
    take_range(&t, &off, &n);
    if (!range_is_good(&t, off, &n)) {
        expect(mmapx_lock(t.m, off, n, flags), EINVAL);
        return;
    }
    in = outward(&t, off, n);
    code = EXPECT_ANY(mmapx_lock(t.m, off, n, flags), 0, EAGAIN, ENOMEM,
                      EPERM, ENOTSUP);
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

static void
do_unlock(void)
{
    struct target t;
    size_t off, n;

    doing = "unlock";
    if (!take_target(&t))
        return;
    take_range(&t, &off, &n);
    if (!range_is_good(&t, off, &n)) {
        expect(mmapx_unlock(t.m, off, n), EINVAL);
        return;
    }
    expect(mmapx_unlock(t.m, off, n), 0);
    set_locked(t.region, outward(&t, off, n), false);
}

static void
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
    if (!take_target(&t))
        return;
    take_range(&t, &off, &n);
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

static void
do_residency(void)
{
    unsigned char vec[REGION_PAGES + 1];
    struct target t;
    size_t off, n, count, sum = 0;
    struct pages in;
    struct mmapx_run run;

    doing = "residency";
    if (!take_target(&t))
        return;
    take_range(&t, &off, &n);
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

static void
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
    if (!take_target(&t))
        return;
    take_range(&t, &off, &n);
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

/* --- Sizes ---------------------------------------------------------------- */

/* The file ends elsewhere: what lay behind is gone, private copies too. */
static void
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

/* Somebody else resizes the file. */
static void
do_truncate(void)
{
    struct file *f = &files[take_below(FILES)];
    size_t old = f->size;
    size_t size = take_size(FILE_PAGES * page) % (FILE_PAGES * page);
    size_t end = (old + page - 1) / page * page;

    doing = "truncate";
    need(ftruncate(f->fd, (off_t)size) == 0);
    set_file_size(f, size);
    /* What was stored past the end comes back in some file systems. */
    if (size > old) {
        end = end < size ? end : size;
        need(pread(f->fd, f->bytes + old, end - old, (off_t)old)
             == (ssize_t)(end - old));
    }
    check_all();
}

/* Somebody else writes to the file. */
static void
do_pwrite(void)
{
    struct file *f = &files[take_below(FILES)];
    size_t at, n;

    doing = "pwrite";
    at = take_size(f->size);
    n = take_size(f->size);
    if (at >= f->size || n > f->size - at)
        return;
    memset(copy, (int)take(), n);
    need(pwrite(f->fd, copy, n, (off_t)at) == (ssize_t)n);
    change_file(f, at, copy, n);
    check_all();
}

/* The model of a mapping that now has len bytes. */
static void
set_length(struct region *r, size_t len)
{
    size_t old = r->pages;

    r->pages = (r->head + len + page - 1) / page;
    if (len == 0)
        r->pages = 1;
    for (size_t p = old; p < r->pages; p++) {
        r->page[p] = (struct page){ r->page[0].prot, r->page[0].locked, UNDER,
                                    r->page[p].own };
        if (r->page[p].locked && (r->page[p].prot & PROT_WRITE) != 0)
            maybe_own(r, p);
    }
    for (size_t p = r->pages; p < old; p++)
        r->page[p].state = UNDER;
}

/* The errnos that a failure can have, and whether it may also not fail. */
struct chances {
    int codes[5];
    size_t n;
};

static void
chance(struct chances *c, int code)
{
    c->codes[c->n++] = code;
}

static struct chances
foresee(const struct region *r, size_t len, int flags, bool writable)
{
    struct chances c = { { 0 }, 0 };
    bool both = (flags & MMAPX_RESIZE_FILE) != 0;
    size_t size = r->first * page + r->head + len;
    size_t pages = len == 0 ? 1 : (r->head + len + page - 1) / page;
    bool grows = pages > r->pages;

    if (both && r->file != NULL && size != r->file->size && !writable) {
        chance(&c, EBADF);
        if (grows && size < r->file->size) {
            chance(&c, ENOTSUP);
            chance(&c, ENOMEM);
        }
        return c;
    }
    if (grows && r->file == NULL && r->shared) {
        chance(&c, ENOTSUP);
        return c;
    }
    chance(&c, 0);
    if (grows && r->split)
        chance(&c, ENOTSUP);
    if (grows && (flags & MMAPX_RESIZE_MAYMOVE) == 0)
        chance(&c, ENOMEM);
    if (grows && r->page[0].locked && lock_is_limited)
        chance(&c, EAGAIN);
    return c;
}

static void
do_resize(void)
{
    struct region *r = &regions[take_below(REGIONS)];
    int flags = (int)take_below(8);
    bool writable = take_below(4) != 0;
    bool both = (flags & MMAPX_RESIZE_FILE) != 0;
    size_t len = take_size(FILE_PAGES * page) % (FILE_PAGES * page);
    struct mmapx before = r->m;
    struct chances c;
    int fd;

    doing = "resize";
    if (!r->used || (r->foreign && both))
        return;
    drop_views(r);
    if ((flags & MMAPX_RESIZE_SPARSE) != 0 && !both) {
        expect(mmapx_resize(&r->m, -1, len, flags), EINVAL);
        return;
    }
    if (take_below(8) == 0) {
        expect(mmapx_resize(&r->m, -1, (size_t)PTRDIFF_MAX + 1 + take(),
                            flags & MMAPX_RESIZE_MAYMOVE),
               EOVERFLOW);
        return;
    }
    if (r->file == NULL && both) {
        expect(mmapx_resize(&r->m, files[0].fd, len, flags), EINVAL);
        expect(mmapx_resize(&r->m, -1, len, flags), EBADF);
        return;
    }
    if (both && take_below(8) == 0) {
        fd = files[(r->file - files + 1) % FILES].fd;
        expect(mmapx_resize(&r->m, fd, len, flags), EINVAL);
        return;
    }
    fd = r->file == NULL ? -1 : writable ? r->file->fd : r->file->read_only;
    if (r->file != NULL && take_below(4) == 0) {
        size_t offset = r->first * page + r->head;

        if (offset > r->file->size) {
            expect(mmapx_resize(&r->m, fd, MMAPX_TO_END, flags), ENXIO);
            return;
        }
        len = r->file->size - offset;
        c = foresee(r, len, flags, writable);
        c.n = expect_any(mmapx_resize(&r->m, fd, MMAPX_TO_END, flags),
                         c.codes, c.n)
              != 0;
    } else {
        c = foresee(r, len, flags, writable);
        c.n = expect_any(mmapx_resize(&r->m, fd, len, flags), c.codes, c.n)
              != 0;
    }
    if (c.n != 0) {
        if (memcmp(&r->m, &before, sizeof before) != 0)
            fail("a failure changed the handle");
        /* What was grown and cut again has been cut for others too. */
        check_all();
        return;
    }
    if (both)
        set_file_size(r->file, r->first * page + r->head + len);
    set_length(r, len);
    check_handle(r, len);
    check_all();
}

/* --- Handles that are none, and memory of the library's own --------------- */

static void
do_bad_handle(void)
{
    struct mmapx none = MMAPX_INIT;
    struct mmapx *m = take_below(2) == 0 ? NULL : &none;
    size_t count;

    doing = "a handle that is none";
    expect(mmapx_advise(m, 0, 0, MMAPX_MADV_NORMAL), EINVAL);
    expect(mmapx_residency(m, 0, 0, NULL, 0), EINVAL);
    expect(mmapx_resident_count(m, 0, 0, &count), EINVAL);
    expect(mmapx_lock(m, 0, 0, 0), EINVAL);
    expect(mmapx_unlock(m, 0, 0), EINVAL);
    expect(mmapx_protect(m, 0, 0, PROT_READ), EINVAL);
    expect(mmapx_sync(m, 0, 0, MS_SYNC), EINVAL);
    expect(mmapx_sync_file(m, files[0].fd, 0, 0), EINVAL);
    expect(mmapx_sync_reset(m), EINVAL);
    expect(mmapx_populate(m, 0, 0, MMAPX_POPULATE_READ), EINVAL);
    expect(mmapx_resize(m, -1, 0, 0), EINVAL);
    expect(mmapx_can_fault(m, -1), EINVAL);
    expect((int)mmapx_read(m, 0, copy, 1), EINVAL);
    expect((int)mmapx_write(m, 0, copy, 1), EINVAL);
    expect(mmapx_guard(m, touch, copy), EINVAL);
    expect(mmapx_unmap(m), m == NULL ? EINVAL : 0);
}

static void
do_can_fault(void)
{
    struct target t;
    int r;

    doing = "can_fault";
    if (!take_target(&t))
        return;
    r = mmapx_can_fault(t.m, t.region->file != NULL ? t.region->file->fd : -1);
    model_calls++;
    if (r != (t.is_view || t.region->file != NULL))
        fail("returned %d", r);
}

static void
do_memfd(void)
{
    struct mmapx m;
    int fd = -1;
    size_t len = take_size(FILE_PAGES * page) % (FILE_PAGES * page);

    doing = "map_memfd";
    expect(mmapx_map_memfd(&m, &fd, "mmapx-model", len, 0), 0);
    if (m.len != len || lseek(fd, 0, SEEK_END) != (off_t)len)
        fail("%zu bytes, not %zu", m.len, len);
    expect(mmapx_can_fault(&m, fd), 0);
    for (size_t i = 0; i < len; i += page)
        if (((unsigned char *)m.addr)[i] != 0)
            fail("byte %zu is not zero", i);
    if (len > 0 && ftruncate(fd, (off_t)len - 1) == 0)
        fail("it can shrink");
    expect(mmapx_unmap(&m), 0);
    close(fd);
}

/* --- /proc/self/maps ------------------------------------------------------ */

static int
protection_in(const char *perms)
{
    return (perms[0] == 'r' ? PROT_READ : 0)
           | (perms[1] == 'w' ? PROT_WRITE : 0)
           | (perms[2] == 'x' ? PROT_EXEC : 0);
}

/* One line, for one region: count its pages and look at each. */
static size_t
check_line(const struct region *r, uintptr_t from, uintptr_t to,
           const char *perms, size_t offset)
{
    size_t found = 0;

    for (size_t p = 0; r->used && p < r->pages; p++) {
        const unsigned char *byte = memory(r, p);
        uintptr_t at = (uintptr_t)byte;

        if (at < from || at >= to)
            continue;
        found++;
        if (protection_in(perms) != r->page[p].prot
            || (perms[3] == 's') != r->shared)
            fail("page %zu of region %zu is %.4s", p,
                 (size_t)(r - regions), perms);
        if (r->file != NULL
            && offset + (at - from) != (r->first + p) * page)
            fail("page %zu of region %zu has another offset", p,
                 (size_t)(r - regions));
    }
    return found;
}

static void
check_mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    size_t pages = 0;
    size_t found = 0;
    char line[512];

    doing = "maps";
    if (maps == NULL)
        return;
    for (size_t i = 0; i < REGIONS; i++)
        pages += regions[i].used ? regions[i].pages : 0;
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to, offset;
        char perms[8];
        size_t here = 0;

        if (sscanf(line, "%lx-%lx %7s %lx", &from, &to, perms, &offset) != 4)
            continue;
        for (size_t i = 0; i < REGIONS; i++)
            here += check_line(&regions[i], from, to, perms, offset);
        found += here;
        if (strstr(line, "mmapx-model") != NULL && here * page != to - from)
            fail("left behind: %s", line);
    }
    fclose(maps);
    if (found != pages)
        fail("%zu pages are mapped, not %zu", found, pages);
}

/* --- A run ---------------------------------------------------------------- */

static void (*const operations[])(void) = {
    do_map,       do_map,        do_map_anon,    do_view,      do_unmap,
    do_write,     do_write,      do_write,       do_read,      do_guard,
    do_dontneed,  do_dontneed,   do_free,        do_remove,    do_hint,
    do_protect,   do_protect,    do_lock,        do_unlock,    do_populate,
    do_residency, do_sync,       do_truncate,    do_pwrite,    do_resize,
    do_resize,    do_resize,     do_exact_advice, do_guard_pages,
    do_map_at,    do_bad_advice, do_bad_handle,  do_can_fault, do_memfd,
};

static int
open_file(void)
{
    const char *dir = getenv("MMAPX_FUZZ_DIR");
    char path[4096];
    int fd;

    if (dir == NULL)
        return (int)syscall(SYS_memfd_create, "mmapx-model", 0u);
    snprintf(path, sizeof path, "%s/mmapx-model-XXXXXX", dir);
    fd = mkstemp(path);
    unlink(path);
    return fd;
}

/* All that the mappings could be, at once. */
static bool
has_lock_limit(void)
{
    size_t len = (size_t)REGIONS * REGION_PAGES * page;
    void *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool works;

    need(p != MAP_FAILED);
    works = mlock(p, len) == 0;
    need(munmap(p, len) == 0);
    return !works;
}

/* An emulator takes advice that there is not, and old kernels cannot populate:
 * the model is of neither. */
bool
model_fits(void)
{
    return madvise(NULL, 0, 12345) != 0
           && mmapx_advice_supported(MMAPX_MADV_POPULATE_READ);
}

static void
set_up_once(void)
{
    if (page != 0)
        return;
    page = (size_t)sysconf(_SC_PAGESIZE);
    lock_is_limited = has_lock_limit();
    need((zeroes = calloc(1, page)) != NULL
         && (copy = calloc(REGION_PAGES, page)) != NULL);
    for (size_t i = 0; i < REGIONS; i++)
        for (size_t p = 0; p < REGION_PAGES; p++)
            need((regions[i].page[p].own = calloc(1, page)) != NULL);
    for (size_t i = 0; i < FILES; i++) {
        char path[40];

        files[i].fd = open_file();
        need(files[i].fd >= 0
             && (files[i].bytes = calloc(2 * REGION_PAGES, page)) != NULL);
        snprintf(path, sizeof path, "/proc/self/fd/%d", files[i].fd);
        files[i].read_only = open(path, O_RDONLY | O_CLOEXEC);
        need(files[i].read_only >= 0);
    }
}

static void
begin_run(void)
{
    doing = "the beginning";
    set_up_once();
    for (size_t i = 0; i < FILES; i++) {
        struct file *f = &files[i];

        /* From nothing, so that nothing comes back. */
        need(ftruncate(f->fd, 0) == 0);
        f->size = i * 3 * page + i;
        memset(f->bytes, 0, 2 * REGION_PAGES * page);
        for (size_t k = 0; k < f->size; k++)
            f->bytes[k] = (unsigned char)(k % 253 + i + 1);
        need(pwrite(f->fd, f->bytes, f->size, 0) == (ssize_t)f->size);
    }
    next_fd = dup(files[0].fd);
    close(next_fd);
}

/* What had no access is made readable, so that its bytes can be seen. */
static void
end_run(void)
{
    doing = "the end";
    check_all();
    check_mappings();
    for (size_t i = 0; i < REGIONS; i++) {
        struct region *r = &regions[i];

        if (!r->used)
            continue;
        for (size_t p = 0; p < r->pages; p++) {
            if (r->page[p].locked)
                maybe_own(r, p);
            r->page[p].prot = PROT_READ;
        }
        doing = "the end";
        need(mprotect(memory(r, 0), r->pages * page, PROT_READ) == 0);
        check_region(r);
    }
    for (size_t i = 0; i < REGIONS; i++)
        end_region(&regions[i]);
    check_mappings();
    if (dup(files[0].fd) != next_fd)
        fail("a descriptor was left open");
    close(next_fd);
}

void
model_run(const uint8_t *data, size_t size)
{
    input = data;
    input_left = size;
    begin_run();
    while (input_left > 0)
        operations[take_below(sizeof operations / sizeof operations[0])]();
    end_run();
}

/* SPDX-License-Identifier: MIT */
/*
 * The model: an array of bytes for each file, and for each mapping a table of
 * its pages: protection, whether locked, and whether the page is the file's or
 * the mapping's own.  The calls are made on the real kernel, by calls_*.c.
 * After each the result is compared, errno included, and what can be read of
 * the memory and of the files; at the end of a run /proc/self/maps as well.
 *
 * The arithmetic on pages is done here once more, and otherwise: by numbers of
 * pages from the mapping's first one.
 */
#ifndef MMAPX_FUZZ_WORLD_H
#define MMAPX_FUZZ_WORLD_H

#include <libmmapx.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FILES = 3,
    REGIONS = 4,
    VIEWS = 2,
    FILE_PAGES = 12,   /* the most that a file is made to have */
    REGION_PAGES = 24, /* and a mapping, with what it may reach of the file */
};

extern size_t page;
extern bool lock_is_limited;  /* RLIMIT_MEMLOCK, to anybody but root */
extern bool on_disk;          /* the files, so that others may evict them */
extern bool has_proc;         /* it tells what is locked, and what is changed */
extern unsigned char *zeroes; /* a page of them */
extern unsigned char *copy;   /* room for a mapping */

struct file {
    int fd;
    int read_only; /* a second descriptor */
    size_t size;
    unsigned char *bytes; /* zero from size on */
    bool reserved; /* it may have blocks that nothing was written to */
};

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

struct region {
    bool used;
    bool shared;
    bool read_only;    /* the descriptor was */
    bool foreign;      /* a view has changed its protection */
    struct file *file; /* NULL: anonymous */
    size_t first;      /* the page of the file where it begins */
    size_t head;       /* bytes of that page before the mapping's first one */
    size_t pages;
    size_t room;     /* pages from the first one on; 0: nothing is reserved */
    unsigned object; /* of anonymous memory: which map call made it */
    int prot; /* what the handle knows; -1 that it is not one */
    struct mmapx m;
    struct page page[REGION_PAGES];
};

struct view {
    struct region *region; /* NULL: unused */
    size_t start;          /* bytes from the region's first page on */
    struct mmapx m;
};

extern struct file files[FILES];
extern struct region regions[REGIONS];
extern struct view views[VIEWS];

/* A handle, of whichever kind. */
struct target {
    struct mmapx *m;
    struct region *region;
    size_t start;
    bool is_view;
};

/* Pages of a mapping, to without. */
struct pages {
    size_t from;
    size_t to;
};

/* --- The bytes of the run ------------------------------------------------- */

void begin_input(const uint8_t *data, size_t size);
bool input_is_left(void);
unsigned take(void);
unsigned take_below(unsigned n);
/* A number of bytes up to about most: anywhere, or near an edge. */
size_t take_size(size_t most);
int take_prot(void);
/* One of the handles that are there; false if it is not. */
bool take_target(struct target *t);
/* The same, and a range of it; now and then not one. */
bool take_target_range(struct target *t, size_t *off, size_t *n);

/* --- Failing -------------------------------------------------------------- */

extern const char *doing;

__attribute__((format(printf, 1, 2))) _Noreturn void fail(const char *format,
                                                          ...);
void need(bool done);
/* A call that has to come out so: 0, or an errno. */
void expect(int r, int outcome);
/* The same where several errnos are right; 0 among them is success. */
int expect_any(int r, const int *outcomes, size_t n);
#define EXPECT_ANY(r, ...)                                                     \
    expect_any(r, (const int[]){ __VA_ARGS__ },                                \
               sizeof(const int[]){ __VA_ARGS__ } / sizeof(int))

/* --- What memory and files have to hold ----------------------------------- */

/* What a handle believes of its protection; -1: nothing. */
int believed(const struct target *t);
bool is_private(const struct region *r);
unsigned char *memory(const struct region *r, size_t p);
/* Whether the file reaches to the page, so that a touch is no SIGBUS. */
bool is_backed(const struct region *r, size_t p);
/* The bytes below a page, and how many of them are defined. */
const unsigned char *under(const struct region *r, size_t p, size_t *known);
void check_page(const struct region *r, size_t p);
void check_region(const struct region *r);
void check_all(void);
/* The page has become the mapping's own, as it is now. */
void make_own(struct region *r, size_t p);
/* The kernel may have made it so, or may have left it. */
void maybe_own(struct region *r, size_t p);
/* The same for pages that can be written, up to one that the file lacks. */
void maybe_own_pages(struct region *r, struct pages in);
/* The file has these bytes at an offset, as far as it reaches. */
void change_file(struct file *f, size_t at, const unsigned char *bytes,
                 size_t n);
/* The file ends elsewhere: what lay behind is gone, private copies too. */
void set_file_size(struct file *f, size_t size);

/* --- Ranges --------------------------------------------------------------- */

/* MMAPX_TO_END in *n becomes a number. */
bool range_is_good(const struct target *t, size_t off, size_t *n);
struct pages outward(const struct target *t, size_t off, size_t n);
struct pages inward(const struct target *t, size_t off, size_t n,
                    bool own_edges);
bool is_exact(const struct target *t, size_t off, size_t n);
bool is_whole(const struct region *r, struct pages in);
/* Whether all pages have the access. */
bool is_allowed(const struct region *r, struct pages in, int prot);
/* The first page from in.from on that is locked, or in.to. */
size_t first_locked(const struct region *r, struct pages in);

/* --- What handles have to hold -------------------------------------------- */

/* How the handle has to begin. */
void check_handle(const struct region *r, size_t len);
void check_room(const struct region *r);
/* A call that fails leaves the handle as it was. */
void check_unchanged(const struct mmapx *m, const struct mmapx *before);

/* --- The calls ------------------------------------------------------------ */

/* Views end with what they are of. */
void drop_views(const struct region *r);
void end_region(struct region *r);
int touch(void *arg); /* reads a byte, returns 5 */

void do_bad_advice(void);
void do_bad_handle(void);
void do_cache(void);
void do_cache_bad(void);
void do_cache_prefetch(void);
void do_can_fault(void);
void do_changed(void);
void do_commit(void);
void do_dontneed(void);
void do_evict(void);
void do_exact_advice(void);
void do_free(void);
void do_guard(void);
void do_guard_pages(void);
void do_guard_rearm(void);
void do_guard_zeros(void);
void do_hint(void);
void do_join(void);
void do_load(void);
void do_lock(void);
void do_lock_limit(void);
void do_map(void);
void do_map_anon(void);
void do_map_at(void);
void do_memfd(void);
void do_name(void);
void do_populate(void);
void do_prefetch(void);
void do_protect(void);
void do_pwrite(void);
void do_read(void);
void do_remove(void);
void do_reserve(void);
void do_residency(void);
void do_resize(void);
void do_split(void);
void do_sync(void);
void do_truncate(void);
void do_unlock(void);
void do_unmap(void);
void do_view(void);
void do_write(void);

#endif /* MMAPX_FUZZ_WORLD_H */

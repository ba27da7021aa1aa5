/* SPDX-License-Identifier: MIT */
/* What the sources share: the handle's insides and the rounding of ranges. */
#ifndef MMAPX_INTERNAL_H
#define MMAPX_INTERNAL_H

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Everything is built hidden; the public header alone is seen outside. */
#if defined __GNUC__
#pragma GCC visibility push(default)
#endif
#include "libmmapx.h"
#if defined __GNUC__
#pragma GCC visibility pop
#endif

#include "os/os.h"

/*
 * The handle's reserved words.  The base and the length of the mapping are not
 * among them: they are addr and len rounded to the mapping's own pages, and an
 * empty mapping holds one page (see mmapx_i_base, mmapx_i_extent).
 */
enum {
    MMAPX_I_INFO,      /* kind and the bits below */
    MMAPX_I_ERROR,     /* the errno of a failed write-back, or 0 */
    MMAPX_I_OFFSET,    /* the file offset asked for, its lower 32 bits */
    MMAPX_I_OFFSET_HI, /* and its upper ones */
    MMAPX_I_UID,       /* the object's owner and group when it was mapped */
    MMAPX_I_GID,
};

enum mmapx_i_kind {
    MMAPX_I_UNMAPPED,
    MMAPX_I_FILE,   /* a file or a block device */
    MMAPX_I_DEVICE, /* a character device: only its driver knows what it is */
    MMAPX_I_ANON,
    MMAPX_I_VIEW,
};

/* The parts of MMAPX_I_INFO. */
enum {
    MMAPX_I_KIND         = 0x007,
    MMAPX_I_SHARED       = 0x008,
    MMAPX_I_GROUP_WRITES = 0x010,
    MMAPX_I_OTHERS_WRITE = 0x020,
    MMAPX_I_READS        = 0x040, /* the protection, */
    MMAPX_I_WRITES       = 0x080,
    MMAPX_I_EXECS        = 0x100,
    MMAPX_I_MIXED        = 0x200, /* unless it is not the same everywhere; */
    MMAPX_I_WRITTEN      = 0x400, /* that it let write, now or once */
    MMAPX_I_SHIFT        = 11,    /* the page size's logarithm, 6 bits */
    MMAPX_I_IDENTITY     = 17,    /* of the object, 15 bits */
};

static inline enum mmapx_i_kind
mmapx_i_kind(const struct mmapx *m)
{
    return (enum mmapx_i_kind)(m->reserved[MMAPX_I_INFO] & MMAPX_I_KIND);
}

static inline bool
mmapx_i_has(const struct mmapx *m, uintptr_t bit)
{
    return (m->reserved[MMAPX_I_INFO] & bit) != 0;
}

/* The page size of a mapped handle. */
static inline size_t
mmapx_i_page(const struct mmapx *m)
{
    return (size_t)1 << (m->reserved[MMAPX_I_INFO] >> MMAPX_I_SHIFT & 0x3f);
}

/* The file offset asked for: addr's, unless the mapping is empty. */
static inline int64_t
mmapx_i_offset(const struct mmapx *m)
{
    uint64_t high = (uint32_t)m->reserved[MMAPX_I_OFFSET_HI];

    return (int64_t)(high << 32 | (uint32_t)m->reserved[MMAPX_I_OFFSET]);
}

/* Whether a descriptor's object is the one that was mapped.  Another one
 * passes by chance once in 32768 times: it is a check against mistakes. */
static inline bool
mmapx_i_is_object(const struct mmapx *m, const struct mmapx_os_stat *st)
{
    return mmapx_i_kind(m) != MMAPX_I_ANON
           && ((uint32_t)m->reserved[MMAPX_I_INFO] >> MMAPX_I_IDENTITY)
                  == st->identity;
}

static inline uintptr_t
mmapx_i_identity(const struct mmapx *m)
{
    return (uint32_t)m->reserved[MMAPX_I_INFO] >> MMAPX_I_IDENTITY;
}

/* A stretch of whole pages. */
struct mmapx_i_span {
    unsigned char *addr;
    size_t len;
};

enum mmapx_i_rounding {
    MMAPX_I_OUTWARD,      /* every page the range touches */
    MMAPX_I_INWARD,       /* whole pages inside; the mapping's edges count */
    MMAPX_I_INWARD_PAGES, /* whole pages inside, and nothing else */
    MMAPX_I_EXACT,        /* page edges or the mapping's own, else -EINVAL */
};

/* range.c: the only arithmetic on pages. */
unsigned char *mmapx_i_round_down(const void *addr, size_t page);
size_t mmapx_i_round_up(size_t len, size_t page);
unsigned char *mmapx_i_base(const struct mmapx *m);
size_t mmapx_i_head(const struct mmapx *m);
size_t mmapx_i_extent(const struct mmapx *m);
size_t mmapx_i_extent_of(const struct mmapx *m, size_t len);
uint64_t mmapx_i_cache_pages(int64_t off, int64_t end);
void mmapx_i_cache_widen(int64_t *off, int64_t *end);
int mmapx_i_range(const struct mmapx *m, size_t off, size_t *len);
int mmapx_i_span(const struct mmapx *m, size_t off, size_t len,
                 enum mmapx_i_rounding rounding, struct mmapx_i_span *span);

/* map.c */
int mmapx_i_map(struct mmapx *m, int fd, int64_t offset, size_t len, int prot,
                int flags);
int mmapx_i_unmap(struct mmapx *m);
int mmapx_i_object_size(int fd, const struct mmapx_os_stat *st, int64_t *size);
int mmapx_i_length_to_end(int fd, const struct mmapx_os_stat *st,
                          int64_t offset, size_t *len);
bool mmapx_i_is_representable(int64_t offset, size_t len);
void mmapx_i_set_protection(struct mmapx *m, int prot);
int mmapx_i_protection(const struct mmapx *m);

/* loss.c: lost writes, -errno each. */
void mmapx_i_forget_losses(struct mmapx *m);
int mmapx_i_remembered(const struct mmapx *m);
int mmapx_i_remember(struct mmapx *m, int r);
int mmapx_i_lost(const struct mmapx *m);
int mmapx_i_lose_of(struct mmapx *m, int r);
void mmapx_i_lose(uintptr_t identity, int r);

/* advise.c */
int mmapx_i_madvise(const struct mmapx_i_span *span, enum mmapx_advice advice);

/* residency.c: how many of n pages mincore(2) has found in memory. */
size_t mmapx_i_resident(const unsigned char *vec, size_t n);

/* populate.c: the call of the same name. */
int mmapx_i_populate(const struct mmapx *m, size_t off, size_t len, int flags);

/* cache.c */
int mmapx_i_cache_size(int fd, int64_t *size);
int mmapx_i_cache_range(int fd, int64_t *off, int64_t len, int64_t *end);
int mmapx_i_cache_probe(int fd, int r);
int mmapx_i_cache_count(int fd, int64_t off, int64_t end,
                        struct mmapx_cache *c);

/* cache_window.c: pages n of a file that is mapped for the moment; is_true: 0,
 * or -EPERM where the caller is told that all of it is cached, always. */
struct mmapx_i_window {
    void *addr;
    size_t len;
};
int mmapx_i_window_open(struct mmapx_i_window *w, int fd, int64_t off,
                        int64_t end);
void mmapx_i_window_close(struct mmapx_i_window *w);
int mmapx_i_window_look(struct mmapx_i_window *w, size_t page, size_t n,
                        unsigned char *vec);
int mmapx_i_window_is_true(int fd);

/* resize.c */
int mmapx_i_check_file_limit(int64_t size);

/* guard.c: mmapx_guard(), with fn's value apart from the error. */
int mmapx_i_guard(const struct mmapx *m, int (*fn)(void *arg), void *arg,
                  int *value);

/* result.c */
int mmapx_i_result(int r);

#endif /* MMAPX_INTERNAL_H */

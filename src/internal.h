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

#include "os.h"

/*
 * The handle's reserved words.  The base and the length of the mapping are not
 * among them: they are addr and len rounded to the mapping's own pages, and an
 * empty mapping holds one page (see mmapx_i_base, mmapx_i_extent).
 */
enum {
    MMAPX_I_INFO,      /* kind and the bits below */
    MMAPX_I_ERROR,     /* the errno of a failed write-back, or 0 */
    MMAPX_I_OFFSET,    /* the file offset of addr: 64 bits in two words, */
    MMAPX_I_OFFSET_HI, /* of which a 64-bit system needs only the first */
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

/* The bits of MMAPX_I_INFO. */
enum {
    MMAPX_I_KIND         = 0x07,
    MMAPX_I_SHARED       = 0x08,
    MMAPX_I_GROUP_WRITES = 0x10,
    MMAPX_I_OTHERS_WRITE = 0x20,
    MMAPX_I_SHIFT        = 6, /* from here on: the page size's logarithm */
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
    return (size_t)1 << (m->reserved[MMAPX_I_INFO] >> MMAPX_I_SHIFT);
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
size_t mmapx_i_extent(const struct mmapx *m);
int mmapx_i_range(const struct mmapx *m, size_t off, size_t *len);
int mmapx_i_span(const struct mmapx *m, size_t off, size_t len,
                 enum mmapx_i_rounding rounding, struct mmapx_i_span *span);

/* The one place where -errno becomes -1 and errno. */
int mmapx_i_result(int r);

#endif /* MMAPX_INTERNAL_H */

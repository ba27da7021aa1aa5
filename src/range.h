/* SPDX-License-Identifier: MIT */
/* Byte ranges and the pages they mean.  No other file rounds a caller's
 * range. */
#ifndef MMAPX_RANGE_H
#define MMAPX_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include "handle.h"

/* A stretch of whole pages. */
struct mmapx_i_span {
    unsigned char *addr;
    size_t len;
};

/* Where a mapping is, in whole pages. */
struct mmapx_i_place {
    unsigned char *base;
    size_t extent;
    size_t room; /* from the base on; 0: nothing is reserved */
};

enum mmapx_i_rounding {
    MMAPX_I_OUTWARD,      /* every page the range touches */
    MMAPX_I_INWARD,       /* whole pages inside; the mapping's edges count */
    MMAPX_I_INWARD_PAGES, /* whole pages inside, and nothing else */
    MMAPX_I_EXACT,        /* page edges or the mapping's own, else -EINVAL */
};

unsigned char *mmapx_i_round_down(const void *addr, size_t page);
size_t mmapx_i_round_up(size_t len, size_t page);

/* Parts of a mapping, as handle.h shows them. */
unsigned char *mmapx_i_base(const struct mmapx *m);
size_t mmapx_i_head(const struct mmapx *m);
size_t mmapx_i_extent(const struct mmapx *m);
size_t mmapx_i_whole(const struct mmapx *m);
struct mmapx_i_place mmapx_i_place(const struct mmapx *m);
void mmapx_i_set_place(struct mmapx *m, const struct mmapx_i_place *place,
                       size_t len);
size_t mmapx_i_extent_of(const struct mmapx *m, size_t len);

/* Ranges of a file, in pages of the page cache. */
uint64_t mmapx_i_cache_pages(int64_t off, int64_t end);
void mmapx_i_cache_widen(int64_t *off, int64_t *end);

/* Ranges of a mapping. */
int mmapx_i_range(const struct mmapx *m, size_t off, size_t *len);
int mmapx_i_span(const struct mmapx *m, size_t off, size_t len,
                 enum mmapx_i_rounding rounding, struct mmapx_i_span *span);
size_t mmapx_i_clip_run(const struct mmapx *m, size_t off, size_t left,
                        const struct mmapx_i_span *run);

#endif /* MMAPX_RANGE_H */

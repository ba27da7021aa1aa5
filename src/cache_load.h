/* SPDX-License-Identifier: MIT */
/* Bringing a part of a file into the page cache: what cache_parts.c finds out,
 * and cache_load.c does. */
#ifndef MMAPX_CACHE_LOAD_H
#define MMAPX_CACHE_LOAD_H

#include "internal.h"

/*
 * The data of the file are loaded in parts.  What of a part is cached is found
 * out before the part before it is read: the kernel's read-ahead reaches into
 * it then, and to leave out what that has just brought would stop it and leave
 * the part in single pages.
 */
enum { PART = 64 << 20 };

/* Less than this is sooner read once more than asked about.  No read-ahead
 * window is smaller, where there is one. */
enum { UNIT = 128 << 10 };

enum amount { NONE, SOME, ALL };

struct part {
    int64_t off;
    int64_t end;
    bool fresh; /* nothing of it is cached */
    bool before_hole;
    unsigned char cached[PART / UNIT]; /* an enum amount for each unit */
};

/* Whether the touch of a page brings in the whole block, or is not known. */
enum touches { UNTRIED, BLOCKS, PAGES };

struct loader {
    int fd;
    bool past_cache; /* by reading with this descriptor nothing is cached */
    enum touches touches;
    int64_t size; /* of the file */
    int64_t at;   /* where the next part begins */
    int64_t end;
    int64_t data_end; /* from at on there are data as far as this */
    int64_t begun;    /* small pieces before this have been begun */
    bool told;        /* where the data are */
    bool cut;         /* the file has become shorter */
    bool was_all;     /* all of the part before was cached */
    unsigned samples; /* that were taken of reading */
    bool is_far;      /* each of them took long */
};

static inline size_t
mmapx_i_unit_of(const struct part *part, int64_t at)
{
    return (size_t)((at - part->off / PART * PART) / UNIT);
}

/* The next part that has data; empty at the end. */
void mmapx_i_next_part(struct loader *l, struct part *part);

#endif /* MMAPX_CACHE_LOAD_H */

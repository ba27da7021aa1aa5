/* SPDX-License-Identifier: MIT */
/*
 * The insides of struct mmapx.  Beside these functions few touch its reserved
 * words: handle.c and range.c store them, split.c and commit.c look at or clear
 * a flag, and loss.c has one word to itself.
 *
 *    base      addr                        addr + len
 *     |         |                               |
 *     +---------+-------------------------------+---------+ - - - - - - +
 *     |  head   |              len              |         |    room     |
 *     +---------+-------------------------------+---------+ - - - - - - +
 *     |<----------------- extent, in whole pages -------->|
 *
 * base    the first byte of the mapping's first page
 * head    the bytes of that page that lie before the offset asked for
 * extent  what is mapped for len bytes; an empty mapping has one page
 * room    address space behind the extent that is kept free to grow into
 *
 * base, head and extent are not stored: they follow from addr, len, the offset
 * and the page size (range.h).
 */
#ifndef MMAPX_HANDLE_H
#define MMAPX_HANDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/os.h"

/* The reserved words.  Where words have 64 bits, the upper 32 of UID have the
 * object's birth and those of GID are free. */
enum {
    MMAPX_I_INFO,   /* kind, flags, page size and identity, see below */
    MMAPX_I_ERROR,  /* lost writes, see loss.c */
    MMAPX_I_OFFSET, /* the file offset asked for */
    MMAPX_I_ROOM,   /* bytes from the base on, extent and room; 0: no room */
    MMAPX_I_UID,    /* the object's owner and group when it was mapped */
    MMAPX_I_GID,
};

/* The kind of a mapping, the lowest bits of INFO. */
enum mmapx_i_kind {
    MMAPX_I_UNMAPPED,
    MMAPX_I_FILE,   /* a file or a block device */
    MMAPX_I_DEVICE, /* a character device: only its driver knows what it is */
    MMAPX_I_ANON,
    MMAPX_I_VIEW,
};

/* The flags in INFO. */
enum {
    MMAPX_I_SHARED                 = 1 << 3,
    MMAPX_I_GROUP_WRITES           = 1 << 4, /* the object's mode */
    MMAPX_I_OTHERS_WRITE           = 1 << 5,
    MMAPX_I_PROT_R                 = 1 << 6, /* the protection of it all, */
    MMAPX_I_PROT_W                 = 1 << 7,
    MMAPX_I_PROT_X                 = 1 << 8,
    MMAPX_I_MIXED                  = 1 << 9, /* unless parts of it differ */
    MMAPX_I_MAY_HAVE_PRIVATE_PAGES = 1 << 10, /* it was writable once */
    MMAPX_I_REPLACED               = 1 << 11, /* by mmapx_guard_zeros(): some
                                                 pages are not the file's */
    MMAPX_I_LOCKED_ONFAULT         = 1 << 12, /* some pages were, once */
    MMAPX_I_HALF_COMMITTED         = 1 << 13, /* a commit of the file failed: it
                                                 may look as if it had worked */

    MMAPX_I_PROT_MASK = MMAPX_I_PROT_R | MMAPX_I_PROT_W | MMAPX_I_PROT_X,
    /* The flags that a mapping has if any part of it has them. */
    MMAPX_I_PARTS_MASK = MMAPX_I_MIXED | MMAPX_I_MAY_HAVE_PRIVATE_PAGES
                         | MMAPX_I_REPLACED | MMAPX_I_LOCKED_ONFAULT
                         | MMAPX_I_HALF_COMMITTED,
};

/* Masks. */
enum {
    MMAPX_I_KIND_MASK = 0x7,  /* of INFO */
    MMAPX_I_PAGE_MASK = 0x1f, /* of INFO, shifted */
};

/* Positions of bits. */
enum {
    MMAPX_I_PAGE_SHIFT     = 14, /* in INFO: how often LEAST_PAGE is doubled */
    MMAPX_I_IDENTITY_SHIFT = 19, /* in INFO */
    MMAPX_I_HIGH_SHIFT     = 16, /* in ERROR, where a word has 32 bits: the
                                    offset's upper bits, of which 16 suffice */
};

/* No system has smaller pages; doubled 31 times it is larger than any. */
enum { MMAPX_I_LEAST_PAGE = 256 };

/* A thread may set a flag beside others that read. */
static inline uintptr_t
mmapx_i_info(const struct mmapx *m)
{
    return __atomic_load_n(&m->reserved[MMAPX_I_INFO], __ATOMIC_RELAXED);
}

static inline enum mmapx_i_kind
mmapx_i_kind(const struct mmapx *m)
{
    return (enum mmapx_i_kind)(mmapx_i_info(m) & MMAPX_I_KIND_MASK);
}

/* Whether any of the flags is set. */
static inline bool
mmapx_i_has_any(const struct mmapx *m, unsigned flags)
{
    return (mmapx_i_info(m) & flags) != 0;
}

static inline void
mmapx_i_set_flags(struct mmapx *m, unsigned flags)
{
    m->reserved[MMAPX_I_INFO] |= flags;
}

/* The same where the handle is const for the caller, also by a signal
 * handler. */
static inline void
mmapx_i_note(const struct mmapx *m, unsigned flag)
{
    struct mmapx *owner = (struct mmapx *)(uintptr_t)m;

    if (!mmapx_i_has_any(m, flag))
        __atomic_fetch_or(&owner->reserved[MMAPX_I_INFO], (uintptr_t)flag,
                          __ATOMIC_RELAXED);
}

/* The page size of a mapped handle. */
static inline size_t
mmapx_i_page_size(const struct mmapx *m)
{
    return (size_t)MMAPX_I_LEAST_PAGE
           << (mmapx_i_info(m) >> MMAPX_I_PAGE_SHIFT & MMAPX_I_PAGE_MASK);
}

/* The file offset asked for: addr's, unless the mapping is empty. */
static inline int64_t
mmapx_i_offset(const struct mmapx *m)
{
    uint64_t offset = m->reserved[MMAPX_I_OFFSET];

    if (sizeof(uintptr_t) < sizeof offset) {
        uintptr_t error = __atomic_load_n(&m->reserved[MMAPX_I_ERROR],
                                          __ATOMIC_RELAXED);

        offset |= (uint64_t)(error >> MMAPX_I_HIGH_SHIFT) << 32;
    }
    return (int64_t)offset;
}

static inline void
mmapx_i_set_offset(struct mmapx *m, int64_t offset)
{
    m->reserved[MMAPX_I_OFFSET] = (uintptr_t)offset;
    if (sizeof(uintptr_t) < sizeof offset) {
        uintptr_t *error = &m->reserved[MMAPX_I_ERROR];
        uintptr_t high = (uintptr_t)((uint64_t)offset >> 32);

        *error = (*error & (((uintptr_t)1 << MMAPX_I_HIGH_SHIFT) - 1))
                 | high << MMAPX_I_HIGH_SHIFT;
    }
}

/*
 * The length, which another thread may make larger while this one works: each
 * call reads it once.
 */
static inline size_t
mmapx_i_len(const struct mmapx *m)
{
    return __atomic_load_n(&m->len, __ATOMIC_ACQUIRE);
}

/* What the mapping has from its base on: the extent, and the room that was
 * reserved behind; 0 where none was. */
static inline size_t
mmapx_i_room(const struct mmapx *m)
{
    return __atomic_load_n(&m->reserved[MMAPX_I_ROOM], __ATOMIC_RELAXED);
}

/* The largest offset that can be noted. */
static inline int64_t
mmapx_i_max_offset(void)
{
    return sizeof(uintptr_t) < sizeof(int64_t) ? ((int64_t)1 << 48) - 1
                                               : INT64_MAX;
}

static inline struct mmapx_os_owner
mmapx_i_owner(const struct mmapx *m)
{
    return (struct mmapx_os_owner){
        .uid = (uint32_t)m->reserved[MMAPX_I_UID],
        .gid = (uint32_t)m->reserved[MMAPX_I_GID],
        .group_writes = mmapx_i_has_any(m, MMAPX_I_GROUP_WRITES),
        .others_write = mmapx_i_has_any(m, MMAPX_I_OTHERS_WRITE),
    };
}

/* The bits of an object's identity that the handle has room for: 13 where a
 * word has 32. */
enum { MMAPX_I_IDENTITY_BITS = sizeof(uintptr_t) * 8 - MMAPX_I_IDENTITY_SHIFT };

static inline uintptr_t
mmapx_i_known_identity(const struct mmapx_os_stat *st)
{
    return (uintptr_t)(st->identity >> (64 - MMAPX_I_IDENTITY_BITS));
}

/* What tells the mapping's object from others. */
static inline uintptr_t
mmapx_i_identity(const struct mmapx *m)
{
    return mmapx_i_info(m) >> MMAPX_I_IDENTITY_SHIFT;
}

/* Whether a file may lie behind it, which may not be readable. */
static inline bool
mmapx_i_lies_on_file(const struct mmapx *m)
{
    return mmapx_i_kind(m) == MMAPX_I_FILE || mmapx_i_kind(m) == MMAPX_I_VIEW;
}

/* The page of an empty mapping is its own, that of an empty view is not. */
static inline bool
mmapx_i_is_empty_view(const struct mmapx *m)
{
    return mmapx_i_kind(m) == MMAPX_I_VIEW && m->len == 0;
}

/* Whether a descriptor's object is the one that was mapped.  On 32-bit
 * systems another one passes by chance once in 8192 times: there it is a check
 * against mistakes. */
static inline bool
mmapx_i_is_object(const struct mmapx *m, const struct mmapx_os_stat *st)
{
    return mmapx_i_kind(m) != MMAPX_I_ANON
           && mmapx_i_identity(m) == mmapx_i_known_identity(st);
}

/* Where file systems stack, a descriptor that was opened for writing may be of
 * a copy of the mapped file, with its number.  What cannot be told apart counts
 * as one.  32-bit handles cannot tell. */
static inline bool
mmapx_i_is_copy(const struct mmapx *m, int fd)
{
    uint32_t born = (uint32_t)((uint64_t)m->reserved[MMAPX_I_UID] >> 32);

    return born != 0
           && (born == MMAPX_OS_UNTOLD || mmapx_os_birth(fd) != born);
}

/* Whether two handles are of one object, mapped in one way.  Anonymous memory
 * has a number for each map call. */
static inline bool
mmapx_i_is_same_object(const struct mmapx *m, const struct mmapx *other)
{
    const uintptr_t differs = MMAPX_I_GROUP_WRITES | MMAPX_I_OTHERS_WRITE
                              | MMAPX_I_PROT_MASK | MMAPX_I_PARTS_MASK;

    return ((m->reserved[MMAPX_I_INFO] ^ other->reserved[MMAPX_I_INFO])
            & ~differs)
           == 0;
}

/* What a new mapping is of. */
struct mmapx_i_object {
    enum mmapx_i_kind kind;
    size_t page_size;
    int fd;
    int64_t offset;
    struct mmapx_os_owner owner;
    uintptr_t identity;
    uint32_t birth;
    uint32_t file_system; /* see struct mmapx_os_stat */
};

/* handle.c */
void mmapx_i_fill(struct mmapx *m, void *addr, size_t len, int prot,
                  int flags, const struct mmapx_i_object *obj);
void mmapx_i_set_protection(struct mmapx *m, int prot);
int mmapx_i_protection(const struct mmapx *m);

#endif /* MMAPX_HANDLE_H */

/* SPDX-License-Identifier: MIT */
/* Calls that resize mappings and reserve room for them. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "model.h"
#include "world.h"

#include <errno.h>
#include <string.h>

/* Pages that len bytes of a mapping take; an empty one has a page too. */
static size_t
pages_of(const struct region *r, size_t len)
{
    return len == 0 ? 1 : (r->head + len + page - 1) / page;
}

/* Bytes of the file before the mapping's first one. */
static size_t
offset_of(const struct region *r)
{
    return r->first * page + r->head;
}

/* --- Resizing ------------------------------------------------------------- */

/* A call, what it is to do, and the errnos that it can fail with. */
struct resize {
    size_t len;
    int flags;
    int fd;
    bool writable; /* the descriptor */
    size_t size;   /* of the file afterwards */
    bool is_refused;
    int codes[4];
    size_t n;
};

/* The new pages are what the last page is. */
static void
set_length(struct region *r, size_t len)
{
    const struct page last = r->page[r->pages - 1];
    size_t old = r->pages;

    r->pages = pages_of(r, len);
    for (size_t p = old; p < r->pages; p++) {
        r->page[p] = (struct page){ last.prot, last.locked, UNDER,
                                    r->page[p].own };
        if (last.locked && (last.prot & PROT_WRITE) != 0)
            maybe_own(r, p);
    }
    for (size_t p = r->pages; p < old; p++)
        r->page[p].state = UNDER;
}

/* What was stored into a page behind the end has gone. */
static void
clear(struct region *r, size_t from, size_t to)
{
    struct page *last = &r->page[from / page];

    if (to > (from / page + 1) * page)
        to = (from / page + 1) * page;
    if (from < to && from / page < r->pages && last->state != UNDER)
        memset(last->own + from % page, 0, to - from);
}

static void
clear_new_bytes(struct region *r, const struct resize *call, size_t len)
{
    size_t begin = r->first * page;
    size_t end = r->head + call->len;

    if (r->file == NULL)
        clear(r, r->head + len, end);
    else if (is_private(r) && call->size > r->file->size
             && r->file->size >= begin)
        clear(r, r->file->size - begin, end);
}

/* What becomes of the file, and whether that is refused. */
static void
plan_file(const struct region *r, struct resize *call)
{
    size_t old = r->file->size;
    size_t end = offset_of(r) + call->len;
    bool cuts = (call->flags & MMAPX_RESIZE_CUT) != 0;
    bool goes_on = old > offset_of(r) + r->m.len;

    call->size = cuts || end > old || call->len < r->m.len ? end : old;
    call->is_refused = call->len < r->m.len && end < old && goes_on && !cuts;
}

static void
chance(struct resize *call, int code)
{
    call->codes[call->n++] = code;
}

static void
foresee(const struct region *r, struct resize *call)
{
    size_t pages = pages_of(r, call->len);
    bool grows = pages > r->pages;
    bool both = (call->flags & MMAPX_RESIZE_FILE) != 0;

    if (r->file != NULL)
        call->size = r->file->size;
    if (both)
        plan_file(r, call);
    if (call->is_refused) {
        chance(call, EINVAL);
    } else if (both && call->size != r->file->size && !call->writable) {
        chance(call, EBADF);
    } else if (grows && r->file == NULL && r->shared) {
        chance(call, ENOTSUP);
    } else {
        chance(call, 0);
        if (grows && pages > r->room
            && (call->flags & MMAPX_RESIZE_MAYMOVE) == 0)
            chance(call, ENOMEM);
        if (grows && lock_is_limited)
            chance(call, EAGAIN);
    }
}

/* Beyond its room a mapping has more where it is, or none elsewhere. */
static void
set_room(struct region *r, const unsigned char *base)
{
    if (r->room > 0 && r->pages > r->room)
        r->room = memory(r, 0) == base ? r->pages : 0;
    else if (r->room > 0 && memory(r, 0) != base)
        fail("it moved inside its room");
    check_room(r);
}

static void
run_resize(struct region *r, struct resize *call, size_t len)
{
    const unsigned char *base = memory(r, 0);
    struct mmapx before = r->m;
    int code;

    foresee(r, call);
    code = expect_any(mmapx_resize(&r->m, call->fd, len, call->flags),
                      call->codes, call->n);
    if (code != 0) {
        check_unchanged(&r->m, &before);
        check_all();
        return;
    }
    check_handle(r, call->len);
    clear_new_bytes(r, call, before.len);
    set_length(r, call->len);
    if (r->file != NULL && call->size != r->file->size)
        set_file_size(r->file, call->size);
    set_room(r, base);
    check_all();
}

/* What is wrong whatever the mapping is; true if one of these was tried. */
static bool
try_bad_resize(struct region *r, const struct resize *call)
{
    bool both = (call->flags & MMAPX_RESIZE_FILE) != 0;
    int fd;

    if (!both
        && (call->flags & (MMAPX_RESIZE_SPARSE | MMAPX_RESIZE_CUT)) != 0) {
        expect(mmapx_resize(&r->m, -1, call->len, call->flags), EINVAL);
        return true;
    }
    if (take_below(8) == 0) {
        expect(mmapx_resize(&r->m, -1, (size_t)PTRDIFF_MAX + 1 + take(),
                            call->flags & MMAPX_RESIZE_MAYMOVE),
               EOVERFLOW);
        return true;
    }
    if (r->file == NULL && both) {
        expect(mmapx_resize(&r->m, files[0].fd, call->len, call->flags),
               EINVAL);
        expect(mmapx_resize(&r->m, -1, call->len, call->flags), EBADF);
        return true;
    }
    if (both && take_below(8) == 0) {
        fd = files[(r->file - files + 1) % FILES].fd;
        expect(mmapx_resize(&r->m, fd, call->len, call->flags), EINVAL);
        return true;
    }
    return false;
}

void
do_resize(void)
{
    struct region *r = &regions[take_below(REGIONS)];
    struct resize call = { .flags = (int)take_below(16),
                           .writable = take_below(4) != 0 };
    bool both = (call.flags & MMAPX_RESIZE_FILE) != 0;
    bool to_end;

    doing = "resize";
    call.len = take_size(FILE_PAGES * page) % (FILE_PAGES * page);
    if (!r->used || (r->foreign && (both || r->room > 0))
        || (r->room > 0 && r->read_only && both))
        return;
    drop_views(r);
    if (try_bad_resize(r, &call))
        return;
    call.fd = -1;
    if (r->room > 0 && r->read_only)
        call.writable = false;
    if (r->file != NULL)
        call.fd = call.writable ? r->file->fd : r->file->read_only;
    if (both && (call.flags & MMAPX_RESIZE_SPARSE) == 0)
        r->file->reserved = true;
    to_end = r->file != NULL && take_below(4) == 0;
    if (to_end && offset_of(r) > r->file->size) {
        expect(mmapx_resize(&r->m, call.fd, MMAPX_TO_END, call.flags), ENXIO);
        return;
    }
    if (to_end)
        call.len = r->file->size - offset_of(r);
    /* The model has no more of a mapping, nor of a file. */
    if (pages_of(r, call.len) > REGION_PAGES
        || r->first + pages_of(r, call.len) >= 2 * REGION_PAGES)
        return;
    run_resize(r, &call, to_end ? MMAPX_TO_END : call.len);
}

/* --- Room ----------------------------------------------------------------- */

void
do_reserve(void)
{
    struct region *r = &regions[take_below(REGIONS)];
    int flags = take_below(4) == 0 ? 0 : MMAPX_RESIZE_MAYMOVE;
    size_t room = take_size(REGION_PAGES * page);
    struct mmapx before = r->m;
    const unsigned char *base;
    size_t want, have;

    doing = "reserve";
    if (!r->used)
        return;
    if (take_below(16) == 0) {
        expect(mmapx_reserve(&r->m, room, flags | 2), EINVAL);
        expect(mmapx_reserve(&r->m, MMAPX_TO_END, flags), EOVERFLOW);
        check_unchanged(&r->m, &before);
        return;
    }
    if (r->file == NULL && r->shared) {
        expect(mmapx_reserve(&r->m, room, flags), ENOTSUP);
        return;
    }
    base = memory(r, 0);
    want = pages_of(r, room) > r->pages ? pages_of(r, room) : r->pages;
    have = r->room > 0 ? r->room : r->pages;
    if (flags != 0)
        drop_views(r);
    if (EXPECT_ANY(mmapx_reserve(&r->m, room, flags), 0,
                   flags == 0 && want > have ? ENOMEM : 0)
        != 0) {
        check_unchanged(&r->m, &before);
        return;
    }
    if ((want <= have || flags == 0) && memory(r, 0) != base)
        fail("it moved");
    r->room = want > r->pages ? want : 0;
    check_handle(r, before.len);
    check_room(r);
    check_all();
}

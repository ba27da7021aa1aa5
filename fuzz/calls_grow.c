/* SPDX-License-Identifier: MIT */
/* Calls that resize mappings, reserve room for them, split and join them. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "model.h"
#include "world.h"

#include <errno.h>
#include <stdlib.h>
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

static void
check_room(const struct region *r)
{
    size_t room = r->room > 0 ? r->room * page - r->head : r->m.len;

    model_calls++;
    if (mmapx_room(&r->m) != room)
        fail("room for %zu bytes, not %zu", mmapx_room(&r->m), room);
}

static void
check_unchanged(const struct mmapx *m, const struct mmapx *before)
{
    if (memcmp(m, before, sizeof *before) != 0)
        fail("a failure changed the handle");
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

/* --- Parts ---------------------------------------------------------------- */

/* Pages from one region's model to another's, which keeps its own memory. */
static void
copy_page(struct page *to, const struct page *from)
{
    unsigned char *own = to->own;

    memcpy(own, from->own, page);
    *to = *from;
    to->own = own;
}

/* The model of rest, which begins at a page of r. */
static void
begin_rest(struct region *rest, struct region *r, size_t at,
           const struct mmapx *m)
{
    struct page table[REGION_PAGES];

    memcpy(table, rest->page, sizeof table);
    *rest = *r;
    memcpy(rest->page, table, sizeof table);
    rest->m = *m;
    rest->first = r->first + at;
    rest->head = 0;
    rest->pages = r->pages - at;
    rest->room = r->room > 0 ? r->room - at : 0;
    for (size_t p = 0; p < rest->pages; p++)
        copy_page(&rest->page[p], &r->page[at + p]);
    r->pages = at;
    r->room = 0;
}

void
do_split(void)
{
    struct region *r = &regions[take_below(REGIONS)];
    struct region *rest = &regions[take_below(REGIONS)];
    size_t at = take_below(REGION_PAGES);
    size_t off = at * page + take_below(4) % 2 - r->head;
    struct mmapx m, before = r->m;
    bool is_good;

    doing = "split";
    if (!r->used || r == rest)
        return;
    drop_views(r);
    end_region(rest);
    memset(&m, 0x5a, sizeof m);
    is_good = off > 0 && off < r->m.len && (r->head + off) % page == 0;
    expect(mmapx_split(&r->m, off, &m), is_good ? 0 : EINVAL);
    if (!is_good) {
        check_unchanged(&r->m, &before);
        return;
    }
    begin_rest(rest, r, (r->head + off) / page, &m);
    check_handle(r, off);
    check_handle(rest, before.len - off);
    check_room(r);
    check_room(rest);
    check_all();
}

/* Whether the second of two mappings goes on where the first one ends. */
static bool
adjoins(const struct region *r, const struct region *next)
{
    return r != next && r->m.len > 0 && next->m.len > 0
           && r->file == next->file && r->shared == next->shared
           && (r->file != NULL || r->object == next->object)
           && (char *)r->m.addr + r->m.len == next->m.addr
           && next->head == 0 && (r->head + r->m.len) % page == 0
           && r->first + r->pages == next->first && r->room == 0;
}

void
do_join(void)
{
    struct region *r = &regions[take_below(REGIONS)];
    struct region *next = &regions[take_below(REGIONS)];
    size_t len = r->m.len + next->m.len;

    doing = "join";
    if (!r->used || !next->used)
        return;
    drop_views(r);
    drop_views(next);
    if (!adjoins(r, next)) {
        struct mmapx before = r->m, other = next->m;

        expect(mmapx_join(&r->m, &next->m), EINVAL);
        check_unchanged(&r->m, &before);
        check_unchanged(&next->m, &other);
        return;
    }
    if (r->read_only != next->read_only
        || r->pages + next->pages > REGION_PAGES)
        return;
    expect(mmapx_join(&r->m, &next->m), 0);
    for (size_t p = 0; p < next->pages; p++)
        copy_page(&r->page[r->pages + p], &next->page[p]);
    if (next->room > 0)
        r->room = r->pages + next->room;
    r->pages += next->pages;
    r->foreign = r->foreign || next->foreign;
    if (r->prot != next->prot)
        r->prot = -1;
    next->used = false;
    if (next->m.addr != NULL || next->m.len != 0)
        fail("the handle is not cleared");
    check_handle(r, len);
    check_room(r);
    check_all();
}

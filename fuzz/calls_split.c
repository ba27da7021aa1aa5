/* SPDX-License-Identifier: MIT */
/* Calls that split mappings and join them. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "world.h"

#include <errno.h>
#include <string.h>

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

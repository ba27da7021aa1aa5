/* SPDX-License-Identifier: MIT */
/* Calls that make, resize and end mappings, and what others do to files. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "model.h"
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
drop_views(const struct region *r)
{
    for (size_t i = 0; i < VIEWS; i++)
        if (views[i].region == r) {
            expect(mmapx_unmap(&views[i].m), 0);
            views[i].region = NULL;
        }
}

void
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

/* The model of a mapping that was just made. */
static void
begin_region(struct region *r, struct file *file, size_t offset, int prot,
             bool shared, bool read_only)
{
    r->used = true;
    r->shared = shared;
    r->read_only = read_only;
    r->room = 0;
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

void
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
    unsigned how = take_below(8);

    if (shared && read_only && (prot & PROT_WRITE) != 0)
        outcome = EACCES;
    if (how < 3) {
        offset = 0;
        to_end = true;
    }
    if (to_end && offset > f->size)
        outcome = ENXIO;
    doing = "map";
    if (how < 2 && has_proc) {
        char path[40];

        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        doing = "map_path";
        outcome = 0;
        read_only = !shared || (prot & PROT_WRITE) == 0;
        expect(mmapx_map_path(&r->m, path, prot, flags), outcome);
    } else if (how <= 2) {
        expect(mmapx_map(&r->m, fd, prot, flags), outcome);
    } else {
        doing = "map_region";
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

void
do_map_anon(void)
{
    static unsigned objects;
    struct region *r = take_unused();
    bool shared = take_below(2) == 0;
    int prot = take_prot();
    size_t len = take_size(FILE_PAGES * page) % (FILE_PAGES * page);

    doing = "map_anon";
    expect(mmapx_map_anon(&r->m, len, prot,
                          shared ? MAP_SHARED : MAP_PRIVATE),
           0);
    begin_region(r, NULL, 0, prot, shared, false);
    r->object = ++objects;
    check_handle(r, len);
}

/* Nothing is replaced, whatever is asked for. */
void
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

void
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

void
do_unmap(void)
{
    doing = "unmap";
    end_region(&regions[take_below(REGIONS)]);
}

void
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
void
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

/* --- Handles that are none, and memory of the library's own --------------- */

void
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
    expect(mmapx_reserve(m, 0, 0), EINVAL);
    expect(mmapx_split(m, 1, &none), EINVAL);
    expect(mmapx_join(m, &none), EINVAL);
    if (mmapx_room(m) != 0)
        fail("there is room");
    expect(mmapx_can_fault(m, -1), EINVAL);
    expect((int)mmapx_read(m, 0, copy, 1), EINVAL);
    expect((int)mmapx_write(m, 0, copy, 1), EINVAL);
    expect(mmapx_guard(m, touch, copy), EINVAL);
    expect(mmapx_guard_zeros(m, touch, copy, &count), EINVAL);
    expect(mmapx_unmap(m), m == NULL ? EINVAL : 0);
}

void
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

void
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

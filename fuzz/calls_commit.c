/* SPDX-License-Identifier: MIT */
/* Private changes into the file, all at once or with a journal. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A journal of its own for each, which has to be empty afterwards. */
static int
commit(const struct target *t, bool atomic, int fd, size_t off, size_t n)
{
    char path[] = "/tmp/mmapx-journal-XXXXXX";
    int journal, r, code;

    if (!atomic)
        return mmapx_commit(t->m, fd, off, n);
    journal = mkstemp(path);
    need(journal >= 0 && unlink(path) == 0);
    r = mmapx_commit_atomic(t->m, fd, journal, off, n);
    code = errno;
    if (lseek(journal, 0, SEEK_END) != 0 || mmapx_recover(fd, journal) != 0)
        fail("something is left in the journal");
    close(journal);
    errno = code;
    return r;
}

/* The file gets the mapping's own bytes of a page, and the page is the file's
 * again.  Where it is only compared, one that did not differ stays as it is. */
static void
write_page(struct region *r, size_t p, const unsigned char *bytes)
{
    size_t begin = p * page;
    size_t end = begin + page;

    if (begin < r->head)
        begin = r->head;
    if (end > r->head + r->m.len)
        end = r->head + r->m.len;
    if (r->page[p].state != UNDER && begin < end)
        change_file(r->file, r->first * page + begin, bytes + begin,
                    end - begin);
    if (!has_proc && r->page[p].state != UNDER) {
        memcpy(r->page[p].own, bytes, page);
        r->page[p].state = EITHER;
    } else {
        r->page[p].state = UNDER;
    }
}

/* Where a page may or may not be the mapping's own, it shows the same either
 * way: what it shows now is in the file then. */
void
do_commit(void)
{
    struct target t;
    struct pages in;
    size_t off, n;
    bool atomic = take_below(3) == 0;
    int fd;

    doing = atomic ? "commit_atomic" : "commit";
    if (!take_target_range(&t, &off, &n))
        return;
    fd = t.region->file != NULL ? t.region->file->fd : files[0].fd;
    if (!range_is_good(&t, off, &n) || t.is_view || t.region->shared
        || t.region->file == NULL) {
        expect(commit(&t, atomic, fd, off, n), EINVAL);
        return;
    }
    in = outward(&t, off, n);
    if (!is_allowed(t.region, in, PROT_READ))
        return; /* EFAULT, if such a page was changed */
    for (size_t p = in.from; p < in.to; p++)
        if (is_backed(t.region, p))
            memcpy(copy + p * page, memory(t.region, p), page);
    expect(commit(&t, atomic, fd, off, n), 0);
    for (size_t p = in.from; p < in.to; p++)
        if (is_backed(t.region, p))
            write_page(t.region, p, copy);
    check_all();
}

/* Each page is in one run, and what is surely changed in one of those. */
void
do_changed(void)
{
    struct target t;
    struct mmapx_run run;
    size_t off;

    doing = "changed_run";
    if (!take_target(&t))
        return;
    off = take_size(t.m->len);
    if (off > t.m->len || t.is_view || t.region->shared
        || t.region->file == NULL) {
        expect(mmapx_changed_run(t.m, off, &run), EINVAL);
        return;
    }
    if (!has_proc && off < t.m->len) {
        expect(mmapx_changed_run(t.m, off, &run), ENOTSUP);
        return;
    }
    expect(mmapx_changed_run(t.m, off, &run), 0);
    if (run.off != off || run.len > t.m->len - off
        || (run.len == 0) != (off == t.m->len))
        fail("run of %zu bytes at %zu", run.len, run.off);
    if (run.len == 0)
        return;
    for (size_t p = (t.start + off) / page;
         p * page < t.start + off + run.len; p++)
        if (is_backed(t.region, p) && t.region->page[p].state != EITHER
            && run.resident != (t.region->page[p].state == OWN))
            fail("page %zu is %schanged", p, run.resident ? "" : "not ");
}

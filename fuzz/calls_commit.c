/* SPDX-License-Identifier: MIT */
/* Private changes into the file, all at once or with a journal. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ATOMIC = 1, COMPARES = 2, STORES_ALIKE = 4 }; /* ways of a commit */

/* A journal of its own for each, which has to be empty afterwards. */
static int
commit_atomic(struct mmapx *m, int fd, int journal, size_t off, size_t n)
{
    int r = mmapx_commit_atomic(m, fd, journal, off, n);
    int code = errno;

    if (lseek(journal, 0, SEEK_END) != 0 || mmapx_recover(fd, journal) != 0)
        fail("something is left in the journal");
    errno = code;
    return r;
}

/* Where the process may have no more descriptors nobody can tell which pages
 * were changed, so that they are compared. */
static int
commit(const struct target *t, unsigned way, int fd, size_t off, size_t n)
{
    char path[] = "/tmp/mmapx-journal-XXXXXX";
    int journal = mkstemp(path);
    struct rlimit limit, none;
    int r, code;

    need(journal >= 0 && unlink(path) == 0);
    need(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    none = limit;
    none.rlim_cur = 0;
    need((way & COMPARES) == 0 || setrlimit(RLIMIT_NOFILE, &none) == 0);
    r = (way & ATOMIC) != 0 ? commit_atomic(t->m, fd, journal, off, n)
                            : mmapx_commit(t->m, fd, off, n);
    code = errno;
    need(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    close(journal);
    errno = code;
    return r;
}

/* The file gets the mapping's own bytes of a page, and the page is the file's
 * again, also where nothing had to be written. */
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
    r->page[p].state = UNDER;
}

/* Every page that can be stored to becomes the mapping's own, and does not
 * differ for that. */
static void
store_alike(struct region *r, struct pages in)
{
    for (size_t p = in.from; p < in.to; p++)
        if (is_backed(r, p) && (r->page[p].prot & PROT_WRITE) != 0) {
            volatile unsigned char *byte = memory(r, p);

            *byte = *byte;
        }
}

/* A byte of the file is another one, and shows. */
static void
change_first_byte(const struct region *r, struct pages in)
{
    size_t at = (r->first + in.from) * page;
    unsigned char byte;

    if (in.from == in.to || at >= r->file->size)
        return;
    byte = (unsigned char)(r->file->bytes[at] + 1);
    need(pwrite(r->file->fd, &byte, 1, (off_t)at) == 1);
    change_file(r->file, at, &byte, 1);
}

/* Where a page may or may not be the mapping's own, it shows the same either
 * way: what it shows now is in the file then. */
void
do_commit(void)
{
    struct target t;
    struct pages in;
    size_t off, n;
    unsigned how = take_below(12);
    unsigned way = (how % 3 == 0 ? ATOMIC : 0u) | (how < 6 ? COMPARES : 0u)
                   | (how % 2 == 0 ? STORES_ALIKE : 0u);
    int fd;

    doing = (way & ATOMIC) != 0 ? "commit_atomic" : "commit";
    if (!take_target_range(&t, &off, &n))
        return;
    fd = t.region->file != NULL ? t.region->file->fd : files[0].fd;
    if (!range_is_good(&t, off, &n) || t.is_view || t.region->shared
        || t.region->file == NULL) {
        expect(commit(&t, way, fd, off, n), EINVAL);
        return;
    }
    in = outward(&t, off, n);
    if (!is_allowed(t.region, in, PROT_READ))
        return; /* EFAULT, if such a page was changed */
    for (size_t p = in.from; p < in.to; p++)
        if (is_backed(t.region, p))
            memcpy(copy + p * page, memory(t.region, p), page);
    if ((way & STORES_ALIKE) != 0)
        store_alike(t.region, in);
    expect(commit(&t, way, fd, off, n), 0);
    for (size_t p = in.from; p < in.to; p++)
        if (is_backed(t.region, p))
            write_page(t.region, p, copy);
    if ((way & STORES_ALIKE) != 0)
        change_first_byte(t.region, in);
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

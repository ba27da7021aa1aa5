/* SPDX-License-Identifier: MIT */
/* Copies out of a mapping and into it, with an error where a page faults. */
#include "guard.h"

#include <string.h>
#include <sys/types.h>

/* SIGBUS was seen to be unblocked in this thread. */
static __thread bool unblocked MMAPX_TLS_MODEL;

struct copy {
    const struct mmapx *m;
    unsigned char *to;
    const unsigned char *from;
    size_t len;
};

/* Copy all, or fault. */
static bool
copy_whole(const struct copy *c)
{
    struct mmapx_i_frame f;

    if (sigsetjmp(f.env, 0) != 0)
        return false;
    mmapx_i_enter(&f, c->m);
    memcpy(c->to, c->from, c->len);
    mmapx_i_leave(&f);
    return true;
}

/* Copy from a byte on, n of them if there are so many.  Returns how many. */
static size_t
copy_part(const struct copy *c, size_t at, size_t n)
{
    size_t left = c->len - at;

    n = n < left ? n : left;
    memcpy(c->to + at, c->from + at, n);
    return n;
}

/*
 * Copy up to the first page that faults; mapped is the side that can.  memcpy()
 * may start anywhere: where it faulted does not say what it had copied, but
 * within a page it has copied all or nothing.
 */
static size_t
copy_pages(const struct copy *c, const unsigned char *mapped)
{
    size_t page = mmapx_i_page_size(c->m);
    size_t lead = (size_t)(mapped - mmapx_i_round_down(mapped, page));
    volatile size_t done = 0;
    struct mmapx_i_frame f;

    if (sigsetjmp(f.env, 0) != 0)
        return done;
    mmapx_i_enter(&f, c->m);
    for (; done < c->len; lead = 0)
        done += copy_part(c, done, page - lead);
    mmapx_i_leave(&f);
    return done;
}

/*
 * Copy what can be copied.  Into the mapping it goes in order, so that nothing
 * changes behind a page that faults; out of it at once, if that works.  A guard
 * costs a system call for the mask; a copy checks the mask only until SIGBUS
 * was once found unblocked outside a guard.
 */
static ssize_t
copy(const struct copy *c, const unsigned char *mapped)
{
    bool blocked = false;
    size_t done = c->len;
    sigset_t mask;

    if (!unblocked) {
        int r = mmapx_i_ensure_handler();

        if (r < 0)
            return r;
        mmapx_i_block_sigbus(SIG_UNBLOCK, &mask);
        blocked = sigismember(&mask, SIGBUS) == 1;
        unblocked = !blocked && mmapx_i_innermost == NULL;
    }
    if (mapped == c->to || !copy_whole(c))
        done = copy_pages(c, mapped);
    if (blocked)
        mmapx_i_block_sigbus(SIG_BLOCK, NULL);
    return done > 0 ? (ssize_t)done : -EIO;
}

/* Cut the length of a copy to the mapping's, as pread(2) does to the file's. */
static int
copy_range(const struct mmapx *m, size_t off, const void *buf, size_t *len)
{
    size_t left = MMAPX_TO_END;
    int r = mmapx_i_range(m, off, &left);

    if (r < 0)
        return r;
    if (*len > left)
        *len = left;
    return *len > 0 && buf == NULL ? -EINVAL : 0;
}

static ssize_t
read_from(const struct mmapx *m, size_t off, void *buf, size_t len)
{
    int r = copy_range(m, off, buf, &len);

    if (r < 0 || len == 0)
        return r;
    if (!mmapx_i_has_any(m, MMAPX_I_PROT_R | MMAPX_I_MIXED))
        return -EACCES;

    const unsigned char *from = (unsigned char *)m->addr + off;

    return copy(&(struct copy){ m, buf, from, len }, from);
}

/*
 * Whether a mapping of which only a part may be written, or that something
 * else made, lets this range be written: the kernel's own answer.
 */
static bool
may_write(const struct mmapx *m, size_t off, size_t len)
{
    struct mmapx_i_span span;

    if (!mmapx_i_has_any(m, MMAPX_I_MIXED))
        return mmapx_i_has_any(m, MMAPX_I_PROT_W);
    return mmapx_i_span(m, off, len, MMAPX_I_OUTWARD, &span) < 0
           || mmapx_i_madvise(&span, MMAPX_MADV_POPULATE_WRITE) != -EINVAL;
}

static ssize_t
write_to(const struct mmapx *m, size_t off, const void *buf, size_t len)
{
    int r = copy_range(m, off, buf, &len);

    if (r < 0 || len == 0)
        return r;
    if (!may_write(m, off, len))
        return -EACCES;

    unsigned char *to = (unsigned char *)m->addr + off;

    return copy(&(struct copy){ m, to, buf, len }, to);
}

ssize_t
mmapx_read(const struct mmapx *m, size_t off, void *buf, size_t len)
{
    ssize_t n = read_from(m, off, buf, len);

    return n < 0 ? mmapx_i_result((int)n) : n;
}

ssize_t
mmapx_write(const struct mmapx *m, size_t off, const void *buf, size_t len)
{
    ssize_t n = write_to(m, off, buf, len);

    return n < 0 ? mmapx_i_result((int)n) : n;
}

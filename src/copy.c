/* SPDX-License-Identifier: MIT */
/* Copies out of a mapping and into it that end where the mapping does. */

/* See guard.c. */
#undef _FORTIFY_SOURCE

#include "guard.h"

#include <string.h>

/* SIGBUS was seen to be unblocked in this thread. */
static __thread bool unblocked MMAPX_TLS_MODEL;

struct copy {
    const struct mmapx *m;
    unsigned char *to;
    const unsigned char *from;
    size_t len;
    const unsigned char *mapped; /* the side that can fault */
    size_t done;
};

static inline void
prepare(struct mmapx_i_frame *f, const struct copy *c)
{
    f->kind = MMAPX_I_COPY;
    f->begin = (uintptr_t)c->mapped;
    f->end = f->begin + c->len;
    mmapx_os_cpu_save_for_copy(&f->cpu);
}

/* Copy all, or fault. */
static bool
copy_whole(const struct copy *c)
{
    struct mmapx_i_frame f;

    prepare(&f, c);
    if (sigsetjmp(f.env, 0) != 0) {
        mmapx_i_recover(&f);
        return false;
    }
    mmapx_i_enter(&f);
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
 * Copy up to the first page that faults.  memcpy() may start anywhere: where it
 * faulted does not say what it had copied, but within a page it has copied all
 * or nothing.
 */
static size_t
copy_pages(const struct copy *c)
{
    size_t page = mmapx_i_page_size(c->m);
    size_t lead = (size_t)(c->mapped - mmapx_i_round_down(c->mapped, page));
    volatile size_t done = 0;
    struct mmapx_i_frame f;

    prepare(&f, c);
    if (sigsetjmp(f.env, 0) != 0) {
        mmapx_i_recover(&f);
        return done;
    }
    mmapx_i_enter(&f);
    for (; done < c->len; lead = 0)
        done += copy_part(c, done, page - lead);
    mmapx_i_leave(&f);
    return done;
}

/* Into the mapping it goes in order, so that nothing changes behind a page that
 * faults; out of it at once, if that works. */
static size_t
copy_now(const struct copy *c)
{
    if (c->mapped == c->from && copy_whole(c))
        return c->len;
    return copy_pages(c);
}

static int
copy_in_guard(void *arg)
{
    struct copy *c = arg;

    c->done = copy_now(c);
    return 0;
}

/*
 * A guard costs a system call for the mask.  A copy looks at the mask only
 * until it has been found to let SIGBUS through, and not because a guard does.
 */
static ssize_t
copy(struct copy *c)
{
    sigset_t mask;
    int value;
    int r;

    if (unblocked) {
        c->done = copy_now(c);
    } else {
        r = mmapx_i_ensure_handler();
        if (r < 0)
            return r;
        pthread_sigmask(SIG_BLOCK, NULL, &mask);
        unblocked = mmapx_i_is_unblocked(&mask);
        if (sigismember(&mask, SIGBUS) == 1)
            mmapx_i_guard(c->m, copy_in_guard, c, &value);
        else
            c->done = copy_now(c);
    }
    return c->done > 0 ? (ssize_t)c->done : -EIO;
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

    return copy(&(struct copy){ m, buf, from, len, from, 0 });
}

/*
 * Whether a mapping of which only a part may be written, or that something
 * else made, lets this range be written, which is one of its own: the kernel's
 * answer.
 */
static bool
may_write(const struct mmapx *m, size_t off, size_t len)
{
    struct mmapx_i_span span = { NULL, 0 };

    if (!mmapx_i_has_any(m, MMAPX_I_MIXED))
        return mmapx_i_has_any(m, MMAPX_I_PROT_W);
    mmapx_i_span(m, off, len, MMAPX_I_OUTWARD, &span);
    return mmapx_i_madvise(&span, MMAPX_MADV_POPULATE_WRITE) != -EINVAL;
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

    return copy(&(struct copy){ m, to, buf, len, to, 0 });
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

/* SPDX-License-Identifier: MIT */
/* Row 7: copies out of a mapping, and scans of it, that survive SIGBUS. */
#include "rows/rows.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* --- Copies -------------------------------------------------------------- */

struct copies {
    const struct file *file;
    struct mmapx m;
    size_t len;
    unsigned char *to;
};

/* Where the next copy is from: anywhere, but the same in every contestant. */
static size_t
place(const struct copies *c, long i)
{
    return (size_t)i * (c->len + 64) % (c->m.len - c->len);
}

/* Not known to the compiler, so that it cannot do away with a copy. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;

static bool
by_memcpy(void *arg, long loops, struct sample *s)
{
    const struct copies *c = arg;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        copy(c->to, (char *)c->m.addr + place(c, i), c->len);
    timer_stop(&t, loops, s);
    return true;
}

static bool
by_us(void *arg, long loops, struct sample *s)
{
    const struct copies *c = arg;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (mmapx_read(&c->m, place(c, i), c->to, c->len) != (ssize_t)c->len)
            return false;
    timer_stop(&t, loops, s);
    return true;
}

static bool
by_pread(void *arg, long loops, struct sample *s)
{
    const struct copies *c = arg;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (pread(c->file->fd, c->to, c->len, (off_t)place(c, i))
            != (ssize_t)c->len)
            return false;
    timer_stop(&t, loops, s);
    return true;
}

static bool
by_vm_readv(void *arg, long loops, struct sample *s)
{
    const struct copies *c = arg;
    pid_t self = getpid();
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++) {
        struct iovec to = { c->to, c->len };
        struct iovec from = { (char *)c->m.addr + place(c, i), c->len };

        if (process_vm_readv(self, &to, 1, &from, 1, 0) != (ssize_t)c->len)
            return false;
    }
    timer_stop(&t, loops, s);
    return true;
}

static void
copy_contest(struct copies *job, size_t len, enum measure measure, double goal)
{
    struct contest *c = contest_new("7", "L", len, "guarded copy of %s",
                                    bytes_text((double)len));
    int bare = contest_add(c, "memcpy", by_memcpy, job);
    int ours = contest_add(c, "mmapx_read", by_us, job);
    int vm = contest_add(c, "process_vm_readv", by_vm_readv, job);
    int fd = contest_add(c, "pread", by_pread, job);

    job->len = len;
    c->rounds = opt.quick ? 101 : 301;
    contest_run(c);
    compare(c, ours, bare, measure, goal);
    compare(c, ours, vm, TIME_RATIO, len == 64 ? 0.05 : NO_GOAL);
    compare(c, ours, fd, TIME_RATIO, len == 64 ? 0.05 : NO_GOAL);
    contest_end(c);
}

static void
copies(void)
{
    struct file f;
    struct copies job = { .file = &f };

    if (!file_make(&f, opt.dir, "copies", 16 * MIB, ALLOCATED)
        || !file_set(&f, STATE_L))
        return;
    job.to = malloc(MIB);
    if (job.to == NULL
        || mmapx_map(&job.m, f.fd, PROT_READ, MAP_SHARED) != 0
        || mmapx_populate(&job.m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ) != 0)
        die("map");
    copy_contest(&job, 64, TIME_DIFFERENCE, 20);
    copy_contest(&job, 4 * KIB, TIME_RATIO, 1.15);
    copy_contest(&job, MIB, TIME_RATIO, 1.02);
    mmapx_unmap(&job.m);
    free(job.to);
    file_drop(&f);
}

/* --- A guard by itself, and faults in one ---------------------------------- */

static int
nothing(void *arg)
{
    (void)arg;
    return 0;
}

/* Not known to the compiler, either. */
static int (*volatile function)(void *) = nothing;

static bool
call_bare(void *arg, long loops, struct sample *s)
{
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        function(arg);
    timer_stop(&t, loops, s);
    return true;
}

static bool
call_guarded(void *arg, long loops, struct sample *s)
{
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (mmapx_guard(arg, nothing, NULL) != 0)
            return false;
    timer_stop(&t, loops, s);
    return true;
}

static bool
call_with_zeros(void *arg, long loops, struct sample *s)
{
    struct timer t;
    size_t faults;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (mmapx_guard_zeros(arg, nothing, NULL, &faults) != 0)
            return false;
    timer_stop(&t, loops, s);
    return true;
}

static int
touch_pages(void *arg)
{
    const struct mmapx *m = arg;

    for (size_t i = 0; i < m->len; i += mmapx_page_size(m))
        (void)((volatile char *)m->addr)[i];
    return 0;
}

/* The first touch of memory that is there. */
static bool
touch_memory(void *arg, long loops, struct sample *s)
{
    size_t len = (size_t)loops * mmapx_page_size(NULL);
    struct mmapx m;
    struct timer t;

    (void)arg;
    if (mmapx_map_anon(&m, len, PROT_READ, MAP_PRIVATE) != 0)
        return false;
    timer_start(&t);
    touch_pages(&m);
    timer_stop(&t, loops, s);
    return mmapx_unmap(&m) == 0;
}

/* Behind the end of a file. */
static bool
touch_replaced(void *arg, long loops, struct sample *s)
{
    const struct file *f = arg;
    size_t len = (size_t)loops * mmapx_page_size(NULL);
    size_t faults = 0;
    struct mmapx m;
    struct timer t;

    if (mmapx_map_region(&m, f->fd, (int64_t)f->size, len, PROT_READ,
                         MAP_SHARED)
        != 0)
        return false;
    timer_start(&t);
    mmapx_guard_zeros(&m, touch_pages, &m, &faults);
    timer_stop(&t, loops, s);
    return mmapx_unmap(&m) == 0 && faults == (size_t)loops;
}

static void
call_contest(const struct file *f)
{
    struct contest *c = contest_new("7", "", 0, "a guard around nothing");
    struct mmapx m;
    int bare, ours, zeros;

    if (mmapx_map(&m, f->fd, PROT_READ, MAP_SHARED) != 0)
        die("map");
    bare = contest_add(c, "a call", call_bare, NULL);
    ours = contest_add(c, "mmapx_guard", call_guarded, &m);
    zeros = contest_add(c, "mmapx_guard_zeros", call_with_zeros, &m);
    contest_run(c);
    compare(c, ours, bare, TIME_DIFFERENCE, 200);
    compare(c, zeros, ours, TIME_RATIO, 1.05);
    contest_end(c);
    mmapx_unmap(&m);
}

static void
replace_contest(struct file *f)
{
    struct contest *c = contest_new("7", "", 0, "a page replaced by zeros");
    int bare = contest_add(c, "a page of memory", touch_memory, NULL);
    int ours = contest_add(c, "mmapx_guard_zeros", touch_replaced, f);

    c->loops = 256;
    contest_run(c);
    compare(c, ours, bare, TIME_DIFFERENCE, 8000);
    contest_end(c);
}

static void
guards(void)
{
    struct file f;

    if (!file_make(&f, opt.dir, "guards", MIB, ALLOCATED)
        || !file_set(&f, STATE_L))
        return;
    call_contest(&f);
    replace_contest(&f);
    file_drop(&f);
}

/* --- Scans --------------------------------------------------------------- */

struct scan {
    const char *from;
    size_t len;
    uint64_t sum;
};

/* As fast as memory is read: several sums that do not wait for each other. */
static int
add_up(void *arg)
{
    struct scan *scan = arg;
    const uint64_t *words = (const void *)scan->from;
    uint64_t sums[8] = { 0 };

    for (size_t i = 0; i < scan->len / 8; i += 8)
        for (size_t j = 0; j < 8; j++)
            sums[j] += words[i + j];
    for (size_t j = 0; j < 8; j++)
        scan->sum += sums[j];
    return 0;
}

/* Mapping, scanning, unmapping; through a guard or not. */
static bool
scan_mapped(const struct file *f, bool guarded, struct sample *s)
{
    struct scan scan = { NULL, f->size, 0 };
    struct mmapx m;
    struct timer t;
    bool done;

    timer_start(&t);
    if (mmapx_map(&m, f->fd, PROT_READ, MAP_SHARED) != 0)
        return false;
    scan.from = m.addr;
    done = (guarded ? mmapx_guard(&m, add_up, &scan) : add_up(&scan)) == 0;
    done = mmapx_unmap(&m) == 0 && done;
    timer_stop(&t, 1, s);
    s->answer = scan.sum;
    return done;
}

static bool
scan_bare(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return scan_mapped(arg, false, s);
}

static bool
scan_guarded(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return scan_mapped(arg, true, s);
}

static bool
scan_read(void *arg, long loops, struct sample *s)
{
    const struct file *f = arg;
    static _Alignas(64) char buf[256 << 10];
    uint64_t sum = 0;
    struct timer t;

    timer_start(&t);
    for (size_t at = 0; at < f->size; at += sizeof buf) {
        struct scan scan = { buf, sizeof buf, 0 };

        if (pread(f->fd, buf, sizeof buf, (off_t)at) != (ssize_t)sizeof buf)
            return false;
        add_up(&scan);
        sum += scan.sum;
    }
    timer_stop(&t, loops, s);
    s->answer = sum;
    return true;
}

static void
scan_contest(struct file *f, enum state state)
{
    struct contest *c = contest_new("7", state_name(state), f->size,
                                    "guarded scan of %s",
                                    bytes_text((double)f->size));
    int bare = contest_add(c, "scan without guard", scan_bare, f);
    int ours = contest_add(c, "mmapx_guard", scan_guarded, f);
    int fd = contest_add(c, "read by 256 KiB", scan_read, f);

    c->loops = 1;
    contest_run(c);
    compare(c, ours, bare, TIME_RATIO, 1.01);
    compare(c, ours, fd, TIME_RATIO, state == STATE_L ? 0.65 : NO_GOAL);
    contest_end(c);
}

void
row_guard(void)
{
    struct file f;

    copies();
    guards();
    if (!file_make(&f, opt.dir, "scan",
                   fitting(opt.quick ? 512 * MIB : 4 * GIB, true, "7"),
                   ALLOCATED))
        return;
    /* Something to find, or all sums would be 0. */
    if (pwrite(f.fd, "mmapx", 5, (off_t)f.size / 2) != 5 || fsync(f.fd) < 0)
        die("%s", f.path);
    if (file_set(&f, STATE_L))
        scan_contest(&f, STATE_L);
    if (file_set(&f, STATE_S))
        scan_contest(&f, STATE_S);
    file_drop(&f);
}

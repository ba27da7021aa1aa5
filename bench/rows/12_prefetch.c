/* SPDX-License-Identifier: MIT */
/* Row 12: records read here and there, begun ahead or not. */
#include "rows/records.h"

#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- The disk itself ------------------------------------------------------ */

/* Reads that go past the page cache, DEPTH of them at once, by the kernel's own
 * calls: what a disk can do. */
enum { DEPTH = 32 };

struct disk_reads {
    aio_context_t context;
    struct iocb requests[DEPTH];
    size_t free[DEPTH]; /* numbers of requests */
    size_t free_n;
};

static bool
submit(struct disk_reads *d, int fd, size_t place)
{
    size_t number = d->free[--d->free_n];
    struct iocb *r = &d->requests[number];

    *r = (struct iocb){
        .aio_data = number,
        .aio_fildes = (uint32_t)fd,
        .aio_lio_opcode = IOCB_CMD_PREAD,
        .aio_buf = (uintptr_t)(file_buffer() + number * RECORD),
        .aio_nbytes = RECORD,
        .aio_offset = (int64_t)place,
    };
    return syscall(SYS_io_submit, d->context, 1L, &r) == 1;
}

static bool
read_all(struct disk_reads *d, const struct records *job, int fd)
{
    struct io_event done[DEPTH];
    size_t asked = 0;

    for (size_t finished = 0; finished < job->n;) {
        long n;

        while (asked < job->n && d->free_n > 0)
            if (!submit(d, fd, job->places[asked++]))
                return false;
        n = syscall(SYS_io_getevents, d->context, 1L, (long)DEPTH, done, NULL);
        if (n < 1)
            return false;
        for (long i = 0; i < n; i++)
            d->free[d->free_n++] = (size_t)done[i].data;
        finished += (size_t)n;
    }
    return true;
}

static bool
by_disk(void *arg, long loops, struct sample *s)
{
    const struct records *job = arg;
    struct disk_reads d = { .free_n = DEPTH };
    int fd = open_past_cache(job->file);
    struct timer t;
    bool done;

    (void)loops;
    for (size_t i = 0; i < DEPTH; i++)
        d.free[i] = i;
    if (fd < 0 || syscall(SYS_io_setup, DEPTH, &d.context) < 0)
        return false;
    timer_start(&t);
    done = read_all(&d, job, fd);
    timer_stop(&t, (long)job->n, s);
    syscall(SYS_io_destroy, d.context);
    close(fd);
    return done;
}

/* --- Others --------------------------------------------------------------- */

static bool
by_random_advice(void *arg, long loops, struct sample *s)
{
    const struct records *job = arg;
    struct mmapx m;
    struct timer t;

    (void)loops;
    file_evict(job->file);
    if (mmapx_map(&m, job->file->fd, PROT_READ, MAP_SHARED) != 0)
        return false;
    mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_RANDOM);
    timer_start(&t);
    for (size_t i = 0; i < job->n; i++)
        s->answer += first_word(&m, job->places[i]);
    timer_stop(&t, (long)job->n, s);
    mmapx_unmap(&m);
    return true;
}

static bool
by_pread(void *arg, long loops, struct sample *s)
{
    const struct records *job = arg;
    struct timer t;

    (void)loops;
    file_evict(job->file);
    timer_start(&t);
    for (size_t i = 0; i < job->n; i++) {
        uint64_t words[RECORD / 8];

        if (pread(job->file->fd, words, RECORD, (off_t)job->places[i])
            != RECORD)
            return false;
        s->answer += words[0];
    }
    timer_stop(&t, (long)job->n, s);
    return true;
}

static bool
ours_cold(void *arg, long loops, struct sample *s)
{
    const struct records *job = arg;

    file_evict(job->file);
    return read_ahead_records(arg, loops, s);
}

static void
cold_contest(struct records *job)
{
    struct contest *c
        = contest_new("12", "-", job->file->size, "record of %s, of %s",
                      bytes_text(RECORD), bytes_text((double)job->file->size));
    int ours = contest_add(c, "mmapx_prefetch", ours_cold, job);
    int random = contest_add(c, "MADV_RANDOM", by_random_advice, job);
    int plain = contest_add(c, "pread", by_pread, job);
    int disk = contest_add(c, "the disk, 32 at once", by_disk, job);

    c->loops = 1;
    contest_run(c);
    compare(c, ours, random, TIME_RATIO, 0.25);
    compare(c, ours, plain, TIME_RATIO, 0.25);
    compare(c, ours, disk, TIME_RATIO, 1.5);
    contest_end(c);
}

/* --- What is there already ------------------------------------------------ */

static bool
prefetch_cached(void *arg, long loops, struct sample *s)
{
    const struct records *job = arg;
    struct mmapx_range ranges[AT_ONCE];
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++) {
        for (size_t k = 0; k < AT_ONCE; k++)
            ranges[k] = (struct mmapx_range){ job->places[k], RECORD };
        if (mmapx_prefetch(job->m, ranges, AT_ONCE) != 0)
            return false;
    }
    timer_stop(&t, loops * AT_ONCE, s);
    return true;
}

static bool
cache_prefetch_cached(void *arg, long loops, struct sample *s)
{
    const struct records *job = arg;
    struct mmapx_cache_range ranges[AT_ONCE];
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++) {
        for (size_t k = 0; k < AT_ONCE; k++)
            ranges[k] = (struct mmapx_cache_range){ (int64_t)job->places[k],
                                                    RECORD };
        if (mmapx_cache_prefetch(job->file->fd, ranges, AT_ONCE) != 0)
            return false;
    }
    timer_stop(&t, loops * AT_ONCE, s);
    return true;
}

static bool
touch_cached(void *arg, long loops, struct sample *s)
{
    const struct records *job = arg;
    volatile uint64_t sum = 0;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        for (size_t k = 0; k < AT_ONCE; k++)
            sum += first_word(job->m, job->places[k]);
    timer_stop(&t, loops * AT_ONCE, s);
    (void)sum;
    return true;
}

static void
cached_contest(struct records *job)
{
    struct contest *c = contest_new("12", "S", job->file->size,
                                    "begin a place that is cached");
    int ours = contest_add(c, "mmapx_prefetch", prefetch_cached, job);
    int by_fd = contest_add(c, "mmapx_cache_prefetch", cache_prefetch_cached,
                            job);
    int touch = contest_add(c, "a touch", touch_cached, job);

    c->rounds = 101;
    contest_run(c);
    compare(c, ours, touch, TIME_DIFFERENCE, 250);
    compare(c, by_fd, touch, TIME_DIFFERENCE, 250);
    contest_end(c);
}

void
row_prefetch(void)
{
    size_t size = fitting(opt.quick ? 128 * MIB : GIB, true, "12");
    struct file f;
    struct records job = { .file = &f };
    struct mmapx m;

    if (!file_make(&f, opt.dir, "records", size, WRITTEN))
        return;
    choose_records(&job, opt.quick ? 512 : 4096);
    cold_contest(&job);
    if (file_set(&f, STATE_S)
        && mmapx_map(&m, f.fd, PROT_READ, MAP_SHARED) == 0) {
        job.m = &m;
        cached_contest(&job);
        mmapx_unmap(&m);
    }
    drop_records(&job);
    file_drop(&f);
}

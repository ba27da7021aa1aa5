/* SPDX-License-Identifier: MIT */
/* Row 13: a file of eight times the memory, and a set of pages that is used all
 * the time beside a file that is read once. */
#include "rows/records.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* --- Random reads --------------------------------------------------------- */

enum { THREADS = 8 };

struct reader {
    const struct records *job;
    size_t first; /* of the records, and each eighth of them */
    bool done;
};

static void *
read_past_cache(void *arg)
{
    struct reader *r = arg;
    int fd = open_past_cache(r->job->file);
    void *record = NULL;

    r->done = fd >= 0 && posix_memalign(&record, RECORD, RECORD) == 0;
    for (size_t i = r->first; i < r->job->n && r->done; i += THREADS)
        r->done = pread(fd, record, RECORD, (off_t)r->job->places[i])
                  == RECORD;
    free(record);
    close(fd);
    return NULL;
}

static bool
threads_past_cache(void *arg, long loops, struct sample *s)
{
    struct reader readers[THREADS];
    pthread_t threads[THREADS];
    const struct records *job = arg;
    bool done = true;
    struct timer t;

    (void)loops;
    timer_start(&t);
    for (size_t i = 0; i < THREADS; i++) {
        readers[i] = (struct reader){ job, i, false };
        if (pthread_create(&threads[i], NULL, read_past_cache, &readers[i])
            != 0)
            die("pthread_create");
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        done = done && readers[i].done;
    }
    timer_stop(&t, (long)job->n, s);
    return done;
}

/* Other records in each round: those of the last one may be cached still. */
static void
draw(struct contest *c, int round)
{
    struct records *job = c->contestants[0].arg;

    (void)round;
    for (size_t i = 0; i < job->n; i++)
        job->places[i] = random_below(job->file->size / RECORD) * RECORD;
}

static void
random_contest(const struct file *f, const char *ahead)
{
    struct records job = { .file = f };
    struct contest *c = contest_new("13", "-", f->size,
                                    "record of %s, memory 1/8, %s ahead",
                                    bytes_text(RECORD), ahead);
    int ours = contest_add(c, "mmapx_prefetch", read_ahead_records, &job);
    int theirs = contest_add(c, "O_DIRECT, 8 threads", threads_past_cache,
                             &job);

    choose_records(&job, opt.quick ? 10000 : 100000);
    file_evict(f);
    c->loops = 1;
    c->answers_differ = true; /* the one adds up, the other does not */
    c->before_round = draw;
    contest_run(c);
    compare(c, ours, theirs, TIME_RATIO, 0.67);
    contest_end(c);
    drop_records(&job);
}

/* --- The hot set ---------------------------------------------------------- */

enum { PASSES = 40, PIECE = 128 << 10 };

struct hot_set {
    const struct file *hot, *cold;
    bool aside;  /* there is a second mapping with RANDOM */
    bool random; /* the only one has it */
    off_t at;    /* in the cold file */
};

/* A part of the cold file, the same for each page that is touched. */
static void
read_cold(struct hot_set *job, size_t len)
{
    for (size_t done = 0; done < len; done += PIECE) {
        if (pread(job->cold->fd, file_buffer(), PIECE, job->at) < PIECE)
            job->at = 0;
        else
            job->at += PIECE;
    }
}

static void
touch_hot(struct hot_set *job, const struct mmapx *m, const struct mmapx *aside)
{
    size_t page = page_size();

    for (size_t at = 0; at < job->hot->size; at += page) {
        if (job->aside)
            (void)first_word(aside, at);
        (void)first_word(m, at);
        if (at % (2 * MIB) == 0)
            read_cold(job, job->cold->size / PASSES
                               / (job->hot->size / (2 * MIB)));
    }
}

static long
major_faults(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return used.ru_majflt;
}

/* The first two passes make it hot. */
static bool
use_hot_set(void *arg, long loops, struct sample *s)
{
    struct hot_set *job = arg;
    struct mmapx m, aside;
    struct timer t;
    long before;

    file_evict(job->hot);
    file_evict(job->cold);
    if (mmapx_cache_load(job->hot->fd, 0, -1) != 0
        || mmapx_map(&m, job->hot->fd, PROT_READ, MAP_SHARED) != 0
        || mmapx_map(&aside, job->hot->fd, PROT_READ, MAP_SHARED) != 0)
        return false;
    mmapx_advise(&aside, 0, MMAPX_TO_END, MMAPX_MADV_RANDOM);
    if (job->random)
        mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_RANDOM);
    touch_hot(job, &m, &aside);
    touch_hot(job, &m, &aside);
    before = major_faults();
    timer_start(&t);
    for (int pass = 0; pass < PASSES; pass++)
        touch_hot(job, &m, &aside);
    timer_stop(&t, loops, s);
    s->bytes = (double)(major_faults() - before);
    mmapx_unmap(&aside);
    mmapx_unmap(&m);
    return true;
}

static void
hot_contest(const struct file *hot, const struct file *cold, const char *ahead)
{
    struct hot_set recipe = { hot, cold, .aside = true };
    struct hot_set normal = { hot, cold, .aside = false };
    struct contest *c = contest_new("13", "-", hot->size,
                                    "faults of a hot set of %s, %s ahead",
                                    bytes_text((double)hot->size), ahead);
    int ours = contest_add(c, "two mappings", use_hot_set, &recipe);
    int plain = contest_add(c, "no advice", use_hot_set, &normal);

    c->loops = 1;
    contest_run(c);
    compare(c, ours, plain, COUNT, 50);
    contest_end(c);
}

/* Once and not in rounds: it takes a hundred times as long. */
static void
random_hot_set(const struct file *hot, const struct file *cold)
{
    struct hot_set job = { hot, cold, .random = true };
    struct sample s = { 0, 0, 0, 0 };

    if (!out_of_time() && use_hot_set(&job, 1, &s))
        note("row 13: the hot set with MADV_RANDOM: %.0f faults, %s", s.bytes,
             time_text(s.wall));
}

static void
with_read_ahead(const char *dir, size_t ahead, size_t size)
{
    struct file cold, hot;
    char text[24];

    snprintf(text, sizeof text, "%s", bytes_text((double)ahead));
    if (!loop_read_ahead(ahead)
        || !file_make(&cold, dir, "cold", size, WRITTEN))
        return;
    if (file_make(&hot, dir, "hot", size / 16, WRITTEN)) {
        if (group_enter("13", size / 8)) {
            random_contest(&cold, text);
            group_leave();
        }
        if (group_enter("13", size / 16 * 3)) {
            hot_contest(&hot, &cold, text);
            if (ahead < MIB && !opt.quick)
                random_hot_set(&hot, &cold);
            group_leave();
        }
        file_drop(&hot);
    }
    file_drop(&cold);
}

void
row_little_memory(void)
{
    size_t size = fitting(opt.quick ? 256 * MIB : GIB, true, "13");
    const char *dir = loop_disk("13", size + size / 16);

    if (dir == NULL)
        return;
    with_read_ahead(dir, 128 * KIB, size);
    with_read_ahead(dir, 8 * MIB, size);
    loop_drop();
}

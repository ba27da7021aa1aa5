/* SPDX-License-Identifier: MIT */
/* Row 1: mapping, and the calls on a small range. */
#include "rows/rows.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a contestant works on. */
struct job {
    const struct file *file;
    struct peer *peer;
};

static bool
bare_map(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++) {
        struct stat sb;
        void *p;

        if (fstat(job->file->fd, &sb) < 0)
            return false;
        p = mmap(NULL, (size_t)sb.st_size, PROT_READ, MAP_SHARED,
                 job->file->fd, 0);
        if (p == MAP_FAILED || munmap(p, (size_t)sb.st_size) < 0)
            return false;
    }
    timer_stop(&t, loops, s);
    return true;
}

static bool
our_map(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++) {
        struct mmapx m;

        if (mmapx_map(&m, job->file->fd, PROT_READ, MAP_SHARED) != 0
            || mmapx_unmap(&m) != 0)
            return false;
    }
    timer_stop(&t, loops, s);
    return true;
}

static void
map_contest(const struct file *f)
{
    struct job job = { f, NULL };
    struct contest *c = contest_new("1", "", f->size, "map + unmap %s",
                                    bytes_text((double)f->size));
    int bare = contest_add(c, "fstat, mmap, munmap", bare_map, &job);
    int ours = contest_add(c, "mmapx_map", our_map, &job);

    c->rounds = opt.quick ? 101 : 301;
    contest_run(c);
    compare(c, ours, bare, TIME_RATIO, 1.02);
    contest_end(c);
}

/* --- Against other processes --------------------------------------------- */

static bool
peer_map(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;

    return peer_ask(job->peer, s, "map %s %ld", job->file->path, loops);
}

/* For the peer that takes no descriptor. */
static bool
peer_map_path(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;

    return peer_ask(job->peer, s, "path %s %ld", job->file->path, loops);
}

enum { OURS, BY_PATH, GLIB, PYTHON, GO, BOOST, APR, PEERS };
static const struct {
    const char *name;
    const char *text;
    double goal;
} peers[PEERS] = {
    [OURS] = { "ours", "mmapx_map", NO_GOAL },
    [BY_PATH] = { "ours", "mmapx_map_path", NO_GOAL },
    [GLIB] = { "glib", "GMappedFile", 1.0 },
    [PYTHON] = { "python", "Python mmap", 1.0 },
    [GO] = { "go", "Go, as gommap", 1.0 },
    [BOOST] = { "boost", "Boost mapped_file", 1.0 },
    [APR] = { "apr", "APR apr_mmap", NO_GOAL },
};

/* Where a process has its mappings is drawn when it starts, and moves the cost
 * by more than the peers differ: so all of them start often. */
static void
start_anew(struct contest *c, int round)
{
    if (round < 0 || round % 10 != 0)
        return;
    for (int i = 0; i < c->n; i++)
        peer_restart(((struct job *)c->contestants[i].arg)->peer);
}

static void
peers_contest(const struct file *f)
{
    struct contest *c = contest_new("1", "", f->size, "map + unmap %s, alone",
                                    bytes_text((double)f->size));
    struct job jobs[PEERS];
    int them[PEERS];

    for (int i = 0; i < PEERS; i++) {
        runner *run = i == BY_PATH ? peer_map_path : peer_map;

        jobs[i] = (struct job){ f, peer_start(peers[i].name) };
        them[i] = contest_add(c, peers[i].text, jobs[i].peer ? run : NULL,
                              &jobs[i]);
    }
    c->rounds = opt.quick ? 31 : 301;
    c->before_round = start_anew;
    contest_run(c);
    for (int i = GLIB; i < PEERS; i++)
        compare(c, them[i == BOOST ? BY_PATH : OURS], them[i], TIME_RATIO,
                peers[i].goal);
    contest_end(c);
    for (int i = 0; i < PEERS; i++)
        peer_stop(jobs[i].peer);
}

/* Over sizes to show that it does not grow with them. */
static void
map_series(void)
{
    struct series series = { "map + unmap", "mmapx_map", "-", 0, { 0 }, { 0 } };

    for (size_t size = 4 * KIB; size <= TIB; size *= 8) {
        struct file f;
        struct job job = { &f, NULL };
        struct contest *c;
        int ours;

        if (!file_make(&f, opt.dir, "series", size, SPARSE))
            continue;
        c = contest_new("1", "-", size, "map");
        ours = contest_add(c, "mmapx_map", our_map, &job);
        c->rounds = 31;
        contest_run(c);
        series_add(&series, size, contest_median(c, ours));
        contest_end(c);
        file_drop(&f);
    }
    series_print(&series);
}

void
row_map(void)
{
    static const size_t sizes[] = { 4 * KIB, MIB, GIB };

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = fitting(sizes[i], true, "1");
        struct file f;

        if (!file_make(&f, opt.dir, "map", size, ALLOCATED))
            continue;
        if (file_fill(&f, size < 2 * MIB ? STATE_S : STATE_L)) {
            map_contest(&f);
            peers_contest(&f);
        }
        file_drop(&f);
    }
    map_series();
}

/* SPDX-License-Identifier: MIT */
/* What the parts of the benchmark share.  bench/README says what it does. */
#ifndef MMAPX_BENCH_H
#define MMAPX_BENCH_H

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "libmmapx.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)
#define TIB ((size_t)1 << 40)

#if defined __GNUC__
#define LIKE_PRINTF(format, first)                                             \
    __attribute__((__format__(__printf__, format, first)))
#else
#define LIKE_PRINTF(format, first)
#endif

/* --- main.c -------------------------------------------------------------- */

struct options {
    bool quick;
    const char *dir;   /* for the files; removed at the end */
    const char *peers; /* the programs that bench/run.sh has built, or NULL */
    const char *tool;  /* the command mmapx, or NULL */
    uint64_t seed;     /* of the order and of what is random in a workload */
    FILE *table;       /* NULL: not wanted */
    FILE *json;
};
extern struct options opt;

/* Whether the row was asked for: all of it, or one of its parts. */
bool wanted(const char *row);

/* Whether it has run for nearly as long as it is allowed to. */
bool out_of_time(void);

_Noreturn void die(const char *format, ...) LIKE_PRINTF(1, 2);

/* The same for the same seed. */
uint64_t random_below(uint64_t n);

/* --- machine.c: the header ----------------------------------------------- */

void machine_print(void);
uint64_t machine_available(void); /* bytes of memory */
uint64_t machine_disk(void);      /* bytes free in opt.dir */
size_t page_size(void);

/* --- contest.c: who is faster -------------------------------------------- */

/* For one operation. */
struct sample {
    double wall; /* ns */
    double cpu;  /* ns, of all threads, in the program and in the kernel */
    double bytes; /* written, or whatever else is compared */
    uint64_t answer; /* what was found out, which all have to agree about; 0:
                        nothing is found out */
};

struct timer {
    double wall, cpu;
};
void timer_start(struct timer *t);
void timer_stop(const struct timer *t, long loops, struct sample *s);

/* Do it loops times and say how long one took.  False: it cannot be done. */
typedef bool runner(void *arg, long loops, struct sample *s);

enum { MOST_CONTESTANTS = 10, MOST_ROUNDS = 301, FEWEST_ROUNDS = 9 };

struct contestant {
    const char *name;
    runner *run;
    void *arg;
    long loops;
    bool failed;
    struct sample samples[MOST_ROUNDS];
};

struct contest {
    const char *row;
    char work[96];
    const char *state; /* of the page cache, or "" */
    size_t size;       /* bytes worked on */
    int rounds;
    long loops; /* in a sample; 0: for each as many as take it 0.3 ms */
    bool answers_differ;
    const struct file *watched; /* what they are about, or NULL */
    uint64_t cached;            /* pages of that at the beginning */
    void (*before_round)(struct contest *c, int round); /* or NULL */
    int n;
    struct contestant contestants[MOST_CONTESTANTS];
};

struct contest *contest_new(const char *row, const char *state, size_t size,
                            const char *format, ...) LIKE_PRINTF(4, 5);

/* The contestant's number, or -1 for one that is not there: run is NULL. */
int contest_add(struct contest *c, const char *name, runner *run, void *arg);
void contest_run(struct contest *c);
void contest_end(struct contest *c);

struct spread {
    double median, min, max;
    double low, high; /* between which half of the values lie */
};
enum what { WALL, CPU, BYTES };
struct spread contest_spread(const struct contest *c, int who, enum what what);
struct spread contest_relation(const struct contest *c, int ours, int theirs,
                               enum what what, bool difference);

/* What is compared, and what the goal is of. */
enum measure {
    TIME_RATIO,      /* ours / theirs */
    TIME_DIFFERENCE, /* ours - theirs, in ns */
    BYTES_RATIO,
    BYTES_SHARE,     /* ours / the size worked on, at least the goal */
};
#define NO_GOAL 0.0

/* Print one line of the table; none where one of the two is missing (-1) or
 * has failed. */
void compare(const struct contest *c, int ours, int theirs,
             enum measure measure, double goal);

/* The one of the contestants whose median is the lowest, or the highest. */
int contest_best(const struct contest *c, const int *of, int n);
int contest_worst(const struct contest *c, const int *of, int n);

/* The median time of a contestant in ns; < 0 where it failed. */
double contest_median(const struct contest *c, int contestant);

/* Whether any answer was wrong. */
bool contests_were_wrong(void);

/* --- print.c ------------------------------------------------------------- */

void print_heading(void);
void note(const char *format, ...) LIKE_PRINTF(1, 2);
void skip(const char *row, const char *format, ...) LIKE_PRINTF(2, 3);

/* How the time of one thing grows with the size. */
enum { MOST_POINTS = 12 };
struct series {
    const char *title, *name, *state;
    int n;
    size_t sizes[MOST_POINTS];
    double ns[MOST_POINTS];
};
void series_add(struct series *s, size_t size, double ns);
void series_print(const struct series *s);

void json_string(FILE *out, const char *s);
const char *bytes_text(double bytes); /* valid until called 8 times more */
const char *time_text(double ns);

/* --- files.c: files, and what of them is in the page cache --------------- */

enum content {
    SPARSE,    /* no blocks */
    ALLOCATED, /* blocks that were never written: read as zeros without I/O */
    WRITTEN,
};

enum state {
    STATE_EMPTY,     /* nothing cached */
    STATE_L,         /* all of it, in folios of 2 MiB */
    STATE_M,         /* of 1 MiB */
    STATE_S,         /* of one page */
    STATE_RANDOM,    /* 1 % of the pages, each by itself */
    STATE_CLUSTERED, /* 1 % of the pages, in stretches of 1 MiB */
};

struct file {
    char path[512];
    int fd;
    size_t size;
};

/* wanted bytes halved until they fit the disk and, if warm, the memory. */
size_t fitting(size_t wanted, bool warm, const char *row);

bool file_make(struct file *f, const char *dir, const char *name, size_t size,
               enum content content);
void file_drop(struct file *f);
void file_evict(const struct file *f);
bool file_fill(const struct file *f, enum state state);
bool file_set(const struct file *f, enum state state); /* and say what it is */
const char *state_name(enum state state);
uint64_t file_cached(const struct file *f); /* pages; UINT64_MAX: unknown */

/* A file system on a loop device with a read-ahead of 128 KiB; its directory,
 * or NULL (and a line that says why). */
const char *loop_disk(const char *row, size_t size);
void loop_drop(void);

/* --- peers.c: other programs --------------------------------------------- */

struct peer;
void peers_look(void); /* and say which are missing */
struct peer *peer_start(const char *name); /* NULL: missing */
void peer_restart(struct peer *p); /* at another place in memory */
void peer_stop(struct peer *p);

/* Send one line; the answer fills the sample in. */
bool peer_ask(struct peer *p, struct sample *s, const char *format, ...)
    LIKE_PRINTF(3, 4);

/* Whether a command is there, and how long it takes, whose last argument is
 * NULL.  Its output is put into output, cut to size. */
bool command_exists(const char *name);
bool command_run(const char *const *argv, struct sample *s, char *output,
                 size_t size);

/* --- The rows ------------------------------------------------------------ */

void row_map(void);
void row_calls(void);
void row_residency(void);
void row_sparse(void);
void row_populate(void);
void row_load(void);
void row_evict(void);
void row_guard(void);
void row_resize(void);
void row_sync(void);
void row_status(void);

#endif /* MMAPX_BENCH_H */

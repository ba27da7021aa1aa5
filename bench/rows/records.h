/* SPDX-License-Identifier: MIT */
/* What rows 12 and 13 share: records of a file in an order that is drawn. */
#ifndef MMAPX_BENCH_RECORDS_H
#define MMAPX_BENCH_RECORDS_H

#include "rows/rows.h"

/* Bytes of a record, and how many of them are begun ahead: as many as one
 * system call takes, while as many are on their way. */
enum { RECORD = 4096, AT_ONCE = 64, AHEAD = 2 * AT_ONCE };

struct records {
    const struct file *file;
    size_t n;
    size_t *places;
    const struct mmapx *m; /* or NULL */
};

void choose_records(struct records *job, size_t n);
void drop_records(struct records *job);
int open_past_cache(const struct file *f);

static inline uint64_t
first_word(const struct mmapx *m, size_t place)
{
    const volatile uint64_t *words = m->addr;

    return words[place / sizeof *words];
}

/* Read them all by one thread, as mmapx_prefetch(3) says: begun ahead, touched
 * in a mapping with RANDOM, and used in one without advice. */
runner read_ahead_records;

#endif /* MMAPX_BENCH_RECORDS_H */

/* SPDX-License-Identifier: MIT */
/* Records of a file in an order that is drawn, read by the recipe. */
#include "rows/records.h"

#include <fcntl.h>
#include <stdlib.h>

void
choose_records(struct records *job, size_t n)
{
    job->n = n;
    job->places = malloc(n * sizeof *job->places);
    if (job->places == NULL)
        die("malloc");
    for (size_t i = 0; i < n; i++)
        job->places[i] = random_below(job->file->size / RECORD) * RECORD;
}

void
drop_records(struct records *job)
{
    free(job->places);
}

int
open_past_cache(const struct file *f)
{
    return open(f->path, O_RDONLY | O_DIRECT | O_CLOEXEC);
}

static bool
begin_records(const struct records *job, const struct mmapx *m, size_t from)
{
    struct mmapx_range ranges[AT_ONCE];
    size_t n = 0;

    for (; n < AT_ONCE && from + n < job->n; n++)
        ranges[n] = (struct mmapx_range){ job->places[from + n], RECORD };
    return mmapx_prefetch(m, ranges, n) == 0;
}

bool
read_ahead_records(void *arg, long loops, struct sample *s)
{
    const struct records *job = arg;
    struct mmapx m, aside;
    struct timer t;
    bool done = true;

    (void)loops;
    if (mmapx_map(&m, job->file->fd, PROT_READ, MAP_SHARED) != 0)
        return false;
    if (mmapx_map(&aside, job->file->fd, PROT_READ, MAP_SHARED) != 0)
        return false;
    mmapx_advise(&aside, 0, MMAPX_TO_END, MMAPX_MADV_RANDOM);
    timer_start(&t);
    done = begin_records(job, &m, 0);
    for (size_t i = 0; i < job->n && done; i++) {
        if (i % AT_ONCE == 0)
            done = begin_records(job, &m, i + AT_ONCE);
        (void)first_word(&aside, job->places[i]);
        s->answer += first_word(&m, job->places[i]);
    }
    timer_stop(&t, (long)job->n, s);
    mmapx_unmap(&aside);
    mmapx_unmap(&m);
    return done;
}

/* SPDX-License-Identifier: MIT */
/* A few of the files that were loaded. */
#include "tool.h"
#include "sample.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The share of the descriptors that a process may have. */
enum { SHARE = 16 };

static size_t
room(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0
        || limit.rlim_cur >= (rlim_t)SAMPLE_FILES * SHARE)
        return SAMPLE_FILES;
    return limit.rlim_cur >= (rlim_t)2 * SHARE
               ? (size_t)(limit.rlim_cur / SHARE)
               : 2;
}

/* Give every second one up. */
static void
thin_out(struct sample *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++) {
        if (i % 2 != 0) {
            close(s->files[i].fd);
            continue;
        }
        s->files[n] = s->files[i];
        s->ranges[n++] = s->ranges[i];
    }
    s->n = n;
    s->every *= 2;
}

bool
sample_is_due(const struct sample *s)
{
    return s->every == 0 || s->seen % s->every == 0;
}

void
sample_add(struct sample *s, const struct work_file *f)
{
    bool is_due = sample_is_due(s);
    int fd;

    if (s->every == 0)
        s->every = 1;
    s->seen++;
    if (!is_due)
        return;
    if (s->n == room()) {
        thin_out(s);
        if ((s->seen - 1) % s->every != 0)
            return;
    }
    fd = fcntl(f->file->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return;
    s->files[s->n] = *f->file;
    s->files[s->n].fd = fd;
    s->ranges[s->n++] = *f;
}

bool
sample_has_lost(struct sample *s)
{
    bool lost = false;

    for (size_t i = 0; i < s->n; i++) {
        const struct work_file *f = &s->ranges[i];
        struct survey now;

        /* The only one has just been looked at. */
        if (s->seen > 1 && !lost
            && survey_range(&now, &s->files[i], f->off, f->len) == 0)
            lost = now.known != 0 && now.cached < f->after.cached;
        close(s->files[i].fd);
    }
    s->n = 0;
    return lost;
}

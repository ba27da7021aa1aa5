/* SPDX-License-Identifier: MIT */
/* Which parts of a file are in the page cache, as runs. */
#include "internal.h"

static int
cache_runs(int fd, int64_t off, int64_t len, struct mmapx_cache_run *runs,
           size_t *n)
{
    size_t found;
    int64_t end;
    int r;

    if (runs == NULL || n == NULL || *n == 0)
        return -EINVAL;
    r = mmapx_i_cache_range(fd, &off, len, &end);
    if (r < 0)
        return r;
    found = *n;
    r = mmapx_i_cache_scan(fd, off, end, runs, &found);
    if (r == -EPERM || (r == 0 && found == 0 && !mmapx_os_has_own_cache(fd)))
        r = mmapx_i_cache_probe(fd, r);
    if (r < 0)
        return r;
    *n = found;
    return 0;
}

static int
cache_run(int fd, int64_t off, struct mmapx_cache_run *run)
{
    struct mmapx_cache_run found = { .off = off };
    size_t n = 1;
    int r = run != NULL ? cache_runs(fd, off, -1, &found, &n) : -EINVAL;

    if (r == 0)
        *run = found;
    return r;
}

int
mmapx_cache_run(int fd, int64_t off, struct mmapx_cache_run *run)
{
    return mmapx_i_result(cache_run(fd, off, run));
}

int
mmapx_cache_runs(int fd, int64_t off, int64_t len,
                 struct mmapx_cache_run *runs, size_t *n)
{
    return mmapx_i_result(cache_runs(fd, off, len, runs, n));
}

/* SPDX-License-Identifier: MIT */
/* What tests/fault/calls.h says. */
#include "support.h"

#include <unistd.h>

#include "fake_os.h"

#include "calls.h"

int fd;
struct mmapx m;
int memfd = 77;

int
run_map(void)
{
    return mmapx_map(&m, fd, PROT_READ, MAP_SHARED);
}

int
run_map_region(void)
{
    return mmapx_map_region(&m, fd, 5, 10, PROT_READ, MAP_SHARED);
}

int
run_map_at(void)
{
    return mmapx_map_at(&m, NULL, fd, 5, 10, PROT_READ, MAP_SHARED);
}

int
run_map_path(void)
{
    return mmapx_map_path(&m, "/dev/null", PROT_READ, MAP_SHARED);
}

int
run_map_anon(void)
{
    return mmapx_map_anon(&m, 10, PROT_READ, MAP_PRIVATE);
}

int
run_unmap(void)
{
    return mmapx_unmap(&m);
}

int
run_advise(void)
{
    return mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_WILLNEED);
}

int
run_residency(void)
{
    unsigned char vec[16];

    return mmapx_residency(&m, 0, MMAPX_TO_END, vec, sizeof vec);
}

int
run_resident_count(void)
{
    size_t pages;

    return mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages);
}

int
run_resident_run(void)
{
    struct mmapx_run run;

    return mmapx_resident_run(&m, 0, &run);
}

int
run_lock(void)
{
    return mmapx_lock(&m, 0, MMAPX_TO_END, 0);
}

int
run_lock_on_fault(void)
{
    return mmapx_lock(&m, 0, MMAPX_TO_END, MMAPX_LOCK_ONFAULT);
}

int
run_unlock(void)
{
    return mmapx_unlock(&m, 0, MMAPX_TO_END);
}

int
run_protect(void)
{
    return mmapx_protect(&m, 0, MMAPX_TO_END, PROT_NONE);
}

int
run_sync(void)
{
    return mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC);
}

int
run_sync_file(void)
{
    return mmapx_sync_file(&m, fd, 0, MMAPX_TO_END);
}

/* m grows by a page, with the file and without; fd is its file. */
int
run_resize(void)
{
    return mmapx_resize(&m, fd, m.len + page_size(), MMAPX_RESIZE_MAYMOVE);
}

int
run_resize_to_end(void)
{
    return mmapx_resize(&m, fd, MMAPX_TO_END, MMAPX_RESIZE_MAYMOVE);
}

int
run_shrink(void)
{
    return mmapx_resize(&m, -1, 1, 0);
}

int
run_resize_both(void)
{
    return mmapx_resize(&m, fd, m.len + page_size(),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE);
}

int
run_resize_sparse(void)
{
    return mmapx_resize(&m, fd, m.len + page_size(),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE
                            | MMAPX_RESIZE_SPARSE);
}

int
run_shrink_both(void)
{
    return mmapx_resize(&m, fd, 1, MMAPX_RESIZE_FILE);
}

int
run_populate(void)
{
    return mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ);
}

int
run_cache_stat(void)
{
    struct mmapx_cache c;

    return mmapx_cache_stat(fd, 0, -1, &c);
}

int
run_cache_run(void)
{
    struct mmapx_cache_run run;

    return mmapx_cache_run(fd, 0, &run);
}

int
run_cache_runs(void)
{
    struct mmapx_cache_run runs[8];
    size_t n = 8;

    return mmapx_cache_runs(fd, 0, -1, runs, &n);
}

/* On a file system in memory everything stays cached, and nothing is read. */
int
run_cache_load(void)
{
    fake_uncached = (struct fake_bytes){ 0, INT64_MAX };
    return mmapx_cache_load(fd, 0, -1);
}

/* Large enough for huge pages. */
int
run_cache_load_blocks(void)
{
    int file = temp_file(512 << 10);
    int r;

    fake_uncached = (struct fake_bytes){ 0, INT64_MAX };
    r = mmapx_cache_load(file, 0, -1);
    close(file);
    return r;
}

int
run_cache_load_mapped(void)
{
    fake_reads_past_cache = true;
    return run_cache_load();
}

int
run_cache_evict(void)
{
    return mmapx_cache_evict(fd, 0, -1);
}

int
run_cache_evict_stacking(void)
{
    fake_stacks = true;
    return mmapx_cache_evict(fd, 0, -1);
}

int
run_name(void)
{
    return mmapx_name(&m, "a name");
}

int
run_prefetch(void)
{
    struct mmapx_range all = { 0, MMAPX_TO_END };

    return mmapx_prefetch(&m, &all, 1);
}

int
run_cache_prefetch(void)
{
    struct mmapx_cache_range all = { 0, -1 };

    return mmapx_cache_prefetch(fd, &all, 1);
}

int
run_map_memfd(void)
{
    return mmapx_map_memfd(&m, &memfd, "test", 10, 0);
}

void
set_up(void)
{
    fake_reset();
    fd = temp_file(3 * page_size() + 1);
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    fake_reset();
}

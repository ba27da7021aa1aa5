/* SPDX-License-Identifier: MIT */
/* What tests/fault/calls.h says. */
#include "support.h"

#include "calls.h"

int
run_map(struct fixture *f)
{
    return mmapx_map(&f->m, f->fd, PROT_READ, MAP_SHARED);
}

int
run_map_region(struct fixture *f)
{
    return mmapx_map_region(&f->m, f->fd, 5, 10, PROT_READ, MAP_SHARED);
}

int
run_map_at(struct fixture *f)
{
    return mmapx_map_at(&f->m, NULL, f->fd, 5, 10, PROT_READ, MAP_SHARED);
}

int
run_map_path(struct fixture *f)
{
    return mmapx_map_path(&f->m, "/dev/null", PROT_READ, MAP_SHARED);
}

int
run_map_anon(struct fixture *f)
{
    return mmapx_map_anon(&f->m, 10, PROT_READ, MAP_PRIVATE);
}

int
run_unmap(struct fixture *f)
{
    return mmapx_unmap(&f->m);
}

int
run_advise(struct fixture *f)
{
    return mmapx_advise(&f->m, 0, MMAPX_TO_END, MMAPX_MADV_WILLNEED);
}

int
run_residency(struct fixture *f)
{
    unsigned char vec[16];

    return mmapx_residency(&f->m, 0, MMAPX_TO_END, vec, sizeof vec);
}

int
run_resident_count(struct fixture *f)
{
    size_t pages;

    return mmapx_resident_count(&f->m, 0, MMAPX_TO_END, &pages);
}

int
run_resident_run(struct fixture *f)
{
    struct mmapx_run run;

    return mmapx_resident_run(&f->m, 0, &run);
}

int
run_lock(struct fixture *f)
{
    return mmapx_lock(&f->m, 0, MMAPX_TO_END, 0);
}

int
run_lock_on_fault(struct fixture *f)
{
    return mmapx_lock(&f->m, 0, MMAPX_TO_END, MMAPX_LOCK_ONFAULT);
}

int
run_unlock(struct fixture *f)
{
    return mmapx_unlock(&f->m, 0, MMAPX_TO_END);
}

int
run_protect(struct fixture *f)
{
    return mmapx_protect(&f->m, 0, MMAPX_TO_END, PROT_NONE);
}

int
run_sync(struct fixture *f)
{
    return mmapx_sync(&f->m, 0, MMAPX_TO_END, MS_SYNC);
}

int
run_sync_file(struct fixture *f)
{
    return mmapx_sync_file(&f->m, f->fd, 0, MMAPX_TO_END);
}

/* The mapping grows by a page, with the file and without. */
int
run_resize(struct fixture *f)
{
    return mmapx_resize(&f->m, f->fd, f->m.len + page_size(),
                        MMAPX_RESIZE_MAYMOVE);
}

int
run_resize_to_end(struct fixture *f)
{
    return mmapx_resize(&f->m, f->fd, MMAPX_TO_END, MMAPX_RESIZE_MAYMOVE);
}

int
run_shrink(struct fixture *f)
{
    return mmapx_resize(&f->m, -1, 1, 0);
}

int
run_resize_both(struct fixture *f)
{
    return mmapx_resize(&f->m, f->fd, f->m.len + page_size(),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE);
}

int
run_resize_sparse(struct fixture *f)
{
    return mmapx_resize(&f->m, f->fd, f->m.len + page_size(),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE
                            | MMAPX_RESIZE_SPARSE);
}

int
run_shrink_both(struct fixture *f)
{
    return mmapx_resize(&f->m, f->fd, 1, MMAPX_RESIZE_FILE);
}

int
run_populate(struct fixture *f)
{
    return mmapx_populate(&f->m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ);
}

int
run_cache_stat(struct fixture *f)
{
    struct mmapx_cache c;

    return mmapx_cache_stat(f->fd, 0, -1, &c);
}

int
run_cache_run(struct fixture *f)
{
    struct mmapx_cache_run run;

    return mmapx_cache_run(f->fd, 0, &run);
}

int
run_cache_runs(struct fixture *f)
{
    struct mmapx_cache_run runs[8];
    size_t n = 8;

    return mmapx_cache_runs(f->fd, 0, -1, runs, &n);
}

int
run_cache_evict(struct fixture *f)
{
    return mmapx_cache_evict(f->fd, 0, -1);
}

int
run_name(struct fixture *f)
{
    return mmapx_name(&f->m, "a name");
}

int
run_prefetch(struct fixture *f)
{
    struct mmapx_range all = { 0, MMAPX_TO_END };

    return mmapx_prefetch(&f->m, &all, 1);
}

int
run_cache_prefetch(struct fixture *f)
{
    struct mmapx_cache_range all = { 0, -1 };

    return mmapx_cache_prefetch(f->fd, &all, 1);
}

int
run_map_memfd(struct fixture *f)
{
    return mmapx_map_memfd(&f->m, &f->memfd, "test", 10, 0);
}

void
make_fixture(struct fixture *f)
{
    *f = (struct fixture){ .m = MMAPX_INIT, .memfd = UNTOUCHED_FD };
    f->fd = temp_file(3 * page_size() + 1);
    OK(mmapx_map(&f->m, f->fd, PROT_READ, MAP_SHARED));
}

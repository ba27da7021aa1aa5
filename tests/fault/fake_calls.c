/* SPDX-License-Identifier: MIT */
/* What tests/fault/fake_calls.h says. */
#include "support.h"

#include <unistd.h>

#include "fake_calls.h"

#include "internal.h"
#include "fake_os.h"

/* On a file system in memory everything stays cached, and nothing is read. */
int
run_cache_load(struct fixture *f)
{
    fake_uncached = (struct fake_bytes){ 0, INT64_MAX };
    return mmapx_cache_load(f->fd, 0, -1);
}

/* Large enough for huge pages. */
int
run_cache_load_blocks(struct fixture *f)
{
    int file = temp_file(512 << 10);
    int r;

    (void)f;
    /* While it is written, it may be listed as if it had never been. */
    ck_assert_int_eq(fsync(file), 0);
    fake_uncached = (struct fake_bytes){ 0, INT64_MAX };
    r = mmapx_cache_load(file, 0, -1);
    close(file);
    return r;
}

int
run_cache_load_mapped(struct fixture *f)
{
    fake_reads_past_cache = true;
    return run_cache_load(f);
}

/* How long what is dirty stays would depend on the disk. */
int
run_cache_evict_twice(struct fixture *f)
{
    fake_all_stay = true;
    return run_cache_evict(f);
}

int
run_cache_evict_stacking(struct fixture *f)
{
    fake_stacks = true;
    return run_cache_evict_twice(f);
}

void
set_up(struct fixture *f)
{
    fake_reset();
    make_fixture(f);
    mmapx_i_process(); /* it sets a page apart, once */
    fake_reset();
}

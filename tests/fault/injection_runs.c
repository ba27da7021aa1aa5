/* SPDX-License-Identifier: MIT */
/* What tests/fault/injection_runs.h says. */
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "fake_os.h"
#include "injection_runs.h"
#include "internal.h"

static void
map_all(struct fixture *f, int prot, int flags)
{
    OK(mmapx_map(&f->m, f->fd, prot, flags));
}

void
map_shared(struct fixture *f)
{
    map_all(f, PROT_READ | PROT_WRITE, MAP_SHARED);
}

void
map_private(struct fixture *f)
{
    map_all(f, PROT_READ, MAP_PRIVATE);
}

/* So that mmapx_write() has to ask. */
void
map_mixed(struct fixture *f)
{
    map_shared(f);
    OK(mmapx_protect(&f->m, page_size(), page_size(), PROT_READ));
}

void
map_room(struct fixture *f)
{
    map_shared(f);
    OK(mmapx_reserve(&f->m, 9 * page_size(), MMAPX_RESIZE_MAYMOVE));
}

void
map_private_room(struct fixture *f)
{
    map_all(f, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    OK(mmapx_reserve(&f->m, 9 * page_size(), MMAPX_RESIZE_MAYMOVE));
}

void
map_full_room(struct fixture *f)
{
    map_shared(f);
    OK(mmapx_reserve(&f->m, f->m.len + page_size(), MMAPX_RESIZE_MAYMOVE));
    OK(mmapx_resize(&f->m, -1, mmapx_room(&f->m), 0));
}

void
map_nothing(struct fixture *f)
{
    f->m = (struct mmapx)MMAPX_INIT;
}

void
map_first_page(struct fixture *f)
{
    OK(mmapx_map_region(&f->m, f->fd, 0, page_size(), PROT_READ | PROT_WRITE,
                        MAP_SHARED));
}

void
map_beyond_the_end(struct fixture *f)
{
    OK(mmapx_map_region(&f->m, f->fd, 0, 8 * page_size(),
                        PROT_READ | PROT_WRITE, MAP_SHARED));
}

int
run_map_device(struct fixture *f)
{
    int r;

    fake_is_block_device = true;
    r = mmapx_map_region(&f->m, f->fd, 0, MMAPX_TO_END, PROT_READ, MAP_SHARED);
    fake_is_block_device = false;
    return r;
}

int
run_map_large(struct fixture *f)
{
    fake_misplaces = mmapx_os_large_alignment > 1;
    return mmapx_map_region(&f->m, f->fd, (int64_t)page_size(), 8 << 20,
                            PROT_READ, MAP_SHARED);
}

/* Pages of the mapping's own, with the bytes of the file; and a journal, above
 * the descriptors that are looked at. */
static int journal = -1;

void
map_changed(struct fixture *f)
{
    map_all(f, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    *(volatile unsigned char *)f->m.addr = pattern(0);
    ((volatile unsigned char *)f->m.addr)[f->m.len - 1] = pattern(f->m.len - 1);
    if (journal < 0) {
        int made = temp_file(0);

        journal = fcntl(made, F_DUPFD, 100);
        close(made);
    }
    ck_assert_int_eq(ftruncate(journal, 0), 0);
}

int
run_commit(struct fixture *f)
{
    return mmapx_commit(&f->m, f->fd, 0, MMAPX_TO_END);
}

int
run_commit_atomic(struct fixture *f)
{
    return mmapx_commit_atomic(&f->m, f->fd, journal, 0, MMAPX_TO_END);
}

int
run_changed(struct fixture *f)
{
    struct mmapx_run run;

    return mmapx_changed_run(&f->m, 0, &run);
}

void
map_memory(struct fixture *f)
{
    OK(mmapx_map_anon(&f->m, 3 * page_size() + 1, PROT_READ, MAP_PRIVATE));
}

int
run_lock_limit(struct fixture *f)
{
    size_t limit, locked;

    (void)f;
    return mmapx_lock_limit(&limit, &locked);
}

int
run_can_fault(struct fixture *f)
{
    return mmapx_can_fault(&f->m, f->fd) == 1 ? 0 : -1;
}

int
run_read(struct fixture *f)
{
    char buf[10];

    return mmapx_read(&f->m, 5, buf, sizeof buf) == sizeof buf ? 0 : -1;
}

int
run_write(struct fixture *f)
{
    unsigned char byte = pattern(5);

    return mmapx_write(&f->m, 5, &byte, 1) == 1 ? 0 : -1;
}

int
run_sync_async(struct fixture *f)
{
    return mmapx_sync(&f->m, 1, 2, MS_ASYNC);
}

int
run_cache_stat_by_mapping(struct fixture *f)
{
    fake_has_no_cachestat = true;
    return run_cache_stat(f);
}

int
run_cache_run_by_mapping(struct fixture *f)
{
    fake_has_no_cachestat = true;
    return run_cache_run(f);
}

int
run_map_path_file(struct fixture *f)
{
    char path[32];

    snprintf(path, sizeof path, "/dev/fd/%d", f->fd);
    return mmapx_map_path(&f->m, path, PROT_READ, MAP_SHARED);
}

/* The mapping grows from the file's middle, and the file is cut. */
int
run_grow_and_cut(struct fixture *f)
{
    return mmapx_resize(&f->m, f->fd, 2 * page_size(),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE
                            | MMAPX_RESIZE_CUT);
}

/* By a step that is written with zeros, where tails are kept. */
int
run_grow_by_zeros(struct fixture *f)
{
    fake_zeros_pay = true;
    fake_keeps_tail = true;
    return mmapx_resize(&f->m, f->fd, f->m.len + (64 << 10),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE);
}

/* Nothing may be behind the mapping while it grows. */
static char *
take_behind(struct fixture *f)
{
    size_t page = page_size();
    char *end = (char *)f->m.addr + (f->m.len + page - 1) / page * page;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | mmapx_os_fixed_noreplace;

    return mmap(end, page, PROT_NONE, flags, -1, 0);
}

static int
run_and_give_back(struct fixture *f, fixture_call *run)
{
    char *taken = take_behind(f);
    int r = run(f);
    int error = errno;

    if (taken != MAP_FAILED)
        munmap(taken, page_size());
    errno = error;
    return r;
}

int
run_move(struct fixture *f)
{
    return run_and_give_back(f, run_resize);
}

int
run_move_both(struct fixture *f)
{
    return run_and_give_back(f, run_resize_both);
}

/* The same runs where they come out otherwise. */
int
run_move_parts(struct fixture *f)
{
    return run_move(f);
}

int
run_move_parts_both(struct fixture *f)
{
    return run_move_both(f);
}

static int
reserve_elsewhere(struct fixture *f)
{
    return mmapx_reserve(&f->m, 9 * page_size(), MMAPX_RESIZE_MAYMOVE);
}

int
run_reserve(struct fixture *f)
{
    return run_and_give_back(f, reserve_elsewhere);
}

int
run_give_up_room(struct fixture *f)
{
    return mmapx_reserve(&f->m, 0, 0);
}

int
run_grow_in_room(struct fixture *f)
{
    return mmapx_resize(&f->m, f->fd, f->m.len + page_size(), 0);
}

int
run_grow_private_in_room(struct fixture *f)
{
    return run_grow_in_room(f);
}

int
run_grow_in_room_by_itself(struct fixture *f)
{
    return mmapx_resize(&f->m, -1, f->m.len + page_size(), 0);
}

int
run_grow_both_in_room(struct fixture *f)
{
    return mmapx_resize(&f->m, f->fd, f->m.len + page_size(),
                        MMAPX_RESIZE_FILE);
}

int
run_shrink_in_room(struct fixture *f)
{
    return mmapx_resize(&f->m, -1, 1, 0);
}

int
run_grow_beyond_room(struct fixture *f)
{
    return run_and_give_back(f, run_resize);
}

/* A file of its own that is read in before it is populated. */
void
map_hole(struct fixture *f)
{
    int hole = temp_file(0);

    OK(ftruncate(hole, 1 << 20));
    OK(mmapx_map(&f->m, hole, PROT_READ, MAP_SHARED));
    close(hole);
}

/* A file of its own, so large that touching it may be worth it.  It is cached,
 * and so placed that faults map all that lies between them: nothing is left to
 * advice. */
void
map_large_file(struct fixture *f)
{
    enum { SIZE = 16 << 20 };
    int large = temp_file(0);
    struct mmapx aside;
    uintptr_t at;

    OK(ftruncate(large, SIZE));
    OK(mmapx_map(&aside, large, PROT_READ, MAP_SHARED));
    for (size_t i = 0; i < SIZE; i += page_size())
        ck_assert_int_eq(((volatile char *)aside.addr)[i], 0);
    OK(mmapx_unmap(&aside));
    OK(mmapx_map_anon(&aside, 2 * SIZE, PROT_NONE, MAP_PRIVATE));
    at = ((uintptr_t)aside.addr + SIZE - 1) / SIZE * SIZE;
    OK(mmapx_unmap(&aside));
    OK(mmapx_map_at(&f->m, (void *)at, large, 0, SIZE, PROT_READ, MAP_SHARED));
    close(large);
}

int
run_populate_by_touching(struct fixture *f)
{
    fake_mincore_bits = 1; /* all is cached */
    fake_advice_work = 90000;
    fake_touch_work = 9000;
    return run_populate(f);
}

int
run_populate_cold(struct fixture *f)
{
    return run_populate(f);
}

/* The file grows and the mapping shrinks. */
int
run_grow_and_shrink(struct fixture *f)
{
    return mmapx_resize(&f->m, f->fd, 6 * page_size(),
                        MMAPX_RESIZE_FILE | MMAPX_RESIZE_SPARSE);
}

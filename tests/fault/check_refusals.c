/* SPDX-License-Identifier: MIT */
/* The library as it is behind filters of system calls, as containers have them.
 * What a seam can play is in check_errno.c. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "filters.h"

#include "calls.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static struct fixture fixture;

static int
run_limit(struct fixture *f)
{
    size_t bytes;

    (void)f;
    return mmapx_lock_limit(&bytes, NULL);
}

/* What is locked grows in room. */
static int
run_grow_locked(struct fixture *f)
{
    size_t page = page_size();

    return mmapx_reserve(&f->m, 16 * page, MMAPX_RESIZE_MAYMOVE) == 0
                   && mmapx_lock(&f->m, 0, MMAPX_TO_END, 0) == 0
               ? mmapx_resize(&f->m, f->fd, f->m.len + page, 0)
               : -1;
}

static int
nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int
run_guard(struct fixture *f)
{
    return mmapx_guard(&f->m, nothing, NULL);
}

static int
run_read(struct fixture *f)
{
    char byte;

    return mmapx_read(&f->m, 0, &byte, 1) == 1 ? 0 : -1;
}

/* What is not in memory any more, as far as the file system evicts it. */
static int
run_load(struct fixture *f)
{
    return fsync(f->fd) == 0 && mmapx_cache_evict(f->fd, 0, -1) == 0
               ? mmapx_cache_load(f->fd, 0, -1)
               : -1;
}

/* 0 as the outcome is success; -1 is that errno itself. */
static const struct refusal {
    struct denied denied;
    int code;
    fixture_call *run;
    int outcome;
} refusals[] = {
    { { NUMBER_MMAP, ANY, 0, false }, ENOSYS, run_map, -1 },
    /* musl makes ENOMEM of EPERM here. */
    { { NUMBER_MMAP, ANY, 0, false }, EAGAIN, run_map_anon, -1 },
    { { NUMBER_MMAP, ANY, 0, false }, EPERM, run_map_memfd, -1 },
    { { SYS_munmap, ANY, 0, false }, EPERM, run_unmap, -1 },
    { { SYS_munmap, ANY, 0, false }, ENOMEM, run_shrink, -1 },
    { { SYS_madvise, ANY, 0, false }, ENOSYS, run_advise, ENOTSUP },
    { { SYS_madvise, ANY, 0, false }, EPERM, run_advise, -1 },
    { { SYS_madvise, ANY, 0, false }, ENOSYS, run_populate, 0 },
    { { SYS_madvise, ANY, 0, false }, EINVAL, run_populate, 0 },
    { { SYS_mincore, ANY, 0, false }, ENOSYS, run_resident_count, -1 },
    { { SYS_mincore, ANY, 0, false }, EPERM, run_resident_count, -1 },
    { { NUMBER_MLOCK2, ANY, 0, false }, EAGAIN, run_lock, -1 },
    { { NUMBER_MLOCK2, ANY, 0, false }, ENOSYS, run_lock, 0 },
    { { NUMBER_MLOCK2, ANY, 0, false }, ENOSYS, run_lock_on_fault, ENOTSUP },
    { { NUMBER_MLOCK2, ANY, 0, false }, ENOSYS, run_grow_locked, 0 },
    { { NUMBER_MLOCK2, ANY, 0, false }, EPERM, run_grow_locked, 0 },
    { { SYS_munlock, ANY, 0, false }, ENOMEM, run_unlock, -1 },
    { { SYS_prlimit64, 1, RLIMIT_MEMLOCK, false }, EPERM, run_limit, -1 },
    { { SYS_mprotect, ANY, 0, false }, ENOMEM, run_protect, -1 },
    { { SYS_msync, ANY, 0, false }, ENOSYS, run_sync, -1 },
    { { SYS_fsync, ANY, 0, false }, EIO, run_sync_file, -1 },
    /* No mremap(2): as on other systems. */
    { { SYS_mremap, ANY, 0, false }, ENOSYS, run_resize, 0 },
    { { SYS_mremap, ANY, 0, false }, EPERM, run_resize, -1 },
    { { SYS_fallocate, ANY, 0, false }, ENOSPC, run_resize_both, -1 },
    /* Blocks come from writing. */
    { { SYS_fallocate, ANY, 0, false }, ENOSYS, run_resize_both, 0 },
    { { SYS_fallocate, ANY, 0, false }, EPERM, run_resize_both, 0 },
    { { SYS_prlimit64, 1, RLIMIT_FSIZE, false }, EPERM, run_resize_both, -1 },
    { { NUMBER_FCNTL, 1, F_GETFL, false }, EPERM, run_resize_both, -1 },
    { { NUMBER_FSTATFS, ANY, 0, false }, EIO, run_resize_both, -1 },
    { { NUMBER_FTRUNCATE, ANY, 0, false }, EIO, run_resize_sparse, -1 },
    { { NUMBER_FTRUNCATE, ANY, 0, false }, EPERM, run_shrink_both, -1 },
    { { SYS_munmap, ANY, 0, false }, EPERM, run_shrink_both, 0 },
    { { SYS_preadv, ANY, 0, false }, ENOSYS, run_load, 0 },
    { { SYS_preadv, ANY, 0, false }, EPERM, run_load, 0 },
    { { SYS_memfd_create, ANY, 0, false }, ENOSYS, run_map_memfd, -1 },
    { { NUMBER_FCNTL, 1, 1033, false }, EPERM, run_map_memfd, -1 },
    { { SYS_rt_sigaction, ANY, 0, false }, EPERM, run_guard, -1 },
    { { SYS_rt_sigaction, ANY, 0, false }, ENOSYS, run_read, -1 },
    /* The second of the two: the first one only looks. */
    { { SYS_rt_sigaction, 1, 0, true }, EPERM, run_guard, -1 },
};

static bool
is_refused(void *arg)
{
    const struct refusal *refusal = arg;
    int outcome = refusal->outcome == -1 ? refusal->code : refusal->outcome;
    struct mmapx before = fixture.m;
    int r;

    if (!deny(&refusal->denied, refusal->code))
        return false;
    errno = 0;
    r = refusal->run(&fixture);
    if (outcome == 0)
        return r == 0;
    /* The second word knows of lost writes, and that there was one. */
    if (refusal->run == run_sync || refusal->run == run_sync_file)
        before.reserved[1] = fixture.m.reserved[1];
    return r == -1 && errno == outcome
           && memcmp(&fixture.m, &before, sizeof before) == 0
           && lseek(fixture.fd, 0, SEEK_END) == (off_t)(3 * page_size() + 1);
}

/* A sanitizer makes these do nothing. */
static bool
is_lock(const struct refusal *f)
{
    return f->denied.number == SYS_mlock || f->denied.number == SYS_munlock;
}

START_TEST(filtered_calls)
{
    need_filters();
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (refusals[i].denied.number == -1
            || (under_sanitizer() && is_lock(&refusals[i])))
            continue;
        make_fixture(&fixture);
        ck_assert_msg(in_child(is_refused, (void *)(uintptr_t)&refusals[i]),
                      "refusal %zu", i);
        OK(mmapx_unmap(&fixture.m));
        close(fixture.fd);
    }
}
END_TEST

/* What was written to private memory is not lost where there is no mremap. */
static bool
grows_without_mremap(void *arg)
{
    struct mmapx *m = &fixture.m;
    unsigned char *byte = m->addr;
    int room = *(int *)arg;

    *byte = 'x';
    if (!deny(&(struct denied){ SYS_mremap, ANY, 0, false }, ENOSYS))
        return false;
    errno = 0;
    if (mmapx_resize(m, fixture.fd, 3 * page_size(), MMAPX_RESIZE_MAYMOVE) != 0)
        return room == 0 && errno == ENOTSUP && *byte == 'x';
    return room > 0 && m->addr == byte && *byte == 'x'
           && byte[2 * page_size()] == pattern(2 * page_size());
}

START_TEST(growing_behind_a_filter)
{
    size_t page = page_size();

    need_filters();
    fixture.fd = temp_file(3 * page);
    for (int room = 0; room <= 2; room += 2) {
        struct mmapx area;

        OK(mmapx_map_anon(&area, 4 * page, PROT_NONE, MAP_PRIVATE));
        OK(mmapx_map_at(&fixture.m, area.addr, fixture.fd, 0, page,
                        PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED));
        if (room > 0)
            ck_assert_int_eq(munmap((char *)area.addr + page, 2 * page), 0);
        ck_assert(in_child(grows_without_mremap, &room));
    }
}
END_TEST

/* Where the kernel may not copy, a private page that cannot be had has nothing
 * stored: it is a hole on a full disk. */
static bool
grows_by_a_page_that_is_not_there(void *arg)
{
    size_t page = page_size();
    int code = *(int *)arg;
    struct mmapx m;

    return mmapx_map_region(&m, fixture.fd, (int64_t)(64 * page), MMAPX_TO_END,
                            PROT_READ | PROT_WRITE, MAP_PRIVATE)
               == 0
           && deny(&(struct denied){ SYS_process_vm_readv, ANY, 0, false },
                   code)
           && mmapx_resize(&m, fixture.fd, 3 * page,
                           MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE
                               | MMAPX_RESIZE_SPARSE)
                  == 0
           && lseek(fixture.fd, 0, SEEK_END) == (off_t)(67 * page)
           && ftruncate(fixture.fd, (off_t)(64 * page + 100)) == 0;
}

START_TEST(a_last_page_that_is_not_there)
{
    size_t page = page_size();
    int codes[] = { EPERM, ENOSYS };

    need_filters();
    fixture.fd = tiny_tmpfs_file(16 * page);
    ck_assert_int_eq(ftruncate(fixture.fd, (off_t)(64 * page + 100)), 0);
    for (size_t at = 0; pwrite(fixture.fd, "x", 1, (off_t)at) == 1;)
        at += page;
    ck_assert_int_eq(errno, ENOSPC);
    for (size_t i = 0; i < 2; i++)
        ck_assert(in_child(grows_by_a_page_that_is_not_there, &codes[i]));
}
END_TEST

/* New bytes are zero, also where no hole can be punched behind the end. */
static bool
grows_over_what_was_stored(void *arg)
{
    static const char zero[300];
    struct mmapx *m = &fixture.m;
    char *bytes = m->addr;

    memset(bytes + 100, 'x', 300);
    if (!deny(&(struct denied){ SYS_fallocate, ANY, 0, false }, *(int *)arg)
        || mmapx_resize(m, fixture.memfd, 600,
                        MMAPX_RESIZE_FILE | MMAPX_RESIZE_SPARSE)
               != 0)
        return false;
    return memcmp(bytes + 100, zero, sizeof zero) == 0;
}

START_TEST(what_was_behind_the_end)
{
    int codes[] = { EPERM, ENOSYS };

    need_filters();
    for (size_t i = 0; i < 2; i++) {
        if (mmapx_map_memfd(&fixture.m, &fixture.memfd, "tail", 100, 0) != 0)
            SKIP("no memory behind a descriptor");
        ck_assert(in_child(grows_over_what_was_stored, &codes[i]));
        OK(mmapx_unmap(&fixture.m));
        close(fixture.memfd);
    }
}
END_TEST
#endif /* __linux__ */

#ifndef __linux__
START_TEST(filtered_calls)
{
    SKIP("a matter of Linux");
}
END_TEST
#endif

Suite *
suite(void)
{
    Suite *s = suite_create("refusals");

    ADD_TEST(s, filtered_calls);
#ifdef __linux__
    ADD_TEST(s, growing_behind_a_filter);
    ADD_TEST(s, a_last_page_that_is_not_there);
    ADD_TEST(s, what_was_behind_the_end);
#endif
    return s;
}

/* SPDX-License-Identifier: MIT */
/* The library as it is behind filters of system calls, as containers have them.
 * What a seam can play is in check_errno.c. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "filters.h"

#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static int fd;         /* of a file of three pages */
static struct mmapx m; /* all of it, shared, for reading and writing */

static void
set_up(void)
{
    fd = temp_file(3 * page_size());
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
}

static int
map_again(void)
{
    struct mmapx n;

    return mmapx_map(&n, fd, PROT_READ, MAP_SHARED);
}

static int
map_anon(void)
{
    struct mmapx n;

    return mmapx_map_anon(&n, 10, PROT_READ, MAP_PRIVATE);
}

static int
unmap(void)
{
    return mmapx_unmap(&m);
}

static int
advise(void)
{
    return mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_WILLNEED);
}

static int
count(void)
{
    size_t pages;

    return mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages);
}

static int
lock(void)
{
    return mmapx_lock(&m, 0, 1, 0);
}

static int
lock_on_fault(void)
{
    return mmapx_lock(&m, 0, 1, MMAPX_LOCK_ONFAULT);
}

static int
unlock(void)
{
    return mmapx_unlock(&m, 0, 1);
}

static int
limit(void)
{
    size_t bytes;

    return mmapx_lock_limit(&bytes, NULL);
}

static int
protect(void)
{
    return mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ);
}

static int
sync_some(void)
{
    return mmapx_sync(&m, 0, 1, MS_SYNC);
}

static int
sync_file(void)
{
    return mmapx_sync_file(&m, fd, 0, 1);
}

static int
populate(void)
{
    return mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ);
}

static int
grow(void)
{
    return mmapx_resize(&m, fd, 5 * page_size(), MMAPX_RESIZE_MAYMOVE);
}

static int
shrink(void)
{
    return mmapx_resize(&m, fd, page_size(), 0);
}

static int
grow_both(void)
{
    return mmapx_resize(&m, fd, 5 * page_size(),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE);
}

static int
grow_both_sparse(void)
{
    return mmapx_resize(&m, fd, 5 * page_size(),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE
                            | MMAPX_RESIZE_SPARSE);
}

static int
shrink_both(void)
{
    return mmapx_resize(&m, fd, page_size(), MMAPX_RESIZE_FILE);
}

static int
map_memfd(void)
{
    struct mmapx n;
    int memfd;

    return mmapx_map_memfd(&n, &memfd, "test", 10, 0);
}

static int
nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int
guard(void)
{
    return mmapx_guard(&m, nothing, NULL);
}

static int
read_one(void)
{
    char byte;

    return mmapx_read(&m, 0, &byte, 1) == 1 ? 0 : -1;
}

/* 0 as the outcome is success; -1 is that errno itself. */
static const struct refusal {
    struct denied denied;
    int code;
    int (*run)(void);
    int outcome;
} refusals[] = {
    { { NUMBER_MMAP, ANY, 0, false }, ENOSYS, map_again, -1 },
    /* musl makes ENOMEM of EPERM here. */
    { { NUMBER_MMAP, ANY, 0, false }, EAGAIN, map_anon, -1 },
    { { NUMBER_MMAP, ANY, 0, false }, EPERM, map_memfd, -1 },
    { { SYS_munmap, ANY, 0, false }, EPERM, unmap, -1 },
    { { SYS_munmap, ANY, 0, false }, ENOMEM, shrink, -1 },
    { { SYS_madvise, ANY, 0, false }, ENOSYS, advise, ENOTSUP },
    { { SYS_madvise, ANY, 0, false }, EPERM, advise, -1 },
    { { SYS_madvise, ANY, 0, false }, ENOSYS, populate, 0 },
    { { SYS_madvise, ANY, 0, false }, EINVAL, populate, 0 },
    { { SYS_mincore, ANY, 0, false }, ENOSYS, count, -1 },
    { { SYS_mincore, ANY, 0, false }, EPERM, count, -1 },
    { { NUMBER_MLOCK2, ANY, 0, false }, EAGAIN, lock, -1 },
    { { NUMBER_MLOCK2, ANY, 0, false }, ENOSYS, lock, 0 },
    { { NUMBER_MLOCK2, ANY, 0, false }, ENOSYS, lock_on_fault, ENOTSUP },
    { { SYS_munlock, ANY, 0, false }, ENOMEM, unlock, -1 },
    { { SYS_prlimit64, 1, RLIMIT_MEMLOCK, false }, EPERM, limit, -1 },
    { { SYS_mprotect, ANY, 0, false }, ENOMEM, protect, -1 },
    { { SYS_msync, ANY, 0, false }, ENOSYS, sync_some, -1 },
    { { SYS_fsync, ANY, 0, false }, EIO, sync_file, -1 },
    /* No mremap(2): as on other systems. */
    { { SYS_mremap, ANY, 0, false }, ENOSYS, grow, 0 },
    { { SYS_mremap, ANY, 0, false }, EPERM, grow, -1 },
    { { SYS_fallocate, ANY, 0, false }, ENOSPC, grow_both, -1 },
    { { SYS_prlimit64, 1, RLIMIT_FSIZE, false }, EPERM, grow_both, -1 },
    { { NUMBER_FTRUNCATE, ANY, 0, false }, EIO, grow_both_sparse, -1 },
    { { NUMBER_FTRUNCATE, ANY, 0, false }, EPERM, shrink_both, -1 },
    { { SYS_munmap, ANY, 0, false }, EPERM, shrink_both, 0 },
    { { SYS_memfd_create, ANY, 0, false }, ENOSYS, map_memfd, -1 },
    { { NUMBER_FCNTL, 1, 1033, false }, EPERM, map_memfd, -1 },
    { { SYS_rt_sigaction, ANY, 0, false }, EPERM, guard, -1 },
    { { SYS_rt_sigaction, ANY, 0, false }, ENOSYS, read_one, -1 },
    /* The second of the two: the first one only looks. */
    { { SYS_rt_sigaction, 1, 0, true }, EPERM, guard, -1 },
};

static bool
is_refused(void *arg)
{
    const struct refusal *f = arg;
    int outcome = f->outcome == -1 ? f->code : f->outcome;
    struct mmapx before = m;
    int r;

    if (!deny(&f->denied, f->code))
        return false;
    errno = 0;
    r = f->run();
    if (outcome == 0)
        return r == 0;
    /* The second word knows of lost writes, and that there was one. */
    if (f->run == sync_some || f->run == sync_file)
        before.reserved[1] = m.reserved[1];
    return r == -1 && errno == outcome && memcmp(&m, &before, sizeof m) == 0
           && lseek(fd, 0, SEEK_END) == (off_t)(3 * page_size());
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
        set_up();
        ck_assert_msg(in_child(is_refused, (void *)(uintptr_t)&refusals[i]),
                      "refusal %zu", i);
        OK(mmapx_unmap(&m));
        close(fd);
    }
}
END_TEST

/* What was written to private memory is not lost where there is no mremap. */
static bool
grows_without_mremap(void *arg)
{
    unsigned char *byte = m.addr;
    int room = *(int *)arg;

    *byte = 'x';
    if (!deny(&(struct denied){ SYS_mremap, ANY, 0, false }, ENOSYS))
        return false;
    errno = 0;
    if (mmapx_resize(&m, fd, 3 * page_size(), MMAPX_RESIZE_MAYMOVE) != 0)
        return room == 0 && errno == ENOTSUP && *byte == 'x';
    return room > 0 && m.addr == byte && *byte == 'x'
           && byte[2 * page_size()] == pattern(2 * page_size());
}

START_TEST(growing_behind_a_filter)
{
    size_t page = page_size();

    need_filters();
    fd = temp_file(3 * page);
    for (int room = 0; room <= 2; room += 2) {
        struct mmapx area;

        OK(mmapx_map_anon(&area, 4 * page, PROT_NONE, MAP_PRIVATE));
        OK(mmapx_map_at(&m, area.addr, fd, 0, page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_FIXED));
        if (room > 0)
            ck_assert_int_eq(munmap((char *)area.addr + page, 2 * page), 0);
        ck_assert(in_child(grows_without_mremap, &room));
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
#endif
    return s;
}

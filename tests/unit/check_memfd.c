/* SPDX-License-Identifier: MIT */
/* Memory that cannot shrink, and knowing it. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int
memfd_or_skip(struct mmapx *m, size_t len)
{
    int fd = -1;

    if (mmapx_map_memfd(m, &fd, "test", len, 0) != 0 && errno == ENOSYS)
        SKIP("the system has no memfd");
    ck_assert_int_ge(fd, 0);
    return fd;
}

START_TEST(shared_memory)
{
    size_t len = 2 * page_size() + 5;
    struct mmapx m, other;
    struct stat st;
    int fd = memfd_or_skip(&m, len);

    ck_assert_uint_eq(m.len, len);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_uint_eq((size_t)st.st_size, len);
    ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    for (size_t i = 0; i < len; i++)
        ck_assert_int_eq(((char *)m.addr)[i], 0);
    OK(mmapx_map(&other, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    memcpy(other.addr, "hello", 5);
    ck_assert_mem_eq(m.addr, "hello", 5);
    /* Nobody can take it away, and it can grow. */
    ck_assert_int_eq(ftruncate(fd, 0), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(ftruncate(fd, (off_t)len + 1), 0);
    OK(mmapx_unmap(&other));
    OK(mmapx_unmap(&m));
    close(fd);
}
END_TEST

START_TEST(empty_memory)
{
    struct mmapx m;
    int fd = memfd_or_skip(&m, 0);

    ck_assert_uint_eq(m.len, 0);
    ck_assert_int_eq(mmapx_can_fault(&m, fd), 0);
    OK(mmapx_resize(&m, fd, 100, MMAPX_RESIZE_FILE));
    memset(m.addr, 'x', 100);
}
END_TEST

static bool
descriptors_run_out(void *arg)
{
    struct rlimit none = { 0, 0 };
    struct mmapx m;
    int fd = 77;

    (void)arg;
    return setrlimit(RLIMIT_NOFILE, &none) == 0
           && mmapx_map_memfd(&m, &fd, "test", 1, 0) == -1 && errno == EMFILE
           && fd == 77 && mmapx_map_path(&m, "/", PROT_READ, MAP_SHARED) == -1
           && errno == EMFILE;
}

static bool
is_stopped_by_file_limit(void *arg)
{
    struct rlimit limit = { page_size(), page_size() };
    struct mmapx m;
    int fd = 77;

    (void)arg;
    signal(SIGXFSZ, SIG_DFL);
    return setrlimit(RLIMIT_FSIZE, &limit) == 0
           && mmapx_map_memfd(&m, &fd, "test", page_size() + 1, 0) == -1
           && errno == EFBIG && fd == 77;
}

START_TEST(the_limit_on_file_size)
{
    struct mmapx m;

    memfd_or_skip(&m, 1);
    ck_assert(in_child(is_stopped_by_file_limit, NULL));
}
END_TEST

START_TEST(bad_arguments)
{
    char name[300];
    struct mmapx m;
    int fd = memfd_or_skip(&m, 1);

    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    fd = 77;
    FAILS(EINVAL, mmapx_map_memfd(NULL, &fd, "test", 1, 0));
    FAILS(EINVAL, mmapx_map_memfd(&m, NULL, "test", 1, 0));
    MAP_FAILS(EINVAL, m, mmapx_map_memfd(&m, &fd, NULL, 1, 0));
    MAP_FAILS(EINVAL, m, mmapx_map_memfd(&m, &fd, "test", MMAPX_TO_END, 0));
    MAP_FAILS(EINVAL, m, mmapx_map_memfd(&m, &fd, name, 1, 0));
    MAP_FAILS(EINVAL, m, mmapx_map_memfd(&m, &fd, "test", 1, 0x8000));
    MAP_FAILS(EOVERFLOW, m,
              mmapx_map_memfd(&m, &fd, "test", (size_t)PTRDIFF_MAX + 1, 0));
    ck_assert_int_eq(fd, 77);
}
END_TEST

START_TEST(no_room)
{
    struct mmapx m;
    int fd = memfd_or_skip(&m, 1);

    need_the_kernel();
    /* 32 bits have room for one of them, or two. */
    for (int i = 0; sizeof(size_t) == 4 && i < 3; i++)
        if (mmapx_map_anon(&m, PTRDIFF_MAX - 4 * page_size(), PROT_NONE,
                           MAP_PRIVATE | MAP_NORESERVE)
            != 0)
            break;
    fd = 77;
    MAP_FAILS(ENOMEM, m,
              mmapx_map_memfd(&m, &fd, "test", PTRDIFF_MAX - 4 * page_size(),
                              0));
    ck_assert_int_eq(fd, 77);
    ck_assert(in_child(descriptors_run_out, NULL));
}
END_TEST

START_TEST(what_can_fault)
{
    size_t page = page_size();
    int file = temp_file(page);
    struct mmapx m, v, empty = MMAPX_INIT;
    int fd;

    FAILS(EINVAL, mmapx_can_fault(NULL, -1));
    FAILS(EINVAL, mmapx_can_fault(&empty, -1));
    OK(mmapx_map_anon(&m, 1, PROT_READ, MAP_PRIVATE));
    ck_assert_int_eq(mmapx_can_fault(&m, -1), 0);
    OK(mmapx_view(&v, m.addr, m.len));
    ck_assert_int_eq(mmapx_can_fault(&v, -1), 1);
    OK(mmapx_map_anon(&m, 1, PROT_READ, MAP_SHARED));
    ck_assert_int_eq(mmapx_can_fault(&m, -1), 0);
    OK(mmapx_map(&m, file, PROT_READ, MAP_SHARED));
    ck_assert_int_eq(mmapx_can_fault(&m, file), 1);
    ck_assert_int_eq(mmapx_can_fault(&m, -1), 1);

    fd = memfd_or_skip(&m, page);
    ck_assert_int_eq(mmapx_can_fault(&m, fd), 0);
    ck_assert_int_eq(mmapx_can_fault(&m, -1), 1);
    ck_assert_int_eq(mmapx_can_fault(&m, file), 1);
    /* Past the end of the file it can. */
    OK(mmapx_map_region(&m, fd, 0, page + 1, PROT_READ, MAP_SHARED));
    ck_assert_int_eq(mmapx_can_fault(&m, fd), 1);
    OK(mmapx_map_region(&m, fd, 5, page - 5, PROT_READ, MAP_PRIVATE));
    ck_assert_int_eq(mmapx_can_fault(&m, fd), 0);
    OK(mmapx_map_region(&m, fd, (int64_t)page + 1, 0, PROT_READ, MAP_SHARED));
    ck_assert_int_eq(mmapx_can_fault(&m, fd), 1);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("memfd");

    ADD_TEST(s, shared_memory);
    ADD_TEST(s, empty_memory);
    ADD_TEST(s, the_limit_on_file_size);
    ADD_TEST(s, bad_arguments);
    ADD_TEST(s, no_room);
    ADD_TEST(s, what_can_fault);
    return s;
}

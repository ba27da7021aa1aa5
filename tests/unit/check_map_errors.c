/* SPDX-License-Identifier: MIT */
/* Mappings that are refused: bad arguments, objects, limits and rights. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#endif

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0
#endif
#ifndef O_PATH
#define O_PATH 0
#endif

/* --- Bad arguments -------------------------------------------------------- */

START_TEST(bad_numbers)
{
    int fd = temp_file(100);
    struct mmapx m;

    MAP_FAILS(EINVAL, m,
              mmapx_map_region(&m, fd, -1, 1, PROT_READ, MAP_SHARED));
    MAP_FAILS(EINVAL, m,
              mmapx_map_region(&m, fd, INT64_MIN, MMAPX_TO_END, PROT_READ,
                               MAP_SHARED));
    MAP_FAILS(EINVAL, m,
              mmapx_map_region(&m, fd, -4096, 0, PROT_READ, MAP_SHARED));
    MAP_FAILS(EOVERFLOW, m,
              mmapx_map_region(&m, fd, 0, (size_t)PTRDIFF_MAX + 1, PROT_READ,
                               MAP_SHARED));
    MAP_FAILS(EOVERFLOW, m,
              mmapx_map_region(&m, fd, 0, SIZE_MAX - 1, PROT_READ, MAP_SHARED));
    MAP_FAILS(EOVERFLOW, m,
              mmapx_map_region(&m, fd, INT64_MAX, 1, PROT_READ, MAP_SHARED));
    MAP_FAILS(EOVERFLOW, m,
              mmapx_map_region(&m, fd, INT64_MAX - 4095, 4096, PROT_READ,
                               MAP_SHARED));
    MAP_FAILS(ENXIO, m,
              mmapx_map_region(&m, fd, 101, MMAPX_TO_END, PROT_READ,
                               MAP_SHARED));
    MAP_FAILS(ENXIO, m,
              mmapx_map_region(&m, fd, INT64_MAX, MMAPX_TO_END, PROT_READ,
                               MAP_SHARED));
    FAILS(EINVAL, mmapx_map(NULL, fd, PROT_READ, MAP_SHARED));
    FAILS(EINVAL, mmapx_map_region(NULL, fd, 0, 1, PROT_READ, MAP_SHARED));
    FAILS(EINVAL, mmapx_map_at(NULL, NULL, fd, 0, 1, PROT_READ, MAP_SHARED));
    FAILS(EINVAL, mmapx_map_path(NULL, "/", PROT_READ, MAP_SHARED));
    FAILS(EINVAL, mmapx_map_anon(NULL, 1, PROT_READ, MAP_PRIVATE));
}
END_TEST

START_TEST(bad_descriptors)
{
    char path[PATH_MAX];
    int fd = temp_named(path, 100);
    int ro = open(path, O_RDONLY);
    int wo = open(path, O_WRONLY);
    struct mmapx m;

    MAP_FAILS(EBADF, m, mmapx_map(&m, -1, PROT_READ, MAP_SHARED));
    MAP_FAILS(EBADF, m, mmapx_map(&m, INT_MIN, PROT_READ, MAP_SHARED));
    close(fd);
    MAP_FAILS(EBADF, m, mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    MAP_FAILS(EACCES, m, mmapx_map(&m, wo, PROT_READ, MAP_SHARED));
    MAP_FAILS(EACCES, m, mmapx_map(&m, wo, PROT_WRITE, MAP_PRIVATE));
    MAP_FAILS(EACCES, m, mmapx_map(&m, ro, PROT_READ | PROT_WRITE, MAP_SHARED));
    if (O_PATH != 0) {
        int handle = open(path, O_PATH);

        MAP_FAILS(EBADF, m, mmapx_map(&m, handle, PROT_READ, MAP_SHARED));
    }
    unlink(path);
}
END_TEST

START_TEST(bad_flags)
{
    int fd = temp_file(100);
    struct mmapx m;

    MAP_FAILS(EINVAL, m, mmapx_map(&m, fd, PROT_READ, 0));
    MAP_FAILS(EINVAL, m, mmapx_map(&m, fd, PROT_READ, MAP_SHARED | MAP_FIXED));
    MAP_FAILS(EINVAL, m,
              mmapx_map_region(&m, fd, 0, 1, PROT_READ, MAP_SHARED | MAP_FIXED));
    MAP_FAILS(EINVAL, m,
              mmapx_map_path(&m, "/", PROT_READ, MAP_SHARED | MAP_FIXED));
    MAP_FAILS(EINVAL, m,
              mmapx_map_anon(&m, 1, PROT_READ, MAP_PRIVATE | MAP_FIXED));
    if (MAP_FIXED_NOREPLACE != 0)
        MAP_FAILS(EINVAL, m,
                  mmapx_map(&m, fd, PROT_READ,
                            MAP_SHARED | MAP_FIXED_NOREPLACE));
#if defined MAP_SHARED_VALIDATE && defined MAP_SYNC
    if (!under_emulator())
        MAP_FAILS(ENOTSUP, m,
                  mmapx_map(&m, fd, PROT_READ,
                            MAP_SHARED_VALIDATE | MAP_SYNC));
#endif
#ifdef MAP_HUGETLB
    MAP_FAILS(EINVAL, m, mmapx_map(&m, fd, PROT_READ, MAP_SHARED | MAP_HUGETLB));
    /* A huge page of 2 to the power of 63 bytes. */
    MAP_FAILS(EINVAL, m,
              mmapx_map_anon(&m, 1, PROT_READ,
                             (int)(MAP_PRIVATE | MAP_HUGETLB | 63u << 26)));
#endif
}
END_TEST

/* What cannot be mapped, whatever length is asked for. */
static void
check_unmappable(int fd)
{
    size_t lengths[] = { MMAPX_TO_END, 0, 1, 4096 };
    struct stat st;
    struct mmapx m;

    ck_assert_int_ge(fd, 0);
    for (size_t i = 0; i < 4; i++)
        MAP_FAILS(ENODEV, m,
                  mmapx_map_region(&m, fd, 0, lengths[i], PROT_READ,
                                   MAP_PRIVATE));
    /* What has no size has no end to be past. */
    ck_assert_int_eq(fstat(fd, &st), 0);
    if (!S_ISREG(st.st_mode))
        MAP_FAILS(ENODEV, m,
                  mmapx_map_region(&m, fd, INT64_MAX / 2, MMAPX_TO_END,
                                   PROT_READ, MAP_PRIVATE));
    close(fd);
}

START_TEST(directory)
{
    struct mmapx m;

    check_unmappable(open("/", O_RDONLY));
    MAP_FAILS(ENODEV, m, mmapx_map_path(&m, "/", PROT_READ, MAP_SHARED));
    MAP_FAILS(ENODEV, m,
              mmapx_map_path(&m, "/", PROT_READ | PROT_WRITE, MAP_SHARED));
}
END_TEST

START_TEST(fifo)
{
    char path[PATH_MAX];
    struct mmapx m;
    int ends[2];

    close(temp_named(path, 0));
    unlink(path);
    OK(mkfifo(path, 0600));
    MAP_FAILS(ENODEV, m, mmapx_map_path(&m, path, PROT_READ, MAP_SHARED));
    unlink(path);
    OK(pipe(ends));
    check_unmappable(ends[0]);
}
END_TEST

START_TEST(socket_file)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char path[PATH_MAX];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct mmapx m;

    close(temp_named(path, 0));
    unlink(path);
    if (strlen(path) >= sizeof address.sun_path)
        SKIP("TMPDIR is too long for the name of a socket");
    strcpy(address.sun_path, path);
    OK(bind(fd, (struct sockaddr *)&address, sizeof address));
    MAP_FAILS(ENODEV, m, mmapx_map_path(&m, path, PROT_READ, MAP_SHARED));
    unlink(path);
    check_unmappable(fd);
}
END_TEST

START_TEST(kernel_text)
{
    static const char *const paths[] = {
        "/proc/version", "/proc/cpuinfo", "/proc/self/status",
        "/proc/self/maps", "/sys/kernel/mm/transparent_hugepage/enabled",
    };
    struct mmapx m;
    int seen = 0;

    need_native();
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (access(paths[i], R_OK) != 0)
            continue;
        seen++;
        check_unmappable(open(paths[i], O_RDONLY));
        MAP_FAILS(ENODEV, m, mmapx_map_path(&m, paths[i], PROT_READ, MAP_SHARED));
    }
    if (seen == 0)
        SKIP("no /proc and no /sys");
}
END_TEST

START_TEST(character_device)
{
    int fd = open("/dev/zero", O_RDWR);
    struct mmapx m;

    ck_assert_int_ge(fd, 0);
    MAP_FAILS(ENODEV, m, mmapx_map(&m, fd, PROT_READ, MAP_PRIVATE));
    OK(mmapx_map_region(&m, fd, 0, 100, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    ck_assert_int_eq(*(char *)m.addr, 0);
    /* Only the driver knows what it is: here, private anonymous memory. */
    if (mmapx_advice_supported(MMAPX_MADV_FREE)) {
        OK(mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_FREE));
    }
    OK(mmapx_unmap(&m));
    check_unmappable(open("/dev/null", O_RDONLY));
}
END_TEST

/* An inode of no type: neither file nor size, and only the driver knows. */
START_TEST(no_type_at_all)
{
#ifdef __linux__
    int fd = eventfd(0, EFD_CLOEXEC);
    struct mmapx m;

    ck_assert_int_ge(fd, 0);
    MAP_FAILS(ENODEV, m, mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    MAP_FAILS(ENODEV, m,
              mmapx_map_region(&m, fd, 0, 10, PROT_READ, MAP_SHARED));
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

START_TEST(block_device)
{
    size_t size = 64 * 512 + 512; /* no multiple of a page */
    int file = temp_file(size);
    int fd = loop_device(file);
    struct mmapx m;

    lseek(fd, 123, SEEK_SET);
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 123);
    ck_assert_uint_eq(m.len, size);
    check_pattern(m.addr, 0, size);
    OK(mmapx_unmap(&m));
    OK(mmapx_map_region(&m, fd, 1000, MMAPX_TO_END, PROT_READ, MAP_SHARED));
    ck_assert_uint_eq(m.len, size - 1000);
    check_pattern(m.addr, 1000, m.len);
    OK(mmapx_unmap(&m));
    MAP_FAILS(ENXIO, m,
              mmapx_map_region(&m, fd, (int64_t)size + 1, MMAPX_TO_END,
                               PROT_READ, MAP_SHARED));
}
END_TEST

/* The device is as before when anything can fail: others will use it. */
START_TEST(a_device_that_has_become_read_only)
{
#ifdef __linux__
    int fd = loop_device(temp_file(1 << 20));
    int yes = 1, no = 0;
    struct mmapx m;
    int set, r, error;

    set = ioctl(fd, BLKROSET, &yes);
    r = mmapx_map(&m, fd, PROT_READ, MAP_SHARED);
    error = errno;
    ioctl(fd, BLKROSET, &no);
    if (set != 0 || r == 0)
        SKIP("a device that is read-only is mapped as any other");
    ck_assert_int_eq(error, EINVAL);
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    OK(mmapx_unmap(&m));
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

START_TEST(no_failure_leaves_a_mapping)
{
    int fd = temp_file(100);
    size_t before = count_mappings();
    struct mmapx m;

    if (before == 0)
        SKIP("what is mapped cannot be counted");
    MAP_FAILS(EINVAL, m, mmapx_map_region(&m, fd, -1, 1, PROT_READ, MAP_SHARED));
    MAP_FAILS(ENODEV, m, mmapx_map_path(&m, "/", PROT_READ, MAP_SHARED));
    MAP_FAILS(ENXIO, m,
              mmapx_map_region(&m, fd, 101, MMAPX_TO_END, PROT_READ,
                               MAP_SHARED));
    ck_assert_uint_eq(count_mappings(), before);
}
END_TEST

/* --- Limits and rights ----------------------------------------------------- */

START_TEST(no_room)
{
    int fd = temp_file(100);
    size_t most = PTRDIFF_MAX - 4 * page_size();
    struct mmapx m;

    need_the_kernel();
    /* 32 bits have room for one of them, or two. */
    for (int i = 0; sizeof(size_t) == 4 && i < 3; i++)
        if (mmapx_map_region(&m, fd, 0, most, PROT_READ, MAP_SHARED) != 0)
            break;
    MAP_FAILS(ENOMEM, m,
              mmapx_map_region(&m, fd, 0, most, PROT_READ, MAP_SHARED));
    MAP_FAILS(ENOMEM, m, mmapx_map_anon(&m, most, PROT_READ, MAP_PRIVATE));
}
END_TEST

#ifdef MAP_LOCKED
static bool
locked_is_too_much(void *arg)
{
    size_t page = page_size();
    struct mmapx m;

    (void)arg;
    return limit_memlock(page)
           && mmapx_map_anon(&m, 2 * page, PROT_READ, MAP_PRIVATE | MAP_LOCKED)
                  == -1
           && errno == EAGAIN;
}

/* musl turns the kernel's EPERM into ENOMEM. */
static bool
locked_is_refused(void *arg)
{
    struct mmapx m;

    (void)arg;
    return limit_memlock(0)
           && mmapx_map_anon(&m, 1, PROT_READ, MAP_PRIVATE | MAP_LOCKED) == -1
           && (errno == EPERM || errno == ENOMEM);
}
#endif

START_TEST(a_file_to_be_appended_to)
{
    int fd = temp_file(10);
    struct mmapx m;

    set_append_only(fd, true);
    MAP_FAILS(EACCES, m, mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    set_append_only(fd, false);
}
END_TEST

START_TEST(locked_above_the_limit)
{
#ifdef MAP_LOCKED
    need_memlock(page_size());
    ck_assert(in_child_as_nobody(locked_is_too_much, NULL));
    ck_assert(in_child_as_nobody(locked_is_refused, NULL));
#else
    SKIP("the system has no MAP_LOCKED");
#endif
}
END_TEST

#if defined __linux__
static bool
everything_is_locked(void *arg)
{
    size_t most = *(const size_t *)arg;
    size_t len = most + 1;
    struct mmapx m;
    int made;

    /* What is mapped already does not count. */
    if (!limit_memlock(most) || mlockall(MCL_FUTURE) != 0)
        return false;
    FAILS(EAGAIN, mmapx_map_anon(&m, len, PROT_READ, MAP_PRIVATE));
    FAILS(EAGAIN, mmapx_map_memfd(&m, &made, "locked", len, 0));
    return true;
}
#endif

START_TEST(locked_without_being_asked_for)
{
#if defined __linux__
    size_t most = 2 * page_size();

    need_the_kernel();
    if (under_sanitizer())
        SKIP("the sanitizer's mlockall(2) locks nothing");
    need_memlock(most);
    ck_assert(in_child_as_nobody(everything_is_locked, &most));
#else
    SKIP("not every system that has mlockall(2) can do it");
#endif
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("map_errors");

    ADD_TEST(s, bad_numbers);
    ADD_TEST(s, bad_descriptors);
    ADD_TEST(s, bad_flags);
    ADD_TEST(s, directory);
    ADD_TEST(s, fifo);
    ADD_TEST(s, socket_file);
    ADD_TEST(s, kernel_text);
    ADD_TEST(s, character_device);
    ADD_TEST(s, no_type_at_all);
    ADD_TEST(s, block_device);
    ADD_TEST(s, a_device_that_has_become_read_only);
    ADD_TEST(s, no_failure_leaves_a_mapping);
    ADD_TEST(s, no_room);
    ADD_TEST(s, a_file_to_be_appended_to);
    ADD_TEST(s, locked_above_the_limit);
    ADD_TEST(s, locked_without_being_asked_for);
    return s;
}

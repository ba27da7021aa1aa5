/* SPDX-License-Identifier: MIT */
/* Private changes: which there are, and that the file gets those and no other
 * byte. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/resource.h>
#endif

/* A private mapping of all of a new file of the pattern. */
static struct mmapx
map_new(int *fd, size_t size)
{
    struct mmapx m;

    *fd = temp_file(size);
    OK(mmapx_map(&m, *fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    return m;
}

static void
set(const struct mmapx *m, size_t off, char c)
{
    ((char *)m->addr)[off] = c;
}

static char
file_byte(int fd, size_t off)
{
    char c = 0;

    ck_assert_int_eq(pread(fd, &c, 1, (off_t)off), 1);
    return c;
}

static int
commit_all(struct mmapx *m, int fd)
{
    return mmapx_commit(m, fd, 0, MMAPX_TO_END);
}

static size_t
changed_bytes(const struct mmapx *m)
{
    struct mmapx_run run = { .len = 0 };
    size_t changed = 0;

    do {
        OK(mmapx_changed_run(m, run.off + run.len, &run));
        changed += run.resident ? run.len : 0;
    } while (run.len > 0);
    return changed;
}

static void
need_changed_run(const struct mmapx *m)
{
    struct mmapx_run run;

    if (mmapx_changed_run(m, 0, &run) != 0 && errno == ENOTSUP)
        SKIP("the system does not tell which pages are the process's own");
}

START_TEST(nothing_but_what_was_changed)
{
    size_t page = page_size();
    int fd;
    struct mmapx m = map_new(&fd, 8 * page);

    need_native();
    set(&m, 1 * page + 7, 'a');
    set(&m, 4 * page, 'b');
    set(&m, 5 * page, 'c');
    /* Somebody else writes to another page meanwhile, and that stays. */
    ck_assert_int_eq(pwrite(fd, "else", 4, (off_t)(2 * page)), 4);
    ck_assert_int_eq(file_byte(fd, 4 * page), (char)pattern(4 * page));
    OK(commit_all(&m, fd));
    ck_assert_int_eq(file_byte(fd, page + 7), 'a');
    ck_assert_int_eq(file_byte(fd, 4 * page), 'b');
    ck_assert_int_eq(file_byte(fd, 5 * page), 'c');
    ck_assert_int_eq(file_byte(fd, 2 * page), 'e');
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)(8 * page));
    /* The mapping shows the file again. */
    ck_assert_int_eq(pwrite(fd, "later", 5, (off_t)page), 5);
    ck_assert_mem_eq((char *)m.addr + page, "later", 5);
    OK(commit_all(&m, fd));
    ck_assert_int_eq(file_byte(fd, page), 'l');
}
END_TEST

START_TEST(runs)
{
    size_t page = page_size();
    int fd = temp_file(9 * page + 5);
    struct mmapx_run run;
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 100, MMAPX_TO_END, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE));
    need_changed_run(&m);
    ck_assert_uint_eq(changed_bytes(&m), 0);
    set(&m, 2 * page - 100, 'x');
    set(&m, 3 * page - 100, 'x');
    set(&m, m.len - 1, 'x');
    (void)*(volatile char *)m.addr;
    OK(mmapx_changed_run(&m, 3, &run));
    ck_assert_uint_eq(run.off, 3);
    ck_assert_uint_eq(run.len, 2 * page - 103);
    ck_assert_int_eq(run.resident, 0);
    OK(mmapx_changed_run(&m, run.off + run.len, &run));
    ck_assert_uint_eq(run.len, 2 * page);
    ck_assert_int_eq(run.resident, 1);
    OK(mmapx_changed_run(&m, run.off + run.len, &run));
    ck_assert_int_eq(run.resident, 0);
    OK(mmapx_changed_run(&m, run.off + run.len, &run));
    ck_assert_uint_eq(run.len, 5);
    ck_assert_int_eq(run.resident, 1);
    OK(mmapx_changed_run(&m, m.len, &run));
    ck_assert_uint_eq(run.len, 0);
    ck_assert_uint_eq(changed_bytes(&m), 2 * page + 5);
    OK(commit_all(&m, fd));
    ck_assert_uint_eq(changed_bytes(&m), 0);
}
END_TEST

/* The bytes around a window are not its own, although they share its pages. */
START_TEST(a_window)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, (int64_t)page + 10, page,
                        PROT_READ | PROT_WRITE, MAP_PRIVATE));
    memset((char *)m.addr - 10, 'x', 2 * page);
    OK(commit_all(&m, fd));
    ck_assert_int_eq(file_byte(fd, page + 9), (char)pattern(page + 9));
    ck_assert_int_eq(file_byte(fd, page + 10), 'x');
    ck_assert_int_eq(file_byte(fd, 2 * page + 9), 'x');
    ck_assert_int_eq(file_byte(fd, 2 * page + 10),
                     (char)pattern(2 * page + 10));
}
END_TEST

START_TEST(two_windows_of_one_page)
{
    size_t page = page_size();
    int fd = temp_file(page);
    struct mmapx a, b;

    OK(mmapx_map_region(&a, fd, 0, 100, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    OK(mmapx_map_region(&b, fd, 100, 100, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE));
    memset(a.addr, 'a', a.len);
    memset(b.addr, 'b', b.len);
    OK(commit_all(&a, fd));
    OK(commit_all(&b, fd));
    ck_assert_int_eq(file_byte(fd, 99), 'a');
    ck_assert_int_eq(file_byte(fd, 100), 'b');
    ck_assert_int_eq(file_byte(fd, 199), 'b');
    ck_assert_int_eq(file_byte(fd, 200), (char)pattern(200));
}
END_TEST

START_TEST(a_part_of_the_mapping)
{
    size_t page = page_size();
    int fd;
    struct mmapx m = map_new(&fd, 4 * page);

    for (size_t i = 0; i < 4; i++)
        set(&m, i * page, 'x');
    OK(mmapx_commit(&m, fd, page + 5, page)); /* rounds outward */
    ck_assert_int_eq(file_byte(fd, 0), (char)pattern(0));
    ck_assert_int_eq(file_byte(fd, page), 'x');
    ck_assert_int_eq(file_byte(fd, 2 * page), 'x');
    ck_assert_int_eq(file_byte(fd, 3 * page), (char)pattern(3 * page));
    ck_assert_int_eq(*(char *)m.addr, 'x');
}
END_TEST

START_TEST(the_last_page)
{
    size_t page = page_size();
    int fd = temp_file(page + 3);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 0, 2 * page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE));
    memset((char *)m.addr + page, 'x', page);
    OK(commit_all(&m, fd));
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)(page + 3));
    ck_assert_int_eq(file_byte(fd, page + 2), 'x');
    ck_assert_int_eq(((char *)m.addr)[page + 3], 0);
}
END_TEST

/* The whole copy is written, over what others wrote to the page since. */
START_TEST(the_whole_page_counts)
{
    size_t page = page_size();
    int fd;
    struct mmapx m = map_new(&fd, 2 * page);

    need_changed_run(&m);
    set(&m, 3, (char)pattern(3)); /* the same byte */
    ck_assert_uint_eq(changed_bytes(&m), page);
    ck_assert_int_eq(pwrite(fd, "else", 4, 100), 4);
    OK(commit_all(&m, fd));
    ck_assert_int_eq(file_byte(fd, 100), (char)pattern(100));
}
END_TEST

/* Bytes behind the file's end are nothing to write, and gone all the same. */
START_TEST(nothing_but_bytes_behind_the_end)
{
    int fd = temp_file(5), journal = temp_file(0);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 200, 100, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE));
    for (int i = 0; i < 2; i++) {
        set(&m, 0, 'x');
        if (i == 0)
            OK(commit_all(&m, fd));
        else
            OK(mmapx_commit_atomic(&m, fd, journal, 0, MMAPX_TO_END));
        ck_assert_int_eq(*(char *)m.addr, 0);
    }
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), 5);
}
END_TEST

START_TEST(changes_are_taken_back)
{
    size_t page = page_size();
    int fd;
    struct mmapx m = map_new(&fd, 2 * page);

    need_native();
    memset(m.addr, 'x', m.len);
    OK(mmapx_advise(&m, 0, page, MMAPX_MADV_DONTNEED));
    OK(commit_all(&m, fd));
    ck_assert_int_eq(file_byte(fd, 0), (char)pattern(0));
    ck_assert_int_eq(file_byte(fd, page), 'x');
}
END_TEST

START_TEST(locked_pages)
{
    size_t page = page_size();
    int fd;
    struct mmapx m = map_new(&fd, 3 * page);
    size_t before, now;

    if (under_sanitizer())
        SKIP("the sanitizer makes mlock(2) do nothing");
    if (mmapx_lock(&m, 0, MMAPX_TO_END, 0) != 0
        || mmapx_lock_limit(NULL, &before) != 0)
        SKIP("this user may not lock, or is not told");
    set(&m, page, 'x');
    OK(commit_all(&m, fd));
    ck_assert_int_eq(file_byte(fd, page), 'x');
    OK(mmapx_lock_limit(NULL, &now));
    ck_assert_uint_eq(now, before);
    ck_assert_int_eq(pwrite(fd, "later", 5, (off_t)page), 5);
    ck_assert_mem_eq((char *)m.addr + page, "later", 5);
    OK(mmapx_unlock(&m, 0, MMAPX_TO_END));
}
END_TEST

START_TEST(a_child_has_its_own_changes)
{
    size_t page = page_size();
    int fd;
    struct mmapx m = map_new(&fd, 3 * page);
    int status;
    pid_t child;

    set(&m, 0, 'p');
    child = fork();
    if (child == 0) {
        set(&m, page, 'c');
        _exit(commit_all(&m, fd) == 0 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(file_byte(fd, 0), 'p');
    ck_assert_int_eq(file_byte(fd, page), 'c');
    set(&m, 2 * page, 'q');
    OK(commit_all(&m, fd));
    ck_assert_int_eq(file_byte(fd, page), 'c');
    ck_assert_int_eq(file_byte(fd, 2 * page), 'q');
}
END_TEST

START_TEST(a_file_that_was_cut)
{
    size_t page = page_size();
    int fd;
    struct mmapx m = map_new(&fd, 4 * page);

    need_native();
    memset(m.addr, 'x', m.len);
    ck_assert_int_eq(ftruncate(fd, (off_t)(page + 10)), 0);
    OK(commit_all(&m, fd));
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)(page + 10));
    ck_assert_int_eq(file_byte(fd, page + 9), 'x');
    /* A cut takes changes with it. */
    ck_assert_int_eq(ftruncate(fd, (off_t)(4 * page)), 0);
    OK(commit_all(&m, fd));
    ck_assert_int_eq(file_byte(fd, 3 * page), 0);
}
END_TEST

START_TEST(no_access)
{
    size_t page = page_size();
    int journal = temp_file(0);
    int fd;
    struct mmapx m = map_new(&fd, 3 * page);

    need_native();
    memset(m.addr, 'x', m.len);
    OK(mmapx_protect(&m, page, page, PROT_NONE));
    FAILS(EFAULT, commit_all(&m, fd));
    FAILS(EFAULT, mmapx_commit_atomic(&m, fd, journal, 0, MMAPX_TO_END));
    ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
    OK(mmapx_protect(&m, page, page, PROT_READ));
    ck_assert_int_eq(((char *)m.addr)[page], 'x');
    OK(commit_all(&m, fd));
    ck_assert_int_eq(file_byte(fd, page), 'x');
}
END_TEST

START_TEST(pages_of_a_guard)
{
    size_t page = page_size();
    int fd;
    struct mmapx m = map_new(&fd, 3 * page);

    need_changed_run(&m);
    memset(m.addr, 'x', m.len);
    if (mmapx_advise(&m, page, page, MMAPX_MADV_GUARD_INSTALL) != 0)
        SKIP("there are no guard pages in files");
    ck_assert_uint_eq(changed_bytes(&m), 2 * page);
    OK(commit_all(&m, fd));
    ck_assert_int_eq(file_byte(fd, page), (char)pattern(page));
    ck_assert_int_eq(file_byte(fd, 2 * page), 'x');
}
END_TEST

START_TEST(block_devices)
{
    int fd = is_root() ? loop_device(temp_file(1 << 20)) : -1;
    struct mmapx m;

    if (fd < 0)
        SKIP("it takes root to make a device");
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    set(&m, 70000, 'x');
    set(&m, m.len - 1, 'y');
    OK(commit_all(&m, fd));
    ck_assert_int_eq(file_byte(fd, 70000), 'x');
    ck_assert_int_eq(file_byte(fd, m.len - 1), 'y');
}
END_TEST

START_TEST(bad_mappings)
{
    int fd = temp_file(100);
    struct mmapx_run run;
    struct mmapx m, view, unmapped = MMAPX_INIT;

    FAILS(EINVAL, mmapx_commit(NULL, fd, 0, 0));
    FAILS(EINVAL, commit_all(&unmapped, fd));
    FAILS(EINVAL, mmapx_changed_run(NULL, 0, &run));
    FAILS(EINVAL, mmapx_changed_run(&unmapped, 0, &run));
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    FAILS(EINVAL, commit_all(&m, fd));
    FAILS(EINVAL, mmapx_changed_run(&m, 0, &run));
    OK(mmapx_view(&view, m.addr, m.len));
    FAILS(EINVAL, commit_all(&view, fd));
    OK(mmapx_unmap(&m));
    OK(mmapx_map_anon(&m, 100, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    FAILS(EINVAL, commit_all(&m, fd));
    FAILS(EINVAL, mmapx_changed_run(&m, 0, &run));
    OK(mmapx_unmap(&m));
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    FAILS(EINVAL, mmapx_commit(&m, fd, 0, 101));
    FAILS(EINVAL, mmapx_commit(&m, fd, SIZE_MAX, 2));
    FAILS(EINVAL, mmapx_changed_run(&m, 101, &run));
    FAILS(EINVAL, mmapx_changed_run(&m, 0, NULL));
    OK(mmapx_commit(&m, fd, 100, MMAPX_TO_END));
}
END_TEST

START_TEST(bad_descriptors)
{
    char path[PATH_MAX];
    int fd = temp_named(path, 5000);
    int read_only = open(path, O_RDONLY);
    int appends = open(path, O_RDWR | O_APPEND);
    int writes = open(path, O_WRONLY);
    int other = temp_file(5000);
    struct mmapx m;

    unlink(path);
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    set(&m, 4999, 'x');
    FAILS(EBADF, commit_all(&m, -1));
    FAILS(EBADF, commit_all(&m, read_only));
    FAILS(EBADF, mmapx_commit(&m, read_only, 0, 0));
    FAILS(EINVAL, commit_all(&m, appends));
    FAILS(EINVAL, commit_all(&m, other));
    ck_assert_int_eq(file_byte(fd, 4999), (char)pattern(4999));
    ck_assert_int_eq(((char *)m.addr)[4999], 'x');
#ifdef O_PATH
    FAILS(EBADF, commit_all(&m, open("/", O_PATH)));
#endif
    if (commit_all(&m, writes) != 0)
        ck_assert_int_eq(errno, EBADF); /* it has to compare */
    else
        ck_assert_int_eq(file_byte(fd, 4999), 'x');
}
END_TEST

#ifdef O_DIRECT
START_TEST(a_descriptor_past_the_cache)
{
    char path[PATH_MAX];
    int fd = temp_named(path, 3 * page_size() + 5);
    int direct = open(path, O_RDWR | O_DIRECT);
    struct mmapx m;

    unlink(path);
    if (direct < 0)
        SKIP("this file system has no O_DIRECT");
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    set(&m, page_size(), 'x');
    if (commit_all(&m, direct) == 0)
        ck_assert_int_eq(file_byte(fd, page_size()), 'x');
    set(&m, m.len - 1, 'y');
    if (commit_all(&m, direct) != 0) /* some file systems take any length */
        ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(((char *)m.addr)[m.len - 1], 'y');
}
END_TEST
#endif

static bool
is_too_large(void *arg)
{
    size_t page = page_size();
    int fd;
    struct mmapx m = map_new(&fd, 4 * page);

    (void)arg;
    set(&m, 0, 'a');
    if (!limit_files(2 * page + 7) || commit_all(&m, fd) != 0)
        return false;
    set(&m, page, 'b');
    set(&m, 2 * page + 100, 'c');
    return commit_all(&m, fd) == -1 && errno == EFBIG && limit_files(SIZE_MAX)
           && file_byte(fd, 0) == 'a'
           && file_byte(fd, page) == (char)pattern(page)
           && ((char *)m.addr)[2 * page + 100] == 'c';
}

START_TEST(the_limit_on_files)
{
    ck_assert(in_child(is_too_large, NULL));
}
END_TEST

/* Nothing of a commit that is refused is done later. */
static bool
leaves_nothing(int fd, int journal)
{
    return lseek(journal, 0, SEEK_END) == 0 && pwrite(fd, "9", 1, 0) == 1
           && mmapx_recover(fd, journal) == 0 && file_byte(fd, 0) == '9';
}

static bool
is_too_large_for_the_file(void *arg)
{
    size_t page = page_size();
    int journal = temp_file(0);
    int fd;
    struct mmapx m = map_new(&fd, 16 * page);

    (void)arg;
    set(&m, 0, 'a');
    set(&m, 12 * page, 'b');
    return limit_files(8 * page)
           && mmapx_commit_atomic(&m, fd, journal, 0, MMAPX_TO_END) == -1
           && errno == EFBIG && limit_files(SIZE_MAX)
           && leaves_nothing(fd, journal) && ((char *)m.addr)[0] == 'a';
}

static bool
is_too_large_for_the_journal(void *arg)
{
    size_t page = page_size();
    int journal = temp_file(0);
    int fd;
    struct mmapx m = map_new(&fd, 4 * page);

    (void)arg;
    memset(m.addr, 'a', m.len);
    return limit_files(4 * page)
           && mmapx_commit_atomic(&m, fd, journal, 0, MMAPX_TO_END) == -1
           && errno == EFBIG && limit_files(SIZE_MAX)
           && leaves_nothing(fd, journal);
}

START_TEST(the_limit_on_files_and_a_journal)
{
    ck_assert(in_child(is_too_large_for_the_file, NULL));
    ck_assert(in_child(is_too_large_for_the_journal, NULL));
}
END_TEST

#if defined F_SEAL_WRITE && defined MFD_ALLOW_SEALING
static int
new_memfd(size_t size)
{
    int fd = memfd_create("commit", MFD_ALLOW_SEALING);

    if (fd < 0)
        SKIP("there are no memfds");
    ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
    return fd;
}

START_TEST(sealed_files)
{
    static const int seals[] = { F_SEAL_WRITE, F_SEAL_GROW, F_SEAL_SHRINK };
    int fd = new_memfd(100), journal = temp_file(0);
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    set(&m, 5, 'x');
    for (size_t i = 0; i < sizeof seals / sizeof seals[0]; i++) {
        int sealed = new_memfd(0);

        ck_assert_int_eq(fcntl(sealed, F_ADD_SEALS, seals[i]), 0);
        FAILS(EPERM, mmapx_commit_atomic(&m, fd, sealed, 0, MMAPX_TO_END));
        ck_assert_int_eq(file_byte(fd, 5), 0);
        ck_assert_int_eq(mmapx_recover(fd, sealed), 0);
    }
    ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
    FAILS(EPERM, commit_all(&m, fd));
    FAILS(EPERM, mmapx_commit_atomic(&m, fd, journal, 0, MMAPX_TO_END));
    ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
    ck_assert_int_eq(mmapx_recover(fd, journal), 0);
    ck_assert_int_eq(((char *)m.addr)[5], 'x');
}
END_TEST
#endif

/* A device of 4 MiB over a file that finds no room for most of them. */
START_TEST(a_device_that_fails)
{
    struct mmapx m, shared;
    int file, fd, error;

    if (!is_root())
        SKIP("it takes root to make a device that fails");
    file = tiny_tmpfs_file(1 << 20);
    ck_assert_int_eq(ftruncate(file, 4 << 20), 0);
    fd = loop_device(file);
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    OK(mmapx_map(&shared, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    need_changed_run(&m);
    if (mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ) != 0)
        SKIP("what a full tmpfs has no page for cannot be read here (5.10)");
    memset(m.addr, 'x', m.len);
    errno = 0;
    ck_assert_int_eq(commit_all(&m, fd), -1);
    error = errno;
    ck_assert(error == EIO || error == ENOSPC);
    /* Everything is still there, and a lost write of the shared mapping. */
    ck_assert_uint_eq(changed_bytes(&m), m.len);
    ck_assert_int_eq(mmapx_sync(&shared, 0, 1, MS_SYNC), -1);
    OK(mmapx_sync(&m, 0, 1, MS_SYNC));
    OK(mmapx_advise(&m, 1 << 19, MMAPX_TO_END, MMAPX_MADV_DONTNEED));
    /* What there is room for can be committed all the same. */
    OK(commit_all(&m, fd));
    ck_assert_uint_eq(changed_bytes(&m), 0);
    ck_assert_int_eq(file_byte(fd, 1000), 'x');
}
END_TEST

#ifdef __linux__
/* The kernel shows /proc/self to root alone. */
static bool
is_compared(void *arg)
{
    size_t page = page_size();
    struct mmapx_run run;
    int fd;
    struct mmapx m = map_new(&fd, 5 * page + 77);

    (void)arg;
    set(&m, page + 3, 'a');
    set(&m, 2 * page, 'b');
    set(&m, 4 * page, (char)pattern(4 * page)); /* no change, by comparison */
    set(&m, m.len - 1, 'c');
    if (prctl(PR_SET_DUMPABLE, 0) != 0 || mmapx_changed_run(&m, 0, &run) == 0)
        return false;
    return errno == ENOTSUP && commit_all(&m, fd) == 0
           && file_byte(fd, page + 3) == 'a' && file_byte(fd, 2 * page) == 'b'
           && file_byte(fd, m.len - 1) == 'c'
           && pwrite(fd, "later", 5, (off_t)page) == 5
           && memcmp((char *)m.addr + page, "later", 5) == 0;
}

/* Comparing reads each page of the range. */
static bool
is_hidden(void *arg)
{
    size_t page = page_size();
    int fd;
    struct mmapx m = map_new(&fd, 3 * page);

    (void)arg;
    set(&m, 0, 'a');
    if (mmapx_protect(&m, page, page, PROT_NONE) != 0
        || prctl(PR_SET_DUMPABLE, 0) != 0)
        return false;
    errno = 0;
    return commit_all(&m, fd) == -1 && errno == EFAULT
           && mmapx_commit(&m, fd, 0, page) == 0 && file_byte(fd, 0) == 'a';
}

/* Where no descriptor is left, nobody can look.  A guard page, if there are
 * any, is not read for that. */
static bool
is_guarded(void *arg)
{
    struct rlimit limit;
    size_t page = page_size();
    int fd;
    struct mmapx m = map_new(&fd, 3 * page);
    char expected = 'x';

    (void)arg;
    memset(m.addr, 'x', m.len);
    if (mmapx_advise(&m, page, page, MMAPX_MADV_GUARD_INSTALL) == 0)
        expected = (char)pattern(page);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    limit.rlim_cur = 0; /* valgrind takes no other maximum */
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || commit_all(&m, fd) != 0)
        return false;
    return file_byte(fd, page) == expected && file_byte(fd, 0) == 'x'
           && file_byte(fd, 2 * page) == 'x';
}

START_TEST(no_descriptor_is_left)
{
    need_native();
    ck_assert(in_child(is_guarded, NULL));
}
END_TEST

START_TEST(a_process_that_is_not_shown)
{
    need_native();
    ck_assert(in_child_as_nobody(is_compared, NULL));
    /* Which pages may be read, older kernels (before 5.14) do not tell. */
    if (mmapx_advice_supported(MMAPX_MADV_POPULATE_READ))
        ck_assert(in_child_as_nobody(is_hidden, NULL));
}
END_TEST
#endif

START_TEST(huge_pages)
{
    size_t size = 0;
    struct mmapx_run run;
    struct mmapx m;
    int fd;

    if (mmapx_map_memfd(&m, &fd, "huge", 1, 4 /* MFD_HUGETLB */) != 0)
        SKIP("there are no huge pages");
    size = mmapx_page_size(&m);
    OK(mmapx_unmap(&m));
    if (mmapx_map_region(&m, fd, 0, size, PROT_READ, MAP_PRIVATE) != 0)
        SKIP("there is no huge page more");
    FAILS(ENOTSUP, commit_all(&m, fd));
    FAILS(ENOTSUP, mmapx_changed_run(&m, 0, &run));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("commit");

    ADD_TEST(s, nothing_but_what_was_changed);
    ADD_TEST(s, runs);
    ADD_TEST(s, a_window);
    ADD_TEST(s, two_windows_of_one_page);
    ADD_TEST(s, a_part_of_the_mapping);
    ADD_TEST(s, the_last_page);
    ADD_TEST(s, the_whole_page_counts);
    ADD_TEST(s, nothing_but_bytes_behind_the_end);
    ADD_TEST(s, changes_are_taken_back);
    ADD_TEST(s, locked_pages);
    ADD_TEST(s, a_child_has_its_own_changes);
    ADD_TEST(s, a_file_that_was_cut);
    ADD_TEST(s, no_access);
    ADD_TEST(s, pages_of_a_guard);
    ADD_TEST(s, block_devices);
    ADD_TEST(s, bad_mappings);
    ADD_TEST(s, bad_descriptors);
#ifdef O_DIRECT
    ADD_TEST(s, a_descriptor_past_the_cache);
#endif
    ADD_TEST(s, the_limit_on_files);
    ADD_TEST(s, the_limit_on_files_and_a_journal);
#if defined F_SEAL_WRITE && defined MFD_ALLOW_SEALING
    ADD_TEST(s, sealed_files);
#endif
    ADD_TEST(s, a_device_that_fails);
#ifdef __linux__
    ADD_TEST(s, no_descriptor_is_left);
    ADD_TEST(s, a_process_that_is_not_shown);
#endif
    ADD_HUGE_TEST(s, huge_pages);
    return s;
}

/* SPDX-License-Identifier: MIT */
/* What is in memory, and who may know. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "filters.h"
#include "support.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <signal.h>
#include <sys/wait.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/seccomp.h>
#include <sys/syscall.h>
#endif

enum { PAGES = 8, FIRST = 3, LAST = 4 }; /* of which only these are resident */

/* A file of PAGES pages, a hole except for pages FIRST to LAST. */
static int
sparse_file(void)
{
    size_t page = page_size();
    int fd = temp_file(0);
    char *buf = calloc(1, page);

    ck_assert_int_eq(ftruncate(fd, (off_t)(PAGES * page)), 0);
    for (size_t i = FIRST; i <= LAST; i++)
        ck_assert_int_eq(pwrite(fd, buf, page, (off_t)(i * page)),
                         (ssize_t)page);
    free(buf);
    return fd;
}

/* --- The answers ---------------------------------------------------------- */

START_TEST(vector)
{
    size_t page = page_size();
    int fd = sparse_file();
    unsigned char vec[PAGES + 1];
    struct mmapx m;

    need_small_blocks(fd);
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    memset(vec, 0xaa, sizeof vec);
    OK(mmapx_residency(&m, 0, MMAPX_TO_END, vec, sizeof vec));
    for (size_t i = 0; i < PAGES; i++)
        ck_assert_int_eq(vec[i], i >= FIRST && i <= LAST);
    ck_assert_int_eq(vec[PAGES], 0xaa);

    /* Three bytes inside a page, and three across an edge. */
    OK(mmapx_residency(&m, FIRST * page + 5, 3, vec, 1));
    ck_assert_int_eq(vec[0], 1);
    OK(mmapx_residency(&m, FIRST * page - 1, 3, vec, 2));
    ck_assert_int_eq(vec[0], 0);
    ck_assert_int_eq(vec[1], 1);
}
END_TEST

START_TEST(an_unaligned_mapping)
{
    size_t page = page_size();
    int fd = sparse_file();
    unsigned char vec[PAGES];
    struct mmapx_run run;
    struct mmapx m;
    size_t pages;

    need_small_blocks(fd);
    OK(mmapx_map_region(&m, fd, 10, PAGES * page - 20, PROT_READ, MAP_SHARED));
    OK(mmapx_residency(&m, 0, MMAPX_TO_END, vec, PAGES));
    for (size_t i = 0; i < PAGES; i++)
        ck_assert_int_eq(vec[i], i >= FIRST && i <= LAST);
    OK(mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages));
    ck_assert_uint_eq(pages, LAST - FIRST + 1);
    OK(mmapx_resident_run(&m, 0, &run));
    ck_assert_uint_eq(run.off, 0);
    ck_assert_uint_eq(run.len, FIRST * page - 10);
    ck_assert_int_eq(run.resident, 0);
    OK(mmapx_resident_run(&m, run.off + run.len, &run));
    ck_assert_uint_eq(run.len, (LAST - FIRST + 1) * page);
    ck_assert_int_eq(run.resident, 1);
    OK(mmapx_resident_run(&m, run.off + run.len, &run));
    ck_assert_uint_eq(run.off + run.len, m.len);
    ck_assert_int_eq(run.resident, 0);
    OK(mmapx_resident_run(&m, m.len, &run));
    ck_assert_uint_eq(run.off, m.len);
    ck_assert_uint_eq(run.len, 0);
    /* From inside a page. */
    OK(mmapx_resident_run(&m, FIRST * page + 3, &run));
    ck_assert_uint_eq(run.off, FIRST * page + 3);
    ck_assert_uint_eq(run.off + run.len, (LAST + 1) * page - 10);
    ck_assert_int_eq(run.resident, 1);
}
END_TEST

START_TEST(page_counts)
{
    size_t page = page_size();
    int fd = temp_file(3 * page);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 10, 2 * page, PROT_READ, MAP_SHARED));
    ck_assert_uint_eq(mmapx_page_count(&m, 0, MMAPX_TO_END), 3);
    ck_assert_uint_eq(mmapx_page_count(&m, 0, 1), 1);
    ck_assert_uint_eq(mmapx_page_count(&m, page - 11, 2), 2);
    ck_assert_uint_eq(mmapx_page_count(&m, 5, 0), 0);
    ck_assert_uint_eq(mmapx_page_count(&m, 0, m.len + 1), 0);
    ck_assert_uint_eq(mmapx_page_count(&m, SIZE_MAX, 1), 0);
}
END_TEST

/* More pages than one window of the search, alternating and not. */
START_TEST(many_runs)
{
    enum { MANY = 10000 };
    size_t page = page_size();
    struct mmapx_run run;
    struct mmapx m;
    size_t off = 0;
    size_t pages;
    size_t runs = 0;

    OK(mmapx_map_anon(&m, MANY * page, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    if (mmapx_advice_supported(MMAPX_MADV_NOHUGEPAGE))
        OK(mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_NOHUGEPAGE));
    for (size_t i = 0; i < 100; i += 2)
        ((char *)m.addr)[i * page] = 1;
    for (size_t i = 200; i < 9000; i++)
        ((char *)m.addr)[i * page] = 1;
    OK(mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages));
    ck_assert_uint_eq(pages, 50 + 8800);
    while (off < m.len) {
        OK(mmapx_resident_run(&m, off, &run));
        ck_assert_uint_gt(run.len, 0);
        if (runs == 101)
            ck_assert_uint_eq(run.len, (MANY - 9000) * page);
        if (runs == 100)
            ck_assert_uint_eq(run.len, 8800 * page);
        ck_assert_int_eq(run.resident, runs % 2 == 0);
        off = run.off + run.len;
        runs++;
    }
    ck_assert_uint_eq(off, m.len);
    ck_assert_uint_eq(runs, 102);
}
END_TEST

START_TEST(evicted_pages)
{
#ifdef POSIX_FADV_DONTNEED
    size_t page = page_size();
    int fd = temp_file(4 * page);
    struct mmapx m;
    size_t pages;

    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    OK(mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages));
    ck_assert_uint_eq(pages, 4);
    ck_assert_int_eq(fsync(fd), 0);
    ck_assert_int_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    OK(mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages));
    if (pages == 4)
        SKIP("this file system does not evict (tmpfs has nowhere to)");
    ck_assert_uint_eq(pages, 0);
    check_pattern(m.addr, 0, m.len);
    OK(mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages));
    ck_assert_uint_eq(pages, 4);
#else
    SKIP("the system has no posix_fadvise");
#endif
}
END_TEST

/* --- Bad input ------------------------------------------------------------ */

START_TEST(bad_arguments)
{
    size_t page = page_size();
    struct mmapx m;
    struct mmapx_run run;
    unsigned char vec[4] = { 9, 9, 9, 9 };
    size_t pages;

    OK(mmapx_map_anon(&m, 4 * page, PROT_READ, MAP_PRIVATE));
    FAILS(ERANGE, mmapx_residency(&m, 0, MMAPX_TO_END, vec, 3));
    FAILS(ERANGE, mmapx_residency(&m, page - 1, 2, vec, 1));
    FAILS(ERANGE, mmapx_residency(&m, 0, 1, NULL, 0));
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(vec[i], 9);
    OK(mmapx_residency(&m, 7, 0, NULL, 0));
    FAILS(EINVAL, mmapx_residency(&m, 0, MMAPX_TO_END, NULL, 4));
    FAILS(EINVAL, mmapx_residency(&m, 0, m.len + 1, vec, 4));
    FAILS(EINVAL, mmapx_residency(&m, SIZE_MAX, 2, vec, 4));
    FAILS(EINVAL, mmapx_resident_count(&m, 0, MMAPX_TO_END, NULL));
    FAILS(EINVAL, mmapx_resident_count(&m, 1, m.len, &pages));
    FAILS(EINVAL, mmapx_resident_run(&m, 0, NULL));
    FAILS(EINVAL, mmapx_resident_run(&m, m.len + 1, &run));
}
END_TEST

START_TEST(a_gap)
{
    size_t page = page_size();
    struct mmapx m;
    struct mmapx_run run;
    unsigned char vec[3];
    size_t pages = 77;

    OK(mmapx_map_anon(&m, 3 * page, PROT_READ, MAP_PRIVATE));
    ck_assert_int_eq(munmap((char *)m.addr + page, page), 0);
    FAILS(ENOMEM, mmapx_residency(&m, 0, MMAPX_TO_END, vec, 3));
    FAILS(ENOMEM, mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages));
    ck_assert_uint_eq(pages, 77);
    FAILS(ENOMEM, mmapx_resident_run(&m, 0, &run));
    OK(mmapx_residency(&m, 2 * page, page, vec, 3));
}
END_TEST

/* --- Who may know --------------------------------------------------------- */

static bool
every_call_fails(const struct mmapx *m)
{
    unsigned char vec[1] = { 9 };
    struct mmapx_run run;
    size_t pages = 77;

    return mmapx_residency(m, 0, 1, vec, 1) == -1 && errno == EPERM
           && vec[0] == 9 && mmapx_resident_count(m, 0, 1, &pages) == -1
           && errno == EPERM && pages == 77
           && mmapx_resident_run(m, 0, &run) == -1 && errno == EPERM;
}

static bool
every_call_works(const struct mmapx *m)
{
    unsigned char vec[1];
    struct mmapx_run run;
    size_t pages;

    return mmapx_residency(m, 0, 1, vec, 1) == 0
           && mmapx_resident_count(m, 0, 1, &pages) == 0
           && mmapx_resident_run(m, 0, &run) == 0;
}

static bool
path_is_hidden(void *path)
{
    struct mmapx m;

    return mmapx_map_path(&m, path, PROT_READ, MAP_SHARED) == 0
           && every_call_fails(&m);
}

static bool
path_is_shown(void *path)
{
    struct mmapx m;

    return mmapx_map_path(&m, path, PROT_READ, MAP_SHARED) == 0
           && every_call_works(&m);
}

/* The kernel calls all of such a file resident; we must not. */
START_TEST(a_file_of_somebody_else)
{
    char path[] = "/etc/passwd";
    struct stat st;

    if (stat(path, &st) != 0 || st.st_uid != 0 || (st.st_mode & 022) != 0)
        SKIP("/etc/passwd is not the superuser's alone");
    ck_assert(in_child_as_nobody(path_is_hidden, path));
}
END_TEST

/* Whether the file of a mode, the superuser's, shows nobody the truth. */
static bool
shown_to_nobody(mode_t mode)
{
    char path[PATH_MAX];
    int fd = temp_named(path, 100);
    bool shown, hidden;

    ck_assert_int_eq(fchmod(fd, mode), 0);
    shown = in_child_as_nobody(path_is_shown, path);
    hidden = in_child_as_nobody(path_is_hidden, path);
    unlink(path);
    ck_assert(shown != hidden);
    return shown;
}

START_TEST(a_file_that_others_may_write)
{
    if (!is_root())
        SKIP("it takes root to make a file of somebody else");
    ck_assert(shown_to_nobody(0666));
    ck_assert(!shown_to_nobody(0664));
    ck_assert(!shown_to_nobody(0644));
}
END_TEST

/* A member of the group has the group's permission, not the others'. */
START_TEST(a_file_of_the_callers_group)
{
    enum { NOBODY = 65534 };
    char path[PATH_MAX];
    mode_t modes[] = { 0664, 0646 };
    int fd;

    if (!is_root())
        SKIP("it takes root to make a file of somebody else");
    fd = temp_named(path, 100);
    for (size_t i = 0; i < 2; i++) {
        bool right;

        ck_assert_int_eq(fchown(fd, 0, NOBODY), 0);
        ck_assert_int_eq(fchmod(fd, modes[i]), 0);
        right = in_child_as_nobody(i == 0 ? path_is_shown : path_is_hidden,
                                   path);
        ck_assert_msg(right, "mode %o", (unsigned)modes[i]);
    }
    unlink(path);
}
END_TEST

START_TEST(a_file_of_ones_own)
{
    struct mmapx m;
    int fd = temp_file(100);

    /* Not even to be read by its mode: the owner may know. */
    ck_assert_int_eq(fchmod(fd, 0000), 0);
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    ck_assert(every_call_works(&m));
}
END_TEST

static bool
handle_is_hidden(void *m)
{
    return every_call_fails(m);
}

static bool
handle_is_shown(void *m)
{
    return every_call_works(m);
}

/* Who asks counts, not who mapped. */
START_TEST(who_asks)
{
    struct mmapx m;
    int fd = temp_file(100);

    if (!is_root())
        SKIP("it takes root to become somebody else");
    ck_assert_int_eq(fchmod(fd, 0644), 0);
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    ck_assert(every_call_works(&m));
    ck_assert(in_child_as_nobody(handle_is_hidden, &m));
}
END_TEST

START_TEST(anonymous_memory_is_ones_own)
{
    struct mmapx m, v;

    OK(mmapx_map_anon(&m, 100, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    ck_assert(in_child_as_nobody(handle_is_shown, &m));
    OK(mmapx_view(&v, m.addr, m.len));
    if (access("/proc/self/maps", R_OK) == 0)
        ck_assert(in_child_as_nobody(handle_is_shown, &v));
    OK(mmapx_map_anon(&m, 100, PROT_READ, MAP_SHARED));
    ck_assert(in_child_as_nobody(handle_is_shown, &m));
}
END_TEST

static bool
view_is_hidden(void *path)
{
    struct mmapx m, v;

    return mmapx_map_path(&m, path, PROT_READ, MAP_PRIVATE) == 0
           && mmapx_view(&v, m.addr, m.len) == 0 && every_call_fails(&v);
}

START_TEST(a_view_of_somebody_elses_file)
{
    char path[] = "/etc/passwd";

    need_native();
    ck_assert(in_child_as_nobody(view_is_hidden, path));
}
END_TEST

/* The end of a run on the edge of a window of the search, and a run of more
 * pages than a window can grow to. */
START_TEST(runs_and_windows)
{
    enum { MANY = 100000 };
    size_t page = page_size();
    static const size_t edges[] = { 63, 64, 65, 192, 448, 8128, 12224 };
    struct mmapx_run run;
    struct mmapx m;

    OK(mmapx_map_anon(&m, MANY * page, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    if (mmapx_advice_supported(MMAPX_MADV_NOHUGEPAGE))
        OK(mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_NOHUGEPAGE));
    OK(mmapx_resident_run(&m, 0, &run));
    ck_assert_uint_eq(run.len, m.len);
    ck_assert_int_eq(run.resident, 0);
    for (size_t i = sizeof edges / sizeof edges[0]; i-- > 0;) {
        ((char *)m.addr)[edges[i] * page] = 1;
        OK(mmapx_resident_run(&m, 0, &run));
        ck_assert_uint_eq(run.len, edges[i] * page);
        ck_assert_int_eq(run.resident, 0);
    }
}
END_TEST

/* --- Who may know, continued ------------------------------------------------ */

static size_t
open_descriptors(void)
{
    size_t n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) != -1;
    return n;
}

/* CAP_FOWNER: the superuser may know about everybody's files. */
START_TEST(the_superuser)
{
    enum { SOMEBODY = 1234, NOBODY = 65534 };
    int fd = temp_file(100);
    struct mmapx m, v;
    size_t open_before;

    if (!is_root())
        SKIP("it takes root");
    ck_assert_int_eq(fchown(fd, SOMEBODY, SOMEBODY), 0);
    ck_assert_int_eq(fchmod(fd, 0600), 0);
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    ck_assert(every_call_works(&m));
    OK(mmapx_view(&v, m.addr, m.len));
    ck_assert_int_eq(fchown(fd, NOBODY, NOBODY), 0);
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    open_before = open_descriptors();
    if (access("/proc/self/maps", R_OK) == 0) {
        ck_assert(every_call_works(&m));
        ck_assert(every_call_works(&v));
    }
    ck_assert_uint_eq(open_descriptors(), open_before);
}
END_TEST

/* The mode lets everybody write, except for one user, and the kernel tells this
 * one nothing. */
START_TEST(a_list_that_bars_a_user)
{
    char path[PATH_MAX];
    bool hidden, owner_knows;
    struct mmapx m;
    int fd;

    if (!is_root())
        SKIP("it takes root to be somebody else");
    fd = temp_named(path, 100);
    ck_assert_int_eq(fchmod(fd, 0666), 0);
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    set_acl(fd, 65534, 4);
    hidden = in_child_as_nobody(path_is_hidden, path);
    ck_assert_int_eq(fchown(fd, 65534, 65534), 0);
    owner_knows = in_child_as_nobody(path_is_shown, path);
    unlink(path);
    ck_assert(hidden);
    ck_assert(owner_knows);
}
END_TEST

#ifdef __linux__
/* To write everybody's files is another capability. */
static bool
without_fowner(void *path)
{
    uint32_t header[2] = { 0x20080522, 0 };
    uint32_t data[6] = { 0 };

    if (syscall(SYS_capget, header, data) != 0)
        return false;
    data[0] &= ~(UINT32_C(1) << 3);
    data[1] &= ~(UINT32_C(1) << 3);
    return syscall(SYS_capset, header, data) == 0 && path_is_hidden(path);
}
#endif

START_TEST(a_lesser_superuser)
{
#ifdef __linux__
    char path[PATH_MAX];
    bool hidden;
    int fd;

    if (!is_root())
        SKIP("it takes root");
    fd = temp_named(path, 100);
    ck_assert_int_eq(fchown(fd, 1234, 1234), 0);
    ck_assert_int_eq(fchmod(fd, 0600), 0);
    hidden = in_child(without_fowner, path);
    unlink(path);
    ck_assert(hidden);
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

#ifdef __linux__
/* As systemd's SystemCallFilter=~@privileged has it. */
static bool
without_privileged_calls(void *path)
{
    static const long calls[] = {
        SYS_setfsuid, SYS_setfsgid, SYS_setuid,  SYS_setgroups,
        SYS_capset,   SYS_chroot,   SYS_acct,
#ifdef SYS_setfsuid32
        SYS_setfsuid32, SYS_setfsgid32,
#endif
    };

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct denied call = { .number = calls[i], .argument = ANY };

        if (!set_filter(&call, SECCOMP_RET_KILL_PROCESS))
            return false;
    }
    return path_is_shown(path);
}
#endif

START_TEST(killed_for_its_own_ids)
{
#ifdef __linux__
    char path[PATH_MAX];
    bool shown;
    int fd = temp_named(path, 100);

    need_filters();
    if (is_root())
        ck_assert_int_eq(fchown(fd, 65534, 65534), 0);
    shown = in_child_as_nobody(without_privileged_calls, path);
    unlink(path);
    ck_assert(shown);
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

static bool
in_a_supplementary_group(void *path)
{
    gid_t group = 4321;

    return setgroups(1, &group) == 0 && setgid(77) == 0 && setuid(77) == 0
           && path_is_shown(path);
}

static bool
in_too_many_groups(void *path)
{
    gid_t groups[300];

    for (size_t i = 0; i < 300; i++)
        groups[i] = (gid_t)(1000 + i);
    return setgroups(300, groups) == 0 && setgid(77) == 0 && setuid(77) == 0
           && path_is_hidden(path);
}

START_TEST(supplementary_groups)
{
    char path[PATH_MAX];
    bool member, crowd;
    int fd;

    if (!is_root())
        SKIP("it takes root to be in a group");
    fd = temp_named(path, 100);
    ck_assert_int_eq(fchown(fd, 0, 4321), 0);
    ck_assert_int_eq(fchmod(fd, 0664), 0);
    member = in_child(in_a_supplementary_group, path);
    /* The group's 4 or the others' 6: nobody can tell. */
    ck_assert_int_eq(fchown(fd, 0, 1299), 0);
    ck_assert_int_eq(fchmod(fd, 0646), 0);
    crowd = in_child(in_too_many_groups, path);
    unlink(path);
    ck_assert(member);
    ck_assert(crowd);
}
END_TEST

#ifdef __linux__
/* Runs fn in a user namespace whose ids 0 to 65535 are 100000 and on outside,
 * as is usual for containers. */
static bool
in_a_container(bool (*fn)(void *arg), void *arg)
{
    static const char map[] = "0 100000 65536";
    int ready[2], go[2], status;
    char path[64], byte;
    bool written = true;
    pid_t pid;

    ck_assert_int_eq(pipe(ready) | pipe(go), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (unshare(CLONE_NEWUSER) != 0)
            _exit(3);
        if (write(ready[1], "", 1) != 1 || read(go[0], &byte, 1) != 1)
            _exit(3);
        if (setgroups(0, NULL) != 0 || setgid(0) != 0 || setuid(0) != 0)
            _exit(3);
        _exit(fn(arg) ? 0 : 1);
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) == 1)
        for (int i = 0; i < 2; i++) {
            int fd;

            snprintf(path, sizeof path, "/proc/%d/%cid_map", (int)pid, "ug"[i]);
            fd = open(path, O_WRONLY);
            written = written
                      && write(fd, map, strlen(map)) == (ssize_t)strlen(map);
            close(fd);
        }
    ck_assert_int_eq(write(go[1], "", 1), 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (!written || !WIFEXITED(status) || WEXITSTATUS(status) == 3)
        SKIP("no user namespace can be made");
    return WEXITSTATUS(status) == 0;
}
#endif

/* Ids without a place in the namespace look like 65534, which has one too. */
START_TEST(a_container)
{
#ifdef __linux__
    char path[PATH_MAX];
    bool of_root, of_user, of_group, by_view, own;
    int fd;

    if (!is_root())
        SKIP("it takes root to write such a map");
    fd = temp_named(path, 100);
    ck_assert_int_eq(fchmod(fd, 0644), 0);
    of_root = in_a_container(path_is_hidden, path);
    by_view = in_a_container(view_is_hidden, path);
    ck_assert_int_eq(fchown(fd, 0, 100000), 0);
    of_user = in_a_container(path_is_hidden, path);
    ck_assert_int_eq(fchown(fd, 100000, 100000), 0);
    own = in_a_container(path_is_shown, path);
    ck_assert_int_eq(fchown(fd, 100000 + 77, 0), 0);
    ck_assert_int_eq(fchmod(fd, 0646), 0);
    of_group = in_a_container(path_is_hidden, path);
    unlink(path);
    ck_assert(of_root);
    ck_assert(of_user);
    ck_assert(by_view);
    ck_assert(own);
    ck_assert(of_group);
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

static const char *thread_path;

static void *
ask_without_a_leader(void *arg)
{
    (void)arg;
    usleep(100000);
    _exit(view_is_hidden((void *)(uintptr_t)thread_path) ? 0 : 1);
}

static bool
the_leader_is_gone(void *path)
{
    pthread_t thread;

    thread_path = path;
    if (pthread_create(&thread, NULL, ask_without_a_leader, NULL) != 0)
        return false;
    pthread_exit(NULL);
}

/* /proc/self is the first thread's, and has no maps when that has ended. */
START_TEST(a_view_when_main_has_ended)
{
    char path[] = "/etc/passwd";

    need_the_kernel();
    ck_assert(in_child_as_nobody(the_leader_is_gone, path));
}
END_TEST

/* Its first part is anonymous, its second is not; and the other way round. */
static bool
mixed_views_are_hidden(void *path)
{
    size_t page = page_size();
    struct mmapx room, m, v;
    struct mmapx_run run;
    size_t pages;
    char *p;
    int fd = open(path, O_RDONLY);

    for (size_t at = 0; at < 2; at++) {
        if (mmapx_map_anon(&room, 2 * page, PROT_READ, MAP_PRIVATE) != 0)
            return false;
        p = room.addr;
        if (mmapx_map_at(&m, p + at * page, fd, 0, page, PROT_READ,
                         MAP_SHARED | MAP_FIXED)
                != 0
            || mmapx_view(&v, p, 2 * page) != 0
            || mmapx_resident_count(&v, 0, MMAPX_TO_END, &pages) != -1
            || errno != EPERM || mmapx_resident_run(&v, 0, &run) != -1
            || errno != EPERM)
            return false;
    }
    return true;
}

START_TEST(a_view_of_two_kinds)
{
    char path[] = "/etc/passwd";
    size_t page = page_size();
    struct mmapx m, v;
    size_t pages;

    need_native();
    ck_assert(in_child_as_nobody(mixed_views_are_hidden, path));
    /* A hole in it is no page in memory either. */
    OK(mmapx_map_anon(&m, 3 * page, PROT_READ, MAP_PRIVATE));
    OK(mmapx_view(&v, m.addr, m.len));
    ck_assert_int_eq(munmap((char *)m.addr + page, page), 0);
    ck_assert_int_eq(mmapx_resident_count(&v, 0, MMAPX_TO_END, &pages), -1);
    ck_assert(errno == ENOMEM || errno == EPERM);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("residency");

    ADD_TEST(s, vector);
    ADD_TEST(s, an_unaligned_mapping);
    ADD_TEST(s, page_counts);
    ADD_TEST(s, many_runs);
    ADD_TEST(s, evicted_pages);
    ADD_TEST(s, bad_arguments);
    ADD_TEST(s, a_gap);
    ADD_TEST(s, a_file_of_somebody_else);
    ADD_TEST(s, a_file_that_others_may_write);
    ADD_TEST(s, a_file_of_the_callers_group);
    ADD_TEST(s, a_file_of_ones_own);
    ADD_TEST(s, who_asks);
    ADD_TEST(s, anonymous_memory_is_ones_own);
    ADD_TEST(s, a_view_of_somebody_elses_file);
    ADD_TEST(s, runs_and_windows);
    ADD_TEST(s, the_superuser);
    ADD_TEST(s, a_list_that_bars_a_user);
    ADD_TEST(s, a_lesser_superuser);
    ADD_TEST(s, killed_for_its_own_ids);
    ADD_TEST(s, supplementary_groups);
    ADD_TEST(s, a_container);
    ADD_TEST(s, a_view_when_main_has_ended);
    ADD_TEST(s, a_view_of_two_kinds);
    return s;
}

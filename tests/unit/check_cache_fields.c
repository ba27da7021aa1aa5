/* SPDX-License-Identifier: MIT */
/*
 * The page cache where files lie on other files, in blocks larger than pages,
 * or beside mappings of drivers.  The truth is what mincore(2) says of a
 * mapping of the test's own.  And mappings of a file that was copied up since.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "seccomp.h"
#include "support.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#if defined __linux__
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#endif

#if defined __linux__

enum { BOTH = MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE };
enum { PAGES = 64, FIRST = 10, LAST = 19 }; /* of which these are read */

/* --- Places ---------------------------------------------------------------- */

static char place[PATH_MAX - 64]; /* a directory of the test's own */

static void
make_place(void)
{
    const char *dir = getenv("TMPDIR");

    snprintf(place, sizeof place, "%s/mmapx-test-XXXXXX",
             dir != NULL ? dir : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(place));
}

static const char *
at(const char *name)
{
    static char path[2][PATH_MAX];
    static int i;

    i = !i;
    snprintf(path[i], PATH_MAX, "%s/%s", place, name);
    return path[i];
}

/* What is mounted there goes with the namespace, and what is open stays. */
static void
leave_place(void)
{
    char command[sizeof place + 16];

    umount2(at("merged"), MNT_DETACH);
    umount2(place, MNT_DETACH);
    snprintf(command, sizeof command, "rm -rf '%s'", place);
    ck_assert_int_eq(system(command), 0);
}

/* "lower", "upper" and, of both, "merged". */
static void
mount_overlay(const char *options)
{
    static const char *const names[] = { "lower", "upper", "work", "merged" };
    char all[4 * PATH_MAX];
    bool root = is_root();

    if (!enter_mount_namespace())
        SKIP("nothing can be mounted: neither root nor a user namespace");
    make_place();
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(mkdir(at(names[i]), 0755), 0);
    snprintf(all, sizeof all, "lowerdir=%s/lower,upperdir=%s/upper,"
             "workdir=%s/work%s%s", place, place, place,
             root ? "" : ",userxattr", options);
    if (mount("overlay", at("merged"), "overlay", 0, all) != 0) {
        leave_place();
        SKIP("no overlayfs over this file system, or not for this user");
    }
}

static int
put_file(const char *name, size_t size)
{
    unsigned char buf[4096];
    int fd = open(at(name), O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    ck_assert_int_ge(fd, 0);
    for (size_t done = 0; done < size; done += sizeof buf) {
        size_t n = size - done < sizeof buf ? size - done : sizeof buf;

        for (size_t i = 0; i < n; i++)
            buf[i] = pattern(done + i);
        ck_assert_int_eq(write(fd, buf, n), (ssize_t)n);
    }
    ck_assert_int_eq(fsync(fd), 0);
    return fd;
}

/* --- The truth ------------------------------------------------------------- */

/* Into vec, by mincore(2); how many of them are cached. */
static size_t
look(int fd, unsigned char *vec, size_t pages)
{
    size_t len = pages * page_size();
    size_t cached = 0;
    void *p = mmap(NULL, len, PROT_NONE, MAP_SHARED, fd, 0);

    ck_assert(p != MAP_FAILED);
    ck_assert_int_eq(mincore(p, len, vec), 0);
    ck_assert_int_eq(munmap(p, len), 0);
    for (size_t i = 0; i < pages; i++)
        cached += vec[i] &= 1;
    return cached;
}

/* Skip where the kernel itself has nowhere to put the pages. */
static void
need_eviction(int fd)
{
    unsigned char vec[PAGES];

    ck_assert_int_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    if (look(fd, vec, PAGES) != 0)
        SKIP("this file system does not evict (tmpfs has nowhere to)");
}

/* That every call says what is true. */
static void
check_truth(int fd, size_t pages)
{
    static unsigned char vec[4096];
    struct mmapx_cache_run runs[PAGES], run = { 0, 0, 0 };
    size_t n = PAGES;
    struct mmapx_cache c;
    int64_t next = 0;
    size_t page = page_size();

    OK(mmapx_cache_stat(fd, 0, -1, &c));
    ck_assert_uint_eq(c.pages, pages);
    ck_assert_uint_eq(c.cached, look(fd, vec, pages));
    for (size_t i = 0; i < pages; i++) {
        OK(mmapx_cache_stat(fd, (int64_t)(i * page), 1, &c));
        ck_assert_msg(c.cached == vec[i], "page %zu is %s", i,
                      vec[i] ? "cached" : "not cached");
    }
    OK(mmapx_cache_runs(fd, 0, -1, runs, &n));
    for (size_t i = 0; i < n; i++) {
        OK(mmapx_cache_run(fd, next, &run));
        ck_assert_int_eq(run.off, runs[i].off);
        ck_assert_int_eq(run.len, runs[i].len);
        ck_assert_int_eq(run.cached, runs[i].cached);
        ck_assert_int_eq(run.off, next);
        next = run.off + run.len;
        for (size_t k = (size_t)run.off / page; k * page < (size_t)next; k++)
            ck_assert_int_eq(run.cached, vec[k]);
    }
    ck_assert_uint_eq((size_t)next, pages * page);
}

static void
read_pages(int fd, size_t first, size_t last)
{
    char byte;

    ck_assert_int_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0);
    for (size_t i = first; i <= last; i++)
        ck_assert_int_eq(pread(fd, &byte, 1, (off_t)(i * page_size())), 1);
}

/* Nothing, a part, all, and nothing again. */
static void
check_life(int fd, unsigned known)
{
    unsigned char vec[PAGES];
    struct mmapx_cache c;

    OK(mmapx_cache_evict(fd, 0, -1));
    if (look(fd, vec, PAGES) != 0)
        SKIP("this file system does not evict (tmpfs has nowhere to)");
    check_truth(fd, PAGES);
    read_pages(fd, FIRST, LAST);
    check_truth(fd, PAGES);
    OK(mmapx_cache_load(fd, 0, -1));
    ck_assert_uint_eq(look(fd, vec, PAGES), PAGES);
    check_truth(fd, PAGES);
    OK(mmapx_cache_stat(fd, 0, -1, &c));
    ck_assert_uint_eq(c.known & known, c.known);
    OK(mmapx_cache_evict(fd, 0, -1));
    ck_assert_uint_eq(look(fd, vec, PAGES), 0);
}

/* --- overlayfs -------------------------------------------------------------- */

static int
file_below(const char *options)
{
    int fd;

    mount_overlay(options);
    close(put_file("lower/file", PAGES * page_size()));
    fd = open(at("merged/file"), O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

/* The file that is open has no pages; those that are cached are of the one that
 * it lies over. */
START_TEST(a_file_that_lies_over_another)
{
    int fd = file_below("");

    leave_place();
    check_life(fd, MMAPX_CACHE_CACHED);
}
END_TEST

START_TEST(a_file_that_was_copied_up)
{
    int fd = file_below("");
    int up = open(at("merged/file"), O_RDWR | O_CLOEXEC);

    close(fd);
    ck_assert_int_ge(up, 0);
    leave_place();
    ck_assert_int_eq(pwrite(up, "x", 1, 0), 1);
    ck_assert_int_eq(fsync(up), 0);
    check_life(up, MMAPX_CACHE_CACHED);
}
END_TEST

START_TEST(a_mapping_of_it)
{
    int fd = file_below("");
    unsigned char vec[PAGES];
    struct mmapx m;

    leave_place();
    need_eviction(fd);
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    check_pattern(m.addr, 0, m.len);
    OK(mmapx_cache_evict(fd, 0, -1));
    ck_assert_uint_eq(look(fd, vec, PAGES), 0);
    check_pattern(m.addr, 0, m.len);
}
END_TEST

/* Huge pages of the cache can be mapped as such only where address and offset
 * agree modulo 2 MiB. */
START_TEST(a_large_mapping_of_it)
{
    struct mmapx m;
    int fd;

    skip_under_valgrind("valgrind chooses the addresses");
    mount_overlay("");
    fd = open(at("merged/file"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    leave_place();
    ck_assert_int_eq(ftruncate(fd, 16 << 20), 0);
    for (int64_t off = 0; off < 6 << 20; off += (3 << 20) - 1) {
        OK(mmapx_map_region(&m, fd, off, MMAPX_TO_END, PROT_READ, MAP_SHARED));
        ck_assert_uint_eq(((uintptr_t)m.addr - (uintptr_t)off) % (2 << 20), 0);
        OK(mmapx_unmap(&m));
    }
}
END_TEST

static _Noreturn void
skip_here(const char *reason)
{
    leave_place();
    SKIP("%s", reason);
}

/* The clock that files get their times from, which ticks some hundred times a
 * second. */
static struct timespec
file_clock(void)
{
#ifdef CLOCK_REALTIME_COARSE
    const clockid_t clock = CLOCK_REALTIME_COARSE;
#else
    const clockid_t clock = CLOCK_REALTIME;
#endif
    struct timespec now;

    ck_assert_int_eq(clock_gettime(clock, &now), 0);
    return now;
}

/* Have what is made from now on be younger than what is there. */
static void
await_a_tick(void)
{
    struct timespec was = file_clock(), is;

    do
        is = file_clock();
    while (is.tv_sec == was.tv_sec && is.tv_nsec == was.tv_nsec);
}

/*
 * A mapping of the file below, by a descriptor for reading, and a descriptor of
 * the copy above, which the kernel makes when that is opened for writing.  Both
 * have one number, as long as the file below has its name.
 */
static int
copy_up(struct mmapx *m, int flags)
{
    int fd = file_below("");
    int up;

    if (sizeof(uintptr_t) < 8)
        skip_here("the handle has no room for the time when a file was made");
    OK(mmapx_map(m, fd, PROT_READ | (flags == MAP_PRIVATE ? PROT_WRITE : 0),
                 flags));
    await_a_tick();
    up = open(at("merged/file"), O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(up, 0);
    close(fd);
    return up;
}

static int
size_in_pages(int fd)
{
    struct stat sb;

    ck_assert_int_eq(fstat(fd, &sb), 0);
    return (int)(sb.st_size / (off_t)page_size());
}

#ifdef SYS_statx
/* Where nobody tells when a file was made, what may be a copy counts as one. */
START_TEST(a_copy_that_nobody_tells_of)
{
    struct mmapx m;
    int fd = file_below("");
    int up;

    if (!deny(&(struct denied){ SYS_statx, ANY, 0, false }, ENOSYS))
        skip_here("no filters of system calls");
    if (sizeof(uintptr_t) < 8)
        skip_here("the handle has no room for the time when a file was made");
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    up = open(at("merged/file"), O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(up, 0);
    *(char *)m.addr = 'x';
    FAILS(EINVAL, mmapx_commit(&m, up, 0, MMAPX_TO_END));
    FAILS(EINVAL, mmapx_resize(&m, up, page_size(), MMAPX_RESIZE_FILE));
    ck_assert_int_eq(size_in_pages(up), PAGES);
    OK(mmapx_unmap(&m));
    OK(mmapx_map(&m, up, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    *(char *)m.addr = 'x';
    OK(mmapx_commit(&m, up, 0, MMAPX_TO_END));
    OK(mmapx_resize(&m, up, page_size(), MMAPX_RESIZE_FILE));
    leave_place();
}
END_TEST
#endif

/* The mapping would show the file below when the changes are in the other. */
START_TEST(changes_and_a_copy_above)
{
    struct mmapx m;
    int up = copy_up(&m, MAP_PRIVATE);
    int journal = temp_file(0);
    unsigned char was = *(unsigned char *)m.addr, byte;

    *(unsigned char *)m.addr = (unsigned char)~was;
    FAILS(EINVAL, mmapx_commit(&m, up, 0, MMAPX_TO_END));
    FAILS(EINVAL, mmapx_commit_atomic(&m, up, journal, 0, MMAPX_TO_END));
    ck_assert_uint_eq(*(unsigned char *)m.addr, (unsigned char)~was);
    ck_assert_int_eq(pread(up, &byte, 1, 0), 1);
    ck_assert_uint_eq(byte, was);
    /* What is mapped from the copy is the copy's. */
    OK(mmapx_unmap(&m));
    OK(mmapx_map(&m, up, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    *(unsigned char *)m.addr = (unsigned char)~was;
    OK(mmapx_commit(&m, up, 0, MMAPX_TO_END));
    ck_assert_uint_eq(*(unsigned char *)m.addr, (unsigned char)~was);
    OK(mmapx_resize(&m, up, (PAGES + 1) * page_size(), BOTH));
    leave_place();
}
END_TEST

START_TEST(room_and_a_copy_above)
{
    struct mmapx m;
    int up = copy_up(&m, MAP_PRIVATE);
    size_t page = page_size();

    OK(mmapx_reserve(&m, 4 * PAGES * page, MMAPX_RESIZE_MAYMOVE));
    FAILS(EINVAL, mmapx_resize(&m, up, 2 * PAGES * page, MMAPX_RESIZE_FILE));
    FAILS(EINVAL, mmapx_resize(&m, up, 2 * PAGES * page, 0));
    ck_assert_int_eq(size_in_pages(up), PAGES);
    ck_assert_uint_eq(m.len, PAGES * page);
    leave_place();
}
END_TEST

START_TEST(a_cut_and_a_copy_above)
{
    struct mmapx m;
    int up = copy_up(&m, MAP_SHARED);
    size_t page = page_size();

    FAILS(EINVAL, mmapx_resize(&m, up, page, MMAPX_RESIZE_FILE));
    FAILS(EINVAL, mmapx_resize(&m, up, MMAPX_TO_END, 0));
    ck_assert_int_eq(size_in_pages(up), PAGES);
    check_pattern(m.addr, 0, PAGES * page);
    /* A shared mapping needs no descriptor to grow. */
    if (under_valgrind())
        skip_here("valgrind does not copy a mapping");
    OK(mmapx_reserve(&m, 4 * PAGES * page, MMAPX_RESIZE_MAYMOVE));
    OK(mmapx_resize(&m, up, 2 * PAGES * page, 0));
    leave_place();
}
END_TEST

/* Nothing is read in for the sake of counting. */
START_TEST(who_locks_all_that_he_maps)
{
    int fd = file_below("");
    unsigned char vec[PAGES];
    struct mmapx_cache c;

    leave_place();
    need_eviction(fd);
    if (mlockall(MCL_FUTURE) != 0)
        SKIP("this user may not lock much");
    OK(mmapx_cache_stat(fd, 0, -1, &c));
    ck_assert_uint_eq(c.cached, 0);
    ck_assert_int_eq(munlockall(), 0);
    ck_assert_uint_eq(look(fd, vec, PAGES), 0);
}
END_TEST

static bool
is_hidden(int fd)
{
    struct mmapx_cache_run run;
    struct mmapx_cache c;
    struct mmapx m;
    size_t pages;
    size_t n = 1;

    return mmapx_cache_stat(fd, 0, -1, &c) == -1 && errno == EPERM
           && mmapx_cache_run(fd, 0, &run) == -1 && errno == EPERM
           && mmapx_cache_runs(fd, 0, -1, &run, &n) == -1 && errno == EPERM
           && mmapx_map(&m, fd, PROT_READ, MAP_PRIVATE) == 0
           && mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages) == -1
           && errno == EPERM;
}

static bool
file_is_hidden(void *arg)
{
    return is_hidden(*(int *)arg);
}

static bool
handle_is_hidden(void *m)
{
    size_t pages;

    return mmapx_resident_count(m, 0, MMAPX_TO_END, &pages) == -1
           && errno == EPERM;
}

/* The file below keeps its owner, and the kernel goes by that: it tells nothing
 * to the new one. */
START_TEST(an_owner_who_is_not_the_one_below)
{
    unsigned char vec[PAGES];
    struct mmapx_cache c;
    struct mmapx m;
    int fd;

    if (!is_root())
        SKIP("it takes root to give a file away");
    fd = file_below(",metacopy=on");
    ck_assert_int_eq(chown(at("merged/file"), 65534, 65534), 0);
    close(fd);
    fd = open(at("merged/file"), O_RDONLY | O_CLOEXEC);
    leave_place();
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    OK(mmapx_cache_evict(fd, 0, -1));
    OK(mmapx_cache_stat(fd, 0, -1, &c));
    ck_assert_uint_eq(c.cached, look(fd, vec, PAGES));
    ck_assert(in_child_as_nobody(file_is_hidden, &fd));
    ck_assert(in_child_as_nobody(handle_is_hidden, &m));
    OK(mmapx_cache_load(fd, 0, -1));
    ck_assert(in_child_as_nobody(file_is_hidden, &fd));
    ck_assert(in_child_as_nobody(handle_is_hidden, &m));
}
END_TEST

static bool
owner_is_told(void *arg)
{
    int fd = *(int *)arg;
    unsigned char vec[PAGES];
    struct mmapx_cache c;
    struct mmapx m;
    size_t pages;

    return mmapx_cache_stat(fd, 0, -1, &c) == 0
           && c.cached == look(fd, vec, PAGES)
           && mmapx_map(&m, fd, PROT_READ, MAP_PRIVATE) == 0
           && mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages) == 0
           && pages == c.cached;
}

START_TEST(an_owner_who_is_the_one_below)
{
    int fd;

    if (!is_root())
        SKIP("it takes root to give a file away");
    fd = file_below("");
    close(fd);
    ck_assert_int_eq(chown(at("merged/file"), 65534, 65534), 0);
    fd = open(at("merged/file"), O_RDONLY | O_CLOEXEC);
    leave_place();
    OK(mmapx_cache_evict(fd, 0, -1));
    ck_assert(in_child_as_nobody(owner_is_told, &fd));
    OK(mmapx_cache_load(fd, 0, -1));
    ck_assert(in_child_as_nobody(owner_is_told, &fd));
}
END_TEST

/* --- Large blocks ----------------------------------------------------------- */

/* A file system of so many MiB, mounted at place; false: there is none. */
static bool
mount_image(const char *type, const char *mkfs, off_t mib)
{
    char command[2 * PATH_MAX];
    char device[64];
    int fd, loop;
    struct loop_info64 info = { 0 };
    bool made;

    make_place();
    fd = open(at("image"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, mib << 20), 0);
    snprintf(command, sizeof command, "PATH=$PATH:/usr/sbin:/sbin; %s '%s' "
             ">/dev/null 2>&1", mkfs, at("image"));
    made = system(command) == 0;
    unlink(at("image"));
    if (!made)
        return false;
    loop = loop_device(fd);
    close(fd);
    ck_assert_int_eq(ioctl(loop, LOOP_GET_STATUS64, &info), 0);
    snprintf(device, sizeof device, "/dev/loop%u", (unsigned)info.lo_number);
    made = mount(device, place, type, 0, NULL) == 0;
    close(loop);
    return made;
}

/* The last unit of the cache is a block, of which the file ends in the first
 * page. */
START_TEST(blocks_larger_than_pages)
{
    char mkfs[64];
    unsigned char vec[8];
    int fd;

    if (!is_root())
        SKIP("it takes root to mount an image");
    if (!enter_mount_namespace())
        SKIP("no mounts of one's own");
    snprintf(mkfs, sizeof mkfs, "mkfs.xfs -q -b size=%zu", 4 * page_size());
    if (!mount_image("xfs", mkfs, 400)) {
        leave_place();
        SKIP("no XFS with such blocks: mkfs.xfs, and Linux 6.12");
    }
    for (size_t pages = 1; pages <= 8; pages++) {
        struct mmapx m;

        fd = put_file("file", pages * page_size() - 7);
        OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
        check_pattern(m.addr, 0, m.len);
        OK(mmapx_cache_evict(fd, 0, -1));
        ck_assert_uint_eq(look(fd, vec, pages), 0);
        check_pattern(m.addr, 0, m.len);
        OK(mmapx_cache_evict(fd, 0, (int64_t)m.len));
        ck_assert_uint_eq(look(fd, vec, pages), 0);
        OK(mmapx_unmap(&m));
        close(fd);
        unlink(at("file"));
    }
    leave_place();
}
END_TEST

/* --- Small stacks ------------------------------------------------------------ */

static void *
use_all_calls(void *arg)
{
    int fd = *(int *)arg;
    static struct mmapx_cache_run runs[4];
    struct mmapx_cache c;
    size_t n = 4;
    bool done = mmapx_cache_evict(fd, 0, -1) == 0
                && mmapx_cache_load(fd, 0, -1) == 0
                && mmapx_cache_stat(fd, 0, -1, &c) == 0
                && mmapx_cache_run(fd, 0, runs) == 0
                && mmapx_cache_runs(fd, 0, -1, runs, &n) == 0
                && mmapx_cache_evict(fd, 0, -1) == 0;

    return done ? arg : NULL;
}

START_TEST(a_thread_with_a_small_stack)
{
    int fd = temp_file(5 << 20);
    pthread_attr_t attributes;
    pthread_t thread;
    void *result = NULL;
    struct mmapx m;

    if (under_sanitizer() || under_valgrind() || under_emulator())
        SKIP("what watches the test takes the stack");
    ck_assert_int_eq(pthread_attr_init(&attributes), 0);
    if (pthread_attr_setstacksize(&attributes, 16384) != 0)
        SKIP("threads have larger stacks here");
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    check_pattern(m.addr, 0, m.len);
    ck_assert_int_eq(pthread_create(&thread, &attributes, use_all_calls, &fd),
                     0);
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    ck_assert_ptr_nonnull(result);
}
END_TEST

/* --- Mappings of drivers ----------------------------------------------------- */

/* The inode number of the mapping at p. */
static unsigned long
inode_at(const void *p)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    unsigned long begin, inode = 0;
    char line[512];

    ck_assert_ptr_nonnull(maps);
    while (inode == 0 && fgets(line, sizeof line, maps) != NULL)
        if (sscanf(line, "%lx-%*x %*s %*x %*x:%*x %lu", &begin, &inode) != 2
            || begin != (unsigned long)(uintptr_t)p)
            inode = 0;
    fclose(maps);
    return inode;
}

/* Memory of the kernel's, whose pages do not come back once they are taken out
 * of the page tables: an array of BPF's, made without the headers that not all
 * have. */
static void *
map_array(void)
{
#ifdef SYS_bpf
    uint32_t array[32] = { 2, 4, 8, 1, 1 << 10 }; /* type, sizes, mmapable */
    int fd = (int)syscall(SYS_bpf, 0, array, sizeof array);
    void *p = fd < 0 ? MAP_FAILED
                     : mmap(NULL, page_size(), PROT_READ | PROT_WRITE,
                            MAP_SHARED, fd, 0);

    if (p != MAP_FAILED)
        return p;
#endif
    SKIP("no memory of a driver: bpf(2) takes root");
}

static bool
array_is_there(void *p)
{
    return *(volatile unsigned *)p != UINT_MAX;
}

/* A file system of one's own counts its inodes from 1 on. */
START_TEST(an_array_with_the_number_of_a_file)
{
    enum { MANY = 10000 };
    void *array = map_array();
    unsigned long inode = inode_at(array);
    struct stat sb = { .st_ino = 0 };
    struct mmapx m;
    int fd = -1;

    if (inode == 0 || inode > MANY)
        SKIP("no file can be had with the array's number");
    if (!enter_mount_namespace())
        SKIP("no mounts of one's own");
    make_place();
    ck_assert_int_eq(mount("none", place, "tmpfs", 0, NULL), 0);
    for (int i = 0; i < MANY && sb.st_ino != inode; i++) {
        close(fd);
        fd = open(place, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fstat(fd, &sb), 0);
    }
    leave_place();
    if (sb.st_ino != inode)
        SKIP("no file can be had with the array's number");
    ck_assert_int_eq(ftruncate(fd, (off_t)page_size()), 0);
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    *(char *)m.addr = 1;
    OK(mmapx_cache_evict(fd, 0, -1));
    ck_assert(in_child(array_is_there, array));
    ck_assert(array_is_there(array));
    ck_assert_int_eq(*(char *)m.addr, 1);
}
END_TEST

#endif /* Linux */

Suite *
suite(void)
{
    Suite *s = suite_create("cache_fields");

#if defined __linux__
    ADD_TEST(s, a_file_that_lies_over_another);
    ADD_TEST(s, a_file_that_was_copied_up);
    ADD_TEST(s, a_mapping_of_it);
    ADD_TEST(s, a_large_mapping_of_it);
    ADD_TEST(s, changes_and_a_copy_above);
#ifdef SYS_statx
    ADD_TEST(s, a_copy_that_nobody_tells_of);
#endif
    ADD_TEST(s, room_and_a_copy_above);
    ADD_TEST(s, a_cut_and_a_copy_above);
    ADD_TEST(s, who_locks_all_that_he_maps);
    ADD_TEST(s, an_owner_who_is_not_the_one_below);
    ADD_TEST(s, an_owner_who_is_the_one_below);
    ADD_TEST(s, blocks_larger_than_pages);
    ADD_TEST(s, a_thread_with_a_small_stack);
    ADD_TEST(s, an_array_with_the_number_of_a_file);
#endif
    return s;
}

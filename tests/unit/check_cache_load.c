/* SPDX-License-Identifier: MIT */
/* In which pieces a file is loaded or populated, and how little of what is no
 * data. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#if defined __linux__
#include <sys/sysinfo.h>
#endif
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCK = 2 << 20, FILE_SIZE = 4 * BLOCK };

static uint64_t
cached_bytes(int fd)
{
    struct mmapx_cache c;

    OK(mmapx_cache_stat(fd, 0, -1, &c));
    return c.cached * page_size();
}

static void
make_cold(int fd)
{
    ck_assert_int_eq(fsync(fd), 0);
    OK(mmapx_cache_evict(fd, 0, -1));
    if (cached_bytes(fd) != 0)
        SKIP("this file system does not evict (tmpfs has nowhere to)");
}

static int
cold_file(void)
{
    int fd = temp_file(FILE_SIZE);

    make_cold(fd);
    return fd;
}

/* What smaps says about the mapping at addr in the line that begins with key. */
static bool
find_line(const void *addr, const char *key, char *line, size_t size)
{
    FILE *in = fopen("/proc/self/smaps", "r");
    char begin[32];
    bool inside = false;
    bool found = false;

    if (in == NULL)
        SKIP("there is no /proc/self/smaps");
    snprintf(begin, sizeof begin, "%lx-", (unsigned long)(uintptr_t)addr);
    while (!found && fgets(line, (int)size, in) != NULL) {
        inside = inside || strncmp(line, begin, strlen(begin)) == 0;
        found = inside && strncmp(line, key, strlen(key)) == 0;
    }
    fclose(in);
    return found;
}

/* Bytes of a file that the kernel maps by huge pages: what is in smaps for the
 * mapping at addr. */
static size_t
huge_bytes_at(const void *addr)
{
    char line[512];

    return find_line(addr, "FilePmdMapped:", line, sizeof line)
               ? strtoul(line + 14, NULL, 10) << 10
               : 0;
}

/* Whether the mapping at addr has a flag of smaps, such as rr for RANDOM. */
static bool
has_flag(const void *addr, const char *flag)
{
    char line[512], word[8];

    if (!find_line(addr, "VmFlags:", line, sizeof line))
        SKIP("the kernel does not tell a mapping's flags");
    snprintf(word, sizeof word, " %s ", flag);
    return strstr(line, word) != NULL;
}

static size_t
huge_bytes(int fd)
{
    size_t huge;
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    OK(mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ));
    huge = huge_bytes_at(m.addr);
    OK(mmapx_unmap(&m));
    return huge;
}

/* What the file system has huge pages for, if it is asked by hand. */
static void
need_huge_pages(void)
{
    int fd = cold_file();
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    if (mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_HUGEPAGE) != 0
        || mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_POPULATE_READ) != 0)
        SKIP("no huge pages here");
    if (huge_bytes_at(m.addr) < FILE_SIZE)
        SKIP("no huge pages for the files of this file system");
    OK(mmapx_unmap(&m));
    close(fd);
}

/* Some kernels take single pages back at any time, and have huge ones now and
 * then: what is not right is tried again with a cold file, as long as what is
 * asked by hand is in huge pages. */
enum { TRIES = 10 };

static void
check_huge(bool (*is_right)(int fd, enum mmapx_advice advice),
           enum mmapx_advice advice)
{
    bool right = false;

    for (int tries = 0; tries < TRIES && !right; tries++) {
        int fd;

        need_huge_pages();
        fd = cold_file();
        right = is_right(fd, advice);
        close(fd);
    }
    ck_assert(right);
}

static bool
loads(int fd, enum mmapx_advice advice)
{
    (void)advice;
    OK(mmapx_cache_load(fd, 0, -1));
    return cached_bytes(fd) == FILE_SIZE && huge_bytes(fd) == FILE_SIZE;
}

START_TEST(a_cold_file_in_huge_pages)
{
    check_huge(loads, MMAPX_MADV_NORMAL);
}
END_TEST

static bool
loads_part_by_part(int fd, enum mmapx_advice advice)
{
    (void)advice;
    for (int64_t off = 0; off < FILE_SIZE; off += BLOCK)
        OK(mmapx_cache_load(fd, off, BLOCK));
    return huge_bytes(fd) == FILE_SIZE;
}

/* A program that shows progress calls for one part after the other. */
START_TEST(part_by_part_in_huge_pages)
{
    check_huge(loads_part_by_part, MMAPX_MADV_NORMAL);
}
END_TEST

/* Whether the kernel is older than a version. */
static bool
is_before(unsigned major, unsigned minor)
{
    struct utsname name;
    unsigned has[2];

    ck_assert_int_eq(uname(&name), 0);
    ck_assert_int_eq(sscanf(name.release, "%u.%u", &has[0], &has[1]), 2);
    return has[0] < major || (has[0] == major && has[1] < minor);
}

static bool
loads_around(int fd, enum mmapx_advice advice)
{
    size_t whole = FILE_SIZE - (is_before(6, 18) ? 2 : 1) * BLOCK;

    (void)advice;
    OK(mmapx_cache_load(fd, BLOCK + 5, 1));
    OK(mmapx_cache_load(fd, 0, -1));
    return cached_bytes(fd) == FILE_SIZE && huge_bytes(fd) >= whole
           && huge_bytes(fd) < FILE_SIZE;
}

/* What is cached, in whatever pieces, is left as it is: its block is no huge
 * page, and all others are.  Linux 6.1 reads on behind it, in single pages, as
 * much as it meant to read before it met it: the block that follows is no huge
 * page either then.  Linux 6.18 does not; none between them was looked at. */
START_TEST(half_of_it_in_huge_pages)
{
    check_huge(loads_around, MMAPX_MADV_NORMAL);
}
END_TEST

static bool
populates(int fd, enum mmapx_advice advice)
{
    bool right;
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    OK(mmapx_advise(&m, 0, MMAPX_TO_END, advice));
    OK(mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ));
    right = cached_bytes(fd) == FILE_SIZE && huge_bytes_at(m.addr) == FILE_SIZE;
    ck_assert(!has_flag(m.addr, "hg"));
    ck_assert_int_eq(has_flag(m.addr, "rr"), advice == MMAPX_MADV_RANDOM);
    ck_assert_int_eq(has_flag(m.addr, "sr"), advice == MMAPX_MADV_SEQUENTIAL);
    OK(mmapx_unmap(&m));
    return right;
}

/* A mapping's own advice does not count, and is as before afterwards. */
START_TEST(populated_in_huge_pages)
{
    check_huge(populates, MMAPX_MADV_NORMAL);
    check_huge(populates, MMAPX_MADV_RANDOM);
    check_huge(populates, MMAPX_MADV_SEQUENTIAL);
}
END_TEST

/* A private mapping has no second one. */
START_TEST(a_private_mapping_populated)
{
    int fd = cold_file();
    struct mmapx m;
    int tries = 0;

    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    OK(mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_RANDOM));
    memset((char *)m.addr + 5, 7, page_size());
    do {
        ck_assert_int_lt(tries++, TRIES);
        OK(mmapx_cache_evict(fd, 0, -1));
        OK(mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ));
    } while (cached_bytes(fd) != FILE_SIZE);
    for (size_t i = 0; i < FILE_SIZE; i += 4093)
        ck_assert_int_eq(((unsigned char *)m.addr)[i],
                         i >= 5 && i < 5 + page_size() ? 7 : pattern(i));
}
END_TEST

/* For a file that will be written here and there. */
START_TEST(single_pages_by_prefetch)
{
    struct mmapx_cache_range all = { 0, -1 };
    int fd = cold_file();
    int tries = 0;

    do {
        ck_assert_int_lt(tries++, TRIES);
        OK(mmapx_cache_evict(fd, 0, -1));
        OK(mmapx_cache_prefetch(fd, &all, 1));
        OK(mmapx_cache_load(fd, 0, -1));
    } while (cached_bytes(fd) != FILE_SIZE);
    ck_assert_uint_eq(huge_bytes(fd), 0);
}
END_TEST

/* The bytes are right, whichever way they came. */
START_TEST(the_bytes)
{
    int fd = cold_file();
    char byte;

    OK(mmapx_cache_load(fd, 5, FILE_SIZE / 2));
    OK(mmapx_cache_load(fd, 0, -1));
    for (size_t i = 0; i < FILE_SIZE; i += 4093) {
        ck_assert_int_eq(pread(fd, &byte, 1, (off_t)i), 1);
        ck_assert_int_eq((unsigned char)byte, pattern(i));
    }
}
END_TEST

/* Data with holes behind them: pieces of each of some lengths. */
START_TEST(no_holes_behind_data)
{
    static const size_t pieces[] = { 1, 128 << 10, 1 << 20, BLOCK };
    char *data = calloc(1, BLOCK);
    uint64_t written = 0;
    int fd = temp_file(0);

    ck_assert_ptr_nonnull(data);
    memset(data, 1, BLOCK);
    for (size_t i = 0; i < 16; i++) {
        size_t len = pieces[i % 4];

        written += (len + page_size() - 1) / page_size() * page_size();
        ck_assert_int_eq(pwrite(fd, data, len, (off_t)i * 2 * BLOCK),
                         (ssize_t)len);
    }
    free(data);
    ck_assert_int_eq(ftruncate(fd, 64 * BLOCK), 0);
    make_cold(fd);
    OK(mmapx_cache_load(fd, 0, -1));
    if (cached_bytes(fd) == 64 * BLOCK)
        SKIP("this file system does not list its extents");
    ck_assert_uint_ge(cached_bytes(fd), written - written / 4);
    ck_assert_uint_le(cached_bytes(fd), written + written / 4);
}
END_TEST

/* A file in memory that is one hole, or skip. */
static int
sparse_memfd(void)
{
    struct mmapx m;
    int fd = -1;

    if (mmapx_map_memfd(&m, &fd, "sparse", FILE_SIZE, 0) < 0)
        SKIP("no memfd_create(2) here");
    OK(mmapx_unmap(&m));
    return fd;
}

/* To read a hole of memory takes none, to map it would. */
START_TEST(a_hole_in_memory)
{
    struct stat sb;
    int fd = sparse_memfd();

    OK(mmapx_cache_load(fd, 0, -1));
    ck_assert_int_eq(fstat(fd, &sb), 0);
    ck_assert_int_eq(sb.st_blocks, 0);
}
END_TEST

/* No descriptor is needed. */
START_TEST(a_small_hole_in_memory)
{
    int fd = sparse_memfd();
    uint64_t before = limit_descriptors(0);

    OK(mmapx_cache_load(fd, 0, -1));
    /* A sanitizer opens something at the end, and what counts coverage. */
    limit_descriptors(before);
}
END_TEST

/* Whether the system says what of a file in memory is swapped out. */
static bool
swap_is_told(int fd)
{
    struct mmapx_cache c;
#if defined __linux__
    struct sysinfo system;

    if (sysinfo(&system) == 0 && system.freeswap == system.totalswap)
        return true;
#endif
    OK(mmapx_cache_stat(fd, 0, -1, &c));
    return (c.known & MMAPX_CACHE_EVICTED) != 0;
}

/* It is not walked page by page, which would take hours, and its position stays
 * where it is, which others may share. */
START_TEST(a_large_hole_in_memory)
{
    struct mmapx_cache_range all = { 0, -1 };
    int64_t size = (int64_t)1 << 50;
    struct stat sb;
    int fd = sparse_memfd();

    if (!swap_is_told(fd))
        SKIP("this system swaps, and does not say what it has swapped out");
    while (ftruncate(fd, (off_t)size) < 0 && size > FILE_SIZE)
        size /= 2;
    OK(mmapx_cache_load(fd, 0, -1));
    OK(mmapx_cache_prefetch(fd, &all, 1));
    ck_assert_int_eq(pwrite(fd, "x", 1, (off_t)(size / 2)), 1);
    ck_assert_int_eq(pwrite(fd, "x", 1, (off_t)(size - 1)), 1);
    ck_assert_int_eq(lseek(fd, 5, SEEK_SET), 5);
    OK(mmapx_cache_load(fd, 0, -1));
    OK(mmapx_cache_load(fd, size / 4, size / 8));
    OK(mmapx_cache_prefetch(fd, &all, 1));
    ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 5);
    ck_assert_int_eq(fstat(fd, &sb), 0);
    ck_assert_int_le((int64_t)sb.st_blocks * 512, 2 * BLOCK);
}
END_TEST

/* Whether this process has the file's record lock: nobody else tells it. */
static bool
is_locked_by_parent(int fd)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* To close any descriptor of a file ends the process's record locks of it. */
static void
keeps_record_locks(int fd)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    struct mmapx_cache_range all = { 0, -1 };

    if (fcntl(fd, F_SETLK, &lock) != 0)
        SKIP("this file system has no record locks");
    OK(mmapx_cache_load(fd, 0, -1));
    ck_assert(is_locked_by_parent(fd));
    OK(mmapx_cache_prefetch(fd, &all, 1));
    ck_assert(is_locked_by_parent(fd));
}

START_TEST(record_locks_of_a_file)
{
    keeps_record_locks(temp_file(FILE_SIZE));
}
END_TEST

START_TEST(record_locks_of_memory)
{
    keeps_record_locks(sparse_memfd());
}
END_TEST

/* As large as the file system lets it be. */
START_TEST(a_sparse_file)
{
    int64_t size = (int64_t)64 << 40;
    int fd = temp_file(0);
    struct mmapx_cache c;

    ck_assert_int_eq(pwrite(fd, "x", 1, 0), 1);
    OK(mmapx_cache_stat(fd, 0, -1, &c));
    if (is_stacked(fd) || (c.known & MMAPX_CACHE_DIRTY) == 0)
        SKIP("each page has to be looked at here, also of a hole");
    make_cold(fd);
    while (ftruncate(fd, (off_t)size) < 0 && size > FILE_SIZE)
        size /= 2;
    if (size < (int64_t)1 << 40)
        SKIP("no large sparse file here");
    ck_assert_int_eq(pwrite(fd, "x", 1, (off_t)(size / 2)), 1);
    make_cold(fd);
    OK(mmapx_cache_load(fd, 0, -1));
    ck_assert_uint_le(cached_bytes(fd), 1 << 20);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("cache_load");

    ADD_TEST(s, a_cold_file_in_huge_pages);
    ADD_TEST(s, part_by_part_in_huge_pages);
    ADD_TEST(s, half_of_it_in_huge_pages);
    ADD_TEST(s, populated_in_huge_pages);
    ADD_TEST(s, a_private_mapping_populated);
    ADD_TEST(s, single_pages_by_prefetch);
    ADD_TEST(s, the_bytes);
    ADD_TEST(s, no_holes_behind_data);
    ADD_TEST(s, a_hole_in_memory);
    ADD_TEST(s, a_small_hole_in_memory);
    ADD_TEST(s, a_large_hole_in_memory);
    ADD_TEST(s, record_locks_of_a_file);
    ADD_TEST(s, record_locks_of_memory);
    ADD_TEST(s, a_sparse_file);
    return s;
}

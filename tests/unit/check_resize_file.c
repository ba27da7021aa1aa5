/* SPDX-License-Identifier: MIT */
/* Growing and shrinking a mapping with its file. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "resizing.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#endif

/* --- The file with it ----------------------------------------------------- */

START_TEST(grow_with_the_file)
{
    size_t page = page_size();
    int fd = temp_file(page + 7);
    struct mmapx m;
    struct stat st;

    OK(mmapx_map_region(&m, fd, 5, MMAPX_TO_END, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    OK(mmapx_resize(&m, fd, 64 * page, MAYMOVE | BOTH));
    ck_assert_uint_eq(m.len, 64 * page);
    ck_assert_uint_eq(file_size(fd), 64 * page + 5);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_uint_ge((uint64_t)st.st_blocks * 512, 64 * page);
    check_pattern(m.addr, 5, page + 2);
    check_zero((char *)m.addr + page + 2, 63 * page - 2);
    memset(m.addr, 'x', m.len);
    OK(mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC));
}
END_TEST

/* By steps of all sizes, from the middle of a page to the middle of another:
 * what was there stays, what is new is zero and has its blocks. */
START_TEST(grow_by_steps)
{
    size_t steps[] = { 4097, 64 << 10, 65537, (1 << 20) + 5, 3 << 20,
                       (16 << 20) + 77 };
    int fd = temp_file(777);
    size_t was = 777;
    struct mmapx m;
    struct stat st;

    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        size_t len = was + steps[i];

        OK(mmapx_resize(&m, fd, len, MAYMOVE | BOTH));

        size_t edge = was < 4096 ? was : 4096;
        char *new = (char *)m.addr + was;

        ck_assert_uint_eq(file_size(fd), len);
        check_pattern(new - edge, was - edge, edge);
        check_zero(new, 1);
        ck_assert_int_eq(memcmp(new, new + 1, steps[i] - 1), 0);
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_uint_ge((uint64_t)st.st_blocks * 512, len);
        for (size_t at = len < 4096 ? was : len - 4096; at < len; at++)
            ((unsigned char *)m.addr)[at] = pattern(at);
        was = len;
    }
}
END_TEST

/* valgrind 3.19 takes bytes for not mapped that mremap(2) has added on the way to
 * another place. */
static const char moves_and_grows[]
    = "valgrind does not know what a moved mapping has gained";

/* A descriptor that writes past the cache, or waits for the disk. */
START_TEST(grow_by_special_descriptors)
{
    int flags[] = {
#ifdef O_DIRECT
        O_DIRECT,
#endif
        O_SYNC, O_DSYNC, O_APPEND
    };
    size_t page = page_size();
    char path[PATH_MAX];
    int file = temp_named(path, page);
    struct mmapx m;

    skip_under_valgrind(moves_and_grows);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        int fd = open(path, O_RDWR | flags[i]);

        if (fd < 0)
            continue; /* not on this file system */
        ck_assert_int_eq(ftruncate(file, (off_t)page), 0);
        OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
        OK(mmapx_resize(&m, fd, (1 << 20) + 1, MAYMOVE | BOTH));
        ck_assert_uint_eq(file_size(fd), (1 << 20) + 1);
        check_pattern(m.addr, 0, page);
        check_zero((char *)m.addr + page, 1);
        ck_assert_int_eq(memcmp((char *)m.addr + page,
                                (char *)m.addr + page + 1, (1 << 20) - page),
                         0);
        OK(mmapx_unmap(&m));
        close(fd);
    }
    unlink(path);
}
END_TEST

START_TEST(grow_sparsely)
{
    size_t page = page_size();
    int fd = temp_file(0);
    struct mmapx m;
    struct stat st;

    skip_under_valgrind(moves_and_grows);
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    OK(mmapx_resize(&m, fd, 1024 * page, MAYMOVE | BOTH | SPARSE));
    ck_assert_uint_eq(file_size(fd), 1024 * page);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_uint_lt((uint64_t)st.st_blocks * 512, 1024 * page);
    ((char *)m.addr)[m.len - 1] = 'x';
}
END_TEST

START_TEST(shrink_with_the_file)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);
    struct mmapx m;
    char *p;

    OK(mmapx_map_region(&m, fd, 5, MMAPX_TO_END, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    p = m.addr;
    OK(mmapx_resize(&m, fd, page, BOTH));
    ck_assert_uint_eq(file_size(fd), page + 5);
    check_pattern(m.addr, 5, page);
    ck_assert(is_given_back(p + 2 * page, fd));
    OK(mmapx_resize(&m, fd, 0, BOTH));
    ck_assert_uint_eq(file_size(fd), 5);
    ck_assert_uint_eq(m.len, 0);
    OK(mmapx_resize(&m, fd, 10, BOTH));
    ck_assert_uint_eq(file_size(fd), 15);
    check_zero(m.addr, 10);
}
END_TEST

/* The tail cannot be hidden throughout, and comes back. */
START_TEST(a_gap_in_what_is_cut)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);
    struct mmapx m;

    need_native();
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    ck_assert_int_eq(munmap((char *)m.addr + 2 * page, page), 0);
    FAILS(ENOMEM, mmapx_resize(&m, fd, page, BOTH));
    ck_assert_uint_eq(m.len, 4 * page);
    ck_assert_uint_eq(file_size(fd), 4 * page);
    check_pattern(m.addr, 0, 2 * page);
}
END_TEST

/* No address space has so many bytes.  valgrind says EINVAL of them. */
static void
check_impossible_length(struct mmapx *m, int fd)
{
    if (sizeof(size_t) == 8 && !under_valgrind())
        RESIZE_FAILS(ENOMEM, m, fd, SIZE_MAX / 8 + 1, MAYMOVE | BOTH);
}

START_TEST(a_file_to_be_appended_to)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    set_append_only(fd, true);
    FAILS(EPERM, mmapx_resize(&m, fd, page, BOTH));
    ck_assert_uint_eq(m.len, 4 * page);
    ck_assert_uint_eq(file_size(fd), 4 * page);
    check_pattern(m.addr, 0, m.len);
    /* What cannot be cut has not been made longer before it failed. */
    check_impossible_length(&m, fd);
    if (mmapx_resize(&m, fd, 9 * page, MAYMOVE | BOTH) != 0) {
        ck_assert_int_eq(errno, EPERM); /* a file system without fallocate */
        ck_assert_uint_eq(file_size(fd), 4 * page);
        ck_assert_uint_eq(m.len, 4 * page);
    } else {
        ck_assert_uint_eq(file_size(fd), 9 * page);
        check_zero((char *)m.addr + 4 * page, 5 * page);
    }
    set_append_only(fd, false);
}
END_TEST

/* A file that goes on behind the mapping is cut for nobody who has not said so,
 * and never by a mapping that grows. */
START_TEST(a_window_of_a_file)
{
    size_t page = page_size();
    int fd = temp_file(8 * page);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 0, page, PROT_READ, MAP_SHARED));
    OK(mmapx_resize(&m, fd, 2 * page, MAYMOVE | BOTH));
    OK(mmapx_resize(&m, fd, 2 * page, BOTH));
    OK(mmapx_resize(&m, fd, 2 * page + 1, MAYMOVE | BOTH | SPARSE));
    ck_assert_uint_eq(file_size(fd), 8 * page);
    RESIZE_FAILS(EINVAL, &m, fd, page, BOTH);
    RESIZE_FAILS(EINVAL, &m, fd, 2 * page, BOTH);
    RESIZE_FAILS(EINVAL, &m, fd, 0, MAYMOVE | BOTH | SPARSE);
    OK(mmapx_resize(&m, fd, page, BOTH | CUT));
    ck_assert_uint_eq(file_size(fd), page);
    check_pattern(m.addr, 0, page);
    /* Now the file ends with the mapping. */
    OK(mmapx_resize(&m, fd, 100, BOTH));
    ck_assert_uint_eq(file_size(fd), 100);
    OK(mmapx_resize(&m, fd, 9 * page, MAYMOVE | BOTH));
    ck_assert_uint_eq(file_size(fd), 9 * page);
    /* And inside it. */
    ck_assert_int_eq(ftruncate(fd, (off_t)(3 * page)), 0);
    OK(mmapx_resize(&m, fd, 2 * page, BOTH));
    ck_assert_uint_eq(file_size(fd), 2 * page);
}
END_TEST

/* The file ends with the mapping, also where it went on behind it. */
START_TEST(grow_and_cut_the_file)
{
    size_t page = page_size();
    int fd = temp_file(8 * page);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 0, page, PROT_READ, MAP_SHARED));
    OK(mmapx_resize(&m, fd, 4 * page, MAYMOVE | BOTH | CUT));
    ck_assert_uint_eq(file_size(fd), 4 * page);
    check_pattern(m.addr, 0, m.len);
    /* And the other way: the mapping went on behind the file. */
    OK(mmapx_resize(&m, -1, 8 * page, MAYMOVE));
    OK(mmapx_resize(&m, fd, 6 * page, BOTH));
    ck_assert_uint_eq(file_size(fd), 6 * page);
    check_zero((char *)m.addr + 4 * page, 2 * page);
}
END_TEST

/* tmpfs brings back what was stored behind the end of the file. */
static void
check_tail(int fd, int flags)
{
    size_t page = page_size();
    struct mmapx m;

    ck_assert_int_eq(ftruncate(fd, 0), 0);
    ck_assert_int_eq(ftruncate(fd, 100), 0);
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    memset(m.addr, 'x', page);
    OK(mmapx_resize(&m, fd, 3 * page, MAYMOVE | flags));
    for (size_t i = 0; i < 100; i++)
        ck_assert_int_eq(((char *)m.addr)[i], 'x');
    check_zero((char *)m.addr + 100, 3 * page - 100);
    OK(mmapx_unmap(&m));
}

START_TEST(what_was_behind_the_end)
{
    char path[] = "/dev/shm/mmapx-test-XXXXXX";
    int shm = mkstemp(path);

    check_tail(temp_file(0), BOTH);
    if (shm < 0)
        SKIP("no /dev/shm");
    unlink(path);
    check_tail(shm, BOTH);
    check_tail(shm, BOTH | SPARSE);
}
END_TEST

#ifdef __linux__
/* Somebody has reserved blocks behind the end: they are still there when the
 * file has grown into them, whatever its last page held. */
START_TEST(blocks_behind_the_end)
{
    size_t page = page_size();
    int fd = temp_file(100);
    struct mmapx m;
    struct stat st;

    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 1 << 20) != 0)
        SKIP("this file system allocates no blocks");
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    memset((char *)m.addr + 100, 'x', page - 100);
    OK(mmapx_resize(&m, fd, page + 100, MAYMOVE | BOTH | SPARSE));
    check_zero((char *)m.addr + 100, page);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_uint_ge((uint64_t)st.st_blocks * 512, (1 << 20) - page);
}
END_TEST

/* So are those behind what it grows by, and all of them where a full disk is
 * seen before anything is done. */
START_TEST(blocks_behind_a_growth)
{
    size_t page = page_size(), reserved = 4 << 20;
    int fd = temp_file(page);
    struct statfs fs;
    struct stat st;
    struct mmapx m;
    uint64_t more;

    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)reserved) != 0)
        SKIP("this file system allocates no blocks");
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    OK(mmapx_resize(&m, fd, 1 << 20, MAYMOVE | BOTH));
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_uint_ge((uint64_t)st.st_blocks * 512, reserved);
    skip_under_valgrind("valgrind says EINVAL of such lengths");
    ck_assert_int_eq(fstatfs(fd, &fs), 0);
    more = ((uint64_t)fs.f_bfree * (uint64_t)fs.f_bsize) + (1 << 30);
    if (more >= SIZE_MAX / 4)
        SKIP("this file system has more room than there are addresses");
    if (mmapx_resize(&m, fd, (size_t)more, MAYMOVE | BOTH) == 0)
        SKIP("this file system does not say how much room it has");
    ck_assert(errno == ENOSPC || errno == ENOMEM || errno == EFBIG);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_uint_ge((uint64_t)st.st_blocks * 512, reserved);
}
END_TEST

/* btrfs would write its reserved blocks elsewhere, so that a full disk had none
 * for the store that they were reserved for.  What was reserved and not written
 * is no data. */
START_TEST(no_zeros_where_they_cost_the_blocks)
{
    struct statfs fs;
    struct mmapx m;
    int fd = temp_file(0);

    ck_assert_int_eq(fstatfs(fd, &fs), 0);
    if ((unsigned)fs.f_type != 0x9123683e)
        SKIP("a matter of btrfs");
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    OK(mmapx_resize(&m, fd, 1 << 20, MAYMOVE | BOTH));
    FAILS(ENXIO, (int)lseek(fd, 0, SEEK_DATA));
}
END_TEST

/* A file of its own on a tmpfs that has huge pages. */
static int
huge_tmpfs_file(void)
{
    return file_of_own_mount(
        "none", "tmpfs", "size=64M,huge=always",
        "no tmpfs with huge pages can be mounted by this user, or at all");
}

/* Bytes of memory that is shared and in huge pages, at a mapping. */
static size_t
huge_bytes(const void *addr)
{
    FILE *in = fopen("/proc/self/smaps", "r");
    char begin[32], line[512];
    bool inside = false;
    size_t kib = 0;

    if (in == NULL)
        SKIP("there is no /proc/self/smaps");
    snprintf(begin, sizeof begin, "%lx-", (unsigned long)(uintptr_t)addr);
    while (kib == 0 && fgets(line, sizeof line, in) != NULL) {
        inside = inside || strncmp(line, begin, strlen(begin)) == 0;
        if (inside && strncmp(line, "VmFlags:", 8) == 0)
            break;
        if (inside && strncmp(line, "ShmemPmdMapped:", 15) == 0)
            kib = strtoul(line + 15, NULL, 10);
    }
    fclose(in);
    return kib << 10;
}

/* A hole that is punched into a huge page divides it. */
START_TEST(huge_pages_stay_whole)
{
    enum { LEN = (4 << 20) - 3000 };
    int fd = huge_tmpfs_file();
    struct mmapx m;

    ck_assert_int_eq(ftruncate(fd, LEN), 0);
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    memset(m.addr, 'x', LEN);
    if (huge_bytes(m.addr) != 4 << 20)
        SKIP("this kernel had no huge pages for it");
    for (size_t n = 1; n <= 10; n++)
        OK(mmapx_resize(&m, fd, LEN + n * 100, MAYMOVE | BOTH | SPARSE));
    ck_assert_uint_eq(huge_bytes(m.addr), 4 << 20);
}
END_TEST
#endif

/* Each is another file, whatever its number. */
START_TEST(no_other_file_passes)
{
    size_t page = page_size();
    int fd = temp_file(page);
    struct mmapx m, other;

    if (sizeof(size_t) < 8)
        SKIP("the handle has too few bits for that");
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    need_native();
    for (int i = 0; i < 60000; i++) {
        int strange = -1;

        if (mmapx_map_memfd(&other, &strange, "strange", 1, 0) != 0)
            SKIP("no memfd");
        FAILS(EINVAL, mmapx_resize(&m, strange, 2 * page,
                                   MAYMOVE | BOTH | SPARSE));
        OK(mmapx_unmap(&other));
        close(strange);
    }
}
END_TEST

/* --- Limits --------------------------------------------------------------- */

START_TEST(a_full_disk)
{
    size_t page = page_size();
    int fd = tiny_tmpfs_file(16 * page);
    struct mmapx m;

    need_native();
    ck_assert_int_eq(ftruncate(fd, (off_t)(2 * page)), 0);
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    memset(m.addr, 'x', m.len);
    RESIZE_FAILS(ENOSPC, &m, fd, 32 * page, MAYMOVE | BOTH);
    OK(mmapx_resize(&m, fd, 4 * page, MAYMOVE | BOTH));
    memset(m.addr, 'y', m.len);
    /* Without blocks the file grows, and the touch fails, guarded or dead. */
    OK(mmapx_resize(&m, fd, 32 * page, MAYMOVE | BOTH | SPARSE));
    FAILS(EFAULT, mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_WRITE));
    FAILS(EFAULT, mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ));

    char *buf = calloc(1, 32 * page);
    ssize_t n = mmapx_write(&m, 0, buf, 32 * page);

    ck_assert_int_gt(n, 0);
    ck_assert_int_lt(n, (ssize_t)(32 * page));
    FAILS(EIO, mmapx_write(&m, 31 * page, buf, page));
    /* On a tmpfs that is full even a hole cannot be read. */
    FAILS(EIO, mmapx_read(&m, 31 * page, buf, page));
    free(buf);
}
END_TEST

/* Behind the mapping is no room: it moves, the disk is full, and it is back. */
START_TEST(a_move_is_undone)
{
    size_t page = page_size();
    int fd = tiny_tmpfs_file(16 * page);
    struct mmapx area, m;

    need_native();
    ck_assert_int_eq(ftruncate(fd, (off_t)(4 * page)), 0);
    OK(mmapx_map_anon(&area, 64 * page, PROT_NONE, MAP_PRIVATE));
    OK(mmapx_map_at(&m, area.addr, fd, 0, 4 * page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_FIXED));
    memset(m.addr, 'x', m.len);
    OK(mmapx_protect(&m, page, page, PROT_READ));
    RESIZE_FAILS(ENOMEM, &m, fd, 32 * page, BOTH);
    RESIZE_FAILS(ENOSPC, &m, fd, 32 * page, MAYMOVE | BOTH);
    for (size_t i = 0; i < m.len; i++)
        ck_assert_int_eq(((char *)m.addr)[i], 'x');
    ck_assert(store_kills((char *)m.addr + page));
    ck_assert(!store_kills((char *)m.addr + 2 * page));
    OK(mmapx_resize(&m, fd, 6 * page, MAYMOVE | BOTH));
    ck_assert_ptr_ne(m.addr, area.addr);
    ck_assert_int_eq(*(char *)m.addr, 'x');
    ck_assert(store_kills((char *)m.addr + page));
    check_zero((char *)m.addr + 4 * page, 2 * page);
}
END_TEST

/* A private copy of the last page has what was stored behind the file's end. */
START_TEST(a_private_page_is_new_too)
{
    size_t page = page_size();
    int fd = temp_file(100);
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    memset(m.addr, 'x', page);
    OK(mmapx_resize(&m, -1, 300, 0)); /* nothing is added to the file */
    ck_assert_int_eq(((char *)m.addr)[299], 'x');
    OK(mmapx_resize(&m, fd, 200, 0));
    OK(mmapx_resize(&m, fd, 300, BOTH));
    check_zero((char *)m.addr + 100, 200);
    ck_assert_int_eq(((char *)m.addr)[300], 'x');
    memset((char *)m.addr + 100, 'x', 200);
    ck_assert_int_eq(ftruncate(fd, 100), 0);
    ((char *)m.addr)[99] = 'x';
    OK(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ));
    OK(mmapx_resize(&m, fd, 3 * page, MAYMOVE | BOTH));
    for (size_t i = 0; i < 100; i++)
        ck_assert_int_eq(((char *)m.addr)[i], 'x');
    check_zero((char *)m.addr + 100, 3 * page - 100);
    ck_assert(store_kills(m.addr));
}
END_TEST

/* A private mapping, its first page protected otherwise than the last one, of a
 * file that ends in that. */
static struct mmapx
map_copied_tail(int fd, size_t len, int prot)
{
    size_t page = page_size();
    struct mmapx m;

    ck_assert_int_eq(ftruncate(fd, (off_t)(page + 100)), 0);
    OK(mmapx_map_region(&m, fd, 0, len, RW, MAP_PRIVATE));
    memset((char *)m.addr + page, 'x', page);
    OK(mmapx_protect(&m, 0, page, prot == RW ? PROT_READ : RW));
    OK(mmapx_protect(&m, page, page, prot));
    return m;
}

static void
check_copied_tail(struct mmapx *m, bool is_cleared)
{
    size_t page = page_size();

    OK(mmapx_protect(m, 0, 2 * page, RW));
    for (size_t i = page; i < 2 * page; i++)
        ck_assert_int_eq(((char *)m->addr)[i],
                         i < page + 100 || !is_cleared ? 'x' : 0);
    OK(mmapx_unmap(m));
}

/* What cannot be cleared, since the protection is not known, is not added. */
START_TEST(a_private_page_without_descriptors)
{
    static const int prots[] = { RW, PROT_READ, PROT_NONE };
    size_t page = page_size();
    int fd = temp_file(page);

    need_the_kernel();
    for (int i = 0; i < 6; i++) {
        int prot = prots[i / 2];
        size_t len = (i % 2 == 0 ? 2 : 4) * page;
        struct mmapx m = map_copied_tail(fd, len, prot);
        bool can = prot == RW
                   && mmapx_advice_supported(MMAPX_MADV_POPULATE_WRITE);
        uint64_t before = limit_descriptors(0);

        if (can)
            OK(mmapx_resize(&m, fd, 3 * page, MAYMOVE | BOTH));
        else
            RESIZE_FAILS(EMFILE, &m, fd, 3 * page, MAYMOVE | BOTH);
        limit_descriptors(before);
        if (!can) {
            check_copied_tail(&m, false);
            m = map_copied_tail(fd, len, prot);
            OK(mmapx_resize(&m, fd, 3 * page, MAYMOVE | BOTH));
        }
        check_copied_tail(&m, true);
    }
}
END_TEST

/* A length that no address space has ends at once, and leaves no block. */
START_TEST(a_length_that_nothing_has)
{
    size_t page = page_size();
    int fd = temp_file(page);
    struct stat before, after;
    struct mmapx m;

    if (sizeof(size_t) < 8)
        SKIP("lengths have 32 bits");
    skip_under_valgrind("valgrind says EINVAL of such lengths");
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    ck_assert_int_eq(fstat(fd, &before), 0);
    for (int shift = 49; shift < 62; shift++)
        RESIZE_FAILS(ENOMEM, &m, fd, (size_t)1 << shift, MAYMOVE | BOTH);
    ck_assert_int_eq(fstat(fd, &after), 0);
    ck_assert_int_eq(before.st_blocks, after.st_blocks);
}
END_TEST

static bool
is_stopped_by_file_limit(void *arg)
{
    int fd = *(int *)arg;
    struct rlimit limit = { 3 * page_size(), 3 * page_size() };
    struct mmapx m;

    signal(SIGXFSZ, SIG_DFL);
    return setrlimit(RLIMIT_FSIZE, &limit) == 0
           && mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED) == 0
           && mmapx_resize(&m, fd, 4 * page_size(), MAYMOVE | BOTH) == -1
           && errno == EFBIG
           && mmapx_resize(&m, fd, 4 * page_size(), MAYMOVE | BOTH | SPARSE)
                  == -1
           && errno == EFBIG && file_size(fd) == page_size()
           && mmapx_resize(&m, fd, 3 * page_size(), MAYMOVE | BOTH) == 0;
}

START_TEST(the_limit_on_file_size)
{
    int fd = temp_file(page_size());

    ck_assert(in_child(is_stopped_by_file_limit, &fd));
}
END_TEST

/* --- Memory that cannot shrink -------------------------------------------- */

START_TEST(sealed)
{
    size_t page = page_size();
    struct mmapx m, before;
    int fd = -1;

    if (mmapx_map_memfd(&m, &fd, "sealed", 3 * page, 0) != 0)
        SKIP("no memfd");
    memset(m.addr, 'x', m.len);
    /* The seal lets it grow, and not shrink: nothing has been cut. */
    RESIZE_FAILS(EPERM, &m, fd, page, BOTH);
    for (size_t i = 0; i < m.len; i++)
        ck_assert_int_eq(((char *)m.addr)[i], 'x');
    ((char *)m.addr)[m.len - 1] = 'y';
    check_impossible_length(&m, fd);
    OK(mmapx_resize(&m, fd, 5 * page, BOTH | MAYMOVE));
    OK(mmapx_resize(&m, -1, page, 0));
#ifdef __linux__
    enum { MSEAL = 462 }; /* the same on every architecture */

    before = m;
    if (syscall(MSEAL, m.addr, page, 0UL) != 0)
        return;
    FAILS(EPERM, mmapx_resize(&m, -1, 2 * page, MAYMOVE));
    ck_assert_mem_eq(&m, &before, sizeof m);
#else
    (void)before;
#endif
}
END_TEST

#if defined __linux__ && defined F_SEAL_GROW && defined MFD_ALLOW_SEALING
/* It may shrink and not grow. */
START_TEST(sealed_against_growth)
{
    size_t page = page_size();
    int fd = memfd_create("sealed", MFD_ALLOW_SEALING);
    struct mmapx m;

    if (fd < 0)
        SKIP("no memfd");
    ck_assert_int_eq(ftruncate(fd, (off_t)(3 * page)), 0);
    ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
    OK(mmapx_map(&m, fd, RW, MAP_SHARED));
    memset(m.addr, 'x', m.len);
    RESIZE_FAILS(EPERM, &m, fd, 5 * page, MAYMOVE | BOTH);
    RESIZE_FAILS(EPERM, &m, fd, 5 * page, MAYMOVE | BOTH | SPARSE);
    for (size_t i = 0; i < m.len; i++)
        ck_assert_int_eq(((char *)m.addr)[i], 'x');
    OK(mmapx_resize(&m, fd, page, BOTH));
}
END_TEST
#endif

Suite *
suite(void)
{
    Suite *s = suite_create("resize_file");

    ADD_TEST(s, grow_with_the_file);
    ADD_TEST(s, grow_by_steps);
    ADD_TEST(s, grow_by_special_descriptors);
    ADD_TEST(s, grow_sparsely);
    ADD_TEST(s, shrink_with_the_file);
    ADD_TEST(s, a_gap_in_what_is_cut);
    ADD_TEST(s, a_file_to_be_appended_to);
    ADD_TEST(s, a_window_of_a_file);
    ADD_TEST(s, grow_and_cut_the_file);
    ADD_TEST(s, what_was_behind_the_end);
    ADD_TEST(s, a_private_page_is_new_too);
    ADD_TEST(s, a_private_page_without_descriptors);
#ifdef __linux__
    ADD_TEST(s, blocks_behind_the_end);
    ADD_TEST(s, blocks_behind_a_growth);
    ADD_TEST(s, no_zeros_where_they_cost_the_blocks);
    ADD_TEST(s, huge_pages_stay_whole);
#endif
    ADD_TEST(s, no_other_file_passes);
    ADD_TEST(s, a_full_disk);
    ADD_TEST(s, a_move_is_undone);
    ADD_TEST(s, a_length_that_nothing_has);
    ADD_TEST(s, the_limit_on_file_size);
    ADD_TEST(s, sealed);
#if defined __linux__ && defined F_SEAL_GROW && defined MFD_ALLOW_SEALING
    ADD_TEST(s, sealed_against_growth);
#endif
    return s;
}

/* SPDX-License-Identifier: MIT */
/*
 * Which pages a commit takes, whatever has become of them in between: many at
 * once, in the swap area, in large pages, read by others; and whatever the
 * kernel tells.  What is right is known by a model, byte by byte.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "filters.h"
#include "support.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/swap.h>
#include <sys/wait.h>
#endif

/* --- The model ------------------------------------------------------------ */

enum { PAGES = 900 };

static struct mmapx m;
static int fd;
static unsigned char *memory; /* what the mapping has */
static unsigned char *stored; /* and what the file has */
static unsigned char *found;
static size_t size;
static unsigned seed = 5;

static size_t
below(size_t n)
{
    return (size_t)rand_r(&seed) % n;
}

static void
set_up(size_t pages)
{
    size = pages * page_size() - 13;
    fd = temp_file(size);
    memory = realloc(memory, size);
    stored = realloc(stored, size);
    found = realloc(found, size);
    ck_assert(memory != NULL && stored != NULL && found != NULL);
    for (size_t i = 0; i < size; i++)
        memory[i] = stored[i] = pattern(i);
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
}

static void
change(size_t off)
{
    memory[off] = (unsigned char)(memory[off] + 1);
    ((unsigned char *)m.addr)[off] = memory[off];
}

/* Single pages, neighbours, and long runs. */
static void
change_some(void)
{
    size_t page = page_size();

    for (size_t i = 0; i < 300; i++)
        change(below(size));
    for (size_t i = 0, first = below(PAGES - 100); i < 90; i++)
        change((first + i) * page + below(page / 2));
}

static bool
commits(size_t off, size_t len)
{
    size_t page = page_size();
    size_t from = off / page * page;
    size_t to = (off + len + page - 1) / page * page;

    if (to > size)
        to = size;
    if (mmapx_commit(&m, fd, off, len) != 0)
        return false;
    memcpy(stored + from, memory + from, to - from);
    return pread(fd, found, size, 0) == (ssize_t)size
           && memcmp(found, stored, size) == 0
           && memcmp(m.addr, memory, size) == 0;
}

static int
rounds(int many)
{
    return under_valgrind() ? 1 : many;
}

static bool
commits_often(void *arg)
{
    const struct denied *d = arg;

    if (d != NULL && !deny(d, ENOSYS))
        return false;
    for (int round = 0; round < rounds(12); round++) {
        size_t off = below(size);

        change_some();
        if (!commits(off, below(size - off)))
            return false;
    }
    return commits(0, size);
}

START_TEST(many_pages)
{
    set_up(PAGES);
    ck_assert(commits_often(NULL));
}
END_TEST

#ifdef __linux__
/* By /proc/PID/pagemap's entries, by comparison, one by one; and by a size that
 * only fstat(2) tells. */
START_TEST(many_pages_on_older_kernels)
{
    static const struct denied denials[] = {
        { SYS_ioctl, ANY, 0, false },
        { SYS_openat, ANY, 0, false },
#ifdef SYS_process_madvise
        { SYS_process_madvise, ANY, 0, false },
#endif
#ifdef SYS_statx
        { SYS_statx, ANY, 0, false },
#endif
    };

    need_filters();
    for (size_t i = 0; i < sizeof denials / sizeof denials[0]; i++) {
        set_up(PAGES);
        ck_assert_msg(in_child(commits_often, (void *)(uintptr_t)&denials[i]),
                      "denial %zu", i);
    }
}
END_TEST

/* --- Large pages ---------------------------------------------------------- */

/* As they come, forbidden, and wished for. */
static bool
commits_in_large_pages(void *arg)
{
    int advice = *(int *)arg;

    if (advice < 0 && prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0)
        return false;
    set_up(3 * (4 << 20) / page_size());
    if (advice > 0 && mmapx_advise(&m, 0, MMAPX_TO_END, (enum mmapx_advice)advice)
               != 0
        && errno != ENOTSUP && errno != EINVAL)
        return false;
    for (int round = 0; round < rounds(3); round++) {
        for (int i = 0; i < 20; i++)
            change(below(size));
        if (!commits(0, size))
            return false;
    }
    return true;
}

START_TEST(large_pages)
{
    int advice[] = { -1, 0, MMAPX_MADV_HUGEPAGE, MMAPX_MADV_NOHUGEPAGE };

    need_native();
    for (size_t i = 0; i < sizeof advice / sizeof advice[0]; i++)
        ck_assert_msg(in_child(commits_in_large_pages, &advice[i]),
                      "advice %d", advice[i]);
}
END_TEST

/* --- The swap area -------------------------------------------------------- */

enum { SWAP_SIZE = 16 << 20 };

/* Where the swap area begins, all that a kernel looks for. */
static void
write_swap_header(int swap)
{
    size_t page = page_size();
    uint32_t header[3] = { 1, (uint32_t)(SWAP_SIZE / page - 1), 0 };

    ck_assert_int_eq(pwrite(swap, header, sizeof header, 1024),
                     sizeof header);
    ck_assert_int_eq(pwrite(swap, "SWAPSPACE2", 10, (off_t)page - 10), 10);
}

/* How many pages are in the swap area, by the kernel's word. */
static size_t
swapped_pages(void)
{
    size_t page = page_size(), n = 0;
    int pages = open("/proc/self/pagemap", O_RDONLY);
    uint64_t entry;

    for (size_t at = 0; at < size; at += page)
        n += pread(pages, &entry, sizeof entry,
                   (off_t)(((uintptr_t)m.addr + at) / page * sizeof entry))
                 == (ssize_t)sizeof entry
             && (entry >> 62 & 1) != 0;
    close(pages);
    return n;
}

static bool
commits_from_swap(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < 200; i++)
        change(i * page_size() + 7);
    if (mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_PAGEOUT) != 0
        || swapped_pages() == 0)
        _exit(77);
    return commits(0, size);
}

/* The child does all that can fail, so that the area is given back. */
START_TEST(swapped_out)
{
    char path[64];
    int swap, status = 0;
    pid_t child;

    if (!is_root())
        SKIP("it takes root to have a swap area");
    need_the_kernel();
    swap = loop_device(temp_file(SWAP_SIZE));
    write_swap_header(swap);
    ck_assert_int_eq(fsync(swap), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", swap);
    if (swapon(path, 0) != 0)
        SKIP("this machine takes no swap area");
    set_up(400);
    child = fork();
    if (child == 0)
        _exit(commits_from_swap(NULL) ? 0 : 1);
    waitpid(child, &status, 0);
    ck_assert_int_eq(swapoff(path), 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        SKIP("nothing was swapped out");
    ck_assert_int_eq(status, 0);
}
END_TEST
#endif /* __linux__ */

/* --- Readers -------------------------------------------------------------- */

static bool stop, is_wrong;

/* Nobody stores, so that what was stored is there all the time. */
static void *
read_on(void *arg)
{
    unsigned from = (unsigned)(uintptr_t)arg;

    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        size_t off = (size_t)rand_r(&from) % size;

        if (((volatile unsigned char *)m.addr)[off] != memory[off])
            __atomic_store_n(&is_wrong, true, __ATOMIC_RELAXED);
    }
    return NULL;
}

START_TEST(read_meanwhile)
{
    pthread_t threads[3];

    need_native();
    set_up(PAGES);
    for (int round = 0; round < rounds(20); round++) {
        change_some();
        stop = false;
        for (size_t i = 0; i < 3; i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, read_on,
                                            (void *)(i + 1)),
                             0);
        ck_assert(commits(0, size));
        __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
        for (size_t i = 0; i < 3; i++)
            pthread_join(threads[i], NULL);
        ck_assert(!is_wrong);
    }
}
END_TEST

#ifdef __linux__
/* --- A full disk ---------------------------------------------------------- */

/* A file in a file system of 4 MiB that nobody else sees and that allocates at
 * a write and not at a load, as tmpfs does. */
static int
file_on_small_disk(void)
{
    char image[PATH_MAX], command[PATH_MAX + 64], device[64];
    int backing = temp_named(image, 4 << 20);
    int loop = loop_device(backing);

    snprintf(command, sizeof command,
             "mkfs.ext4 -q -F -O ^has_journal '%s' >/dev/null 2>&1", image);
    snprintf(device, sizeof device, "/proc/self/fd/%d", loop);
    if (system(command) != 0) {
        unlink(image);
        SKIP("there is no mkfs.ext4");
    }
    unlink(image);
    return file_of_own_mount(device, "ext4", "", "this machine mounts no ext4");
}

/* The blocks of the first bytes go, and the bytes become zero. */
static void
make_hole(int file, size_t len)
{
    struct mmapx head;

    OK(mmapx_map_region(&head, file, 0, len, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    OK(mmapx_advise(&head, 0, MMAPX_TO_END, MMAPX_MADV_REMOVE));
    OK(mmapx_unmap(&head));
}

enum { HEAD = 2 << 20, TAIL = 8 << 20 };

/* The tail is a hole.  A part of it can be written until the head is given
 * back, and more afterwards. */
START_TEST(a_full_disk)
{
    struct mmapx_run run = { .len = 0 };
    struct mmapx tail;
    char *ones = malloc(HEAD);
    char byte;
    int file;

    if (!is_root())
        SKIP("it takes root to have a disk");
    file = file_on_small_disk();
    ck_assert_ptr_nonnull(memset(ones, 1, HEAD));
    ck_assert_int_eq(pwrite(file, ones, HEAD, 0), HEAD);
    ck_assert_int_eq(ftruncate(file, HEAD + TAIL), 0);
    OK(mmapx_map_region(&tail, file, HEAD, MMAPX_TO_END,
                        PROT_READ | PROT_WRITE, MAP_PRIVATE));
    memset(tail.addr, 'x', tail.len);
    FAILS(ENOSPC, mmapx_commit(&tail, file, 0, MMAPX_TO_END));
    for (size_t i = 0; i < tail.len; i += 1000)
        ck_assert_int_eq(((char *)tail.addr)[i], 'x');
    if (mmapx_changed_run(&tail, 0, &run) == 0)
        ck_assert(run.resident == 1 && run.len == tail.len);

    /* As much as the head has. */
    OK(mmapx_advise(&tail, HEAD, MMAPX_TO_END, MMAPX_MADV_DONTNEED));
    make_hole(file, HEAD);
    OK(mmapx_commit(&tail, file, 0, MMAPX_TO_END));
    for (int i = 0; i < HEAD; i += 1000) {
        ck_assert_int_eq(pread(file, &byte, 1, HEAD + i), 1);
        ck_assert_int_eq(byte, 'x');
    }
    free(ones);
}
END_TEST
#endif

Suite *
suite(void)
{
    Suite *s = suite_create("commit_pages");

    ADD_TEST(s, many_pages);
#ifdef __linux__
    ADD_TEST(s, many_pages_on_older_kernels);
    ADD_TEST(s, large_pages);
    ADD_TEST(s, swapped_out);
    ADD_TEST(s, a_full_disk);
#endif
    ADD_TEST(s, read_meanwhile);
    return s;
}

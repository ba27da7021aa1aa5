/* SPDX-License-Identifier: MIT */
/*
 * The library on files that somebody else works on at the same time:
 *
 *     strangers DIRECTORY ROUNDS [SEED]
 *     strangers -r FILE...             files that can only be read
 *
 * A stranger writes to the files, cuts and extends them, replaces them by
 * others and drops them from the page cache, while this process maps them and
 * makes calls.  Every byte of theirs is a function of its offset, or zero.
 * After each round the stranger rests, and what the library tells of the page
 * cache is compared, page by page, with mincore(2) of a mapping that the
 * library has not made.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libmmapx.h"

enum { FILES = 3, PAGES = 200, BURST = 60 };

static const char *dir;
static uint64_t state;
static size_t page;
static size_t calls, compared; /* to be told at the end */

static size_t complaints;

/* The harness cannot go on. */
static _Noreturn void __attribute__((format(printf, 1, 2)))
die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("strangers: ", stderr);
    vfprintf(stderr, format, args);
    fputs("\n", stderr);
    va_end(args);
    exit(2);
}

/* The library is wrong; the first ten times are enough. */
static void __attribute__((format(printf, 1, 2)))
wrong(const char *format, ...)
{
    va_list args;

    if (complaints++ >= 10)
        return;
    va_start(args, format);
    fputs("strangers: ", stderr);
    vfprintf(stderr, format, args);
    fputs("\n", stderr);
    va_end(args);
}

static uint64_t
pick(uint64_t below)
{
    uint64_t x = state += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (x ^ x >> 31) % below;
}

static unsigned char
byte_at(size_t off)
{
    return (unsigned char)(off % 251 + off / 4096 % 4 + 1);
}

static void
fill(unsigned char *p, size_t off, size_t len)
{
    for (size_t i = 0; i < len; i++)
        p[i] = byte_at(off + i);
}

static const char *
name_of(size_t i)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/file%zu", dir, i);
    return path;
}

static void
write_some(int fd, size_t off, size_t len)
{
    unsigned char *buf = malloc(len + 1);

    fill(buf, off, len);
    if (pwrite(fd, buf, len, (off_t)off) < 0 && errno != ENOSPC)
        die("pwrite: %s", strerror(errno));
    free(buf);
}

static void
read_all(int fd)
{
    char buf[1 << 16];
    off_t off = 0;
    ssize_t n;

    while ((n = pread(fd, buf, sizeof buf, off)) > 0)
        off += n;
}

/* --- The stranger --------------------------------------------------------- */

static void
replace(size_t i)
{
    char path[PATH_MAX], to[PATH_MAX];
    int fd;

    snprintf(to, sizeof to, "%s", name_of(i));
    snprintf(path, sizeof path, "%s/new", dir);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        die("%s: %s", path, strerror(errno));
    write_some(fd, 0, (size_t)pick(PAGES * page));
    close(fd);
    if (rename(path, to) != 0)
        die("rename: %s", strerror(errno));
}

static void
disturb(void)
{
    size_t i = (size_t)pick(FILES);
    size_t off = (size_t)pick(PAGES * page);
    int fd = open(name_of(i), O_RDWR);

    if (fd < 0)
        die("%s: %s", name_of(i), strerror(errno));
    switch (pick(6)) {
    case 0:
    case 1:
        write_some(fd, off, (size_t)pick(20 * page));
        break;
    case 2:
        if (ftruncate(fd, (off_t)off) != 0)
            die("ftruncate: %s", strerror(errno));
        break;
    case 3:
        replace(i);
        break;
    case 4:
        fdatasync(fd);
        posix_fadvise(fd, (off_t)off, 0, POSIX_FADV_DONTNEED);
        break;
    default:
        read_all(fd);
    }
    close(fd);
}

/* A byte begins a burst, and a byte answers when it is over. */
static _Noreturn void
be_the_stranger(int from, int to)
{
    char byte;

    while (read(from, &byte, 1) == 1) {
        for (int i = 0; i < BURST; i++)
            disturb();
        if (write(to, &byte, 1) != 1)
            break;
    }
    _exit(0);
}

/* --- Calls beside it ------------------------------------------------------ */

/* The call succeeded, or failed with one of these. */
static void
outcome(const char *what, int r, int a, int b, int c)
{
    calls++;
    if (r >= 0 || (errno != 0 && (errno == a || errno == b || errno == c)))
        return;
    wrong("%s: %d, %s", what, r, strerror(errno));
}

#define CALL(call, a, b, c)                                                    \
    do {                                                                       \
        errno = 0;                                                             \
        outcome(#call, (int)(call), a, b, c);                                  \
    } while (0)

static int
touch(void *arg)
{
    const struct mmapx *m = arg;
    const volatile unsigned char *p = m->addr;
    int sum = 0;

    for (size_t i = 0; i < m->len; i += page)
        sum += p[i];
    return sum >= 0 ? 0 : 1;
}

static void
copy_out(const struct mmapx *m)
{
    static unsigned char buf[PAGES * 65536];
    size_t off = m->len > 0 ? (size_t)pick(m->len) : 0;
    size_t len = (size_t)pick(20 * page);
    ssize_t n;

    calls++;
    n = mmapx_read(m, off, buf, len);
    if (n < 0 && errno != EIO)
        wrong("mmapx_read: %s", strerror(errno));
    for (ssize_t i = 0; i < n; i++)
        if (buf[i] != 0 && buf[i] != byte_at(off + (size_t)i)) {
            wrong("byte %zu is %u, not %u", off + (size_t)i, buf[i],
                  byte_at(off + (size_t)i));
            return;
        }
}

static void
copy_in(const struct mmapx *m)
{
    unsigned char buf[3000];
    size_t off = m->len > 0 ? (size_t)pick(m->len) : 0;

    fill(buf, off, sizeof buf);
    CALL(mmapx_write(m, off, buf, sizeof buf), EIO, ENOSPC, 0);
}

static void
list_runs(int fd)
{
    struct mmapx_cache_run runs[64];
    size_t n = 64;

    CALL(mmapx_cache_runs(fd, 0, -1, runs, &n), 0, 0, 0);
    if (n > 64)
        n = 64;
    for (size_t i = 1; i < n; i++)
        if (runs[i].off != runs[i - 1].off + runs[i - 1].len
            || runs[i].cached == runs[i - 1].cached)
            wrong("run %zu does not follow the one before", i);
}

static void
resize(struct mmapx *m, int fd)
{
    size_t len = (size_t)pick(PAGES * page);

    CALL(mmapx_resize(m, fd, len, MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE),
         EINVAL, ENOSPC, ENOTSUP);
}

static void
call_on(struct mmapx *m, int fd)
{
    struct mmapx_cache c;
    size_t pages;

    switch (pick(12)) {
    case 0:
        copy_out(m);
        break;
    case 1:
        copy_in(m);
        break;
    case 2:
        CALL(mmapx_guard(m, touch, m), EIO, 0, 0);
        break;
    case 3:
        CALL(mmapx_cache_stat(fd, 0, -1, &c), 0, 0, 0);
        break;
    case 4:
        list_runs(fd);
        break;
    case 5:
        CALL(mmapx_cache_load(fd, 0, -1), 0, 0, 0);
        break;
    case 6:
        CALL(mmapx_cache_evict(fd, 0, -1), 0, 0, 0);
        break;
    case 7:
        CALL(mmapx_populate(m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ), EFAULT, 0,
             0);
        break;
    case 8:
        CALL(mmapx_sync_file(m, fd, 0, MMAPX_TO_END), 0, 0, 0);
        break;
    case 9:
        CALL(mmapx_lock(m, 0, m->len < page ? m->len : page, 0), ENOMEM, EFAULT,
             EAGAIN);
        CALL(mmapx_unlock(m, 0, MMAPX_TO_END), 0, 0, 0);
        break;
    case 10:
        CALL(mmapx_resident_count(m, 0, MMAPX_TO_END, &pages), 0, 0, 0);
        break;
    default:
        resize(m, fd);
    }
}

static void
visit(size_t i)
{
    int fd = open(name_of(i), O_RDWR);
    struct mmapx m;

    if (fd < 0)
        die("%s: %s", name_of(i), strerror(errno));
    CALL(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED), 0, 0, 0);
    for (int k = 0; k < 8; k++)
        call_on(&m, fd);
    CALL(mmapx_unmap(&m), 0, 0, 0);
    close(fd);
}

/* --- The oracle ----------------------------------------------------------- */

static size_t
pages_of(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        die("fstat: %s", strerror(errno));
    return ((size_t)st.st_size + page - 1) / page;
}

/* What the kernel says of each page. */
static size_t
ask_kernel(int fd, unsigned char *vec, size_t n)
{
    void *p = mmap(NULL, n * page, PROT_READ, MAP_SHARED, fd, 0);
    size_t there = 0;

    if (p == MAP_FAILED || mincore(p, n * page, vec) != 0)
        die("mincore: %s", strerror(errno));
    munmap(p, n * page);
    for (size_t i = 0; i < n; i++)
        there += vec[i] &= 1;
    return there;
}

/* The same by the library, in each way that it has: *way is the one that has
 * told otherwise. */
static size_t
ask_library(int fd, const unsigned char *vec, size_t n, const char **way)
{
    static struct mmapx_cache_run runs[2 * PAGES * 16];
    static unsigned char own[PAGES * 16];
    size_t runs_n = sizeof runs / sizeof runs[0];
    size_t pages, there = 0;
    struct mmapx_cache c;
    struct mmapx m;

    for (size_t i = 0; i < n; i++)
        there += vec[i];
    *way = "mmapx_cache_stat";
    CALL(mmapx_cache_stat(fd, 0, -1, &c), 0, 0, 0);
    if ((c.known & MMAPX_CACHE_CACHED) == 0 || c.cached != there)
        return (size_t)c.cached;
    *way = "mmapx_cache_runs";
    CALL(mmapx_cache_runs(fd, 0, -1, runs, &runs_n), 0, 0, 0);
    for (size_t i = 0; i < runs_n; i++)
        for (int64_t at = runs[i].off; at < runs[i].off + runs[i].len;
             at += (int64_t)page)
            if (vec[(size_t)at / page] != runs[i].cached)
                return (size_t)at / page;
    CALL(mmapx_map(&m, fd, PROT_READ, MAP_SHARED), 0, 0, 0);
    *way = "mmapx_residency";
    CALL(mmapx_residency(&m, 0, MMAPX_TO_END, own, n), 0, 0, 0);
    CALL(mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages), 0, 0, 0);
    CALL(mmapx_unmap(&m), 0, 0, 0);
    for (size_t i = 0; i < n; i++)
        if (own[i] != vec[i])
            return i;
    *way = "mmapx_resident_count";
    if (pages != there)
        return pages;
    *way = NULL;
    return there;
}

/* Both agree, asked until nothing has changed in between: the kernel reads
 * ahead and takes pages when it likes. */
static void
compare(int fd, const char *when)
{
    static unsigned char before[PAGES * 16], after[PAGES * 16];
    size_t n = pages_of(fd), there = 0, said = 0;
    const char *way = NULL;

    for (int tries = 0; n > 0 && tries < 50; tries++) {
        there = ask_kernel(fd, before, n);
        said = ask_library(fd, before, n, &way);
        ask_kernel(fd, after, n);
        compared++;
        if (way == NULL)
            return;
        if (memcmp(before, after, n) == 0)
            break;
    }
    if (n > 0)
        wrong("%s: %s says %zu; in memory are %zu of %zu pages", when, way, said,
            there, n);
}

/* Have what is dirty written, also where fsync(2) does nothing (a volatile
 * overlay): dropping begins to write, and drops what has been written. */
static void
clean(int fd, size_t n)
{
    static unsigned char vec[PAGES * 16];

    fsync(fd);
    for (int tries = 0; tries < 200; tries++) {
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        if (ask_kernel(fd, vec, n) == 0)
            return;
        sched_yield();
    }
}

/* Bring each page in, and have it whole: one that was written in part, or only
 * allocated, is counted in one way and not in the other. */
static void
touch_all(int fd, size_t n)
{
    unsigned char *p = mmap(NULL, n * page, PROT_READ, MAP_SHARED, fd, 0);

    if (p == MAP_FAILED)
        die("mmap: %s", strerror(errno));
    for (size_t i = 0; i < n; i++)
        (void)*(volatile unsigned char *)(p + i * page);
    munmap(p, n * page);
}

/* Some of the pages, by the kernel alone.  It reads no more than is asked for:
 * a page that is still being read is counted in one way only. */
static void
punch(const char *path, size_t n)
{
    int fd = open(path, O_RDONLY);

    posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
    for (int i = 0; i < 10; i++) {
        off_t off = (off_t)(pick(n) * page);
        char byte;

        if (pick(3) > 0)
            posix_fadvise(fd, off, (off_t)((1 + pick(30)) * page),
                          POSIX_FADV_DONTNEED);
        else if (pread(fd, &byte, 1, off) < 0)
            die("pread: %s", strerror(errno));
    }
    close(fd);
}

/* The first page with data that is not there; n if each of them is. */
static size_t
missing(int fd, size_t n)
{
    static unsigned char vec[PAGES * 16];

    ask_kernel(fd, vec, n);
    for (size_t i = 0; i < n; i++) {
        off_t data = lseek(fd, (off_t)(i * page), SEEK_DATA);

        if (!vec[i] && data >= 0 && data < (off_t)((i + 1) * page))
            return i;
    }
    return n;
}

/* Times that something is tried, since the kernel takes pages when it likes,
 * and keeps for a moment what it has at hand. */
enum { TRIES = 10 };

/* Each page with data is there. */
static void
check_loaded(int fd, size_t n)
{
    size_t i = 0;

    for (int tries = 0; tries < TRIES && i < n; tries++) {
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        CALL(mmapx_cache_load(fd, 0, -1), 0, 0, 0);
        i = missing(fd, n);
    }
    if (i < n)
        wrong("page %zu of %zu was not loaded", i, n);
}

/* No page is left that the kernel would have dropped for posix_fadvise(3). */
static void
check_evicted(int fd, size_t n)
{
    static unsigned char vec[PAGES * 16];
    size_t ours = 1, kernels = 0;

    for (int tries = 0; tries < TRIES && ours > kernels; tries++) {
        read_all(fd);
        CALL(mmapx_cache_evict(fd, 0, -1), 0, 0, 0);
        ours = ask_kernel(fd, vec, n);
        read_all(fd);
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        kernels = ask_kernel(fd, vec, n);
    }
    if (ours > kernels)
        wrong("%zu of %zu pages were not evicted, and %zu can stay", ours, n,
            kernels);
}

static void
examine(const char *path, int flags)
{
    int fd = open(path, flags);
    size_t n;

    if (fd < 0)
        die("%s: %s", path, strerror(errno));
    n = pages_of(fd);
    if (n == 0) {
        close(fd);
        return;
    }
    if (n > (size_t)PAGES * 16)
        die("%s is too large", path);
    clean(fd, n);
    touch_all(fd, n);
    compare(fd, "after a reader");
    punch(path, n);
    compare(fd, "after evictions and reads");
    check_evicted(fd, n);
    compare(fd, "after mmapx_cache_evict");
    check_loaded(fd, n);
    compare(fd, "after mmapx_cache_load");
    close(fd);
}

/* --- The scene ------------------------------------------------------------ */

static void
round_of(int to, int from)
{
    struct pollfd answer = { from, POLLIN, 0 };
    char byte = 'x';

    if (write(to, &byte, 1) != 1)
        die("the stranger is gone");
    do
        visit((size_t)pick(FILES));
    while (poll(&answer, 1, 0) == 0);
    if (read(from, &byte, 1) != 1)
        die("the stranger has failed");
    for (size_t i = 0; i < FILES; i++)
        examine(name_of(i), O_RDWR);
}

static void
play(size_t rounds)
{
    int there[2], back[2];
    pid_t pid;

    for (size_t i = 0; i < FILES; i++)
        replace(i);
    if (pipe(there) != 0 || pipe(back) != 0 || (pid = fork()) < 0)
        die("%s", strerror(errno));
    if (pid == 0) {
        close(there[1]);
        close(back[0]);
        state++;
        be_the_stranger(there[0], back[1]);
    }
    close(there[0]);
    close(back[1]);
    for (size_t i = 0; i < rounds; i++)
        round_of(there[1], back[0]);
    for (size_t i = 0; i < FILES; i++)
        unlink(name_of(i));
}

int
main(int argc, char **argv)
{
    page = (size_t)sysconf(_SC_PAGESIZE);
    signal(SIGPIPE, SIG_IGN);
    if (argc < 3) {
        fputs("strangers DIRECTORY ROUNDS [SEED]\nstrangers -r FILE...\n",
              stderr);
        return 2;
    }
    if (strcmp(argv[1], "-r") == 0) {
        for (int i = 2; i < argc; i++)
            examine(argv[i], O_RDONLY);
    } else {
        dir = argv[1];
        state = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
        play(strtoul(argv[2], NULL, 10));
    }
    printf("%zu calls, %zu comparisons, %zu wrong\n", calls, compared,
           complaints);
    return complaints == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: MIT */
/*
 * For power_cut.sh: atomic commits that wait at each point where the power may
 * fail.
 *
 *     power_points write FILE      commit version after version; at each write,
 *                                  flush and change of size print the number of
 *                                  the last one that is safe, and wait for a
 *                                  line
 *     power_points verify FILE N   exit with 0 if version N is there after
 *                                  recovery, or the next, and nothing between
 *
 * At some of the points a part of what has not been flushed is brought to the
 * disk all the same, as a kernel may do at any time.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "fake_os.h"
#include "libmmapx.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGES = 24, VERSIONS = 60 };

static int fds[2]; /* the file and its journal */
static int safe;   /* the last version that has been acknowledged */

static size_t
size_of_file(void)
{
    return PAGES * (size_t)sysconf(_SC_PAGESIZE);
}

#ifdef SYNC_FILE_RANGE_WRITE
static unsigned
chance(unsigned n)
{
    static uint32_t seed = 1;

    seed = seed * 1103515245 + 12345;
    return (seed >> 16) % n;
}

static void
write_some_back(void)
{
    if (chance(3) == 0)
        sync_file_range(fds[chance(2)],
                        (off_t)(chance(PAGES) * (size_of_file() / PAGES)), 0,
                        SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
}
#else
static void
write_some_back(void)
{
}
#endif

/* FILE and FILE.journal, with their names on the disk. */
static void
open_both(const char *path)
{
    char name[4096];
    int dir;

    snprintf(name, sizeof name, "%s.journal", path);
    fds[0] = open(path, O_RDWR | O_CREAT, 0600);
    fds[1] = open(name, O_RDWR | O_CREAT, 0600);
    strrchr(name, '/')[1] = '\0';
    dir = open(name, O_RDONLY);
    if (fds[0] < 0 || fds[1] < 0 || dir < 0 || fsync(dir) != 0) {
        perror(path);
        exit(2);
    }
}

static void
point(void)
{
    char line[16];

    write_some_back();
    printf("%d\n", safe);
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL)
        exit(0);
}

static void
on_write(int fd, const void *bytes, size_t len, int64_t at)
{
    (void)fd, (void)bytes, (void)len, (void)at;
    point();
}

static void
on_flush(int fd)
{
    (void)fd;
    point();
}

static void
on_size(int fd, int64_t size)
{
    (void)fd, (void)size;
    point();
}

/* Each version changes every second page and leaves the others at zero. */
static unsigned char
byte_of(int version, size_t i)
{
    return i / (size_of_file() / PAGES) % 2 == 0 ? (unsigned char)version : 0;
}

static int
write_versions(const char *path)
{
    struct mmapx m;

    open_both(path);
    if (ftruncate(fds[0], (off_t)size_of_file()) != 0
        || mmapx_map(&m, fds[0], PROT_READ | PROT_WRITE, MAP_SHARED) != 0)
        return 2;
    memset(m.addr, 0, m.len);
    if (mmapx_sync_file(&m, fds[0], 0, MMAPX_TO_END) != 0
        || fsync(fds[0]) != 0 || mmapx_unmap(&m) != 0
        || mmapx_map(&m, fds[0], PROT_READ | PROT_WRITE, MAP_PRIVATE) != 0)
        return 2;
    fake_on_write = on_write;
    fake_on_flush = on_flush;
    fake_on_size = on_size;
    for (; safe < VERSIONS; safe++) {
        for (size_t i = 0; i < m.len; i++)
            if (byte_of(1, i) != 0)
                ((unsigned char *)m.addr)[i] = byte_of(safe + 1, i);
        if (mmapx_commit_atomic(&m, fds[0], fds[1], 0, MMAPX_TO_END) != 0)
            return 1;
    }
    return 0;
}

static int
verify(const char *path, int version)
{
    size_t size = size_of_file();
    unsigned char *bytes = malloc(size);
    int found;

    open_both(path);
    if (mmapx_recover(fds[0], fds[1]) < 0
        || pread(fds[0], bytes, size, 0) != (ssize_t)size) {
        perror(path);
        return 1;
    }
    found = bytes[0];
    for (size_t i = 0; i < size; i++)
        if ((found != version && found != version + 1)
            || bytes[i] != byte_of(found, i)) {
            printf("byte %zu is %d, in version %d, where %d was safe\n", i,
                   bytes[i], found, version);
            return 1;
        }
    free(bytes);
    return 0;
}

int
main(int argc, char *argv[])
{
    if (argc == 3 && strcmp(argv[1], "write") == 0)
        return write_versions(argv[2]);
    if (argc == 4 && strcmp(argv[1], "verify") == 0)
        return verify(argv[2], atoi(argv[3]));
    return 2;
}

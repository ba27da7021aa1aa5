/* SPDX-License-Identifier: MIT */
/*
 * For power_cut.sh.
 *
 *     power_cut write WAY FILE     write records; print the number of each that
 *                                  is safe, and wait for a line
 *     power_cut verify WAY FILE N  exit with 0 if the first N are there
 *
 * The ways are those of records.h, by number.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "records.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
grows(enum way way)
{
    return way == BY_GROWING || way == BY_GROWING_SPARSE;
}

/* A file that is there, with its blocks, or an empty one. */
static int
make_file(const char *path, enum way way)
{
    static const char zeroes[SLOT];
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    for (int i = 0; fd >= 0 && !grows(way) && i < SLOTS; i++)
        if (write(fd, zeroes, sizeof zeroes) != sizeof zeroes)
            return -1;
    return fd >= 0 && fsync(fd) == 0 ? fd : -1;
}

/* FILE.journal, with its name on the disk. */
static int
open_journal(const char *path)
{
    char name[4096];
    int fd, dir;

    snprintf(name, sizeof name, "%s.journal", path);
    fd = open(name, O_RDWR | O_CREAT, 0600);
    strrchr(name, '/')[1] = '\0';
    dir = open(name, O_RDONLY);
    return fd >= 0 && dir >= 0 && fsync(dir) == 0 ? fd : -1;
}

static int
write_records(enum way way, const char *path)
{
    int flags = is_private_way(way) ? MAP_PRIVATE : MAP_SHARED;
    int fd = make_file(path, way);
    struct mmapx m;
    char line[16];

    if (way == BY_COMMIT_ATOMIC)
        records_journal = open_journal(path);
    if (fd < 0 || mmapx_map(&m, fd, PROT_READ | PROT_WRITE, flags) != 0) {
        perror(path);
        return 1;
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (write_record(&m, fd, way, i) != 0) {
            perror("write_record");
            return 1;
        }
        printf("%u\n", (unsigned)i + 1);
        fflush(stdout);
        if (fgets(line, sizeof line, stdin) == NULL)
            break;
    }
    return 0;
}

static int
verify(enum way way, const char *path, uint32_t n)
{
    unsigned char record[RECORD];
    int fd = open(path, O_RDWR);
    struct stat st;

    if (way == BY_COMMIT_ATOMIC && mmapx_recover(fd, open_journal(path)) < 0) {
        perror("mmapx_recover");
        return 1;
    }
    if (fd < 0 || fstat(fd, &st) != 0) {
        perror(path);
        return 1;
    }
    if (grows(way) && st.st_size != (off_t)n * RECORD) {
        printf("%lld bytes, not %u\n", (long long)st.st_size,
               (unsigned)n * RECORD);
        return 1;
    }
    for (uint32_t i = 0; i < n; i++)
        if (pread(fd, record, RECORD, (off_t)record_at(way, i)) != RECORD
            || !is_record(record, i)) {
            printf("record %u of %u is not there\n", (unsigned)i, (unsigned)n);
            return 1;
        }
    return 0;
}

int
main(int argc, char *argv[])
{
    int way = argc > 2 ? atoi(argv[2]) : 0;

    if (argc == 4 && strcmp(argv[1], "write") == 0)
        return write_records((enum way)way, argv[3]);
    if (argc == 5 && strcmp(argv[1], "verify") == 0)
        return verify((enum way)way, argv[3], (uint32_t)atoi(argv[4]));
    return 2;
}

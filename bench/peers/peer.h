/* SPDX-License-Identifier: MIT */
/*
 * What the peers in C and C++ share.  A peer reads lines "map PATH LOOPS",
 * maps and unmaps the whole file as often, and answers "WALL CPU 0", ns for
 * one time.  Another word than "map" is for the peer to know.  It defines what
 * to do before, each time and after; each returns
 * whether it could.
 */
#ifndef MMAPX_BENCH_PEER_H
#define MMAPX_BENCH_PEER_H

#include <stdio.h>
#include <time.h>

struct peer_file {
    const char *command;
    const char *path;
    int fd;
    void *object; /* the peer's own */
};

static double
peer_now(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int
peer_loop(int (*map)(struct peer_file *), struct peer_file *f, long loops)
{
    double cpu, wall;

    /* What it needs has to come back into the CPU's caches first. */
    for (long i = 0; i < loops / 4; i++)
        if (!map(f))
            return 0;
    cpu = peer_now(CLOCK_PROCESS_CPUTIME_ID);
    wall = peer_now(CLOCK_MONOTONIC);
    for (long i = 0; i < loops; i++)
        if (!map(f))
            return 0;
    wall = peer_now(CLOCK_MONOTONIC) - wall;
    cpu = peer_now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("%.9g %.9g 0\n", wall / (double)loops, cpu / (double)loops);
    return 1;
}

static int
peer_main(int (*begin)(struct peer_file *), int (*map)(struct peer_file *),
          void (*end)(struct peer_file *))
{
    char line[1024], command[16], path[512];
    long loops;

    while (fgets(line, sizeof line, stdin) != NULL) {
        struct peer_file f = { command, path, -1, NULL };

        if (sscanf(line, "%15s %511s %ld", command, path, &loops) != 3
            || !begin(&f)) {
            puts("?");
        } else {
            if (!peer_loop(map, &f, loops))
                puts("?");
            end(&f);
        }
        fflush(stdout);
    }
    return 0;
}

#endif /* MMAPX_BENCH_PEER_H */

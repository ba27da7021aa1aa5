/* SPDX-License-Identifier: MIT */
/*
 * A database that loses pages which are in use (bbolt issue 939): it advises
 * RANDOM, and since Linux 6.3 or so touches through such a mapping do not count
 * as use.  Prints how often the hot pages had to be read again while a cold
 * file was read beside them.
 *
 *     ./hot_set bare|mended DATABASE COLD
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <libmmapx.h>

static long
major_faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_majflt;
}

static void
touch_all(const struct mmapx *m)
{
    for (size_t i = 0; i < m->len; i += mmapx_page_size(m))
        (void)((volatile char *)m->addr)[i];
}

int
main(int argc, char *argv[])
{
    static char buf[1 << 20];
    struct mmapx m;
    long before;
    int hot, cold;

    if (argc != 4 || (hot = open(argv[2], O_RDONLY)) < 0
        || (cold = open(argv[3], O_RDONLY)) < 0
        || mmapx_cache_evict(hot, 0, -1) != 0
        || mmapx_cache_evict(cold, 0, -1) != 0
        || mmapx_map(&m, hot, PROT_READ, MAP_SHARED) != 0) {
        perror(argv[argc - 1]);
        return 2;
    }
    /* No read-ahead while it is brought in. */
    (void)mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_RANDOM);
    touch_all(&m);
    /* From now on touches are to count. */
    if (strcmp(argv[1], "mended") == 0)
        (void)mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_NORMAL);
    touch_all(&m);
    before = major_faults();
    while (read(cold, buf, sizeof buf) > 0)
        touch_all(&m);
    printf("%ld\n", major_faults() - before);
    return 0;
}

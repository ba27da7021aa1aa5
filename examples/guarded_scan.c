/* SPDX-License-Identifier: MIT */
/*
 * Count the lines of a file that somebody may truncate meanwhile.
 *
 *     cc -o guarded_scan guarded_scan.c $(pkg-config --cflags --libs mmapx)
 *     ./guarded_scan FILE
 *
 * With -w before FILE it waits for a line of input once the file is mapped.
 * Truncate the file from another terminal, then press return.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libmmapx.h>

/* What has to be right after a fault is volatile: the compiler does not know
 * that the scan may end at any byte. */
struct scan {
    struct mmapx m;
    volatile size_t at;
    size_t lines;
};

static int
count_lines(void *arg)
{
    struct scan *s = arg;
    const char *text = s->m.addr;

    for (s->at = 0; s->at < s->m.len; s->at++)
        s->lines += text[s->at] == '\n';
    return 0;
}

static void
wait_for_return(const struct scan *s)
{
    int c;

    printf("mapped %zu bytes\n", s->m.len);
    fflush(stdout);
    do
        c = getchar();
    while (c != '\n' && c != EOF);
}

int
main(int argc, char *argv[])
{
    int waits = argc == 3 && strcmp(argv[1], "-w") == 0;
    struct scan s = { MMAPX_INIT, 0, 0 };
    const char *file;
    int r;

    if (argc != 2 + waits) {
        fprintf(stderr, "usage: guarded_scan [-w] FILE\n");
        return 2;
    }
    file = argv[argc - 1];
    if (mmapx_map_path(&s.m, file, PROT_READ, MAP_SHARED) != 0) {
        perror(file);
        return 1;
    }
    if (waits)
        wait_for_return(&s);
    r = mmapx_guard(&s.m, count_lines, &s);
    if (r == 0)
        printf("%zu lines\n", s.lines);
    else if (errno == EIO)
        fprintf(stderr, "%s: gone at byte %zu: %s\n", file, s.at,
                strerror(errno));
    else
        perror(file);
    mmapx_unmap(&s.m);
    return r != 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * A mapped file of 20 KB, in which a server notes what it does, on a disk that
 * is full (Prometheus issue 9923).
 *
 *     ./tracker bare|mended FILE
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libmmapx.h>

enum { SIZE = 20001 };

/* The size alone: where no block is left, the first store is a SIGBUS. */
static int
make_bare(struct mmapx *m, int fd)
{
    return ftruncate(fd, SIZE) != 0
                   || mmapx_map(m, fd, PROT_READ | PROT_WRITE, MAP_SHARED) != 0
               ? -1
               : 0;
}

/* The blocks, too: where none is left, that is an error here and now. */
static int
make_mended(struct mmapx *m, int fd)
{
    if (mmapx_map_region(m, fd, 0, 0, PROT_READ | PROT_WRITE, MAP_SHARED) != 0)
        return -1;
    return mmapx_resize(m, fd, SIZE, MMAPX_RESIZE_FILE | MMAPX_RESIZE_MAYMOVE);
}

int
main(int argc, char *argv[])
{
    struct mmapx m;
    int fd = argc == 3 ? open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;

    if (fd < 0) {
        perror(argv[argc - 1]);
        return 2;
    }
    if ((strcmp(argv[1], "bare") == 0 ? make_bare : make_mended)(&m, fd) != 0) {
        printf("cannot keep notes: %m\n");
        return 0;
    }
    memcpy(m.addr, "[", 1);
    puts("taking notes");
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * A program of somebody else's, which knows nothing of the library but its
 * header: edit a file through a mapping and read it back.
 */
#include <libmmapx.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
failed(const char *what)
{
    perror(what);
    return -1;
}

static int
edit(int fd)
{
    struct mmapx m;
    int r;

    /* An offset that no page begins at. */
    if (mmapx_map_region(&m, fd, 6, MMAPX_TO_END, PROT_READ | PROT_WRITE,
                         MAP_SHARED) != 0)
        return failed("mmapx_map_region");
    if (m.len == 6 && memcmp(m.addr, "world\n", 6) == 0) {
        memcpy(m.addr, "there", 5);
        r = mmapx_sync(&m, 0, 5, MS_SYNC);
        if (r != 0)
            failed("mmapx_sync");
    } else {
        fputs("the mapping is not the file\n", stderr);
        r = -1;
    }
    if (mmapx_unmap(&m) != 0)
        return failed("mmapx_unmap");
    return r;
}

int
main(int argc, char **argv)
{
    char text[32];
    int version[3];
    int fd;

    if (argc != 2) {
        fprintf(stderr, "usage: %s NEW-FILE\n", argv[0]);
        return 2;
    }
    if (sscanf(mmapx_version(), "%d.%d.%d", &version[0], &version[1],
               &version[2]) != 3
        || version[0] != MMAPX_VERSION_MAJOR
        || version[1] != MMAPX_VERSION_MINOR
        || version[2] != MMAPX_VERSION_PATCH) {
        fprintf(stderr, "the library is %s\n", mmapx_version());
        return 1;
    }
    fd = open(argv[1], O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || write(fd, "hello world\n", 12) != 12) {
        failed(argv[1]);
        return 1;
    }
    if (edit(fd) != 0)
        return 1;
    if (pread(fd, text, sizeof text, 0) != 12
        || memcmp(text, "hello there\n", 12) != 0) {
        fputs("the file is not what was written\n", stderr);
        return 1;
    }
    close(fd);
    return 0;
}

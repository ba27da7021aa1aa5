/* SPDX-License-Identifier: MIT */
/*
 * An interpreter with an object for mapped files, and a script that takes a
 * slice of one which was cut (CPython issue 148650).
 *
 *     ./slice bare|mended FILE
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libmmapx.h>

/* The interpreter's m[off:off + len]: bytes, or an exception's text. */
static const char *
slice_bare(const struct mmapx *m, size_t off, size_t len, char *bytes)
{
    memcpy(bytes, (char *)m->addr + off, len);
    return NULL;
}

static const char *
slice_mended(const struct mmapx *m, size_t off, size_t len, char *bytes)
{
    ssize_t n = mmapx_read(m, off, bytes, len);

    if (n == (ssize_t)len)
        return NULL;
    return n < 0 ? strerror(errno) : "the file is shorter now";
}

int
main(int argc, char *argv[])
{
    struct mmapx m;
    const char *exception;
    char *bytes;

    if (argc != 3 || mmapx_map_path(&m, argv[2], PROT_READ, MAP_SHARED) != 0) {
        perror(argv[argc - 1]);
        return 2;
    }
    bytes = malloc(m.len);
    if (bytes == NULL || truncate(argv[2], 0) != 0) { /* the script itself */
        perror(argv[2]);
        return 2;
    }
    exception = (strcmp(argv[1], "bare") == 0 ? slice_bare : slice_mended)(
        &m, 0, m.len, bytes);
    if (exception != NULL)
        printf("OSError: %s\n", exception);
    else
        puts("a slice");
    free(bytes);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Append what is read from the standard input to a log, through a mapping that
 * doubles when it is full.
 *
 *     cc -o append_log append_log.c $(pkg-config --cflags --libs mmapx)
 *     ./append_log FILE <TEXT
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libmmapx.h>

struct log {
    struct mmapx m;
    int fd;
    size_t used; /* bytes; zeros follow up to m.len */
    unsigned resizes;
};

/* Make it twice as long, with blocks: a full disk is an error here and not a
 * SIGBUS in append(). */
static int
grow(struct log *l)
{
    const int flags = MMAPX_RESIZE_FILE | MMAPX_RESIZE_MAYMOVE;
    size_t len = l->m.len < 4096 ? 4096 : 2 * l->m.len;
    int r = mmapx_resize(&l->m, l->fd, len, flags);

    if (r != 0 && errno == ENOTSUP) /* by a file system without that */
        r = mmapx_resize(&l->m, l->fd, len, flags | MMAPX_RESIZE_SPARSE);
    l->resizes += r == 0;
    return r;
}

static int
append(struct log *l, const char *text, size_t n)
{
    while (l->m.len - l->used < n)
        if (grow(l) != 0)
            return -1;
    memcpy((char *)l->m.addr + l->used, text, n);
    l->used += n;
    return 0;
}

int
main(int argc, char *argv[])
{
    struct log l = { MMAPX_INIT, -1, 0, 0 };
    char text[512];
    size_t n;
    int r = 0;

    if (argc != 2)
        return 2;
    l.fd = open(argv[1], O_RDWR | O_CREAT, 0666);
    if (l.fd < 0
        || mmapx_map(&l.m, l.fd, PROT_READ | PROT_WRITE, MAP_SHARED) != 0) {
        perror(argv[1]);
        return 1;
    }
    /* A log that was not closed ends in the zeros that it had in reserve. */
    for (l.used = l.m.len; l.used > 0; l.used--)
        if (((const char *)l.m.addr)[l.used - 1] != '\0')
            break;
    while (r == 0 && (n = fread(text, 1, sizeof text, stdin)) > 0)
        r = append(&l, text, n);
    if (r != 0 || mmapx_resize(&l.m, l.fd, l.used, MMAPX_RESIZE_FILE) != 0
        || mmapx_sync_file(&l.m, l.fd, 0, MMAPX_TO_END) != 0) {
        perror(argv[1]);
        return 1;
    }
    printf("%zu bytes, grown %u times\n", l.used, l.resizes);
    return mmapx_unmap(&l.m) != 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Replace a text in a file by another of the same length, in place, and return
 * when that is on the disk.
 *
 * A crash of the machine in between leaves some of the places old and some new,
 * and the text at the edge of a page half of each.  Run it again to finish, or
 * see slots.c for a change that is done whole or not at all.
 *
 *     cc -o replace replace.c $(pkg-config --cflags --libs mmapx)
 *     ./replace FILE OLD NEW
 */
#include <stdio.h>
#include <string.h>

#include <libmmapx.h>

/* Where text begins in the mapping at or after byte off, or else m->len. */
static size_t
find(const struct mmapx *m, size_t off, const char *text)
{
    const char *p = m->addr;
    size_t n = strlen(text);

    while (m->len - off >= n) {
        const char *hit = memchr(p + off, text[0], m->len - off - n + 1);

        if (hit == NULL)
            break;
        off = (size_t)(hit - p);
        if (memcmp(hit, text, n) == 0)
            return off;
        off++;
    }
    return m->len;
}

static size_t
replace(const struct mmapx *m, const char *from, const char *to)
{
    size_t n = strlen(to), hits = 0;
    size_t off = find(m, 0, from);

    while (off < m->len) {
        memcpy((char *)m->addr + off, to, n);
        hits++;
        off = find(m, off + n, from);
    }
    return hits;
}

int
main(int argc, char *argv[])
{
    struct mmapx m;
    size_t hits;
    int r;

    if (argc != 4 || argv[2][0] == '\0' || strlen(argv[2]) != strlen(argv[3])) {
        fprintf(stderr, "usage: replace FILE OLD NEW, both of one length\n");
        return 2;
    }
    if (mmapx_map_path(&m, argv[1], PROT_READ | PROT_WRITE, MAP_SHARED) != 0) {
        perror(argv[1]);
        return 1;
    }
    hits = replace(&m, argv[2], argv[3]);
    /* Costs by what was changed, not by the size of the file. */
    r = mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC);
    if (r == 0)
        printf("%zu replaced\n", hits);
    else
        perror(argv[1]);
    mmapx_unmap(&m);
    return r != 0;
}

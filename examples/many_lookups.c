/* SPDX-License-Identifier: MIT */
/*
 * Print those lines of the input that are in a sorted file of lines of equal
 * length.  The searches of a batch go on together: a round of probes waits for
 * the disk once, and not once for each key.  With -n nothing is read ahead.
 *
 *     cc -o many_lookups many_lookups.c $(pkg-config --cflags --libs mmapx)
 *     ./many_lookups [-n] FILE <KEYS
 */
#include <stdio.h>
#include <string.h>

#include <libmmapx.h>

enum { BATCH = 64, LONGEST = 256 };

static struct mmapx file, aside; /* the latter reads what is missing, alone */
static size_t length;            /* of a line with its end */

static struct search {
    char key[LONGEST];
    size_t low, high; /* lines before low are less, from high on they are not */
} batch[BATCH];

/* One probe of each search that has not ended; how many those were. */
static size_t
probe(size_t n, int ahead)
{
    struct mmapx_range places[BATCH] = { { 0, 0 } };
    size_t active = 0;

    for (size_t i = 0; i < n; i++)
        if (batch[i].low < batch[i].high)
            places[active++] = (struct mmapx_range){
                (batch[i].low + batch[i].high) / 2 * length, length };
    (void)mmapx_prefetch(&file, places, ahead ? active : 0);
    for (size_t i = 0; i < n; i++) {
        struct search *s = &batch[i];
        size_t at = (s->low + s->high) / 2 * length;

        if (s->low == s->high)
            continue;
        (void)*((volatile char *)aside.addr + at);
        (void)*((volatile char *)aside.addr + at + length - 1);
        if (memcmp((char *)file.addr + at, s->key, length) < 0)
            s->low = at / length + 1;
        else
            s->high = at / length;
    }
    return active;
}

int
main(int argc, char *argv[])
{
    const char *path = argc > 1 ? argv[argc - 1] : "", *end;
    size_t n = BATCH;

    if (mmapx_map_path(&file, path, PROT_READ, MAP_SHARED) != 0
        || mmapx_map_path(&aside, path, PROT_READ, MAP_SHARED) != 0) {
        perror(path);
        return 2;
    }
    (void)mmapx_advise(&aside, 0, MMAPX_TO_END, MMAPX_MADV_RANDOM);
    end = file.len > 0 ? memchr(file.addr, '\n', file.len) : NULL;
    length = end != NULL ? (size_t)(end - (char *)file.addr) + 1 : 1;
    while (n == BATCH && length < LONGEST) {
        memset(batch, 0, sizeof batch);
        for (n = 0; n < BATCH && fgets(batch[n].key, LONGEST, stdin); n++)
            batch[n].high = file.len / length;
        while (probe(n, argc < 3) > 0)
            continue;
        for (size_t i = 0; i < n; i++)
            if (batch[i].low < file.len / length
                && memcmp((char *)file.addr + batch[i].low * length,
                          batch[i].key, length) == 0)
                fputs(batch[i].key, stdout);
    }
}

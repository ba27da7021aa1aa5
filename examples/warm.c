/* SPDX-License-Identifier: MIT */
/*
 * Bring the files of a database into memory and keep them there until the
 * standard input ends, for example when the program that started this one ends.
 *
 *     cc -o warm warm.c $(pkg-config --cflags --libs mmapx)
 *     ./warm FILE...
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libmmapx.h>

/* The mapping is populated first, which fails where a page cannot be read.
 * mlock(2) alone waits for such a page without end. */
static const char *
warm(struct mmapx *m, const char *path)
{
    if (mmapx_map_path(m, path, PROT_READ, MAP_SHARED) != 0)
        return "map";
    if (mmapx_populate(m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ) != 0)
        return "populate";
    if (mmapx_lock(m, 0, MMAPX_TO_END, 0) != 0)
        return "lock";
    return NULL;
}

static void
say_limit(void)
{
    size_t limit, locked;

    if (mmapx_lock_limit(&limit, &locked) == 0 && limit != SIZE_MAX)
        fprintf(stderr, "%zu bytes are locked of at most %zu (ulimit -l)\n",
                locked, limit);
}

/* Locks end with the process, and so does the mapping of m. */
static int
warm_or_say(const char *path)
{
    struct mmapx m;
    const char *failed = warm(&m, path);

    if (failed == NULL) {
        printf("%s: %zu bytes\n", path, m.len);
        return 0;
    }
    fprintf(stderr, "%s: %s: %s\n", path, failed, strerror(errno));
    if (strcmp(failed, "lock") == 0)
        say_limit();
    return 1;
}

int
main(int argc, char *argv[])
{
    int bad = 0;

    if (argc < 2)
        return 2;
    for (int i = 1; i < argc; i++)
        bad |= warm_or_say(argv[i]);
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return bad;
}

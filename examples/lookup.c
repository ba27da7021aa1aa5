/* SPDX-License-Identifier: MIT */
/*
 * Print the lines of a sorted file that begin with a text, by binary search:
 * a few pages of it are read, however large it is.  Sort by LC_ALL=C.
 *
 *     cc -o lookup lookup.c $(pkg-config --cflags --libs mmapx)
 *     ./lookup FILE TEXT
 */
#include <stdio.h>
#include <string.h>

#include <libmmapx.h>

static size_t
line_length(const char *line, size_t room)
{
    const char *end = room > 0 ? memchr(line, '\n', room) : NULL;

    return end != NULL ? (size_t)(end - line) : room;
}

/* Less than, equal to or greater than 0, as the line's beginning to key. */
static int
compare(const char *line, size_t len, const char *key)
{
    size_t n = strlen(key);
    int r = memcmp(line, key, len < n ? len : n);

    return r != 0 || len >= n ? r : -1;
}

/* The first line that is not less: those before low are, that at high not. */
static size_t
search(const char *text, size_t size, const char *key)
{
    size_t low = 0, high = size;

    while (low < high) {
        size_t line = low + (high - low) / 2, len;

        while (line > low && text[line - 1] != '\n')
            line--;
        len = line_length(text + line, size - line);
        if (compare(text + line, len, key) < 0)
            low = line + len < size ? line + len + 1 : size;
        else
            high = line;
    }
    return low;
}

int
main(int argc, char *argv[])
{
    struct mmapx m;
    const char *text;
    int found = 0;

    if (argc != 3)
        return 2;
    if (mmapx_map_path(&m, argv[1], PROT_READ, MAP_SHARED) != 0) {
        perror(argv[1]);
        return 2;
    }
    /* No read-ahead; no need to take it back, since the program ends soon. */
    (void)mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_RANDOM);
    text = m.addr;
    for (size_t at = search(text, m.len, argv[2]); at < m.len; found = 1) {
        size_t len = line_length(text + at, m.len - at);

        if (compare(text + at, len, argv[2]) != 0)
            break;
        fwrite(text + at, 1, len, stdout);
        putchar('\n');
        at += len + (at + len < m.len);
    }
    mmapx_unmap(&m);
    return !found;
}

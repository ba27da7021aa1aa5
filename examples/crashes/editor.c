/* SPDX-License-Identifier: MIT */
/*
 * An editor that loads a file, which somebody writes anew at that moment
 * (Kakoune issue 3987).  It needs a copy of its own anyway.
 *
 *     ./editor bare|mended FILE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libmmapx.h>

static char *
load_bare(const struct mmapx *m, size_t *len)
{
    char *text = malloc(m->len + 1);

    *len = m->len;
    return text != NULL ? memcpy(text, m->addr, m->len) : NULL;
}

/* What is there is loaded, up to the page that is not.  The last page of a file
 * has zeros behind its end, so the size is asked for, too. */
static char *
load_mended(const struct mmapx *m, const char *path, size_t *len)
{
    char *text = malloc(m->len + 1);
    ssize_t n = text != NULL ? mmapx_read(m, 0, text, m->len) : -1;
    struct stat st;

    *len = n > 0 ? (size_t)n : 0;
    if (stat(path, &st) == 0 && st.st_size < (off_t)*len)
        *len = (size_t)st.st_size;
    if (*len < m->len)
        printf("the file was cut: %zu of %zu bytes\n", *len, m->len);
    return text;
}

int
main(int argc, char *argv[])
{
    struct mmapx m;
    size_t len, lines = 0;
    char *text;

    if (argc != 3 || mmapx_map_path(&m, argv[2], PROT_READ, MAP_SHARED) != 0) {
        perror(argv[argc - 1]);
        return 2;
    }
    if (truncate(argv[2], (off_t)m.len / 2) != 0) { /* somebody */
        perror(argv[2]);
        return 2;
    }
    text = strcmp(argv[1], "bare") == 0 ? load_bare(&m, &len)
                                        : load_mended(&m, argv[2], &len);
    for (size_t i = 0; text != NULL && i < len; i++)
        lines += text[i] == '\n';
    printf("%zu lines\n", lines);
    free(text);
    return 0;
}

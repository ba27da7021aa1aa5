/* SPDX-License-Identifier: MIT */
/*
 * Count the lines, words and bytes of files, as wc(1) does.
 *
 *     cc -o word_count word_count.c $(pkg-config --cflags --libs mmapx)
 *     ./word_count FILE...
 */
#include <ctype.h>
#include <stdio.h>

#include <libmmapx.h>

struct count {
    size_t lines;
    size_t words;
    size_t bytes;
};

static void
count_text(struct count *c, const unsigned char *text, size_t len)
{
    int inside = 0;

    for (size_t i = 0; i < len; i++) {
        int space = isspace(text[i]) != 0;

        c->lines += text[i] == '\n';
        c->words += inside && space;
        inside = !space;
    }
    c->words += (size_t)inside;
    c->bytes += len;
}

static int
count_file(struct count *c, const char *path)
{
    struct mmapx m;

    if (mmapx_map_path(&m, path, PROT_READ, MAP_PRIVATE) != 0)
        return -1;
    count_text(c, m.addr, m.len); /* of an empty file no byte is read */
    return mmapx_unmap(&m);
}

static void
print(const struct count *c, const char *name)
{
    printf("%zu %zu %zu %s\n", c->lines, c->words, c->bytes, name);
}

int
main(int argc, char *argv[])
{
    struct count total = { 0, 0, 0 };
    int bad = 0;

    for (int i = 1; i < argc; i++) {
        struct count c = { 0, 0, 0 };

        if (count_file(&c, argv[i]) != 0) {
            perror(argv[i]);
            bad = 1;
            continue;
        }
        print(&c, argv[i]);
        total.lines += c.lines;
        total.words += c.words;
        total.bytes += c.bytes;
    }
    if (argc > 2)
        print(&total, "total");
    return argc < 2 ? 2 : bad;
}

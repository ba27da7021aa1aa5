/* SPDX-License-Identifier: MIT */
/*
 * Keep a text in a file so that a crash leaves the old one or the new one: the
 * slot without it is written, and counts by its checksum and its number.
 *     cc -o slots slots.c $(pkg-config --cflags --libs mmapx)
 *     ./slots FILE            print the text with its number
 *     ./slots FILE TEXT...    store each, and print it when it is safe
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libmmapx.h>

enum { SLOT = 4096 };

struct slot {
    uint64_t number; /* 0: never written */
    uint64_t sum;
    char text[240];
};

static uint64_t
sum_of(const struct slot *s)
{
    uint64_t sum = s->number;
    for (size_t i = 0; i < sizeof s->text; i++)
        sum = (sum ^ (unsigned char)s->text[i]) * 0x100000001b3u;
    return sum;
}

static struct slot *
slot(const struct mmapx *m, int i)
{
    return (struct slot *)((uintptr_t)m->addr + (uintptr_t)i * SLOT);
}

static int
newest(const struct mmapx *m)
{
    struct slot *a = slot(m, 0), *b = slot(m, 1);
    return b->sum == sum_of(b)
           && (a->sum != sum_of(a) || b->number > a->number);
}

static int
store(const struct mmapx *m, const char *text)
{
    int now = newest(m);
    struct slot *to = slot(m, !now);

    to->number = slot(m, now)->number + 1;
    snprintf(memset(to->text, 0, sizeof to->text), sizeof to->text, "%s", text);
    to->sum = sum_of(to);
    return !now * SLOT;
}

int
main(int argc, char *argv[])
{
    struct mmapx m;
    int fd = argc > 1 ? open(argv[1], O_RDWR | O_CREAT, 0600) : -1;
    int r = fd < 0 || ftruncate(fd, 2 * SLOT) != 0
            || mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE) != 0;

    for (int i = argc == 2 ? 1 : 2; i < argc && r == 0; i++) {
        if (i > 1)
            r = mmapx_commit(&m, fd, (size_t)store(&m, argv[i]), SLOT);
        if (r == 0)
            printf("%u %s\n", (unsigned)slot(&m, newest(&m))->number,
                   slot(&m, newest(&m))->text);
        fflush(stdout);
    }
    if (r != 0)
        perror("slots FILE [TEXT...]");
    return r != 0;
}

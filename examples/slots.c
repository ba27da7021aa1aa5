/* SPDX-License-Identifier: MIT */
/*
 * Keep a text in a file so that a crash leaves the old one or the new one: the
 * slot without it is written, and counts by its checksum and its number.
 *     cc -o slots slots.c $(pkg-config --cflags --libs mmapx)
 *     ./slots FILE            print the text with its number
 *     ./slots FILE TEXT...    store each, and print it when it is safe
 */
#include <errno.h>
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
    char text[SLOT - 2 * sizeof(uint64_t)];
};

static uint64_t
sum_of(const struct slot *s)
{
    uint64_t sum = s->number;
    for (size_t i = 0; i < sizeof s->text; i++)
        sum = (sum ^ (unsigned char)s->text[i]) * 0x100000001b3u;
    return sum;
}

static int
newest(const struct slot *s)
{
    return s[1].sum == sum_of(&s[1])
           && (s[0].sum != sum_of(&s[0]) || s[1].number > s[0].number);
}

static int
store(struct slot *s, const char *text)
{
    int now = newest(s);
    struct slot *to = &s[!now];

    to->number = s[now].number + 1;
    snprintf(memset(to->text, 0, sizeof to->text), sizeof to->text, "%s", text);
    to->sum = sum_of(to);
    return !now * SLOT;
}

int
main(int argc, char *argv[])
{
    struct mmapx m = { 0 };
    int flags = argc > 2 ? O_RDWR | O_CREAT : O_RDONLY;
    int fd = open(argc > 1 ? argv[1] : "", flags, 0600);
    int r = fd < 0 || (argc > 2 && lseek(fd, 0, SEEK_END) == 0
                       && ftruncate(fd, 2 * SLOT) != 0)
            || mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE) != 0;
    struct slot *s = m.addr;

    /* Another file than one of these stays as it is. */
    if (r == 0
        && (m.len != 2 * SLOT || s[newest(s)].sum != sum_of(&s[newest(s)])))
        r = errno = EINVAL;
    for (int i = argc == 2 ? 1 : 2; i < argc && r == 0; i++) {
        if (i > 1)
            r = mmapx_commit(&m, fd, (size_t)store(s, argv[i]), SLOT);
        if (r == 0)
            printf("%u %s\n", (unsigned)s[newest(s)].number, s[newest(s)].text);
        fflush(stdout);
    }
    if (r != 0)
        perror("slots FILE [TEXT...]");
    return r != 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Map a file of weights as an inference engine does: all of it, read ahead,
 * locked as far as it has been loaded, and without an unused head and tail.
 *     cc -o weights weights.c $(pkg-config --cflags --libs mmapx)
 *     ./weights FILE HEAD TAIL     the bytes before the weights and behind them
 */
#include <errno.h>
#include <stdio.h>

#include <libmmapx.h>

enum { TENSOR = 1 << 16 };

/* The lock grows with what has been loaded.  Where there is no leave to lock
 * more the weights are usable all the same. */
static size_t
load(const struct mmapx *m, size_t from, size_t to, unsigned long *sum)
{
    const unsigned char *bytes = m->addr;
    size_t locked = from;

    for (size_t at = from, end; at < to; at = end) {
        end = to - at < TENSOR ? to : at + TENSOR;
        for (size_t i = at; i < end; i++)
            *sum += bytes[i];
        if (locked == at && mmapx_lock(m, at, end - at, 0) == 0)
            locked = end;
    }
    return locked - from;
}

/* What lies before the page of from and behind that of to goes. */
static int
give_back(struct mmapx *m, size_t from, size_t to)
{
    size_t page = mmapx_page_size(m);
    struct mmapx rest;

    to = (to + page - 1) / page * page;
    if (to < m->len
        && (mmapx_split(m, to, &rest) != 0 || mmapx_unmap(&rest) != 0))
        return -1;
    from = from / page * page;
    if (from == 0)
        return 0;
    if (mmapx_split(m, from, &rest) != 0 || mmapx_unmap(m) != 0)
        return -1;
    *m = rest;
    return 0;
}

int
main(int argc, char *argv[])
{
    const struct mmapx_range all = { 0, MMAPX_TO_END };
    unsigned long sum = 0;
    size_t head, tail;
    char more;
    struct mmapx m;

    errno = EINVAL;
    if (argc != 4 || sscanf(argv[2], "%zu%c", &head, &more) != 1
        || sscanf(argv[3], "%zu%c", &tail, &more) != 1
        || mmapx_map_path(&m, argv[1], PROT_READ, MAP_SHARED) != 0
        || head > m.len || tail >= m.len - head) {
        perror("weights FILE HEAD TAIL");
        return 2;
    }
    if (mmapx_prefetch(&m, &all, 1) != 0 && errno != ENOTSUP)
        perror("prefetch");
    printf("%zu bytes locked, ", load(&m, head, m.len - tail, &sum));
    if (give_back(&m, head, m.len - tail) != 0) {
        perror("give_back");
        return 1;
    }
    printf("%zu still mapped, sum %lu\n", m.len, sum);
    return mmapx_unmap(&m) != 0;
}

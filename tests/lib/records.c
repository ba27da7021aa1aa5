/* SPDX-License-Identifier: MIT */
#include "records.h"

#include <string.h>

int records_journal = -1;

bool
is_private_way(enum way way)
{
    return way == BY_COMMIT || way == BY_COMMIT_ATOMIC;
}

void
fill_record(unsigned char *record, uint32_t number)
{
    for (size_t i = 0; i < RECORD; i++)
        record[i] = (unsigned char)(number * 31 + i * 7 + 1);
    memcpy(record, &number, sizeof number);
}

bool
is_record(const unsigned char *record, uint32_t number)
{
    unsigned char expected[RECORD];

    fill_record(expected, number);
    return memcmp(record, expected, RECORD) == 0;
}

static int
grow(struct mmapx *m, int fd, int flags)
{
    return mmapx_resize(m, fd, m->len + RECORD,
                        MMAPX_RESIZE_FILE | MMAPX_RESIZE_MAYMOVE | flags);
}

/* Where a record belongs: in some order over the file, or at its end. */
size_t
record_at(enum way way, uint32_t number)
{
    if (way != BY_GROWING && way != BY_GROWING_SPARSE)
        return (size_t)(number * 7 % SLOTS) * SLOT;
    return (size_t)number * RECORD;
}

int
write_record(struct mmapx *m, int fd, enum way way, uint32_t number)
{
    size_t at = record_at(way, number);
    int r = 0;

    if (way == BY_GROWING)
        r = grow(m, fd, 0);
    else if (way == BY_GROWING_SPARSE)
        r = grow(m, fd, MMAPX_RESIZE_SPARSE);
    if (r != 0)
        return r;
    fill_record((unsigned char *)m->addr + at, number);
    switch (way) {
    case BY_SYNC:
    case BY_GROWING_SPARSE:
        return mmapx_sync(m, at, RECORD, MS_SYNC);
    case BY_SYNC_FILE:
    case BY_GROWING:
        return mmapx_sync_file(m, fd, at, RECORD);
    case BY_COMMIT:
        return mmapx_commit(m, fd, at, RECORD);
    case BY_COMMIT_ATOMIC:
        return mmapx_commit_atomic(m, fd, records_journal, at, RECORD);
    default:
        return 0;
    }
}

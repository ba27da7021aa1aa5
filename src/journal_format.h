/* SPDX-License-Identifier: MIT */
/* The format of a journal, which doc/journal describes: all numbers are
 * little-endian. */
#ifndef MMAPX_JOURNAL_FORMAT_H
#define MMAPX_JOURNAL_FORMAT_H

#include <stddef.h>
#include <stdint.h>

enum {
    MMAPX_I_JOURNAL_HEADER = 64,
    MMAPX_I_JOURNAL_RECORD = 16, /* in front of the bytes of each piece */
};

/* How many zeros follow the bytes of a piece, so that the next record begins at
 * a multiple of 8. */
static inline size_t
mmapx_i_journal_padding(uint64_t len)
{
    return (size_t)(8 - len % 8) % 8;
}

/* What a header says. */
struct mmapx_i_journal {
    int64_t file_length;
    int64_t length;
    uint64_t pieces;
    uint64_t sum;
};

void mmapx_i_journal_encode(unsigned char *bytes,
                            const struct mmapx_i_journal *h);
void mmapx_i_journal_encode_record(unsigned char *bytes, int64_t at,
                                   size_t len);

/* Read exactly so many bytes, which the journal had when its size was asked. */
int mmapx_i_journal_read(int fd, unsigned char *to, size_t len, int64_t at);

/* Add the bytes of the journal in a range to a sum. */
int mmapx_i_journal_sum(int fd, int64_t from, int64_t to, uint64_t *sum);

enum { MMAPX_I_TORN, MMAPX_I_WHOLE };

/* Whether the journal, of size bytes, is MMAPX_I_TORN or MMAPX_I_WHOLE; or
 * -errno. */
int mmapx_i_journal_judge(int journal, int64_t size,
                          struct mmapx_i_journal *h);

/* Read one record: 0, with its place, or -EINVAL for one that cannot be. */
int mmapx_i_journal_read_record(int journal, const struct mmapx_i_journal *h,
                                int64_t from, int64_t *at, uint64_t *len);

#endif /* MMAPX_JOURNAL_FORMAT_H */

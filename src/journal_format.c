/* SPDX-License-Identifier: MIT */
/* What src/journal_format.h says. */
#include "journal_format.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "os/os.h"

enum {
    FORMAT = 1,  /* the version that the journal names */
    PART = 2048, /* bytes that are handled at once */
};

/* Where the header has what. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 8,
    AT_FILE_LENGTH = 16,
    AT_LENGTH = 24, /* of the journal */
    AT_PIECES = 32,
    AT_RECORDS_SUM = 40,
    AT_HEADER_SUM = 56, /* of all that lies before */
};

static const unsigned char magic[8]
    = { 'm', 'm', 'a', 'p', 'x', 'j', 'n', 'l' };

static void
put(unsigned char *to, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        to[i] = (unsigned char)(number >> 8 * i);
}

static uint64_t
get(const unsigned char *from)
{
    uint64_t number = 0;

    for (int i = 7; i >= 0; i--)
        number = number << 8 | from[i];
    return number;
}

/* Each word of 8 bytes changes the sum, and so does each change of a word.
 * What is missing of the last word is zero. */
static uint64_t
add_to_sum(uint64_t sum, const unsigned char *bytes, size_t len)
{
    unsigned char word[8];

    for (; len > 0; bytes += 8) {
        size_t n = len < 8 ? len : 8;

        memset(word, 0, sizeof word);
        memcpy(word, bytes, n);
        sum = (sum ^ get(word)) * 0x9e3779b97f4a7c15u;
        sum ^= sum >> 32;
        len -= n;
    }
    return sum;
}

void
mmapx_i_journal_encode(unsigned char *bytes, const struct mmapx_i_journal *h)
{
    memset(bytes, 0, MMAPX_I_JOURNAL_HEADER);
    memcpy(bytes + AT_MAGIC, magic, sizeof magic);
    put(bytes + AT_VERSION, FORMAT);
    put(bytes + AT_FILE_LENGTH, (uint64_t)h->file_length);
    put(bytes + AT_LENGTH, (uint64_t)h->length);
    put(bytes + AT_PIECES, h->pieces);
    put(bytes + AT_RECORDS_SUM, h->sum);
    put(bytes + AT_HEADER_SUM, add_to_sum(0, bytes, AT_HEADER_SUM));
}

void
mmapx_i_journal_encode_record(unsigned char *bytes, int64_t at, size_t len)
{
    put(bytes, (uint64_t)at);
    put(bytes + 8, len);
}

/* --- Reading -------------------------------------------------------------- */

int
mmapx_i_journal_read(int fd, unsigned char *to, size_t len, int64_t at)
{
    while (len > 0) {
        int64_t n = mmapx_os_read_at(fd, to, len, at);

        if (n <= 0)
            return n < 0 ? (int)n : -EIO;
        to += n;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

/*
 * What a header says.  One that never reached the disk is zero, as far as there
 * is one at all; -EINVAL for what is no journal, or a newer one's.
 */
static int
decode(const unsigned char *bytes, size_t len, struct mmapx_i_journal *h)
{
    size_t n = len < sizeof magic ? len : sizeof magic;

    *h = (struct mmapx_i_journal){ 0 };
    if (mmapx_i_is_zero(bytes, len))
        return MMAPX_I_TORN;
    if (memcmp(bytes + AT_MAGIC, magic, n) != 0)
        return -EINVAL;
    if (len < MMAPX_I_JOURNAL_HEADER)
        return MMAPX_I_TORN;
    if (get(bytes + AT_VERSION) != FORMAT)
        return -EINVAL;
    if (get(bytes + AT_HEADER_SUM) != add_to_sum(0, bytes, AT_HEADER_SUM))
        return MMAPX_I_TORN;
    *h = (struct mmapx_i_journal){
        .file_length = (int64_t)get(bytes + AT_FILE_LENGTH),
        .length = (int64_t)get(bytes + AT_LENGTH),
        .pieces = get(bytes + AT_PIECES),
        .sum = get(bytes + AT_RECORDS_SUM),
    };
    return h->length >= MMAPX_I_JOURNAL_HEADER ? MMAPX_I_WHOLE : -EINVAL;
}

int
mmapx_i_journal_sum(int fd, int64_t from, int64_t to, uint64_t *sum)
{
    unsigned char part[PART];
    int r = 0;

    for (size_t n; from < to && r == 0; from += (int64_t)n) {
        n = to - from < PART ? (size_t)(to - from) : PART;
        r = mmapx_i_journal_read(fd, part, n, from);
        if (r == 0)
            *sum = add_to_sum(*sum, part, n);
    }
    return r;
}

int
mmapx_i_journal_judge(int journal, int64_t size, struct mmapx_i_journal *h)
{
    unsigned char bytes[MMAPX_I_JOURNAL_HEADER] = { 0 };
    size_t len = size < MMAPX_I_JOURNAL_HEADER ? (size_t)size
                                               : MMAPX_I_JOURNAL_HEADER;
    uint64_t sum = 0;
    int r = mmapx_i_journal_read(journal, bytes, len, 0);

    if (r == 0)
        r = decode(bytes, len, h);
    if (r != MMAPX_I_WHOLE)
        return r;
    if (h->length != size)
        return MMAPX_I_TORN;
    r = mmapx_i_journal_sum(journal, MMAPX_I_JOURNAL_HEADER, h->length, &sum);
    if (r < 0)
        return r;
    return sum == h->sum ? MMAPX_I_WHOLE : MMAPX_I_TORN;
}

int
mmapx_i_journal_read_record(int journal, const struct mmapx_i_journal *h,
                            int64_t from, int64_t *at, uint64_t *len)
{
    unsigned char record[MMAPX_I_JOURNAL_RECORD];
    int r = h->length - from < MMAPX_I_JOURNAL_RECORD
                ? -EINVAL
                : mmapx_i_journal_read(journal, record,
                                       MMAPX_I_JOURNAL_RECORD, from);

    if (r < 0)
        return r;
    *at = (int64_t)get(record);
    *len = get(record + 8);
    if (*at < 0 || *at > h->file_length
        || *len > (uint64_t)(h->file_length - *at)
        || *len > (uint64_t)(h->length - from - MMAPX_I_JOURNAL_RECORD))
        return -EINVAL;
    return 0;
}

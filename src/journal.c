/* SPDX-License-Identifier: MIT */
/*
 * All changes or none, across a crash.
 *
 * The journal has the changed bytes and their places.  It is on the disk before
 * the first byte of the file is written, and is emptied when the last one is on
 * the disk.  So a whole journal means that the file may be anything between old
 * and new, and writing the journal's bytes once more makes it new; any other
 * journal means that the file has not been touched.  A failure that leaves the
 * file as it was therefore empties the journal as well.
 *
 * All numbers are little-endian.  doc/journal describes the format.
 */
#include "commit.h"

#include <string.h>

enum {
    HEADER = 64,
    FORMAT = 1,   /* the version that the journal names */
    RECORD = 16,  /* in front of the bytes of each piece */
    PART = 2048,  /* bytes that are handled at once */
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

struct header {
    int64_t file_length;
    int64_t length;
    uint64_t pieces;
    uint64_t sum;
    int64_t end; /* of the last piece in the file; it is not recorded */
};

/* The two descriptors. */
struct target {
    int fd;
    int journal;
    uintptr_t identity;  /* of the file */
    int64_t length;      /* and its bytes */
    bool is_file;        /* and not a device */
    bool waits;          /* each write is to reach the disk */
    bool is_touched;     /* the file may have a part of the journal */
    struct mmapx_os_stat journal_st;
};

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

static void
encode(unsigned char *bytes, const struct header *h)
{
    memset(bytes, 0, HEADER);
    memcpy(bytes + AT_MAGIC, magic, sizeof magic);
    put(bytes + AT_VERSION, FORMAT);
    put(bytes + AT_FILE_LENGTH, (uint64_t)h->file_length);
    put(bytes + AT_LENGTH, (uint64_t)h->length);
    put(bytes + AT_PIECES, h->pieces);
    put(bytes + AT_RECORDS_SUM, h->sum);
    put(bytes + AT_HEADER_SUM, add_to_sum(0, bytes, AT_HEADER_SUM));
}

/* --- Reading -------------------------------------------------------------- */

/* Exactly so many bytes, which the journal had when its size was asked. */
static int
read_exactly(int fd, unsigned char *to, size_t len, int64_t at)
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

static bool
is_zero(const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

enum verdict { TORN, WHOLE };

/*
 * What a header says.  One that never reached the disk is zero, as far as there
 * is one at all; -EINVAL for what is no journal, or a newer one's.
 */
static int
decode(const unsigned char *bytes, size_t len, struct header *h)
{
    size_t n = len < sizeof magic ? len : sizeof magic;

    *h = (struct header){ 0 };
    if (is_zero(bytes, len))
        return TORN;
    if (memcmp(bytes + AT_MAGIC, magic, n) != 0)
        return -EINVAL;
    if (len < HEADER)
        return TORN;
    if (get(bytes + AT_VERSION) != FORMAT)
        return -EINVAL;
    if (get(bytes + AT_HEADER_SUM) != add_to_sum(0, bytes, AT_HEADER_SUM))
        return TORN;
    *h = (struct header){
        .file_length = (int64_t)get(bytes + AT_FILE_LENGTH),
        .length = (int64_t)get(bytes + AT_LENGTH),
        .pieces = get(bytes + AT_PIECES),
        .sum = get(bytes + AT_RECORDS_SUM),
    };
    return h->length >= HEADER ? WHOLE : -EINVAL;
}

static int
sum_of_records(int fd, int64_t from, int64_t to, uint64_t *sum)
{
    unsigned char part[PART];
    int r = 0;

    for (size_t n; from < to && r == 0; from += (int64_t)n) {
        n = to - from < PART ? (size_t)(to - from) : PART;
        r = read_exactly(fd, part, n, from);
        if (r == 0)
            *sum = add_to_sum(*sum, part, n);
    }
    return r;
}

/* Whether the journal, of size bytes, is TORN or WHOLE; or -errno. */
static int
judge(int journal, int64_t size, struct header *h)
{
    unsigned char bytes[HEADER] = { 0 };
    size_t len = size < HEADER ? (size_t)size : HEADER;
    uint64_t sum = 0;
    int r = read_exactly(journal, bytes, len, 0);

    if (r == 0)
        r = decode(bytes, len, h);
    if (r != WHOLE)
        return r;
    if (h->length != size)
        return TORN;
    r = sum_of_records(journal, HEADER, h->length, &sum);
    if (r < 0)
        return r;
    return sum == h->sum ? WHOLE : TORN;
}

/* --- Writing the file ----------------------------------------------------- */

/*
 * Some of *n bytes; *n becomes how many.  The system refuses a call before it
 * writes a byte, except where the disk has failed, or where the call waited for
 * the disk and it is the disk that refused.
 */
static int
write_some(struct target *t, const unsigned char *from, size_t *n, int64_t at)
{
    int64_t done = mmapx_os_write_at(t->fd, from, *n, at);

    if (done > 0 || done == -EIO || t->waits)
        t->is_touched = true;
    *n = done > 0 ? (size_t)done : 0;
    if (done > 0)
        return 0;
    return done < 0 ? (int)done : -EIO;
}

static int
copy(struct target *t, int64_t from, int64_t to, uint64_t len)
{
    unsigned char part[PART];
    int r = 0;

    for (size_t n; len > 0 && r == 0; len -= n) {
        n = len < PART ? (size_t)len : PART;
        r = read_exactly(t->journal, part, n, from);
        if (r == 0)
            r = write_some(t, part, &n, to);
        from += (int64_t)n;
        to += (int64_t)n;
    }
    return r;
}

/* One record: 0, with its place, or -EINVAL for one that cannot be. */
static int
read_record(int journal, const struct header *h, int64_t from, int64_t *at,
            uint64_t *len)
{
    unsigned char record[RECORD];
    int r = h->length - from < RECORD
                ? -EINVAL
                : read_exactly(journal, record, RECORD, from);

    if (r < 0)
        return r;
    *at = (int64_t)get(record);
    *len = get(record + 8);
    if (*at < 0 || *at > h->file_length
        || *len > (uint64_t)(h->file_length - *at)
        || *len > (uint64_t)(h->length - from - RECORD))
        return -EINVAL;
    return 0;
}

/* Go through all records, and write what they have if that is asked for. */
static int
replay(struct target *t, struct header *h, bool writes)
{
    int64_t from = HEADER;
    int64_t at;
    uint64_t len;
    int r = 0;

    for (uint64_t i = 0; i < h->pieces && r == 0; i++) {
        r = read_record(t->journal, h, from, &at, &len);
        if (r < 0)
            break;
        from += RECORD;
        if (writes)
            r = copy(t, from, at, len);
        if (at + (int64_t)len > h->end)
            h->end = at + (int64_t)len;
        from += (int64_t)((len + 7) & ~(uint64_t)7);
    }
    return r;
}

/*
 * Empty the journal.  A header of zeros is on the disk first, and needs no
 * change of the file system's books; that the file is cut may reach the disk
 * whenever it likes.
 */
static int
empty(int journal, uintptr_t identity)
{
    unsigned char zeros[HEADER] = { 0 };
    int r = mmapx_i_write_all(journal, zeros, HEADER, 0);

    if (r == 0)
        r = mmapx_i_flush_file(journal, identity);
    return r == 0 ? mmapx_os_set_size(journal, 0) : r;
}

/* --- The two descriptors -------------------------------------------------- */

static int
check_fds(struct target *t, int fd, int journal)
{
    struct mmapx_os_stat st;
    int r = mmapx_i_check_target(fd, MMAPX_OS_WRITES, &st);

    *t = (struct target){ .fd = fd, .journal = journal };
    t->waits = r >= 0 && (r & MMAPX_OS_SYNCS) != 0;
    if (r >= 0)
        r = mmapx_i_check_target(journal, MMAPX_OS_READS | MMAPX_OS_WRITES,
                                 &t->journal_st);
    if (r < 0)
        return r;
    if (st.type != MMAPX_OS_FILE && st.type != MMAPX_OS_BLOCK)
        return -EINVAL;
    if (t->journal_st.type != MMAPX_OS_FILE
        || mmapx_os_bypasses_cache(journal) || mmapx_os_bypasses_cache(fd)
        || (st.type == MMAPX_OS_FILE && st.identity == t->journal_st.identity))
        return -EINVAL;
    t->identity = st.identity;
    t->is_file = st.type == MMAPX_OS_FILE;
    return mmapx_i_object_size(fd, &st, &t->length);
}

static int
check_limit(const struct target *t, int64_t end)
{
    int64_t limit = 0;
    int r = t->is_file ? mmapx_os_file_limit(&limit) : 0;

    return r == 0 && t->is_file && end > limit ? -EFBIG : r;
}

/* Bring a whole journal into the file: 1. */
static int
complete(struct target *t, struct header *h)
{
    int r;

    if (h->file_length != t->length)
        return -EINVAL;
    /* Nothing is written if a record is impossible. */
    r = replay(t, h, false);
    if (r == 0)
        r = check_limit(t, h->end);
    if (r == 0)
        r = replay(t, h, true);
    if (r == 0)
        r = mmapx_i_flush_file(t->fd, t->identity);
    if (r == 0)
        r = empty(t->journal, t->journal_st.identity);
    return r < 0 ? r : 1;
}

static int
recover_target(struct target *t)
{
    struct header h = { 0 };
    int r;

    if (t->journal_st.size == 0)
        return 0;
    r = judge(t->journal, t->journal_st.size, &h);
    if (r < 0)
        return r;
    if (r == WHOLE)
        return complete(t, &h);
    return empty(t->journal, t->journal_st.identity);
}

/* --- Writing the journal -------------------------------------------------- */

struct writer {
    int journal;
    struct header h;
};

/* How long the journal will be, and how far it reaches in the file. */
static int
count(void *arg, const struct mmapx_i_piece *piece)
{
    struct header *h = arg;

    h->end = piece->at + (int64_t)piece->len; /* in ascending order */
    h->length += RECORD + (int64_t)((piece->len + 7) & ~(size_t)7);
    h->pieces++;
    return 0;
}

/*
 * One piece.  Its bytes go into the journal straight from the mapping, so that
 * memory that cannot be read is an error and no signal, and are summed up as
 * they stand there.
 */
static int
record(void *arg, const struct mmapx_i_piece *piece)
{
    static const unsigned char zeros[8];
    struct writer *w = arg;
    unsigned char place[RECORD];
    int64_t begin = w->h.length;
    size_t rest = (size_t)-piece->len & 7;
    int r;

    put(place, (uint64_t)piece->at);
    put(place + 8, piece->len);
    r = mmapx_i_write_all(w->journal, place, RECORD, begin);
    if (r == 0)
        r = mmapx_i_write_all(w->journal, piece->from, piece->len,
                              begin + RECORD);
    count(&w->h, piece);
    if (r == 0)
        r = mmapx_i_write_all(w->journal, zeros, rest,
                              w->h.length - (int64_t)rest);
    if (r == 0)
        r = sum_of_records(w->journal, begin, w->h.length, &w->h.sum);
    return r;
}

/* The whole journal, on the disk. */
static int
write_journal(const struct mmapx_i_commit *c, const struct target *t,
              struct header *h)
{
    struct writer w = { t->journal,
                        { .file_length = t->length, .length = HEADER } };
    unsigned char bytes[HEADER];
    int r = mmapx_i_commit_walk(c, record, &w);

    encode(bytes, &w.h);
    if (r == 0)
        r = mmapx_i_write_all(t->journal, bytes, HEADER, 0);
    if (r == 0)
        r = mmapx_i_flush_file(t->journal, t->journal_st.identity);
    *h = w.h;
    return r;
}

/* Whether the file is as long as the journal says: it could not be recovered
 * otherwise. */
static int
check_length(const struct target *t)
{
    struct mmapx_os_stat st;
    int64_t length = 0;
    int r = mmapx_os_stat(t->fd, &st);

    if (r == 0)
        r = mmapx_i_object_size(t->fd, &st, &length);
    if (r == 0 && length != t->length)
        r = length < t->length ? -EFAULT : -EINVAL;
    return r;
}

/* What can be known to fail is to fail before there is a journal. */
static int
check_room(const struct target *t, const struct header *h)
{
    int r;

    if (mmapx_os_is_sealed(t->fd, MMAPX_OS_WRITING)
        || mmapx_os_is_sealed(t->journal, MMAPX_OS_WRITING | MMAPX_OS_GROWING
                                              | MMAPX_OS_SHRINKING))
        return -EPERM;
    r = check_limit(t, h->end);
    return r == 0 ? mmapx_i_check_file_limit(h->length) : r;
}

/* A journal is left only where the file may have a part of it: it would undo
 * what is written to the file later. */
static int
commit_changes(const struct mmapx_i_commit *c, struct target *t)
{
    struct header h = { .length = HEADER };
    int r = mmapx_i_commit_walk(c, count, &h);

    if (r < 0 || h.pieces == 0)
        return r;
    r = check_room(t, &h);
    if (r < 0)
        return r;
    t->is_touched = false; /* by this journal */
    r = write_journal(c, t, &h);
    if (r == 0)
        r = check_length(t);
    if (r == 0)
        r = complete(t, &h);
    if (r < 0 && !t->is_touched)
        empty(t->journal, t->journal_st.identity);
    if (r < 0)
        return r;
    mmapx_i_commit_drop(c);
    return 0;
}

/* A journal that an earlier call has left is completed first: the file may be
 * between old and new. */
static int
commit_atomic(struct mmapx *m, int fd, int journal, size_t off, size_t len)
{
    struct mmapx_i_commit c;
    struct target t;
    int r = mmapx_i_commit_begin(&c, m, fd, off, len);

    if (r == 0)
        r = check_fds(&t, fd, journal);
    if (r < 0 || c.span.len == 0)
        return r;
    r = recover_target(&t);
    return r < 0 ? r : commit_changes(&c, &t);
}

static int
recover(int fd, int journal)
{
    struct target t;
    int r = check_fds(&t, fd, journal);

    return r < 0 ? r : recover_target(&t);
}

int
mmapx_commit_atomic(struct mmapx *m, int fd, int journal, size_t off,
                    size_t len)
{
    return mmapx_i_result(commit_atomic(m, fd, journal, off, len));
}

int
mmapx_recover(int fd, int journal)
{
    return mmapx_i_result(recover(fd, journal));
}

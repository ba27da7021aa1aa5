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
 */
#include "commit.h"
#include "journal_format.h"

enum { PART = 2048 }; /* bytes that are handled at once */

/* The two descriptors. */
struct target {
    int fd, journal;
    enum mmapx_os_type type; /* of the file */
    uintptr_t identity;
    uintptr_t since; /* the last loss before it began */
    int64_t length;
    int64_t limit;   /* no file is written behind it, because of SIGXFSZ */
    bool waits;      /* each write is to reach the disk */
    bool is_touched; /* the file may have a part of the journal */
    struct mmapx_i_written written; /* to the file */
    struct mmapx_os_stat journal_st;
};

/* --- Writing the file ----------------------------------------------------- */

/*
 * Some of *n bytes; *n becomes how many.  The system refuses a call before it
 * writes a byte, except where the disk has failed, or where the call waited for
 * the disk and it is the disk that refused.
 */
static int
write_some(struct target *t, const unsigned char *from, size_t *n, int64_t at)
{
    int64_t done = mmapx_i_write_some(t->fd, t->identity, from, *n, at);

    if (done > 0 || done == -EIO || t->waits)
        t->is_touched = true;
    *n = done > 0 ? (size_t)done : 0;
    if (done > 0)
        return 0;
    return done < 0 ? (int)done : -EIO;
}

static int
write_piece(void *arg, const struct mmapx_i_piece *piece)
{
    struct target *t = arg;
    int r = 0;

    for (size_t done = 0, n; done < piece->len && r == 0; done += n) {
        n = piece->len - done;
        r = write_some(t, piece->from + done, &n, piece->at + (int64_t)done);
    }
    return r < 0 ? r : mmapx_i_note_written(&t->written, piece->at, piece->len);
}

static int
copy(struct target *t, int64_t from, int64_t to, uint64_t len)
{
    unsigned char part[PART];
    int r = 0;

    for (size_t n; len > 0 && r == 0; len -= n) {
        n = len < PART ? (size_t)len : PART;
        r = mmapx_i_journal_read(t->journal, part, n, from);
        if (r == 0)
            r = write_some(t, part, &n, to);
        from += (int64_t)n;
        to += (int64_t)n;
    }
    return r;
}

/* Go through all records, and write what they have if that is asked for. */
static int
replay(struct target *t, const struct mmapx_i_journal *h, bool writes)
{
    int64_t from = MMAPX_I_JOURNAL_HEADER;
    int64_t at;
    uint64_t len;
    int r = 0;

    for (uint64_t i = 0; i < h->pieces && r == 0; i++) {
        r = mmapx_i_journal_read_record(t->journal, h, from, &at, &len);
        if (r < 0)
            break;
        from += MMAPX_I_JOURNAL_RECORD;
        if (t->type == MMAPX_OS_FILE && at + (int64_t)len > t->limit)
            r = -EFBIG;
        else if (writes)
            r = copy(t, from, at, len);
        from += (int64_t)(len + mmapx_i_journal_padding(len));
    }
    return r;
}

/* --- Writing the journal -------------------------------------------------- */

static int
write_to_journal(const struct target *t, const void *from, size_t len,
                 int64_t at)
{
    if (at + (int64_t)len > t->limit)
        return -EFBIG;
    return mmapx_i_write_all(t->journal,
                             mmapx_i_known_identity(&t->journal_st), from, len,
                             at);
}

static int
flush_journal(const struct target *t, uintptr_t since)
{
    return mmapx_i_flush_file(t->journal,
                              mmapx_i_known_identity(&t->journal_st), since);
}

/*
 * Empty the journal.  A header of zeros is on the disk first, and needs no
 * change of the file system's books; the cut may reach the disk whenever it
 * likes, but has to on a full btrfs, which has no room for the zeros.  What was
 * lost of the journal before does not matter.
 */
static int
empty(const struct target *t)
{
    unsigned char zeros[MMAPX_I_JOURNAL_HEADER] = { 0 };
    uintptr_t since = mmapx_i_last_loss();
    int r = write_to_journal(t, zeros, MMAPX_I_JOURNAL_HEADER, 0);

    if (r == 0 || mmapx_os_set_size(t->journal, 0) == 0)
        r = flush_journal(t, since);
    return r == 0 ? mmapx_os_set_size(t->journal, 0) : r;
}

/* --- The two descriptors -------------------------------------------------- */

static int
check_fds(struct target *t, int fd, int journal)
{
    struct mmapx_os_stat st;
    int r = mmapx_i_check_target(fd, MMAPX_OS_WRITES, &st);

    *t = (struct target){ .fd = fd, .journal = journal };
    t->since = mmapx_i_last_loss();
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
    t->identity = mmapx_i_known_identity(&st);
    t->written = (struct mmapx_i_written){ .fd = fd, .identity = t->identity };
    t->type = st.type;
    r = mmapx_i_object_size(fd, &st, &t->length);
    return r == 0 ? mmapx_os_file_limit(&t->limit) : r;
}

/* The file has all of the journal, once it is on the disk. */
static int
finish(const struct target *t)
{
    int r = mmapx_i_flush_file(t->fd, t->identity, t->since);

    return r == 0 ? empty(t) : r;
}

/*
 * Bring a whole journal into the file: 1.  A process that was killed while it
 * waited for the disk has left a journal that is whole in memory, and maybe
 * nowhere else: no byte of the file is written before it is on the disk.
 */
static int
complete(struct target *t, const struct mmapx_i_journal *h)
{
    int r;

    if (h->file_length != t->length)
        return -EINVAL;
    /* Nothing is written if a record is impossible, or beyond the limit. */
    r = replay(t, h, false);
    if (r == 0)
        r = flush_journal(t, t->since);
    if (r == 0)
        r = replay(t, h, true);
    if (r == 0)
        r = finish(t);
    return r < 0 ? r : 1;
}

static int
recover_target(struct target *t)
{
    struct mmapx_i_journal h = { 0 };
    int r;

    if (t->journal_st.size == 0)
        return 0;
    r = mmapx_i_journal_judge(t->journal, t->journal_st.size, &h);
    if (r < 0)
        return r;
    /* Neither ends without emptying the journal. */
    if (t->limit < MMAPX_I_JOURNAL_HEADER)
        return -EFBIG;
    return r == MMAPX_I_WHOLE ? complete(t, &h) : empty(t);
}

/* --- Making a journal ----------------------------------------------------- */

struct writer {
    const struct target *t;
    struct mmapx_i_journal h;
    struct mmapx_i_written written;
};

/* How long the journal will be. */
static int
count(void *arg, const struct mmapx_i_piece *piece)
{
    struct mmapx_i_journal *h = arg;

    h->length += MMAPX_I_JOURNAL_RECORD
                 + (int64_t)(piece->len + mmapx_i_journal_padding(piece->len));
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
    unsigned char place[MMAPX_I_JOURNAL_RECORD];
    int64_t begin = w->h.length;
    size_t rest = mmapx_i_journal_padding(piece->len);
    int r;

    mmapx_i_journal_encode_record(place, piece->at, piece->len);
    r = write_to_journal(w->t, place, MMAPX_I_JOURNAL_RECORD, begin);
    if (r == 0)
        r = write_to_journal(w->t, piece->from, piece->len,
                             begin + MMAPX_I_JOURNAL_RECORD);
    count(&w->h, piece);
    if (r == 0)
        r = write_to_journal(w->t, zeros, rest,
                             w->h.length - (int64_t)rest);
    if (r == 0)
        r = mmapx_i_journal_sum(w->t->journal, begin, w->h.length, &w->h.sum);
    return r < 0 ? r : mmapx_i_note_written(&w->written, begin, piece->len);
}

/* The whole journal, on the disk. */
static int
write_journal(struct mmapx_i_commit *c, const struct target *t,
              struct mmapx_i_journal *h)
{
    struct writer w = {
        .t = t,
        .h = { .file_length = t->length, .length = MMAPX_I_JOURNAL_HEADER },
        .written = { t->journal, mmapx_i_known_identity(&t->journal_st), 0, 0 },
    };
    unsigned char bytes[MMAPX_I_JOURNAL_HEADER];
    int r = mmapx_i_commit_walk(c, record, &w);

    mmapx_i_journal_encode(bytes, &w.h);
    if (r == 0)
        r = write_to_journal(t, bytes, MMAPX_I_JOURNAL_HEADER, 0);
    if (r == 0)
        r = flush_journal(t, t->since);
    *h = w.h;
    return r;
}

/* Whether the file is as long as the journal says: it could not be recovered
 * otherwise. */
static int
check_length(const struct target *t)
{
    int64_t length = 0;
    int r = mmapx_i_target_size(t->fd, t->type, &length);

    if (r == 0 && length != t->length)
        r = length < t->length ? -EFAULT : -EINVAL;
    return r;
}

/* What can be known to fail is to fail before there is a journal. */
static int
check_room(const struct target *t, const struct mmapx_i_journal *h)
{
    if (mmapx_os_is_sealed(t->fd, MMAPX_OS_WRITING)
        || mmapx_os_is_sealed(t->journal, MMAPX_OS_WRITING | MMAPX_OS_GROWING
                                              | MMAPX_OS_SHRINKING))
        return -EPERM;
    return h->length > t->limit ? -EFBIG : 0;
}

/*
 * The journal has what the mapping has, which is quicker to write from.  A
 * journal is left only where the file may have a part of it: it would undo what
 * is written to the file later.
 */
static int
commit_by_journal(struct mmapx_i_commit *c, struct target *t,
                  struct mmapx_i_journal *h)
{
    int r = write_journal(c, t, h);

    t->is_touched = false; /* by this journal */
    if (r == 0)
        r = check_length(t);
    if (r == 0)
        r = mmapx_i_commit_walk(c, write_piece, t);
    if (r == 0)
        r = finish(t);
    if (r < 0 && !t->is_touched)
        empty(t);
    return r;
}

/* A length that the file has got may not be on the disk yet.  After a crash the
 * journal would not fit, so that comes first; and so does what looks alike. */
static int
commit_changes(struct mmapx_i_commit *c, struct target *t)
{
    struct mmapx_i_journal h = { .length = MMAPX_I_JOURNAL_HEADER };
    int r = mmapx_i_commit_walk(c, count, &h);
    bool has_any = h.pieces > 0;

    if (r == 0 && has_any)
        r = check_room(t, &h);
    if (r == 0 && (c->has_compared || (has_any && t->type == MMAPX_OS_FILE)))
        r = mmapx_i_flush_file(t->fd, t->identity, t->since);
    if (r == 0 && has_any)
        r = commit_by_journal(c, t, &h);
    if (r == 0)
        mmapx_i_commit_drop(c);
    return r;
}

/* A journal that an earlier call has left is completed first: the file may be
 * between old and new. */
static int
commit_atomic(struct mmapx *m, int fd, int journal, size_t off, size_t len)
{
    struct mmapx_i_commit c;
    struct target t;
    int r = mmapx_i_commit_begin(&c, m, fd, off, len);

    if (r < 0)
        return r;
    r = check_fds(&t, fd, journal);
    if (r < 0 || c.span.len == 0)
        return r;
    r = recover_target(&t);
    if (r >= 0)
        r = commit_changes(&c, &t);
    if (r == 0 || t.is_touched)
        mmapx_i_commit_ended(&c, m, r);
    return r;
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

/* SPDX-License-Identifier: MIT */
/* Private changes into the file, when the program says so. */
#include "commit.h"

/* Whether fd can be used as needed says, and what it is.  An end to which each
 * write is appended is no place. */
int
mmapx_i_check_target(int fd, int needed, struct mmapx_os_stat *st)
{
    int access = mmapx_os_access(fd);
    int r;

    if (access < 0)
        return access;
    if ((access & needed) != needed)
        return -EBADF;
    r = mmapx_os_stat(fd, st);
    if (r < 0)
        return r;
    return (access & MMAPX_OS_APPENDS) != 0 ? -EINVAL : access;
}

/* Only a private mapping of a file or of a block device has changes that the
 * file does not have. */
static int
check_mapping(const struct mmapx *m)
{
    if (mmapx_i_kind(m) != MMAPX_I_FILE || mmapx_i_has_any(m, MMAPX_I_SHARED))
        return -EINVAL;
    return mmapx_i_page_size(m) == mmapx_os_page_size() ? 0 : -ENOTSUP;
}

int
mmapx_i_commit_begin(struct mmapx_i_commit *c, struct mmapx *m, int fd,
                     size_t off, size_t len)
{
    int r;

    *c = (struct mmapx_i_commit){
        .m = m,
        .fd = fd,
        .limit = INT64_MAX,
        .since = mmapx_i_last_loss(),
    };
    r = mmapx_i_span(m, off, len, MMAPX_I_OUTWARD, &c->span);
    if (r == 0)
        r = check_mapping(m);
    if (r == 0)
        r = mmapx_i_check_target(fd, MMAPX_OS_WRITES, &c->st);
    if (r < 0)
        return r;
    c->compares_with = (r & MMAPX_OS_READS) != 0 ? fd : -1;
    if (!mmapx_i_is_object(m, &c->st) || mmapx_i_is_copy(m, fd))
        return -EINVAL;
    if (mmapx_i_has_lost(m))
        mmapx_i_note(m, MMAPX_I_HALF_COMMITTED);
    return c->st.type == MMAPX_OS_FILE ? mmapx_os_file_limit(&c->limit) : 0;
}

/* What the file has of a run: the mapping's own bytes, up to the file's end. */
static struct mmapx_i_piece
clip(const struct mmapx *m, const struct mmapx_i_span *run, int64_t size)
{
    const unsigned char *begin = run->addr;
    const unsigned char *end = begin + run->len;
    const unsigned char *own = m->addr;
    struct mmapx_i_piece piece;
    int64_t left;

    /* Each page has at least one of the mapping's own bytes. */
    if (begin < own)
        begin = own;
    if (end > own + m->len)
        end = own + m->len;
    piece.from = begin;
    piece.at = mmapx_i_place_of(m, begin);
    piece.len = (size_t)(end - begin);
    left = piece.at < size ? size - piece.at : 0;
    if ((uint64_t)left < piece.len)
        piece.len = (size_t)left;
    return piece;
}

/* The bytes that a file or a device has at this moment. */
int
mmapx_i_target_size(int fd, enum mmapx_os_type type, int64_t *size)
{
    return type == MMAPX_OS_FILE ? mmapx_os_file_size(fd, size)
                                 : mmapx_os_device_size(fd, size);
}

/*
 * The file may be cut at any time, and is not to grow again by what is written:
 * its size is asked for each time.  It may grow as well.  So each piece is held
 * against the limit, behind which the kernel does not write, also in the middle
 * of a file, but sends SIGXFSZ.
 */
static int
take_run(const struct mmapx_i_commit *c, const struct mmapx_i_span *run,
         int (*fn)(void *arg, const struct mmapx_i_piece *piece), void *arg)
{
    struct mmapx_i_piece piece;
    int64_t size = 0;
    int r = mmapx_i_target_size(c->fd, c->st.type, &size);

    if (r < 0)
        return r;
    piece = clip(c->m, run, size);
    if (piece.len == 0)
        return 0;
    if (piece.at + (int64_t)piece.len > c->limit)
        return -EFBIG;
    return fn(arg, &piece);
}

/* Call fn for the changed bytes, in ascending order, until it fails. */
int
mmapx_i_commit_walk(struct mmapx_i_commit *c,
                    int (*fn)(void *arg, const struct mmapx_i_piece *piece),
                    void *arg)
{
    struct mmapx_i_changes changes;
    struct mmapx_i_span run;
    int r = mmapx_i_changes_begin(&changes, c->m, &c->span, c->compares_with);

    if (r < 0)
        return -EBADF;
    do {
        r = mmapx_i_changes_next(&changes, &run);
        if (r == 0 && run.len > 0)
            r = take_run(c, &run, fn, arg);
    } while (r == 0 && run.len > 0);
    c->has_compared |= changes.pages < 0;
    mmapx_i_changes_end(&changes);
    /* Comparing would do, if the descriptor could be read. */
    return r == -ENOTSUP && c->compares_with < 0 ? -EBADF : r;
}

/* --- Writing -------------------------------------------------------------- */

int
mmapx_i_write_all(int fd, uintptr_t identity, const void *from, size_t len,
                  int64_t at)
{
    const unsigned char *bytes = from;

    while (len > 0) {
        int64_t n = mmapx_i_write_some(fd, identity, bytes, len, at);

        if (n <= 0)
            return n < 0 ? (int)n : -EIO;
        bytes += n;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

/*
 * A failure is a lost write of the file's shared mappings.  So is what others
 * were told since a number: it may be this call's bytes that were lost.
 */
int
mmapx_i_flush_file(int fd, uintptr_t identity, uintptr_t since)
{
    struct mmapx_i_call *call = mmapx_i_report_begin(identity + 1);
    int r = mmapx_os_flush_data(fd);

    if (r < 0 && r != -EBADF)
        mmapx_i_lose(identity, r);
    mmapx_i_report_end(call);
    if (r < 0)
        return r;
    mmapx_i_report_await(identity + 1);
    return mmapx_i_lost_since(identity, since);
}

/* Pages that the disk is told of at once.  It takes them while the next ones
 * are copied; fewer made no difference. */
enum { PAGES_AT_ONCE = 64 };

/* What fails here may be told to nobody else: as in mmapx_i_flush_file(). */
int
mmapx_i_note_written(struct mmapx_i_written *w, int64_t at, size_t len)
{
    if (w->len == 0)
        w->from = at;
    w->len += len;
    if (w->len < PAGES_AT_ONCE * mmapx_os_page_size())
        return 0;
    w->len = 0;

    struct mmapx_i_call *call = mmapx_i_report_begin(w->identity + 1);
    int r = mmapx_os_begin_write(w->fd, w->from, at + (int64_t)len - w->from);

    if (r < 0)
        mmapx_i_lose(w->identity, r);
    mmapx_i_report_end(call);
    return r;
}

struct writer {
    struct mmapx_i_written written;
    bool has_written;
};

static int
write_piece(void *arg, const struct mmapx_i_piece *piece)
{
    struct writer *w = arg;
    int r;

    w->has_written = true;
    r = mmapx_i_write_all(w->written.fd, w->written.identity, piece->from,
                          piece->len, piece->at);
    return r < 0 ? r : mmapx_i_note_written(&w->written, piece->at, piece->len);
}

static int
pass(void *arg, const struct mmapx_i_piece *piece)
{
    (void)arg, (void)piece;
    return 0;
}

/* Find what lies beyond the limit before anything is written. */
static int
check_limit(struct mmapx_i_commit *c)
{
    unsigned char *end = c->span.addr + c->span.len;

    if (c->st.size <= c->limit || mmapx_i_place_of(c->m, end) <= c->limit)
        return 0;
    return mmapx_i_commit_walk(c, pass, NULL);
}

/* What is written now may be on the disk or not; once all of the mapping's is,
 * it can be found out by comparing again. */
void
mmapx_i_commit_ended(const struct mmapx_i_commit *c, struct mmapx *m, int r)
{
    if (r < 0)
        mmapx_i_note(m, MMAPX_I_HALF_COMMITTED);
    else if (c->span.len == mmapx_i_extent_of(m, m->len))
        mmapx_i_made_up_for(m, c->since);
}

/* By comparing nobody knows whether a page that does not differ was stored to,
 * and what somebody else wrote there need not be on the disk yet. */
static int
commit(struct mmapx *m, int fd, size_t off, size_t len)
{
    struct writer w = { .written = { .fd = fd } };
    struct mmapx_i_commit c;
    int r = mmapx_i_commit_begin(&c, m, fd, off, len);

    if (r < 0 || c.span.len == 0)
        return r;
    w.written.identity = mmapx_i_identity(m);
    r = check_limit(&c);
    if (r == 0)
        r = mmapx_i_commit_walk(&c, write_piece, &w);
    if (r == 0 && (w.has_written || c.has_compared))
        r = mmapx_i_flush_file(fd, w.written.identity, c.since);
    if (r == 0)
        mmapx_i_commit_drop(&c);
    if (r == 0 || w.has_written)
        mmapx_i_commit_ended(&c, m, r);
    return r;
}

/* --- Looking -------------------------------------------------------------- */

/* From the first page on: how many bytes are alike. */
static int
first_run(const struct mmapx *m, const struct mmapx_i_span *span, size_t *len,
          bool *is_changed)
{
    struct mmapx_i_changes changes;
    struct mmapx_i_span run;
    int r = mmapx_i_changes_begin(&changes, m, span, -1);

    if (r < 0)
        return r;
    r = mmapx_i_changes_next(&changes, &run);
    *is_changed = run.len > 0 && run.addr == span->addr;
    *len = run.len == 0 ? span->len : (size_t)(run.addr - span->addr);
    while (r == 0 && *is_changed && run.len > 0
           && run.addr == span->addr + *len) {
        *len += run.len;
        r = mmapx_i_changes_next(&changes, &run);
    }
    mmapx_i_changes_end(&changes);
    return r;
}

static int
changed_run(const struct mmapx *m, size_t off, struct mmapx_run *run)
{
    struct mmapx_i_span span = { NULL, 0 };
    bool is_changed = false;
    size_t left = MMAPX_TO_END;
    size_t len = 0;
    int r = mmapx_i_range(m, off, &left);

    if (r == 0)
        r = mmapx_i_span(m, off, left, MMAPX_I_OUTWARD, &span);
    if (r == 0)
        r = run == NULL ? -EINVAL : check_mapping(m);
    if (r == 0 && span.len > 0)
        r = first_run(m, &span, &len, &is_changed);
    if (r < 0)
        return r;
    span.len = len;
    len = mmapx_i_clip_run(m, off, left, &span);
    *run = (struct mmapx_run){ .off = off, .len = len,
                               .resident = is_changed };
    return 0;
}

int
mmapx_commit(struct mmapx *m, int fd, size_t off, size_t len)
{
    return mmapx_i_result(commit(m, fd, off, len));
}

int
mmapx_changed_run(const struct mmapx *m, size_t off, struct mmapx_run *run)
{
    return mmapx_i_result(changed_run(m, off, run));
}

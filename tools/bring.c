/* SPDX-License-Identifier: MIT */
/*
 * Bringing parts of a file into memory, those parts and little else.
 *
 * A long part goes through mmapx_cache_load(), which reads ahead.  Where parts
 * are short, what is read ahead of them is more than they are, so the system is
 * told not to; then many of them are asked for before the first is waited for.
 * Where they lie close together, one large request takes less time than many
 * small ones: all is read, and the gaps are given back.
 */
#include "tool.h"
#include "bring.h"
#include "fadvise.h"
#include "interrupt.h"
#include "libmmapx.h"
#include "survey.h"

#include <errno.h>
#include <unistd.h>

#ifdef SPLICE_F_MOVE /* which is Linux's, and so is this sendfile(2) */
#include <sys/sendfile.h>
#endif

/* A part of so many bytes is long; so many are read between two looks at the
 * signals; and so many of short parts wait for each other. */
enum { LONG_PART = 2 << 20, LONG_STEP = 16 << 20, WAITING = 4 << 20 };

/* Bytes that are begun in single pages before they are waited for. */
enum { SMALL_AHEAD = LONG_STEP };

/* Bytes that are asked for by one request: of a longer one the system reads no
 * more than its read-ahead window. */
enum { AT_ONCE = 128 << 10 };

/* To read over a gap of so many bytes takes as long as a request does. */
enum { SMALL_GAP = 32 << 10 };

void
bring_begin(struct bring *b, const struct tool_file *file,
            struct progress *progress)
{
    *b = (struct bring){ .file = file,
                         .progress = progress,
                         .pace = { LONG_STEP, LONG_STEP, 0 },
                         .advice = POSIX_FADV_NORMAL };
}

static void
advise(struct bring *b, int advice)
{
    if (b->advice != advice)
        posix_fadvise(b->file->fd, 0, 0, advice);
    b->advice = advice;
}

/* Begin to read a part. */
static void
begin_part(const struct tool_file *file, int64_t off, int64_t len)
{
    for (int64_t n, at = off; at < off + len; at += n) {
        n = off + len - at < AT_ONCE ? off + len - at : AT_ONCE;
        posix_fadvise(file->fd, (off_t)at, (off_t)n, POSIX_FADV_WILLNEED);
    }
}

/* Begin to read what is read next, for which the system takes single pages. */
static void
begin_small(const struct tool_file *file, int64_t off, int64_t end)
{
    struct mmapx_cache_range range = { off, end - off };

    if (range.len > SMALL_AHEAD)
        range.len = SMALL_AHEAD;
    if (range.len > 0)
        mmapx_cache_prefetch(file->fd, &range, 1);
}

static int
long_part(struct bring *b, int64_t off, int64_t len)
{
    int64_t end = off + len;

    advise(b, POSIX_FADV_NORMAL);
    if (b->small)
        begin_small(b->file, off, end);
    for (int64_t n; off < end; off += n) {
        if (tool_interrupted != 0)
            return EINTR;
        n = pace_next(&b->pace, off, end);
        if (b->small && n > SMALL_AHEAD)
            n = SMALL_AHEAD;
        if (b->small)
            begin_small(b->file, off + n, end);
        if (mmapx_cache_load(b->file->fd, off, n) < 0)
            return errno;
        progress_add(b->progress, b->file->path, n);
    }
    return 0;
}

/* Wait for some of what was begun, without a copy of it, where the system can.
 * Returns how many bytes, or -1. */
static ssize_t
wait_without_copy(int fd, int64_t off, size_t len)
{
#ifdef SPLICE_F_MOVE
    static int null = -2;
    off_t at = (off_t)off;

    if (null == -2)
        null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    return null < 0 ? -1 : sendfile(null, fd, &at, len);
#else
    (void)fd;
    (void)off;
    (void)len;
    return -1;
#endif
}

/* Read and forget, as far as the file reaches. */
static int
read_part(int fd, int64_t off, int64_t len)
{
    static char scratch[AT_ONCE];
    ssize_t n = 1;

    while (len > 0 && n > 0) {
        size_t some = len < AT_ONCE ? (size_t)len : AT_ONCE;

        n = wait_without_copy(fd, off, some);
        if (n < 0) /* this tells why, too */
            n = pread(fd, scratch, some, (off_t)off);
        if (n < 0 && errno == EINTR && tool_interrupted == 0) {
            n = 1;
            continue;
        }
        off += n;
        len -= n;
    }
    return n < 0 ? errno : 0;
}

/* --- Short parts ---------------------------------------------------------- */

static int64_t
end_of(const struct bring_part *part)
{
    return part->off + part->len;
}

static int64_t
span_of(const struct bring_batch *batch)
{
    return end_of(&batch->parts[batch->n - 1]) - batch->parts[0].off;
}

struct gaps {
    struct bring_batch *batch;
    size_t next;
};

/* What was in memory before is no gap to be given back. */
static void
keep_gap(const struct mmapx_cache_run *run, void *arg)
{
    struct gaps *gaps = arg;
    struct bring_part *parts = gaps->batch->parts;

    if (!run->cached)
        return;
    while (gaps->next < gaps->batch->n && parts[gaps->next].off <= run->off)
        gaps->next++;
    for (size_t i = gaps->next; i < gaps->batch->n; i++) {
        if (end_of(&parts[i - 1]) >= run->off + run->len)
            break;
        gaps->batch->has_gap[i] = false;
    }
}

/* Ask for a batch.  Nothing is waited for. */
static void
ask(struct bring *b, struct bring_batch *batch)
{
    int64_t begin = batch->parts[0].off;
    int64_t span = span_of(batch);
    int64_t gap = span - batch->bytes;
    struct gaps gaps = { .batch = batch, .next = 1 };

    advise(b, POSIX_FADV_RANDOM);
    batch->dense = gap <= SMALL_GAP * (int64_t)(batch->n - 1)
                   && survey_runs(b->file, begin, span, keep_gap, &gaps) == 0;
    if (batch->dense)
        begin_part(b->file, begin, span);
    for (size_t i = 0; i < batch->n && !batch->dense; i++)
        begin_part(b->file, batch->parts[i].off, batch->parts[i].len);
}

/* Give back whole pages between two parts. */
static void
give_gaps_back(const struct bring *b, const struct bring_batch *batch)
{
    int64_t page = (int64_t)mmapx_page_size(NULL);

    for (size_t i = 1; i < batch->n; i++) {
        int64_t begin = end_of(&batch->parts[i - 1]) + page - 1;
        int64_t end = batch->parts[i].off;

        begin -= begin % page;
        end -= end % page;
        if (batch->has_gap[i] && begin < end)
            posix_fadvise(b->file->fd, (off_t)begin, (off_t)(end - begin),
                          POSIX_FADV_DONTNEED);
    }
}

/* Wait for a batch. */
static int
wait_for(struct bring *b, struct bring_batch *batch)
{
    int error = 0;

    if (batch->n == 0)
        return 0;
    if (batch->dense) {
        error = read_part(b->file->fd, batch->parts[0].off, span_of(batch));
        give_gaps_back(b, batch);
    }
    for (size_t i = 0; i < batch->n && error == 0 && !batch->dense; i++)
        error = read_part(b->file->fd, batch->parts[i].off,
                          batch->parts[i].len);
    if (error == 0)
        progress_add(b->progress, b->file->path, batch->bytes);
    batch->n = 0;
    batch->bytes = 0;
    return error;
}

/* Ask for the next batch before the ones before it are waited for, so that the
 * disk is never without work: it reads while gaps are given back. */
static int
go_on(struct bring *b)
{
    struct bring_batch *batch = &b->batches[b->next];

    if (tool_interrupted != 0)
        return EINTR;
    if (batch->n > 0)
        ask(b, batch);
    b->next = (b->next + 1) % BRING_BATCHES;
    return wait_for(b, &b->batches[b->next]);
}

int
bring_end(struct bring *b)
{
    int error = 0;

    for (int i = 0; i < BRING_BATCHES && error == 0; i++)
        error = go_on(b);
    return error;
}

int
bring_part(struct bring *b, int64_t off, int64_t len)
{
    struct bring_batch *batch = &b->batches[b->next];
    bool all = off == 0 && len >= b->file->size; /* with nothing behind it */
    int error;

    if (len < LONG_PART && (!all || b->is_begun)) {
        batch->has_gap[batch->n] = true;
        batch->parts[batch->n++] = (struct bring_part){ off, len };
        batch->bytes += len;
        return batch->n == BRING_PARTS || span_of(batch) >= WAITING
                   ? go_on(b)
                   : 0;
    }
    error = bring_end(b);
    return error != 0 ? error : long_part(b, off, len);
}

/* --- Before a file's turn ------------------------------------------------- */

bool
bring_begin_early(const struct tool_file *file, int64_t off, int64_t len)
{
    if (!file->is_dense || len >= LONG_PART)
        return false;
    begin_part(file, off, len);
    return true;
}

void
bring_begin_parts(const struct tool_file *file, const struct bring_part *parts,
                  size_t n)
{
    int64_t left = LONG_PART - 1;

    for (size_t i = 0; i < n && parts[i].len <= left; i++) {
        left -= parts[i].len;
        begin_part(file, parts[i].off, parts[i].len);
    }
}

int
bring_wait_for(const struct tool_file *file, int64_t off, int64_t len)
{
    int error = read_part(file->fd, off, len);

    return error == 0 && tool_interrupted != 0 ? EINTR : error;
}

void
bring_next_data(int fd, int64_t *off, int64_t end, int64_t *data_end)
{
#if defined(SEEK_DATA) && defined(SEEK_HOLE)
    off_t data = lseek(fd, (off_t)*off, SEEK_DATA);
    off_t hole = data >= 0 ? lseek(fd, data, SEEK_HOLE) : -1;

    if (data < 0 && errno == ENXIO) {
        *off = *data_end = end;
    } else if (data < 0 || hole < data) {
        *data_end = end;
    } else {
        *off = data < end ? data : end;
        *data_end = hole < end ? hole : end;
    }
#else
    (void)fd;
    (void)off;
    *data_end = end;
#endif
}

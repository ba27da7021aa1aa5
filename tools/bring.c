/* SPDX-License-Identifier: MIT */
/*
 * Bringing parts of a file into memory, those parts and little else.
 *
 * A long part goes through mmapx_cache_load(), which reads ahead.  Where parts
 * are short, what is read ahead of them is more than they are, so the system is
 * told not to; then many of them are asked for before the first is waited for.
 * Where they lie close together, one large request takes less time than many
 * small ones: all is read, and the gaps are given back.  If they are in a block
 * that a huge page can hold, it is read as one.
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

/* So many parts, which reach over so many bytes, are worth a block's thread. */
enum { MANY_PARTS = 32, MOST_OF_BLOCK = BRING_BLOCK / 2 };

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

/* Whether parts lie so close together that the gaps are read, too. */
static bool
is_dense(const struct bring_batch *batch)
{
    return span_of(batch) - batch->bytes
           <= SMALL_GAP * (int64_t)(batch->n - 1);
}

/* Begin the block that a batch is in, of which nothing may be in memory. */
static bool
begin_block(struct bring *b, struct bring_batch *batch)
{
    int64_t off = batch->parts[0].off - batch->parts[0].off % BRING_BLOCK;

    return !b->no_blocks && batch->n >= MANY_PARTS
           && span_of(batch) >= MOST_OF_BLOCK
           && end_of(&batch->parts[batch->n - 1]) <= off + BRING_BLOCK
           && bring_block_is_fresh(b->file, off)
           && bring_block_begin(&batch->block, b->file, off,
                                end_of(&batch->parts[0]));
}

/* Ask for a batch.  Nothing is waited for. */
static void
ask(struct bring *b, struct bring_batch *batch)
{
    int64_t begin = batch->parts[0].off;
    int64_t span = span_of(batch);
    struct gaps gaps = { .batch = batch, .next = 1 };

    advise(b, POSIX_FADV_RANDOM);
    batch->dense = is_dense(batch);
    if (batch->dense && begin_block(b, batch))
        return;
    batch->dense = batch->dense
                   && survey_runs(b->file, begin, span, keep_gap, &gaps) == 0;
    if (batch->dense)
        begin_part(b->file, begin, span);
    for (size_t i = 0; i < batch->n && !batch->dense; i++)
        begin_part(b->file, batch->parts[i].off, batch->parts[i].len);
}

/* Give back whole pages. */
static void
give_back(const struct bring *b, int64_t begin, int64_t end)
{
    int64_t page = (int64_t)mmapx_page_size(NULL);

    begin += page - 1;
    begin -= begin % page;
    end -= end % page;
    if (begin < end)
        posix_fadvise(b->file->fd, (off_t)begin, (off_t)(end - begin),
                      POSIX_FADV_DONTNEED);
}

static void
give_gaps_back(const struct bring *b, const struct bring_batch *batch)
{
    for (size_t i = 1; i < batch->n; i++)
        if (batch->has_gap[i])
            give_back(b, end_of(&batch->parts[i - 1]), batch->parts[i].off);
}

/* Read what has been begun of a dense batch. */
static int
read_dense(const struct bring *b, const struct bring_batch *batch)
{
    int error = read_part(b->file->fd, batch->parts[0].off, span_of(batch));

    give_gaps_back(b, batch);
    return error;
}

/* Wait for a batch that is in a block.  It is not read here, which would begin
 * to read what follows, too.  What is not split goes as a whole, and the parts
 * are brought in without it. */
static int
wait_for_block(struct bring *b, struct bring_batch *batch)
{
    int64_t begin = batch->parts[0].off;
    int64_t end = begin + span_of(batch);
    int64_t off = batch->block.off;

    if (bring_block_end(&batch->block)) {
        b->no_blocks |= !batch->block.was_huge;
        give_gaps_back(b, batch);
        give_back(b, off, begin);
        give_back(b, end, off + BRING_BLOCK);
        if (bring_block_is_split(&batch->block, batch->bytes, batch->n))
            return 0;
    }
    b->no_blocks = true;
    give_back(b, off, off + BRING_BLOCK);
    begin_part(b->file, begin, end - begin);
    return read_dense(b, batch);
}

/* Wait for a batch. */
static int
wait_for(struct bring *b, struct bring_batch *batch)
{
    int error = 0;

    if (batch->n == 0)
        return 0;
    if (batch->dense)
        error = batch->block.is_begun ? wait_for_block(b, batch)
                                      : read_dense(b, batch);
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
bring_end(struct bring *b, int error)
{
    for (int i = 0; i < BRING_BATCHES && error == 0; i++)
        error = go_on(b);
    for (int i = 0; i < BRING_BATCHES; i++)
        bring_block_end(&b->batches[i].block);
    return error;
}

/* Whether a part can no longer be added to a batch: it is in another block than
 * those before, which are to be brought in as one. */
static bool
is_complete(const struct bring_batch *batch, int64_t off)
{
    return batch->n >= MANY_PARTS
           && off / BRING_BLOCK != batch->parts[0].off / BRING_BLOCK
           && is_dense(batch);
}

int
bring_part(struct bring *b, int64_t off, int64_t len)
{
    struct bring_batch *batch;
    bool all = off == 0 && len >= b->file->size; /* with nothing behind it */
    int error = is_complete(&b->batches[b->next], off) ? go_on(b) : 0;

    if (error != 0)
        return error;
    batch = &b->batches[b->next];
    if (len < LONG_PART && (!all || b->is_begun)) {
        batch->has_gap[batch->n] = true;
        batch->parts[batch->n++] = (struct bring_part){ off, len };
        batch->bytes += len;
        return batch->n == BRING_PARTS || span_of(batch) >= WAITING
                   ? go_on(b)
                   : 0;
    }
    error = bring_end(b, 0);
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

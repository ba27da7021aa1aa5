/* SPDX-License-Identifier: MIT */
/*
 * One file that is kept in memory: a mapping that is locked.
 *
 * A file takes one mapping, however it grows and whatever part of it is cached,
 * because the system limits how many a process may have (vm.max_map_count).
 */
#include "tool.h"
#include "held.h"
#include "identity.h"
#include "interrupt.h"
#include "survey.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes between two looks at the signals. */
enum { LOCK_STEP = 8 << 20 };

/* --- All of a file -------------------------------------------------------- */

enum { LOAD = 1, LOCK = 2 };

/* Load or lock the part from a byte on, or do both.  Pages are loaded before
 * they are locked: one that cannot be read is an error then. */
static int
in_steps(struct held *held, const struct tool_file *file,
         const struct hold *want, int64_t from, int what)
{
    int64_t n;

    for (int64_t at = from; at < want->bytes; at += n) {
        n = want->bytes - at < LOCK_STEP ? want->bytes - at : LOCK_STEP;
        if (tool_interrupted != 0)
            return EINTR;
        if ((what & LOAD) != 0
            && mmapx_cache_load(file->fd, want->off + at, n) < 0)
            return errno;
        if ((what & LOCK) != 0
            && mmapx_lock(&held->map, (size_t)at, (size_t)n, 0) < 0)
            return errno;
        if ((what & LOAD) != 0 && want->progress != NULL)
            want->progress(want->arg, file->path, n);
    }
    return 0;
}

/* --- What is cached of a file --------------------------------------------- */

struct touching {
    struct held *held;
    const struct hold *want;
    uint64_t pages;
};

/* A page that is touched in a mapping which is locked on fault is locked.  One
 * that has gone meanwhile is read again; one that cannot be read is left. */
static void
touch_run(const struct mmapx_cache_run *run, void *arg)
{
    const struct touching *t = arg;
    struct mmapx *m = &t->held->map;
    int64_t at = run->off - t->want->off;
    int64_t n;

    for (int64_t end = at + run->len; at < end && run->cached != 0
         && tool_interrupted == 0; at += n) {
        n = end - at < LOCK_STEP ? end - at : LOCK_STEP;
        mmapx_populate(m, (size_t)at, (size_t)n, MMAPX_POPULATE_READ);
        if (t->want->progress != NULL)
            t->want->progress(t->want->arg, t->held->path, n);
    }
}

/*
 * Locked pages stay in the cache.  So as long as as many pages are cached as
 * were locked, they are the same ones, and there is nothing to do.
 */
static int
lock_cached(struct held *held, const struct tool_file *file,
            const struct hold *want)
{
    struct touching t = { .held = held, .want = want };
    struct need need = { .cached = 0 };
    struct mmapx_cache c;
    int64_t cached;
    int error = survey_count(file, want->off, want->bytes, &c);

    if (error == 0 && c.known == 0)
        error = EPERM;
    if (error != 0)
        return error;
    if (c.cached == held->resident)
        return 0;
    cached = survey_bytes(c.cached, want->bytes);
    need_add(&need, file, 0, cached - held->locked);
    if (cached > held->locked && !want->fits(want->arg, &need))
        return HELD_NO_ROOM;
    error = survey_runs(file, want->off, want->bytes, touch_run, &t);
    if (error == 0) {
        held->resident = c.cached;
        held->locked = cached;
    }
    return error;
}

/* --- Parts of a file ------------------------------------------------------ */

/*
 * A part is locked by a call of its own, which takes two mappings more.  A file
 * of many parts is a mapping of which touched pages are locked; but a touch
 * locks its neighbours as well if they are cached.
 */
enum { MOST_CALLS = 64 };

static int
lock_part(struct held *held, const struct tool_file *file,
          const struct hold *want, int64_t at, int64_t n)
{
    int r = mmapx_cache_load(file->fd, at, n);

    if (r == 0 && held->on_fault)
        r = mmapx_populate(&held->map, (size_t)at, (size_t)n,
                           MMAPX_POPULATE_READ);
    else if (r == 0)
        r = mmapx_lock(&held->map, (size_t)at, (size_t)n, 0);
    if (r < 0)
        return errno;
    if (want->progress != NULL)
        want->progress(want->arg, file->path, n);
    return 0;
}

static int
lock_parts(struct held *held, const struct tool_file *file,
           const struct hold *want)
{
    int error = 0;

    for (size_t i = 0; i < want->n && error == 0; i++) {
        int64_t end = want->parts[i].off + want->parts[i].len;
        int64_t n;

        if (end > want->bytes)
            end = want->bytes;
        for (int64_t at = want->parts[i].off; at < end && error == 0; at += n) {
            n = end - at < LOCK_STEP ? end - at : LOCK_STEP;
            error = tool_interrupted != 0
                        ? EINTR
                        : lock_part(held, file, want, at, n);
        }
    }
    return error;
}

void
hold_need(struct need *need, const struct tool_file *file,
          const struct hold *want)
{
    if (want->parts == NULL) {
        need_look(need, file, want->off, want->bytes);
        return;
    }
    for (size_t i = 0; i < want->n; i++) {
        struct tool_range part = { want->parts[i].off, want->parts[i].len };

        need_look(need, file, part.off, tool_range_of(&part, want->bytes));
    }
}

/* --- Mappings ------------------------------------------------------------- */

/* Whether not everything is locked. */
static bool
is_lazy(const struct hold *want)
{
    return want->on_fault || want->parts != NULL;
}

/* On overlayfs a mapping stays with what was there when its descriptor was
 * opened, which may be some time ago.  So another one is opened after the look
 * at the birth, by which the next look sees whether it is mapped. */
static int
map_file(struct held *held, const struct tool_file *file,
         const struct hold *want)
{
    int fd = open_again(file->fd);
    int r;

    if (fd < 0)
        return -1;
    r = mmapx_map_region(&held->map, fd, want->off, (size_t)want->bytes,
                         PROT_READ, MAP_SHARED);
    close(fd);
    return r;
}

/* A file that is kept for the first time, or another one of the same name. */
static int
hold_new(struct held *held, const struct tool_file *file,
         const struct hold *want)
{
    struct survey empty;
    int r;

    held->device = file->device;
    held->inode = file->inode;
    /* What is empty may still be something that cannot be mapped. */
    if (want->bytes == 0)
        return survey_range(&empty, file, 0, 0);
    if ((uint64_t)want->bytes > SIZE_MAX / 2)
        return EOVERFLOW;
    r = map_file(held, file, want);
    if (r == 0 && (want->on_fault || want->n > MOST_CALLS)) {
        r = mmapx_lock(&held->map, 0, MMAPX_TO_END, MMAPX_LOCK_ONFAULT);
        held->on_fault = r == 0;
    }
    /* The limit counts all of the mapping; the parts alone may fit. */
    if (r < 0 && (held->map.addr == NULL || want->parts == NULL))
        return errno;
    return is_lazy(want) ? 0 : in_steps(held, file, want, 0, LOAD | LOCK);
}

/*
 * A file that has become longer.  Growing a mapping that is locked locks the
 * new part too, and reads it without looking at signals or errors: so the part
 * is loaded before.  A mapping that is locked in parts grows unlocked, so that
 * nothing between them is locked; they are locked again afterwards.
 */
static int
hold_more(struct held *held, const struct tool_file *file,
          const struct hold *want)
{
    int64_t had = (int64_t)held->map.len;
    int error = is_lazy(want) ? 0 : in_steps(held, file, want, had, LOAD);

    if (want->parts != NULL && !held->on_fault
        && mmapx_unlock(&held->map, 0, MMAPX_TO_END) < 0)
        error = errno;
    if (error == 0
        && mmapx_resize(&held->map, -1, (size_t)want->bytes,
                        MMAPX_RESIZE_MAYMOVE)
               < 0)
        error = errno;
    return error;
}

static bool
is_same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/*
 * Whether the file may have been changed since the last look.  If it was cut
 * and written again, or punched, its pages are no longer in the mapping.  What
 * has changed just now may do so again without another time.
 */
static bool
may_have_changed(struct held *held, const struct tool_file *file)
{
    struct timespec before = held->changed;
    struct stat st;

    held->changed = (struct timespec){ 0 };
    if (fstat(file->fd, &st) < 0)
        return true;
    if (time(NULL) - st.st_ctim.tv_sec > 2)
        held->changed = st.st_ctim;
    return !is_same_time(&before, &st.st_ctim);
}

/* What the mapping has of the file is locked, all that is wanted of it. */
static int
hold_again(struct held *held, const struct tool_file *file,
           const struct hold *want)
{
    if (want->parts != NULL)
        return lock_parts(held, file, want);
    if (!want->on_fault)
        return in_steps(held, file, want, 0, LOCK);
    held->resident = UINT64_MAX;
    return 0;
}

/* Whether there is room for what is not locked yet.  What is in memory already
 * is looked at only if there is not room for all of it. */
static bool
has_room(const struct held *held, const struct tool_file *file,
         const struct hold *want)
{
    int64_t cost = held->map.addr == NULL ? HELD_COST : 0;
    int64_t locked = need_round(held->locked);
    struct need need = { .absent = need_round(want->keep) - locked + cost };

    if (want->fits(want->arg, &need))
        return true;
    need = (struct need){ .absent = cost };
    hold_need(&need, file, want);
    need.cached = need.cached > locked ? need.cached - locked : 0;
    return want->fits(want->arg, &need);
}

/* The mapping, as long as it is to be.  What was kept for another file of the
 * name is given up first. */
static int
fit_mapping(struct held *held, const struct tool_file *file,
            const struct hold *want, bool same)
{
    int64_t had = same ? (int64_t)held->map.len : 0;
    bool changed;
    int error = 0;

    if (!same)
        held_release(held);
    changed = may_have_changed(held, file);
    if (!want->on_fault && want->keep > held->locked
        && !has_room(held, file, want))
        return HELD_NO_ROOM;
    if (!same)
        return hold_new(held, file, want);
    if (want->bytes > had)
        error = hold_more(held, file, want);
    else if (want->bytes < had
             && mmapx_resize(&held->map, -1, (size_t)want->bytes, 0) < 0)
        error = errno;
    /* Another length does not tell that the rest is as it was. */
    if (error != 0 || (!changed && want->bytes == had))
        return error;
    return hold_again(held, file, want);
}

/*
 * Whether the file was cut while it was being locked, and that is all that was
 * wrong: there is no page of what it lost.  It may have its length again
 * already.  That it has changed since excuses one failure and not the next one,
 * which may be a limit's.
 */
static bool
was_cut(struct held *held, const struct tool_file *file,
        const struct hold *want, const struct stat *before)
{
    bool excused = held->excused;
    struct stat st;

    if (fstat(file->fd, &st) < 0 || !S_ISREG(st.st_mode))
        return false;
    if (st.st_size < want->off + want->bytes)
        return true;
    held->excused = !excused && !is_same_time(&st.st_ctim, &before->st_ctim);
    return held->excused;
}

int
held_update(struct held *held, const struct tool_file *file,
            const struct hold *want)
{
    struct timespec birth = identity_birth(file->fd);
    bool same = held->map.addr != NULL && held->device == file->device
                && held->inode == file->inode
                && is_same_time(&held->birth, &birth) && want->bytes > 0;
    struct stat before = { 0 };
    int error;

    held->birth = birth;
    fstat(file->fd, &before);
    error = fit_mapping(held, file, want, same);
    if (error == 0 && want->parts != NULL && !same && want->bytes > 0)
        error = lock_parts(held, file, want);
    else if (error == 0 && want->on_fault && held->map.addr != NULL)
        error = lock_cached(held, file, want);
    if (error == 0) {
        held->locked = want->on_fault ? held->locked : want->keep;
        held->excused = false;
        return 0;
    }
    if (!same)
        held_release(held);
    /* The next look finds it with the size that it then has. */
    return (error == ENOMEM || error == EFAULT)
                   && was_cut(held, file, want, &before)
               ? 0
               : error;
}

bool
held_is(const struct held *held, const struct stat *st)
{
    return held->device == st->st_dev && held->inode == st->st_ino;
}

void
held_release(struct held *held)
{
    mmapx_unmap(&held->map);
    held->locked = 0;
    held->resident = 0;
    held->changed = (struct timespec){ 0 };
}

/* SPDX-License-Identifier: MIT */
/*
 * Lost writes.  The kernel tells of one once for each open of the file, and
 * the first caller that syncs is told; but the pages of every shared mapping of
 * that file may be among those that were lost.
 *
 * So the losses that the library has seen are numbered.  A table has the last
 * one of each file, and each handle has the number of the last one that was
 * there when it was made or reset: what came later concerns it.  Nothing in
 * the table is ever taken away, every change is one atomic store, and nobody
 * waits: a child of fork(2) finds the table whole at any moment.
 */
#include "internal.h"

/* Files that the table has room for.  A loss in any further one counts for all
 * files: a report too many, and none too few. */
enum { FILES = 1024 };

/*
 * A loss is its number and its errno in one word.  A handle has as many bits
 * for a number as its word leaves; numbers are counted modulo that.  On 32 bits
 * a handle that is older than half of them, 16384 losses, reports one, and
 * after 32768 they begin again: the page says so.
 */
enum { ERRNO_BITS = 12 };
#define NUMBERS (((uintptr_t)1 << (sizeof(uintptr_t) > 4 ? 51 : 15)) - 1)

static uintptr_t last_number;
static uintptr_t last_loss;  /* of any file */
static uintptr_t other_loss; /* of files that found no place */
static struct {
    uintptr_t key;
    uintptr_t loss;
} files[FILES];

/* How many losses ago a number was the last one. */
static uintptr_t
age(uintptr_t number, uintptr_t now)
{
    return (now - number) & NUMBERS;
}

/*
 * Losses are noted by several threads: the latest stays.  Which one that is
 * follows from how long ago each was, since the one that is there may be older
 * than half of the numbers.  The place is read before the number that is the
 * last one, so that the loss there is one of those counted.
 */
static void
note(uintptr_t *place, uintptr_t loss)
{
    uintptr_t there = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    bool is_later;

    do {
        uintptr_t now = __atomic_load_n(&last_number, __ATOMIC_ACQUIRE);

        is_later = there != 0
                   && age(there >> ERRNO_BITS, now)
                          < age(loss >> ERRNO_BITS, now);
    } while (!is_later
             && !__atomic_compare_exchange_n(place, &there, loss, false,
                                             __ATOMIC_ACQ_REL,
                                             __ATOMIC_ACQUIRE));
}

/* The place of a file's loss; NULL if it has none yet.  With add it gets one,
 * or the one of all others. */
static uintptr_t *
find(uintptr_t key, bool add)
{
    for (size_t i = 0; i < FILES; i++) {
        uintptr_t found = __atomic_load_n(&files[i].key, __ATOMIC_ACQUIRE);

        if (found == 0 && !add)
            return NULL;
        if (found == 0
            && __atomic_compare_exchange_n(&files[i].key, &found, key, false,
                                           __ATOMIC_ACQ_REL,
                                           __ATOMIC_ACQUIRE))
            found = key;
        if (found == key)
            return &files[i].loss;
    }
    return add ? &other_loss : NULL;
}

static void
lose(uintptr_t *place, int r)
{
    uintptr_t number = __atomic_add_fetch(&last_number, 1, __ATOMIC_ACQ_REL);
    uintptr_t loss = (number & NUMBERS) << ERRNO_BITS | (uintptr_t)-r;

    note(place, loss);
    note(&last_loss, loss);
}

/* A loss, -errno, in the file with that identity; no file has the key 0. */
void
mmapx_i_lose(uintptr_t identity, int r)
{
    lose(find(identity + 1, true), r);
}

/* --- What a handle knows -------------------------------------------------- */

/*
 * The handle's word has the errno that it remembers or, marked by a bit, the
 * number of the last loss before it.  Threads may sync one mapping side by
 * side, so the word is changed in one step.  32-bit systems keep something else
 * in its upper half.
 */
#define WORD (sizeof(uintptr_t) > 4 ? UINTPTR_MAX : (uintptr_t)0xffff)
#define NUMBERED (WORD ^ WORD >> 1)

static uintptr_t
word(const struct mmapx *m)
{
    return __atomic_load_n(&m->reserved[MMAPX_I_ERROR], __ATOMIC_RELAXED);
}

static void
set_number(struct mmapx *m, uintptr_t number)
{
    __atomic_store_n(&m->reserved[MMAPX_I_ERROR],
                     (word(m) & ~WORD) | NUMBERED | number, __ATOMIC_RELAXED);
}

/* Whether a loss may be of that file, whenever it was. */
static bool
was_ever_lost(uintptr_t identity)
{
    const uintptr_t *place = find(identity + 1, false);

    return (place != NULL && __atomic_load_n(place, __ATOMIC_ACQUIRE) != 0)
           || __atomic_load_n(&other_loss, __ATOMIC_ACQUIRE) != 0;
}

/* Whatever has been lost so far does not concern the mapping; except that the
 * page cache has what the disk may not have, so that a commit cannot compare
 * with it. */
void
mmapx_i_forget_losses(struct mmapx *m)
{
    set_number(m, mmapx_i_last_loss());
    if (mmapx_i_kind(m) == MMAPX_I_FILE && !mmapx_i_has_any(m, MMAPX_I_SHARED)
        && was_ever_lost(mmapx_i_identity(m)))
        mmapx_i_note(m, MMAPX_I_HALF_COMMITTED);
}

/* Whether anything of the file may have been lost since then, whoever lost
 * it. */
bool
mmapx_i_has_lost(const struct mmapx *m)
{
    uintptr_t known = word(m) & WORD;

    return (known & NUMBERED) == 0
           || mmapx_i_lost_since(mmapx_i_identity(m), known & NUMBERS) < 0;
}

/* A private mapping has written all of its own once more, after the loss of
 * that number.  What it remembers stays. */
void
mmapx_i_made_up_for(struct mmapx *m, uintptr_t number)
{
    m->reserved[MMAPX_I_INFO] &= ~(uintptr_t)MMAPX_I_HALF_COMMITTED;
    if (mmapx_i_remembered(m) == 0)
        set_number(m, number);
}

/* The failure that the handle remembers, as -errno; 0 if there is none. */
int
mmapx_i_remembered(const struct mmapx *m)
{
    uintptr_t known = word(m) & WORD;

    return (known & NUMBERED) != 0 ? 0 : -(int)known;
}

/* Remember a failure, -errno, unless there is one already.  Returns the one
 * that is remembered. */
int
mmapx_i_remember(struct mmapx *m, int r)
{
    uintptr_t known = word(m);

    while ((known & NUMBERED) != 0
           && !__atomic_compare_exchange_n(
               &m->reserved[MMAPX_I_ERROR], &known,
               (known & ~WORD) | (uintptr_t)-r, false, __ATOMIC_RELAXED,
               __ATOMIC_RELAXED))
        ;
    return mmapx_i_remembered(m);
}

/* What two mappings know becomes what one of them knows: a failure that either
 * remembers, or else the earlier number. */
void
mmapx_i_join_losses(struct mmapx *m, const struct mmapx *other)
{
    uintptr_t now = __atomic_load_n(&last_number, __ATOMIC_ACQUIRE);
    int r = mmapx_i_remembered(other);

    if (r < 0)
        mmapx_i_remember(m, r);
    else if (mmapx_i_remembered(m) == 0
             && age(word(other) & NUMBERS, now) > age(word(m) & NUMBERS, now))
        m->reserved[MMAPX_I_ERROR]
            = (word(m) & ~WORD) | (word(other) & WORD);
}

/* The error of the loss at a place, as -errno, if it came after number.  The
 * place is read first, so that the loss there is one of those counted. */
static int
error_since(const uintptr_t *place, uintptr_t number)
{
    uintptr_t loss = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    uintptr_t now = __atomic_load_n(&last_number, __ATOMIC_ACQUIRE);

    if (loss == 0 || age(loss >> ERRNO_BITS, now) >= age(number, now))
        return 0;
    return -(int)(loss & ((1 << ERRNO_BITS) - 1));
}

/* The number of the last loss, for mmapx_i_lost_since(). */
uintptr_t
mmapx_i_last_loss(void)
{
    return __atomic_load_n(&last_number, __ATOMIC_ACQUIRE) & NUMBERS;
}

/* What was lost of the file with that identity since then: -errno, or 0. */
int
mmapx_i_lost_since(uintptr_t identity, uintptr_t number)
{
    uintptr_t now = mmapx_i_last_loss();
    const uintptr_t *place;
    int r;

    if (age(number, now) == 0)
        return 0;
    if (age(number, now) > NUMBERS / 2)
        return -EIO;
    place = find(identity + 1, false);
    r = place != NULL ? error_since(place, number) : 0;
    return r < 0 ? r : error_since(&other_loss, number);
}

/*
 * What was lost of the mapping's file, seen through whichever mapping, since
 * the handle was made or reset: -errno, or 0.  Nobody knows which file a view
 * is of, so every loss may concern it.  A private mapping has nothing that
 * could be lost.  Another thread may have made the handle remember something.
 */
int
mmapx_i_lost(const struct mmapx *m)
{
    uintptr_t known = word(m) & WORD;
    uintptr_t number = known & NUMBERS;

    if ((known & NUMBERED) == 0)
        return -(int)known;
    if (mmapx_i_kind(m) == MMAPX_I_VIEW && number != mmapx_i_last_loss())
        return error_since(&last_loss, number);
    if (!mmapx_i_has_any(m, MMAPX_I_SHARED))
        return 0;
    return mmapx_i_lost_since(mmapx_i_identity(m), number);
}

/* A loss that a sync of this mapping was told of: -errno, which is returned.
 * Anonymous memory has no file that others could have mapped. */
int
mmapx_i_lose_of(struct mmapx *m, int r)
{
    enum mmapx_i_kind kind = mmapx_i_kind(m);

    if (kind == MMAPX_I_VIEW)
        lose(&other_loss, r);
    else if (kind != MMAPX_I_ANON)
        mmapx_i_lose(mmapx_i_identity(m), r);
    mmapx_i_remember(m, r);
    return r;
}

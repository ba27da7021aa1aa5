/* SPDX-License-Identifier: MIT */
/* Why files stay in memory although the system was asked to drop them. */
#include "tool.h"
#include "interrupt.h"
#include "mounts.h"
#include "screen.h"
#include "stay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Files and processes that a line names. */
enum { NAMED = 3 };

void
stay_begin(struct stays *s)
{
    *s = (struct stays){ 0 };
    for (size_t i = 0; i < STAY_REASONS; i++)
        s->reasons[i].largest.most = NAMED;
}

void
stay_free(struct stays *s)
{
    for (size_t i = 0; i < STAY_REASONS; i++) {
        largest_free(&s->reasons[i].largest);
        free(s->reasons[i].who.list);
    }
    who_forget();
}

/* --- Finding out ---------------------------------------------------------- */

static void
add(struct stays *s, enum stay_reason reason, const struct work_file *f,
    int64_t bytes)
{
    struct stay *stay = &s->reasons[reason];
    struct largest_row row = { .name = (char *)(uintptr_t)f->file->path,
                               .survey.cached = bytes };

    s->last[reason] = bytes;
    if (bytes <= 0)
        return;
    stay->bytes = tool_sum(stay->bytes, bytes);
    stay->files++;
    largest_add(&stay->largest, &row);
}

/* Processes are looked at when something has stayed for the first time. */
static const struct who *
mapped_by(const struct work_file *f)
{
    static bool looked;

    if (!looked)
        who_look();
    looked = true;
    return who_maps(f->file->device, f->file->inode);
}

/* On some file systems the pages alone tell what is dirty. */
static bool
is_told_of_dirty(const struct work_file *f)
{
    return (f->after.known & MMAPX_CACHE_DIRTY) != 0;
}

/* What is neither known to be dirty nor in memory's own file system, as far as
 * the kernel lets this program look at pages. */
static void
add_by_pages(struct stays *s, const struct work_file *f, int64_t rest,
             const struct stay_pages *pages)
{
    const struct who *who = mapped_by(f);
    const struct who *locks = who_locks(f->file->device, f->file->inode);
    int64_t dirty
        = is_told_of_dirty(f) ? 0 : survey_bytes(pages->dirty, rest);
    int64_t locked = survey_bytes(pages->locked, rest - dirty);
    int64_t mapped = survey_bytes(pages->mapped, rest - dirty - locked);

    /* Of a large unit of the cache the kernel may not note that it is locked,
     * and who else would have mapped it? */
    if (locks != NULL && who != NULL && locks->n == who->n) {
        locked += mapped;
        mapped = 0;
    }
    if (dirty > 0)
        add(s, STAY_DIRTY, f, dirty);
    add(s, STAY_LOCKED, f, locked);
    add(s, STAY_MAPPED, f, mapped);
    /* What was dirty a moment ago may have been written back by now. */
    add(s, is_told_of_dirty(f) ? STAY_IN_USE : STAY_UNKNOWN, f,
        rest - dirty - locked - mapped);
    if (locked > 0)
        who_add(&s->reasons[STAY_LOCKED].who, locks);
    if (mapped > 0)
        who_add(&s->reasons[STAY_MAPPED].who, who);
}

/* The same by processes alone: all of it is locked or mapped by those who have
 * mapped the file, or in use if nobody has. */
static void
add_by_processes(struct stays *s, const struct work_file *f, int64_t rest)
{
    const struct who *who = mapped_by(f);
    const struct who *locks = who_locks(f->file->device, f->file->inode);
    enum stay_reason reason = STAY_UNKNOWN;

    if (locks != NULL && locks->n > 0)
        reason = STAY_LOCKED;
    else if (who != NULL && who->n > 0)
        reason = STAY_MAPPED;
    else if (who_closed() == 0 && !who_hidden() && is_told_of_dirty(f))
        reason = STAY_IN_USE;
    add(s, reason, f, rest);
    who_add(&s->reasons[reason].who, reason == STAY_LOCKED ? locks : who);
}

void
stay_add(struct stays *s, const struct work_file *f)
{
    int64_t rest = f->after.cached;
    int64_t dirty = tool_sum(f->after.dirty, f->after.writeback);
    struct stay_pages pages;

    memset(s->last, 0, sizeof s->last);
    if (file_system_of(f->file->fd) == FS_MEMORY) {
        add(s, STAY_MEMORY, f, rest);
        return;
    }
    dirty = dirty < rest ? dirty : rest;
    add(s, STAY_DIRTY, f, dirty);
    rest -= dirty;
    if (rest == 0)
        return;
    if (stay_count_pages(&pages, f) == 0)
        add_by_pages(s, f, rest, &pages);
    else if (tool_interrupted == 0)
        add_by_processes(s, f, rest);
}

/* --- Saying --------------------------------------------------------------- */

static void
print_who(const struct who *who)
{
    for (size_t i = 0; i < who->n && i < NAMED; i++) {
        fputs(i == 0 ? " by " : ", ", stdout);
        tool_name(stdout, who->list[i]->name);
        printf(" (%jd)", (intmax_t)who->list[i]->pid);
    }
    if (who->n > NAMED)
        printf(" and %zu more", who->n - NAMED);
    if (who->n == 0)
        fputs(", by whom is not known", stdout);
}

static void
print_files(const struct stay *stay, const struct tool_options *o)
{
    struct largest largest = stay->largest;
    char size[24];

    largest_sort(&largest);
    for (size_t i = 0; i < largest.n; i++) {
        fputs(i == 0 ? ": " : ", ", stdout);
        tool_name(stdout, largest.rows[i].name);
        if (stay->files > 1)
            printf(" (%s)", tool_size(size, largest.rows[i].survey.cached,
                                      o->bytes));
    }
    if (stay->files > largest.n)
        printf(" and %zu more", stay->files - largest.n);
    putchar('\n');
}

void
stay_print(const struct stays *s, const struct tool_options *o)
{
    static const char *const texts[STAY_REASONS] = {
        [STAY_DIRTY] = "dirty, to be written back first",
        [STAY_LOCKED] = "locked",
        [STAY_MAPPED] = "mapped",
        [STAY_MEMORY] = "in a file system that is in memory only",
        [STAY_IN_USE] = "in use",
        [STAY_UNKNOWN] = "not known why: dirty, locked, mapped or in use",
    };
    char size[24];

    for (size_t i = 0; i < STAY_REASONS; i++) {
        const struct stay *stay = &s->reasons[i];

        if (stay->files == 0)
            continue;
        printf("%s stayed: %s", tool_size(size, stay->bytes, o->bytes),
               texts[i]);
        if (i == STAY_DIRTY && !o->sync)
            fputs(" (--sync does that)", stdout);
        if (i == STAY_IN_USE && o->range.n > 0)
            fputs(", or part of a larger unit of the cache", stdout);
        if (i == STAY_LOCKED || i == STAY_MAPPED)
            print_who(&stay->who);
        print_files(stay, o);
    }
}

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

/* Files and processes that a line names, and room for its beginning. */
enum { NAMED = 3, REASON = 160 };

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
    stay_close_tables();
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

    /* The kernel may not note that a large unit of the cache is locked, and who
     * else would have mapped it? */
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
    if (!f->file->is_device && file_system_of(f->file->fd) == FS_MEMORY) {
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

/* "1.0M stayed: mapped", in ASCII.  Returns the columns. */
static size_t
describe(char text[static REASON], const struct stays *s, size_t reason,
         const struct tool_options *o)
{
    static const char *const texts[STAY_REASONS] = {
        [STAY_DIRTY] = "dirty, to be written back first",
        [STAY_LOCKED] = "locked",
        [STAY_MAPPED] = "mapped",
        [STAY_MEMORY] = "in a file system that is in memory only",
        [STAY_IN_USE] = "in use",
        [STAY_UNKNOWN] = "reason not known: dirty, locked, mapped or in use",
    };
    const struct stay *stay = &s->reasons[reason];
    bool has_who = reason == STAY_LOCKED || reason == STAY_MAPPED;
    const char *more = "";
    char size[24];

    if (reason == STAY_DIRTY && !o->sync)
        more = " (--sync does that)";
    else if (reason == STAY_IN_USE && o->range.n > 0)
        more = ", or part of a larger unit of the cache";
    else if (has_who)
        more = stay->who.n > 0 ? " by " : ", by whom is not known";
    return (size_t)snprintf(text, REASON, "%s stayed: %s%s",
                            tool_size(size, stay->bytes, o->bytes),
                            texts[reason], more);
}

/* One of several files has its size behind it. */
static size_t
describe_size(char text[static 32], const struct stay *stay, size_t i,
              const struct tool_options *o)
{
    char size[24];

    text[0] = '\0';
    if (stay->files > 1)
        snprintf(text, 32, " (%s)",
                 tool_size(size, stay->largest.rows[i].survey.cached,
                           o->bytes));
    return strlen(text);
}

/* On the same line, ": NAME, NAME and 2 more".  Returns the columns; a NULL
 * stream prints nothing. */
static size_t
print_beside(FILE *out, const struct stay *stay, const struct tool_options *o)
{
    size_t columns = 0;
    char text[48];

    for (size_t i = 0; i < stay->largest.n; i++) {
        if (out != NULL)
            fputs(i == 0 ? ": " : ", ", out);
        columns += 2 + tool_name(out, stay->largest.rows[i].name);
        columns += describe_size(text, stay, i, o);
        if (out != NULL)
            fputs(text, out);
    }
    text[0] = '\0';
    if (stay->files > stay->largest.n)
        snprintf(text, sizeof text, " and %zu more",
                 stay->files - stay->largest.n);
    if (out != NULL)
        fprintf(out, "%s\n", text);
    return columns + strlen(text);
}

/* Below it, a line for each, cut in the middle. */
static void
print_below(const struct tool_screen *screen, const struct stay *stay,
            const struct tool_options *o)
{
    enum { INDENT = 4, LEAST = 8 };
    char text[32];

    puts(":");
    for (size_t i = 0; i < stay->largest.n; i++) {
        size_t used = INDENT + describe_size(text, stay, i, o);

        printf("%*s", INDENT, "");
        tool_name_cut(screen, stay->largest.rows[i].name,
                      screen->columns > used + LEAST ? screen->columns - used
                                                     : LEAST);
        puts(text);
    }
    if (stay->files > stay->largest.n)
        printf("%*sand %zu more\n", INDENT, "",
               stay->files - stay->largest.n);
}

/* A terminal shows what fits into its lines. */
static void
print_stay(const struct tool_screen *screen, const struct stays *s,
           size_t reason, const struct tool_options *o)
{
    const struct stay *stay = &s->reasons[reason];
    char text[REASON];
    size_t columns = describe(text, s, reason, o);
    size_t left = screen->columns > columns ? screen->columns - columns : 1;
    size_t named = who_fitting(&stay->who, NAMED,
                               screen->columns > 0 ? left - 1 : 0);

    fputs(text, stdout);
    columns += who_print(stdout, &stay->who, named);
    if (screen->columns == 0
        || columns + print_beside(NULL, stay, o) <= screen->columns)
        print_beside(stdout, stay, o);
    else
        print_below(screen, stay, o);
}

void
stay_print(struct stays *s, const struct tool_options *o)
{
    struct tool_screen screen;

    tool_screen_of(&screen, stdout, o->colour);
    for (size_t i = 0; i < STAY_REASONS; i++) {
        largest_sort(&s->reasons[i].largest);
        if (s->reasons[i].files > 0)
            print_stay(&screen, s, i, o);
    }
}

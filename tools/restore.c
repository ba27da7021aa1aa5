/* SPDX-License-Identifier: MIT */
/*
 * mmapx restore: load what a snapshot lists.
 *
 * A snapshot may come from anywhere.  All of it is checked before anything is
 * done, and for each file only its place in the snapshot is kept in memory.
 * Files live on meanwhile: what is left of the ranges is loaded, and it is no
 * failure that a file has changed or gone.  Files are looked up, and later
 * opened and begun, ahead of their turn.
 */
#include "tool.h"
#include "commands.h"
#include "interrupt.h"
#include "json.h"
#include "memory.h"
#include "open.h"
#include "pace.h"
#include "restore.h"
#include "screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const state_names[RESTORE_STATES]
    = { "same", "grown", "cut", "gone" };

int
restore_damaged(const struct restore *s)
{
    snapshot_complain(&s->reader, s->name);
    return TOOL_FAILED;
}

void
restore_tell(struct restore *s, const char *path, enum restore_state state,
             int64_t there)
{
    if (s->counting)
        return;
    s->states[state]++;
    progress_hide();
    if (s->o->json) {
        json_line(json_pack("{s:o, s:o, s:s}", "path", json_path(path),
                            "loaded",
                            there < 0 ? json_null() : json_integer(there),
                            "state", state_names[state]));
    } else if (s->o->verbose && state != RESTORE_SAME) {
        tool_name(stdout, path);
        printf(": %s since the snapshot\n", state_names[state]);
    }
}

/* Whether there is room for what is not in memory yet. */
static bool
fits_by_count(struct restore *s, const struct memory *memory)
{
    s->counting = true;
    restore_load(s);
    s->counting = false;
    return need_of(&s->need, memory) <= memory->available;
}

/* What is more than there is room for is loaded all the same, but not without a
 * word; then what came first may have gone for what came last. */
static void
load_into_room(struct restore *s)
{
    struct memory memory;
    bool fits;

    memory_look(&memory);
    fits = s->needed <= memory.available || fits_by_count(s, &memory);
    if (!fits && tool_interrupted == 0)
        memory_complain(&memory, NULL, "restored", need_of(&s->need, &memory),
                        s->o->bytes);
    restore_load(s);
    progress_hide();
    if (tool_interrupted == 0 && (!fits || restore_has_lost(s))) {
        s->counting = true;
        restore_load(s);
    }
    if (s->lacks > 0)
        s->status = TOOL_FAILED;
}

/* --- What came of it ------------------------------------------------------ */

/* "since the snapshot 1 file has gone, and 2 changed in size", or a half. */
static void
print_changes(const struct restore *s)
{
    size_t changed = s->states[RESTORE_GROWN] + s->states[RESTORE_CUT];
    size_t gone = s->states[RESTORE_GONE];

    if (gone + changed == 0)
        return;
    fputs("since the snapshot ", stdout);
    if (gone > 0)
        printf("%zu file%s gone", gone, gone == 1 ? " has" : "s have");
    if (gone > 0 && changed > 0)
        printf(", and %zu changed in size", changed);
    else if (changed > 0)
        printf("%zu file%s changed in size", changed,
               changed == 1 ? " has" : "s have");
    puts(s->o->verbose ? "" : " (-v lists them)");
}

static void
print_summary(const struct restore *s, double seconds)
{
    char some[24], lacks[24];

    printf(s->unknown ? "went through %s, which the system says nothing about"
                      : "restored %s",
           tool_size(some, s->there, s->o->bytes));
    printf(" in %zu file%s, %.1f s\n", s->files, s->files == 1 ? "" : "s",
           seconds);
    print_changes(s);
    if (s->lacks > 0)
        printf("%s are not in memory: they did not stay\n",
               tool_size(lacks, s->lacks, s->o->bytes));
}

/* An interruption does not keep it from saying how far it came. */
static void
say_restored(const struct restore *s, double seconds)
{
    if (!s->o->json && !s->o->quiet)
        print_summary(s, seconds);
    else if (s->lacks > 0)
        memory_complain_gone(s->lacks, s->o->bytes);
}

int
tool_restore(const struct tool_options *o)
{
    struct restore s = { .o = o, .name = o->paths[0] };
    double began = tool_seconds();
    int status = TOOL_FAILED;

    tool_catch_signals();
    s.reader.in = snapshot_open(o->paths[0]);
    if (s.reader.in != NULL) {
        status = restore_check(&s);
        progress_begin(&s.progress, o, "restoring", s.wanted);
        if (status == TOOL_OK)
            load_into_room(&s);
        progress_hide();
        snapshot_close(&s.reader);
    }
    if (tool_interrupted != 0)
        fputs("mmapx: interrupted\n", stderr);
    if (status == TOOL_OK || tool_interrupted != 0)
        say_restored(&s, tool_seconds() - began);
    free(s.entries);
    return status != TOOL_OK ? status : s.status;
}

/* SPDX-License-Identifier: MIT */
/*
 * mmapx watch on a terminal.
 *
 * While a look is taken, which in a large tree is long, what the last one found
 * stays on the screen, and keys are heeded between two files.
 */
#include "tool.h"
#include "files.h"
#include "interrupt.h"
#include "live.h"
#include "pace.h"
#include "table.h"
#include "watch.h"
#include "watch_notes.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* More rows than any screen has; and seconds between two looks at the keys. */
enum { MOST_ROWS = 1000 };
#define KEYS_INTERVAL 0.05

static struct watch {
    const struct tool_options *o;
    struct table shown; /* what the last look has found */
    struct table next;  /* what this one finds */
    struct changes changes;
    enum tool_key sort;
    time_t at; /* of what is shown; 0: nothing yet */
    struct notes notes; /* of the last look */
    struct notes next_notes;
    double asked; /* when the keys were */
    bool again;   /* look at once */
    bool paused;
    bool helps;
    bool over;
} watch;

/* --- The screen ----------------------------------------------------------- */

static const struct order {
    char key;
    enum tool_key sort;
    const char *name;
} orders[] = {
    { 'c', TOOL_BY_CACHED, "what is in memory" },
    { 's', TOOL_BY_SIZE, "size" },
    { '%', TOOL_BY_PERCENT, "percentage" },
    { '+', TOOL_BY_CHANGE, "change" },
    { 'd', TOOL_BY_DIRTY, "what is dirty" },
    { 'n', TOOL_BY_NAME, "name" },
};

enum { ORDERS = sizeof orders / sizeof orders[0] };

static const char *
order_name(enum tool_key sort)
{
    size_t i = 0;

    while (orders[i].sort != sort)
        i++;
    return orders[i].name;
}

/* A line that is cut if it is too long. */
static void
print_line(const char *text)
{
    struct table *t = &watch.shown;

    tool_name_cut(&t->screen, text, t->screen.columns);
    table_text_end(t);
}

static void
draw_title(void)
{
    char text[128], clock[16] = "";
    struct tm tm;

    strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&watch.at, &tm));
    snprintf(text, sizeof text, "mmapx watch, every %g s, at %s, by %s",
             watch.o->interval, clock, order_name(watch.sort));
    print_line(text);
}

static void
draw_help(void)
{
    char text[64];

    if (watch.shown.screen.rows < ORDERS + 7) {
        print_line("order by: c memory  s size  % percentage");
        print_line("          + change  d dirty  n name");
        print_line("p pause  space look  h help  q quit");
        return;
    }
    print_line("");
    for (size_t i = 0; i < ORDERS; i++) {
        snprintf(text, sizeof text, "  %c      order by %s", orders[i].key,
                 order_name(orders[i].sort));
        print_line(text);
    }
    print_line("  p      pause, and go on");
    print_line("  space  look at once");
    print_line("  h ?    this help");
    print_line("  q      quit");
}

/* The last line: what was said about files, and what can be done. */
static void
draw_status(size_t more)
{
    struct table *t = &watch.shown;
    char text[NOTES_ROOM + 64] = "";
    char notes[NOTES_ROOM];
    bool noted = notes_text(&watch.notes, notes) > 0;
    size_t n = 0;

    if (more > 0)
        n += (size_t)snprintf(text, sizeof text, "and %zu more  ", more);
    if (watch.paused)
        n += (size_t)snprintf(text + n, sizeof text - n, "paused  ");
    snprintf(text + n, sizeof text - n, "%s%sh help  q quit", notes,
             noted ? "  " : "");
    printf("\033[%zu;1H", t->screen.rows);
    t->lines = 1;
    if (watch.notes.errors > 0 || watch.paused)
        tool_paint(&t->screen, TOOL_YELLOW);
    print_line(text);
    tool_unpaint(&t->screen);
}

/* What there is besides the rows, in the order in which it goes when there are
 * few lines: a blank, the sum, the title, the last line.  The heading and the
 * first row stay. */
static void
draw_table(bool has_status)
{
    struct table *t = &watch.shown;
    size_t lines = t->lines - (has_status ? 1 : 0);
    size_t all = (size_t)t->sums.files;
    size_t files = t->o->top != 0 && t->o->top < all ? t->o->top : all;
    bool total = t->o->total && lines > 4;
    size_t room = lines - 1 - (total ? 1 : 0);
    bool has_more;

    if (lines > 3) {
        draw_title();
        room--;
    }
    if (lines > 6) {
        print_line("");
        room--;
    }
    has_more = files > room && room > 1 && !t->o->summarize;
    t->headed = false;
    room = table_show(t, has_more ? room - 1 : room);
    if (has_more)
        table_text_more(t, files - room);
    if (total)
        table_total(t);
    fputs("\033[J", stdout);
    if (has_status)
        draw_status(!has_more && !t->o->summarize ? files - room : 0);
}

static void
draw_screen(void)
{
    struct table *t = &watch.shown;

    tool_screen_of(&t->screen, stdout, t->o->colour);
    /* A full line would have its last character erased with what follows. */
    t->screen.columns -= t->screen.columns > 1;
    t->lines = t->screen.rows;
    t->sort = watch.sort;
    fputs("\033[H", stdout);
    if (watch.helps) {
        if (t->lines > 3)
            draw_title();
        draw_help();
        fputs("\033[J", stdout);
    } else if (watch.at != 0) {
        draw_table(t->lines > 2);
    } else {
        print_line("mmapx watch: looking");
        fputs("\033[J", stdout);
    }
    tool_flush();
}

static void
draw(void)
{
    live_hold();
    live_changed();
    if (!live_hidden())
        draw_screen();
    live_release();
}

/* --- Keys ----------------------------------------------------------------- */

static void
press(int key)
{
    if (watch.helps) {
        watch.helps = false;
        watch.over = key == 'q' || key == 'Q';
        return;
    }
    for (size_t i = 0; i < ORDERS; i++)
        if (orders[i].key == key) {
            watch.sort = orders[i].sort;
            /* Not all rows are kept that another order may show. */
            watch.again = watch.shown.sums.files > MOST_ROWS;
        }
    if (key == 'q' || key == 'Q')
        watch.over = true;
    else if (key == 'p' || key == 'P')
        watch.paused = !watch.paused;
    else if (key == ' ')
        watch.again = true;
    else if (key == 'h' || key == '?')
        watch.helps = true;
}

/* Heed a key, and draw what it or another size of the screen has changed. */
static void
heed(double seconds)
{
    int key = live_key(seconds);

    if (key != 0)
        press(key);
    if (!watch.over && (key != 0 || live_changed()))
        draw();
}

/* --- Looks ---------------------------------------------------------------- */

static void
note(const char *path, const char *matter, bool failed)
{
    if (path != NULL)
        notes_add(&watch.next_notes, path, matter, failed);
}

static int
visit(const struct tool_file *file, void *arg)
{
    double now = tool_seconds();

    (void)arg;
    if (now - watch.asked >= KEYS_INTERVAL) {
        watch.asked = now;
        heed(0);
    }
    if (watch.over)
        return TOOL_STOPPED;
    return table_visit(file, &watch.next);
}

static void
begin_table(struct table *t)
{
    table_begin(t, watch.o);
    t->keeps = true;
    t->limit = MOST_ROWS;
    t->on_screen = true;
    t->changes = &watch.changes;
    t->sort = watch.sort;
    /* A column that has come stays, so that the others stay in their places. */
    t->wants_dirty = watch.shown.layout.dirty;
    t->wants_writeback = watch.shown.layout.writeback;
}

/* Returns an exit status. */
static int
look(void)
{
    time_t now = time(NULL);
    int status;

    watch.again = false;
    watch.next_notes = (struct notes){ 0 };
    begin_table(&watch.next);
    changes_begin(&watch.changes);
    status = tool_files_ahead(watch.o, table_begin_file, visit,
                              &watch.next);
    if (tool_interrupted != 0 || watch.over) {
        table_clear(&watch.next);
        return status;
    }
    table_clear(&watch.shown);
    watch.shown = watch.next;
    watch.notes = watch.next_notes;
    if (watch.notes.errors == 0)
        strcpy(watch.notes.error, "unknown to this user");
    watch.notes.errors += (size_t)watch.shown.sums.unknown;
    watch.at = now;
    draw();
    return status;
}

static void
wait_for_next(void)
{
    double until = tool_seconds() + watch.o->interval;

    while (!watch.over && !watch.again && tool_interrupted == 0) {
        double left = until - tool_seconds();

        if (!watch.paused && left <= 0)
            break;
        heed(watch.paused ? -1 : left);
    }
}

/* On the screen that was there before, what was seen last stays. */
static void
print_last(void)
{
    struct table *t = &watch.shown;
    char text[NOTES_ROOM];
    size_t others = notes_text(&watch.notes, text) > 0 ? 5 : 4;

    t->on_screen = false;
    t->headed = false;
    tool_screen_of(&t->screen, stdout, t->o->colour);
    table_print(t, t->screen.rows > others ? t->screen.rows - others : 1);
    if (t->o->total)
        table_total(t);
    if (*text == '\0')
        return;
    if (watch.notes.errors > 0)
        tool_paint(&t->screen, TOOL_YELLOW);
    print_line(text);
    tool_unpaint(&t->screen);
}

int
watch_screen(const struct tool_options *o)
{
    int status = TOOL_OK;
    uint64_t round = 0;

    watch.o = o;
    watch.sort = o->sort != TOOL_UNSORTED ? o->sort : TOOL_BY_CACHED;
    begin_table(&watch.shown);
    tool_divert(note);
    live_begin(o->files0 == NULL || strcmp(o->files0, "-") != 0);
    draw();
    while (!watch.over && tool_interrupted == 0) {
        int looked = look();

        if (watch.over || tool_interrupted != 0)
            break;
        status = looked;
        if (++round == o->count || ferror(stdout) != 0)
            break;
        wait_for_next();
    }
    live_end();
    tool_divert(NULL);
    if (round == o->count && round > 0)
        print_last();
    table_clear(&watch.shown);
    changes_free(&watch.changes);
    return status;
}

/* SPDX-License-Identifier: MIT */
/* What the sources of the command share. */
#ifndef TOOL_H
#define TOOL_H

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <jansson.h>

#include "libmmapx.h"

/* Exit statuses. */
enum {
    TOOL_OK,
    TOOL_FAILED, /* of some file the answer is missing */
    TOOL_USAGE,
};

/* --- options.c: what the subcommands take --------------------------------- */

enum tool_command {
    TOOL_STATUS,
    TOOL_WATCH,
    TOOL_LOAD,
    TOOL_EVICT,
    TOOL_LOCK,
    TOOL_SNAPSHOT,
    TOOL_RESTORE,
    TOOL_COMMANDS,
};

enum tool_when { TOOL_AUTO, TOOL_ALWAYS, TOOL_NEVER };

enum tool_key { TOOL_UNSORTED, TOOL_BY_CACHED, TOOL_BY_SIZE, TOOL_BY_NAME };

struct tool_options {
    enum tool_command command;
    bool bytes;
    bool ranges;
    bool map;
    bool total;
    bool only_cached;
    enum tool_key sort;
    size_t top; /* 0: all */
    double interval;
    uint64_t count; /* 0: for ever */
    int64_t off;    /* the range, in bytes; */
    int64_t len;    /* -1: to the end */
    bool sync;
    bool on_fault;
    const char *output;
    bool recurse;
    bool one_file_system;
    bool follow;
    const char *files0;
    bool json;
    enum tool_when colour;
    bool no_progress;
    char **paths; /* up to a NULL */
};

/* A command's number by its name; TOOL_COMMANDS if there is no such one. */
enum tool_command tool_command(const char *name);

/* Read the arguments that follow a command's name.  False if there is nothing
 * more to do than to leave with *status. */
bool tool_options(struct tool_options *o, enum tool_command command, int argc,
                  char **argv, int *status);

/* The help of the program itself. */
void tool_help(void);

/* Say on stderr what is wrong with the arguments, quoting name unless that is
 * NULL. */
int tool_usage(const char *matter, const char *name);

/* The same of an option that getopt returned '?' or ':' for. */
int tool_bad_option(int key, char *const argv[]);

/* --- The subcommands ------------------------------------------------------ */

int tool_status(const struct tool_options *o);
int tool_watch(const struct tool_options *o);
int tool_load(const struct tool_options *o);
int tool_evict(const struct tool_options *o);
int tool_lock(const struct tool_options *o);
int tool_snapshot(const struct tool_options *o);
int tool_restore(const struct tool_options *o);

/* --- files.c: which files the arguments mean ------------------------------ */

struct tool_file {
    const char *path;
    int fd;
    int64_t size;
    dev_t device;
    ino_t inode;
};

/*
 * Open each file and hand it to visit, which returns TOOL_OK or TOOL_FAILED;
 * it is closed afterwards.  What cannot be opened is complained of.  Ends early
 * when tool_interrupted is set.  Returns the worst of all statuses.
 */
int tool_files(const struct tool_options *o,
               int (*visit)(const struct tool_file *file, void *arg),
               void *arg);

/* Open one file that is known by its whole path.  Returns 0 or an errno. */
int tool_open(struct tool_file *file, const char *path, bool follow);

/* The bytes that --range means of a file of some size. */
int64_t tool_range_of(const struct tool_options *o, int64_t size);

/* The same of all files together; -1 if that cannot be known beforehand. */
int64_t tool_total_size(const struct tool_options *o);

/* Say that there is no memory left, and exit. */
_Noreturn void tool_no_memory(void);

/* Why nothing can be said of a file: error is an errno. */
const char *tool_error(int error);

/* Say so on stderr. */
int tool_failed(const char *path, int error);

/* --- screen.c: terminals, and how to write to them ------------------------ */

struct tool_screen {
    FILE *stream;
    size_t columns; /* 0 unless it is a terminal */
    size_t rows;
    bool colour;
    bool utf8;
};

void tool_screen(struct tool_screen *screen, FILE *stream,
                 enum tool_when colour);

/* Print a file's name, harmless to a terminal.  Returns the columns it takes;
 * a NULL stream prints nothing. */
size_t tool_name(FILE *out, const char *name);

/* Begin and end a colour, by its SGR number, where there are colours. */
void tool_paint(const struct tool_screen *screen, int colour);
void tool_plain(const struct tool_screen *screen);

enum { TOOL_BOLD = 1, TOOL_GREEN = 32, TOOL_YELLOW = 33, TOOL_BLUE = 34 };

/* A size such as "1.5G", or "1610612736" if it is to be exact. */
const char *tool_size(char buf[static 24], int64_t bytes, bool exact);

/* --- units.c: sizes as people write them ---------------------------------- */

/* "12", "4K", "1M", "2G", "1T".  False if it is none, or too large. */
bool tool_parse_size(const char *text, int64_t *bytes);

/* "OFFSET:LENGTH", either of which may be left out. */
bool tool_parse_range(const char *text, int64_t *off, int64_t *len);

/* A number of bytes such that tool_parse_size() gets it back exactly. */
const char *tool_exact_size(char buf[static 24], int64_t bytes);

/* --- snapshot_read.c: the text of a snapshot ------------------------------ */

/* A path of which each byte is escaped, and what stands before it. */
enum { SNAPSHOT_LINE = 4 * PATH_MAX + 64 };

struct snapshot_reader {
    FILE *in;
    uint64_t number; /* of the line */
    char line[SNAPSHOT_LINE];
};

/* Whether the file's runs, which follow, are to be summed up.  Its line begins
 * at that position. */
typedef bool snapshot_note(const char *path, int64_t size, off_t at, void *arg);

/* Check the whole of it, calling note for each file.  False at the first line
 * that is none, whose number is in the reader, and when interrupted. */
bool snapshot_check(struct snapshot_reader *r, snapshot_note *note, void *arg,
                    int64_t *total);

/* The next line; false at the end, and for one that is none. */
bool snapshot_line(struct snapshot_reader *r);

/* "file SIZE PATH": the path, which lies in the line, or NULL. */
const char *snapshot_file(char *line, int64_t *size);

/* "OFFSET LENGTH" */
bool snapshot_run(const char *line, int64_t *off, int64_t *len);

/* --- bar.c: where in a file something is ---------------------------------- */

struct bar {
    int64_t len;    /* of the file, in bytes */
    int64_t filled; /* bytes of it that were added */
    size_t cells;
    size_t cursor;  /* no cell before this one is added to again */
    int64_t *fill;  /* of each cell's bytes, how many were added */
};

enum { BAR_LEVELS = 8 };

void bar_init(struct bar *bar, int64_t len, size_t cells);
void bar_free(struct bar *bar);

/* Add len bytes from off on.  The calls go forward through the file. */
void bar_add(struct bar *bar, int64_t off, int64_t len);

/* The byte at which a cell begins, and how full it is: 0 is empty, BAR_LEVELS
 * full, and neither is rounded to. */
int64_t bar_cell(const struct bar *bar, size_t cell);
unsigned char bar_level(const struct bar *bar, size_t cell);

/* --- survey.c: what is in memory of a file -------------------------------- */

struct survey {
    int64_t size;
    int64_t cached; /* bytes; these and those below are 0 if not known */
    int64_t dirty;
    int64_t writeback;
    int64_t evicted;
    int64_t recently_evicted;
    unsigned known; /* MMAPX_CACHE_*; 0 if the system would not say */
};

/* Look at a file.  Returns 0 or an errno; that the system would not say is no
 * error. */
int survey(struct survey *s, const struct tool_file *file);
/* The bytes of so many pages, but no more than there are. */
int64_t survey_bytes(uint64_t pages, int64_t most);

/* Call fn for each run of a range.  Returns 0, or an errno. */
int survey_runs(const struct tool_file *file, int64_t off, int64_t len,
                void (*fn)(const struct mmapx_cache_run *run, void *arg),
                void *arg);

/* Say on stderr, once, why something is unknown. */
void survey_explain(void);

/* --- table.c: files, line by line ----------------------------------------- */

struct table_row {
    char *path;
    struct survey survey;
    unsigned char *levels; /* of the bar's cells */
};

struct table {
    const struct tool_options *o;
    struct tool_screen screen;
    size_t cells; /* of each bar */
    bool keeps;   /* the rows, until they can be sorted and printed */
    bool headed;
    time_t time;  /* to begin the rows with, unless it is 0 */
    struct table_row *rows;
    size_t n;
    size_t room;
    struct survey sum;
    size_t files;
    size_t unknown;
};

void table_begin(struct table *t, const struct tool_options *o);

/* Look at a file, as tool_files() wants it, and show it or keep it. */
int table_visit(const struct tool_file *file, void *table);

/* Sort what was kept, and print no more than so many lines of it. */
int table_print(struct table *t, size_t lines);

/* The line for all files. */
void table_total(const struct table *t);

/* Forget the rows and the sums. */
void table_clear(struct table *t);

/* --- progress.c: how far it is -------------------------------------------- */

struct progress {
    bool shown; /* on a terminal, unless it is not wanted */
    struct tool_screen screen;
    const char *verb;
    int64_t total; /* bytes; -1: not known */
    int64_t done;
    double began; /* seconds */
    double drawn; /* when, in seconds */
};

void progress_begin(struct progress *p, const struct tool_options *o,
                    const char *verb, int64_t total);

/* So many more bytes are done. */
void progress_add(struct progress *p, const char *path, int64_t bytes);

/* Take it off the screen, if it is there. */
void progress_hide(void);

double tool_seconds(void);

/* --- interrupt.c: leaving cleanly ----------------------------------------- */

extern volatile sig_atomic_t tool_interrupted; /* the signal, or 0 */

/* From now on SIGINT, SIGTERM and SIGHUP set it. */
void tool_catch_signals(void);

/* Wait so many seconds, or for ever if they are negative, or until then. */
void tool_wait(double seconds);

/* Die by the signal that was caught, for the caller's sake. */
void tool_die_of_signal(void);

/* --- json.c: one object a line -------------------------------------------- */

/* A path as JSON: a string, or {"bytes": base64} if it is no UTF-8. */
json_t *json_path(const char *path);

/* Print an object as one line and give it up. */
void json_line(json_t *object);

#endif /* TOOL_H */

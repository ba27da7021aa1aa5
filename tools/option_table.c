/* SPDX-License-Identifier: MIT */
/* The commands and their options: a row for each. */
#include "tool.h"
#include "option_table.h"

const struct option_command option_commands[TOOL_COMMANDS] = {
    [TOOL_STATUS] = { "status", "FILE...",
                      "show how much of each FILE is in memory, and where" },
    [TOOL_TOP] = { "top", "[PATH]...",
                   "show the files that fill the memory, largest first" },
    [TOOL_WATCH] = { "watch", "FILE...",
                     "show the same again and again" },
    [TOOL_LOAD] = { "load", "FILE...", "bring each FILE into memory" },
    [TOOL_EVICT] = { "evict", "FILE...", "drop each FILE from memory" },
    [TOOL_LOCK] = { "lock", "FILE...",
                    "keep each FILE in memory until interrupted" },
    [TOOL_SNAPSHOT] = { "snapshot", "FILE...",
                        "write down which parts of each FILE are in memory" },
    [TOOL_RESTORE] = { "restore", "SNAPSHOT",
                       "load what a snapshot lists, '-' for standard input" },
};

/* The commands that take an option, as bits. */
enum {
    STATUS = 1 << TOOL_STATUS,
    TOP = 1 << TOOL_TOP,
    WATCH = 1 << TOOL_WATCH,
    LOAD = 1 << TOOL_LOAD,
    EVICT = 1 << TOOL_EVICT,
    LOCK = 1 << TOOL_LOCK,
    SNAPSHOT = 1 << TOOL_SNAPSHOT,
    RESTORE = 1 << TOOL_RESTORE,
    SHOWS = STATUS | WATCH,
    WORKS = LOAD | EVICT | LOCK,
    FILES = SHOWS | WORKS | SNAPSHOT, /* that look for files */
    ALL = FILES | RESTORE | TOP,
};

#define PLACE(member) offsetof(struct tool_options, member)

const struct option_row option_rows[] = {
    { 'b', ALL & ~SNAPSHOT, OPTION_FLAG, PLACE(bytes), "bytes", NULL,
      "show sizes in bytes" },
    { 0, STATUS, OPTION_FLAG, PLACE(ranges), "ranges", NULL,
      "list the ranges that are in memory" },
    { 0, STATUS, OPTION_FLAG, PLACE(map), "map", NULL,
      "draw a larger map of each file" },
    { 0, SHOWS, OPTION_FLAG, PLACE(total), "total", NULL,
      "add a line for all files together" },
    { 0, SHOWS, OPTION_FLAG, PLACE(only_cached), "only-cached", NULL,
      "leave files out that are not in memory" },
    { 's', SHOWS, OPTION_FLAG, PLACE(summarize), "summarize", NULL,
      "show the sum of all files only" },
    { 0, SHOWS, OPTION_SORT, PLACE(sort), "sort", "KEY",
      "by cached, size, percent, dirty or name" },
    { 0, SHOWS, OPTION_FILES, PLACE(top), "top", "N",
      "show the first N files, by cached if not sorted" },
    { 'n', TOP, OPTION_FILES, PLACE(top), "top", "N",
      "show the N largest [20]" },
    { 0, TOP, OPTION_DEPTH, PLACE(dirs), "dirs", "DEPTH",
      "sums of directories, to this depth" },
    { 0, TOP, OPTION_BY, PLACE(by), "by", "WHAT",
      "by file, or sums by process" },
    { 'a', TOP, OPTION_FLAG, PLACE(network), "all", NULL,
      "look at network file systems too" },
    { 'j', TOP, OPTION_FILES, PLACE(jobs), "jobs", "N",
      "look at N trees at once [processors]" },
    { 'n', WATCH, OPTION_SECONDS, PLACE(interval), "interval", "SECONDS",
      "seconds between two looks [2]" },
    { 'n', LOCK, OPTION_SECONDS, PLACE(interval), "interval", "SECONDS",
      "seconds between two looks [5]" },
    { 0, WATCH, OPTION_LOOKS, PLACE(count), "count", "N",
      "look N times, then end" },
    { 0, WORKS, OPTION_RANGE, PLACE(range), "range", "OFFSET:LENGTH",
      "only these bytes, K, M, G, T, P, E may follow" },
    { 0, LOAD, OPTION_FLAG, PLACE(small), "small", NULL,
      "in single pages, for files written at random" },
    { 0, EVICT, OPTION_FLAG, PLACE(sync), "sync", NULL,
      "write dirty pages back first" },
    { 0, LOCK, OPTION_FLAG, PLACE(on_fault), "on-fault", NULL,
      "lock what is in memory, and what comes in" },
    { 0, LOCK, OPTION_FLAG, PLACE(force), "force", NULL,
      "lock more than there is memory for" },
    { 0, LOCK, OPTION_NAME, PLACE(snapshot), "snapshot", "F",
      "lock what the snapshot F names" },
    { 'o', SNAPSHOT, OPTION_NAME, PLACE(output), "output", "FILE",
      "write to FILE, all of it or nothing; '-' is stdout" },
    { 'r', FILES, OPTION_FLAG, PLACE(recurse), "recursive", NULL,
      "look into directories" },
    { 'x', FILES | TOP, OPTION_FLAG, PLACE(one_file_system), "one-file-system",
      NULL, "do not look at other file systems" },
    { 'L', FILES, OPTION_FLAG, PLACE(follow), "dereference", NULL,
      "follow symbolic links in them" },
    { 0, FILES, OPTION_NAME, PLACE(files0), "files0-from", "F",
      "read names from F, each ended by NUL" },
    { 0, FILES | TOP, OPTION_PID, PLACE(pids), "pid", "PID",
      "the files that a process has open or mapped" },
    { 0, STATUS, OPTION_FLAG, PLACE(who), "who", NULL,
      "list the processes that map each file" },
    { 0, STATUS | TOP, OPTION_FLAG, PLACE(openmetrics), "openmetrics", NULL,
      "print metrics for Prometheus" },
    { 0, FILES | TOP, OPTION_PATTERN, PLACE(exclude), "exclude", "PATTERN",
      "leave out names that match" },
    { 0, FILES | TOP, OPTION_PATTERN, PLACE(include), "include", "PATTERN",
      "leave out files that do not match" },
    { 0, FILES | TOP, OPTION_SIZE, PLACE(max_size), "max-size", "SIZE",
      "leave out larger files" },
    { 'j', FILES | RESTORE, OPTION_FILES, PLACE(jobs), "jobs", "N",
      "open N files at once [as needed]" },
    { 0, ALL & ~SNAPSHOT, OPTION_FLAG, PLACE(json), "json", NULL,
      "print one JSON object in each line" },
    { 0, ALL & ~SNAPSHOT, OPTION_COLOUR, PLACE(colour), "color", "WHEN",
      "always, never or auto" },
    { 0, WORKS | RESTORE, OPTION_FLAG, PLACE(no_progress), "no-progress", NULL,
      "show no progress" },
    { 'q', ALL, OPTION_FLAG, PLACE(quiet), "quiet", NULL,
      "print results and errors only" },
    { 'v', FILES | TOP, OPTION_FLAG, PLACE(verbose), "verbose", NULL,
      "say for each file what is done or left out" },
    { 'v', RESTORE, OPTION_FLAG, PLACE(verbose), "verbose", NULL,
      "list the files that have changed or gone" },
    { 'h', ALL, OPTION_HELP, 0, "help", NULL, "show this help and exit" },
};

enum { ROWS = sizeof option_rows / sizeof option_rows[0] };

_Static_assert((int)ROWS <= (int)OPTION_MOST_ROWS, "too many options");

const size_t option_row_count = ROWS;

bool
option_is_of(const struct option_row *row, enum tool_command command)
{
    return (row->commands >> command & 1) != 0;
}

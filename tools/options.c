/* SPDX-License-Identifier: MIT */
/* The subcommands and their options: one table of each, from which the reading
 * of arguments and the help are made. */
#include "tool.h"
#include "options.h"
#include "screen.h"
#include "units.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command {
    const char *name;
    const char *arguments;
    const char *summary;
} commands[TOOL_COMMANDS] = {
    [TOOL_STATUS] = { "status", "FILE...",
                      "show how much of each FILE is in memory, and where" },
    [TOOL_WATCH] = { "watch", "FILE...",
                     "show the same again and again" },
    [TOOL_LOAD] = { "load", "FILE...", "bring each FILE into memory" },
    [TOOL_EVICT] = { "evict", "FILE...", "drop each FILE from memory" },
    [TOOL_LOCK] = { "lock", "FILE...",
                    "keep each FILE in memory until interrupted" },
    [TOOL_SNAPSHOT] = { "snapshot", "FILE...",
                        "write down which parts of each FILE are in memory" },
    [TOOL_RESTORE] = { "restore", "SNAPSHOT",
                       "load what a snapshot says, '-' for standard input" },
};

/* The commands that take an option, as bits. */
enum {
    STATUS = 1 << TOOL_STATUS,
    WATCH = 1 << TOOL_WATCH,
    LOAD = 1 << TOOL_LOAD,
    EVICT = 1 << TOOL_EVICT,
    LOCK = 1 << TOOL_LOCK,
    SNAPSHOT = 1 << TOOL_SNAPSHOT,
    RESTORE = 1 << TOOL_RESTORE,
    SHOWS = STATUS | WATCH,
    WORKS = LOAD | EVICT | LOCK,
    FILES = SHOWS | WORKS | SNAPSHOT, /* that look for files */
    ALL = FILES | RESTORE,
};

/* What an option's argument is, and with that the type of its place. */
enum kind {
    HELP,    /* no argument and no place */
    FLAG,    /* no argument; bool */
    SORT,    /* enum tool_key */
    COLOUR,  /* enum tool_when */
    FILES_N, /* size_t */
    LOOKS,   /* uint64_t */
    SECONDS, /* double */
    RANGE,   /* struct tool_range */
    NAME,    /* const char *, of a file */
};

/* A key of getopt_long() that is no letter: this and the row's number. */
enum { LONG = 256 };

#define PLACE(member) offsetof(struct tool_options, member)

static const struct option_row {
    int letter; /* or 0 */
    unsigned commands;
    enum kind kind;
    size_t place;
    const char *name;
    const char *argument; /* or NULL */
    const char *help;
} rows[] = {
    { 'b', ALL & ~SNAPSHOT, FLAG, PLACE(bytes), "bytes", NULL,
      "show sizes in bytes" },
    { 0, STATUS, FLAG, PLACE(ranges), "ranges", NULL,
      "list the ranges that are in memory" },
    { 0, STATUS, FLAG, PLACE(map), "map", NULL,
      "draw a larger map of each file" },
    { 0, SHOWS, FLAG, PLACE(total), "total", NULL,
      "add a line for all files together" },
    { 0, SHOWS, FLAG, PLACE(only_cached), "only-cached", NULL,
      "leave files out that are not in memory" },
    { 0, SHOWS, SORT, PLACE(sort), "sort", "KEY",
      "sort by cached, size or name" },
    { 0, SHOWS, FILES_N, PLACE(top), "top", "N",
      "show the first N files only" },
    { 'n', WATCH, SECONDS, PLACE(interval), "interval", "SECONDS",
      "look every so often [2]" },
    { 'n', LOCK, SECONDS, PLACE(interval), "interval", "SECONDS",
      "look every so often [5]" },
    { 0, WATCH, LOOKS, PLACE(count), "count", "N", "look N times, then end" },
    { 0, WORKS, RANGE, PLACE(range), "range", "OFFSET:LENGTH",
      "only these bytes; K, M, G, T, P, E may follow" },
    { 0, EVICT, FLAG, PLACE(sync), "sync", NULL,
      "write dirty pages back first" },
    { 0, LOCK, FLAG, PLACE(on_fault), "on-fault", NULL,
      "lock what is in memory, and what comes in" },
    { 0, LOCK, FLAG, PLACE(force), "force", NULL,
      "lock more than there is memory for" },
    { 0, LOCK, NAME, PLACE(snapshot), "snapshot", "F",
      "lock what the snapshot F names" },
    { 'o', SNAPSHOT, NAME, PLACE(output), "output", "FILE",
      "write to FILE, all of it or nothing; '-' is stdout" },
    { 'r', FILES, FLAG, PLACE(recurse), "recursive", NULL,
      "look into directories" },
    { 'x', FILES, FLAG, PLACE(one_file_system), "one-file-system", NULL,
      "but not at other file systems" },
    { 'L', FILES, FLAG, PLACE(follow), "dereference", NULL,
      "follow symbolic links in them" },
    { 0, FILES, NAME, PLACE(files0), "files0-from", "F",
      "read names from F, each ended by NUL" },
    { 0, ALL & ~SNAPSHOT, FLAG, PLACE(json), "json", NULL,
      "print one JSON object a line" },
    { 0, ALL & ~SNAPSHOT, COLOUR, PLACE(colour), "color", "WHEN",
      "always, never or auto" },
    { 0, WORKS | RESTORE, FLAG, PLACE(no_progress), "no-progress", NULL,
      "show no progress" },
    { 'v', RESTORE, FLAG, PLACE(verbose), "verbose", NULL,
      "list the files that have changed or gone" },
    { 'h', ALL, HELP, 0, "help", NULL, "show this help and exit" },
};

enum { ROWS = sizeof rows / sizeof rows[0] };

enum tool_command
tool_command_named(const char *name)
{
    int i = 0;

    while (i < TOOL_COMMANDS && strcmp(name, commands[i].name) != 0)
        i++;
    return (enum tool_command)i;
}

/* The matter, a quoted name and what would be right; one or both can be
 * NULL. */
static int
usage(enum tool_command command, const char *matter, const char *name,
      const char *right)
{
    bool is_command = command != TOOL_COMMANDS;

    fprintf(stderr, "mmapx: %s", matter);
    if (name != NULL) {
        fputs(" '", stderr);
        tool_name(stderr, name);
        fputs("'", stderr);
    }
    if (right != NULL)
        fprintf(stderr, ": %s", right);
    fprintf(stderr, "\nTry 'mmapx %s%s--help' for more information.\n",
            is_command ? commands[command].name : "", is_command ? " " : "");
    return TOOL_USAGE;
}

int
tool_usage(enum tool_command command, const char *matter, const char *name)
{
    return usage(command, matter, name, NULL);
}

/* An option that getopt returned '?' or ':' for. */
static int
bad_option(enum tool_command command, int key, char *const argv[])
{
    /* A letter may be one of several in an argument. */
    char letter[] = { '-', (char)optopt, '\0' };
    bool is_letter = key == '?' && optopt > 0 && optopt < 256
                     && strncmp(argv[optind - 1], "--", 2) != 0;
    const char *matter = "no such option";

    if (key == ':')
        matter = "no argument to the option";
    else if (!is_letter && optopt != 0)
        matter = "no argument goes with the option";
    return tool_usage(command, matter, is_letter ? letter : argv[optind - 1]);
}

/* --- Help ----------------------------------------------------------------- */

static void
help_line(const struct option_row *row)
{
    const char *argument = row->argument;
    char text[40];
    int n = snprintf(text, sizeof text, "--%s%s%s", row->name,
                     argument != NULL ? "=" : "",
                     argument != NULL ? argument : "");

    if (row->letter != 0)
        printf("  -%c, ", row->letter);
    else
        fputs("      ", stdout);
    printf("%s%*s%s\n", text, n < 21 ? 22 - n : 1, "", row->help);
}

void
tool_command_help(enum tool_command command)
{
    const struct command *c = &commands[command];

    printf("Usage: mmapx %s [OPTION]... %s\n", c->name, c->arguments);
    printf("%c%s.\n\nOptions:\n", c->summary[0] - 'a' + 'A', c->summary + 1);
    for (size_t i = 0; i < ROWS; i++)
        if ((rows[i].commands >> command & 1) != 0)
            help_line(&rows[i]);
    if ((SHOWS >> command & 1) != 0)
        puts("\n'mmapx [OPTION]... FILE...' is"
             " 'mmapx status [OPTION]... FILE...'.");
}

void
tool_help(void)
{
    puts("Usage: mmapx COMMAND [OPTION]... FILE...\n"
         "  or:  mmapx [OPTION]... FILE...\n"
         "See and steer what the page cache holds of files.\n"
         "\n"
         "Commands:");
    for (size_t i = 0; i < TOOL_COMMANDS; i++)
        printf("  %-10s%s\n", commands[i].name, commands[i].summary);
    puts("\n"
         "Options:\n"
         "  -h, --help      show this help and exit\n"
         "  -V, --version   show the version and exit\n"
         "\n"
         "'mmapx COMMAND --help' says more about a command.");
}

/* --- Reading -------------------------------------------------------------- */

static bool
parse_count(const char *text, uint64_t most, uint64_t *number)
{
    char *rest;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *number = strtoull(text, &rest, 10);
    return errno == 0 && *rest == '\0' && *number > 0 && *number <= most;
}

static bool
parse_seconds(const char *text, double *seconds)
{
    char *rest;

    *seconds = strtod(text, &rest);
    return rest != text && *rest == '\0' && isfinite(*seconds)
           && *seconds >= 0.1 && *seconds <= 1e6;
}

/* The index of a word in a list that ends with NULL, or -1. */
static int
index_of(const char *word, const char *const *words)
{
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return -1;
}

/* Store an option's argument, or that there is a flag.  False if it makes no
 * sense; *matter can say why. */
static bool
store(struct tool_options *o, const struct option_row *row,
      const char *argument, const char **matter)
{
    static const char *const keys[] = { "", "cached", "size", "name", NULL };
    static const char *const whens[] = { "auto", "always", "never", NULL };
    void *place = (char *)o + row->place;
    struct tool_range *range = place;
    uint64_t number = 0;
    int i = 0;

    switch (row->kind) {
    case HELP:
        return true;
    case FLAG:
        return *(bool *)place = true;
    case SORT:
        i = index_of(argument, keys);
        *(enum tool_key *)place = (enum tool_key)i;
        return i > 0;
    case COLOUR:
        i = index_of(argument, whens);
        *(enum tool_when *)place = (enum tool_when)i;
        return i >= 0;
    case FILES_N:
        i = parse_count(argument, SIZE_MAX / 4, &number);
        *(size_t *)place = (size_t)number;
        return i != 0;
    case LOOKS:
        return parse_count(argument, UINT64_MAX, place);
    case SECONDS:
        return parse_seconds(argument, place);
    case RANGE:
        if (range->given)
            *matter = "is given twice:";
        return !range->given && (range->given = true)
               && tool_parse_range(argument, &range->off, &range->len);
    case NAME:
        *(const char **)place = argument;
        return true;
    }
    return false;
}

/* The table's rows for one command, as getopt wants them. */
static void
getopt_tables(enum tool_command command, char *letters, struct option *longs)
{
    *letters++ = ':'; /* tells a missing argument from other mistakes */
    for (size_t i = 0; i < ROWS; i++) {
        if ((rows[i].commands >> command & 1) == 0)
            continue;
        *longs++ = (struct option){ rows[i].name, rows[i].argument != NULL,
                                    NULL, LONG + (int)i };
        if (rows[i].letter != 0)
            *letters++ = (char)rows[i].letter;
        if (rows[i].letter != 0 && rows[i].argument != NULL)
            *letters++ = ':';
    }
    *longs = (struct option){ 0 };
    *letters = '\0';
}

static const struct option_row *
row_of(int key)
{
    const struct option_row *row = rows;

    if (key >= LONG)
        return &rows[key - LONG];
    while (row->letter != key)
        row++;
    return row;
}

/* What is left are files, in one way or the other. */
static bool
check_files(const struct tool_options *o, int n, int *status)
{
    *status = TOOL_USAGE;
    if (o->command == TOOL_RESTORE) {
        if (n != 1)
            tool_usage(o->command, n == 0 ? "no snapshot given"
                                          : "more than one snapshot given",
                       NULL);
        return n == 1;
    }
    if (n == 0 && o->files0 == NULL && o->snapshot == NULL)
        tool_usage(o->command, "no file given", NULL);
    else if (n != 0 && o->files0 != NULL)
        tool_usage(o->command,
                   "--files0-from goes with no other file; there is",
                   o->paths[0]);
    else
        return true;
    return false;
}

static int
bad_value(enum tool_command command, const struct option_row *row,
          const char *matter, const char *value)
{
    static const char *const right[] = {
        [SORT] = "cached, size or name",
        [COLOUR] = "always, never or auto",
        [FILES_N] = "a number from 1 on",
        [LOOKS] = "a number from 1 on",
        [SECONDS] = "from 0.1 to 1000000",
        [RANGE] = "OFFSET:LENGTH",
        [NAME] = NULL,
    };
    char text[64];

    snprintf(text, sizeof text, "--%s %s", row->name,
             matter != NULL ? matter : "cannot be");
    return usage(command, text, value,
                 matter != NULL ? NULL : right[row->kind]);
}

bool
tool_read_options(struct tool_options *o, enum tool_command command, int argc,
                  char **argv, int *status)
{
    char letters[2 * ROWS + 2];
    struct option longs[ROWS + 1];
    int key;

    *o = (struct tool_options){
        .command = command,
        .interval = command == TOOL_LOCK ? 5 : 2,
        .range = { .len = -1 },
    };
    getopt_tables(command, letters, longs);
    opterr = 0; /* it would print what it was given as it is */
    while ((key = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        const struct option_row *row;
        const char *matter = NULL;

        if (key == '?' || key == ':') {
            *status = bad_option(command, key, argv);
            return false;
        }
        row = row_of(key);
        if (row->kind == HELP) {
            tool_command_help(command);
            *status = TOOL_OK;
            return false;
        }
        if (!store(o, row, optarg, &matter)) {
            *status = bad_value(command, row, matter, optarg);
            return false;
        }
    }
    o->paths = argv + optind;
    return check_files(o, argc - optind, status);
}

/* SPDX-License-Identifier: MIT */
/* The tables that the reading of arguments, the help and the completions' test
 * are made of: the commands, and their options. */
#ifndef TOOL_OPTION_TABLE_H
#define TOOL_OPTION_TABLE_H

#include <stddef.h>

#include "options.h"

struct option_command {
    const char *name;
    const char *arguments;
    const char *summary;
};

extern const struct option_command option_commands[TOOL_COMMANDS];

/* What an option's argument is, and with that the type of its place. */
enum option_kind {
    OPTION_HELP,    /* no argument and no place */
    OPTION_FLAG,    /* no argument; bool */
    OPTION_SORT,    /* enum tool_key */
    OPTION_COLOUR,  /* enum tool_when */
    OPTION_FILES,   /* size_t */
    OPTION_LOOKS,   /* uint64_t */
    OPTION_SECONDS, /* double */
    OPTION_SIZE,    /* int64_t, in bytes */
    OPTION_RANGE,   /* struct tool_ranges; can be repeated */
    OPTION_PATTERN, /* struct tool_words; can be repeated */
    OPTION_NAME,    /* const char *, of a file */
    OPTION_PID,     /* struct tool_pids */
    OPTION_BY,      /* enum tool_by */
    OPTION_DEPTH,   /* struct tool_depth; the argument can be left out */
};

struct option_row {
    int letter;        /* or 0 */
    unsigned commands; /* that take it, as bits */
    enum option_kind kind;
    size_t place; /* in struct tool_options */
    const char *name;
    const char *argument; /* or NULL */
    const char *help;
};

/* The rows, and how many there can be: enough for an array of a program's
 * own. */
enum { OPTION_MOST_ROWS = 96 };
extern const struct option_row option_rows[];
extern const size_t option_row_count;

/* Whether a command takes the option of a row. */
bool option_is_of(const struct option_row *row, enum tool_command command);

/* Store an option's argument, or that there is a flag.  False if it makes no
 * sense. */
bool option_store(struct tool_options *o, const struct option_row *row,
                  const char *argument);

/* What would make sense there, or NULL. */
const char *option_right(enum option_kind kind);

#endif /* TOOL_OPTION_TABLE_H */

/* SPDX-License-Identifier: MIT */
/* What the commands take. */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum tool_command {
    TOOL_STATUS,
    TOOL_TOP,
    TOOL_WATCH,
    TOOL_LOAD,
    TOOL_EVICT,
    TOOL_LOCK,
    TOOL_SNAPSHOT,
    TOOL_RESTORE,
    TOOL_COMMANDS,
};

enum tool_when { TOOL_AUTO, TOOL_ALWAYS, TOOL_NEVER };

enum tool_key {
    TOOL_UNSORTED,
    TOOL_BY_CACHED,
    TOOL_BY_SIZE,
    TOOL_BY_NAME,
    TOOL_BY_DIRTY,
    TOOL_BY_PERCENT,
    TOOL_BY_CHANGE, /* on the screen of watch only */
};

struct tool_range {
    int64_t off;
    int64_t len; /* -1: to the end */
};

/* In ascending order, and none touches the next. */
struct tool_ranges {
    struct tool_range *list;
    size_t n; /* 0: all of a file */
};

/* What an option that can be repeated was given. */
struct tool_words {
    const char **list;
    size_t n;
};

enum tool_by { TOOL_BY_FILE, TOOL_BY_PROCESS };

struct tool_depth {
    size_t depth; /* of directories below what is named */
    bool given;
};

/* Processes. */
struct tool_pids {
    pid_t *list;
    size_t n;
};

struct tool_options {
    enum tool_command command;
    bool bytes;
    bool ranges;
    bool map;
    bool total;
    bool summarize;
    bool only_cached;
    enum tool_key sort;
    size_t top; /* 0: all */
    double interval;
    uint64_t count; /* 0: without end */
    struct tool_ranges range;
    bool small;
    bool sync;
    bool on_fault;
    bool force;
    const char *snapshot;
    const char *output;
    size_t jobs; /* 0: as many as it takes */
    bool recurse;
    bool one_file_system;
    bool follow;
    const char *files0;
    struct tool_pids pids;
    bool who;
    struct tool_depth dirs;
    enum tool_by by;
    bool network;
    struct tool_words exclude;
    struct tool_words include;
    int64_t max_size; /* -1: any */
    bool json;
    bool openmetrics;
    enum tool_when colour;
    bool no_progress;
    bool verbose;
    bool quiet;
    char **paths; /* up to a NULL */
};

/* A command's number by its name; TOOL_COMMANDS if there is no such one. */
enum tool_command tool_command_named(const char *name);

/* Which command is meant by arguments without a command's name, which begin at
 * argv[1]: top or status. */
enum tool_command tool_command_meant(int argc, char *const argv[]);

/* Read the arguments that follow a command's name.  False if there is nothing
 * more to do than to leave with *status. */
bool tool_read_options(struct tool_options *o, enum tool_command command,
                       int argc, char **argv, int *status);

void tool_free_options(struct tool_options *o);

/* The help of the program itself. */
void tool_help(void);

/* The help of a command. */
void tool_command_help(enum tool_command command);

/* Say on stderr what is wrong with the arguments, quoting name unless that is
 * NULL, and where there is help: of a command, or, for TOOL_COMMANDS, of the
 * program. */
int tool_usage(enum tool_command command, const char *matter,
               const char *name);

/* The same of a name that no command has, and which one may have been meant. */
int tool_no_command(const char *matter, const char *name);

#endif /* TOOL_OPTIONS_H */

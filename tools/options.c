/* SPDX-License-Identifier: MIT */
/* Reading the arguments, as the tables have it. */
#include "tool.h"
#include "option_error.h"
#include "option_table.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A key of getopt_long() that is no letter: this and the row's number. */
enum { LONG = 1 << 24 };

enum tool_command
tool_command_named(const char *name)
{
    int i = 0;

    while (i < TOOL_COMMANDS && strcmp(name, option_commands[i].name) != 0)
        i++;
    return (enum tool_command)i;
}

/* An option that getopt returned '?' or ':' for. */
static int
bad_option(enum tool_command command, int key, char *const argv[])
{
    /* A letter may be one of several in an argument.  One that lacks its own is
     * the last; where optind is then depends on the C library. */
    char letter[] = { '-', (char)optopt, '\0' };
    bool is_letter = optopt > 0 && optopt < 256
                     && (key == ':' || strncmp(argv[optind - 1], "--", 2) != 0);
    const char *name = is_letter ? letter : argv[optind - 1];

    if (optopt >= LONG
        && option_is_of_others(command, &option_rows[optopt - LONG],
                               argv[optind - 1]))
        return TOOL_USAGE;
    if (key == ':')
        return tool_usage(command, "no argument to the option", name);
    if (optopt >= LONG)
        return tool_usage(command, "no argument goes with the option", name);
    return option_none(command, name);
}

static int
takes_argument(const struct option_row *row)
{
    if (row->kind == OPTION_DEPTH)
        return optional_argument;
    return row->argument != NULL ? required_argument : no_argument;
}

/* What getopt is told. */
struct tables {
    char letters[2 * OPTION_MOST_ROWS + 2];
    struct option longs[OPTION_MOST_ROWS + 1];
};

/* The table's rows for some commands, which are bits, as getopt wants them. */
static void
fill_tables(struct tables *tables, unsigned commands)
{
    char *letters = tables->letters;
    struct option *longs = tables->longs;

    opterr = 0; /* it would print what it was given as it is */
    optind = 0; /* starts anew */
    *letters++ = ':'; /* tells a missing argument from other mistakes */
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];

        if ((row->commands & commands) == 0)
            continue;
        *longs++ = (struct option){ row->name, takes_argument(row), NULL,
                                    LONG + (int)i };
        if (row->letter != 0)
            *letters++ = (char)row->letter;
        if (row->letter != 0 && row->argument != NULL)
            *letters++ = ':';
    }
    *longs = (struct option){ 0 };
    *letters = '\0';
}

static const struct option_row *
row_of(enum tool_command command, int key)
{
    const struct option_row *row = option_rows;

    if (key >= LONG)
        return &option_rows[key - LONG];
    while (row->letter != key || !option_is_of(row, command))
        row++;
    return row;
}

/* Whether a command has an option of the name or letter of a key. */
static bool
has_option(enum tool_command command, int key)
{
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];

        if (option_is_of(row, command)
            && (key < LONG ? row->letter == key
                           : strcmp(row->name, option_rows[key - LONG].name)
                                 == 0))
            return true;
    }
    return false;
}

static bool
is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* An option that one of the two alone has decides, and else what is named
 * first.  What is no option of either is complained of later.  In a copy: where
 * an argument is missing, musl's getopt takes the end of the list for one. */
enum tool_command
tool_command_meant(int argc, char *const arguments[])
{
    struct tables tables;
    bool by_top = true;
    bool by_status = true;
    bool is_directory_first;
    char **argv = calloc((size_t)argc + 1, sizeof *argv);
    int key;

    if (argv == NULL)
        tool_no_memory();
    memcpy(argv, arguments, (size_t)argc * sizeof *argv);

    fill_tables(&tables, 1u << TOOL_STATUS | 1u << TOOL_TOP);
    while ((key = getopt_long(argc, argv, tables.letters, tables.longs, NULL))
           != -1) {
        /* An option that lacks its argument, or has one too many. */
        int given = key == '?' || key == ':' ? optopt : key;
        bool is_of_top = has_option(TOOL_TOP, given);
        bool is_of_status = has_option(TOOL_STATUS, given);

        by_top &= is_of_top || !is_of_status;
        by_status &= is_of_status || !is_of_top;
    }
    is_directory_first = optind < argc && is_directory(argv[optind]);
    free(argv);
    if (by_top != by_status)
        return by_top ? TOOL_TOP : TOOL_STATUS;
    return is_directory_first ? TOOL_TOP : TOOL_STATUS;
}

/* Why two options do not go together, or NULL. */
static const char *
contradiction(const struct tool_options *o)
{
    if (o->openmetrics && o->json)
        return "--openmetrics and --json are two formats";
    if (o->openmetrics && (o->who || o->ranges || o->map))
        return "--openmetrics has no metric for --who, --ranges and --map";
    if (o->openmetrics && o->command == TOOL_STATUS && o->total)
        return "--openmetrics has no sums; Prometheus adds up";
    if (o->openmetrics && o->by == TOOL_BY_PROCESS)
        return "--openmetrics goes with no --by=process, whose numbers change";
    if (o->dirs.given && o->by == TOOL_BY_PROCESS)
        return "--dirs and --by=process are two kinds of sums";
    if (o->summarize && (o->who || o->ranges || o->map))
        return "--summarize shows no file; --who, --ranges and --map do";
    if (o->summarize && o->top != 0)
        return "--summarize shows no file; --top does";
    if (o->json && o->map)
        return "--map is for people; --json has --ranges";
    return NULL;
}

/* What is left are files, in one way or the other. */
static bool
check_files(const struct tool_options *o, int n, int *status)
{
    *status = TOOL_USAGE;
    if (contradiction(o) != NULL) {
        tool_usage(o->command, contradiction(o), NULL);
        return false;
    }
    if (o->command == TOOL_RESTORE) {
        if (n != 1)
            tool_usage(o->command, n == 0 ? "no snapshot given"
                                          : "more than one snapshot given",
                       NULL);
        return n == 1;
    }
    if (o->on_fault && o->range.n > 1)
        tool_usage(o->command, "--on-fault goes with one --range only", NULL);
    else if (n == 0 && o->files0 == NULL && o->snapshot == NULL
             && o->pids.n == 0 && o->command != TOOL_TOP)
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
          const char *given, const char *value)
{
    char text[64];

    if (strncmp(given, "--", 2) == 0)
        snprintf(text, sizeof text, "--%s cannot be", row->name);
    else
        snprintf(text, sizeof text, "-%c cannot be", row->letter);
    return option_usage(command, text, value, option_right(row->kind));
}

/* Whether an option was given before that can be given once.  The first of two
 * names would be passed over in silence; numbers and words can be corrected by
 * a later one, as is usual. */
static bool
is_repeated(const struct tool_options *o, const struct option_row *row)
{
    const void *place = (const char *)o + row->place;
    char text[64];

    if (row->kind != OPTION_NAME || *(const char *const *)place == NULL)
        return false;
    snprintf(text, sizeof text, "--%s can be given once only; there is also",
             row->name);
    tool_usage(o->command, text, *(const char *const *)place);
    return true;
}

/* What follows from one another. */
static void
complete(struct tool_options *o)
{
    if (o->top != 0 && o->sort == TOOL_UNSORTED)
        o->sort = TOOL_BY_CACHED;
    o->total |= o->summarize;
    o->no_progress |= o->quiet;
}

bool
tool_read_options(struct tool_options *o, enum tool_command command, int argc,
                  char **argv, int *status)
{
    struct tables tables;
    int key;

    *o = (struct tool_options){
        .command = command,
        .interval = command == TOOL_LOCK ? 5 : 2,
        .top = command == TOOL_TOP ? 20 : 0,
        .max_size = -1,
    };
    fill_tables(&tables, 1u << command);
    while ((key = getopt_long(argc, argv, tables.letters, tables.longs, NULL))
           != -1) {
        const struct option_row *row;
        const char *given;

        if (key == '?' || key == ':') {
            *status = bad_option(command, key, argv);
            return false;
        }
        row = row_of(command, key);
        if (row->kind == OPTION_HELP) {
            tool_command_help(command);
            *status = TOOL_OK;
            return false;
        }
        given = argv[optind - (optarg == argv[optind - 1] ? 2 : 1)];
        /* Between two letters of an argument, given is the one before it. */
        if (is_repeated(o, row)
            || (key >= LONG && option_is_of_others(command, row, given))) {
            *status = TOOL_USAGE;
            return false;
        }
        if (!option_store(o, row, optarg)) {
            *status = bad_value(command, row, given, optarg);
            return false;
        }
    }
    complete(o);
    o->paths = argv + optind;
    return check_files(o, argc - optind, status);
}

void
tool_free_options(struct tool_options *o)
{
    free(o->pids.list);
    free(o->range.list);
    free(o->exclude.list);
    free(o->include.list);
}

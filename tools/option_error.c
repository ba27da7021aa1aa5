/* SPDX-License-Identifier: MIT */
/* What is wrong with an option or a command, and what would be right. */
#include "tool.h"
#include "misspelt.h"
#include "option_error.h"
#include "screen.h"

#include <stdio.h>
#include <string.h>

int
option_usage(enum tool_command command, const char *matter, const char *name,
             const char *right)
{
    fprintf(stderr, "mmapx: %s", matter);
    if (name != NULL) {
        fputs(" '", stderr);
        tool_name(stderr, name);
        fputs("'", stderr);
    }
    if (right != NULL)
        fprintf(stderr, ": %s", right);
    fputs("\nTry 'mmapx ", stderr);
    if (command < TOOL_COMMANDS)
        fprintf(stderr, "%s ", option_commands[command].name);
    fputs("--help' for more information.\n", stderr);
    return TOOL_USAGE;
}

int
tool_usage(enum tool_command command, const char *matter, const char *name)
{
    return option_usage(command, matter, name, NULL);
}

int
tool_no_command(const char *matter, const char *name)
{
    struct misspelt word;
    char text[64];

    misspelt_begin(&word, name, strlen(name));
    for (int i = 0; i < TOOL_COMMANDS; i++)
        misspelt_try(&word, option_commands[i].name);
    snprintf(text, sizeof text, "is '%s' meant?", word.nearest);
    return option_usage(TOOL_COMMANDS, matter, name,
                        word.nearest == NULL ? NULL : text);
}

/* The commands, as bits, that have an option: "--name", "--name=..." or
 * "-x". */
static unsigned
commands_with(const char *option)
{
    bool is_long = strncmp(option, "--", 2) == 0;
    size_t n = strcspn(option, "=");
    unsigned commands = 0;

    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];

        if (is_long ? strlen(row->name) + 2 == n
                          && strncmp(row->name, option + 2, n - 2) == 0
                    : row->letter != 0 && row->letter == option[1])
            commands |= row->commands;
    }
    return commands;
}

/* Complain of an option that other commands have.  False if none has it. */
static bool
complain_of_others(enum tool_command command, const char *option)
{
    unsigned commands = commands_with(option);
    char text[128] = "an option of";

    for (int i = 0; i < TOOL_COMMANDS; i++)
        if ((commands >> i & 1) != 0) {
            size_t used = strlen(text);

            snprintf(text + used, sizeof text - used, "%s %s",
                     (commands & ((1u << i) - 1)) != 0 ? "," : "",
                     option_commands[i].name);
        }
    if (commands != 0)
        option_usage(command, "no such option", option, text);
    return commands != 0;
}

bool
option_is_of_others(enum tool_command command, const struct option_row *row,
                    const char *argument)
{
    size_t n = strcspn(argument, "=");

    return n > 2 && n - 2 != strlen(row->name)
           && strncmp(argument, "--", 2) == 0
           && complain_of_others(command, argument);
}

int
option_none(enum tool_command command, const char *name)
{
    struct misspelt word;
    char text[64];

    if (complain_of_others(command, name))
        return TOOL_USAGE;
    misspelt_begin(&word, "", 0);
    if (strncmp(name, "--", 2) == 0)
        misspelt_begin(&word, name + 2, strcspn(name + 2, "="));
    for (size_t i = 0; i < option_row_count; i++)
        if (option_is_of(&option_rows[i], command))
            misspelt_try(&word, option_rows[i].name);
    snprintf(text, sizeof text, "is '--%s' meant?", word.nearest);
    return option_usage(command, "no such option", name,
                        word.nearest == NULL ? NULL : text);
}

/* SPDX-License-Identifier: MIT */
/* The help, made of the tables. */
#include "tool.h"
#include "option_table.h"

#include <stdio.h>

static void
help_line(const struct option_row *row)
{
    const char *argument = row->argument;
    char text[40];
    bool can_lack = row->kind == OPTION_DEPTH;
    int n = snprintf(text, sizeof text, "--%s%s%s%s%s", row->name,
                     can_lack ? "[" : "", argument != NULL ? "=" : "",
                     argument != NULL ? argument : "", can_lack ? "]" : "");

    if (row->letter != 0)
        printf("  -%c, ", row->letter);
    else
        fputs("      ", stdout);
    printf("%s%*s%s\n", text, n < 21 ? 22 - n : 1, "", row->help);
}

void
tool_command_help(enum tool_command command)
{
    const struct option_command *c = &option_commands[command];

    printf("Usage: mmapx %s [OPTION]... %s\n", c->name, c->arguments);
    printf("%c%s.\n\nOptions:\n", c->summary[0] - 'a' + 'A', c->summary + 1);
    for (size_t i = 0; i < option_row_count; i++)
        if (option_is_of(&option_rows[i], command))
            help_line(&option_rows[i]);
    if (command == TOOL_STATUS)
        puts("\n'mmapx [OPTION]... FILE...' is"
             " 'mmapx status [OPTION]... FILE...'.");
    if (command == TOOL_TOP)
        puts("\n'mmapx [OPTION]... DIRECTORY...' is"
             " 'mmapx top [OPTION]... DIRECTORY...',\n"
             "and options that status does not have are those of top.");
}

void
tool_help(void)
{
    puts("Usage: mmapx COMMAND [OPTION]... FILE...\n"
         "  or:  mmapx [OPTION]... FILE...\n"
         "  or:  mmapx [OPTION]... DIRECTORY...\n"
         "Show and control which files are in the page cache.\n"
         "\n"
         "Commands:");
    for (size_t i = 0; i < TOOL_COMMANDS; i++)
        printf("  %-10s%s\n", option_commands[i].name,
               option_commands[i].summary);
    puts("\n"
         "Options:\n"
         "  -h, --help      show this help and exit\n"
         "  -V, --version   show the version and exit\n"
         "\n"
         "'mmapx COMMAND --help' says more about a command.");
}

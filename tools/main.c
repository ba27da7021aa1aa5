/* SPDX-License-Identifier: MIT */
/* The command mmapx. */
#include "tool.h"
#include "commands.h"
#include "interrupt.h"
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
version(void)
{
    puts("mmapx (libmmapx) " PACKAGE_VERSION "\n"
         "MIT licence; there is no warranty, to the extent permitted by law.");
    return TOOL_OK;
}

/* Whether an argument is a long option, which can be shortened, or its
 * letter. */
static bool
is_option(const char *text, const char *name, const char *letter)
{
    size_t n = strlen(text);

    return strcmp(text, letter) == 0
           || (n > 2 && n <= strlen(name) && strncmp(text, name, n) == 0);
}

/* The help of a command, or of the program where none is named. */
static int
print_help(const char *name)
{
    enum tool_command command
        = name == NULL ? TOOL_COMMANDS : tool_command_named(name);

    if (command == TOOL_COMMANDS)
        tool_help();
    else
        tool_command_help(command);
    return TOOL_OK;
}

/* "help", and perhaps a command's name. */
static int
help(char **argv)
{
    if (argv[0] == NULL || strcmp(argv[0], "help") == 0
        || is_option(argv[0], "--help", "-h"))
        return print_help(NULL);
    if (tool_command_named(argv[0]) == TOOL_COMMANDS)
        return tool_no_command("no command", argv[0]);
    if (argv[1] != NULL)
        return tool_usage(TOOL_COMMANDS, "help is of one command, not also of",
                          argv[1]);
    return print_help(argv[0]);
}

/* A command's name, or files and options. */
static int
run(int argc, char **argv)
{
    static int (*const functions[])(const struct tool_options *o) = {
        [TOOL_STATUS] = tool_status,   [TOOL_TOP] = tool_top,
        [TOOL_WATCH] = tool_watch,     [TOOL_LOAD] = tool_load,
        [TOOL_EVICT] = tool_evict,     [TOOL_LOCK] = tool_lock,
        [TOOL_SNAPSHOT] = tool_snapshot, [TOOL_RESTORE] = tool_restore,
    };
    enum tool_command command = tool_command_named(argv[0]);
    struct tool_options o;
    int status = TOOL_OK;

    if (command == TOOL_COMMANDS) {
        bool is_file = argv[0][0] == '-' || strchr(argv[0], '/') != NULL
                       || access(argv[0], F_OK) == 0;

        if (!is_file)
            return tool_no_command("no such command or file", argv[0]);
        argc++;
        argv--;
        command = tool_command_meant(argc, argv);
    }
    if (tool_read_options(&o, command, argc, argv, &status))
        status = functions[command](&o);
    tool_free_options(&o);
    return status;
}

static int
dispatch(int argc, char **argv)
{
    if (argc < 2)
        return tool_usage(TOOL_COMMANDS, "no command given", NULL);
    if (is_option(argv[1], "--help", "-h"))
        return print_help(argv[2]);
    /* Letters behind that one are read no more, as behind -h. */
    if (is_option(argv[1], "--version", "-V")
        || strncmp(argv[1], "-V", 2) == 0)
        return version();
    if (strcmp(argv[1], "help") == 0 && access(argv[1], F_OK) != 0)
        return help(argv + 2);
    /* The name of a command can follow the end of options. */
    if (argc > 2 && strcmp(argv[1], "--") == 0
        && tool_command_named(argv[2]) != TOOL_COMMANDS)
        return run(argc - 2, argv + 2);
    return run(argc - 1, argv + 1);
}

/* Output that did not reach its place, a full disk for one, is a failure. */
static int
finish(int status)
{
    int error = tool_flush();

    if (fclose(stdout) != 0 && error == 0)
        error = errno;
    if (error == 0 || tool_signalled != 0)
        return status;
    fprintf(stderr, "mmapx: cannot write the output: %s\n", strerror(error));
    return TOOL_FAILED;
}

/* No file that is opened later is to be taken for a standard stream that was
 * closed.  What stands in for it fails where it is used. */
static void
hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        int mode = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode) < 0)
            open("/", O_RDONLY);
    }
}

int
main(int argc, char **argv)
{
    static char buffer[65536];
    int status;

    hold_standard_streams();
    setlocale(LC_CTYPE, "");
    /* Most of the time goes by in the system; little of it in writing.  musl
     * takes no size without a place. */
    if (isatty(STDOUT_FILENO) == 0)
        setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    status = dispatch(argc, argv);
    if (tool_interrupted != 0)
        tool_end_by_signal();
    return finish(status);
}

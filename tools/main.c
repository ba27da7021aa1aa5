/* SPDX-License-Identifier: MIT */
/* The command mmapx: its options and its subcommands. */
#include "tool.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <string.h>

static const struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "status", "show how much of each file is in memory, and where",
      tool_status },
};

/* What getopt's messages begin with. */
static char program[] = "mmapx";

enum { COMMANDS = sizeof commands / sizeof commands[0] };

int
tool_usage(const char *matter, const char *name)
{
    if (matter != NULL)
        fprintf(stderr, "mmapx: %s", matter);
    if (name != NULL) {
        fputs(" '", stderr);
        tool_name(stderr, name);
        fputs("'", stderr);
    }
    if (matter != NULL)
        putc('\n', stderr);
    fputs("Try 'mmapx --help' for more information.\n", stderr);
    return TOOL_USAGE;
}

int
tool_failed(const char *path, int error)
{
    /* So that the two streams, shown together, are in the order of files. */
    fflush(stdout);
    fputs("mmapx: ", stderr);
    tool_name(stderr, path);
    fprintf(stderr, ": %s\n",
            error == ENODEV ? "Cannot be mapped" : strerror(error));
    return TOOL_FAILED;
}

static int
help(void)
{
    puts("Usage: mmapx COMMAND [OPTION]... FILE...\n"
         "See how files are kept in memory.\n"
         "\n"
         "Commands:");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-14s%s\n", commands[i].name, commands[i].summary);
    puts("\n"
         "Options:\n"
         "  --help        show this help and exit\n"
         "  --version     show the version and exit\n"
         "\n"
         "'mmapx COMMAND --help' says more about a command.");
    return TOOL_OK;
}

static int
version(void)
{
    puts("mmapx (libmmapx) " PACKAGE_VERSION "\n"
         "MIT licence; there is no warranty, to the extent permitted by law.");
    return TOOL_OK;
}

static int
run(int argc, char **argv)
{
    const char *name = argv[0];

    argv[0] = program;
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0) {
            optind = 0; /* starts getopt anew */
            return commands[i].run(argc, argv);
        }
    return tool_usage("unknown command", name);
}

static int
dispatch(int argc, char **argv)
{
    static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'v' },
        { NULL, 0, NULL, 0 },
    };

    /* "+": what follows the command's name is the command's. */
    switch (getopt_long(argc, argv, "+", options, NULL)) {
    case -1:
        break;
    case 'h':
        return help();
    case 'v':
        return version();
    default:
        return tool_usage(NULL, NULL);
    }
    if (optind >= argc)
        return tool_usage("no command given", NULL);
    return run(argc - optind, argv + optind);
}

/* Output that did not reach its place, a full disk for one, is a failure. */
static int
finish(int status)
{
    bool lost = ferror(stdout) != 0;

    errno = 0;
    if (fclose(stdout) == 0 && !lost)
        return status;
    fprintf(stderr, "mmapx: cannot write the output%s%s\n",
            errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
    return TOOL_FAILED;
}

int
main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    argv[0] = program;
    return finish(dispatch(argc, argv));
}

/* SPDX-License-Identifier: MIT */
/* The command line. */
#include "harness/options.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct options opt;

static void
usage(FILE *out)
{
    fprintf(out,
            "Usage: bench [OPTION...] [ROW...]\n\n"
            "Measures libmmapx against its peers: all rows, or those named.\n"
            "bench/README explains them.\n\n"
            "  --quick        smaller files: a minute instead of ten\n"
            "  --json         print JSON lines instead of the table\n"
            "  --json=FILE    write them to FILE beside the table\n"
            "  --dir=DIR      put the files there [$TMPDIR or /var/tmp]\n"
            "  --peers=DIR    where bench/run.sh has built the peers\n"
            "  --tool=FILE    the command mmapx\n"
            "  --seed=N       of what is random\n"
            "  --list         print the rows\n"
            "  --help         print this\n");
}

/* The value of "NAME=value", if that is the option. */
static const char *
value_of(const char *arg, const char *name)
{
    size_t n = strlen(name);

    return strncmp(arg, name, n) == 0 && arg[n] == '=' ? arg + n + 1 : NULL;
}

static void
take_option(const char *arg)
{
    const char *value;

    if (strcmp(arg, "--quick") == 0) {
        opt.quick = true;
    } else if (strcmp(arg, "--json") == 0) {
        opt.json = stdout;
        opt.table = NULL;
    } else if ((value = value_of(arg, "--json")) != NULL) {
        opt.json = fopen(value, "we");
        if (opt.json == NULL)
            die("%s", value);
    } else if ((value = value_of(arg, "--dir")) != NULL) {
        opt.dir = value;
    } else if ((value = value_of(arg, "--peers")) != NULL) {
        opt.peers = value;
    } else if ((value = value_of(arg, "--tool")) != NULL) {
        opt.tool = value;
    } else if ((value = value_of(arg, "--seed")) != NULL) {
        opt.seed = strtoull(value, NULL, 0);
    } else if (strcmp(arg, "--list") == 0) {
        opt.list = true;
    } else if (strcmp(arg, "--help") == 0) {
        usage(stdout);
        exit(0);
    } else {
        fprintf(stderr, "bench: unknown option %s\n", arg);
        usage(stderr);
        exit(2);
    }
}

void
options_read(int argc, char *argv[])
{
    opt.dir = getenv("TMPDIR");
    if (opt.dir == NULL || opt.dir[0] == '\0')
        opt.dir = "/var/tmp";
    opt.table = stdout;
    opt.seed = (uint64_t)time(NULL);
    opt.rows = calloc((size_t)argc, sizeof *opt.rows);
    if (opt.rows == NULL)
        die("calloc");
    for (int i = 1; i < argc && !opt.list; i++) {
        if (argv[i][0] == '-')
            take_option(argv[i]);
        else
            opt.rows[opt.row_count++] = argv[i];
    }
}

/* SPDX-License-Identifier: MIT */
/* The benchmark's options, its rows and its tidying up. */
#include "harness/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct options opt;

static const struct row {
    const char *name;
    void (*run)(void);
    const char *text;
} rows[] = {
    { "1", row_map, "map and unmap" },
    { "1c", row_calls, "advise, protect, lock, sync of a small range" },
    { "2-3", row_residency, "residency: vector, count, list of runs" },
    { "4", row_sparse, "count and list of a sparse file of 1 TiB" },
    { "5", row_populate, "populate what is cached" },
    { "6", row_load, "load into the cache" },
    { "7", row_guard, "guarded copies and scans" },
    { "8", row_evict, "evict what is mapped" },
    { "9", row_resize, "growing and appending" },
    { "10", row_sync, "sync of pages dirtied at random" },
    { "11", row_status, "status of 20,000 files" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static const char **only; /* the rows asked for, or all */
static int only_n;

void
die(const char *format, ...)
{
    va_list args;
    int err = errno;

    va_start(args, format);
    fflush(stdout);
    fprintf(stderr, "bench: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, ": %s\n", strerror(err));
    va_end(args);
    exit(1);
}

/* xorshift64*: what is random is the same for the same seed. */
uint64_t
random_below(uint64_t n)
{
    static uint64_t x;

    if (x == 0)
        x = opt.seed | 1;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    return (x * 0x2545f4914f6cdd1du >> 11) % n;
}

bool
wanted(const char *row)
{
    for (int i = 0; i < only_n; i++)
        if (strcmp(only[i], row) == 0)
            return true;
    return only_n == 0;
}

static struct timespec began;

static long
seconds_so_far(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)(now.tv_sec - began.tv_sec);
}

bool
out_of_time(void)
{
    return seconds_so_far() >= (opt.quick ? 57 : 585);
}

/* --- Tidying up ---------------------------------------------------------- */

static pid_t janitor = -1;
static int janitor_pipe = -1;

static int
remove_one(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
    (void)sb, (void)type, (void)ftw;
    remove(path);
    return 0;
}

/*
 * A child that waits for this process to end, in whatever way, and removes the
 * directory: nothing that kills the benchmark leaves gigabytes behind.
 */
static void
start_janitor(void)
{
    int ends[2];
    char c;

    if (pipe2(ends, O_CLOEXEC) < 0)
        die("pipe");
    janitor = fork();
    if (janitor < 0)
        die("fork");
    if (janitor > 0) {
        close(ends[0]);
        janitor_pipe = ends[1];
        return;
    }
    setsid();
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    close(ends[1]);
    while (read(ends[0], &c, 1) < 0 && errno == EINTR)
        continue;
    nftw(opt.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    _exit(0);
}

/* Safe in a handler. */
static void
stop_janitor(void)
{
    int err = errno;

    if (janitor_pipe >= 0) {
        close(janitor_pipe);
        janitor_pipe = -1;
        while (waitpid(janitor, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    errno = err;
}

/* Leave when all is tidy, by the signal. */
static void
on_signal(int sig)
{
    stop_janitor();
    signal(sig, SIG_DFL);
    raise(sig);
}

static void
make_directory(const char *parent)
{
    static char dir[384];
    int signals[] = { SIGINT, SIGTERM, SIGHUP };

    if (snprintf(dir, sizeof dir, "%s/mmapx-bench.XXXXXX", parent)
            >= (int)sizeof dir
        || mkdtemp(dir) == NULL)
        die("%s", dir);
    opt.dir = dir;
    start_janitor();
    atexit(stop_janitor);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        signal(signals[i], on_signal);
    signal(SIGPIPE, SIG_IGN); /* a peer that dies is an error, not the end */
}

/* --- Options ------------------------------------------------------------- */

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

static void
list(void)
{
    for (int i = 0; i < ROWS; i++)
        printf("%-4s %s\n", rows[i].name, rows[i].text);
}

/* The value of "NAME=value", if that is the option. */
static const char *
value_of(const char *arg, const char *name)
{
    size_t n = strlen(name);

    return strncmp(arg, name, n) == 0 && arg[n] == '=' ? arg + n + 1 : NULL;
}

/* Whether it goes on. */
static bool
take_option(const char *arg, const char **parent)
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
        *parent = value;
    } else if ((value = value_of(arg, "--peers")) != NULL) {
        opt.peers = value;
    } else if ((value = value_of(arg, "--tool")) != NULL) {
        opt.tool = value;
    } else if ((value = value_of(arg, "--seed")) != NULL) {
        opt.seed = strtoull(value, NULL, 0);
    } else if (strcmp(arg, "--list") == 0) {
        list();
        return false;
    } else if (strcmp(arg, "--help") == 0) {
        usage(stdout);
        return false;
    } else {
        fprintf(stderr, "bench: unknown option %s\n", arg);
        usage(stderr);
        exit(2);
    }
    return true;
}

static void
take_row(const char *name)
{
    bool known = false;

    for (int i = 0; i < ROWS; i++)
        known = known || strcmp(rows[i].name, name) == 0;
    if (!known) {
        fprintf(stderr, "bench: there is no row %s; --list shows them\n",
                name);
        exit(2);
    }
    only[only_n++] = name;
}

int
main(int argc, char *argv[])
{
    const char *parent = getenv("TMPDIR");

    if (parent == NULL || parent[0] == '\0')
        parent = "/var/tmp";
    opt.table = stdout;
    opt.seed = (uint64_t)time(NULL);
    only = calloc((size_t)argc, sizeof *only);
    if (only == NULL)
        die("calloc");
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-')
            take_row(argv[i]);
        else if (!take_option(argv[i], &parent))
            return 0;
    }

    make_directory(parent);
    clock_gettime(CLOCK_MONOTONIC, &began);
    machine_print();
    peers_look();
    print_heading();
    for (int i = 0; i < ROWS; i++)
        if (wanted(rows[i].name) && !out_of_time())
            rows[i].run();
        else if (wanted(rows[i].name))
            skip(rows[i].name, "out of time");
    note("took %ld s", seconds_so_far());
    return contests_were_wrong() ? 1 : 0;
}

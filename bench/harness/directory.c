/* SPDX-License-Identifier: MIT */
/* A directory for the files, which goes however the benchmark ends. */
#include "harness/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/options.h"

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

void
directory_make(void)
{
    static char dir[384];
    int signals[] = { SIGINT, SIGTERM, SIGHUP };

    if (snprintf(dir, sizeof dir, "%s/mmapx-bench.XXXXXX", opt.dir)
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

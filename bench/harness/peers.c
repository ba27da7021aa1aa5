/* SPDX-License-Identifier: MIT */
/* Other programs: those that answer lines, and those that are run anew. */
#include "harness/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A process that does what a line says and measures that itself, so that its
 * start and the pipe are not measured. */
struct peer {
    char path[512];
    pid_t pid;
    FILE *to, *from;
};

static const struct {
    const char *name;
    const char *package;
} known[] = {
    { "go", "golang-go" },
    { "python", "python3" },
    { "glib", "libglib2.0-dev" },
    { "boost", "libboost-iostreams-dev" },
    { "apr", "libapr1-dev" },
}, commands[] = {
    { "vmtouch", "vmtouch" },
    { "fincore", "util-linux" },
};

static bool
peer_path(const char *name, char *path, size_t size)
{
    if (opt.peers == NULL)
        return false;
    snprintf(path, size, "%s/%s", opt.peers, name);
    return access(path, X_OK) == 0;
}

bool
command_exists(const char *name)
{
    const char *path = getenv("PATH");
    char file[512];

    while (path != NULL && *path != '\0') {
        size_t n = strcspn(path, ":");

        snprintf(file, sizeof file, "%.*s/%s", (int)n, path, name);
        if (access(file, X_OK) == 0)
            return true;
        path += n + (path[n] == ':');
    }
    return false;
}

static void
missing(const char *name, const char *package)
{
    skip("", "peer %s: missing; it needs Debian's package %s "
             "(bench/install-peers.sh)", name, package);
}

void
peers_look(void)
{
    char path[512];

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (!peer_path(known[i].name, path, sizeof path))
            missing(known[i].name, known[i].package);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (!command_exists(commands[i].name))
            missing(commands[i].name, commands[i].package);
}

/* --- Those that answer --------------------------------------------------- */

static void
launch(struct peer *p)
{
    int to[2], from[2];

    if (pipe2(to, O_CLOEXEC) < 0
        || pipe2(from, O_CLOEXEC) < 0)
        die("pipe");
    p->pid = fork();
    if (p->pid < 0)
        die("fork");
    if (p->pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        execl(p->path, p->path, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    p->to = fdopen(to[1], "w");
    p->from = fdopen(from[0], "r");
    if (p->to == NULL || p->from == NULL)
        die("fdopen");
}

static void
end(struct peer *p)
{
    fclose(p->to);
    fclose(p->from);
    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

struct peer *
peer_start(const char *name)
{
    struct peer *p = calloc(1, sizeof *p);

    if (p == NULL)
        die("calloc");
    if (!peer_path(name, p->path, sizeof p->path)) {
        free(p);
        return NULL;
    }
    launch(p);
    return p;
}

void
peer_restart(struct peer *p)
{
    if (p == NULL)
        return;
    end(p);
    launch(p);
}

void
peer_stop(struct peer *p)
{
    if (p == NULL)
        return;
    end(p);
    free(p);
}

/* The answer is "WALL CPU ANSWER", ns for one operation and what was found, or
 * anything else if it cannot be done. */
bool
peer_ask(struct peer *p, struct sample *s, const char *format, ...)
{
    unsigned long long answer;
    char line[256];
    va_list args;

    va_start(args, format);
    vfprintf(p->to, format, args);
    va_end(args);
    putc('\n', p->to);
    if (fflush(p->to) != 0 || fgets(line, sizeof line, p->from) == NULL
        || sscanf(line, "%lf %lf %llu", &s->wall, &s->cpu, &answer) != 3)
        return false;
    s->answer = answer;
    return true;
}

/* --- Those that are run -------------------------------------------------- */

static double
seconds(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec * 1e-6;
}

/* The child: its output goes into the pipe, or nowhere. */
static _Noreturn void
exec_command(const char *const *argv, int out)
{
    dup2(out, 1);
    /* exec changes none of the strings. */
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static void
drain(int from, char *output, size_t size)
{
    char rest[4096];
    size_t have = 0;
    ssize_t n;

    do {
        bool fits = have + 1 < size;

        n = read(from, fits ? output + have : rest,
                 fits ? size - 1 - have : sizeof rest);
        if (n > 0 && fits)
            have += (size_t)n;
    } while (n > 0 || (n < 0 && errno == EINTR));
    output[have] = '\0';
}

bool
command_run(const char *const *argv, struct sample *s, char *output,
            size_t size)
{
    struct rusage used;
    struct timer t;
    int ends[2];
    int status = 0;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        die("pipe");
    fflush(NULL);
    timer_start(&t);
    pid = vfork();
    if (pid < 0)
        die("vfork");
    if (pid == 0)
        exec_command(argv, ends[1]);
    close(ends[1]);
    drain(ends[0], output, size);
    close(ends[0]);
    while (wait4(pid, &status, 0, &used) < 0 && errno == EINTR)
        continue;
    timer_stop(&t, 1, s);
    s->cpu = (seconds(&used.ru_utime) + seconds(&used.ru_stime)) * 1e9;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

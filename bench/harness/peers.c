/* SPDX-License-Identifier: MIT */
/* Programs that do what a line says, and answer with what it took. */
#include "harness/peers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/command.h"
#include "harness/options.h"
#include "harness/output.h"

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

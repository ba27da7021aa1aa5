/* SPDX-License-Identifier: MIT */
/* Commands that are run anew each time. */
#include "harness/command.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* The number is that of every machine that Linux has had since it was new, but
 * for alpha; the filter only has to be right here. */
static void
forbid_cachestat(void)
{
    enum { CACHESTAT = 451 };
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CACHESTAT, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof rules / sizeof rules[0], rules };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0
        || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        die("seccomp");
}

_Noreturn void
run_without_cachestat(char *argv[])
{
    forbid_cachestat();
    execvp(argv[0], argv);
    die("%s", argv[0]);
}

bool
call_without_cachestat(bool (*run)(void *arg, long loops, struct sample *s),
                       void *arg, long loops, struct sample *s)
{
    int ends[2];
    bool done;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        die("pipe");
    fflush(NULL);
    pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        forbid_cachestat();
        done = run(arg, loops, s)
               && write(ends[1], s, sizeof *s) == (ssize_t)sizeof *s;
        _exit(done ? 0 : 1);
    }
    close(ends[1]);
    done = read(ends[0], s, sizeof *s) == (ssize_t)sizeof *s;
    close(ends[0]);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return done;
}

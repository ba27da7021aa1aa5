/* SPDX-License-Identifier: MIT */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "faults.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* A mapping of four pages of a file that has only one. */
struct mmapx
short_file(int prot, int flags)
{
    int fd;
    struct mmapx m;

    need_fault_addresses();
    fd = temp_file(page_size());
    OK(mmapx_map_region(&m, fd, 0, 4 * page_size(), prot, flags));
    close(fd);
    return m;
}

/* The first byte that is not there. */
unsigned char *
hole_in(const struct mmapx *m)
{
    return (unsigned char *)m->addr + page_size();
}

int
load_byte(void *p)
{
    return *(volatile unsigned char *)p;
}

int
store_byte(void *p)
{
    *(volatile unsigned char *)p = 1;
    return 0;
}

int
return_seven(void *arg)
{
    (void)arg;
    return 7;
}

/* The status that a child ends with, or minus the signal that ended it. */
int
child_status(void (*fn)(void))
{
    int status;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        alarm(100); /* against handlers that never end */
        fn();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool
is_blocked(int sig)
{
    sigset_t mask;

    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    return sigismember(&mask, sig) == 1;
}

bool
copy_library(const char *path)
{
    char buf[8192];
    FILE *from = fopen(".libs/libmmapx.so", "r");
    FILE *to = fopen(path, "w");
    size_t n;

    if (from == NULL || to == NULL)
        return false;
    while ((n = fread(buf, 1, sizeof buf, from)) > 0)
        fwrite(buf, 1, n, to);
    fclose(from);
    return fclose(to) == 0;
}

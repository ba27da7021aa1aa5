/* SPDX-License-Identifier: MIT */
/*
 * A program that has to do without something of the kernel's, as on an older
 * one, in a container, or behind a filter of system calls:
 *
 *     without WHAT[,WHAT...] COMMAND [ARGUMENT...]
 *
 * WHAT is a system call (see missing[]), or "proc": that /proc is not mounted,
 * which takes root.  Exits with 77 where it cannot be taken away.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "seccomp.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NO_SUCH = 2, NOT_HERE = 77 };

/* The numbers of new calls are the same on every architecture. */
static const struct missing {
    const char *name;
    struct denied call;
    int code;
} missing[] = {
    { "cachestat", { 451, ANY, 0, false }, ENOSYS },
    { "pagemap_scan", { SYS_ioctl, 1, 0xc0606610, false }, ENOTTY },
    { "procmap_query", { SYS_ioctl, 1, 0xc0686611, false }, ENOTTY },
    { "process_madvise", { 440, ANY, 0, false }, ENOSYS },
};

static bool
leave_proc(void)
{
    return unshare(CLONE_NEWNS) == 0
           && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0
           && umount2("/proc", MNT_DETACH) == 0;
}

static void
do_without(const char *name)
{
    const struct missing *call = missing;
    bool is_done;

    if (strcmp(name, "proc") == 0) {
        is_done = leave_proc();
    } else {
        while (strcmp(call->name, name) != 0)
            if (++call == missing + sizeof missing / sizeof missing[0]) {
                fprintf(stderr, "without: %s: not known here\n", name);
                exit(NO_SUCH);
            }
        is_done = deny(&call->call, call->code);
    }
    if (!is_done) {
        fprintf(stderr, "without: %s: %s\n", name, strerror(errno));
        exit(NOT_HERE);
    }
}

int
main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("without WHAT[,WHAT...] COMMAND [ARGUMENT...]\n", stderr);
        return NO_SUCH;
    }
    for (char *name = strtok(argv[1], ","); name != NULL;
         name = strtok(NULL, ","))
        do_without(name);
    execvp(argv[2], argv + 2);
    fprintf(stderr, "without: %s: %s\n", argv[2], strerror(errno));
    return NO_SUCH;
}

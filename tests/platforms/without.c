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

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NO_SUCH = 2, NOT_HERE = 77 };

/* The numbers of new calls are the same on every architecture. */
static const struct missing {
    const char *name;
    uint32_t number;
    uint32_t argument;
    uint32_t value; /* of that argument's lower half; 0: any */
    int code;
} missing[] = {
    { "cachestat", 451, 0, 0, ENOSYS },
    { "pagemap_scan", SYS_ioctl, 1, 0xc0606610, ENOTTY },
    { "process_madvise", 440, 0, 0, ENOSYS },
};

static bool
set_filter(const struct missing *call)
{
    uint32_t low = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;
    uint32_t at = (uint32_t)offsetof(struct seccomp_data, args)
                  + call->argument * 8 + low;
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->number, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->value, 0,
                 call->value == 0 ? 0 : 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)call->code),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof filter / sizeof filter[0], filter };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
           && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

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
        is_done = set_filter(call);
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

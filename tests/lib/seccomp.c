/* SPDX-License-Identifier: MIT */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "seccomp.h"

#ifdef __linux__
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

static uint32_t
offset_of(int argument)
{
    uint32_t at = (uint32_t)offsetof(struct seccomp_data, args)
                  + (uint32_t)argument * 8;

    return at + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0);
}

bool
set_filter(const struct denied *d, uint32_t action)
{
    struct sock_filter whatever[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)d->number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_filter by_argument[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)d->number, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset_of(d->argument)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, d->value, d->unless ? 1 : 0,
                 d->unless ? 0 : 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof whatever / sizeof whatever[0],
                                  whatever };

    if (d->argument != ANY) {
        program.len = sizeof by_argument / sizeof by_argument[0];
        program.filter = by_argument;
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
           && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

bool
deny(const struct denied *d, int code)
{
    return d->number == -1
           || set_filter(d, SECCOMP_RET_ERRNO | (uint32_t)code);
}
#endif /* __linux__ */

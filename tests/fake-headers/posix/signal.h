/* SPDX-License-Identifier: MIT */
#ifndef FAKE_SIGNAL_H
#define FAKE_SIGNAL_H

#include <sys/types.h>

typedef unsigned long sigset_t;

typedef struct {
    int si_signo;
    int si_code;
    void *si_addr;
} siginfo_t;

struct sigaction {
    union {
        void (*handler)(int);
        void (*action)(int, siginfo_t *, void *);
    } fake_u;
    sigset_t sa_mask;
    int sa_flags;
};
#define sa_handler fake_u.handler
#define sa_sigaction fake_u.action

#define SIG_DFL ((void (*)(int))0)
#define SIG_IGN ((void (*)(int))1)
#define SIGBUS 10
#define SIG_BLOCK 1
#define SIG_UNBLOCK 2
#define SIG_SETMASK 3
#define SA_ONSTACK 1
#define SA_RESETHAND 4
#define SA_NODEFER 16
#define SA_SIGINFO 64

int pthread_sigmask(int, const sigset_t *, sigset_t *);
int raise(int);
int sigaction(int, const struct sigaction *, struct sigaction *);
int sigaddset(sigset_t *, int);
int sigemptyset(sigset_t *);
int sigismember(const sigset_t *, int);

#endif

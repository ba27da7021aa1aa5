/* SPDX-License-Identifier: MIT */
/* Systems with a set or a context of their own say so. */
#ifndef FAKE_SIGNAL_H
#define FAKE_SIGNAL_H

#include <sys/types.h>

#ifndef FAKE_SIGSET
typedef unsigned long sigset_t;
#endif

typedef struct {
    int si_signo;
    int si_code;
    void *si_addr;
} siginfo_t;

typedef struct {
    void *ss_sp;
    size_t ss_size;
    int ss_flags;
} stack_t;

#ifndef FAKE_CONTEXT
typedef struct fake_context {
    struct fake_context *uc_link;
    sigset_t uc_sigmask;
    stack_t uc_stack;
    struct {
        long fake_registers[32];
    } uc_mcontext;
} ucontext_t;
#endif

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
#define SIGSEGV 11
#define SIGTERM 15
#define SIG_BLOCK 1
#define SIG_UNBLOCK 2
#define SIG_SETMASK 3
#define SA_ONSTACK 1
#define SA_RESTART 2
#define SA_RESETHAND 4
#define SA_NODEFER 16
#define SA_SIGINFO 64
#define BUS_ADRALN 1
#define BUS_ADRERR 2
#define BUS_OBJERR 3
#define SS_ONSTACK 1
#define SS_DISABLE 4

int kill(pid_t, int);
int pthread_sigmask(int, const sigset_t *, sigset_t *);
int raise(int);
int sigaction(int, const struct sigaction *, struct sigaction *);
int sigaddset(sigset_t *, int);
int sigaltstack(const stack_t *, stack_t *);
int sigdelset(sigset_t *, int);
int sigemptyset(sigset_t *);
int sigfillset(sigset_t *);
int sigismember(const sigset_t *, int);

#endif

/* SPDX-License-Identifier: MIT */
/* Commands that are run anew each time. */
#ifndef MMAPX_BENCH_COMMAND_H
#define MMAPX_BENCH_COMMAND_H

#include "harness/clock.h"

/* Whether a command is there, and how long it takes, whose last argument is
 * NULL.  Its output is put into output, cut to size. */
bool command_exists(const char *name);
bool command_run(const char *const *argv, struct sample *s, char *output,
                 size_t size);

/* The benchmark's own first argument by which it becomes another command that
 * has no cachestat(2), as on kernels before 6.5. */
#define WITHOUT_CACHESTAT "--without-cachestat"
_Noreturn void run_without_cachestat(char *argv[]);

/* The same for a runner, in a child. */
bool call_without_cachestat(bool (*run)(void *arg, long loops,
                                        struct sample *s),
                            void *arg, long loops, struct sample *s);

#endif /* MMAPX_BENCH_COMMAND_H */

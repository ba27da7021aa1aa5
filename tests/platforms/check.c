/* SPDX-License-Identifier: MIT */
#if !defined _GNU_SOURCE
#define _GNU_SOURCE 1 /* for MAP_ANONYMOUS under -std=c11 */
#endif
#include "check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 512 };

struct TCase {
    const char *name;
    void (*test)(int);
    void (*setup)(void);
    void (*teardown)(void);
    double timeout;
    int first; /* what the test is called with, up to end */
    int end;
};

struct Suite {
    TCase *cases[MOST];
    int n;
};

struct TestResult {
    const char *name;
    int type;
    const char *file;
    int line;
    char message[1000];
};

struct SRunner {
    Suite *suite;
    TestResult *results[MOST];
    int n;
};

/* What a test leaves for its parent: shared by all processes. */
static struct shared {
    int failed;
    int line;
    char file[256];
    char message[1000];
} *shared;

static void *
zeroed(size_t size)
{
    void *p = calloc(1, size);

    if (p == NULL)
        abort();
    return p;
}

Suite *
suite_create(const char *name)
{
    (void)name;
    return zeroed(sizeof(Suite));
}

void
suite_add_tcase(Suite *s, TCase *tc)
{
    if (s->n == MOST)
        abort();
    s->cases[s->n++] = tc;
}

TCase *
tcase_create(const char *name)
{
    TCase *tc = zeroed(sizeof *tc);

    tc->name = name;
    tcase_set_timeout(tc, 60);
    return tc;
}

void
tcase_set_timeout(TCase *tc, double seconds)
{
    const char *times = getenv("CK_TIMEOUT_MULTIPLIER"); /* as Check has it */

    tc->timeout = seconds * (times != NULL ? atof(times) : 1);
}

void
tcase_add_unchecked_fixture(TCase *tc, void (*setup)(void),
                            void (*teardown)(void))
{
    tc->setup = setup;
    tc->teardown = teardown;
}

void
tcase_add_test(TCase *tc, void (*test)(int))
{
    tcase_add_loop_test(tc, test, 0, 1);
}

void
tcase_add_loop_test(TCase *tc, void (*test)(int), int first, int end)
{
    tc->test = test;
    tc->first = first;
    tc->end = end;
}

/* The first failure counts, whichever process it is in. */
void
check_mark(const char *file, int line)
{
    if (shared == NULL || shared->failed)
        return;
    shared->line = line;
    snprintf(shared->file, sizeof shared->file, "%s", file);
}

void
check_fail(const char *file, int line, const char *format, ...)
{
    va_list args;

    check_mark(file, line);
    if (!shared->failed) {
        va_start(args, format);
        vsnprintf(shared->message, sizeof shared->message, format, args);
        va_end(args);
        shared->failed = 1;
    }
    _exit(1);
}

static void
run_in_child(const TCase *tc, int i)
{
    alarm((unsigned)tc->timeout);
    tc->test(i);
    exit(0);
}

static void
note(TestResult *tr, int status)
{
    tr->line = shared->line;
    tr->file = strdup(shared->file);
    if (shared->failed) {
        tr->type = CK_FAILURE;
        memcpy(tr->message, shared->message, sizeof tr->message);
    } else if (WIFSIGNALED(status)) {
        tr->type = CK_ERROR;
        snprintf(tr->message, sizeof tr->message, "Received signal %d",
                 WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
        tr->type = CK_ERROR;
        snprintf(tr->message, sizeof tr->message,
                 "Early exit with return value %d", WEXITSTATUS(status));
    }
}

static TestResult *
run_case(const TCase *tc, int i)
{
    TestResult *tr = zeroed(sizeof *tr);
    int status = 0;
    pid_t pid;

    tr->name = tc->name;
    memset(shared, 0, sizeof *shared);
    if (tc->setup != NULL)
        tc->setup();
    fflush(stdout);
    pid = fork();
    if (pid == 0)
        run_in_child(tc, i);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (tc->teardown != NULL)
        tc->teardown();
    note(tr, status);
    return tr;
}

SRunner *
srunner_create(Suite *s)
{
    SRunner *sr = zeroed(sizeof *sr);

    sr->suite = s;
    return sr;
}

void
srunner_run_all(SRunner *sr, int mode)
{
    (void)mode;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        abort();
    for (int k = 0; k < sr->suite->n; k++) {
        const TCase *tc = sr->suite->cases[k];

        for (int i = tc->first; i < tc->end && sr->n < MOST; i++)
            sr->results[sr->n++] = run_case(tc, i);
    }
}

int
srunner_ntests_run(SRunner *sr)
{
    return sr->n;
}

TestResult **
srunner_results(SRunner *sr)
{
    TestResult **copy = zeroed(sizeof sr->results);

    memcpy(copy, sr->results, sizeof sr->results);
    return copy;
}

void
srunner_free(SRunner *sr)
{
    free(sr);
}

int
tr_rtype(TestResult *tr)
{
    return tr->type;
}

const char *
tr_msg(TestResult *tr)
{
    return tr->message;
}

const char *
tr_tcname(TestResult *tr)
{
    return tr->name;
}

const char *
tr_lfile(TestResult *tr)
{
    return tr->file;
}

int
tr_lno(TestResult *tr)
{
    return tr->line;
}

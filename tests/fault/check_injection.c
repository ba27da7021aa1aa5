/* SPDX-License-Identifier: MIT */
/*
 * Every call that is made through the seam, in each public function, at each of
 * its turns, fails with each errno.
 */
#include "support.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fake_calls.h"
#include "fake_os.h"
#include "injection.h"
#include "internal.h"

static const int codes_of[FAKE_CALLS][20] = { /* up to a 0 */
#define SEAM_CALL(NAME, name, ...) [FAKE_##NAME] = { __VA_ARGS__ },
#include "seam.def"
};

/* Other systems, and Linux before 6.7, answer to some calls only that there is
 * no such thing, and what would follow is not called. */
static bool
has_every_call(void)
{
    struct mmapx_os_touch_fds touch;

    fake_reset();
    if (mmapx_os_touch_open(&touch) != 0)
        return false;
    mmapx_os_touch_close(&touch);
    return true;
}

/* What a failure must not change. */
struct state {
    struct mmapx m;
    off_t size;
    int next; /* descriptor */
    char mappings[1 << 16];
};

static void
look(const struct fixture *f, struct state *now)
{
    now->m = f->m;
    now->size = lseek(f->fd, 0, SEEK_END);
    now->next = dup(f->fd);
    ck_assert_int_ge(now->next, 0);
    close(now->next);
    read_mappings(now->mappings, sizeof now->mappings);
}

/* All bytes of the file, past the library. */
static void
check_file(const struct fixture *f)
{
    unsigned char buf[4096];
    off_t at = 0;
    ssize_t n;

    while ((n = pread(f->fd, buf, sizeof buf, at)) > 0) {
        check_pattern(buf, (size_t)at, (size_t)n);
        at += n;
    }
}

/* A sync that failed is the one failure that leaves a trace. */
static bool
is_sticky(enum fake_call call, int code)
{
    return (call == FAKE_MSYNC && code != EINTR)
           || (call == FAKE_FLUSH && code != EINTR && code != EBADF);
}

/* The line of a text from which on another one differs. */
static const char *
first_difference(const char *text, const char *other)
{
    const char *line = text;

    for (; *text != '\0' && *text == *other; text++, other++)
        if (*text == '\n')
            line = text + 1;
    return line;
}

static void
check_same(const char *what, const struct state *before,
           const struct state *after)
{
    struct mmapx now = after->m;

    /* A commit that failed is remembered. */
    now.reserved[MMAPX_I_INFO]
        ^= (before->m.reserved[MMAPX_I_INFO] ^ now.reserved[MMAPX_I_INFO])
           & MMAPX_I_HALF_COMMITTED;
    ck_assert_msg(memcmp(&before->m, &now, sizeof now) == 0,
                  "%s: another handle", what);
    ck_assert_msg(before->size == after->size, "%s: the file has %lld bytes",
                  what, (long long)after->size);
    ck_assert_msg(before->next == after->next, "%s: a descriptor", what);
    /* All of it would be too long for a message. */
    ck_assert_msg(strcmp(before->mappings, after->mappings) == 0,
                  "%s: mapped was\n%.300s\nnow\n%.300s", what,
                  first_difference(before->mappings, after->mappings),
                  first_difference(after->mappings, before->mappings));
}

/* Run one scenario with one failure.  The file is new each time. */
static void
inject(const struct scenario *s, enum fake_call call, int turn, int code)
{
    struct fixture f = { .m = MMAPX_INIT, .memfd = UNTOUCHED_FD };
    static struct state first, before, after;
    char what[128];
    int outcome, r;

    snprintf(what, sizeof what, "%s: %s, turn %d, %s", s->name,
             fake_name(call), turn, errno_name(code));
    f.fd = temp_file(3 * page_size() + 1);
    outcome = outcome_of(s, &f, call, turn, code);
    OK(ftruncate(f.fd, (off_t)(3 * page_size() + 1)));
    look(&f, &first);
    s->map(&f);
    look(&f, &before);
    fake_reset();
    fake_fail(call, code, turn);
    errno = 0;
    r = s->run(&f);
    if (outcome == 0) {
        ck_assert_msg(r == 0, "%s: now %s", what, errno_name(errno));
    } else {
        ck_assert_msg(r == -1, "%s: succeeded", what);
        ck_assert_msg(errno == outcome, "%s: now %s", what,
                      errno_name(errno));
        if (is_sticky(call, code)) {
            ck_assert_int_eq(mmapx_i_remembered(&f.m), -code);
            OK(mmapx_sync_reset(&f.m)); /* which notes that there was one */
            before.m.reserved[MMAPX_I_ERROR] = f.m.reserved[MMAPX_I_ERROR];
        }
        look(&f, &after);
        if (leaves_mapping(s, call))
            memcpy(after.mappings, before.mappings, sizeof after.mappings);
        check_same(what, &before, &after);
        ck_assert_msg(f.memfd == UNTOUCHED_FD, "%s: a descriptor", what);
        check_file(&f);
    }

    /* And nothing stays behind. */
    fake_reset();
    OK(mmapx_unmap(&f.m));
    if (f.memfd != UNTOUCHED_FD)
        close(f.memfd);
    ck_assert_int_eq(ftruncate(f.fd, first.size), 0);
    look(&f, &after);
    if (!leaves_mapping(s, call))
        check_same(what, &first, &after);
    close(f.fd);
}

/* How often the scenario makes each call when nothing fails. */
static void
count_turns(const struct scenario *s, int *turns)
{
    struct fixture f = { .memfd = UNTOUCHED_FD };

    f.fd = temp_file(3 * page_size() + 1);
    s->map(&f);
    fake_reset();
    ck_assert_msg(s->run(&f) == 0, "%s: %s", s->name, errno_name(errno));
    for (int call = 0; call < FAKE_CALLS; call++)
        turns[call] = fake_count((enum fake_call)call);
    OK(mmapx_unmap(&f.m));
    if (f.memfd != UNTOUCHED_FD)
        close(f.memfd);
    close(f.fd);
}

static void
fail_everywhere(const struct scenario *s, int *failures)
{
    int turns[FAKE_CALLS];

    count_turns(s, turns);
    for (int call = 0; call < FAKE_CALLS; call++)
        for (int turn = 1; turn <= turns[call]; turn++)
            for (size_t i = 0; codes_of[call][i] != 0; i++) {
                inject(s, (enum fake_call)call, turn, codes_of[call][i]);
                failures[call]++;
            }
}

/* Sees that each call is made by some scenario, so that a new one is not
 * forgotten. */
START_TEST(everything_that_can_fail)
{
    int failures[FAKE_CALLS] = { 0 };
    bool all = has_every_call();
    int fd;

    need_the_kernel();
    if (!mmapx_advice_supported(MMAPX_MADV_POPULATE_READ))
        SKIP("what follows is of kernels that populate (5.14)");
    need_memlock(16 * page_size()); /* else EPERM is a true answer */
    fd = temp_file(0);
    if (is_stacked(fd))
        SKIP("each answer about the cache is asked for twice here");
    close(fd);
    mmapx_i_process(); /* it sets a page apart, once */
    for (size_t i = 0; i < scenario_count; i++)
        fail_everywhere(&scenarios[i], failures);
    for (int call = 0; call < FAKE_CALLS; call++)
        ck_assert_msg(failures[call] > 0 || codes_of[call][0] == 0 || !all,
                      "%s never failed", fake_name((enum fake_call)call));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("injection");

    ADD_TEST(s, everything_that_can_fail);
    return s;
}

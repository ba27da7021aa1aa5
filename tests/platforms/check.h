/* SPDX-License-Identifier: MIT */
/*
 * The part of Check that the tests use, for platforms that have no Check: each
 * test in a process of its own, and the same names.  The tests themselves are
 * the same; only "make check-*" takes this for <check.h>.
 */
#ifndef MMAPX_TESTS_PLATFORMS_CHECK_H
#define MMAPX_TESTS_PLATFORMS_CHECK_H

#include <stdint.h>
#include <string.h>

typedef struct Suite Suite;
typedef struct SRunner SRunner;
typedef struct TCase TCase;
typedef struct TestResult TestResult;

enum { CK_PASS, CK_FAILURE, CK_ERROR };
enum { CK_SILENT };

Suite *suite_create(const char *name);
void suite_add_tcase(Suite *s, TCase *tc);
TCase *tcase_create(const char *name);
void tcase_set_timeout(TCase *tc, double seconds);
void tcase_add_unchecked_fixture(TCase *tc, void (*setup)(void),
                                 void (*teardown)(void));
void tcase_add_test(TCase *tc, void (*test)(int));
void tcase_add_loop_test(TCase *tc, void (*test)(int), int first, int end);

SRunner *srunner_create(Suite *s);
void srunner_run_all(SRunner *sr, int mode);
int srunner_ntests_run(SRunner *sr);
TestResult **srunner_results(SRunner *sr);
void srunner_free(SRunner *sr);

int tr_rtype(TestResult *tr);
const char *tr_msg(TestResult *tr);
const char *tr_tcname(TestResult *tr);
const char *tr_lfile(TestResult *tr);
int tr_lno(TestResult *tr);

#define START_TEST(name)                                                       \
    static void name(int _i)                                                   \
    {                                                                          \
        (void)_i;                                                              \
        check_mark(__FILE__, __LINE__);
#define END_TEST }

void check_mark(const char *file, int line);
_Noreturn void check_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define ck_abort_msg(...) check_fail(__FILE__, __LINE__, __VA_ARGS__)

#define ck_assert_msg(expression, ...)                                         \
    do {                                                                       \
        if (!(expression))                                                     \
            check_fail(__FILE__, __LINE__, __VA_ARGS__);                       \
        check_mark(__FILE__, __LINE__);                                        \
    } while (0)

#define ck_assert(expression)                                                  \
    ck_assert_msg(expression, "Assertion '%s' failed", #expression)

#define CHECK_COMPARE(type, format, a, op, b)                                  \
    do {                                                                       \
        type a_ = (type)(a);                                                   \
        type b_ = (type)(b);                                                   \
        ck_assert_msg(a_ op b_, "Assertion '%s' failed: %" format              \
                      ", %" format, #a " " #op " " #b, a_, b_);                \
    } while (0)

#define ck_assert_int_eq(a, b)  CHECK_COMPARE(intmax_t, "jd", a, ==, b)
#define ck_assert_int_ne(a, b)  CHECK_COMPARE(intmax_t, "jd", a, !=, b)
#define ck_assert_int_ge(a, b)  CHECK_COMPARE(intmax_t, "jd", a, >=, b)
#define ck_assert_int_gt(a, b)  CHECK_COMPARE(intmax_t, "jd", a, >, b)
#define ck_assert_int_le(a, b)  CHECK_COMPARE(intmax_t, "jd", a, <=, b)
#define ck_assert_int_lt(a, b)  CHECK_COMPARE(intmax_t, "jd", a, <, b)
#define ck_assert_uint_eq(a, b) CHECK_COMPARE(uintmax_t, "ju", a, ==, b)
#define ck_assert_uint_ne(a, b) CHECK_COMPARE(uintmax_t, "ju", a, !=, b)
#define ck_assert_uint_ge(a, b) CHECK_COMPARE(uintmax_t, "ju", a, >=, b)
#define ck_assert_uint_gt(a, b) CHECK_COMPARE(uintmax_t, "ju", a, >, b)
#define ck_assert_uint_le(a, b) CHECK_COMPARE(uintmax_t, "ju", a, <=, b)
#define ck_assert_uint_lt(a, b) CHECK_COMPARE(uintmax_t, "ju", a, <, b)
#define ck_assert_ptr_eq(a, b)                                                 \
    CHECK_COMPARE(uintptr_t, PRIxPTR, a, ==, b)
#define ck_assert_ptr_ne(a, b)                                                 \
    CHECK_COMPARE(uintptr_t, PRIxPTR, a, !=, b)
#define ck_assert_ptr_nonnull(a) ck_assert((a) != NULL)
#define ck_assert_ptr_null(a)    ck_assert((a) == NULL)
#define ck_assert_mem_eq(a, b, n)                                              \
    ck_assert_msg(memcmp(a, b, n) == 0, "%s and %s differ", #a, #b)
#define ck_assert_str_eq(a, b)                                                 \
    ck_assert_msg(strcmp(a, b) == 0, "%s is \"%s\"", #a, a)

#include <inttypes.h>

#endif /* MMAPX_TESTS_PLATFORMS_CHECK_H */

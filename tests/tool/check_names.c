/* SPDX-License-Identifier: MIT */
/* How much work a long name is to who prints its end: characters are counted,
 * not seconds. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static size_t characters;

static size_t
count_and_convert(wchar_t *wc, const char *s, size_t n, mbstate_t *state)
{
    characters++;
    return mbrtowc(wc, s, n, state);
}

#define mbrtowc count_and_convert
#include "../../tools/screen.c"
#undef mbrtowc

int
tool_flush(void)
{
    return 0;
}

enum { COLUMNS = 60 };

/* A path of so many times a piece, of which the end is printed. */
static size_t
work_for(const char *piece, size_t times)
{
    size_t size = strlen(piece), work;
    char *name = malloc(size * times + 1), *said = NULL;
    size_t said_size;
    FILE *out = open_memstream(&said, &said_size);

    ck_assert_ptr_nonnull(name);
    ck_assert_ptr_nonnull(out);
    for (size_t i = 0; i < times; i++)
        memcpy(name + i * size, piece, size + 1);
    characters = 0;
    tool_name_end(out, name, COLUMNS);
    work = characters;
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_uint_le(tool_name(NULL, said), 2 * COLUMNS);
    free(said);
    free(name);
    return work;
}

/* Characters of two bytes or no width, control characters, what is no
 * character, and plain ones. */
START_TEST(work_grows_with_the_length_at_most)
{
    static const char *const pieces[]
        = { "/d\303\251", "a\314\201", "/\n\t", "/\377\376", "/directory" };

    if (setlocale(LC_ALL, "C.UTF-8") == NULL)
        setlocale(LC_ALL, "");
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        for (size_t times = 10; times <= 100000; times *= 10) {
            size_t work = work_for(pieces[i], times);

            ck_assert_msg(work <= 3 * times * strlen(pieces[i]),
                          "piece %zu, %zu times: %zu characters", i, times,
                          work);
        }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("names");

    ADD_TEST(s, work_grows_with_the_length_at_most);
    return s;
}

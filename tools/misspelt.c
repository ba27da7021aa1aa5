/* SPDX-License-Identifier: MIT */
/* What a word may have been meant to be: the edit distance. */
#include "misspelt.h"

#include <string.h>

/* No word that is known is longer. */
enum { LONGEST = 32 };

static unsigned
least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many letters have to be added, taken away, replaced or exchanged with
 * the next one.  A row of the table for each letter of a; three are needed. */
static unsigned
distance(const char *a, size_t n, const char *b, size_t m)
{
    unsigned rows[3][LONGEST + 1];
    unsigned *before = rows[0];
    unsigned *last = rows[1];
    unsigned *now = rows[2];

    for (size_t j = 0; j <= m; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned *next = before;

        now[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = least(least(last[j], now[j - 1]) + 1,
                           last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
        now = next;
    }
    return last[m];
}

void
misspelt_begin(struct misspelt *m, const char *word, size_t n)
{
    *m = (struct misspelt){ .word = word, .n = n };
    /* A third of the letters can be wrong, and a short word has one. */
    m->least = (unsigned)(n < 6 ? 1 : n / 3) + 1;
}

void
misspelt_try(struct misspelt *m, const char *word)
{
    size_t n = strlen(word);
    unsigned wrong;

    if (m->n < 2 || m->n > LONGEST || n > LONGEST)
        return;
    /* A word that was cut short has no wrong letter. */
    wrong = m->n > 2 && m->n < n && strncmp(m->word, word, m->n) == 0
                ? 0 : distance(m->word, m->n, word, n);
    if (wrong >= m->least)
        return;
    m->least = wrong;
    m->nearest = word;
}

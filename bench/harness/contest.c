/* SPDX-License-Identifier: MIT */
/* Measuring contestants side by side. */
#include "harness/contest.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/output.h"

/* What a sample of a short operation takes at least, in ns: long against the
 * clock and short against a time slice, so that most are not interrupted. */
static const double SHORTEST = 3e5;

/* Where samples take long a contest ends after so many seconds and rounds, and
 * a first round of so many seconds counts. */
enum { LONGEST_CONTEST = 24, LEAST_ROUNDS = 3, LONG_ROUND = 5 };

static bool wrong;

/* --- A contest ----------------------------------------------------------- */

struct contest *
contest_new(const char *row, const char *state, size_t size,
            const char *format, ...)
{
    struct contest *c = calloc(1, sizeof *c);
    va_list args;

    if (c == NULL)
        die("calloc");
    va_start(args, format);
    vsnprintf(c->work, sizeof c->work, format, args);
    va_end(args);
    c->row = row;
    c->state = state;
    c->size = size;
    c->rounds = FEWEST_ROUNDS;
    return c;
}

int
contest_add(struct contest *c, const char *name, runner *run, void *arg)
{
    if (run == NULL || c->n == MOST_CONTESTANTS)
        return -1;
    c->contestants[c->n].name = name;
    c->contestants[c->n].run = run;
    c->contestants[c->n].arg = arg;
    return c->n++;
}

void
contest_end(struct contest *c)
{
    free(c);
}

/* What is short is done a few times before it counts: the caches are somebody
 * else's. */
static void
run_one(const struct contest *c, struct contestant *who, struct sample *s)
{
    memset(s, 0, sizeof *s);
    if (!who->failed
        && !((who->loops < 4 || who->run(who->arg, who->loops / 4, s))
             && who->run(who->arg, who->loops, s))) {
        who->failed = true;
        note("%s: %s cannot do it", c->row, who->name);
    }
}

/* How often a contestant does it in the shortest time. */
static void
calibrate(const struct contest *c, struct contestant *who)
{
    struct sample s = { 0, 0, 0, 0 };

    who->loops = c->loops > 0 ? c->loops : 1;
    while (c->loops == 0 && !who->failed
           && s.wall * (double)who->loops < SHORTEST) {
        who->loops *= 2;
        run_one(c, who, &s);
    }
}

static void
shuffle(int *order, int n)
{
    for (int i = n - 1; i > 0; i--) {
        int j = (int)random_below((uint64_t)i + 1);
        int k = order[i];

        order[i] = order[j];
        order[j] = k;
    }
}

/* Memory may become so short meanwhile that the cache loses pages. */
static bool
has_changed(const struct contest *c)
{
    return c->watched != NULL && file_cached(c->watched) != c->cached;
}

/* All who found something out have to have found the same. */
static void
check_answers(const struct contest *c, int round)
{
    uint64_t right = 0;

    for (int i = 0; i < c->n; i++) {
        const struct contestant *who = &c->contestants[i];
        uint64_t answer = who->samples[round].answer;

        if (who->failed || answer == 0 || answer == right)
            continue;
        if (right != 0 && !has_changed(c)) {
            note("WRONG ANSWER: %s: %s says %llu, not %llu", c->row, who->name,
                 (unsigned long long)answer, (unsigned long long)right);
            wrong = true;
        }
        right = answer;
    }
}

bool
contests_were_wrong(void)
{
    return wrong;
}

/* Nobody takes part, and no line of the table comes of it. */
static void
call_off(struct contest *c)
{
    for (int i = 0; i < c->n; i++)
        c->contestants[i].failed = true;
    skip(c->row, "%s, %s: out of time", c->work, c->state);
}

/* Whether no further round is possible, or wanted, after so many that count. */
static bool
is_over(const struct contest *c, int rounds, long began)
{
    if (rounds < LEAST_ROUNDS)
        return out_of_time();
    return rounds >= c->rounds || out_of_time()
           || clock_seconds() - began > LONGEST_CONTEST;
}

/* The first round warms up and is thrown away, if it is short. */
void
contest_run(struct contest *c)
{
    long began = clock_seconds();
    int order[MOST_CONTESTANTS];
    int round;

    if (c->n == 0)
        return;
    for (int i = 0; i < c->n; i++) {
        order[i] = i;
        calibrate(c, &c->contestants[i]);
    }
    if (c->watched != NULL)
        c->cached = file_cached(c->watched);
    for (round = -1; !is_over(c, round, began); round++) {
        int at = round < 0 ? 0 : round;

        if (c->before_round != NULL)
            c->before_round(c, round);
        shuffle(order, c->n);
        for (int i = 0; i < c->n; i++) {
            struct contestant *who = &c->contestants[order[i]];

            run_one(c, who, &who->samples[at]);
        }
        if (!c->answers_differ)
            check_answers(c, at);
        if (round < 0 && clock_seconds() - began >= LONG_ROUND)
            round = 0;
    }
    c->rounds = round;
    if (round < LEAST_ROUNDS)
        call_off(c);
    else if (has_changed(c))
        note("%s, %s: the cache lost pages meanwhile, memory is short", c->work,
             c->state);
}

/* --- What came of it ----------------------------------------------------- */

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static struct spread
spread_of(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    return (struct spread){
        .median = n % 2 != 0 ? values[n / 2]
                             : (values[n / 2 - 1] + values[n / 2]) / 2,
        .min = values[0],
        .max = values[n - 1],
        .low = values[n / 4],
        .high = values[n - 1 - n / 4],
    };
}

static double
value_of(const struct sample *s, enum what what)
{
    switch (what) {
    case WALL:
        return s->wall;
    case CPU:
        return s->cpu;
    default:
        return s->bytes;
    }
}

struct spread
contest_spread(const struct contest *c, int who, enum what what)
{
    double values[MOST_ROUNDS];

    for (int i = 0; i < c->rounds; i++)
        values[i] = value_of(&c->contestants[who].samples[i], what);
    return spread_of(values, c->rounds);
}

/*
 * The spread of the ratios, or differences, in each round: what the rest of the
 * machine cost both in a round is in both.
 */
struct spread
contest_relation(const struct contest *c, int ours, int theirs, enum what what,
                 bool difference)
{
    double values[MOST_ROUNDS];

    for (int i = 0; i < c->rounds; i++) {
        double a = value_of(&c->contestants[ours].samples[i], what);
        double b = value_of(&c->contestants[theirs].samples[i], what);

        values[i] = difference ? a - b : b > 0 ? a / b : 0;
    }
    return spread_of(values, c->rounds);
}

double
contest_median(const struct contest *c, int who)
{
    if (who < 0 || c->contestants[who].failed)
        return -1;
    return contest_spread(c, who, WALL).median;
}

/* The one with the lowest median, or the highest with a sign of -1. */
static int
extreme(const struct contest *c, const int *of, int n, double sign)
{
    int found = -1;

    for (int i = 0; i < n; i++) {
        if (of[i] < 0 || c->contestants[of[i]].failed)
            continue;
        if (found < 0
            || sign * contest_median(c, of[i])
                   < sign * contest_median(c, found))
            found = of[i];
    }
    return found;
}

int
contest_best(const struct contest *c, const int *of, int n)
{
    return extreme(c, of, n, 1);
}

int
contest_worst(const struct contest *c, const int *of, int n)
{
    return extreme(c, of, n, -1);
}

/* SPDX-License-Identifier: MIT */
/* Lines of the table, and the same as JSON lines. */
#include "harness/result.h"

#include <string.h>

#include "harness/options.h"
#include "harness/output.h"

/* --- JSON ---------------------------------------------------------------- */

static void
json_spread(const char *name, struct spread s)
{
    fprintf(opt.json,
            ",\"%s\":{\"median\":%.9g,\"min\":%.9g,\"max\":%.9g,"
            "\"low\":%.9g,\"high\":%.9g}",
            name, s.median, s.min, s.max, s.low, s.high);
}

static void
json_contestant(const char *what, const struct contest *c, int who)
{
    fprintf(opt.json, ",\"%s\":{\"name\":", what);
    json_string(opt.json, c->contestants[who].name);
    fprintf(opt.json, ",\"loops\":%ld", c->contestants[who].loops);
    json_spread("wall", contest_spread(c, who, WALL));
    json_spread("cpu", contest_spread(c, who, CPU));
    json_spread("bytes", contest_spread(c, who, BYTES));
    fprintf(opt.json, "}");
}

/* --- How it grows -------------------------------------------------------- */

void
series_add(struct series *s, size_t size, double ns)
{
    if (s->n == MOST_POINTS || ns < 0)
        return;
    s->sizes[s->n] = size;
    s->ns[s->n] = ns;
    s->n++;
}

static void
series_json(const struct series *s)
{
    fprintf(opt.json, "{\"type\":\"series\"");
    json_pair("series", s->title);
    json_pair("name", s->name);
    json_pair("state", s->state);
    fprintf(opt.json, ",\"points\":[");
    for (int i = 0; i < s->n; i++)
        fprintf(opt.json, "%s[%zu,%.9g]", i > 0 ? "," : "", s->sizes[i],
                s->ns[i]);
    fprintf(opt.json, "]}\n");
    fflush(opt.json);
}

void
series_print(const struct series *s)
{
    if (opt.table != NULL) {
        fprintf(opt.table, "     %s by size, state %s, %s:\n         ",
                s->title, s->state, s->name);
        for (int i = 0; i < s->n; i++)
            fprintf(opt.table, "%s%s %s", i > 0 ? ", " : "",
                    bytes_text((double)s->sizes[i]), time_text(s->ns[i]));
        fprintf(opt.table, "\n");
        fflush(opt.table);
    }
    if (opt.json != NULL)
        series_json(s);
}

/* --- A comparison -------------------------------------------------------- */

struct result {
    const struct contest *c;
    int ours, theirs;
    enum measure measure;
    double goal;
    struct spread relation;
    double cpu;
    bool met;
};

static const char *
measure_name(enum measure measure)
{
    static const char *const names[] = {
        [TIME_RATIO]      = "time ratio",
        [TIME_DIFFERENCE] = "time difference",
        [BYTES_RATIO]     = "bytes ratio",
        [BYTES_SHARE]     = "bytes share",
        [COUNT]           = "count",
    };

    return names[measure];
}

static void
print_json(const struct result *r)
{
    fprintf(opt.json, "{\"type\":\"result\"");
    json_pair("row", r->c->row);
    json_pair("work", r->c->work);
    json_pair("state", r->c->state);
    json_pair("measure", measure_name(r->measure));
    fprintf(opt.json, ",\"size\":%zu,\"rounds\":%d", r->c->size, r->c->rounds);
    json_contestant("ours", r->c, r->ours);
    json_contestant("theirs", r->c, r->theirs);
    json_spread("relation", r->relation);
    fprintf(opt.json, ",\"cpu_ratio\":%.6g", r->cpu);
    if (r->goal != NO_GOAL)
        fprintf(opt.json, ",\"goal\":%.9g,\"met\":%s", r->goal,
                r->met ? "true" : "false");
    fprintf(opt.json, "}\n");
    fflush(opt.json);
}

static const char *
value_text(const struct result *r, int who)
{
    bool is_time = r->measure == TIME_RATIO || r->measure == TIME_DIFFERENCE;
    double value
        = contest_spread(r->c, who, is_time ? WALL : BYTES).median;

    if (r->measure == COUNT)
        return count_text(value);
    return is_time ? time_text(value) : bytes_text(value);
}

static const char *
relation_text(const struct result *r, double value)
{
    if (r->measure == COUNT)
        return count_text(value);
    return r->measure == TIME_DIFFERENCE ? time_text(value)
                                         : ratio_text(value);
}

static void
print_table(const struct result *r)
{
    char range[48], goal[24], cpu[16];

    snprintf(range, sizeof range, "(%s - %s)",
             relation_text(r, r->relation.min),
             relation_text(r, r->relation.max));
    snprintf(goal, sizeof goal, "%s %s",
             r->measure == BYTES_SHARE ? ">=" : "<=",
             relation_text(r, r->goal));
    snprintf(cpu, sizeof cpu, "%.3f", r->cpu);
    fprintf(opt.table, "%-4s %-36s %-2s %9s %9s  %-22s %9s %-19s %6s %-9s %s\n",
            r->c->row, r->c->work, r->c->state, value_text(r, r->ours),
            value_text(r, r->theirs), r->c->contestants[r->theirs].name,
            relation_text(r, r->relation.median), range, cpu,
            r->goal != NO_GOAL ? goal : "",
            r->goal == NO_GOAL ? "" : r->met ? "met" : "MISSED");
    fflush(opt.table);
}

/* What is at least wanted, or at most. */
static bool
is_met(const struct result *r)
{
    if (r->measure == BYTES_SHARE)
        return r->relation.median >= r->goal;
    return r->relation.median <= r->goal;
}

void
compare(const struct contest *c, int ours, int theirs, enum measure measure,
        double goal)
{
    bool is_time = measure == TIME_RATIO || measure == TIME_DIFFERENCE;
    struct result r = { .c = c, .ours = ours, .theirs = theirs,
                        .measure = measure, .goal = goal };

    if (ours < 0 || theirs < 0 || c->contestants[ours].failed
        || c->contestants[theirs].failed)
        return;
    r.relation = contest_relation(c, ours, theirs, is_time ? WALL : BYTES,
                                  measure == TIME_DIFFERENCE);
    r.cpu = contest_relation(c, ours, theirs, CPU, false).median;
    if (measure == BYTES_SHARE) {
        r.relation = contest_spread(c, ours, BYTES);
        r.relation.median /= (double)c->size;
        r.relation.min /= (double)c->size;
        r.relation.max /= (double)c->size;
        r.relation.low /= (double)c->size;
        r.relation.high /= (double)c->size;
    }
    if (measure == COUNT)
        r.relation = contest_spread(c, ours, BYTES);
    r.met = is_met(&r);
    if (opt.table != NULL)
        print_table(&r);
    if (opt.json != NULL)
        print_json(&r);
}

void
print_heading(void)
{
    if (opt.table == NULL)
        return;
    fprintf(opt.table, "\n%-4s %-36s %-2s %9s %9s  %-22s %9s %-19s %6s %-9s\n",
            "row", "work", "st", "ours", "theirs", "peer", "ratio",
            "(min - max)", "cpu", "goal");
    fflush(opt.table);
}

/* SPDX-License-Identifier: MIT */
/* The table for programs: an object a line. */
#include "tool.h"
#include "json.h"
#include "libmmapx.h"
#include "table.h"
#include "table_json.h"

static json_t *
number(const struct survey *s, unsigned bit, int64_t bytes)
{
    return (s->known & bit) != 0 ? json_integer(bytes) : json_null();
}

json_t *
table_json_survey(const struct survey *s)
{
    return json_pack(
        "{s:I, s:o, s:o, s:o, s:o, s:o}", "size", (json_int_t)s->size,
        "cached", number(s, MMAPX_CACHE_CACHED, s->cached),
        "dirty", number(s, MMAPX_CACHE_DIRTY, s->dirty),
        "writeback", number(s, MMAPX_CACHE_WRITEBACK, s->writeback),
        "evicted", number(s, MMAPX_CACHE_EVICTED, s->evicted),
        "recently_evicted",
        number(s, MMAPX_CACHE_RECENTLY_EVICTED, s->recently_evicted));
}

static json_t *
json_survey(const struct table *t, const struct survey *s)
{
    json_t *object = table_json_survey(s);

    if (t->time != 0)
        json_object_set_new(object, "time", json_integer((json_int_t)t->time));
    return object;
}

json_t *
table_json_who(const struct who *who)
{
    json_t *list = json_array();

    for (size_t i = 0; who != NULL && i < who->n; i++)
        json_array_append_new(
            list, json_pack("{s:I, s:o}", "pid",
                            (json_int_t)who->list[i]->pid, "process",
                            json_path(who->list[i]->name)));
    return list;
}

void
table_json_row(const struct table *t, const struct table_row *row)
{
    json_t *object = json_pack("{s:o}", "path", json_path(row->path));
    json_t *numbers = json_survey(t, &row->survey);

    json_object_update(object, numbers);
    json_decref(numbers);
    if (t->o->who)
        json_object_set_new(object, "mapped_by", table_json_who(row->who));
    json_line(object);
}

void
table_json_ranges(const struct table_row *row)
{
    for (size_t i = 0; i < row->n; i++)
        json_line(json_pack("{s:o, s:{s:I, s:I}}", "path",
                            json_path(row->path), "range", "offset",
                            (json_int_t)row->ranges[i].off, "length",
                            (json_int_t)row->ranges[i].len));
}

void
table_json_total(const struct table *t, const struct survey *sum)
{
    json_t *object = json_survey(t, sum);

    json_object_set_new(object, "files",
                        json_integer((json_int_t)t->sums.files));
    json_object_set_new(object, "unknown_files",
                        json_integer((json_int_t)t->sums.unknown));
    json_line(json_pack("{s:o}", "total", object));
}

/* SPDX-License-Identifier: MIT */
/* What is in memory of a file. */
#ifndef TOOL_SURVEY_H
#define TOOL_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include "files.h"
#include "libmmapx.h"

struct survey {
    int64_t size;   /* of the range */
    int64_t cached; /* bytes; these and those below are 0 if not known */
    int64_t dirty;
    int64_t writeback;
    int64_t evicted;
    int64_t recently_evicted;
    unsigned known; /* MMAPX_CACHE_*; 0 if the system would not say */
};

/* Look at a range of a file, which lies within it.  Returns 0 or an errno; that
 * the system would not say is no error.  EINTR: tool_interrupted was set. */
int survey_range(struct survey *s, const struct tool_file *file, int64_t off,
                 int64_t len);

/* The same in pages.  Nothing is known if the system would not say. */
int survey_count(const struct tool_file *file, int64_t off, int64_t len,
                 struct mmapx_cache *sum);

/* Look at a whole file before its turn, as tool_files_ahead() wants it; and
 * what was found then, which is returned as survey_range() does. */
void survey_ahead(const struct tool_file *file, void *arg);
int survey_found(struct survey *s, const struct tool_file *file);

/*
 * The same where the runs will be wanted as well.  A large file of which each
 * page has to be looked at for a count is put off: its runs tell the count too,
 * and nothing has been found then.
 */
void survey_ahead_of_runs(const struct tool_file *file, void *arg);
bool survey_is_put_off(const struct tool_file *file);

/* Look at a file that was put off, calling fn as survey_runs() does. */
int survey_by_runs(struct survey *s, const struct tool_file *file,
                   void (*fn)(const struct mmapx_cache_run *run, void *arg),
                   void *arg);

/* The bytes of so many pages, but no more than there are. */
int64_t survey_bytes(uint64_t pages, int64_t most);

/* Call fn for each run of a range, one after the other without gaps, as far as
 * the file reaches.  Returns 0 or an errno. */
int survey_runs(const struct tool_file *file, int64_t off, int64_t len,
                void (*fn)(const struct mmapx_cache_run *run, void *arg),
                void *arg);

/* Say on stderr, once, why something is unknown. */
void survey_explain(void);

#endif /* TOOL_SURVEY_H */

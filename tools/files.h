/* SPDX-License-Identifier: MIT */
/* Which files the arguments mean. */
#ifndef TOOL_FILES_H
#define TOOL_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "open.h"
#include "options.h"

/* What to do with an open file, which is closed afterwards.  Returns TOOL_OK,
 * TOOL_FAILED, or TOOL_STOPPED if no other file is to be visited. */
typedef int tool_visitor(const struct tool_file *file, void *arg);

/*
 * Open each file and hand it to visit.  What cannot be opened is complained
 * of.  Ends early when tool_interrupted is set or standard output has failed.
 * Returns the worst of all statuses.
 */
int tool_files(const struct tool_options *o, tool_visitor *visit, void *arg);

/* The same before the work, for which nothing is complained of. */
void tool_files_quietly(const struct tool_options *o, tool_visitor *visit,
                        void *arg);

/*
 * The same, but begin is called as soon as a file is open, which is long before
 * its turn, and maybe for several files at once in threads of their own.  What
 * it leaves in file->note, AHEAD_NOTE bytes that are zero at first, visit finds
 * there.
 */
enum { AHEAD_NOTE = 256 };
typedef void tool_beginner(const struct tool_file *file, void *arg);
int tool_files_ahead(const struct tool_options *o, tool_beginner *begin,
                     tool_visitor *visit, void *arg);

/* Whether files were not visited since a process that was named has ended. */
bool tool_process_ended(void);

/* Whether NFS and FUSE keep a file by that name which was removed while it was
 * open, until nobody has it open. */
bool tool_is_remainder(const char *path);

/* What --range means, or a range of everything; *n is how many there are. */
const struct tool_range *tool_ranges(const struct tool_options *o, size_t *n);

/* How many bytes of a range a file of some size has. */
int64_t tool_range_of(const struct tool_range *range, int64_t size);

/* The bytes that are meant of all files together; -1 if there may be some in
 * directories, or names in a file. */
int64_t tool_named_size(const struct tool_options *o);

#endif /* TOOL_FILES_H */

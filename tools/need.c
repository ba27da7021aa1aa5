/* SPDX-License-Identifier: MIT */
/* How much memory it takes to have files in it. */
#include "tool.h"
#include "libmmapx.h"
#include "mounts.h"
#include "need.h"
#include "survey.h"

int64_t
need_round(int64_t bytes)
{
    int64_t page = (int64_t)mmapx_page_size(NULL);
    int64_t rest = bytes % page;

    return rest == 0 ? bytes : tool_sum(bytes, page - rest);
}

/* The file system answers, which may be far away, so it is asked once for many
 * files of one device. */
static bool
is_in_memory(struct need *need, const struct tool_file *file)
{
    if (!need->asked || need->device != file->device) {
        need->asked = true;
        need->device = file->device;
        need->in_memory = file_system_of(file->fd) == FS_MEMORY;
    }
    return need->in_memory;
}

/* What is on a file system that lives in memory is not given back. */
void
need_add(struct need *need, const struct tool_file *file, int64_t bytes,
         int64_t cached)
{
    cached = need_round(cached);
    bytes = need_round(bytes);
    if (bytes > cached)
        need->absent = tool_sum(need->absent, bytes - cached);
    if (cached > 0 && !is_in_memory(need, file))
        need->cached = tool_sum(need->cached, cached);
}

void
need_look(struct need *need, const struct tool_file *file, int64_t off,
          int64_t len)
{
    struct mmapx_cache c;
    int64_t cached = 0;

    if (len > 0 && survey_count(file, off, len, &c) == 0 && c.known != 0)
        cached = survey_bytes(c.cached, len);
    need_add(need, file, len, cached);
}

int64_t
need_of(const struct need *need, const struct memory *memory)
{
    return tool_sum(need->absent, need->cached < memory->cache
                                      ? need->cached
                                      : memory->cache);
}

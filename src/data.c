/* SPDX-License-Identifier: MIT */
/* Which parts of a file can have to be brought into memory. */
#include "internal.h"

/* Bytes that are asked about at least. */
enum { STEP = 2 << 20 };

/* Whether some of a part is swapped out: 1, 0 or -errno. */
static int
is_swapped(int fd, int64_t off, int64_t len)
{
    struct mmapx_cache c;
    int r = mmapx_os_cachestat(fd, off, len, &c);

    return r == 0 ? c.evicted > 0 : r;
}

/* Go to a part with something that is swapped out: by parts that grow, and then
 * by halves of the last one. */
static void
seek_swapped(int fd, int64_t *off, int64_t end, int64_t *data_end)
{
    int64_t at = *off;
    int64_t len = end - at < STEP ? end - at : STEP;
    int r = 0;

    while (at < end && (r = is_swapped(fd, at, len)) == 0) {
        at += len;
        len = len <= (end - at) / 2 ? 2 * len : end - at;
    }
    while (len > STEP && r > 0) {
        int64_t half = (len / 2 + STEP - 1) / STEP * STEP;

        r = is_swapped(fd, at, half);
        if (r > 0) {
            len = half;
        } else if (r == 0) {
            at += half;
            len -= half;
            r = 1;
        }
    }
    if (r < 0)
        return;
    *off = at;
    *data_end = at + len;
}

/*
 * tmpfs lists no data.  What can be missing there was swapped out, and
 * cachestat(2) counts that.  lseek(2) knows the holes; but it moves a position
 * that the caller may share, and a descriptor of our own would end the caller's
 * record locks when it is closed.
 */
bool
mmapx_i_next_data(int fd, int64_t *off, int64_t end, int64_t *data_end)
{
    bool told = mmapx_os_next_data(fd, off, end, data_end);
    enum mmapx_os_home home = told ? MMAPX_OS_ON_DISK : mmapx_os_home(fd);

    if (home == MMAPX_OS_IN_MEMORY)
        *off = end;
    else if (home == MMAPX_OS_SWAPPED)
        seek_swapped(fd, off, end, data_end);
    return told;
}

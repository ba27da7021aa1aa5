/* SPDX-License-Identifier: MIT */
/* The one place where -errno becomes -1 and errno. */
#include "internal.h"

int
mmapx_i_result(int r)
{
    if (r >= 0)
        return r;
    errno = -r;
    return -1;
}

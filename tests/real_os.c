/* SPDX-License-Identifier: MIT */
/* The real seam, compiled once more under the names of real_os.h. */
#include "real_os.h"

#include "os/posix.c"

#include MMAPX_OS_SOURCE
#ifndef __linux__
#include "os/fallback.c"
#endif

/* SPDX-License-Identifier: MIT */
/* The real seam, compiled once more under the names of real_os.h. */
#include "real_os.h"

#include "os_posix.c"

#include MMAPX_OS_SOURCE
#ifndef __linux__
#include "os_plain.c"
#endif

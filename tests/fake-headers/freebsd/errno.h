/* SPDX-License-Identifier: MIT */
/* FreeBSD's ENOTSUP is EOPNOTSUPP. */
#ifndef FAKE_FREEBSD_ERRNO_H
#define FAKE_FREEBSD_ERRNO_H

#include_next <errno.h>

#undef ENOTSUP
#define ENOTSUP EOPNOTSUPP

#endif

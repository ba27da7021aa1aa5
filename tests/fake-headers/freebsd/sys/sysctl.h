/* SPDX-License-Identifier: MIT */
#ifndef FAKE_SYS_SYSCTL_H
#define FAKE_SYS_SYSCTL_H

#include <sys/types.h>

int sysctlbyname(const char *, void *, size_t *, const void *, size_t);

#endif

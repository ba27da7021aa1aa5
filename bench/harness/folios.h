/* SPDX-License-Identifier: MIT */
/* What of a file is cached, and in folios of which size. */
#ifndef MMAPX_BENCH_FOLIOS_H
#define MMAPX_BENCH_FOLIOS_H

#include "harness/files.h"

enum state {
    STATE_EMPTY,     /* nothing cached */
    STATE_L,         /* all of it, in folios of 2 MiB */
    STATE_M,         /* of 1 MiB */
    STATE_S,         /* of one page */
    STATE_RANDOM,    /* 1 % of the pages, each by itself */
    STATE_CLUSTERED, /* 1 % of the pages, in stretches of 1 MiB */
};

/* Make a file's state so; file_set() says what it has become. */
bool file_fill(const struct file *f, enum state state);
bool file_set(const struct file *f, enum state state);
const char *state_name(enum state state);

#endif /* MMAPX_BENCH_FOLIOS_H */

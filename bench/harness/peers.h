/* SPDX-License-Identifier: MIT */
/* Programs that do what a line says, and answer with what it took. */
#ifndef MMAPX_BENCH_PEERS_H
#define MMAPX_BENCH_PEERS_H

#include "harness/clock.h"

struct peer;
void peers_look(void); /* and say which are missing */
struct peer *peer_start(const char *name); /* NULL: missing */
void peer_restart(struct peer *p); /* at another place in memory */
void peer_stop(struct peer *p);

/* Send one line; the answer fills the sample in. */
bool peer_ask(struct peer *p, struct sample *s, const char *format, ...)
    LIKE_PRINTF(3, 4);

#endif /* MMAPX_BENCH_PEERS_H */

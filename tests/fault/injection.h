/* SPDX-License-Identifier: MIT */
/* Calls of the library, and what comes of each failure below them. */
#ifndef MMAPX_TESTS_INJECTION_H
#define MMAPX_TESTS_INJECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "fake_calls.h"
#include "fake_os.h"

struct scenario {
    const char *name;
    void (*map)(struct fixture *f);
    fixture_call *run;
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* The errno with which the scenario's call fails if a call of the seam, at one
 * of its turns, fails with a code; 0 if it succeeds all the same. */
int outcome_of(const struct scenario *s, const struct fixture *f,
               enum fake_call call, int turn, int code);

/* What a call has mapped for itself and cannot unmap stays where it is, and so
 * do a tail that has been cut off and a place that has been left. */
bool leaves_mapping(const struct scenario *s, enum fake_call call);

#endif /* MMAPX_TESTS_INJECTION_H */

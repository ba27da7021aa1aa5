/* SPDX-License-Identifier: MIT */
/* What the tests of guards and copies share: memory that faults, and functions
 * that touch it. */
#ifndef MMAPX_TESTS_FAULTS_H
#define MMAPX_TESTS_FAULTS_H

#include "support.h"

/* A mapping of four pages of a file that has only one. */
struct mmapx short_file(int prot, int flags);

/* The first byte that is not there. */
unsigned char *hole_in(const struct mmapx *m);

/* To be called in a guard. */
int load_byte(void *p);
int store_byte(void *p);
int return_seven(void *arg);

/* The status that a child ends with, or minus the signal that ended it. */
int child_status(void (*fn)(void));

/* Whether this thread blocks the signal. */
bool is_blocked(int sig);

/* Copy the shared library of the build, for dlopen(3): the program is linked
 * with it.  False if none was built. */
bool copy_library(const char *path);

#endif /* MMAPX_TESTS_FAULTS_H */

/* SPDX-License-Identifier: MIT */
/* The seam's calls that the fake stands before, under the names that leaves
 * them.  The compiler includes this before each of the seam's own sources. */
#ifndef MMAPX_TESTS_REAL_OS_H
#define MMAPX_TESTS_REAL_OS_H

#include "internal.h"

#define TEXT(name)  TEXT_(name)
#define TEXT_(name) #name
#define SEAM_ANSWER(name)                                                      \
    extern __typeof__(mmapx_os_##name) mmapx_os_##name __asm__(                \
        TEXT(__USER_LABEL_PREFIX__) "real_os_" #name);
#define SEAM_CALL(NAME, name, ...) SEAM_ANSWER(name)
#include "seam.def"


#endif /* MMAPX_TESTS_REAL_OS_H */

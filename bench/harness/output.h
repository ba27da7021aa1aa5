/* SPDX-License-Identifier: MIT */
/* Lines beside the table, numbers for people, and words for JSON. */
#ifndef MMAPX_BENCH_OUTPUT_H
#define MMAPX_BENCH_OUTPUT_H

#include "harness/base.h"

void note(const char *format, ...) LIKE_PRINTF(1, 2);
void skip(const char *row, const char *format, ...) LIKE_PRINTF(2, 3);

void json_string(FILE *out, const char *s);
const char *bytes_text(double bytes); /* valid until called 8 times more */
const char *time_text(double ns);
const char *ratio_text(double ratio);
const char *count_text(double count);

void json_pair(const char *name, const char *value); /* behind another one */

#endif /* MMAPX_BENCH_OUTPUT_H */

/* SPDX-License-Identifier: MIT */
/* Output for Prometheus: OpenMetrics, which is also Prometheus's own text
 * format. */
#ifndef TOOL_OPENMETRICS_H
#define TOOL_OPENMETRICS_H

#include <stddef.h>

#include "survey.h"

struct openmetrics_row {
    const char *path;
    const struct survey *survey;
};

/* Print all metrics of some files or directories, which are sorted, and the
 * size of the page cache. */
void openmetrics_print(struct openmetrics_row *rows, size_t n);

#endif /* TOOL_OPENMETRICS_H */

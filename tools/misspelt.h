/* SPDX-License-Identifier: MIT */
/* What a word may have been meant to be. */
#ifndef TOOL_MISSPELT_H
#define TOOL_MISSPELT_H

#include <stddef.h>

struct misspelt {
    const char *word;
    size_t n; /* letters of it */
    unsigned least;
    const char *nearest; /* the first of the nearest words, or NULL */
};

/* Begin with n letters, which nothing is near to yet. */
void misspelt_begin(struct misspelt *m, const char *word, size_t n);

/* Try a word that would be right. */
void misspelt_try(struct misspelt *m, const char *word);

#endif /* TOOL_MISSPELT_H */

/* SPDX-License-Identifier: MIT */
/* Numbers that the system tells in files of text. */
#include "numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t
number_in(const char *path, const char *key, int base)
{
    FILE *in = fopen(path, "re");
    char line[256];
    char *end;
    int64_t number = -1;

    if (in == NULL)
        return -1;
    while (number < 0 && fgets(line, sizeof line, in) != NULL) {
        const char *digits = line + strlen(key);

        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        number = strtoll(digits, &end, base);
        if (end == digits)
            number = -1; /* a word, such as "max" */
    }
    fclose(in);
    return number;
}

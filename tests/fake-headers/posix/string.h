/* SPDX-License-Identifier: MIT */
#ifndef FAKE_STRING_H
#define FAKE_STRING_H

#include <stddef.h>

void *memchr(const void *, int, size_t);
int memcmp(const void *, const void *, size_t);
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
char *strchr(const char *, int);
size_t strlen(const char *);

#endif

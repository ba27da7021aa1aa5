/* SPDX-License-Identifier: MIT */
/* Numbers that the system tells in files of text.  They are asked for when
 * memory or mappings have run out too, so nothing is allocated. */
#include "numbers.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The longest of these files, a control group's memory.stat, has a third. */
enum { MOST_TEXT = 16 << 10 };

/* Fill a buffer from a file, as far as it goes. */
static size_t
read_some(int fd, char *buf, size_t size)
{
    size_t done = 0;
    ssize_t n;

    while (done < size && (n = read(fd, buf + done, size - done)) > 0)
        done += (size_t)n;
    return done;
}

/* A file's text, which is empty if the file cannot be read. */
static void
read_text(const char *path, char text[MOST_TEXT + 1])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    text[0] = '\0';
    if (fd < 0)
        return;
    text[read_some(fd, text, MOST_TEXT)] = '\0';
    close(fd);
}

static int64_t
find_number(const char *text, const char *key, int base)
{
    const char *line = text;

    while (line != NULL && strncmp(line, key, strlen(key)) != 0) {
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    if (line == NULL)
        return -1;

    const char *digits = line + strlen(key);
    char *end;
    int64_t number = strtoll(digits, &end, base);

    return end != digits ? number : -1; /* a word, such as "max" */
}

int64_t
number_in(const char *path, const char *key, int base)
{
    char text[MOST_TEXT + 1];

    read_text(path, text);
    return find_number(text, key, base);
}

void
numbers_in(const char *path, const struct number *numbers, size_t n)
{
    char text[MOST_TEXT + 1];

    read_text(path, text);
    for (size_t i = 0; i < n; i++)
        *numbers[i].value = find_number(text, numbers[i].key, 10);
}

size_t
lines_in(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char text[4096];
    size_t n, lines = 0;

    if (fd < 0)
        return 0;
    while ((n = read_some(fd, text, sizeof text)) > 0)
        for (size_t i = 0; i < n; i++)
            lines += text[i] == '\n';
    close(fd);
    return lines;
}

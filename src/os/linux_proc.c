/* SPDX-License-Identifier: MIT */
/* Reading /proc, without stdio because that allocates. */
#include "../internal.h"
#include "linux_proc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
mmapx_os_proc_open(struct mmapx_os_proc *in, const char *path)
{
    in->fd = open(path, O_RDONLY | O_CLOEXEC);
    in->at = in->end = 0;
    return in->fd >= 0;
}

void
mmapx_os_proc_close(struct mmapx_os_proc *in)
{
    close(in->fd);
}

static int
next_char(struct mmapx_os_proc *in)
{
    if (in->at == in->end) {
        ssize_t n = read(in->fd, in->buf, sizeof in->buf);

        if (n <= 0)
            return -1;
        in->at = 0;
        in->end = (size_t)n;
    }
    return (unsigned char)in->buf[in->at++];
}

bool
mmapx_os_proc_line(struct mmapx_os_proc *in, char *line, size_t size)
{
    size_t n = 0;
    int c;

    while ((c = next_char(in)) >= 0 && c != '\n')
        if (n + 1 < size)
            line[n++] = (char)c;
    line[n] = '\0';
    return c >= 0 || n > 0;
}

int
mmapx_os_proc_number(const char *path, const char *key, size_t *number)
{
    struct mmapx_os_proc in;
    char line[128];
    bool found = false;

    if (!mmapx_os_proc_open(&in, path))
        return -ENOTSUP;
    while (!found && mmapx_os_proc_line(&in, line, sizeof line))
        found = strncmp(line, key, strlen(key)) == 0;
    mmapx_os_proc_close(&in);
    if (!found)
        return -ENOTSUP;
    *number = (size_t)strtoull(line + strlen(key), NULL, 10);
    return 0;
}

int
mmapx_os_proc_bytes(const char *path, const char *key, size_t *bytes)
{
    int r = mmapx_os_proc_number(path, key, bytes);

    if (r == 0)
        *bytes *= 1024;
    return r;
}

static char *
after_word(char *text)
{
    text += strspn(text, " ");
    return text + strcspn(text, " ");
}

struct mmapx_os_mapping
mmapx_os_proc_mapping(const char *line)
{
    struct mmapx_os_mapping map;
    char *rest;

    map.begin = strtoull(line, &rest, 16);
    map.end = strtoull(rest + (*rest == '-'), &rest, 16);
    rest = after_word(rest);
    map.shared = rest[-1] == 's';
    map.offset = strtoull(rest, &rest, 16);
    map.major = (unsigned)strtoul(rest, &rest, 16);
    map.minor = (unsigned)strtoul(rest + (*rest == ':'), &rest, 16);
    map.inode = strtoull(rest, NULL, 10);
    return map;
}

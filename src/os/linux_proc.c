/* SPDX-License-Identifier: MIT */
/* Reading /proc, without stdio because that allocates. */
#include "../internal.h"
#include "held.h"
#include "linux_missing.h"
#include "linux_proc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/mman.h>
#include <unistd.h>

bool
mmapx_os_proc_open(struct mmapx_os_proc *in, const char *path)
{
    in->fd = held_open(path, O_RDONLY | O_CLOEXEC);
    in->at = in->end = 0;
    return in->fd >= 0;
}

void
mmapx_os_proc_close(struct mmapx_os_proc *in)
{
    held_close(in->fd);
}

static int
next_char(struct mmapx_os_proc *in)
{
    if (in->at == in->end) {
        ssize_t n = held_read(in->fd, in->buf, sizeof in->buf);

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
    return c >= 0;
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

/* What the letters "rwxp" say. */
static int
protection(const char *perms)
{
    size_t n = strcspn(perms, " ");

    return (memchr(perms, 'r', n) != NULL ? PROT_READ : 0)
           | (memchr(perms, 'w', n) != NULL ? PROT_WRITE : 0)
           | (memchr(perms, 'x', n) != NULL ? PROT_EXEC : 0);
}

struct mmapx_os_mapping
mmapx_os_proc_mapping(const char *line)
{
    struct mmapx_os_mapping map;
    char *rest;

    map.begin = strtoull(line, &rest, 16);
    map.end = strtoull(rest + (*rest == '-'), &rest, 16);
    map.prot = protection(rest + strspn(rest, " "));
    rest = after_word(rest);
    map.shared = rest[-1] == 's';
    map.offset = strtoull(rest, &rest, 16);
    map.major = (unsigned)strtoul(rest, &rest, 16);
    map.minor = (unsigned)strtoul(rest + (*rest == ':'), &rest, 16);
    map.inode = strtoull(rest, NULL, 10);
    return map;
}

/* --- The end of a mapped file --------------------------------------------- */

static char *
append(char *to, const char *text)
{
    size_t n = strlen(text);

    memcpy(to, text, n + 1);
    return to + n;
}

static char *
append_hex(char *to, uint64_t number)
{
    char digits[17];
    char *first = digits + sizeof digits - 1;

    *first = '\0';
    do
        *--first = "0123456789abcdef"[number & 15];
    while ((number >>= 4) != 0);
    return append(to, first);
}

/* By the link that only the privileged may follow, or else by the path. */
static bool
stat_mapped(const struct mmapx_os_mapping *map, const char *line,
            struct stat *sb)
{
    char link[64];
    const char *path = strchr(line, '/');

    append_hex(append(append_hex(append(link, "/proc/self/map_files/"),
                                 map->begin),
                      "-"),
               map->end);
    if (stat(link, sb) < 0 && (path == NULL || stat(path, sb) < 0))
        return false;
    return S_ISREG(sb->st_mode) && sb->st_ino == map->inode;
}

bool
mmapx_os_is_past_end(const void *addr)
{
    uint64_t wanted = (uintptr_t)addr;
    struct mmapx_os_mapping map = { .end = 0 };
    struct mmapx_os_proc in;
    struct stat sb;
    char line[512]; /* a longer path is no longer that of the file */

    if (!mmapx_os_proc_open(&in, "/proc/thread-self/maps"))
        return false;
    while (map.end <= wanted && mmapx_os_proc_line(&in, line, sizeof line))
        map = mmapx_os_proc_mapping(line);
    mmapx_os_proc_close(&in);
    return map.begin <= wanted && wanted < map.end
           && stat_mapped(&map, line, &sb)
           && map.offset + (wanted - map.begin) >= (uint64_t)sb.st_size;
}

/* --- Finding a mapping ---------------------------------------------------- */

/* The mapping at an address or the first one behind it, from an open list. */
static bool
query(int fd, uintptr_t addr, struct mmapx_os_mapping *map)
{
    struct linux_procmap_query q = {
        .size = sizeof q,
        .query_flags = PROCMAP_QUERY_COVERING_OR_NEXT_VMA,
        .query_addr = addr,
    };

    /* By number: C libraries disagree about the type of a request. */
    if (syscall(SYS_ioctl, fd, PROCMAP_QUERY, &q) < 0)
        return false;
    *map = (struct mmapx_os_mapping){
        .begin = q.vma_start,
        .end = q.vma_end,
        .offset = q.vma_offset,
        .inode = q.inode,
        .shared = (q.vma_flags & PROCMAP_QUERY_VMA_SHARED) != 0,
        .prot = ((q.vma_flags & PROCMAP_QUERY_VMA_READABLE) ? PROT_READ : 0)
                | ((q.vma_flags & PROCMAP_QUERY_VMA_WRITABLE) ? PROT_WRITE : 0)
                | ((q.vma_flags & PROCMAP_QUERY_VMA_EXECUTABLE) ? PROT_EXEC
                                                                : 0),
    };
    return true;
}

/*
 * The same from the text, for kernels before 6.11.  The lines are sorted by
 * address, and each is read once as long as the addresses ascend.
 */
static bool
find_line(struct mmapx_os_proc *in, uintptr_t addr,
          struct mmapx_os_mapping *map)
{
    char line[128];

    while (mmapx_os_proc_line(in, line, sizeof line)) {
        *map = mmapx_os_proc_mapping(line);
        if (map->end > addr)
            return true;
    }
    return false;
}

bool
mmapx_os_proc_find(struct mmapx_os_proc *in, uintptr_t addr,
                   struct mmapx_os_mapping *map)
{
    return query(in->fd, addr, map) || find_line(in, addr, map);
}

/* SPDX-License-Identifier: MIT */
/* Processes, and the mappings that they have. */
#include "tool.h"
#include "open.h"
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef MAJOR_IN_SYSMACROS
#include <sys/sysmacros.h>
#endif

#ifndef O_PATH
#define O_PATH O_RDONLY
#endif

static const char deleted[] = " (deleted)";

/* --- Processes ------------------------------------------------------------ */

static void
add_pid(pid_t **pids, size_t *n, size_t *room, pid_t pid)
{
    *pids = tool_grow(*pids, *n, room, sizeof **pids);
    (*pids)[(*n)++] = pid;
}

int
proc_list(pid_t **pids, size_t *n)
{
    DIR *stream = opendir("/proc");
    const struct dirent *e;
    size_t room = 0;

    *pids = NULL;
    *n = 0;
    if (stream == NULL)
        return errno;
    while ((e = readdir(stream)) != NULL)
        if (isdigit((unsigned char)e->d_name[0]))
            add_pid(pids, n, &room, (pid_t)strtol(e->d_name, NULL, 10));
    closedir(stream);
    /* Something that is no /proc has no processes, and this one is one. */
    return *n > 0 ? 0 : ENOENT;
}

/* The first process is always there. */
bool
proc_hides(void)
{
    return access("/proc/1", F_OK) < 0 && access("/proc/self", F_OK) == 0;
}

/* A file of a process as a stream. */
static FILE *
stream_of(const struct proc *p, const char *name)
{
    int fd = openat(p->dir, name, O_RDONLY | O_CLOEXEC);
    FILE *in = fd >= 0 ? fdopen(fd, "r") : NULL;

    if (in == NULL && fd >= 0)
        close(fd);
    return in;
}

/* Why the directory of a process is not there.  With the mount option hidepid
 * the system hides the processes of others, but not from kill(2). */
static int
why_missing(pid_t pid)
{
    if (access("/proc/self", F_OK) < 0)
        return ENOENT;
    return kill(pid, 0) == 0 || errno == EPERM ? EPERM : ESRCH;
}

/* Returns 0 or an errno, ENOENT also if the directory can be opened, but is
 * hidden. */
static int
open_entry(struct proc *p)
{
    char path[32];

    snprintf(path, sizeof path, "/proc/%jd", (intmax_t)p->pid);
    p->dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (p->dir < 0)
        return errno;
    if (faccessat(p->dir, ".", F_OK, 0) == 0 || errno != ENOENT)
        return 0;
    close(p->dir);
    return ENOENT;
}

/* A name can have a newline too.  The last one is the system's. */
static void
read_name(struct proc *p)
{
    FILE *in = stream_of(p, "comm");
    size_t n = in != NULL ? fread(p->name, 1, sizeof p->name - 1, in) : 0;

    if (n == 0)
        p->name[n++] = '?';
    else if (p->name[n - 1] == '\n')
        n--;
    p->name[n] = '\0';
    if (in != NULL)
        fclose(in);
}

int
proc_open(struct proc *p, pid_t pid)
{
    int error;

    p->pid = pid;
    error = open_entry(p);
    if (error != 0)
        return error == ENOENT ? why_missing(pid) : error;
    read_name(p);
    return 0;
}

void
proc_close(struct proc *p)
{
    close(p->dir);
}

/* Flags of the kernel's. */
enum { EXITING = 0x4, KERNEL_THREAD = 0x200000 };

struct state {
    char letter;
    unsigned flags;
};

/* "PID (NAME) STATE" and numbers, of which the sixth has flags.  A name can
 * have any character.  What the system does not tell is zero. */
static int
read_state(const struct proc *p, struct state *s)
{
    char text[512] = "";
    FILE *in = stream_of(p, "stat");
    const char *behind;

    *s = (struct state){ 0 };
    if (in == NULL)
        return errno;
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    behind = strrchr(text, ')');
    if (behind == NULL)
        return ESRCH;
    sscanf(behind, ") %c %*d %*d %*d %*d %*d %u", &s->letter, &s->flags);
    return 0;
}

static bool
is_zombie(const struct state *s)
{
    return s->letter == 'Z' || s->letter == 'X';
}

static int
why_without_files(const struct proc *p)
{
    struct state s;

    if (read_state(p, &s) != 0)
        return 0;
    if (is_zombie(&s))
        return TOOL_ENDED;
    return (s.flags & KERNEL_THREAD) != 0 ? TOOL_KERNEL_THREAD : 0;
}

/* A process gives its files up first, and is a zombie then. */
bool
proc_has_ended(const struct proc *p)
{
    struct state s;
    int error = read_state(p, &s);

    if (error != 0)
        return error == ENOENT || error == ESRCH;
    return is_zombie(&s) || (s.flags & EXITING) != 0;
}

int
proc_open_named(struct proc *p, pid_t pid)
{
    int error = proc_open(p, pid);

    if (error != 0)
        return error;
    error = why_without_files(p);
    if (error != 0)
        proc_close(p);
    return error;
}

const char *
proc_title(char title[static PROC_TITLE], pid_t pid)
{
    snprintf(title, PROC_TITLE, "process %jd", (intmax_t)pid);
    return title;
}

bool
proc_has_own_mounts(const struct proc *p)
{
    struct stat its, ours;

    return fstatat(p->dir, "ns/mnt", &its, 0) == 0
           && stat("/proc/self/ns/mnt", &ours) == 0
           && (its.st_dev != ours.st_dev || its.st_ino != ours.st_ino);
}

/* --- Mappings ------------------------------------------------------------- */

/* In a path a newline is written as "\012". */
static void
unescape(char *path)
{
    char *to = path;

    for (const char *from = path; *from != '\0'; to++) {
        bool newline = strncmp(from, "\\012", 4) == 0;

        *to = (char)(newline ? '\n' : *from);
        from += newline ? 4 : 1;
    }
    *to = '\0';
}

static bool
ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);

    return n >= strlen(end) && strcmp(text + n - strlen(end), end) == 0;
}

/* "RANGE PERMISSIONS OFFSET MAJOR:MINOR INODE   PATH".  False for memory that
 * is no file's. */
static bool
parse_map(char *line, struct proc_map *map)
{
    unsigned major_number, minor_number;
    uintmax_t inode;
    int range = 0, path = 0;

    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "%*x-%*x%n %*s %*s %x:%x %ju %n", &range, &major_number,
               &minor_number, &inode, &path)
            != 3
        || range == 0 || path == 0 || inode == 0)
        return false;
    line[range] = '\0';
    unescape(line + path);
    *map = (struct proc_map){
        .range = line,
        .path = line + path,
        .deleted = ends_with(line + path, deleted),
        .device = makedev(major_number, minor_number),
        .inode = (ino_t)inode,
    };
    return true;
}

/* How a file of a process ended. */
static int
close_stream(FILE *in)
{
    int error = ferror(in) ? errno : 0;

    fclose(in);
    return error;
}

int
proc_each_map(const struct proc *p,
              void (*fn)(const struct proc_map *map, void *arg), void *arg)
{
    FILE *in = stream_of(p, "maps");
    struct proc_map map;
    char *line = NULL;
    size_t room = 0;

    if (in == NULL)
        return errno == ENOENT ? ESRCH : errno;
    while (getline(&line, &room, in) >= 0)
        if (parse_map(line, &map))
            fn(&map, arg);
    free(line);
    return close_stream(in);
}

/* In smaps each mapping has lines "Key: value" below its own, which begins with
 * a number in lower case.  The last one of them has the flags. */
int
proc_each_locked(const struct proc *p,
                 void (*fn)(const struct proc_map *map, void *arg), void *arg)
{
    FILE *in = stream_of(p, "smaps");
    struct proc_map map = { 0 };
    char *line = NULL, *head = NULL;
    size_t room = 0;
    bool has_file = false;

    if (in == NULL)
        return errno == ENOENT ? ESRCH : errno;
    while (getline(&line, &room, in) >= 0) {
        if (!isupper((unsigned char)line[0])) {
            free(head);
            head = strdup(line);
            if (head == NULL)
                tool_no_memory();
            has_file = parse_map(head, &map);
        } else if (has_file && strncmp(line, "VmFlags:", 8) == 0) {
            map.locked = strstr(line, " lo") != NULL;
            fn(&map, arg);
        }
    }
    free(head);
    free(line);
    return close_stream(in);
}

/* The path of a mapping in the file system that the process sees. */
static int
look_by_path(const struct proc *p, const struct proc_map *map, struct stat *st)
{
    size_t room = strlen(map->path) + 8;
    char *path = malloc(room);
    int handle;

    if (path == NULL)
        tool_no_memory();
    snprintf(path, room, "root%s", map->path);
    handle = open_look(p->dir, path, true, st);
    if (handle < 0 && errno == EACCES)
        handle = open_look(AT_FDCWD, map->path, true, st);
    free(path);
    if (handle < 0 || st->st_ino == map->inode)
        return handle;
    close(handle);
    errno = ENOENT;
    return -1;
}

/* The name of a mapping's link. */
enum { LINK_NAME = 64 };

static const char *
link_of(char name[static LINK_NAME], const struct proc_map *map)
{
    snprintf(name, LINK_NAME, "map_files/%s", map->range);
    return name;
}

bool
proc_map_is_gone(const struct proc *p, const struct proc_map *map)
{
    char name[LINK_NAME];
    struct stat st;

    if (fstatat(p->dir, link_of(name, map), &st, AT_SYMLINK_NOFOLLOW) < 0
        && errno == ENOENT && faccessat(p->dir, "map_files", F_OK, 0) == 0)
        return true;
    return proc_has_ended(p);
}

/* By the link in map_files, which leads to the file itself and takes
 * privileges; else by the path, if there is something with this number. */
int
proc_look(const struct proc *p, const struct proc_map *map, struct stat *st)
{
    char name[LINK_NAME];
    int handle = open_look(p->dir, link_of(name, map), true, st);

    if (handle >= 0 || errno == OPEN_OTHER || map->path[0] != '/')
        return handle;
    if (map->deleted) {
        errno = EACCES;
        return -1;
    }
    return look_by_path(p, map, st);
}

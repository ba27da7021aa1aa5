/* SPDX-License-Identifier: MIT */
/* File systems: of what kind they are, and where they are mounted. */
#include "tool.h"
#include "mounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef MAJOR_IN_SYSMACROS
#include <sys/sysmacros.h>
#endif
#ifdef STATFS_IN_VFS
#include <sys/vfs.h>
#endif

/* --- Kinds ---------------------------------------------------------------- */

static const char *const network[] = {
    "9p",     "afs",     "beegfs",   "ceph", "cifs", "coda", "fuse",
    "gpfs",   "lustre",  "ncpfs",    "nfs",  "nfs4", "orangefs",
    "pvfs2",  "smb3",    "smbfs",    "vboxsf", NULL,
};
/* Real ones that need no device; all others that need one are real. */
static const char *const real[] = {
    "bcachefs", "jffs2", "ramfs", "ubifs", "virtiofs", "zfs", NULL,
};
static const char *const memory[] = { "devtmpfs", "hugetlbfs", "tmpfs", NULL };
static const char *const stacked[] = { "aufs", "ecryptfs", "overlay", NULL };

static bool
is_in(const char *word, const char *const *words)
{
    while (*words != NULL && strcmp(word, *words) != 0)
        words++;
    return *words != NULL;
}

/* Whether a type is one that lies on a device, as the kernel says. */
static bool
needs_device(const char *type)
{
    FILE *in = fopen("/proc/filesystems", "re");
    char line[128];
    bool needs = false;

    if (in == NULL)
        return false;
    while (!needs && fgets(line, sizeof line, in) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        needs = line[0] == '\t' && strcmp(line + 1, type) == 0;
    }
    fclose(in);
    return needs;
}

static enum fs_kind
kind_of(const char *type)
{
    if (is_in(type, memory))
        return FS_MEMORY;
    if (is_in(type, network) || strncmp(type, "fuse.", 5) == 0)
        return FS_NETWORK;
    if (is_in(type, stacked))
        return FS_STACKED;
    return is_in(type, real) || needs_device(type) ? FS_REAL : FS_PSEUDO;
}

#ifdef STATFS_IN_VFS
/* Numbers of the kernel's that no header has under all C libraries. */
static const struct {
    unsigned type;
    enum fs_kind kind;
} known[] = {
    { 0x01021994, FS_MEMORY }, /* tmpfs */
    { 0x858458f6, FS_MEMORY }, /* ramfs */
    { 0x958458f6, FS_MEMORY }, /* hugetlbfs */
    { 0x9fa0, FS_PSEUDO },     /* proc */
    { 0x62656572, FS_PSEUDO }, /* sysfs */
    { 0x0027e0eb, FS_PSEUDO }, /* cgroup */
    { 0x63677270, FS_PSEUDO }, /* cgroup2 */
    { 0x64626720, FS_PSEUDO }, /* debugfs */
    { 0x74726163, FS_PSEUDO }, /* tracefs */
    { 0x73636673, FS_PSEUDO }, /* securityfs */
    { 0x6e736673, FS_PSEUDO }, /* nsfs */
    { 0x09041934, FS_PSEUDO }, /* anonymous inodes */
    { 0xcafe4a11, FS_PSEUDO }, /* bpf */
    { 0x19800202, FS_PSEUDO }, /* mqueue */
    { 0xf97cff8c, FS_PSEUDO }, /* selinuxfs */
    { 0x6165676c, FS_PSEUDO }, /* pstore */
    { 0x50494446, FS_PSEUDO }, /* pidfs */
    { 0x1cd1, FS_PSEUDO },     /* devpts */
    { 0x43415d53, FS_PSEUDO }, /* smackfs */
    { 0xde5e81e4, FS_PSEUDO }, /* efivarfs */
    { 0x62656570, FS_PSEUDO }, /* configfs */
    { 0x65735543, FS_PSEUDO }, /* fusectl */
    { 0x42494e4d, FS_PSEUDO }, /* binfmt_misc */
    { 0x67596969, FS_PSEUDO }, /* rpc_pipefs */
    { 0x6e667364, FS_PSEUDO }, /* nfsd */
    { 0x07655821, FS_PSEUDO }, /* resctrl */
};
#endif

enum fs_kind
file_system_of(int fd)
{
#ifdef STATFS_IN_VFS
    struct statfs st;

    if (fstatfs(fd, &st) == 0)
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (known[i].type == (unsigned)st.f_type)
                return known[i].kind;
#else
    (void)fd;
#endif
    return FS_REAL;
}

/* --- Reading -------------------------------------------------------------- */

/* The character that a backslash and three octal digits stand for, or -1. */
static int
escaped(const char *text)
{
    int value = 0;

    if (text[0] != '\\')
        return -1;
    for (int i = 1; i <= 3; i++) {
        if (text[i] < '0' || text[i] > '7')
            return -1;
        value = value * 8 + (text[i] - '0');
    }
    return value;
}

/* Replace what is escaped in a field by what it stands for. */
static void
unescape(char *field)
{
    char *to = field;

    for (const char *from = field; *from != '\0'; to++) {
        int c = escaped(from);

        *to = *from;
        if (c >= 0)
            *to = (char)c;
        from += c >= 0 ? 4 : 1;
    }
    *to = '\0';
}

/* "ID PARENT MAJOR:MINOR ROOT DIR OPTIONS... - TYPE SOURCE OPTIONS" */
static bool
parse_line(char *line, struct mount_line *mount)
{
    unsigned major_number, minor_number;
    char *fields = NULL;
    char *type = strstr(line, " - ");
    size_t n_type;
    int n = 0;

    if (type == NULL
        || sscanf(line, "%*s %*s %u:%u %n", &major_number, &minor_number, &n)
               != 2
        || n == 0)
        return false;
    type += 3;
    n_type = strcspn(type, " \n");
    mount->rest = type[n_type] != '\0' ? type + n_type + 1 : type + n_type;
    type[n_type] = '\0';
    mount->type = type;
    mount->device = makedev(major_number, minor_number);
    mount->root = strtok_r(line + n, " ", &fields);
    mount->dir = strtok_r(NULL, " ", &fields);
    if (mount->root == NULL || mount->dir == NULL)
        return false;
    unescape(mount->root);
    unescape(mount->dir);
    unescape(mount->type);
    return true;
}

int
mounts_each(bool (*fn)(const struct mount_line *line, void *arg), void *arg)
{
    FILE *in = fopen("/proc/self/mountinfo", "re");
    struct mount_line mount;
    char *line = NULL;
    size_t room = 0;
    bool more = true;

    if (in == NULL)
        return errno;
    while (more && getline(&line, &room, in) >= 0)
        more = !parse_line(line, &mount) || fn(&mount, arg);
    free(line);
    fclose(in);
    return 0;
}

static char *
copy_of(const char *field)
{
    char *copy = strdup(field);

    if (copy == NULL)
        tool_no_memory();
    return copy;
}

static void
free_mount(struct mount *mount)
{
    free(mount->dir);
    free(mount->root);
    free(mount->type);
}

static int
by_dir(const void *a, const void *b)
{
    return strcmp(((const struct mount *)a)->dir,
                  ((const struct mount *)b)->dir);
}

/* What is mounted last on a directory hides what was there. */
static bool
add_mount(const struct mount_line *line, void *arg)
{
    struct mounts *m = arg;
    struct mount mount = { .dir = copy_of(line->dir),
                           .root = copy_of(line->root),
                           .type = copy_of(line->type),
                           .device = line->device,
                           .kind = kind_of(line->type) };

    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->list[i].dir, mount.dir) == 0) {
            free_mount(&m->list[i]);
            m->list[i] = mount;
            return true;
        }
    m->list = tool_grow(m->list, m->n, &m->room, sizeof *m->list);
    m->list[m->n++] = mount;
    return true;
}

int
mounts_read(struct mounts *m)
{
    int error;

    *m = (struct mounts){ 0 };
    error = mounts_each(add_mount, m);
    if (m->n > 1)
        qsort(m->list, m->n, sizeof *m->list, by_dir);
    return error;
}

void
mounts_free(struct mounts *m)
{
    for (size_t i = 0; i < m->n; i++)
        free_mount(&m->list[i]);
    free(m->list);
    *m = (struct mounts){ 0 };
}

const struct mount *
mounts_find(const struct mounts *m, const char *dir)
{
    struct mount key = { .dir = (char *)(uintptr_t)dir };

    return m->n == 0 ? NULL
                     : bsearch(&key, m->list, m->n, sizeof *m->list, by_dir);
}

/* --- Choosing ------------------------------------------------------------- */

/* Whether what a mount shows is a part of what another one shows. */
static bool
is_part_of(const struct mount *part, const struct mount *whole)
{
    return part->device == whole->device
           && tool_is_below(part->root, whole->root);
}

static bool
is_wanted(const struct mount *mount, bool with_network)
{
    return strcmp(mount->dir, "/") == 0 || mount->kind == FS_REAL
           || (mount->kind == FS_NETWORK && with_network);
}

/* If two show the same, the first one has all. */
static bool
has_whole(const struct mounts *m, size_t i, bool with_network)
{
    for (size_t j = 0; j < m->n; j++)
        if (j != i && is_wanted(&m->list[j], with_network)
            && is_part_of(&m->list[i], &m->list[j])
            && (j < i || !is_part_of(&m->list[j], &m->list[i])))
            return true;
    return false;
}

void
mounts_choose(struct mounts *m, bool with_network)
{
    for (size_t i = 0; i < m->n; i++) {
        struct mount *mount = &m->list[i];

        mount->chosen = is_wanted(mount, with_network)
                        && !has_whole(m, i, with_network);
    }
}

/* --- Bind mounts ---------------------------------------------------------- */

/* The mount that a path lies in. */
static const struct mount *
mount_of(const struct mounts *m, const char *path)
{
    const struct mount *last = NULL;

    for (size_t i = 0; i < m->n; i++)
        if (tool_is_below(path, m->list[i].dir))
            last = &m->list[i]; /* longer than those before it */
    return last;
}

static bool
overlap(const struct mount *a, const struct mount *b)
{
    return is_part_of(a, b) || is_part_of(b, a);
}

/* What a directory shows of the file system that it is in, as a mount would. */
static struct mount
shown_in(const struct mount *mount, const char *dir)
{
    const char *rest = dir + strlen(mount->dir);
    struct mount shown = { .device = mount->device };
    size_t n = strlen(mount->root) + strlen(rest) + 2;

    rest += strspn(rest, "/");
    shown.root = malloc(n);
    if (shown.root == NULL)
        tool_no_memory();
    snprintf(shown.root, n, "%s%s%s", mount->root,
             *rest == '\0' || strcmp(mount->root, "/") == 0 ? "" : "/", rest);
    return shown;
}

bool
mounts_repeat(const struct mounts *m, const char *dir)
{
    const struct mount *own = mount_of(m, dir);
    struct mount shown = { 0 };
    bool repeat = false;

    if (own == NULL)
        return false;
    shown = shown_in(own, dir);
    for (size_t i = 0; i < m->n && !repeat; i++) {
        const struct mount *mount = &m->list[i];

        if (mount == own || mount->kind == FS_PSEUDO
            || !tool_is_below(mount->dir, dir))
            continue;
        repeat = overlap(mount, &shown);
        for (size_t j = 0; j < i && !repeat; j++)
            repeat = &m->list[j] != own && tool_is_below(m->list[j].dir, dir)
                     && overlap(mount, &m->list[j]);
    }
    free(shown.root);
    return repeat;
}

/* SPDX-License-Identifier: MIT */
/* What programs that were killed have left beside their output. */
#include "tool.h"
#include "open.h"
#include "output.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* A regular file of this user's that nobody writes to any more: a program that
 * does has a lock on it. */
static bool
is_left(int dir, const char *name)
{
    struct tool_file file = { .fd = -1 };
    struct stat st;
    int handle = open_look(dir, name, false, &st);
    bool left = handle >= 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid()
                && open_file(&file, handle, &st) == 0;

    left = left && flock(file.fd, LOCK_SH | LOCK_NB) == 0;
    if (file.fd >= 0)
        close(file.fd);
    if (handle >= 0)
        close(handle);
    return left;
}

/* Whether a name is that of a new file beside another one. */
static bool
is_new_name(const char *name, const char *base)
{
    static const char suffix[] = OUTPUT_SUFFIX;
    size_t n = strlen(base);

    return strncmp(name, base, n) == 0 && strlen(name + n) == sizeof suffix - 1
           && strncmp(name + n, suffix, sizeof suffix - 1 - OUTPUT_RANDOM)
                  == 0;
}

void
output_remove_leftovers(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    char *parent = strndup(path, (size_t)(base - path));
    const struct dirent *e;
    DIR *stream;

    if (parent == NULL)
        tool_no_memory();
    stream = opendir(*parent != '\0' ? parent : ".");
    free(parent);
    while (stream != NULL && (e = readdir(stream)) != NULL)
        if (is_new_name(e->d_name, base) && is_left(dirfd(stream), e->d_name)
            && unlinkat(dirfd(stream), e->d_name, 0) == 0)
            tool_note(e->d_name, "Was left by a program that was killed,",
                      "removed");
    if (stream != NULL)
        closedir(stream);
}

/* SPDX-License-Identifier: MIT */
/* Sets of files, as trees that tsearch(3) keeps. */
#include "tool.h"
#include "identity.h"

#include <fcntl.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_statx
/* The C library may be older than the call: linux/stat.h, 4.11. */
struct status {
    uint32_t mask;
    uint32_t part[19];
    int64_t born;
    uint32_t born_ns;
    uint32_t rest[41];
};
enum { BIRTH = 0x800 };
_Static_assert(sizeof(struct status) == 256, "as the kernel has it");
#endif

struct timespec
identity_birth(int fd)
{
#ifdef SYS_statx
    struct status st;

    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, BIRTH, &st) == 0
        && (st.mask & BIRTH) != 0)
        return (struct timespec){ (time_t)st.born, (long)st.born_ns };
#else
    (void)fd;
#endif
    return (struct timespec){ 0 };
}

int
identity_compare(const void *a, const void *b)
{
    const struct identity *x = a;
    const struct identity *y = b;

    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return x->inode < y->inode ? -1 : x->inode > y->inode;
}

bool
identity_insert(void **tree, const struct stat *st)
{
    struct identity *id = malloc(sizeof *id);
    struct identity **found;

    if (id == NULL)
        tool_no_memory();
    *id = (struct identity){ st->st_dev, st->st_ino };
    found = tsearch(id, tree, identity_compare);
    if (found == NULL)
        tool_no_memory();
    if (*found != id)
        free(id);
    return *found == id;
}

void
identity_delete(void **tree, const struct identity *id)
{
    struct identity **found = tfind(id, tree, identity_compare);
    struct identity *old = found != NULL ? *found : NULL;

    if (old != NULL)
        tdelete(old, tree, identity_compare);
    free(old);
}

void
identity_free(void **tree)
{
    while (*tree != NULL)
        identity_delete(tree, *(struct identity **)*tree);
}

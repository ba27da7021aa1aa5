/* SPDX-License-Identifier: MIT */
/* File systems whose files are texts that the system makes up. */
#include "tool.h"
#include "progress.h"
#include "pseudo.h"
#include "screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if HAVE_DECL_FSTATFS
#include <sys/vfs.h>
#endif

#if HAVE_DECL_FSTATFS

/* The numbers of linux/magic.h, which not every system has. */
static const unsigned long types[] = {
    0x9fa0,     /* proc */
    0x62656572, /* sysfs */
    0x1cd1,     /* devpts */
    0x27e0eb,   /* cgroup */
    0x63677270, /* cgroup2 */
    0x64626720, /* debugfs */
    0x74726163, /* tracefs */
    0x73636673, /* securityfs */
    0xf97cff8c, /* selinuxfs */
    0x43415d53, /* smackfs */
    0xcafe4a11, /* bpf */
    0x6165676c, /* pstore */
    0xde5e81e4, /* efivarfs */
    0x62656570, /* configfs */
    0x65735543, /* fusectl */
    0x19800202, /* mqueue */
    0x42494e4d, /* binfmt_misc */
    0x67596969, /* rpc_pipefs */
    0x6e667364, /* nfsd */
    0x6e736673, /* nsfs */
    0x07655821, /* resctrl */
    0xabba1974, /* xenfs */
};

bool
pseudo_is(int handle)
{
    struct statfs fs;

    if (fstatfs(handle, &fs) < 0)
        return false;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        /* The type's width is the system's. */
        if (((unsigned long)fs.f_type & 0xffffffff) == types[i])
            return true;
    return false;
}

#else

bool
pseudo_is(int handle)
{
    (void)handle;
    return false;
}

#endif

void
pseudo_add(struct pseudo *p, const char *path)
{
    if (p->n < PSEUDO_NAMES) {
        p->names[p->n] = strdup(path);
        if (p->names[p->n] == NULL)
            tool_no_memory();
    }
    p->n++;
}

void
pseudo_say(const struct pseudo *p)
{
    static bool said; /* by a look before this one */
    size_t named = p->n < PSEUDO_NAMES ? p->n : PSEUDO_NAMES;

    if (p->n == 0 || said)
        return;
    said = true;
    progress_hide();
    fflush(stdout);
    fputs("mmapx: left out ", stderr);
    for (size_t i = 0; i < named; i++) {
        fputs(i == 0 ? "" : i + 1 == p->n ? " and " : ", ", stderr);
        tool_name(stderr, p->names[i]);
    }
    if (named < p->n)
        fprintf(stderr, " and %zu more", p->n - named);
    fputs(": pseudo file systems; name one to look into it\n",
          stderr);
}

void
pseudo_free(struct pseudo *p)
{
    for (size_t i = 0; i < p->n && i < PSEUDO_NAMES; i++)
        free(p->names[i]);
    p->n = 0;
}

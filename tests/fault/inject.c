/* SPDX-License-Identifier: MIT */
/*
 * One verb, twice, for inject.sh, which has system calls fail meanwhile: prints
 * what came of each, "ok" or the errno, and "changed" where a failure changed
 * what it must not.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <libmmapx.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fd;
static struct mmapx m;
static size_t page;

static int
sync_some(void)
{
    return mmapx_sync(&m, 1, 2, MS_SYNC);
}

static int
sync_file(void)
{
    return mmapx_sync_file(&m, fd, 1, 2);
}

static int
advise(void)
{
    return mmapx_advise(&m, 1, 2, MMAPX_MADV_WILLNEED);
}

static int
populate(void)
{
    return mmapx_populate(&m, 1, 2, MMAPX_POPULATE_READ);
}

static int
count(void)
{
    size_t pages;

    return mmapx_resident_count(&m, 1, 2, &pages);
}

/* A change of a private mapping, which the file has afterwards or has not. */
static int
commit(void)
{
    struct mmapx own;
    unsigned char byte = 0;
    int r, code;

    if (mmapx_map(&own, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE) != 0)
        return -1;
    ((unsigned char *)own.addr)[page] = 'c';
    r = mmapx_commit(&own, fd, 0, MMAPX_TO_END);
    code = errno;
    if (r == 0 && (pread(fd, &byte, 1, (off_t)page) != 1 || byte != 'c'))
        printf("not written ");
    if (((unsigned char *)own.addr)[page] != 'c')
        printf("lost ");
    mmapx_unmap(&own);
    errno = code;
    return r;
}

static int
lock(void)
{
    return mmapx_lock(&m, 1, 2, 0);
}

static int
grow(void)
{
    return mmapx_resize(&m, fd, m.len + page,
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE);
}

static int
shrink(void)
{
    return mmapx_resize(&m, fd, m.len - page, MMAPX_RESIZE_FILE);
}

static const struct verb {
    const char *name;
    int (*run)(void);
} verbs[] = {
    { "sync", sync_some }, { "sync_file", sync_file }, { "advise", advise },
    { "populate", populate }, { "count", count }, { "lock", lock },
    { "commit", commit },
    { "grow", grow }, { "shrink", shrink },
};

/* By number, since names are not in every C library. */
static void
print_errno(int code)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {
        { EBUSY, "EBUSY" }, { EDQUOT, "EDQUOT" }, { EFAULT, "EFAULT" },
        { EINTR, "EINTR" }, { EINVAL, "EINVAL" }, { EIO, "EIO" },
        { ENOMEM, "ENOMEM" }, { ENOSPC, "ENOSPC" }, { ENOSYS, "ENOSYS" },
        { ENOTSUP, "ENOTSUP" }, { EPERM, "EPERM" }, { EAGAIN, "EAGAIN" },
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == code) {
            printf("%s", names[i].name);
            return;
        }
    printf("%d", code);
}

static void
run(const struct verb *verb)
{
    struct mmapx before = m;
    off_t size = lseek(fd, 0, SEEK_END);
    int r = verb->run();

    if (r == 0) {
        printf("ok");
        return;
    }
    print_errno(errno);
    /* The second reserved word is for failed write-backs. */
    before.reserved[1] = m.reserved[1];
    if (memcmp(&m, &before, sizeof m) != 0 || lseek(fd, 0, SEEK_END) != size)
        printf(" changed");
}

int
main(int argc, char *argv[])
{
    char path[] = "inject-XXXXXX";

    fd = mkstemp(path);
    page = mmapx_page_size(NULL);
    if (argc != 2 || fd < 0 || unlink(path) != 0
        || ftruncate(fd, (off_t)(8 * page)) != 0
        || mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED) != 0) {
        perror("inject");
        return 1;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].name, argv[1]) == 0) {
            run(&verbs[i]);
            putchar(' ');
            run(&verbs[i]);
            putchar('\n');
            return 0;
        }
    return 1;
}

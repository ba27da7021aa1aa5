/* SPDX-License-Identifier: MIT */
/* A file system that waits, in a process of its own.  It speaks to the kernel
 * itself (/dev/fuse), so that it needs no library. */
#include "harness/slow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/options.h"
#include "harness/output.h"

/* Requests that are waited for at once, and bytes of one. */
enum { SERVERS = 64, REQUEST = 64 << 10, MOST_READ = 1 << 20 };

static struct {
    char dir[400];
    pid_t server;
} slow;

/* --- What there is -------------------------------------------------------- */

/* The root is 1, the directories follow, and then their files. */
static uint64_t
first_file(const struct slow *w)
{
    return FUSE_ROOT_ID + 1 + w->dirs;
}

static bool
is_file(const struct slow *w, uint64_t id)
{
    return id >= first_file(w);
}

static struct fuse_attr
attributes(const struct slow *w, uint64_t id)
{
    bool file = is_file(w, id);

    return (struct fuse_attr){
        .ino = id,
        .mode = file ? S_IFREG | 0644 : S_IFDIR | 0755,
        .nlink = file ? 1 : 2,
        .size = file ? w->size : 0,
        .blocks = file ? (w->size + 511) / 512 : 0,
        .blksize = 4096,
    };
}

/* The id of the nth entry in a directory; 0 behind the last one. */
static uint64_t
entry_of(const struct slow *w, uint64_t parent, uint64_t n)
{
    if (parent == FUSE_ROOT_ID)
        return n < w->dirs ? FUSE_ROOT_ID + 1 + n : 0;
    return n < w->files
               ? first_file(w) + (parent - FUSE_ROOT_ID - 1) * w->files + n
               : 0;
}

/* --- Answers -------------------------------------------------------------- */

struct answer {
    int error;
    size_t len;
    const void *data;
    union {
        struct fuse_init_out init;
        struct fuse_entry_out entry;
        struct fuse_attr_out attr;
        struct fuse_open_out open;
        struct fuse_statfs_out statfs;
        unsigned char entries[4096];
    } u;
};

static void
answer_init(struct answer *a, const struct fuse_init_in *in)
{
    a->u.init = (struct fuse_init_out){
        .major = FUSE_KERNEL_VERSION,
        .minor = in->minor < FUSE_KERNEL_MINOR_VERSION
                     ? in->minor
                     : FUSE_KERNEL_MINOR_VERSION,
        .max_readahead = in->max_readahead,
        .flags = in->flags & (FUSE_ASYNC_READ | FUSE_PARALLEL_DIROPS),
        .max_write = 4096,
    };
    a->len = sizeof a->u.init;
}

static void
answer_lookup(struct answer *a, const struct slow *w, uint64_t parent,
              const char *name)
{
    char *rest;
    uint64_t n = strtoull(name + 1, &rest, 10);
    uint64_t id = *rest == '\0' ? entry_of(w, parent, n) : 0;

    if (id == 0 || name[0] != (is_file(w, id) ? 'f' : 'd')) {
        a->error = -ENOENT;
        return;
    }
    a->u.entry = (struct fuse_entry_out){
        .nodeid = id,
        .entry_valid = 3600,
        .attr_valid = 3600,
        .attr = attributes(w, id),
    };
    a->len = sizeof a->u.entry;
}

static void
answer_entries(struct answer *a, const struct slow *w, uint64_t dir,
               const struct fuse_read_in *in)
{
    size_t room = in->size < sizeof a->u.entries ? in->size
                                                 : sizeof a->u.entries;
    uint64_t id;

    for (uint64_t n = in->offset; (id = entry_of(w, dir, n)) != 0; n++) {
        char name[24];
        int len = snprintf(name, sizeof name, "%c%llu",
                           is_file(w, id) ? 'f' : 'd', (unsigned long long)n);
        struct fuse_dirent e = {
            .ino = id,
            .off = n + 1,
            .namelen = (uint32_t)len,
            .type = is_file(w, id) ? DT_REG : DT_DIR,
        };
        size_t need = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + (size_t)len);

        if (a->len + need > room)
            break;
        memcpy(a->u.entries + a->len, &e, FUSE_NAME_OFFSET);
        memcpy(a->u.entries + a->len + FUSE_NAME_OFFSET, name, (size_t)len);
        a->len += need;
    }
}

static void
answer_read(struct answer *a, const struct slow *w,
            const struct fuse_read_in *in)
{
    static const unsigned char zeros[MOST_READ];
    uint64_t left = in->offset < w->size ? w->size - in->offset : 0;

    a->data = zeros;
    a->len = in->size < left ? in->size : (size_t)left;
    if (a->len > sizeof zeros)
        a->error = -EINVAL;
}

static void
answer_to(struct answer *a, const struct slow *w,
          const struct fuse_in_header *h)
{
    const void *arg = h + 1;

    switch (h->opcode) {
    case FUSE_INIT:
        answer_init(a, arg);
        return;
    case FUSE_LOOKUP:
        answer_lookup(a, w, h->nodeid, arg);
        return;
    case FUSE_GETATTR:
        a->u.attr = (struct fuse_attr_out){ .attr_valid = 3600,
                                            .attr = attributes(w, h->nodeid) };
        a->len = sizeof a->u.attr;
        return;
    case FUSE_OPEN:
        a->u.open = (struct fuse_open_out){ .open_flags = FOPEN_KEEP_CACHE };
        a->len = sizeof a->u.open;
        return;
    case FUSE_OPENDIR:
        a->u.open = (struct fuse_open_out){ 0 };
        a->len = sizeof a->u.open;
        return;
    case FUSE_READDIR:
        answer_entries(a, w, h->nodeid, arg);
        return;
    case FUSE_READ:
        answer_read(a, w, arg);
        return;
    case FUSE_STATFS:
        a->u.statfs = (struct fuse_statfs_out){ .st = { .bsize = 4096 } };
        a->len = sizeof a->u.statfs;
        return;
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
        return;
    default: /* the kernel does not ask again */
        a->error = -ENOSYS;
    }
}

static bool
has_no_answer(const struct fuse_in_header *h)
{
    return h->opcode == FUSE_FORGET || h->opcode == FUSE_BATCH_FORGET
           || h->opcode == FUSE_INTERRUPT;
}

/* --- The server ----------------------------------------------------------- */

static int device = -1;
static struct slow served;

static void
send_answer(const struct fuse_in_header *h, const struct answer *a)
{
    size_t len = a->error == 0 ? a->len : 0;
    struct fuse_out_header head = {
        .len = (uint32_t)(sizeof head + len),
        .error = a->error,
        .unique = h->unique,
    };
    struct iovec parts[] = {
        { &head, sizeof head },
        { (void *)(uintptr_t)(a->data != NULL ? a->data : &a->u), len },
    };

    /* Who asked may have gone meanwhile. */
    if (writev(device, parts, len > 0 ? 2 : 1) < 0 && errno != ENOENT)
        _exit(1);
}

/* Until it is unmounted. */
static void *
serve(void *arg)
{
    const struct timespec delay = { served.delay / 1000000000,
                                    served.delay % 1000000000 };
    void *request = malloc(REQUEST);

    while (request != NULL) {
        ssize_t n = read(device, request, REQUEST);
        const struct fuse_in_header *h = request;
        struct answer a = { .error = 0 };

        if (n < 0 && errno == ENODEV)
            break;
        if (n < (ssize_t)sizeof *h || has_no_answer(h))
            continue;
        if (h->opcode != FUSE_INIT)
            nanosleep(&delay, NULL);
        answer_to(&a, &served, h);
        send_answer(h, &a);
    }
    free(request);
    return arg;
}

static _Noreturn void
run_server(void)
{
    pthread_t thread;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_TIMERSLACK, 1UL);
    for (int i = 1; i < SERVERS; i++)
        if (pthread_create(&thread, NULL, serve, NULL) != 0)
            _exit(1);
    serve(NULL);
    _exit(0);
}

/* --- Mounting ------------------------------------------------------------- */

static bool
mount_device(void)
{
    char options[96];

    device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (device < 0)
        return false;
    snprintf(options, sizeof options,
             "fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other", device);
    snprintf(slow.dir, sizeof slow.dir, "%s/slow", opt.dir);
    return (mkdir(slow.dir, 0700) == 0 || errno == EEXIST)
           && unshare(CLONE_NEWNS) == 0
           && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0
           && mount("slow", slow.dir, "fuse", MS_NOSUID | MS_NODEV, options)
                  == 0;
}

const char *
slow_mount(const char *row, const struct slow *what)
{
    if (geteuid() != 0) {
        skip(row, "a file system that waits needs root");
        return NULL;
    }
    if (!mount_device()) {
        skip(row, "a file system that waits: %s (/dev/fuse)", strerror(errno));
        return NULL;
    }
    served = *what;
    fflush(NULL);
    slow.server = fork();
    if (slow.server < 0)
        die("fork");
    if (slow.server == 0)
        run_server();
    close(device);
    return slow.dir;
}

void
slow_unmount(void)
{
    umount2(slow.dir, MNT_DETACH);
    while (waitpid(slow.server, NULL, 0) < 0 && errno == EINTR)
        continue;
    rmdir(slow.dir);
}

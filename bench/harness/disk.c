/* SPDX-License-Identifier: MIT */
/* A disk with the read-ahead that most have: 128 KiB. */
#include "harness/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "harness/command.h"
#include "harness/files.h"
#include "harness/options.h"
#include "harness/output.h"

/* BLKRASET and BLKFLSBUF, whose header clashes with sys/mount.h. */
enum { SET_READ_AHEAD = 0x1262, FORGET_BUFFERS = 0x1261 };

/* The kernel would go on making the file system while it is in use. */
static const char OPTIONS[] = "noinit_itable";

static struct {
    struct file backing;
    char path[32];
    char dir[400];
    int device;
} disk = { .device = -1 };

/* The device goes with its last user: the mount, which is in a namespace of
 * this process's own, and this descriptor. */
static bool
attach_loop(const char *row)
{
    struct loop_config config = { .fd = (uint32_t)disk.backing.fd };
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    int number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);

    if (control >= 0)
        close(control);
    if (number < 0) {
        skip(row, "there is no free loop device");
        return false;
    }
    snprintf(disk.path, sizeof disk.path, "/dev/loop%d", number);
    disk.device = open(disk.path, O_RDWR | O_CLOEXEC);
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO;
    if (disk.device < 0
        || ioctl(disk.device, LOOP_CONFIGURE, &config) < 0
        || ioctl(disk.device, SET_READ_AHEAD, 256UL) < 0) {
        skip(row, "%s: %s", disk.path, strerror(errno));
        return false;
    }
    return true;
}

static bool
mount_loop(const char *row)
{
    const char *mkfs[] = { "mkfs.ext4", "-q", "-F", "-m", "0", "-i", "8192",
                           disk.path, NULL };
    struct sample s;
    char output[256];

    if (!command_run(mkfs, &s, output, sizeof output)) {
        skip(row, "mkfs.ext4 failed (Debian: e2fsprogs)");
        return false;
    }
    snprintf(disk.dir, sizeof disk.dir, "%s/disk", opt.dir);
    if (mkdir(disk.dir, 0700) < 0 || unshare(CLONE_NEWNS) < 0
        || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0
        || mount(disk.path, disk.dir, "ext4", 0, OPTIONS) < 0) {
        skip(row, "mount: %s", strerror(errno));
        return false;
    }
    return true;
}

const char *
loop_disk(const char *row, size_t size)
{
    if (geteuid() != 0) {
        skip(row, "a loop device with a read-ahead of 128 KiB needs root");
        return NULL;
    }
    /* With room for the file system itself.  Blocks that were never written
     * would be read without I/O, but the file writes all of its own. */
    if (!file_make(&disk.backing, opt.dir, "disk.img",
                   size + size / 8 + 64 * MIB, ALLOCATED))
        return NULL;
    if (attach_loop(row) && mount_loop(row))
        return disk.dir;
    loop_drop();
    return NULL;
}

bool
loop_read_ahead(size_t bytes)
{
    return ioctl(disk.device, SET_READ_AHEAD, (unsigned long)bytes / 512) == 0;
}

bool
loop_remount(void)
{
    return umount(disk.dir) == 0
           && ioctl(disk.device, FORGET_BUFFERS, 0) == 0
           && mount(disk.path, disk.dir, "ext4", 0, OPTIONS) == 0;
}

void
loop_drop(void)
{
    umount2(disk.dir, MNT_DETACH);
    rmdir(disk.dir);
    if (disk.device >= 0)
        close(disk.device);
    disk.device = -1;
    file_drop(&disk.backing);
}

double
disk_written(const struct file *f)
{
    unsigned long long sectors = 0;
    char path[96];
    struct stat sb;
    FILE *in;

    if (fstat(f->fd, &sb) < 0)
        return 0;
    snprintf(path, sizeof path, "/sys/dev/block/%u:%u/stat", major(sb.st_dev),
             minor(sb.st_dev));
    in = fopen(path, "re");
    if (in == NULL
        || fscanf(in, "%*u %*u %*u %*u %*u %*u %llu", &sectors) != 1)
        sectors = 0;
    if (in != NULL)
        fclose(in);
    return (double)sectors * 512;
}

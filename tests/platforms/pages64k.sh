#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-pages64k: the programs of the suite on a real kernel whose pages
# have 64 KiB: Debian's for powerpc64le, in an emulated machine.  Its root is
# an initramfs with the static programs; nothing is installed.
# shellcheck source=tests/platforms/common.sh
. "$(dirname "$0")/common.sh"

need powerpc64le-linux-gnu-gcc gcc-powerpc64le-linux-gnu
need qemu-system-ppc64 qemu-system-ppc
need cpio cpio
need apt-get apt

# check_crash has to do with the disk, and there is none.
programs=$(unit_programs | grep -v /check_crash)

# The kernel's package, by lists of packages of our own: those of the machine
# stay as they are.
get_kernel() {
    lists=$PWD/apt
    mkdir -p "$lists/lists/partial" "$lists/archives/partial"
    apt() {
        apt-get -o APT::Architecture=ppc64el -o APT::Architectures=ppc64el \
            -o Dir::State::Lists="$lists/lists" -o Dir::Cache="$lists" \
            -o Dir::State::status=/dev/null -o APT::Sandbox::User=root "$@"
    }
    # Of several lists one is enough.
    apt update || :
    name=$(apt-cache -o APT::Architecture=ppc64el \
        -o APT::Architectures=ppc64el -o Dir::State::Lists="$lists/lists" \
        -o Dir::Cache="$lists" -o Dir::State::status=/dev/null \
        depends linux-image-powerpc64le | sed -n 's/.*Depends: //p' | sed 1q)
    apt download "$name"
    dpkg -x "$name"_*.deb kernel
}

# What runs as the first process.
write_init() {
    cat >init.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void run(char **argv)
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    printf("%s: status %d\n", argv[0], status);
    fflush(stdout);
}

int main(void)
{
    static const char *const programs[] = { PROGRAMS };
    static char *replay[] = { "/replay", "-r", "200000", "1", NULL };

    mkdir("/proc", 0755);
    mkdir("/sys", 0755);
    mkdir("/dev", 0755);
    mkdir("/tmp", 01777);
    chmod("/tmp", 01777);
    mount("none", "/proc", "proc", 0, NULL);
    mount("none", "/sys", "sysfs", 0, NULL);
    mount("none", "/dev", "devtmpfs", 0, NULL);
    mkdir("/dev/shm", 01777);
    mount("none", "/dev/shm", "tmpfs", 0, NULL);
    mount("none", "/tmp", "tmpfs", 0, NULL);
    symlink("/proc/self/fd", "/dev/fd");
    /* Some tests map far more than they touch. */
    FILE *overcommit = fopen("/proc/sys/vm/overcommit_memory", "w");
    if (overcommit != NULL) {
        fputs("1", overcommit);
        fclose(overcommit);
    }
    printf("\npage size %ld\n", sysconf(_SC_PAGESIZE));
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        char *argv[] = { (char *)programs[i], NULL };

        run(argv);
    }
    run(replay);
    printf("the end\n");
    fflush(stdout);
    sync();
    reboot(RB_POWER_OFF);
    return 0;
}
END
    list=
    for program in $programs; do
        list="$list\"/${program##*/}\","
    done
    powerpc64le-linux-gnu-gcc -O1 -static "-DPROGRAMS=$list" -o root/init \
        init.c
}

host=powerpc64le-linux-gnu
[ -d kernel/boot ] || get_kernel
own_check check "$host-gcc"
# $check is two words.
# shellcheck disable=SC2086
"$sources/configure" --enable-werror --enable-tests --disable-command \
    --host="$host" \
    --disable-shared CXX=none CFLAGS='-g -O2' LDFLAGS=-static $check
make -j"$jobs" LDFLAGS=-all-static
mkdir -p root/etc
echo 'root:x:0:0::/:/init' >root/etc/passwd # somebody else's, to nobody
for program in $programs; do
    make LDFLAGS=-all-static "$program"
    cp "$program" root/
done
make LDFLAGS=-all-static fuzz/replay
cp fuzz/replay root/
"$host-strip" root/check_* root/replay
write_init
mkdir -p root/bin
cp root/init root/bin/sh # what tests take for everybody's, and root's
(cd root && find . | cpio -o -H newc -R 0:0 --quiet) | gzip -1 >initrd.gz

timeout 1200 qemu-system-ppc64 -M pseries,cap-htm=off -cpu power9 -m 4G \
    -nographic -nodefaults -serial stdio -no-reboot \
    -kernel kernel/boot/vmlinux-* -initrd initrd.gz \
    -append 'console=hvc0 quiet panic=-1' </dev/null | tr -d '\r' >serial.log
grep -E '^(page size|not ok|.*status|#)|SKIP' serial.log
grep -x 'page size 65536' serial.log
grep -x 'the end' serial.log
if grep -E '^not ok|status [^0]' serial.log; then
    exit 1
fi

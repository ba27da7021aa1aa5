#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-kernels: the programs of the suite, the model and the strangers on
# Debian's kernels, in qemu-system-x86_64, on ext4, xfs and tmpfs.
#
# Each kernel is that of a suite of Debian, as far as the machine's mirror
# ($MIRROR) has that suite.  The system is an initramfs with busybox and the
# static programs.  With /dev/kvm a kernel takes some minutes; without, ten
# times as long.  Nothing is installed.
#
# SUITES=bookworm takes this kernel, PLACES=/xfs this place, and
# PROGRAMS="check_name replay" these programs.  LIMIT is how many seconds one of
# them may take; it fails if it takes longer, and the next one follows.
#
# Called again in its directory, the script takes the programs and the kernels
# that are there.
# shellcheck source=tests/platforms/common.sh
. "$(dirname "$0")/common.sh"

need qemu-system-x86_64 qemu-system-x86
need cpio cpio
need apt-get apt
need mkfs.xfs xfsprogs
need xz xz-utils
need depmod kmod
[ -x /bin/busybox ] || need busybox busybox-static

suites=${SUITES:-bullseye bullseye-security bookworm bookworm-backports trixie
    trixie-backports sid experimental}
places=${PLACES:-/ext4 /xfs /tmp}
modules='virtio_pci virtio_blk crc32c_generic ext4 xfs loop overlay'
# A virtual machine may have a /dev/kvm that runs nothing.
if [ -w /dev/kvm ] && grep -q -E '^flags.* (vmx|svm) ' /proc/cpuinfo; then
    machine='-accel kvm -cpu host'
    times=1
else
    # What costs an emulator time, and is none of the library's business.
    machine='-accel tcg -cpu max,la57=off'
    times=10
fi
# Linux 5.10 stops if its timer seems not to work, as in an emulator that waits.
options='mitigations=off no_timer_check'
limit=${LIMIT:-$((180 * times))}
failed=

# Programs that ask the kernel little or nothing: a seam of the tests' own
# answers, or numbers are compared.
in_need_of_a_kernel() {
    unit_programs |
        grep -v -E '/check_(errno|journal|range|seam_arguments)[a-z_]*$'
}

# The programs, static, and what they find around them.
make_root() {
    own_check check gcc
    # $check is two words.
    # shellcheck disable=SC2086
    "$sources/configure" --enable-werror --enable-tests --disable-command \
        --disable-shared CXX=none CFLAGS='-g -O2' LDFLAGS=-static $check
    make -j"$jobs" LDFLAGS=-all-static
    mkdir -p root/etc root/bin root/proc root/sys root/dev root/tmp root/ext4 \
        root/xfs
    for program in $(in_need_of_a_kernel) fuzz/replay \
        tests/platforms/strangers; do
        make LDFLAGS=-all-static "$program"
        strip -o "root/${program##*/}" "$program"
    done
    busybox=/bin/busybox
    [ -x "$busybox" ] || busybox=$(command -v busybox)
    cp "$busybox" root/bin/busybox
    echo 'root:x:0:0::/:/bin/sh' >root/etc/passwd
    chmod 1777 root/tmp
}

# What runs as the first process, from an argument of the kernel's.
write_init() {
    programs=$(cd root && echo check_* replay strangers)
    cat >root/etc/settings <<END
times=$times limit=$limit
places='$places'
programs='${PROGRAMS:-$programs}'
modules='$modules'
END
    cat >root/init <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
. /etc/settings
export PATH=/bin HOME=/ CK_TIMEOUT_MULTIPLIER=$times
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mkdir -p /dev/shm /dev/pts
mount -t tmpfs none /dev/shm
mount -t tmpfs none /tmp
chmod 1777 /dev/shm /tmp
ln -s /proc/self/fd /dev/fd
for module in $modules; do
    modprobe $module
done
# Some tests map far more than they touch.
echo 1 >/proc/sys/vm/overcommit_memory
echo "kernel $(uname -r)"
if ! mount -t ext4 /dev/vda /ext4 || ! mount -t xfs /dev/vdb /xfs; then
    echo 'not ok - disks'
    poweroff -f
fi

run() {
    began=$(date +%s)
    timeout $limit "/$@"
    code=$?
    echo "$1: $(($(date +%s) - began)) s: status $code"
    # A test that was stopped may leave children, which would slow the others.
    [ $code -ne 143 ] || kill -9 -1
}

for place in $places; do
    mkdir -p -m 1777 $place/tmp $place/strangers
    export TMPDIR=$place/tmp MMAPX_FUZZ_DIR=$place/tmp
    for program in $programs; do
        echo "at $place/$program"
        case $program in
        replay) run replay -r 20000 4 ;;
        strangers) run strangers $place/strangers 60 6 ;;
        *) run $program ;;
        esac
    done
done
# The machine is this system's own: it may promise no more than it has.
echo 2 >/proc/sys/vm/overcommit_memory
export TMPDIR=/tmp
for program in $programs; do
    case $program in
    check_reserve | check_resize* | check_commit*)
        echo "at overcommit 2/$program"
        run $program
        ;;
    esac
done
echo 'the end'
umount /ext4 /xfs
poweroff -f
END
    chmod 755 root/init
}

# modules SUITE RELEASE: those that the disks need, with what they need.
modules() {
    from=$1/kernel/lib/modules
    [ -d "$from" ] || from=$1/kernel/usr/lib/modules
    depmod -b "${from%/lib/modules}" "$2"
    to=$1/modules/lib/modules/$2
    mkdir -p "$to"
    cp "$from/$2"/modules.builtin* "$from/$2/modules.order" "$to/"
    for module in $modules; do
        # Newer kernels have some of them built in, or none of that name.
        modprobe -d "${from%/lib/modules}" -S "$2" --show-depends "$module" ||
            :
    done 2>>"$1/apt.log" | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u |
        while read -r file; do
            cp "$file" "$to/"
        done
    find "$to" -name '*.ko.xz' -exec xz -d {} +
    depmod -b "$1/modules" "$2"
}

# get_kernel SUITE: SUITE/vmlinuz and SUITE/modules.  False where there is none.
# Some have the kernel itself and its modules in packages of their own.
get_kernel() {
    list_of "$1" deb "$1"
    apt_of "$1" apt-get update >"$1/apt.log" 2>&1 || return
    version=$(apt_of "$1" apt-cache depends linux-image-amd64 \
        2>>"$1/apt.log" | sed -n 's/.*Depends: *linux-image-\([0-9]\)/\1/p')
    [ -n "$version" ] || return
    for part in image base binary modules; do
        (cd "$1" && apt_of . apt-get download "linux-$part-$version") ||
            [ $part != image ] || return
    done >>"$1/apt.log" 2>&1
    for package in "$1"/linux-*.deb; do
        dpkg -x "$package" "$1/kernel" || return
    done
    modules "$1" "$version" || return
    find "$1/kernel" -name 'vmlinuz*' -exec cp {} "$1/vmlinuz.new" \;
    rm -rf "$1/kernel" "$1/apt" "$1"/linux-*.deb
    # The last of all: with it, the kernel is there.
    mv "$1/vmlinuz.new" "$1/vmlinuz"
}

# boot SUITE: its log is SUITE/serial.log.
boot() {
    (cd root && find . | cpio -o -H newc -R 0:0 --quiet) | gzip -1 >"$1/initrd"
    (cd "$1/modules" && find . | cpio -o -H newc -R 0:0 --quiet) |
        gzip -1 >>"$1/initrd"
    truncate -s 2G "$1/ext4.img" "$1/xfs.img"
    mkfs.ext4 -q -F "$1/ext4.img"
    mkfs.xfs -q -f "$1/xfs.img"
    # $machine is several words.
    # shellcheck disable=SC2086
    timeout $((3600 * times)) qemu-system-x86_64 $machine -m 3G -smp 2 \
        -display none -no-reboot -monitor none -serial "file:$1/serial" \
        -kernel "$1/vmlinuz" -initrd "$1/initrd" \
        -drive "file=$1/ext4.img,if=virtio,format=raw,cache=unsafe" \
        -drive "file=$1/xfs.img,if=virtio,format=raw,cache=unsafe" \
        -append "console=ttyS0 quiet panic=-1 $options" </dev/null || :
    tr -d '\r' <"$1/serial" >"$1/serial.log"
    rm -f "$1/ext4.img" "$1/xfs.img" "$1/initrd" "$1/serial"
}

report() {
    log=$1/serial.log
    passed=$(grep -c '^ok ' "$log" || :)
    skipped=$(grep -c '^ok .*# SKIP' "$log" || :)
    bad=$(grep -c -E '^not ok|: status [^07]|: status 7$' "$log" || :)
    echo "$1: $(sed -n 's/^kernel //p' "$log"): $((passed - skipped)) passed," \
        "$skipped skipped, $bad failed"
    grep -E -A 6 '^not ok|^(at|strangers:) |: status [^0]' "$log" |
        awk '/^at / { at = $0; next }
            /^not ok|^#|status [^0]|^strangers:/ { print "    " at ": " $0 }'
    if ! grep -q '^the end$' "$log"; then
        echo "$1: it did not come to the end"
        tail -n 15 "$log"
        bad=1
    fi
    [ "$bad" -eq 0 ] || failed="$failed $1"
}

[ -d root ] || make_root
write_init
for suite in $suites; do
    mkdir -p "$suite"
    if [ ! -s "$suite/vmlinuz" ] && ! get_kernel "$suite"; then
        echo "$suite: SKIP: no kernel to be had"
        tail -n 2 "$suite/apt.log" | sed 's/^/    /'
        continue
    fi
    boot "$suite"
    report "$suite"
done
if [ -n "$failed" ]; then
    echo "kernels: FAILED:$failed"
    exit 1
fi

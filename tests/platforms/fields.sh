#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-fields: the library and the command on the file systems that files
# live on.
#
#     fields.sh [quick|long]
#
# Each cell is a file system in an image, mounted in a mount namespace that ends
# with this script.  In it run: the programs of the suite, the tests of the
# command, the model of fuzz/ with random calls, and a scene in which somebody
# else writes, truncates, renames and evicts, with mincore(2) as the oracle
# (strangers.c).  What this machine cannot mount is a loud skip.
#
# To be run in a directory with a build of the library and the tests, by root.
# "quick" takes six cells, and leaves the longest tests out; "long" takes the
# same cells, and the tests that were left out.  CELLS="xfs tmpfs" takes these
# cells, PARTS="suite model strangers" these parts, and ONLY="check_lock
# tool_steer" these tests of the suite.
set -eu

srcdir=${srcdir:-.}
export srcdir
quick=${1:-}
jobs=$(nproc 2>/dev/null || echo 2)
[ "$jobs" -le 4 ] || jobs=4

if [ "$(id -u)" -ne 0 ]; then
    echo 'fields: only root can mount' >&2
    exit 1
fi
# Nothing that is mounted here is seen elsewhere, or left when this is killed.
if [ "${FIELDS_ALONE:-}" != yes ]; then
    FIELDS_ALONE=yes exec unshare --mount --propagation private \
        sh "$0" "$@"
fi

tmp=$(mktemp -d "${TMPDIR:-/tmp}/mmapx-fields.XXXXXX")
chmod 755 "$tmp"
mounted=
bindfs=
failed=
passed_in_all=0
skipped_in_all=0
failed_in_all=0

unmount() {
    # The last one that was mounted is the first to go.
    for at in $mounted; do
        umount "$at" || umount -l "$at"
    done
    mounted=
    if [ -n "$bindfs" ]; then
        wait "$bindfs" || :
    fi
    bindfs=
}
clean_up() {
    cd /
    unmount 2>/dev/null || :
    rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# on DIRECTORY COMMAND...: what mounts something there.
on() {
    mkdir -p "$1"
    at=$1
    shift
    "$@" || return
    mounted="$at $mounted"
}

# image MKFS...: a file system in an image, at $1.
image() {
    at=$1
    type=$2
    options=$3
    shift 3
    rm -f "$tmp/image"
    # Two tests grow files by 200 MiB, one makes 50000 files, and btrfs keeps
    # some to itself.
    truncate -s 1G "$tmp/image"
    "$@" "$tmp/image" && on "$at" mount -t "$type" -o "loop$options" \
        "$tmp/image" "$at"
}

# layers OPTIONS: an overlay whose layers are on ext4.
layers() {
    image "$tmp/layers" ext4 '' mkfs.ext4 -q -N 100000 -b 4096 || return
    mkdir "$tmp/layers/lower" "$tmp/layers/upper" "$tmp/layers/work"
    on "$tmp/mnt" mount -t overlay -o "lowerdir=$tmp/layers/lower,\
upperdir=$tmp/layers/upper,workdir=$tmp/layers/work$1" overlay "$tmp/mnt"
}

# A FUSE file system that hands everything on to ext4.  Without an option each
# open(2) drops what is cached of the file.
through_fuse() {
    image "$tmp/below" ext4 '' mkfs.ext4 -q -N 100000 -b 4096 || return
    mkdir -p "$tmp/mnt"
    bindfs -f -o kernel_cache "$tmp/below" "$tmp/mnt" &
    bindfs=$!
    # It says nothing when it is ready.
    tries=0
    until mountpoint -q "$tmp/mnt"; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] && kill -0 "$bindfs" || return
        sleep 0.1
    done
    mounted="$tmp/mnt $mounted"
}

# Files of several sizes, some with holes.
packed() {
    mkdir -p "$tmp/files"
    for pages in 0 1 3 64 500; do
        head -c "$((pages * 4096 + pages))" /dev/urandom >"$tmp/files/$pages"
    done
    truncate -s 1M "$tmp/files/3"
    mksquashfs "$tmp/files" "$tmp/squashed" -noappend -quiet >/dev/null &&
        on "$tmp/mnt" mount -t squashfs -o loop "$tmp/squashed" "$tmp/mnt"
}

# mount_cell CELL: at $tmp/mnt.
mount_cell() {
    case $1 in
    ext4) image "$tmp/mnt" ext4 '' mkfs.ext4 -q -N 100000 -b 4096 ;;
    ext4-1k) image "$tmp/mnt" ext4 '' mkfs.ext4 -q -N 100000 -b 1024 ;;
    ext2) image "$tmp/mnt" ext2 '' mkfs.ext2 -q -N 100000 -b 4096 ;;
    xfs) image "$tmp/mnt" xfs '' mkfs.xfs -q -f ;;
    xfs-16k) image "$tmp/mnt" xfs '' mkfs.xfs -q -f -b size=16384 ;;
    btrfs) image "$tmp/mnt" btrfs '' mkfs.btrfs -q -f ;;
    tmpfs)
        on "$tmp/mnt" mount -t tmpfs -o size=1G,huge=never none "$tmp/mnt" ;;
    tmpfs-huge)
        # The least of files takes 2 MiB there.
        on "$tmp/mnt" mount -t tmpfs -o size=4G,huge=always none "$tmp/mnt" ;;
    overlay) layers '' ;;
    overlay-metacopy) layers ,metacopy=on ;;
    overlay-volatile) layers ,volatile ;;
    fuse) through_fuse ;;
    squashfs) packed ;;
    *)
        echo 'there is no such cell'
        return 1 ;;
    esac
}

# --- What is run in a cell ---------------------------------------------------

# What the quick form leaves out: what takes long, or has little to do with
# where a file lies.
long='check_.*(guard|crash|copy|populate|injection|loss).*'
long="$long|tool_(steer|security|living|watch|signals)"
long="$long|tool_(groups|metrics|options|select)"

tests() {
    (cd "$srcdir" && ls tests/unit/check_*.c tests/fault/check_*.c \
        tests/tool/*.sh) | sed -e '/_lib\.sh$/d' -e 's/\.c$//' |
        if [ -n "${ONLY:-}" ]; then
            grep -E "/($(echo "$ONLY" | tr -s ' ' '|'))(\.sh)?\$"
        elif [ "$quick" = long ]; then
            grep -E "/($long)(\.sh)?\$"
        elif [ "$quick" = quick ]; then
            grep -v -E "/($long)(\.sh)?\$"
        else
            cat
        fi
}

# The report of each is in $tmp/logs.
run_suite() {
    # shellcheck disable=SC2016 # It is that shell which expands.
    tests | TMPDIR=$tmp/mnt/tmp LOGS=$tmp/logs xargs -n 1 -P "$jobs" sh -c '
        log=$LOGS/$(basename "$1").log
        case $1 in
        *.sh) timeout 1800 sh "$srcdir/$1" ;;
        *) timeout 1800 "./$1" ;;
        esac >"$log" 2>&1 </dev/null || echo "not ok - exit $?" >>"$log"' sh
}

# one NAME COMMAND...: like a test of the suite.
one() {
    name=$1
    shift
    if timeout 3600 "$@" >"$tmp/logs/$name.said" 2>&1; then
        echo "ok 1 - $(tail -n 1 "$tmp/logs/$name.said")" >"$tmp/logs/$name.log"
    else
        {
            echo "not ok 1 - exit $?"
            sed 's/^/# /' "$tmp/logs/$name.said"
        } >"$tmp/logs/$name.log"
    fi
}

# What older kernels, filters and containers lack: one at a time, and all.
lacking=cachestat,pagemap_scan,procmap_query,process_madvise,proc
[ "$quick" = quick ] ||
    lacking="cachestat pagemap_scan procmap_query process_madvise proc $lacking"

run_model() {
    export MMAPX_FUZZ_DIR="$tmp/mnt/tmp"
    one model fuzz/replay -r "$calls" 3
    for what in $lacking; do
        one "model-without-$what" ./tests/platforms/without "$what" \
            fuzz/replay -r "$((calls / 3))" 4
    done
}

run_strangers() {
    one strangers ./tests/platforms/strangers "$tmp/mnt/strangers" "$rounds" 5
    for what in $lacking; do
        one "strangers-without-$what" ./tests/platforms/without "$what" \
            ./tests/platforms/strangers "$tmp/mnt/strangers" \
            "$((rounds / 3))" 6
    done
}

# count PATTERN
count() {
    cat "$tmp"/logs/*.log | grep -c -E "$1" || :
}

report() {
    skipped=$(count '^ok .*# SKIP|^1\.\.0 # SKIP')
    bad=$(count '^not ok')
    passed=$(($(count '^ok ') - $(count '^ok .*# SKIP')))
    printf '%-17s %4d passed %3d skipped %3d failed  %4d s\n' "$1" "$passed" \
        "$skipped" "$bad" "$2"
    for log in "$tmp"/logs/*.log; do
        name=$(basename "$log" .log)
        grep -A 12 '^not ok' "$log" | grep -v '^ok ' |
            sed "s|^|    $name: |" || :
        sed -n "s|^not ok.*|FAIL: $1: $name: &|p" "$log" >>"$tmp/failures"
    done
    [ "$bad" -eq 0 ] || failed="$failed $1"
    passed_in_all=$((passed_in_all + passed))
    skipped_in_all=$((skipped_in_all + skipped))
    failed_in_all=$((failed_in_all + bad))
}

# SKIP lines of a cell, each reason once.
reasons() {
    cat "$tmp"/logs/*.log | sed -n 's/^ok .*# SKIP \(.*\)/    skipped: \1/p
        s/^1\.\.0 # SKIP \(.*\)/    skipped: \1/p' | sort | uniq -c |
        sed 's/^ *\([0-9]*\) *skipped: /    skipped \1: /'
}

run_cell() {
    cell=$1
    began=$(date +%s)
    rm -rf "$tmp/logs"
    mkdir "$tmp/logs"
    if ! mount_cell "$cell" >"$tmp/said" 2>&1; then
        echo "$cell: SKIP: it cannot be mounted: $(sed 1q "$tmp/said")"
        skipped_in_all=$((skipped_in_all + 1))
        unmount 2>/dev/null
        return
    fi
    if [ "$cell" = squashfs ]; then
        one strangers ./tests/platforms/strangers -r "$tmp"/mnt/*
    else
        chmod 1777 "$tmp/mnt"
        mkdir -m 1777 "$tmp/mnt/tmp" "$tmp/mnt/strangers"
        for part in $parts; do
            "run_$part"
        done
    fi
    report "$cell" $(($(date +%s) - began))
    reasons
    unmount
}

parts='suite model strangers'
if [ -n "$quick" ]; then
    cells='ext4 xfs btrfs tmpfs overlay fuse'
    calls=5000
    rounds=30
else
    cells='ext4 ext4-1k ext2 xfs xfs-16k btrfs tmpfs tmpfs-huge overlay
        overlay-metacopy overlay-volatile fuse squashfs'
    calls=100000
    rounds=300
fi
[ "$quick" != long ] || parts=suite
parts=${PARTS:-$parts}
: >"$tmp/failures"
for cell in ${CELLS:-$cells}; do
    run_cell "$cell"
done
# As automake has them, for who adds up.
cat "$tmp/failures"
echo "# PASS:  $passed_in_all"
echo "# SKIP:  $skipped_in_all"
echo "# FAIL:  $failed_in_all"
if [ -n "$failed" ]; then
    echo "fields: FAILED:$failed"
    exit 1
fi

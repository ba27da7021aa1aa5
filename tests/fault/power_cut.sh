#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-crash: what a power cut leaves.
#
# A file system lies in an image, by a loop device.  When a record has been
# acknowledged the image is copied: what the file system had not handed to the
# device by then is not in the copy, as if the power had gone.  The copy is
# mounted, which replays the journal, and has to have every record so far.
# Atomic commits are also cut at each of their writes and flushes, with some of
# what was not flushed on the disk and some not.
# Needs root, loop devices, and the file systems' tools.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

[ "$(id -u)" -eq 0 ] || skip_all 'only root can mount'
[ -e /dev/loop-control ] || skip_all 'there are no loop devices'

tmp=$(mktemp -d) || exit 99
writer=
clean_up() {
    exec 8>&- 9<&-
    [ -z "$writer" ] || kill "$writer" 2>/dev/null
    umount "$tmp/copy" 2>/dev/null
    umount "$tmp/mnt" 2>/dev/null
    rm -rf "$tmp" "$tap_output"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
mkdir "$tmp/mnt" "$tmp/copy"

make_file_system() {
    rm -f "$tmp/image"
    case $1 in
    ext4)
        truncate -s 64M "$tmp/image"
        mkfs.ext4 -q "$tmp/image" ;;
    xfs)
        truncate -s 320M "$tmp/image"
        mkfs.xfs -q "$tmp/image" ;;
    esac
}

options() {
    if [ "$1" = xfs ]; then
        echo 'loop,nouuid'
    else
        echo 'loop'
    fi
}

# cut_power FS COMMAND...: the power goes; what does the command find?
cut_power() {
    fs=$1
    shift
    # A new file: the loop device of the last copy may not be gone yet, and
    # would be taken again with what it remembers.
    rm -f "$tmp/copied"
    cp --sparse=always "$tmp/image" "$tmp/copied" || return
    mount -t "$fs" -o "$(options "$fs")" "$tmp/copied" "$tmp/copy" || return
    "$@"
    there=$?
    umount "$tmp/copy"
    return "$there"
}

# start COMMAND...: run a writer, with pipes to it and from it.
start() {
    rm -f "$tmp/to" "$tmp/from"
    mkfifo "$tmp/to" "$tmp/from"
    "$@" <"$tmp/to" >"$tmp/from" &
    writer=$!
    exec 8>"$tmp/to" 9<"$tmp/from"
    bad=0
}

stop() {
    exec 8>&- 9<&-
    wait "$writer" 2>/dev/null
    writer=
}

# Run the writer, with a power cut at some of the records.
cuts() {
    way=$2
    start tests/fault/power_cut write "$way" "$tmp/mnt/file"
    while read -r number <&9; do
        case $number in
        1 | 2 | 7 | 20 | 41 | 61)
            cut_power "$1" tests/fault/power_cut verify "$way" \
                "$tmp/copy/file" "$number" || bad=1 ;;
        esac
        if [ "$number" -eq 61 ] || [ "$bad" -ne 0 ]; then
            break
        fi
        echo go >&8
    done
    stop
    [ "$bad" -eq 0 ] && [ "${number:-0}" = 61 ]
}

# Run atomic commits, with a power cut at each write, flush and change of size.
cuts_everywhere() {
    points=0
    start tests/fault/power_points write "$tmp/mnt/points"
    while [ "$points" -lt 500 ] && [ "$bad" -eq 0 ] && read -r number <&9; do
        points=$((points + 1))
        cut_power "$1" tests/fault/power_points verify "$tmp/copy/points" \
            "$number" || bad=1
        echo go >&8
    done
    stop
    echo "$points points, $number commits"
    [ "$bad" -eq 0 ] && [ "$points" -eq 500 ]
}

loses() {
    ! cuts "$@"
}

for fs in ext4 xfs; do
    if ! command -v "mkfs.$fs" >/dev/null; then
        skip "$fs" "there is no mkfs.$fs"
        continue
    fi
    if ! make_file_system "$fs" >"$tmp/said" 2>&1 ||
        ! mount -t "$fs" -o loop "$tmp/image" "$tmp/mnt" >"$tmp/said" 2>&1; then
        skip "$fs" "cannot be mounted: $(sed 1q "$tmp/said")"
        continue
    fi
    check "$fs: without a sync the loss is noticed" loses "$fs" 4
    check "$fs: mmapx_sync" cuts "$fs" 0
    check "$fs: mmapx_sync_file" cuts "$fs" 1
    check "$fs: RESIZE_FILE and mmapx_sync_file" cuts "$fs" 2
    check "$fs: RESIZE_FILE sparsely and mmapx_sync" cuts "$fs" 3
    check "$fs: mmapx_commit" cuts "$fs" 5
    check "$fs: mmapx_commit_atomic" cuts "$fs" 6
    check "$fs: mmapx_commit_atomic, at 500 points" cuts_everywhere "$fs"
    umount "$tmp/mnt"
done
finish

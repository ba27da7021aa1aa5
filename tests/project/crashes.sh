#!/bin/sh
# SPDX-License-Identifier: MIT
# The crashes of others in examples/crashes: each dies as it did there, and is
# mended with the library.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

# Sanitizers would report the fault and exit.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_sigbus=0
UBSAN_OPTIONS=${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}handle_sigbus=0
export ASAN_OPTIONS UBSAN_OPTIONS

tmp=$(mktemp -d) || exit 99
group=
at_exit() {
    [ -z "$group" ] || rmdir "$group"
    rm -rf "$tap_output" "$tmp"
}
trap at_exit EXIT
# shellcheck disable=SC3045 # Each sh that has a core file has it.
ulimit -c 0

lines=40000
new_file() {
    awk -v n="$lines" 'BEGIN { for (i = 0; i < n; i++) printf "%07d\n", i }' \
        >"$tmp/file"
}

# dies PROGRAM: SIGBUS kills it.  A shell's own word for that is not looked at.
dies() {
    new_file
    "./examples/crashes/$1" bare "$tmp/file"
    code=$?
    echo "exit status $code"
    [ "$code" -gt 128 ] && [ "$(kill -l "$code")" = BUS ]
}

# mended PROGRAM TEXT: it says that, and goes on to its end.
mended() {
    new_file
    said=$("./examples/crashes/$1" mended "$tmp/file" 2>&1)
    code=$?
    echo "exit status $code: $said"
    # The C libraries word it in their own ways.
    [ "$code" -eq 0 ] && [ "$(echo "$said" | sed 's|I/O|Input/output|')" = "$2" ]
}

both() {
    check "$1 dies of SIGBUS" dies "$1"
    check "$1, mended" mended "$1" "$2"
}

both hasher "$tmp/file: was cut while it was hashed"
both editor "the file was cut: $((lines * 4)) of $((lines * 8)) bytes
$((lines / 2)) lines"
both slice 'OSError: Input/output error'
both server 'the file was cut: the connection is closed'

# --- A full disk --------------------------------------------------------------

# on_full_disk WORD: in a file system of its own that nobody else sees.
on_full_disk() {
    # shellcheck disable=SC2016 # It is that shell which expands.
    unshare -rm sh -c '
        mount -t tmpfs -o size=64k none "$1" || exit 77
        dd if=/dev/zero of="$1/full" bs=4096 2>/dev/null
        ./examples/crashes/tracker "$2" "$1/notes"
    ' sh "$tmp" "$1"
}

tracker_dies() {
    on_full_disk bare
    code=$?
    echo "exit status $code"
    [ "$code" -gt 128 ] && [ "$(kill -l "$code")" = BUS ]
}

tracker_mended() {
    said=$(on_full_disk mended 2>&1)
    echo "$said"
    [ "$said" = 'cannot keep notes: No space left on device' ]
}

# shellcheck disable=SC2016 # Likewise.
if unshare -rm sh -c 'mount -t tmpfs -o size=64k none "$1"' sh "$tmp" \
    2>/dev/null; then
    check 'tracker dies of SIGBUS' tracker_dies
    check 'tracker, mended' tracker_mended
else
    skip 'tracker dies of SIGBUS' 'no file system can be mounted here'
    skip 'tracker, mended' 'no file system can be mounted here'
fi

# --- A hot set ----------------------------------------------------------------

# A control group of this process's own, so that memory is short for it alone.
make_group() {
    for base in /sys/fs/cgroup/memory /sys/fs/cgroup; do
        for limit in memory.limit_in_bytes memory.max; do
            mkdir "$base/mmapx-test-$$" 2>/dev/null || continue
            group=$base/mmapx-test-$$
            if echo 67108864 2>/dev/null >"$group/$limit"; then
                return 0
            fi
            rmdir "$group"
            group=
        done
    done
    return 1
}

# faults WORD: how often hot pages were read again.
faults() {
    sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$group" \
        ./examples/crashes/hot_set "$1" "$tmp/database" "$tmp/cold"
}

# The mended one reads fewer pages again where the kernel makes a difference,
# and about as many elsewhere.
hot_set_stays() {
    dd if=/dev/zero of="$tmp/database" bs=1048576 count=16 2>/dev/null &&
        dd if=/dev/zero of="$tmp/cold" bs=1048576 count=128 2>/dev/null &&
        sync "$tmp/database" "$tmp/cold" || return 99
    bare=$(faults bare) && mended=$(faults mended) || return 99
    echo "pages read again: $bare with RANDOM, $mended after NORMAL"
    [ "$mended" -le "$((bare + 100))" ]
}

case $tmp in
/dev/shm/*) disk= ;;
*) disk=$(df -P "$tmp" | awk 'END { print $1 }') ;;
esac
if [ "${disk#/}" != "$disk" ] && make_group; then
    check 'a hot set, mended, stays in memory' hot_set_stays
else
    skip 'a hot set, mended, stays in memory' \
        'no control group for memory, or no disk below it'
fi
finish

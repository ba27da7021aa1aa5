#!/bin/sh
# SPDX-License-Identifier: MIT
# SIGTERM is answered soon, wherever it comes.  No time is taken: what counts is
# how many system calls are made after it and how much each of them moves, which
# a slow machine does not change.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"

be_traced
! grep -a -q __gcov_ "$mmapx" ||
    skip_all 'what counts coverage makes calls of its own at the end'
trace=$dir/trace
strace -o "$trace" -e inject=getpid:signal=CONT true >/dev/null 2>&1 ||
    skip_all 'no strace, or it may not trace'

# Without a signal there are several calls for each file, 6000 at least.  What
# is left to be done after one: to end a step, to count what is in memory of the
# file at hand, to end what 32 threads do with a file each, a dozen calls for
# one, to close the 128 files that are ahead, to end the threads, to clean up
# and to print.
most=800
tree=$dir/tree
mkdir "$tree"
(cd "$tree" && seq 2000 | split -a 3 -l 1) || exit 99
run 0 snapshot -r -o "$dir/snap" "$tree" >/dev/null
sync -f "$tree" 2>/dev/null || sync

# after: the calls that were made after the signal was noted.  Until its handler
# has returned, other threads go on, and that may take long on a busy machine.
# So does a lock, which is asked for again and again, and moves nothing.
after() {
    awk 'noted { print }
        /--- SIGTERM/ { came = 1 }
        came && / rt_sigreturn\(/ { noted = 1 }' "$trace" |
        grep -v -e ' resumed>' -e ' --- ' -e ' +++ ' -e ' futex('
}

# signalled CALL NUMBER STATUS ARGUMENT...: SIGTERM comes with that call.
signalled() {
    call=$1 number=$2 status=$3
    shift 3
    timeout 120 strace -f -o "$trace" \
        -e inject="$call:signal=TERM:when=$number" "$mmapx" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    echo "$*, $call $number: exit $got, $(after | wc -l) calls after it"
    grep -q -e '--- SIGTERM' "$trace" && [ "$got" -eq "$status" ] &&
        [ "$(after | wc -l)" -le "$most" ]
}

# The directory is read, files are opened, one after the other.
in_a_tree() {
    command=$1 status=$2
    for number in 100 400 1000; do
        case $command in
        top) signalled openat "$number" "$status" top -j1 "$tree" ;;
        *) signalled openat "$number" "$status" "$command" -j1 -r "$tree" ;;
        esac || return 1
    done
}
for command in status top load evict snapshot lock; do
    check "$command in a tree" in_a_tree $command 143
done
check 'watch in a tree' in_a_tree watch 0

# The snapshot is read twice, to check it and to load.
in_a_snapshot() {
    bytes=$(wc -c <"$dir/snap")
    reads=$(strace -f -e trace=read "$mmapx" restore "$dir/snap" 2>&1 |
        grep -c 'read(')
    echo "$bytes bytes, $reads reads"
    for number in 10 15 $((reads / 2)); do
        signalled read "$number" 143 restore "$dir/snap" || return 1
    done
    # It is read again for the parts of each file, and the files are looked at
    # to see how large they are.
    for number in 10 15 60; do
        signalled read "$number" 143 lock --snapshot="$dir/snap" || return 1
    done
    for number in 100 4000; do
        signalled openat "$number" 143 lock --snapshot="$dir/snap" || return 1
    done
}
check 'restore and lock of a snapshot' in_a_snapshot

# moved: bytes that calls after the signal were to bring into memory.
moved() {
    after | sed -n \
        -e 's/.*madvise(0x[0-9a-f]*, \([0-9]*\), MADV_POPULATE_READ.*/\1/p' \
        -e 's/.*mlock(0x[0-9a-f]*, \([0-9]*\)).*/\1/p' \
        -e 's/.*mlock2(0x[0-9a-f]*, \([0-9]*\), 0).*/\1/p' \
        -e 's/.*readahead([0-9]*, [0-9]*, \([0-9]*\)).*/\1/p' \
        -e 's/.* p*readv*2*(.* = \([0-9]*\)$/\1/p' |
        awk '{ sum += $1 } END { print sum + 0 }'
}
# in_a_file COMMAND CALL: one that is brought in by steps, what the step under
# way has left to do.
in_a_file() {
    command=$1 step=$2
    for number in 1 4; do
        "$mmapx" evict "$dir/large" >/dev/null
        signalled "$step" "$number" 143 "$command" "$dir/large" || return 1
        echo "$(moved) bytes"
        [ "$(moved)" -le 33554432 ] || return 1
    done
}
dd if=/dev/zero of="$dir/large" bs=1048576 count=128 conv=fsync 2>/dev/null
"$mmapx" evict "$dir/large" >/dev/null
strace -o "$trace" "$mmapx" load "$dir/large" >/dev/null 2>&1
for brings in madvise readahead preadv2 preadv read; do
    [ "$(grep -c "^$brings(" "$trace")" -ge 12 ] && break
done
# What is left of a file has not stayed for a reason: it was not tried.
no_reason() {
    for i in 0 1 2 3 4 5 6 7; do
        put "$dir/holes" $((i * 67108864 / page)) 1 || return 1
    done
    sync "$dir/holes" 2>/dev/null || sync
    # It fails if a page has not stayed.
    "$mmapx" load "$dir/holes"
    [ $? -le 1 ] && signalled fadvise64 1 143 evict "$dir/holes" || return 1
    cp "$out" "$dir/said"
    cat "$out" "$err"
    run 0 status -b "$dir/holes" && ! rows | grep '^ *0 ' &&
        grep -q '^evicted ' "$dir/said" && ! grep stayed "$dir/said"
}
if [ "$("$mmapx" evict "$dir/large" >/dev/null &&
    "$mmapx" status -b "$dir/large" | awk 'NR == 2 { print $1 }')" != 0 ]; then
    skip 'load of a large file' 'this file system does not evict'
elif [ "$(grep -c "^$brings(" "$trace")" -lt 12 ]; then
    skip 'load of a large file' 'it is brought in by other calls than are known'
else
    check 'load of a large file' in_a_file load "$brings"
    check_cached 'evict gives no reason for what it has not tried' no_reason
    [ "$(id -u)" -ne 0 ] ||
        check 'lock of a large file' in_a_file lock mlock2
fi

# state PID: as the system has it, S is waiting and Z is over.
state() {
    sed 's/.*) //; s/ .*//' "/proc/$1/stat"
}

# waits PID: for something that does not come.
waits() {
    calm=0
    for _ in $(seq 600); do
        case $(state "$1") in
        S) calm=$((calm + 1)) ;;
        Z) return 1 ;;
        *) calm=0 ;;
        esac
        [ "$calm" -lt 5 ] || return 0
        sleep 0.05
    done
    return 1
}

# A reader has stopped reading, and the pipe is full: one signal is enough.
at_full_pipe() {
    status=$1
    shift
    rm -f "$dir/pipe"
    mkfifo "$dir/pipe" && exec 3<>"$dir/pipe" || return 1
    dd if=/dev/zero bs=65536 count=1 of="$dir/pipe" 2>/dev/null || return 1
    "$mmapx" "$@" >&3 2>"$err" 3>&- &
    started=$!
    waits "$started" && kill -TERM "$started" || echo "$*: it does not wait"
    for _ in $(seq 200); do
        [ "$(state "$started")" != Z ] || break
        sleep 0.05
    done
    [ "$(state "$started")" = Z ] || kill -KILL "$started"
    wait "$started"
    got=$?
    exec 3>&-
    cat "$err"
    echo "$*: exit $got, wanted $status"
    [ "$got" -eq "$status" ]
}
full_pipe() {
    at_full_pipe 143 snapshot -r "$tree" &&
        at_full_pipe 143 snapshot -r -o "$dir/pipe" "$tree" &&
        at_full_pipe 143 load -v -r "$tree" &&
        at_full_pipe 143 evict -v -r "$tree" &&
        at_full_pipe 143 lock -v -r "$tree" &&
        at_full_pipe 0 watch -r --json "$tree" || return 1
    for file in "$tree"/*; do
        echo >>"$file"
    done
    at_full_pipe 143 restore -v "$dir/snap"
}
check 'a full pipe that nobody reads' full_pipe

finish

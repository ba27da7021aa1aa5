#!/bin/sh
# SPDX-License-Identifier: MIT
# The commands that change something, and watch: load, evict, lock, snapshot,
# restore.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"
need_small_blocks

# out_of_memory FILE: it is not cached now, if that can be had.  What is still
# being read ahead goes only when it is there.
out_of_memory() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        "$mmapx" evict --sync "$1" >/dev/null 2>&1
        cached=$("$mmapx" status -b "$1" | awk 'NR == 2 { print $1 }')
        [ "$cached" != 0 ] || return 0
    done
    echo "$1: $cached bytes stay in memory"
    return 1
}

pages 20 >"$dir/file"
size=$((20 * page))
if out_of_memory "$dir/file"; then
    evicts=yes
else
    evicts=no
fi

# when_evicting DESCRIPTION COMMAND...
when_evicting() {
    if [ $evicts = yes ]; then
        check_cached "$@"
    else
        skip "$1" 'this file system does not evict (tmpfs has nowhere to)'
    fi
}

# --- Load and evict -----------------------------------------------------------

load() {
    out_of_memory "$dir/file" || return 1
    run 0 load -b "$dir/file" && lines "$err" 0 && lines "$out" 1 &&
        grep -q "^loaded $size (0 were in memory) in 1 file, " "$out" &&
        bytes "$dir/file" "$size" "$size" 100% || return 1
    run 0 load -b "$dir/file" &&
        grep -q "^loaded 0 ($size were in memory) in 1 file, " "$out"
}
when_evicting 'load' load

# Where all of a long file seems to be there, its pages are looked at one by one.
load_a_long_file() {
    long=$((6 * 1024 * 1024 + 5)) end=$((2 * 1024 * 1024 + 5))
    head -c "$long" /dev/zero >"$dir/long"
    out_of_memory "$dir/long" && run 0 load -b "$dir/long" || return 1
    grep -q "^loaded $long (0 were in memory) in 1 file, " "$out" &&
        run 0 load -b "$dir/long" &&
        grep -q "^loaded 0 ($long were in memory) in 1 file, " "$out" &&
        run 0 evict -b --range=4M: "$dir/long" && run 0 load -b "$dir/long" &&
        grep -q "^loaded $end ($((long - end)) were in memory) in 1 file, " \
            "$out" && bytes "$dir/long" "$long" "$long" 100%
}
when_evicting 'load a long file' load_a_long_file

load_a_range() {
    out_of_memory "$dir/file" || return 1
    run 0 load --range=$((2 * page)):1 "$dir/file" || return 1
    run 0 status -b --ranges "$dir/file" && sed -n 3p "$out" |
        awk -F: -v page="$page" '{ exit !($1 <= 2 * page &&
            $1 + $2 >= 3 * page) }' || return 1
    run 0 load --range=1E: "$dir/file" && run 0 load --range=:0 "$dir/file"
}
when_evicting 'load a range' load_a_range

evict() {
    run 0 load "$dir/file" && run 0 evict -b "$dir/file" && lines "$out" 1 &&
        grep -q "^evicted $size of $size in memory in 1 file, " "$out" &&
        bytes "$dir/file" 0 "$size" 0%
}
when_evicting 'evict' evict

evict_a_range() {
    pages 4 >"$dir/four" && out_of_memory "$dir/four" || return 1
    for i in 0 1 2 3; do
        dd if="$dir/four" of=/dev/null bs="$page" skip="$i" count=1 2>/dev/null
    done
    run 0 evict --range=0: "$dir/four" && bytes "$dir/four" 0 $((4 * page)) 0%
}
when_evicting 'evict a range' evict_a_range

# Written this moment: it can stay, and is said to, or goes with --sync.
evict_dirty() {
    pages 50 >"$dir/dirty"
    run 0 evict "$dir/dirty" || return 1
    if grep -q ' stayed' "$out"; then
        grep -q "stayed: dirty, .* (--sync does that): $dir/dirty\$" "$out" ||
            { [ "$over" = yes ] && grep -q "stayed: reason not known: " "$out"; } ||
            return 1
    fi
    # The kernel may hold pages for a moment, as when it moves memory about.
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        pages 50 >"$dir/dirty"
        run 0 evict --sync -b "$dir/dirty" || return 1
        if grep -q 'stayed: dirty' "$out"; then
            return 1
        fi
        grep -q 'stayed: in use' "$out" || break
    done
    lines "$out" 1 && bytes "$dir/dirty" 0 $((50 * page)) 0%
}
when_evicting 'evict what is dirty' evict_dirty

# start ARGUMENT...: in the background, as $started; until it has said something.
# A signal that came sooner could be lost between two programs.
start() {
    rm -f "$out" "$err"
    "$mmapx" "$@" >"$out" 2>"$err" &
    started=$!
    wait_for "$out"
}

# stop: it ends by SIGTERM, with what exit status it likes.
stop() {
    kill -TERM "$started"
    wait "$started"
}

# wait_for FILE: until something has been written to it; a minute at most.
wait_for() {
    # shellcheck disable=SC2016 # It is that shell which expands.
    timeout 60 sh -c 'while ! [ -s "$1" ] && ! [ -s "$2" ]; do sleep 0.05; done' \
        sh "$1" "$err"
}

lock() {
    out_of_memory "$dir/file"
    start lock -b "$dir/file"
    reason="locked by mmapx ($started)"
    [ "$evicts" = yes ] || reason='in a file system that is in memory only'
    grep -q "^locked $size in 1 file, until interrupted\$" "$out" &&
        grep -q "^VmLck:[[:space:]]*[1-9]" "/proc/$started/status" &&
        run 0 evict "$dir/file" &&
        grep -q "stayed: $reason: $dir/file\$" "$out" &&
        bytes "$dir/file" "$size" "$size" 100%
    result=$?
    stop && [ "$result" -eq 0 ]
}
lock_on_fault() {
    out_of_memory "$dir/file" || return 1
    start lock -b --on-fault "$dir/file"
    bytes "$dir/file" 0 "$size" 0%
    result=$?
    stop && [ "$result" -eq 0 ]
}
lock_limited() {
    as_other timeout 60 prlimit --memlock=$((2 * page)) "$mmapx" lock "$dir/file" \
        "$dir/file" >"$out" 2>"$err"
    [ $? -eq 1 ] && lines "$out" 0 && lines "$err" 2 && cat "$err" &&
        grep -q "/file: .* to be locked, but RLIMIT_MEMLOCK is .*, of which 0B are" \
            "$err"
}
# What all files need is said, not what the one does that is too much.
lock_all_limited() {
    need=$((5 * system_page / 1024))
    for i in 1 2 3 4 5; do
        printf x >"$dir/limited$i" && chmod 644 "$dir/limited$i" || return 1
    done
    as_other timeout 60 prlimit --memlock=$((2 * system_page)) "$mmapx" lock \
        "$dir"/limited? >"$out" 2>"$err"
    [ $? -eq 1 ] && lines "$out" 0 && lines "$err" 2 && cat "$err" &&
        grep -q "^mmapx: raise it to .* for 5 files, with 'ulimit -l $need'" \
            "$err"
}
# The name of a device is in a file system in memory, which the device is not.
lock_device() {
    pages 20 >"$dir/disk" && device=$(losetup -f --show "$dir/disk") || return 1
    exec 3<>"$device" || return 1
    dd if="$dir/disk" of="$device" bs="$page" count=4 conv=notrunc 2>/dev/null
    run 0 evict "$device" && cat "$out" && ! grep -q 'in memory only' "$out" &&
        start lock -b "$device" && run 0 evict --sync "$device" && cat "$out" &&
        grep -q "stayed: locked by mmapx ($started): $device\$" "$out"
    result=$?
    stop
    stopped=$?
    exec 3>&-
    losetup -d "$device"
    [ "$result" -eq 0 ] && [ "$stopped" -eq 0 ]
}
chmod 644 "$dir/file"
# A sanitizer makes mlock(2) do nothing.
start lock --range=:1 "$dir/file"
if grep -q '^VmLck:[[:space:]]*[1-9]' "/proc/$started/status" 2>/dev/null; then
    locks=yes
else
    locks=no
fi
stop 2>/dev/null
if [ $locks = yes ]; then
    check 'lock' lock
    when_evicting 'lock what comes in' lock_on_fault
else
    skip 'lock' 'nothing can be locked here, or seen to be'
fi
if [ $locks = yes ] && has_loop; then
    check 'why pages of a device stay' lock_device
else
    skip 'why pages of a device stay' 'it takes root, locks and loop devices'
fi
if [ $locks = yes ] && [ $other = yes ] &&
    as_other prlimit --memlock=$((2 * page)) true 2>/dev/null; then
    check 'a limit on locked memory is named' lock_limited
    check 'and what all files need' lock_all_limited
else
    skip 'a limit on locked memory is named' \
        'no prlimit, no locks, a lower limit, or nobody to be'
fi

# --- Snapshots ----------------------------------------------------------------

tree=$dir/tree
mkdir "$tree" "$tree/sub"
sparse "$tree/parts" 40
sparse "$tree/none" 9
ln -s ../parts "$tree/sub/link"
# By writing, since reading ahead would bring in more.
refill() {
    pages 10 >"$tree/whole"
    put "$tree/parts" 3 2
    put "$tree/parts" 39 1
    printf xyz >"$tree/sub/odd
 \\name"
}
refill

snapshot() {
    run 0 snapshot -r "$tree" && lines "$err" 0 &&
        [ "$(sed -n 1p "$out")" = 'mmapx snapshot 1' ] &&
        [ "$(tail -n 1 "$out")" = 'end 3' ] &&
        grep -q "^file $((10 * page)) $tree/whole\$" "$out" &&
        grep -q "^0 $((10 * page))\$" "$out" &&
        grep -A 2 "^file $((40 * page)) $tree/parts\$" "$out" |
        grep -q "^$((3 * page)) $((2 * page))\$" &&
        grep -A 2 "^file $((40 * page)) $tree/parts\$" "$out" |
        grep -q "^$((39 * page)) $page\$" &&
        grep -q "^file 3 $tree/sub/odd\\\\012 \\\\134name\$" "$out"
}
check_cached 'a snapshot' snapshot

snapshot_of_a_link() {
    (cd "$tree" && run 0 snapshot sub/link) &&
        sed -n 2p "$out" | grep -q "^file $((40 * page)) /.*/parts\$"
}
check 'has absolute names that are no links' snapshot_of_a_link

restore() {
    sync
    run 0 snapshot -r -o "$dir/snap" "$tree" && lines "$out" 0 || return 1
    for file in "$tree"/*; do
        [ -d "$file" ] || out_of_memory "$file"
    done
    run 0 restore -b "$dir/snap" && lines "$err" 0 &&
        grep -q "^restored $((13 * page + 3)) in 3 files, " "$out" &&
        bytes "$tree/whole" $((10 * page)) $((10 * page)) 100% &&
        run 0 status -b "$tree/parts" && rows |
        awk -v page="$page" '{ exit !($1 >= 3 * page) }'
}
when_evicting 'restore' restore

# runs STEP NUMBER: a page in each STEP of the file that is long, and the snapshot
# of that.
runs() {
    awk -v name="$dir/wide" -v step="$1" -v n="$2" -v page="$page" 'BEGIN {
        print "mmapx snapshot 1"
        printf "file %d %s\n", 1024 * page, name
        for (i = 0; i < n; i++)
            printf "%d %d\n", i * step * page, page
        print "end 1" }' >"$dir/snap"
}
# restores_little BYTES: so many are restored, and a tenth more is in memory.
restores_little() {
    out_of_memory "$dir/wide" && run 0 restore -b "$dir/snap" &&
        grep -q "^restored $1 in 1 file" "$out" &&
        run 0 status -b "$dir/wide" &&
        rows | awk -v most="$1" '{ print; exit !($1 >= most && $1 <= most * 1.1) }'
}
small_runs() {
    pages 1024 >"$dir/wide" && runs 2 512 &&
        restores_little $((512 * page)) && runs 32 32 &&
        restores_little $((32 * page)) && runs 2 200 &&
        restores_little $((200 * page)) || return 1
    # What was there before stays, also between two runs.
    out_of_memory "$dir/wide" && runs 2 512 &&
        run 0 load --range=$((101 * page)):1 "$dir/wide" &&
        run 0 restore "$dir/snap" && run 0 status -b --ranges "$dir/wide" &&
        grep -q "^    $((100 * page)):$((3 * page))\$" "$out"
}
when_evicting 'small runs bring little else' small_runs

from_a_pipe() {
    run 0 snapshot -r -o "$dir/snap" "$tree" &&
        run 0 snapshot -r "$tree" && cmp "$out" "$dir/snap" || return 1
    # shellcheck disable=SC2002 # a pipe it is to be
    cat "$dir/snap" | "$mmapx" restore - >"$out" 2>"$err" &&
        grep -q '^restored .* in 3 files' "$out"
}
check_cached 'restore from a pipe' from_a_pipe

# Files live on: what is left of them is restored, and nothing else is said.
changed() {
    refill
    run 0 snapshot -r -o "$dir/snap" "$tree" || return 1
    cp "$tree/parts" "$dir/kept" && mv "$tree/whole" "$dir/whole" &&
        printf more >>"$tree/parts" && : >"$tree/sub/odd
 \\name" || return 1
    out_of_memory "$tree/parts"
    run 0 restore -b "$dir/snap" && lines "$err" 0 && lines "$out" 2 &&
        grep -q "^restored $((3 * page)) in 2 files" "$out" &&
        grep -q '^since the snapshot 1 file has gone, and 2 changed in size (-v' \
            "$out" || return 1
    run 0 restore -v "$dir/snap" && lines "$err" 0 && lines "$out" 5 &&
        grep -q "^$tree/whole: gone since the snapshot\$" "$out" &&
        grep -q "^$tree/parts: grown since the snapshot\$" "$out" &&
        grep -q "^$tree/sub/odd.*: cut since the snapshot\$" "$out" || return 1
    truncate -s $((4 * page)) "$tree/parts" && run 0 restore -bv "$dir/snap" &&
        grep -q "^restored $page in 2 files" "$out" &&
        grep -q "^$tree/parts: cut since the snapshot\$" "$out"
    result=$?
    ln -s "$dir/whole" "$tree/whole"
    # What is there now is not what there was.
    for make in "ln -s $dir/whole" mkdir mkfifo; do
        rm -rf "$tree/whole"
        $make "$tree/whole" && run 0 restore -v "$dir/snap" &&
            lines "$err" 0 && grep -q '^restored .* in 2 files' "$out" &&
            grep -q "^$tree/whole: gone since the snapshot\$" "$out" ||
            result=1
    done
    rm -rf "$tree/whole"
    mv "$dir/whole" "$tree/whole"
    mv "$dir/kept" "$tree/parts"
    return "$result"
}
check 'restore loads what is left, and follows no link' changed

# A directory that is a link by now leads elsewhere.
moved_directory() {
    printf xyz >"$tree/sub/odd
 \\name" || return 1
    run 0 snapshot -r -o "$dir/snap" "$tree/sub" && mv "$tree/sub" "$dir/sub" &&
        ln -s "$dir/sub" "$tree/sub" || return 1
    run 0 restore "$dir/snap" && lines "$err" 0 &&
        grep -q '^restored 0B in 0 files' "$out" &&
        grep -q -x 'since the snapshot 1 file has gone (-v lists them)' "$out"
    result=$?
    rm "$tree/sub"
    mv "$dir/sub" "$tree/sub"
    return "$result"
}
check 'also not in a directory' moved_directory

one_half() {
    pages 2 >"$dir/grows" && run 0 snapshot -o "$dir/snap" "$dir/grows" &&
        printf more >>"$dir/grows" && run 0 restore "$dir/snap" &&
        grep -q -x 'since the snapshot 1 file has changed in size (-v.*' "$out"
}
check 'nothing is said of what did not happen' one_half

to_stdout() {
    (cd "$dir" && run 0 snapshot "$tree" -r && cp "$out" "$dir/said" &&
        run 0 snapshot -r -o - "$tree" && cmp "$out" "$dir/said" &&
        ! [ -e ./- ])
}
check_cached "-o - is standard output" to_stdout

# Replaced in one step, or not at all.
output() {
    printf old >"$dir/mode" && chmod 640 "$dir/mode" || return 1
    run 1 snapshot -o "$dir/no/where" "$dir/file" &&
        grep -q 'where: No such file' "$err" &&
        run 0 snapshot -o "$dir/mode" "$dir/file" &&
        [ "$(stat -c %a "$dir/mode" 2>/dev/null || echo 640)" = 640 ] &&
        [ -z "$(find "$dir" -name 'mode.*')" ]
}
check 'a snapshot replaces a file' output

# What could not be looked at at all says nothing against the snapshot that is
# there; what has nothing in memory does.
nothing_seen() {
    printf old >"$dir/mode" &&
        run 1 snapshot -r -o "$dir/mode" "$dir/no/where" &&
        lines "$err" 1 && [ "$(cat "$dir/mode")" = old ] &&
        [ -z "$(find "$dir" -name 'mode.*')" ] &&
        mkdir "$dir/bare" && run 0 snapshot -r -o "$dir/mode" "$dir/bare" &&
        lines "$dir/mode" 2 && rmdir "$dir/bare"
}
check 'but not if nothing could be looked at' nothing_seen

# broken PRINTF-FORMAT [LINE]: a snapshot that is none.
broken() {
    # shellcheck disable=SC2059
    printf "$1" >"$dir/broken"
    run 1 restore "$dir/broken" && lines "$out" 0 && lines "$err" 1 &&
        grep -q "broken: not a snapshot, or damaged in line ${2:-[0-9]*}\$" "$err"
}
one="file $size $dir/file\\n"
check 'nothing is no snapshot' broken ''
another_format() {
    printf 'mmapx snapshot 21\nend 0\n' >"$dir/broken"
    run 1 restore "$dir/broken" &&
        complains "$dir/broken: a snapshot in format 21, and .* format 1 only" &&
        run 1 lock --snapshot="$dir/broken" && grep -q 'in format 21' "$err"
}
check 'another format' another_format
check 'no number of a format' broken 'mmapx snapshot 2x\nend 0\n'
check 'no end' broken "mmapx snapshot 1\\n${one}0 1\\n" 4
check 'a wrong end' broken "mmapx snapshot 1\\n${one}0 1\\nend 2\\n" 4
check 'something behind the end' broken 'mmapx snapshot 1\nend 0\nx\n'
check 'an end without a newline' broken 'mmapx snapshot 1\nend 0'
check 'a part of no file' broken "mmapx snapshot 1\\n0 1\\nend 0\\n" 2
check 'a line that no snapshot has' broken \
    "mmapx snapshot 1\\n${one}0 1\\nx\\n${one}0 1\\nend 2\\n" 4
endless() {
    {
        echo 'mmapx snapshot 1'
        printf 'file 3 /'
        yes x | head -n 100000 | tr -d '\n'
    } >"$dir/broken"
    run 1 restore "$dir/broken" && grep -q 'damaged in line 2$' "$err"
}
check 'an endless line' endless

# A failure to read it is no wrong line.
unreadable() {
    for command in 'restore -' 'lock --snapshot=-'; do
        # shellcheck disable=SC2086 # With its argument.
        timeout 60 "$mmapx" $command >"$out" 2>"$err" <"$dir"
        [ $? -eq 1 ] && complains '-: Is a directory' || return 1
    done
}
check 'a snapshot that cannot be read' unreadable
# What comes without an end, and is no snapshot from some line on.
endless_pipe() {
    { printf '%b' "$2" && yes "$3"; } 2>/dev/null |
        timeout 60 "$mmapx" restore - >"$out" 2>"$err"
    [ $? -eq 1 ] && complains "-: not a snapshot, or damaged in line $1"
}
check 'no end of what is no snapshot' endless_pipe 1 '' y
check 'no end of lines' endless_pipe 3 'mmapx snapshot 1\nfile 0 /\n' f
check 'no end after the end' endless_pipe 3 'mmapx snapshot 1\nend 0\n' 'end 0'
# It would take hours to read.
hole_for_a_line() {
    printf 'mmapx snapshot 1\n' >"$dir/hole" &&
        truncate -s 15T "$dir/hole" || return 1
    run 1 restore "$dir/hole" && grep -q 'damaged in line 2$' "$err" &&
        run 1 lock --snapshot="$dir/hole" && grep -q 'damaged in line 2$' "$err"
    result=$?
    rm "$dir/hole"
    return "$result"
}
if truncate -s 15T "$dir/hole" 2>/dev/null; then
    rm "$dir/hole"
    check 'a line of 15 TiB' hole_for_a_line
else
    skip 'a line of 15 TiB' 'no truncate, or no file of that size'
fi

# no_snapshot REGEX NAME
no_snapshot() {
    run 1 restore "$2" && complains "$2: $1" &&
        run 1 lock --snapshot="$2" && complains "$2: $1"
}
check 'a directory is no snapshot' no_snapshot 'Is a directory' "$dir"
check 'a device is no snapshot' no_snapshot \
    'Neither a regular file nor a FIFO' /dev/null

# ends_by_signal ARGUMENT...: while it reads a FIFO that nobody writes to, and
# says nothing about the system.
ends_by_signal() {
    rm -f "$dir/fifo" && mkfifo "$dir/fifo" || return 1
    "$mmapx" "$@" >"$out" 2>"$err" &
    started=$!
    # It has opened the FIFO when this goes on.
    exec 9>"$dir/fifo"
    echo 'mmapx snapshot 1' >&9
    kill -TERM "$started"
    wait "$started"
    got=$?
    exec 9>&-
    cat "$err"
    [ "$got" -gt 128 ] && ! grep -q -v -x 'mmapx: interrupted' "$err"
}
restore_ends_by_signal() {
    ends_by_signal restore -b "$dir/fifo" &&
        grep -q '^restored 0 in 0 files, ' "$out"
}
check 'restore waits at a FIFO, and says that it did nothing' \
    restore_ends_by_signal
check 'lock waits there too' ends_by_signal lock --snapshot="$dir/fifo"

# costs_one LINE ENTRY: the entry is left out; the others are restored.
costs_one() {
    # shellcheck disable=SC2059
    printf "mmapx snapshot 1\\n${one}0 1\\n$2${one}2 1\\nend 3\\n" >"$dir/broken"
    run 1 restore -b "$dir/broken" && lines "$err" 1 &&
        grep -q "broken: line $1 is wrong, its file is left out\$" "$err" &&
        grep -q '^restored 2 in 2 files' "$out"
}
check 'parts that overlap' costs_one 6 "${one}0 10\\n5 10\\n"
check 'parts that go back' costs_one 6 "${one}10 10\\n5 1\\n"
check 'a part without a length' costs_one 5 "${one}0 0\\n"
check 'a part that is none' costs_one 6 "${one}0 1\\n1 x\\n"
check 'a number that is too large' costs_one 4 \
    "file 9223372036854775808 /x\\n0 1\\n"
check 'a part that is too large' costs_one 5 "${one}9223372036854775807 1\\n"
check 'a negative number' costs_one 5 "${one}-1 1\\n"
check 'a path that is not absolute' costs_one 4 'file 3 etc/passwd\n0 1\n'
check 'an escape that is none' costs_one 4 'file 3 /a\\\\9\n0 1\n'
check 'an escaped NUL' costs_one 4 'file 3 /a\\\\000b\n0 1\n'
check 'a NUL' costs_one 4 'file 3 /a\000b\n0 1\n'
long_name() {
    broken "mmapx snapshot 1\\n${one}0 1\\nfile 3 \
/$(yes x | head -n 1100000 | tr -d '\n')\\n0 1\\nend 2\\n" 4
}
check 'a name that is too long' long_name

# What 0.1 wrote of files that were written to meanwhile.
written_by_old() {
    printf 'mmapx snapshot 1\nfile %d %s\nfile %d %s\n1 %d\nend 2\n' \
        "$size" "$dir/file" 3 "$dir/file" $((2 * size)) >"$dir/old"
    run 0 restore -b "$dir/old" && lines "$err" 0 &&
        grep -q '^restored 2 in 2 files' "$out" || return 1
    # Nor does it count for more.
    printf 'mmapx snapshot 1\nfile %d %s\n0 %s\nend 1\n' \
        "$size" "$dir/file" 9223372036854775807 >"$dir/old"
    run 0 restore -b "$dir/old" && lines "$err" 0 &&
        grep -q "^restored $size in 1 file" "$out" || return 1
    printf 'mmapx snapshot 1\nfile 3 %s\n%d 9\nend 1\n' \
        "$dir/file" "$size" >"$dir/old"
    run 0 restore -b "$dir/old" && lines "$err" 0 &&
        grep -q '^restored 0 in 1 file' "$out"
}
check 'a file without a part, and a part beyond the end' written_by_old

# What is complained of is what the files have by now, each of them once.
no_room_needed() {
    printf 'mmapx snapshot 1\n' >"$dir/large"
    for _ in 1 2; do
        printf 'file %s %s\n0 %s\n' 8000000000000000000 "$dir/file" \
            8000000000000000000
    done >>"$dir/large"
    printf 'end 2\n' >>"$dir/large"
    run 0 restore -b "$dir/large" && lines "$err" 0 &&
        grep -q "^restored $((2 * size)) in 2 files" "$out"
}
check 'a file that is smaller by now needs little memory' no_room_needed

empty_snapshot() {
    run 0 snapshot "$tree/none" && lines "$out" 2 && cp "$out" "$dir/snap" &&
        run 0 restore "$dir/snap" && grep -q '^restored 0B in 0 files' "$out"
}
check 'a snapshot of nothing' empty_snapshot

foreign() {
    as_other "$mmapx" snapshot /bin/sh >"$out" 2>"$err"
    [ $? -eq 1 ] && lines "$out" 2 && grep -q '^mmapx: unknown: ' "$err"
}
if [ $other = yes ] && as_other test ! -w /bin/sh -a ! -O /bin/sh; then
    check "a snapshot has nothing of somebody else's file" foreign
else
    skip "a snapshot has nothing of somebody else's file" \
        'every file is our own'
fi

# --- JSON ---------------------------------------------------------------------

json_load() {
    out_of_memory "$dir/file" || return 1
    run 0 load --json --range=:$((2 * page)) "$dir/file" && lines "$err" 0 &&
        json "all[0]['path'] == '$dir/file' and all[0]['offset'] == 0
            and all[0]['length'] == 2 * page and all[0]['cached_before'] == 0
            and all[0]['cached'] == 2 * page and all[0]['seconds'] >= 0" &&
        run 0 evict --json "$dir/file" &&
        json "all[0]['length'] == $size and all[0]['cached'] == 0
            and all[0]['cached_before'] >= 2 * page"
}
# A page, which is dirty, and a hole that is less than one.
json_part_of_a_page() {
    : >"$dir/hole" && truncate -s $((page + page / 4)) "$dir/hole" &&
        put "$dir/hole" 0 1 &&
        run 0 load --json "$dir/hole" && lines "$err" 0 &&
        json "all[0]['cached_before'] == page
            and all[0]['length'] == page + page // 4"
}
json_lock() {
    start lock --json --range=1:5 "$dir/file"
    stop && json "all == [{'path': '$dir/file', 'offset': 1, 'locked': 5}]"
}
json_restore() {
    cat "$tree/parts" "$tree/whole" >/dev/null &&
        run 0 snapshot -o "$dir/snap" "$tree/parts" "$tree/whole" &&
        run 0 restore --json "$dir/snap" && lines "$err" 0 &&
        json "sum(f['loaded'] for f in all) > 0
            and sorted(f['path'] for f in all)
                == ['$tree/parts', '$tree/whole']"
}
json_watch() {
    run 0 watch --json -n 0.1 --count=2 "$dir/file" &&
        json "len(all) == 2 and all[0]['time'] > 1e9 and
            all[1]['size'] == $size"
}
if command -v python3 >/dev/null; then
    when_evicting 'JSON of load and evict' json_load
    if command -v truncate >/dev/null; then
        check 'a page and a part of one that is a hole' json_part_of_a_page
    else
        skip 'a page and a part of one that is a hole' 'there is no truncate'
    fi
    check 'JSON of restore' json_restore
    check 'JSON of watch' json_watch
    if [ $locks = yes ]; then
        check 'JSON of lock' json_lock
    else
        skip 'JSON of lock' 'nothing can be locked here'
    fi
else
    skip 'JSON' 'there is no python3'
fi

# --- Watch --------------------------------------------------------------------

watch() {
    run 0 watch -b -n 0.1 --count=3 --total "$dir/file" && lines "$err" 0 &&
        lines "$out" 7 && sed -n 1p "$out" | grep -q '^TIME ' &&
        [ "$(sed 1d "$out" |
            grep -c -E '^[0-9]{2}:[0-9]{2}:[0-9]{2}  .* [0-9]+%')" -eq 6 ]
}
check 'watch without a terminal prints lines' watch
left_out_of_watch() {
    : >"$dir/skip"
    run 1 watch -v -n 0.1 --count=3 --exclude=skip "$dir/file" \
        "$dir/skip" "$dir/missing" && lines "$err" 4 &&
        [ "$(grep -c "/skip: left out by --exclude$" "$err")" -eq 1 ]
}
check 'watch -v says once what is left out, errors in each look' \
    left_out_of_watch

interrupted_watch() {
    start watch -n 1000 "$dir/file"
    stop
}
check 'watch ends when it is interrupted' interrupted_watch

# A look that takes long is drawn before it is over, too.
watch_terminal() {
    on_terminal "stty rows 8 cols 90; cd '$tree'; '$mmapx' watch -r -n 0.1 \
--count=2 --sort=size --total ."
    tr -d '\r' <"$out" >"$err"
    [ "$(grep -c "mmapx watch, every 0.1 s, at" "$err")" -ge 2 ] &&
        grep -q "$escape\\[H" "$err" && grep -q '^and 2 more' "$err" &&
        grep -q 'total of 4 files' "$err"
}
if [ $terminal = yes ]; then
    check 'watch on a terminal writes over' watch_terminal
else
    skip 'watch on a terminal writes over' 'no script(1) that runs a command'
fi

# --- Progress and interruption ------------------------------------------------

# Each reading takes a while, and what populates a mapping, because strace
# delays it.
slowly="strace -qq -e signal=none -e trace=preadv,madvise \
-e inject=preadv,madvise:delay_enter=150000 -o '$dir/trace'"

slow_load() {
    out_of_memory "$dir/long" || return 1
    on_terminal "stty cols 110; $slowly '$mmapx' load $1 '$dir/long'"
    tr '\r' '\n' <"$out" >"$err"
    grep -q 'loaded ' "$err"
}
progress() {
    slow_load '' && grep -q \
        'loading \[.*\].* [0-9]*%  .*M of 64M  .*/s .*left  .*/long' "$err" &&
        [ "$(grep -c 'loading' "$err")" -ge 2 ]
}
no_progress() {
    slow_load --no-progress && ! grep -q loading "$err"
}

# interrupted ARGUMENT...: it stops in between and dies as it was told to.
interrupted() {
    out_of_memory "$dir/long" || return 1
    rm -f "$dir/trace" "$dir/pid" "$err"
    # shellcheck disable=SC2016 # It is that shell which expands.
    eval "$slowly" sh -c \''echo $$ >"$1"; shift; exec "$@"'\' \
        sh '"$dir/pid" "$mmapx" "$@"' '>"$out" 2>"$err" &'
    tracer=$!
    # The first calls ask what there is; from then on each brings a part in.
    # shellcheck disable=SC2016 # It is that shell which expands.
    timeout 60 sh -c 'until [ "$(grep -c DELAYED "$1")" -ge 4 ]; do
        sleep 0.05; done' sh "$dir/trace" 2>/dev/null
    kill -TERM "$(cat "$dir/pid")"
    wait "$tracer"
    got=$?
    cat "$out" "$err"
    [ "$got" -gt 128 ] && grep -q '^mmapx: interrupted$' "$err"
}
# It says how far it came.
partly() {
    [ "$1" -gt 0 ] && [ "$1" -lt 67108864 ]
}
interrupted_load() {
    interrupted load -b "$dir/long" &&
        partly "$(sed -n 's/^loaded \([0-9]*\) (0 were.*/\1/p' "$out")"
}
interrupted_restore() {
    pages 1 >"$dir/behind" && run 0 load "$dir/long" &&
        run 0 snapshot -o "$dir/snap" "$dir/long" "$dir/behind" &&
        interrupted restore -b "$dir/snap" || return 1
    bytes=$(sed -n 's/^restored \([0-9]*\) in [0-2] file.*/\1/p' "$out")
    # The second file counts only if something of it is there.
    partly "$bytes" && if grep -q 'in 2 files' "$out"; then
        [ "$bytes" -gt $((8388608 + page - 1)) ]
    fi
}
# It says so too of the file that it was at.
interrupted_json() {
    run 0 load "$dir/long" && run 0 snapshot -o "$dir/snap" "$dir/long" &&
        interrupted restore --json "$dir/snap" && lines "$out" 1 &&
        partly "$(sed -n 's/.*"loaded": *\([0-9]*\).*/\1/p' "$out")"
}
dd if=/dev/zero of="$dir/long" bs=1048576 count=64 2>/dev/null
rm -f "$dir/trace"
out_of_memory "$dir/long"
if [ $evicts = no ]; then
    skip 'progress and interruption' 'this file system does not evict'
elif ! eval "$slowly" "'$mmapx'" load "'$dir/long'" >/dev/null 2>&1 ||
    ! grep -q DELAYED "$dir/trace"; then
    skip 'progress and interruption' 'strace is not there or cannot delay'
else
    if [ $terminal = yes ]; then
        check 'progress on a terminal' progress
        check 'none with --no-progress' no_progress
    else
        skip 'progress on a terminal' 'no script(1) that runs a command'
    fi
    check 'an interrupted load' interrupted_load
    check 'an interrupted restore' interrupted_restore
    check 'with --json' interrupted_json
fi

# --- Misuse -------------------------------------------------------------------

# misused REGEX ARGUMENT...
misused() {
    matter=$1
    shift
    run 2 "$@" && lines "$out" 0 && grep -q "^mmapx: $matter" "$err"
}
for range in 5 x:1 1:x -1:5 1:-5 1K2:3 :1Q 8E:1 ': ' 9223372036854775807:1; do
    check "the range '$range'" misused '--range cannot be' load \
        --range="$range" "$dir/file"
done
check 'a number of files' misused '--top cannot be' status --top=0 /
check 'an order' misused '--sort cannot be' status --sort=age /
check 'a colour' misused '--color cannot be' status --color=blue /
check 'a time' misused '-n cannot be' watch -n 0 /
check 'another time' misused '-n cannot be' watch -n 1s /
check 'a count' misused '--count cannot be' watch --count=-1 /
check 'no snapshot' misused 'no snapshot given' restore
check 'two snapshots' misused 'more than one snapshot' restore a b
check 'an option of another command' misused '.*option.*sync' load --sync /

coloured() {
    run 0 status --color=always "$dir/file" && grep -q "$escape\\[32m" "$out"
}
check 'colour where it is asked for' coloured

default_command() {
    run 0 status "$dir/file" && cp "$out" "$dir/said" &&
        run 0 "$dir/file" && cmp "$out" "$dir/said"
}
check 'a file and no command is status' default_command

helps() {
    run 0 "$1" --help && lines "$err" 0 && grep -q "^Usage: mmapx $1 " "$out" &&
        ! grep -q '.\{80\}' "$out"
}
for command in status watch load evict lock snapshot restore; do
    check "help of $command" helps $command
done
finish

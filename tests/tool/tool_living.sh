#!/bin/sh
# SPDX-License-Identifier: MIT
# The command in trees that others write to, in little memory, and on files that
# are larger than any disk.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"

be_traced

# --- Others in the same tree --------------------------------------------------

# While it exists, these go on.
busy=$dir/busy

# writer DIRECTORY: logs that grow, a file that is cut and written again.
writer() {
    while [ -e "$busy" ]; do
        for i in 1 2 3 4; do
            echo line >>"$1/log$i"
        done
        pages 5 >"$1/rewritten"
        : >"$1/rewritten"
    done 2>/dev/null
}

# renamer DIRECTORY: a file and a directory change places with others, and one
# directory comes and goes.
renamer() {
    mkfifo "$1/spare"
    while [ -e "$busy" ]; do
        mv "$1/changing" "$1/away" && mv "$1/spare" "$1/changing"
        mv "$1/changing" "$1/spare" && mv "$1/away" "$1/changing"
        mv "$1/sub" "$1/other" && ln -s / "$1/sub"
        rm "$1/sub" && mv "$1/other" "$1/sub"
        mkdir -p "$1/brief/below" && echo x >"$1/brief/below/file"
        rm -rf "$1/brief"
    done 2>/dev/null
}

# evicter DIRECTORY
evicter() {
    while [ -e "$busy" ]; do
        "$mmapx" evict -r --sync "$1" >/dev/null 2>&1
    done
}

# rounds COMMAND...: it succeeds so many times, in few descriptors.
rounds() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        (
            # shellcheck disable=SC3045 # All shells here have it.
            ulimit -n 64
            timeout 60 "$@"
        ) >"$out" 2>"$err" </dev/null || {
            cat "$out" "$err"
            return 1
        }
    done
}

# only_honest: what was complained of is a name that is something else by now.
only_honest() {
    ! grep -v -E -e ": $loop_text" -e ': Not a directory' \
        -e ': Neither a regular file nor a block device$' "$err"
}

living() {
    rm -rf "$dir/living"
    mkdir -p "$dir/living/sub" && pages 3 >"$dir/living/changing" &&
        pages 50 >"$dir/living/sub/still" || return 1
    : >"$busy"
    writer "$dir/living" &
    writer=$!
    "$@"
    result=$?
    rm -f "$busy"
    wait "$writer"
    return "$result"
}

# Whatever a snapshot says, it can be read.
snapshots() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        run 0 snapshot -r -o "$dir/snap" "$dir/living" &&
            run 0 restore "$dir/snap" && lines "$err" 0 || return 1
    done
}
check 'snapshot and restore beside a writer' living snapshots
everything() {
    rounds "$mmapx" status -r --ranges --map --sort=cached "$dir/living" &&
        rounds "$mmapx" load -r "$dir/living" &&
        rounds "$mmapx" evict -r --sync "$dir/living"
}
check 'all else beside a writer' living everything

beside_renamer() {
    renamer "$dir/living" &
    renamer=$!
    result=0
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        for command in status load evict snapshot; do
            # shellcheck disable=SC2086 # With its options.
            timeout 60 "$mmapx" $command -r "$dir/living" >"$out" 2>"$err"
            [ $? -le 1 ] && only_honest && ! grep -q /bin/ "$out" || result=1
        done
    done
    rm -f "$busy"
    wait "$renamer"
    cat "$err"
    return "$result"
}
check 'beside somebody who renames' living beside_renamer

# Files and directories take each other's names at once: none is missing at any
# time, and no name has done something wrong.
exchanger() {
    timeout 120 python3 - "$busy" "$1" <<'EOF'
import ctypes, os, sys
busy, where = sys.argv[1:]
libc = ctypes.CDLL(None)
pairs = [(f"{where}/d{i}".encode(), f"{where}/f{i}".encode())
         for i in range(20)]
while os.path.exists(busy):
    for a, b in pairs:
        libc.renameat2(-100, a, -100, b, 2)
EOF
}
beside_exchanger() {
    mkdir "$dir/exchanged" && (
        cd "$dir/exchanged" || exit
        for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do
            mkdir "d$i" && echo x >"f$i"
        done
    )
    exchanger "$dir/exchanged" &
    exchanger=$!
    result=0
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        for command in 'status -r' 'load -r' 'snapshot -r' top; do
            # shellcheck disable=SC2086 # With its options.
            run 0 $command "$dir/exchanged" && lines "$err" 0 || result=1
        done
    done
    rm -f "$busy"
    wait "$exchanger"
    return "$result"
}
if python3 -c 'import ctypes; ctypes.CDLL(None).renameat2' 2>/dev/null; then
    check 'beside somebody who exchanges files and directories' \
        living beside_exchanger
else
    skip 'beside somebody who exchanges files and directories' \
        'no python3, or no renameat2'
fi

beside_evicter() {
    evicter "$dir/living" &
    evicter=$!
    snapshots_made=0
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        run 0 snapshot -r -o "$dir/snap" "$dir/living" || break
        # What does not stay is said.
        timeout 60 "$mmapx" restore "$dir/snap" >"$out" 2>"$err" ||
            grep -q 'did not stay' "$out" || break
        # Even to those who want to hear of errors only.
        timeout 60 "$mmapx" restore -q "$dir/snap" >"$out" 2>"$err" ||
            grep -q 'did not stay' "$err" || break
        timeout 60 "$mmapx" load -r --json "$dir/living" >"$out" 2>"$err" ||
            grep -q 'did not stay' "$err" || break
        snapshots_made=$((snapshots_made + 1))
    done
    rm -f "$busy"
    wait "$evicter"
    cat "$out" "$err"
    [ "$snapshots_made" -eq 10 ]
}
check 'beside somebody who evicts' living beside_evicter

# --- What is there ------------------------------------------------------------

empty_json() {
    : >"$dir/empty"
    run 0 "$1" --json "$dir/empty" &&
        grep -q '"cached":0' "$out" && ! grep -q null "$out"
}
check 'an empty file in the JSON of load' empty_json load
check 'of evict' empty_json evict
check 'of status' empty_json status

partial_json() {
    printf abc >"$dir/abc" && run 0 load --json "$dir/abc" &&
        grep -q '"cached":3,' "$out" &&
        run 0 load --json --range=1:1 "$dir/abc" && grep -q '"cached":1,' "$out"
}
check 'load counts the bytes that status counts' partial_json

two_ranges() {
    run 0 load --json --range=2:1 --range=0:1 "$dir/abc" &&
        lines "$out" 2 && grep -q '"offset":0,"length":1,' "$out" &&
        grep -q '"offset":2,"length":1,' "$out"
}
check 'a second range adds to the first' two_ranges

joined_ranges() {
    run 0 load --json --range=1:1 --range=:2 --range=2: "$dir/abc" &&
        lines "$out" 1 && grep -q '"offset":0,"length":3,' "$out"
}
check 'ranges that touch or overlap are one' joined_ranges

# cp(1) and cat(1) can share blocks, and bring nothing into memory then.
dd if="$dir/abc" of="$dir/abd" 2>/dev/null
files_and_ranges() {
    run 0 load --range=0:1 --range=2:1 "$dir/abc" "$dir/abd" &&
        grep -q '(4B were in memory) in 2 files,' "$out"
}
check 'a file of several ranges counts once' files_and_ranges

bidi() {
    name=$(printf 'a\342\200\256b\342\201\246c\330\234d')
    : >"$dir/$name" && LC_ALL=$utf8 run 0 status "$dir/$name" &&
        grep -q 'a\\342\\200\\256b\\342\\201\\246c\\330\\234d' "$out"
}
# One of each kind, in octal: joiners, fillers of Hangul, selectors of variants,
# vowels of Khmer, beams of music, and what Unicode sets aside for more of them.
invisible() {
    for hidden in 342.200.213 342.200.214 342.200.215 315.217 341.205.237 \
        341.205.240 343.205.244 357.276.240 357.270.200 357.270.217 \
        341.236.264 341.240.213 341.240.217 360.235.205.263 360.235.205.272 \
        363.240.204.200 363.240.207.257 342.201.245; do
        hidden=$(echo ".$hidden" | sed 's/\./\\/g')
        # shellcheck disable=SC2059 # It is octal.
        name=a$(printf "$hidden")b
        : >"$dir/$name" && LC_ALL=$utf8 run 0 status "$dir/$name" &&
            rm "$dir/$name" && grep -q -F "/a${hidden}b" "$out" || return 1
    done
}
if [ -n "$utf8" ]; then
    check 'marks of direction are escaped' bidi
    check 'so is what is not seen at all' invisible
else
    skip 'marks of direction are escaped' 'no such locale'
    skip 'so is what is not seen at all' 'no such locale'
fi

# In memory a file can be larger than any disk.
sums() {
    truncate -s 7E "$1/a" && truncate -s 7E "$1/b" &&
        run 0 status -rb --total "$1" &&
        grep -q ' 9223372036854775807 .* total of 2 files' "$out" &&
        run 0 load -r "$1" && run 0 evict -r "$1" && run 0 snapshot -r "$1"
    result=$?
    rm -f "$1/a" "$1/b"
    return "$result"
}

# A byte in the middle: all the rest is a hole.
hole() {
    truncate -s 64T "$1/tera" &&
        printf x | dd of="$1/tera" bs=1 seek=1099511627776 conv=notrunc \
            2>/dev/null || return 1
    for command in status load evict snapshot; do
        # shellcheck disable=SC2086 # With its options.
        timeout 20 "$mmapx" $command "$1/tera" || return 1
    done
    timeout 20 "$mmapx" status -b "$1/tera" | sed 1d |
        grep -E "^ *($page|$system_page) +70368744177664 "
}

# In place of cachestat(2) each page is looked at, which takes as long as there
# are pages.
without() {
    tests/platforms/without cachestat "$@"
}

# The runs tell how much there is, in a file that is large enough that it pays:
# the same is said of it with and without the call, but for what is dirty.
same_without() {
    large=$dir/large
    dd if=/dev/zero of="$large" bs=1048576 count=9 2>/dev/null &&
        sync "$large" && run 0 evict "$large" || return 1
    dd if="$large" of=/dev/null bs="$page" skip=3 count=2 2>/dev/null
    run 0 load --range=4M:1M "$large"
    for what in all some none; do
        [ "$what" != all ] || cat "$large" >"$dir/copy"
        [ "$what" != some ] || run 0 evict --range=:3M "$dir/copy"
        [ "$what" != none ] || run 0 evict "$dir/copy"
        for option in '-b' '-b --ranges' '--map' '--json --ranges' '--json' \
            '-b --summarize'; do
            # shellcheck disable=SC2086 # They are several words.
            both_say status $option "$large" "$dir/copy" || return 1
        done
        both_say snapshot "$large" "$dir/copy" || return 1
    done
}
# both_say ARGUMENT...: the same with the call and without.  What is being read
# ahead is counted by the call alone, and memory may be short: what differs at
# one look is looked at again.
both_say() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        "$mmapx" "$@" | plain >"$dir/with"
        without "$mmapx" "$@" | plain >"$dir/got"
        [ -s "$dir/got" ] || return 1
        ! cmp -s "$dir/with" "$dir/got" || return 0
    done
    diff "$dir/with" "$dir/got"
}
# plain: without what only the call tells.
plain() {
    sed -e 's/"dirty": *[^,}]*//' -e 's/"writeback": *[^,}]*//' \
        -e 's/"evicted": *[^,}]*//' -e 's/"recently_evicted": *[^,}]*//' |
        awk '/%/ && !/{/ { $4 = $5 = "" } { $1 = $1; print }'
}

# worked PID: it has taken a tenth of a second of a processor.
worked() {
    # shellcheck disable=SC2016 # It is that shell which expands.
    timeout 60 sh -c 'while used=$(awk "{ print \$14 + \$15 }" "/proc/$1/stat")
        do [ "$used" -lt 15 ] || exit 0; sleep 0.05; done; exit 1' sh "$1"
}
# endless STATUS ARGUMENT...: the work would take months, and ends when it is
# told to.
endless() {
    ends=$1
    shift
    timeout 120 tests/platforms/without cachestat "$mmapx" "$@" >"$out" \
        2>"$err" &
    started=$!
    # The program is the only child, and becomes it by exec.
    # shellcheck disable=SC2016 # It is that shell which expands.
    child=$(timeout 60 sh -c 'until pgrep -P "$1"; do sleep 0.05; done' \
        sh "$started")
    worked "$child" && kill -TERM "$child"
    wait "$started"
    code=$?
    cat "$out" "$err"
    [ "$code" -eq "$ends" ] || { echo "exit $code, not $ends"; return 1; }
}
endless_commands() {
    truncate -s 7E "$1/a" || return 1
    printf 'mmapx snapshot 1\nfile %s %s\n0 %s\nend 1\n' 8070450532247928832 \
        "$1/a" 8070450532247928832 >"$dir/endless.snap"
    check 'without cachestat(2) SIGTERM ends status' endless 143 status "$1/a"
    check 'and status with ranges' endless 143 status --ranges --map "$1/a"
    check 'and load' endless 143 load "$1/a"
    check 'and evict' endless 143 evict "$1/a"
    check 'and snapshot' endless 143 snapshot "$1/a"
    check 'and restore' endless 143 restore "$dir/endless.snap"
    check 'and watch' endless 0 watch "$1/a"
    if [ "$(id -u)" -eq 0 ]; then
        check 'and lock --on-fault' endless 143 lock --on-fault --range=:32T \
            "$1/a"
    else
        skip 'and lock --on-fault' 'this user may not lock so much'
    fi
    rm -f "$1/a"
}
# largest DIRECTORY: a file of 2^63-1 bytes is not taken for one without holes.
load_largest() {
    run 0 load "$1/most" && lines "$err" 0 && lines "$out" 1
}
largest() {
    if printf x >"$1/most" &&
        truncate -s 9223372036854775807 "$1/most" 2>/dev/null; then
        check 'the largest file there can be' load_largest "$1"
    else
        skip 'the largest file there can be' 'it cannot be made here'
    fi
    rm -f "$1/most"
}
if without "$mmapx" --version >/dev/null 2>&1; then
    check 'without cachestat(2) the same is said' same_without
else
    skip 'without cachestat(2) the same is said' \
        'it takes a filter of system calls'
fi
if [ -d /dev/shm ] && holes=$(mktemp -d /dev/shm/mmapx-tool.XXXXXX) &&
    truncate -s 7E "$holes/a"; then
    check 'sums of sizes do not overflow' sums "$holes"
    largest "$holes"
    check 'a hole of 64 TiB on tmpfs' hole "$holes"
    if without "$mmapx" --version >/dev/null 2>&1 &&
        command -v pgrep >/dev/null && [ -r /proc/self/stat ]; then
        endless_commands "$holes"
    else
        skip 'without cachestat(2) SIGTERM ends each command' \
            'it takes pgrep, /proc and a filter of system calls'
    fi
else
    skip 'files larger than any disk' 'no /dev/shm that takes them'
fi
[ -z "${holes:-}" ] || rm -rf "$holes"

# --- Nothing changes ----------------------------------------------------------

# Until it has said that all is locked, or that it may not.
locks_for_a_moment() {
    : >"$out"
    "$mmapx" lock -r "$dir/times" >"$out" 2>"$out" &
    locker=$!
    # shellcheck disable=SC2016 # It is that shell which expands.
    timeout 60 sh -c 'until [ -s "$1" ]; do sleep 0.05; done' sh "$out"
    kill "$locker"
    wait "$locker"
    return 0
}
# An access time in the past, which would change.
access_times() {
    mkdir "$dir/times" && pages 20 >"$dir/times/file" || return 1
    run 0 snapshot -r -o "$dir/times.snap" "$dir/times" || return 1
    for command in status load evict snapshot 'status --ranges' \
        'status --map' 'watch --count=1' 'evict --sync' top restore \
        'timeout lock'; do
        touch -a -d '2001-01-01' "$dir/times/file" &&
            touch -a -d '2001-01-01' "$dir/times" || return 1
        # The list is split.
        # shellcheck disable=SC2086
        case $command in
        restore) run 0 restore "$dir/times.snap" ;;
        top) run 0 top "$dir/times" ;;
        'timeout lock') locks_for_a_moment ;;
        *) run 0 $command -r "$dir/times" ;;
        esac || return 1
        [ "$(stat -c %X "$dir/times" "$dir/times/file" | uniq)" = \
            "$(date -d '2001-01-01' +%s)" ] || {
            echo "$command: $(stat -c %x "$dir/times" "$dir/times/file")"
            return 1
        }
    done
}
# Whether O_NOATIME does something.  Where FUSE is between, it does not.
times_can_stay() {
    pages 20 >"$dir/kept" && "$mmapx" evict --sync "$dir/kept" &&
        touch -a -d '2001-01-01' "$dir/kept" || return 1
    dd if="$dir/kept" iflag=noatime of="$dir/copy" || return 0
    [ "$(stat -c %X "$dir/kept")" = "$(date -d '2001-01-01' +%s)" ]
}
if ! touch -a -d '2001-01-01' "$dir/abc" 2>/dev/null ||
    ! stat -c %X "$dir/abc" >/dev/null 2>&1; then
    skip 'times of access stay' 'no stat or touch of that kind'
elif ! times_can_stay >/dev/null 2>&1; then
    skip 'times of access stay' 'this file system changes them all the same'
else
    check 'times of access stay' access_times
fi

# Only the owner of a file may open it so that its time of access stays
# (O_NOATIME).  Others open it as usual.
somebody_elses() {
    pages 20 >"$dir/theirs" && chmod 644 "$dir/theirs" && sync "$dir/theirs" &&
        run 0 evict --sync "$dir/theirs" || return 1
    for command in load 'load -r' evict; do
        # The list is split.
        # shellcheck disable=SC2086
        as_other "$mmapx" $command "$dir/theirs" >"$out" 2>"$err"
        got=$?
        cat "$out" "$err"
        [ "$got" -eq 0 ] && lines "$err" 0 || return 1
    done
}
if [ "$(id -u)" -eq 0 ] && [ $other = yes ]; then
    check "somebody else's file is opened, its time of access or not" \
        somebody_elses
else
    skip "somebody else's file is opened, its time of access or not" \
        'only root can make one'
fi

# --- What somebody else evicts ------------------------------------------------

# gone_meanwhile: files that were loaded are evicted before the last name comes,
# and the names cannot be read once more.
gone_meanwhile() {
    mkdir "$dir/evicted" && (
        cd "$dir/evicted" &&
            seq -f '%-80g' 2000 | tr ' ' _ | while read -r name; do
                echo x >"$name"
            done
    ) && mkfifo "$dir/names-fifo" && sync "$dir/evicted"/* || return 1
    : >"$out"
    timeout 60 "$mmapx" load -v -j1 --files0-from="$dir/names-fifo" >"$out" \
        2>"$err" &
    started=$!
    exec 9>"$dir/names-fifo"
    find "$dir/evicted" -type f -print0 | sort -z >&9
    # shellcheck disable=SC2016 # It is that shell which expands.
    timeout 60 sh -c 'until [ -s "$1" ]; do sleep 0.05; done' sh "$out"
    find "$dir/evicted" -type f -print0 | sort -z |
        "$mmapx" evict -q --files0-from=-
    exec 9>&-
    wait "$started"
    code=$?
    tail -n 2 "$out"
    cat "$err"
    rm -r "$dir/evicted" "$dir/names-fifo"
    [ "$code" -eq 1 ] && tail -n 1 "$out" | grep -q ': they did not stay$'
}
if pages 5 >"$dir/going" && "$mmapx" evict --sync "$dir/going" >/dev/null &&
    "$mmapx" status -b "$dir/going" | sed 1d | grep -q '^ *0 '; then
    check 'load says what was evicted while it went on' gone_meanwhile
else
    skip 'load says what was evicted while it went on' \
        'nothing is evicted here'
fi

# --- Little memory ------------------------------------------------------------

# in_group COMMAND...: in a memory control group of 20 MiB.
group=
for place in /sys/fs/cgroup/memory /sys/fs/cgroup; do
    if [ -n "$group" ] || ! mkdir "$place/mmapx-tool.$$" 2>/dev/null; then
        continue
    fi
    group=$place/mmapx-tool.$$
    echo 20971520 >"$group/memory.limit_in_bytes" 2>/dev/null ||
        echo 20971520 >"$group/memory.max" 2>/dev/null || {
        rmdir "$group"
        group=
    }
done
in_group() {
    # shellcheck disable=SC2016 # It is that shell which expands.
    sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' \
        sh "$group" "$@" >"$out" 2>"$err" </dev/null
    code=$?
    cat "$out" "$err"
    return "$code"
}
too_much() {
    "$mmapx" evict --sync "$dir/large" >/dev/null
    in_group "$mmapx" load "$dir/large"
    [ $? -eq 1 ] && grep -q ' are to be loaded, and .* limited to 20M$' "$err" &&
        grep -q 'are not: they did not stay$' "$out" || return 1
    in_group "$mmapx" load -q "$dir/large"
    [ $? -eq 1 ] && grep -q 'are not in memory: they did not stay$' "$err" ||
        return 1
    in_group "$mmapx" load --json --range=:1M "$dir/large" || return 1
    printf 'mmapx snapshot 1\nfile 67108864 %s\n0 67108864\nend 1\n' \
        "$dir/large" >"$dir/large.snap"
    "$mmapx" evict --sync "$dir/large" >/dev/null
    in_group "$mmapx" restore -b "$dir/large.snap"
    [ $? -eq 1 ] && grep -q ' are to be restored, and .* limited to' "$err" &&
        grep -q 'are not in memory: they did not stay$' "$out" &&
        [ "$(sed -n 's/^restored \([0-9]*\) .*/\1/p' "$out")" -le 20971520 ]
}
# Where files lie in memory, what is there does not count.
may_evict() {
    pages 5 >"$dir/going" && "$mmapx" evict --sync "$dir/going" >/dev/null &&
        "$mmapx" status -b "$dir/going" | sed 1d | grep -q '^ *0 '
}
if [ -n "$group" ] && in_group true >/dev/null && may_evict; then
    dd if=/dev/zero of="$dir/large" bs=1048576 count=64 conv=fsync 2>/dev/null
    check 'more than a memory control group may have' too_much
    rm -f "$dir/large"
else
    skip 'more than a memory control group may have' \
        'no memory control group can be made, or nothing is evicted'
fi
[ -z "$group" ] || rmdir "$group"

# A directory of many files takes no memory for each of them: 80 bytes a file
# would be too many.
mkdir "$dir/many"
seq 50000 | (cd "$dir/many" && split -a 4 -l 1)
limit='prlimit --data=4194304'
many_files() {
    for command in status load snapshot evict; do
        # shellcheck disable=SC2086 # With its arguments.
        timeout 120 $limit "$mmapx" $command -r "$dir/many" >"$out" 2>"$err" || {
            tail -n 3 "$out" "$err"
            return 1
        }
    done
    # shellcheck disable=SC2086 # With its arguments.
    timeout 120 $limit "$mmapx" status -r "$dir/many" >"$out" &&
        lines "$out" 50001
}
if [ "$(find "$dir/many" -type f | wc -l)" -eq 50000 ] &&
    $limit "$mmapx" --version >/dev/null 2>&1 &&
    ! $limit python3 -c 'b"x" * 4194304' 2>/dev/null; then
    check 'memory does not grow with the number of files' many_files
else
    skip 'memory does not grow with the number of files' \
        'memory cannot be limited so far, or there is no split or python3'
fi

# --- Leaving ------------------------------------------------------------------

# A reader that has stopped reading: the program ends all the same, and what it
# has written ends with a whole line.
stopped_reader() {
    mkdir "$dir/long-names" && (
        cd "$dir/long-names" || exit
        seq -f "%-100g" 2000 | tr ' ' _ | xargs touch
    ) && mkfifo "$dir/pipe" || return 1
    "$mmapx" "$@" -r "$dir/long-names" >"$dir/pipe" 2>"$err" &
    started=$!
    exec 9<"$dir/pipe"
    # shellcheck disable=SC2016 # It is that shell which expands.
    timeout 60 sh -c 'until grep -q pipe "/proc/$1/wchan"; do
        sleep 0.05; done' sh "$started"
    kill -TERM "$started"
    wait "$started"
    code=$?
    cat <&9 >"$out"
    exec 9<&-
    rm -r "$dir/long-names" "$dir/pipe"
    cat "$err"
    tail -n 1 "$out"
    [ "$code" -eq 143 ] && [ -s "$out" ] && [ "$(tail -c 1 "$out")" = '' ] &&
        lines "$err" 0
}
# Some systems do not say where a process waits.
sleep 60 &
sleeper=$!
# shellcheck disable=SC2016 # It is that shell which expands.
if timeout 5 sh -c 'until grep -q "[a-z]" "/proc/$1/wchan"; do
    sleep 0.05; done' sh "$sleeper" 2>/dev/null; then
    check 'interrupted where nobody reads' stopped_reader status
    check 'with JSON' stopped_reader status --json
    check 'with ranges' stopped_reader status --ranges --map
else
    skip 'interrupted where nobody reads' \
        'the system does not say where a process waits'
fi
kill "$sleeper"

# It does not go on for a reader that has gone.
stops() {
    (
        trap '' PIPE
        "$mmapx" status -r "$dir/many" 2>/dev/null |
            (head -n 1 >/dev/null)
        strace -o "$dir/trace" -e trace=openat "$mmapx" status -r "$dir/many" \
            2>/dev/null | (head -n 1 >/dev/null)
        [ "$(wc -l <"$dir/trace")" -lt 20000 ]
    )
}
# What is clean is not written back once more.
syncs_what_is_dirty() {
    pages 5 >"$dir/clean" && run 0 evict --sync "$dir/clean" &&
        run 0 load "$dir/clean" || return 1
    strace -o "$dir/trace" -e trace=fsync,sync_file_range "$mmapx" evict \
        --sync "$dir/clean" && ! grep -e fsync -e sync_file_range "$dir/trace" &&
        put "$dir/clean" 0 5 || return 1
    strace -o "$dir/trace" -e trace=fsync "$mmapx" evict --sync "$dir/clean" &&
        grep fsync "$dir/trace"
}
# What goes at once is not asked about: neither the mappings of this process
# nor others are looked at.
asks_nothing() {
    mkdir "$dir/small" && (cd "$dir/small" && seq 50 | split -a 2 -l 1) &&
        sync "$dir/small"/* && cat "$dir/small"/* >/dev/null || return 1
    strace -f -o "$dir/trace" "$mmapx" evict -j1 -r "$dir/small" >"$out"
    cat "$out"
    tail -n 30 "$dir/trace"
    # A sanitizer asks before and after.
    sed -n '/openat(.*small"/,/write(1, "evicted/p' "$dir/trace" >"$dir/part"
    grep -q '^evicted ' "$out" && ! grep -q stayed "$out" &&
        [ "$(wc -l <"$dir/part")" -gt 100 ] &&
        ! grep -e 'smaps' -e '/maps"' -e '"maps"' -e '/status"' "$dir/part"
}
# Progress needs no walk of its own.
opens_once() {
    on_terminal "strace -f -o '$dir/trace' '$mmapx' load -j1 -r '$dir/small'" \
        >/dev/null
    grep -e 'xaa"' -e 'small"' "$dir/trace"
    [ "$(grep -c '"xaa", .*O_PATH' "$dir/trace")" -eq 1 ] &&
        [ "$(grep -c '/small", .*O_PATH' "$dir/trace")" -eq 1 ]
}
if ! strace -o "$dir/trace" true >/dev/null 2>&1; then
    skip 'evict of small files asks nothing' 'no strace, or it may not trace'
elif ! may_evict; then
    skip 'evict of small files asks nothing' 'nothing is evicted here'
else
    check 'evict of small files asks nothing' asks_nothing
    if [ "$terminal" = yes ]; then
        check 'with progress a tree is gone through once' opens_once
    else
        skip 'with progress a tree is gone through once' 'there is no terminal'
    fi
fi
if strace -o "$dir/trace" true >/dev/null 2>&1 &&
    pages 1 >"$dir/unwritten" &&
    "$mmapx" status --json "$dir/unwritten" | grep -q '"dirty":[1-9]'; then
    check 'evict --sync writes back what is dirty' syncs_what_is_dirty
else
    skip 'evict --sync writes back what is dirty' \
        'no strace, or nothing is dirty, or it is not said'
fi
if strace -o "$dir/trace" true >/dev/null 2>&1; then
    check 'where SIGPIPE is ignored it ends too' stops
else
    skip 'where SIGPIPE is ignored it ends too' 'no strace, or it may not trace'
fi
finish

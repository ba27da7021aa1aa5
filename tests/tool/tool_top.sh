#!/bin/sh
# SPDX-License-Identifier: MIT
# Who fills the memory, and for whom: top, --pid, --who, and metrics.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"

if ! [ -r /proc/self/maps ] || ! [ -r /proc/meminfo ]; then
    skip_all 'there is no /proc'
fi
pages 3 >"$dir/three"
if "$mmapx" status "$dir/three" 2>&1 | grep -q 'Function not implemented'; then
    skip_all 'this system does not tell what is in memory'
fi

# A tree: 1 and 2 pages in a, 3 in a/b, 4 in a/b/c, 5 in d, and a hole.
mkdir -p "$dir/t/a/b/c" "$dir/t/d"
pages 1 >"$dir/t/a/one"
pages 2 >"$dir/t/a/two"
pages 3 >"$dir/t/a/b/three"
pages 4 >"$dir/t/a/b/c/four"
pages 5 >"$dir/t/d/five"
sparse "$dir/t/d/hole" 64
: >"$dir/t/empty"
# What is dirty may be written back between two looks.
find "$dir/t" -type f -exec sync {} +

# The holes stay out of memory.
refill() {
    cat "$dir/t/a/one" "$dir/t/a/two" "$dir/t/a/b/three" \
        "$dir/t/a/b/c/four" "$dir/t/d/five" >/dev/null
    [ ! -d "$dir/many" ] || find "$dir/many" -type f -exec cat {} + >/dev/null
}

# The background of the tests: a process that has files open or mapped.
holder=
stop_holder() {
    [ -z "$holder" ] || { kill "$holder" && wait "$holder"; } 2>/dev/null
    holder=
}
trap 'stop_holder; rm -rf "$tap_output" "$dir"' EXIT

# names: the last column of the table's rows, without the total.
names() {
    rows | sed '/  total of /,$d' | sed 's/.*  //'
}

# --- Files --------------------------------------------------------------------

largest_first() {
    run 0 top "$dir/t" && [ "$(names)" = "$dir/t/d/five
$dir/t/a/b/c/four
$dir/t/a/b/three
$dir/t/a/two
$dir/t/a/one" ]
}
check_cached 'top prints the files of a tree, largest first' largest_first

the_directory_alone() {
    run 0 top -b "$dir/t" && cp "$out" "$dir/top" && run 0 "$dir/t" -b || return 1
    # What the page cache has changes from one moment to the next.
    grep -v '^page cache' "$dir/top" >"$dir/1"
    grep -v '^page cache' "$out" >"$dir/2"
    cmp "$dir/1" "$dir/2"
}
check_cached 'a directory without a command is for top' the_directory_alone

# fits COLUMNS HEADING ARGUMENT...: the table on such a terminal.
fits() {
    columns=$1
    heading=$2
    shift 2
    on_terminal "cd '$dir'; stty cols $columns; NO_COLOR=1 '$mmapx' top $* t"
    tr -d '\r' <"$out" | sed '/total of /,$d' >"$dir/table"
    [ "$(sed -n 1p "$dir/table" | tr -s ' ')" = " $heading" ] &&
        [ "$(wc -l <"$dir/table")" -ge 4 ] &&
        ! awk -v most="$columns" 'length($0) > most' "$dir/table" | grep .
}
narrow() {
    fits 80 'CACHED SIZE % FILE' && fits 35 'CACHED % FILE' &&
        fits 25 'CACHED FILE' && fits 17 'CACHED FILE' &&
        fits 50 'CACHED % FILE' -b && fits 35 'CACHED FILE' -b &&
        fits 80 'CACHED SIZE % FILES DIRECTORY' --dirs &&
        fits 45 'CACHED % FILES DIRECTORY' --dirs &&
        fits 32 'CACHED % DIRECTORY' --dirs &&
        fits 60 'CACHED % FILES DIRECTORY' --dirs -b
}
if [ $terminal = yes ]; then
    check 'a narrow terminal has fewer columns' narrow
else
    skip 'a narrow terminal has fewer columns' \
        'no script(1) that runs a command'
fi

# same_as COMMAND ARGUMENT...: without the command they print the same.
same_as() {
    with_refills say_the_same "$@"
}
say_the_same() {
    command=$1
    shift
    run 0 "$command" --json "$@" && grep -v '^{"total"' "$out" >"$dir/1"
    echo "$command $*"
    run 0 --json "$@" && grep -v '^{"total"' "$out" | diff "$dir/1" -
}
options_alone() {
    same_as top -n 3 "$dir/t" && same_as top -n3 "$dir/t/a/one" "$dir/t" &&
        same_as top --dirs "$dir/t" && same_as top --dirs=1 "$dir/t" &&
        same_as top -j 2 --top=2 "$dir/t" && same_as top -- "$dir/t" &&
        same_as top "$dir/t" -n 2 && same_as top -x "$dir/t" &&
        same_as top --di "$dir/t" || return 1
    same_as status -r "$dir/t" && same_as status "$dir/t" -r &&
        same_as status "$dir/t/a/one" "$dir/t/a/two" -b &&
        same_as status --tot "$dir/t/a/one" &&
        same_as status --ranges "$dir/t/a/one"
}
check 'its options are, and those that only top has' options_alone

wrong_options_alone() {
    for options in '-n x' '-n' '--dirs=x' '-n 3 -r' '-n 3 --frob' '--frob'; do
        # The list is split.
        # shellcheck disable=SC2086
        run 2 "$dir/t" $options && grep -q "^Try 'mmapx top --help'" "$err" ||
            return 1
    done
    run 2 --frob "$dir/t/a/one" && grep -q "^Try 'mmapx status --help'" "$err"
}
check 'the help that is named is that of the command meant' wrong_options_alone

so_many() {
    run 0 top -n 2 "$dir/t" && [ "$(names)" = "$dir/t/d/five
$dir/t/a/b/c/four" ] && grep -q '  total of 7 files$' "$out" || return 1
    run 0 top --top=1 --json "$dir/t" && json "len(all) == 2 and
        all[0]['cached'] == 5 * page and
        all[1]['total']['cached'] == 15 * page and
        all[1]['total']['size'] == 79 * page and
        all[1]['total']['files'] == 7"
}
check_cached 'so many lines, and the total of all files' so_many

as_status_counts() {
    run 0 status --json -r --sort=cached --top=5 "$dir/t" || return 1
    cp "$out" "$dir/status"
    run 0 top --json "$dir/t" && sed '$d' "$out" >"$dir/1" &&
        diff "$dir/status" "$dir/1"
}
check_cached 'each line is as status has it' as_status_counts

# Nothing is shown of a name whose cache is empty, as FUSE may have it.
once() {
    mkdir "$dir/links" && pages 2 >"$dir/links/1" && ln "$dir/links/1" \
        "$dir/links/2" && ln -s "$dir/t" "$dir/links/away" || return 1
    run 0 top --json "$dir/links" "$dir/links" "$dir/links/1" &&
        json "all[-1]['total']['files'] == 1 and
            len(all) == (2 if all[-1]['total']['cached'] > 0 else 1)"
}
check 'a file is counted once, and links are not followed' once

vmtouch_says() {
    run 0 top --json "$dir/t" && json "all[-1]['total']['cached'] ==
        $system_page * int('$(vmtouch "$dir/t" |
            sed -n 's|.*Resident Pages: \([0-9]*\)/.*|\1|p')')"
}
if command -v vmtouch >/dev/null && [ $over = no ]; then
    check_cached 'vmtouch counts the same' vmtouch_says
else
    skip 'vmtouch counts the same' 'there is no vmtouch, or files lie on others'
fi

several_at_once() {
    mkdir -p "$dir/many" || return 1
    for i in 1 2 3 4 5 6 7 8 9; do
        for j in 1 2 3 4 5 6 7 8 9; do
            mkdir -p "$dir/many/$i/$j/x" && printf x >"$dir/many/$i/$j/1" &&
                printf xy >"$dir/many/$i/$j/x/2"
        done
    done
    for jobs in 1 2 3 16; do
        run 0 top -j "$jobs" --dirs --json -n 1000 "$dir/many" &&
            json "len(all) == 1 + 9 + 81 + 81 + 1 and
                all[0] == {'dir': '$dir/many', 'files': 162, 'cached': 243} and
                sum(d.get('cached', 0) for d in all) == 4 * 243 - 81
                and all[-1]['total']['files'] == 162" || return 1
    done
}
check_cached 'several threads count each file once' several_at_once

# A number of threads for which there is no room is no failure.
limited() (
    # shellcheck disable=SC3045 # All shells here have it.
    ulimit -v "$1"
    "$mmapx" top -j "$2" --json "$dir/many" >"$out" 2>"$err"
)
few_addresses() {
    tried=0
    for limit in 30000 60000 100000 150000 200000 300000 500000 800000; do
        limited "$limit" 1 || continue
        for jobs in 2 4 16 64; do
            tried=$((tried + 1))
            limited "$limit" "$jobs"
            echo "ulimit -v $limit, $jobs threads: $(cat "$err")"
            lines "$err" 0 && json "all[-1]['total']['files'] == 162" ||
                return 1
        done
    done
    [ "$tried" -gt 0 ]
}
if limited 800000 1; then
    check 'a limit on address space makes threads fewer' few_addresses
else
    skip 'a limit on address space makes threads fewer' \
        'the program needs more than 800 MB of it'
fi

few_descriptors() (
    # shellcheck disable=SC3045 # All shells here have it.
    ulimit -n 64
    run 0 top -j 16 --json "$dir/many" && json "all[-1]['total']['files'] == 162"
)
check 'a limit of 64 descriptors is enough' few_descriptors

# --- Sums ---------------------------------------------------------------------

dirs() {
    run 0 top --dirs=1 --json "$dir/t" && json "all[:-1] == [
        {'dir': '$dir/t', 'files': 7, 'cached': 15 * page},
        {'dir': '$dir/t/a', 'files': 4, 'cached': 10 * page},
        {'dir': '$dir/t/d', 'files': 2, 'cached': 5 * page}]" || return 1
    run 0 top --dirs=0 "$dir/t" && [ "$(names)" = "$dir/t" ] || return 1
    run 0 top --dirs "$dir/t" && [ "$(names | wc -l)" -eq 5 ]
}
check_cached 'sums by directory, so deep' dirs

# du -d has the same directories with the same sums of sizes.
du_says() {
    du -b -d 1 "$dir/du" >"$dir/1" || return 1
    run 0 top --dirs=1 -b "$dir/du" && rows | sed '/  total of /,$d' |
        awk '{ print $1, $NF }' | LC_ALL=C sort -k2 >"$dir/2"
    # Without what du counts for each directory itself.
    for d in "$dir/du" "$dir/du/x"; do
        find "$d" -type f -exec cat {} + | wc -c | tr -d ' '
    done | sed "1s|\$| $dir/du|; 2s|\$| $dir/du/x|" >"$dir/3"
    [ "$(wc -l <"$dir/1")" -eq 2 ] && diff "$dir/2" "$dir/3"
}
mkdir -p "$dir/du/x/y" && printf 123 >"$dir/du/1" && printf 12 >"$dir/du/x/y/2"
check 'as du -d has them' du_says

# --- What the page cache has --------------------------------------------------

meminfo() {
    sed -n "s/^$1: *\\([0-9]*\\) kB/\\1/p" /proc/meminfo
}
page_cache() {
    run 0 top --json "$dir/t" && json "abs(all[-1]['total']['page_cache'] -
        1024 * ($(meminfo Cached) - $(meminfo Shmem))) < 2**30 and
        0 <= all[-1]['total']['explained'] <= 16 * page"
}
check 'the page cache is what the kernel says' page_cache

# --- Bad input ----------------------------------------------------------------

wrong() {
    run 2 top --dirs=x "$dir/t" && grep -q 'a number from 0 on' "$err" &&
        run 2 top --by=x && grep -q 'file or process' "$err" &&
        run 2 top -n 0 && run 2 top --pid=x && grep -q 'of a process' "$err" &&
        run 2 top --json --openmetrics && run 2 top --by=process --openmetrics
}
check 'wrong values are refused, and the right ones named' wrong

gone() {
    run 1 top --json "$dir/missing" "$dir/t" && lines "$err" 1 &&
        grep -q "^mmapx: $dir/missing: No such file" "$err" &&
        json "all[-1]['total']['files'] == 7"
}
check 'a path that is missing is said, and the rest done' gone

gone_by_process() {
    run 1 top --by=process "$dir/missing" &&
        grep -q "^mmapx: $dir/missing: No such file" "$err" || return 1
    mkfifo "$dir/fifo" && run 1 top --by=process "$dir/fifo" &&
        grep -q "^mmapx: $dir/fifo: Neither a regular file" "$err"
}
check 'so it is for sums by process' gone_by_process

overlapping() {
    run 0 top --json "$dir/t" "$dir/t" &&
        json "all[-1]['total']['files'] == 7" &&
        run 0 top --json "$dir/t/a/b" "$dir/t" "$dir/t/a" &&
        json "all[-1]['total']['files'] == 7"
}
check 'files that two paths lead to are counted once' overlapping

# sums LINE...: those of directories, "FILES NAME" each.
sums() {
    rows | sed '/ total of /,$d' | awk '{ print $4, $5 }' | sort >"$dir/sums"
    printf '%s\n' "$@" | sort | diff - "$dir/sums"
}
one_below_another() {
    for _ in 1 2 3 4 5 6 7 8; do
        run 0 top --dirs=0 -b "$dir/t/a" "$dir/t/a/b" "$dir/t" &&
            sums "7 $dir/t" "4 $dir/t/a" "2 $dir/t/a/b" &&
            grep -q ' total of 7 files$' "$out" || return 1
    done
    run 0 top --dirs -b "$dir/t/a/b" "$dir/t/a" &&
        sums "4 $dir/t/a" "2 $dir/t/a/b" "1 $dir/t/a/b/c"
}
check 'but belong to the sums of both' one_below_another

left_out_by_name() {
    run 0 top --exclude=a --json "$dir/t/a" &&
        json "all[-1]['total']['files'] == 0" &&
        run 0 top --exclude='on*' --json "$dir/t/a/one" "$dir/t/a/two" &&
        json "all[-1]['total']['files'] == 1" &&
        run 0 top --include=two --json "$dir/t/a/one" "$dir/t/a" &&
        json "all[-1]['total']['files'] == 1"
}
check 'a pattern is for what is named, too' left_out_by_name

quiet() {
    run 0 top -q "$dir/t" && lines "$out" 5 && ! grep -q CACHED "$out" &&
        lines "$err" 0
}
check '-q prints the files only' quiet

# A file counts once, also behind a bind mount below what is named.
bind_mount() {
    mkdir -p "$dir/bm/a/deep" "$dir/bm/b" "$dir/bm/c" || return 1
    pages 1 >"$dir/bm/a/x"
    pages 2 >"$dir/bm/a/deep/y"
    for from in a/deep:b a:b 'a/deep:b c'; do
        # shellcheck disable=SC2016 # It is that shell which expands.
        timeout 60 unshare "$@" -m sh -c '
            cd "$1" || exit
            for to in $3; do
                mount --bind "$2" "$to" || exit
            done
            "$4" top --json . && "$4" top -x --dirs=0 --json .
        ' sh "$dir/bm" "${from%:*}" "${from#*:}" "$mmapx" >"$out" 2>"$err"
        result=$?
        cat "$out" "$err"
        [ "$result" -eq 0 ] &&
            json "[r['total']['files'] for r in all if 'total' in r] == [2, 2]
                and all[-2]['files'] == 2" || return 1
    done
}
if [ "$(id -u)" -eq 0 ]; then
    namespace=
else
    namespace=-Ur
fi
# shellcheck disable=SC2086 # none or one
if unshare $namespace -m mount --bind "$dir/t/a" "$dir/t/d" 2>/dev/null; then
    check 'a file behind a bind mount counts once' bind_mount $namespace
else
    skip 'a file behind a bind mount counts once' 'nothing can be mounted'
fi

finish

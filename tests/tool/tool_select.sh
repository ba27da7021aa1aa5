#!/bin/sh
# SPDX-License-Identifier: MIT
# Which files are meant and which rows are shown: patterns, sizes, pseudo file
# systems, orders, and how much is said.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"
need_small_blocks

tree=$dir/tree
mkdir -p "$tree/db/old" "$tree/cache"
# Ten pages of which one is in memory.
sparse "$tree/sparse" 9
# By writing, since reading ahead would bring in more.
refill() {
    pages 1 >"$tree/db/one.db"
    pages 3 >"$tree/db/three.db"
    pages 2 >"$tree/db/old/two.db"
    printf abc >"$tree/db/log"
    printf x >"$tree/cache/one.db"
    put "$tree/sparse" 9 1
}
refill

# files WANTED OPTION...: the names below the tree, in order, that status has.
files() {
    wanted=$1
    shift
    (cd "$tree" && run 0 status -r "$@") && lines "$err" 0 || return 1
    got=$(rows | sed 's/.*  //' | LC_ALL=C sort | tr '\n' ' ')
    [ "$got" = "$wanted " ] || { echo "'$got', not '$wanted '"; return 1; }
}
# ordered WANTED OPTION...: the same, in the order of the rows.
ordered() {
    wanted=$1
    shift
    (cd "$tree" && run 0 status -r "$@") || return 1
    got=$(rows | sed 's/.*  //' | tr '\n' ' ')
    [ "$got" = "$wanted " ] || { echo "'$got', not '$wanted '"; return 1; }
}

# --- Patterns -----------------------------------------------------------------

check '--exclude of a name' files 'db/log sparse' --exclude='*.db' db sparse
check '--exclude of a directory leaves out what is in it' \
    files 'db/log db/one.db db/three.db' --exclude=old db
check '--exclude of a part of the path' \
    files 'cache/one.db db/log db/old/two.db db/three.db' \
    --exclude=db/one.db db cache
check '--exclude: the star stands for slashes' \
    files 'db/log' --exclude='d*.db' db
check '--exclude: a part of a name is none' \
    files 'db/log db/old/two.db db/one.db db/three.db' --exclude=o --exclude=lo db
check '--exclude twice' files 'db/three.db' --exclude=o* --exclude=log db
check '--exclude of what is named' files 'sparse' --exclude=db db sparse
check '--include' files 'db/old/two.db db/one.db db/three.db' \
    --include='*.db' db sparse
check '--include twice' files 'cache/one.db db/log' --include=log \
    --include=cache/* db cache
check '--include and --exclude' files 'db/one.db db/three.db' \
    --include='*.db' --exclude=old db

check '--exclude: what comes before the star fits later in the path' \
    files 'db/log db/one.db db/three.db' --exclude='[^d]*two.db' db
check '--exclude: a star in brackets or behind a backslash is none' \
    files 'db/log db/old/two.db db/one.db db/three.db' --exclude='o[*]' \
    --exclude='o\*' db

# In the current directory the paths begin with "./".
include_here() {
    (cd "$tree" && run 0 status -r --include='*.db' --exclude=./cache .) &&
        [ "$(rows | wc -l)" -eq 3 ]
}
check '--exclude of a path as it is shown' include_here

files0() {
    printf 'db/one.db\0db/log\0' >"$dir/names"
    (cd "$tree" && run 0 status --files0-from="$dir/names" \
        --exclude='*.db') && [ "$(rows | sed 's/.*  //')" = db/log ]
}
check '--exclude holds for --files0-from' files0

# To try each end of these paths by itself takes minutes.
long=$(awk 'BEGIN { for (i = 0; i < 1900; i++) printf "./" }')
long_paths() {
    (
        cd "$tree" || exit
        i=0
        while [ "$i" -lt 1000 ]; do
            printf '%sdb/log\0' "$long"
            i=$((i + 1))
        done >"$dir/names"
        set --
        while [ "$#" -lt 100 ]; do
            set -- "$@" --exclude='*z' --exclude='z*z'
        done
        run 0 status -s "$@" --files0-from="$dir/names"
    ) && lines "$err" 0 && grep -q ' total of 1000 files' "$out"
}
if (cd "$tree" && [ -f "${long}db/log" ]); then
    check '--exclude and paths as long as they may be' long_paths
else
    skip '--exclude and paths as long as they may be' 'they may not be so long'
fi

load_includes() {
    (cd "$tree" && run 0 load -r --include='*.db' db) &&
        grep -q ' in 3 files,' "$out"
}
check 'load has the same patterns' load_includes

# --- Sizes --------------------------------------------------------------------

check '--max-size' files 'db/log db/one.db' --max-size="$page" db
check '--max-size of a byte' files 'cache/one.db' --max-size=1 db cache
check '--max-size with a suffix' files 'db/log' --max-size=1K db

left_out() {
    (cd "$tree" && run 0 status -rv --max-size=1K --exclude=old db) &&
        lines "$err" 3 &&
        grep -q -x 'mmapx: db/old: left out by --exclude' "$err" &&
        grep -q -x 'mmapx: db/one.db: left out by --max-size' "$err"
}
check '-v says what is left out, and why' left_out

# --- Pseudo file systems ------------------------------------------------------

# A directory that has one below it and little else: a mount of our own.
# shellcheck disable=SC2016 # It is that shell which expands.
pseudo() {
    mkdir "$dir/mounts" "$dir/mounts/proc" &&
        : >"$dir/mounts/file" || return 1
    unshare -m sh -c '
        mount -t proc none "$1/proc" && exec "$2" status -r "$1"' \
        sh "$dir/mounts" "$mmapx" >"$out" 2>"$err" &&
        lines "$out" 2 && lines "$err" 1 &&
        grep -q "^mmapx: left out .*/mounts/proc: pseudo file systems;" "$err"
}
# shellcheck disable=SC2016 # It is that shell which expands.
quiet_pseudo() {
    unshare -m sh -c '
        mount -t proc none "$1/proc" && exec "$2" status -rq "$1"' \
        sh "$dir/mounts" "$mmapx" >"$out" 2>"$err" &&
        lines "$out" 1 && lines "$err" 0
}
# shellcheck disable=SC2016 # It is that shell which expands.
other_file_system() {
    mkdir -p "$dir/other/mount" && : >"$dir/other/file" || return 1
    for command in status load evict snapshot 'watch --count=1' top; do
        flags=-vxr
        [ "$command" != top ] || flags=-vx
        unshare -m sh -c '
            mount -t tmpfs none "$1/mount" && : >"$1/mount/file" &&
                exec "$2" $3 "$4" "$1"' sh "$dir/other" "$mmapx" \
            "$command" "$flags" >"$out" 2>"$err" || return 1
        cat "$err"
        lines "$err" 1 && grep -q \
            '/other/mount: left out by --one-file-system$' "$err" || return 1
    done
}
named_pseudo() {
    run 1 status -r /proc/self/task && ! grep -q 'left out' "$err" &&
        grep -q '/proc/self/task/.*: Cannot be mapped' "$err"
}
if mkdir "$dir/try" && unshare -m mount -t proc none "$dir/try" 2>/dev/null
then
    check 'a pseudo file system is left out, in one line' pseudo
    check 'without a line with -q' quiet_pseudo
    check '-v says what -x leaves out' other_file_system
else
    skip 'a pseudo file system is left out' 'nothing can be mounted'
    skip '-v says what -x leaves out' 'nothing can be mounted'
fi
if [ -d /proc/self/task ]; then
    check 'one that is named is looked into' named_pseudo
else
    skip 'one that is named is looked into' 'no /proc'
fi

# --- Orders -------------------------------------------------------------------

check_cached '--top alone: the most in memory' ordered \
    'db/three.db db/old/two.db' --top=2 db sparse
check '--sort=size' ordered 'sparse db/three.db' --sort=size --top=2 \
    db sparse
check_cached '--sort=percent: then by what is in memory' ordered \
    'db/three.db db/old/two.db db/one.db db/log sparse' --sort=percent db sparse
# What is dirty may be written at any time, if only because somebody else calls
# sync(2).
dirty_first() {
    (cd "$tree" && sync db/three.db && run 0 status -r --sort=dirty db) &&
        rows | sed 's/.*  //' | tail -n 1 | grep -q three
}
knows_dirty() {
    (cd "$tree" && sync db/three.db && run 0 status --json db/three.db \
        db/old/two.db) >/dev/null 2>&1 &&
        sed -n 1p "$out" | grep -q '"dirty":0,' &&
        sed -n 2p "$out" | grep -q '"dirty":[1-9]'
}
if with_refills knows_dirty >/dev/null; then
    check_cached '--sort=dirty' dirty_first
else
    skip '--sort=dirty' 'nothing is dirty here, or nobody tells'
fi

# --- How much is said ---------------------------------------------------------

summary() {
    (cd "$tree" && run 0 status -rs .) && lines "$out" 2 &&
        rows | grep -q 'total of 6 files$'
}
check '-s is the sum alone' summary
json_summary() {
    (cd "$tree" && run 0 status -rs --json .) && lines "$out" 1 &&
        grep -q '^{"total":{.*"files":6' "$out"
}
check '-s in JSON' json_summary
no_heading() {
    (cd "$tree" && run 0 status -q db/log) && lines "$out" 1 &&
        grep -q 'db/log$' "$out" && ! grep -q CACHED "$out"
}
check '-q: no heading' no_heading
quiet_work() {
    for command in load evict; do
        run 0 "$command" -r -q "$tree" && lines "$out" 0 && lines "$err" 0 ||
            return 1
    done
    run 1 load -q "$tree/missing" && lines "$out" 0 && lines "$err" 1
}
check '-q: no sums, but errors' quiet_work
verbose_work() {
    (cd "$tree" && run 0 load -rv --range=0:1 db) && lines "$out" 5 &&
        grep -q -x 'db/log 0:1: 1B of 1B in memory\(, +1B\)\{0,1\}' "$out" &&
        (cd "$tree" && run 0 load -v db/log) &&
        grep -q '^db/log: 3B of 3B in memory' "$out"
}
check '-v of load: a line for each file' verbose_work
finish

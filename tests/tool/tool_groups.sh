#!/bin/sh
# SPDX-License-Identifier: MIT
# The limits of memory control groups, of both versions: the files that say what
# they are lie below the test's directory, and the command is shown these in
# place of its own.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"

groups=$dir/groups
big=$dir/big
truncate -s 1M "$big" || skip_all 'there is no truncate'

if [ "$(id -u)" -eq 0 ]; then
    own='-m'
else
    own='-Urm'
fi

# in_groups COMMAND...: in place of a subshell.  It may not fork, because other
# processes see their own files.
# shellcheck disable=SC2016 # It is that shell which expands.
in_groups() {
    exec timeout 60 unshare $own sh -c '
        mount --bind "$1/mountinfo" /proc/$$/mountinfo &&
            mount --bind "$1/cgroup" /proc/$$/cgroup || exit 99
        shift
        exec "$@"' sh "$dir" "$@"
}

# group PATH LIMIT USED CACHE [HIGH]: one of them, with so many bytes used, and
# with files in so many of these.
group() {
    mkdir -p "$groups$1" || return 1
    case $version in
    1)
        echo "$2" >"$groups$1/memory.limit_in_bytes"
        echo "$3" >"$groups$1/memory.usage_in_bytes"
        printf '%s\n' 'inactive_file 123456789' "total_inactive_file $4" \
            'total_active_file 0' >"$groups$1/memory.stat"
        ;;
    2)
        echo "$2" >"$groups$1/memory.max"
        echo "$3" >"$groups$1/memory.current"
        echo "${5:-max}" >"$groups$1/memory.high"
        printf '%s\n' 'anon 1' 'inactive_file 0' "active_file $4" \
            >"$groups$1/memory.stat"
        ;;
    esac
}

# set_version VERSION [ROOT]: the process is in /outer/inner; what is mounted
# begins at ROOT.
set_version() {
    version=$1
    rm -rf "$groups"
    mkdir "$groups"
    case $version in
    1)
        none=9223372036854771712
        printf '%s\n' '3:cpu,cpuacct:/elsewhere' '2:memory:/outer/inner' \
            '0::/elsewhere' >"$dir/cgroup"
        echo "31 23 0:28 ${2:-/} $groups rw - cgroup cgroup rw,memory" \
            >"$dir/mountinfo"
        ;;
    2)
        none=max
        echo '0::/outer/inner' >"$dir/cgroup"
        echo "31 23 0:28 ${2:-/} $groups rw shared:1 - cgroup2 cgroup2 rw" \
            >"$dir/mountinfo"
        ;;
    esac
}

# refused AVAILABLE LIMIT: what is said of them.
refused() {
    (in_groups "$mmapx" lock "$big") >"$out" 2>"$err"
    code=$?
    cat "$out" "$err"
    [ "$code" -eq 1 ] && lines "$out" 0 &&
        grep -q "^mmapx: 1.0M are to be locked, and $1 of memory are available\
 in a control group that is limited to $2\$" "$err"
}

# allowed [OPTION]: it is locked, and nothing is said.
allowed() {
    rm -f "$out" "$err"
    (in_groups "$mmapx" lock "$@" "$big") >"$out" 2>"$err" &
    started=$!
    # shellcheck disable=SC2016 # It is that shell which expands.
    timeout 60 sh -c 'while ! [ -s "$1" ] && ! [ -s "$2" ] &&
        kill -0 "$3" 2>/dev/null; do sleep 0.05; done' \
        sh "$out" "$err" "$started"
    kill -TERM "$started" 2>/dev/null
    wait "$started"
    cat "$out" "$err"
    lines "$err" 0 && grep -q '^locked 1.0M in 1 file' "$out"
}

limited() {
    set_version "$1"
    group /outer "$none" 0 0 && group /outer/inner 524288 0 0 &&
        refused 512K 512K
}
# Files that are in memory give way to others; all else does not.
used() {
    set_version "$1"
    group /outer "$none" 2097152 0 && group /outer/inner 1048576 786432 524288 &&
        refused 768K 1.0M
}
forced() {
    set_version "$1"
    group /outer "$none" 0 0 && group /outer/inner 524288 0 0 &&
        allowed --force
}
outer_limit() {
    set_version "$1"
    group /outer 524288 0 0 && group /outer/inner "$none" 0 0 &&
        refused 512K 512K
}
lowest_limit() {
    set_version "$1"
    group /outer 262144 0 0 && group /outer/inner 524288 0 0 &&
        refused 256K 256K || return 1
    group /outer 524288 0 0 && group /outer/inner 262144 0 0 &&
        refused 256K 256K
}
full() {
    set_version "$1"
    group /outer "$none" 0 0 && group /outer/inner 524288 1048576 0 &&
        refused 0B 512K
}
# What is mounted is the part of the hierarchy that a container sees.
mounted_part() {
    set_version "$1" /outer
    group /inner 524288 0 0 && refused 512K 512K
}
# The kernel writes a space in a path as \040.
mounted_at_a_space() {
    set_version "$1"
    group /outer "$none" 0 0 && group /outer/inner 524288 0 0 &&
        rm -f "$dir/a space" && ln -s "$groups" "$dir/a space" &&
        sed "s|$groups|$dir/a\\\\040space|" "$dir/mountinfo" >"$dir/spaced" &&
        mv "$dir/spaced" "$dir/mountinfo" && refused 512K 512K
}
no_limit() {
    set_version "$1"
    group /outer "$none" 1073741824 0 &&
        group /outer/inner "$none" 1073741824 0 && allowed
}
more_than_memory() {
    set_version "$1"
    group /outer 1125899906842624 0 0 &&
        group /outer/inner 1125899906842624 0 0 && allowed
}
no_files() {
    set_version "$1"
    mkdir -p "$groups/outer/inner" && allowed
}
high() {
    set_version 2
    group /outer max 0 0 && group /outer/inner max 0 0 524288 &&
        refused 512K 512K || return 1
    group /outer/inner 262144 0 0 524288 && refused 256K 256K
}
nothing_allowed() {
    set_version 2
    group /outer max 0 0 && group /outer/inner 0 0 0 && refused 0B 0B
}

# Memory is used by whole pages, of which a small file fills a part.
tiny_files() {
    set_version 2
    group /outer max 0 0 && group /outer/inner $((50 * system_page)) 0 0 &&
        mkdir -p "$dir/tiny" && (cd "$dir/tiny" && seq 100 | split -a 3 -l 1) &&
        "$mmapx" snapshot -r -o "$dir/tiny.snap" "$dir/tiny" || return 1
    "$mmapx" evict -q --sync -r "$dir/tiny"
    (in_groups "$mmapx" lock -r "$dir/tiny") >"$out" 2>"$err"
    [ $? -eq 1 ] && grep -q ' are to be locked, and ' "$err" || return 1
    (in_groups "$mmapx" lock --snapshot="$dir/tiny.snap") >"$out" 2>"$err"
    [ $? -eq 1 ] && grep -q ' are to be locked, and ' "$err" || return 1
    (in_groups "$mmapx" load -r "$dir/tiny") >"$out" 2>"$err"
    grep -q ' are to be loaded, and ' "$err" || return 1
    "$mmapx" evict -q --sync -r "$dir/tiny"
    (in_groups "$mmapx" restore "$dir/tiny.snap") >"$out" 2>"$err"
    grep -q ' are to be restored, and ' "$err"
}
# What is in memory already, by the doing of others, needs no memory.
in_memory() {
    set_version 2
    group /outer max 0 0 && group /outer/inner 524288 0 0 &&
        "$mmapx" load "$big" && "$mmapx" snapshot -o "$dir/big.snap" "$big" ||
        return 1
    (in_groups "$mmapx" restore "$dir/big.snap") >"$out" 2>"$err"
    code=$?
    cat "$out" "$err"
    [ "$code" -eq 0 ] && lines "$err" 0 || return 1
    [ "$1" = no ] || allowed || return 1
    # Half of it is what the group calls available.
    group /outer/inner 786432 524288 524288 && "$mmapx" load "$big" &&
        (in_groups "$mmapx" load "$big") >"$out" 2>"$err" && lines "$err" 0
}
# evicts: what is written does not stay in memory, as it does on tmpfs.
evicts() {
    pages 8 >"$dir/stays" && "$mmapx" evict -q --sync "$dir/stays" &&
        "$mmapx" status -b "$dir/stays" | grep -q " 0% "
}
# stays_in_memory: whatever is opened keeps its pages.
stays_in_memory() {
    pages 8 >"$dir/stays" && "$mmapx" load -q "$dir/stays" &&
        "$mmapx" status -b "$dir/stays" | grep -q " 100% "
}

set_version 2
if ! (in_groups grep -q "$groups" /proc/self/mountinfo) 2>/dev/null; then
    skip_all 'nothing can be mounted in a name space of its own'
fi
for v in 1 2; do
    check "v$v: a limit" limited $v
    check "v$v: what is used is not available, but for files" used $v
    check "v$v: the limit of a group above" outer_limit $v
    check "v$v: the lowest limit of several" lowest_limit $v
    check "v$v: a group that is full" full $v
    check "v$v: a part of the hierarchy" mounted_part $v
    check "v$v: a hierarchy whose path has a space" mounted_at_a_space $v
done
check 'v2: memory.high is a limit' high
check 'v2: a limit of nothing' nothing_allowed
if evicts; then
    check_cached 'small files count with whole pages' tiny_files
else
    skip 'small files count with whole pages' 'nothing is evicted here'
fi
set_version 2
locks=no
! allowed >/dev/null || locks=yes
if stays_in_memory; then
    check 'what is in memory already needs none' in_memory $locks
else
    skip 'what is in memory already needs none' \
        'files do not stay in memory here'
fi
set_version 2
if allowed >/dev/null; then
    for v in 1 2; do
        check "v$v: no limit" no_limit $v
        check "v$v: a limit that --force leaves aside" forced $v
        check "v$v: a limit above the memory" more_than_memory $v
        check "v$v: no files that say one" no_files $v
    done
else
    skip 'no limit' 'nothing can be locked here'
fi
finish

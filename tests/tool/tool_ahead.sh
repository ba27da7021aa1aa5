#!/bin/sh
# SPDX-License-Identifier: MIT
# Files that are opened before their turn, by one thread and by several.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"

tree=$dir/tree
mkdir "$tree"
for d in 1 2 3 4 5; do
    mkdir "$tree/$d"
    i=0
    while [ $i -lt 60 ]; do
        printf '%*s' $((d * i * 7 + 1)) x >"$tree/$d/$i" || exit 99
        i=$((i + 1))
    done
done
files=300
headed=$((files + 1)) # lines of a table
find "$tree" -type f -print0 >"$dir/names"

# As many lines as there are files, the same by however many threads.
looks() {
    run 0 status -b -r -j 1 "$tree" && lines "$out" "$headed" &&
        cp "$out" "$dir/said" || return 1
    for jobs in 2 32 1000; do
        run 0 status -b -r -j "$jobs" "$tree" && cmp "$out" "$dir/said" ||
            return 1
    done
}
check 'a tree by several threads' looks

# What is named comes in the order in which it was named.
looks_at_named() {
    sort -z "$dir/names" >"$dir/sorted" &&
        tr '\0' '\n' <"$dir/sorted" >"$dir/lines" || return 1
    for jobs in 1 8; do
        run 0 status --json -j "$jobs" --files0-from="$dir/sorted" &&
            sed 's/.*"path": *"\([^"]*\)".*/\1/' "$out" >"$dir/got" &&
            cmp "$dir/got" "$dir/lines" || return 1
    done
}
check 'named files in their order' looks_at_named

# Complaints stand where the files would.
in_order() {
    for jobs in 1 8; do
        run 1 status -j "$jobs" "$tree/1/1" "$tree/none" "$tree" "$tree/1/2" \
            "$tree/1/1/x" && lines "$out" 3 && lines "$err" 3 || return 1
        sed -n 1p "$err" | grep -q '/none: ' &&
            sed -n 2p "$err" | grep -q "/tree: " &&
            sed -n 3p "$err" | grep -q '/1/1/x: ' || return 1
    done
}
check 'complaints in the order of the names' in_order

loads() {
    for option in -j1 -j8 --small; do
        run 0 evict -r "$tree" && run 0 load -r -b "$option" "$tree" &&
            lines "$err" 0 && grep -q " in $files files, " "$out" || return 1
        run 0 status -r --only-cached "$tree" && lines "$out" "$headed" ||
            return 1
    done
}
check 'load a tree by several threads' loads

# In few descriptors, as many as there are files.
few_descriptors() {
    for jobs in 1 32; do
        (
            # shellcheck disable=SC3045 # All shells here have it.
            ulimit -n 32
            "$mmapx" status -r -j "$jobs" "$tree"
        ) >"$out" 2>"$err" && lines "$out" "$headed" && lines "$err" 0 ||
            return 1
    done
}
check 'few descriptors' few_descriptors

# A file that comes twice counts once, however early it was opened.
links() {
    mkdir "$dir/links" && printf x >"$dir/links/a" &&
        ln "$dir/links/a" "$dir/links/b" || return 1
    for jobs in 1 8; do
        run 0 status -r -j "$jobs" "$dir/links" && lines "$out" 2 || return 1
    done
}
if ln "$dir/names" "$dir/again" 2>/dev/null; then
    check 'links' links
else
    skip 'links' 'this file system has no hard links'
fi

# In single pages, or in what the file system has: all of it in any case.
small() {
    dd if=/dev/zero of="$dir/large" bs=1048576 count=20 2>/dev/null &&
        sync "$dir/large" && run 0 evict "$dir/large" &&
        run 0 load -b --small "$dir/large" &&
        grep -q "^loaded .* in 1 file, " "$out" &&
        run 0 status -b "$dir/large" && grep -q ' 100% ' "$out"
}
check 'load in single pages' small

# Nobody reads what is written: the files that wait are given up.
reader_goes() {
    for jobs in 1 8; do
        # shellcheck disable=SC2069 # The pipe gets the lines alone.
        timeout 60 "$mmapx" status -r -j "$jobs" "$tree" 2>"$err" | head -n 1 \
            >"$out"
        lines "$out" 1 || return 1
    done
}
check 'a reader that goes' reader_goes
finish

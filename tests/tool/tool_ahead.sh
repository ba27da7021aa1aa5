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
# What is dirty may be written between two looks.
sync -f "$tree" 2>/dev/null || sync
refill() {
    find "$tree" -type f -exec cat {} + >/dev/null
}
files=300
headed=$((files + 1)) # lines of a table
find "$tree" -type f -print0 >"$dir/names"

# As many lines as there are files, the same by however many threads.
looks() {
    run 0 status -b -r -j 1 "$tree" && lines "$out" "$headed" &&
        cp "$out" "$dir/said" || return 1
    run 0 status -b -r "$tree" && cmp "$out" "$dir/said" || return 1
    for jobs in 2 32 1000; do
        run 0 status -b -r -j "$jobs" "$tree" && cmp "$out" "$dir/said" ||
            return 1
    done
}
check_cached 'a tree by several threads' looks

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

# The same of many, more than wait at once: each third name is that of no file.
many_in_order() {
    sed 'n;n;s/$/-/' "$dir/lines" | tr '\n' '\0' >"$dir/thirds" || return 1
    for option in -j1 -b -j8; do
        run 1 status --json "$option" --files0-from="$dir/thirds" &&
            lines "$out" $((files * 2 / 3)) &&
            sed 's/^mmapx: \(.*\): .*/\1/' "$err" >"$dir/missed" &&
            sed -n 'n;n;s/$/-/p' "$dir/lines" | cmp - "$dir/missed" &&
            sed 's/.*"path": *"\([^"]*\)".*/\1/' "$out" >"$dir/got" &&
            sed 'n;n;d' "$dir/lines" | cmp - "$dir/got" || return 1
    done
}
check 'many complaints in the order of the names' many_in_order

loads() {
    for option in -j1 -j8 --small; do
        run 0 evict -r "$tree" && run 0 load -r -b "$option" "$tree" &&
            lines "$err" 0 && grep -q " in $files files, " "$out" || return 1
        run 0 status -r --only-cached "$tree" && lines "$out" "$headed" ||
            return 1
    done
}
check_cached 'load a tree by several threads' loads

# In few descriptors, as many as there are files.
few_descriptors() {
    for option in -j1 -j32 -b; do
        (
            # shellcheck disable=SC3045 # All shells here have it.
            ulimit -n 32
            "$mmapx" status -r "$option" "$tree"
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
check_cached 'load in single pages' small

# --- What a snapshot names ----------------------------------------------------

real=$(cd "$tree" && pwd -P)

restores() {
    run 0 load -r "$tree" && run 0 snapshot -r -o "$dir/snap" "$tree" ||
        return 1
    for jobs in 1 2 1000; do
        run 0 evict -r "$tree" && run 0 restore -j "$jobs" "$dir/snap" &&
            lines "$err" 0 && grep -q " in $files files, " "$out" || return 1
        run 0 status -r --only-cached "$tree" && lines "$out" "$headed" ||
            return 1
    done
    (
        # shellcheck disable=SC3045 # All shells here have it.
        ulimit -n 32
        "$mmapx" restore "$dir/snap"
    ) >"$out" 2>"$err" && lines "$err" 0 && grep -q " in $files files, " "$out"
}
check_cached 'restore a tree by several threads' restores

# A snapshot in which much is wrong, and what is to be said of it: names that
# have gone, and complaints, in the order in which they stand.
long=$(printf '%0300d' 0)
number=1 # of the line
entry() {
    printf 'file %s %s\n0 %s\n' "$2" "$1" "$3"
    number=$((number + 2))
}
mixed() {
    echo 'mmapx snapshot 1'
    : >"$dir/gone"
    : >"$dir/wrong"
    i=0
    while [ $i -lt 60 ]; do
        entry "$real/3/$i" $((3 * i * 7 + 1)) 1
        entry "$real/gone$i" 1 1
        echo "$real/gone$i" >>"$dir/gone"
        [ $((i % 3)) -ne 0 ] || {
            entry "$real/$long/$i" 1 1
            echo "$real/$long/$i: " >>"$dir/wrong"
        }
        [ $((i % 7)) -ne 0 ] || {
            entry "$real/4/$i" 1 x
            echo ": line $number is wrong" >>"$dir/wrong"
        }
        i=$((i + 1))
    done
    echo "end $(((number - 1) / 2))"
}
mixed >"$dir/mixed"
restores_in_order() {
    for jobs in 1 2 32; do
        run 1 restore --json -j "$jobs" "$dir/mixed" &&
            sed -n 's/.*"path": *"\([^"]*\)".*"gone".*/\1/p' "$out" \
                >"$dir/got" && cmp "$dir/got" "$dir/gone" || return 1
        lines "$out" 120 && [ "$(grep -c '"same"' "$out")" -eq 60 ] &&
            lines "$err" "$(wc -l <"$dir/wrong")" || return 1
        while read -r line && read -r wanted <&3; do
            case $line in *"$wanted"*) ;; *) return 1 ;; esac
        done <"$err" 3<"$dir/wrong"
        [ "$jobs" -ne 1 ] || cp "$out" "$dir/said"
        cmp "$out" "$dir/said" || return 1
    done
}
check_cached 'what a snapshot names wrongly, in its order' restores_in_order

# Paths of a MiB that wait together would take more memory than there is here.
long_paths() {
    awk -v real="$real" 'BEGIN {
        part = "/"
        while (length(part) < 200)
            part = part "a"
        path = real
        while (length(path) + 400 < 1048576)
            path = path part
        print "mmapx snapshot 1"
        for (i = 0; i < 64; i++)
            printf "file 1 %s/%d\n0 1\n", path, i
        print "end 64"
    }' >"$dir/long"
    prlimit --as=67108864 "$mmapx" restore "$dir/long" >"$out" 2>"$err" &&
        lines "$err" 0 && grep -q '^since the snapshot 64 files' "$out"
}
if command -v prlimit >/dev/null &&
    prlimit --as=67108864 "$mmapx" --version >/dev/null 2>&1; then
    check 'names of a MiB each' long_paths
else
    skip 'names of a MiB each' 'no program runs in 64 MiB of address space'
fi

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

#!/bin/sh
# SPDX-License-Identifier: MIT
# A public function appears wherever CONTRIBUTING says that it has to.  What
# exports.sh and manual.sh look at is left to them.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

header=$srcdir/include/libmmapx.h
map=$srcdir/src/libmmapx.map
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tap_output" "$tmp"' EXIT

# "FUNCTION RELEASE" by the version script's nodes.
awk '/^MMAPX_[0-9.]+ / { node = substr($1, 7) }
     /^\tmmapx_[a-z0-9_]+;$/ { gsub(/[\t;]/, ""); print $0, node }' "$map" |
    LC_ALL=C sort >"$tmp/nodes"

# The same by what the header says.  A comment is that of all functions up to
# the next one; the last "Since" in it counts.
awk '
/^\/\*/ { comment = 1; since = "" }
comment {
    if (match($0, /Since [0-9]+\.[0-9]+/))
        since = substr($0, RSTART + 6, RLENGTH - 6)
    if ($0 ~ /\*\//)
        comment = 0
    next
}
/^[a-z].*[ *]mmapx_[a-z0-9_]*\(/ {
    match($0, /mmapx_[a-z0-9_]*\(/)
    print substr($0, RSTART, RLENGTH - 1), since
}' "$header" | LC_ALL=C sort >"$tmp/since"

nodes_are_since() {
    [ -s "$tmp/nodes" ] && diff "$tmp/nodes" "$tmp/since"
}

# each_in FILE...: every function is named there, as a word.
each_in() {
    while read -r function release; do
        grep -q -E "(^|[^a-z0-9_])$function([^a-z0-9_]|\$)" "$@" ||
            echo "$function (since $release) is not there"
    done <"$tmp/nodes" >"$tmp/lacks"
    cat "$tmp/lacks"
    ! [ -s "$tmp/lacks" ]
}

# A call, or what stands for one: OK(f(...)).
each_called_in() {
    while read -r function release; do
        grep -q -E "(^|[^a-z0-9_])$function\(" "$@" ||
            echo "$function (since $release) is not called"
    done <"$tmp/nodes" >"$tmp/lacks"
    cat "$tmp/lacks"
    ! [ -s "$tmp/lacks" ]
}

abi_has_nodes() {
    awk -F "'" '/<elf-symbol / { print $2, substr($4, 7) }' \
        "$srcdir/abi/libmmapx.abi.xml" | LC_ALL=C sort | diff "$tmp/nodes" -
}

each_page_in_overview() {
    for page in "$srcdir"/doc/mmapx_*.3; do
        name=$(basename "$page" .3)
        grep -q '^\.so ' "$page" ||
            grep -q "^\.It Xr $name 3 Ta " "$srcdir/doc/libmmapx.7" ||
            echo "$name(3) is not in libmmapx(7)"
    done >"$tmp/lacks"
    cat "$tmp/lacks"
    ! [ -s "$tmp/lacks" ]
}

each_test_in_makefile() {
    for source in "$srcdir"/tests/*/check_*.c; do
        name=${source#"$srcdir/"}
        name=${name%.c}
        grep -q "^	$name\( \\\\\)\{0,1\}\$" "$srcdir/tests/Makemodule.am" ||
            echo "$name is not in tests/Makemodule.am"
    done >"$tmp/lacks"
    cat "$tmp/lacks"
    ! [ -s "$tmp/lacks" ]
}

# What a text calls by the name of a function or of a struct is one.
names_functions_only() {
    grep -o -E 'mmapx_[a-z][a-z_]*' "$1" | LC_ALL=C sort -u >"$tmp/named"
    {
        sed 's/ .*//' "$tmp/nodes"
        sed -n 's/^struct \(mmapx_[a-z_]*\) {$/\1/p' "$header"
    } | LC_ALL=C sort -u | LC_ALL=C comm -13 - "$tmp/named" >"$tmp/strange"
    cat "$tmp/strange"
    [ -s "$tmp/named" ] && ! [ -s "$tmp/strange" ]
}

check "a function's node is the release that the header names" nodes_are_since
# The seam's calls, and the tests' list of them.
the_seam_is_listed() {
    grep -o 'mmapx_os_[a-z0-9_]*(' "$srcdir/src/os/os.h" |
        sed 's/^mmapx_os_//;s/($//' | LC_ALL=C sort -u >"$tmp/seam"
    sed -n -E -e 's/^SEAM_(CALL|FAILS)\([A-Z0-9_]+, ([a-z0-9_]+),.*/\2/p' \
        -e 's/^SEAM_(ANSWER|REAL)\(([a-z0-9_]+)\)$/\2/p' \
        "$srcdir/tests/fault/seam.def" | LC_ALL=C sort >"$tmp/listed"
    [ -s "$tmp/seam" ] && diff "$tmp/seam" "$tmp/listed"
}

each_source_in_design() {
    for source in "$srcdir"/src/*.c "$srcdir"/src/os/*.c; do
        name=$(basename "$source" .c)
        grep -q -E "(^|[ /])$name(\.c|\.\[ch\])([ ,;:.]|\$)" \
            "$srcdir/doc/design" || echo "$name.c is not in doc/design"
    done >"$tmp/lacks"
    cat "$tmp/lacks"
    ! [ -s "$tmp/lacks" ]
}

each_advice_in() {
    grep -o 'MMAPX_MADV_[A-Z_]*' "$header" | LC_ALL=C sort -u >"$tmp/advices"
    for file; do
        while read -r advice; do
            grep -q -w -E "(MMAPX_MADV_)?${advice#MMAPX_MADV_}" \
                "$srcdir/$file" || echo "$advice is not in $file"
        done <"$tmp/advices"
    done >"$tmp/lacks"
    cat "$tmp/lacks"
    [ -s "$tmp/advices" ] && ! [ -s "$tmp/lacks" ]
}

check 'each advice is in all places' each_advice_in m4/mmapx-advice.m4 \
    src/advise.c src/os/posix.c doc/mmapx_advise.3 tests/project/header_c.c \
    tests/unit/check_advise.c tests/fault/check_seam_arguments.c
check 'doc/design says where each source belongs' each_source_in_design
check 'NEWS names each function' each_in "$srcdir/NEWS"
check 'the tests call each function' \
    each_called_in "$srcdir"/tests/*/check_*.c "$srcdir/tests/project/edit.c"
check "the fuzzer's model calls each function" \
    each_called_in "$srcdir"/fuzz/*.c
check 'the description of the ABI has each function' abi_has_nodes
check 'libmmapx(7) has each page' each_page_in_overview
for text in README NEWS doc/migrating; do
    check "$text names no function that is not there" \
        names_functions_only "$srcdir/$text"
done
check 'tests/Makemodule.am has each test' each_test_in_makefile
check 'tests/fault/seam.def has each call of src/os/os.h' the_seam_is_listed
finish

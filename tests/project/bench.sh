#!/bin/sh
# SPDX-License-Identifier: MIT
# That the benchmark builds, knows its rows, and that its report comes of what
# it prints.  Nothing is measured here.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

[ "$(uname -s)" = Linux ] || skip_all 'the benchmark is for Linux'

# It maps what 32 bits have no room for.
if ! echo 'char wide[sizeof(void *) >= 8 ? 1 : -1];' |
    $CC -x c -c -o /dev/null - 2>/dev/null; then
    skip_all 'the benchmark is for 64 bits'
fi

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tap_output" "$tmp"' EXIT

builds() {
    "${MAKE:-make}" bench/bench bench/ours
}

lists() {
    bench/bench --list >"$tmp/rows" && cat "$tmp/rows" &&
        for row in 1 1c 2-3 4 5 6 7 8 9 10 11 12 13 14 15; do
            grep -q "^$row  " "$tmp/rows" || return 1
        done
}

refuses() {
    bench/bench "$@" && return 1
    [ $? -eq 2 ]
}

explains() {
    sed 's/ .*//' "$tmp/rows" | tr - '\n' | while read -r row; do
        grep -q "^$row  " "$srcdir/bench/README" || echo "no row $row"
    done >"$tmp/missing"
    cat "$tmp/missing"
    ! [ -s "$tmp/missing" ]
}

# Whose goals these are, and why: the report says it for each row.
gives_reasons() {
    sed 's/ .*//' "$tmp/rows" | tr - '\n' | sed 's/[a-z]$//' |
        while read -r row; do
            grep -q "^    \"$row\": (" "$srcdir/bench/report.py" ||
                echo "no reason for row $row"
        done >"$tmp/missing"
    cat "$tmp/missing"
    [ -s "$tmp/rows" ] && ! [ -s "$tmp/missing" ]
}

# Something that costs nothing but the program's own doings.
tidies_up() {
    mkdir "$tmp/dir"
    bench/bench --quick --dir="$tmp/dir" --json 1c >"$tmp/json" &&
        grep -q '"type":"result"' "$tmp/json" && [ -z "$(ls "$tmp/dir")" ]
}

reports() {
    mkdir "$tmp/out"
    python3 "$srcdir/bench/report.py" --output="$tmp/out" \
        <"$srcdir/tests/project/bench.json" &&
        grep -q '^5   populate 4 GiB, L ' "$tmp/out/performance" &&
        grep -q 'met$' "$tmp/out/performance" &&
        grep -q '^Row 5: ' "$tmp/out/performance" &&
        grep -q '^  Goals: The kernel has two ways' "$tmp/out/performance" &&
        grep -q '^</svg>$' "$tmp/out/performance.svg" &&
        grep -q '>populate 4 GiB, L<' "$tmp/out/performance.svg"
}

reports_what_was_measured() {
    python3 "$srcdir/bench/report.py" --output="$tmp/out" <"$tmp/json" &&
        grep -q '^1   advise NORMAL, 16 KiB ' "$tmp/out/performance"
}

reports_nothing_of_nothing() {
    ! echo '{"type":"note","row":"","text":"x"}' |
        python3 "$srcdir/bench/report.py" --output="$tmp/out"
}

check 'it builds' builds
check 'it lists its rows' lists
check 'the README has each of them' explains
check 'the report has a reason for the goals of each row' gives_reasons
check 'an unknown row is an error' refuses 77
check 'an unknown option is an error' refuses --nonsense
check 'a row prints results, and leaves nothing' tidies_up
if command -v python3 >/dev/null; then
    check 'the report makes a table and a plot' reports
    check 'and of what was just measured' reports_what_was_measured
    check 'but nothing of nothing' reports_nothing_of_nothing
else
    skip 'the report makes a table and a plot' 'there is no python3'
fi
finish

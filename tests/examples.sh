#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples do what they say, also when the file is cut under them.
# shellcheck source=tests/tap.sh
. "${srcdir:=.}/tests/tap.sh"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tap_output" "$tmp"' EXIT

# More than one page of any system, in lines of eight bytes.
lines=40000
awk -v n="$lines" 'BEGIN { for (i = 0; i < n; i++) printf "%07d\n", i }' \
    >"$tmp/text"

# says TEXT COMMAND...: prints exactly that, on both outputs together.
says() {
    want=$1
    shift
    said=$("$@" 2>&1)
    code=$?
    echo "$said"
    [ "$code" -eq 0 ] && [ "$said" = "$want" ]
}

fails_with() {
    want=$1
    shift
    "$@"
    code=$?
    echo "exit status $code"
    [ "$code" -eq "$want" ]
}

# --- guarded_scan -------------------------------------------------------------

# cut_file BYTES: to that length, without another file.
cut_file() {
    dd if=/dev/null of="$tmp/file" bs=1 seek="$1" 2>&1
}

# scan_and CHANGE...: run a scan that waits, make the change once the file is
# mapped, let it go on.  Its output is $tmp/said, its complaints $tmp/errors.
scan_and() {
    cp "$tmp/text" "$tmp/file" && rm -f "$tmp/go" "$tmp/out" &&
        mkfifo "$tmp/go" "$tmp/out" || return 99
    ./examples/guarded_scan -w "$tmp/file" <"$tmp/go" >"$tmp/out" \
        2>"$tmp/errors" &
    scan=$!
    exec 3>"$tmp/go" 4<"$tmp/out"
    read -r mapped <&4
    "$@"
    echo >&3
    cat <&4 >"$tmp/said"
    exec 3>&- 4<&-
    wait "$scan"
    code=$?
    echo "exit status $code, mapped: $mapped"
    cat "$tmp/said" "$tmp/errors"
    [ "$mapped" = "mapped $((lines * 8)) bytes" ] || return 99
    return "$code"
}

scans_whole() {
    scan_and true && [ "$(cat "$tmp/said")" = "$lines lines" ] &&
        ! [ -s "$tmp/errors" ]
}

# gone_at BYTE CHANGE...: that is where the scan ends, with status 1.
gone_at() {
    byte=$1
    shift
    fails_with 1 scan_and "$@" && ! [ -s "$tmp/said" ] &&
        grep -q -F "$tmp/file: gone at byte $byte: " "$tmp/errors"
}

page=$(getconf PAGESIZE 2>/dev/null || getconf PAGE_SIZE)

: >"$tmp/empty"
check 'guarded_scan counts the lines of a file' \
    says "$lines lines" ./examples/guarded_scan "$tmp/text"
check 'and of an empty one' \
    says '0 lines' ./examples/guarded_scan "$tmp/empty"
check 'and of one that stays while it waits' scans_whole
check 'a file cut to nothing is an error' gone_at 0 cut_file 0
check 'a file cut to its first bytes has one page' gone_at "$page" cut_file 5
check 'no such file' fails_with 1 ./examples/guarded_scan "$tmp/none"
check 'no file named' fails_with 2 ./examples/guarded_scan

# --- append_log ---------------------------------------------------------------

append() {
    ./examples/append_log "$tmp/log" <"$1"
}

grows() {
    says '320000 bytes, grown 8 times' append "$tmp/text" &&
        cmp "$tmp/log" "$tmp/text"
}

grows_on() {
    append "$tmp/text" && cat "$tmp/text" "$tmp/text" | cmp "$tmp/log" -
}

appends_nothing() {
    says '640000 bytes, grown 0 times' append "$tmp/empty" &&
        test "$(wc -c <"$tmp/log")" -eq 640000
}

# What is left when it is killed: text, and zeroes after it.
recovers() {
    printf 'one\n\0\0\0\0' >"$tmp/log" && echo two >"$tmp/two" &&
        says '8 bytes, grown 0 times' append "$tmp/two" &&
        printf 'one\ntwo\n' | cmp "$tmp/log" -
}

# A limit on the size of files is an error, no signal, and nothing is lost.
stops() {
    cp "$tmp/two" "$tmp/log" || return
    fails_with 1 limited && grep -q 'log: ' "$tmp/errors" &&
        head -c 4 "$tmp/log" | cmp - "$tmp/two"
}

limited() {
    # In units of 512 or of 1024 bytes: less than the text in either.
    (ulimit -f 128 && append "$tmp/text") 2>"$tmp/errors"
}

check 'append_log writes what it is given' grows
check 'and appends to it' grows_on
check 'and leaves it alone when it is given nothing' appends_nothing
check 'it goes on where one that was killed ended' recovers
check 'where the file cannot grow it fails' stops

# --- shared_memfd -------------------------------------------------------------

if [ "$(uname -s)" = Linux ]; then
    check 'shared_memfd talks to its child' says 'child: hello, child
parent: hello, parent' ./examples/shared_memfd
else
    skip 'shared_memfd talks to its child' 'only Linux has such memory'
fi
finish

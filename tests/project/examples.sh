#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples do what they say, also when the file is cut under them.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

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

# --- word_count ---------------------------------------------------------------

counts() {
    printf 'one  two\n\n three' >"$tmp/words"
    says "2 3 16 $tmp/words
0 0 0 $tmp/empty
2 3 16 total" ./examples/word_count "$tmp/words" "$tmp/empty"
}

counts_the_others() {
    fails_with 1 ./examples/word_count "$tmp/none" "$tmp/words" >"$tmp/said" &&
        grep -F "2 3 16 $tmp/words" "$tmp/said"
}

check 'word_count counts' counts
check 'and goes on after a file that is not there' counts_the_others

# --- slots --------------------------------------------------------------------

stores() {
    says '1 one
2 two' ./examples/slots "$tmp/texts" one two &&
        says '2 two' ./examples/slots "$tmp/texts"
}
leaves_others() {
    printf 'a text\n' >"$tmp/other" && dd if=/dev/zero bs=4096 count=2 \
        2>/dev/null | tr '\0' x >"$tmp/large" || return
    cp "$tmp/large" "$tmp/same"
    for file in other large none; do
        fails_with 1 ./examples/slots "$tmp/$file" || return
    done
    fails_with 1 ./examples/slots "$tmp/other" one &&
        fails_with 1 ./examples/slots "$tmp/large" one &&
        ! [ -e "$tmp/none" ] && [ "$(cat "$tmp/other")" = 'a text' ] &&
        cmp "$tmp/large" "$tmp/same"
}
check 'slots keeps a text' stores
check 'and leaves other files as they are' leaves_others
if [ -x libtool ]; then
    check 'and loses none that was safe, killed 1,000 times' \
        ./libtool --mode=execute tests/project/killer 1000 examples/slots \
        "$tmp/slots"
else
    skip 'and loses none that was safe, killed 1,000 times' \
        'this is not the build, which has the program that kills'
fi

# --- replace ------------------------------------------------------------------

replaces() {
    printf 'abcabab' >"$tmp/file" &&
        says '3 replaced' ./examples/replace "$tmp/file" ab xy &&
        printf 'xycxyxy' | cmp - "$tmp/file"
}

replaces_none() {
    says '0 replaced' ./examples/replace "$tmp/file" "$1" "$2" &&
        printf 'xycxyxy' | cmp - "$tmp/file"
}

check 'replace edits a file in place' replaces
# What was replaced is not looked at again.
replaces_on() {
    printf 'aaaa' >"$tmp/file" && says '2 replaced' \
        ./examples/replace "$tmp/file" aa ba && printf 'baba' |
        cmp - "$tmp/file" && printf 'aaa' >"$tmp/file" &&
        says '1 replaced' ./examples/replace "$tmp/file" aa ba
}

check 'and goes on behind what it replaced' replaces_on
printf 'xycxyxy' >"$tmp/file"
check 'and leaves alone what is not there' replaces_none xx ab
check 'or longer than the file' replaces_none xycxyxyx xycxyxya
check 'it edits nothing in an empty file' \
    says '0 replaced' ./examples/replace "$tmp/empty" ab xy
check 'it takes no text of another length' \
    fails_with 2 ./examples/replace "$tmp/file" ab x
check 'and no empty one' fails_with 2 ./examples/replace "$tmp/file" '' ''

# --- lookup -------------------------------------------------------------------

# Each line of a file by itself, whatever its neighbours are.
finds_each() {
    printf 'a\n\nab\nabc\nb\nba\nz' | LC_ALL=C sort >"$tmp/sorted"
    for key in a ab abc b ba z '' aa c 0; do
        grep "^$key" "$tmp/sorted" >"$tmp/want"
        ./examples/lookup "$tmp/sorted" "$key" >"$tmp/got"
        code=$?
        diff "$tmp/want" "$tmp/got" || return
        [ -s "$tmp/want" ] || [ "$code" -eq 1 ] || return
    done
}

# The last line has no end.
finds_unended() {
    printf 'a\nb\nbc' >"$tmp/sorted" &&
        says 'bc' ./examples/lookup "$tmp/sorted" bc
}

check 'lookup finds what grep finds' finds_each
check 'and a last line without an end' finds_unended
check 'it finds one of many' says 0031415 ./examples/lookup "$tmp/text" 0031415
check 'and nothing in an empty file' \
    fails_with 1 ./examples/lookup "$tmp/empty" a
check 'no file to look in' fails_with 2 ./examples/lookup "$tmp/none" a

# --- many_lookups -------------------------------------------------------------

# Keys that are there and keys that are not, more than a batch of them.
finds_many() {
    seq -w 0 400 | sed 's/^/0/; s/$/07/' | tr -d ' ' >"$tmp/some"
    awk '{ printf "%07d\n", $1 * 3 }' "$tmp/some" >"$tmp/keys"
    printf '%s\n' 9999999 short toolongakey '' >>"$tmp/keys"
    grep -Fx -f "$tmp/text" "$tmp/keys" >"$tmp/want"
    [ "$(wc -l <"$tmp/want")" -gt 64 ] || return
    for option in '' -n; do
        # It is one word, or none.
        # shellcheck disable=SC2086
        ./examples/many_lookups $option "$tmp/text" <"$tmp/keys" >"$tmp/got" ||
            return
        diff "$tmp/want" "$tmp/got" || return
    done
}

check 'many_lookups finds what grep finds' finds_many
check 'and nothing in an empty file' \
    says '' ./examples/many_lookups "$tmp/empty" <"$tmp/text"
check 'no file to look many up in' \
    fails_with 2 ./examples/many_lookups "$tmp/none"

# --- residency_report ---------------------------------------------------------

# What was just written is in memory, and no page of a hole that was never read.
# A page that was written in part may be there or not.
reports() {
    head -c $((4 * page)) "$tmp/text" >"$tmp/file"
    says "$tmp/file: 4 of 4 pages of $page bytes
    0 to $((4 * page))" ./examples/residency_report "$tmp/file"
}

reports_nothing() {
    rm -f "$tmp/hole"
    dd if=/dev/null of="$tmp/hole" bs="$page" seek=3 2>/dev/null
    says "$tmp/hole: 0 of 3 pages of $page bytes
$tmp/empty: 0 of 0 pages of $page bytes" \
        ./examples/residency_report "$tmp/hole" "$tmp/empty"
}

if ./examples/residency_report "$tmp/empty" >/dev/null 2>&1; then
    check 'residency_report finds a new file in memory' reports
    check 'and no page of a hole' reports_nothing
else
    skip 'residency_report' 'the system does not tell what is in memory'
fi
check 'no such file to report on' \
    fails_with 1 ./examples/residency_report "$tmp/none"

# --- warm ---------------------------------------------------------------------

warms() {
    says "$tmp/text: $((lines * 8)) bytes
$tmp/empty: 0 bytes" ./examples/warm "$tmp/text" "$tmp/empty" </dev/null
}

# warm_without_leave: a limit below the file, for somebody who is held to it.
warm_without_leave() {
    # shellcheck disable=SC3045 # Where there is no -l, this is a skip.
    (ulimit -l 8 && ./examples/warm "$tmp/text" </dev/null) >"$tmp/said" 2>&1
}

says_limit() {
    fails_with 1 warm_without_leave
    cat "$tmp/said"
    grep -F "$tmp/text: lock: " "$tmp/said" &&
        grep 'bytes are locked of at most 8192 ' "$tmp/said"
}

warms_the_others() {
    fails_with 1 ./examples/warm "$tmp/none" "$tmp/empty" </dev/null \
        >"$tmp/said" && grep -F "$tmp/empty: 0 bytes" "$tmp/said"
}

# By what the kernel says is locked while it waits.
keeps_it() {
    rm -f "$tmp/go" "$tmp/out" && mkfifo "$tmp/go" "$tmp/out" || return 99
    ./examples/warm "$tmp/text" <"$tmp/go" >"$tmp/out" &
    warm=$!
    exec 3>"$tmp/go" 4<"$tmp/out"
    read -r said <&4
    echo "$said"
    grep '^VmLck:' "/proc/$warm/status" >"$tmp/locked"
    cat "$tmp/locked"
    exec 3>&- 4<&-
    wait "$warm" && awk -v want=$((lines * 8 / 1024)) \
        '$2 < want { exit 1 }' "$tmp/locked" && [ -s "$tmp/locked" ]
}

if ./examples/warm "$tmp/text" </dev/null >/dev/null 2>&1; then
    check 'warm takes what it is given' warms
    if ! grep -q '^VmLck:' /proc/self/status 2>/dev/null; then
        skip 'and keeps it locked' 'the system does not tell (/proc)'
    elif grep -a -e __asan_init -e __tsan_init examples/warm \
        examples/.libs/warm >/dev/null 2>&1; then
        skip 'and keeps it locked' 'the sanitizer makes mlock do nothing'
    else
        check 'and keeps it locked' keeps_it
    fi
else
    skip 'warm takes what it is given' 'this user may lock less (ulimit -l)'
    skip 'and keeps it locked' 'this user may lock less (ulimit -l)'
fi
# shellcheck disable=SC3045
if ! (ulimit -l 8) 2>/dev/null || warm_without_leave; then
    skip 'warm says what limit it met' 'this user cannot be held to one'
else
    check 'warm says what limit it met' says_limit
fi
check 'and goes on after a file that is not there' warms_the_others

# --- weights ------------------------------------------------------------------

# Compared with a sum made here, without the first byte and the last 70000.
weighs() {
    want=$(awk 'BEGIN { for (i = 0; i < 256; i++) code[sprintf("%c", i)] = i }
        { line = $0 "\n"; for (i = 1; i <= 8; i++) {
            at++
            if (at > 1 && at <= '$((lines * 8 - 70000))')
                sum += code[substr(line, i, 1)] } }
        END { print sum }' "$tmp/text")
    ./examples/weights "$tmp/text" 1 70000 >"$tmp/said" || return
    cat "$tmp/said"
    end=$((lines * 8 - 70000))
    mapped=$(((end + page - 1) / page * page))
    [ "$mapped" -le $((lines * 8)) ] || mapped=$((lines * 8))
    grep " locked, $mapped still mapped, sum $want\$" "$tmp/said"
}

# Whoever may lock all of it does.
locks_weights() {
    ./examples/weights "$tmp/text" "$page" "$page" >"$tmp/said" || return
    cat "$tmp/said"
    grep "^$((lines * 8 - 2 * page)) bytes locked, " "$tmp/said"
}

check 'weights maps, locks and gives back' weighs
if ./examples/warm "$tmp/text" </dev/null >/dev/null 2>&1; then
    check 'and locks as it loads' locks_weights
else
    skip 'and locks as it loads' 'this user may lock less (ulimit -l)'
fi
check 'more before and behind than there is' \
    fails_with 2 ./examples/weights "$tmp/text" 10 320000
no_numbers() {
    for number in x 1x '' -1; do
        fails_with 2 ./examples/weights "$tmp/text" "$number" 1 &&
            fails_with 2 ./examples/weights "$tmp/text" 1 "$number" || return
    done
}
check 'and what are no numbers' no_numbers
no_success() {
    for example in slots weights many_lookups; do
        LC_ALL=C "./examples/$example" </dev/null 2>"$tmp/said" && return 1
        cat "$tmp/said"
        [ -s "$tmp/said" ] && ! grep -q -i 'success\|no error' "$tmp/said" ||
            return
    done
}
check 'what lacks its arguments says no "Success"' no_success

# --- shared_memfd -------------------------------------------------------------

if [ "$(uname -s)" = Linux ]; then
    check 'shared_memfd talks to its child' says 'child: hello, child
parent: hello, parent' ./examples/shared_memfd
else
    skip 'shared_memfd talks to its child' 'only Linux has such memory'
fi

# --- All ----------------------------------------------------------------------

long_examples() {
    awk 'FNR >= 80 { print FILENAME; nextfile }' "$srcdir"/examples/*.c
}

check 'each example is shorter than 80 lines' test -z "$(long_examples)"
finish

#!/bin/sh
# SPDX-License-Identifier: MIT
# The command, from the outside: its answers, its layout, its exit statuses.
# shellcheck source=tests/tap.sh
. "${srcdir:=.}/tests/tap.sh"

dir=$(mktemp -d "${TMPDIR:-/tmp}/mmapx-tool.XXXXXX") || exit 99
trap 'rm -rf "$tap_output" "$dir"' EXIT
trap 'exit 1' HUP INT TERM

mmapx=$PWD/tools/mmapx
out=$dir/out
err=$dir/err
page=$(getconf PAGESIZE 2>/dev/null || echo 65536)
tab=$(printf '\t')
escape=$(printf '\033')
unset COLUMNS NO_COLOR POSIXLY_CORRECT
LC_ALL=C
TERM=xterm
export LC_ALL TERM

# --- What the assertions are made of ------------------------------------------

# A hang is a failure; where it cannot be made one it stays a hang.
if ! command -v timeout >/dev/null; then
    timeout() {
        shift
        "$@"
    }
fi

# run WANTED ARGUMENT...: the exit status; the output is kept.
run() {
    wanted=$1
    shift
    timeout 60 "$mmapx" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    cat "$out" "$err"
    [ "$got" -eq "$wanted" ] || { echo "exit $got, not $wanted"; return 1; }
}

# lines FILE NUMBER
lines() {
    [ "$(wc -l <"$1")" -eq "$2" ] || { echo "$1: not $2 lines"; return 1; }
}

# line_is TEXT: standard output is this one line, and nothing was complained of.
line_is() {
    lines "$out" 1 && lines "$err" 0 || return 1
    [ "$(cat "$out")" = "$1" ] || { echo "not: $1"; return 1; }
}

# complains REGEX: one line on stderr, nothing on stdout.
complains() {
    lines "$out" 0 && lines "$err" 1 && grep -q "^mmapx: $1\$" "$err"
}

# bytes FILE RESIDENT SIZE PERCENT: what "status -b" prints of a file.
bytes() {
    run 0 status -b "$1" || return 1
    set -- "$2 of $3 $4" "$(awk '{ print $1, $2, $3, $4 }' "$out")"
    [ "$1" = "$2" ] || { echo "'$2', not '$1'"; return 1; }
}

# bar REGEX: the bar of the only line in the output.
bar() {
    lines "$out" 1 && grep -q "  \\[$1\\]  " "$out"
}

# pages NUMBER: so many pages of data.
pages() {
    dd if=/dev/zero bs="$page" count="$1" 2>/dev/null | tr '\0' x
}

# put FILE FIRST NUMBER: data in so many pages of a file, from one of them on.
put() {
    pages "$3" | dd of="$1" bs="$page" seek="$2" conv=notrunc 2>/dev/null
}

# sparse FILE NUMBER: a file of so many pages of which none was ever touched.
sparse() {
    rm -f "$1"
    dd if=/dev/null of="$1" bs="$page" seek="$2" 2>/dev/null
}

# --- Before all else ----------------------------------------------------------

pages 3 >"$dir/three"
if "$mmapx" status "$dir/three" 2>&1 | grep -q 'Function not implemented'; then
    skip_all 'this system does not tell what is in memory'
fi

# --- Residency ----------------------------------------------------------------

full='################################'
none='................................'

read_file() {
    cat "$dir/three" >/dev/null
    bytes "$dir/three" $((3 * page)) $((3 * page)) 100% && bar "$full"
}
check 'a file that was read is resident' read_file

part_of_a_page() {
    printf abc >"$dir/tiny"
    bytes "$dir/tiny" 3 3 100% && bar "$full"
}
check 'a page counts with the bytes that the file has' part_of_a_page

odd_length() {
    sparse "$dir/odd" 31
    printf abc >>"$dir/odd"
    bytes "$dir/odd" 3 $((31 * page + 3)) '<1%' && bar '\.\{31\}-'
}
check 'so it does at the end of a longer file' odd_length

untouched() {
    sparse "$dir/sparse" 64
    bytes "$dir/sparse" 0 $((64 * page)) 0% && bar "$none"
}
check 'a sparse file is not resident' untouched

first_half() {
    sparse "$dir/half" 64
    put "$dir/half" 0 32
    bytes "$dir/half" $((32 * page)) $((64 * page)) 50% &&
        bar '#\{16\}\.\{16\}'
}
check 'half of a file is half of the bar' first_half

# Cells of eight pages: 0 to 8, and then the runs across the cells' edges.
cells() {
    sparse "$dir/cells" 256
    put "$dir/cells" 0 8
    put "$dir/cells" 8 1
    put "$dir/cells" 20 4
    put "$dir/cells" 25 7
    put "$dir/cells" 47 2
    put "$dir/cells" 255 1
    bytes "$dir/cells" $((23 * page)) $((256 * page)) 9% &&
        bar '#--+\.--\.\{24\}-'
}
check 'a cell is full or empty only if all of it is' cells

almost() {
    sparse "$dir/most" 512
    put "$dir/most" 0 511
    bytes "$dir/most" $((511 * page)) $((512 * page)) '>99%' &&
        bar '#\{31\}+' || return 1
    sparse "$dir/one" 512
    put "$dir/one" 100 1
    bytes "$dir/one" "$page" $((512 * page)) '<1%' &&
        bar '\.\{6\}-\.\{25\}'
}
check 'no percentage is rounded to 0% or to 100%' almost

# Two of the command's windows and a short one, with something at each edge.
windows() {
    window=16384
    sparse "$dir/large" $((2 * window + 2)) || return 1
    put "$dir/large" 0 1
    put "$dir/large" $((window - 1)) 2
    put "$dir/large" $((2 * window)) 2
    bytes "$dir/large" $((5 * page)) $(((2 * window + 2) * page)) '<1%' &&
        bar '-\.\{14\}-\.\{15\}-'
}
if sparse "$dir/large" 32770 && [ -s "$dir/large" ]; then
    check 'a large file is looked at in windows' windows
else
    skip 'a large file is looked at in windows' 'no room for a sparse file'
fi

# fincore, where there is one, says whether the system dropped anything.
drop() {
    sync "$1" 2>/dev/null || sync
    dd of="$1" oflag=nocache conv=notrunc,fdatasync count=0 2>/dev/null
    [ "$(fincore -nb -o RES "$1" 2>/dev/null | tr -d ' ')" = 0 ]
}
dropped() {
    bytes "$dir/three" 0 $((3 * page)) 0% && bar "$none"
}
if drop "$dir/three"; then
    check 'a file that was dropped is not resident' dropped
else
    skip 'a file that was dropped is not resident' \
        'no fincore, or a file system that keeps it'
fi

empty() {
    : >"$dir/empty"
    bytes "$dir/empty" 0 0 - && ! grep -q '[][#]' "$out"
}
check 'an empty file has neither a percentage nor a bar' empty

# --- What cannot be told ------------------------------------------------------

missing() {
    run 1 status "$dir/tiny" "$dir/missing" "$dir/empty" &&
        lines "$out" 2 && lines "$err" 1 &&
        grep -q '/tiny$' "$out" && grep -q '/empty$' "$out" &&
        grep -q '^mmapx: .*/missing: No such file or directory$' "$err"
}
check 'a missing file does not keep the others' missing

in_order() {
    "$mmapx" status "$dir/tiny" "$dir/missing" "$dir/empty" >"$out" 2>&1
    [ "$(sed 's/:.*//; s/.*  //' "$out" | tr '\n' ' ')" = \
        "$dir/tiny mmapx $dir/empty " ]
}
check 'lines and complaints are in the order of the files' in_order

directory() {
    run 1 status "$dir" && complains '.*: Is a directory'
}
check 'a directory is an error' directory

fifo() {
    mkfifo "$dir/fifo" || return 1
    run 1 status "$dir/fifo" && complains '.*/fifo: Cannot be mapped'
}
check 'a FIFO is an error and does not hang' fifo

# A writer waits until somebody opens the other end.
fifo_unopened() {
    : >"$dir/fifo" &
    writer=$!
    run 1 status "$dir/fifo"
    failed=$?
    kill "$writer" && ! wait "$writer" && [ "$failed" -eq 0 ]
}
check 'a FIFO is not opened' fifo_unopened

device() {
    run 1 status /dev/null && complains '/dev/null: Cannot be mapped'
}
check 'a character device is an error' device

proc() {
    run 1 status /proc/version && complains '/proc/version: Cannot be mapped'
}
if [ -r /proc/version ]; then
    check 'the text of procfs is an error' proc
else
    skip 'the text of procfs is an error' 'no /proc/version'
fi

# as_other COMMAND...: as somebody who is not privileged.
if [ "$(id -u)" -eq 0 ]; then
    as_other() {
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    }
else
    as_other() {
        "$@"
    }
fi
# The program may be in a directory that is closed to others.
chmod 755 "$dir"
if as_other "$mmapx" --version >/dev/null 2>&1; then
    other=yes
else
    other=no
fi

unreadable() {
    as_other "$mmapx" status "$dir/closed" >"$out" 2>"$err"
    [ $? -eq 1 ] && complains '.*/closed: Permission denied'
}
printf abc >"$dir/closed"
chmod 0 "$dir/closed"
if [ $other = yes ] && as_other test ! -r "$dir/closed"; then
    check 'a file that may not be read is an error' unreadable
else
    skip 'a file that may not be read is an error' 'everything may be read'
fi

# The second file shows that "unknown" keeps no other from being printed.
foreign() {
    as_other "$mmapx" status -b /bin/sh "$dir/empty" >"$out" 2>"$err"
    [ $? -eq 1 ] && cat "$out" "$err" && lines "$out" 2 && lines "$err" 0 &&
        grep -q "^ *unknown of  *[1-9][0-9]*     -  *  /bin/sh\$" "$out" &&
        grep -q "/empty\$" "$out"
}
if [ $other = yes ] && as_other test ! -w /bin/sh -a ! -O /bin/sh; then
    check "of somebody else's file it is unknown" foreign
else
    skip "of somebody else's file it is unknown" 'every file is our own'
fi

many() {
    timeout 60 "$mmapx" status /usr/bin/* >"$out" 2>"$err"
    got=$?
    set -- /usr/bin/*
    [ "$got" -le 1 ] && [ "$(($(wc -l <"$out") + $(wc -l <"$err")))" -eq $# ]
}
check 'many files: a line for each' many

# --- The layout ---------------------------------------------------------------

layout() {
    sparse "$dir/half" 64
    put "$dir/half" 0 32
    (cd "$dir" && run 0 status half tiny empty) || return 1
    lines "$out" 3 && [ "$(awk '{ print index($0, $NF) }' "$out" | uniq)" = 61 ]
}
check 'the columns are aligned' layout

# human SIZE TEXT: of an untouched file of so many bytes.
human() {
    rm -f "$dir/human"
    dd if=/dev/null of="$dir/human" bs=1 seek="$1" 2>/dev/null || return 1
    (cd "$dir" && run 0 status human) &&
        line_is "$(printf '     0B of %5s    0%%  [%s]  human' "$2" "$none")"
}
check '1023 bytes' human 1023 1023B
check '1024 bytes' human 1024 1.0K
check '1.5 KiB' human 1536 1.5K
check 'just less than 10 KiB' human 10188 9.9K
check 'rounded to 10 KiB' human 10189 10K
check 'just less than a MiB' human 1048063 1023K
check 'rounded to a MiB' human 1048064 1.0M
check '100 MiB' human 104857600 100M

utf8_bar() {
    (cd "$dir" && LC_ALL=$utf8 run 0 status cells) || return 1
    grep -q '▕█▁▄▇ ▁▁                        ▁▏  cells$' "$out"
}
utf8=
for locale in C.UTF-8 C.utf8 en_US.UTF-8; do
    if [ "$(LC_ALL=$locale locale charmap 2>/dev/null)" = UTF-8 ]; then
        utf8=$locale
        break
    fi
done
if [ -n "$utf8" ]; then
    check 'Unicode where the locale has it' utf8_bar
else
    skip 'Unicode where the locale has it' 'no such locale'
fi

ascii_only() {
    run 0 status "$dir/cells" && ! grep -q '[^ -~]' "$out"
}
check 'ASCII in the C locale' ascii_only

plain() {
    run 0 status "$dir/cells" && ! grep -q "$escape" "$out"
}
check 'no colour without a terminal' plain

# on_terminal COMMAND: its output there.
on_terminal() {
    SHELL=/bin/sh script -qec "$1" /dev/null </dev/null >"$out" 2>"$err"
    cat "$out"
}
coloured() {
    on_terminal "$1 '$mmapx' status '$dir/half'"
    grep -q "$escape\\[32m#*[-+]*\\.*$escape\\[0m" "$out"
}
uncoloured() {
    on_terminal "$1 '$mmapx' status '$dir/half'"
    grep -q '/half' "$out" && ! grep -q "$escape" "$out"
}
# width COLUMNS COMMAND: how long the line is, without carriage return.
width() {
    on_terminal "cd '$dir'; $2 NO_COLOR=1 '$mmapx' status half tiny"
    tr -d '\r' <"$out" >"$err"
    [ "$(awk '{ print length($0) }' "$err" | head -n 1)" = "$1" ]
}
if script -qec 'test -t 1' /dev/null </dev/null >/dev/null 2>&1; then
    check 'colour on a terminal' coloured ''
    check 'none with NO_COLOR' uncoloured NO_COLOR=1
    check 'NO_COLOR that is empty says nothing' coloured NO_COLOR=
    check 'none on a dumb terminal' uncoloured TERM=dumb
    check 'none without TERM' uncoloured 'env -u TERM'
    check 'the bar fits the terminal' width 100 'stty cols 100;'
    check 'the bar follows COLUMNS' width 60 'stty cols 100; COLUMNS=60'
    check 'a terminal without a width has 80 columns' width 80 'stty cols 0;'
    check 'a narrow terminal has a short bar' width 42 'stty cols 20;'
    check 'a wide terminal has no endless bar' width 160 'stty cols 1000;'
else
    skip 'colour and width on a terminal' 'no script(1) that runs a command'
fi

# --- Names --------------------------------------------------------------------

# name PRINTF-FORMAT PRINTED [LOCALE]: how the name of a file is printed.
name() {
    # shellcheck disable=SC2059
    file=$(printf -- "$1.")
    (cd "$dir" && : >"$file" && LC_ALL=${3:-C} run 0 status -- "$file") &&
        lines "$out" 1 && [ "$(sed 's/.*     //' "$out")" = "$2." ]
}
name_complained() {
    run 1 status "$dir/a${tab}b" && lines "$err" 1 &&
        grep -q '/a\\tb: No such file' "$err"
}
check 'a newline in a name' name 'a\nb' 'a\nb'
check 'control characters in a name' name 'a\001\033[1m\177' 'a\001\033[1m\177'
check 'a backslash in a name' name 'a\\b' 'a\\b'
check 'a name that begins with a dash' name -x -x
check 'control characters in a complaint' name_complained
check 'bytes beyond ASCII in the C locale' name 'd\303\251' 'd\303\251'
if [ -n "$utf8" ]; then
    check 'UTF-8 in a name' name 'd\303\251\344\270\226' 'dé世' "$utf8"
    check 'a C1 control in UTF-8' name 'd\302\233' 'd\302\233' "$utf8"
    if (: >"$dir/$(printf 'x\377')") 2>/dev/null; then
        check 'invalid UTF-8 in a name' \
            name 'd\377e\303' 'd\377e\303' "$utf8"
    else
        skip 'invalid UTF-8 in a name' 'the file system takes no such name'
    fi
else
    skip 'UTF-8 in a name' 'no such locale'
fi

# --- The arguments ------------------------------------------------------------

# misused MESSAGE ARGUMENT...
misused() {
    message=$1
    shift
    run 2 "$@" && lines "$out" 0 && lines "$err" 2 &&
        grep -q "^mmapx: $message\$" "$err" &&
        [ "$(tail -n 1 "$err")" = \
            "Try 'mmapx --help' for more information." ]
}
check 'no command' misused 'no command given'
check 'an unknown command' misused "unknown command 'fo\\\\no'" 'fo
o'
check 'an unknown option' misused '.*option.*nonsense.*' --nonsense
check 'no file' misused 'no file given' status
check 'an unknown option of a command' misused '.*option.*nonsense.*' \
    status --nonsense
check 'an unknown short option' misused '.*option.*z.*' status -z "$dir/tiny"

check 'an end of options before the command' run 0 -- status "$dir/half"

options_last() {
    run 0 status "$dir/half" --bytes && grep -q " $((64 * page)) " "$out"
}
if run 0 status "$dir/tiny" --bytes >/dev/null; then
    check 'an option may follow a file' options_last
else
    skip 'an option may follow a file' 'not with the getopt of this system'
fi

helps() {
    run 0 "$@" --help && lines "$err" 0 && grep -q '^Usage: mmapx ' "$out" &&
        grep -q -e --help "$out" && ! grep -q '.\{80\}' "$out"
}
check 'help' helps
check 'help of a command' helps status

lists_commands() {
    run 0 --help && grep -q '^  status  *[a-z]' "$out"
}
check 'help lists the commands' lists_commands

version() {
    run 0 --version && lines "$err" 0 &&
        head -n 1 "$out" |
        grep -q "^mmapx (libmmapx) ${VERSION:-[0-9]*\\.[0-9]*\\.[0-9]*}\$" &&
        grep -q MIT "$out"
}
check 'version' version

# --- Output that does not arrive ----------------------------------------------

# Where the buffer went out before the end, the reason is no longer known.
device_full() {
    "$mmapx" "$@" >/dev/full 2>"$err"
    [ $? -eq 1 ] && lines "$err" 1 &&
        grep -q -x -e 'mmapx: cannot write the output' \
            -e 'mmapx: cannot write the output: No space left on device' "$err"
}
if [ -c /dev/full ]; then
    check 'a full device' device_full status "$dir/tiny"
    check 'a full device for the help' device_full --help
    check 'a full device for the version' device_full --version
else
    skip 'a full device' 'no /dev/full'
fi

# More than a pipe holds, to a reader that has gone.
to_nobody() {
    set --
    while [ $# -lt 3000 ]; do
        set -- "$@" "$dir/tiny" "$dir/tiny" "$dir/tiny" "$dir/tiny"
    done
    {
        "$mmapx" status "$@" 2>"$err"
        echo $? >"$dir/code"
    } | :
    cat "$err" "$dir/code"
}
broken_pipe() {
    to_nobody
    lines "$err" 0 && [ "$(cat "$dir/code")" -gt 128 ]
}
ignored_pipe() {
    (
        trap '' PIPE
        to_nobody
        [ "$(cat "$dir/code")" -eq 1 ] && lines "$err" 1
    )
}
{
    yes 2>/dev/null
    echo $? >"$dir/code"
} | :
if [ "$(cat "$dir/code")" -gt 128 ]; then
    check 'a broken pipe is quiet' broken_pipe
else
    skip 'a broken pipe is quiet' 'here it does not kill'
fi
check 'where it does not kill it is a failure' ignored_pipe

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
# mmapx watch on a terminal: what is on the screen, keys, sizes, and that the
# terminal is given back however the program ends.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"

# Sanitizers would report the crash and exit.
for fault in segv sigbus sigfpe sigill abort; do
    ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_$fault=0
    UBSAN_OPTIONS=${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}handle_$fault=0
done
export ASAN_OPTIONS UBSAN_OPTIONS

python3 -c 'import os, pty; os.waitstatus_to_exitcode' 2>/dev/null ||
    skip_all 'no python3 of version 3.9 to have a terminal with'
# A chroot may have no devpts.
python3 -c 'import os; os.openpty()' 2>/dev/null ||
    skip_all 'no pseudo-terminal can be made here'

terminal=$(cd "$srcdir/tests/tool" && pwd)/terminal.py
# Crashes are on purpose here.
# shellcheck disable=SC3045 # All shells here have it.
ulimit -c 0

# screen ROWS COLUMNS STEP... -- ARGUMENT...: watch on such a terminal.
screen() {
    python3 "$terminal" "$@" >"$out" 2>&1
    got=$?
    cat "$out"
    return "$got"
}

tree=$dir/tree
mkdir "$tree"
pages 1 >"$tree/small"
pages 3 >"$tree/large"
pages 2 >"$tree/middle"
name=first$(printf '%090d' 0)last
pages 4 >"$tree/$name"
cd "$tree" || exit 99

# --- What is on the screen ----------------------------------------------------

title() {
    screen 24 80 line 1 'mmapx watch, every 1000 s, at ' line 3 ' CACHED ' \
        line 3 CHANGE line 4 /fir line 4 last line 5 large line 6 middle \
        line 7 small last 'q quit' send q exit 0 -- \
        "$mmapx" watch -r -n 1000 .
}
check 'the largest first, a name cut to the width' title

# height ROWS STEP...: with a hundred files.
mkdir "$dir/many"
for i in 1 2 3 4 5 6 7 8 9; do
    for k in 0 1 2 3 4 5 6 7 8 9; do
        printf x >"$dir/many/f$i$k"
    done
done
pages 2 >"$dir/many/largest"
height() {
    rows=$1
    shift
    screen "$rows" 80 "$@" send q exit 0 -- \
        "$mmapx" watch -n 1000 -r "$dir/many"
}
check 'a screen of 24 lines' height 24 line 3 CACHED line 4 largest \
    line 23 'and 72 more' last 'q quit'
check 'of 7 lines' height 7 line 1 'mmapx watch' line 2 CACHED line 3 largest \
    last quit
check 'of 5 lines' height 5 line 1 'mmapx watch' line 2 CACHED line 3 largest
check 'of 3 lines' height 3 line 1 CACHED line 2 largest last 'and 90 more'
check 'of 2 lines' height 2 line 1 CACHED line 2 largest
check 'of 1 line' height 1 line 1 CACHED

resize() {
    screen 24 80 line 4 largest size 4 60 line 1 CACHED line 2 largest \
        size 30 100 line 3 CACHED line 29 'and 66 more' send q exit 0 -- \
        "$mmapx" watch -n 1000 -r "$dir/many"
}
check 'another size is followed at once' resize

errors() {
    screen 10 80 last '1 error: missing: No such file' wait small send q \
        exit 1 -- "$mmapx" watch -n 1000 missing small
}
check 'errors are a count in the last line' errors

sum() {
    screen 12 80 wait 'total of 4 files' send q exit 0 -- \
        "$mmapx" watch -n 1000 -r --total .
}
check 'the sum' sum

# What is between two looks is done by a step.  What is written is read too,
# since FUSE need not keep it.
change() {
    change="+$((64 * page / 1024))K"
    [ "$page" -lt 16384 ] || change="+$((64 * page / 1048576)).0M"
    sparse "$dir/grows" 64
    pages 64 >"$dir/whole"
    screen 10 90 line 4 '  0B  ' \
        run "cat '$dir/whole' 1<>'$dir/grows' && cat '$dir/grows' >/dev/null" \
        send ' ' line 4 "$change" send ' ' gone "$change" send q \
        exit 0 -- "$mmapx" watch -n 1000 "$dir/grows"
}
check 'what has changed since the last look' change

# --- Keys ---------------------------------------------------------------------

order() {
    screen 24 80 line 4 /fir send n line 1 'by name' line 5 large \
        line 7 small send s line 1 'by size' line 4 /fir send % \
        line 1 'by percentage' send d line 1 'by what is dirty' send + \
        line 1 'by change' send c line 1 'by what is in memory' send q \
        exit 0 -- "$mmapx" watch -r -n 1000 .
}
check 'keys for the order' order
paused() {
    screen 24 80 line 4 /fir send p last paused send p gone paused send q \
        exit 0 -- "$mmapx" watch -r -n 1000 .
}
check 'p pauses and goes on' paused
help_screen() {
    screen 24 80 line 4 /fir send h wait 'look at once' send x line 4 /fir \
        send '?' wait 'look at once' send q exit 0 -- \
        "$mmapx" watch -r -n 1000 .
}
check 'h and ? show the keys' help_screen
arrows() {
    screen 24 80 line 4 /fir send "$(printf '\033[Bx\033OAn')" \
        line 1 'by name' send Q exit 0 -- "$mmapx" watch -r -n 1000 .
}
check 'other keys do nothing' arrows
names_from_stdin() {
    screen 24 80 line 4 small send q exit 0 -- sh -c \
        "printf 'small\\0' | '$mmapx' watch -n 1000 --files0-from=-"
}
check 'keys come from the terminal if the names do not' names_from_stdin

# --- The end ------------------------------------------------------------------

gives_back() {
    screen 24 80 raw own line 4 /fir "$@" cooked other -- \
        "$mmapx" watch -r -n 1000 .
}
check 'q gives the terminal back' gives_back send q exit 0
check 'an interrupt' gives_back send "$(printf '\003')" exit 0
for signal in TERM INT HUP; do
    check "SIG$signal" gives_back kill $signal exit 0
done
for signal in SEGV:11 BUS:7 ABRT:6 ILL:4 FPE:8 QUIT:3 USR1:10 PIPE:13 ALRM:14
do
    check "SIG${signal%:*}: a crash" \
        gives_back kill "${signal%:*}" exit "-${signal#*:}"
done
count() {
    screen 24 80 other wait ' CACHED ' wait /fir exit 0 cooked -- \
        "$mmapx" watch -r -n 0.1 --count=2 .
}
check 'after --count the last look stays' count
count_errors() {
    screen 12 80 exit 1 cooked other wait '1 error: missing: No such file' \
        lacks 'q quit' -- "$mmapx" watch -n 0.1 --count=2 missing
}
count_error_and_file() {
    screen 12 80 exit 1 cooked other wait ' CACHED ' wait small \
        wait '1 error: missing: No such file' -- \
        "$mmapx" watch -n 0.1 --count=2 missing small
}
check 'and its errors' count_errors
check 'behind its files' count_error_and_file

# remark TEXT ARGUMENT...: a name that was left out is no error.
remark() {
    text=$1
    shift
    screen 10 80 last "$text  h help" lacks error send q exit 0 -- \
        "$mmapx" watch -v -n 1000 "$@" &&
        screen 12 80 exit 0 cooked other wait "$text" lacks error -- \
            "$mmapx" watch -v -n 0.1 --count=2 "$@"
}
error_and_remark() {
    screen 10 100 \
        last '1 error: missing: No such file or directory, 1 remark ' send q \
        exit 1 -- "$mmapx" watch -v -n 1000 --exclude=small small missing
}
deep=$dir/$name/$name/$name
mkdir -p "$deep"
pages 1 >"$deep/file"
check '-v: what is left out is a remark' \
    remark '1 remark: ./small: left out by --exclude' --exclude=small -r .
check 'with its reason, however long the path' \
    remark '/file: left out by --exclude' --exclude=file "$deep/file" large
check 'an error goes before it' error_and_remark

low_help() {
    screen "$1" 60 wait ' CACHED ' send h wait 'order by' wait 'q quit' send q \
        send q exit 0 cooked -- "$mmapx" watch -r -n 1000 .
}
check 'the help fits ten rows' low_help 10
check 'and four' low_help 4

# A shell with jobs: the program is stopped and goes on.
job() {
    screen 24 80 wait '$ ' send "'$mmapx' watch -r -n 1000 .
" raw own line 4 /fir "$@" send q cooked other send 'exit 7
' exit 7 -- env PS1='$ ' ENV= sh -i
}
check 'a stop gives it back, and it is taken again' job \
    send "$(printf '\032')" cooked other wait Stopped send 'fg
' raw own line 4 /fir
background() {
    screen 24 80 wait '$ ' send "'$mmapx' watch -r -n 1000 .
" raw own send "$(printf '\032')" cooked other wait Stopped send 'bg
' send 'echo still" "here
' wait 'still here' cooked other send 'fg
' raw own line 4 /fir send q cooked send 'exit 7
' exit 7 -- env PS1='$ ' ENV= sh -i
}
check 'in the background it shows nothing' background

dumb() {
    screen 24 90 wait 'TIME ' other cooked kill TERM exit 0 -- \
        env TERM=dumb "$mmapx" watch -r -n 1000 .
}
check 'a dumb terminal has lines' dumb

in_vain() {
    timeout 60 "$mmapx" watch -n 0.1 . >"$out" 2>"$err"
    [ $? -eq 1 ] && lines "$err" 1
}
check 'where nothing that is named can be shown it ends' in_vain

# Stopped when it was about to write what it has found, which strace delays: it
# has not the rest of the screen to write when it goes on.
half_drawn() {
    screen 24 90 wait '$ ' send "strace -DD -o '$dir/trace' -e trace=write \
-e inject=write:delay_enter=1000000:when=6 '$mmapx' watch -r -n 1000 .
" raw own wait every send "$(printf '\032')" cooked other wait Stopped \
        send 'bg
' send 'kill %1; wait; echo all" "over
' wait 'all over' lacks ' CACHED ' send 'exit 7
' exit 7 -- env PS1='$ ' ENV= sh -i
}
if strace -DD -o "$dir/trace" -e trace=write \
    -e inject=write:delay_enter=1:when=1 true 2>/dev/null; then
    be_traced
    check 'a stop in the midst of a screen leaves the rest out' half_drawn
else
    skip 'a stop in the midst of a screen leaves the rest out' \
        'strace is not there or cannot delay'
fi

cd / || exit 99
finish

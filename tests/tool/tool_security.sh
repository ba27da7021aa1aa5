#!/bin/sh
# SPDX-License-Identifier: MIT
# The command among people who wish it ill: links, names, snapshots, limits.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"

be_traced
trace=$dir/trace
if strace -o "$trace" true >/dev/null 2>&1; then
    traces=yes
else
    traces=no
fi

# when_traced DESCRIPTION COMMAND...
when_traced() {
    if [ $traces = yes ]; then
        check "$@"
    else
        skip "$1" 'no strace, or it may not trace'
    fi
}

# traced CALLS COMMAND...: the calls of the command that name files.
traced() {
    calls=$1
    shift
    timeout 60 strace -f -o "$trace" -e trace="$calls" "$@" >"$out" 2>"$err" \
        </dev/null
    code=$?
    cat "$out" "$err"
    tail -n 40 "$trace"
    return "$code"
}

# --- Links --------------------------------------------------------------------

tree=$dir/tree
mkdir -p "$tree/sub/below" "$dir/private"
pages 2 >"$tree/file"
pages 2 >"$tree/sub/below/file"
pages 2 >"$dir/private/secret"
ln -s "$dir/private" "$dir/link"
ln -s "$dir/private" "$tree/elsewhere"
ln -s "$dir/private/secret" "$tree/alias"

# What lies in a directory is looked at from its descriptor, without following;
# a number is what was looked at, and is opened.
no_link_followed() {
    traced openat "$mmapx" "$1" -r "$tree" || return 1
    grep -E 'openat\([0-9]+, ' "$trace" | grep -v -E '"[0-9]+"' >"$dir/below"
    [ "$(wc -l <"$dir/below")" -ge 4 ] && ! grep -v O_NOFOLLOW "$dir/below" &&
        ! grep -e private -e elsewhere -e alias "$trace"
}
for command in status load evict snapshot; do
    when_traced "$command follows nothing in a directory" \
        no_link_followed "$command"
done

# stopped_at NAME NEW COMMAND...: the command stops when it has looked at that
# name; then the file NEW takes its place, or, without one, a directory goes.
stopped_at() {
    name=$1 new=$2 place=$1
    [ -n "$new" ] || place=sub
    shift 2
    traced openat "$@" >/dev/null
    at=$(grep ' openat(' "$trace" | grep -n -m 1 "/*$name\", O_.*O_PATH" |
        sed 's/:.*//')
    [ -n "$at" ] || return 1
    rm -f "$trace"
    timeout 60 strace -f -o "$trace" -e trace=openat \
        -e inject=openat:signal=SIGSTOP:when="$at" "$@" >"$out" 2>"$err" \
        </dev/null &
    tracer=$!
    # shellcheck disable=SC2016 # It is that shell which expands.
    timeout 60 sh -c 'until grep -q "stopped by SIGSTOP" "$1"; do
        sleep 0.05; done' sh "$trace" 2>/dev/null
    mv "$tree/$place" "$dir/aside" &&
        { [ -z "$new" ] || mv "$new" "$tree/$place"; }
    kill -CONT "$(sed -n 's/ .*//p' "$trace" | head -n 1)"
    wait "$tracer"
    code=$?
    rm -f "$tree/$place"
    mv "$dir/aside" "$tree/$place"
    cat "$out" "$err" "$trace"
    return "$code"
}
directory_swapped() {
    ln -s "$dir/private" "$dir/new-link"
    stopped_at sub "$dir/new-link" "$mmapx" status -r "$tree" &&
        ! grep secret "$out" && grep -q '/sub/below/file$' "$out"
}
# One that goes is no failure, as a file is not.
directory_gone() {
    stopped_at file '' "$mmapx" "$@" && lines "$err" 0 &&
        ! grep -q '/sub/' "$out"
}
# A FIFO, whose writer would notice.  What it was is looked at, or nothing.
file_swapped() {
    mkfifo "$dir/new-fifo"
    stopped_at file "$dir/new-fifo" "$mmapx" "$@"
    [ $? -le 1 ] && ! grep '/file"\|"file"' "$trace" | grep -v O_PATH
}
if [ -e /proc/self/fd ]; then
    when_traced 'a directory that becomes a link meanwhile' directory_swapped
    when_traced 'a directory that goes meanwhile' \
        directory_gone status -r "$tree"
    when_traced 'also from top' directory_gone top -j1 "$tree"
    when_traced 'a file that becomes a FIFO meanwhile' \
        file_swapped status -r "$tree"
    when_traced 'also a file that is named' file_swapped load "$tree/file"
    run 0 snapshot -o "$dir/tree.snap" "$tree/file" >/dev/null
    when_traced 'also one that a snapshot names' \
        file_swapped restore "$dir/tree.snap"
else
    skip 'files that become others meanwhile' 'there is no /proc'
fi

# --- Snapshots are written whole, or not at all -------------------------------

# nothing_left: but the old snapshot, as it was.
nothing_left() {
    [ "$(cat "$dir/new/snap")" = old ] && [ "$(ls "$dir/new")" = snap ]
}
mkdir "$dir/new"
echo old >"$dir/new/snap"

too_large() {
    # What it says goes through a pipe, which has no size.
    {
        (
            ulimit -f 0
            "$mmapx" snapshot -o "$dir/new/snap" "$tree/file"
        )
        echo "exit $?"
    } 2>&1 | cat >"$err"
    cat "$err"
    grep -q '^exit 1$' "$err" && grep -q 'snap: File too large$' "$err" &&
        nothing_left
}
check 'no room for a snapshot' too_large

# fails CALL ERRNO TEXT
fails() {
    timeout 60 strace -f -o "$trace" -e trace="$1" -e inject="$1:error=$2" \
        "$mmapx" snapshot -o "$dir/new/snap" "$tree/file" 2>"$err"
    code=$?
    cat "$err" "$trace"
    [ "$code" -eq 1 ] && grep -q -E "snap: $3\$" "$err" && nothing_left
}
when_traced 'a device that is full' fails fsync ENOSPC 'No space left on device'
when_traced 'a device that fails' fails fsync EIO "$io_text"
when_traced 'a name that cannot be given' fails '/^rename' EACCES \
    'Permission denied'

# What is no regular file is written through, and never replaced.
through() {
    run 0 snapshot -o "$1" "$tree/file" && test "-$2" "$1" &&
        [ "$(ls "$dir/new")" = "$(basename "$1")" ]
}
not_regular() {
    rm -f "$dir"/new/*
    ln -s "$dir/target" "$dir/new/symlink" && echo old >"$dir/target" &&
        chmod 640 "$dir/target" || return 1
    through "$dir/new/symlink" h && grep -q '^end 1$' "$dir/target" &&
        [ "$(stat -c %a "$dir/target" 2>/dev/null || echo 640)" = 640 ] &&
        rm "$dir/target" && through "$dir/new/symlink" h &&
        grep -q '^end 1$' "$dir/target" && rm "$dir/new/symlink" || return 1
    mkfifo "$dir/new/fifo" || return 1
    cat "$dir/new/fifo" >"$dir/read" &
    reader=$!
    through "$dir/new/fifo" p
    result=$?
    wait "$reader"
    rm "$dir/new/fifo"
    [ "$result" -eq 0 ] && grep -q '^end 1$' "$dir/read"
}
check 'a FIFO gets a snapshot, and a link keeps leading somewhere' not_regular

# A reader of a FIFO sees its end where it is opened twice, and a device does
# something each time.  This reader is there all the time.
opened_once() {
    rm -f "$dir"/new/* && mkfifo "$dir/pipe" &&
        ln -s "$dir/pipe" "$dir/new/symlink" && exec 3<>"$dir/pipe" || return 1
    traced file,fcntl "$mmapx" snapshot -o "$dir/new/symlink" "$tree/file"
    result=$?
    dd bs=4096 count=1 <&3 >"$dir/read" 2>/dev/null
    exec 3<&-
    rm "$dir/pipe"
    [ "$result" -eq 0 ] && grep -q '^end 1$' "$dir/read" &&
        [ "$(grep -c 'open.*/new/symlink".* = [0-9]' "$trace")" -eq 1 ] &&
        ! grep 'F_SETFL.*NONBLOCK' "$trace" && grep -q F_SETFL "$trace"
}
when_traced 'a FIFO to which a link leads is opened once' opened_once

# As /dev/stdout is: what the shell has opened keeps its place.
to_stream() {
    rm -f "$dir"/new/* && ln -s /proc/self/fd/1 "$dir/new/stdout" || return 1
    {
        echo before
        "$mmapx" snapshot -o "$dir/new/stdout" "$tree/file"
        echo after
    } >"$dir/stream" 2>"$err"
    "$mmapx" snapshot -o "$dir/new/stdout" "$tree/file" 2>>"$err" |
        cat >"$dir/piped"
    cat "$dir/stream" "$err"
    lines "$err" 0 && test -h "$dir/new/stdout" &&
        [ "$(ls "$dir/new")" = stdout ] &&
        [ "$(sed -n '1p;2p;$p' "$dir/stream" | tr '\n' ,)" = \
            'before,mmapx snapshot 1,after,' ] &&
        [ "$(tail -n 1 "$dir/piped")" = 'end 1' ]
}
if [ -e /proc/self/fd/1 ]; then
    check 'a link to an open stream is written through' to_stream
else
    skip 'a link to an open stream is written through' 'there is no /proc'
fi

hard_link() {
    rm -f "$dir"/new/*
    echo precious >"$dir/precious" && ln "$dir/precious" "$dir/new/hardlink" &&
        run 0 snapshot -o "$dir/new/hardlink" "$tree/file" &&
        [ "$(cat "$dir/precious")" = precious ]
}
check 'another name of a file keeps the file' hard_link

# in_tmpfs SCRIPT: with a tmpfs of its own in $1, where devices may be made.
# shellcheck disable=SC2016 # It is that shell which expands.
in_tmpfs() {
    # shellcheck disable=SC2016 # It is that shell which expands.
    mkdir -p "$dir/tmpfs" && unshare -m sh -c '
        mount -t tmpfs none "$1" && mknod "$1/null" c 1 3 &&
            mknod "$1/full" c 1 7 || exit 1
        '"$1" sh "$dir/tmpfs" "$mmapx" "$tree/file"
}
# shellcheck disable=SC2016 # It is that shell which expands.
devices() {
    in_tmpfs '"$2" snapshot -o "$1/null" "$3" && test -c "$1/null" &&
        ! "$2" snapshot -o "$1/full" "$3" && test -c "$1/full" &&
        test "$(echo "$1"/*)" = "$1/full $1/null"'
}
# shellcheck disable=SC2016 # It is that shell which expands.
if [ "$(id -u)" -eq 0 ] && in_tmpfs 'echo x >"$1/null"' 2>/dev/null; then
    check 'a device stays one' devices
else
    skip 'a device stays one' 'no tmpfs in which devices may be made'
fi

# mode_is MODE
mode_is() {
    [ "$(stat -c %a "$dir/new/mode" 2>/dev/null || echo "$1")" = "$1" ]
}
modes() {
    rm -f "$dir/new/mode"
    for mask in 000 022 077; do
        (umask "$mask" && run 0 snapshot -o "$dir/new/mode" "$tree/file") &&
            mode_is 600 && rm "$dir/new/mode" || return 1
    done
    echo old >"$dir/new/mode"
    for mode in 644 640 600; do
        chmod "$mode" "$dir/new/mode" &&
            run 0 snapshot -o "$dir/new/mode" "$tree/file" &&
            mode_is "$mode" || return 1
    done
}
check 'it is private when it is new, and else keeps its mode' modes

# A list of rights makes the mode's bits of the group a mask.  A directory can
# give one to each file that is made there.
rights() {
    mkdir "$dir/rights" && (
        cd "$dir/rights" || exit 1
        umask 077
        setfacl -m u:1234:rwx . && setfacl -d -m u:1234:rwx . &&
            echo old >plain && setfacl -b plain && chmod 640 plain &&
            echo old >listed && setfacl -b -m u:1234:r,g:4321:rw listed &&
            getfacl -n plain listed >"$dir/rights-before" &&
            run 0 snapshot -o plain "$tree/file" &&
            run 0 snapshot -o listed "$tree/file" &&
            getfacl -n plain listed >"$dir/rights-after" &&
            diff "$dir/rights-before" "$dir/rights-after" &&
            run 0 snapshot -o fresh "$tree/file" &&
            getfacl -n -c -e fresh | grep '#effective:---$' &&
            ! getfacl -n -c -e fresh | grep '^group.*#effective:.*[rwx]'
    )
}
# without CALL: without the list nobody else may read it.
without() {
    setfacl -b -m u:1234:r,g::r "$dir/rights/listed" || return 1
    timeout 60 strace -f -o "$trace" -e trace="$1" -e inject="$1:error=EIO" \
        "$mmapx" snapshot -o "$dir/rights/listed" "$tree/file" &&
        grep INJECTED "$trace" &&
        [ "$(stat -c %a "$dir/rights/listed")" = 600 ]
}
: >"$dir/listed"
if setfacl -m u:1234:r "$dir/listed" 2>/dev/null; then
    check 'it keeps the list of rights that it had, or none' rights
    when_traced 'one that cannot be read' without lgetxattr
    when_traced 'one that cannot be set' without fsetxattr
else
    skip 'it keeps the list of rights that it had, or none' \
        'no setfacl, or a file system without lists of rights'
fi

# Whatever is closed, nothing but the snapshot is in the snapshot.
closed_streams() {
    for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-' '>&- 2>&-'; do
        eval "\"\$mmapx\" snapshot -o \"\$dir/new/closed\" \"\$tree/file\" \
            \"\$dir/missing\" /dev/null $closed" &&
            { echo "$closed: exit 0"; return 1; }
        run 0 restore "$dir/new/closed" && grep -q ' in 1 file' "$out" ||
            return 1
    done
    ! "$mmapx" status "$tree/file" >&- 2>"$err" && lines "$err" 1
}
check 'with closed streams nothing goes where it does not belong' closed_streams

own_files() {
    rm -rf "$dir/new/tree" && mkdir "$dir/new/tree" &&
        pages 1 >"$dir/new/tree/file" || return 1
    for _ in 1 2; do
        run 0 snapshot -r -o "$dir/new/tree/own" "$dir/new/tree" &&
            ! grep -e '/own$' -e 'own\.' "$dir/new/tree/own" || return 1
    done
    "$mmapx" snapshot -r "$dir/new/tree" >"$dir/new/tree/redirected" &&
        ! grep redirected "$dir/new/tree/redirected" &&
        [ -z "$(find "$dir/new" -name '*.mmapx-??????')" ]
}
check 'a snapshot does not list what it is being written to' own_files

# killed: by what cannot be caught, while it waits for names.
killed() {
    rm -rf "$dir/new" && mkdir "$dir/new" && echo old >"$dir/new/snap" &&
        mkfifo "$dir/names-fifo" || return 1
    "$mmapx" snapshot -o "$dir/new/$1" --files0-from="$dir/names-fifo" &
    started=$!
    # What it writes to was opened before this goes on.
    exec 9>"$dir/names-fifo"
    kill -KILL "$started"
    wait "$started"
    exec 9>&-
    rm "$dir/names-fifo"
    ls -a "$dir/new"
    nothing_left
}
if python3 -c 'import os, sys
os.open(sys.argv[1], os.O_TMPFILE | os.O_WRONLY, 0o600)' "$dir" 2>/dev/null &&
    [ -e /proc/self/fd ]; then
    check 'a killed snapshot leaves nothing' killed snap
    check 'nor one under a new name' killed other
else
    skip 'a killed snapshot leaves nothing' \
        'no python3, or this file system has no files without a name'
fi

# What lies beside it is the user's, whatever it is called.
neighbours_stay() {
    rm -rf "$dir/new" && mkdir "$dir/new" && echo old >"$dir/new/snap" ||
        return 1
    for name in snap.mmapx-backup snap.mmapx-2026-1; do
        echo user >"$dir/new/$name" || return 1
    done
    run 0 snapshot -o "$dir/new/snap" "$tree/file" && lines "$err" 0 &&
        [ "$(cat "$dir/new/snap.mmapx-backup" "$dir/new/snap.mmapx-2026-1" |
            tr '\n' ,)" = 'user,user,' ]
}
check 'what has a similar name stays' neighbours_stay

# What is open already gets a snapshot at its end, whatever its number is.
to_descriptor() {
    for name in /dev/fd /proc/self/fd /proc/thread-self/fd "/proc/$$/fd"; do
        rm -rf "$dir/new" && mkdir "$dir/new" && echo log >"$dir/new/log" &&
            exec 9>>"$dir/new/log" || return 1
        "$mmapx" snapshot -o "$name/9" "$tree/file"
        code=$?
        ln -s "$name/9" "$dir/new/link"
        "$mmapx" snapshot -o "$dir/new/link" "$tree/file" || code=1
        echo end >&9
        exec 9>&-
        cat "$dir/new/log"
        [ "$code" -eq 0 ] && [ "$(cd "$dir/new" && echo *)" = "link log" ] &&
            [ "$(grep -c '^mmapx snapshot 1$' "$dir/new/log")" -eq 2 ] &&
            [ "$(sed -n '1p;$p' "$dir/new/log" | tr '\n' ,)" = log,end, ] ||
            return 1
    done
    # A number that no shell's own syntax has.
    echo log >"$dir/new/log"
    python3 -c '
import os, subprocess, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
os.dup2(fd, 12)
os.set_inheritable(12, True)
sys.exit(subprocess.call(sys.argv[2:], close_fds=False))' "$dir/new/log" \
        "$mmapx" snapshot -o /dev/fd/12 "$tree/file" &&
        [ "$(sed -n '1p;$p' "$dir/new/log" | tr '\n' ,)" = 'log,end 1,' ]
}
if [ -e /dev/fd/1 ] && [ -e /proc/thread-self/fd/1 ] &&
    command -v python3 >/dev/null; then
    check 'a descriptor of any number is written through' to_descriptor
else
    skip 'a descriptor of any number is written through' \
        'there is no /proc, or no python3'
fi

closed_output() {
    "$mmapx" snapshot -o /dev/stdout "$tree/file" >&- 2>"$err"
    [ $? -eq 1 ] && lines "$err" 1
}
if [ -h /dev/stdout ]; then
    check 'a standard output that is closed is an error' closed_output
else
    skip 'a standard output that is closed is an error' 'no /dev/stdout'
fi

# dangling: the file that a link leads to is written whole or not at all.
dangling() {
    rm -rf "$dir/new" && mkdir "$dir/new" && ln -s target "$dir/new/link" &&
        mkfifo "$dir/names-fifo" || return 1
    "$mmapx" snapshot -o "$dir/new/link" --files0-from="$dir/names-fifo" &
    started=$!
    exec 9>"$dir/names-fifo"
    kill -TERM "$started"
    wait "$started"
    exec 9>&-
    rm "$dir/names-fifo"
    ls -a "$dir/new"
    [ "$(ls "$dir/new")" = link ] &&
        run 0 snapshot -o "$dir/new/link" "$tree/file" &&
        test -h "$dir/new/link" && grep -q '^end 1$' "$dir/new/target"
}
check 'a link to nothing gets a file that is whole, or none' dangling

# A disk that is not mounted is an empty directory.
nothing_to_list() {
    rm -rf "$dir/new" "$dir/empty" && mkdir "$dir/new" "$dir/empty" &&
        run 0 snapshot -o "$dir/new/snap" "$tree/file" &&
        cp "$dir/new/snap" "$dir/good" || return 1
    run 1 snapshot -r -o "$dir/new/snap" "$dir/empty" && lines "$err" 1 &&
        run 1 snapshot --files0-from=/dev/null -o "$dir/new/snap" &&
        lines "$err" 1 && cmp "$dir/new/snap" "$dir/good" &&
        [ "$(ls "$dir/new")" = snap ] &&
        run 0 snapshot -r -o "$dir/new/none" "$dir/empty" &&
        run 0 snapshot -r -o "$dir/new/none" "$dir/empty" &&
        : >"$dir/empty/file" && # with nothing in memory
        run 0 snapshot -r -o "$dir/new/snap" "$dir/empty" &&
        grep -q '^end 0$' "$dir/new/snap"
}
check 'a snapshot of files is not replaced by one of none' nothing_to_list

# Standard input is read from where it is.
reads_on() {
    run 0 snapshot -o "$dir/part" "$tree/file" || return 1
    { echo before && cat "$dir/part"; } >"$dir/whole"
    { read -r _ && timeout 60 "$mmapx" restore -; } <"$dir/whole" >"$out"
    grep -q ' in 1 file' "$out"
}
# read(1) of a shell takes no more than its line from a file.
if [ "$(printf '%s\n' 1 2 >"$dir/two" && { read -r _ && cat; } <"$dir/two")" \
    = 2 ]; then
    check 'restore reads standard input from where it is' reads_on
else
    skip 'restore reads standard input from where it is' 'read takes it all'
fi

# Many that permission is denied for are a number.
refusals() {
    mkdir "$dir/refused" && (
        cd "$dir/refused" || exit
        for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do
            echo x >"$i" && chmod 000 "$i" || exit
        done
    ) || return 1
    as_other "$mmapx" status -r "$dir/refused" >"$out" 2>"$err"
    [ $? -eq 1 ] && cat "$err" && lines "$err" 11 && lines "$out" 0 &&
        [ "$(grep -c ': Permission denied$' "$err")" -eq 10 ] &&
        tail -n 1 "$err" |
        grep -q '/refused: permission was denied 4 more times below it$' ||
        return 1
    # What is named is named.
    as_other "$mmapx" status "$dir"/refused/* >"$out" 2>"$err"
    [ $? -eq 1 ] && lines "$err" 14
}
if [ $other = yes ]; then
    check 'many refusals are not a line each' refusals
else
    skip 'many refusals are not a line each' 'there is nobody to be'
fi

# --- Names --------------------------------------------------------------------

empty_name() {
    run 1 "$@" && complains "'': No such file or directory"
}
for command in status load evict lock restore; do
    check "$command says that a name is empty" empty_name $command ''
done
check 'also that of a file with names' empty_name status --files0-from=
check 'also that of a snapshot' empty_name lock --snapshot=
check 'also that of what is written' empty_name snapshot -o '' "$tree/file"

# harmless: no control character in the output, and nothing that is none of the
# locale's.  JSON may have a DEL, which terminals ignore.
harmless() {
    for said in "$out" "$err"; do
        sed "/^{/s/$del//g" "$said" >"$said.seen"
        said=$said.seen
        if [ "$LC_ALL" = C ]; then
            ! LC_ALL=C tr -d '\n' <"$said" | grep -a '[^ -~]' || return 1
        else
            iconv -f UTF-8 -t UTF-8 <"$said" >/dev/null || return 1
            ! grep -a '[[:cntrl:]]' "$said" || return 1
        fi
    done
}

names=$dir/names
del=$(printf '\177')
mkdir "$names"
bad=$(printf 'a\033]0;owned\007\b\r\177')
c1=$(printf 'b\233\302\233\302\205\377')
newline='c
/etc/passwd'
mkdir "$names/c
"
mkdir "$names/c
/etc"
for name in "$bad" "$c1" "$newline"; do
    pages 1 >"$names/$name"
done

# says STATUS COMMAND...
says() {
    run "$@" >/dev/null
    code=$?
    cat -v "$out" "$err"
    [ "$code" -eq 0 ] && harmless
}
all_say() {
    LC_ALL=$1
    says 0 status -r "$names" && lines "$out" 4 &&
        says 0 status --map -r "$names" && says 0 status --ranges -r "$names" &&
        says 0 watch --count=1 -n 0.1 -r "$names" &&
        says 0 status --json -r "$names" && says 0 load --json -r "$names" &&
        says 0 load -r "$names" && says 0 evict -r "$names" &&
        says 0 snapshot -r "$names"
}
# complains_of ARGUMENT...: the command fails, and names nothing raw.
complains_of() {
    timeout 60 "$mmapx" "$@" >"$out" 2>"$err" </dev/null
    code=$?
    cat -v "$out" "$err"
    [ "$code" -ne 0 ] && [ "$code" -lt 124 ] && [ -s "$err" ] && harmless
}
all_complain() {
    LC_ALL=$1
    for name in "$bad" "$c1" "$newline"; do
        for command in status 'watch --count=1' load evict lock snapshot \
            restore; do
            # The list is split.
            # shellcheck disable=SC2086
            complains_of $command "$dir/$name" &&
                complains_of $command "--$name" || return 1
        done
        complains_of "$name" && complains_of "--$name" &&
            complains_of load "--range=$name" x &&
            complains_of load "--bytes=$name" x && complains_of load "-b$name" &&
            complains_of status "--sort=$name" x &&
            complains_of status "--top=$name" x &&
            complains_of status "--files0-from=$dir/$name" &&
            complains_of status "--files0-from=$dir" "$name" &&
            complains_of snapshot -o "$dir/no/$name" "$tree/file" || return 1
    done
}
check 'all commands, of hostile names' all_say C
check 'all complaints, of hostile names' all_complain C
if [ -n "$utf8" ]; then
    check 'all commands, with Unicode' all_say "$utf8"
    check 'all complaints, with Unicode' all_complain "$utf8"
else
    skip 'hostile names, with Unicode' 'no such locale'
fi

# --- Snapshots by an attacker -------------------------------------------------

# refused PATH: restore takes the file for gone, loads nothing and does not open
# what has its name now.
refused() {
    printf 'mmapx snapshot 1\nfile %d %s\n0 1\nend 1\n' "${2:-1}" "$1" \
        >"$dir/evil"
    run 0 restore -v "$dir/evil" && lines "$err" 0 &&
        grep -q ': gone since the snapshot$' "$out" &&
        grep -q '^restored 0B in 0 files' "$out" || return 1
    [ "$traces" = yes ] || return 0
    traced open,openat,creat "$mmapx" restore "$dir/evil"
    ! grep -F "/${1##*/}\"" "$trace" | grep -v O_PATH
}
mkfifo "$dir/fifo"
ln -s "$tree/file" "$dir/alias"
check 'restore opens no device' refused /dev/zero
check 'nor a terminal' refused /dev/tty
check 'nor a FIFO' refused "$dir/fifo"
check 'nor a directory' refused "$tree"
check 'nor what a link leads to' refused "$dir/alias" $((2 * page))

# Regular by its type, and empty by its size.
proc() {
    printf 'mmapx snapshot 1\nfile %d %s\n0 1\nend 1\n' 1 /proc/version \
        >"$dir/evil"
    run 0 restore -v "$dir/evil" && grep -q 'version: gone since' "$out" &&
        grep -q '^restored 0B in 0 files' "$out"
}
if [ -f /proc/version ]; then
    check 'nor reads what the kernel makes up' proc
else
    skip 'nor reads what the kernel makes up' 'no /proc'
fi

if command -v prlimit >/dev/null &&
    prlimit --as=67108864 "$mmapx" --version >/dev/null 2>&1; then
    bounded=yes
else
    bounded=no
fi

# in_bounds STATUS FILE: restore it with 64 MiB of address space.  That takes a
# second, or minutes on a busy machine; what ends it is there for what hangs.
in_bounds() {
    timeout 900 prlimit --as=67108864 "$mmapx" restore "$2" >"$out" 2>"$err"
    code=$?
    tail -n 3 "$out" "$err"
    [ "$code" -eq "$1" ]
}
wide() {
    awk -v file="$tree/file" -v size=$((2 * page)) 'BEGIN {
        print "mmapx snapshot 1"
        for (i = 0; i < 100000; i++)
            printf "file %d %s\n0 1\n", size, file
        print "end 100000" }' >"$dir/evil"
    in_bounds 0 "$dir/evil" && grep -q ' in 100000 files' "$out"
}
parts() {
    pages 1000 >"$dir/thousand"
    awk -v file="$dir/thousand" -v size=$((1000 * page)) 'BEGIN {
        print "mmapx snapshot 1"
        printf "file %d %s\n", size, file
        for (i = 0; i < 200000; i++)
            print 2 * i, 1
        print "end 1" }' >"$dir/evil"
    in_bounds 0 "$dir/evil" && grep -q ' in 1 file' "$out"
}
deep() {
    awk 'BEGIN {
        print "mmapx snapshot 1"
        for (i = 0; i < 2000; i++) {
            printf "file 1 "
            for (j = 0; j < 2000; j++)
                printf "/a"
            printf "\n0 1\n"
        }
        print "end 2000" }' >"$dir/evil"
    in_bounds 0 "$dir/evil" && grep -q ' 2000 files have gone' "$out"
}
for many in wide parts deep; do
    if [ $bounded = yes ]; then
        check "a snapshot that is large: $many" $many
    else
        skip "a snapshot that is large: $many" 'address space cannot be limited'
    fi
done

# A directory for each descriptor, and more; with branches all along.
too_deep() {
    path=$dir/deep
    mkdir "$path" || return 1
    (
        cd "$path" || exit
        i=0
        while [ "$i" -lt 500 ]; do
            mkdir a b c && printf x >a/file && printf x >c/file && cd b || exit
            i=$((i + 1))
        done
        printf x >bottom
    ) || return 1
    (
        # shellcheck disable=SC3045 # All shells here have it.
        ulimit -n 32
        timeout 60 "$mmapx" status -r "$dir/deep"
    ) >"$out" 2>"$err" </dev/null
    code=$?
    cat "$err"
    [ "$code" -eq 0 ] && lines "$err" 0 && lines "$out" 1002 &&
        grep -q '/b/bottom$' "$out"
}
check 'a tree deeper than there are descriptors' too_deep
finish

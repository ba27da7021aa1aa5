#!/bin/sh
# SPDX-License-Identifier: MIT
# Which process has what in memory: --pid, --who, --by=process, and why files
# stay.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"

pages 3 >"$dir/three"
need_processes "$dir/three"

# A process that has open.1 open and map.1 mapped, gone.1 open and gone.2
# mapped, both without a name by now, and pages of locked.1 locked if it may.
mkdir "$dir/h"
for name in open.1 map.1 gone.1 gone.2 locked.1; do
    pages 4 >"$dir/h/$name"
done
sync "$dir"/h/* 2>/dev/null || sync
cat >"$dir/hold.py" <<'HOLD'
import mmap, os, sys
from ctypes import CDLL, c_int, c_long, c_size_t, c_void_p, string_at
os.chdir(sys.argv[1])
libc = CDLL(None)
libc.mmap.restype = c_void_p
def map(name):
    # By hand, since the module keeps a descriptor.
    with open(name, "rb") as f:
        size = os.fstat(f.fileno()).st_size
        at = libc.mmap(c_void_p(None), c_size_t(size), c_int(mmap.PROT_READ),
                       c_int(mmap.MAP_SHARED), c_int(f.fileno()), c_long(0))
    string_at(at, size)
    return c_void_p(at), c_size_t(size)
kept = [open("open.1", "rb"), map("map.1"), open("gone.1", "rb"),
        map("gone.2")]
os.unlink("gone.1")
os.unlink("gone.2")
libc.mlock(*map("locked.1"))
print("ready", flush=True)
sys.stdin.read()
HOLD
mkfifo "$dir/end"
python3 "$dir/hold.py" "$dir/h" <"$dir/end" >"$dir/ready" 2>"$dir/failed" &
holder=$!
exec 3>"$dir/end"
trap 'exec 3>&-; wait "$holder"; rm -rf "$tap_output" "$dir"' EXIT
# shellcheck disable=SC2016 # It is that shell which expands.
timeout 60 sh -c 'while ! [ -s "$1" ] && ! [ -s "$2" ]; do sleep 0.05; done' \
    sh "$dir/ready" "$dir/failed"
[ -s "$dir/ready" ] || { cat "$dir/failed"; exit 99; }
name=$(cat "/proc/$holder/comm")

# Files that have no name can be had by map_files, which takes privileges.
if [ -r "/proc/$holder/map_files/$(sed -n \
    's|^0*\([0-9a-f]*\)-0*\([0-9a-f]*\) .*/gone.2 (deleted)$|\1-\2|p' \
    "/proc/$holder/maps")" ]; then
    root=yes
else
    root=no
fi

# --- Files of a process -------------------------------------------------------

# paths: those in the lines of JSON, without what the interpreter has.
paths() {
    python3 -c '
import json, sys
for line in open(sys.argv[1]):
    path = json.loads(line).get("path")
    if isinstance(path, str) and path.startswith(sys.argv[2]):
        print(path)' "$out" "$dir/h/" | LC_ALL=C sort
}

everything="$dir/h/gone.1 (deleted)
$dir/h/gone.2 (deleted)
$dir/h/locked.1
$dir/h/map.1
$dir/h/open.1"
by_pid() {
    run 0 status --pid="$holder" --json && lines "$err" 0 &&
        [ "$(paths)" = "$everything" ] || return 1
    run 0 top --pid "$holder" -n 1000 --json && [ "$(paths)" = "$everything" ] &&
        run 0 top --pid="$holder" --pid="$holder" -n 1000 --json &&
        [ "$(paths)" = "$everything" ]
}
without_privileges() {
    run 1 status --pid="$holder" --json &&
        grep -q "^mmapx: $dir/h/gone.2 (deleted): Permission denied" "$err" &&
        [ "$(paths)" = "$(echo "$everything" | sed 2d)" ]
}
if [ "$root" = yes ]; then
    check 'status and top --pid: what is open and mapped, deleted or not' by_pid
    skip 'a deleted file that is mapped is closed to others' 'this is root'
else
    skip 'status and top --pid: what is open and mapped, deleted or not' \
        'only root can look at all of it'
    check 'a deleted file that is mapped is closed to others' without_privileges
fi

# What has no name cannot be found again by a snapshot.
nameless() {
    code=$([ "$root" = yes ] && echo 0 || echo 1)
    run "$code" snapshot --pid="$holder" --include='*/gone.*' &&
        ! grep gone "$out" && ! grep 'left out' "$err" || return 1
    run "$code" status --json --pid="$holder" --include='*/gone.*' &&
        json "open('$dir/gone', 'w').writelines(
            'mmapx: %s: left out, since no name here leads to it\\n' % r['path']
            for r in all if r['cached']) is None" &&
        run "$code" snapshot -v --pid="$holder" --include='*/gone.*' &&
        ! grep gone "$out" &&
        grep 'since no name' "$err" | LC_ALL=C sort >"$dir/said" &&
        LC_ALL=C sort "$dir/gone" | diff - "$dir/said"
}
check_cached 'snapshot -v names what has no name' nameless

files_and_processes() {
    run 0 top --pid="$holder" -n 1000 --json "$dir/h" "$dir/three" || [ "$root" = no ] ||
        return 1
    json "len([r for r in all if r.get('path') == '$dir/h/open.1']) == 1 and
        len([r for r in all if r.get('path') == '$dir/three']) == 1"
}
check 'files and processes together count once' files_and_processes

each_command() {
    status=$([ "$root" = yes ] && echo 0 || echo 1)
    run "$status" load --json --pid="$holder" && paths | grep -q '/h/map.1$' &&
        run "$status" watch --count=1 --json --pid="$holder" &&
        paths | grep -q '/h/map.1$' &&
        run "$status" evict --json --pid="$holder" &&
        paths | grep -q '/h/map.1$' || return 1
    : >"$out" # what is there is another command's
    "$mmapx" lock --json --pid="$holder" >"$out" 2>"$err" &
    locker=$!
    # shellcheck disable=SC2016 # It is that shell which expands.
    timeout 60 sh -c 'while ! grep -q /h/map.1 "$1" && kill -0 "$2"; do
        sleep 0.05; done' sh "$out" "$locker"
    kill "$locker"
    wait "$locker"
    paths | grep -q '/h/map.1$' || return 1
    # What has no name cannot be restored.
    run "$status" snapshot --pid="$holder" && grep -q " $dir/h/map.1\$" "$out" &&
        ! grep -q gone "$out"
}
check 'load, watch, evict and snapshot --pid' each_command

# Files of a process have no directory that was searched: its name leaves them
# out by their paths.
filtered() {
    for option in "--exclude=*/h/*" --exclude=h "--exclude=$dir/h" \
        "--exclude=*"; do
        for command in status 'top -n 1000' load evict 'watch --count=1'; do
            # shellcheck disable=SC2086 # A command and its options.
            run 0 $command --json "--include=$dir/*" "$option" \
                --pid="$holder" && [ -z "$(paths)" ] || return 1
        done
        run 0 snapshot "--include=$dir/*" "$option" --pid="$holder" &&
            ! grep " $dir/h/" "$out" || return 1
    done
    run 0 status --json --include=map.1 --pid="$holder" &&
        json "[r['path'] for r in all] == ['$dir/h/map.1']" &&
        run 0 top --json --include=map.1 --pid="$holder" &&
        json "[r['path'] for r in all[:-1]] == ['$dir/h/map.1'] and
            all[-1]['total']['files'] == 1" &&
        run 0 top --json --include=map.1 --max-size=1 --pid="$holder" &&
        json "all[-1]['total']['files'] == 0" &&
        run 0 status -v --exclude=open.1 --exclude=locked.1 \
            --include="$dir/h/*.1" --pid="$holder" &&
        rows | grep -q '/h/map.1$' &&
        lines "$out" 2 && grep -q "/h/open.1: left out by --exclude$" "$err"
}
filtered_sums() {
    # What somebody may not look at has no size.
    for option in "--exclude=$dir/h" '--include=*.2' --max-size=0; do
        run 0 top --by=process --json "$option" '--exclude=gone.*' \
            --pid="$holder" "$dir/h" &&
            json "all[-1]['total']['files'] == 0" || return 1
    done
    run 0 top --by=process --json --include=map.1 --pid="$holder" &&
        json "all[0]['pid'] == $holder and all[0]['files'] == 1"
}
check 'names leave files of a process out' filtered
check 'names leave files out of the sums of processes' filtered_sums

many_descriptors() (
    # shellcheck disable=SC3045 # All shells here have it.
    ulimit -n 64
    run "$([ "$root" = yes ] && echo 0 || echo 1)" status --pid="$holder"
)
check 'a limit of 64 descriptors is enough' many_descriptors

ended() {
    sh -c 'echo $$' >"$dir/pid" || return 1
    run 1 status --json --pid="$(cat "$dir/pid")" "$dir/three" &&
        grep -q "^mmapx: process $(cat "$dir/pid"): No such process\$" "$err" &&
        lines "$err" 1 && json "len(all) == 1" || return 1
    run 1 top --json --pid="$(cat "$dir/pid")" "$dir/three" && lines "$err" 1 &&
        json "all[-1]['total']['files'] == 1"
}
check 'a process that has ended is said, and the rest done' ended

others() {
    as_other "$mmapx" status --pid="$holder" /etc/passwd >"$out" 2>"$err"
    [ $? -eq 1 ] && grep -q "^mmapx: process $holder: Permission denied\$" "$err"
}
if [ "$(id -u)" -eq 0 ] && [ $other = yes ]; then
    check "another user's process is said to be" others
else
    skip "another user's process is said to be" 'there is no other user'
fi

# What uses no file is said to.  A child that nobody waits for stays a zombie.
zombie() {
    run 1 status --json --pid="$1" "$dir/three" && lines "$err" 1 &&
        grep -q "^mmapx: process $1: Has ended" "$err" &&
        json "len(all) == 1" || return 1
    run 1 top --json --pid="$1" "$dir/three" && lines "$err" 1 &&
        grep -q "^mmapx: process $1: Has ended" "$err" || return 1
    run 1 top --by=process --pid="$1" && lines "$err" 1
}
with_zombie() {
    # shellcheck disable=SC2016 # It is that shell which expands.
    python3 -c '
import os, subprocess, sys
child = os.fork()
if child == 0:
    os._exit(0)
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
sys.exit(subprocess.call(sys.argv[1:] + [str(child)]))' sh -c \
        'echo "$1" >"$0"; read -r line' "$dir/zombie" <"$dir/end.2" &
    parent=$!
    exec 4>"$dir/end.2"
    # shellcheck disable=SC2016 # It is that shell which expands.
    timeout 60 sh -c 'until [ -s "$1" ]; do sleep 0.05; done' sh "$dir/zombie"
    zombie "$(cat "$dir/zombie")"
    result=$?
    exec 4>&-
    wait "$parent"
    return "$result"
}
mkfifo "$dir/end.2"
check 'a process that has ended but is still there is said to be' with_zombie

kernel_thread() {
    run 1 status --json --pid=2 "$dir/three" && lines "$err" 1 &&
        grep -q '^mmapx: process 2: Is a part of the kernel' "$err" &&
        json "len(all) == 1" || return 1
    run 1 top --json --pid=2 "$dir/three" && lines "$err" 1 &&
        grep -q '^mmapx: process 2: Is a part of the kernel' "$err"
}
if [ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ]; then
    check 'so is a part of the kernel' kernel_thread
else
    skip 'so is a part of the kernel' 'none is to be seen here'
fi

# --- Who ----------------------------------------------------------------------

who() {
    # Others may have processes that let nobody look.
    "$mmapx" status --who "$dir/h/map.1" "$dir/three" >"$out" 2>"$err"
    cat "$out" "$err"
    [ "$(sed -n 3p "$out")" = "    mapped by $name ($holder)" ] &&
        lines "$out" 4 || return 1
    "$mmapx" status --who --json "$dir/h/map.1" "$dir/three" >"$out" 2>"$err"
    json "all[0]['mapped_by'] == [{'pid': $holder, 'process': '$name'}] and
        all[1]['mapped_by'] == []"
}
check 'status --who lists who maps a file' who

processes() {
    "$mmapx" top --by=process -n 100000 --json "$dir/h" >"$out" 2>"$err"
    json "all[0]['pid'] == $holder and all[0]['process'] == '$name' and
        all[0]['files'] >= 4 and all[0]['cached'] >= 0 and len(all) == 2 and
        set(all[0]) == {'pid', 'process', 'files', 'cached'}"
}
if [ "$root" = yes ]; then
    check 'top --by=process: sums of processes' processes
else
    skip 'top --by=process: sums of processes' 'others may be closed to us'
fi

# A process gives itself a name of any bytes.
cat >"$dir/hold-named.py" <<'HOLD'
import mmap, os, sys
kept = mmap.mmap(os.open(sys.argv[1], os.O_RDONLY), 0, prot=mmap.PROT_READ)
kept[0]
with open("/proc/self/comm", "wb") as comm:
    comm.write(eval(sys.argv[2]))
print("ready", flush=True)
sys.stdin.read()
HOLD
called_in_json() {
    "$mmapx" status --who --json "$dir/three" >"$out"
    json "all[0]['mapped_by'] == [{'pid': $named, 'process': $1}]" || return 1
    "$mmapx" top --by=process --json --pid="$named" >"$out"
    json "[all[0]['pid'], all[0]['process']] == [$named, $1]"
}
# is_called NAME JSON TEXT: what JSON and text say of a process that has this
# name; the first two are Python.
is_called() {
    rm -f "$dir/named.out"
    python3 "$dir/hold-named.py" "$dir/three" "$1" <"$dir/end.5" \
        >"$dir/named.out" &
    named=$!
    exec 4>"$dir/end.5"
    # shellcheck disable=SC2016 # It is that shell which expands.
    timeout 60 sh -c 'until [ -s "$1" ]; do sleep 0.05; done' sh \
        "$dir/named.out"
    called_in_json "$2" && "$mmapx" status --who "$dir/three" |
        grep -F "mapped by $3 ($named)"
    result=$?
    exec 4>&-
    wait "$named"
    return "$result"
}
odd_names() {
    mkfifo "$dir/end.5" || return 1
    # shellcheck disable=SC1003 # Two backslashes.
    is_called 'b"a\n\"\\\n"' '"a\n\"\\\n"' 'a\n"\\\n' &&
        is_called 'b"\xff\nb"' \
            '{"bytes": base64.b64encode(b"\xff\nb").decode()}' '\377\nb'
}
check 'a process may have any name' odd_names

# A file of another mount namespace is none here, though its path is one.
elsewhere() {
    mkdir "$dir/other" && pages 5 >"$dir/other/file" &&
        mkfifo "$dir/told" "$dir/over" || return 1
    # shellcheck disable=SC2016 # It is that shell which expands.
    unshare -m sh -c 'mount -t tmpfs none "$1/other" &&
        printf x >"$1/other/file" && exec 3<"$1/other/file" &&
        echo there >"$1/told" && read -r _ <"$1/over"' sh "$dir" &
    read -r _ <"$dir/told"
    "$mmapx" top --by=process --json "$dir/other" >"$out" 2>"$err"
    cat "$out"
    lines "$out" 1
    result=$?
    "$mmapx" top --by=process --json --include="$dir/other/file" >"$out" \
        2>"$err"
    json 'len(all) == 2 and all[0]["files"] == 1' || result=1
    echo >"$dir/over"
    wait $!
    remove "$dir/other"
    return "$result"
}
if [ "$root" = yes ] && mkdir "$dir/try" &&
    unshare -m mount -t tmpfs none "$dir/try" 2>/dev/null; then
    check 'top --by=process: not by what a path means elsewhere' elsewhere
else
    skip 'top --by=process: not by what a path means elsewhere' \
        'no mount namespace can be made'
fi

# --- Why files stay -----------------------------------------------------------

mapped() {
    "$mmapx" evict "$dir/h/map.1" "$dir/three" >"$out"
    cat "$out"
    grep -q "stayed: mapped by $name ($holder): $dir/h/map.1\$" "$out"
}
locked() {
    "$mmapx" evict -b "$dir/h/locked.1" >"$out"
    cat "$out"
    grep -q "stayed: locked by $name ($holder): $dir/h/locked.1\$" "$out"
}
sync "$dir/three" 2>/dev/null || sync
"$mmapx" evict "$dir/three" >"$out"
if grep -q 'stayed' "$out"; then
    skip 'evict names who maps a file' 'this file system does not evict'
    skip 'evict names who has locked a file' 'this file system does not evict'
else
    check 'evict names who maps a file' mapped
    if grep -q '^VmLck:[[:space:]]*[1-9]' "/proc/$holder/status"; then
        check 'evict names who has locked a file' locked
    else
        skip 'evict names who has locked a file' 'nothing can be locked here'
    fi
fi

# On a terminal no line is longer than it is wide.  Five processes map five
# files, and all of them have long names.
cat >"$dir/hold-long.py" <<'HOLD'
import mmap, os, sys
kept = [mmap.mmap(os.open(n, os.O_RDONLY), 0, prot=mmap.PROT_READ)
        for n in sys.argv[1:]]
sum(m[i] for m in kept for i in range(0, len(m), 4096))
for i in range(4):
    if os.fork() == 0:
        break
with open("/proc/self/comm", "w") as comm:
    comm.write("a-name-15-bytes")
print("ready", flush=True)
sys.stdin.read()
HOLD
fits() {
    for columns in 40 60 120 80; do
        on_terminal "COLUMNS=$columns '$mmapx' $2" >/dev/null
        tr -d '\r' <"$out" >"$dir/lines"
        cat "$dir/lines"
        [ "$(grep -c "$1" "$dir/lines")" -eq 1 ] &&
            [ "$(sed -n "/$1/,\$p" "$dir/lines" |
                awk '{ n = length > n ? length : n } END { print n }')" \
                -le "$columns" ] || return 1
    done
}
all_fit() {
    fits ' stayed: mapped by ' "evict -r '$dir/long'" &&
        grep -q '^    .*[.][.][.].* (.*)$' "$dir/lines" &&
        grep -q '^    and 2 more$' "$dir/lines" &&
        fits '    mapped by ' "status --who '$dir/long/1-$long'" || return 1
    # What the kernel knows of pages is opened once for all files.
    strace -f -o "$dir/trace" -e trace=openat true 2>/dev/null || return 0
    strace -f -o "$dir/trace" -e trace=openat "$mmapx" evict -r "$dir/long"
    [ "$(grep -c kpageflags "$dir/trace")" -le 1 ]
}
long_names() {
    mkdir "$dir/long" && mkfifo "$dir/end.3" || return 1
    for i in 1 2 3 4 5; do
        pages 1 >"$dir/long/$i-$long" || return 1
    done
    sync "$dir/long"/* 2>/dev/null || sync
    python3 "$dir/hold-long.py" "$dir/long"/* <"$dir/end.3" >"$dir/long.out" &
    parent=$!
    exec 4>"$dir/end.3"
    # shellcheck disable=SC2016 # It is that shell which expands.
    timeout 60 sh -c 'until [ "$(wc -l <"$1")" -eq 5 ]; do sleep 0.05; done' \
        sh "$dir/long.out"
    all_fit
    result=$?
    exec 4>&-
    wait "$parent"
    return "$result"
}
long=a-name-that-is-so-long-that-no-terminal-of-eighty-columns-shows-it-all.txt
"$mmapx" evict "$dir/h/map.1" >"$out"
if [ "$terminal" = no ]; then
    skip 'on a terminal what evict says fits' 'there is no terminal'
elif ! grep -q 'stayed: mapped' "$out"; then
    skip 'on a terminal what evict says fits' 'nothing stays as it is mapped'
else
    check 'on a terminal what evict says fits' long_names
fi

in_memory() {
    pages 3 >"/dev/shm/$$.mmapx" || return 1
    run 0 evict -b "/dev/shm/$$.mmapx"
    rm "/dev/shm/$$.mmapx"
    grep -q "^$((3 * page)) stayed: in a file system that is in memory only: " \
        "$out"
}
if [ "$(stat -f -c %T /dev/shm 2>/dev/null)" = tmpfs ] && [ -w /dev/shm ]; then
    check 'evict says that memory is all there is' in_memory
else
    skip 'evict says that memory is all there is' 'there is no tmpfs'
fi

# --- Where /proc is not what it is --------------------------------------------

# in_namespace COMMAND: with mounts of its own.
in_namespace() {
    unshare -m sh -c "$1" >"$out" 2>"$err"
    result=$?
    cat "$out" "$err"
    return $result
}
no_proc() {
    in_namespace "mount -t tmpfs none /proc && '$mmapx' status --pid=$holder \
        '$dir/three'" && return 1
    grep -q "^mmapx: process $holder: " "$err" && grep -q "/three\$" "$out" ||
        return 1
    in_namespace "mount -t tmpfs none /proc && '$mmapx' top" && return 1
    grep -q '^mmapx: /proc' "$err"
}
# Since Linux 5.8 each mount of /proc has options of its own.
hidden() {
    in_namespace "mount -t proc -o hidepid=2 proc /proc && setpriv \
        --reuid=65534 --regid=65534 --clear-groups '$mmapx' status \
        --pid=$holder /etc/passwd" && return 1
    grep -q "^mmapx: process $holder: " "$err" &&
        grep -q ' /etc/passwd$' "$out" || return 1
    in_namespace "mount -t proc -o hidepid=2 proc /proc && setpriv \
        --reuid=65534 --regid=65534 --clear-groups '$mmapx' status --who \
        /etc/passwd" && return 1
    grep -q '^mmapx: not known to this user: what hidden processes map' "$err"
}
# Linux has two ways to hide: what is listed cannot be used, or is not there.
hidden_lives() {
    for how in 2 4; do
        unshare -m mount -t proc -o "hidepid=$how" proc /proc || continue
        for command in status top load evict snapshot 'watch --count=1'; do
            in_namespace "mount -t proc -o hidepid=$how proc /proc && setpriv \
                --reuid=65534 --regid=65534 --clear-groups '$mmapx' $command \
                --pid=$holder" && return 1
            grep -q "^mmapx: process $holder: Operation not permitted\$" \
                "$err" || return 1
        done
    done
}
if [ "$(id -u)" -eq 0 ] && [ $other = yes ] &&
    unshare -m mount -t tmpfs none /proc 2>/dev/null; then
    check 'without /proc it says so, and does the rest' no_proc
else
    skip 'without /proc it says so, and does the rest' 'this takes root'
fi
if [ "$(id -u)" -eq 0 ] && [ $other = yes ] &&
    in_namespace 'mount -t proc -o hidepid=2 proc /proc && ! setpriv \
        --reuid=65534 --regid=65534 --clear-groups test -d /proc/1' &&
    [ "$(stat -c %a /proc)" = 555 ] && ! grep -q hidepid /proc/self/mounts; then
    check 'hidden processes are said to be none' hidden
    check 'a hidden process has not ended' hidden_lives
else
    skip 'hidden processes are said to be none' \
        'this takes root, and a /proc with options of its own'
fi

# Nobody may write root's file, and learns nothing of it.
restores_unknown() {
    pages 4 >"$dir/private" && chmod 644 "$dir/private" &&
        run 0 snapshot -o "$dir/snap" "$dir/private" &&
        chmod 644 "$dir/snap" || return 1
    as_other "$mmapx" restore -b "$dir/snap" >"$out" || return 1
    cat "$out"
    grep -q "^went through $((4 * page)), which the system says nothing" \
        "$out" || return 1
    as_other "$mmapx" restore --json "$dir/snap" >"$out" &&
        json "all[0]['loaded'] is None"
}
if [ "$(id -u)" -eq 0 ] && [ $other = yes ] &&
    as_other "$mmapx" status "$0" 2>&1 | grep -q '^unknown'; then
    check 'restore says what it does not know' restores_unknown
else
    skip 'restore says what it does not know' \
        'this takes root, and a system that keeps it from others'
fi

finish

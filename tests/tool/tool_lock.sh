#!/bin/sh
# SPDX-License-Identifier: MIT
# mmapx lock: what it keeps while files change, and what it says of limits.
# What is locked is judged by VmLck of /proc/PID/status, in kilobytes.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"

tree=$dir/tree
mkdir "$tree"
pages 20 >"$tree/file"

# Who runs the tests may ignore SIGHUP, as nohup(1) does, and a shell cannot
# undo that.
with_hangups='env --default-signal=HUP'
$with_hangups true 2>/dev/null || with_hangups=
hangs_up() {
    # shellcheck disable=SC2016 # It is that shell which expands.
    $with_hangups sh -c 'kill -HUP $$' 2>/dev/null
    [ $? -eq 129 ]
}

# start ARGUMENT...: in the background, as $started; waits until it has said
# something.
start() {
    rm -f "$out" "$err"
    $with_hangups "$mmapx" lock -n 0.1 "$@" >"$out" 2>"$err" &
    started=$!
    # shellcheck disable=SC2016 # It is that shell which expands.
    timeout 60 sh -c 'while ! [ -s "$1" ] && ! [ -s "$2" ] &&
        kill -0 "$3" 2>/dev/null; do sleep 0.05; done' \
        sh "$out" "$err" "$started"
}

stop() {
    kill -TERM "$started" 2>/dev/null
    wait "$started"
}

locked() {
    sed -n 's/^VmLck:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}

# becomes PAGES: so much is locked, now or after some more looks.
becomes() {
    want=$(($1 * page / 1024))
    for _ in $(seq 600); do
        [ "$(locked "$started")" = "$want" ] && return 0
        sleep 0.05
    done
    echo "$(locked "$started") kB are locked, not $want"
    return 1
}

# pinned FILE PAGES: so many of its pages cannot be evicted.
pinned() {
    "$mmapx" evict --sync "$1" >/dev/null 2>&1
    [ "$("$mmapx" status -b "$1" | awk 'NR == 2 { print $1 }')" = \
        $(($2 * page)) ] || { "$mmapx" status -b "$1"; return 1; }
}

# and_stop COMMAND...: its status, after the program has been stopped.
and_stop() {
    "$@"
    result=$?
    stop && [ "$result" -eq 0 ]
}

# A sanitizer makes mlock(2) do nothing, and a limit may forbid it.
start "$tree/file"
works=$(locked "$started" 2>/dev/null)
stop 2>/dev/null
[ "${works:-0}" -gt 0 ] || skip_all 'nothing can be locked here, or seen to be'

follows_growth() {
    becomes 20 || return 1
    pages 30 >>"$tree/file"
    becomes 50 && truncate -s $((5 * page)) "$tree/file" && becomes 5
}
growing() {
    pages 20 >"$tree/file"
    start "$tree/file"
    and_stop follows_growth
}
check 'a file that grows and is cut is followed' growing

# What lies between the ranges is not locked, whatever comes behind it.
ranges_follow_growth() {
    becomes 2 && pages 180 >>"$tree/file" && becomes 3
}
ranges_growing() {
    pages 20 >"$tree/file"
    start --range="$page:$((2 * page))" --range="$((100 * page)):$page" \
        "$tree/file"
    and_stop ranges_follow_growth || return 1
    pages 20 >"$tree/file"
    printf '%s\n' 'mmapx snapshot 1' \
        "file $((200 * page)) $(cd "$tree" && pwd -P)/file" \
        "$page $((2 * page))" "$((100 * page)) $page" 'end 1' >"$dir/snapshot"
    start --snapshot="$dir/snapshot"
    and_stop ranges_follow_growth
}
# is_sanitized: by one that makes munlock(2) do nothing.
is_sanitized() {
    grep -a -q -e __asan_init -e __tsan_init tools/mmapx tools/.libs/mmapx \
        2>/dev/null
}
if is_sanitized; then
    skip 'parts of a file that grows are locked, and no more' \
        'the sanitizer makes munlock(2) do nothing'
else
    check 'parts of a file that grows are locked, and no more' ranges_growing
fi

# Names that can be read only once are known to all later looks.
named_by_fifo() {
    pages 20 >"$tree/file"
    mkfifo "$dir/names" || return 1
    printf '%s\0' "$tree/file" >"$dir/names" &
    start --files0-from="$dir/names"
    and_stop follows_growth
    result=$?
    rm "$dir/names"
    return "$result"
}
check 'also one whose name came through a FIFO' named_by_fifo

follows_replacement() {
    becomes 20 || return 1
    pages 7 >"$dir/new" && mv "$dir/new" "$tree/file" && becomes 7 &&
        rm "$tree/file" && becomes 0 && pages 3 >"$tree/file" && becomes 3
}
replacing() {
    pages 20 >"$tree/file"
    start "$tree/file"
    and_stop follows_replacement
}
check 'a name that is replaced, removed and made again is followed' replacing

follows_tree() {
    becomes 20 || return 1
    mkdir "$tree/sub" && pages 4 >"$tree/sub/more" && becomes 24 &&
        remove "$tree/sub" && becomes 20
}
directory() {
    pages 20 >"$tree/file"
    start -r "$tree"
    and_stop follows_tree
}
check 'a file that appears in a directory is locked' directory

# Another name means the same file, or the name something else: what was removed
# is let go all the same.
fresh() {
    rm -rf "${tree:?}"/* && pages 20 >"$tree/a" && pages 7 >"$tree/b"
}
gets_another_name() {
    becomes 27 && ln -f "$tree/$1" "$tree/$2" && becomes "$3"
}
linked() {
    for what in -r --on-fault '--range=0:1G --range=2G:1'; do
        for names in 'a b 20' 'b a 7'; do
            fresh || return 1
            # shellcheck disable=SC2086 # two
            start -r $what "$tree"
            # shellcheck disable=SC2086 # three
            and_stop gets_another_name $names || return 1
        done
    done
}
fresh
if ln "$tree/a" "$tree/c" 2>/dev/null; then
    check 'a file whose name was given to another one is let go' linked
else
    skip 'a file whose name was given to another one is let go' \
        'this file system has no hard links'
fi
becomes_something() {
    becomes 27 && rm "$tree/a" && "$@" "$tree/a" && becomes 7 &&
        rm -r "$tree/a" && pages 20 >"$tree/a" && becomes 27
}
something() {
    pages 1 >"$dir/elsewhere"
    for what in -r '-r --on-fault' '-r --range=0:1G --range=2G:1' \
        "$tree/b $tree/a"; do
        for kind in mkdir mkfifo "ln -s $dir/nowhere" "ln -s $dir/elsewhere"; do
            case $what$kind in
            # It is followed, since somebody has named it.
            /*elsewhere) continue ;;
            /*) all= ;;
            *) all=$tree ;;
            esac
            fresh || return 1
            # shellcheck disable=SC2086 # none or several
            start $what $all
            # shellcheck disable=SC2086 # two
            and_stop_whatever becomes_something $kind || return 1
        done
    done
}
# and_stop_whatever COMMAND...: as and_stop; the program may have complained.
and_stop_whatever() {
    "$@"
    result=$?
    stop
    return "$result"
}
check 'so is one that has become something else' something

# What it leads to is still there, outside.
moves_away() {
    becomes 27 && mv "$tree/sub" "$dir/away" && ln -s "$dir/away" "$tree/sub" &&
        becomes 7
}
moved_away() {
    fresh && mkdir "$tree/sub" && mv "$tree/a" "$tree/sub" || return 1
    start -r "$tree"
    and_stop moves_away
}
check 'and one to which only a link in a directory leads' moved_away

# What is too large now is left out, whatever it was.
becomes_too_large() {
    becomes 12 && pages 30 >"$dir/new" && mv "$dir/new" "$tree/a" &&
        becomes 7 && pages 30 >>"$tree/b" && becomes 0
}
too_large() {
    fresh && truncate -s $((5 * page)) "$tree/a" || return 1
    start -r --max-size=$((10 * page)) "$tree"
    and_stop becomes_too_large
}
check 'and one that an option leaves out by now' too_large
rm -rf "${tree:?}"/*

# By these names file systems keep what was removed while it was open.
keeps_no_remainder() {
    pages 4 >"$tree/.nfs000000000001" && pages 4 >"$tree/.fuse_hidden00000001" &&
        pages 1 >>"$tree/file" && becomes 21
}
remainders() {
    pages 20 >"$tree/file"
    start -r "$tree"
    and_stop keeps_no_remainder
    result=$?
    rm -f "$tree"/.nfs* "$tree"/.fuse_hidden*
    return "$result"
}
check 'what is left of a removed file is not locked' remainders

# A look that has found a new page follows on one that was over.
says_new_names_once() {
    becomes 20 || return 1
    : >"$tree/new.skip"
    for n in 21 22 23; do
        pages 1 >>"$tree/file"
        becomes "$n" || return 1
    done
    cat "$err"
    lines "$err" 2 && grep -q "/old.skip: left out by --exclude$" "$err" &&
        grep -q "/new.skip: left out by --exclude$" "$err"
}
left_out() {
    rm -rf "$tree" && mkdir "$tree" || return 1
    pages 20 >"$tree/file"
    : >"$tree/old.skip"
    start -v -r '--exclude=*.skip' "$tree"
    and_stop says_new_names_once
}
check '-v says once what is left out' left_out

looks_at_hangup() {
    becomes 20 || return 1
    pages 1 >>"$tree/file"
    kill -HUP "$started" && becomes 21
}
hangup() {
    pages 20 >"$tree/file"
    start -n 100000 "$tree/file"
    and_stop looks_at_hangup
}

# hangs_up_and_waits: it gets SIGHUP while it waits, and waits on.
# The signals that it catches begin with SIGHUP's bit.
waits() {
    for _ in $(seq 600); do
        grep -q '^State:.*S' "/proc/$started/status" &&
            grep -q '^SigCgt:.*[13579bdf]$' "/proc/$started/status" && return 0
        sleep 0.05
    done
    cat "/proc/$started/status"
    return 1
}
hangs_up_and_waits() {
    waits && kill -HUP "$started" && waits
}
# The names are "file" and "more"; what has come before the signal is cut there.
names_and_hangup() {
    [ "$1" != opening ] || hangs_up_and_waits || return 1
    exec 3>"$dir/names-fifo"
    case $1 in
    begun) name "$tree/fi" ;;
    one) name "$tree/file\0" ;;
    esac
    [ "$1" = opening ] || hangs_up_and_waits || return 1
    case $1 in
    opening | none) name "$tree/file\0" ;;
    begun) name 'le\0' ;;
    esac
    name "$tree/more"
    exec 3>&-
    becomes 23 && lines "$err" 0
}
# In a shell of its own, which SIGPIPE ends if nobody reads any more.
name() {
    (printf '%b' "$1" >&3)
}
hangup_among_names() {
    pages 20 >"$tree/file" && pages 3 >"$tree/more" &&
        rm -f "$dir/names-fifo" && mkfifo "$dir/names-fifo" || return 1
    $with_hangups "$mmapx" lock -n 0.1 --files0-from="$dir/names-fifo" \
        >"$out" 2>"$err" &
    started=$!
    and_stop names_and_hangup "$1"
    result=$?
    exec 3>&-
    cat "$out" "$err"
    rm "$tree/more"
    return "$result"
}
if hangs_up; then
    check 'SIGHUP makes it look at once' hangup
    check 'SIGHUP before the names come' hangup_among_names opening
    check 'before the first name' hangup_among_names none
    check 'in the middle of a name' hangup_among_names begun
    check 'and between two names' hangup_among_names one
else
    skip 'SIGHUP makes it look at once' \
        'who runs this ignores it, and env(1) cannot undo that'
fi

# read_page NUMBER: one page of the file, without what is read ahead.
read_page() {
    python3 -c '
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
os.pread(fd, 1, int(sys.argv[2]) * int(sys.argv[3]))' "$tree/file" "$1" "$page"
}

cached_now_and_later() {
    pinned "$tree/file" 1 || return 1
    for _ in $(seq 600); do
        read_page 10 && sleep 0.05
        pinned "$tree/file" 2 >/dev/null && return 0
    done
    pinned "$tree/file" 2
}
on_fault() {
    pages 20 >"$tree/file"
    pinned "$tree/file" 0 || return 1
    read_page 5 || return 1
    start --on-fault "$tree/file"
    becomes 20 || return 1
    and_stop cached_now_and_later
}
if ! command -v python3 >/dev/null; then
    skip '--on-fault locks what is cached, now and later' 'there is no python3'
elif ! pinned "$tree/file" 0 >/dev/null; then
    skip '--on-fault locks what is cached, now and later' \
        'this file system does not evict'
else
    check '--on-fault locks what is cached, now and later' on_fault
fi

# Two parts of a file, and one that is gone.
keeps_parts() {
    becomes 3 || return 1
    pages 20 >"$dir/new" && mv "$dir/new" "$tree/file" && becomes 3 &&
        truncate -s $((2 * page)) "$tree/file" && becomes 1
}
snapshot() {
    pages 20 >"$tree/file"
    real=$(cd "$tree" && pwd -P)
    printf '%s\n' 'mmapx snapshot 1' "file $((20 * page)) $real/file" \
        "$page $page" "$((10 * page)) $((2 * page))" "file 1 $real/gone" '0 1' \
        'end 2' >"$dir/snapshot"
    start -b --snapshot="$dir/snapshot"
    grep -q "^locked $((3 * page)) in 1 file, until interrupted\$" "$out" ||
        { cat "$out" "$err"; return 1; }
    and_stop keeps_parts
}
check '--snapshot locks what a snapshot names' snapshot

# What restore takes for gone is gone for lock too, and let go without a word.
becomes_another() {
    becomes 40 || return 1
    rm "$tree/2" && ln -s file "$tree/2" && becomes 20 &&
        rm "$tree/2" && mkfifo "$tree/2" && becomes 20 &&
        rm "$tree/2" && pages 20 >"$tree/2" && becomes 40 &&
        rm "$tree/2" && mkdir "$tree/2" && becomes 20 && rmdir "$tree/2" ||
        return 1
    cat "$err"
    lines "$err" 0
}
is_another() {
    rm -rf "${tree:?}"/* && pages 20 >"$tree/file" && pages 20 >"$tree/2" &&
        run 0 snapshot -r -o "$dir/snapshot" "$tree" || return 1
    start --snapshot="$dir/snapshot"
    and_stop becomes_another || return 1
    for kind in 'ln -s file' mkfifo mkdir; do
        $kind "$tree/2" || return 1
        start -b --snapshot="$dir/snapshot"
        and_stop becomes 20
        result=$?
        cat "$out" "$err"
        [ "$result" -eq 0 ] && lines "$err" 0 && rm -r "$tree/2" &&
            grep -q "^locked $((20 * page)) in 1 file, " "$out" || return 1
    done
}
check 'with --snapshot what has become a link, a FIFO or a directory has gone' \
    is_another

# Cut and written again, with the size that it had: no page of it is in the
# mapping any more.
follows_rewriting() {
    becomes 20 && is_mapped 20 || return 1
    # cat(1) would share the blocks where the file system can: nothing is cached.
    pages 20 >"$dir/copy" && dd if="$dir/copy" of="$tree/file" \
        bs=$((20 * page)) 2>/dev/null || return 1
    is_mapped 20 && pinned "$tree/file" 20
}
# is_mapped PAGES: so many pages of the file are in the mapping, now or after
# some more looks.
is_mapped() {
    for _ in $(seq 600); do
        rss=$(awk -v name="$(cd "$tree" && pwd -P)/file" '
            /^[0-9a-f]+-[0-9a-f]+ / { on = $6 == name }
            on && /^Rss:/ { n += $2 }
            END { print n + 0 }' "/proc/$started/smaps")
        [ "$rss" -ne $(($1 * page / 1024)) ] || return 0
        sleep 0.05
    done
    echo "$rss kB are mapped"
    return 1
}
rewriting() {
    pages 20 >"$tree/file"
    start "$@" "$tree/file"
    and_stop follows_rewriting
}
check 'a file that is rewritten in place is kept' rewriting
check 'so is one of which only what is cached is locked' rewriting --on-fault

# Cut and written again, with another size, and then left alone: a second look
# does not ask what the first has seen.  A change of the last two seconds would
# be looked at again, so time goes by before the first.
follows_other_size() {
    becomes 200 && kill -STOP "$started" || return 1
    pages "$1" >"$dir/copy" && dd if="$dir/copy" of="$tree/file" \
        bs=$((100 * page)) 2>/dev/null && old_enough
    kill -CONT "$started" && becomes "$1" && is_mapped "$1" &&
        pinned "$tree/file" "$1"
}
# old_enough: more than two seconds have gone by since the file was changed.
old_enough() {
    changed=$(stat -c %Z "$tree/file")
    while [ "$(date +%s)" -le $((changed + 3)) ]; do sleep 0.2; done
}
other_size() {
    pages 200 >"$tree/file"
    start "$tree/file"
    and_stop follows_other_size "$1"
}
check 'a file that is rewritten shorter is kept' other_size 100
check 'a file that is rewritten longer is kept' other_size 300

# The first write makes a copy, which has the inode's number that the file had.
follows_copies() {
    becomes 40 && printf z | dd of="$merged/a" bs=1 conv=notrunc 2>/dev/null &&
        pages 5 >>"$merged/b" && becomes 45 || return 1
    # A copy need not go through memory, and --on-fault brings nothing in.
    for _ in $(seq 600); do
        cat "$merged/a" "$merged/b" >/dev/null
        sleep 0.05
        pinned "$merged/a" 20 >/dev/null && pinned "$merged/b" 25 >/dev/null &&
            break
    done
    cat "$err"
    pinned "$merged/a" 20 && pinned "$merged/b" 25 && lines "$err" 0
}
copies() {
    start "$@" "$merged/a" "$merged/b"
    and_stop follows_copies
}
cat >"$dir/overlay.sh" <<'SHELL'
overlay() {
    cd "$1" && mkdir lower upper work merged &&
        cp "$1/../pages" lower/a && cp "$1/../pages" lower/b &&
        mount -t overlay none merged -o \
            "lowerdir=lower,upperdir=upper,workdir=work$2"
}
{ overlay "$@" || { mount -t tmpfs none "$1" && overlay "$@"; }; } 2>/dev/null
[ "$(stat -c %W "$1/merged/a")" -gt 0 ] 2>/dev/null
echo "$?" >"$1/../mounted"
exec sleep 600
SHELL
# with_overlay COMMAND...: in a mount namespace of another process, by way of
# which its files have names here.
with_overlay() {
    rm -rf "$dir/overlay"
    mkdir "$dir/overlay" && rm -f "$dir/mounted" && mkfifo "$dir/mounted" &&
        pages 20 >"$dir/pages" || return 1
    # shellcheck disable=SC2086 # none or one
    unshare $namespace -m sh "$dir/overlay.sh" "$dir/overlay" $own_names &
    holder=$!
    read -r mounted <"$dir/mounted"
    merged=/proc/$holder/root$dir/overlay/merged
    [ "$mounted" -eq 0 ] && [ -r "$merged/a" ] && "$@"
    result=$?
    kill "$holder"
    wait "$holder" 2>/dev/null
    return "$result"
}
if [ "$(id -u)" -eq 0 ]; then
    namespace='' own_names=
else
    namespace=-Ur own_names=,userxattr
fi
# shellcheck disable=SC2086 # none or one
if unshare $namespace -m true 2>/dev/null && with_overlay true; then
    check 'on overlayfs the copy is locked that a write makes' \
        with_overlay copies
    check 'or what is in memory of it' with_overlay copies --on-fault
else
    skip 'on overlayfs the copy is locked that a write makes' \
        'no overlayfs can be mounted, or it does not tell when files were made'
fi

# One file that is cut at that moment is no reason to keep none.
cutting() {
    mkdir "$dir/living" && pages 20 >"$dir/living/a" || return 1
    : >"$dir/go"
    while [ -e "$dir/go" ]; do
        truncate -s 64M "$dir/living/b"
        truncate -s 0 "$dir/living/b"
    done &
    cutter=$!
    result=0
    for _ in $(seq 20); do
        start -r "$dir/living"
        kill -0 "$started" 2>/dev/null || result=1
        lines "$err" 0 || { cat "$err"; result=1; }
        stop
    done
    rm "$dir/go"
    wait "$cutter"
    return "$result"
}
if [ "$(id -u)" -eq 0 ]; then
    check 'a file that is cut while it is being locked stops nothing' cutting
else
    skip 'a file that is cut while it is being locked stops nothing' \
        'this user may not lock so much'
fi

# Nothing is there yet.
waits() {
    becomes 0 && pages 3 >"$tree/later" && becomes 3
}
waiting() {
    rm -rf "$tree/later"
    printf '%s\n' 'mmapx snapshot 1' \
        "file $((3 * page)) $(cd "$tree" && pwd -P)/later" "0 $((3 * page))" \
        'end 1' >"$dir/snapshot"
    start --snapshot="$dir/snapshot"
    and_stop waits
}
check 'it waits for files that are missing' waiting

# What is missing is said when it has gone, not at each look.
complains_once() {
    becomes 20 && pages 1 >"$tree/more" && becomes 21 &&
        pages 2 >"$tree/more" && becomes 22 && pages 3 >"$tree/more" &&
        becomes 23 && lines "$err" 1 || return 1
    pages 1 >"$tree/missing" && becomes 24 && remove "$tree/missing" &&
        becomes 23 && pages 4 >"$tree/more" && becomes 24 && lines "$err" 2
}
complaining() {
    pages 20 >"$tree/file"
    : >"$tree/more"
    start "$tree/missing" "$tree/file" "$tree/more"
    complains_once
    result=$?
    stop # with 1, since not all was there
    cat "$err"
    return "$result"
}
check 'a file that is missing is complained of once' complaining
alone() {
    run 1 lock -n 0.1 "$tree/missing" && lines "$err" 1
}
check 'alone it ends the program' alone

says_what_is_locked() {
    pages 20 >"$tree/file"
    pinned "$tree/file" 0 || return 1
    start -b --on-fault "$tree/file"
    stop
    cat "$out"
    grep -q "^locked 0 of $((20 * page)) in 1 file, and what comes in, " "$out"
}
if pinned "$tree/file" 0 >/dev/null; then
    check '--on-fault says what is locked' says_what_is_locked
else
    skip '--on-fault says what is locked' 'this file system does not evict'
fi

# --- A service manager --------------------------------------------------------

# The socket's end: it prints what it is sent, a datagram a line.
cat >"$dir/manager.py" <<'PYTHON'
import os, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0" + sys.argv[1][1:] if sys.argv[1][0] == "@" else sys.argv[1])
s.settimeout(60)
os.environ["NOTIFY_SOCKET"] = sys.argv[1]
p = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL)
print(s.recv(100).decode())
p.terminate()
print(s.recv(100).decode())
sys.exit(p.wait())
PYTHON
notifies() {
    # shellcheck disable=SC2015 # Either of the two has failed.
    python3 "$dir/manager.py" "$1" "$mmapx" lock "$tree/file" >"$out" &&
        [ "$(cat "$out")" = 'READY=1
STOPPING=1' ] || { cat "$out"; return 1; }
}
# A manager that is behind: its socket takes no more.  Looks are taken all the
# same, it is told later, and the end does not wait for it.
cat >"$dir/behind.py" <<'PYTHON'
import os, re, socket, subprocess, sys, time
name, file, page = sys.argv[1], sys.argv[2], int(sys.argv[3])
def datagrams():
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s = datagrams()
s.bind("\0" + name[1:])
s.settimeout(60)
senders = []
def fill(n=0):
    while True: # Each of them may send only so much.
        senders.append(datagrams())
        senders[-1].setblocking(False)
        before = n
        try:
            while True:
                senders[-1].sendto(b"x", "\0" + name[1:])
                n += 1
        except BlockingIOError:
            if n == before:
                return n
def becomes(pages):
    for _ in range(600):
        with open("/proc/%d/status" % p.pid) as status:
            locked = int(re.search(r"VmLck:\s*(\d+)", status.read())[1])
        if locked * 1024 == pages * page:
            return
        time.sleep(0.05)
    sys.exit("%d kB are locked, not %d pages" % (locked, pages))
n = fill()
os.environ["NOTIFY_SOCKET"] = name
p = subprocess.Popen(sys.argv[4:] + [file], stdout=subprocess.DEVNULL)
try:
    becomes(20)
    with open(file, "ab") as f:
        f.write(b"x" * page)
    becomes(21)
    for _ in range(n):
        s.recv(100)
    print(s.recv(100).decode())
    fill()
    p.terminate()
    sys.exit(p.wait(60))
finally:
    p.kill()
PYTHON
is_behind() {
    pages 20 >"$tree/file"
    python3 "$dir/behind.py" "@mmapx-behind-$$" "$tree/file" "$page" \
        "$mmapx" lock -n 0.1 >"$out" && [ "$(cat "$out")" = READY=1 ]
}
if command -v python3 >/dev/null; then
    check 'a service manager is told, by a path' notifies "$dir/socket"
    check 'and by an abstract name' notifies "@mmapx-test-$$"
    check 'and by the longest of them' notifies \
        "$(printf '%-108s' "@mmapx-test-$$" | tr ' ' x)"
    check 'one that is behind is told later, and not waited for' is_behind
else
    skip 'a service manager is told' 'there is no python3'
fi

# --- Limits -------------------------------------------------------------------

# More than machines have.
too_much() {
    run 1 lock "$dir/huge" && lines "$out" 0 &&
        grep -q '^mmapx: 10T are to be locked, and .* of memory are available' \
            "$err" && grep -q -- '--force' "$err"
}
if truncate -s 10T "$dir/huge" 2>/dev/null; then
    check 'more than there is memory for is refused with both numbers' too_much
else
    skip 'more than there is memory for is refused with both numbers' \
        'this file system has no files of 10 TiB'
fi

# The limit of memory is not to blame, however little of the file is wanted.
too_large_to_map() {
    size=$(stat -c %s "$huge/file")
    printf '%s\n' 'mmapx snapshot 1' "file $size $(cd "$huge" && pwd -P)/file" \
        "0 $page" "$((size - page)) $page" 'end 1' >"$dir/snapshot"
    for force in '' --force; do
        # shellcheck disable=SC2086 # none or one
        run 1 lock $force --snapshot="$dir/snapshot" &&
            complains '.*/file: \(Too large to be map\|Value too large\).*' ||
            return 1
    done
}
trap 'rm -rf "$tap_output" "$dir" "$huge"' EXIT
huge=$(mktemp -d /dev/shm/mmapx-tool.XXXXXX 2>/dev/null) || huge=
if [ -n "$huge" ] && truncate -s 7E "$huge/file" 2>/dev/null; then
    check 'a file that is too large to be mapped is called so' too_large_to_map
else
    skip 'a file that is too large to be mapped is called so' \
        'no /dev/shm that takes it'
fi

# group COMMAND...: in a memory control group of 64 MiB, if one can be made.
v1=/sys/fs/cgroup/memory/mmapx-test-$$
v2=/sys/fs/cgroup/mmapx-test-$$
group=
if mkdir "$v1" 2>/dev/null && echo 64M >"$v1/memory.limit_in_bytes"; then
    group=$v1
elif mkdir "$v2" 2>/dev/null && echo 64M >"$v2/memory.max"; then
    group=$v2
fi 2>/dev/null
trap 'rm -rf "$tap_output" "$dir" "$huge"; rmdir "$v1" "$v2" 2>/dev/null' EXIT
more_than_the_group() {
    truncate -s 100M "$dir/large" || return 1
    sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$group" \
        "$mmapx" lock "$dir/large" >"$out" 2>"$err"
    [ $? -eq 1 ] && cat "$err" &&
        grep -q '100M are to be locked, .* control group .* limited to 64M' \
            "$err"
}
# It grows beyond what the group allows: what was kept is kept.
grows_too_large() {
    pages 4 >"$dir/grows"
    sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$group" \
        "$mmapx" lock -n 0.1 "$dir/grows" >"$out" 2>"$err" &
    started=$!
    and_stop keeps_what_it_had
}
keeps_what_it_had() {
    becomes 4 || return 1
    truncate -s 1G "$dir/grows"
    # shellcheck disable=SC2016 # It is that shell which expands.
    timeout 60 sh -c 'while ! [ -s "$1" ]; do sleep 0.05; done' sh "$err"
    cat "$err"
    becomes 4 && grep -q 'grows: 1.0G are to be locked, and ' "$err"
}
if [ -n "$group" ]; then
    check 'a file that grows beyond that is kept as far as it was' \
        grows_too_large
else
    skip 'a file that grows beyond that is kept as far as it was' \
        'no memory control group can be made here'
fi
if [ -n "$group" ]; then
    check 'so is more than the control group allows' more_than_the_group
else
    skip 'so is more than the control group allows' \
        'no memory control group can be made here'
fi

# Files of one page each, more of them than the system allows mappings.  The
# limit is not changed for this, so it has to be one that can be met.  A
# sanitizer needs mappings too, and ends without any.
most=$(cat /proc/sys/vm/max_map_count 2>/dev/null || echo 0)
too_many_files() {
    mkdir "$dir/many" && (
        cd "$dir/many" && python3 -c '
import sys
for i in range(int(sys.argv[1])):
    with open(str(i), "w") as f:
        f.write("x")' $((most + 100))
    ) || return 1
    timeout 600 "$mmapx" lock -r "$dir/many" >"$out" 2>"$err"
    [ $? -eq 1 ] && cat "$err" && lines "$err" 2 && lines "$out" 0 &&
        grep -q "^mmapx: $((most + 100)) files are to be locked, " "$err" &&
        grep -q " but vm.max_map_count is $most\$" "$err" &&
        grep -q "'sysctl vm.max_map_count=[0-9]*'" "$err"
}
if [ "$most" -gt 0 ] && [ "$most" -le 70000 ] && [ "$(id -u)" -eq 0 ] &&
    ! is_sanitized &&
    command -v python3 >/dev/null &&
    [ "$(df -Pi "$dir" | awk 'NR == 2 { print $4 }')" -gt 100000 ] &&
    [ "$(df -Pk "$dir" | awk 'NR == 2 { print $4 }')" -gt 1000000 ]; then
    check 'vm.max_map_count is named once, with the number needed' \
        too_many_files
else
    skip 'vm.max_map_count is named once, with the number needed' \
        'it takes root, python3, a disk with room, and a limit of usual size'
fi
finish

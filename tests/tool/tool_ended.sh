#!/bin/sh
# SPDX-License-Identifier: MIT
# Processes that end while their files are looked at.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"

pages 1 >"$dir/page"
need_processes "$dir/page"

# The command is made to say of each file named skip that it is left out, and
# nobody reads that once it has begun with them.  So it waits in the middle of
# the process's files, whatever the time is, until the process has ended.
cat >"$dir/end.py" <<'END'
import ctypes, fcntl, mmap, os, signal, subprocess, sys
how, uses, directory, out, err = sys.argv[1:6]
command = sys.argv[6:]
PIPE_SIZE = getattr(fcntl, "F_SETPIPE_SZ", 1031)
N = 400
os.chdir(directory)

def name(kind, i):
    return "%s.%04d.%s" % (kind, i, "x" * 200)

def make(name):
    if not os.path.exists(name):
        with open(name, "wb") as f:
            f.write(b"x" * mmap.PAGESIZE)
    return os.open(name, os.O_RDONLY)

libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
def map(name):
    fd = make(name)
    at = libc.mmap(ctypes.c_void_p(None), ctypes.c_size_t(mmap.PAGESIZE),
                   ctypes.c_int(mmap.PROT_READ), ctypes.c_int(mmap.MAP_SHARED),
                   ctypes.c_int(fd), ctypes.c_long(0))
    assert at != ctypes.c_void_p(-1).value
    os.close(fd)

def hold():
    use = make if uses == "open" else map
    for i in range(N):
        if uses == "map" or i in (0, N - 1):
            use(name("keep", i))
        if i not in (0, N - 1):
            use(name("skip", i))

ready, told = os.pipe()
holder = os.fork()
if holder == 0:
    try:
        hold()
        os.write(told, b"x")
        signal.pause()
    finally:
        os._exit(1)
os.close(told)
assert os.read(ready, 1) == b"x"

lines, write_end = os.pipe()
fcntl.fcntl(lines, PIPE_SIZE, mmap.PAGESIZE)
with open(out, "wb") as f:
    child = subprocess.Popen([a.replace("PID", str(holder)) for a in command],
                             stdin=subprocess.DEVNULL, stdout=f,
                             stderr=write_end)
os.close(write_end)
said = b""
while b"/skip." not in said:
    more = os.read(lines, 512)
    if not more:
        break
    said += more
if how != "never":
    os.kill(holder, signal.SIGKILL)
if how == "reaped":
    os.waitpid(holder, 0)
elif how == "zombie":
    os.waitid(os.P_PID, holder, os.WEXITED | os.WNOWAIT)
while True:
    more = os.read(lines, 65536)
    if not more:
        break
    said += more
status = child.wait()
if how == "never":
    os.kill(holder, signal.SIGKILL)
if how != "reaped":
    os.waitpid(holder, 0)
said = said.replace(b"process %d:" % holder, b"process PID:")
with open(err, "wb") as f:
    f.writelines(line for line in said.splitlines(True)
                 if b": left out by " not in line)
sys.exit(status)
END
mkdir "$dir/h"

# ends STATUS HOW USES ARGUMENT...: of the files that end.py has only those that
# are named keep are meant.
ends() {
    wanted=$1
    how=$2
    uses=$3
    shift 3
    timeout 120 python3 "$dir/end.py" "$how" "$uses" "$dir/h" "$out" "$err" \
        "$mmapx" "$@" -v "--include=$dir/h/*" '--exclude=skip.*'
    got=$?
    cat "$err"
    [ "$got" -eq "$wanted" ] || { echo "exit $got, not $wanted"; return 1; }
}
said='mmapx: process PID: Ended while its files were looked at; some may be'
said="$said missing"
says_it_once() {
    lines "$err" 1 && grep -q "^$said\$" "$err"
}

whole() {
    for uses in open map; do
        ends 0 never "$uses" status --pid=PID && lines "$err" 0 || return 1
    done
}
check 'a process that stays has all of its files' whole

each_command() {
    for how in reaped zombie; do
        for uses in open map; do
            for command in status 'status -s' load evict snapshot top \
                'top --by=process'; do
                echo "$how, $uses, $command:"
                # shellcheck disable=SC2086 # A command and its options.
                ends 1 $how $uses $command --pid=PID && says_it_once ||
                    return 1
            done
        done
    done
}
check 'a process that ends meanwhile is said to have' each_command

# Nothing is locked then, and nothing will come.
locked() {
    ends 1 reaped open lock --pid=PID '--exclude=keep.*' && says_it_once &&
        ! grep -q 'until interrupted' "$out"
}
check 'lock does not stay for a process that ended meanwhile' locked

mkdir "$dir/h/rest" && mv "$dir/page" "$dir/h/rest/page"
rest_done() {
    ends 1 reaped open status --json --pid=PID "$dir/h/rest/page" &&
        says_it_once && json "all[-1]['path'] == '$dir/h/rest/page'"
}
check 'and the rest is done' rest_done

# A part does not take the place of the whole; where there was nothing it is
# more than nothing.
snapshots() {
    rm -f "$dir/snap"
    cat "$dir"/h/keep.* >/dev/null
    ends 1 reaped open snapshot --pid=PID -o "$dir/snap" && says_it_once &&
        [ -s "$dir/snap" ] || return 1
    ends 0 never open snapshot --pid=PID -o "$dir/snap" &&
        cp "$dir/snap" "$dir/whole" || return 1
    ends 1 reaped open snapshot --pid=PID -o "$dir/snap" &&
        lines "$err" 2 && grep -q "^$said\$" "$err" &&
        grep -q "^mmapx: $dir/snap: Lists files, and is not replaced" "$err" &&
        cmp "$dir/snap" "$dir/whole" || return 1
    # One that has ended before, too.
    sh -c 'echo $$' >"$dir/pid" || return 1
    run 1 snapshot --pid="$(cat "$dir/pid")" -o "$dir/snap" \
        "$dir/h/rest/page" && cmp "$dir/snap" "$dir/whole"
}
check_cached 'a part of a process does not replace its snapshot' snapshots

# It is nobody's fault that a process which nobody has named ends.  Others that
# are closed to the caller may be.
unnamed() {
    for how in reaped zombie; do
        for uses in open map; do
            timeout 120 python3 "$dir/end.py" "$how" "$uses" "$dir/h" "$out" \
                "$err" "$mmapx" top --by=process -v "--include=$dir/h/*" \
                '--exclude=skip.*'
            cat "$err"
            ! grep "/h/\|process PID:" "$err" || return 1
        done
    done
}
check 'top says nothing of others that end meanwhile' unnamed

finish

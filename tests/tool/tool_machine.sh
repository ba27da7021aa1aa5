#!/bin/sh
# SPDX-License-Identifier: MIT
# top without a path, on a small machine: a root directory, mounts and processes
# of its own.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all 'a machine of its own takes root'
command -v python3 >/dev/null || skip_all 'there is no python3'
root=$dir/root
mkdir "$root" || exit 99
program=$PWD/tools/.libs/mmapx
[ -x "$program" ] || program=$mmapx

# The program and what it is linked with, and a shell.
for file in "$program" /bin/sh; do
    LD_LIBRARY_PATH=$PWD/.libs ldd "$file" 2>/dev/null |
        sed -n 's|^[^/]*\(/[^ ]*\).*|\1|p' | while read -r library; do
        mkdir -p "$root/lib" "$root${library%/*}"
        cp -L "$library" "$root/lib" && cp -L "$library" "$root$library"
    done
    cp -L "$file" "$root/"
done
cp -L "$program" "$root/mmapx"
mkdir -p "$root/proc" "$root/tmp" "$root/disk" "$root/again" "$root/cold" \
    "$root/data" "$root/data/part" || exit 99
pages 3 >"$root/data/three"
pages 4 >"$root/data/part/four"
pages 5 >"$root/data/gone"
ln "$root/data/three" "$root/data/same"
# FUSE may keep the pages of a file for each of its names.
cat "$root/data/same" >/dev/null
echo text >"$root/data/a b"

refill() {
    find "$root/data" -type f -exec cat {} + >/dev/null
}

# on_machine COMMAND: there, where "prepare" has mounted what it likes.
on_machine() {
    timeout 120 unshare -m -p -f sh -c "mount --make-rprivate / &&
        mount --bind '$root' '$root' && mount -t proc proc '$root/proc' &&
        $prepare LD_LIBRARY_PATH=/lib exec chroot '$root' /sh -c \"\$1\"" \
        sh "$1" >"$out" 2>"$err"
    result=$?
    cat "$out" "$err"
    return "$result"
}
prepare=
if ! on_machine '/mmapx --version' >/dev/null; then
    skip_all 'there can be no mounts or processes of its own'
fi

# all PYTHON: something is true of "all", the lines, and of "paths".
all() {
    json "[paths := {r['path']: r['cached'] for r in all if 'path' in r}] and
        ($1)"
}

every_file() {
    on_machine '/mmapx top --json -n 1000' || return 1
    found=$(find "$root" -xdev -type f -size +0 | wc -l)
    # A file with two names is one.
    all "paths['/data/part/four'] == 4 * page and '/data/a b' in paths and
        ('/data/three' in paths) != ('/data/same' in paths) and
        all[-1]['total']['files'] == $found - 1 == len(paths) and
        not any(p.startswith('/proc') for p in paths)"
}
check_cached 'every file of the machine is found, and nothing of /proc' \
    every_file

# The same directory twice more, the whole root once more, and a tmpfs.
mounted_again() {
    on_machine '/mmapx top --json -n 1000' || return 1
    all "paths['/data/part/four'] == 4 * page and '/tmp/memory' not in paths and
        not any(p.startswith(('/again', '/cold')) for p in paths)"
}
prepare="mount --bind '$root/data/part' '$root/again' &&
    mount --bind '$root/data' '$root/cold' &&
    mount -t tmpfs tmpfs '$root/tmp' && echo text >'$root/tmp/memory' &&"
check_cached 'what is mounted twice is looked at once' mounted_again

other_disk() {
    on_machine '/mmapx top --json -n 1000' || return 1
    all "paths['/disk/six'] == 6 * page and '/data/three' in paths or
        '/data/same' in paths" || return 1
    on_machine '/mmapx top --dirs=0 --json' &&
        json "{d['dir'] for d in all[:-1]} == {'/', '/disk'}"
}
image=$dir/image
prepare="mount -o loop '$image' '$root/disk' &&"
if truncate -s 8M "$image" && mkfs.ext4 -q "$image" 2>/dev/null &&
    mkdir "$dir/mnt" && mount -o loop "$image" "$dir/mnt" 2>/dev/null; then
    pages 6 >"$dir/mnt/six"
    umount "$dir/mnt"
    # So that its pages are there when it is mounted anew.
    prepare="$prepare cat '$root/disk/six' >/dev/null &&"
    check_cached 'each file system is gone through' other_disk
else
    skip 'each file system is gone through' 'nothing can be mounted by a loop'
fi

# On btrfs and xfs cp(1) and cat(1) share blocks, and bring nothing into memory.
deleted() {
    pages 5 >"$root/data/going" || return 1
    prepare="(exec 3<'$root/data/going' && rm '$root/data/going' &&
        exec sleep 60 >/dev/null 2>&1 </dev/null) & while [ -e \\
        '$root/data/going' ]; do sleep 0.01; done;"
    on_machine '/mmapx top --json -n 1000; echo $? >&2' || return 1
    all "any(p.endswith('/data/going (deleted)') and n == 5 * page
            for p, n in paths.items()) and
        all[-1]['total']['deleted'] == 5 * page" || return 1
    pages 3 >"$root/data/going" || return 1
    on_machine '/mmapx top -b' &&
        grep -q "^deleted, but still in use: $((3 * page)) in 1 file\$" "$out"
}
# FUSE and NFS may give another name to what is open.
loses_its_name() {
    mkdir "$root/names" && echo text >"$root/names/going" && (
        exec 3<"$root/names/going" && rm "$root/names/going" &&
            [ -z "$(ls -A "$root/names")" ]
    )
}
if [ "$(stat -f -c %t "$root")" = 1021994 ]; then
    skip 'a deleted file that is open is found' \
        'the system counts what is in tmpfs apart'
elif ! loses_its_name; then
    skip 'a deleted file that is open is found' \
        'this file system renames what is removed while it is open'
else
    check 'a deleted file that is open is found' deleted
fi

nobody() {
    mkdir "$root/closed" && pages 1 >"$root/closed/one" &&
        chmod 700 "$root/closed" && chmod 755 "$dir" "$root" || return 1
    as_other "$mmapx" top "$root" >"$out" 2>"$err"
    result=$?
    cat "$out" "$err"
    [ "$result" -eq 1 ] && lines "$err" 1 && grep -q \
        '^mmapx: not known to this user: [0-9]* files, 1 directory' "$err"
}
prepare=
if [ $other = yes ]; then
    check 'who is not root is told in one line what is not known' nobody
else
    skip 'who is not root is told in one line what is not known' \
        'there is no other user'
fi

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
# Which files the command looks at, and what status says of them in its other
# forms: sums, orders, ranges, maps, JSON.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"
need_small_blocks

# names: of the rows, without the directory of the tests, sorted.
names() {
    rows | sed "s|.*  $dir/||" | LC_ALL=C sort | tr '\n' ' '
}

# finds NAMES ARGUMENT...: status exits 0 and shows these.
finds() {
    found=$1
    shift
    run 0 status "$@" && lines "$err" 0 || return 1
    [ "$(names)" = "$found" ] || { echo "found: $(names)"; return 1; }
}

tree=$dir/tree
mkdir -p "$tree/a/b" "$tree/c" || exit 99
printf x >"$tree/one"
printf x >"$tree/a/two"
printf x >"$tree/a/b/three"
printf x >"$tree/c/four"
ln -s ../one "$tree/a/link"
ln -s ../c "$tree/a/dirlink"
mkfifo "$tree/fifo"
all='tree/a/b/three tree/a/two tree/c/four tree/one '

# --- Directories --------------------------------------------------------------

check 'a tree' finds "$all" -r "$tree"
check 'and by another name of the option' finds "$all" "$tree" --recursive
check 'a slash at its end' finds "$all" -r "$tree/"
check 'a part of it and a file' finds 'tree/a/b/three tree/a/two tree/one ' \
    -r "$tree/a" "$tree/one"
# More names than are sorted together, and a directory between them.  A snapshot
# has those that are in memory still.
many_names() {
    mkdir -p "$dir/many/sub" && (
        cd "$dir/many" && seq 2500 | split -a 4 -l 1 &&
            cd sub && seq 1100 | split -a 4 -l 1
    ) || return 1
    (cd "$dir" && find many -type f) | LC_ALL=C sort >"$dir/found"
    run 0 status -r "$dir/many" >/dev/null && lines "$err" 0 || return 1
    if ! names | tr ' ' '\n' | diff "$dir/found" - >"$dir/differ"; then
        head "$dir/differ"
        return 1
    fi
    run 0 snapshot -r "$dir/many" >/dev/null &&
        sed -n "s|^file [0-9]* $dir/||p" "$out" | LC_ALL=C sort >"$dir/listed"
    ! LC_ALL=C comm -13 "$dir/found" "$dir/listed" | grep . &&
        [ "$(wc -l <"$dir/listed")" -gt 2500 ]
}
check 'more files than are sorted at once' many_names
check 'an empty directory' finds '' -r "$(mkdir "$dir/void" && echo "$dir/void")"

# Each by the first name under which it is found.
followed() {
    run 0 status -rL "$tree" && lines "$err" 0 &&
        [ "$(names | tr ' ' '\n' | grep -c .)" -eq 4 ] &&
        [ "$(rows | grep -c -e /one -e /link)" -eq 1 ] &&
        [ "$(rows | grep -c /four)" -eq 1 ]
}
check 'links are followed with -L, and files shown once' followed

named_link() {
    finds 'tree/a/dirlink/four tree/a/link ' -r "$tree/a/link" "$tree/a/dirlink"
}
check 'a link that is named is followed' named_link

# A directory that leads back into itself.
loop() {
    mkdir "$dir/loop" && printf x >"$dir/loop/file" &&
        ln -s . "$dir/loop/again" || return 1
    finds 'loop/file ' -r "$dir/loop" || return 1
    run 1 status -rL "$dir/loop" && [ "$(names)" = 'loop/file ' ] &&
        lines "$err" 1 && grep -q -E "again: $loop_text" "$err"
}
check 'a loop of links ends' loop

dangling() {
    mkdir "$dir/dangling" && ln -s nowhere "$dir/dangling/link" || return 1
    finds '' -r "$dir/dangling" && run 1 status -rL "$dir/dangling" &&
        grep -q 'link: No such file' "$err"
}
check 'a link that leads nowhere' dangling

# Links that lead nowhere are complained of until the pipe is full, and are then
# removed while the program waits to go on: it has read all their names.  What
# it finds gone is no failure.
cat >"$dir/vanish.py" <<'PYTHON'
import array, fcntl, glob, os, subprocess, sys, termios, time
tree = sys.argv[1]
r, w = os.pipe()
fcntl.fcntl(w, 1031, 1) # F_SETPIPE_SZ: the least that there is
p = subprocess.Popen(sys.argv[2:] + [tree], stdout=subprocess.DEVNULL, stderr=w)
os.close(w)
waiting, before = array.array("i", [0]), -1
for _ in range(600):
    fcntl.ioctl(r, termios.FIONREAD, waiting)
    if waiting[0] > 0 and waiting[0] == before:
        break
    before = waiting[0]
    time.sleep(0.2)
links = glob.glob(tree + "/*")
for link in links:
    os.unlink(link)
said = open(r, "rb").read().count(b"No such file")
p.wait()
print("%d of %d links were complained of" % (said, len(links)))
sys.exit(not 0 < said < len(links) // 2)
PYTHON
links_vanish() {
    deep=$dir/vanish/$(printf '%0200d/%0200d/%0200d' 0 0 0)
    mkdir -p "$deep" && (
        cd "$deep" && python3 -c '
import os
for i in range(1000):
    os.symlink("nowhere", str(i))'
    ) && python3 "$dir/vanish.py" "$deep" "$mmapx" status -rL
}
if ! command -v python3 >/dev/null; then
    skip 'with -L a link that vanishes is none' 'there is no python3'
elif [ "$(uname)" != Linux ] || [ "$system_page" -gt 16384 ]; then
    skip 'with -L a link that vanishes is none' \
        'a pipe may take more here than is read of a directory at once'
else
    check 'with -L a link that vanishes is none' links_vanish
fi

# hard DIRECTORY-NAME: three names of a file, and one of another.
hard_links() {
    mkdir -p "$dir/hard/sub" && printf xyz >"$dir/hard/first" &&
        ln -f "$dir/hard/first" "$dir/hard/second" &&
        ln -f "$dir/hard/first" "$dir/hard/sub/third" &&
        printf x >"$dir/hard/other" &&
        (cd "$dir/hard" && cat first second other sub/third >/dev/null) ||
        return 1
    run 0 status -br --total "$dir/hard" && lines "$out" 4 &&
        rows | grep -q '^ *4  *4 .*total of 2 files$' || return 1
    run 0 status "$dir/hard/first" "$dir/hard/second" && lines "$out" 2
}
check_cached 'a file with several names is shown once' hard_links

unreadable() {
    mkdir "$dir/closed" && printf x >"$dir/closed/file" &&
        chmod 0 "$dir/closed" || return 1
    as_other "$mmapx" status -r "$dir/closed" /usr/share/doc/nothing \
        >"$out" 2>"$err"
    [ $? -eq 1 ] && grep -q 'closed: Permission denied' "$err"
    result=$?
    chmod 755 "$dir/closed"
    return "$result"
}
if [ $other = yes ] && [ "$(id -u)" -eq 0 ]; then
    check 'a directory that may not be read' unreadable
else
    skip 'a directory that may not be read' 'not root, or cannot be another'
fi

deep() {
    path=$dir/deep
    mkdir "$path" || return 1
    (
        cd "$path" || exit
        for _ in 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9; do
            name=$(printf '%0200d' 0)
            mkdir "$name" && cd "$name" || exit
        done
        printf x >bottom
    ) || return 1
    # The whole path is longer than a path may be.
    run 0 status -r "$path" && [ "$(rows | wc -l)" -eq 1 ] &&
        rows | grep -q '/bottom$'
}
check 'a path that is longer than paths may be' deep

# Vanishing and shrinking while they are looked at: no crash, no hang, and
# nothing worse than a file that is missing.
restless() {
    mkdir "$dir/restless" || return 1
    (
        while [ -d "$dir/restless" ]; do
            for i in 1 2 3 4 5 6 7 8; do
                pages 3 >"$dir/restless/$i" 2>/dev/null
            done
            for i in 1 3 5 7; do
                : >"$dir/restless/$i"
                rm -f "$dir/restless/$((i + 1))"
            done
        done 2>/dev/null
    ) &
    writer=$!
    bad=0
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        run 0 status -r --ranges --map "$dir/restless" || bad=1
        run 0 load -r "$dir/restless" || bad=1
        run 0 evict -r --sync "$dir/restless" || bad=1
    done >"$dir/restless.log" 2>&1
    rm -rf "$dir/restless" 2>/dev/null # the writer may be in it
    kill "$writer" 2>/dev/null
    wait "$writer" 2>/dev/null
    remove "$dir/restless"
    [ "$bad" -eq 0 ] || tail -n 5 "$dir/restless.log"
    return "$bad"
}
check 'files that come and go' restless

# What somebody puts into the place of a directory is not followed.
one_file_system() {
    mkdir "$dir/mounts" "$dir/mounts/on" && printf x >"$dir/mounts/here" ||
        return 1
    # shellcheck disable=SC2016 # It is that shell which expands.
    unshare "$@" -m sh -c '
        mount -t tmpfs none "$1/on" && printf x >"$1/on/there" &&
            "$2" status -r "$1" >"$3" && "$2" status -rx "$1" >"$3.x"
    ' sh "$dir/mounts" "$mmapx" "$out" || return 1
    [ "$(sed 1d "$out" | wc -l)" -eq 2 ] &&
        [ "$(sed 1d "$out.x" | wc -l)" -eq 1 ] && grep -q '/here$' "$out.x"
}
if [ "$(id -u)" -eq 0 ]; then
    namespace=
else
    namespace=-Ur
fi
# shellcheck disable=SC2086 # none or one
if unshare $namespace -m true 2>/dev/null; then
    check '-x stays on the file system' one_file_system $namespace
else
    skip '-x stays on the file system' 'no mount namespace can be made'
fi

# --- Names from a file --------------------------------------------------------

odd=$dir/odd
mkdir "$odd"
printf x >"$odd/a b"
printf x >"$odd/a
b"
printf x >"$odd/-n"

from_stdin() {
    (cd "$odd" && find . -type f -print0 |
        "$mmapx" status --files0-from=- >"$out" 2>"$err") || return 1
    lines "$out" 4 && lines "$err" 0 && rows | grep -q '  \./a b$' &&
        rows | grep -q '  \./a\\nb$' && rows | grep -q '  \./-n$'
}
check 'names from standard input' from_stdin

from_file() {
    printf '%s\0%s' "$tree/one" "$odd/a b" >"$dir/list"
    run 0 status --files0-from="$dir/list" && lines "$out" 3 || return 1
    printf '%s\0\0' "$tree/one" >"$dir/list"
    run 1 status --files0-from="$dir/list" && lines "$out" 2 &&
        grep -q 'No such file' "$err" || return 1
    run 1 status --files0-from="$dir/none" && lines "$out" 0 &&
        grep -q '/none: No such file' "$err" || return 1
    : >"$dir/list"
    run 0 status --files0-from="$dir/list" && lines "$out" 0
}
check 'names from a file' from_file

both() {
    run 2 status --files0-from="$dir/list" "$tree/one" && lines "$out" 0 &&
        grep -q 'goes with no other file' "$err"
}
check 'but not beside others' both

# The first file is looked at before the second name can be written, since that
# is longer than a pipe.  By then another one has the first one's name.
gone_before_its_ranges() {
    pages 1 >"$dir/gone" && pages 3 >"$dir/other" && mkfifo "$dir/names" ||
        return 1
    {
        printf '%s\0' "$dir/gone"
        head -c 300000 /dev/zero | tr '\0' x
        mv "$dir/other" "$dir/gone"
        printf '\0'
    } >"$dir/names" &
    run 1 status -b --ranges --map --sort=name --files0-from="$dir/names"
    ended=$?
    wait
    [ "$ended" -eq 0 ] && [ "$(sed -n 3p "$out")" = "    0:$page" ] &&
        lines "$err" 1 && ! grep "$((3 * page))" "$out"
}
check 'its ranges are those of the file that was looked at' \
    gone_before_its_ranges

# --- Sums and orders ----------------------------------------------------------

some=$dir/some
mkdir "$some"
sparse "$some/none" 100
sparse "$some/half" 20
# By writing, since reading ahead would bring in more.
refill() {
    pages 3 >"$some/small"
    put "$some/half" 0 10
    printf abc >"$some/tiny"
    [ ! -e "$dir/parts" ] || {
        put "$dir/parts" 2 3
        put "$dir/parts" 63 1
    }
}
refill

total() {
    run 0 status -br --total "$some" && lines "$out" 6 &&
        rows | tail -n 1 | grep -q \
            "^ *$((13 * page + 3))  *$((123 * page + 3))  *11%.* total of 4 files\$"
}
check_cached 'a sum' total

# order NAMES ARGUMENT...: the rows are these, in this order.
order() {
    sorted=$1
    shift
    run 0 status -r "$@" "$some" &&
        [ "$(rows | sed 's|.*/||' | tr '\n' ' ')" = "$sorted" ]
}
check_cached 'sorted by what is cached' \
    order 'half small tiny none ' --sort=cached
check 'sorted by size' order 'none half small tiny ' --sort=size
check 'sorted by name' order 'half none small tiny ' --sort=name
check 'the first of them' order 'none half ' --sort=size --top=2
check 'no more than there are' order 'none half small tiny ' --sort=size --top=9
check_cached 'only what is cached' \
    order 'half small tiny ' --sort=name --only-cached

# More files than are kept at a time.
top_of_many() {
    mkdir "$dir/crowd" || return 1
    i=0
    while [ "$i" -lt 50 ]; do
        printf "%0${i}d" 0 >"$dir/crowd/f$i"
        i=$((i + 1))
    done
    run 0 status -rb --sort=size --top=3 --total "$dir/crowd" &&
        [ "$(rows | awk '{ printf "%s ", $2 }')" = "49 48 47 $(((49 * 50) / 2 + 1)) " ]
}
check 'the largest of many, and the sum of all' top_of_many

# --- Ranges and maps ----------------------------------------------------------

ranges() {
    sparse "$dir/parts" 64
    put "$dir/parts" 2 3
    put "$dir/parts" 63 1
    run 0 status -b --ranges "$dir/parts" &&
        [ "$(sed 1,2d "$out")" = "    $((2 * page)):$((3 * page))
    $((63 * page)):$page" ]
}
check_cached 'the ranges that are cached' ranges

# What is printed can be put back in.
ranges_back() {
    run 0 status --ranges "$dir/parts" &&
        range=$(sed -n '3s/^ *//p' "$out") &&
        run 0 load -b --range="$range" "$dir/parts" &&
        grep -q "^loaded 0 ($((3 * page)) were in memory) in 1 file" "$out"
}
check_cached 'are what --range takes' ranges_back

sorted_ranges() {
    run 0 status -b --ranges --sort=size "$dir/parts" "$some/tiny" &&
        [ "$(grep -c '^    [0-9]*:[0-9]*$' "$out")" -eq 3 ] &&
        [ "$(sed -n 3p "$out")" = "    $((2 * page)):$((3 * page))" ]
}
check_cached 'also of files that were sorted' sorted_ranges

map() {
    run 0 status -b --map "$dir/parts" && lines "$out" 3 &&
        sed -n 3p "$out" | grep -q "^ *0  \\[\\.\\.###\\.\\{58\\}#\\]\$" ||
        return 1
    sparse "$dir/wide" 2048
    put "$dir/wide" 0 1
    put "$dir/wide" 2046 2
    run 0 status -b --map "$dir/wide" && lines "$out" 18 &&
        sed -n 3p "$out" | grep -q '^ *0  \[[-+]\.\{63\}\]$' &&
        sed -n 18p "$out" |
        grep -q "^ *$((1920 * page))  \\[\\.\\{63\\}#\\]\$"
}
if [ "$page" -eq "$system_page" ]; then
    check_cached 'a map' map
else
    skip 'a map' 'it shows pages, and blocks are larger here'
fi

# --- JSON ---------------------------------------------------------------------

json_status() {
    run 0 status --json --ranges --total "$dir/parts" "$some/tiny" &&
        lines "$err" 0 && json "(len(all) == 6 and all[0]['path'] == '$dir/parts'
    and all[0]['size'] == 64 * page and all[0]['cached'] == 4 * page
    and all[1] == {'path': '$dir/parts',
                   'range': {'offset': 2 * page, 'length': 3 * page}}
    and all[3]['size'] == 3 and all[3]['cached'] == 3
    and all[5]['total']['files'] == 2
    and all[5]['total']['unknown_files'] == 0
    and all[5]['total']['cached'] == 4 * page + 3)"
}
json_names() {
    # shellcheck disable=SC2059 # the name
    file=$dir/$(printf 'x\377\033y')
    : >"$file" || return 1
    run 0 status --json "$file" "$odd/a
b" && json "(base64.b64decode(all[0]['path']['bytes'])
        == b'$dir/' + b'x\\xff\\x1by'
    and all[1]['path'] == '$odd/a\\nb')" && ! grep -q "$escape" "$out"
}
json_foreign() {
    as_other "$mmapx" status --json --total /bin/sh >"$out" 2>"$err"
    [ $? -eq 1 ] && json "(all[0]['cached'] is None and all[0]['size'] > 0
    and all[1]['total']['unknown_files'] == 1)"
}
if command -v python3 >/dev/null; then
    check_cached 'JSON of status' json_status
    check 'JSON of odd names' json_names
    if [ $other = yes ] && as_other test ! -w /bin/sh -a ! -O /bin/sh; then
        check 'JSON of what is unknown' json_foreign
    else
        skip 'JSON of what is unknown' 'every file is our own'
    fi
else
    skip 'JSON' 'there is no python3'
fi

# --- Files of all sizes -------------------------------------------------------

terabyte() {
    sparse "$dir/tera" $((1099511627776 / page)) &&
        put "$dir/tera" $((1099511627776 / page / 2)) 2 || return 1
    bytes "$dir/tera" $((2 * page)) 1099511627776 '<1%' && bar '\.\{16\}-\.\{15\}'
}
if [ $over = yes ]; then
    skip 'a sparse file of a terabyte' 'each page is looked at on this file system'
elif sparse "$dir/tera" $((1099511627776 / page)) && [ -s "$dir/tera" ]; then
    check_cached 'a sparse file of a terabyte' terabyte
else
    skip 'a sparse file of a terabyte' 'not on this file system'
fi

# on_device COMMAND...: with a loop device, $device.  Its pages go when the last
# who has it open closes it.
on_device() {
    pages 8 >"$dir/disk" && device=$(losetup -f --show "$dir/disk") || return 1
    exec 3<"$device" || return 1
    "$@"
    result=$?
    exec 3<&-
    losetup -d "$device"
    return "$result"
}
block_device() {
    run 0 status -b "$device" && rows | grep -q "^ *[0-9]*  *$((8 * page)) " &&
        run 0 load "$device" && run 0 status -b "$device" &&
        rows | grep -q "^ *$((8 * page))  *$((8 * page))  *100%" &&
        run 0 evict "$device" && run 0 status -b "$device" &&
        rows | grep -q "^ *0  *$((8 * page))  *0%"
}
reads_fail() {
    sync "$dir/disk" && : >"$dir/disk" &&
        ! dd if="$device" bs="$page" skip=7 count=1 iflag=direct \
            >/dev/null 2>&1
}
# What could not be read counts as cached to the system.
failing_device() {
    sync "$dir/disk" && : >"$dir/disk" && run 0 evict "$device" || return 1
    for _ in 1 2 3; do
        run 1 load "$device" && lines "$out" 0 &&
            grep -q -E "^mmapx: .*$device: $io_text\$" "$err" ||
            return 1
    done
}
if has_loop; then
    check_cached 'a block device' on_device block_device
    if on_device reads_fail; then
        check 'a block device that cannot be read' on_device failing_device
    else
        skip 'a block device that cannot be read' \
            'this kernel reads zeros from a device that has lost its file'
    fi
else
    skip 'block devices' 'it takes root and loop devices'
fi

# The same as others find, up to what they round.
same_as_fincore() {
    mkdir -p "$dir/tools" && cp /bin/sh /bin/cat /bin/ls "$dir/tools" &&
        cat "$dir"/tools/* "$some/small" "$some/tiny" >/dev/null || return 1
    run 0 status -b "$dir"/tools/* "$some"/* || return 1
    rows | awk -v page="$system_page" '{ print int(($1 + page - 1) / page) }' >"$dir/ours"
    fincore -nb -o PAGES "$dir"/tools/* "$some"/* | tr -d ' ' >"$dir/theirs"
    diff "$dir/ours" "$dir/theirs"
}
if command -v fincore >/dev/null; then
    check_cached 'pages as fincore counts them' same_as_fincore
else
    skip 'pages as fincore counts them' 'there is no fincore'
fi
finish

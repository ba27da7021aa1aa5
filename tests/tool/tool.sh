#!/bin/sh
# SPDX-License-Identifier: MIT
# The command, from the outside: what status says, its layout, its names, its
# exit statuses.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"
need_small_blocks

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
check_cached 'a file that was read is resident' read_file

part_of_a_page() {
    printf abc >"$dir/tiny"
    bytes "$dir/tiny" 3 3 100% && bar "$full"
}
check_cached 'a page counts with the bytes that the file has' part_of_a_page

odd_length() {
    sparse "$dir/odd" 31
    # A page that was written in part is not always whole before it is read.
    printf abc >>"$dir/odd" &&
        dd if="$dir/odd" bs="$page" skip=31 2>/dev/null | grep -q abc ||
        return 1
    bytes "$dir/odd" 3 $((31 * page + 3)) '<1%' && bar '\.\{31\}-'
}
check_cached 'so it does at the end of a longer file' odd_length

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
check_cached 'half of a file is half of the bar' first_half

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
check_cached 'a cell is full or empty only if all of it is' cells

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
check_cached 'no percentage is rounded to 0% or to 100%' almost

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
    check_cached 'a large file is looked at in windows' windows
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
        lines "$out" 3 && lines "$err" 1 &&
        grep -q '/tiny$' "$out" && grep -q '/empty$' "$out" &&
        grep -q '^mmapx: .*/missing: No such file or directory$' "$err"
}
check 'a missing file does not keep the others' missing

in_order() {
    "$mmapx" status "$dir/tiny" "$dir/missing" "$dir/empty" >"$out" 2>&1
    [ "$(rows | sed 's/:.*//; s/.*  //' | tr '\n' ' ')" = \
        "$dir/tiny mmapx $dir/empty " ]
}
check 'lines and complaints are in the order of the files' in_order

directory() {
    run 1 status "$dir" && complains '.*: Is a directory; -r looks into it'
}
check 'a directory is an error' directory

fifo() {
    mkfifo "$dir/fifo" || return 1
    run 1 status "$dir/fifo" &&
        complains '.*/fifo: Neither a regular file nor a block device'
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
    run 1 status /dev/null &&
        complains '/dev/null: Neither a regular file nor a block device'
}
check 'a character device is an error' device

proc() {
    run 1 status /proc/version && complains '/proc/version: Cannot be mapped'
}
proc_lock() {
    run 1 lock /proc/version &&
        complains '/proc/version: Cannot be mapped'
}
proc_top() {
    run 1 top --json /proc/version "$dir" && lines "$err" 1 &&
        grep -q '^mmapx: /proc/version: Cannot be mapped$' "$err"
}
for command in '' _lock _top; do
    if [ -r /proc/version ]; then
        check "the text of procfs is an error${command:+ for ${command#_}}" \
            "proc$command"
    else
        skip "the text of procfs is an error${command:+ for ${command#_}}" \
            'no /proc/version'
    fi
done

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
    [ $? -eq 1 ] && cat "$out" "$err" && lines "$out" 3 && lines "$err" 2 &&
        ! grep -v '^mmapx: unknown: ' "$err" &&
        grep -q "^ *unknown  *[1-9][0-9]*     -  *?  *?  *  /bin/sh\$" \
            "$out" &&
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
    # A file with several names has one line.
    wanted=$(stat -Lc '%h %F %d:%i' /usr/bin/* 2>/dev/null | awk '
        $2 != "directory" && $1 > 1 && seen[$NF]++ { n-- }
        { n++ }
        END { print n }')
    wanted=$((wanted + $(grep -c 'No such file' "$err")))
    [ "$got" -le 1 ] &&
        [ "$(($(rows | wc -l) + $(grep -v -c ': unknown:' "$err")))" -eq \
            "$wanted" ]
}
if stat -Lc %h / >/dev/null 2>&1; then
    check 'many files: a line for each' many
else
    skip 'many files: a line for each' 'no stat that tells what is one file'
fi

# --- The layout ---------------------------------------------------------------

layout() {
    sparse "$dir/half" 64
    put "$dir/half" 0 32
    (cd "$dir" && run 0 status half tiny empty) || return 1
    lines "$out" 4 &&
        [ "$(awk '{ print index($0, $NF) }' "$out" | uniq)" = 81 ] &&
        [ "$(cut -c 16-18 "$out" | sed 's/[^ ]/x/' | uniq)" = 'x  ' ]
}
check 'the columns are aligned' layout

# human SIZE TEXT: of an untouched file of so many bytes.
human() {
    rm -f "$dir/human"
    dd if=/dev/null of="$dir/human" bs=1 seek="$1" 2>/dev/null || return 1
    (cd "$dir" && run 0 status human) &&
        row_is "$(printf '%7s  %7s  %4s  %7s  %9s  [%s]  human' \
            0B "$2" 0% "$clean" "$clean" "$none")"
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
    cells >/dev/null
    (cd "$dir" && LC_ALL=$utf8 run 0 status cells) || return 1
    grep -q '▕█▁▄▇ ▁▁                        ▁▏  cells$' "$out"
}
if [ -n "$utf8" ]; then
    check_cached 'Unicode where the locale has it' utf8_bar
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

coloured() {
    on_terminal "$1 '$mmapx' status '$dir/half'"
    grep -q "$escape\\[32m#*[-+]*\\.*$escape\\[0m" "$out"
}
uncoloured() {
    on_terminal "$1 '$mmapx' status '$dir/half'"
    grep -q '/half' "$out" && ! grep -q "$escape" "$out"
}
as_in_pipe() {
    cat "$dir/clean" >/dev/null
    (cd "$dir" && run 0 status clean) && cp "$out" "$dir/said"
    on_terminal "cd '$dir'; stty cols 60; $1 '$mmapx' status clean"
    tr -d '\r' <"$out" | diff "$dir/said" -
}
# width COLUMNS COMMAND: how long the line is, without carriage return.
width() {
    on_terminal "cd '$dir'; $2 NO_COLOR=1 '$mmapx' status half clean"
    tr -d '\r' <"$out" >"$err"
    [ "$(sed -n '3p' "$err" | awk '{ print length($0) }')" = "$1" ]
}
# columns TERMINAL HEADING: what there is room for there.
columns() {
    on_terminal "cd '$dir'; stty cols $1; NO_COLOR=1 '$mmapx' status clean"
    [ "$(tr -d '\r' <"$out" | sed -n 1p | tr -s ' ')" = " $2" ]
}
# The heading and the sum fit too, at widths that the numbers fit in.
each_fits() {
    mkdir -p "$dir/short" && printf x >"$dir/short/a" && sync "$dir/short/a"
    for options in '' -s --total -b '-b -s'; do
        least=$([ "${options#-b}" = "$options" ] && echo 33 40 || echo 58)
        on_terminal "cd '$dir/short'; export LC_ALL=$1 NO_COLOR=1
            for c in $least 70 71 77 79 87 88 91 118 121; do
                echo \$c; COLUMNS=\$c '$mmapx' status $options a
            done" >/dev/null
        tr -d '\r' <"$out" | awk -v options="$options" 'NF == 1 { most = $1 }
            length($0) > most {
                print "status " options ", " most " columns: " $0
                bad = 1
            }
            END { exit bad || most != 121 }' || return 1
    done
}
cuts() {
    name=first$(printf '%0100d' 0)last
    printf x >"$dir/$name" && sync "$dir/$name"
    on_terminal "cd '$dir'; stty cols $1; LC_ALL=$2 NO_COLOR=1 \
        '$mmapx' status $name"
    tr -d '\r' <"$out" | sed -n 2p >"$err"
    grep -q "  f[irst0]*$3[0]*[last]*t\$" "$err" &&
        [ "$(tr -d '\n' <"$err" | LC_ALL=$2 wc -m)" -eq "$1" ]
}
pipe_is_whole() {
    name=first$(printf '%0100d' 0)last
    (cd "$dir" && COLUMNS=60 run 0 status "$name") &&
        grep -q "  $name\$" "$out" &&
        grep -q 'WRITEBACK  WHERE  ' "$out"
}
if [ $terminal = yes ]; then
    check 'colour on a terminal' coloured ''
    check 'none with NO_COLOR' uncoloured NO_COLOR=1
    check 'NO_COLOR that is empty says nothing' coloured NO_COLOR=
    check 'none on a dumb terminal' uncoloured TERM=dumb
    check 'none without TERM' uncoloured 'env -u TERM'
    cp "$dir/half" "$dir/clean" && sync "$dir/half" "$dir/clean"
    check_cached 'a dumb terminal gets what a pipe does' as_in_pipe TERM=dumb
    check_cached 'so does one of no kind' as_in_pipe 'env -u TERM'
    check 'the bar fits the terminal' width 65 'stty cols 68;'
    check 'the bar follows COLUMNS' width 57 'stty cols 100; COLUMNS=58'
    check 'a terminal without a width has 80 columns' width 73 'stty cols 0;'
    check 'a narrow terminal has no bar' width 29 'stty cols 35;'
    check 'a wide terminal has no endless bar' width 93 'stty cols 1000;'
    check 'the numbers that matter at 60 columns' columns 60 \
        'CACHED SIZE % WHERE FILE'
    check 'all of them where there is room' columns 120 \
        'CACHED SIZE % DIRTY WRITEBACK WHERE FILE'
    check 'and fewer where there is hardly any' columns 22 'CACHED % FILE'
    check 'at no width a heading or a sum is too long' each_fits C
    check 'a name is cut in the middle' cuts 80 C '\.\.\.'
    check 'in a narrow terminal too' cuts 60 C '\.\.\.'
    check 'but whole in a pipe' pipe_is_whole
    if [ -n "$utf8" ]; then
        check 'a name is cut in Unicode' cuts 80 "$utf8" …
    else
        skip 'a name is cut in Unicode' 'no such locale'
    fi
else
    skip 'colour and width on a terminal' 'no script(1) that runs a command'
fi

# --- Names --------------------------------------------------------------------

# name PRINTF-FORMAT PRINTED [LOCALE]: how the name of a file is printed.
name() {
    # shellcheck disable=SC2059
    file=$(printf -- "$1.")
    (cd "$dir" && : >"$file" && LC_ALL=${3:-C} run 0 status -- "$file") &&
        lines "$out" 2 && [ "$(rows | sed 's/.*     //')" = "$2." ]
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

# misused MESSAGE HELP ARGUMENT...: it says who helps.
misused() {
    message=$1
    help=$2
    shift 2
    run 2 "$@" && lines "$out" 0 && lines "$err" 2 &&
        grep -q "^mmapx: $message\$" "$err" &&
        [ "$(tail -n 1 "$err")" = \
            "Try '$help --help' for more information." ]
}
check 'no command' misused 'no command given' mmapx
check 'an unknown command' misused "no such command or file 'fo\\\\no'" mmapx 'fo
o'
check 'help of an unknown command' misused "no command 'foo'" mmapx help foo
check 'help of two commands' misused \
    "help is of one command, not also of 'evict'" mmapx help load evict
check 'a misspelt command' misused \
    "no such command or file 'laod': is 'load' meant?" mmapx laod "$dir/tiny"
check 'a command that was cut short' misused \
    "no such command or file 'snap': is 'snapshot' meant?" mmapx snap -r "$dir"
check 'help of a misspelt command' misused \
    "no command 'evit': is 'evict' meant?" mmapx help evit
check 'a misspelt option' misused \
    "no such option '--recrusive=1': is '--recursive' meant?" 'mmapx load' \
    load --recrusive=1 "$dir"
check 'an option of other commands' misused \
    "no such option '--sync': an option of evict" 'mmapx load' \
    load --sync "$dir/tiny"
check 'also without a command, and with a value' misused \
    "no such option '--count=2': an option of watch" 'mmapx status' \
    --count=2 "$dir/tiny"
check 'letters behind a long option with a value' run 0 watch --count=1 -vx \
    "$dir/tiny"
check 'also a letter' misused "no such option '-o': an option of snapshot" \
    'mmapx status' -o "$dir/none" "$dir/tiny"
check 'a long option that is like none' misused \
    "no such option '--$(printf '%0300d' 0)'" 'mmapx load' \
    load "--$(printf '%0300d' 0)"
check 'a sum, and the ranges of files' misused \
    '--summarize shows no file; --who, --ranges and --map do' 'mmapx status' \
    status -s --ranges "$dir/tiny"
check 'a sum, and a map of files' misused \
    '--summarize shows no file; --who, --ranges and --map do' 'mmapx status' \
    status --map -s "$dir/tiny"
check 'a sum, and the processes of files' misused \
    '--summarize shows no file; --who, --ranges and --map do' 'mmapx status' \
    status --who -s "$dir/tiny"
check 'a sum, and the first files' misused \
    '--summarize shows no file; --top does' 'mmapx watch' \
    watch -s --top=3 "$dir/tiny"
check 'a map in JSON' misused \
    '--map is for people; --json has --ranges' 'mmapx status' \
    status --json --map "$dir/tiny"
check 'an unknown option' misused '.*option.*nonsense.*' 'mmapx status' \
    --nonsense
check 'no file' misused 'no file given' 'mmapx status' status
check 'an unknown option of a command' misused '.*option.*nonsense.*' \
    'mmapx load' load --nonsense
check 'an unknown short option' misused '.*option.*z.*' 'mmapx status' \
    status -z "$dir/tiny"
check 'a wrong order' misused \
    "--sort cannot be 'foo': cached, size, percent, dirty or name" 'mmapx watch' \
    watch --sort=foo "$dir/tiny"
check 'a wrong range' misused "--range cannot be '5': OFFSET:LENGTH, .*" \
    'mmapx load' load --range 5 "$dir/tiny"
check 'a wrong colour' misused \
    "--color cannot be 'red': always, never or auto" 'mmapx evict' \
    evict --color=red "$dir/tiny"
check 'a wrong number' misused "--top cannot be 'x': a number from 1 on" \
    'mmapx status' status --top=x "$dir/tiny"
check 'a wrong time' misused "-n cannot be '0': from 0.1 to 1000000" \
    'mmapx lock' lock -n 0 "$dir/tiny"

# Options without a command are those of status.
options_of_status() {
    run 0 status "$@" && cp "$out" "$dir/said" && run 0 "$@" &&
        lines "$err" 0 && cmp "$out" "$dir/said"
}
check 'options and no command' options_of_status -b "$dir/tiny"
check 'a long one' options_of_status --json "$dir/tiny"
mkdir "$dir/inner" && cp "$dir/tiny" "$dir/inner/file"
check 'several' options_of_status -rb --sort size "$dir/inner"
check 'an end of options before a file' options_of_status -- "$dir/tiny"

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
same_help() {
    run 0 "$1" --help && cp "$out" "$dir/said" && shift && run 0 "$@" &&
        lines "$err" 0 && cmp "$out" "$dir/said"
}
check '-h of a command' same_help load load -h
check 'help and a command' same_help lock help lock
check '-h before a command' same_help lock -h lock
check '--help before one' same_help top --help top
general_help() {
    run 0 --help && cp "$out" "$dir/said" && run 0 "$@" &&
        cmp "$out" "$dir/said"
}
check '-h' general_help -h
check '-h before a file' general_help -h "$dir/tiny"
check 'help without dashes' general_help help
for word in -h --help help; do
    check "help of $word" general_help help "$word"
done
same_version() {
    run 0 --version && cp "$out" "$dir/said" && run 0 -V &&
        cmp "$out" "$dir/said" && run 0 -Vh && cmp "$out" "$dir/said"
}
check '-V' same_version
own_interval() {
    run 0 lock --help && grep -q 'seconds between two looks \[5\]$' "$out" &&
        run 0 watch --help && grep -q 'seconds between two looks \[2\]$' "$out" &&
        run 0 load --help && grep -q 'K, M, G, T, P, E may follow' "$out"
}
check 'help has the defaults of the command' own_interval
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

# The reason is said too, wherever the failure is met: after a few lines, when
# the buffer is full, or in the end.
device_full() {
    timeout 60 "$mmapx" "$@" >/dev/full 2>"$err" </dev/null
    result=$?
    echo "$*: exit $result"
    cat "$err"
    [ "$result" -eq 1 ] && [ "$(cat "$err")" = \
        'mmapx: cannot write the output: No space left on device' ]
}
all_full() {
    mkdir "$dir/full" && (cd "$dir/full" && seq 40 | split -a 2 -l 1) &&
        "$mmapx" snapshot -r "$dir/full" >"$dir/full.snap" || return 1
    for format in '' --json; do
        # The list is split.
        # shellcheck disable=SC2086
        device_full status $format -r "$dir/full" &&
            device_full status $format --ranges -r "$dir/full" &&
            device_full status $format -s -r "$dir/full" &&
            device_full status $format --sort=name -r "$dir/full" &&
            device_full watch $format --count=3 -r "$dir/full" &&
            device_full top $format "$dir/full" &&
            device_full top $format --dirs "$dir/full" &&
            device_full load $format --no-progress -r "$dir/full" &&
            device_full evict $format --no-progress -r "$dir/full" &&
            device_full lock $format --range=:1 "$dir/tiny" &&
            device_full restore $format "$dir/full.snap" || return 1
    done
    device_full load -v -r "$dir/full" &&
        device_full status --openmetrics -r "$dir/full" &&
        device_full top --openmetrics "$dir/full" &&
        device_full snapshot -r "$dir/full" && device_full help &&
        device_full status --help && device_full --version
}
# More than a buffer holds.
buffer_full() {
    mkdir "$dir/long" && (
        cd "$dir/long" || exit
        seq -f "%-100g" 2000 | tr ' ' _ | while read -r name; do
            echo x >"$name"
        done
    ) || return 1
    device_full snapshot -r "$dir/long" && device_full top -n 5000 "$dir/long" &&
        device_full status --openmetrics -r "$dir/long" &&
        device_full status -r "$dir/long" && rm -r "$dir/long"
}
if [ -c /dev/full ]; then
    check 'a full device' device_full status "$dir/tiny"
    check 'a full device for the help' device_full --help
    check 'every command, in every format' all_full
    check 'more than a buffer holds' buffer_full
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

#!/bin/sh
# SPDX-License-Identifier: MIT
# Every option of every command is read: once as it should be, and once as it
# should not.  A file that is missing shows that the reading is over: that is
# exit 1, and wrong arguments are exit 2.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"

missing=$dir/missing
commands=$("$mmapx" --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p')

# options COMMAND: those of its help, a line each: "LETTER NAME ARGUMENT", with
# "-" for what one does not have.
options() {
    "$mmapx" "$1" --help | sed -n \
        -e 's/^  -\([a-zA-Z]\), --\([a-z0-9-]*\)=\([A-Z:]*\).*/\1 \2 \3/p' \
        -e 's/^  -\([a-zA-Z]\), --\([a-z0-9-]*\) .*/\1 \2 -/p' \
        -e 's/^      --\([a-z0-9-]*\)=\([A-Z:]*\).*/- \1 \2/p' \
        -e 's/^      --\([a-z0-9-]*\) .*/- \1 -/p'
}

# good ARGUMENT-NAME: what makes sense there.
good() {
    case $1 in
    KEY) echo size ;;
    WHEN) echo never ;;
    N) echo 3 ;;
    SECONDS) echo 1.5 ;;
    OFFSET:LENGTH) echo 4K:1 ;;
    PID) echo 2147483647 ;;
    WHAT) echo file ;;
    FILE) echo "$dir/output" ;;
    F) echo "$missing" ;;
    SIZE) echo 1M ;;
    PATTERN) echo '*.tmp' ;;
    *) return 1 ;;
    esac
}

# reads COMMAND ARGUMENT...: the arguments are right.
reads() {
    run 1 "$@" </dev/null && grep -q ': No such file or directory$' "$err"
}

# refuses REGEX COMMAND ARGUMENT...
refuses() {
    message=$1
    shift
    run 2 "$@" && lines "$out" 0 && grep -q "^mmapx: $message" "$err"
}

# row COMMAND LETTER NAME ARGUMENT
row() {
    command=$1 letter=$2 name=$3 argument=$4
    set -- "$missing"
    [ "$name" != files0-from ] || set --
    # It would look again and again.
    [ "$command" != watch ] || [ "$name" = count ] || set -- --count=1 "$@"
    if [ "$name" = help ]; then
        run 0 "$command" --help && refuses 'no argument goes' "$command" \
            --help=x "$@"
        return
    fi
    if [ "$argument" = - ]; then
        reads "$command" "--$name" "$@" &&
            refuses "no argument goes with the option" \
                "$command" "--$name=x" "$@" || return 1
        [ "$letter" = - ] || reads "$command" "-$letter" "$@"
        return
    fi
    value=$(good "$argument") || {
        echo "--$name: what is $argument?"
        return 1
    }
    reads "$command" "--$name=$value" "$@" &&
        reads "$command" "--$name" "$value" "$@" &&
        refuses 'no argument to the option' "$command" "$@" "--$name" ||
        return 1
    if [ "$letter" != - ]; then
        reads "$command" "-$letter$value" "$@" &&
            refuses 'no argument to the option' "$command" "$@" "-$letter" ||
            return 1
    fi
    case $argument in
    F | FILE) ;;
    PATTERN) refuses "--$name cannot be ''" "$command" "--$name=" "$@" ;;
    *)
        refuses "--$name cannot be ''" "$command" "--$name=" "$@" &&
            refuses "--$name cannot be '-1'" "$command" "--$name=-1" "$@" &&
            refuses "--$name cannot be '1z'" "$command" "--$name" 1z "$@"
        ;;
    esac
}

check 'the commands are found' test "$(echo "$commands" | wc -l)" -ge 7
for command in $commands; do
    options "$command" >"$dir/options"
    check "$command: options are found" test -s "$dir/options"
    while read -r letter name argument; do
        check "$command --$name" row "$command" "$letter" "$name" "$argument"
    done <"$dir/options"
done
twice() {
    for option in "lock --snapshot" "status --files0-from" "snapshot -o"; do
        # shellcheck disable=SC2086 # A command and its option.
        run 2 $option /dev/null ${option#* } /dev/null &&
            grep -q 'can be given once only' "$err" || return 1
    done
}
check 'a second name is no correction of the first' twice

of_others() {
    run 2 status --range=0:1 "$dir/options" && lines "$out" 0 &&
        grep -q "'--range=0:1': an option of load, evict, lock\$" "$err" &&
        run 2 status --range 0:1 "$dir/options" &&
        run 0 status --rang "$dir/options"
}
check "an option of other commands is named as theirs" of_others

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
# The completions and the manual offer what --help does.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"

commands='status top watch load evict lock snapshot restore'

# options COMMAND: what its help lists, sorted, a line each.
options() {
    "$mmapx" "$1" --help | sed -n \
        -e 's/^  \(-[a-zA-Z]\), \(--[a-z0-9-]*\).*/\1 \2/p' \
        -e 's/^      \(--[a-z0-9-]*\).*/\1/p' | tr ' ' '\n' | LC_ALL=C sort
}

commands_of_help() {
    [ "$("$mmapx" --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' |
        tr '\n' ' ')" = "$commands " ]
}
check 'the commands are these' commands_of_help

# offers WORD...: what bash offers after these words, the last one begun, in a
# directory with one file.
offers() {
    # shellcheck disable=SC2016 # It is bash which expands.
    bash -c '. "$1" && cd "$2" && shift 2
        COMP_WORDS=(mmapx "$@") COMP_CWORD=$#
        _mmapx 2>/dev/null
        printf "%s\n" "${COMPREPLY[@]}"' bash \
        "$srcdir/completions/mmapx" "$dir/files" "$@" | sed 's/=$//' | LC_ALL=C sort
}

mkdir "$dir/files" && : >"$dir/files/notes"
bash_options() {
    options "$1" >"$dir/help" && offers "$1" - >"$dir/offered" &&
        diff "$dir/help" "$dir/offered"
}
bash_values() {
    [ "$(offers status --sort = '' | tr '\n' ' ')" = 'cached dirty name percent size ' ] &&
        [ "$(offers status --sort = n)" = name ] &&
        [ "$(offers status --color a | tr '\n' ' ')" = 'always auto ' ] &&
        [ "$(offers sta)" = status ] && [ "$(offers hel)" = help ] &&
        [ "$(offers help e)" = evict ] &&
        [ "$(offers --dir)" = --dirs ] && [ "$(offers -r --who)" = --who ] &&
        [ "$(offers load no)" = notes ] &&
        [ "$(offers snapshot -o no)" = notes ] &&
        [ "$(offers top --dirs no)" = notes ] &&
        [ -z "$(offers top --dirs = '')" ] && [ -z "$(offers watch -n '')" ]
}
if command -v bash >/dev/null; then
    for command in $commands; do
        check "bash: the options of $command" bash_options "$command"
    done
    check 'bash: commands, values and files' bash_values
else
    skip 'bash' 'there is no bash'
fi

# named FILE PATTERN: each option of each command stands in a text, with % for
# the name.
named() {
    for command in $commands; do
        options "$command" >"$dir/help"
        while read -r option; do
            name=${option#-}
            name=${name#-}
            case $option in
            --*) pattern=$2 ;;
            *) pattern=$3 ;;
            esac
            grep -q -E -e "$(echo "$pattern" | sed "s/%/$name/")" "$1" ||
                echo "$command: no $option"
        done <"$dir/help"
    done >"$dir/lacks"
    cat "$dir/lacks"
    ! [ -s "$dir/lacks" ]
}
# zsh_offers WORD...: what zsh's own functions are asked to offer after these
# words, the last one begun.
zsh_offers() {
    # shellcheck disable=SC2016 # It is zsh which expands.
    zsh -f -c '
        fpath=($1 $fpath)
        shift
        _arguments() { print -rl -- "arguments: $words" "$@" }
        _describe() { print -rl -- "commands:" ${(P)argv[-1]} }
        autoload -U _mmapx
        words=(mmapx "$@") CURRENT=$(($# + 1))
        _mmapx' zsh "$srcdir/completions" "$@" >"$out" 2>"$err"
    cat "$err"
    ! [ -s "$err" ]
}
zsh_commands() {
    for command in $commands; do
        zsh_offers "$command" - && sed 's/\[.*//' "$out" | tr '{(), =+*' '\n' |
            sort -u >"$dir/offered" && options "$command" >"$dir/help" &&
            ! comm -23 "$dir/help" "$dir/offered" | grep . || return 1
        grep -q -x 'arguments: mmapx -' "$out" || return 1
    done
    zsh_offers '' && grep -q '^restore:' "$out" &&
        grep -q -e '--sort=' "$out" &&
        zsh_offers help r && grep -q '^restore:' "$out" &&
        zsh_offers --json --s && grep -q -x 'arguments: mmapx --json --s' "$out"
}
if command -v zsh >/dev/null; then
    check 'zsh: the options of each command' zsh_commands
else
    skip 'zsh: the options of each command' 'there is no zsh'
fi
check 'zsh: every option' named "$srcdir/completions/_mmapx" \
    '[{,]?--%(=|\[|\}|,|\))' '[({]-%[ +,]'
check 'fish: every option' named "$srcdir/completions/mmapx.fish" \
    ' -l %( |$)' ' -s %( |$)'

# In mdoc, "--one-file-system" is "\-one\-file\-system".
sed 's/\\-/-/g' "$srcdir/doc/mmapx.1" >"$dir/manual"
check 'the manual: every option' named "$dir/manual" \
    '^\.It Fl (. (Ar [a-z]+ )?, Fl )?-%( |$)' '^\.It Fl %( |$)'

# shellcheck disable=SC2016 # It is zsh which expands.
zsh_parses() {
    zsh -n "$srcdir/completions/_mmapx"
}
if command -v zsh >/dev/null; then
    check 'zsh: no error of syntax' zsh_parses
else
    skip 'zsh: no error of syntax' 'there is no zsh'
fi
fish_parses() {
    fish --no-execute "$srcdir/completions/mmapx.fish"
}
# fish_options COMMAND...: what fish offers behind it and "--".
fish_options() {
    HOME=$dir fish --no-config -c "source '$srcdir/completions/mmapx.fish'
        complete -C 'mmapx $* --'" | sed 's/[=	].*//' | LC_ALL=C sort -u
}
fish_commands() {
    for command in $commands; do
        options "$command" | grep '^--' >"$dir/help"
        fish_options "$command" >"$dir/offered" &&
            diff "$dir/help" "$dir/offered" || return 1
    done
    { options status && options top && echo --version; } | grep '^--' |
        LC_ALL=C sort -u >"$dir/help"
    fish_options >"$dir/offered" && diff "$dir/help" "$dir/offered"
}
if command -v fish >/dev/null; then
    check 'fish: no error of syntax' fish_parses
    check 'fish: the options of each command' fish_commands
else
    skip 'fish: no error of syntax' 'there is no fish'
    skip 'fish: the options of each command' 'there is no fish'
fi
finish

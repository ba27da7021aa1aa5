#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual is complete, says of errors what the header says, and is clean.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

doc=$srcdir/doc
header=$srcdir/include/libmmapx.h
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tap_output" "$tmp"' EXIT

symbols=$(sed -n 's/^[[:space:]]*\(mmapx_[a-z0-9_]*\);$/\1/p' \
    "$srcdir/src/libmmapx.map")

# The page that has the text of a function: its own, or what that refers to.
page_of() {
    target=$(sed -n 's|^\.so .*/||p' "$doc/$1.3")
    echo "$doc/${target:-$1.3}"
}

pages() {
    for file in "$doc"/*.[1-9]; do
        grep -q '^\.so ' "$file" || echo "$file"
    done
}

section() {
    awk -v name="$1" '/^\.Sh / { on = $2 == name } on' "$2"
}

has_page() {
    page=$(page_of "$1")
    if ! [ -f "$page" ]; then
        echo "no $page"
    elif ! section NAME "$page" | grep -q -x "\.Nm $1\( ,\)\{0,1\}"; then
        echo "$page: not in its NAME"
    elif ! section SYNOPSIS "$page" | grep -q -E "^\.F[no] $1( |\$)"; then
        echo "$page: not in its SYNOPSIS"
    elif ! grep -q "doc/$1\.3" "$srcdir/doc/Makemodule.am"; then
        echo "doc/$1.3 is not in doc/Makemodule.am"
    else
        return 0
    fi
    return 1
}

# A page of a function that there is no more.
is_exported() {
    for file in "$doc"/mmapx_*.3; do
        symbol=${file##*/}
        grep -q "^[[:space:]]*${symbol%.3};\$" "$srcdir/src/libmmapx.map" ||
            echo "$file"
    done >"$tmp/stray"
    cat "$tmp/stray"
    ! [ -s "$tmp/stray" ]
}

names_all_advice() {
    sed -n 's/^ *\(MMAPX_MADV_[A-Z_]*\) .*/\1/p' "$header" >"$tmp/advice"
    [ -s "$tmp/advice" ] || return 1
    while read -r name; do
        grep -q -E "^\.It Dv $name( |\$)" "$doc/mmapx_advise.3" ||
            echo "$name"
    done <"$tmp/advice" >"$tmp/lacks"
    cat "$tmp/lacks"
    ! [ -s "$tmp/lacks" ]
}

# For each function of the header "FUNCTION ERRNO", by what its comment says
# from "Errors:" on.  A comment is that of all functions up to the next one.
# "FUNCTION like OTHER" where it refers to another function's errors.
header_errors() {
    awk '
    /^\/\*/ { comment = 1; errors = 0; n = 0 }
    comment {
        if ($0 ~ /Errors[:,]/)
            errors = 1
        if (errors) {
            text = $0
            while (match(text, /those of [a-z_]+/)) {
                word[++n] = "like " substr(text, RSTART + 9, RLENGTH - 9)
                text = substr(text, RSTART + RLENGTH)
            }
            k = split($0, w, /[^A-Za-z0-9_]+/)
            for (i = 1; i <= k; i++)
                if (w[i] ~ /^E[A-Z][A-Z0-9]+$/)
                    word[++n] = w[i]
        }
        if ($0 ~ /\*\//)
            comment = 0
        next
    }
    /^[a-z].*[ *]mmapx_[a-z0-9_]*\(/ {
        match($0, /mmapx_[a-z0-9_]*\(/)
        for (i = 1; i <= n; i++)
            print substr($0, RSTART, RLENGTH - 1), word[i]
    }' "$header"
}

# What open(2) may add to what a page lists and the header need not.
open_errors='EACCES|EFBIG|EINTR|EIO|ELOOP|EMFILE|ENAMETOOLONG|ENFILE|ENODEV'
open_errors="$open_errors|ENOENT|ENOMEM|ENOSPC|ENOTDIR|EOVERFLOW|EPERM|EROFS"
open_errors="$open_errors|ETXTBSY|EBUSY|EDQUOT"

# The errnos of a page's functions by the header, and by its ERRORS.
same_errors() {
    page=$1
    : >"$tmp/want"
    opens=no
    for symbol in $symbols; do
        [ "$(page_of "$symbol")" = "$page" ] || continue
        awk -v f="$symbol" '$1 == f && $2 != "like" { print $2 }' \
            "$tmp/errors" >>"$tmp/want"
        # What another function adds; a page may refer to that one's page.
        awk -v f="$symbol" '$1 == f && $2 == "like" { print $3 }' \
            "$tmp/errors" >"$tmp/others"
        while read -r other; do
            if [ "$other" = open ]; then
                opens=yes
            elif ! section ERRORS "$page" | grep -q "^\.Xr $other 3"; then
                awk -v f="$other" '$1 == f && $2 != "like" { print $2 }' \
                    "$tmp/errors" >>"$tmp/want"
            fi
        done <"$tmp/others"
    done
    LC_ALL=C sort -u "$tmp/want" >"$tmp/want.sorted"
    section ERRORS "$page" | awk '/^\./ {
        for (i = 1; i < NF; i++)
            if ($i ~ /^\.?Er$/)
                print $(i + 1) }' | LC_ALL=C sort -u >"$tmp/got"
    {
        LC_ALL=C comm -23 "$tmp/want.sorted" "$tmp/got" |
            sed 's/$/ is in the header only/'
        LC_ALL=C comm -13 "$tmp/want.sorted" "$tmp/got" | {
            if [ "$opens" = yes ]; then
                grep -v -x -E "$open_errors"
            else
                cat
            fi
        } | sed 's/$/ is in the page only/'
    } >"$tmp/differences"
    cat "$tmp/differences"
    ! [ -s "$tmp/differences" ]
}

# silent COMMAND...: prints nothing and succeeds.
silent() {
    "$@" >"$tmp/said" 2>&1
    code=$?
    cat "$tmp/said"
    [ "$code" -eq 0 ] && ! [ -s "$tmp/said" ]
}

# Each by itself: a formatter's state outlives a page.  Its warnings differ from
# release to release (1.23 has some that 1.22 and 1.24 do not have), so that
# mandoc is the one that is asked for its opinion.
groff_formats() {
    bad=0
    for page in $(pages); do
        groff -mandoc -T utf8 "$page" >"$tmp/formatted" 2>"$tmp/said" || bad=1
        if grep -i 'error' "$tmp/said" || ! [ -s "$tmp/formatted" ]; then
            echo "in $page"
            bad=1
        fi
    done
    return "$bad"
}

# mdoc(7) takes a lone "." or "," for the end of a sentence.  Each command that
# stands in one line is printed as it is written.
keeps_commands() {
    for page in $(pages); do
        "$@" "$page" 2>/dev/null | sed -e "s/$(printf '\033')\[[0-9;]*m//g" \
            -e "s/.$(printf '\b')//g" -e 's/^ *//' >"$tmp/formatted"
        sed -n 's/^\.D[1l] //p' "$page" |
            sed -e 's/\\-/-/g' -e 's/\\&//g' -e 's/\\e/\\/g' >"$tmp/commands"
        while read -r command; do
            grep -q -x -F -e "$command" "$tmp/formatted" ||
                echo "${page##*/}: $command"
        done <"$tmp/commands"
    done >"$tmp/lost"
    cat "$tmp/lost"
    ! [ -s "$tmp/lost" ]
}

# What README shows of top, evict and watch is what the page of pictures shows.
same_pictures() {
    sed -e 's/<[^>]*>//g' -e 's/&gt;/>/g' -e 's/&lt;/</g' -e 's/&amp;/\&/g' \
        -e 's/ *$//' "$doc/site/pictures.html" >"$tmp/pictures"
    sed -n -e '/^    # mmapx [tew]/,/^[^ ]/s/^    //p' "$srcdir/README" \
        >"$tmp/shown"
    [ "$(wc -l <"$tmp/shown")" -gt 20 ] &&
        ! grep -v -x -F -f "$tmp/pictures" "$tmp/shown"
}
check 'the pictures in README are those of the manual' same_pictures

for symbol in $symbols; do
    check "$symbol has a page" has_page "$symbol"
done
check 'each page has a function' is_exported
check 'mmapx_advise(3) names all advice' names_all_advice

header_errors >"$tmp/errors"
check "the header's lists of errors are found" \
    grep -q -x 'mmapx_map EACCES' "$tmp/errors"
for page in $(pages); do
    case ${page##*/} in
    mmapx_*.3)
        check "${page##*/} lists the header's errors" same_errors "$page" ;;
    esac
done

if command -v mandoc >/dev/null; then
    # The list of pages is split.
    # shellcheck disable=SC2046
    check 'mandoc has nothing to say' \
        silent mandoc -T lint -W warning $(pages)
    check 'mandoc prints each command as it is written' \
        keeps_commands mandoc -T utf8 -O width=200
else
    skip 'mandoc prints each command as it is written' 'there is no mandoc'
    skip 'mandoc has nothing to say' 'there is no mandoc'
fi
if command -v groff >/dev/null; then
    check 'groff formats each page without an error' groff_formats
    check 'groff prints each command as it is written' \
        keeps_commands groff -mandoc -T ascii -rLL=200n
else
    skip 'groff prints each command as it is written' 'there is no groff'
    skip 'groff formats each page without an error' 'there is no groff'
fi
finish

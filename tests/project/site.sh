#!/bin/sh
# SPDX-License-Identifier: MIT
# "make html": no link is broken, each page is reached and is whole, and what
# lacks is said.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tap_output" "$tmp"' EXIT

# What Makefile hands to the script.
texts=$(sed -n '/^dist_doc_DATA = /,/[^\\]$/s/^	\([^ ]*\).*/\1/p' \
    "$srcdir/doc/Makemodule.am")

# make_site TREE OUTPUT: the names are split.
make_site() {
    # shellcheck disable=SC2086
    sh "$1/doc/site/make-html" "$1" "$2" "${VERSION-0}" $texts
}

# Says what it needs, and leaves nothing behind.
wants_mandoc() {
    sh=$(command -v sh)
    if PATH=$tmp "$sh" "$srcdir/doc/site/make-html" "$srcdir" "$tmp/none" 0 \
        NEWS 2>"$tmp/said"; then
        return 1
    fi
    cat "$tmp/said"
    grep -q 'mandoc' "$tmp/said" && ! [ -e "$tmp/none" ]
}
check 'without mandoc make-html says what it needs' wants_mandoc

each_page_has_a_task() {
    for page in "$srcdir"/doc/*.[1-9]; do
        page=${page##*/}
        grep -q "^$page " "$srcdir/doc/site/tasks" || echo "$page has no task"
    done >"$tmp/lacks"
    cat "$tmp/lacks"
    ! [ -s "$tmp/lacks" ]
}
check 'each page of the manual has a task' each_page_has_a_task

# "PAGE KIND VALUE" for each attribute that makes or is the end of a link, and
# each tag.  What is between two "<" begins with a tag.
read_tags() {
    for file in "$tmp"/site/*.html; do
        awk -v page="${file##*/}" 'BEGIN { RS = "<" }
        NR > 1 {
            gsub(/\n/, " ")
            sub(/>.*/, "")
            print page, "tag", $1
            while (match($0, /[ ](id|href|src)="[^"]*"/)) {
                split(substr($0, RSTART + 1, RLENGTH - 2), part, "=\"")
                print page, part[1], substr($0, RSTART + \
                    length(part[1]) + 3, RLENGTH - length(part[1]) - 4)
                $0 = substr($0, RSTART + RLENGTH)
            }
        }' "$file"
    done
}

is_made() {
    make_site "$srcdir" "$tmp/site" && read_tags >"$tmp/tags" &&
        [ "$(grep -c ' href ' "$tmp/tags")" -gt 500 ]
}

# Complains about each link inside the site to what is not there.
links_lead_somewhere() {
    awk '
    NR == FNR {
        if ($2 == "id")
            is_id[$1 "#" $3] = 1
        is_file[$1] = 1
        next
    }
    ($2 == "href" || $2 == "src") && $3 !~ /^(https?|mailto):/ {
        file = $3
        sub(/#.*/, "", file)
        if (file == "")
            file = $1
        if (file ~ /\.html$/ && !(file in is_file))
            print $1 ": there is no " file
        else if ($3 ~ /#/ && !((file substr($3, index($3, "#"))) in is_id))
            print $1 ": nothing has the name " $3
        else if (file !~ /\.html$/)
            print file >others
    }' others="$tmp/others" "$tmp/tags" "$tmp/tags" >"$tmp/dead"
    LC_ALL=C sort -u "$tmp/others" | while read -r file; do
        [ -s "$tmp/site/$file" ] || echo "there is no $file"
    done >>"$tmp/dead"
    cat "$tmp/dead"
    ! [ -s "$tmp/dead" ]
}

# A page of ours that mandoc does not find is looked for elsewhere.
ours_are_here() {
    ! grep -E ' href https?:[^ ]*mmapx[^ ]*\.[1-9]$' "$tmp/tags"
}

nothing_from_elsewhere() {
    ! grep -E ' src https?:| tag (script|style|iframe)$' "$tmp/tags" &&
        ! grep -E 'url\(|@import' "$tmp/site/style.css"
}

# From the landing page on, until nothing new is found.
all_are_reached() {
    awk '$2 == "href" { sub(/#.*/, "", $3); print $1, $3 }' "$tmp/tags" |
        LC_ALL=C sort -u >"$tmp/edges"
    awk '
    { from[NR] = $1; to[NR] = $2 }
    END {
        reached["index.html"] = 1
        do {
            more = 0
            for (i = 1; i <= NR; i++)
                if (from[i] in reached && !(to[i] in reached))
                    more = reached[to[i]] = 1
        } while (more)
        for (page in reached)
            print page
    }' "$tmp/edges" | LC_ALL=C sort >"$tmp/reached"
    (cd "$tmp/site" && ls) | grep '\.html$' | LC_ALL=C sort >"$tmp/all"
    for page in "$srcdir"/doc/*.[1-9]; do
        grep -q -x "${page##*/}.html" "$tmp/all" || echo "no ${page##*/}"
    done >"$tmp/lost"
    LC_ALL=C comm -23 "$tmp/all" "$tmp/reached" >>"$tmp/lost"
    cat "$tmp/lost"
    ! [ -s "$tmp/lost" ]
}

names_are_unique() {
    awk '$2 == "id"' "$tmp/tags" | LC_ALL=C sort | uniq -d >"$tmp/twice"
    cat "$tmp/twice"
    ! [ -s "$tmp/twice" ]
}

# Each element is closed, in order, except for those that have no end.
tags_are_closed() {
    awk '
    $2 != "tag" || $3 ~ /^!/ ||
        $3 ~ /^(br|hr|img|link|meta|col|input|wbr)\/?$/ || $3 ~ /\/$/ { next }
    $1 != page {
        if (depth)
            print page ": " stack[depth] " is open at the end"
        page = $1
        depth = 0
    }
    $3 ~ /^\// {
        if (stack[depth] != substr($3, 2))
            print page ": " $3 " closes " stack[depth]
        depth--
        next
    }
    { stack[++depth] = $3 }
    END {
        if (depth)
            print page ": " stack[depth] " is open at the end"
    }' "$tmp/tags" >"$tmp/open"
    cat "$tmp/open"
    ! [ -s "$tmp/open" ]
}

each_page_is_whole() {
    for page in "$tmp"/site/*.html; do
        for part in '<!DOCTYPE html>' '<html lang="en">' '<title>..*</title>' \
            'name="viewport"' 'href="style.css"' '<h1' '</html>'; do
            grep -q "$part" "$page" || echo "${page##*/} lacks $part"
        done
        grep -E -H '@[A-Z]+@|<!-- (number|picture|example|texts|content)' \
            "$page"
    done >"$tmp/lacks"
    cat "$tmp/lacks"
    ! [ -s "$tmp/lacks" ]
}

# A row of the table is never left out in silence.
lines_of() {
    grep -c -E '^[0-9]+[a-z]? +[^ ].*  .* [0-9.]+( [A-Za-z]+)?$' \
        "$srcdir/doc/performance"
}
the_table_is_whole() {
    [ "$(grep -c '^<tbody>$' "$tmp/site/performance.html")" -eq "$(lines_of)" ]
}

# refuses FILE PATTERN WORDS: without the lines that match, in words.
refuses() {
    rm -rf "$tmp/tree" "$tmp/refused"
    mkdir "$tmp/tree" && cp -R "$srcdir/doc" "$srcdir/README" "$srcdir/NEWS" \
        "$tmp/tree" && chmod -R u+w "$tmp/tree" &&
        sed "/$2/d" "$srcdir/$1" >"$tmp/tree/$1" || return
    if make_site "$tmp/tree" "$tmp/refused" >"$tmp/said" 2>&1; then
        return 1
    fi
    cat "$tmp/said"
    grep -q "$3" "$tmp/said" && ! [ -e "$tmp/refused" ]
}

if command -v mandoc >/dev/null; then
    check 'the site is made' is_made
    check 'no link is broken' links_lead_somewhere
    check 'no page of ours is looked for elsewhere' ours_are_here
    check 'nothing is loaded from elsewhere, and there is no script' \
        nothing_from_elsewhere
    check 'each page is reached' all_are_reached
    check 'no page has two places of one name' names_are_unique
    check 'each element is closed' tags_are_closed
    check 'each page is whole' each_page_is_whole
    check 'the table of measurements is whole' the_table_is_whole
    check 'a page without a task is refused' \
        refuses doc/site/tasks '^mmapx_lock\.3' 'no task for mmapx_lock\.3'
    check 'a measurement that is not there is refused' \
        refuses doc/performance '^4 .*mmapx_cache_stat' 'no line for 4|'
    check 'a picture that is not there is refused' \
        refuses doc/site/pictures.html 'id="evict"' 'no picture evict'
else
    skip 'the site is whole' 'there is no mandoc'
fi
finish

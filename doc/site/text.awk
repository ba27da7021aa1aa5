# SPDX-License-Identifier: MIT
# One of the texts in doc/ as HTML.  What these texts are made of: a first line
# that is the title, headings that are underlined, paragraphs, lists whose items
# begin with "- " or "1. ", and what is indented by four and stays as it is.
#
#     awk -f words.awk -f table.awk -f text.awk TEXT

BEGIN { is_list["ul"] = is_list["ol"] = 1 }

# change(KIND): end the block that is open, begin another one.
function change(kind) {
    if (block == kind)
        return
    change_inner("")
    if (block == "p")
        print "</p>"
    else if (is_list[block])
        print "</li></" block ">"
    else if (block == "pre")
        print "</pre>"
    else if (block == "bench") {
        end_body()
        print "</table>"
    }
    block = kind
    blank = 0
}

# The same for what lies in an item of a list.
function change_inner(kind) {
    if (inner != "")
        print "</" inner ">"
    inner = kind
    if (inner != "")
        printf "<%s>", inner
}

function heading(level, text,    id) {
    change("")
    id = tolower(text)
    gsub(/[^a-z0-9]+/, "-", id)
    gsub(/^-|-$/, "", id)
    if (used[id]++)
        id = id "-" used[id]
    print "<h" level " id=\"" id "\">" linked(text) "</h" level ">"
}

# The line before is printed when it is known not to be underlined.
function flush(    text) {
    if (!waits)
        return
    waits = 0
    text = held
    if (text ~ /^libmmapx [0-9.]+ \(.*\)$/)
        heading(2, text)
    else if (text ~ /^[A-Z][a-z ]+:$/ && news)
        heading(3, text)
    else
        line(text)
}

# Behind a sign of so many characters: what is below the item's text is the
# item's.
function item(kind, width, text) {
    if (block == kind) {
        change_inner("")
        print "</li>"
    } else {
        change(kind)
        print "<" kind ">"
    }
    indent = substr("        ", 1, width)
    printf "<li>%s\n", linked(text)
}

function in_item(text) {
    text = substr(text, length(indent) + 1)
    if (text ~ /^    / && (blank || inner == "pre")) {
        if (inner != "pre")
            change_inner("pre")
        else if (blank)
            print ""
        text = substr(text, 5)
    } else if (blank || inner == "pre")
        change_inner("p")
    print linked(text)
}

function is_in_item(text) {
    if (!is_list[block] || substr(text, 1, length(indent)) != indent)
        return 0
    if (blank && text ~ /^    /)
        return substr(text, length(indent) + 1) ~ /^    /
    return 1
}

function line(text) {
    if (text ~ /^- /)
        item("ul", 2, substr(text, 3))
    else if (text ~ /^[0-9][.] / && (block != "p" || blank))
        item("ol", 3, substr(text, 4))
    else if (is_in_item(text))
        in_item(text)
    else if (text ~ /^    /) {
        if (block != "pre") {
            change("pre")
            printf "<pre>"
        } else if (blank)
            print ""
        print linked(substr(text, 5))
    } else {
        if (block != "p" || blank) {
            change("")
            change("p")
            printf "<p>"
        }
        print linked(text)
    }
    blank = 0
}

function cell(class, text) {
    return "<td" (class == "" ? "" : " class=\"" class "\"") ">" \
        escaped(text) "</td>"
}

function end_body() {
    if (body)
        print "</tbody>"
    body = 0
}

function begin_bench() {
    if (block != "bench") {
        change("bench")
        print "<table class=\"bench\"><thead><tr><th>Row</th><th>What</th>" \
            "<th>libmmapx</th><th class=\"num\"></th><th>Compared with</th>" \
            "<th class=\"num\"></th><th class=\"num\">Ratio</th>" \
            "<th class=\"num\">Least, most</th><th>Goal</th></tr></thead>"
    }
    end_body()
}

# What a row is for, across all columns.
function row_heading(title, text) {
    begin_bench()
    print "<tbody class=\"row\"><tr><td colspan=\"9\"><h3>" linked(title) \
        "</h3><p>" linked(text) "</p></td></tr></tbody>"
}

function contest(text) {
    begin_bench()
    print "<tbody>"
    body = 1
    read_contest(text)
    lead = cell("", row) cell("", work) cell("", ours) cell("num", ours_amount)
}

function peer(text) {
    read_peer(text)
    print "<tr>" lead cell("", theirs) cell("num", theirs_amount) \
        cell("num", ratio) cell("num", spread) \
        cell(goal ~ /MISSED|not met/ ? "missed" : "met", goal) "</tr>"
    lead = "<td></td><td></td><td></td><td></td>"
}

/^\[table (begins|ends)\]$/ {
    flush()
    change("")
    table = /begins/
    next
}
table && /^Row [0-9a-z]+: / { flush(); title = $0; goals = ""; next }
table && title != "" && $0 != "" { goals = goals $0; next }
table && title != "" { row_heading(title, goals); title = ""; next }
table && is_contest($0) { flush(); contest($0); next }
table && block == "bench" && is_peer($0) { peer($0); next }
/^====*$/ && waits { heading(1, held); waits = 0; titled = 1; next }
/^----*$/ && waits { heading(2, held); waits = 0; next }
{
    if (waits && !titled && $0 == "") {
        titled = 1
        waits = 0
        if (held ~ /^libmmapx [0-9.]+ \(/) {
            news = 1
            heading(1, "What is new")
            heading(2, held)
        } else
            heading(1, held)
    }
    flush()
    if ($0 == "")
        blank = 1
    else {
        held = $0
        waits = 1
    }
}
table && $0 == "Cost by size" { waits = 0; heading(3, $0) }
END {
    flush()
    change("")
}

# SPDX-License-Identifier: MIT
# Fill the landing page's marks in: pictures, measurements, the example, links
# to the texts.
#
#     awk -f words.awk -f table.awk -f index.awk \
#         PICTURES PERFORMANCE README links=LINKS INDEX

FNR == 1 { file++ }

# The screen after a heading with the mark's name.
file == 1 && match($0, /<h2 id="[a-z]*"/) {
    name = substr($0, RSTART + 8, RLENGTH - 9)
}
file == 1 && /<pre class="screen">/ { on = 1 }
file == 1 && on { picture[name] = picture[name] $0 "\n" }
file == 1 && /<\/pre>/ { on = 0 }
file == 1 { next }

file == 2 && is_contest($0) { read_contest($0); next }
file == 2 && row != "" && is_peer($0) {
    read_peer($0)
    key = row "|" work "|" ours "|" theirs
    times[key] = cells(ours_amount, theirs, theirs_amount)
}
file == 2 { next }

file == 3 && /^    #include <libmmapx\.h>$/ { code = 1 }
file == 3 && code == 1 { example = example escaped(substr($0, 5)) "\n" }
file == 3 && code == 1 && /^    }$/ { code = 2 }
file == 3 { next }

function cells(our_time, peer, peer_time) {
    return "<td class=\"num\">" our_time "</td><td>" escaped(peer) \
        "</td><td class=\"num\">" peer_time "</td>"
}

# Its last field is what the reader sees.
function number(mark,    key, text) {
    sub(/^<!-- number /, "", mark)
    sub(/ -->$/, "", mark)
    key = mark
    sub(/\|[^|]*$/, "", key)
    text = substr(mark, length(key) + 2)
    if (!(key in times))
        fail("doc/performance has no line for " key)
    print "<tr><td>" escaped(text) "</td>" times[key] "</tr>"
}

/^<!-- picture / {
    if (!($3 in picture))
        fail("pictures.html has no picture " $3)
    printf "%s", picture[$3]
    next
}
/^<!-- number / { number($0); next }
/^<!-- example -->$/ {
    if (code != 2)
        fail("README has no example that begins with #include <libmmapx.h>")
    print "<pre>" example "</pre>"
    next
}
/^<!-- texts -->$/ { print "<ul>" links "</ul>"; next }
{ print }

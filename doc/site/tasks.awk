# SPDX-License-Identifier: MIT
# The manual's index by task, of the file tasks.
#
#     awk -f words.awk -f tasks.awk TASKS

BEGIN {
    print "<h1>Manual</h1>"
}

/^#/ || /^$/ { next }
/^= / {
    if (open)
        print "</dl>"
    open = 0
    print "<h2>" escaped(substr($0, 3)) "</h2>"
    next
}
{
    if (!($1 in is_page))
        fail("tasks: there is no page " $1)
    if (!open)
        print "<dl class=\"tasks\">"
    open = 1
    seen[$1] = 1
    task = $0
    sub(/^[^ ]+ +/, "", task)
    name = $1
    sub(/\.[1-9]$/, "", name)
    print "<dt>" escaped(toupper(substr(task, 1, 1)) substr(task, 2)) "</dt>"
    print "<dd><a href=\"" $1 ".html\">" name "(" substr($1, length($1)) \
        ")</a></dd>"
}
END {
    if (failed)
        exit 1
    print "</dl>"
    for (page in is_page)
        if (!(page in seen))
            fail("tasks: no task for " page)
}

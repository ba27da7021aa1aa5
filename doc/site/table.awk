# SPDX-License-Identifier: MIT
# The table that bench/report.py writes into doc/performance: a line for what
# was measured, and below it a line for each peer.

function is_contest(line) {
    return line ~ /^[0-9]+[a-z]? +[^ ].*  .* [0-9.]+( [A-Za-z]+)?$/
}

function is_peer(line) {
    return line ~ /^      [^ ]/
}

# "NAME   12.3 ms": the name and the amount at the end.
function take_amount(text) {
    match(text, /[0-9.]+( [A-Za-z]+)?$/)
    amount = substr(text, RSTART)
    text = substr(text, 1, RSTART - 1)
    sub(/ +$/, "", text)
    return text
}

function read_contest(line,    text) {
    row = line
    sub(/ .*/, "", row)
    text = take_amount(substr(line, 5))
    ours_amount = amount
    # Long work leaves one space before who did it: a name, or two words.
    if (!match(text, /  +[^ ].*$/) && !match(text, / mmapx[^ ]*$/))
        match(text, / [^ ]+ [^ ]+$/)
    ours = substr(text, RSTART)
    sub(/^ +/, "", ours)
    work = substr(text, 1, RSTART - 1)
}

# From its end: the goal, if there is one, the least and the most ratio, the
# median.
function read_peer(line,    text) {
    text = substr(line, 7)
    goal = ""
    if (match(text, /[<>]= .*$/)) {
        goal = substr(text, RSTART)
        text = substr(text, 1, RSTART - 1)
    }
    sub(/ +$/, "", text)
    match(text, /[-+0-9.]+( ns)? - [-+0-9.]+( ns)?$/)
    spread = substr(text, RSTART)
    text = substr(text, 1, RSTART - 1)
    sub(/ +$/, "", text)
    match(text, /[-+0-9.]+( ns)?$/)
    ratio = substr(text, RSTART)
    text = substr(text, 1, RSTART - 1)
    sub(/ +$/, "", text)
    theirs = take_amount(text)
    theirs_amount = amount
}

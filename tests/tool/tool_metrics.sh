#!/bin/sh
# SPDX-License-Identifier: MIT
# Metrics for Prometheus: status and top --openmetrics.
# shellcheck source=tests/tool/tool_lib.sh
. "${srcdir:=.}/tests/tool/tool_lib.sh"

command -v python3 >/dev/null || skip_all 'there is no python3'
pages 3 >"$dir/three"
if "$mmapx" status "$dir/three" 2>&1 | grep -q 'Function not implemented'; then
    skip_all 'this system does not tell what is in memory'
fi

# Names that have to be escaped, and names that look the same when they are.
quote='say "hi"' backslash='a\b' newline='a
b' euro=$(printf '\342\202\254') latin=$(printf '\351t\351')
mkdir "$dir/t"
for name in "$quote" "$backslash" "$newline" "$euro" plain; do
    pages 2 >"$dir/t/$name" || exit 99
done
# Not every file system takes what is no UTF-8.
if pages 2 2>/dev/null >"$dir/t/$latin"; then
    pages 2 >"$dir/t/"'\351t\351'
    files=7
else
    files=5
fi

refill() {
    cat "$dir/three" "$dir"/t/* >/dev/null
}

# The grammar and the rules of OpenMetrics 1.0, as its specification has them:
# the end, metadata before the samples of a family, families that are not
# interrupted, each label set once, and escapes.  Prints what the samples say.
cat >"$dir/openmetrics.py" <<'RULES'
import re, sys
text = open(sys.argv[1], "rb").read().decode("utf-8")
assert text.endswith("# EOF\n") and text.count("# EOF") == 1
assert "\r" not in text and "\n\n" not in text
name = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^\n"\\]|\\[n"\\])*"'
sample = re.compile(rf"({name})(?:\{{({label}(?:,{label})*)?\}})? (-?[0-9.e+]+)")
types, helps, order, seen, values = {}, {}, [], set(), {}
for line in text[:-1].split("\n")[:-1]:
    kind = re.fullmatch(rf"# (HELP|TYPE) ({name}) ?(.*)", line)
    if kind:
        of = types if kind[1] == "TYPE" else helps
        assert kind[2] not in of, "metadata twice"
        assert kind[2] not in order[:-1], "a family is interrupted"
        of[kind[2]] = kind[3]
        if kind[1] == "TYPE":
            assert kind[3] == "gauge"
        else:
            assert re.fullmatch(r'(?:[^\n"\\]|\\[n"\\])+', kind[3])
        if kind[2] not in order:
            order.append(kind[2])
        continue
    found = sample.fullmatch(line)
    assert found, line
    assert found[1] == order[-1], "a sample outside its family"
    assert found[1] in types and found[1] in helps
    assert (found[1], found[2]) not in seen, "a series twice"
    seen.add((found[1], found[2]))
    path = dict(re.findall(r'([a-z]+)="((?:[^\n"\\]|\\.)*)"', found[2] or ""))
    plain = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1],
                   path.get("path", ""))
    values[found[1], plain, path.get("encoding")] = int(found[3])
families = ["mmapx_file_size_bytes", "mmapx_file_cached_bytes",
            "mmapx_file_dirty_bytes", "mmapx_file_recently_evicted_bytes",
            "mmapx_page_cache_bytes"]
assert order == families or order == families[:-1], order
RULES

# metrics PYTHON: the output keeps the rules, and something is true of "values".
metrics() {
    { cat "$dir/openmetrics.py" && printf "assert (%s), values\n" "$1"; } \
        >"$dir/rules.py" && python3 "$dir/rules.py" "$out"
}

status() {
    run 0 status --openmetrics "$dir/three" &&
        metrics "values['mmapx_file_size_bytes', '$dir/three', None] ==
            3 * $page == values['mmapx_file_cached_bytes', '$dir/three', None]
            and values['mmapx_page_cache_bytes', '', None] > 0"
}
if [ -r /proc/meminfo ]; then
    check_cached 'status --openmetrics' status
else
    skip 'status --openmetrics' 'there is no /proc/meminfo'
fi

names() {
    run 0 "$@" --openmetrics "$dir/t" && metrics "
        {p[len('$dir/t/'):] for n, p, e in values
            if n == 'mmapx_file_cached_bytes' and e is None} >=
        {'say \"hi\"', 'a\\\\b', 'a\\nb', '\\u20ac', 'plain'} and
        sum(n == 'mmapx_file_cached_bytes' for n, p, e in values) == $files"
}
check 'status: every name is escaped' names status -r
check 'top: every name is escaped' names top
no_utf8() {
    run 0 top --openmetrics "$dir/t" && metrics "all(
        ('mmapx_file_cached_bytes', r'$dir/t/\\351t\\351', e) in values
        for e in (None, 'octal'))"
}
# alike: one has a byte where the other has its number.
alike() {
    mkdir -p "$dir/alike" || return 1
    for name in "$(printf '\\377\377')" "$(printf '\377\\377')"; do
        mkdir -p "$dir/alike/$name" && pages 1 >"$dir/alike/$name/file" ||
            return 1
    done
    for arguments in 'status -r' top 'top --dirs=2'; do
        # Word by word.
        # shellcheck disable=SC2086
        run 0 $arguments --openmetrics "$dir/alike" &&
            metrics "{p.split('/')[-1 if 'dirs' in '$arguments' else -2]
                for n, p, e in values if e == 'octal'} ==
            {r'\\\\377\377', r'\377\\\\377'}" || return 1
    done
}
if [ $files -eq 7 ]; then
    check 'a name that is no UTF-8 is not mistaken for another' no_utf8
    check_cached 'nor are two such names, of files or directories' alike
else
    skip 'a name that is no UTF-8 is not mistaken for another' \
        'the file system takes no such name'
fi

twice() {
    run 0 status --openmetrics "$dir/three" "$dir/three" && metrics True
}
check 'a file that is named twice is one series' twice

nothing() {
    run 1 status --openmetrics "$dir/missing" && metrics True &&
    run 1 top --openmetrics "$dir/missing" && metrics True
}
check 'nothing at all is right too' nothing

# What cannot be said in metrics is refused, and not left out.
refused() {
    for option in --who --ranges --map --total --summarize --json; do
        run 2 status --openmetrics "$option" "$dir/three" && lines "$out" 0 &&
            grep -q '^mmapx: --openmetrics ' "$err" || return 1
    done
    run 2 top --openmetrics --by=process "$dir" && lines "$out" 0 &&
        run 2 top --openmetrics --json "$dir" && lines "$out" 0
}
check 'options that no metric has are refused' refused

small_set() {
    run 0 top --openmetrics -n 2 "$dir/t" && metrics \
        "sum(n == 'mmapx_file_size_bytes' for n, p, e in values) == 2" &&
        run 0 top --openmetrics --dirs=0 "$dir/t" && metrics \
        "values['mmapx_file_cached_bytes', '$dir/t', None] ==
            $files * 2 * $page"
}
check_cached '-n and --dirs keep the set small' small_set

closed() {
    chmod 644 "$dir/three"
    as_other "$mmapx" status --openmetrics "$dir/three" >"$out" 2>/dev/null
    metrics "('mmapx_file_cached_bytes', '$dir/three', None) not in values and
        ('mmapx_file_size_bytes', '$dir/three', None) in values"
}
if [ "$(id -u)" -eq 0 ] && [ $other = yes ]; then
    check 'what is not known has no sample' closed
else
    skip 'what is not known has no sample' 'there is no other user'
fi

# A terminal obeys what a scraper takes for a part of a name.
harmless() {
    mkdir -p "$dir/odd"
    : >"$dir/odd/$(printf 'red\033[31m')"
    : >"$dir/odd/$(printf 'turned\342\200\256')"
    for command in status\ -r top\ --dirs=9; do
        on_terminal "LC_ALL=C.UTF-8 '$mmapx' $command --openmetrics '$dir/odd'"
        tr -d '\r' <"$out" | LC_ALL=C grep -q '[^ -~]' && return 1
    done
    on_terminal "LC_ALL=C.UTF-8 '$mmapx' status -r --openmetrics '$dir/odd'" |
        grep -F 'red\\033[31m",encoding="octal"' | grep -q size_bytes &&
        run 0 status -r --openmetrics "$dir/odd" &&
        grep -q "$(printf 'red\033')" "$out"
}
if [ "$terminal" = yes ]; then
    check 'on a terminal metrics are harmless' harmless
else
    skip 'on a terminal metrics are harmless' 'no script(1) that runs a command'
fi

# The oracle is Prometheus's own parser, which also judges names and help.
promtool_takes() {
    for arguments in 'status -r' top 'top --dirs'; do
        # Word by word.
        # shellcheck disable=SC2086
        run 0 $arguments --openmetrics "$dir/t" || return 1
        promtool check metrics <"$out" >"$err" 2>&1
        result=$?
        cat "$err"
        [ "$result" -eq 0 ] && lines "$err" 0 || return 1
    done
}
if command -v promtool >/dev/null; then
    check 'promtool check metrics has nothing to say' promtool_takes
else
    skip 'promtool check metrics has nothing to say' \
        'there is no promtool (Debian has it in prometheus)'
fi

finish

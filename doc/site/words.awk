# SPDX-License-Identifier: MIT
# What the other programs here share: the special characters of HTML, and links.
# -v pages="NAME.SECTION ..." says which pages of the manual there are, and
# -v texts="NAME ..." which of the texts in doc/.

function escaped(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    return text
}

function fail(text) {
    print "make-html: " text | "cat >&2"
    failed = 1
    exit 1
}

BEGIN {
    n = split(pages, list, " ")
    for (i = 1; i <= n; i++)
        is_page[list[i]] = 1
    n = split(texts, list, " ")
    for (i = 1; i <= n; i++)
        is_text[list[i]] = 1
    LINK = "https?:[^ )&]*[^ )&.,;:]|doc/[a-z.]*[a-z]"
    LINK = LINK "|[a-z_.]*mmapx[a-z_.]*[(][1-9]?[)]"
}

# Where a word leads, "" if nowhere: a URL, doc/design, mmapx_map(3) and
# mmapx_map() do if there is such a page.
function target(word,    name, section) {
    if (word ~ /^http/)
        return word
    if (word ~ /^doc/) {
        name = substr(word, 5)
        if (name in is_text)
            return name ~ /[.]svg$/ ? name : name ".html"
        return ""
    }
    name = word
    sub(/[(].*/, "", name)
    section = substr(word, length(name) + 2)
    sub(/[)]/, "", section)
    name = name "." (section == "" ? "3" : section)
    return name in is_page ? name ".html" : ""
}

# The text with links for such words.
function linked(text,    done, word, to) {
    text = escaped(text)
    done = ""
    while (match(text, LINK)) {
        word = substr(text, RSTART, RLENGTH)
        to = target(word)
        done = done substr(text, 1, RSTART - 1)
        text = substr(text, RSTART + RLENGTH)
        done = done (to == "" ? word : "<a href=\"" to "\">" word "</a>")
    }
    return done text
}

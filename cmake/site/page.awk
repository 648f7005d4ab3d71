# A page as Doxygen reads it. All pages are in one folder there, so links are changed to what there is of
# the file they lead to; of what the site does not have the text is left. Headings have the names that links
# know them by, with the page before, for Doxygen has one set of names for all pages.
#
#   awk -v page=docs/errors.md -v pages="docs/errors.md docs/index.md ..." -v shown="examples/quickstart.cpp ..." \
#       -f page.awk docs/errors.md

BEGIN {
    folder = page
    if (!sub(/\/[^\/]*$/, "/", folder)) folder = ""
    count = split(pages, list, " ")
    for (i = 1; i <= count; ++i) is_page[list[i]] = 1
    count = split(shown, list, " ")
    for (i = 1; i <= count; ++i) is_shown[list[i]] = 1
}

# The file that a link of this page leads to, as seen from the top of the sources.
function resolved(target) {
    target = folder target
    while (sub(/[^\/]+\/\.\.\//, "", target)) {
    }
    return target
}

function flat(name) {
    gsub(/\//, "-", name)
    sub(/\.md$/, "", name)
    return name ".md"
}

function label(file, anchor) {
    file = flat(file)
    sub(/\.md$/, "", file)
    return tolower(file) "-" anchor
}

# In the text of a link to a page Doxygen shows the marks of code as they are.
function plain(text) {
    gsub(/`/, "", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    return text
}

function link(text, target,    file, anchor) {
    if (target ~ /^https?:/) return "[" text "](" target ")"
    anchor = target
    if (!sub(/^[^#]*#/, "", anchor)) anchor = ""
    sub(/#.*/, "", target)
    file = target == "" ? page : resolved(target)
    if (file in is_page && anchor != "") return "[" plain(text) "](#" label(file, anchor) ")"
    if (file in is_page || file in is_shown) return "[" plain(text) "](" flat(file) ")"
    if (file ~ /^include\/clarify\/.*\.hpp$/ && file !~ /\/(detail|impl)\//) {
        sub(/^include\//, "", file)
        return "[" plain(text) "](@ref " file ")"
    }
    return text
}

/^```/ { in_code = !in_code; print; next }
in_code { print; next }

# As tests/links.sh has it. The first heading names the page.
/^##+ / {
    anchor = $0
    sub(/^#+ +/, "", anchor)
    gsub(/\]\([^()]*\)/, "", anchor)
    anchor = tolower(anchor)
    gsub(/[^a-z0-9 _-]/, "", anchor)
    gsub(/ /, "-", anchor)
    if (seen[anchor]++) anchor = anchor "-" seen[anchor] - 1
    print $0 " {#" label(page, anchor) "}"
    next
}

# The text of a link may be on two lines, as far as it is not the target.
{
    line = held $0
    held = ""
    out = ""
    while (match(line, /\[[^][]*\]\([^() ]*\)/)) {
        out = out substr(line, 1, RSTART - 1)
        whole = substr(line, RSTART + 1, RLENGTH - 2)
        line = substr(line, RSTART + RLENGTH)
        middle = index(whole, "](")
        out = out link(substr(whole, 1, middle - 1), substr(whole, middle + 2))
    }
    if (match(line, /\[[^][]*$/) && line !~ /^\|/) {
        held = substr(line, RSTART) " "
        line = substr(line, 1, RSTART - 1)
        if (out line == "") next
        printf "%s%s\n", out, line
        next
    }
    print out line
}

END { if (held != "") print held }

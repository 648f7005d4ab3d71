# A page as Doxygen reads it. All pages are in one folder there, so links are changed to what there is of
# the file they lead to; of what the site does not have the text is left.
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

function link(text, target,    file) {
    if (target ~ /^(https?:|#)/) return "[" text "](" target ")"
    file = resolved(target)
    if (file in is_page || file in is_shown) return "[" text "](" flat(file) ")"
    if (file ~ /^include\/clarify\/.*\.hpp$/ && file !~ /\/(detail|impl)\//) {
        sub(/^include\//, "", file)
        return "[" text "](@ref " file ")"
    }
    return text
}

/^```/ { in_code = !in_code; print; next }
in_code { print; next }

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

#!/usr/bin/env bash
# Finds links in the Markdown pages that lead nowhere: to a file that is not there, or to a heading that
# the page does not have.
#
#   tests/links.sh [PAGE...]
#
# Without pages, those of this source tree: its own, and those of docs/, examples/, packaging/ and tests/.
# Addresses of other machines are not looked at. Ends with 0 if all is well, 1 if a link is broken, 2 if it
# cannot look.
set -euo pipefail

if [ $# -eq 0 ]; then
    cd "$(dirname "${BASH_SOURCE[0]}")/.."
    set -- *.md docs/*.md examples/*.md packaging/*.md tests/*.md
fi
for page in "$@"; do
    if [ ! -f "$page" ]; then
        echo "links: there is no page $page" >&2
        exit 2
    fi
done

# The links of a page, one a line, without what is code: `page:line target`.
links_of() {
    LC_ALL=C awk '
        /^ *```/ { in_code = !in_code; next }
        in_code { next }
        {
            line = $0
            while (match(line, /\]\([^() ]*\)/)) {
                print FILENAME ":" FNR " " substr(line, RSTART + 2, RLENGTH - 3)
                line = substr(line, RSTART + RLENGTH)
            }
        }' "$1"
}

# The anchors of its headings, as they are made from their text.
anchors_of() {
    LC_ALL=C awk '
        /^ *```/ { in_code = !in_code; next }
        in_code || !/^#+ / { next }
        {
            sub(/^#+ +/, "")
            gsub(/\]\([^()]*\)/, "")
            text = tolower($0)
            gsub(/[^a-z0-9 _-]/, "", text)
            gsub(/ /, "-", text)
            print text (seen[text]++ ? "-" seen[text] - 1 : "")
        }' "$1"
}

broken=0
links=0
for page in "$@"; do
    folder=$(dirname "$page")
    while read -r place target; do
        links=$((links + 1))
        case $target in
            http:* | https:* | mailto:*) continue ;;
        esac
        file=${target%%#*}
        path=$page
        [ -z "$file" ] || path=$folder/$file
        if [ ! -e "$path" ]; then
            echo "$place: there is no $file"
            broken=$((broken + 1))
        elif [ "$file" != "$target" ] && ! grep -qxF -- "${target#*#}" <(anchors_of "$path"); then
            echo "$place: there is no heading #${target#*#} in $path"
            broken=$((broken + 1))
        fi
    done < <(links_of "$page")
done
if [ "$broken" -gt 0 ]; then
    echo "$broken of $links links in $# pages are broken"
    exit 1
fi
echo "$links links in $# pages lead somewhere"

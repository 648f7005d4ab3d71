#!/bin/sh
# Makes the documentation site, with the reference of every public name: a warning of Doxygen, and a link
# that leads nowhere, is an error.
#
#   cmake/site/build.sh OUTPUT_DIR     the site is in OUTPUT_DIR/html
set -eu

output=${1:?where is the site to be?}
command -v doxygen >/dev/null || {
    echo "$0: Doxygen is missing: see examples/install-deps.sh docs" >&2
    exit 1
}
cd "$(dirname "$0")/../.."
SITE_SOURCE_DIR=$(pwd)
mkdir -p "$output"
SITE_OUTPUT=$(cd "$output" && pwd)
SITE_SOURCES=$SITE_OUTPUT/pages
SITE_VERSION=$(awk '/^#define CLARIFY_VERSION_(MAJOR|MINOR|PATCH) / { printf "%s%s", dot, $3; dot = "." }' \
    include/clarify/core/version.hpp)
export SITE_SOURCE_DIR SITE_OUTPUT SITE_SOURCES SITE_VERSION

rm -rf "$SITE_SOURCES" "$SITE_OUTPUT/html"
mkdir -p "$SITE_SOURCES"

pages="README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md examples/OPERATING.md packaging/README.md tests/README.md"
pages="$pages $(echo docs/*.md)"
shown="$(echo examples/*.cpp examples/*.sh examples/gateway/clarify-gateway.service)"

flat() { echo "$1" | sed -e 's,/,-,g' -e 's,\.md$,,'; }

for page in $pages; do
    awk -v page="$page" -v pages="$pages" -v shown="$shown" -f cmake/site/page.awk "$page" \
        >"$SITE_SOURCES/$(flat "$page").md"
done
# Whole programs are pages, too.
for file in $shown; do
    {
        echo "# ${file##*/}"
        echo
        case $file in
            *.cpp) echo "@include ${file#examples/}" ;;
            *) echo "@verbinclude ${file#examples/}" ;;
        esac
    } >"$SITE_SOURCES/$(flat "$file").md"
done

# Where it is started, a page of the sources must not be mistaken for the one that was made of it.
(cd "$SITE_SOURCES" && doxygen "$SITE_SOURCE_DIR/cmake/site/Doxyfile")

# Of Doxygen's own links only those can be wrong that it took over as they are.
cd "$SITE_OUTPUT/html"
broken=$(
    grep -o 'href="[^"#?]*' ./*.html | sed -e 's/^\.\///' -e 's/:href="/ /' -e '/ [a-z]*:/d' -e '/ $/d' |
        sort -u | while read -r page target; do
            [ -e "$target" ] || echo "$page: there is no $target"
        done
)
if [ -n "$broken" ]; then
    echo "$broken" >&2
    exit 1
fi
echo "The site is in $SITE_OUTPUT/html/index.html"

#!/usr/bin/env bash
# Builds the Debian packages of this tree and has lintian look at them:
#
#   packaging/debian.sh [--library-only] [OUTPUT_DIR]
#
#   --library-only  the source package and libclarify-dev: no compiler runs
#   OUTPUT_DIR      where the packages go; default: build/debian
#
# What it needs: dpkg-dev, debhelper, lintian and the Build-Depends of debian/control
# (examples/install-deps.sh debian). The tree as it is, committed or not, is the upstream release, but for
# what Git ignores.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
what=full
if [ "${1:-}" = --library-only ]; then
    what=source,all
    shift
fi
output=${1:-$root/build/debian}
version=$(dpkg-parsechangelog --file "$root/packaging/debian/changelog" --show-field Version)
name=clarify-cpp-${version%-*}

rm -rf "$output"
mkdir -p "$output/$name"
output=$(cd "$output" && pwd)
cd "$root"
# Also of a tree without Git, as a release is.
{ git -c safe.directory='*' ls-files --cached --others --exclude-standard 2>/dev/null ||
    find . -type f ! -path './.git/*' ! -path './build/*' | sed 's|^\./||'; } |
    while IFS= read -r file; do [ ! -e "$file" ] || printf '%s\n' "$file"; done |
    grep -v '^packaging/debian/' |
    tar --create --files-from - --sort=name --owner=0 --group=0 --numeric-owner |
    tar --extract --directory "$output/$name"
tar --create --gzip --directory "$output" --sort=name --owner=0 --group=0 --numeric-owner \
    --file "$output/clarify-cpp_${version%-*}.orig.tar.gz" "$name"
cp -R packaging/debian "$output/$name/debian"

cd "$output/$name"
dpkg-buildpackage --build=$what --no-sign
cd ..
# A warning is an error, and what is a matter of taste is told.
lintian --display-info --fail-on error,warning ./*.changes

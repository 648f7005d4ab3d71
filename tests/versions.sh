#!/usr/bin/env bash
# Checks that each package is of the version that include/clarify/core/version.hpp has:
#
#   tests/versions.sh
#
# Ends with 0 if so, 1 if one is of another version.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=$(sed -n 's/^#define CLARIFY_VERSION_[A-Z]* \([0-9][0-9]*\)$/\1/p' \
    "$root/include/clarify/core/version.hpp" | paste -sd.)
wrong=0

# expect FILE EXPRESSION: what the expression of sed prints first is the version.
expect() {
    local seen
    seen=$(sed -n "$2" "$root/packaging/$1" | head -n 1)
    if [ "$seen" != "$version" ]; then
        echo "versions: packaging/$1 has \"$seen\", not $version"
        wrong=1
    fi
}

expect debian/changelog '1s/^[a-z-]* (\(.*\)-[^-]*) .*/\1/p'
expect vcpkg/ports/clarify/vcpkg.json 's/.*"version-semver": "\(.*\)".*/\1/p'
expect vcpkg/versions/baseline.json 's/.*"baseline": "\(.*\)".*/\1/p'
expect vcpkg/versions/c-/clarify.json 's/.*"version-semver": "\(.*\)".*/\1/p'
expect conan/config.yml 's/^  "\(.*\)":$/\1/p'
expect conan/all/conandata.yml 's/^  "\(.*\)":$/\1/p'

[ $wrong -eq 0 ] && echo "all packages are of version $version"
exit $wrong

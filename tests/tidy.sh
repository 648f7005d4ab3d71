#!/usr/bin/env bash
# Runs clang-tidy, with the checks of .clang-tidy, over every body that is not a template: half a
# minute of a processor.
#
#   tests/tidy.sh
#
# It wants clang-tidy 16 or newer (examples/install-deps.sh lint). Ends with 0 if there is nothing to
# say, 1 if there is, 2 if it cannot look.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

tidy=
for version in 22 21 20 19 18 17 16; do
    if command -v "clang-tidy-$version" >/dev/null; then
        tidy=clang-tidy-$version
        break
    fi
done
if [ -z "$tidy" ]; then
    echo "tidy: there is no clang-tidy 16 or newer" >&2
    exit 2
fi

# What it counts are the warnings that are not shown, of other libraries.
"$tidy" --quiet "$root/include/clarify/src.cpp" -- \
    -std=c++20 -DCLARIFY_SEPARATE_COMPILATION "-I$root/include" ${BOOST_ROOT:+"-I$BOOST_ROOT/include"} \
    2> >(grep -v ' warnings\{0,1\} generated\.$' >&2) || exit 1
echo "$tidy has nothing to say"

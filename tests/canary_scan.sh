#!/usr/bin/env bash
# Fails where the output of the tests holds one of their secrets, in any encoding:
#
#   tests/canary_scan.sh FILE...
#
# The secrets are those that tests/support/canary.hpp names. Standard input is read where there is
# no FILE. Ends with 0 if there is none, 1 if there is one, 2 if it cannot look.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mapfile -t secrets < <(
    sed -n 's/^inline constexpr std::string_view canary_[a-z_]* = "\(.*\)";$/\1/p' \
        "$here/support/canary.hpp"
)
if [ "${#secrets[@]}" -eq 0 ]; then
    echo "canary_scan: no secret is named in support/canary.hpp" >&2
    exit 2
fi

patterns=$(mktemp)
input=$(mktemp)
trap 'rm -f "$patterns" "$input"' EXIT

# Each byte of $1 in the format $2.
each_byte() {
    local i
    for ((i = 0; i < ${#1}; ++i)); do
        # shellcheck disable=SC2059
        printf "$2" "'${1:i:1}"
    done
}

# Percent-encoded, but for what needs no escape.
percent() {
    local i c
    for ((i = 0; i < ${#1}; ++i)); do
        c=${1:i:1}
        case $c in
        [a-zA-Z0-9.~_-]) printf '%s' "$c" ;;
        # shellcheck disable=SC2059
        *) printf "$2" "'$c" ;;
        esac
    done
}

# Base64 behind $2 other bytes, without the letters that depend on neighbours.
base64_within() {
    local before
    before=$(printf '%*s' "$2" '')
    printf '%s:' "$before$1" | base64 -w 0 |
        cut -c "$((($2 * 8 + 5) / 6 + 1))-$((($2 + ${#1}) * 8 / 6))"
}

LC_ALL=C
for secret in "${secrets[@]}"; do
    {
        printf '%s\n' "$secret"
        printf '%s\n' "${secret//\//\\/}"
        percent "$secret" '%%%02X' && echo
        percent "$secret" '%%%02x' && echo
        each_byte "$secret" '%%%02X' && echo
        each_byte "$secret" '%%%02x' && echo
        each_byte "$secret" '\\u%04x' && echo
        each_byte "$secret" '\\u%04X' && echo
        each_byte "$secret" '%02x' && echo
        each_byte "$secret" '%02X' && echo
        for before in 0 1 2; do base64_within "$secret" "$before"; done
    } >>"$patterns"
done

found=0
scan() {
    if grep -a -n -F -f "$patterns" "$2" | cut -c 1-300 | sed "s|^|$1:|" | grep -a . >&2; then
        found=1
    fi
}
if [ "$#" -eq 0 ]; then
    cat >"$input"
    scan 'standard input' "$input"
fi
for file in "$@"; do
    if [ ! -r "$file" ]; then
        echo "canary_scan: $file cannot be read" >&2
        exit 2
    fi
    scan "$file" "$file"
done
if [ "$found" -ne 0 ]; then
    echo "canary_scan: a secret is in the output" >&2
fi
exit "$found"

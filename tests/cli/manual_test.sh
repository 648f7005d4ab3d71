#!/usr/bin/env bash
# What is installed beside the tool, whose path is in CLARIFY_TOOL, and the gateway beside it: the page of the
# manual has all that --help has, and Bash completes it.

set -uo pipefail

tool=${CLARIFY_TOOL:?is to name the command-line tool}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

fail() {
    failures=$((failures + 1))
    echo "  FAILED: $*"
}

# The text of a page, without roff: only hyphens and backslashes are written otherwise.
text_of() { sed -e 's/^\\&//' -e 's/\\f[BR]//g' -e 's/\\-/-/g' -e 's/\\e/\\/g' "$1"; }

# Each line of a help that is no heading is in the page: an entry by its name, a text by its words.
check_help() { # check_help PAGE PROGRAM [SUBCOMMAND]
    local page=$1 missing
    shift
    missing=$("$@" --help | sed -n \
        -e '/^$/d; /:$/d; /^Usage: /d; /^Exit codes: /d' \
        -e '/^  -/{s/^  \([^ {]*\).*/\1/; s/, */, /; p; d}' \
        -e '/^          /{s/^ *//; p; d}' \
        -e '/^  [A-Za-z]/{s/^  \([^ ]*\).*/\1/; p; d}' \
        -e 's/^  //; s/\.$//; p' | awk -v page="$page" '
            BEGIN { while ((getline line < page) > 0) whole = whole "\n" tolower(line) }
            index(whole, tolower($0)) == 0
        ')
    [ -z "$missing" ] || fail "the page does not have, of $*: $missing"
}

check_page() { # check_page PROGRAM
    local program=$1 page command lint
    page=$scratch/$(basename "$program").1
    echo "The page of $(basename "$program")"
    sh "$root/packaging/man_page.sh" "$program" "$page" || fail "there is no page"
    text_of "$page" >"$page.txt"
    check_help "$page.txt" "$program"
    for command in $("$program" --help | sed -n '/^subcommands:/I,/^$/s/^  \([a-z][a-z]*\).*/\1/p'); do
        grep -q "^\.SS $command\$" "$page" || fail "the page has no section $command"
        check_help "$page.txt" "$program" "$command"
    done
    if command -v mandoc >/dev/null; then
        lint=$(mandoc -Tlint -Werror "$page") || fail "$lint"
    fi
}

check_page "$tool"
gateway=$(dirname "$tool")/clarify-gateway
[ ! -x "$gateway" ] || check_page "$gateway"

echo 'What Bash completes'
# shellcheck source=packaging/completion.bash
source "$root/packaging/completion.bash"

completes() { # completes WANTED WORD...: what begins like the last word
    local wanted=$1
    shift
    COMP_WORDS=("$tool" "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _clarify
    [ "${COMPREPLY[*]}" = "$wanted" ] || fail "$*: ${COMPREPLY[*]}, not $wanted"
}
completes 'emulator' em
completes '--version --verbose' --ver
completes '--filter --from --format' data --f
completes 'table csv json' data --format ''
completes '--plot' data --plo
completes '' insert --spool ''

echo "$failures failures"
[ "$failures" -eq 0 ]

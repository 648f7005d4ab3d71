#!/usr/bin/env bash
# From a fresh machine to a first look at the library, in one command.
#
#   examples/quickstart.sh [--write] [--ca-file FILE]
#
# It installs what is missing (Debian and Ubuntu) or names it, builds the command-line tool, starts
# a local Clarify with it, and goes on a tour: examples/quickstart.cpp.
#
# With CLARIFY_CREDENTIALS=FILE the tour goes to the service that the file names. It changes nothing
# there without --write.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/quickstart
tool=$build/examples/clarify
program=$build/examples/example_quickstart

set_up() {
    echo "==> Looking for what the build needs"
    "$root/examples/install-deps.sh" tool

    # Lightly optimised: a few seconds of a tour do not pay for minutes of compiling.
    echo "==> Building the command-line tool and the tour in $build (takes a minute or two the first time)"
    cmake -S "$root" -B "$build" -G Ninja --log-level=WARNING \
        -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG" \
        -DCLARIFY_BUILD_TESTS=OFF
    cmake --build "$build" --target clarify_cli example_quickstart --parallel
}

tour() {
    if [ -n "${CLARIFY_CREDENTIALS:-}" ]; then
        echo "==> A tour of the service that $CLARIFY_CREDENTIALS names"
        "$program" "$@"
        return
    fi

    echo "==> Starting a local Clarify"
    scratch=$(mktemp -d)
    emulator=
    trap stop_emulator EXIT
    "$tool" emulator --credentials-out "$scratch/credentials.json" >"$scratch/log" &
    emulator=$!
    until grep -qs '^Ready' "$scratch/log"; do
        kill -0 "$emulator" 2>/dev/null || { echo "It did not start." >&2; return 1; }
        sleep 0.1
    done
    sed -n 1p "$scratch/log"

    echo "==> The tour"
    CLARIFY_CREDENTIALS=$scratch/credentials.json \
        "$program" --write --ca-file "$scratch/credentials.ca.pem" "$@"

    echo
    echo "==> Stopping the local Clarify"
    stop_emulator
    echo
    echo "Next: $tool emulator    another local Clarify, which says what to type"
    echo "      $tool --help      calls from the command line"
    echo "      $root/examples/quickstart.cpp    what the tour does"
}

# Ends the emulator that tour() started, and shows the last line it has to say.
stop_emulator() {
    trap - EXIT
    if [ -n "$emulator" ]; then
        kill "$emulator" 2>/dev/null || true
        wait "$emulator" || true
        tail -n 1 "$scratch/log"
    fi
    rm -rf "$scratch"
}

set_up
tour "$@"

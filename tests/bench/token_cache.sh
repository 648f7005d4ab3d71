#!/usr/bin/env bash
# What the tool's token cache saves and costs:
#
#   tests/bench/token_cache.sh TOOL [RUNS]
#
# Has the tool (build/.../examples/clarify) make RUNS calls (1000) one after the other, then RUNS/5 at once on an empty
# cache, and says how many tokens the token endpoint gave out; then the time of a run with a token at hand in the
# cache, beside one whose token is fetched, in turn, as medians.

set -euo pipefail

tool=$(realpath "${1:?is to be the tool}")
runs=${2:-1000}
scratch=$(mktemp -d)
cd "$scratch"
export XDG_CACHE_HOME=$scratch/cache
trap 'kill $emulator 2>/dev/null; wait; rm -rf "$scratch"' EXIT

start_emulator() {
    "$tool" emulator --plain --credentials-out credentials.json >log &
    emulator=$!
    until grep -qs '^Ready' log; do sleep 0.05; done
}
# What it served, in its last line.
stop_emulator() {
    kill "$emulator"
    wait "$emulator" || true
    sed -n 's/^Served: /  /p' log
}
call() { "$tool" call --credentials credentials.json "$@" clarify.selectItems >/dev/null; }

echo "$runs runs, one after the other:"
start_emulator
for ((i = 0; i < runs; ++i)); do call; done
stop_emulator

echo "$((runs / 5)) runs at once, and nothing kept:"
rm -rf cache
start_emulator
pids=()
for ((i = 0; i < runs / 5; ++i)); do
    call &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
stop_emulator

start_emulator
call
: >warm
: >private
clock() { # clock FILE OPTIONS...: the microseconds of one call, into the file
    local file=$1 begun
    shift
    begun=${EPOCHREALTIME/./}
    call "$@"
    echo $((${EPOCHREALTIME/./} - begun)) >>"$file"
}
for ((i = 0; i < 101; ++i)); do
    clock warm
    clock private --no-token-cache
done
median() { sort -n "$1" | sed -n 51p; }
echo "A run takes $(median warm) µs with a kept token, $(median private) µs with one that it fetches (medians of 101)"
kill "$emulator"
wait "$emulator" || true

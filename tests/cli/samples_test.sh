#!/usr/bin/env bash
# Tests what the command-line tool, whose path is in CLARIFY_TOOL, does with signals and samples.

set -uo pipefail

tool=${CLARIFY_TOOL:?is to name the command-line tool}
scratch=$(mktemp -d)
cd "$scratch" || exit 1
failures=0
"$tool" emulator --plain --credentials-out credentials.json >emulator.log 2>&1 &
emulator=$!

finish() {
    trap - EXIT
    kill "$emulator" 2>/dev/null
    wait
    rm -rf "$scratch"
}
trap finish EXIT
export CLARIFY_CREDENTIALS=credentials.json

fail() {
    failures=$((failures + 1))
    echo "  FAILED: $*"
    for file in out err; do
        [ -s "$file" ] && sed "s/^/    $file: /" "$file" | cut -c 1-300 | head -n 20
    done
}

# expect CODE COMMAND...: runs the command, with its output in `out` and `err`.
expect() {
    local wanted=$1 code=0
    shift
    "$@" >out 2>err || code=$?
    [ "$code" -eq "$wanted" ] || fail "exit code $code, not $wanted: $*"
}

has() { # has FILE TEXT...: each text stands in the file
    local file=$1 text
    shift
    for text in "$@"; do
        grep -qF -- "$text" "$file" || fail "$file does not have: $text"
    done
}

lines() { # lines FILE WANTED
    local found
    found=$(wc -l <"$1")
    [ "$found" -eq "$2" ] || fail "$1 has $found lines, not $2"
}

for ((i = 0; i < 200; ++i)); do
    grep -qsF Ready emulator.log && break
    sleep 0.05
done

echo "insert: columns become signals, and lines that make no sense are named"
{
    printf 'time,flow,pressure\r\n'
    printf '2026-01-01T00:00:00Z,1.5,3\r\n'
    printf 'yesterday,1,2\r\n'
    printf '2026-01-01T01:00:00+01:00,,7\r\n'
    printf '2026-01-01T02:00:00Z,x,1\r\n\r\n'
    printf '2026-01-01T02:00:00Z,1\r\n'
    printf '"2026-01-01T02:00:00Z","0.1",""\r\n'
} >samples.csv
expect 2 "$tool" insert samples.csv --prefix pump/
has err "samples.csv:3: " "samples.csv:5: no number in pump/flow: x" "samples.csv:7: 2 fields, but 3 columns"
has err "3 samples inserted, 3 lines left out"
[ -e samples.csv.progress ] && fail "the checkpoint is still there"

echo "signals: one JSON object a line in a pipe"
expect 0 "$tool" signals
lines out 2
has out '"input":"pump/flow"' '"item":null'
expect 0 "$tool" signals --filter '{"input":"pump/flow"}'
lines out 1
id=$(sed -n 's/.*"id":"\([a-v0-9]*\)".*/\1/p' out)
expect 2 "$tool" signals --filter '{'
expect 2 "$tool" signals --label pier

echo "data: what was inserted comes back"
integration=$(sed -n 's/.*"integration": *"\([a-v0-9]*\)".*/\1/p' credentials.json)
expect 0 "$tool" call admin.publishSignals \
    "{\"integration\":\"$integration\",\"itemsBySignal\":{\"$id\":{\"name\":\"Flow\",\"visible\":true}}}"
expect 0 "$tool" items
lines out 1
has out '"name":"Flow"'
item=$(sed -n 's/.*"id":"\([a-v0-9]*\)".*/\1/p' out)
expect 0 "$tool" data "$item" --from 2026-01-01 --to 2026-01-02
lines out 3
has out "time,$item" "2026-01-01T00:00:00Z,1.5" "2026-01-01T02:00:00Z,0.1"
expect 0 "$tool" data "$item" --from 2026-01-01 --to 2026-02-01 --rollup P1D --format json
has out "\"${item}_sum\":1.6" "\"${item}_count\":2"
expect 0 "$tool" data "$item" --from 2026-01-01 --to 2026-01-02 --format table
has out "time   "

echo "data: drawn in the terminal, and to a file"
expect 0 "$tool" data "$item" --from 2026-01-01 --to 2026-01-02 --plot
has out "1.5 ┤" "0.1 ┤" "── $item"
expect 0 "$tool" data "$item" --from 2026-01-01 --to 2026-01-02 --plot=day.svg
has day.svg "<svg " "</svg>" "$item"

echo "data: what cannot be asked for is a mistake of usage"
expect 2 "$tool" data
expect 2 "$tool" data "$item" --from later
expect 2 "$tool" data "$item" --rollup P1D1M
expect 2 "$tool" data "$item" --rollup PT1H --time-zone Mars/Olympus

echo "insert: one sample a line, and goes on after an interruption"
printf 'time,input,value\n2026-01-01T00:00:00Z,a,1\n2026-01-01T01:00:00Z,b,2\n' >long.csv
expect 0 "$tool" insert long.csv
has err "2 samples inserted, 0 lines left out"
printf '42 3\n\037time\037input\037value\n' >long.csv.progress
expect 0 "$tool" insert long.csv
has err "going on at line 3" "1 samples inserted"
printf '42 3\nanother file\n' >long.csv.progress
expect 0 "$tool" insert long.csv
has err "2 samples inserted"
expect 2 "$tool" insert missing.csv
printf 'time,no good\n' >bad.csv
expect 2 "$tool" insert bad.csv
has err "column 2: is no input key: no good"

echo "insert: a server that cannot be reached leaves the way back open"
kill "$emulator"
wait "$emulator" 2>/dev/null
expect 3 "$tool" insert long.csv --set attempts=1
expect 3 "$tool" signals --set attempts=1

echo "emulator: begins with a file, and goes on where it ended"
cat >plant.json <<'JSON'
{"items": {"flow": {"name": "Flow", "visible": true}},
 "signals": {"pump/flow": {"item": "flow",
                           "data": {"times": ["2026-01-01T00:00:00Z"], "values": [1.5]}}}}
JSON
for round in 1 2; do
    rm -f credentials.json emulator.log
    "$tool" emulator --plain --credentials-out credentials.json --load plant.json \
        --dump plant.json --rate-limits --observed --strict >emulator.log 2>&1 &
    emulator=$!
    for ((i = 0; i < 200; ++i)); do
        grep -qsF Ready emulator.log && break
        sleep 0.05
    done
    expect 0 "$tool" items
    lines out 1
    has out '"name":"Flow"'
    expect 1 "$tool" call clarify.selectItems '{"query":null}'
    has err "query: must not be null"
    expect 0 "$tool" call clarify.selectItems '{"format":{"dataAsArray":true}}'
    has out '"gapDetection":"PT0S"' '"flattenResourceFields":false'
    printf "time,round$round\n2026-01-0$round"'T00:00:00Z,7\n' >round.csv
    expect 0 "$tool" insert round.csv
    kill -INT "$emulator"
    wait "$emulator"
    has plant.json '"pump/flow"' "\"round$round\""
done
has plant.json '"round1"'
expect 2 "$tool" emulator --load missing.json
has err "missing.json"
echo '{"signals":{"a":{"item":"none"}}}' >wrong.json
expect 2 "$tool" emulator --load wrong.json
has err "wrong.json: signals.a.item: item not found"

if [ "$failures" -gt 0 ]; then
    echo "$failures checks failed"
    exit 1
fi
echo "All checks passed"

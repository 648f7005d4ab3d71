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
expect 0 "$tool" signals --sort=-input --limit 1
has out '"input":"pump/pressure"'
if [ -e /dev/full ]; then
    "$tool" signals >/dev/full 2>err
    [ $? -eq 3 ] || fail "a full disk goes unnoticed"
fi
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
expect 0 "$tool" data --from 2026-01-01 --to 2026-01-02 --label no=such "$item"
lines out 0
expect 0 "$tool" data "$item" --from 2026-01-01 --to 2026-01-02
has out "time,$item" "2026-01-01T00:00:00Z,1.5" "2026-01-01T02:00:00Z,0.1"
expect 0 "$tool" data "$item" --from 2026-01-01 --to 2026-02-01 --rollup P1D --format json
has out "\"${item}_sum\":1.6" "\"${item}_count\":2"
expect 0 "$tool" data "$item" --from 2026-01-01 --to 2026-01-02 --format table \
    --rollup PT1H --time-zone Europe/Oslo
has out "time in Europe/Oslo" "Flow avg" "2026-01-01 01:00:00  "

echo "data: drawn in the terminal, and to a file"
expect 0 "$tool" data "$item" --from 2026-01-01 --to 2026-01-02 --plot
has out "1.5 ┤" "0.5 ┤" "── Flow  0.1 to 1.5" "2026-01-01"
expect 0 "$tool" data "$item" --from 2026-02-01 --to 2026-02-02 --plot
has out "no values"
expect 0 "$tool" data "$item" --from 2026-01-01 --to 2026-01-02 --plot=day.svg
has day.svg "<svg " "</svg>" "Flow" "UTC" "00:00"

echo "data: what cannot be asked for is a mistake of usage"
expect 2 "$tool" data
expect 2 "$tool" data "$item" --from later
expect 2 "$tool" data flow
has err "no identifier of an item" "flow"
expect 2 "$tool" data "$item" 00000000000000000000
has err "there is no item 00000000000000000000"
expect 2 "$tool" data "$item" --rollup P1D1M
expect 2 "$tool" data "$item" --rollup PT1H --time-zone Mars/Olympus

echo "insert: one sample a line"
printf 'time,input,value\n2026-01-01T00:00:00Z,a,1\n2026-01-01T01:00:00Z,b,2\n' >long.csv
expect 0 "$tool" insert long.csv
has err "2 samples inserted, 0 lines left out"

echo "insert: a line that is broken spoils no other"
{
    printf 'time,a\n2026-01-01T00:00:00Z,1\n2026-01-01T00:00:01Z,"2\n2026-01-01T00:00:02Z,'
    head -c 2000000 /dev/zero | tr '\0' 7
    printf '\n2026-01-01T00:00:03Z,\033[31mred\xff\n2026-01-01T00:00:04Z,5'
} >broken.csv
expect 2 "$tool" insert broken.csv
has err "broken.csv:3: a quote that is not closed" "broken.csv:4: longer than 1 MiB"
has err "broken.csv:5: no number in a: ?[31mred?" "2 samples inserted, 3 lines left out"

echo "insert: what a first line must be, and what it is not"
expect 2 "$tool" insert missing.csv
has err "missing.csv: No such file or directory"
expect 2 "$tool" insert .
has err "Is a directory"
first_line() { # first_line LINE TEXT: refused for this
    printf '%b\n' "$1" >first.csv
    expect 2 "$tool" insert first.csv
    has err "$2"
}
first_line 'time,no good' "column 2: is no input key"
first_line 'time,a,' "column 3: has no name"
first_line 'time,a,a' "column 3: has the name of another one: a"
first_line 'time' "names no column but one: time"
first_line '2026-01-01T00:00:00Z,1' "has a time where it should name the columns"
first_line 't\0i\0m\0e\0' "is to be UTF-8 text"
printf '\xef\xbb\xbftime;a;why not?\r\n2026-01-01T00:00:00Z;1;text\r\n' >skip.csv
expect 0 "$tool" insert --skip 'why not?' skip.csv
has err "1 samples inserted"
expect 2 "$tool" insert --skip b skip.csv
has err "there is no column b"

echo "insert: standard input, of which no separator is known before it has come"
expect 0 "$tool" insert --skip 'why not?' - <skip.csv
mkfifo pipe
exec 3<>pipe
"$tool" insert --skip 'why not?' - <pipe 2>err &
reader=$!
cat skip.csv >&3
sleep 0.5
kill -INT "$reader"
wait "$reader"
[ $? -eq 130 ] || fail "an import from a pipe that has no end is not interrupted"
"$tool" insert - <pipe 2>err 3>&- &
reader=$!
printf 'time;a\n2026-01-01T00:00:00Z;1' >&3
exec 3>&-
wait "$reader" || fail "an import from a pipe does not end with it"
has err "1 samples inserted"

echo "insert: what is no file of progress is refused, waited for it is not"
mkfifo skip.csv.progress
for restart in "" --restart; do
    expect 2 timeout 60 "$tool" insert skip.csv --skip 'why not?' ${restart:+"$restart"}
    has err "skip.csv.progress: is not a regular file"
    [ -p skip.csv.progress ] || fail "the pipe is gone"
done
rm skip.csv.progress
head -c 2000 /dev/zero >skip.csv.progress
expect 2 "$tool" insert skip.csv --skip 'why not?'
has err "skip.csv.progress: is too large"
echo nonsense >skip.csv.progress
expect 0 "$tool" insert skip.csv --skip 'why not?'
[ -e skip.csv.progress ] && fail "the checkpoint is still there"

echo "insert: goes on where it was interrupted, with what it had left out"
awk 'BEGIN {
    print "time,a,b,c,d,e,f,g,h"
    for (i = 0; i != 150000; ++i) {
        time = sprintf("2026-01-%02dT%02d:%02d:%02dZ", 1 + i / 86400, i / 3600 % 24, i / 60 % 60, i % 60)
        print time (i == 7 ? ",x" : ",1.2512512512") ",2.512512512,3.7512512512,4.512512512," \
            "5.512512512,6.512512512,7.512512512,8.512512512"
    }
}' >big.csv
interrupted() { # interrupted SIGNAL: during the import, once a part of it is done
    "$tool" insert big.csv 2>err &
    local import=$! i
    rm -f big.csv.progress
    for ((i = 0; i < 1200; ++i)); do
        [ -e big.csv.progress ] && break
        sleep 0.05
    done
    kill "-$1" "$import"
    wait "$import" 2>/dev/null
    code=$?
}
interrupted INT
[ "$code" -eq 130 ] || fail "exit code $code after an interruption"
has err "the same command goes on at line $(($(cut -d ' ' -f 3 big.csv.progress) + 1))"
cp big.csv.progress kept
interrupted KILL
rm -f big.csv.progress.new
mkfifo big.csv.progress.new # nobody reads it
expect 2 timeout 200 "$tool" insert big.csv
rm big.csv.progress.new
has err "going on at line" "1199992 samples inserted, 1 lines left out"
[ -e big.csv.progress ] && fail "the checkpoint is still there"

echo "insert: goes on with no other import"
other() { # other COMMAND...: begins anew, and so finds the line that is no good
    cp kept big.csv.progress
    expect 2 "$@"
    grep -q "going on" err && fail "goes on: $*"
    has err "big.csv:2:"
}
printf 'time,a,b,c,d,e,f,g,h\nx\n' >short.csv
mv big.csv long.csv
mv short.csv big.csv
other "$tool" insert big.csv
awk '{ sub(/2.5/, "2.6"); if (NR == 2) $0 = "x"; print }' long.csv | head -n 80000 >big.csv
other "$tool" insert big.csv

echo "insert: a server that cannot be reached leaves the way back open"
kill "$emulator"
wait "$emulator" 2>/dev/null
expect 3 "$tool" insert skip.csv --skip 'why not?' --set attempts=1
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

echo "tables: text that comes from elsewhere drives no terminal, and columns keep their width"
if command -v script >/dev/null; then
    rm -f credentials.json emulator.log
    cat >evil.json <<'JSON'
{"items": {"a": {"name": "\u001b[31mred\u009b\u202ebell\u0007\nnext", "visible": true},
           "b": {"name": "\u6e29\u5ea6", "engUnit": "\u00b0C", "visible": true},
           "c": {"name": "A name so long that nobody would ever have typed it in by hand, not even twice",
                 "visible": true, "labels": {"site": ["pier"]}}}}
JSON
    "$tool" emulator --plain --credentials-out credentials.json --load evil.json >emulator.log 2>&1 &
    emulator=$!
    for ((i = 0; i < 200; ++i)); do
        grep -qsF Ready emulator.log && break
        sleep 0.05
    done
    expect 0 script -qec "stty cols 70; '$tool' items --sort name" /dev/null
    has out '?[31mred??bell?\nnext  ' '温度      ' 'A name so long' '…' 'site=pier'
    if LC_ALL=C grep -q "$(printf '\033')" out; then fail "an escape character is on the terminal"; fi
    [ "$(tr -d '\r' <out | LC_ALL=C.UTF-8 wc -L)" -le 70 ] || fail "a line is too long"
    kill "$emulator"
    wait "$emulator" 2>/dev/null
fi

if [ "$failures" -gt 0 ]; then
    echo "$failures checks failed"
    exit 1
fi
echo "All checks passed"

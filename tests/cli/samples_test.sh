#!/usr/bin/env bash
# Tests what the command-line tool, whose path is in CLARIFY_TOOL, does with signals and samples.

set -uo pipefail

tool=${CLARIFY_TOOL:?is to name the command-line tool}
scratch=$(mktemp -d)
cd "$scratch" || exit 1
export XDG_CACHE_HOME=$scratch/cache
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
has err "samples.csv:3: " "samples.csv:5: not a number in pump/flow: x" "samples.csv:7: 2 fields, but 3 columns"
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

echo "publish: each signal once, and again only when it has changed"
expect 0 "$tool" publish --filter '{"input":"pump/flow"}' --dry-run
lines out 1
has out "\"signal\":\"$id\""
has err "1 signals, 1 to be published"
expect 0 "$tool" items
lines out 0
expect 0 "$tool" publish --filter '{"input":"pump/flow"}'
lines out 1
has out "\"signal\":\"$id\"" '"created":true'
has err "1 signals, 1 published"
expect 0 "$tool" publish --filter '{"input":"pump/flow"}'
lines out 0
has err "1 signals, 0 published"
expect 0 "$tool" publish --label no=such
has err "0 signals, 0 published"
expect 2 "$tool" publish --filter '{'
expect 2 "$tool" publish --label pier
expect 4 env CLARIFY_PASSWORD=wrong "$tool" publish --username c618rbfqfsj7mjkj0ss1 --api-url \
    "$(sed -n 's|.*"apiUrl": *"\([^"]*\)".*|\1|p' credentials.json)"

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
expect 0 "$tool" data "$item" --from 2025-01-01 --to 2025-01-02
lines out 1
expect 0 "$tool" data "$item" --from 2026-01-01 --to 2026-01-02
has out "time,$item" "2026-01-01T00:00:00Z,1.5" "2026-01-01T02:00:00Z,0.1"
expect 0 "$tool" data "$item" --from 2026-01-01 --to 2026-02-01 --rollup P1D --format json
has out "\"${item}_sum\":1.6" "\"${item}_count\":2"
expect 0 "$tool" data "$item" --from 2026-01-01 --to 2026-01-02 --format table \
    --rollup PT1H --time-zone Europe/Oslo
has out "time in Europe/Oslo" "Flow avg" "2026-01-01 01:00:00  "

echo "data: a day is that of the clocks of the zone"
day() { # day FROM TO ZONE COUNT: so many samples are in it
    expect 0 "$tool" data "$item" --from "$1" --to "$2" --rollup P1D --time-zone "$3" --format json
    lines out 1
    has out "\"${item}_count\":$4"
}
# Samples are at 00:00Z and 02:00Z.
day 2026-01-01 2026-01-02 UTC 2
day 2026-01-01 2026-01-02 Europe/Oslo 2
day 2026-01-01 2026-01-02 Asia/Kolkata 2
day 2025-12-31 2026-01-01 America/New_York 2
day 2026-01-01T02:30 2026-01-01T03:30 Europe/Oslo 1
expect 2 "$tool" data "$item" --from 2026-01-01 --time-zone Mars/Olympus

echo "data: one line of names and one row a time, however many items there are"
awk 'BEGIN {
    printf "time"
    for (i = 0; i != 60; ++i) printf ",many%02d", i
    print ""
    for (h = 0; h != 24; ++h) {
        printf "2026-03-01T%02d:00:00Z", h
        for (i = 0; i != 60; ++i) printf ",%s", (h == 5 && i == 3) || (i == 59 && h < 20) ? "" : i + h / 100
        print ""
    }
}' >many.csv
expect 0 "$tool" insert many.csv
{
    printf '{"integration":"%s","itemsBySignal":{' "$integration"
    "$tool" signals --filter '{"input":{"$regex":"many"}}' |
        sed -n 's/.*"id":"\([a-v0-9]*\)".*"input":"\([a-z0-9]*\)".*/"\1":{"name":"\2","visible":true,"labels":{"set":["m"]}}/p' |
        paste -sd , -
    printf '}}'
} >many.json
expect 0 "$tool" call admin.publishSignals @many.json
for rollup in "" --rollup=PT1H; do
    expect 0 "$tool" data --label set=m --from 2026-03-01 --to 2026-03-02 ${rollup:+"$rollup"}
    lines out 25
    [ "$(grep -c '^time,' out)" -eq 1 ] || fail "not one line of names"
    fields=$([ -n "$rollup" ] && echo 301 || echo 61)
    [ "$(awk -F, '{ print NF }' out | sort -u)" = "$fields" ] || fail "not $fields fields in each line"
    cp out back.csv
    expect 0 "$tool" insert --prefix "back$fields/" back.csv
    has err "$([ -n "$rollup" ] && echo 7095 || echo 1419) samples inserted, 0 lines left out"
done
expect 0 "$tool" data --label set=m --from 2026-03-01 --to 2026-03-02 --format json
lines out 24

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
has err "broken.csv:5: not a number in a: ?[31mred?" "2 samples inserted, 3 lines left out"

echo "insert: CSV as people have it"
csv() { # csv SAMPLES TEXT [OPTION...]: all is understood
    local samples=$1 text=$2
    shift 2
    printf '%b' "$text" >people.csv
    expect 0 "$tool" insert people.csv "$@"
    has err "$samples samples inserted, 0 lines left out"
}
csv 2 'time,a,note\r\n2026-01-01T00:00:00Z,1,"filter changed,\r\n2026-01-01T00:00:09Z,9,\r\n"\r\n2026-01-01T00:00:01Z,2,fine' --skip note
csv 2 '"time","a","a ""note""\nof two lines"\n2026-01-01T00:00:00Z,"1",\n2026-01-01T00:00:01Z,"2",' --skip 'a "note"
of two lines'
csv 4 'time,a,b\n2026-01-01T00:00:00Z,  +60.00000,\t+1.24889\n2026-01-01T00:00:01Z,-60.5,+1e-3\n'
csv 4 ' time , a, "b" \n2026-01-01T00:00:00Z ,1 , 2\n 2026-01-01T00:00:01Z, "3" ,4\n'
csv 1 'time,a\n2026-01-01T00:00:00Z,1e-400\n'
csv 2 'time,a\n2016-12-31T23:59:60Z,1\n2017-01-01 00:00Z,2\n2017-01-01T00:00:01+0100,3\n'
for missing in null NULL NaN nan NAN -nan -NaN NA N/A n/a None '#N/A' '#NV' '\\N' 'nan(ind)' '-1.#IND' '1.#QNAN' '""'; do
    csv 1 "time,a,b\n2026-01-01T00:00:00Z,$missing,2\n"
done
csv 2 'time;a;b\n2026-01-01 13:30;1,5;-2,25e1\n' --decimal , --time-zone Europe/Oslo
csv 1 'time;a\n01.02.2026 13:30:15,5;1\n' --time-format '%d.%m.%Y %H:%M:%S' --time-zone Europe/Oslo
csv 1 'time|a|b,c\n2026-01-01T00:00:00Z|1|x\n' --delimiter '|' --skip b,c
csv 2 'time\ta\tb\nJan 2 2026 01:30 pm\t1\t2\n' --delimiter tab --time-format '%b %d %Y %I:%M %p' --time-zone UTC
csv 1 'time,a\n1767225600.25,1\n' --time-format epoch
csv 1 'time,a\n1767225600250,1\n' --time-format epoch-ms
csv 1 'time,a\n1767225600250000000,1\n' --time-format epoch-ns
not_csv() { # not_csv LINE TEXT [OPTION...]: the second of three records is left out for this
    local line=$1 text=$2
    shift 2
    printf 'time,a\n2026-01-01T00:00:00Z,1\n%b\n2026-01-01T00:00:01Z,3\n' "$line" >people.csv
    expect 2 "$tool" insert people.csv "$@"
    has err "people.csv:3: $text" "2 samples inserted, 1 lines left out"
}
not_csv '9999-12-31T23:59:59-05:00,2' 'not a time such as 2026-11-24T09:30:00Z'
not_csv '2026-01-01T00:00:00,2' 'not a time such as 2026-11-24T09:30:00Z, with an offset from UTC or with --time-zone'
not_csv '2026-02-30T00:00:00Z,2' 'not a time such as'
not_csv '2026-01-01T00:00:00Z,inf' 'not a number in a: inf'
not_csv '2026-01-01T00:00:00Z,1e400' 'not a number in a: 1e400'
not_csv '2026-01-01T00:00:00Z,+-1' 'not a number in a: +-1'
not_csv '2026-01-01T00:00:00Z,1 2' 'not a number in a: 1 2'
not_csv '2026-01-01T00:00:00Z,"2' 'a quote that is not closed'
expect 2 "$tool" insert people.csv --time-format '%Q'
has err "--time-format knows no %Q"
expect 2 "$tool" insert people.csv --time-format seconds
expect 2 "$tool" insert people.csv --time-zone Mars/Olympus
expect 2 "$tool" insert people.csv --delimiter ab
expect 2 "$tool" insert people.csv --decimal x

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
first_line 'time,no good' "column 2: is not an input key"
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
[ -s err ] && has err "1 samples inserted, 0 lines left out"
"$tool" insert - <pipe >out 2>err 3>&- &
reader=$!
printf 'time;trickle\n' >&3
for ((i = 0; i < 60; ++i)); do # a line a second for ever, so that there is never a pause
    printf '2026-01-01T00:00:%02dZ;%d\n' "$i" "$i" >&3
    sleep 0.5
    "$tool" signals --filter '{"input":"trickle"}' | grep -q trickle && break
done
[ "$i" -lt 60 ] || fail "what trickles in is never inserted"
kill -TERM "$reader"
wait "$reader"
[ $? -eq 130 ] || fail "an import from a pipe that trickles is not interrupted"
has err "$((i + 1)) samples inserted, 0 lines left out"
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
cp kept big.csv.progress
expect 2 "$tool" insert big.csv --api-url "$(sed -n 's|.*"apiUrl": *"\([^"]*\)".*|\1|p' credentials.json | sed s/127.0.0.1/localhost/)"
grep -q "going on" err && fail "goes on at another server"
mv big.csv long.csv
mv short.csv big.csv
other "$tool" insert big.csv
awk '{ sub(/2.5/, "2.6"); if (NR == 2) $0 = "x"; print }' long.csv | head -n 80000 >big.csv
other "$tool" insert big.csv

# One line, far before the others, of the same length.
awk 'NR == 2 { gsub(/[0-9]/, "x") } NR <= 80000 { print }' long.csv >big.csv
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
# A link at a name that could be foreseen leads nowhere.
echo precious >victim
ln -s victim plant.json.new
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
[ "$(cat victim)" = precious ] || fail "the dump was written through a link"
[ "$(stat -c %a plant.json)" = 600 ] || fail "plant.json can be read by others"

echo "signals, items, data: a name drives no terminal, and breaks no format"
cat >evil.json <<'JSON'
{"items": {"flow": {"name": "a\u009bb\u202ec\u007fd\u2066e\uffff]]><&\"'=1+1", "engUnit": "\u009b", "visible": true}},
 "signals": {"evil": {"attributes": {"name": "a\u009bb\u202ec\u007fd\u2066e"}, "item": "flow",
                      "data": {"times": ["2026-01-01T00:00:00Z"], "values": [1.5]}}}}
JSON
rm -f emulator.log
"$tool" emulator --plain --credentials-out credentials.json --load evil.json >emulator.log 2>&1 &
emulator=$!
for ((i = 0; i < 200; ++i)); do
    grep -qsF Ready emulator.log && break
    sleep 0.05
done
harmless() { # harmless FILE: no C1 control, no turn of direction, no DEL, nothing that XML forbids
    LC_ALL=C grep -qP '\xC2[\x80-\x9F]|\xE2\x80[\xAA-\xAE]|\xE2\x81\xA6|\x7F|\xEF\xBF\xBF' "$1" &&
        fail "$1 has what drives a terminal"
}
for command in signals items "call clarify.selectItems" "call integration.selectSignals --json"; do
    # shellcheck disable=SC2086
    "$tool" $command >out 2>err
    harmless out
    harmless err
done
expect 0 "$tool" items
has out 'a\u009bb\u202ec\u007fd\u2066e\uffff]]><&\"'
item=$(sed -n 's/.*"id":"\([a-v0-9]*\)".*/\1/p' out)
for format in csv json table; do
    expect 0 "$tool" data "$item" --from 2026-01-01 --to 2026-01-02 --format "$format"
    harmless out
done
for plot in - evil.svg; do
    expect 0 "$tool" data "$item" --from 2026-01-01 --to 2026-01-02 --plot="$plot"
    harmless out
done
harmless evil.svg
has evil.svg ']]&gt;&lt;&amp;&quot;'
kill -INT "$emulator"
wait "$emulator"
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

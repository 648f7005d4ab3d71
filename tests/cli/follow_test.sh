#!/usr/bin/env bash
# Tests `clarify insert --follow`: what grows, turns, is cut or comes through pipes is inserted, and nothing is
# lost while the service is away. CLARIFY_TOOL is the path of the command-line tool.

set -uo pipefail

tool=${CLARIFY_TOOL:?is to name the command-line tool}
scratch=$(mktemp -d)
cd "$scratch" || exit 1
export XDG_CACHE_HOME=$scratch/cache
failures=0
emulator=
follower=
export CLARIFY_CREDENTIALS=credentials.json

finish() {
    trap - EXIT
    kill ${emulator:+"$emulator"} ${follower:+"$follower"} 2>/dev/null
    wait
    rm -rf "$scratch"
}
trap finish EXIT

fail() {
    failures=$((failures + 1))
    echo "  FAILED: $*"
    for file in out err; do
        [ -s "$file" ] && sed "s/^/    $file: /" "$file" | cut -c 1-300 | head -n 20
    done
}

expect() { # expect CODE COMMAND...: runs the command, with its output in `out` and `err`
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

eventually() { # eventually COMMAND...: becomes true
    local i
    for ((i = 0; i < 400; ++i)); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    fail "never: $*"
}

# The store is written when the emulator ends, so that what is in it can be counted: by then, all of it.
stored() { # stored INPUT: how many samples it has
    tr -d ' \n' <store.json | grep -o "\"$1\":{[^]]*\"times\":\[[^]]*\]" | grep -o '"[0-9T:.Z-]*Z"' | wc -l
}
has_stored() { # has_stored INPUT WANTED
    local found
    found=$(stored "$1")
    [ "$found" -eq "$2" ] || fail "$1 has $found samples, not $2"
}
in_spool() { "$tool" spool spool | sed -n 's/^samples *//p'; }
follow() { # follow ARGUMENT...: in the background, with what it says in `err`
    # Of what runs in the background, standard input is nothing unless it is named.
    "$tool" insert --follow "$@" <&0 2>err &
    follower=$!
}
end() { # end CODE [SIGNAL]
    local code=0
    kill "-${2:-TERM}" "$follower"
    wait "$follower" || code=$?
    follower=
    [ "$code" -eq "$1" ] || fail "exit code $code, not $1"
}
row() { # row NUMBER: a line of one file or another
    printf '2026-01-01T%02d:%02d:%02dZ,%d\n' $(($1 / 3600)) $(($1 / 60 % 60)) $(($1 % 60)) "$1"
}
rows() { # rows FIRST LAST
    local i
    for ((i = $1; i <= $2; ++i)); do row "$i"; done
}
signal() { "$tool" signals --filter "{\"input\":\"$1\"}" | grep -q "\"$1\""; }

echo "follow: a file that is not there yet, grows and turns, and one that takes its name without naming columns"
"$tool" emulator --plain --credentials-out credentials.json --dump store.json --rate-limits >emulator.log 2>&1 &
emulator=$!
eventually grep -qsF Ready emulator.log
if timeout 20 "$tool" insert --follow --spool none </dev/null 2>&1 | grep -qF "built without SQLite"; then
    echo "  skipped: the tool has no spools"
    exit 0
fi
follow grows.csv --spool spool
eventually grep -qF "waiting for grows.csv" err
{ echo "time,grows" && rows 0 9; } >grows.csv
eventually signal grows
rows 10 14 >>grows.csv
printf '2026-01-01T00:00:15Z,1' >>grows.csv # half a line
sleep 1
mv grows.csv grows.1
echo 5 >>grows.1        # its rest, when the name is gone already
rows 16 19 >>grows.1
rows 20 24 >grows.csv
eventually grep -qF "is another file now" err
rows 25 29 >>grows.csv
mv grows.csv grows.2
{ echo "time,other" && rows 0 2; } >grows.csv
eventually signal other
echo "follow: a file that is cut begins anew"
{ echo "time,grows" && rows 30 34; } >cut.csv
cat cut.csv >grows.csv
eventually grep -qF "grows.csv was cut" err
rows 35 39 >>grows.csv
sleep 2.5
echo "nonsense,1" >>grows.csv
eventually grep -qF "grows.csv:12: " err
end 2
has err "samples inserted, 1 lines left out"
[ "$(in_spool)" = 0 ] || fail "something is left in the spool"

echo "follow: goes on behind what it has read, killed or not, and reads nothing twice"
{ echo "time,again" && rows 0 9; } >again.csv
follow again.csv --spool spool
eventually test -e again.csv.progress
kill -KILL "$follower"
wait "$follower" 2>/dev/null
rows 10 19 >>again.csv
follow again.csv --spool spool
eventually grep -qF "going on at line 12" err
sleep 2
end 0
has err "0 lines left out"

echo "follow: what comes while the service is away waits in the spool, and in FILE without one"
kill -STOP "$emulator"
short=(--timeout 1s --drain 1s)
{ echo "time,away" && rows 0 99; } >away.csv
follow away.csv --spool spool "${short[@]}"
eventually grep -qF "Clarify cannot be used: " err
rows 100 149 >>away.csv
sleep 2.5
end 0
has err "150 samples wait in spool, for the next start"
[ "$(in_spool)" = 150 ] || fail "not 150 samples in the spool"
{ echo "time,file" && rows 0 9; } >file.csv
follow file.csv "${short[@]}"
eventually grep -qF "Clarify cannot be used: " err
end 0 INT
has err "the same command goes on at line 2 of file.csv"
follow - "${short[@]}" < <(echo "time,pipe" && rows 0 4)
eventually grep -qF "Clarify cannot be used: " err
end 3
has err "5 samples are lost"
kill -CONT "$emulator"
follow away.csv --spool spool
eventually grep -qF "150 samples wait in spool already" err
eventually signal away
end 0
[ "$(in_spool)" = 0 ] || fail "something is left in the spool"
expect 0 "$tool" insert file.csv

echo "follow: a spool of others is refused at once, and so is an option that is for following alone"
follow again.csv --spool spool
eventually grep -qF "going on" err
mv err err.first
expect 2 timeout 20 "$tool" insert --follow away.csv --spool spool
has err "spool"
expect 2 "$tool" insert away.csv --spool spool
expect 2 "$tool" insert
expect 2 "$tool" insert --follow away.csv --spool spool --spool-size 3
end 0

echo "follow: standard input ends, and named pipes do not"
expect 0 timeout 60 "$tool" insert --follow < <(echo "time,ends" && rows 0 2)
has err "3 samples inserted, 0 lines left out"
mkfifo fifo
follow fifo
for ((i = 0; i < 3; ++i)); do
    { [ "$i" -gt 0 ] || echo "time,fifo" && row "$i"; } >fifo
done
eventually signal fifo
sleep 1
end 0
has err "3 samples inserted"

echo "follow: fifty writers, a sample a second each, become few inserts, and none is lost"
SECONDS=0
echo "time,input,value" >many.csv
follow many.csv --spool spool -v
for ((i = 0; i < 50; ++i)); do
    for ((second = 0; second < 10; ++second)); do
        printf '2026-01-01T00:00:%02dZ,many%02d,%d\n' "$second" "$i" "$i" >>many.csv
        sleep 1
    done &
    writers[i]=$!
done
wait "${writers[@]}"
sleep 1
end 0
has err "500 samples inserted, 0 lines left out"
inserts=$(grep -c " request .*method=integration.insert" err)
[ "$inserts" -le $((SECONDS + 1)) ] || fail "$inserts inserts in $SECONDS s for 500 samples"
echo "    500 samples of 50 writers in $SECONDS s and $inserts inserts"

echo "follow: all of it is in the store"
kill -INT "$emulator"
wait "$emulator"
emulator=
has_stored grows 40
has_stored other 3
has_stored again 20
has_stored away 150
has_stored file 10
has_stored ends 3
has_stored fifo 3
total=0
for ((i = 0; i < 50; ++i)); do
    total=$((total + $(stored "$(printf 'many%02d' "$i")")))
done
[ "$total" -eq 500 ] || fail "$total samples of 500 are in the store"

if [ "$failures" -gt 0 ]; then
    echo "$failures checks failed"
    exit 1
fi
echo "All checks passed"

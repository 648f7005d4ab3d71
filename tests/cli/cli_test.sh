#!/usr/bin/env bash
# Tests the command-line tool, whose path is in CLARIFY_TOOL, on its own emulator.

set -uo pipefail

tool=${CLARIFY_TOOL:?is to name the command-line tool}
unset CLARIFY_CREDENTIALS CLARIFY_PASSWORD
scratch=$(mktemp -d)
cd "$scratch" || exit 1
export XDG_CACHE_HOME=$scratch/cache
failures=0
helpers=()

finish() {
    trap - EXIT
    local pid
    for pid in "${helpers[@]}"; do kill "$pid" 2>/dev/null; done
    wait
    rm -rf "$scratch"
}
trap finish EXIT

# --- Checks ---------------------------------------------------------------------------------------

fail() {
    failures=$((failures + 1))
    echo "  FAILED: $*"
    for file in out err; do
        [ -s "$file" ] && sed "s/^/    $file: /" "$file" | cut -c 1-300 | head -n 20
    done
}

test_case() { echo "$*"; }

# expect CODE COMMAND...: runs the command, with its output in `out` and `err`.
expect() {
    local wanted=$1 code=0
    shift
    "$@" >out 2>err || code=$?
    [ "$code" -eq "$wanted" ] || fail "exit code $code, not $wanted: $*"
}

# has FILE TEXT...: each text stands in the file.
has() {
    local file=$1 text
    shift
    for text in "$@"; do
        grep -qF -- "$text" "$file" || fail "$file does not have: $text"
    done
}

lacks() { # lacks FILE TEXT
    if grep -qF -- "$2" "$1"; then fail "$1 has: $2"; fi
}

count() { # count FILE PATTERN WANTED
    local found
    found=$(grep -c -- "$2" "$1")
    [ "$found" -eq "$3" ] || fail "$1 has $found lines with '$2', not $3"
}

outcome() { # outcome LINE TEXT...: the outcome of this line of input has each text
    local line=$1 text
    shift
    grep -F "{\"line\":$line," out >outcome
    [ "$(wc -l <outcome)" -eq 1 ] || fail "line $line does not have one outcome"
    for text in "$@"; do
        grep -qF -- "$text" outcome || fail "outcome $line does not have: $text"
    done
}

wait_for() { # wait_for FILE TEXT
    local i
    for ((i = 0; i < 200; ++i)); do
        if [ -e "$1" ] && grep -qF -- "$2" "$1"; then return; fi
        sleep 0.05
    done
    fail "$1 never had: $2"
}

field() { # field FILE NAME: a string member of a flat JSON text
    sed -n "s/.*\"$2\":\"\([^\"]*\)\".*/\1/p" "$1"
}

# --- The emulator ---------------------------------------------------------------------------------

test_case "emulator: says when it is ready, and keeps its files to itself"
"$tool" emulator --credentials-out emulator.json >emulator.log 2>&1 &
emulator=$!
helpers+=("$emulator")
wait_for emulator.log "Ready"
has emulator.log "https://127.0.0.1:" "CLARIFY_CREDENTIALS" "--ca-file" "clarify.selectItems"
for file in emulator.json emulator.ca.pem; do
    [ "$(stat -c %a "$file")" = 600 ] || fail "$file can be read by others"
done
api_url=$(field emulator.json apiUrl)
integration=$(field emulator.json integration)
secret=$(field emulator.json clientSecret)
[ -n "$secret" ] || fail "no secret in the credentials file"
lacks emulator.log "$secret"
tls=(--ca-file emulator.ca.pem)
export CLARIFY_CREDENTIALS=$scratch/emulator.json
select_items='{"query":{"limit":10},"format":{"dataAsArray":true}}'
insert="{\"integration\":\"$integration\",\"data\":{\"times\":[\"2024-01-01T00:00:00Z\"],\"series\":{\"a\":[0.1]}}}"

# --- call and notify ------------------------------------------------------------------------------

test_case "call: the result is one line of JSON where standard output is no terminal"
expect 0 "$tool" call "${tls[@]}" clarify.selectItems "$select_items"
has out '"data":[]'
[ "$(wc -l <out)" -eq 1 ] || fail "not one line"
[ -s err ] && fail "something on standard error"

test_case "call: parameters from a file and from standard input, options before the command"
echo "$insert" >insert.json
expect 0 "$tool" "${tls[@]}" call integration.insert @insert.json
has out '"signalsByInput"' '"created":true'
expect 0 "$tool" call integration.insert - "${tls[@]}" <insert.json
has out '"created":false'

test_case "call: a JSON-RPC error ends with 1 and says what the server said"
expect 1 "$tool" call "${tls[@]}" clarify.selectItems '{"query":{"limit":"many"}}'
has err "clarify: rpc" "-32602" "query.limit" "Trace: " "Hint: "
[ -s out ] && fail "something on standard output"
expect 1 "$tool" call "${tls[@]}" --json no.such.method '[1,2]'
has err '{"kind":"rpc","reason":null,"phase":"' '"fate":"answered","attempts":1,' '"code":-32601' '"trace":"'

test_case "call: nothing that a server says drives the terminal"
for control in $'\e' $'\a' $'\xc2\x9b' $'\xe2\x80\x8f' $'\xe2\x80\xa8' $'\xe2\x80\xae' $'\xe2\x81\xa6' $'\xd8\x9c' $'\x7f'; do
    # The error repeats it in a path. In JSON the controls of ASCII have to be escaped.
    case $control in
        $'\e') sent='\u001b' ;;
        $'\a') sent='\u0007' ;;
        *) sent=$control ;;
    esac
    expect 1 "$tool" call "${tls[@]}" clarify.selectItems "{\"query\":{\"a${sent}b\":1}}"
    has err "query.a?b"
    lacks err "$control"
    expect 1 "$tool" call --json "${tls[@]}" clarify.selectItems "{\"query\":{\"a${sent}b\":1}}"
    has err '"query.a\u'
    lacks err "$control"
done

test_case "call: usage and configuration errors end with 2"
expect 2 "$tool"
expect 2 "$tool" call
expect 2 "$tool" call "${tls[@]}" clarify.selectItems --no-such-option
expect 2 "$tool" call "${tls[@]}" clarify.selectItems --timeout soon
expect 2 "$tool" call "${tls[@]}" clarify.selectItems '{"query":'
has err "bad_argument[syntax]"
expect 2 "$tool" call "${tls[@]}" clarify.selectItems '[NaN]'
expect 2 "$tool" call "${tls[@]}" clarify.selectItems $'["\xff"]'
has err "bad_argument[encoding]"
expect 2 "$tool" call "${tls[@]}" clarify.selectItems '5'
has err "bad_argument[params]"
expect 2 "$tool" call "${tls[@]}" clarify.selectItems @missing.json
has err "missing.json cannot be opened"
expect 2 "$tool" call --credentials missing.json clarify.selectItems
has err "bad_config[file]" "missing.json" "Hint: "
expect 2 "$tool" call --username me clarify.selectItems
has err "CLARIFY_PASSWORD"
expect 2 "$tool" call --ca-file missing.pem clarify.selectItems
expect 0 "$tool" call --help
has out "Examples:"

test_case "call: what goes wrong on the way ends with 3"
expect 3 "$tool" call "${tls[@]}" --api-url https://127.0.0.1:1/v1/ clarify.selectItems
has err "connect[refused]" "(phase connect)" "has not executed the call"
expect 3 "$tool" call clarify.selectItems
has err "tls[untrusted]" "--ca-file"
"$tool" emulator --credentials-out other.json >other.log 2>&1 &
other=$!
helpers+=("$other")
wait_for other.log "Ready"
expect 3 "$tool" call --ca-file other.ca.pem clarify.selectItems
has err "tls["
expect 3 "$tool" call "${tls[@]}" --api-version 9.9 clarify.selectItems
has err "HTTP 400"

test_case "call: wrong credentials end with 4"
sed "s/$secret/wrong-secret-0123/" emulator.json >wrong.json
expect 4 "$tool" call --no-token-cache "${tls[@]}" -v --credentials wrong.json clarify.selectItems
has err "clarify: token[" "Hint: "
lacks err "wrong-secret-0123"
CLARIFY_PASSWORD=wrong-password-0123 \
    expect 4 "$tool" call "${tls[@]}" -v --username "$integration" --api-url "$api_url" clarify.selectItems
has err "auth"
lacks err "wrong-password-0123"

test_case "call: what the credentials warn of is told once, beside what is printed"
warning="clarify: warning: $scratch/open.json: others than its owner may read it or write to it"
cp emulator.json open.json
chmod 644 open.json
opened=("${tls[@]}" --credentials "$scratch/open.json")
for command in "call clarify.selectItems $select_items" "notify clarify.selectItems $select_items" \
    signals items run "insert no.csv" "data --label no=such"; do
    printf 'time,a\n2024-01-01T00:00:00Z,1\n' >no.csv
    # shellcheck disable=SC2086 # words
    expect 0 "$tool" $command "${opened[@]}" </dev/null
    count err "warning" 1
    has err "$warning"
    lacks out "warning"
done
expect 0 "$tool" call "${opened[@]}" --api-url "$api_url" clarify.selectItems "$select_items"
count err "warning" 1
chmod 600 open.json
expect 0 "$tool" call "${opened[@]}" clarify.selectItems "$select_items"
[ -s err ] && fail "a warning of nothing"

test_case "output: where it cannot be written, everything that prints ends with 3"
echo '{"method":"clarify.selectItems"}' >one.jsonl
unwritable() { # unwritable ARGUMENTS...
    "$tool" "$@" <one.jsonl >&- 2>err
    [ $? -eq 3 ] || fail "a closed output goes unnoticed: $*"
    has err "clarify: standard output cannot be written"
    [ -e /dev/full ] || return 0
    "$tool" "$@" <one.jsonl >/dev/full 2>err
    [ $? -eq 3 ] || fail "a full disk goes unnoticed: $*"
    has err "clarify: standard output cannot be written"
}
unwritable call "${tls[@]}" clarify.selectItems "$select_items"
unwritable run "${tls[@]}"
unwritable signals "${tls[@]}"
unwritable --help
unwritable run --help
unwritable --version
unwritable limits
expect 0 "$tool" --version
has out "clarify "

# --- limits ---------------------------------------------------------------------------------------

test_case "call: the method may follow an option that may be repeated"
pin=sha256/r/mIkG3eEpVdm+u/ko/cwxzOMo1bk4TyHIlByibiA5E=
expect 3 "$tool" call "${tls[@]}" --pin "$pin" clarify.selectItems "$select_items"
has err "pin_mismatch"

test_case "limits: lists every limit with its default, and --set takes each line as it is"
expect 0 "$tool" limits
limits=(
    call_timeout=30000ms attempt_timeout=17000ms connect_timeout=10000ms address_timeout=3000ms connect_stagger=250ms
    proxy_timeout=10000ms tls_timeout=10000ms idle_timeout=30000ms connection_lifetime=900000ms
    max_connections=16 max_waiting=16384 max_response_head=16384 max_response_fields=128
    max_interim_responses=8 max_chunk_line=1024 max_chunk_extras=16384 max_tls_sessions=64
    max_request_body=16777216 max_response_body=16777216 max_json_depth=64
    max_json_memory=134217728 max_body_excerpt=512 max_token_reply=65536 max_token=8192
    max_credentials=65536 attempts=3 retry_base=100ms retry_throttled_base=1000ms
    retry_cap=20000ms longest_retry_after=60000ms retry_budget=100 token_timeout=30000ms
    token_attempts=3 token_renewal_margin=60s token_default_lifetime=300s token_first_pause=1s
    token_longest_pause=60s
)
printf '  %s\n' "${limits[@]}" | diff - out >err || fail "the list is another"
sets=()
for limit in "${limits[@]}"; do sets+=(--set "$limit"); done
expect 0 "$tool" call "${tls[@]}" "${sets[@]}" clarify.selectItems "$select_items"

test_case "limits: one that is set is kept to, and one that is out of range has a name"
expect 2 "$tool" call "${tls[@]}" --set max_credentials=10 clarify.selectItems "$select_items"
has err "is too large"
expect 4 "$tool" call --no-token-cache "${tls[@]}" --set max_token=5 clarify.selectItems "$select_items"
has err "the access token is too long"
expect 2 "$tool" call "${tls[@]}" --set max_token=0 clarify.selectItems "$select_items"
has err "token.max_token"
expect 2 "$tool" call "${tls[@]}" --set token_first_pause=1.5s clarify.selectItems "$select_items"
has err "token_first_pause has no such value"

test_case "call: without a version header"
expect 0 "$tool" call "${tls[@]}" --api-version none clarify.selectItems "$select_items"
expect 0 "$tool" call "${tls[@]}" --api-version "" clarify.selectItems "$select_items"

test_case "notify: prints nothing"
expect 0 "$tool" notify "${tls[@]}" clarify.selectItems "$select_items"
[ -s out ] && fail "something on standard output"

# --- run ------------------------------------------------------------------------------------------

test_case "run: an outcome for each line, whatever it says"
cat >mixed.jsonl <<END
{"method":"clarify.selectItems","params":$select_items}

not json
{"params":{}}
{"method":"no.such.method","params":{"n":12345678901234567890123}}
{"method":"clarify.selectItems","params":$select_items,"notify":true}
{"method":"clarify.selectItems","params":$select_items,"timeout_ms":"x"}
{"method":"clarify.selectItems","params":$select_items,"api_version":"9.9"}
{"method":"clarify.selectItems","params":$select_items,"api_version":null}
{"method":"clarify.selectItems","params":$select_items,"start_ms":300,"idempotent":false}
END
printf '{"method":"clarify.selectItems"}' >>mixed.jsonl # no line break at the end
expect 2 "$tool" run "${tls[@]}" <mixed.jsonl
[ "$(wc -l <out)" -eq 10 ] || fail "not 10 outcomes"
outcome 1 '"ok":true,"result":{"' '"data":[]' '"start_ms":' '"end_ms":'
outcome 3 '"ok":false,"error":{"kind":"bad_argument","reason":"syntax","phase":"queue","fate":"unsent","attempts":0,"http_status":null,"retry_after_ms":null,"rpc":null,"text":"'
outcome 4 '"kind":"bad_argument","reason":"fields"'
outcome 5 '"kind":"rpc"' '"rpc":{"code":-32601,"message":"Method not found","data":{'
outcome 6 '"ok":true,"result":null,'
outcome 7 '"kind":"bad_argument","reason":"fields"'
outcome 8 '"kind":"status"' '"http_status":400'
outcome 9 '"ok":true'
outcome 10 '"ok":true' '"start_ms":3'
outcome 11 '"ok":true'

test_case "run: the exit code is that of the first line that failed"
printf '%s\n' '{"method":"a.b"}' 'x' '{"method":"clarify.selectItems"}' |
    expect 1 "$tool" run "${tls[@]}" --concurrency 3
expect 0 "$tool" run "${tls[@]}" </dev/null
[ -s out ] && fail "an outcome of nothing"

# A stopped emulator accepts connections, and says nothing.
test_case "run: time-outs and cancellations"
kill -STOP "$other"
cat >stuck.jsonl <<END
{"method":"clarify.selectItems","timeout_ms":200}
{"method":"clarify.selectItems","cancel_ms":100}
{"method":"clarify.selectItems","cancel_ms":0}
END
started=$SECONDS
expect 3 "$tool" run --credentials other.json --ca-file other.ca.pem --concurrency 3 <stuck.jsonl
[ $((SECONDS - started)) -lt 10 ] || fail "it took too long"
outcome 1 '"kind":"timeout"' '"fate":"unsent"'
outcome 2 '"kind":"cancelled"' '"fate":"unsent"'
outcome 3 '"kind":"cancelled"' '"fate":"unsent"'

test_case "call: SIGINT ends with 130, at once"
interrupt() { # interrupt SIGNAL COMMAND...: once its first call has begun, which -v shows
    local signal=$1 code=0
    shift
    "$@" <&0 & # the shell would take its standard input away
    local pid=$!
    wait_for err " request "
    kill "-$signal" "$pid"
    wait "$pid" || code=$?
    return "$code"
}
started=$SECONDS
expect 130 interrupt INT "$tool" call -v --credentials other.json --ca-file other.ca.pem \
    clarify.selectItems
has err "cancelled"
[ $((SECONDS - started)) -lt 10 ] || fail "it took too long"

test_case "run: a signal writes the outcomes of calls in flight, while standard input stays open"
mkfifo pipe
exec 3<>pipe
signals=(INT TERM)
[ -n "$(trap -p HUP)" ] || signals+=(HUP) # unless under nohup
for signal in "${signals[@]}"; do
    printf '%s\n' '{"method":"a.b"}' '{"method":"a.b","start_ms":60000}' >&3
    expect 130 interrupt "$signal" "$tool" run -v --concurrency 2 --credentials other.json \
        --ca-file other.ca.pem <pipe
    outcome 1 '"kind":"cancelled"'
    outcome 2 '"kind":"cancelled"'
done

test_case "run: SIGHUP does nothing where it was ignored from the start"
rm err
(
    trap '' HUP
    exec "$tool" run -v --credentials other.json --ca-file other.ca.pem <<<'{"method":"a.b"}'
) >out 2>err &
ignoring=$!
wait_for err " request "
kill -HUP "$ignoring"
kill -CONT "$other"
wait "$ignoring"
code=$?
[ "$code" -eq 1 ] || fail "exit code $code, not 1"
outcome 1 '"kind":"rpc"'

test_case "run: outcomes come while standard input is idle"
"$tool" run "${tls[@]}" <pipe >idle.out 2>&1 &
helpers+=("$!")
echo '{"method":"clarify.selectItems"}' >&3
wait_for idle.out '{"line":1,"ok":true'
exec 3>&-

test_case "run: 200 calls, 8 at a time, fetch one token and show no secret"
for ((i = 0; i < 200; ++i)); do echo '{"method":"clarify.selectItems"}'; done >many.jsonl
expect 0 "$tool" run "${tls[@]}" --no-token-cache -v --concurrency 8 <many.jsonl
count out '"ok":true' 200
count err ' token_fetched' 1
count err ' success ' 200
[ "$(grep -c ' connection_opened' err)" -le 8 ] || fail "more than 8 connections"
lacks err "$secret"
lacks err "Bearer"

# --- The token cache ------------------------------------------------------------------------------

fetched() { # fetched WANTED OPTIONS...: how many tokens three runs, one after the other, fetch
    local wanted=$1
    shift
    : >fetches
    for _ in 1 2 3; do
        expect 0 "$tool" call "${tls[@]}" -v "$@" clarify.selectItems "$select_items"
        cat err >>fetches
    done
    count fetches ' token_fetched' "$wanted"
}

test_case "token cache: one run after the other goes on with one token, until logout"
fetched 1 --token-cache mine
count fetches ' token_shared' 2
[ "$(stat -c %a mine)" = 700 ] || fail "others can look into the folder"
for file in mine/*; do
    [ "$(stat -c %a "$file")" = 600 ] || fail "$file can be read by others"
    lacks "$file" "$secret"
done
expect 0 "$tool" logout --token-cache mine
has out "removed 1 token from mine"
expect 0 "$tool" logout --token-cache mine
has out "removed 0 tokens"
fetched 1 --token-cache mine

test_case "token cache: 20 runs at once fetch one token"
for ((i = 0; i < 20; ++i)); do
    "$tool" call "${tls[@]}" -v --token-cache shared clarify.selectItems "$select_items" \
        >/dev/null 2>"shared.$i" &
    runs[i]=$!
done
for ((i = 0; i < 20; ++i)); do wait "${runs[i]}" || fail "run $i failed"; done
cat shared.[0-9]* >fetches
count fetches ' token_fetched' 1

test_case "token cache: is in the user's own folder, and may be left out"
rm -rf cache
fetched 1
[ -d cache/clarify ] || fail "no cache/clarify"
rm -rf cache
fetched 3 --no-token-cache
[ -e cache ] && fail "there is a cache"
XDG_CACHE_HOME='' HOME='' fetched 3
XDG_CACHE_HOME='' HOME='' expect 2 "$tool" logout
has err "HOME"

test_case "token cache: where it cannot be used the token is the run's own, and that is said"
echo >mine-is-a-file
fetched 3 --token-cache mine-is-a-file/tokens
count fetches 'token_store_failed' 3
has fetches "mine-is-a-file"
expect 0 "$tool" call "${tls[@]}" --token-cache mine-is-a-file/tokens clarify.selectItems "$select_items"
has err "the token is not kept for the next run: bad_config[file]"

test_case "token cache: one that is refused is replaced, and no password is ever kept"
"$tool" emulator --plain --credentials-out first.json >first.log 2>&1 &
first=$!
helpers+=("$first")
wait_for first.log "Ready"
expect 0 "$tool" call --token-cache mine --credentials first.json clarify.selectItems "$select_items"
sed -i "s/^[A-Za-z0-9._~+\/-]\{20,\}$/no.longer.good.at.all/" mine/token-*
expect 0 "$tool" call --token-cache mine -v --credentials first.json clarify.selectItems "$select_items"
count err ' token_renewed' 1
kill -TERM "$first"
wait "$first"
rm -rf mine
CLARIFY_PASSWORD=wrong expect 4 "$tool" call --token-cache mine "${tls[@]}" --username "$integration" \
    --api-url "$api_url" clarify.selectItems "$select_items"
[ -e mine ] && fail "there is a cache"

# --- The emulator's end ---------------------------------------------------------------------------

test_case "emulator: ends with 0 when interrupted, and counts what it served"
kill -TERM "$emulator"
wait "$emulator"
code=$?
[ "$code" -eq 0 ] || fail "exit code $code"
has emulator.log "Served: calls "

test_case "emulator: plain HTTP, and a temporary folder that goes with it"
TMPDIR=$scratch "$tool" emulator --plain >plain.log 2>&1 &
plain=$!
helpers+=("$plain")
wait_for plain.log "Ready"
plain_file=$(sed -n 's/^ *export CLARIFY_CREDENTIALS=//p' plain.log)
expect 0 "$tool" call --credentials "$plain_file" clarify.selectItems "$select_items"
kill -TERM "$plain"
wait "$plain"
[ -e "$plain_file" ] && fail "$plain_file is still there"

test_case "emulator: SIGHUP loads its file again, says what has changed, and cuts no connection"
echo '{"signals":{"a":{}}}' >plant.json
"$tool" emulator --plain --credentials-out loaded.json --load plant.json >loaded.log 2>loaded.err &
loaded=$!
helpers+=("$loaded")
wait_for loaded.log "Ready"
mkfifo calls
"$tool" run -v --credentials loaded.json <calls >calls.out 2>calls.err &
caller=$!
helpers+=("$caller")
exec 3>calls
echo '{"method":"clarify.selectItems"}' >&3
wait_for calls.out '{"line":1,"ok":true'
kill -HUP "$loaded"
wait_for loaded.err "clarify: no file has changed"
echo '{"signals":{"a":{},"b":{"item":"c"}},"items":{"c":{"name":"C"}}}' >plant.json
kill -HUP "$loaded"
wait_for loaded.err "plant.json has changed, and was loaded again. There are 2 signals and 1 items."
echo '{"signals":' >plant.json
kill -HUP "$loaded"
wait_for loaded.err "what was read before stays in use: bad_config[file]: plant.json: "
rm plant.json
kill -HUP "$loaded"
wait_for loaded.err "plant.json: No such file or directory"
echo '{"method":"clarify.selectItems"}' >&3
wait_for calls.out '{"line":2,"ok":true'
exec 3>&-
wait "$caller"
count calls.err " connection_opened" 1
kill -TERM "$loaded"
wait "$loaded"
code=$?
[ "$code" -eq 0 ] || fail "exit code $code"

test_case "emulator: takes its time, and fails as often as it is told"
"$tool" emulator --plain --credentials-out faulty.json --latency 300ms --fail 503x3 --fail=-32003 \
    >faulty.log 2>&1 &
faulty=$!
helpers+=("$faulty")
wait_for faulty.log "Ready"
faulty_call=("$tool" call --credentials faulty.json clarify.selectItems "$select_items")
expect 3 "${faulty_call[@]}"
has err "503"
expect 1 "${faulty_call[@]}"
has err "-32003"
began=$(date +%s%N)
expect 0 "${faulty_call[@]}"
[ $((($(date +%s%N) - began) / 1000000)) -ge 300 ] || fail "it took less than its latency"
kill -TERM "$faulty"
wait "$faulty"
"$tool" emulator --plain --credentials-out tokenless.json --fail-tokens 401 >tokenless.log 2>&1 &
tokenless=$!
helpers+=("$tokenless")
wait_for tokenless.log "Ready"
expect 4 "$tool" call --credentials tokenless.json clarify.selectItems "$select_items"
kill -TERM "$tokenless"
wait "$tokenless"
for wrong in 200 503x 503x0 x3 -1y slowly 5031; do
    expect 2 "$tool" emulator "--fail=$wrong"
    has err "--fail" "$wrong"
done
expect 2 "$tool" emulator --latency soon
expect 2 "$tool" emulator --latency -1s
expect 2 "$tool" emulator --fail-tokens 200

if [ "$failures" -gt 0 ]; then
    echo "$failures checks failed"
    exit 1
fi
echo "All checks passed"

#!/usr/bin/env bash
# Builds the fuzz targets with clang and runs each from its stored inputs.
#
#   tests/fuzz/run.sh [--seconds N] [--seed N] [--jobs N] [--minimise] [TARGET...]
#   tests/fuzz/run.sh --campaign HOURS [--seed N] [--jobs N] [TARGET...]
#
#   --seconds N       how long each target runs; default 30
#   --campaign HOURS  the same in hours, for all targets together; they share the time equally
#   --seed N          for libFuzzer; default: another one each time, printed
#   --jobs N          how many targets to build or run at a time; default: $JOBS, else 2
#   --minimise        afterwards keeps the smallest set of inputs that reaches as much, in
#                     tests/fuzz/corpus/TARGET, to be committed
#   --help            this text
#
# TARGET is the name of a file NAME_fuzz.cpp; default: all of them.
#
# New inputs are collected in $CLARIFY_FUZZ_DIR/corpus and are where the next run goes on. An input
# that breaks a promise is kept in $CLARIFY_FUZZ_DIR/failures, and the command that replays it is
# printed. Variables:
#
#   CLANGXX           the compiler; default: the newest of clang++-16 or later
#   CLARIFY_FUZZ_DIR  where programs and new inputs go; default: build/fuzz
#   CI=true           a missing compiler is an error; otherwise nothing is done then
#
# The last line for each target tells its executions, executions a second, edges, when it last
# reached a new edge, and the seed.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/tests/fuzz
dir=${CLARIFY_FUZZ_DIR:-$root/build/fuzz}
seconds=30
campaign=
seed=$((RANDOM * 32768 + RANDOM + 1))
jobs=${JOBS:-2}
minimise=false
targets=()

fail() {
    echo "$0: $*" >&2
    exit 2
}

is_number() { [[ $1 =~ ^[1-9][0-9]{0,8}$ ]] || fail "$2 takes a positive number"; }

while [ $# -gt 0 ]; do
    case "$1" in
        --seconds | --campaign | --seed | --jobs)
            is_number "${2:-}" "$1"
            case "$1" in
                --seconds) seconds=$2 ;;
                --campaign) campaign=$2 ;;
                --seed) seed=$2 ;;
                --jobs) jobs=$2 ;;
            esac
            shift
            ;;
        --minimise) minimise=true ;;
        --help | -h)
            sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
            exit 0
            ;;
        -*) fail "unknown option $1; try --help" ;;
        *)
            [ -e "$here/$1_fuzz.cpp" ] || fail "there is no target $1"
            targets+=("$1")
            ;;
    esac
    shift
done
if [ ${#targets[@]} -eq 0 ]; then
    # The one that takes longest to build begins.
    targets=(session)
    for source in "$here"/*_fuzz.cpp; do
        name=$(basename "$source" _fuzz.cpp)
        [ "$name" = session ] || targets+=("$name")
    done
fi
if [ -n "$campaign" ]; then
    seconds=$((campaign * 3600 * jobs / ${#targets[@]}))
fi

# --- The compiler -------------------------------------------------------------------------------

can_fuzz() {
    command -v "$1" >/dev/null &&
        echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, decltype(sizeof 0)) { return 0; }' |
        "$1" -std=c++20 -fsanitize=fuzzer,address,undefined -x c++ - -o "$dir/probe" 2>/dev/null
}

mkdir -p "$dir/programs" "$dir/failures" "$dir/logs"
compiler=
for candidate in ${CLANGXX:-} clang++-{22,21,20,19,18,17,16}; do
    if can_fuzz "$candidate"; then
        compiler=$candidate
        break
    fi
done
if [ -z "$compiler" ]; then
    echo "fuzzing: skipped, for there is no clang++ 16 or newer with libFuzzer (Debian 12: apt install clang-16)"
    [ "${CI:-}" = true ] && exit 1
    exit 0
fi

# --- Building -----------------------------------------------------------------------------------

flags=(
    -std=c++20 -O1 -g1
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
    -D_GLIBCXX_ASSERTIONS=1 -DBOOST_ASIO_DISABLE_BOOST_COROUTINE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    "-I$root/include" "-I$root/tests"
)
launcher=()
if command -v ccache >/dev/null; then
    launcher=(ccache)
    export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
fi
linker=()
if command -v mold >/dev/null; then
    linker=(-fuse-ld=mold)
fi

compile() {
    "${launcher[@]}" "$compiler" "${flags[@]}" -c "$here/$1.cpp" -o "$dir/programs/$1.o"
}

build() {
    compile "$1_fuzz"
    # A program that is running is replaced, not written to.
    "$compiler" "${flags[@]}" "${linker[@]}" "$dir/programs/$1_fuzz.o" \
        "$dir/programs/libfuzzer_main.o" -lboost_json -lssl -lcrypto -lpthread \
        -o "$dir/programs/$1.new"
    mv "$dir/programs/$1.new" "$dir/programs/$1"
}

# Calls a function for each target, so many at a time.
for_each_target() {
    local function=$1 status=0 pids=() name
    for name in "${targets[@]}"; do
        if [ ${#pids[@]} -ge "$jobs" ]; then
            wait "${pids[0]}" || status=1
            pids=("${pids[@]:1}")
        fi
        "$function" "$name" &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || status=1
    done
    return $status
}

echo "==> Building ${#targets[@]} targets with $compiler in $dir"
begun=$SECONDS
compile libfuzzer_main
for_each_target build
echo "built in $((SECONDS - begun)) s"

# --- Running ------------------------------------------------------------------------------------

export ASAN_OPTIONS=${ASAN_OPTIONS:-malloc_context_size=8}
if [ -z "${ASAN_SYMBOLIZER_PATH:-}" ]; then
    for symbolizer in "llvm-symbolizer${compiler#clang++}" llvm-symbolizer; do
        if command -v "$symbolizer" >/dev/null; then
            ASAN_SYMBOLIZER_PATH=$(command -v "$symbolizer")
            export ASAN_SYMBOLIZER_PATH
            break
        fi
    done
fi

fuzz() {
    local name=$1 log=$dir/logs/$1.txt stored=$here/corpus/$1 status=0
    local options=(-seed="$seed" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=512
        -print_final_stats=1 -artifact_prefix="$dir/failures/$name-")
    if [ -e "$here/dict/$name.dict" ]; then
        options+=(-dict="$here/dict/$name.dict")
    fi
    case $name in
        # Its thousands of edges, most of them Asio's, make the usual schedule cost more than a run.
        session) options+=(-entropic=0 -max_len=600) ;;
        *) options+=(-max_len=2048) ;;
    esac
    mkdir -p "$dir/corpus/$name"
    # Times, to tell when the last new edge was reached.
    "$dir/programs/$name" "${options[@]}" "$dir/corpus/$name" "$stored" 2>&1 |
        while IFS= read -r line; do
            printf '%(%F %T)T %s\n' -1 "$line"
        done >"$log" || status=$?
    if [ $status -ne 0 ]; then
        echo "FAILED: $name"
        grep -E 'broken:|ERROR:|runtime error:|Assertion' "$log" | head -3 || true
        sed -n "s|.*Test unit written to \(.*\)|  replay with: $dir/programs/$name \1|p" "$log"
        return 1
    fi
    local last_edge
    last_edge=$(awk '{
            for (i = 4; i < NF; ++i) if ($i == "cov:" && $(i + 1) > most) {
                most = $(i + 1); when = $1 " " $2
            }
        } END { print when }' "$log")
    printf '%-12s %s executions, %s a second, %s edges, the last new one at %s, seed %s\n' "$name" \
        "$(sed -n 's/.*number_of_executed_units: *//p' "$log")" \
        "$(sed -n 's/.*average_exec_per_sec: *//p' "$log")" \
        "$(grep -o 'cov: [0-9]*' "$log" | tail -1 | cut -c6-)" "$last_edge" "$seed"
}

reduce() {
    local name=$1 reduced
    reduced=$(mktemp -d "$dir/reduced.XXXXXX")
    "$dir/programs/$name" -merge=1 -max_len=2048 -rss_limit_mb=1024 "$reduced" \
        "$dir/corpus/$name" "$here/corpus/$name" >"$dir/logs/$name-merge.txt" 2>&1
    rm -rf "$here/corpus/$name"
    mkdir -p "$here/corpus/$name"
    cp "$reduced"/* "$here/corpus/$name"
    rm -rf "$reduced"
    echo "$name: $(find "$here/corpus/$name" -type f | wc -l) inputs kept"
}

echo "==> Running each target for $seconds s with seed $seed"
for_each_target fuzz
if $minimise; then
    echo "==> Minimising what is stored"
    for_each_target reduce
fi

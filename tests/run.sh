#!/usr/bin/env bash
# Builds and runs all tests: with CMake, the library compiled once (CLARIFY_SEPARATE_COMPILATION),
# what proves the header-only form (each public header alone, the documentation's code, other projects that
# use the library) and a sample with Meson.
#
#   tests/run.sh [--all | --cmake-only | --meson-only | --asan | --tsan]
#
#   --all          every test by both: with CMake header-only, and with Meson with the library
#                  compiled once. Takes hours of a processor
#   --cmake-only   CMake alone
#   --meson-only   Meson alone, with all tests
#   --asan         CMake header-only, with AddressSanitizer and UndefinedBehaviorSanitizer
#   --tsan         CMake header-only, with ThreadSanitizer
#   --help         this text
#
# What is missing is installed first (Debian and Ubuntu) or named. Variables:
#
#   CI=true                  a warning is an error; the private headers are checked as well; the
#                            test programs are built with AddressSanitizer and
#                            UndefinedBehaviorSanitizer, those for thread safety with
#                            ThreadSanitizer, those that search memory with none, and each once:
#                            these two and what only has to compile with CMake, the others and the
#                            examples with Meson. The stored inputs of the fuzz targets are left to
#                            tests/fuzz/run.sh, which begins with them
#   CXX                      the compiler
#   JOBS                     how many files to compile at a time; default: one a processor
#   CLARIFY_CMAKE_BUILD_DIR  default: build/cmake-tests (build/all, build/asan, build/tsan)
#   CLARIFY_MESON_BUILD_DIR  default: build/meson-tests

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
preset=debug
all=false
with_cmake=true
with_meson=true
meson_sample=true

for argument in "$@"; do
    case "$argument" in
        --all)
            all=true
            meson_sample=false
            ;;
        --cmake-only) with_meson=false ;;
        --meson-only)
            with_cmake=false
            meson_sample=false
            ;;
        --asan | --tsan)
            preset=${argument#--}
            with_meson=false
            ;;
        --help | -h)
            sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
            exit 0
            ;;
        *)
            echo "$0: unknown option $argument; try --help" >&2
            exit 2
            ;;
    esac
done

case "$preset-$all" in
    debug-false) cmake_dir=$root/build/cmake-tests ;;
    debug-true) cmake_dir=$root/build/all ;;
    *) cmake_dir=$root/build/$preset ;;
esac
cmake_dir=${CLARIFY_CMAKE_BUILD_DIR:-$cmake_dir}
meson_dir=${CLARIFY_MESON_BUILD_DIR:-$root/build/meson-tests}
if [ "${CI:-}" = true ]; then
    meson_sample=false
else
    CI=false
fi
jobs=${JOBS:-$(getconf _NPROCESSORS_ONLN)}
passed=()

step() {
    current=$*
    echo
    echo "==> $current"
}

report() {
    local status=$?
    echo
    if [ $status -eq 0 ]; then
        printf 'PASSED in %d min %d s:\n' $((SECONDS / 60)) $((SECONDS % 60))
        printf '  %s\n' "${passed[@]}"
    else
        echo "FAILED: $current"
    fi
}

# What a sanitizer finds is an error, and told with where it was.
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1}

step "Looking for what the tests need"
trap report EXIT
"$root/examples/install-deps.sh" tests

# What ccache needs to know so that a build in another folder, or with precompiled headers, is
# quick too.
export CCACHE_BASEDIR=$root
export CCACHE_NOHASHDIR=1
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime

if $with_cmake; then
    form="header-only"
    options=(-DCLARIFY_TEST_UNITY=ON)
    if [ "$preset" = debug ]; then
        # No debug information, which takes time and space.
        options+=(
            -DCMAKE_CXX_FLAGS_DEBUG=
            "-DCLARIFY_WARNINGS_AS_ERRORS=$CI"
            "-DCLARIFY_TEST_PRIVATE_HEADERS=$CI"
            "-DCLARIFY_TEST_SANITIZERS=$CI"
        )
        if $CI; then
            options+=(
                "-DCLARIFY_TEST_SUITES=memory;thread_safety"
                -DCLARIFY_BUILD_EXAMPLES=OFF
                -DCLARIFY_BUILD_TOOLS=OFF
            )
        else
            options+=(
                "-DCLARIFY_TEST_SUITES=unit;integration;memory;thread_safety;cli;fuzz"
                -DCLARIFY_BUILD_EXAMPLES=ON
                -DCLARIFY_BUILD_TOOLS=ON
            )
            if ! $all; then
                form="the library compiled once"
                options+=(-DCLARIFY_SEPARATE_COMPILATION=ON)
            fi
        fi
    fi
    step "Configuring with CMake in $cmake_dir"
    cmake --preset "$preset" -S "$root" -B "$cmake_dir" "${options[@]}"
    step "Building with CMake"
    cmake --build "$cmake_dir" --parallel "$jobs"
    step "Testing with CTest"
    ctest --test-dir "$cmake_dir" --output-on-failure --no-tests=error --parallel 2
    count=$(ctest --test-dir "$cmake_dir" --show-only | sed -n 's/^Total Tests: //p')
    passed+=("$count tests with CMake, $form ($preset)")
    step "Looking for secrets in the output of CMake's tests"
    "$root/tests/canary_scan.sh" "$cmake_dir/Testing/Temporary/LastTest.log"
fi

if $with_meson; then
    options=(
        --buildtype=plain
        "--prefix=$meson_dir/prefix"
        -Dtests=enabled
        -Dexamples=enabled
        -Dseparate_compilation=true
        -Dtests_unity=true
        "-Dwerror=$CI"
    )
    if $CI; then
        # As in CMakeLists.txt, without a look at every pointer.
        options+=(
            -Dsuites=unit,integration,cli
            -Dcompile_tests=false
            -Db_sanitize=address,undefined
            -Db_lundef=false
            -Dcpp_args=-fno-sanitize=null,alignment,object-size,vptr
        )
    elif $meson_sample; then
        # CMake has run them all; here it is Meson's files that are tried.
        options+=(-Dsuites=memory -Dcompile_tests=false)
    else
        options+=(-Dsuites=unit,integration,memory,thread_safety,cli -Dcompile_tests=true)
    fi
    if [ -e "$meson_dir/meson-private/coredata.dat" ]; then
        options+=(--reconfigure)
    fi
    # Meson finds ccache by itself, except for a compiler named by CXX.
    if [ -n "${CXX:-}" ] && command -v ccache >/dev/null; then
        export CXX="ccache $CXX"
    fi
    step "Configuring with Meson in $meson_dir"
    meson setup "${options[@]}" "$meson_dir" "$root"
    step "Building with Meson"
    meson compile -C "$meson_dir" -j "$jobs"
    step "Testing with Meson"
    # Sanitizers take their time.
    meson test -C "$meson_dir" --print-errorlogs --num-processes 2 --timeout-multiplier 4
    step "Looking for secrets in the output of Meson's tests"
    "$root/tests/canary_scan.sh" "$meson_dir/meson-logs/testlog.txt"
    step "Using what Meson installs"
    meson install -C "$meson_dir" --no-rebuild --quiet
    "$root/tests/consumer/check.sh" tools "$meson_dir/prefix" "$meson_dir/tools"
    "$root/tests/consumer/check.sh" installed_meson "$meson_dir/prefix" "$meson_dir/consumer"
    count=$(meson test -C "$meson_dir" --list 2>/dev/null | grep -c ' / ')
    passed+=("$count tests with Meson, the library compiled once")
fi

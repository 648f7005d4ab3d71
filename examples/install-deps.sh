#!/usr/bin/env bash
# Makes sure that what a build needs is there:
#
#   examples/install-deps.sh tool     the command-line tool and the examples
#   examples/install-deps.sh tests    the tests as well
#   examples/install-deps.sh fuzz     the fuzz targets
#   examples/install-deps.sh lint     what tests/tidy.sh runs
#   examples/install-deps.sh debian   what packaging/debian.sh runs
#   examples/install-deps.sh docs     what the target docs runs
#
# On Debian and Ubuntu it installs what is missing, with sudo where it does not run as root.
# Elsewhere it names what is missing, and fails.

set -euo pipefail

case "${1:-}" in
    tool) needs=(compiler cmake ninja ccache boost boost_json openssl cli11 certificates) ;;
    tests)
        needs=(compiler cmake ninja ccache boost boost_json openssl cli11 certificates
            doctest meson pkg_config curl nlohmann_json sqlite hiredis redis boost_context
            iproute2)
        ;;
    fuzz) needs=(compiler ccache boost boost_json openssl nlohmann_json clang libfuzzer) ;;
    lint) needs=(compiler boost openssl clang_tidy) ;;
    debian) needs=(compiler cmake boost boost_json openssl cli11 sqlite debhelper lintian) ;;
    docs) needs=(compiler cmake boost openssl doxygen) ;;
    *)
        sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
esac

cxx=${CXX:-c++}
on_debian=false
if [ -r /etc/debian_version ] && command -v apt-get >/dev/null; then
    on_debian=true
fi

# --- What is needed, and how to tell that it is there -------------------------------------------

describe() {
    case "$1" in
        compiler) echo "a C++20 compiler: g++ 12, clang 16, or newer" ;;
        cmake) echo "CMake 3.25 or newer" ;;
        ninja) echo "Ninja" ;;
        ccache) echo "ccache" ;;
        boost) echo "Boost 1.81 or newer, the headers" ;;
        boost_json) echo "Boost.JSON, the library of the same version" ;;
        openssl) echo "OpenSSL 3.0 or newer, with headers" ;;
        cli11) echo "CLI11, a header-only argument parser" ;;
        certificates) echo "the certificates of the public authorities" ;;
        doctest) echo "doctest, a header-only test framework" ;;
        meson) echo "Meson 1.0 or newer" ;;
        pkg_config) echo "pkg-config" ;;
        curl) echo "libcurl 7.88 or newer, with headers, for the tests of CurlBackend" ;;
        nlohmann_json) echo "nlohmann/json 3.11 or newer, for the tests of NlohmannCodec" ;;
        sqlite) echo "SQLite 3.40 or newer, with headers, for the tests of SqliteSpool" ;;
        hiredis) echo "hiredis 0.14 or newer, with headers, for the tests of RedisTokenStore" ;;
        redis) echo "Redis 5.0 or newer, for the same" ;;
        boost_context) echo "Boost.Context, for the tests of stackful coroutines" ;;
        iproute2) echo "ip of iproute2, for the tests of routes that lead nowhere" ;;
        clang) echo "clang 16 or newer" ;;
        libfuzzer) echo "the sanitizers and libFuzzer of that clang" ;;
        clang_tidy) echo "clang-tidy 16 or newer" ;;
        debhelper) echo "debhelper 13" ;;
        lintian) echo "lintian" ;;
        doxygen) echo "Doxygen 1.9.4 or newer" ;;
    esac
}

at_least() { # at_least VERSION WANTED
    printf '%s\n%s\n' "$2" "$1" | sort -V -C
}

compiles() { # compiles CODE [LINKER OPTION...]
    local code=$1
    shift
    if [ $# -eq 0 ]; then
        set -- -fsyntax-only
    else
        set -- -o /dev/null -x none "$@"
    fi
    # shellcheck disable=SC2086 # CXX may hold options, CPPFLAGS and LDFLAGS do
    printf '%s\n' "$code" |
        $cxx ${CPPFLAGS:-} ${LDFLAGS:-} ${BOOST_ROOT:+-I"$BOOST_ROOT/include"} \
            ${BOOST_ROOT:+-L"$BOOST_ROOT/lib"} -std=c++20 -x c++ - "$@" >/dev/null 2>&1
}

newest_clang() { # newest_clang [PROGRAM]
    local version
    for version in 22 21 20 19 18 17 16; do
        command -v "${1:-clang++}-$version" && return
    done
    return 1
}

is_there() {
    case "$1" in
        compiler)
            compiles '#include <coroutine>
                #if defined(__clang__) && !defined(__apple_build_version__) && __clang_major__ < 16
                #error too old
                #elif !defined(__clang__) && defined(__GNUC__) && __GNUC__ < 12
                #error too old
                #endif'
            ;;
        cmake)
            command -v cmake >/dev/null &&
                at_least "$(cmake --version | sed -n 's/^cmake version //p')" 3.25
            ;;
        ninja) command -v ninja >/dev/null ;;
        ccache) command -v ccache >/dev/null ;;
        boost)
            compiles '#include <boost/version.hpp>
                #include <boost/beast/version.hpp>
                #if BOOST_VERSION < 108100
                #error too old
                #endif'
            ;;
        boost_json) compiles 'int main() {}' -lboost_json ;;
        openssl)
            compiles '#include <openssl/opensslv.h>
                #if OPENSSL_VERSION_MAJOR < 3
                #error too old
                #endif
                int main() {}' -lssl -lcrypto
            ;;
        cli11) compiles '#include <CLI/Version.hpp>' ;;
        certificates) ! $on_debian || [ -s /etc/ssl/certs/ca-certificates.crt ] ;;
        doctest) compiles '#include <doctest/doctest.h>' ;;
        meson) command -v meson >/dev/null && at_least "$(meson --version)" 1.0 ;;
        pkg_config) command -v pkg-config >/dev/null ;;
        curl)
            compiles '#include <curl/curl.h>
                #if LIBCURL_VERSION_NUM < 0x075800
                #error too old
                #endif
                int main() {}' -lcurl
            ;;
        nlohmann_json)
            compiles '#include <nlohmann/json.hpp>
                #if NLOHMANN_JSON_VERSION_MAJOR < 3 || NLOHMANN_JSON_VERSION_MINOR < 11
                #error too old
                #endif'
            ;;
        sqlite)
            compiles '#include <sqlite3.h>
                #if SQLITE_VERSION_NUMBER < 3040000
                #error too old
                #endif
                int main() { return sqlite3_libversion_number() == 0; }' -lsqlite3
            ;;
        hiredis)
            compiles '#include <hiredis/hiredis.h>
                #if HIREDIS_MAJOR < 1 && HIREDIS_MINOR < 14
                #error too old
                #endif
                int main() { redisReaderFree(redisReaderCreate()); }' -lhiredis
            ;;
        redis) command -v redis-server redis-check-rdb >/dev/null ;;
        boost_context) compiles 'int main() {}' -lboost_context ;;
        iproute2) PATH=$PATH:/usr/sbin:/sbin command -v ip >/dev/null ;;
        clang) newest_clang >/dev/null ;;
        clang_tidy) newest_clang clang-tidy >/dev/null ;;
        debhelper) command -v dh >/dev/null ;;
        lintian) command -v lintian >/dev/null ;;
        doxygen) command -v doxygen >/dev/null && at_least "$(doxygen --version)" 1.9.4 ;;
        libfuzzer)
            printf 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
                "$(newest_clang)" -fsanitize=fuzzer,address -x c++ - -o /dev/null >/dev/null 2>&1
            ;;
    esac
}

find_missing() {
    missing=()
    local need
    for need in "${needs[@]}"; do
        is_there "$need" || missing+=("$need")
    done
}

# --- Installing on Debian and Ubuntu ------------------------------------------------------------

candidate() { # the version that apt would install, or nothing
    LC_ALL=C apt-cache policy "$1" | sed -n 's/^  Candidate: \([^(].*\)/\1/p'
}

# The distribution's own Boost if it is new enough, else the newest one beside it.
boost_series() {
    if at_least "$(candidate libboost-dev)" 1.81; then
        return
    fi
    local series
    series=$(apt-cache search --names-only '^libboost1\.[0-9]+-dev$' |
        sed -n 's/^libboost\(1\.[0-9]*\)-dev .*/\1/p' | sort -V | tail -n 1)
    if [ -n "$series" ] && at_least "$series" 1.81; then
        echo "$series"
    else
        echo "1.81" # not on offer; apt will say so by name
    fi
}

# The newest clang that apt has, unless one that is new enough is there.
clang_series() {
    local there
    if there=$(newest_clang); then
        echo "${there##*-}"
        return
    fi
    apt-cache search --names-only '^clang-[0-9]+$' | sed -n 's/^clang-\([0-9]*\) .*/\1/p' |
        sort -n | tail -n 1
}

package_of() {
    case "$1" in
        compiler) echo g++ ;;
        ninja) echo ninja-build ;;
        boost) echo "libboost$(boost_series)-dev" ;;
        boost_json) echo "libboost-json$(boost_series)-dev" ;;
        openssl) echo libssl-dev ;;
        cli11) echo libcli11-dev ;;
        certificates) echo ca-certificates ;;
        doctest) echo doctest-dev ;;
        pkg_config) echo pkg-config ;;
        curl) echo libcurl4-openssl-dev ;;
        nlohmann_json) echo nlohmann-json3-dev ;;
        sqlite) echo libsqlite3-dev ;;
        hiredis) echo libhiredis-dev ;;
        redis) echo redis-tools ;; # the program, without a service that runs from now on
        boost_context) echo "libboost-context$(boost_series)-dev" ;;
        clang) echo "clang-$(clang_series)" ;;
        libfuzzer) echo "libclang-rt-$(clang_series)-dev" ;;
        clang_tidy) echo "clang-tidy-$(clang_series)" ;;
        *) echo "$1" ;;
    esac
}

run_apt() {
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@"
}

packages_of_missing() {
    packages=()
    local need
    for need in "${missing[@]}"; do
        packages+=("$(package_of "$need")")
    done
}

install_missing() {
    sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        sudo=(sudo)
        if ! command -v sudo >/dev/null; then
            packages_of_missing
            echo "Something is missing, and without root or sudo it cannot be installed." >&2
            echo "As root, run: apt-get install ${packages[*]}" >&2
            exit 1
        fi
    fi

    echo "Updating the package lists"
    run_apt update || echo "apt-get update failed in part; going on with the lists there are" >&2

    packages_of_missing
    echo "Installing ${packages[*]}"
    local log
    log=$(mktemp)
    # Never remove a package: an older Boost may be there for a reason.
    if ! run_apt install --yes --no-install-recommends --no-remove "${packages[@]}" \
        >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        echo "apt could not install: ${packages[*]}" >&2
        echo "To let apt remove what is in the way, such as an older Boost, run it yourself:" >&2
        echo "  apt-get install ${packages[*]}" >&2
        exit 1
    fi
    rm -f "$log"
    hash -r
}

# --- Main ---------------------------------------------------------------------------------------

find_missing
if [ ${#missing[@]} -gt 0 ] && $on_debian; then
    install_missing
    find_missing
fi

# Without these, less is tested or more is compiled: Boost.JSON, from its headers.
required=()
for need in "${missing[@]}"; do
    case "$need" in
        ccache | boost_json | curl | nlohmann_json | sqlite | hiredis | redis | boost_context | iproute2)
            echo "Going on without $(describe "$need")" ;;
        *) required+=("$need") ;;
    esac
done
if [ ${#required[@]} -gt 0 ]; then
    echo "Still missing; please install:" >&2
    for need in "${required[@]}"; do
        echo "  - $(describe "$need")" >&2
    done
    if command -v "${cxx%% *}" >/dev/null; then
        echo "The compiler asked was $cxx ($($cxx -dumpversion)); CXX names another." >&2
    fi
    exit 1
fi

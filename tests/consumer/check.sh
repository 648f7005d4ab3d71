#!/bin/sh
# Uses the library as a project without CMake would, and runs the program:
#
#   check.sh pkg_config PREFIX BUILD_DIR         a compiler and pkg-config, after an installation
#   check.sh installed_meson PREFIX BUILD_DIR    Meson, after an installation
#   check.sh meson_wrap REPOSITORY BUILD_DIR     Meson, with a wrap file for a subproject
#   check.sh copied INCLUDE_DIR BUILD_DIR        a compiler, and include/ copied into the project
#
# or the programs that come with it:
#
#   check.sh tools PREFIX BUILD_DIR              what an installation has of the tool and the gateway
set -eu

way=$1
from=$2
build=$3
here=$(cd "$(dirname "$0")" && pwd)
cxx=${CXX:-c++}

rm -rf "$build"
mkdir -p "$build"
cd "$build"

# Where there is no library of Boost.JSON, a file of the program stands for it.
json=-lboost_json
if ! echo 'int main() {}' | $cxx -x c++ - -lboost_json -o probe 2>/dev/null; then
    json=$here/../boost_json.cpp
fi

case $way in
    pkg_config)
        PKG_CONFIG_PATH=$from/share/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
        export PKG_CONFIG_PATH
        flags=$(pkg-config --cflags --libs 'clarify >= 0.1')
        # What the documentation has, where Boost.JSON is there.
        [ "$json" = -lboost_json ] || flags=$(echo "$flags" | sed "s#-lboost_json#$json#")
        # shellcheck disable=SC2086 # these are several words
        $cxx -std=c++20 "$here/main.cpp" $flags -o consumer
        ;;
    copied)
        cp -R "$from" include
        $cxx -std=c++20 -Iinclude "$here/main.cpp" "$json" -lssl -lcrypto -pthread -o consumer
        ;;
    installed_meson)
        PKG_CONFIG_PATH=$from/share/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
        export PKG_CONFIG_PATH
        meson setup . "$here/installed_meson"
        meson compile
        ;;
    tools)
        for name in clarify clarify-gateway; do
            "$from/bin/$name" --version
            test -s "$from/share/man/man1/$name.1"
            test -s "$from/share/bash-completion/completions/$name"
        done
        exit 0
        ;;
    meson_wrap)
        cp -R "$here/meson_wrap" project
        cp "$here/main.cpp" "$here/../boost_json.cpp" project
        sed "s#@CLARIFY_REPOSITORY@#file://$from#" "$here/meson_wrap/subprojects/clarify.wrap" \
            >project/subprojects/clarify.wrap
        meson setup built project
        meson compile -C built
        cp built/consumer .
        ;;
    *)
        echo "$0: unknown way $way" >&2
        exit 2
        ;;
esac
./consumer

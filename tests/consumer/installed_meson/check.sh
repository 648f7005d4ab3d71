#!/bin/sh
# Builds and runs the Meson consumer against an installation: check.sh PREFIX BUILD_DIR
set -eu

prefix=$1
build=$2
source=$(cd "$(dirname "$0")" && pwd)

PKG_CONFIG_PATH="$prefix/share/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
export PKG_CONFIG_PATH

rm -rf "$build"
meson setup "$build" "$source"
meson compile -C "$build"
"$build/consumer"

#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# Builds the benchmark and prints its figures. An argument sets the number of rounds.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${CLARIFY_BENCH_BUILD:-$root/build/bench}
"$root/examples/install-deps.sh" tool
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCLARIFY_BUILD_BENCH=ON \
    -DCLARIFY_BUILD_TESTS=OFF -DCLARIFY_BUILD_EXAMPLES=OFF >/dev/null
cmake --build "$build" --target clarify_bench
exec "$build/tests/clarify_bench" "$@"

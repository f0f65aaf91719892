#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# bench.sh: builds, then measures. What is measured, and what the numbers mean,
# is said by bench/README.md and by the output.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
scripts/setup.sh bench
scripts/build.sh "$build"
bench/run.sh "$build"
BENCH=control bench/run.sh "$build"
BENCH=receive bench/run.sh "$build"

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# bench.sh: builds, then measures. What is measured, and what the numbers mean,
# is said by bench/README.md and by the output. ALL=1 measures everything.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
scripts/setup.sh bench
scripts/build.sh "$build"
if [ -z "${ALL:-}" ]; then
	bench/run.sh "$build"
	echo "for the plain stack, two workers, control files, receiving, timing and the card too:" \
		"make bench ALL=1 (timing alone: BENCH=timing bench/run.sh $build, 15 minutes)"
	exit 0
fi
bench/run.sh "$build" --all
BENCH=control bench/run.sh "$build"
BENCH=receive bench/run.sh "$build"
BENCH=timing bench/run.sh "$build"
BENCH=card bench/run.sh "$build"

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# build.sh DIR [MESON OPTIONS]: packages, configuration, compilation. Options of
# meson change a folder that is configured already, too.
set -eu

dir=$1
shift
cd "$(dirname "$0")/.."
scripts/setup.sh build
if [ -f "$dir/build.ninja" ]; then
	[ $# -eq 0 ] || meson configure "$dir" "$@"
else
	meson setup "$dir" "$@" >/dev/null || {
		cat "$dir/meson-logs/meson-log.txt"
		exit 1
	}
fi
ninja -C "$dir" --quiet

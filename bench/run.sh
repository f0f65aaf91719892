#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# [BENCH=control|receive] run.sh BUILD [options of bench.py, control.py, receive.py]: sees to
# the generators we are compared with, then measures in namespaces of its own for
# network, mounts and processes: whatever way it ends, the kernel takes
# interfaces and senders away with it.
set -eu

build=$(realpath "$1")
shift
here=$(dirname "$(realpath "$0")")

if [ "$(id -u)" -ne 0 ]; then
	echo "bench: needs root, for namespaces and packet sockets" >&2
	exit 1
fi

missing=
command -v tcpdump >/dev/null || missing="$missing tcpdump"
command -v trafgen >/dev/null || missing="$missing netsniff-ng"
command -v dpdk-testpmd >/dev/null || missing="$missing dpdk-dev"
if [ -n "$missing" ]; then
	echo "installing$missing" >&2
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086 # a list of words
	{ apt-get update -q -q && apt-get install -q -q -y --no-install-recommends $missing; } \
		</dev/null >/dev/null || echo "bench: goes on without$missing" >&2
fi

# /run of its own: testpmd keeps files there, and so do we.
# shellcheck disable=SC2016 # expanded by the inner shell
exec unshare --net --mount --pid --fork --kill-child --mount-proc sh -c \
	'mount -t tmpfs tmpfs /run && exec /usr/bin/python3 -B "$@"' sh \
	"$here/${BENCH:-bench}.py" "$build" "$@"

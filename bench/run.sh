#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# [BENCH=caliper|card|control|reaction|receive|timing] run.sh BUILD [options of
# speed.py, caliper.py and so on]: sees to the generators we are compared with, then
# measures in namespaces of its own for network, mounts and processes: whatever way
# it ends, the kernel takes interfaces and senders away with it.
set -eu

build=$(realpath "$1")
shift
here=$(dirname "$(realpath "$0")")

if [ "$(id -u)" -ne 0 ]; then
	echo "bench: needs root, for namespaces and packet sockets" >&2
	exit 1
fi

missing=
# PROGRAM PACKAGE: a contender whose program is not there is left out of the tables.
needs() {
	command -v "$1" >/dev/null || missing="$missing $2"
}
needs tcpdump tcpdump
needs trafgen netsniff-ng
needs mausezahn netsniff-ng
needs dpdk-testpmd dpdk-dev
needs "${XDP_TRAFFICGEN:-xdp-trafficgen}" xdp-tools
needs tcpreplay tcpreplay
needs iperf3 iperf3
needs ITGSend d-itg
needs mgen mgen
if [ "${BENCH:-}" = card ]; then
	needs qemu-system-mips qemu-system-mips
	needs mips-linux-gnu-gcc gcc-mips-linux-gnu
fi
if [ "${BENCH:-}" = caliper ]; then
	missing= # nobody else is measured, and no packet leaves this process
	needs mips-linux-gnu-gcc gcc-mips-linux-gnu
	needs clang clang
	needs ld.lld lld
	needs llvm-objcopy llvm
fi
if [ -n "$missing" ]; then
	echo "installing$missing" >&2
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086 # a list of words
	{ apt-get update -q -q && apt-get install -q -q -y --no-install-recommends $missing; } \
		</dev/null >/dev/null || echo "bench: goes on without$missing" >&2
fi

# /run of its own: testpmd keeps files there, and so do we. The kernel's threads,
# whose time counts, are not in a namespace's /proc, hence the system's at /run/proc.
# shellcheck disable=SC2016 # expanded by the inner shell
exec unshare --net --mount sh -c \
	'mount -t tmpfs tmpfs /run && mkdir /run/proc && mount --rbind /proc /run/proc &&
	 exec unshare --pid --fork --kill-child --mount-proc /usr/bin/python3 -B "$@"' sh \
	"$here/${BENCH:-speed}.py" "$build" "$@"

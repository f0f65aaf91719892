#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# setup.sh build|test|bench: sees to the Debian packages that building, testing
# or measuring needs. Root gets what is missing installed; others get one line
# that says what to install. Nothing is done when nothing is missing.
set -eu

build="gcc libc6-dev meson ninja-build pkg-config libpcap-dev libjansson-dev libmnl-dev libbpf-dev
	libcmocka-dev libfuse3-dev libssl-dev libmicrohttpd-dev iproute2 util-linux
	clang bpftool libxdp-dev"
tests="libclang-rt-14-dev tshark python3 python3-scapy python3-jsonschema man-db
	shellcheck universal-ctags procps ethtool zsh xz-utils linux-source-6.1
	libdpdk-dev iputils-ping iputils-arping fping ndisc6 chromium python3-prometheus-client
	iperf3 csmith gcc-mips-linux-gnu gdb-multiarch libcsmith-dev lld llvm make srecord"
bench="python3 tcpdump ethtool iperf3"

case "${1:-}" in
build) packages=$build ;;
test) packages="$build $tests" ;;
bench) packages="$build $bench" ;;
*)
	echo "usage: setup.sh build|test|bench" >&2
	exit 2
	;;
esac

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = "ii " ]
}

missing=
for package in $packages; do
	is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "missing packages:$missing; install them with:" \
		"apt-get install --no-install-recommends$missing" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
# -q -q: errors only. The lists are fetched once more if a package is not found
# in those at hand.
fetch() {
	# shellcheck disable=SC2086 # a list of words
	apt-get install -q -q -y --no-install-recommends -o Dpkg::Use-Pty=0 $missing </dev/null \
		>/dev/null
}

echo "installing$missing" >&2
fetch 2>/dev/null || { apt-get update -q -q </dev/null >/dev/null && fetch; } || {
	echo "could not install all of:$missing" >&2
	exit 1
}

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# pktgen's control files without its module: the way of all scripts written for
# the kernel. In a mount namespace of its own the directory is where they look.
#
#   examples/11-control-files.sh
set -eu
VERNIER=${VERNIER:-vernier}

# shellcheck disable=SC2016 # expanded by the inner shell
"$(dirname "$0")/../scripts/veth.sh" "$VERNIER" exec -- sh -c '
	cd /proc/net/pktgen
	echo add_device vn0@0 >kpktgend_0
	for command in "count 10000" "pkt_size 200" "ratep 20000" "dst 10.0.0.2" \
		"dst_mac 02:00:00:00:00:02" "flag UDPSRC_RND" "udp_src_max 1000"; do
		echo "$command" >vn0@0
	done
	echo start >pgctrl
	grep -A1 Result: vn0@0
'

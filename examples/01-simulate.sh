#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Ten packets, one a millisecond, on a virtual clock into a capture file: no
# root, no interface, the same bytes and times whenever it is run.
#
#   examples/01-simulate.sh && tshark -r simulated.pcap
set -eu
VERNIER=${VERNIER:-vernier}

"$VERNIER" send --sim --pcap simulated.pcap --count 10 --delay 1ms --pkt-size 64 \
	--dst-mac 02:00:00:00:00:02 --dst 10.0.0.2 --src-min 10.0.0.1

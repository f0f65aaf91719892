#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Two VLAN tags, a stack of MPLS labels, and IPv6, with UDP checksums. A label
# is its whole 32-bit entry in hex: label, class, bottom bit, ttl.
#
#   examples/06-tags-and-labels.sh && tshark -r tags.pcap
set -eu
VERNIER=${VERNIER:-vernier}

"$VERNIER" send --sim --pcap tags.pcap --count 5 --delay 10us --flag UDPCSUM \
	--dst-mac 02:00:00:00:00:02 \
	--stream qinq --dst 10.0.0.2 --src-min 10.0.0.1 --vlan-id 100 --vlan-p 3 --svlan-id 200 \
	--stream mpls --dst 10.0.0.2 --src-min 10.0.0.1 --mpls 00010040,00020040,00030040 \
	--stream ipv6 --dst6 fd00::2 --src6 fd00::1 --traffic-class b8

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Three streams with different packets and rates at once. Options before the
# first --stream hold for all; each stream has a UDP destination port of its
# own, by which the receiver tells them apart.
#
#   examples/03-many-streams.sh
set -eu
VERNIER=${VERNIER:-vernier}

"$(dirname "$0")/../scripts/veth.sh" "$VERNIER" send vn0 --rx vn1 --time 3s \
	--dst-mac 02:00:00:00:00:02 --dst 10.0.0.2 --src-min 10.0.0.1 \
	--stream voice --pkt-size 214 --delay 20ms --tos b8 \
	--udp-dst-min 5004 --udp-dst-max 5004 \
	--stream video --pkt-size 1370 --rate 40M --udp-dst-min 5006 --udp-dst-max 5006 \
	--stream bulk --pkt-size 1514 --ratep 5k --udp-dst-min 5008 --udp-dst-max 5008

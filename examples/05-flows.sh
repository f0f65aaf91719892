#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Flows: 100 destinations at a time, ten packets to each before the next, and
# a random source port for every packet.
#
#   examples/05-flows.sh && tshark -r flows.pcap -q -z endpoints,ip
set -eu
VERNIER=${VERNIER:-vernier}

"$VERNIER" send --sim --pcap flows.pcap --count 5000 --ratep 100k --seed 1 \
	--dst-mac 02:00:00:00:00:02 --src-min 10.0.0.1 \
	--dst-min 10.1.0.1 --dst-max 10.1.255.254 --flows 100 --flowlen 10 --flag FLOW_SEQ \
	--udp-src-min 1024 --udp-src-max 65535 --flag UDPSRC_RND

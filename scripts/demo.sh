#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# demo.sh: five seconds of five streams at once over a veth pair in a network
# namespace of their own, sent and received by one process. The exit status is
# 0 only if everything that was sent has been received.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
out=demo-out

scripts/build.sh "$build"
mkdir -p "$out"
rm -f "$out/demo.pcap" "$out/demo.json"

status=0
scripts/veth.sh "$build/cmd/vernier/vernier" send vn0 --rx vn1 \
	--time 5s --count 0 --seed 1 --interval 500ms \
	--pcap "$out/demo.pcap" --pcap-max 100k --json "$out/demo.json" \
	--dst-mac 02:00:00:00:00:02 --dst 10.0.0.2 --src-min 10.0.0.1 \
	--stream sources --pkt-size 64 --ratep 40k --flag UDPCSUM \
	--src-max 10.255.255.254 --flag IPSRC_RND --udp-dst-min 9001 --udp-dst-max 9001 \
	--stream vlan --pkt-size 128 --ratep 20k --vlan-id 5 --vlan-p 3 \
	--udp-dst-min 9002 --udp-dst-max 9002 \
	--stream ipv6 --pkt-size 200 --ratep 20k --dst6 fd00::2 --src6 fd00::1 --flag UDPCSUM \
	--udp-dst-min 9003 --udp-dst-max 9003 \
	--stream imix --ratep 20k --imix-weights "64,7 576,4 1500,1" \
	--udp-dst-min 9004 --udp-dst-max 9004 \
	--stream paced --pkt-size 64 --ratep 10k --udp-dst-min 9005 --udp-dst-max 9005 || status=$?

[ ! -s "$out/demo.pcap" ] || echo "the first 100,000 packets are in $out/demo.pcap"
[ ! -s "$out/demo.json" ] || echo "every number, a line each half second, is in $out/demo.json"
exit "$status"

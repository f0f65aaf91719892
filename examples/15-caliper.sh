#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Gaps from a file, kept to the 8 ns cycle of a card: client, driver and simulated card
# in one process on virtual time. The file says 20, 50 and 12.304 us, again and again;
# the capture of what left has these and no others. No root, no interface; a program
# for the card, as building the rest has made it where there is a compiler.
#
#   examples/15-caliper.sh                        of the build in build/
#   examples/15-caliper.sh PATH/pktgen.elf 5000   another program; packets
set -eu
VERNIER=${VERNIER:-vernier}
top=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "${1:-$top/build/firmware/pktgen.elf}") count=${2:-1000}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

echo "20000 50000 12304" >gaps
"$VERNIER" caliper -N --cosim "$program" --pcap out.pcap -n "$count" -D gaps -l 1472 \
	-i 198.18.0.2 -m 02:00:00:00:00:02
echo "gaps on the wire, and how many of each:"
tshark -r out.pcap -T fields -e frame.time_delta 2>/dev/null | tail -n +2 | sort | uniq -c

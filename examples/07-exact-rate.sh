#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Rates are exact ratios: at 3,333,333 packets a second, packet 3,333,333 leaves
# one second after packet 0, to the nanosecond. The last line shows when.
#
#   examples/07-exact-rate.sh
set -eu
VERNIER=${VERNIER:-vernier}

"$VERNIER" send --sim --pcap rate.pcap --count 3333334 --ratep 3333333 --pkt-size 60 \
	--dst-mac 02:00:00:00:00:02 --dst 10.0.0.2 --src-min 10.0.0.1
tail -c 76 rate.pcap | od -A n -t u4 -N 8 | while read -r seconds nanoseconds; do
	echo "the last packet leaves at $seconds s $nanoseconds ns of the capture's clock"
done
rm -f rate.pcap

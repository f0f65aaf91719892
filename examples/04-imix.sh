#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A mix of sizes: 7 packets of 64 bytes to 4 of 576 and 1 of 1500, drawn at
# random. The seed is said at the end; the same seed draws the same sizes.
#
#   examples/04-imix.sh
set -eu
VERNIER=${VERNIER:-vernier}

"$(dirname "$0")/../scripts/veth.sh" "$VERNIER" send vn0 --rx vn1 --count 30k --ratep 10k \
	--imix-weights "64,7 576,4 1500,1" \
	--dst-mac 02:00:00:00:00:02 --dst 10.0.0.2 --src-min 10.0.0.1

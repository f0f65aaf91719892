#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# One stream over a virtual cable, received by the same process, which accounts
# for every packet. scripts/veth.sh makes the cable in a namespace of its own.
#
#   examples/02-send-and-receive.sh
set -eu
VERNIER=${VERNIER:-vernier}

"$(dirname "$0")/../scripts/veth.sh" "$VERNIER" send vn0 --rx vn1 --count 50k --ratep 20k \
	--dst-mac 02:00:00:00:00:02 --dst 10.0.0.2 --src-min 10.0.0.1

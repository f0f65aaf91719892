#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A sender and a receiver that do not know of each other, as on two hosts: the
# receiver takes loss, order and gaps from the packets alone. On real hosts run
# the two commands on one each, with their interfaces for vn0 and vn1.
#
#   examples/09-two-hosts.sh
set -eu
VERNIER=${VERNIER:-vernier}

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# shellcheck disable=SC2016 # the inner shell's variables
"$(dirname "$0")/../scripts/veth.sh" sh -eu -c '
	"$1" recv vn1 --count 10k --time 30s 2>"$2" &
	# Ready when it says so.
	until grep -q receiving "$2"; do sleep 0.05; done
	"$1" send vn0 --count 10k --ratep 5k --quiet \
		--dst-mac 02:00:00:00:00:02 --dst 10.0.0.2 --src-min 10.0.0.1
	wait
' sh "$VERNIER" "$log"

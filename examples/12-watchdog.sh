#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# When does a network card's transmit time-out strike? Six devices that differ
# in how they complete packets, a delay of nine seconds in front of some, and a
# watchdog of five: on a virtual clock, so that minutes take no time. The
# watchdog looks at stopped queues only; a delay alone stops none.
#
#   examples/12-watchdog.sh         all scenarios
#   examples/12-watchdog.sh B C     these
set -eu
VERNIER=${VERNIER:-vernier}

# scenario WHAT DEVICE [OPTIONS]: what was sent, arrived and timed out.
scenario() {
	what=$1 device=$2
	shift 2
	echo "$what"
	"$VERNIER" send "$device" --driver sim --sim "$@" 2>&1 |
		grep -E '^(sent|device:|NETDEV|[^ ]*.*WATCHDOG)' | sed 's/^/  /' || true
}

[ $# -gt 0 ] || set -- A B C D E F
for which; do
	case $which in
	A) scenario "A: completes by itself, 9 s of delay: no time-out, all arrive" \
		"ring=16,qdisc=netem delay 9s" --xmit-mode queue_xmit --count 100 --ratep 10 ;;
	B) scenario "B: never completes: a time-out every 5 to 6 s, nothing leaves" \
		"mode=stuck,ring=4" --count 100 --ratep 10 --time 30s --settle 0 ;;
	C) scenario "C: cleans its ring only when it sends: each time-out lets 4 more go" \
		"mode=lazy,ring=4,link=1M" --count 20 --ratep 10k ;;
	D) scenario "D: 100 within 0.1 s into a netem with room for 10: 90 refused" \
		"qdisc=netem limit 10 delay 1s" --xmit-mode queue_xmit --count 0 --ratep 1k \
		--time 100ms ;;
	E) scenario "E: start_xmit passes the discipline by: no delay" \
		"qdisc=netem delay 9s" --xmit-mode start_xmit --count 10 --ratep 10 ;;
	F) scenario "F: the device is set down with packets waiting: they are gone" \
		"qdisc=netem delay 9s,down=5s,up=6s" --xmit-mode queue_xmit --count 10 --ratep 10 ;;
	*)
		echo "usage: $0 [A] [B] [C] [D] [E] [F]" >&2
		exit 2
		;;
	esac
done

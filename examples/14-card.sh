#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A program for the soft processors of a network card, run on the simulated card:
# built, fed a thousand frames, and checked: each comes back, and a second run gives
# the same bytes. No root, no interface; a compiler for big-endian MIPS
# (gcc-mips-linux-gnu, or clang, lld and llvm).
#
#   examples/14-card.sh           bounce, which sends every frame back
#   examples/14-card.sh pipe 1    another program of firmware/, and the MAC it sends by
set -eu
VERNIER=${VERNIER:-vernier}
program=${1:-bounce} mac=${2:-0}
top=$(cd "$(dirname "$0")/.." && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
cp -r "$top/firmware" "$work"
cp -r "$top/src/wire" "$work/src"
make -s -C "$work/firmware/$program" clean
make -s -C "$work/firmware/$program" CONTEXT=sim
cd "$work"

"$VERNIER" send --sim --pcap in.pcap --count 1000 --ratep 100k --pkt-size 300 --quiet \
	--dst 198.18.0.2 --dst-mac 02:00:00:00:00:02

for run in one two; do
	"$VERNIER" card -pcapmac0 in.pcap "-outmac$mac" $run.pcap -stats $run.json \
		"firmware/$program/$program"
done
cmp one.pcap two.pcap
echo "both runs are the same"
"$VERNIER" recv --driver pcap one.pcap

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Streams from a file of pktgen commands: add_device begins a stream, the lines
# after it are what a script would write to its control file.
#
#   examples/08-command-file.sh
set -eu
VERNIER=${VERNIER:-vernier}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/streams" <<END
add_device vn0@0
count 20000
ratep 10000
pkt_size 60
dst_mac 02:00:00:00:00:02
dst_min 10.0.0.2
src_min 10.0.0.1
src_max 10.0.0.254
flag IPSRC_RND
udp_dst_min 9
udp_dst_max 9
END
"$(dirname "$0")/../scripts/veth.sh" "$VERNIER" send --file "$dir/streams" --rx vn1

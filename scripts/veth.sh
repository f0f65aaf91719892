#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# veth.sh COMMAND...: runs a command in a network namespace of its own that has
# a cable, vn0 - vn1, on which nobody else speaks. No link of this machine is
# touched, and the namespace goes with its last process, however that ends.
# Who is not root gets a user namespace as well.
set -eu

if [ "${1:-}" != --inside ]; then
	user=
	[ "$(id -u)" -eq 0 ] || user="--user --map-root-user"
	# shellcheck disable=SC2086 # nothing or two words
	unshare $user --net true 2>/dev/null || {
		echo "veth.sh: $(id -un) may not make a network namespace here; try as root" >&2
		exit 1
	}
	# shellcheck disable=SC2086
	exec unshare $user --net "$0" --inside "$@"
fi
shift

# No addresses, no IPv6, no ARP: the kernel itself sends nothing.
echo 1 2>/dev/null >/proc/sys/net/ipv6/conf/default/disable_ipv6 || true
ip link add vn0 address 02:00:00:00:00:01 type veth peer name vn1 address 02:00:00:00:00:02
for link in vn0 vn1; do
	ip link set "$link" addrgenmode none arp off up
done
exec "$@"

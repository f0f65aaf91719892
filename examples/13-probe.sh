#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What each driver could do with an interface, what keeps it from more, and what
# this machine offers; here of one end of a cable. Nothing is sent.
#
#   examples/13-probe.sh
set -eu
VERNIER=${VERNIER:-vernier}

"$(dirname "$0")/../scripts/veth.sh" "$VERNIER" probe vn0

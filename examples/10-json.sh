#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Numbers for programs: a JSON object a line while the run goes on, the last
# one final, all with the same keys (docs/run.schema.json).
#
#   examples/10-json.sh
set -eu
VERNIER=${VERNIER:-vernier}

"$(dirname "$0")/../scripts/veth.sh" "$VERNIER" send vn0 --rx vn1 --time 2s \
	--ratep 20k --interval 250ms --json - --quiet \
	--dst-mac 02:00:00:00:00:02 --dst 10.0.0.2 --src-min 10.0.0.1 |
	python3 -c '
import json, sys
for line in sys.stdin:
    run = json.loads(line)
    total = run["total"]
    print("%5.2f s  sent %s  received %s  lost %s  gap p99 %s ns" % (
        run["time_s"], total["sent"], total["received"], total["lost"], total["gap_p99_ns"]))
'

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Gaps of iperf3's own against those that the card makes of them: of each run the
frames are stamped where the host's stack hands them to nf2c0, and where they leave the
card. Prints a table a run, as in docs/caliper.md.

    bench/closedloop.py            # as root; VERNIER and VN_PKTGEN_ELF name another build
"""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../tests/integration"))
import harness  # noqa: E402
from closedloop import Loop, frames, iperf  # noqa: E402

EDGES_US = [0, 1, 10, 50, 100, 200, 300, 500, 1000]
RUNS = [  # what iperf3 is told, the policy's gap in ns, frames that count have so many bytes
    ("UDP, 50 Mb/s in datagrams of 1470 bytes", ("-u", "-b", "50M", "-l", "1470", "-t", "5"),
     250_000, 1000),
    ("TCP, as fast as it can", ("-t", "5"), 200_000, 1000),
]


def gaps(times):
    return [b - a for a, b in zip(times, times[1:])]


def bin_of(gap_ns, wanted_ns):
    """A line of the table: 0 is exactly what was wanted."""
    if gap_ns == wanted_ns:
        return 0
    return 1 + max(i for i, edge in enumerate(EDGES_US) if gap_ns >= edge * 1000)


def names(wanted_ns):
    ranges = ["%d to %d us" % pair for pair in zip(EDGES_US, EDGES_US[1:])]
    return ["%d us, to the ns" % (wanted_ns // 1000)] + ranges + ["%d us and more" % EDGES_US[-1]]


def shares(found, wanted_ns):
    counts = [0] * (len(EDGES_US) + 1)
    for gap in found:
        counts[bin_of(gap, wanted_ns)] += 1
    return ["%6.2f %%" % (100 * n / len(found)) if n else "-" for n in counts]


def measure(what, words, gap_ns, least):
    with Loop("gap:%d" % gap_ns) as loop, harness.Tap("nf2c0", slots=65536) as tap:
        report = iperf(loop.peer, *words)
        own = [t for t, kind, frame in tap.take(1)
               if kind == tap.OUTGOING and len(frame) > least]
    paced = [t for t, frame in frames("out.pcap") if len(frame) > least]
    print("%s; %d frames, policy gap:%dus; iperf3: %.1f Mb/s\n" % (
        what, len(paced), gap_ns // 1000, report["end"]["sum_sent"]["bits_per_second"] / 1e6
        if "sum_sent" in report["end"] else report["end"]["sum"]["bits_per_second"] / 1e6))
    print("    %-20s %12s %12s" % ("gap", "iperf3's own", "on the wire"))
    for row in zip(names(gap_ns), shares(gaps(own), gap_ns), shares(gaps(paced), gap_ns)):
        print("    %-20s %12s %12s" % row)
    print(flush=True)


def main():
    """Each run in a process and a namespace of its own, as cases of a test are."""
    status = 0
    for run in RUNS:
        child = os.fork()
        if child == 0:
            with tempfile.TemporaryDirectory(prefix="vernier-closedloop-") as folder:
                os.chdir(folder)
                harness._enter_namespaces()
                measure(*run)
            sys.stdout.flush()
            os._exit(0)
        status |= os.waitpid(child, 0)[1]
    sys.exit(status != 0)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""K15 of docs/measures.md: frames of 1518 bytes at 1 Gb/s through client, driver and a
simulated card that follows the clock, counted on a TAP interface at its MAC. Tells the mean
rate there by the machine's clock against the plan's, and how far the card was behind.

    bench/realtime.py [SECONDS]    # as root; VERNIER and VN_PKTGEN_ELF name another build
"""
import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../tests/integration"))
import harness  # noqa: E402
from closedloop import Peer  # noqa: E402
from harness import sh, wait_until  # noqa: E402
from nf2 import Daemon, is_running  # noqa: E402

GAP_NS, PAYLOAD = 12304, 1472
NOBODY = "02:00:00:00:00:99"  # the stack that has the TAP interface does not look further


def received(peer):
    """Frames that the interface has received, ever; the time of the question."""
    with open("/proc/%d/net/dev" % peer.process.pid) as f:
        line = next(line for line in f if line.strip().startswith("wire:"))
    return time.monotonic(), int(line.split(":")[1].split()[1])


def give_cpus(daemon):
    """The card has a CPU of its own; driver and client take turns on the other one."""
    os.sched_setaffinity(daemon.card_pid(), {1})
    for pid in (0, daemon.process.pid):
        os.sched_setaffinity(pid, {0})


def measure(seconds):
    """(packets, rate between the first second and the last sample, what was received)"""
    count = int(seconds * 10**9 / GAP_NS)
    with Peer() as peer, \
            Daemon("--up", "--spin", behind=("-mac0", "wire", "-stats", "card.json")) as daemon:
        give_cpus(daemon)
        peer.take()
        wait_until(lambda: is_running("nf2c0"), "carrier")
        sh("ip", "addr", "add", "10.9.0.1/24", "dev", "nf2c0")
        before = received(peer)[1]
        client = subprocess.Popen(
            [harness.VERNIER, "caliper", "-N", "-n", str(count), "-d", str(GAP_NS), "-l",
             str(PAYLOAD), "-i", "10.9.0.2", "-m", NOBODY, "--stats", "sent.json", "--quiet"],
            stdin=subprocess.DEVNULL)
        samples = []
        while client.poll() is None:
            time.sleep(0.2)
            samples.append(received(peer))
        under_way = [s for s in samples if s[1] < before + count][5:]
        (t1, n1), (t2, n2) = under_way[0], under_way[-1]
        return count, (n2 - n1) / (t2 - t1), received(peer)[1] - before


def tell(count, pps, got):
    with open("sent.json") as f:
        sent = json.load(f)
    with open("card.json") as f:
        real = json.load(f)["real_time"]
    planned = 10**9 / GAP_NS
    for name, rate in (("by the card's clock", sent["pps"]), ("by the machine's", pps)):
        print("%-20s %.1f packets/s, %+.3f %% of the plan" % (
            name, rate, 100 * (rate / planned - 1)))
    print("packets: %d, frames received %d; late %d, at most %d us" % (
        count, got, sent["late"], sent["late_max_ns"] // 1000))
    print("the card was behind by at most %.2f ms, for %.2f s in all" % (
        real["lag_max_ns"] / 1e6, real["lag_total_ns"] / 1e9))


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    with tempfile.TemporaryDirectory(prefix="vernier-realtime-") as folder:
        os.chdir(folder)
        harness._enter_namespaces()
        tell(*measure(seconds))


if __name__ == "__main__":
    main()

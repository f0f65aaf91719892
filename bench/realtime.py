#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""K15 of docs/measures.md: frames of 1518 bytes at 1 Gb/s through client, driver and a
simulated card that follows the clock, received on a TAP interface at its MAC. Tells the mean
rate by the receiver's clock against the plan's, and how far the card was behind.

    bench/realtime.py [SECONDS]    # as root; VERNIER and VN_PKTGEN_ELF name another build
"""
import json
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../tests/integration"))
import harness  # noqa: E402
from closedloop import PEER_MAC, Peer  # noqa: E402
from harness import sh, wait_until  # noqa: E402
from nf2 import Daemon, is_running  # noqa: E402

GAP_NS, PAYLOAD = 12304, 1472


def measure(seconds):
    count = int(seconds * 10**9 / GAP_NS)
    with Peer() as peer, Daemon("--up", behind=("-mac0", "wire", "-stats", "card.json")):
        peer.take()
        wait_until(lambda: is_running("nf2c0"), "carrier")
        sh("ip", "addr", "add", "10.9.0.1/24", "dev", "nf2c0")
        receiver = subprocess.Popen(
            peer.words(harness.VERNIER, "recv", "wire", "--filter", "udp", "--quiet", "--json",
                       "run.json", "--ring", "64MiB"), stdin=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists("run.json"), "the receiver")
        sh(harness.VERNIER, "caliper", "-N", "-n", str(count), "-d", str(GAP_NS), "-l",
           str(PAYLOAD), "--stamp", "-i", "10.9.0.2", "-m", PEER_MAC, "--stats", "sent.json",
           "--quiet")
        receiver.send_signal(signal.SIGINT)
        receiver.wait()
    return count


def tell(count):
    sent, card = json.load(open("sent.json")), json.load(open("card.json"))
    with open("run.json") as f:
        got = json.loads(f.read().splitlines()[-1])["total"]
    planned = 10**9 / GAP_NS
    for name, pps in (("by the card's clock", sent["pps"]), ("by the receiver's", got["rx_pps"])):
        print("%-20s %.1f packets/s, %+.3f %% of the plan" % (
            name, pps, 100 * (pps / planned - 1)))
    print("packets: %d, received %d, lost %d, reordered %d; late %d, at most %d us" % (
        count, got["received"], got["lost"], got["reordered"], sent["late"],
        sent["late_max_ns"] // 1000))
    real = card["real_time"]
    print("the card was behind by at most %.2f ms, for %.2f s in all" % (
        real["lag_max_ns"] / 1e6, real["lag_total_ns"] / 1e9))


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    with tempfile.TemporaryDirectory(prefix="vernier-realtime-") as folder:
        os.chdir(folder)
        harness._enter_namespaces()
        tell(measure(seconds))


if __name__ == "__main__":
    main()

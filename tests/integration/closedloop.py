#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Programs as they are, through nf2c0: TCP by Python and iperf3 to a peer in another
network namespace behind the card's MAC. What they carry arrives as it was, and leaves
when the policy says: never sooner, and to the ns of the card when enough waits."""
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys

from harness import Skip, case, equal, frames, holds, main, quiet_stack, sh, wait_until
from nf2 import Daemon, is_running

PEER, PEER_MAC, OUR_IP, PEER_IP = "peer", "02:00:00:00:00:02", "10.9.0.1", "10.9.0.2"
GAP_NS = 200_000
PREAMBLE_FCS_GAP = 24


class Peer:
    """A network namespace whose interface `wire` is MAC 0 of the card."""

    def __init__(self):
        quiet_stack()
        self.process = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        mine = os.stat("/proc/self/ns/net").st_ino
        wait_until(lambda: os.stat("/proc/%d/ns/net" % self.process.pid).st_ino != mine,
                   "the peer's namespace")
        # It is made here, where the card attaches to it, and keeps that when it moves.
        sh("ip", "tuntap", "add", "wire", "mode", "tap")
        sh("ip", "link", "set", "wire", "address", PEER_MAC, "addrgenmode", "none")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def take(self):
        """The card has its end: the other one goes to the peer."""
        sh("ip", "link", "set", "wire", "netns", str(self.process.pid))
        self.sh("ip", "addr", "add", PEER_IP + "/24", "dev", "wire")
        self.sh("ip", "link", "set", "wire", "up")

    def words(self, *words):
        return ["nsenter", "--net=/proc/%d/ns/net" % self.process.pid, *words]

    def sh(self, *words):
        return sh(*self.words(*words))


class Loop:
    """The daemon with this policy, its interface with an address, and the peer."""

    def __init__(self, policy):
        self.peer = Peer()
        self.daemon = Daemon("--policy", policy, "--up",
                             behind=("-mac0", "wire", "-outmac0", "out.pcap"))

    def __enter__(self):
        self.peer.take()
        wait_until(lambda: is_running("nf2c0"), "carrier")
        sh("ip", "addr", "add", OUR_IP + "/24", "dev", "nf2c0")
        return self

    def __exit__(self, kind, *rest):
        self.daemon.__exit__(kind, *rest)
        self.peer.__exit__()


RECEIVE = """
import hashlib, socket, sys
s = socket.create_server(("%s", 7))
print("listening", flush=True)
c, _ = s.accept()
h, n = hashlib.sha256(), 0
while True:
    data = c.recv(1 << 16)
    if not data:
        break
    h.update(data)
    n += len(data)
c.sendall(h.hexdigest().encode())
c.close()
""" % PEER_IP


def send_by_tcp(peer, data):
    """The peer's digest of what it received."""
    receiver = subprocess.Popen(peer.words(sys.executable, "-c", RECEIVE), text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    equal(receiver.stdout.readline(), "listening\n", "the peer")
    with socket.create_connection((PEER_IP, 7), timeout=60) as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        digest = b""
        while len(digest) < 64:
            part = s.recv(64)
            holds(part, "the peer says nothing more")
            digest += part
    equal(receiver.wait(timeout=30), 0, "status of the receiver")
    receiver.stdout.close()
    return digest.decode()


def departures():
    """[(time, frame)] of what left MAC 0."""
    return frames("out.pcap")


def line_ns(frame):
    """Time of a frame on a line of 1 Gb/s, all included; a frame has at least 60 bytes."""
    return 8 * (max(len(frame), 60) + PREAMBLE_FCS_GAP)


def gaps():
    times = [t for t, _ in departures()]
    return [b - a for a, b in zip(times, times[1:])]


def iperf(peer, *words):
    """A run of iperf3 to the peer; its report."""
    if not shutil.which("iperf3"):
        raise Skip("no iperf3 (Debian package iperf3)")
    server = subprocess.Popen(peer.words("iperf3", "-s", "-1", "--forceflush"), text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    while "listening" not in server.stdout.readline():
        equal(server.poll(), None, "status of the server")
    report = json.loads(sh("iperf3", "-c", PEER_IP, "-J", *words, timeout=80))
    server.communicate(timeout=30)
    equal(server.returncode, 0, "status of the server")
    return report


@case
def tcp_at_a_fixed_gap():
    """2 MB of TCP arrive as they were; no gap is shorter than the policy's, most are it"""
    data = os.urandom(2_000_000)
    with Loop("gap:%d" % GAP_NS) as loop:
        equal(send_by_tcp(loop.peer, data), hashlib.sha256(data).hexdigest(), "digest")
    found = gaps()
    holds(len(found) > len(data) // 1514, "only %d frames left" % len(found))
    holds(min(found) >= GAP_NS, "a gap of %d ns" % min(found))
    exact = found.count(GAP_NS)
    print("%d of %d gaps are %d ns" % (exact, len(found), GAP_NS))
    holds(exact > 100, "only %d gaps of %d are exact" % (exact, len(found)))
    equal(loop.daemon.counters["errors"], 0, "errors")


@case
def tcp_as_soon_as_possible():
    """both ways: a file goes there, and its digest comes back"""
    data = os.urandom(4_000_000)
    with Loop("asap") as loop:
        equal(send_by_tcp(loop.peer, data), hashlib.sha256(data).hexdigest(), "digest")
    counters = loop.daemon.counters
    holds(counters["delivered"] > 100, "%d frames came back" % counters["delivered"])
    equal(counters["errors"], 0, "errors")


@case
def iperf3_by_udp_at_a_rate():
    """every datagram leaves by the rate of the policy, however iperf3 sends them"""
    with Loop("rate:50M") as loop:
        report = iperf(loop.peer, "-u", "-b", "100M", "-l", "1000", "-n", "2M")
    sent = [(t, f) for t, f in departures() if len(f) == 1042]
    holds(len(sent) > 1000, "%d datagrams left" % len(sent))
    # A share of 1/20: the gap behind a frame is 20 times its time on the line.
    least = min(b[0] - a[0] - 20 * line_ns(a[1]) for a, b in zip(sent, sent[1:]))
    holds(least >= -8, "a gap is %d ns too short" % -least)
    exact = sum(abs(b[0] - a[0] - 20 * line_ns(a[1])) <= 8 for a, b in zip(sent, sent[1:]))
    print("%d of %d gaps are exact; iperf3: %s" % (
        exact, len(sent) - 1, report["end"]["sum"]["packets"]))
    holds(exact > 500, "only %d gaps are exact" % exact)


@case
def iperf3_by_tcp_at_gaps_of_a_list():
    """the gaps of a file, one after the other and again"""
    wanted = [150_000, 250_000, 200_000]
    with open("gaps.txt", "w") as f:
        f.write("\n".join(map(str, wanted)))
    with Loop("list:gaps.txt") as loop:
        report = iperf(loop.peer, "-n", "2M")
    holds(report["end"]["sum_sent"]["bytes"] >= 2_000_000, "bytes: %s" % report["end"]["sum_sent"])
    found = gaps()
    holds(min(found) >= min(wanted), "a gap of %d ns" % min(found))
    runs = sum(1 for i in range(len(found) - 2) if sorted(found[i:i + 3]) == sorted(wanted))
    print("%d of %d runs of three gaps are those of the list" % (runs, len(found) - 2))
    holds(runs > 100, "only %d runs of three gaps are those of the list" % runs)


if __name__ == "__main__":
    main()

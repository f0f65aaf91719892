#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Sends for a long time at full rate, with starts, stops and a link that goes
down and comes up again, and looks after every run: did as many packets arrive as
the device file says were sent, and has the server grown? Started by run.sh,
inside namespaces that vanish with it. Status 1 when something was not exact.

A run ends in one of three ways, in turn: by its count, by stop, by the link. What
waits at the other end of the cable when that goes down is lost there; a veth has
room for 256 packets.
"""
import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time

from lab import FILES, TREE, put, text_of

DEVICE, PEER = "bench0", "bench1"
CPU = 0
CABLE_ROOM = 256
LIMIT_S = 300           # for anything that should be over long before
GROWTH_KIB = 1024       # of the server, from the end of the first tenth on


def sh(*words):
    return subprocess.run(words, check=True, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True).stdout


def until(condition, what):
    end = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end:
            sys.exit("soak: waited %d s in vain for %s" % (LIMIT_S, what))
        time.sleep(0.01)


def facts(link):
    return json.loads(sh("ip", "-j", "-s", "link", "show", link))[0]


def arrived():
    return facts(PEER)["stats64"]["rx"]["packets"]


def is_up():
    return all("LOWER_UP" in facts(link)["flags"] for link in (DEVICE, PEER))


def counters():
    """Packets and errors by the device file."""
    words = text_of(DEVICE).split("pkts-sofar: ", 1)[1].split()
    return int(words[0]), int(words[2])


def is_running():
    return DEVICE in text_of("kpktgend_%d" % CPU).split("Stopped:")[0]


class Server:
    def __init__(self, program, driver):
        self.process = subprocess.Popen(
            [program, "serve", "--mount", TREE, "--cpus", str(CPU), "--device",
             "%s=%s:%s" % (DEVICE, driver, DEVICE)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        until(lambda: os.path.exists(os.path.join(FILES, "pgctrl")), "the control files")

    def size(self):
        """Resident KiB, open files, threads."""
        base = "/proc/%d/" % self.process.pid
        with open(base + "status") as f:
            status = dict(line.split(":", 1) for line in f if ":" in line)
        return (int(status["VmRSS"].split()[0]), len(os.listdir(base + "fd")),
                int(status["Threads"]))

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(LIMIT_S)


def start():
    return subprocess.Popen(["/bin/sh", "-c", 'echo start > "$0"', os.path.join(FILES, "pgctrl")],
                            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run_once(how, rng):
    """One run. Returns packets sent, errors, and what is wrong with them or None."""
    before = arrived()
    count = rng.randrange(1, 3000000) if how == "count" else 0
    put(DEVICE, "count %d" % count)
    starter = start()
    if how != "count":
        until(lambda: arrived() > before, "the first packet")
        time.sleep(rng.uniform(0.2, 2))
    if how == "stop":
        put("pgctrl", "stop")
    elif how == "link":
        sh("ip", "link", "set", PEER, "down")
    starter.wait(LIMIT_S)
    until(lambda: not is_running(), "the end of the run")
    if how == "link":
        sh("ip", "link", "set", PEER, "up")
        until(is_up, "the link")
    sent, errors = counters()
    lost = sent - (arrived() - before)
    if lost and not (how == "link" and 0 < lost <= CABLE_ROOM):
        return sent, errors, "%d sent, %d of them did not arrive" % (sent, lost)
    if count and sent != count:
        return sent, errors, "%d sent of %d" % (sent, count)
    return sent, errors, None


def soak(opts, driver):
    """Returns what was wrong, as lines."""
    server = Server(opts.program, driver)
    rng = random.Random(opts.seed)
    began = time.monotonic()
    runs = packets = errors = 0
    wrong, first, told = [], None, began
    put("kpktgend_%d" % CPU, "add_device " + DEVICE)
    for command in ("dst_mac 02:00:00:00:00:02", "dst_min 10.0.0.2", "src_min 10.0.0.1",
                    "src_max 10.200.0.1", "flag IPSRC_RND", "udp_src_min 1", "udp_src_max 65535",
                    "delay 0"):
        put(DEVICE, command)
    while time.monotonic() - began < opts.seconds:
        how = ("count", "stop", "link")[runs % 3]
        sent, refused, fault = run_once(how, rng)
        runs, packets, errors = runs + 1, packets + sent, errors + refused
        if fault:
            wrong.append("%s: run %d (%s): %s" % (driver, runs, how, fault))
        if first is None and time.monotonic() - began > opts.seconds / 10:
            first = server.size()
        if time.monotonic() - told > 30:
            told = time.monotonic()
            print("%s: %4.0f s, %d runs, %d packets, %d errors, %d KiB" % (
                driver, told - began, runs, packets, errors, server.size()[0]), flush=True)
    last = server.size()
    server.end()
    print("%s: %d runs in %.0f s, %d packets, %d errors; server %d -> %d KiB, %d -> %d files, "
          "%d -> %d threads" % (driver, runs, time.monotonic() - began, packets, errors,
                                first[0], last[0], first[1], last[1], first[2], last[2]))
    if last[0] - first[0] > GROWTH_KIB or last[1] > first[1] or last[2] > first[2]:
        wrong.append("%s: the server grew" % driver)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--seconds", type=float, default=600, help="for each driver")
    parser.add_argument("--drivers", default="xdp,afxdp,afpacket")
    parser.add_argument("--seed", type=int, default=1)
    opts = parser.parse_args()
    opts.program = os.path.join(opts.build, "cmd/vernier/vernier")
    there = {line.split()[0] for line in sh(opts.program, "drivers").splitlines()
             if line and not line.startswith(" ")}
    os.makedirs(TREE, exist_ok=True)
    sh("ip", "link", "add", DEVICE, "type", "veth", "peer", "name", PEER)
    for link in (DEVICE, PEER):
        sh("ip", "link", "set", link, "addrgenmode", "none", "arp", "off", "up")
    sh(os.path.join(opts.build, "bench/xdp_drop"), PEER)
    until(is_up, "the link")
    wrong = []
    for driver in opts.drivers.split(","):
        if driver in there:
            wrong += soak(opts, driver)
        else:
            print("%s: not built" % driver)
    print("\n".join(wrong) or "every packet accounted for")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures the control files: what a write costs, and what a reader takes from
a sender. Started by run.sh, inside namespaces that vanish with it.

A write is the shell's own `echo count N > FILE` in a loop of one process: open,
write and close. The same loop on a file in memory (tmpfs) is the floor; what
lies above it is the price of the control file. The reader opens and reads the
device's file so often a second while it sends at full speed into a veth; each
rate with a reader is compared with one without, in the same round.
"""
import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import time

from lab import FILES, TREE, WORK, on_cpus, put, sh, text_of, three

DEVICE, PEER = "bench0", "bench1"
READS_A_SECOND = (10, 100, 1000)
SERVER_CPUS, READER_CPU = "0", 1


class Server:
    def __init__(self, program):
        os.makedirs(TREE, exist_ok=True)
        sh("ip", "link", "add", DEVICE, "type", "veth", "peer", "name", PEER)
        for link in (DEVICE, PEER):
            sh("ip", "link", "set", link, "addrgenmode", "none", "arp", "off", "up")
        self.process = subprocess.Popen(
            [program, "serve", "--mount", TREE, "--cpus", SERVER_CPUS, "--device", "none0=null"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            preexec_fn=on_cpus(0, 1))
        if "serving" not in self.process.stdout.readline():
            sys.exit("bench: vernier serve did not start")

    def close(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        sh("ip", "link", "del", DEVICE)


def loop_us(path, n):
    """Time of one write, of n by one shell."""
    script = 'i=0; while [ $i -lt %d ]; do echo "count $i" > "$0"; i=$((i+1)); done' % n
    start = time.monotonic()
    sh("sh", "-c", script, path)
    return (time.monotonic() - start) / n * 1e6


def write_cost(opts):
    floor = os.path.join(WORK, "floor")
    contenders = {
        "file in tmpfs (floor)": floor,
        "device file, idle": os.path.join(FILES, "none0"),
        "device file, while it sends": os.path.join(FILES, DEVICE),
    }
    put("kpktgend_0", "add_device none0")
    put("kpktgend_0", "add_device " + DEVICE)
    put(DEVICE, "count 0")
    put(DEVICE, "delay 100000")
    found = {name: [] for name in contenders}
    for _ in range(opts.rounds):
        for name, path in contenders.items():
            starter = start_run() if path.endswith(DEVICE) else None
            # "count N" of the loop would end the run: N grows past what was sent
            found[name].append(loop_us(path, opts.writes))
            end_run(starter)
    put("pgctrl", "reset")
    return found


def start_run():
    starter = subprocess.Popen(["sh", "-c", 'echo start > "$0"', os.path.join(FILES, "pgctrl")])
    while "Running: " + DEVICE not in text_of("kpktgend_0"):
        pass
    return starter


def end_run(starter):
    if starter:
        put("pgctrl", "stop")
        starter.wait(10)


def rate_with_reader(opts, reads_a_second):
    put(DEVICE, "count 0")
    starter = start_run()
    begin, reads = time.monotonic(), 0
    while time.monotonic() - begin < opts.seconds:
        if reads_a_second:
            text_of(DEVICE)
            reads += 1
            time.sleep(max(0, begin + reads / reads_a_second - time.monotonic()))
        else:
            time.sleep(0.05)
    end_run(starter)
    result = text_of(DEVICE).split("Result: OK: ")[1]
    return int(result.split("pps")[0].split()[-1])


def reader_cost(opts):
    put("kpktgend_0", "add_device " + DEVICE)
    put(DEVICE, "dst_mac 02:00:00:00:00:02")
    found = {n: [] for n in READS_A_SECOND}
    rate_with_reader(opts, 0)
    for _ in range(opts.rounds):
        for n in READS_A_SECOND:
            without = rate_with_reader(opts, 0)
            found[n].append(rate_with_reader(opts, n) / without)
    put("pgctrl", "reset")
    return found


def main():
    p = argparse.ArgumentParser(prog="BENCH=control bench/run.sh", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build", help="build folder")
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--writes", type=int, default=3000, help="a loop")
    p.add_argument("--seconds", type=float, default=1, help="of each run with a reader")
    p.add_argument("--json", metavar="FILE", help="default: control.json in the build folder")
    opts = p.parse_args()
    os.sched_setaffinity(0, {READER_CPU})
    server = Server(os.path.join(opts.build, "cmd/vernier/vernier"))
    try:
        writes = write_cost(opts)
        readers = reader_cost(opts)
    finally:
        server.close()
    print("kernel=%s cpus=%d rounds=%d writes=%d seconds=%g" % (
        platform.release(), os.cpu_count(), opts.rounds, opts.writes, opts.seconds))
    print("\nA control write, us (minimum / median / maximum)")
    floor = statistics.median(next(iter(writes.values())))
    for name, values in writes.items():
        print("  %-30s%s  (%+.1f)" % (name, three(values, "%.1f"),
                                      statistics.median(values) - floor))
    print("\nRate of the sender with a reader / without one")
    for n, values in readers.items():
        print("  %4d reads a second             %s" % (n, three(values, "%.4f")))
    with open(opts.json or os.path.join(opts.build, "control.json"), "w") as f:
        json.dump({"write_us": writes, "rate_ratio": readers}, f, indent=1)


if __name__ == "__main__":
    main()

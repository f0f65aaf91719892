#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures receiving: vernier recv beside tcpdump, which writes to /dev/null,
and beside the least that a receiver can do (rx_count). Started by run.sh, inside
namespaces that vanish with it.

60-byte frames come in by two ways: over a veth from a sender on the other end,
every frame another one; and injected into the receive path (netif_receive) in
bursts of 64 equal ones, which is as fast as this machine can make them come. A
run lasts as long as the sender sends; what it sent and did not come is lost.
Since no sender here is as fast as a receiver, a third way shows its ceiling: it is
halted (SIGSTOP) while frames fill its ring, and then works them off in one go.
Every round runs every contender once, one after the other; a ratio is taken
within a round. Nothing is judged: the numbers are the result.
"""
import argparse
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time

from lab import Failed, cpu_model, cpu_seconds, last_line, on_cpus, output_of, sh, three

SENDER_CPU, RECEIVER_CPU = 0, 1
SENT_FROM, RECEIVED_ON = "bench0", "bench1"
FRAME = 60
RING_KIB = 65536   # of tcpdump: what vernier and rx_count have
HALTED_FRAMES = 300000 # fit into the ring
LIMIT_S = 15
DRAIN_S = 1.5      # for what lies in the ring: tcpdump gets a block after a second


def make_wire():
    with open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w") as f:
        f.write("1")
    sh("ip", "link", "add", SENT_FROM, "type", "veth", "peer", "name", RECEIVED_ON)
    for link in (SENT_FROM, RECEIVED_ON):
        sh("ip", "link", "set", link, "addrgenmode", "none", "arp", "off", "up")


def is_receiving():
    with open("/proc/net/packet") as f:
        return any(row.split()[3] == "0003" and row.split()[5] == "1"
                   for row in f.readlines()[1:])


def wait_for_socket(process):
    limit = time.monotonic() + LIMIT_S
    while not is_receiving():
        if process.poll() is not None or time.monotonic() > limit:
            raise Failed("does not receive")
        time.sleep(0.01)


def counts_of_vernier(out, _):
    report = json.loads(out.splitlines()[-1])["receiver"]
    return report["frames"], report["drops"]


def counts_of_tcpdump(_, said):
    return (int(re.search(r"(\d+) packets? captured", said).group(1)),
            int(re.search(r"(\d+) packets? dropped by kernel", said).group(1)))


def counts_of_counter(out, _):
    frames, drops, _ = map(int, out.split())
    return frames, drops


class Bench:
    def __init__(self, opts):
        self.opts = opts
        self.vernier = os.path.join(opts.build, "cmd/vernier/vernier")
        recv = [self.vernier, "recv", RECEIVED_ON, "--json", "-", "--quiet"]
        self.receivers = {
            "vernier recv": (recv, counts_of_vernier),
            "tcpdump -w /dev/null": (["tcpdump", "-n", "-p", "-Q", "in", "-i", RECEIVED_ON, "-w",
                                      "/dev/null", "-B", str(RING_KIB)], counts_of_tcpdump),
            "bare loop": ([os.path.join(opts.build, "bench/rx_count"), RECEIVED_ON],
                          counts_of_counter),
            "vernier recv --capture": ([*recv, "--capture", "/dev/null"], counts_of_vernier),
        }
        send = [self.vernier, "send", "--pkt-size", str(FRAME), "--dst", "10.0.0.2", "--dst-mac",
                "02:00:00:00:00:02", "--cpus", str(SENDER_CPU), "--json", "-", "--quiet"]
        timed = ["--count", "0", "--time", "%gs" % opts.seconds]
        # the sender, and whether the receiver is halted meanwhile
        self.senders = {
            "over veth": ([*send, SENT_FROM, *timed], False),
            "injected": ([*send, RECEIVED_ON, *timed, "--xmit-mode", "netif_receive", "--burst",
                          "64"], False),
            "in one go": ([*send, SENT_FROM, "--count", str(HALTED_FRAMES)], True),
        }

    def send(self, sender):
        """(frames that were sent, seconds that took)"""
        done = subprocess.run(sender, capture_output=True, text=True,
                              preexec_fn=on_cpus(SENDER_CPU), timeout=self.opts.seconds + LIMIT_S)
        if not done.stdout:
            raise Failed("sender: " + last_line(done.stderr))
        report = json.loads(done.stdout.splitlines()[-1])
        return report["total"]["sent"], report["time_s"]

    def run(self, sender, is_halted, argv, counts):
        receiver = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True, start_new_session=True,
                                    preexec_fn=on_cpus(RECEIVER_CPU))
        try:
            wait_for_socket(receiver)
            cpu = cpu_seconds(receiver.pid)
            if is_halted:
                receiver.send_signal(signal.SIGSTOP)
            sent, seconds = self.send(sender)
            receiver.send_signal(signal.SIGCONT)
            time.sleep(DRAIN_S)
            cpu = cpu_seconds(receiver.pid) - cpu
        finally:
            receiver.send_signal(signal.SIGINT)
            out, said = receiver.communicate(timeout=LIMIT_S)
        frames, drops = counts(out, said)
        if not frames:
            raise Failed("nothing came: " + last_line(said))
        return {"mpps": frames / seconds / 1e6, "offered_mpps": sent / seconds / 1e6,
                "lost_percent": (sent - frames) / sent * 100, "told_drops": drops,
                "cpu_ns": cpu / frames * 1e9}

    def measure(self, name):
        runs = {who: [] for who in self.receivers}
        for n in range(self.opts.rounds):
            for who, (argv, counts) in self.receivers.items():
                runs[who].append(self.run(*self.senders[name], argv, counts))
            if sys.stderr.isatty():
                print("\r%s: round %d" % (name, n + 1), end="", file=sys.stderr, flush=True)
        return runs


def print_case(name, runs):
    """A table as docs/performance.md has it."""
    first = next(iter(runs.values()))
    print("\n| %s | offered Mpps | received Mpps | lost %% | CPU ns a frame | "
          "Mpps a core | vernier / this, CPU |\n| --- | --- | --- | --- | --- | --- | --- |" % name)
    for who, results in runs.items():
        ratios = [a["cpu_ns"] / b["cpu_ns"] for a, b in zip(first, results)]
        print("| %s | %s | %s | %s | %s | %s | %s |" % (
            who, three([r["offered_mpps"] for r in results], "%.3f"),
            three([r["mpps"] for r in results], "%.3f"),
            three([r["lost_percent"] for r in results], "%.2f"),
            three([r["cpu_ns"] for r in results], "%.0f"),
            three([1e3 / r["cpu_ns"] for r in results], "%.1f"),
            "" if results is first else three(ratios, "%.2f")))
        untold = [r for r in results if r["lost_percent"] > 0 and not r["told_drops"]]
        if untold:
            print("  (in %d runs frames were lost of which the receiver knew nothing)" %
                  len(untold))
    sys.stdout.flush()


def main():
    p = argparse.ArgumentParser(prog="BENCH=receive bench/run.sh", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build", help="build folder")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=2, help="of each run")
    p.add_argument("--json", metavar="FILE", help="default: receive.json in the build folder")
    opts = p.parse_args()
    make_wire()
    bench = Bench(opts)
    print("cpu=%s cpus=%d kernel=%s load=%.2f tcpdump=%s frame_bytes=%d rounds=%d seconds=%g" % (
        cpu_model(), os.cpu_count(), platform.release(), os.getloadavg()[0],
        output_of("dpkg-query", "-W", "-f", "${Version}", "tcpdump"), FRAME, opts.rounds,
        opts.seconds))
    result = {}
    for name in bench.senders:
        result[name] = bench.measure(name)
        print_case(name, result[name])
    with open(opts.json or os.path.join(opts.build, "receive.json"), "w") as f:
        json.dump(result, f, indent=1)


if __name__ == "__main__":
    main()

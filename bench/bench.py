#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures vernier against other generators: how fast packets are built (null
devices) and how fast they leave through packet sockets (veth, counted by the
receiving interface). Started by run.sh, inside namespaces that vanish with it.

Every round runs every contender once, one after the other, so that what the
machine does besides hits them alike; a ratio is taken within a round. Nothing
is judged: the numbers are the result.
"""
import argparse
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import time

SENDER_CPU = 0
OTHER_CPU = 1      # ours, and that of testpmd's idle main thread
FRAME = 60         # bytes, without FCS
WARM_UP_S = 0.4    # after the first frame was seen
START_LIMIT_S = 15
WORK = "/run"      # run.sh made it a file system that ends with us
STOP_LIMIT_S = 5
IFACE, PEER = "bench0", "bench1"
SRC_MAC, DST_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
SRC_IP, DST_IP = "10.0.0.1", "10.0.0.2"

RANDOM = ["--src-min", "10.0.0.1", "--src-max", "10.255.255.254", "--flag", "IPSRC_RND",
          "--udp-src-min", "1", "--udp-src-max", "65535", "--flag", "UDPSRC_RND"]


class Failed(Exception):
    """A contender that could not be measured; the text says why."""


class Bench:
    def __init__(self, opts):
        self.opts = opts
        self.vernier = os.path.join(opts.build, "cmd/vernier/vernier")
        self.xdp_drop = os.path.join(opts.build, "bench/xdp_drop")
        self.log = os.path.join(WORK, "log")
        self.peer_holder = None
        self.n_killed = 0

    # --- processes -----------------------------------------------------------

    def settle(self):
        """Runs in the child."""
        os.sched_setaffinity(0, {SENDER_CPU, OTHER_CPU})
        if self.opts.realtime:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))

    def start(self, argv):
        with open(self.log, "wb") as log:
            return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    start_new_session=True, preexec_fn=self.settle)

    def said(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def stop(self, process):
        """Asks all of its processes: trafgen's first one may be starved by the
        one that sends. What does not listen (testpmd on a busy machine, once in
        a while) is killed and told of; its rate was complete before."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.n_killed += 1

    # --- the two ends of a wire ------------------------------------------------

    def make_wire(self, drops_early):
        """A new pair each time; the peer's namespace is held by a process."""
        self.remove_wire()
        self.peer_holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        peer = str(self.peer_holder.pid)
        self.wait_for_namespace(peer)
        in_peer = ["nsenter", "--net=/proc/%s/ns/net" % peer]
        for argv in (
                ["ip", "link", "add", IFACE, "address", SRC_MAC, "type", "veth",
                 "peer", "name", PEER, "address", DST_MAC, "netns", peer],
                ["ip", "link", "set", IFACE, "addrgenmode", "none", "up"],
                in_peer + ["ip", "link", "set", PEER, "addrgenmode", "none", "up"]):
            subprocess.run(argv, check=True)
        if drops_early:
            subprocess.run(in_peer + [self.xdp_drop, PEER], check=True)

    @staticmethod
    def wait_for_namespace(pid):
        ours = os.readlink("/proc/self/ns/net")
        limit = time.monotonic() + START_LIMIT_S
        while os.readlink("/proc/%s/ns/net" % pid) == ours:
            if time.monotonic() > limit:
                raise Failed("no network namespace for the peer")
            time.sleep(0.01)

    def remove_wire(self):
        if self.peer_holder:
            subprocess.run(["ip", "link", "del", IFACE], check=True)
            self.peer_holder.kill()
            self.peer_holder.wait()
            self.peer_holder = None

    def received(self):
        """(time, frames) of the receiving interface since it was made."""
        with open("/proc/%d/net/dev" % self.peer_holder.pid) as f:
            text = f.read()
        now = time.monotonic()
        return now, int(re.search(PEER + r":\s*\d+\s+(\d+)", text).group(1))

    def received_rate(self, argv):
        """What arrives while the sender runs, its start and end left out."""
        _, before = self.received()
        sender = self.start(argv)
        try:
            limit = time.monotonic() + START_LIMIT_S
            while self.received()[1] < before + 1000:
                if sender.poll() is not None:
                    raise Failed("ended at once: " + last_line(self.said()))
                if time.monotonic() > limit:
                    raise Failed("nothing arrived")
                time.sleep(0.02)
            time.sleep(WARM_UP_S)
            cpu = cpu_seconds(sender.pid)
            t0, n0 = self.received()
            time.sleep(self.opts.seconds)
            t1, n1 = self.received()
            cpu = cpu_seconds(sender.pid) - cpu
            if sender.poll() is not None:
                raise Failed("ended early: " + last_line(self.said()))
        finally:
            self.stop(sender)
        if n1 == n0:
            raise Failed("nothing arrived")
        return {"mpps": (n1 - n0) / (t1 - t0) / 1e6, "cpu_ns": cpu / (n1 - n0) * 1e9}

    # --- contenders -------------------------------------------------------------

    def vernier_send(self, *more):
        return [self.vernier, "send", *more, "--cpus", str(SENDER_CPU), "--count", "0",
                "--pkt-size", str(FRAME), "--dst", DST_IP, "--dst-mac", DST_MAC, "--quiet",
                "--src-mac", SRC_MAC, "--src-min", SRC_IP]

    def vernier_null(self, extra):
        argv = self.vernier_send("--driver", "null", "--time", "%gs" % self.opts.seconds,
                                 "--json", "-", *extra)
        out = subprocess.run(argv, capture_output=True, text=True,
                             preexec_fn=self.settle,
                             timeout=self.opts.seconds + STOP_LIMIT_S)
        if out.returncode:
            raise Failed(last_line(out.stderr))
        return {"mpps": json.loads(out.stdout.splitlines()[-1])["total"]["pps"] / 1e6}

    def testpmd(self, vdev, mode):
        return ["dpdk-testpmd", "--no-huge", "-m", "256", "--no-pci", "--no-telemetry",
                "--lcores", "0@%d,1@%d" % (OTHER_CPU, SENDER_CPU),
                "--file-prefix", "vernier-bench", "--vdev=" + vdev, "--",
                "--total-num-mbufs=4096", "--nb-cores=1", "--forward-mode=" + mode,
                "--txpkts=%d" % FRAME, "--stats-period=1", "--eth-peer=0," + DST_MAC,
                "--tx-ip=%s,%s" % (SRC_IP, DST_IP), "--tx-udp=9,9"]

    def testpmd_null(self, mode):
        """The generator's own rate, read every second; the first is its start."""
        tester = self.start(self.testpmd("net_null0,size=%d" % FRAME, mode))
        try:
            limit = time.monotonic() + START_LIMIT_S + self.opts.seconds
            rates = []
            while len(rates) < 1 + self.opts.seconds:
                if tester.poll() is not None or time.monotonic() > limit:
                    raise Failed(last_line(self.said()))
                time.sleep(0.1)
                rates = [r for r in map(int, re.findall(r"Tx-pps:\s+(\d+)", self.said())) if r]
        finally:
            self.stop(tester)
        return {"mpps": statistics.median(rates[1:]) / 1e6}

    def trafgen(self):
        packet = os.path.join(WORK, "packet.cfg")
        with open(packet, "w") as f:
            f.write(packet_text())
        # Not -t 0: asking for no gap makes it slower than asking for nothing.
        return ["taskset", "-c", str(SENDER_CPU), "trafgen", "--dev", IFACE, "--conf", packet,
                "--cpus", "1", "--notouch-irq", "--no-sock-mem"]

    def wire_contenders(self):
        """All send the same headers: the peer's stack drops on what it reads."""
        vernier = self.vernier_send(IFACE, "--driver", "afpacket")
        testpmd = "net_af_packet0,iface=%s,qdisc_bypass=1" % IFACE
        return {
            "vernier": lambda: self.received_rate(vernier),
            "trafgen": lambda: self.received_rate(self.trafgen()),
            "testpmd net_af_packet": lambda: self.received_rate(self.testpmd(testpmd, "txonly")),
        }

    def cases(self):
        """name, what to do first, contenders: the first is whom ratios are of."""
        yield ("build a constant packet", lambda: None, {
            "vernier": lambda: self.vernier_null([]),
            "testpmd txonly": lambda: self.testpmd_null("txonly"),
        })
        yield ("build, random source address and port", lambda: None, {
            "vernier": lambda: self.vernier_null(RANDOM),
            "testpmd flowgen": lambda: self.testpmd_null("flowgen"),
        })
        yield ("afpacket, peer drops in XDP", lambda: self.make_wire(True),
               self.wire_contenders())
        yield ("afpacket, peer's plain stack", lambda: self.make_wire(False),
               self.wire_contenders())

    # --- rounds -----------------------------------------------------------------

    def measure(self, name, prepare, contenders):
        prepare()
        runs = {who: [] for who in contenders}
        failures = {}
        self.n_killed = 0
        for n in range(self.opts.rounds):
            for who, run in contenders.items():
                if who in failures:
                    continue
                try:
                    runs[who].append(run())
                except (Failed, OSError, subprocess.SubprocessError) as e:
                    failures[who] = str(e)
            progress("%s: round %d of %d" % (name, n + 1, self.opts.rounds))
        progress("")
        self.remove_wire()
        return dict(summary(name, runs, failures), killed=self.n_killed)


def packet_text():
    """What vernier sends: Ethernet, IPv4, UDP 9 to 9, the rest zero."""
    mac = lambda m: ", ".join("0x" + b for b in m.split(":"))
    ip = lambda a: ", ".join(a.split("."))
    return ("{ %s, %s, 0x08, 0x00, 0x45, 0, c16(%d), 0, 0, 0, 0, 32, 17, csumip(14, 33), "
            "%s, %s, c16(9), c16(9), c16(%d), 0, 0, fill(0, %d) }\n" % (
                mac(DST_MAC), mac(SRC_MAC), FRAME - 14, ip(SRC_IP), ip(DST_IP), FRAME - 34,
                FRAME - 42))


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no word why"


def progress(text):
    if sys.stderr.isatty():
        print("\r\033[K" + text, end="", file=sys.stderr, flush=True)


def cpu_seconds(session):
    """Time on a CPU of all threads of a session, the kernel's work for them
    (sending, and receiving at the peer as far as it is done in one go) with it."""
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getsid(int(pid)) != session:
                continue
            for thread in os.listdir("/proc/%s/task" % pid):
                with open("/proc/%s/task/%s/schedstat" % (pid, thread)) as f:
                    total += int(f.read().split()[0])
        except OSError:
            pass  # it ended meanwhile
    return total / 1e9


def spread(values):
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def summary(name, runs, failures):
    """Rates, CPU time, and the first contender's rate over each other one's."""
    first = next(iter(runs.values()))
    rows = []
    for who, results in runs.items():
        row = {"who": who, "runs": results}
        if who in failures:
            row["failure"] = failures[who]
        for key in results[0] if results else ():
            row[key] = spread([r[key] for r in results])
        ratios = [a["mpps"] / b["mpps"] for a, b in zip(first, results)]
        if results is not first and ratios:
            row["ratio"] = spread(ratios)
        rows.append(row)
    return {"case": name, "rows": rows}


def column(spread_or_none, form):
    if not spread_or_none:
        return "%24s" % "-"
    return "%24s" % " ".join(form % spread_or_none[k] for k in ("min", "median", "max"))


def print_case(case):
    print("\n%s\n  %-22s%24s%24s%24s" % (case["case"], "min, median, max", "Mpps",
                                         "vernier / this", "CPU ns a frame"))
    for row in case["rows"]:
        print("  %-22s%s%s%s" % (row["who"], column(row.get("mpps"), "%.3f"),
                                 column(row.get("ratio"), "%.2f"),
                                 column(row.get("cpu_ns"), "%.0f")))
        if "failure" in row:
            print("    after %d rounds: %s" % (len(row["runs"]), row["failure"]))
    if case["killed"]:
        print("    senders that did not stop when asked: %d" % case["killed"])
    sys.stdout.flush()


def output_of(*argv):
    try:
        out = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        return out.splitlines()[0] if out else "-"
    except (OSError, subprocess.CalledProcessError):
        return "-"


def cpu_model():
    with open("/proc/cpuinfo") as f:
        found = re.search(r"model name\s*:\s*(.*)", f.read())
    return found.group(1) if found else platform.machine()


def settings(bench):
    opts = bench.opts
    return {
        "cpu": cpu_model(), "cpus": os.cpu_count(), "kernel": platform.release(),
        "load_at_start": os.getloadavg()[0],
        "vernier": output_of(bench.vernier, "--version"),
        "netsniff-ng": output_of("dpkg-query", "-W", "-f", "${Version}", "netsniff-ng"),
        "dpdk": output_of("dpkg-query", "-W", "-f", "${Version}", "dpdk-dev"),
        "frame_bytes": FRAME, "sender_cpu": SENDER_CPU,
        "scheduling": "SCHED_FIFO 1" if opts.realtime else "as started",
        "rounds": opts.rounds, "seconds_a_run": opts.seconds,
    }


def options():
    p = argparse.ArgumentParser(prog="bench/run.sh", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build", help="build folder")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=int, default=2, help="of each run")
    p.add_argument("--only", default="", metavar="WORD", help="cases whose name has this in it")
    p.add_argument("--json", metavar="FILE", help="default: bench.json in the build folder")
    p.add_argument("--realtime", action="store_true",
                   help="senders in class SCHED_FIFO: for a machine that has other work, "
                        "and CPUs to spare for what then starves on theirs")
    opts = p.parse_args()
    if opts.rounds < 1 or opts.seconds < 1:
        p.error("at least one round of at least one second")
    opts.json = opts.json or os.path.join(opts.build, "bench.json")
    return opts


def main():
    opts = options()
    os.sched_setaffinity(0, {OTHER_CPU})
    bench = Bench(opts)
    result = {"settings": settings(bench), "cases": []}
    try:
        for key, value in result["settings"].items():
            print("%s=%s" % (key, value))
        sys.stdout.flush()
        for case in bench.cases():
            if opts.only in case[0]:
                result["cases"].append(bench.measure(*case))
                print_case(result["cases"][-1])
    finally:
        bench.remove_wire()
    with open(opts.json, "w") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    print("\nJSON: " + opts.json)


if __name__ == "__main__":
    main()

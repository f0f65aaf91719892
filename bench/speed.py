#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures how fast vernier sends beside other generators and bare loops, counted
by the receiving interface of a veth pair, and how fast packets are built for a
device that takes everything. Started by run.sh, inside namespaces that vanish
with it.

Every round runs every contender once, one after the other, so that what the
machine does besides hits them alike; a ratio is taken within a round. Beside a
ratio stands what we want it to be. Nothing is judged: the numbers are the result.
A contender that is not there or does not run is told with its reason.
"""
import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field

from lab import (Failed, OTHER_CPU, SENDER_CPU, START_LIMIT_S, STOP_LIMIT_S, Program,
                 SoftIrqThreads, Wire, cpu_model, last_line, on_cpus, output_of,
                 package_version, spread)
from peers import CONSTANT, FRAME_BYTES, NEAR, RANDOM, UDP_HEADERS, Peers, program

OVERHEAD_S = 1.5     # of a run: programs start, warm up and end
PACED_PPS = 100000
SLACK = "1ms"        # how late a packet may be that need not be exact; iperf3's too
PACED_WITHIN = 0.02  # of it, else it is not the same rate
DISTURBED = 0.1      # of its time others were on a sender's CPU: no rate of the sender
CHECKED = [*RANDOM, "--flag", "UDPCSUM"]


@dataclass
class Ratio:
    """Ours over the best of the others, round by round; the goal is of the rate, or
    of CPU time where all send at the same rate."""
    text: str
    ours: str
    others: list
    goal: str
    at_equal_rate: bool = False


@dataclass
class Case:
    name: str
    contenders: dict           # name: what measures it once
    ratios: list = field(default_factory=list)
    is_extra: bool = False     # only with --all


class Speed:
    def __init__(self, opts):
        self.opts = opts
        self.peers = Peers(opts.build)
        self.softirq = {n: SoftIrqThreads([SENDER_CPU, OTHER_CPU][:n]) for n in (1, 2)}
        self.drivers = self.listed_drivers()
        self.wire = Wire(os.path.join(opts.build, "bench/xdp_drop"))

    def listed_drivers(self):
        """The first words of lines, up to the blank one in front of other text."""
        out = subprocess.run([self.peers.vernier, "drivers"], capture_output=True, text=True,
                             check=True).stdout
        return set(re.findall(r"^\S+", out.split("\n\n")[0], re.MULTILINE))

    # --- one run of a contender -------------------------------------------------

    def start(self, sender, n_cpus=1):
        if sender.driver and sender.driver not in self.drivers:
            raise Failed("driver %s is not built" % sender.driver)
        cpus = [SENDER_CPU, OTHER_CPU] if sender.binds_threads or n_cpus > 1 else [SENDER_CPU]
        return Program(sender.argv, self.settle(*cpus), "sender")

    def settle(self, *cpus):
        return on_cpus(*cpus, realtime=self.opts.realtime)

    def over_wire(self, sender, receiver, n_cpus=1):
        self.wire.make(receiver, n_cpus, has_addresses=sender.has_addresses)
        with self.wire.serving(sender):
            running = self.start(sender, n_cpus)
            try:
                return self.wire.rate(running, self.opts.seconds, self.softirq[n_cpus])
            finally:
                running.stop()

    def at_full_speed(self, sender, receiver, n_cpus=1):
        result = self.over_wire(sender, receiver, n_cpus)
        result["is_disturbed"] = result["waited"] > DISTURBED * n_cpus
        return result

    def paced(self, sender, receiver):
        result = self.over_wire(sender, receiver)
        pps = result["mpps"] * 1e6
        if abs(pps / PACED_PPS - 1) > PACED_WITHIN:
            raise Failed("sent %.1f kpps when asked for %g" % (pps / 1e3, PACED_PPS / 1e3))
        return result

    def vernier_null(self, *more, cpus=str(SENDER_CPU)):
        argv = self.peers.vernier_send("null", "--time", "%gs" % self.opts.seconds, "--json",
                                       "-", *more, cpus=cpus).argv
        out = subprocess.run(argv, capture_output=True, text=True,
                             preexec_fn=self.settle(SENDER_CPU, OTHER_CPU),
                             timeout=self.opts.seconds + STOP_LIMIT_S)
        if out.returncode:
            raise Failed(last_line(out.stderr))
        return {"mpps": json.loads(out.stdout.splitlines()[-1])["total"]["pps"] / 1e6}

    def testpmd_null(self, mode):
        """The generator's own rate, read every second; the first is its start."""
        tester = self.start(self.peers.testpmd("net_null0,size=%d" % FRAME_BYTES, mode))
        try:
            limit = time.monotonic() + START_LIMIT_S + self.opts.seconds
            rates = []
            while len(rates) < 1 + self.opts.seconds:
                tester.must_run()
                if time.monotonic() > limit:
                    raise Failed(last_line(tester.said()))
                time.sleep(0.1)
                rates = [r for r in map(int, re.findall(r"Tx-pps:\s+(\d+)", tester.said())) if r]
        finally:
            tester.stop()
        return {"mpps": statistics.median(rates[1:]) / 1e6}

    # --- what is compared ---------------------------------------------------------

    def null(self):
        return Case("null device", {
            "vernier null": self.vernier_null,
            "testpmd net_null, txonly": lambda: self.testpmd_null("txonly"),
            "vernier null, random": lambda: self.vernier_null(*RANDOM),
            "testpmd net_null, flowgen": lambda: self.testpmd_null("flowgen"),
        }, [
            Ratio("constant", "vernier null", ["testpmd net_null, txonly"], "above 1"),
            Ratio("random addresses and ports", "vernier null, random",
                  ["testpmd net_null, flowgen"], "3"),
        ])

    def live_frames(self):
        """Frames that the kernel builds for an XDP program."""
        p = self.peers
        return {
            "vernier xdp, constant": p.vernier_send("xdp", *CONSTANT),
            "vernier xdp, random, a stamp a batch": p.vernier_send(
                "xdp", *CHECKED, "--stamp-every", "64"),
            "vernier xdp, random, a stamp a packet": p.vernier_send(
                "xdp", *CHECKED, "--stamp-every", "1"),
            "xdp-trafficgen": p.xdp_trafficgen("udp"),
            "xdp-trafficgen, range of ports": p.xdp_trafficgen("udp", "--dyn-ports", "1000"),
            "bare live frames": p.bare("bare_live"),
        }

    def af_xdp(self):
        p = self.peers
        return {
            "vernier afxdp": p.vernier_send("afxdp"),
            "testpmd net_af_xdp": p.testpmd("net_af_xdp0,iface=" + NEAR),
            "xdp-trafficgen xsk-udp": p.xdp_trafficgen("xsk-udp", "--quiet"),
            "bare AF_XDP": p.bare("bare_xsk"),
        }

    def sockets(self):
        p = self.peers
        return {
            "vernier afpacket": p.vernier_send("afpacket"),
            "testpmd net_af_packet": p.testpmd(
                "net_af_packet0,iface=%s,qdisc_bypass=1" % NEAR),
            "trafgen": p.trafgen(),
            "tcpreplay": p.tcpreplay(),
            "mausezahn": p.mausezahn(),
            "iperf3": p.iperf3(),
            "bare sendto": p.bare("bare_send"),
        }

    def on_wire(self, senders, receiver):
        return {who: lambda s=s: self.at_full_speed(s, receiver) for who, s in senders.items()}

    def drop(self):
        senders = {**self.live_frames(), **self.af_xdp(), **self.sockets()}
        of_batch = "vernier xdp, random, a stamp a batch"
        return Case("peer drops in XDP", self.on_wire(senders, "drop"), [
            Ratio("xdp, constant", "vernier xdp, constant", ["xdp-trafficgen"], "1.5"),
            Ratio("xdp, random", of_batch, ["vernier xdp, constant"], "0.9"),
            Ratio("xdp, random", of_batch, ["xdp-trafficgen, range of ports"], "1.4"),
            Ratio("xdp, random, a stamp a packet", "vernier xdp, random, a stamp a packet",
                  ["xdp-trafficgen, range of ports"], "shown"),
            Ratio("xdp, constant", "vernier xdp, constant", ["bare live frames"], "shown"),
            *self.socket_ratios()])

    def socket_ratios(self):
        others = list(self.sockets())[1:]
        return [
            Ratio("afxdp", "vernier afxdp", ["testpmd net_af_xdp"], "1.1"),
            Ratio("afxdp", "vernier afxdp", ["xdp-trafficgen xsk-udp"], "shown"),
            Ratio("afxdp", "vernier afxdp", ["bare AF_XDP"], "shown"),
            Ratio("afxdp", "vernier afxdp", [o for o in others if not o.startswith("bare")],
                  "1.5"),
            *[Ratio("afpacket", "vernier afpacket", [other],
                    "at least 1" if other.startswith("bare") else "above 1")
              for other in others]]

    def stack(self):
        return Case("peer's plain stack",
                    self.on_wire({**self.af_xdp(), **self.sockets()}, "stack"),
                    self.socket_ratios(), is_extra=True)

    def polled_stack(self):
        """A veth takes XDP frames only from a peer that polls."""
        contenders = self.on_wire(self.live_frames(), "polled stack")
        return Case("peer's stack behind GRO", contenders, [
            Ratio("xdp, constant", "vernier xdp, constant", ["xdp-trafficgen"], "shown"),
            Ratio("xdp, constant", "vernier xdp, constant", ["bare live frames"], "shown"),
        ], is_extra=True)

    def equal_rate(self):
        p, rate = self.peers, str(PACED_PPS)
        ours = {"vernier %s%s" % (d, name): p.vernier_send(d, "--ratep", rate, *slack)
                for d in ("xdp", "afxdp", "afpacket")
                for name, slack in (("", []), (", slack", ["--slack", SLACK]))}
        payload_bits = (FRAME_BYTES - UDP_HEADERS) * 8
        others = {
            "trafgen": p.trafgen("--rate", rate + "pps"),
            "tcpreplay": p.tcpreplay("--pps", rate),
            "mausezahn": p.mausezahn("-d", str(1000000 // PACED_PPS)),
            "iperf3": p.iperf3(payload_bits * PACED_PPS),
        }
        return Case("equal rate, %g kpps" % (PACED_PPS / 1e3), {
            who: lambda s=s: self.paced(s, "drop") for who, s in {**ours, **others}.items()
        }, [Ratio("equal rate", who, [other], "above 1" if "slack" in who else "shown",
                  at_equal_rate=True) for who in ours for other in others])

    def two_workers(self):
        """One worker and two on the same wire, which has two queues. A stream is one
        worker's, hence a stream for each."""
        p = self.peers
        ours = {"vernier xdp, constant": ["xdp", *CONSTANT],
                "vernier afxdp": ["afxdp", "--flag", "QUEUE_MAP_CPU"],
                "vernier afpacket": ["afpacket"]}
        alone, both = (str(SENDER_CPU), []), ("%d,%d" % (SENDER_CPU, OTHER_CPU),
                                              ["--stream", "a", "--stream", "b"])
        pairs = {who: [p.vernier_send(*words, *streams, cpus=cpus)
                       for cpus, streams in (alone, both)] for who, words in ours.items()}
        pairs["xdp-trafficgen"] = [p.xdp_trafficgen("udp", "--threads", n) for n in "12"]
        pairs["trafgen"] = [p.trafgen(n_cpus=n) for n in (1, 2)]
        pairs["testpmd net_af_packet"] = [
            p.testpmd("net_af_packet0,iface=%s,qdisc_bypass=1,qpairs=%d" % (NEAR, n), n_queues=n)
            for n in (1, 2)]
        contenders = {"vernier null, 1": self.vernier_null,
                      "vernier null, 2": lambda: self.vernier_null(*both[1], cpus=both[0])}
        for who, senders in pairs.items():
            for n, sender in enumerate(senders, 1):
                contenders["%s, %d" % (who, n)] = (
                    lambda s=sender, n=n: self.at_full_speed(s, "drop", n))
        return Case("two workers", contenders, [
            Ratio("two workers", who + ", 2", [who + ", 1"],
                  "1.8" if who.startswith("vernier") else "shown")
            for who in ["vernier null", *pairs]], is_extra=True)

    def cases(self):
        """Those of the options, with the contenders of the options."""
        wanted = re.compile(self.opts.only)
        every = self.opts.all or self.opts.only
        for make in (self.null, self.drop, self.equal_rate, self.stack, self.polled_stack,
                     self.two_workers):
            case = make()
            case.contenders = {who: run for who, run in case.contenders.items()
                               if wanted.search("%s: %s" % (case.name, who))}
            if case.contenders and (every or not case.is_extra):
                yield case

    # --- rounds -------------------------------------------------------------------

    def measure(self, case):
        runs = {who: [] for who in case.contenders}
        failures, loads = {}, []
        for n in range(self.opts.rounds):
            loads.append(os.getloadavg()[0])
            for who, run in case.contenders.items():
                if who not in failures:
                    try:
                        runs[who].append(run())
                    except (Failed, OSError, subprocess.SubprocessError) as e:
                        failures[who] = str(e)
            print("%s: round %d of %d, load %.2f" % (case.name, n + 1, self.opts.rounds,
                                                     loads[-1]), file=sys.stderr, flush=True)
        self.wire.remove()
        return {"case": case.name, "load": loads,
                "rows": [row(who, runs[who], failures.get(who)) for who in runs],
                "ratios": [r for r in (ratio(r, runs) for r in case.ratios) if r]}


def undisturbed(run):
    return not run.get("is_disturbed", False)


def row(who, runs, failure):
    """CPU time of all runs; the rate of those that had their CPU to themselves."""
    result = {"who": who, "runs": runs, "n_counted": sum(map(undisturbed, runs))}
    if result["n_counted"]:
        result["mpps"] = spread([r["mpps"] for r in runs if undisturbed(r)])
    if runs and "cpu_ns" in runs[0]:
        result["cpu_ns"] = spread([r["cpu_ns"] for r in runs])
    if failure:
        result["failure"] = failure
    return result


def best(runs, key):
    return min(r[key] for r in runs) if key == "cpu_ns" else max(r[key] for r in runs)


def ratio(r, runs):
    """Over the best other one of each round, in which all had their CPU; rounds that
    somebody missed are left out, and so is who never ran. Beside it the same of CPU
    time, of all rounds, as gain: theirs over ours."""
    ours = runs.get(r.ours)
    others = [other for other in r.others if runs.get(other)]
    if not ours or not others:
        return None
    result = {"text": r.text, "ours": r.ours, "others": others, "goal": r.goal}
    rounds = list(zip(ours, *(runs[other] for other in others)))
    rates = [us["mpps"] / best(them, "mpps") for us, *them in rounds
             if all(map(undisturbed, [us, *them]))]
    if rates and not r.at_equal_rate:
        result["rate"] = dict(spread(rates), rounds=len(rates))
    if "cpu_ns" in ours[0]:
        result["cpu"] = spread([best(them, "cpu_ns") / us["cpu_ns"] for us, *them in rounds])
    return result


def spread_text(found, form):
    return " / ".join(form % found[k] for k in ("min", "median", "max")) if found else "-"


def print_rows(case):
    print("\n| %s | Mpps | CPU ns a frame |\n| --- | --- | --- |" % case["case"])
    for r in case["rows"]:
        if r["runs"]:
            print("| %s | %s | %s |" % (r["who"], spread_text(r.get("mpps"), "%.3f"),
                                        spread_text(r.get("cpu_ns"), "%.1f")))
    for r in case["rows"]:
        if "failure" in r:
            print("  left out%s: %s: %s" % (" after %d rounds" % len(r["runs"]) if r["runs"]
                                            else "", r["who"], r["failure"]))
    disturbed = sum(len(r["runs"]) - r["n_counted"] for r in case["rows"])
    if disturbed:
        print("  rates left out since the sender had to wait for its CPU: %d of %d" % (
            disturbed, sum(len(r["runs"]) for r in case["rows"])))


def print_ratios(case):
    if case["ratios"]:
        print("\n| ours / theirs | rate | rounds | theirs / ours, CPU time | wanted |\n"
              "| --- | --- | --- | --- | --- |")
    for r in case["ratios"]:
        who = r["others"][0] if len(r["others"]) == 1 else "best of " + ", ".join(r["others"])
        print("| %s: %s / %s | %s | %s | %s | %s |" % (
            r["text"], r["ours"], who, spread_text(r.get("rate"), "%.2f"),
            r["rate"]["rounds"] if "rate" in r else "-",
            spread_text(r.get("cpu"), "%.2f"), r["goal"]))


def print_case(case):
    """Tables as docs/performance.md has them."""
    print_rows(case)
    print_ratios(case)
    sys.stdout.flush()


def settings(speed):
    opts = speed.opts
    return {
        "cpu": cpu_model(), "cpus": os.cpu_count(), "kernel": platform.release(),
        "load_at_start": os.getloadavg()[0],
        "vernier": output_of(speed.peers.vernier, "--version"),
        "xdp-trafficgen": output_of(program("xdp-trafficgen"), "udp", "--version"),
        **{tool: package_version(package) for tool, package in (
            ("dpdk", "dpdk-dev"), ("netsniff-ng", "netsniff-ng"), ("tcpreplay", "tcpreplay"),
            ("iperf3", "iperf3"))},
        "frame_bytes": FRAME_BYTES, "sender_cpu": SENDER_CPU,
        "scheduling": "SCHED_FIFO 1" if opts.realtime else "as started",
        "rounds": opts.rounds, "seconds_a_run": opts.seconds,
    }


def options():
    p = argparse.ArgumentParser(prog="bench/run.sh", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build", help="build folder")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=int, default=2, help="of each run")
    p.add_argument("--all", action="store_true",
                   help="also the plain stack as receiver, and two workers")
    p.add_argument("--only", default="", metavar="PATTERN",
                   help="of all, those whose 'CASE: CONTENDER' has a match of this regular "
                        "expression")
    p.add_argument("--realtime", action="store_true",
                   help="senders in class SCHED_FIFO: for a machine that has other work, "
                        "and CPUs to spare for what then starves on theirs")
    p.add_argument("--json", metavar="FILE", help="default: speed.json in the build folder")
    opts = p.parse_args()
    if opts.rounds < 1 or opts.seconds < 1:
        p.error("at least one round of at least one second")
    try:
        re.compile(opts.only)
    except re.error as e:
        p.error("--only: no regular expression: %s: %s" % (opts.only, e))
    opts.json = opts.json or os.path.join(opts.build, "speed.json")
    return opts


def print_plan(speed, cases):
    n = sum(len(case.contenders) for case in cases)
    minutes = n * (speed.opts.seconds + OVERHEAD_S) * speed.opts.rounds / 60
    print("plan=%d contenders in %d cases, %d rounds, about %.0f minutes" % (
        n, len(cases), speed.opts.rounds, minutes), flush=True)


def main():
    opts = options()
    os.sched_setaffinity(0, {OTHER_CPU})
    speed = Speed(opts)
    try:
        result = {"settings": settings(speed), "cases": []}
        for key, value in result["settings"].items():
            print("%s=%s" % (key, value))
        cases = list(speed.cases())
        print_plan(speed, cases)
        for case in cases:
            result["cases"].append(speed.measure(case))
            print_case(result["cases"][-1])
    finally:
        speed.wire.close()
    with open(opts.json, "w") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    print("\nJSON: " + opts.json)


if __name__ == "__main__":
    main()

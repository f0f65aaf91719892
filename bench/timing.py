#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures how exactly generators keep to a rate: when each packet arrives at the far
end of a veth pair, where an XDP program reads the clock (rx_stamp.c), beside other
generators and a bare spin loop as the floor. Started by run.sh, inside namespaces
that vanish with it.

Every round runs every contender once, one after the other, so that what the
machine does besides hits them alike. A figure is that of the median round, with
the least and the greatest beside it where there is room. No round is left out: where
the sender had to wait for its CPU, or the machine below took it away, that is told
beside the figures. What we want of ours is told too, and whether it was so.
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

from lab import (FAR, Failed, OTHER_CPU, SENDER_CPU, START_LIMIT_S, Program, Wire, cpu_model,
                 last_line, on_cpus, output_of, package_version, stolen_s, three)
from peers import FRAME_BYTES, UDP_HEADERS, Peers, Sender, program

RATES = (1000, 10000, 100000, 500000)
OVERHEAD_S = 2        # of a run: programs start, warm up and end
DISTURBED = 0.001     # of the time without a CPU: 99.9 % of the packets cannot be right
SAME_RATE_PPM = 10000 # who is further from the rate asked for has another one
ERROR_PPM = 10        # wanted of our mean rate
ABOVE_FLOOR_NS = 100  # wanted of our median gap error
FLOOR = "bare spin loop"
WITHIN = ("64ns", "128ns", "256ns", "512ns", "1us", "10us", "100us")
KERNEL_OPTIONS = r"(?:isolcpus|nohz_full|rcu_nocbs|idle|mitigations|preempt|tsc)=\S+"
OURS = ("vernier xdp", "vernier afxdp", "vernier afpacket")
CALIPER = ("caliper packet", "caliper xdp") # `vernier nf2d -b`, and a client of it


class Timing:
    def __init__(self, opts):
        self.opts = opts
        self.peers = Peers(opts.build)
        self.rx_stamp = os.path.join(opts.build, "bench/rx_stamp")
        self.wire = Wire(os.path.join(opts.build, "bench/xdp_drop"))

    # --- who is compared ---------------------------------------------------------

    def contenders(self, pps):
        """Command lines with the options for pacing that their manuals have; a text
        says why there is none."""
        p, rate = self.peers, str(pps)
        bits = pps * (FRAME_BYTES - UDP_HEADERS) * 8
        every = {
            **{ours: p.vernier_send(ours.split()[1], "--ratep", rate) for ours in OURS},
            **{who: p.caliper(who.split()[1], pps) for who in CALIPER},
            FLOOR: Sender([*p.bare("bare_spin").argv, rate]),
            "trafgen --rate": p.trafgen("--rate", rate + "pps"),
            "trafgen --gap": p.trafgen("--gap", "%dns" % round(1e9 / pps)),
            "tcpreplay --pps": p.tcpreplay("--pps", rate),
            "iperf3": p.iperf3(bits, "--pacing-timer", "1"),
            "D-ITG -poll": p.d_itg(pps, "-poll"),
            "mgen precise": p.mgen(pps, "precise", "on"),
            "xdp-trafficgen udp": "it has no option for a rate or a gap",
            **self.in_whole_us(pps),
        }
        return {who: sender for who, sender in every.items()
                if re.search(self.opts.only, "%d: %s" % (pps, who))}

    def in_whole_us(self, pps):
        """Those that are told their gap, not a rate."""
        p, (us, rest) = self.peers, divmod(1000000, pps)
        if rest:
            return dict.fromkeys(("tcpreplay, times of a capture", "mausezahn -d",
                                  "xdp-trafficgen xsk-udp"), "its gaps are whole us")
        return {
            "tcpreplay, times of a capture": p.tcpreplay("--multiplier", "1", gap_us=us),
            "mausezahn -d": p.mausezahn("-d", str(us)),
            "xdp-trafficgen xsk-udp": p.xdp_trafficgen(
                "xsk-udp", "--quiet", "--tx-cycle-time", str(us), "--batch-size", "1"),
        }

    # --- one run of a contender ----------------------------------------------------

    def run(self, sender, pps, name):
        if isinstance(sender, str):
            raise Failed("cannot be paced: " + sender)
        self.wire.make("none", has_addresses=sender.has_addresses)
        stamps = [os.path.join(self.opts.stamps, name)] if self.opts.stamps else []
        receiver = Program([*self.wire.in_peer, self.rx_stamp, FAR, str(pps),
                            str(self.opts.seconds), *stamps], on_cpus(OTHER_CPU), "receiver")
        try:
            wait_for(lambda: "ready" in receiver.said(), START_LIMIT_S, receiver)
            with self.wire.serving(sender):
                return self.sent(sender, receiver)
        finally:
            receiver.stop()

    def sent(self, sender, receiver):
        """The receiver's figures, and what the sender did not get of its CPU."""
        cpus = [SENDER_CPU, OTHER_CPU] if sender.binds_threads else [SENDER_CPU]
        running = Program(sender.argv, on_cpus(*cpus, realtime=self.opts.realtime), "sender")
        try:
            wait_for(lambda: "started" in receiver.said(), START_LIMIT_S, running, receiver)
            before = lost_s(running)
            wait_for(lambda: "}" in receiver.said(), START_LIMIT_S + self.opts.seconds, running,
                     receiver)
            waited, stolen, ran = (b - a for a, b in zip(before, lost_s(running)))
        finally:
            running.stop()
        figures = json.loads(last_line(receiver.said()))
        return {**figures, "waited": waited / ran, "stolen": stolen / ran,
                "is_disturbed": waited + stolen > DISTURBED * ran}

    # --- rounds --------------------------------------------------------------------

    def measure(self, pps):
        contenders = self.contenders(pps)
        runs, failures, loads = {who: [] for who in contenders}, {}, []
        for n in range(self.opts.rounds):
            loads.append(os.getloadavg()[0])
            for who, sender in contenders.items():
                if who not in failures:
                    name = re.sub(r"\W+", "-", "%d %s %d" % (pps, who, n))
                    try:
                        runs[who].append(self.run(sender, pps, name))
                    except (Failed, OSError, subprocess.SubprocessError) as e:
                        failures[who] = str(e)
            print("%d pps: round %d of %d, load %.2f" % (pps, n + 1, self.opts.rounds,
                                                         loads[-1]), file=sys.stderr, flush=True)
        self.wire.remove()
        return {"pps": pps, "load": loads,
                "rows": [{"who": who, "runs": runs[who],
                          **({"argv": sender.argv} if isinstance(sender, Sender) else {}),
                          **({"failure": failures[who]} if who in failures else {})}
                         for who, sender in contenders.items()]}


def wait_for(is_so, seconds, *programs):
    """Programs that must not end meanwhile, the sender first: it knows why."""
    limit = time.monotonic() + seconds
    while not is_so():
        for each in programs:
            each.must_run()
        if time.monotonic() > limit:
            raise Failed("nothing arrived: " + last_line(programs[0].said()))
        time.sleep(0.01)


def lost_s(sender):
    """Seconds that its threads waited for a CPU, that its CPU was stolen, and the time."""
    return sender.cpu_times()[1], stolen_s(SENDER_CPU), time.monotonic()


# --- tables ----------------------------------------------------------------------

def get(run, key):
    """A figure by its path, as gap_error_ns.p99."""
    for word in key.split("."):
        run = run[word]
    return run


def values(row, key):
    return [get(run, key) for run in row["runs"]]


def median(row, key):
    return statistics.median(values(row, key))


def share(part):
    return "%.4g %%" % (100 * part)


def print_row(row):
    runs = row["runs"]
    print("| %s |" % " | ".join([
        row["who"], "%.0f" % median(row, "packets"), "%.0f" % median(row, "achieved_pps"),
        three(values(row, "error_ppm"), "%.4g"),
        three(values(row, "gap_error_ns.median"), "%.0f"),
        three(values(row, "gap_error_ns.p99"), "%.0f"),
        *("%.0f" % median(row, "gap_error_ns." + key) for key in ("p999", "max")),
        *(share(median(row, "within." + key)) for key in WITHIN),
        share(median(row, "bursts")),
        three([run["waited"] + run["stolen"] for run in runs], "%.2g"),
        "%d of %d" % (sum(run["is_disturbed"] for run in runs), len(runs))]))


def print_case(case):
    """Tables as docs/timing.md has them."""
    head = ["%d pps, gap %g us" % (case["pps"], 1e6 / case["pps"]), "packets", "pps",
            "rate error, ppm", "gap error, ns: median", "99 %", "99.9 %", "greatest",
            *("within " + key.replace("ns", " ns").replace("us", " us") for key in WITHIN),
            "in bursts", "without its CPU", "disturbed"]
    print("\n| %s |\n|%s" % (" | ".join(head), " --- |" * len(head)))
    for row in case["rows"]:
        if row["runs"]:
            print_row(row)
    for row in case["rows"]:
        if "failure" in row:
            print("  left out%s: %s: %s" % (" after %d rounds" % len(row["runs"])
                                            if row["runs"] else "", row["who"], row["failure"]))
        if any(run["is_full"] for run in row["runs"]):
            print("  more than twice the rate, so that the end is not seen: " + row["who"])
    sys.stdout.flush()


def kept_rate(row):
    return abs(median(row, "error_ppm")) <= SAME_RATE_PPM


def best_p99(rows):
    return min(rows, key=lambda row: median(row, "gap_error_ns.p99"), default=None)


def verdict(case):
    """Of each of ours: what it was and what it may be, both in the median round. Who
    missed the rate is no measure for who kept it, but is told."""
    rows = {row["who"]: row for row in case["rows"] if row["runs"]}
    others = [row for who, row in rows.items() if who not in (*OURS, *CALIPER, FLOOR)]
    best = {"p99_ns": best_p99(list(filter(kept_rate, others))), "any_p99_ns": best_p99(others)}
    for ours in map(rows.get, filter(rows.get, OURS)):
        result = {"pps": case["pps"], "who": ours["who"],
                  "error_ppm": [abs(median(ours, "error_ppm")), ERROR_PPM, ""]}
        if FLOOR in rows:
            floor = median(rows[FLOOR], "gap_error_ns.median")
            result["median_ns"] = [median(ours, "gap_error_ns.median"), floor + ABOVE_FLOOR_NS, ""]
        for key, peer in best.items():
            if peer:
                result[key] = [median(ours, "gap_error_ns.p99"), median(peer, "gap_error_ns.p99"),
                               " (%s)" % peer["who"]]
        yield result


def judged(found):
    """What it was, what it may be at most, and by whom."""
    if not found:
        return "-"
    was, limit, who = found
    return "%.4g of %.4g%s: %s" % (was, limit, who, "yes" if was <= limit else "no")


def print_verdicts(verdicts):
    head = ["pps", "", "rate error, ppm", "median gap error, ns (floor + %d)" % ABOVE_FLOOR_NS,
            "99 %, ns, and the best peer's at the rate", "the best peer's at any rate"]
    print("\n| %s |\n|%s" % (" | ".join(head), " --- |" * len(head)))
    for v in verdicts:
        print("| %d | %s | %s |" % (v["pps"], v["who"], " | ".join(
            judged(v.get(key)) for key in ("error_ppm", "median_ns", "p99_ns", "any_p99_ns"))))


# --- settings --------------------------------------------------------------------

def text_of(path):
    try:
        with open(path) as f:
            return f.read().strip()
    except OSError:
        return "-"


def settings(timing):
    opts = timing.opts
    clock = json.loads(output_of(timing.rx_stamp, "clock"))
    return {
        "cpu": cpu_model(), "cpus": os.cpu_count(), "kernel": platform.release(),
        "kernel_options": " ".join(re.findall(KERNEL_OPTIONS, text_of("/proc/cmdline"))),
        "clock_source": text_of(
            "/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "idle_driver": text_of("/sys/devices/system/cpu/cpuidle/current_driver"),
        "load_at_start": os.getloadavg()[0],
        **{"stamp_" + key: value for key, value in clock.items()},
        "vernier": output_of(timing.peers.vernier, "--version"),
        "xdp-trafficgen": output_of(program("xdp-trafficgen"), "udp", "--version"),
        **{tool: package_version(package) for tool, package in (
            ("netsniff-ng", "netsniff-ng"), ("tcpreplay", "tcpreplay"), ("iperf3", "iperf3"),
            ("d-itg", "d-itg"), ("mgen", "mgen"))},
        "frame_bytes": FRAME_BYTES, "sender_cpu": SENDER_CPU,
        "scheduling": "SCHED_FIFO 1" if opts.realtime else "as started",
        "rounds": opts.rounds, "seconds_a_run": opts.seconds,
    }


def options():
    p = argparse.ArgumentParser(prog="BENCH=timing bench/run.sh", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build", help="build folder")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--seconds", type=int, default=3, help="of each run, 1 to 60")
    p.add_argument("--rates", type=int, nargs="+", default=RATES, metavar="PPS")
    p.add_argument("--only", default="", metavar="PATTERN",
                   help="of all, those whose 'PPS: CONTENDER' has a match of this regular "
                        "expression")
    p.add_argument("--realtime", action="store_true",
                   help="senders in class SCHED_FIFO, ours and others' alike")
    p.add_argument("--stamps", metavar="FOLDER",
                   help="write each run's stamps there, 64-bit ns in host order")
    p.add_argument("--json", metavar="FILE", help="default: timing.json in the build folder")
    opts = p.parse_args()
    if opts.rounds < 1 or not 1 <= opts.seconds <= 60:
        p.error("at least one round of 1 to 60 seconds")
    if not all(1 <= pps <= 10000000 for pps in opts.rates):
        p.error("--rates: 1 to 10000000 packets a second")
    try:
        re.compile(opts.only)
    except re.error as e:
        p.error("--only: no regular expression: %s: %s" % (opts.only, e))
    opts.json = opts.json or os.path.join(opts.build, "timing.json")
    return opts


def print_plan(timing):
    n = sum(isinstance(sender, Sender) for pps in timing.opts.rates
            for sender in timing.contenders(pps).values())
    print("plan=%d runs a round, %d rounds, about %.0f minutes" % (
        n, timing.opts.rounds, n * (timing.opts.seconds + OVERHEAD_S) * timing.opts.rounds / 60),
          flush=True)


def main():
    opts = options()
    os.sched_setaffinity(0, {OTHER_CPU})
    if opts.stamps:
        os.makedirs(opts.stamps, exist_ok=True)
    timing = Timing(opts)
    try:
        result = {"settings": settings(timing), "cases": []}
        for key, value in result["settings"].items():
            print("%s=%s" % (key, value))
        print_plan(timing)
        for pps in opts.rates:
            result["cases"].append(timing.measure(pps))
            print_case(result["cases"][-1])
    finally:
        timing.wire.close()
    result["verdicts"] = [v for case in result["cases"] for v in verdict(case)]
    print_verdicts(result["verdicts"])
    with open(opts.json, "w") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    print("\nJSON: " + opts.json)


if __name__ == "__main__":
    main()

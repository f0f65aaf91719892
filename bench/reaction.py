#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures how soon a frame that comes in has changed what goes out, over a veth pair:
from the call by which the peer sends to the kernel's stamp on the answer (reaction.c).
The answer is a client's of Caliper, through `vernier nf2d` on the interface; beside it
stand programs that do nothing but answer. Started by run.sh, inside namespaces that
vanish with it.

Every round runs every contender once, one after the other, so that what the machine
does besides hits them alike. A figure is that of the median round, with the least and
the greatest beside it.
"""
import argparse
import json
import os
import platform
import sys
import time

from lab import (FAR, NEAR, OTHER_CPU, SENDER_CPU, START_LIMIT_S, Failed, Program, Wire, cpu_model,
                 last_line, on_cpus, output_of, three)

ANSWER_S = 0.2  # of one, at most, or it is lost; see reaction.c
COLUMNS = (("median_ns", "median, us"), ("p99_ns", "99 %, us"), ("min_ns", "least, us"))


class Reaction:
    def __init__(self, opts):
        self.opts = opts
        self.program = os.path.join(opts.build, "bench/reaction")
        self.vernier = os.path.join(opts.build, "cmd/vernier/vernier")
        self.wire = Wire(os.path.join(opts.build, "bench/xdp_drop"))

    def contenders(self):
        """Names, and the programs that answer: each a command line and its CPU. Beside a driver
        that spins the client has the other CPU, else both take turns on one."""
        every = {"bare echo, " + how: [([self.program, "echo", NEAR, how], SENDER_CPU)]
                 for how in ("spin", "sleep")}
        for kind in ("packet", "xdp"):
            driver = [self.vernier, "nf2d", "-b", "%s:%s" % (kind, NEAR), "--cpu",
                      str(SENDER_CPU), "--foreground", "--up"]
            client = [self.program, "client", "sleep"]
            spinner = [self.program, "client", "spin"]
            every[kind + ", both sleep"] = [(driver, SENDER_CPU), (client, SENDER_CPU)]
            every[kind + ", driver spins"] = [([*driver, "--spin"], SENDER_CPU),
                                              (client, OTHER_CPU)]
            every[kind + ", both spin"] = [([*driver, "--spin"], SENDER_CPU),
                                           (spinner, OTHER_CPU)]
        return {who: programs for who, programs in every.items() if self.opts.only in who}

    def run(self, programs):
        running = []
        self.wire.make("none")
        try:
            for argv, cpu in programs:
                running.append(Program(argv, on_cpus(cpu), "answers%d" % len(running)))
                self.wait_until_it_serves(running[-1])
            return self.asked(running)
        finally:
            for program in reversed(running):
                program.stop()

    def wait_until_it_serves(self, program):
        """One that answers sleeps, or spins, in the kernel or out of it: what it says, or
        a while without its end, is all there is to see."""
        limit = time.monotonic() + START_LIMIT_S
        said_at = time.monotonic() + 0.5
        while time.monotonic() < said_at or "nf2d" in program.process.args and \
                "card " not in program.said():
            program.must_run()
            if time.monotonic() > limit:
                raise Failed("does not begin: " + last_line(program.said()))
            time.sleep(0.02)

    def asked(self, running):
        peer = Program([*self.wire.in_peer, self.program, "peer", FAR, str(self.opts.count)],
                       on_cpus(OTHER_CPU), "peer")
        limit = time.monotonic() + START_LIMIT_S + self.opts.count * ANSWER_S
        try:
            while peer.process.poll() is None:
                for program in running:
                    program.must_run()
                if time.monotonic() > limit:
                    raise Failed("no end: " + last_line(peer.said()))
                time.sleep(0.02)
            return json.loads(last_line(peer.said()))
        finally:
            peer.stop()

    def measure(self):
        contenders = self.contenders()
        runs, failures, loads = {who: [] for who in contenders}, {}, []
        for n in range(self.opts.rounds):
            loads.append(os.getloadavg()[0])
            for who, programs in contenders.items():
                if who in failures:
                    continue
                try:
                    runs[who].append(self.run(programs))
                except (Failed, OSError, ValueError) as e:
                    failures[who] = str(e)
            print("round %d of %d, load %.2f" % (n + 1, self.opts.rounds, loads[-1]),
                  file=sys.stderr, flush=True)
        self.wire.remove()
        return {"runs": runs, "failures": failures, "load": loads}


def print_table(result):
    print("\n| | answers | lost | %s |\n|%s" % (" | ".join(head for _, head in COLUMNS),
                                               " --- |" * (3 + len(COLUMNS))))
    for who, runs in result["runs"].items():
        if not runs:
            continue
        print("| %s | %d | %d | %s |" % (
            who, sum(run["answers"] for run in runs), sum(run["lost"] for run in runs),
            " | ".join(three([run[key] / 1000 for run in runs], "%.1f") for key, _ in COLUMNS)))
    for who, why in result["failures"].items():
        print("  left out: %s: %s" % (who, why))


def settings(reaction):
    return {"cpu": cpu_model(), "cpus": os.cpu_count(), "kernel": platform.release(),
            "load_at_start": os.getloadavg()[0],
            "vernier": output_of(reaction.vernier, "--version"),
            "rounds": reaction.opts.rounds, "answers_a_run": reaction.opts.count}


def options():
    p = argparse.ArgumentParser(prog="BENCH=reaction bench/run.sh", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build", help="build folder")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--count", type=int, default=2000, help="questions a run, 1 to 100000")
    p.add_argument("--only", default="", metavar="TEXT", help="those that have it in their name")
    p.add_argument("--json", metavar="FILE", help="default: reaction.json in the build folder")
    opts = p.parse_args()
    if opts.rounds < 1 or not 1 <= opts.count <= 100000:
        p.error("at least one round of 1 to 100000 questions")
    opts.json = opts.json or os.path.join(opts.build, "reaction.json")
    return opts


def main():
    opts = options()
    os.sched_setaffinity(0, {OTHER_CPU})
    reaction = Reaction(opts)
    try:
        result = {"settings": settings(reaction)}
        for key, value in result["settings"].items():
            print("%s=%s" % (key, value), flush=True)
        result.update(reaction.measure())
    finally:
        reaction.wire.close()
    print_table(result)
    with open(opts.json, "w") as f:
        json.dump(result, f, indent=1)
    return 0 if any(result["runs"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())

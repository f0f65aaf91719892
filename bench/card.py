#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures the card's simulator: simulated instructions a second and how much faster
than the card it is, with programs that keep all eight threads busy, that mostly wait,
and that move packets at line rate; and against QEMU's MIPS board, which does the same
work with one processor and without anything that is exact. Started by run.sh.

Everything is exact: there is no faster mode. Programs are built with the rules of
firmware/, QEMU's with the same compiler and filled delay slots. A run's time is that
of its process on one CPU less that of a run with next to no work, so that neither is
charged for its start. Every round runs every contender once; ratios are taken within
a round. That the card and QEMU come to the same result is looked at, nothing else is
judged.
"""
import argparse
import json
import os
import re
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time

from lab import Failed, cpu_model, on_cpus, output_of, package_version, three

HERE = os.path.dirname(os.path.realpath(__file__))
FIRMWARE = os.path.join(HERE, "../firmware")
SOURCES = os.path.join(HERE, "card")
HZ = 125e6
CPU = 0
LIMIT_S = 120
QEMU = "qemu-system-mips"
MIPS_GCC = "mips-linux-gnu-gcc"


# That a program needs beside its own.
OBJECTS = {"bounce": "process.o pktbuff.o", "gen": "pktbuff.o mtdeque.o deque.o"}


class Program:
    """name: of the row; source: of the folder card/ or a program of firmware/;
    rounds: of its work, for the card and for a run that does next to nothing;
    frames: (bytes without FCS, ports, number a port) that are fed at line rate."""

    def __init__(self, name, source, defines="", rounds=0, options=(), frames=None):
        self.name, self.source, self.defines = name, source, defines
        self.rounds, self.options, self.frames = rounds, options, frames
        self.peer = rounds > 0


PROGRAMS = [
    Program("copy, sum, lock", "busy", "-DWORK=mix", 40000),
    Program("CRC, sort, matrices, list", "busy", "-DWORK=crunch", 5000),
    Program("mostly waiting", "idle", options=("-time", "5")),
    Program("generator, 1518 bytes at 1 Gb/s", "gen", "-DFRAME=1514 -DGAP=1538",
            options=("-frames", "200000")),
    Program("generator, 380 bytes at 1 Gb/s", "gen", "-DFRAME=376 -DGAP=400",
            options=("-frames", "600000")),
    Program("bounce, 1518 bytes, one port", "bounce", frames=(1514, 1, 50000)),
    Program("bounce, 380 bytes, one port", "bounce", frames=(376, 1, 150000)),
    Program("bounce, 64 bytes, four ports", "bounce", frames=(60, 4, 100000)),
]


def write_pcap(path, length, count):
    """Back to back from time 0 on; -pcapasap keeps the wire busy."""
    frame = bytes.fromhex("0200000000010200000000029000") + bytes(length - 14)
    record = struct.pack(">IIII", 0, 0, length, length) + frame
    with open(path, "wb") as f:
        f.write(struct.pack(">IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1))
        for _ in range(count // 1000):
            f.write(record * 1000)


class Bench:
    def __init__(self, opts, work):
        self.opts, self.work = opts, work
        self.vernier = os.path.join(opts.build, "cmd/vernier/vernier")
        self.has_qemu = shutil.which(QEMU) is not None

    def build(self, program, rounds):
        """The ELF file of a program for the card."""
        folder = os.path.join(self.work, re.sub(r"\W+", "-", "%s-%d" % (program.name, rounds)))
        os.makedirs(folder)
        source = os.path.join(SOURCES, program.source + ".c")
        if not os.path.exists(source):
            source = os.path.join(FIRMWARE, program.source, program.source + ".c")
        shutil.copy(source, folder)
        with open(os.path.join(folder, "Makefile"), "w") as f:
            f.write("TARGETS = %s\ninclude %s/bench.mk\n%s: %s\n" % (
                program.source, os.path.realpath(FIRMWARE), program.source,
                OBJECTS.get(program.source, "")))
        subprocess.run(["make", "-s", "-C", folder, "CONTEXT=sim",
                        "CPPFLAGS=-I%s %s -DROUNDS=%d" % (SOURCES, program.defines, rounds)],
                       check=True, stdout=subprocess.DEVNULL)
        return os.path.join(folder, program.source)

    def build_peer(self, program, rounds):
        elf = os.path.join(self.work, "peer-%s-%d" % (re.sub(r"\W+", "-", program.name), rounds))
        subprocess.run([MIPS_GCC, "-EB", "-march=mips32r2", "-mabi=32", "-msoft-float",
                        "-mno-abicalls", "-fno-pic", "-fno-pie", "-no-pie", "-static", "-G0", "-O2",
                        "-ffreestanding", "-fno-builtin", "-nostdlib",
                        "-fno-tree-loop-distribute-patterns",
                        "-I" + SOURCES, "-DROUNDS=%d" % rounds, *program.defines.split(),
                        "-Wl,--build-id=none,-Ttext=0x80100000,-e,__start", "-o", elf,
                        os.path.join(SOURCES, "peer.c")], check=True)
        return elf

    def timed(self, argv):
        """(seconds on its CPU, standard output) of a run to its end."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             timeout=LIMIT_S, preexec_fn=on_cpus(CPU), check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if run.returncode not in (0, 4): # 4: nothing but sleepers is left
            raise Failed("ended with %d: %s" % (run.returncode, run.stderr[-200:]))
        return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, run.stdout)

    def card(self, program, elf, engine, options):
        seconds, out = self.timed([self.vernier, "card", elf, "-q", "-engine", engine, "-stats",
                                   os.path.join(self.work, "stats"), *options])
        with open(os.path.join(self.work, "stats")) as f:
            return seconds, json.load(f), out

    def feeds(self, program, count):
        options = ["-pcapasap"]
        length, ports, _ = program.frames
        path = os.path.join(self.work, "%d-%d.pcap" % (length, count))
        if not os.path.exists(path):
            write_pcap(path, length, count)
        for port in range(ports):
            options += ["-pcapmac%d" % port, path]
        return options

    def prepare(self, program):
        if program.rounds:
            program.elf, program.none = self.build(program, program.rounds), self.build(program, 1)
            program.full, program.empty = [], []
        else:
            program.elf = program.none = self.build(program, 0)
            program.full, program.empty = list(program.options), ["-time", "0.000001"]
        if program.frames:
            program.full = self.feeds(program, program.frames[2])
        program.peer_elf = None
        if program.peer and self.has_qemu:
            program.peer_elf = [self.build_peer(program, r) for r in (program.rounds, 1)]

    def measure(self, program, engine):
        """(M instructions a second, times real time, result)"""
        start = self.card(program, program.none, engine, program.empty)
        run = self.card(program, program.elf, engine, program.full)
        seconds = run[0] - start[0]
        done = run[1]["instructions"] - start[1]["instructions"]
        cycles = run[1]["cycles"] - start[1]["cycles"]
        return done / seconds / 1e6, cycles / HZ / seconds, seconds, run[2]

    def measure_peer(self, program):
        argv = [QEMU, "-M", "malta", "-m", "64", "-display", "none", "-monitor", "none",
                "-nic", "none", "-vga", "none", "-serial", "stdio", "-no-reboot", "-kernel"]
        start = self.timed([*argv, program.peer_elf[1]])
        run = self.timed([*argv, program.peer_elf[0]])
        return run[0] - start[0], run[1]

    def round(self, program, rows):
        for engine in ("translate", "interpret"):
            rate, times, seconds, said = self.measure(program, engine)
            rows.setdefault(engine, []).append((rate, times))
            if engine == "translate":
                ours, result = seconds, said
        if program.peer_elf:
            seconds, said = self.measure_peer(program)
            if said.strip() != result.strip():
                raise Failed("the card says %r, QEMU %r" % (result, said))
            rows.setdefault("qemu", []).append(seconds / ours)


def report(program, rows):
    for engine in ("translate", "interpret"):
        if engine in rows:
            print("%-34s %-10s %24s %22s" % (program.name, engine,
                  three([r[0] for r in rows[engine]], "%.0f"),
                  three([r[1] for r in rows[engine]], "%.2f")))
    if "qemu" in rows:
        print("%-34s %-10s %24s" % (program.name, "QEMU / ours", three(rows["qemu"], "%.2f")))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("build", help="the build directory")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="programs whose name has this (a pattern)")
    parser.add_argument("--json", help="every round, into this file")
    opts = parser.parse_args()
    opts.build = os.path.realpath(opts.build)
    if shutil.which(MIPS_GCC) is None:
        sys.exit("card.py: no %s (Debian package gcc-mips-linux-gnu)" % MIPS_GCC)
    programs = [p for p in PROGRAMS if re.search(opts.only, p.name)]
    print("cpu=%s kernel=%s rounds=%d qemu=%s load=%.1f" % (
        cpu_model(), os.uname().release, opts.rounds,
        package_version("qemu-system-mips") if shutil.which(QEMU) else "-", os.getloadavg()[0]))
    print("%-34s %-10s %24s %22s" % ("", "engine", "M instructions/s", "times real time"))
    results = {p.name: {} for p in programs}
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(opts, work)
        for program in programs:
            bench.prepare(program)
        for n in range(opts.rounds):
            for program in programs:
                if sys.stderr.isatty():
                    print("\rround %d of %d: %-40s" % (n + 1, opts.rounds, program.name), end="",
                          file=sys.stderr)
                try:
                    bench.round(program, results[program.name])
                except (Failed, subprocess.TimeoutExpired) as e:
                    print("%s: left out: %s" % (program.name, e))
    if sys.stderr.isatty():
        print("\r%60s\r" % "", end="", file=sys.stderr)
    for program in programs:
        report(program, results[program.name])
    print("load=%.1f" % os.getloadavg()[0])
    if opts.json:
        with open(opts.json, "w") as f:
            json.dump(results, f, indent=1)


if __name__ == "__main__":
    main()

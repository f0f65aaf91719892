#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The measures of docs/measures.md at full length: client, driver and card on virtual
time, with the card's program by each compiler, delay slots kept and dropped. Started
by run.sh.

It runs tests/caliper/measures_test, which compares each departure with its plan; a measure
that does not hold is named and makes this fail. Every figure is exact and the same on
each machine but for the time that a run took.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from lab import cpu_model

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.join(HERE, "..")
LIMIT_S = 1800
COMPILERS = {"gcc": "mips-linux-gnu-gcc", "clang": "ld.lld"}
# Measures whose figures differ between programs; the others are run once.
BY_PROGRAM = ("k2_*", "k3_*", "k5_*", "k6_*", "k7_*", "k8_*")


class Firmware:
    def __init__(self, compiler, slots, folder):
        self.name = "%s, slots %s" % (compiler, slots)
        self.folder = os.path.join(folder, compiler + slots)
        for part in ("firmware", "src/wire"):
            shutil.copytree(os.path.join(TOP, part), os.path.join(self.folder, part))
        self.make("clean")
        self.make("CROSS=" + compiler, "NODLY=%d" % (slots == "dropped"))
        self.elf = os.path.join(self.folder, "firmware/pktgen/pktgen")

    def make(self, *words):
        subprocess.run(["make", "-s", "-C", os.path.join(self.folder, "firmware/pktgen"), *words],
                       check=True, stdin=subprocess.DEVNULL)


def run(build, elf, pattern, n):
    """(figures as (measure, text), cases that failed, seconds)"""
    begin = time.monotonic()
    done = subprocess.run([os.path.join(build, "tests/caliper/measures_test"), pattern], text=True,
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=LIMIT_S,
                          env={**os.environ, "VN_PKTGEN_ELF": elf, "VN_MEASURES_N": str(n),
                               "CMOCKA_MESSAGE_OUTPUT": "TAP"})
    said = done.stdout + done.stderr
    if done.returncode and "not ok" not in said:
        raise SystemExit("caliper.py: measures_test: status %d\n%s" % (done.returncode, said))
    return (re.findall(r"^# (K\d+): (.*)$", said, re.MULTILINE),
            re.findall(r"^not ok \d+ - (\w+)", said, re.MULTILINE), time.monotonic() - begin)


def cases(opts, is_first):
    if opts.only:
        return [opts.only]
    return ["*"] if is_first else BY_PROGRAM


def measure(opts, firmware, is_first):
    rows, failed, seconds = [], [], 0
    for pattern in cases(opts, is_first):
        more_rows, more_failed, took = run(opts.build, firmware.elf, pattern, opts.n)
        rows += more_rows
        failed += more_failed
        seconds += took
    print("%s (%.0f s)" % (firmware.name, seconds))
    for name, text in sorted(rows, key=lambda row: int(row[0][1:])):
        print("  %-4s %s" % (name, text))
    for name in failed:
        print("  %s DOES NOT HOLD" % name)
    sys.stdout.flush()
    return {"figures": rows, "failed": failed, "seconds": seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("build", help="the build directory")
    parser.add_argument("--n", type=int, default=20000,
                        help="packets of most measures; of K1 and K14 50 times as many, of K9 "
                        "those of 3 ms for each")
    parser.add_argument("--only", help="measures whose name matches, as 'k3_*'")
    parser.add_argument("--json", help="all of it, into this file")
    opts = parser.parse_args()
    opts.build = os.path.realpath(opts.build)
    compilers = [c for c, tool in COMPILERS.items() if shutil.which(tool)]
    if not compilers:
        sys.exit("caliper.py: no compiler for the card (gcc-mips-linux-gnu, or clang and lld)")
    print("cpu=%s n=%d" % (cpu_model(), opts.n))
    results = {}
    with tempfile.TemporaryDirectory() as work:
        for compiler in compilers:
            for slots in ("dropped", "kept"):
                firmware = Firmware(compiler, slots, work)
                results[firmware.name] = measure(opts, firmware, not results)
    if opts.json:
        with open(opts.json, "w") as f:
            json.dump(results, f, indent=1)
    sys.exit(any(r["failed"] for r in results.values()))


if __name__ == "__main__":
    main()

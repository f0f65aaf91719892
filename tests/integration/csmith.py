#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Random C programs (csmith) give on the card what they give on the host, whichever
compiler built them, at every level of optimization, with the nops of delay slots and
without. VN_CSMITH=N takes so many programs and builds each in every way, not only in
some; VN_CSMITH_SEED=S begins with that seed."""
import itertools
import os
import re
import shutil
import subprocess

import harness
from harness import TOP, VERNIER, Skip, case, equal, holds, main, sh

PROGRAMS = int(os.environ.get("VN_CSMITH", "2"))
SEED = int(os.environ.get("VN_CSMITH_SEED", "1"))
COMPILERS = {"gcc": ["mips-linux-gnu-gcc"], "clang": ["clang", "ld.lld"]}
HEADERS = "/usr/include/csmith"
# Whose layout, or whose result, does not depend on the order of bytes.
OPTIONS = ["--no-argc", "--no-bitfields", "--no-unions", "--no-packed-struct", "--max-funcs", "5",
           "--max-block-depth", "4"]
WAYS = [(opt, nodly, "mips32") for opt, nodly in itertools.product(
    ("-O0", "-O1", "-O2", "-O3", "-Os"), (0, 1))] + [("-O2", 1, "mips32r2"), ("-Os", 1, "mips32r2")]
if "VN_CSMITH" in os.environ:
    harness.LIMIT_S = 3600
else:  # one of each two, kept and dropped in turn
    WAYS = [way for i, way in enumerate(WAYS) if i % 4 in (0, 3)]
SOURCE_MAX = 90000        # bytes; the code of larger ones may not fit into the card
HOST_SECONDS = 1          # a program that takes longer may never end: left out
CARD_CYCLES = 40 * 10**9  # 10^10 instructions of a thread


def draw(seed):
    """The program as text. Constants lose their L: a long is wider on the host."""
    text = sh("csmith", "--seed", str(seed), *OPTIONS)
    return re.sub(r"\b(0[xX][0-9A-Fa-f]+|[0-9]+)(U?)L\b", r"\1\2", text)


def make(folder, names, *words):
    """Builds the programs in a folder of their own, by the rules for applications."""
    os.makedirs(folder)
    for name in names:
        os.symlink(os.path.abspath(name + ".c"), os.path.join(folder, name + ".c"))
    with open(os.path.join(folder, "Makefile"), "w") as f:
        f.write("TARGETS = %s\ninclude %s/firmware/bench.mk\n" % (" ".join(names), TOP))
    flags = "-I%s/tests/csmith -I%s" % (TOP, HEADERS)
    sh("make", "-s", "-j2", "-C", folder, "CPPFLAGS=" + flags, "CFLAGS=-w", *words)


def checksum(said, what):
    found = re.fullmatch(r"checksum = ([0-9a-f]{8})\n", said)
    holds(found, "%s printed %r" % (what, said))
    return found[1]


def results_on_the_host(names):
    """By program; those that do not come to an end in time are left out."""
    make("host", names, "CONTEXT=sw", "OPT=-O1")
    results = {}
    for name in names:
        try:
            done = subprocess.run(["host/" + name], capture_output=True, text=True,
                                  timeout=HOST_SECONDS, env={**os.environ, "NF_THREADS": "1"})
        except subprocess.TimeoutExpired:
            continue
        equal(done.returncode, 0, name + " on the host")
        results[name] = checksum(done.stdout, name + " on the host")
    return results


def check_on_the_card(folder, name, want, engine):
    what = "%s in %s, %s" % (name, folder, engine)
    done = subprocess.run([VERNIER, "card", os.path.join(folder, name), "-q", "-cpus", "1",
                           "-engine", engine, "-cycles", str(CARD_CYCLES)],
                          capture_output=True, text=True, timeout=300)
    equal(done.returncode, 0, "%s: status (%s)" % (what, done.stderr.strip()))
    equal(checksum(done.stdout, what), want, "%s: checksum" % what)


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            raise Skip(tool + " is not installed")
    if not os.path.isdir(HEADERS):
        raise Skip(HEADERS + " is not there (package libcsmith-dev)")


def compiled_by(compiler):
    need("csmith", *COMPILERS[compiler])
    sources = {"p%d" % seed: draw(seed) for seed in range(SEED, SEED + PROGRAMS)}
    names = [name for name, text in sources.items() if len(text) <= SOURCE_MAX]
    for name in names:
        with open(name + ".c", "w") as f:
            f.write(sources[name])
    results = results_on_the_host(names)
    holds(results, "no program came to its end on the host within %d s" % HOST_SECONDS)
    print("%d programs, %d of them left out, %d builds" % (
        len(sources), len(sources) - len(results), len(WAYS) * len(results)))
    for i, (opt, nodly, march) in enumerate(WAYS):
        folder = "%s%s-%s-%s" % (compiler, opt, "dropped" if nodly else "kept", march)
        make(folder, sorted(results), "CONTEXT=sim", "CROSS=" + compiler, "OPT=" + opt,
             "NODLY=%d" % nodly, "MARCH=" + march)
        for name, want in results.items():
            check_on_the_card(folder, name, want, "translate")
        check_on_the_card(folder, *sorted(results.items())[i % len(results)], "interpret")


@case
def programs_by_gcc_give_what_they_give_on_the_host():
    compiled_by("gcc")


@case
def programs_by_clang_give_what_they_give_on_the_host():
    compiled_by("clang")


if __name__ == "__main__":
    main()

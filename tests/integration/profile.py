#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""vernier card -profile and -trace instr,reg,mem: every number and every line of a
program that is small enough to be followed by hand."""
import json

from harness import case, equal, holds, main, vernier

WORDS_PER_START = 12
# Thread 0 calls twice a function that counts in the first word of data memory, then
# divides and ends. The other threads end at once.
CODE = {
    0: 0x3C020404,   # lui v0,0x404
    1: 0x0C000060,   # jal 20000180
    2: 0x0C000060,   # jal 20000180
    3: 0x0043001A,   # div zero,v0,v1
    4: 0x08000004,   # j 20000010: ends
    96: 0x8C430000,  # lw v1,0(v0)
    97: 0x24630001,  # addiu v1,v1,1
    98: 0xA4430002,  # sh v1,2(v0)
    99: 0x03E00008,  # jr ra
    **{WORDS_PER_START * t: 0x08000000 | WORDS_PER_START * t for t in range(1, 8)},
}
IMAGE = ("-i", "x.instr.mif", "-q")
# cycle, address, instruction, registers, accesses
STEPS = [
    (0, 0x20000000, "lui v0,0x404", "v0=04040000", ""),
    (4, 0x20000004, "jal 20000180", "ra=20000008", ""),
    (8, 0x20000180, "lw v1,0(v0)", "v1=00000000", "[04040000]=00000000"),
    (12, 0x20000184, "addiu v1,v1,1", "v1=00000001", ""),
    (16, 0x20000188, "sh v1,2(v0)", "", "[04040002]=0001"),
    (20, 0x2000018C, "jr ra", "", ""),
    (24, 0x20000008, "jal 20000180", "ra=2000000c", ""),
    (28, 0x20000180, "lw v1,0(v0)", "v1=00000001", "[04040000]=00000001"),
    (32, 0x20000184, "addiu v1,v1,1", "v1=00000002", ""),
    (36, 0x20000188, "sh v1,2(v0)", "", "[04040002]=0002"),
    (40, 0x2000018C, "jr ra", "", ""),
    (44, 0x2000000C, "div zero,v0,v1", "hi=00000000 lo=02020000", ""),
    (76, 0x20000010, "j 20000010", "", ""),
]


def image():
    with open("x.instr.mif", "w") as f:
        f.write("WIDTH=32;\nDEPTH=65536;\nCONTENT BEGIN\n")
        f.writelines("%08x : %08x;\n" % word for word in sorted(CODE.items()))
        f.write("END;\n")


def line(cycle, address, *texts):
    return " ".join(["%010d 0.0 t0 %08x" % (cycle, address), *filter(None, texts)])


def traced(*words):
    """Lines of thread 0."""
    vernier("card", *IMAGE, "-trace", *words)
    with open("trace") as f:
        return [row for row in f.read().splitlines() if " t0 " in row]


@case
def a_trace_has_each_instruction_and_what_it_did():
    image()
    equal(traced("instr:trace"), [line(*s[:3]) for s in STEPS], "instr")
    equal(traced("instr,reg,mem:trace"), [line(*s) for s in STEPS], "all three")
    equal(traced("reg:trace"), [line(*s[:4]) for s in STEPS if s[3]], "reg")
    equal(traced("mem:trace"), [line(*s[:3], s[4]) for s in STEPS if s[4]], "mem")
    equal(traced("instr:trace", "-traceat", "16-40"),
          [line(*s[:3]) for s in STEPS if 16 <= s[0] <= 40], "cycles 16 to 40")


@case
def both_engines_trace_the_same():
    image()
    texts = set()
    for engine in ("translate", "interpret"):
        vernier("card", *IMAGE, "-engine", engine, "-trace", "instr,reg,mem:trace")
        texts.add(open("trace").read())
    equal(len(texts), 1, "different traces")


@case
def a_profile_counts_every_cycle():
    image()
    vernier("card", *IMAGE, "-profile", "p.json")
    with open("p.json") as f:
        found = json.load(f)
    equal(found["threads"][0], {"thread": 0, "instructions": 13, "cycles": 80,
                                "stalled": {"lock": 0, "send": 0, "div": 28}, "locks": []},
          "thread 0")
    equal([t["cycles"] for t in found["threads"][1:]], [4] * 7, "cycles of the others")
    functions = {f["address"]: f for f in found["functions"]}
    equal(set(functions), {"20000000", "20000180"}, "functions")
    equal(functions["20000180"], {
        "name": "0x20000180", "address": "20000180", "calls": 2, "instructions": 8, "cycles": 32,
        "total": 32, "stalled": {"lock": 0, "send": 0, "div": 0},
        "cycles_by_thread": [32] + [0] * 7}, "the function that is called")
    equal(functions["20000000"], {
        "name": "0x20000000", "address": "20000000", "calls": 8, "instructions": 12,
        "cycles": 76, "total": 108, "stalled": {"lock": 0, "send": 0, "div": 28},
        "cycles_by_thread": [48] + [4] * 7}, "where the threads begin")


@case
def stacks_are_lines_for_flame_graphs():
    image()
    vernier("card", *IMAGE, "-profile", "p.folded")
    with open("p.folded") as f:
        equal(sorted(f.read().splitlines()),
              ["t0;0x20000000 48", "t0;0x20000000;0x20000180 32"]
              + ["t%d;0x20000000 4" % t for t in range(1, 8)], "stacks")


TEXT = """\
77 cycles of the card

thread  instructions       cycles       lock       send        div
t0                13           80          0          0         28
"""


@case
def tables_are_for_people():
    image()
    said = vernier("card", *IMAGE, "-profile", "-", "-annotate", "0x20000180").stdout
    holds(said.startswith(TEXT), said)
    rows = [row.split() for row in said.splitlines()]
    holds(["76", "70.4%", "108", "8", "12", "0", "0", "28", "0x20000000"] in rows, said)
    holds(["32", "29.6%", "32", "2", "8", "0", "0", "0", "0x20000180"] in rows, said)
    holds(["48"] + ["4"] * 7 + ["0x20000000"] in rows, said)
    holds(["2", "25.0%", "0", "0", "0", "20000188", "sh", "v1,2(v0)"] in rows, said)


@case
def profiling_changes_nothing():
    image()
    for name, words in (("alone", ()), ("counted", ("-profile", "p"))):
        vernier("card", *IMAGE, "-stats", name, *words)
    alone, counted = (json.load(open(name)) for name in ("alone", "counted"))
    for key in ("cycles", "threads", "counters"):
        equal(counted[key], alone[key], key)


@case
def what_cannot_be_profiled_is_refused():
    image()
    for words, status, why in (
            (("-annotate", "x"), 2, "-annotate x: needs -profile"),
            (("-profile", "p", "-annotate", "x"), 2, "-annotate x: the program has no function"),
            (("-profile", "no/p"), 1, "no/p: cannot be written")):
        said = vernier("card", *IMAGE, *words, status=status).stderr
        holds(why in said, said)
    said = vernier("card", "-rt", "-wait", "-card", "s", "-profile", "p", status=2).stderr
    holds("-profile p: with -wait" in said, said)
    said = vernier("card", *IMAGE, "-profile", "/dev/full", status=1).stderr
    holds("/dev/full: the profile could not be written" in said, said)


if __name__ == "__main__":
    main()

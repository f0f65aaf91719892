#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""vernier card: programs on the simulated card, what goes in and what comes out.

Small programs are words written here, the others are those of firmware/, built
once for all cases (the ones that need them are skipped without a compiler)."""
import atexit
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import warnings

from harness import (TOP, Skip, Tap, Terminal, VERNIER, case, equal, finish, frames, holds, main,
                     quiet_stack, sh, start, vernier, wait_until, without_rights)

warnings.filterwarnings("ignore", category=DeprecationWarning)

US, NS, LITTLE, BIG = 0xa1b2c3d4, 0xa1b23c4d, "<", ">"
ETHERNET, COMMANDS = 1, 147
LATENCY_NS = 64 * 8


# Programs

def lui(rt, n):
    return 0x3c000000 | rt << 16 | n


def addiu(rt, rs, n):
    return 0x24000000 | rs << 21 | rt << 16 | n & 0xffff


def lw(rt, offset, rs):
    return 0x8c000000 | rs << 21 | rt << 16 | offset & 0xffff


def sw(rt, offset, rs):
    return 0xac000000 | rs << 21 | rt << 16 | offset & 0xffff


def jump(word):
    return 0x08000000 | word


T0, T1, T2 = 8, 9, 10
PER_THREAD = 12
END = [lui(T0, 0xc000), sw(0, 0x110, T0)]                                   # HALT
LOCK_TWICE = [lui(T0, 0x2000), addiu(T1, 0, 5), sw(T1, 4, T0), sw(T1, 4, T0)]
MISALIGNED = [lui(T0, 0x0404), addiu(T1, 0, 7), sw(T1, 2, T0)]


def forever(thread):
    """Reads the time for ever: no poll that can be skipped, nothing that happens."""
    at = PER_THREAD * thread
    return [lui(T0, 0xc000), lw(T1, 0, T0), addiu(T2, T2, 1), jump(at + 1)]


def mif(path, words):
    with open(path, "w") as f:
        f.write("WIDTH=32;\nDEPTH=65536;\nADDRESS_RADIX=HEX;\nDATA_RADIX=HEX;\nCONTENT BEGIN\n")
        for i, word in enumerate(words):
            f.write("%08x : %08x;\n" % (i, word))
        f.write("END;\n")


def program(path="x.instr.mif", **threads):
    """Writes an image: t3=[...] is thread 3, the others end at once."""
    words = []
    for t in range(8):
        body = threads.get("t%d" % t, END)
        words += body + [0] * (PER_THREAD - len(body))
    mif(path, words)
    return ["-i", path]


_built = None


def built(name, what=""):
    """The ELF file of a program of firmware/, with its log."""
    if not _built:
        raise Skip("no compiler for big-endian MIPS")
    return os.path.join(_built, "firmware", name, name) + what


def build():
    global _built
    if not shutil.which("mips-linux-gnu-gcc") and not (shutil.which("clang") and
                                                       shutil.which("ld.lld")):
        return
    top = tempfile.mkdtemp(prefix="vernier-firmware-")
    atexit.register(shutil.rmtree, top, ignore_errors=True)
    for folder in ("firmware", "src/wire"):
        shutil.copytree(os.path.join(TOP, folder), os.path.join(top, folder))
    for name in ("simple", "bounce", "ping"):
        sh("make", "-s", "-j2", "-C", os.path.join(top, "firmware", name), "CONTEXT=sim", "clean")
        sh("make", "-s", "-j2", "-C", os.path.join(top, "firmware", name), "CONTEXT=sim", name,
           "mif")
    _built = top


def application(name, text):
    """The ELF file of a program of this text."""
    shutil.copytree(os.path.dirname(os.path.dirname(built("simple"))), "firmware")
    os.mkdir("firmware/" + name)
    with open("firmware/%s/%s.c" % (name, name), "w") as f:
        f.write(text)
    with open("firmware/%s/Makefile" % name, "w") as f:
        f.write("TARGETS = %s\ninclude ../bench.mk\n%s:\n" % (name, name))
    shutil.copytree(os.path.join(TOP, "src/wire"), "src/wire")
    sh("make", "-s", "-C", "firmware/" + name, "CONTEXT=sim")
    return "firmware/%s/%s" % (name, name)


# Frames and files

def frame(n, length=60):
    return (bytes.fromhex("02000000000202000000000188b5") + n.to_bytes(4, "big") +
            bytes((n + i) & 0xff for i in range(length)))[:length]


def pcap(path, records, magic=NS, order=LITTLE, link=ETHERNET):
    """records: (time in ns, frame) or (time, frame, length on the wire)."""
    with open(path, "wb") as f:
        f.write(struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535, link))
        for stamp, data, *length in records:
            fraction = stamp % 10**9 // (1 if magic == NS else 1000)
            f.write(struct.pack(order + "IIII", stamp // 10**9, fraction, len(data),
                                *(length or [len(data)])) + data)
    return path


def spaced(n, gap_ns=20000, length=60):
    return [(10**12 + i * gap_ns, frame(i, length)) for i in range(n)]


def card(*words, status=0, **more):
    return vernier("card", *words, status=status, **more)


def stats(*words, status=0):
    """Runs with these words; the numbers of the run."""
    return json.loads(card("--json", "-q", *words, status=status).stdout)


def said(done):
    """Lines on standard error without the summary."""
    return [line for line in done.stderr.splitlines() if ": stopped (" not in line]


# Running

@case
def an_elf_file_runs_and_prints_its_log():
    done = card(built("simple"))
    lines = done.stdout.splitlines()
    equal(sorted(lines), sorted("Hello world. I am %sthread %d" % (
        "the wonderful " if t == 2 else "", t) for t in range(8)), "log")
    summary = re.fullmatch(
        r"vernier: card: stopped \(ended\) after (\d+) cycles \(0\.0000(\d+) s\), (\d+) "
        r"instructions; frames: 0 in, 0 out, 0 dropped; [0-9.e-]+ x real time\n", done.stderr)
    holds(summary, "summary: %r" % done.stderr)
    equal(int(summary[2]), 8 * int(summary[1]), "microseconds in the summary")
    equal(card(built("simple"), "-q").stderr, "", "with -q")


@case
def a_pair_of_mif_files_runs_as_its_elf_file_does():
    pcap("in.pcap", spaced(20))
    card("-pcapmac0", "in.pcap", "-outmac0", "elf.pcap", "-q", built("bounce"))
    card("-pcapmac0", "in.pcap", "-outmac0", "mif.pcap", "-q", "-i", built("bounce", ".instr.mif"),
         "-d", built("bounce", ".data.mif"))
    equal(len(frames("elf.pcap")), 20, "frames")
    with open("elf.pcap", "rb") as elf, open("mif.pcap", "rb") as other:
        equal(other.read(), elf.read(), "capture")


@case
def options_have_one_dash_or_two():
    one = card("-cycles", "1000", "-cpus=1", "-show-settings", *program()).stdout
    two = card("--cycles=1000", "--cpus", "1", "--show-settings", *program()).stdout
    equal(one, two, "settings")
    holds("cycles=1000\n" in one and "cpus=1\n" in one and "instr=x.instr.mif\n" in one, one)


@case
def settings_that_are_shown_can_be_used_again():
    words = ["-cycles", "5k", "-model", "re2", "-fault=halt", "-noskip", "-dma", "1,2", "-txlat",
             "7", "-pcapstart", "2ms", "-trace", "lock:t", *program()]
    shown = card("-show-settings", *words).stdout
    flags = {"pcapasap=0", "pcaphostdma=0", "wait=0", "rt=0", "sharedstack=0", "nopause=0", "json=0",
             "quiet=0"}
    holds(flags < set(shown.splitlines()), "flags that are off are shown: " + shown)
    again = ["--" + line for line in shown.splitlines() if line not in flags]
    again = [word[:-2] if word in ("--noskip=1", "--show-settings=1") else word for word in again]
    equal(card(*again).stdout, shown, "settings")


@case
def help_is_short_or_whole():
    short, whole = card("-h").stdout, card("-help").stdout
    equal(card("-h", "nonsense").stdout, short, "short help before anything else")
    holds(len(short.splitlines()) < 10 and "-pcapmacN" in short, short)
    for word in ("-mac3 IF", "-pcaphost0 FILE", "-trace LIST[:FILE]", "-dma T0,B", "4405,0.947",
                 "-i, -instr FILE", "-q, -quiet", "Examples:"):
        holds(word in whole, "help has no %s" % word)


@case
def wrong_usage_is_one_line_and_status_2():
    pcap("in.pcap", [])
    pcap("raw.pcap", [], link=101)
    with open("ng.pcap", "wb") as f:
        f.write(bytes.fromhex("0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000"))
    with open("text", "w") as f:
        f.write("no program\n")
    mif("bad.instr.mif", [1 << 40])
    x = program()
    for words, says in (
            ([], "no program"),
            (["-nonsense", *x], "-nonsense"),
            (["-mac4", "t0", *x], "-mac4"),
            ([*x, "-cycles"], "-cycles"),
            ([*x, "-cycles", "many"], "many"),
            (["-mac0", "t0", *x], "-mac0: needs -rt"),
            (["-card", "sock", *x], "-card: needs -rt"),
            (["missing"], "missing"),
            (["text"], "text"),
            ([VERNIER], VERNIER),
            (["-i", "missing.mif"], "missing.mif"),
            (["-i", "bad.instr.mif"], "bad.instr.mif:6"),
            ([*x, "-pcapmac0", "missing.pcap"], "missing.pcap: cannot be read"),
            ([*x, "-pcapmac0", "ng.pcap"], "ng.pcap: is a pcapng file"),
            ([*x, "-pcapmac0", "raw.pcap"], "raw.pcap: has frames of link type 101"),
            ([*x, "-pcapmac0", "text"], "text: no pcap file")):
        done = card(*words, status=2)
        equal(done.stdout, "", "output of %s" % words)
        holds(done.stderr.startswith("vernier: card: ") and done.stderr.count("\n") == 1 and
              says in done.stderr, "%s: %r" % (words, done.stderr))


@case
def no_file_is_written_twice_or_over_what_is_read():
    pcap("in.pcap", spaced(3))
    os.link("in.pcap", "other-name")
    x = program()
    before = os.path.getsize("in.pcap"), os.path.getsize("x.instr.mif")
    for words, says in (
            (["-pcapmac0", "in.pcap", "-outmac0", "in.pcap"],
             "-outmac0 in.pcap: is the file of -pcapmac0 too"),
            (["-pcapmac1", "in.pcap", "-outhost3", "other-name"],
             "-outhost3 other-name: is the file of -pcapmac1 too"),
            (["-outmac1", "x", "-outmac2", "x"], "-outmac2 x: is the file of -outmac1 too"),
            (["-stats", "x.instr.mif"], "-stats x.instr.mif: is the file of -i too"),
            (["-trace", "pkt:t", "-stats", "t"], "-stats t: is the file of -trace too")):
        equal(card(*words, *x, status=2).stderr, "vernier: card: %s\n" % says, "message")
    equal((os.path.getsize("in.pcap"), os.path.getsize("x.instr.mif")), before, "bytes")
    card("-q", "-outmac0", "/dev/null", "-outmac1", "/dev/null", *x)  # as often as one likes
    card("-q", "-pcapmac0", "in.pcap", "-pcapmac1", "in.pcap", *x)


@case
def a_reader_that_leaves_does_not_end_the_run():
    pcap("in.pcap", spaced(2000, gap_ns=2000))
    run = subprocess.Popen([VERNIER, "card", "-q", "-pcapmac0", "in.pcap", "-outmac0", "-",
                            "-stats", "s.json", built("bounce")], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    equal(len(os.read(run.stdout.fileno(), 24)), 24, "head of the capture")
    run.stdout.close()
    said_last = run.stderr.read().decode()
    equal(run.wait(60), 1, "status")
    holds("capture -: Broken pipe" in said_last, said_last)
    with open("s.json") as f:
        equal(json.load(f)["counters"]["tx_frames"][0], 2000, "frames that left the card")


@case
def names_that_are_no_text_are_told_all_the_same():
    name = b"\xff\xfe\n.pcap"
    pcap(name, spaced(2))
    ran = stats("-pcapmac0", os.fsdecode(name), *program())
    equal(ran["inputs"][0]["file"], "??\n.pcap", "name")


# Captures

@case
def every_form_of_capture_is_fed_alike():
    records = spaced(30, gap_ns=30000)
    seen = []
    for magic in (US, NS):
        for order in (LITTLE, BIG):
            pcap("in.pcap", records, magic, order)
            card("-pcapmac1", "in.pcap", "-outmac1", "out.pcap", "-q", built("bounce"))
            with open("out.pcap", "rb") as f:
                seen.append(f.read())
    equal(seen[1:], seen[:1] * 3, "captures")
    equal(struct.unpack("IHHIIII", seen[0][:24]), (NS, 2, 4, 0, 0, 65535, ETHERNET), "head")
    out = frames("out.pcap")
    equal([f for _, f in out], [f for _, f in records], "frames")
    first = out[0][0] - 1000000  # since the first byte of its preamble came
    holds(72 * 8 + LATENCY_NS < first < 10000, "the first left %d ns after it came" % first)
    for (out_ns, _), (in_ns, _) in zip(out, records):
        held = out_ns - in_ns - (out[0][0] - records[0][0])
        holds(abs(held) < 1000, "a frame was held %d ns longer than the first" % held)


@case
def short_frames_leave_with_their_padding():
    pcap("in.pcap", [(0, frame(1, 20)), (10**6, frame(2, 1514))])
    card("-pcapmac0", "in.pcap", "-outmac0", "out.pcap", "-q", built("bounce"))
    equal([f for _, f in frames("out.pcap")], [frame(1, 20) + bytes(40), frame(2, 1514)], "frames")


@case
def captures_begin_when_they_are_told_to():
    pcap("in.pcap", spaced(1))
    first = []
    for at in ("1ms", "2000000", "2s"):
        card("-pcapmac0", "in.pcap", "-outmac0", "out.pcap", "-q", "-pcapstart", at,
             built("bounce"))
        first.append(frames("out.pcap")[0][0])
    holds(1000000 < first[0] < 1010000, "at %d with -pcapstart 1ms" % first[0])
    for late, want in zip(first[1:], (1000000, 2 * 10**9 - 1000000)):
        holds(abs(late - first[0] - want) < 1000, "at %d, not %d later" % (late, want))


@case
def frames_as_soon_as_possible_come_at_line_rate():
    n, length = 50, 1514
    pcap("in.pcap", spaced(n, gap_ns=10**6, length=length))
    card("-pcapmac0", "in.pcap", "-pcapasap", "-outmac0", "out.pcap", "-q", built("bounce"))
    out = frames("out.pcap")
    equal([f for _, f in out], [frame(i, length) for i in range(n)], "frames")
    line_ns = (n - 1) * (length + 24) * 8
    took = out[-1][0] - out[0][0]
    holds(abs(took - line_ns) < 2000, "%d ns, %d at line rate" % (took, line_ns))


@case
def frames_that_overlap_are_pushed_back():
    n, length = 400, 1514  # at 10 Gb/s, more than what is fed in advance
    pcap("in.pcap", spaced(n, gap_ns=1230, length=length))
    card("-pcapmac0", "in.pcap", "-outmac0", "timed.pcap", "-q", built("bounce"))
    card("-pcapmac0", "in.pcap", "-pcapasap", "-outmac0", "asap.pcap", "-q", built("bounce"))
    equal(frames("timed.pcap"), frames("asap.pcap"), "frames")
    equal(len(frames("timed.pcap")), n, "how many")


@case
def records_that_cannot_be_fed_are_warned_of():
    pcap("in.pcap", [(0, frame(0)), (10, frame(1, 1515)), (20, frame(2), 61), (30, b""),
                     (10**6, frame(3))])
    done = card("-pcapmac0", "in.pcap", "-outmac0", "out.pcap", built("bounce"))
    equal([f for _, f in frames("out.pcap")], [frame(0), frame(3)], "frames")
    equal(said(done), ["vernier: card: warning: in.pcap: 3 of 5 records were skipped: 1 longer "
                       "than 1514 bytes, 1 cut when captured, 1 empty"], "warnings")


@case
def a_file_that_breaks_off_fails_when_the_run_is_over():
    pcap("in.pcap", spaced(10))
    os.truncate("in.pcap", os.path.getsize("in.pcap") - 1)
    done = card("-pcapmac0", "in.pcap", "-outmac0", "out.pcap", "-stats", "s.json", "-q",
                built("bounce"), status=1)
    equal(done.stderr, "vernier: card: in.pcap: ends within record 10; what is before it was "
                       "fed\n", "message")
    equal(len(frames("out.pcap")), 9, "frames")
    with open("s.json") as f:
        told = json.load(f)["inputs"][0]
    equal((told["fed"], told["complete"]), (9, False), "fed, complete by the statistics")


@case
def host_queues_carry_commands_of_their_own_link_type():
    commands = [(i * 10**6, bytes([i + 1]) * n) for i, n in enumerate((1, 40, 1514, 1592))]
    pcap("in.pcap", commands, link=COMMANDS)
    ran = stats("-pcaphost0", "in.pcap", "-outhost0", "out.pcap", built("bounce"))
    equal([f for _, f in frames("out.pcap")], [f for _, f in commands], "frames, not padded")
    with open("out.pcap", "rb") as f:
        equal(struct.unpack("I", f.read()[20:24])[0], COMMANDS, "link type")
    equal((ran["counters"]["rx_frames"][1], ran["counters"]["tx_frames"][1]), (4, 4), "counted")
    card("-pcaphost0", "out.pcap", "-q", built("bounce"))  # what was written can be fed


@case
def transfers_to_host_queues_take_their_time():
    lengths = (100, 1514)
    pcap("in.pcap", [(0, bytes(n)) for n in lengths], link=COMMANDS)
    at = {}
    for words in ((), ("-pcaphostdma",), ("-pcaphostdma", "-dma", "1000,2")):
        card("-pcaphost0", "in.pcap", "-outhost0", "out.pcap", "-q", *words, built("bounce"))
        at[words] = [t for t, _ in frames("out.pcap")]
    for words, t0, b in ((("-pcaphostdma",), 4405, 0.947),
                         (("-pcaphostdma", "-dma", "1000,2"), 1000, 2)):
        end = 0
        for n, length in enumerate(lengths):
            end += t0 + length * b
            later = at[words][n] - at[()][n]
            holds(abs(later - end * 8) < 2000,
                  "%s: frame %d came %d ns later, not %d" % (words, n, later, end * 8))


@case
def host_queues_1_to_3_lead_nowhere():
    pcap("in.pcap", spaced(3))
    done = card("-pcaphost2", "in.pcap", "-stats", "s.json", built("bounce"))
    equal(said(done), ["vernier: card: warning: in.pcap: host queue 2 of the card is not "
                       "connected, its frames are lost"], "warnings")
    with open("s.json") as f:
        counters = json.load(f)["counters"]
    equal((counters["host_swallowed"], sum(counters["rx_frames"])), ([0, 0, 3, 0], 0), "counted")


# The same every time

def everything(folder, *words):
    os.mkdir(folder)
    done = subprocess.run(
        [VERNIER, "card", "-q", "-pcapmac0", "../a.pcap", "-pcapmac2", "../b.pcap", "-pcaphost0",
         "../c.pcap", "-outmac0", "mac0.pcap", "-outmac2", "mac2.pcap", "-outhost0", "host0.pcap",
         "-trace", "lock,pkt,send,dma,irq,log:trace", "-stats", "stats", *words, built("bounce")],
        cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    equal((done.returncode, done.stderr), (0, b""), "status, messages")
    found = {"log": done.stdout}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as f:
            found[name] = f.read()
    return found


@case
def two_runs_are_the_same_in_every_byte():
    pcap("a.pcap", spaced(300, gap_ns=777, length=300))
    pcap("b.pcap", spaced(200, gap_ns=13000, length=1514))
    pcap("c.pcap", spaced(50, gap_ns=50000, length=1000))
    one = everything("one")
    equal(sorted(one), ["host0.pcap", "log", "mac0.pcap", "mac2.pcap", "stats", "trace"], "outputs")
    holds(all(one[name] for name in one if name != "log"), "an output is empty")
    equal(everything("two"), one, "outputs")
    other = everything("other", "-engine", "interpret", "-noskip")
    told = json.loads(one.pop("stats")), json.loads(other.pop("stats"))
    equal(other, one, "outputs of the other engine, with every poll")
    for t in told:
        for key in ("engine", "noskip"):
            del t["settings"][key]
    equal(told[1], told[0], "their statistics")


# Limits

@case
def limits_are_exact():
    endless = program(t5=forever(5))
    ran = stats("-cycles", "12345", *endless)
    equal((ran["stopped"], ran["cycles"], ran["time_ns"]), ("cycles", 12345, 98760), "cycles")
    ran = stats("-time", "1ms", *endless)
    equal((ran["stopped"], ran["cycles"]), ("time", 125000), "time")
    equal(ran["threads"][5]["instructions"], 31250, "one instruction in four cycles")
    ran = stats("-idle", "70000", *endless)
    equal((ran["stopped"], ran["cycles"]), ("idle", 70000), "idle")
    pcap("in.pcap", spaced(100))
    ran = stats("-pcapmac0", "in.pcap", "-frames", "17", "-outmac0", "out.pcap", built("bounce"))
    equal((ran["stopped"], len(frames("out.pcap"))), ("frames", 17), "frames")


@case
def captures_end_a_run_10_ms_behind_their_last_frame():
    pcap("in.pcap", [(0, frame(0)), (50 * 10**6, frame(1))])  # a pause that is no end
    ran = stats("-pcapmac0", "in.pcap", "-outmac0", "out.pcap", built("bounce"))
    out = frames("out.pcap")
    equal((ran["stopped"], len(out)), ("idle", 2), "stopped, frames")
    behind = ran["time_ns"] - out[1][0]
    holds(10**7 <= behind < 10**7 + 5000, "%d ns behind the last frame" % behind)
    ran = stats("-pcapmac0", "in.pcap", "-time", "1", built("bounce"))
    equal((ran["stopped"], ran["time_ns"]), ("time", 10**9), "with a limit")


# What programs do wrong

@case
def a_fault_is_told_with_all_that_is_known():
    done = card("-stats", "s.json", *program(t6=MISALIGNED), status=3)
    lines = done.stderr.splitlines()
    head = re.fullmatch(r"fault in cycle (\d+) \((\d+) ns\), thread 6 \(CPU 1, slot 2\): (.*)",
                        lines[0])
    holds(head, lines[0])
    equal((int(head[1]), int(head[2])), (10, 80), "cycle, time: its third instruction")
    holds("0x04040002" in head[3], head[3])
    equal(lines[1], "  20000128: ad090002  sw t1,2(t0)", "instruction")
    equal(len(lines), 12, "lines: %r" % lines)
    holds("t0   04040000  t1   00000007" in lines[4], lines[4])
    holds(lines[11].startswith("vernier: card: stopped (fault) after "), lines[11])
    with open("s.json") as f:
        ran = json.load(f)
    equal(ran["stopped"], "fault", "stopped")
    equal([(f["thread"], f["cycle"], f["pc"], f["word"], f["instruction"]) for f in ran["faults"]],
          [(6, 10, "20000128", "ad090002", "sw t1,2(t0)")], "faults")


@case
def a_fault_names_the_function_it_is_in():
    done = card(application("wrong", """#include "support.h"
void __attribute__((noinline)) go_wrong(volatile int *p) { *p = 1; }
int main(void) { if (nf_tid() == 4) go_wrong((int *)0x30); return 0; }
"""), status=3)
    holds(re.search(r"^  2[0-9a-f]{7} <go_wrong(\+0x[0-9a-f]+)?>: ", done.stderr, re.M),
          done.stderr)


@case
def a_fault_may_end_its_thread_only():
    ran = stats("-fault=halt", *program(t6=MISALIGNED, t1=[0xffffffff]))
    equal((ran["stopped"], [f["thread"] for f in ran["faults"]]), ("ended", [1, 6]), "stopped")
    equal([t["state"] for t in ran["threads"]],
          ["ended", "faulted", "ended", "ended", "ended", "ended", "faulted", "ended"], "states")


@case
def a_deadlock_says_who_waits_for_what():
    done = card(*program(t2=LOCK_TWICE, t7=LOCK_TWICE), status=4)
    lines = done.stderr.splitlines()
    holds(re.fullmatch(r"deadlock in cycle \d+: nobody is left to unlock", lines[0]), lines[0])
    equal(lines[1:3], ["  thread 2 (CPU 0, slot 2) sleeps on lock 5 at 2000006c",
                       "  thread 7 (CPU 1, slot 3) sleeps on lock 5 at 20000158"], "who")
    holds(lines[3].startswith("vernier: card: stopped (deadlock) after "), lines[3])
    equal(len(lines), 4, "lines: %r" % lines)
    done = card(application("stuck", """#include "support.h"
int main(void) { if (nf_tid() == 3) { nf_lock(9); nf_lock(9); } return 0; }
"""), status=4)
    holds(re.match(r"deadlock in .*\n  thread 3 .* on lock 9 at 2\w{7} <nf_lock\+0x\w+>, "
                   r"ra 2\w{7} <main\+0x\w+>\n", done.stderr), done.stderr)


# What is told

def validator():
    import jsonschema
    with open(os.path.join(TOP, "docs/card.schema.json")) as f:
        schema = json.load(f)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


@case
def statistics_follow_their_schema():
    check = validator()
    pcap("in.pcap", spaced(5))
    for name, words, status in (
            ("ended", program("end.mif"), 0),
            ("fault", program("fault.mif", t6=MISALIGNED), 3),
            ("deadlock", program("lock.mif", t2=LOCK_TWICE), 4),
            ("idle", ["-pcapmac0", "in.pcap", "-pcaphost1", "in.pcap", built("bounce")], 0),
            ("time", ["-rt", "-time", "10ms", built("bounce")], 0)):
        ran = stats(*words, status=status)
        wrong = [e.message for e in check.iter_errors(ran)]
        holds(not wrong, "%s: %s" % (name, "; ".join(wrong)))
        equal(ran["stopped"], name, "stopped")
        equal(ran["real_time"] is None, "-rt" not in words, "nothing of the machine")


@case
def statistics_go_where_they_are_sent():
    x = program()
    card("-q", "-stats", "s.json", *x)
    with open("s.json") as f:
        in_file = json.load(f)
    printed = stats(*x)
    on_stderr = json.loads(card("-q", "-stats", "-", *x).stderr)
    for ran in (in_file, printed, on_stderr):
        del ran["settings"]
    equal((printed, on_stderr), (in_file, in_file), "statistics")


@case
def with_statistics_on_standard_output_the_log_is_elsewhere():
    done = card("-q", "--json", built("simple"))
    equal(json.loads(done.stdout)["counters"]["log_records"], 8, "records")
    equal(len(re.findall(r"^Hello world\. I am ", done.stderr, re.M)), 8, "lines of log")


@case
def a_trace_has_the_lines_that_were_asked_for():
    line = re.compile(r"\d{10} (\d\.\d t\d [0-9a-f]{8}|-\.- -- -{8}) \S.*")
    x = program(t2=LOCK_TWICE)
    whole = card("-q", "-trace", "lock:-", *x, status=4).stdout.splitlines()
    holds(whole and all(line.fullmatch(text) for text in whole), "lines: %r" % whole)
    equal([text.split(" ", 4)[4] for text in whole], ["lock 5 got", "lock 5 wait"], "events")
    cycles = [int(text[:10]) for text in whole]
    card("-q", "-trace", "lock:trace.txt", "-traceat", "%d-" % cycles[1], *x, status=4)
    with open("trace.txt") as f:
        equal(f.read().splitlines(), whole[1:], "trace from its second line on")
    done = card("-q", "-trace", "lock", "-traceat", "0-%d" % cycles[0], *x, status=4)
    equal(done.stderr.splitlines()[0], whole[0], "trace to standard error")


@case
def instructions_are_traced_one_by_one():
    done = card("-q", "-trace", "instr:-", "-cpus", "1", *program())
    equal(done.stdout.splitlines(), ["%010d 0.%d t%d %08x %s" % (
        4 * i + t, t, t, 0x20000000 + 48 * t + 4 * i, text)
        for i, text in enumerate(("lui t0,0xc000", "sw zero,272(t0)")) for t in range(4)], "trace")


@case
def what_cannot_be_written_is_a_failure():
    pcap("in.pcap", spaced(3))
    bounce = ["-q", "-pcapmac0", "in.pcap", built("bounce")]
    for words, says in ((["-outmac0", "/nowhere/x"], "/nowhere/x: cannot be written"),
                        (["-stats", "/nowhere/x"], "/nowhere/x: cannot be written"),
                        (["-trace", "pkt:/nowhere/x"], "/nowhere/x: cannot be written"),
                        (["-stats", "/dev/full"], "/dev/full"),
                        (["-trace", "pkt:/dev/full"], "/dev/full"),
                        (["-outmac0", "/dev/full"], "/dev/full")):
        done = card(*words, *bounce, status=1)
        holds(says in done.stderr, "%s: %r" % (words, done.stderr))
    full = subprocess.run([VERNIER, "card", "-q", built("simple")], stdout=open("/dev/full", "w"),
                          stderr=subprocess.PIPE, text=True, timeout=60)
    equal((full.returncode, full.stderr), (1, "vernier: cannot write to the standard output\n"),
          "a log that cannot be written")


@case
def a_signal_ends_a_run_and_nothing_is_lost():
    pcap("in.pcap", spaced(40))
    for number in (signal.SIGINT, signal.SIGTERM):
        run = start("card", "-q", "-pcapmac0", "in.pcap", "-outmac0", "out.pcap", "-trace",
                    "pkt:-", "-stats", "s.json", "-time", "100000", built("bounce"))
        popped = 0
        while popped < 40:  # the last frame is in
            text = run.stdout.readline()
            holds(text, "the trace ended early")
            popped += " pkt pop " in text
        run.send_signal(number)
        equal(finish(run)[0], 0, "status after %s" % number)
        with open("s.json") as f:
            equal(json.load(f)["stopped"], "interrupted", "stopped")
        equal(len(frames("out.pcap")), 40, "frames")


@case
def a_terminal_sees_how_far_it_is():
    with Terminal("sh", "-c", 'exec "$@" 2>/dev/tty', "sh", VERNIER, "card", "-time", "1000000",
                  *program(t5=forever(5))) as run:
        shown = b""
        while b" x real time\x1b[K" not in shown:
            shown += os.read(run._keyboard, 4096)
        run.press_ctrl_c()
        equal(run.finish()[0], 0, "status")


@case
def the_example_runs():
    built("bounce")
    done = subprocess.run([TOP + "/examples/14-card.sh"], env={**os.environ, "VERNIER": VERNIER},
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    equal(done.returncode, 0, "status (%s)" % done.stderr)
    holds("both runs are the same\n" in done.stdout and
          re.search(r"^udp_dst 9 +1000 +0 +0 +0 ", done.stdout, re.M), done.stdout)


# Real time

@case
def real_time_is_not_shorter():
    ran = stats("-rt", "-time", "0.2", built("bounce"))
    real = ran["real_time"]
    equal((ran["stopped"], ran["cycles"]), ("time", 25000000), "stopped")
    holds(real["lag_total_ns"] >= real["lag_max_ns"] >= 0 and real["slices"] > 0, str(real))
    done = card("-rt", "-time", "0.2", built("bounce"))
    factor = float(re.search(r"([0-9.e+-]+) x real time", done.stderr)[1])
    holds(factor <= 1.01, "%s x real time" % factor)


@case
def an_idle_card_rests():
    ran = stats("-rt", "-time", "0.3", *program(t5=forever(5)))
    holds(ran["real_time"]["rests"] > 0, str(ran["real_time"]))


def tap(name="t0"):
    if not os.path.exists("/dev/net/tun"):
        raise Skip("no /dev/net/tun")
    quiet_stack()
    sh("ip", "tuntap", "add", "dev", name, "mode", "tap")


def links():
    return [link["ifname"] for link in json.loads(sh("ip", "-j", "link"))]


def has_carrier(name):
    return "LOWER_UP" in json.loads(sh("ip", "-j", "link", "show", name))[0]["flags"]


@case
def frames_go_round_by_an_interface():
    tap()
    sh("ip", "link", "set", "t0", "addrgenmode", "none", "arp", "off", "up")
    sent = [frame(i, 60 + 29 * i) for i in range(50)]
    run = start("card", "-rt", "-mac2", "t0", "--json", built("bounce"))
    wait_until(lambda: has_carrier("t0"), "carrier of t0")
    with Tap("t0") as seen:
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        s.bind(("t0", 0))
        for data in sent:
            s.send(data)
        came = [data for _, kind, data in seen.take(100) if kind != Tap.OUTGOING]
    equal(came, sent, "frames that came back")
    run.send_signal(signal.SIGINT)
    status, out, err = finish(run)
    equal(status, 0, "status (%s)" % err)
    told = json.loads(out)
    equal(told["taps"], [{"port": "mac2", "interface": "t0", "fed": 50, "dropped": 0,
                          "written": 50, "refused": 0}], "interfaces")
    equal((told["counters"]["rx_frames"][4], told["counters"]["tx_frames"][4]), (50, 50), "counted")
    equal("t0" in links(), True, "an interface that was there stays")


@case
def an_interface_that_was_made_goes_again():
    if not os.path.exists("/dev/net/tun"):
        raise Skip("no /dev/net/tun")
    quiet_stack()
    run = start("card", "-rt", "-q", "-mac0", "fresh", "-host0", "fresher", built("bounce"))
    wait_until(lambda: {"fresh", "fresher"} <= set(links()), "interfaces")
    run.send_signal(signal.SIGTERM)
    equal(finish(run)[0], 0, "status")
    equal([name for name in links() if name.startswith("fresh")], [], "interfaces left")


@case
def a_program_answers_ping():
    if not shutil.which("ping"):
        raise Skip("no ping")
    tap()
    run = start("card", "-rt", "-q", "-mac1", "t0", built("ping"))
    sh("ip", "link", "set", "t0", "up")
    sh("ip", "addr", "add", "192.168.0.1/24", "dev", "t0")
    wait_until(lambda: has_carrier("t0"), "carrier of t0")
    for _ in range(3):  # for the last of several ping waits only as long as for those before
        said_by = sh("ping", "-n", "-c", "1", "-W", "10", "192.168.0.100")
        holds(" 1 received, 0% packet loss" in said_by, said_by)
    run.send_signal(signal.SIGINT)
    equal(finish(run)[0], 0, "status")


@case
def an_interface_that_cannot_be_had_is_a_failure():
    done = subprocess.run([*without_rights(), VERNIER, "card", "-rt", "-mac0", "t0", *program()],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    equal(done.returncode, 1, "status (%s)" % done.stderr)
    holds(done.stderr.startswith("vernier: card: t0: "), done.stderr)


# The card socket

HELLO, TIME, LOAD_INSTR, LOAD_DATA, RUN, STATS, ERROR = 1, 14, 9, 10, 11, 13, 15
DRIVER, LOADER = 1, 2


def connect(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(20)
    s.connect(path)
    return s


def is_there(path):
    """A card listens."""
    try:
        connect(path).close()
    except OSError:
        return False
    return True


def waiting_card(*words):
    run = start("card", "-rt", "-q", "-wait", "-card", "sock", *words)
    wait_until(lambda: is_there("sock"), "card socket")
    return run


class Client:
    """Speaks the card's protocol (src/nt/cardmsg.h)."""

    def __init__(self, path, role):
        self.socket = connect(path)
        equal(self.ask(HELLO, 1, role)[:3], (HELLO, 1, role), "answer to HELLO")

    def say(self, op, a=0, b=0, data=b""):
        self.socket.send(struct.pack("<IHHII", 0x4E464344, op, 0, a, b) + data)

    def ask(self, op, a=0, b=0, data=b""):
        """(op, a, b, data) of the answer, whatever the card says meanwhile."""
        self.say(op, a, b, data)
        while True:
            packet = self.socket.recv(1 << 17)
            _, op, flags, a, b = struct.unpack("<IHHII", packet[:16])
            if flags & 1:
                return op, a, b, packet[16:]


def words_of(path):
    with open(path) as f:
        return [int(line.split(":")[1].strip(" ;\n"), 16) for line in f if re.match(r"\w+ :", line)]


@case
def a_loader_brings_the_program():
    program(t5=forever(5))
    words = words_of("x.instr.mif")
    run = waiting_card("-stats", "s.json")
    loader, driver = Client("sock", LOADER), Client("sock", DRIVER)
    equal(loader.ask(LOAD_INSTR, data=struct.pack(">%dI" % len(words), *words))[2], len(words),
          "words")
    equal(loader.ask(RUN)[0], RUN, "answer to RUN")
    _, low, high, _ = driver.ask(TIME)
    wait_until(lambda: driver.ask(TIME)[1] != low, "time to pass")
    told = json.loads(driver.ask(STATS)[3])
    equal((told["stopped"], told["memory_hash"], [t["state"] for t in told["threads"]]),
          ("running", None, ["ended"] * 5 + ["running"] + ["ended"] * 2), "statistics")
    wrong = [e.message for e in validator().iter_errors(told)]
    holds(not wrong, "; ".join(wrong))
    run.send_signal(signal.SIGINT)
    equal(finish(run)[0], 0, "status")
    equal(os.path.exists("sock"), False, "the socket's file is there")


@case
def a_client_that_dies_leaves_its_role_free():
    run = waiting_card()
    child = os.fork()
    if child == 0:
        Client("sock", DRIVER)
        os.kill(os.getpid(), signal.SIGKILL)
    equal(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), -signal.SIGKILL, "its end")
    other = connect("sock")
    other.send(b"nonsense")
    while other.recv(100):  # an error, perhaps, and then the end
        pass
    wait_until(lambda: is_free("sock"), "role of the driver")
    run.send_signal(signal.SIGINT)
    equal(finish(run)[0], 0, "status")


def is_free(path):
    """The driver of before is gone, as soon as the card has seen that."""
    s = connect(path)
    s.send(struct.pack("<IHHII", 0x4E464344, HELLO, 0, 1, DRIVER))
    return struct.unpack("<IHHII", s.recv(1 << 17)[:16])[1] == HELLO


@case
def a_client_that_does_not_read_is_given_up():
    run = waiting_card()
    client = Client("sock", DRIVER)
    try:
        while True:
            client.say(STATS)
    except OSError as error:
        holds(error.errno in (32, 104), "ended by %s" % error)
    Client("sock", LOADER).ask(TIME)
    run.send_signal(signal.SIGINT)
    equal(finish(run)[0], 0, "status")


@case
def a_socket_is_replaced_only_if_nobody_is_there():
    words = ["-rt", "-q", "-wait", "-card", "sock"]
    run = waiting_card()
    equal(card(*words, status=1).stderr,
          "vernier: card: -card sock: another card has this socket\n", "message")
    run.kill()
    finish(run)
    equal(os.path.exists("sock"), True, "a killed card leaves its file")
    run = waiting_card()
    run.send_signal(signal.SIGINT)
    equal(finish(run)[0], 0, "status")
    with open("sock", "w") as f:
        f.write("precious")
    equal(card(*words, status=1).stderr,
          "vernier: card: -card sock: is there already, and no socket\n", "message")
    with open("sock") as f:
        equal(f.read(), "precious", "what was there")
    card("-rt", "-q", "-wait", "-card", "x" * 108, status=1)


build()
main()

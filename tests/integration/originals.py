#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Program images that were built for the real card, run as they are.

They are other people's programs and no part of this project. VN_NT_IMAGES names
a folder with copies of the two public packages, NetThreads 1.0 as `netthreads` and
NetThreads-RE 2.0 as `netthreads-re`, each with its src/bench/*/*.mif; without it
every case is skipped.

What must come out was read from the sources beside the images, mistakes included,
and is computed here by models of those sources (Ping, EchoDns): they have nothing
in common with the simulator. The images of 1.0 run on one CPU: the start code that
they were linked with puts threads 5 to 7 at wrong words."""
import ctypes
import hashlib
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import threading
import time

from harness import (CLONE_NEWNET, Skip, case, equal, finish, frames, holds, main, quiet_stack, sh,
                     start, vernier, wait_until)

IMAGES = os.environ.get("VN_NT_IMAGES")
CARD, TEST = "192.168.0.100", "192.168.0.185"  # the programs know both
IP_OF_CARD, MAC_OF_CARD = socket.inet_aton(CARD), bytes.fromhex("004332464e00")
IP_OF_TEST, MAC_OF_TEST = socket.inet_aton(TEST), bytes.fromhex("020000000001")
BROADCAST = b"\xff" * 6
ARP, IPV4, ICMP, UDP = 0x0806, 0x0800, 1, 17
A, CNAME, HINFO, MX = 1, 5, 13, 15
SLOTS, SLOT, IOQ = 10, 1600, 8

# package, path without .instr.mif, ELF file beside it (None: not in the package), words
PING = ("netthreads", "ping/ping", None, ["-cpus", "1"])
ARPER = ("netthreads", "arp/arp", "arp/arp", ["-cpus", "1"])
PIPE = ("netthreads", "pipe/pipe", None, ["-cpus", "1"])
DNS = ("netthreads", "rnd/ricks_netfpga_dns", "rnd/ricks_netfpga_dns", ["-cpus", "1"])
PIPE_RE = ("netthreads-re", "pipe/pipe", "pipe/pipe", ["-model", "re2"])
DNS_RE = ("netthreads-re", "dns/ricks_netfpga_dns", "dns/ricks_netfpga_dns", ["-model", "1.0"])
HELLO_RE = ("netthreads-re", "rick_hello/rick_hello", "rick_hello/rick_hello", ["-model", "re2"])


# Images and runs

def bench(package, path):
    if not IMAGES:
        raise Skip("VN_NT_IMAGES does not name the folder of the original packages")
    found = os.path.join(IMAGES, package, "src/bench", path)
    if not os.path.exists(found):
        raise Skip("VN_NT_IMAGES has no %s/src/bench/%s" % (package, path))
    return found


def mif(image):
    return ["-i", bench(image[0], image[1] + ".instr.mif"),
            "-d", bench(image[0], image[1] + ".data.mif")]


def elf(image):
    return [bench(image[0], image[2])]


class Run:
    """A run on virtual time: what was fed to MACs is {n: [(ns, frame)]}."""

    def __init__(self, program, *words, status=0, **feeds):
        for name, records in feeds.items():
            write_pcap(name + ".pcap", records)
        inputs = [w for name in feeds for w in ("-pcap" + name, name + ".pcap")]
        outputs = [w for n in range(4) for w in ("-outmac%d" % n, "out%d.pcap" % n)]
        limit = [] if feeds or "-cycles" in words else ["-cycles", "1000000"]
        done = vernier("card", "-q", *program, *inputs, *outputs, *limit, "-stats", "stats.json",
                       *words, status=status)
        self.log, self.err = done.stdout, done.stderr
        self.out = [frames("out%d.pcap" % n) for n in range(4)]
        self.stats = json.loads(contents("stats.json"))
        self.settings = self.stats.pop("settings")

    def frames(self, mac):
        return [f for _, f in self.out[mac]]

    def everything(self):
        """All that may not depend on how instructions are executed."""
        return {"log": self.log, "err": self.err, "out": self.out, **self.stats}


def contents(path):
    with open(path, "rb") as f:
        return f.read()


def write_pcap(path, records):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHIIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))
        for ns, frame in records:
            f.write(struct.pack("<IIII", ns // 10**9, ns % 10**9, len(frame), len(frame)) + frame)


def spaced(sent, gap_ns=2000000):
    """So far apart that each is answered before the next one comes."""
    return [(i * gap_ns, frame) for i, frame in enumerate(sent)]


def counted(run, **wanted):
    equal({name: run.stats["counters"][name] for name in wanted}, wanted, "counters")


def lost(stats):
    c = stats["counters"]
    return {name: c[name] for name in ("rx_dropped", "mac_rx_full", "mac_tx_full", "rx_oversize")
            if (sum(c[name]) if isinstance(c[name], list) else c[name])}


# Frames

def ones_sum(data):
    """The one's complement sum; an odd last byte counts as the sources have it: low."""
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data[:len(data) & ~1]))
    return fold(total + (data[-1] if len(data) & 1 else 0))


def fold(n):
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return n


def checksum(data):
    """As the Internet has it: an odd last byte is high."""
    return ~ones_sum(data + bytes(len(data) & 1)) & 0xffff


def ethernet(kind, body, to=MAC_OF_CARD, pad=True):
    return (to + MAC_OF_TEST + kind.to_bytes(2, "big") + body).ljust(60 if pad else 0, b"\0")


def arp(op=1, target=IP_OF_CARD, sender=IP_OF_TEST, hrd=1, pln=4):
    return ethernet(ARP, struct.pack(">HHBBH6s4s6s4s", hrd, IPV4, 6, pln, op, MAC_OF_TEST, sender,
                                     bytes(6), target), to=BROADCAST)


def arp_reply():
    """To arp(), 42 bytes long."""
    return (MAC_OF_TEST + MAC_OF_CARD + ARP.to_bytes(2, "big") +
            struct.pack(">HHBBH6s4s6s4s", 1, IPV4, 6, 4, 2, MAC_OF_CARD, IP_OF_CARD, MAC_OF_TEST,
                        IP_OF_TEST)).ljust(60, b"\0")


def ip(protocol, body, options=b"", version=4, words=None, bad_sum=0, extra=0):
    header = bytearray(struct.pack(
        ">BBHHHBBH4s4s", version << 4 | (words or 5 + len(options) // 4), 0,
        20 + len(options) + len(body) + extra, 0x1234, 0x4000, 64, protocol, 0, IP_OF_TEST,
        IP_OF_CARD) + options)
    header[10:12] = (checksum(bytes(header)) ^ bad_sum).to_bytes(2, "big")
    return bytes(header) + body


def icmp(payload, kind=8, code=0, bad_sum=0):
    body = bytearray(struct.pack(">BBHHH", kind, code, 0, 0x4567, 7) + payload)
    body[2:4] = (checksum(bytes(body)) ^ bad_sum).to_bytes(2, "big")
    return bytes(body)


def echo(payload, pad=True, **more):
    return ethernet(IPV4, ip(ICMP, icmp(payload), **more), pad=pad)


def udp(payload, to=53):
    body = struct.pack(">HHHH", 40000, to, 8 + len(payload), 0) + payload
    pseudo = IP_OF_TEST + IP_OF_CARD + struct.pack(">HH", UDP, len(body))
    return body[:6] + checksum(pseudo + body).to_bytes(2, "big") + body[8:]


def some_bytes(seed, n):
    return random.Random(seed).randbytes(n)


def dns_query(name, kind, spare=0, ident=0x5eed):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return (struct.pack(">HHHHHH", ident, 0x0100, 1, 0, 0, 0) + labels + b"\0" +
            struct.pack(">HH", kind, 1) + bytes(spare))


# Models of the sources

class Slots:
    """Output memory as the programs' common library keeps it: the free slot with the
    lowest number is taken; a launch frees the slot of the launch before. What a slot
    held before stays in it, which one of the programs depends on."""

    def __init__(self):
        self.memory = [bytearray(SLOT) for _ in range(SLOTS)]
        self.free, self.held = set(range(1, SLOTS)), 0

    def take(self):
        slot = min(self.free)
        self.free.remove(slot)
        return slot, self.memory[slot]

    def send(self, slot, size):
        """The frame of this size behind the IOQ header, as it leaves a MAC."""
        self.free.add(self.held)
        self.held = slot
        return bytes(self.memory[slot][IOQ:IOQ + size]).ljust(60, b"\0")


class Ping:
    """src/bench/ping/process.c of 1.0: what it sends, to the byte.

    Three mistakes: the checksum of a reply's IP header is taken while what the slot
    held before stands in its place; that of ICMP is corrected by two complements of 32
    bits, of which the carry is lost, and in the wrong direction; of an odd number of
    bytes the last one is added as the low half of a word."""

    def __init__(self):
        self.slots = Slots()

    def at_start(self):
        slot, memory = self.slots.take()
        memory[IOQ:IOQ + 42] = (
            BROADCAST + MAC_OF_CARD + ARP.to_bytes(2, "big") +
            struct.pack(">HHBBH6s4s6s4s", 1, IPV4, 6, 4, 1, MAC_OF_CARD, IP_OF_CARD, BROADCAST,
                        IP_OF_TEST))
        return [self.slots.send(slot, 42) for _ in range(4)]

    def answer(self, frame):
        """An answer, or the frame with the number of a refusal in its first byte."""
        kind = int.from_bytes(frame[12:14], "big")
        handler = {ARP: self._arp, IPV4: self._ip}.get(kind, lambda frame: 13)
        out = handler(frame)
        return self._refuse(frame, out) if isinstance(out, int) else out

    def _refuse(self, frame, code):
        slot, memory = self.slots.take()
        memory[IOQ:IOQ + len(frame)] = bytes([code]) + frame[1:]
        return self.slots.send(slot, len(frame))

    def _arp(self, frame):
        hrd, pro, hln, pln, op = struct.unpack_from(">HHBBH", frame, 14)
        if (hrd, pro, hln, pln) != (1, IPV4, 6, 4) or op not in (1, 2):
            return 2
        if frame[38:42] != IP_OF_CARD or op != 1:
            return 3
        slot, memory = self.slots.take()
        memory[IOQ:IOQ + len(frame)] = (
            frame[22:28] + MAC_OF_CARD + frame[12:20] + b"\0\2" + MAC_OF_CARD + IP_OF_CARD +
            frame[22:32] + frame[42:])
        return self.slots.send(slot, len(frame))

    def _ip(self, frame):
        header, words = frame[14:34], frame[14] & 15
        if frame[14] >> 4 != 4 or words < 5:
            return 8
        if words * 4 > len(frame) - 14:
            return 9
        if ones_sum(frame[14:14 + 4 * words]) != 0xffff:
            return 10
        if int.from_bytes(frame[16:18], "big") != len(frame) - 14:
            return 11
        return self._icmp(frame, header, frame[14 + 4 * words:]) if frame[23] == ICMP else 12

    def _icmp(self, frame, header, body):
        if len(body) < 8:
            return 4
        if ones_sum(body) != 0xffff:
            return 5
        if body[1]:
            return 16
        return self._echo(frame, header, body) if body[0] == 8 else 6

    def _echo(self, frame, header, body):
        slot, memory = self.slots.take()
        old = memory[IOQ + 24:IOQ + 26]
        out = bytearray(frame[6:12] + MAC_OF_CARD + b"\x08\0" +
                        struct.pack(">BBHHHBB", 0x45, 0, 20 + len(body), 0, 0, 64, ICMP) + old +
                        header[16:20] + header[12:16] + body)
        out[24:26] = (~ones_sum(out[14:34]) & 0xffff).to_bytes(2, "big")
        out[34] = 0
        acc = (~int.from_bytes(body[2:4], "big") & 0xffffffff) + (~0x0400 & 0xffffffff)
        out[36:38] = (~fold(acc & 0xffffffff) & 0xffff).to_bytes(2, "big")
        memory[IOQ:IOQ + len(out)] = out
        return self.slots.send(slot, len(out))


class EchoDns:
    """src/bench/dns of RE 2.0: no query gets through its checks, all comes back with the
    number of its refusal in the first byte. The checksum of UDP leaves out the pseudo
    header and eight bytes at the end."""

    @staticmethod
    def code(frame):
        words = frame[14] & 15
        if int.from_bytes(frame[12:14], "big") != IPV4:
            return 13
        if frame[14] >> 4 != 4 or words < 5:
            return 8
        if words * 4 > len(frame) - 14:
            return 9
        if ones_sum(frame[14:14 + 4 * words]) != 0xffff:
            return 10
        if int.from_bytes(frame[16:18], "big") != len(frame) - 14:
            return 11
        if frame[23] != UDP:
            return 12
        body = frame[14 + 4 * words:]
        if len(body) < 8:
            return 4
        return 5 if ones_sum(body[:-8]) != 0xffff else 6


# Virtual time: what is sent, to the byte

@case
def ping_asks_for_a_neighbor_at_start():
    run = Run(mif(PING) + PING[3], "-trace", "pkt:trace.txt")
    equal(run.frames(1), Ping().at_start(), "frames of MAC 1")
    equal([run.frames(n) for n in (0, 2, 3)], [[], [], []], "frames of the other MACs")
    equal(re.findall(r"pkt out len=(\d+) dst=(\d+)", contents("trace.txt").decode()),
          [("42", "2")] * 4, "frames and ports, which are those of the mask 0x0004")


def echo_requests():
    """41 of them: short and long, odd, with options, with something wrong."""
    lengths = [0, 1, 2, 8, 17, 18, 19, 26, 31, 32, 56, 57, 63, 64, 100, 127, 128, 255, 256, 399,
               400, 401, 512, 777, 1000, 1024, 1199, 1200, 1399, 1400, 1470, 1471, 1472]
    sent = [echo(some_bytes(n, n)) for n in lengths]
    sent += [echo(some_bytes(n, n), options=bytes([1] * n)) for n in (4, 40)]
    sent += [echo(b"\xff" * n) for n in (60, 61)] + [echo(bytes(n)) for n in (60, 1000)]
    sent += [echo(some_bytes(1, 56), bad_sum=1),
             ethernet(IPV4, ip(ICMP, icmp(some_bytes(2, 56), bad_sum=0x100)))]
    return sent


@case
def ping_answers_echo_requests_as_its_source_has_it():
    """41 of 41 frames are those of a model of the source"""
    sent, model = echo_requests(), Ping()
    equal(len(sent), 41, "requests")
    run = Run(mif(PING) + PING[3], mac0=spaced(sent))
    model.at_start()
    wanted = [model.answer(frame) for frame in sent]
    equal([i for i, pair in enumerate(zip(run.frames(0), wanted)) if pair[0] != pair[1]], [],
          "requests with another answer")
    equal(len(run.frames(0)), 41, "answers")
    counted(run, popped=41, freed=51, rx_dropped=0)
    for request, reply in zip(sent, wanted):
        if len(request) < 98 or len(request) & 1 or reply[0] != MAC_OF_TEST[0]:
            continue
        equal((reply[26:34], reply[34]), (request[30:34] + request[26:30], 0), "addresses, type")
        holds(reply[38:] == request[-len(reply[38:]):], "the payload is another")
        holds(ones_sum(reply[34:]) != 0xffff, "the sum over ICMP is right")


def spread(sent, gap_ns=2000000):
    """To the four MACs in turn. The times of a file count from its first record, so that
    all begin with the same frame, at once; returns what comes, in order, and the files."""
    first = arp(op=3)
    feeds = {"mac%d" % n: [(0, first)] for n in range(4)}
    for i, frame in enumerate(sent):
        feeds["mac%d" % (i % 4)].append(((i + 1) * gap_ns, frame))
    return [first] * 4 + sent, feeds


def refused():
    """(frame, number of the refusal of `ping`, or 0)"""
    return [
        (arp(hrd=6), 2), (arp(pln=6), 2), (arp(op=3), 2), (arp(target=IP_OF_TEST), 3),
        (arp(op=2), 3), (echo(bytes(40), version=6), 8), (echo(bytes(40), words=4), 8),
        (echo(bytes(10), words=15), 9), (echo(bytes(40), bad_sum=0x8000), 10),
        (echo(bytes(40), extra=1), 11), (echo(bytes(17)), 11),
        (ethernet(IPV4, ip(UDP, udp(bytes(40)))), 12), (ethernet(0x86dd, bytes(60)), 13),
        (ethernet(IPV4, ip(ICMP, bytes(7)), pad=False), 4),
        (ethernet(IPV4, ip(ICMP, icmp(bytes(40), bad_sum=2))), 5), (echo(bytes(41)), 0),
        (ethernet(IPV4, ip(ICMP, icmp(bytes(40) + b"\1"))), 5),
        (ethernet(IPV4, ip(ICMP, icmp(bytes(40), kind=13))), 6),
        (ethernet(IPV4, ip(ICMP, icmp(bytes(40), code=1))), 16), (arp(), 0)]


@case
def ping_refuses_with_the_numbers_of_its_source():
    """each number of a refusal; each frame leaves by the MAC that it came by"""
    model, numbers = Ping(), [2] * 4 + [number for _, number in refused()]
    sent, feeds = spread([frame for frame, _ in refused()])
    run = Run(mif(PING) + PING[3], **feeds)
    wanted = model.at_start(), [model.answer(frame) for frame in sent]
    equal([reply[0] for reply, number in zip(wanted[1], numbers) if number],
          [number for number in numbers if number], "numbers of the model")
    for n in range(4):
        at_start = wanted[0] if n == 1 else []
        equal(run.frames(n), at_start + wanted[1][n::4], "frames of MAC %d" % n)


@case
def ping_runs_on_without_thread_7():
    """the fault of thread 7 in cycle 15 ends the run, or the thread alone"""
    sent, feeds = spread(echo_requests())
    whole = Run(mif(PING), *PING[3], **feeds)
    stopped = Run(mif(PING), status=3, **feeds)
    equal((stopped.stats["stopped"], stopped.out), ("fault", [[]] * 4), "the end")
    halted = Run(mif(PING), "-fault=halt", **feeds)
    for run in (stopped, halted):
        equal([(f["cycle"], f["thread"]) for f in run.stats["faults"]], [(15, 7)], "faults")
        holds(run.err.startswith("fault in cycle 15 (120 ns), thread 7 "), run.err)
    equal(len(sum(halted.out, [])), 4 + len(sent), "frames")
    equal(halted.out, whole.out, "frames with both CPUs")


@case
def arp_answers_by_mac_1():
    """requests for its address, by whichever MAC they come; 42 bytes, to the byte"""
    asked = [arp()] * 6 + [arp(target=IP_OF_TEST), arp(op=2), arp(hrd=6), echo(bytes(40))]
    sent, feeds = spread(asked)
    run = Run(mif(ARPER) + ARPER[3], **feeds)
    equal(run.frames(1), Ping().at_start() + [arp_reply()] * 6, "frames of MAC 1")
    equal([run.frames(n) for n in (0, 2, 3)], [[], [], []], "frames of the other MACs")
    counted(run, popped=len(sent), rx_dropped=0)


def all_lengths():
    return [some_bytes(n, n) for n in list(range(60, 80)) + list(range(1400, 1515, 7)) + [1514]]


@case
def pipe_forwards_what_comes():
    """MAC 0 to 1 and back, 2 to 3 and back, unchanged, of every length"""
    for image in (PIPE, PIPE_RE):
        # All four MACs at once, and time enough for four threads to copy what comes.
        feeds = {"mac%d" % n: spaced([bytes([n]) + f[1:] for f in all_lengths()], 60000)
                 for n in range(4)}
        run = Run(mif(image) + image[3], **feeds)
        for n in range(4):
            equal(sorted(run.frames(n ^ 1)), sorted(f for _, f in feeds["mac%d" % n]),
                  "%s: what MAC %d took" % (image[0], n))
        equal(lost(run.stats), {}, "lost frames of %s" % image[0])


@case
def pipe_of_re2_forwards_3000_frames_at_1490000_a_second():
    """64-byte frames over four ports, none lost"""
    feeds = {"mac%d" % n: [(i * 4000 * 1000 // 1490, some_bytes(4 * i + n, 60)) for i in range(750)]
             for n in range(4)}
    run = Run(mif(PIPE_RE) + PIPE_RE[3], **feeds)
    for n in range(4):
        equal(sorted(run.frames(n ^ 1)), sorted(f for _, f in feeds["mac%d" % n]), "MAC %d" % n)
    equal((sum(run.stats["counters"]["rx_frames"]), lost(run.stats)), (3000, {}), "frames")


def udp_with_sum(total, to):
    """Such that the sum over UDP without its last eight bytes is this."""
    body = bytearray(udp(bytes(40), to))
    body[10:12] = fold(total + 0xffff - ones_sum(bytes(body[:-8]))).to_bytes(2, "big")
    return bytes(body)


@case
def dns_of_re2_returns_all_with_a_number():
    """as a program of 1.0: its model; with one packet memory it faults"""
    sent = [frame for frame, _ in refused()] + echo_requests() + [
        ethernet(IPV4, ip(UDP, udp(dns_query("a.b", A, spare)))) for spare in (0, 8, 100)] + [
        ethernet(IPV4, ip(UDP, udp_with_sum(0xffff, 54))),
        ethernet(IPV4, ip(UDP, bytes(7)), pad=False)]
    comes, feeds = spread(sent)
    codes = [EchoDns.code(frame) for frame in comes]
    equal(set(codes), {4, 5, 6, 8, 9, 10, 11, 12, 13}, "codes of the model")
    run = Run(mif(DNS_RE) + DNS_RE[3], **feeds)
    for n in range(4):
        equal(run.frames(n), [(bytes([c]) + f[1:]).ljust(60, b"\0")
                              for c, f in zip(codes[n::4], comes[n::4])], "frames of MAC %d" % n)
    fault = Run(mif(DNS_RE), "-model", "re2", status=3, **feeds).stats["faults"]
    equal(len(fault), 1, "faults as a program of RE 2.0")


@case
def rick_hello_faults():
    """it takes a packet from an allocator that it did not set up: a store at address 2"""
    run = Run(mif(HELLO_RE) + HELLO_RE[3], status=3)
    equal(len(run.stats["faults"]), 1, "faults")
    holds("store" in run.err and "0x00000002" in run.err, run.err)


# The same run, executed in other ways

ALL = [PING, ARPER, PIPE, DNS, PIPE_RE, DNS_RE, HELLO_RE]
ELSE = [["-engine", "interpret"], ["-noskip"], ["-engine", "interpret", "-noskip"],
        ["-trace", "instr:trace.txt", "-traceat", "1000-1100"]]  # which makes short slices


def traffic(seed):
    """What each of the programs has an answer to, in bursts that overflow, to four MACs."""
    draw = random.Random(seed)
    kinds = ([arp()] * 4 + [echo(some_bytes(n, n)) for n in (0, 56, 57, 400, 1472)] +
             [ethernet(IPV4, ip(UDP, udp(dns_query("sri-nic.arpa", kind, spare))))
              for kind in (A, CNAME, HINFO, MX) for spare in (0, 8)] +
             [frame for frame, _ in refused() if len(frame) >= 60] +
             [some_bytes(n, 60 + n) for n in range(0, 1400, 99)])
    feeds, ns = {"mac%d" % n: [] for n in range(4)}, 0
    for burst in [1, 4, 40, 2, 1, 40, 10, 1, 3, 40, 20, 1]:
        ns, mac = ns + draw.choice([700, 40000, 900000]), draw.randrange(4)
        feeds["mac%d" % mac] += [(ns, draw.choice(kinds)) for _ in range(burst)]
        feeds["mac%d" % draw.randrange(4)].append((ns, arp()))
    return feeds


def fed(image):
    """The words that such a run ends with, and its traffic: rick_hello ends before any."""
    return {"status": 3} if image is HELLO_RE else traffic(len(image[1]))


def same(run, other, what, but=()):
    got, wanted = run.everything(), other.everything()
    for name in wanted:
        if name not in but:
            equal(got[name], wanted[name], "%s: %s" % (what, name))


@case
def each_engine_gives_the_same():
    """translated, interpreted, polls one by one, in short slices: all that comes out"""
    for image in ALL:
        first = Run(mif(image) + image[3], "-engine", "translate", **fed(image))
        holds(image is HELLO_RE or sum(len(out) for out in first.out) > 20, image[1])
        holds(image not in (PING, DNS) or lost(first.stats), "%s has time for all" % image[1])
        for words in ELSE:
            other = Run(mif(image) + image[3], *words, **fed(image))
            same(other, first, "%s with %s" % (image[1], " ".join(words)))


@case
def elf_files_give_the_same_as_their_images():
    """but for memory: what made the images left out the last bytes of some sections"""
    for image in ALL:
        if image[2]:
            same(Run(elf(image) + image[3], **fed(image)), Run(mif(image) + image[3], **fed(image)),
                 image[1], but=["memory_hash", "err", "faults"])


# Real time: the card between network stacks

class Live:
    """A card in real time, MACs on TAP interfaces {0: "tap0"} that it makes itself."""

    def __init__(self, image, **taps):
        if not os.path.exists("/dev/net/tun"):
            raise Skip("the kernel has no TAP interfaces")
        program = mif(image) + image[3]
        quiet_stack()
        words = [w for mac, name in taps.items() for w in ("-" + mac, name)]
        self.process = start("card", "-rt", "-q", *program, *words, "-time", "80", "-stats",
                             "stats.json")
        wait_until(lambda: all(is_up(name) for name in taps.values()) or
                   self.process.poll() is not None, "TAP interfaces")
        if self.process.poll() is not None:
            raise AssertionError("the card ended: " + finish(self.process)[2])

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.end()

    def end(self):
        self.process.send_signal(signal.SIGINT)
        status, _, err = finish(self.process)
        equal(status, 0, "status of the card (%s)" % err)
        self.stats = json.loads(contents("stats.json"))


def is_up(name):
    done = subprocess.run(["ip", "-j", "link", "show", "dev", name], capture_output=True, text=True)
    return done.returncode == 0 and "LOWER_UP" in json.loads(done.stdout)[0]["flags"]


def give(link, address, *inside):
    sh(*inside, "ip", "addr", "add", address + "/24", "dev", link)
    sh(*inside, "ip", "link", "set", link, "up")


def ping(to, n, size=56):
    """How many of n were answered, the next one sent when the one before was."""
    done = subprocess.run(["ping", "-n", "-A", "-c", str(n), "-W", "5", "-s", str(size), to],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return int(re.search(r"(\d+) received", done.stdout).group(1))


def arping(link, n):
    """Who answered n requests, one after the other."""
    texts = [sh("arping", "-c", "1", "-w", "20", "-I", link, CARD) for _ in range(n)]
    return [re.findall(r"reply from %s \[([0-9A-F:]+)\]" % CARD, text) for text in texts]


ALL_REPLIED = [["00:43:32:46:4E:00"]] * 10


def checksum_errors():
    """IpExtInCsumErrors of this namespace."""
    with open("/proc/self/net/netstat") as f:
        names, values = [line.split() for line in f if line.startswith("IpExt:")]
    return int(values[names.index("InCsumErrors")])


@case
def ping_is_found_and_not_heard():
    """arping gets every reply, ping none: the kernel counts their checksums"""
    with Live(PING, mac0="tap0"):
        give("tap0", TEST)
        equal(arping("tap0", 10), ALL_REPLIED, "replies to arping")
        lost_all = subprocess.run(["ping", "-n", "-c", "10", "-i", "0.05", "-W", "1", CARD],
                                  capture_output=True, text=True)
        holds("10 packets transmitted, 0 received, 100% packet loss" in lost_all.stdout,
              lost_all.stdout)
        wait_until(lambda: checksum_errors() == 10, "ten wrong checksums")
        neighbor = json.loads(sh("ip", "-j", "neigh", "show", "dev", "tap0"))
        equal([(n["lladdr"], n["state"]) for n in neighbor], [("00:43:32:46:4e:00", ["REACHABLE"])],
              "neighbors")


@case
def arp_is_found():
    """every request of arping is answered"""
    with Live(ARPER, mac1="tap1"):
        give("tap1", TEST)
        equal(arping("tap1", 10), ALL_REPLIED, "replies to arping")


@case
def dns_is_heard():
    """arping and ping get every reply, of both lengths"""
    with Live(DNS, mac1="tap1") as card:
        give("tap1", TEST)
        equal(arping("tap1", 10), ALL_REPLIED, "replies to arping")
        equal([ping(CARD, 20, size) for size in (56, 400)], [20, 20], "replies to ping")
        equal(checksum_errors(), 0, "wrong checksums")
    equal(lost(card.stats), {}, "lost frames")


def resolve(name, kind, spare):
    """The flags of an answer that the kernel takes for right, and what follows them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(20)
        s.connect((CARD, 53))
        s.send(dns_query(name, kind, spare, ident=0x1234))
        answer = s.recv(2048)
    equal(answer[:2], b"\x12\x34", "identity")
    return int.from_bytes(answer[2:4], "big"), answer[4:]


@case
def dns_answers_queries():
    """that its look-up finds nothing, or that it does not know the type"""
    with Live(DNS, mac1="tap1"):
        give("tap1", TEST)
        # Eight bytes are cut off: of the first query these are its type and class and the
        # end of its name, in whose place is what the stack held.
        equal(resolve("sri-nic.arpa", A, spare=0)[0], 0x8401, "flags of the first answer")
        for kind, code in ((A, 3), (MX, 3), (CNAME, 3), (HINFO, 4)):
            for name in ("sri-nic.arpa", "example.com"):
                flags, rest = resolve(name, kind, spare=8)
                equal(flags, 0x8400 | code, "flags of the answer to %d of %s" % (kind, name))
                equal(rest[:-8], dns_query(name, kind)[4:], "the answer behind its flags")


class Elsewhere:
    """Another network namespace, which takes interfaces of this one."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "-n", "sleep", "80"])
        self.path = "/proc/%d/ns/net" % self.holder.pid
        mine = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink(self.path) != mine, "a namespace")
        self.words = ["nsenter", "-t", str(self.holder.pid), "-n"]
        sh(*self.words, "sysctl", "-q", "-w", "net.ipv6.conf.all.disable_ipv6=1",
           "net.ipv6.conf.default.disable_ipv6=1")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.holder.kill()
        self.holder.wait()

    def take(self, link, address):
        sh("ip", "link", "set", "dev", link, "netns", str(self.holder.pid))
        give(link, address, *self.words)

    def listener(self, *options):
        """A socket belongs to the namespace in which it was made."""
        libc, home = ctypes.CDLL(None, use_errno=True), os.open("/proc/self/ns/net", os.O_RDONLY)
        away = os.open(self.path, os.O_RDONLY)
        equal(libc.setns(away, CLONE_NEWNET), 0, "setns")
        try:
            s = socket.socket()
        finally:
            equal(libc.setns(home, CLONE_NEWNET), 0, "setns back")
            os.close(away)
            os.close(home)
        for level, option, value in options:
            s.setsockopt(level, option, value)
        s.bind(("10.0.0.2", 5000))
        s.listen()
        s.settimeout(60)
        return s

    def counters(self, link):
        return counters_of(link, *self.words)


def counters_of(link, *inside):
    """(frames into the stack, frames out of it, dropped)"""
    c = json.loads(sh(*inside, "ip", "-j", "-s", "link", "show", "dev", link))[0]["stats64"]
    return c["rx"]["packets"], c["tx"]["packets"], c["rx"]["dropped"] + c["tx"]["dropped"]


class Receiver(threading.Thread):
    """Takes one connection to its end and answers with the checksum of what came."""

    def __init__(self, listener):
        super().__init__(daemon=True)
        self.listener = listener
        self.start()

    def run(self):
        peer, _ = self.listener.accept()
        peer.settimeout(60)
        digest, room = hashlib.sha256(), memoryview(bytearray(1 << 18))
        n = peer.recv_into(room)
        while n:
            digest.update(room[:n])
            n = peer.recv_into(room)
        peer.sendall(digest.digest())
        peer.close()


def transfer(data):
    """Sends it; what the far end says of it, and the rate in Mb/s."""
    began = time.monotonic()
    with socket.create_connection(("10.0.0.2", 5000), timeout=60) as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        answer = s.recv(32, socket.MSG_WAITALL)
        equal(s.recv(1), b"", "the end")
    return answer, len(data) * 8e-6 / (time.monotonic() - began)


def forwards_tcp(image, *options):
    """20 MB between two namespaces: the same bytes, no frame lost on the way."""
    data = some_bytes(20, 20 * 10**6)
    with Elsewhere() as far, Live(image, mac0="tap0", mac1="tap1") as card:
        give("tap0", "10.0.0.1")
        far.take("tap1", "10.0.0.2")
        equal([ping("10.0.0.2", 20, size) for size in (56, 1472)], [20, 20], "replies to ping")
        receiver = Receiver(far.listener(*options))
        answer, rate = transfer(data)
        receiver.join(60)
        equal(answer, hashlib.sha256(data).digest(), "checksum")
        wait_until(lambda: counters_of("tap0")[:2] == far.counters("tap1")[1::-1],
                   "all frames of one side at the other")
        equal(counters_of("tap0")[2] + far.counters("tap1")[2], 0, "frames dropped by the TAPs")
    equal(lost(card.stats), {}, "frames lost in the card")
    fed, written = ([tap[word] for tap in card.stats["taps"]] for word in ("fed", "written"))
    equal(written, fed[::-1], "frames in and out")
    equal([tap["dropped"] + tap["refused"] for tap in card.stats["taps"]], [0, 0], "TAPs")
    holds(sum(fed) > len(data) // 1448, "%r frames" % fed)
    real = card.stats["real_time"]
    print("%.0f Mb/s, %d frames, at most %.1f ms behind real time" % (
        rate, sum(fed), real["lag_max_ns"] / 1e6))


@case
def pipe_forwards_tcp():
    """20 MB of TCP through four threads that copy"""
    # The copy is slower than the line: the far end has to pause, or frames would be lost.
    forwards_tcp(PIPE, (socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18))


@case
def pipe_of_re2_forwards_tcp():
    """20 MB of TCP through eight threads"""
    # Less than waits in a TAP interface, should the machine be busy with something else.
    forwards_tcp(PIPE_RE, (socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18))


main()

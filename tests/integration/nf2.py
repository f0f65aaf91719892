# SPDX-License-Identifier: BSD-2-Clause
"""What tests of `vernier nf2d` share: the daemon with a simulated card of its own,
and a client that knows no more of the protocol than include/vernier/caliper.h."""
import json
import os
import signal
import socket
import struct

from harness import Skip, TOP, equal, holds, link_facts, sh, start, wait_until

ELF = os.environ.get("VN_PKTGEN_ELF") or os.path.join(TOP, "build/firmware/pktgen.elf")
USERSOCK, ERROR = 2, 2
NAMES = ["HELLO", "HELLO_ACK", "PKTS", "MARK", "MARK_HIT", "RESET", "RESET_DONE", "STATS_GET",
         "STATS", "SUBSCRIBE", "EVENTS", "CANCEL", "CANCEL_DONE", "POLICY", "CLOCK"]
NUMBERS = {name: 0x20 + i for i, name in enumerate(NAMES)}
ABSOLUTE, REPORT, RAW, FLUSH, ACK = 1, 8, 1, 1, 4
RX, DEPARTED, STATE = 1, 2, 5
DOWN, RESETTING, RUNNING, FAULT = range(4)
COPIED, DISCARDED = range(2)
LINE_RATE_NS = 12304  # from one frame of 1518 bytes to the next at 1 Gb/s
SOURCE = bytes.fromhex("024e46324300")


def need_card():
    if not os.path.exists(ELF):
        raise Skip("no program for the card: %s (a compiler for MIPS makes it)" % ELF)


def has_link(name):
    return name in (n for _, n in socket.if_nameindex())


def is_running(name):
    return has_link(name) and "LOWER_UP" in link_facts(name)["flags"]


def up(name="nf2c0"):
    sh("ip", "link", "set", name, "up")
    wait_until(lambda: is_running(name), "carrier of " + name)


def down(name="nf2c0"):
    sh("ip", "link", "set", name, "down")
    wait_until(lambda: "LOWER_UP" not in link_facts(name)["flags"], "no carrier of " + name)


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(word) for word in f.read().split()]


class Daemon:
    """`vernier nf2d` in the foreground; as a context it is ended by SIGTERM, which must
    leave nothing behind. counters has what --stats says then."""

    def __init__(self, *words, card=0, name=None, behind=()):
        self.name = name or "nf2c%d" % card
        self.stats = "stats%d.json" % card
        self.counters = None
        self.heard = ""
        words = ("-f", "-k", card, "--stats", self.stats, *words)
        if not {"-c", "-P", "-b"} & set(words):
            need_card()
            words += ("-P", ELF)
        self.process = start("nf2d", *words, *(("--", *behind) if behind else ()))
        self.line = self.process.stdout.readline()
        if not self.line:
            raise AssertionError("nf2d: %s" % (self.process.communicate(timeout=30),))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.returncode is not None:
            return
        if kind is None:
            self.end()
            return
        self.process.terminate()  # a case failed: what the daemon saw of it is told
        print(self.heard + self.process.communicate(timeout=30)[1])

    def card_pid(self):
        """Of the simulator that it started."""
        found = children(self.process.pid)
        equal(len(found), 1, "processes of the daemon")
        return found[0]

    def hear(self, text):
        """Waits for a line of its standard error that has this text."""
        while True:
            line = self.process.stderr.readline()
            if not line:
                raise AssertionError("nf2d ended without saying %r: %s" % (text, self.heard))
            self.heard += line
            if text in line:
                return line

    def end(self, status=0, number=signal.SIGTERM):
        """Ends it by a signal, 0: it ends by itself. What it said."""
        if number:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        self.heard += err
        equal(self.process.returncode, status, "status of nf2d: " + self.heard)
        holds(not has_link(self.name), self.name + " is still there")
        if number != signal.SIGKILL:
            with open(self.stats) as f:
                self.counters = json.load(f)["counters"]
        return self.heard


class Client:
    """A NetLink socket, and messages as bytes."""

    def __init__(self, card=0, timeout=20):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, USERSOCK)
        self.socket.bind((0, 0))
        self.socket.settimeout(timeout)
        self.card, self.seq = card, 0
        self.unheard = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def say(self, name, body=b"", count=0, flags=0, nl_flags=1):
        """Sends a message; its number."""
        self.seq += 1
        port = (0x4E463200 if name in ("PKTS", "MARK") else 0x4E463280) + self.card
        data = struct.pack("=IHHIIBBHI", 24 + len(body), NUMBERS[name], nl_flags, self.seq, 0, 1,
                           self.card, flags, count) + body
        self.socket.sendto(data, (port, 0))
        return self.seq

    def receive(self):
        """The next messages: (name, seq, count, body); refusals as ("ERROR", seq, errno, b"")."""
        data, _ = self.socket.recvfrom(1 << 16)
        found, at = [], 0
        while at + 16 <= len(data):
            length, kind, _, seq, _ = struct.unpack_from("=IHHII", data, at)
            if kind == ERROR:
                found.append(("ERROR", seq, -struct.unpack_from("=i", data, at + 16)[0], b""))
            else:
                count = struct.unpack_from("=I", data, at + 20)[0]
                found.append((NAMES[kind - 0x20], seq, count, data[at + 24:at + length]))
            at += length + 3 & ~3
        return found

    def hear(self, is_wanted):
        """The next message that is wanted; others are kept."""
        while True:
            for i, message in enumerate(self.unheard):
                if is_wanted(message):
                    return self.unheard.pop(i)
            self.unheard += self.receive()

    def answer(self, seq):
        """(name, errno or count, body) of what answers this message."""
        name, _, number, body = self.hear(lambda m: m[1] == seq)
        return name, number, body

    def ask(self, *words, **more):
        return self.answer(self.say(*words, **more))

    def hello(self):
        name, _, body = self.ask("HELLO", struct.pack("=II", 1, 1))
        equal(name, "HELLO_ACK", "answer of HELLO")
        return dict(zip(("version", "pkts_max", "txbuffs", "ns_per_cycle", "wire_max", "state",
                         "ifname", "mac"), struct.unpack_from("=6I16s6s", body)))

    def send(self, packets, nl_flags=1):
        """Packets as descriptor(); the number of the message."""
        return self.say("PKTS", b"".join(packets), count=len(packets), nl_flags=nl_flags)

    def mark(self, flags=FLUSH):
        return self.say("MARK", flags=flags)

    def hit(self, mark):
        """Waits for a mark; its status."""
        name, _, body = self.answer(mark)
        equal(name, "MARK_HIT", "answer of MARK")
        return struct.unpack_from("=QII", body)[1]

    def subscribe(self, *kinds, snap=0):
        mask = sum(1 << k for k in kinds)
        equal(self.ask("SUBSCRIBE", struct.pack("=II", mask, snap), nl_flags=1 | ACK)[:2],
              ("ERROR", 0), "answer of SUBSCRIBE")

    def state(self, wanted):
        """Waits for the event that the driver came into this state."""
        def has(message):
            return message[0] == "EVENTS" and any(
                kind == STATE and extra == wanted for kind, extra in events(message[3]))
        self.hear(has)

    def counter(self, place):
        return struct.unpack_from("=Q", self.ask("STATS_GET")[2], 8 * place)[0]


def events(body):
    """(kind, extra) of each event in a body of EVENTS."""
    found, at = [], 8
    while at + 24 <= len(body):
        _, kind, _, _, snap, _, extra = struct.unpack_from("=QHHIHHI", body, at)
        found.append((kind, extra))
        at += 24 + (snap + 7 & ~7)
    return found


def descriptor(gap_ns, frame, flags=0, cookie=0, length=None):
    """A frame of the client's, of which `length` bytes leave (the rest are zeros)."""
    head = struct.pack("=QHHHBB4s4sHH6s6sIHBB", gap_ns, flags, length or len(frame), len(frame),
                       RAW, 0, b"", b"", 0, 0, b"", b"", cookie, 0, 0, 0)
    return head + frame + bytes(-len(frame) % 8)


def numbered(gap_ns, run, number, length=60, flags=0):
    """A packet that says of which run it is, and which of it."""
    frame = bytes.fromhex("020000000002") + SOURCE + b"\x88\xb5" + struct.pack(">II", run, number)
    return descriptor(gap_ns, frame, flags=flags, cookie=number, length=length)


def numbers(frames):
    """[(time, run, number)] of such packets in a capture."""
    return [(time, *struct.unpack_from(">II", frame, 14)) for time, frame in frames
            if frame[12:14] == b"\x88\xb5"]

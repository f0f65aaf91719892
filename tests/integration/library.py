#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""libvernier as others get it: its symbols, its headers, its pkg-config file, its
functions over NetLink, and the examples, each before a pretended driver."""
import ctypes
import errno
import glob
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import threading

from caliper_driver import (ABSOLUTE, CONTROL, DATA, DOWN, Driver, MARK_HIT, RX, error,
                            event, message, PKTS)
from harness import TOP, VERNIER, Skip, case, equal, holds, main, sh

BUILD = os.path.abspath(os.path.join(os.path.dirname(VERNIER), "../.."))
FOLDER = os.path.join(BUILD, "src/caliper")
LIBRARY = os.path.join(FOLDER, "libvernier.so.0")
HEADERS = sorted(glob.glob(os.path.join(TOP, "include/vernier/*.h")))
EXAMPLES = os.path.join(TOP, "examples/caliper")
FOREVER = 2 ** 64 - 1


def is_instrumented():
    return "__asan" in sh("nm", "-D", LIBRARY) or "__tsan" in sh("nm", "-D", LIBRARY)


# What others build with

@case
def what_is_exported_is_what_the_header_declares():
    text = open(os.path.join(TOP, "include/vernier/vernier.h")).read()
    declared = set(re.findall(r"^VN_API [^;]*?\b(\w+)\(", text, re.M))
    lines = [line.split()[-1] for line in sh("nm", "-D", "--defined-only", LIBRARY).splitlines()]
    functions = {name.split("@")[0] for name in lines if not name.startswith("VERNIER_")}
    equal(functions, declared, "exported functions")
    holds(len(declared) > 15, "the header declares %d functions" % len(declared))
    for name in lines:
        if not name.startswith("VERNIER_"):
            holds(name.endswith("@@VERNIER_0.1"), "%s has no version" % name)
    holds("libvernier.so.0" in sh("readelf", "-d", LIBRARY), "soname")


@case
def each_function_has_its_manual():
    header = open(os.path.join(TOP, "include/vernier/vernier.h")).read()
    declared = set(re.findall(r"^VN_API [^;]*?\b(\w+)\(", header, re.M))
    page = open(os.path.join(TOP, "man/libvernier.3")).read()
    equal(set(re.findall(r"(vn_caliper_\w+)\(", page.split(".SH DESCRIPTION")[0])), declared,
          "functions of the synopsis")
    links = re.search(r"foreach name : \[([^]]*)\][^]]*libvernier",
                      open(os.path.join(TOP, "man/meson.build")).read()).group(1)
    equal({"vn_caliper_" + name for name in re.findall(r"'(\w+)'", links)}, declared, "links")


@case
def each_header_compiles_alone():
    tried = 0
    for compiler, words in (("gcc", ["-x", "c", "-std=c11"]), ("clang", ["-x", "c", "-std=c11"]),
                            ("g++", ["-x", "c++", "-std=c++11"]),
                            ("clang++", ["-x", "c++", "-std=c++11"])):
        if not shutil.which(compiler):
            continue
        for header in HEADERS:
            sh(compiler, *words, "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
               "-I", os.path.join(TOP, "include"), "-include", header, "/dev/null")
            tried += 1
    holds(tried >= len(HEADERS), "no compiler")


@case
def an_example_builds_with_what_pkg_config_says():
    if is_instrumented():
        raise Skip("the library needs a sanitizer's runtime")
    env = dict(os.environ, PKG_CONFIG_PATH=os.path.join(BUILD, "meson-uninstalled"))
    for source in sorted(glob.glob(os.path.join(EXAMPLES, "*.c"))):
        name = os.path.basename(source)[:-2]
        packages = ["vernier"] + (["libpcap"] if name == "replay" else [])
        flags = sh("pkg-config", "--cflags", "--libs", *packages, env=env).split()
        sh("cc", "-Wall", "-Wextra", "-Werror", "-O2", source, *flags, "-o", name)
        done = subprocess.run(["./" + name, "--help"], capture_output=True, text=True,
                              env=dict(os.environ, LD_LIBRARY_PATH=FOLDER))
        equal((done.returncode, done.stderr), (0, ""), name)
        holds(done.stdout.startswith("usage: " + name), done.stdout)


# Its functions, over NetLink

class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("card", ctypes.c_uint32), ("wait_ms", ctypes.c_uint32),
                ("batch", ctypes.c_uint32)]


class CPacket(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("time_ns", ctypes.c_uint64),
                ("flags", ctypes.c_uint32), ("cookie", ctypes.c_uint32),
                ("src_ip", ctypes.c_uint32), ("dst_ip", ctypes.c_uint32),
                ("src_port", ctypes.c_uint16), ("dst_port", ctypes.c_uint16),
                ("payload_len", ctypes.c_uint16), ("data_len", ctypes.c_uint16),
                ("data", ctypes.c_char_p), ("frame", ctypes.c_char_p),
                ("frame_len", ctypes.c_uint16), ("vlan_tci", ctypes.c_uint16),
                ("ttl", ctypes.c_uint8), ("tos", ctypes.c_uint8),
                ("src_mac", ctypes.c_uint8 * 6), ("dst_mac", ctypes.c_uint8 * 6)]


class CEvent(ctypes.Structure):
    _fields_ = [("card_ns", ctypes.c_uint64), ("kind", ctypes.c_uint16), ("len", ctypes.c_uint16),
                ("cookie", ctypes.c_uint32), ("snap", ctypes.c_uint16), ("port", ctypes.c_uint16),
                ("extra", ctypes.c_uint32), ("bytes", ctypes.c_uint8 * 128)]


class Client:
    """A connection; calls return what the library does."""

    def __init__(self, **options):
        if is_instrumented():
            raise Skip("the library needs a sanitizer's runtime")
        self.lib = ctypes.CDLL(LIBRARY)
        self.lib.vn_caliper_error.restype = ctypes.c_char_p
        self.lib.vn_caliper_events_lost.restype = ctypes.c_uint64
        self.c = ctypes.c_void_p()
        o = Options(ctypes.sizeof(Options), **options)
        self.opened = self.lib.vn_caliper_open(ctypes.byref(self.c), ctypes.byref(o))

    def __enter__(self):
        equal(self.opened, 0, "vn_caliper_open")
        return self

    def __exit__(self, *_):
        self.lib.vn_caliper_close(self.c)

    def send(self, *cookies, **fields):
        packets = (CPacket * len(cookies))()
        for p, cookie in zip(packets, cookies):
            p.size, p.cookie, p.payload_len = ctypes.sizeof(CPacket), cookie, 18
            for name, value in fields.items():
                setattr(p, name, value)
        return self.lib.vn_caliper_send(self.c, packets, len(cookies))

    def mark(self):
        """(what was returned, the mark)"""
        mark = ctypes.c_uint32()
        return self.lib.vn_caliper_mark(self.c, 1, ctypes.byref(mark)), mark.value

    def wait(self, mark, timeout_ns=FOREVER):
        return self.lib.vn_caliper_wait(self.c, ctypes.c_uint32(mark), ctypes.c_uint64(timeout_ns),
                                        None)

    def events(self, timeout_ns, most=16):
        found = (CEvent * most)()
        n = self.lib.vn_caliper_events(self.c, found, most, ctypes.c_uint64(timeout_ns))
        return found[:n] if n >= 0 else n

    def subscribe(self, kinds):
        return self.lib.vn_caliper_subscribe(self.c, kinds, 64)

    def flush(self):
        return self.lib.vn_caliper_flush(self.c)

    def fd(self):
        return self.lib.vn_caliper_fd(self.c)

    def error(self):
        return self.lib.vn_caliper_error(self.c).decode()


@case
def packets_and_marks_go_over():
    with Driver(card=2) as driver, Client(card=2) as client:
        for i in range(0, 1000, 10):
            equal(client.send(*range(i, i + 10)), 10, "sent")
        status, mark = client.mark()
        equal((status, client.wait(mark)), (0, 0), "mark")
        equal([p.cookie for p in driver.packets], list(range(1000)), "cookies")
        equal(client.wait(mark), -errno.ENOENT, "once more")
        equal(client.error(), "mark %d: no such is set" % mark, "sentence")


@case
def every_question_is_answered():
    with Driver() as driver, Client() as client:
        clock, done, card_ns = (ctypes.c_uint64 * 3)(), (ctypes.c_uint64 * 2)(), ctypes.c_uint64()
        counters = (ctypes.c_uint64 * 28)()
        driver.cancelled = lambda first, last: first + last
        equal(client.lib.vn_caliper_clock(client.c, clock), 0, "clock")
        equal(list(clock), [5000000, 6000000, 100], "clock")
        equal(client.lib.vn_caliper_cancel(client.c, 3, 4, done), 0, "cancel")
        equal(done[0], 7, "cancelled")
        equal(client.lib.vn_caliper_stats(client.c, counters, 28), 28, "stats")
        equal(list(counters), list(range(28)), "counters")
        equal(client.lib.vn_caliper_reset(client.c, ctypes.byref(card_ns)), 0, "reset")
        equal(card_ns.value, 77, "time of the reset")
        policy = struct.pack("=IIQII", 3, 0, 0, 0, 0)
        gaps = (ctypes.c_uint64 * 5000)(*range(5000))
        equal(client.lib.vn_caliper_policy(client.c, policy, gaps, 5000), 0, "policy")
        equal([count for _, count, _ in driver.policies], [2042, 2042, 916], "gaps a message")
        got = b"".join(body[24:] for _, _, body in driver.policies)
        equal(got, struct.pack("=5000Q", *range(5000)), "gaps")


@case
def poll_sees_what_waits_inside_and_outside():
    with Driver() as driver, Client() as client:
        equal(client.subscribe(1 << RX), 0, "subscribe")
        name, = driver.clients
        equal(select.select([client.fd()], [], [], 0)[0], [], "readable at first")
        driver.tell_events(name, event(RX, 1, b"abc"), event(RX, 2))
        equal(select.select([client.fd()], [], [], 10)[0], [client.fd()], "readable")
        # the second one now waits inside
        equal([e.cookie for e in client.events(0, most=1)], [1], "events")
        equal(select.select([client.fd()], [], [], 0)[0], [client.fd()], "readable inside")
        equal([e.cookie for e in client.events(0)], [2], "events")
        equal(select.select([client.fd()], [], [], 0)[0], [], "readable at the end")


@case
def a_refusal_comes_at_the_next_call():
    with Driver(on_packets=lambda *_: DOWN) as driver, Client() as client:
        equal((client.send(1), client.flush()), (1, 0), "send")
        equal(client.events(FOREVER), -DOWN, "events")
        equal(client.error(), "card 0: packets sent before: the interface is down, or the card is "
              "lost", "sentence")
        equal(client.events(0), [], "events after it")
        equal(driver.packets, [], "packets")


@case
def what_others_send_is_passed_over():
    other = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 2)
    other.bind((0, 0))
    with Driver(holds_marks=True) as driver, Client() as client:
        equal(client.subscribe(1 << RX), 0, "subscribe")
        status, mark = client.mark()
        equal(status, 0, "mark")
        name, = driver.clients
        hit = message(MARK_HIT, mark, struct.pack("=QII", 1, 0, 1))
        for _ in range(400):
            try:
                other.sendto(hit, socket.MSG_DONTWAIT, (name, 0))
                other.sendto(message(0x2a, body=bytes(8) + event(RX, 9), count=1),
                             socket.MSG_DONTWAIT, (name, 0))
                other.sendto(error(-DOWN, 1, PKTS), socket.MSG_DONTWAIT, (name, 0))
            except BlockingIOError:
                break
        equal(client.wait(mark, 50_000_000), -errno.ETIMEDOUT, "wait")
        equal(client.events(0), [], "events")
        driver.tell(name, b"rubbish.", hit[:20])
        driver.tell(name, message(MARK_HIT, mark, struct.pack("=QII", 1, 0, 1), card=1), hit)
        equal(client.wait(mark), 0, "wait for the driver's own")
    other.close()


@case
def without_a_driver_nothing_opens():
    client = Client()
    equal(client.opened, -errno.ECONNREFUSED, "open")
    equal(client.c.value, None, "connection")
    holds(Client(card=128).opened == -errno.EINVAL, "card 128")


@case
def a_driver_that_goes_ends_every_wait():
    driver = Driver(holds_marks=True)
    with Client() as client:
        equal(client.subscribe(1 << RX), 0, "subscribe")
        status, mark = client.mark()
        equal(status, 0, "mark")
        closer = threading.Thread(target=driver.close)
        closer.start()
        equal(client.wait(mark), -errno.ECONNREFUSED, "wait")
        closer.join()
        holds("there is no driver" in client.error(), client.error())
        equal(client.events(FOREVER), -errno.ECONNREFUSED, "events")
        equal((client.send(1), client.flush()), (1, -errno.ECONNREFUSED), "send")
        equal(client.mark()[0], -errno.ECONNREFUSED, "mark")
        equal(client.lib.vn_caliper_reset(client.c, None), -errno.ECONNREFUSED, "reset")
        # another one takes its place, which knows nothing of the mark
        with Driver(run=2):
            equal(client.wait(mark), -errno.ECONNREFUSED, "wait with another driver")
            holds("begun anew" in client.error(), client.error())
            equal(client.wait(mark), -errno.ECONNREFUSED, "the mark itself")
            status, mark = client.mark()
            equal((status, client.wait(mark)), (0, 0), "mark of the new driver")


def fill(client, batch):
    """Sends until it cannot; what the last call returned, and how many were taken."""
    taken = 0
    while True:
        got = client.send(*range(taken, taken + batch))
        if got != batch:
            return got, taken + max(got, 0)
        taken += got


@case
def each_connection_has_a_name_of_its_own():
    with Driver() as driver:
        for _ in range(3):
            with Client() as client:
                equal(client.lib.vn_caliper_clock(client.c, (ctypes.c_uint64 * 3)()), 0, "clock")
        equal(len(driver.clients), 3, "port ids of three connections, one after the other")


@case
def a_full_driver_is_waited_for_and_a_signal_ends_that():
    waits_until_a_signal(True)


@case
def so_does_a_signal_that_lets_calls_go_on():
    waits_until_a_signal(False)


def waits_until_a_signal(interrupts):
    came = []
    signal.signal(signal.SIGALRM, lambda *_: came.append(1))
    # the wait for a driver that does not read has no end but this; False: SA_RESTART
    signal.siginterrupt(signal.SIGALRM, interrupts)
    with Driver(reads_data=False) as driver, Client(batch=8) as client:
        signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)
        got, taken = fill(client, 8)
        signal.setitimer(signal.ITIMER_REAL, 0, 0)
        holds(got == -errno.EINTR or 0 < got < 8, "send returned %d" % got)
        holds(came, "no signal came")
        equal(driver.packets, [], "packets that the driver has read")
        # the control socket works meanwhile
        equal(client.lib.vn_caliper_clock(client.c, (ctypes.c_uint64 * 3)()), 0, "clock")
        driver.reads_data = True  # as of the next time that it wakes, for this question
        equal(client.lib.vn_caliper_clock(client.c, (ctypes.c_uint64 * 3)()), 0, "clock")
        status, mark = client.mark()
        equal((status, client.wait(mark)), (0, 0), "mark")
        equal([p.cookie for p in driver.packets], list(range(taken)), "packets in the end")


@case
def a_driver_that_goes_ends_a_blocked_send():
    driver = Driver(reads_data=False)
    with Client(batch=8) as client:
        closer = threading.Timer(0.2, driver.close)
        closer.start()
        got, _ = fill(client, 8)
        equal(got, -errno.ECONNREFUSED, "send")
        closer.join()


@case
def each_card_has_its_driver():
    with Driver(card=0) as first, Driver(card=127) as last:
        equal((first.data.getsockname()[0], last.control.getsockname()[0]),
              (DATA, CONTROL + 127), "port ids")
        for card, driver in ((0, first), (127, last)):
            with Client(card=card) as client:
                equal((client.send(card), client.flush()), (1, 0), "send")
                equal(client.wait(client.mark()[1]), 0, "mark")
            equal([p.cookie for p in driver.packets], [card], "packets")


# The examples

def example(name, *words, status=0):
    done = subprocess.run([os.path.join(BUILD, "examples/caliper/example-" + name), *words],
                          capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    equal((done.returncode, done.stderr if not status else ""), (status, ""),
          "%s: %s" % (name, done.stderr))
    return done.stdout if not status else done.stderr


def check_plan(packets, gaps):
    """The first by the card's clock with a lead of 2 ms, the others by gaps."""
    equal((packets[0].flags, packets[0].time_ns), (ABSOLUTE, 7000000), "first packet")
    equal([(p.flags, p.time_ns) for p in packets[1:]], [(0, gap) for gap in gaps], "gaps")


@case
def example_constant():
    with Driver() as driver:
        out = example("constant", "--count", "300", "--gap", "12304", "--size", "1472",
                      "--from", "10.1.2.3", "--to", "10.1.2.4", "--mac", "02:00:00:00:00:0a")
        check_plan(driver.packets, [12304] * 299)
    for p in driver.packets:
        equal((p.kind, p.payload_len, p.src_ip, p.dst_ip, p.dst_mac),
              (0, 1472, bytes([10, 1, 2, 3]), bytes([10, 1, 2, 4]), b"\2\0\0\0\0\x0a"), "packet")
    equal(out, "300 packets; 13 of this driver's were late\n", "summary")


@case
def example_gapfile():
    with open("gaps", "w") as f:
        f.write("100 20000\n3\t4\n")
    with Driver() as driver:
        example("gapfile", "--gaps", "gaps", "--count", "10")
        check_plan(driver.packets, [100, 20000, 3, 4, 100, 20000, 3, 4, 100])
        with open("gaps", "w") as f:
            f.write("100 12x")
        holds("12x" in example("gapfile", "--gaps", "gaps", status=2), "names the word")
        holds("none" in example("gapfile", "--gaps", "none", status=1), "names the file")
        holds("--gaps" in example("gapfile", status=2), "names the option")


@case
def example_poisson():
    gaps = []
    for seed in ("7", "7", "8"):
        with Driver() as driver:
            example("poisson", "--count", "20001", "--mean", "50000", "--seed", seed)
            gaps.append([p.time_ns for p in driver.packets[1:]])
            check_plan(driver.packets, gaps[-1])
    equal(gaps[0], gaps[1], "the same seed's gaps")
    holds(gaps[0] != gaps[2], "another seed has the same gaps")
    # 20,000 of them: mean and deviation are the mean's, with a deviation of their own
    # of 0.7 % and 1 %; above 3 means there are exp(-3) of them, 996 +- 31
    mean = sum(gaps[0]) / 20000
    deviation = (sum((g - mean) ** 2 for g in gaps[0]) / 20000) ** 0.5
    holds(abs(mean / 50000 - 1) < 0.03, "mean %f" % mean)
    holds(abs(deviation / 50000 - 1) < 0.05, "deviation %f" % deviation)
    long = sum(g > 150000 for g in gaps[0])
    holds(850 < long < 1150, "%d gaps above 3 means" % long)


def pcap_bytes(records):
    """Microseconds, Ethernet: (seconds, microseconds, bytes kept, length)."""
    out = struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    for sec, usec, kept, length in records:
        out += struct.pack("<IIII", sec, usec, len(kept), length) + kept
    return out


@case
def example_replay():
    frames = [bytes([i]) * (60 + i) for i in range(5)]
    times = [(100, 999990), (101, 0), (101, 0), (101, 500), (103, 499)]
    with open("trace.pcap", "wb") as f:
        f.write(pcap_bytes([(*t, frame[:64], len(frame)) for t, frame in zip(times, frames)]))
    with Driver() as driver:
        out = example("replay", "--file", "trace.pcap")
        check_plan(driver.packets, [10000, 0, 500000, 1999999000])
        equal([(p.kind, p.payload_len, p.data) for p in driver.packets],
              [(1, len(f), f[:64]) for f in frames], "frames")
        holds(out.startswith("5 packets"), out)
        driver.packets.clear()
        with open("cut.pcap", "wb") as f:
            f.write(pcap_bytes([(100, 0, b"\xaa" * 78, 78), (100, 1, b"", 78),
                                (100, 2, b"\xbb" * 3, 70)]))
        example("replay", "--file", "cut.pcap")
        equal([(p.payload_len, p.data) for p in driver.packets],
              [(78, b"\xaa" * 78), (78, bytes(14)), (70, b"\xbb" * 3 + bytes(11))], "cut frames")
        driver.packets.clear()
        example("replay", "--file", "trace.pcap", "--count", "2")
        equal(len(driver.packets), 2, "packets with --count 2")
        holds("none.pcap" in example("replay", "--file", "none.pcap", status=1), "names the file")


class Echo:
    """What the other side does: answers every packet but those that it loses once."""

    def __init__(self, loses=()):
        self.loses, self.seen = set(loses), []

    def __call__(self, driver, client, packets):
        answers = []
        for p in packets:
            number, = struct.unpack(">I", p.data)
            equal(number, p.cookie, "number in the packet")
            self.seen.append((number, p.time_ns))
            if number in self.loses:
                self.loses.discard(number)
            else:
                answers.append(event(RX, snap=bytes(42) + p.data))
        if answers:
            driver.tell_events(client, *answers)


@case
def example_aimd_adds_with_each_answer():
    echo = Echo()
    with Driver(on_packets=echo) as driver:
        out = example("aimd", "--count", "64", "--rate", "1000", "--add", "100")
        equal([n for n, _ in echo.seen], list(range(64)), "numbers")
        # sixteen answers, each adding 100 packets/s, before the next sixteen
        equal([ns for _, ns in echo.seen][::16],
              [int(1e9 / (1000 + 1600 * i)) for i in range(4)], "gaps")
        equal(len(driver.marks), 4, "marks")
    equal(out, "64 packets, 64 answered, 0 lost, 0 taken back; halved 0 times, 7400 packets/s "
          "at most, 7400 at the end\n", "summary")


@case
def example_aimd_halves_on_loss():
    echo = Echo(loses=[20])
    with Driver(on_packets=echo) as driver:
        # of what is sent again the driver had the last four
        driver.cancelled = lambda first, last: 4
        out = example("aimd", "--count", "64", "--rate", "1000", "--add", "0")
        equal([n for n, _ in echo.seen], list(range(32)) + list(range(28, 64)), "numbers")
        equal([ns for _, ns in echo.seen], [1000000] * 32 + [2000000] * 36, "gaps")
    holds(" 1 lost, 4 taken back; halved 1 times, 1000 packets/s at most, 500 at the end" in out,
          out)


@case
def example_aimd_goes_on_when_nobody_answers():
    with Driver(on_packets=Echo(loses=range(32))):
        out = example("aimd", "--count", "32", "--rate", "1000", "--add", "0")
        holds("32 packets, 0 answered, 32 lost, 0 taken back; halved 1 times" in out, out)


@case
def examples_say_what_is_wrong():
    for name in ("aimd", "constant", "gapfile", "poisson", "replay"):
        holds(example(name, "--help").startswith("usage: " + name), name)
        example(name, "--nonsense", status=2)
        example(name, "--count", "12x", status=2)
        example(name, "stray", status=2)
    holds("refused" in example("constant", status=1), "no driver")
    with Driver(on_packets=lambda *_: DOWN):
        # the refusal is heard while the end is waited for
        holds("the interface is down" in example("constant", "--count", "3", status=1), "down")


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Caliper without a card: `vernier nf2d -b` on one end of a veth pair, the other end
looks at what comes. When it comes is the machine's business; what is checked of times
holds however slow that is."""
import json
import socket
import struct
import sys
import time

from harness import (MAC0, Skip, Tap, case, equal, holds, link_facts, main, sh, subprocess,
                     tx_packets, veth, vernier, wait_until)
from nf2 import (ABSOLUTE, COPIED, DEPARTED, DISCARDED, DOWN, REPORT, RUNNING, RX, Client,
                 Daemon, numbered, numbers)

NEAR, FAR = "vn0", "vn1"
KINDS = ("packet", "xdp")
BY_SPINNING, BY_QDISC = 1, 2
LATE, LATE_NS = 13, 1000  # place in CAL_COUNTERS; VN_LATE_NS
LOST = 28
SLEW_NS = 1_000_000       # by which two clocks of the system part during a test, at most


class Soft(Daemon):
    """The daemon on NEAR. It makes no interface, so that none of its own can be left."""

    def __init__(self, kind, *words):
        super().__init__("-b", "%s:%s" % (kind, NEAR), "--up", *words, name="none")
        equal(self.line, "card 0 on %s\n" % NEAR, "first line")


def running(client):
    wait_until(lambda: client.hello()["state"] & 0xff == RUNNING, "a driver that runs")


def down(client):
    return client.hello()["state"] & 0xff == DOWN


def send(client, packets):
    """In messages of the preferred length."""
    for i in range(0, len(packets), 64):
        client.send(packets[i:i + 64])


def departures(client, n):
    """{cookie: (departure, lateness)} of n packets."""
    found = {}
    while len(found) < n:
        _, _, _, body = client.hear(lambda m: m[0] == "EVENTS")
        at = 8
        while at + 24 <= len(body):
            ns, kind, _, cookie, snap, _, extra = struct.unpack_from("=QHHIHHI", body, at)
            at += 24 + (snap + 7 & ~7)
            if kind == DEPARTED:
                holds(cookie not in found, "packet %d departed twice" % cookie)
                found[cookie] = ns, extra
    return found


def received(client):
    """The bytes of the next frame that came in."""
    while True:
        _, _, _, body = client.hear(lambda m: m[0] == "EVENTS")
        at = 8
        while at + 24 <= len(body):
            _, kind, length, _, snap, _, _ = struct.unpack_from("=QHHIHHI", body, at)
            if kind == RX:
                return length, body[at + 24:at + 24 + snap]
            at += 24 + (snap + 7 & ~7)


def clock(client):
    """(card time, CLOCK_MONOTONIC, bound of the error), ns"""
    return struct.unpack_from("=QQQ", client.ask("CLOCK")[2])


def is_ours(frame):
    return frame[12:14] == b"\x88\xb5"


# What leaves

@case
def every_packet_arrives():
    """each one, in order, whole; the mark is hit when all were given to the kernel"""
    veth()
    gaps = [0 if i // 50 % 2 else 5000 + i * 37 % 400 for i in range(2000)]
    lengths = [60 + i * 53 % 1455 for i in range(2000)]
    for run, kind in enumerate(KINDS):
        before = tx_packets(NEAR)
        with Soft(kind), Client() as client, Tap(FAR) as tap:
            running(client)
            hello = client.hello()
            equal((hello["ifname"].rstrip(b"\0").decode(), hello["mac"].hex(":"),
                   hello["ns_per_cycle"], hello["state"] >> 8), (NEAR, MAC0, 1, BY_SPINNING),
                  "HELLO_ACK")
            send(client, [numbered(gaps[i], run, i, length=lengths[i]) for i in range(2000)])
            equal(client.hit(client.mark()), COPIED, "status of the mark")
            holds(tx_packets(NEAR) - before >= 2000, "the mark was hit before all had left")
            found = [frame for _, _, frame in tap.take(2000) if is_ours(frame)]
        equal([n for _, _, n in numbers([(0, f) for f in found])], list(range(2000)),
              kind + ": order")
        equal([len(f) for f in found], lengths, kind + ": lengths")
        holds(not any(any(f[22:]) for f in found), kind + ": bytes that nobody asked for")


@case
def lateness_is_what_it_was():
    """departure less lateness is the time asked for, and no frame is seen before its departure"""
    veth()
    for run, kind in enumerate(KINDS):
        with Soft(kind), Client() as client, Tap(FAR) as tap:
            running(client)
            client.subscribe(DEPARTED)
            now, host, error = clock(client)
            asked = [now + 50_000_000 + 70_000 * i for i in range(300)]
            send(client, [numbered(t, run, i, flags=ABSOLUTE | REPORT)
                          for i, t in enumerate(asked)])
            told = departures(client, 300)
            seen = {n: t for t, _, n in numbers([(t, f) for t, _, f in tap.take(300)])}
            late = client.counter(LATE)
        equal([told[i][0] - told[i][1] for i in range(300)], asked, kind + ": planned")
        equal(late, sum(by > LATE_NS for _, by in told.values()), kind + ": late packets")
        to_wall = time.clock_gettime_ns(time.CLOCK_REALTIME) - time.monotonic_ns() + host - now
        early = [i for i in range(300) if seen[i] + error + SLEW_NS < told[i][0] + to_wall]
        equal(early, [], kind + ": frames seen before their departure")


@case
def stamps_are_the_kernels():
    """--departure-stamps kernel: departure less lateness is the time asked for, of each packet"""
    veth()
    with Soft("packet", "--departure-stamps", "kernel") as daemon, Client() as client:
        running(client)
        client.subscribe(DEPARTED)
        now = clock(client)[0]
        asked = [now + 50_000_000 + 70_000 * i for i in range(300)]
        send(client, [numbered(t, 0, i, flags=ABSOLUTE | REPORT) for i, t in enumerate(asked)])
        told = departures(client, 300)
        equal([told[i][0] - told[i][1] for i in range(300)], asked, "planned")
        late = client.counter(LATE)
        daemon.end()
        with open(daemon.stats) as f:
            found = json.load(f)["departures"]
    equal(found["late"], late, "late: given late, not stamped")
    equal((found["stamped_by"], found["departed"], found["unstamped"]), ("kernel", 300, 0),
          "departures")


@case
def at_once_is_never_late():
    """packets without a gap leave together, and are told as on time"""
    veth()
    with Soft("packet"), Client() as client, Tap(FAR) as tap:
        running(client)
        client.subscribe(DEPARTED)
        send(client, [numbered(0, 1, i, flags=REPORT) for i in range(500)])
        told = departures(client, 500)
        equal({by for _, by in told.values()}, {0}, "lateness")
        holds(len({at for at, _ in told.values()}) < 500, "each had a call of its own")
        equal([n for _, _, n in numbers([(t, f) for t, _, f in tap.take(500)])],
              list(range(500)), "order")
        equal(client.counter(LATE), 0, "late packets")


@case
def the_client_command():
    """vernier caliper -N sends by it as by a card, and says who keeps the times"""
    veth()
    with Soft("packet"), Client() as client, Tap(FAR) as tap:
        running(client)
        done = vernier("caliper", "-N", "-n", 1000, "-d", 20000, "-l", 100, "-i", "10.0.0.2", "-I",
                       "10.0.0.1", "-m", "02:00:00:00:00:02")
        holds("packets: 1000" in done.stdout and "spinning" in done.stdout, done.stdout)
        found = [f for _, _, f in tap.take(1000) if f[12:14] == b"\x08\x00"]
        equal((len(found), {len(f) for f in found}), (1000, {142}), "frames")


@case
def what_the_interface_does_not_take_is_lost():
    """frames above the MTU: the client hears that they were lost, driver and counters too"""
    veth()
    words = ("-d", 20000, "-i", "10.0.0.2", "-I", "10.0.0.1", "-m", "02:00:00:00:00:02")
    for name in (NEAR, FAR):
        sh("ip", "link", "set", name, "mtu", "600")
    for kind in KINDS:
        with Soft(kind) as daemon, Client() as client:
            running(client)
            done = vernier("caliper", "-N", "-n", 20, "-l", 1000, *words, status=1)
            holds("%s did not take 20 packets" % NEAR in done.stderr, done.stderr)
            daemon.hear("packets are lost: the interface does not take them")
            vernier("caliper", "-N", "-n", 20, "-l", 100, *words)
            equal(client.counter(LOST), 20, kind + ": lost packets")


# What comes in

@case
def what_comes_in_changes_what_goes_out():
    """a frame is an event with its bytes; own frames are none; the answer leaves at once"""
    veth()
    for kind in KINDS:
        with Soft(kind), Client() as client, Tap(FAR) as tap, Client() as peer:
            running(client)
            client.subscribe(RX, snap=64)
            peer.send([numbered(0, 9, 0)])  # another client's: goes out, is no event
            for i in range(20):
                question = bytes.fromhex("020000000001020000000002") + b"\x88\xb5" + \
                    struct.pack(">II", 7, i) + bytes(60 - 22)
                tap_send(question)
                equal(received(client), (60, question), "question")
                client.send([numbered(0, 8, i)])
            found = [m for m in numbers([(t, f) for t, k, f in tap.take(41) if k != Tap.OUTGOING])]
        equal([(run, n) for _, run, n in found if run == 8], [(8, i) for i in range(20)],
              kind + ": answers")


def tap_send(frame):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as s:
        s.bind((FAR, 0))
        s.send(frame)


# What goes wrong

@case
def nothing_leaves_after_a_reset():
    """packets that waited in the driver and before the interface are gone; marks are answered"""
    veth()
    for kind in KINDS:
        with Soft(kind), Client() as client, Tap(FAR) as tap:
            running(client)
            send(client, [numbered(3_000_000_000, 1, i) for i in range(200)])
            mark = client.mark()
            equal(client.ask("RESET")[0], "RESET_DONE", "answer of RESET")
            equal(client.hit(mark), DISCARDED, "status of the mark")
            send(client, [numbered(1000, 2, i) for i in range(100)])
            equal(client.hit(client.mark()), COPIED, "status of the mark behind the reset")
            found = numbers([(t, f) for t, _, f in tap.take(100)])
        equal([(run, n) for _, run, n in found], [(2, i) for i in range(100)], kind + ": packets")


@case
def the_interface_goes_down_and_up():
    """packets of before are thrown away, marks answered; afterwards all is as it was"""
    veth()
    with Soft("packet"), Client() as client, Tap(FAR) as tap:
        running(client)
        send(client, [numbered(1_000_000_000, 1, i) for i in range(100)])
        mark = client.mark()
        sh("ip", "link", "set", NEAR, "down")
        equal(client.hit(mark), DISCARDED, "status of the mark")
        wait_until(lambda: down(client), "a driver that is down")
        sh("ip", "link", "set", NEAR, "up")
        running(client)
        wait_until(lambda: "LOWER_UP" in link_facts(NEAR)["flags"], "carrier")
        send(client, [numbered(1000, 2, i) for i in range(100)])
        equal(client.hit(client.mark()), COPIED, "status of the mark after it")
        found = numbers([(t, f) for t, _, f in tap.take(100)])
        equal([(run, n) for _, run, n in found], [(2, i) for i in range(100)], "packets")


@case
def the_other_end_goes_down_and_up():
    """without carrier frames wait, or are thrown away with their marks answered: no hang"""
    veth()
    with Soft("packet"), Client() as client, Tap(FAR) as tap:
        running(client)
        send(client, [numbered(100_000, 1, i) for i in range(1000)])
        sh("ip", "link", "set", FAR, "down")
        mark = client.mark()
        sh("ip", "link", "set", FAR, "up")
        holds(client.hit(mark) in (COPIED, DISCARDED), "status of the mark")
        running(client)
        wait_until(lambda: "LOWER_UP" in link_facts(NEAR)["flags"], "carrier")
        send(client, [numbered(1000, 2, i) for i in range(100)])
        equal(client.hit(client.mark()), COPIED, "status of the mark after it")
        before = len(tap.take(1))
        wait_until(lambda: [n for _, run, n in numbers([(t, f) for t, _, f in tap.take(before)])
                            if run == 2] == list(range(100)), "the packets after it")


@case
def who_waits_for_a_carrier_is_told():
    """one line when frames begin to wait for the other end, one when they leave again"""
    veth()
    for run, kind in enumerate(KINDS):
        with Soft(kind) as daemon, Client() as client:
            running(client)
            sh("ip", "link", "set", FAR, "down")
            wait_until(lambda: "LOWER_UP" not in link_facts(NEAR)["flags"], "no carrier")
            send(client, [numbered(1000, run, i) for i in range(100)])
            daemon.hear("nf2d: vn0: no carrier, or down: frames wait")
            mark = client.mark()
            sh("ip", "link", "set", FAR, "up")
            daemon.hear("nf2d: vn0: the link is back")
            equal(client.hit(mark), COPIED, kind + ": status of the mark")
            said = daemon.end()
        equal((said.count("no carrier"), said.count("is back")), (1, 1), kind + ": lines")


@case
def the_interface_is_deleted():
    """a clear message, an orderly end, in the middle of traffic"""
    veth()
    for kind in KINDS:
        if kind != KINDS[0]:
            veth()
        with Soft(kind) as daemon, Client() as client:
            running(client)
            send(client, [numbered(100_000, 1, i) for i in range(200)])
            sh("ip", "link", "delete", NEAR)
            said = daemon.end(status=1, number=0)
        holds("%s: the interface was deleted" % NEAR in said, said)


@case
def what_cannot_keep_times_is_refused():
    """by a sentence that says what is there and what is needed"""
    veth()
    for kind, why in (("txtime", "its queueing discipline is noqueue; fq or etf is needed"),
                      ("launch", "launch device")):
        done = vernier("nf2d", "-f", "-b", "%s:%s" % (kind, NEAR), status=1)
        holds(why in done.stderr and NEAR in done.stderr, "%s: %s" % (kind, done.stderr))
        equal(done.stderr.count("\n"), 1, "lines of " + done.stderr)


@case
def the_discipline_keeps_the_times():
    """behind fq: all leave, none before its time, also when a reset comes in between"""
    veth()
    made = subprocess.run(["tc", "qdisc", "replace", "dev", NEAR, "root", "fq"],
                          capture_output=True, text=True)
    if made.returncode:
        raise Skip("this kernel has no fq: " + made.stderr.strip())
    with Soft("txtime"), Client() as client, Tap(FAR) as tap:
        running(client)
        equal(client.hello()["state"] >> 8, BY_QDISC, "who keeps the times")
        now, host, error = clock(client)
        asked = [now + 100_000_000 + 1_000_000 * i for i in range(200)]
        send(client, [numbered(t, 1, i, flags=ABSOLUTE) for i, t in enumerate(asked)])
        found = numbers([(t, f) for t, _, f in tap.take(200)])
        equal([n for _, _, n in found], list(range(200)), "order")
        to_wall = time.clock_gettime_ns(time.CLOCK_REALTIME) - time.monotonic_ns() + host - now
        early = [n for t, _, n in found if t + error + SLEW_NS < asked[n] + to_wall]
        equal(early, [], "frames seen before their time")
        send(client, [numbered(2_000_000, 2, i) for i in range(200)])
        equal(client.ask("RESET")[0], "RESET_DONE", "answer of RESET")
        old = len(tap.take(1))
        send(client, [numbered(1000, 3, i) for i in range(50)])
        equal(client.hit(client.mark()), COPIED, "status of the mark")
        runs = [run for _, run, _ in numbers([(t, f) for t, _, f in tap.take(old + 50)])]
        equal(runs[old:], [3] * 50, "packets behind the reset")


if __name__ == "__main__":
    sys.exit(main())

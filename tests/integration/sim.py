#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Simulated time: the same bytes and times for the same seed, exact departure
times, no privilege, no waiting."""
import filecmp
import os
import shutil
import subprocess
import time
from fractions import Fraction

from harness import VERNIER, case, equal, frames, holds, json_lines, main, vernier, without_rights

TO = ["--dst-mac", "02:00:00:00:00:02", "--dst", "10.0.0.2", "--src-min", "10.0.0.1"]
RANDOM = [*TO, "--src-max", "10.9.0.0", "--flag", "IPSRC_RND", "--flag", "UDPCSUM",
          "--imix-weights", "64,7 576,4 1500,1"]


IDEAL_LINK = ["--link-rate", "10T"]  # no frame waits a nanosecond for another


def sim(path, *words):
    vernier("send", "--sim", "--pcap", path, "--quiet", *words)
    return frames(path)


def offsets(packets):
    return [t - packets[0][0] for t, _ in packets]


@case
def the_same_seed_gives_the_same_bytes():
    words = [*RANDOM, "--count", "3000", "--ratep", "333333", "--stream", "a", "--stream", "b",
             "--dst6", "fd00::2", "--dst6-max", "fd00::ffff"]
    sim("1.pcap", *words, "--seed", "5")
    sim("2.pcap", *words, "--seed", "5")
    holds(filecmp.cmp("1.pcap", "2.pcap", shallow=False), "two runs with one seed differ")


@case
def another_seed_gives_other_bytes():
    a, b = (sim("%d.pcap" % s, *RANDOM, "--count", "500", "--seed", s) for s in (1, 2))
    holds([f for _, f in a] != [f for _, f in b], "two seeds gave the same frames")


@case
def the_seed_that_was_chosen_is_said_and_repeats_the_run():
    vernier("send", "--sim", "--pcap", "1.pcap", "--quiet", *RANDOM, "--count", "300", "--json",
            "1.json")
    seed = json_lines("1.json")[-1]["seed"]
    holds(isinstance(seed, int), "no seed in the JSON")
    sim("2.pcap", *RANDOM, "--count", "300", "--seed", seed)
    equal(frames("2.pcap"), frames("1.pcap"), "frames")


@case
def needs_no_privilege():
    """as a user without any right"""
    os.chmod(".", 0o777)
    shutil.copy(VERNIER, "vernier")  # where nobody may read it
    done = subprocess.run([*without_rights(), "./vernier", "send", "--sim", "--pcap", "u.pcap",
                           "--quiet", *RANDOM, "--count", "100"], capture_output=True,
                          text=True, timeout=60)
    equal(done.returncode, 0, "status (%s)" % done.stderr)
    equal(len(frames("u.pcap")), 100, "frames")


@case
def an_hour_takes_no_time():
    before = time.monotonic()
    packets = sim("out.pcap", *TO, "--count", "3601", "--delay", "1s")
    equal(offsets(packets)[-1], 3600 * 10**9, "ns from the first to the last")
    holds(time.monotonic() - before < 20, "took %.1f s" % (time.monotonic() - before))


@case
def departures_are_exact():
    """packet n leaves at n periods, rounded down, for odd rates too"""
    for words, period in ((["--delay", "100us"], Fraction(100000)),
                          (["--delay", "1"], Fraction(1)),
                          (["--ratep", "3"], Fraction(10**9, 3)),
                          (["--ratep", "3333333"], Fraction(10**9, 3333333)),
                          (["--ratep", "7M"], Fraction(1000, 7))):
        packets = sim("out.pcap", *TO, *IDEAL_LINK, "--count", "5000", *words)
        equal(offsets(packets), [n * period.numerator // period.denominator for n in range(5000)],
              " ".join(words))


@case
def the_report_of_exact_departures_has_no_error():
    """not nearly none: 0, and each gap is the one asked for"""
    for words in (["--ratep", "3"], ["--ratep", "3333333"], ["--ratep", "7M"], ["--delay", "1"],
                  ["--ratep", "999983", "--burst", "3"], ["--ratep", "77777", "--threads", "3"]):
        text = vernier("send", "--sim", "--pcap", "x.pcap", *TO, *IDEAL_LINK, "--count", "5001",
                       "--json", "x.json", *words).stdout
        line = json_lines("x.json")[-1]
        equal(line["clock"], {"name": "virtual", "resolution_ns": 1, "read_ns": 0}, "clock")
        for row in [*line["streams"], line["total"]]:
            what = "%s of %s" % (row["name"], " ".join(words))
            equal((row["rate_error_ppm"], row["pps"]), (0, row["asked_mean_pps"]), what)
            shares = {k: v for k, v in row.items() if k.startswith("within_")}
            equal((len(shares), set(shares.values())), (7, {1.0}), "shares: " + what)
            equal((row["gap_error_max_ns"], row["lateness_max_ns"], row["bursts"], row["late"]),
                  (0, 0, 0, 0), "errors: " + what)
        holds("clock: virtual, resolution 1 ns, a read 0 ns\n" in text, text)
        rows = text.split("gaps within, %", 1)[1].split("\n\n")[0].splitlines()[1:]
        equal({tuple(row.split()[1:]) for row in rows}, {("100.0000",) * 7 + ("0.0000",)},
              "shares in text: " + " ".join(words))
        holds(" +0.0 " in text.split("departures", 1)[1].split("\n\n")[0], "error in text")


@case
def rates_are_judged_exactly():
    """a rate that the link carries is not off at all, another one is"""
    words = ["send", "--sim", "--pcap", "x.pcap", *TO, "--count", "1000", "--fail-if-off"]
    vernier(*words, "0", "--ratep", "9999991")
    vernier(*words, "0", "--ratep", "1k", "--threads", "3")
    vernier("send", "--sim", "--pcap", "x.pcap", *TO, "--count", "0", "--time", "3s", "--ratep",
            "7", "--fail-if-off", "0")
    done = vernier(*words, "0.0001", "--ratep", "20M", status=1)  # the link: 14.88 M
    holds("14881129.7 packets/s of 20000000 asked for: 25.59 % off, --fail-if-off 0.0001\n"
          in done.stderr, done.stderr)


@case
def rate_is_bits_of_the_packet_size():
    """rate 10M at 125 bytes is one packet in 100 us, as pktgen's rate"""
    packets = sim("out.pcap", *TO, "--count", "50", "--pkt-size", "125", "--rate", "10M")
    equal(offsets(packets), [n * 100000 for n in range(50)], "departures")


@case
def streams_are_merged_in_the_order_of_time():
    packets = sim("out.pcap", *TO, *IDEAL_LINK, "--stream", "slow", "--count", "10", "--delay",
                  "30us", "--udp-dst-min", "1", "--udp-dst-max", "1", "--stream", "quick", "--count",
                  "30", "--delay", "10us", "--udp-dst-min", "2", "--udp-dst-max", "2")
    times = [t for t, _ in packets]
    equal(times, sorted(times), "times")
    for port, step, count in ((1, 30000, 10), (2, 10000, 30)):
        mine = [p for p in packets if p[1][36:38] == port.to_bytes(2, "big")]
        equal(offsets(mine), [n * step for n in range(count)], "departures of port %d" % port)


@case
def time_limit_is_exact():
    equal(len(sim("out.pcap", *TO, "--count", "0", "--time", "1s", "--ratep", "1000")), 1000,
          "packets in [0 s, 1 s)")


@case
def a_burst_leaves_at_one_time():
    packets = sim("out.pcap", *TO, *IDEAL_LINK, "--count", "40", "--burst", "8", "--delay", "1ms")
    equal(offsets(packets), [n // 8 * 10**6 for n in range(40)], "departures")


def stamp(frame):
    """The time in the payload header of an IPv4 packet without tags, in ns."""
    equal(frame[42:46], b"Vrns", "magic number")
    return (int.from_bytes(frame[50:54], "big") * 10**9 + int.from_bytes(frame[54:58], "big"))


@case
def stamps_are_the_departures_to_the_nanosecond():
    """of a schedule that the link keeps up with, and of one that it does not"""
    for words in ([*IDEAL_LINK, "--ratep", "3333333"], [*IDEAL_LINK, "--ratep", "7"],
                  ["--link-rate", "10G", "--ratep", "20M"], ["--link-rate", "1G"]):
        packets = sim("out.pcap", *TO, "--count", "2000", "--stamp", "ns", *words)
        equal(len(packets), 2000, "packets")
        for n, (at, frame) in enumerate(packets):
            equal(stamp(frame), at, "stamp of packet %d with %s" % (n + 1, " ".join(words)))


@case
def a_full_link_carries_frame_behind_frame():
    """10 Gbit/s: 60 bytes, checksum sequence, preamble and gap are 67.2 ns"""
    packets = sim("out.pcap", *TO, "--count", "1000", "--pkt-size", "60", "--link-rate", "10G")
    equal(offsets(packets), [n * 672 // 10 for n in range(1000)], "departures")


main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Rates in every unit: departures on the virtual clock read back from the
capture, against fractions that are computed here."""
import math
from fractions import Fraction

from harness import case, equal, frames, holds, main, vernier

TO = ["--dst-mac", "02:00:00:00:00:02", "--dst", "10.0.0.2", "--src-min", "10.0.0.1"]
IDEAL_LINK = ["--link-rate", "10T"]  # no frame waits a nanosecond for another
SECOND = 10**9


def sim(*words):
    vernier("send", "--sim", "--capture", "out.pcap", "--quiet", *TO, *words)
    return frames("out.pcap")


def offsets(packets):
    return [t - packets[0][0] for t, _ in packets]


def refused(words, text):
    done = vernier("send", "--sim", "--capture", "no.pcap", *TO, *words, status=2)
    holds(text in done.stderr, "%s: said %r, expected %r" % (words, done.stderr, text))


def departures_are(period, count, *words):
    """Packet n leaves at n periods, rounded down."""
    got = offsets(sim("--count", count, *words))
    equal(got, [math.floor(n * period) for n in range(count)], " ".join(map(str, words)))


@case
def packets_a_second_are_exact():
    for rate, period in (("3333333.3", Fraction(10 * SECOND, 33333333)),
                         ("1/10s", Fraction(10 * SECOND)),
                         ("0.1", Fraction(10 * SECOND)),
                         ("1/8760h", Fraction(8760 * 3600 * SECOND)),
                         ("10k/1s", Fraction(100000)),
                         ("3/7us", Fraction(7000, 3)),
                         ("100kpps", Fraction(10000))):
        departures_are(period, 3000 if period < SECOND else 20, *IDEAL_LINK, "--ratep", rate)


@case
def gaps_are_exact():
    for gap, period in (("333.3", Fraction(3333, 10)), ("0.5us", Fraction(500)),
                        ("1.25ns", Fraction(5, 4)), ("1000/7", Fraction(1000, 7))):
        departures_are(period, 3000, *IDEAL_LINK, "--delay", gap)
    # Frames of 10 Tbit/s are 0.064 ns apart at least.
    departures_are(Fraction(1, 4), 3000, *IDEAL_LINK, "--delay", "0.25")


@case
def bit_rates_of_pktgen_are_exact():
    for rate, bps in (("9.87Mbit", 9870000), ("1.5", 1500000), ("1234.5bit", Fraction(2469, 2))):
        departures_are(Fraction(1000 * 8 * SECOND) / bps, 1000, "--pkt-size", 1000, "--rate", rate)


def ip_len(frame):
    return int.from_bytes(frame[16:18], "big")


@case
def bit_rates_are_exact_at_each_layer():
    """frames of 58 bytes count as 60 on the cable, with 4 of FCS and 20 of gap and preamble"""
    for size in (58, 60, 61, 1514):
        l2 = max(size, 60) + 4
        for option, length in (("--rate-l1", l2 + 20), ("--rate-l2", l2), ("--rate-l3", size - 14)):
            departures_are(Fraction(length * 8 * SECOND, 9870000), 500, "--pkt-size", size, option,
                           "9.87Mbit")


@case
def a_load_is_part_of_the_link():
    for rate, bps in (("1G", 10**9), ("10G", 10**10), ("25M", 25 * 10**6)):
        for load, part in (("50%", Fraction(1, 2)), ("99.9", Fraction(999, 1000)), ("100%", 1)):
            departures_are(Fraction(84 * 8 * SECOND) / (bps * part), 500, "--pkt-size", 60,
                           "--load", load, "--link-rate", rate)
    # The link of a file has 10 Gbit/s unless told.
    departures_are(Fraction(84 * 8 * SECOND, 5 * 10**9), 500, "--pkt-size", 60, "--load", "50%")


def achieved(packets, length):
    """Bit/s, of packets of which the last only ends the time."""
    bits = sum(length(frame) * 8 for _, frame in packets[:-1])
    return Fraction(bits * SECOND, packets[-1][0] - packets[0][0])


def l1(frame):
    return max(len(frame), 60) + 24


@case
def a_walk_through_sizes_has_the_rate_exactly():
    """whole rounds of 58 to 97 bytes, some of which the cable pads; rounded down by one ns"""
    sizes = ["--min-pkt-size", 58, "--max-pkt-size", 97]
    for option, length in (("--rate-l1", l1), ("--rate-l2", lambda f: l1(f) - 20),
                           ("--rate-l3", ip_len)):
        packets = sim("--count", 4001, *sizes, option, "10M")
        equal({len(f) for _, f in packets}, set(range(58, 98)), "sizes")
        error = achieved(packets, length) / 10**7 - 1
        holds(0 <= error < Fraction(2, packets[-1][0] - packets[0][0]),
              "%s: off by %.3g" % (option, error))


def spread(lengths):
    """The standard error of their mean, as part of it."""
    mean = sum(lengths) / len(lengths)
    return math.sqrt(sum((v - mean) ** 2 for v in lengths)) / len(lengths) / mean


@case
def sizes_at_random_have_the_rate_in_the_mean():
    """within five standard errors of what the drawn sizes allow"""
    for sizes in (["--imix-weights", "64,7 576,4 1500,1"], ["--imix-weights", "58,1 60,1 1514,5"],
                  ["--min-pkt-size", 50, "--max-pkt-size", 300, "--flag", "TXSIZE_RND"]):
        for option, length in (("--rate-l1", l1), ("--rate-l2", lambda f: l1(f) - 20),
                               ("--rate-l3", ip_len), ("--load", l1)):
            rate = ["1%", "--link-rate", "1G"] if option == "--load" else ["10M"]
            packets = sim("--count", 20001, *sizes, option, *rate)
            error = achieved(packets, length) / 10**7 - 1
            allowed = 5 * spread([length(f) for _, f in packets])
            holds(abs(error) < allowed, "%s %s: off by %.5f, allowed %.5f" % (
                sizes, option, error, allowed))


@case
def all_packets_of_a_burst_count():
    packets = sim("--count", 400, *IDEAL_LINK, "--burst", 4, "--pkt-size", 60, "--rate-l1", "1G")
    equal(offsets(packets), [n // 4 * 4 * 672 for n in range(400)], "departures")


@case
def tags_and_version_6_are_of_the_frame():
    for words, length in ((["--vlan-id", 5], {"--rate-l1": 124, "--rate-l3": 82}),
                          (["--dst6", "fd00::2", "--src6", "fd00::1"],
                           {"--rate-l1": 124, "--rate-l3": 86})):
        for option, n in length.items():
            departures_are(Fraction(n * 8 * SECOND, 10**7), 300, "--pkt-size", 100, option, "10M",
                           *words)


@case
def one_rate_a_stream():
    refused(["--ratep", "5", "--rate-l1", "1G"], "--rate-l1: --ratep says it already")
    refused(["--load", "5", "--stream", "a", "--delay", "1", "--rate", "1G"],
            "--rate: --delay says it already")
    # A stream's own replaces that of all.
    departures_are(Fraction(2000), 100, "--load", "5", "--stream", "a", "--delay", "2us")


@case
def settings_that_are_shown_keep_the_fraction():
    for words, shown in ((["--ratep", "3333333.3"], "delay=10000000000/33333333"),
                         (["--ratep", "1/10s"], "delay=10000000000"),
                         (["--delay", "333.3"], "delay=3333/10"),
                         (["--delay", "0.25"], "delay=1/4"),
                         (["--pkt-size", "60", "--load", "99.9%"], "delay=22400/333")):
        said = vernier("send", "--sim", "--show-settings", *TO, *words).stdout
        holds(shown in said.split("\n"), "%s: no %s in\n%s" % (" ".join(words), shown, said))


@case
def what_is_no_rate_is_refused():
    for words, text in (
            (["--ratep", "0"], "--ratep: 0 is out of range (1/8760h, which is one a year, to "
                               "1000000000)"),
            (["--ratep", "1/10"], "--ratep: '1/10' is not accepted (a number, or one with k, M, G, "
                                  "pps, kpps, Mpps, Gpps, or N/TIME, as 1/10s)"),
            (["--ratep", "0.12345678901234567891"], "has more digits than can be kept exactly"),
            (["--delay", "1.5d"], "--delay: '1.5d' is not accepted"),
            (["--rate-l1", "1G"], "--rate-l1: 1G needs a frame size to make a gap of: give "
                                  "--pkt-size too"),
            (["--pkt-size", 60, "--load", "100.1%"],
             "--load: 100.1% is out of range (above 0, to 100%)"),
            (["--pkt-size", 60, "--load", "50%", "--driver", "null"],
             "--load: 50%: the simulated link has no speed: give --link-rate too")):
        refused(words, text)


main()

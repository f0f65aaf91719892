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
    holds(text in done.stderr, "%s: said %r, expected %r" % (" ".join(words), done.stderr, text))


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


@case
def settings_that_are_shown_keep_the_fraction():
    for words, shown in ((["--ratep", "3333333.3"], "delay=10000000000/33333333"),
                         (["--ratep", "1/10s"], "delay=10000000000"),
                         (["--delay", "333.3"], "delay=3333/10"),
                         (["--delay", "0.25"], "delay=1/4")):
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
            (["--delay", "1.5d"], "--delay: '1.5d' is not accepted")):
        refused(words, text)


main()

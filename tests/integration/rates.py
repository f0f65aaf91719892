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


def refused(words, text, status=2):
    done = vernier("send", "--sim", "--capture", "no.pcap", *TO, *words, status=status)
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


# --- sizes and flows one by one --------------------------------------------------

def sizes_of(packets):
    return [len(f) for _, f in packets]


@case
def sizes_of_a_series_are_spread_as_it_says():
    """uniform over 64 to 1063 bytes: the distribution by Kolmogorov and Smirnov, seed 1"""
    sizes = sorted(sizes_of(sim("--count", 20000, "--size", "uniform(64, 1063)")))
    equal((sizes[0], sizes[-1]), (64, 1063), "shortest and longest")
    off = max(abs((n + 1) / 20000 - (size - 63) / 1000) for n, size in enumerate(sizes)
              if n + 1 == 20000 or sizes[n + 1] > size)
    holds(off < 1.95 / math.sqrt(20000), "off by %.4f" % off)  # once in a thousand


@case
def sizes_of_a_file_come_in_its_order():
    with open("sizes", "w") as f:
        f.write("60\n100\n1514\n70\n")
    equal(sizes_of(sim("--count", 10, "--size", "list(sizes)")),
          [60, 100, 1514, 70, 60, 100, 1514, 70, 60, 100], "sizes")


@case
def sizes_that_no_frame_has_are_clipped():
    with open("sizes", "w") as f:
        f.write("1\n60\n41\n")
    equal(sizes_of(sim("--count", 6, "--size", "list(sizes)")), [58, 60, 58, 58, 60, 58], "sizes")


@case
def sizes_of_a_series_have_the_rate_in_the_mean():
    """also where short ones are padded; within five standard errors of what was drawn"""
    for series in ("uniform(64, 1500)", "exp(300)", "uniform(1, 100)", "normal(100, 60)"):
        for option, length in (("--rate-l1", l1), ("--rate-l2", lambda f: l1(f) - 20),
                               ("--rate-l3", ip_len)):
            packets = sim("--count", 20001, "--size", series, option, "10M")
            error = achieved(packets, length) / 10**7 - 1
            allowed = 5 * spread([length(f) for _, f in packets]) + 0.002
            holds(abs(error) < allowed, "%s %s: off by %.5f, allowed %.5f" % (
                series, option, error, allowed))


def flow_lengths(packets):
    """Of flows in the order they begin: each draws an address that no other has."""
    lengths = {}
    for _, frame in packets:
        lengths[frame[30:34]] = lengths.get(frame[30:34], 0) + 1
    return list(lengths.values())


FLOWS = ["--dst", "1.0.0.1", "--dst-max", "120.0.0.0", "--flag", "IPDST_RND", "--flows", 8]


@case
def flows_last_as_long_as_the_file_says():
    """in both orders; those that were under way at the end are shorter"""
    with open("lengths", "w") as f:
        f.write("3\n1\n20\n5\n")
    for flags, under_way in (([], 8), (["--flag", "FLOW_SEQ"], 1)):
        got = flow_lengths(sim("--count", 2000, *FLOWS, *flags, "--flow-length", "list(lengths)"))
        equal(sum(got), 2000, "packets")
        want = [(3, 1, 20, 5)[n % 4] for n in range(len(got))]
        holds(all(g <= w for g, w in zip(got, want)), "a flow lasted too long: %s" % got)
        holds(sum(g < w for g, w in zip(got, want)) <= under_way, "too short: %s" % got)
        holds(len(got) > 2000 / 29 * 4 - 8, "%d flows" % len(got))


@case
def flow_lengths_are_spread_as_the_series_says():
    for flags in ([], ["--flag", "FLOW_SEQ"]):
        got = flow_lengths(sim("--count", 30000, *FLOWS, *flags, "--flow-length",
                               "uniform(2, 11)"))[:-100]
        holds(len(got) > 4000, "%d flows" % len(got))
        # In sequence all but the last, at random all but eight ended.
        counts = [got.count(n) for n in range(2, 12)]
        holds(sum(counts) >= len(got) - 8, "lengths beyond 2 to 11: %s" % sorted(set(got)))
        mean = len(got) / 10
        chi2 = sum((n - mean) ** 2 / mean for n in counts)
        holds(chi2 < 33, "chi square of 9 degrees %.1f (%s)" % (chi2, counts))  # once in 7000


def shown(*words):
    """Of the stream, as options."""
    said = vernier("send", "--sim", "--show-settings", *TO, *words).stdout
    lines = said[said.index("stream="):].strip().split("\n")[1:]
    return [word for name, value in (line.split("=", 1) for line in lines)
            for word in ("--" + name, value)]


@case
def shown_settings_repeat_a_run_of_series():
    with open("lengths", "w") as f:
        f.write("3\n1\n20\n5\n")
    for words in (["--size", "uniform(64, 1500)", "--rate-l1", "9.87M", *FLOWS, "--flow-length",
                   "list(lengths)"], ["--gap", "exp(10us)", "--size", "exp(200) + 60"]):
        one = sim("--count", 500, *words)
        settings = shown("--count", 500, *words)
        vernier("send", "--sim", "--capture", "again.pcap", "--quiet", *settings)
        equal(frames("again.pcap"), one, "packets of %s" % settings)


@case
def gaps_of_a_series_are_told():
    done = vernier("send", "--sim", "--capture", "out.pcap", *TO, "--count", 10, "--gap",
                   "uniform(5us, 15us)")
    holds("10 frames of up to 58 bytes with gaps of uniform(5us, 15us), 100000 pps in the mean, to "
          in done.stdout, done.stdout)


@case
def what_is_no_series_is_refused():
    for words, texts in ((["--gap", "exp("], ["--gap"]),
                         (["--size", "uniform(64)"], ["--size", "uniform"]),
                         (["--gap", "exp(1us)", "--ratep", 5], ["--ratep: --gap says it already"]),
                         (["--size", "pareto(64, 0.9)", "--load", "5%"],
                          ["--load: 5%: the mean of --size pareto(64, 0.9) is not known: give "
                           "--ratep or --delay"]),
                         (["--size", "pareto(64, 0.9)", "--rate", "5"],
                          ["--rate: 5: the mean of --size pareto(64, 0.9) is not known"])):
        for text in texts:
            refused(words, text)
    # Asked for rightly, but not to be had.
    refused(["--flow-length", "list(none)"], "No such file", status=1)


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

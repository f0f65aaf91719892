#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""One stream on several workers: all of it is sent, by the one schedule, and
each worker's part is accounted for."""
import collections
import os

from harness import (case, equal, frames, holds, json_lines, main, rx_packets, tshark, vernier,
                     veth, Skip)

ADDRESSES = ["--dst-mac", "02:00:00:00:00:02", "--dst", "10.0.0.2", "--src-min", "10.0.0.1"]


def two_cpus():
    if len(os.sched_getaffinity(0)) < 2:
        raise Skip("one CPU only")


def send(*words, **more):
    """Runs a sender; returns the last JSON line."""
    vernier("send", *words, "--json", "run.json", "--quiet", **more)
    return json_lines("run.json")[-1]


def counts(report):
    return [row["sent"] for row in report["streams"]]


@case
def counts_are_exact_on_devices_without_a_wire():
    two_cpus()
    for driver in ("null", "pcap"):
        for count, want in ((1000001, [500001, 500000]), (1000, [500, 500]), (2, [1, 1]), (1, [1])):
            if driver == "pcap":
                count, want = min(count, 100001), [min(n, 50001 - i) for i, n in enumerate(want)]
            report = send("--driver", driver, "--threads", 2, *ADDRESSES, "--count", count)
            equal((counts(report), report["total"]["sent"]), (want, count),
                  "%d packets on %s" % (count, driver))
            if driver == "pcap":
                equal(len(frames("vernier.pcap")), count, "frames of the file")


@case
def numbers_and_ports_of_a_capture():
    """each worker numbers its packets from 1, to a port of its own"""
    two_cpus()
    send("--driver", "pcap", "--threads", 2, *ADDRESSES, "--count", 2001, "--ratep", "100k")
    ports = collections.defaultdict(list)
    for _, frame in frames("vernier.pcap"):
        ports[int.from_bytes(frame[36:38], "big")].append(int.from_bytes(frame[46:50], "big"))
    equal(dict(ports), {9: list(range(1, 1002)), 10: list(range(1, 1001))}, "numbers by port")
    equal(len(tshark("vernier.pcap", "udp.dstport")), 2001, "packets that tshark reads")


@case
def departures_are_those_of_one_worker():
    """on the virtual clock, to the nanosecond, at a rate that does not divide"""
    times = {}
    for threads in (1, 2, 3, 7):
        send("--sim", "--capture", "x.pcap", "--threads", threads, *ADDRESSES, "--count", 5000,
             "--ratep", 333331, "--pkt-size", 60)
        times[threads] = [t for t, _ in frames("x.pcap")]
    for threads in (2, 3, 7):
        equal(times[threads], times[1], "departures with %d workers" % threads)


@case
def gaps_of_a_series_are_those_of_one_worker():
    """each draws all of them, and takes its own"""
    for gap in ("exp(3us)", "onoff(1us, exp(5), pareto(10us, 1.5))", "profile(100kpps..1Mpps 5ms)"):
        times, asked = {}, {}
        for threads in (1, 2, 3, 7):
            last = send("--sim", "--capture", "x.pcap", "--threads", threads, *ADDRESSES, "--seed", 5,
                        "--count", 5000, "--gap", gap, "--pkt-size", 60, "--link-rate", "1T")
            times[threads] = [t for t, _ in frames("x.pcap")]
            asked[threads] = round(last["total"]["asked_pps"])
        for threads in (2, 3, 7):
            equal(times[threads], times[1], "%s with %d workers" % (gap, threads))
            equal(asked[threads], asked[1], "rate asked of %d workers" % threads)


@case
def time_and_bursts_come_to_what_one_worker_sends():
    for words in (["--count", 0, "--time", "10ms", "--ratep", 100001], ["--count", 1000, "--burst", 32],
                  ["--count", 0, "--time", "5ms", "--ratep", 5000, "--burst", 16]):
        sent = [send("--sim", "--driver", "null", "--link-rate", "10G", "--threads", threads,
                     *ADDRESSES, *words)["total"]["sent"] for threads in (1, 2, 3)]
        equal(sent, [sent[0]] * 3, "sent with " + " ".join(map(str, words)))


@case
def workers_do_not_draw_the_same():
    send("--sim", "--capture", "x.pcap", "--threads", 2, *ADDRESSES, "--count", 2000, "--src-min",
         "10.0.0.0", "--src-max", "10.255.255.255", "--flag", "IPSRC_RND")
    drawn = collections.defaultdict(list)
    for _, frame in frames("x.pcap"):
        drawn[int.from_bytes(frame[36:38], "big")].append(frame[26:30])
    equal([len(drawn[port]) for port in (9, 10)], [1000, 1000], "packets of each")
    holds(len(set(drawn[9]) & set(drawn[10])) < 10, "both sent from the same addresses")


@case
def over_a_cable_every_packet_is_accounted_for():
    two_cpus()
    veth()
    for words in (["--count", 10001, "--ratep", 33333], ["--count", 1, "--ratep", 10],
                  ["--count", 3000, "--ratep", "30k", "--burst", 1, "--udp-dst-min", 5000,
                   "--udp-dst-max", 5010]):
        before = rx_packets("vn1")
        report = send("vn0", "--rx", "vn1", "--threads", 2, *ADDRESSES, *words)
        count = int(words[1])
        total = report["total"]
        equal((total["sent"], total["received"], total["lost"], total["errors"]),
              (count, count, 0, 0), "sent, received, lost, errors")
        equal(rx_packets("vn1") - before, count, "packets the peer's link has counted")
        for row in report["streams"]:
            equal((row["received"], row["lost"], row["reordered"], row["duplicates"]),
                  (row["sent"], 0, 0, 0), row["name"])


@case
def the_rates_add_up():
    two_cpus()
    report = send("--driver", "null", "--threads", 2, *ADDRESSES, "--count", 1000, "--ratep", 33333)
    rates = [row["asked_pps"] for row in report["streams"]]
    equal(rates, [16666.5, 16666.5], "asked of each")
    equal(report["total"]["asked_pps"], 33333, "asked of all")


@case
def what_is_shown_is_the_whole_stream():
    words = ["--sim", "--capture", "x.pcap", "--threads", 2, *ADDRESSES, "--count", 7]
    shown = vernier("send", *words, "--show-settings").stdout.splitlines()
    equal([x for x in shown if x.startswith(("stream=", "count=", "udp_dst_min=", "cpus="))],
          ["cpus=0,1", "stream=stream0", "count=7", "udp_dst_min=9"], "settings")
    settings = send(*words)["settings"]["streams"]
    equal((list(settings), settings["stream0"]["count"]), (["stream0"], "7"), "settings in JSON")
    vernier("report", "run.json")


@case
def what_cannot_be_shared_is_refused():
    done = vernier("send", "--sim", "--threads", 3, "--udp-dst-min", 65534, "--udp-dst-max", 65534,
                   status=2)
    holds("65536" in done.stderr, done.stderr)
    done = vernier("send", "--sim", "--threads", 2, "--stream", "x" * 31, status=2)
    holds("at most" in done.stderr, done.stderr)


main()

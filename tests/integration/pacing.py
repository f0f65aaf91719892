#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Departures of a real sender that is kept from sending for a while: by each
policy, on each driver, and in what batches."""
import signal
import time

from harness import (case, equal, finish, holds, json_lines, main, rx_packets, sh, start, vernier,
                     veth, wait_until)

TO = ["--dst-mac", "02:00:00:00:00:02", "--dst", "10.0.0.2", "--src-min", "10.0.0.1"]
DRIVERS = ("afpacket", "afxdp", "xdp")
COUNT, PPS = 10000, 20000
STALL_S = 0.1
MISSED = int(STALL_S * PPS)


def polling_veth():
    """that takes frames from programs, too"""
    veth()
    sh("ethtool", "-K", "vn1", "gro", "on")


def stalled(driver, policy, count=COUNT, pps=PPS):
    """The stream of a run that was stopped in its middle for STALL_S."""
    before = rx_packets("vn1")
    sender = start("send", "vn0", "--driver", driver, "--count", count, "--ratep", pps,
                   "--late-policy", policy, "--json", "run.json", "--quiet", *TO)
    wait_until(lambda: rx_packets("vn1") - before > count // 10, "first packets")
    sender.send_signal(signal.SIGSTOP)
    time.sleep(STALL_S) # is the stall
    sender.send_signal(signal.SIGCONT)
    status, _, err = finish(sender)
    equal((status, err), (0, ""), "end of the sender")
    equal(rx_packets("vn1") - before, count, "packets that arrived")
    stream = json_lines("run.json")[-1]["streams"][0]
    equal(stream["sent"], count, "sent")
    return stream


@case
def who_catches_up_sends_all_that_was_missed():
    polling_veth()
    for driver in DRIVERS:
        stream = stalled(driver, "catch-up")
        equal((stream["skipped"], stream["slid_ns"]), (0, 0), "skipped, slid with " + driver)
        holds(stream["late"] >= MISSED * 0.9, "%s: %d late" % (driver, stream["late"]))
        holds(stream["lateness_max_ns"] >= STALL_S * 0.9e9, "%s: greatest lateness" % driver)


@case
def who_skips_leaves_out_what_was_missed():
    polling_veth()
    for driver in DRIVERS:
        stream = stalled(driver, "skip")
        holds(stream["skipped"] >= MISSED * 0.9, "%s: %d skipped" % (driver, stream["skipped"]))
        equal(stream["slid_ns"], 0, "slid with " + driver)
        # Skipped departures were asked for, and so the rate is short of them.
        want = COUNT / (COUNT + stream["skipped"]) - 1
        holds(abs(stream["rate_error_ppm"] / 1e6 - want) < 0.01, "%s: error %s ppm, %s skipped" % (
            driver, stream["rate_error_ppm"], stream["skipped"]))


@case
def who_slides_is_that_much_later_from_then_on():
    polling_veth()
    for driver in DRIVERS:
        stream = stalled(driver, "slide")
        holds(stream["slid_ns"] >= STALL_S * 0.9e9, "%s: slid %d ns" % (driver, stream["slid_ns"]))
        equal(stream["skipped"], 0, "skipped with " + driver)


@case
def what_is_missed_leaves_one_by_one_all_the_same():
    """a gap of 5 ms is longer than a call, however slow the build"""
    veth()
    stream = stalled("afpacket", "catch-up", count=200, pps=200)
    equal(stream["batch_max"], 1, "most departures of a call (one takes %s ns)" % stream["call_ns"])


@case
def what_a_call_cannot_keep_leaves_in_batches():
    veth()
    vernier("send", "vn0", "--driver", "afpacket", "--count", 100000, "--ratep", "20M", "--json",
            "run.json", "--quiet", *TO)
    stream = json_lines("run.json")[-1]["streams"][0]
    holds(stream["batch_max"] > 1, "batches of %s" % stream["batch_max"])
    holds(stream["call_ns"] > 50, "a call of %s ns" % stream["call_ns"])


@case
def gaps_of_a_series_are_asked_for_alike_everywhere():
    """by all drivers, long ones and short ones, also when much is left over from a call"""
    polling_veth()
    for gap in ("exp(40us)", "onoff(5us, exp(20), exp(2ms))", "profile(10kpps..50kpps 100ms)"):
        words = ["--gap", gap, "--seed", 3, "--count", 8000, "--json", "run.json", "--quiet", *TO]
        vernier("send", "--sim", "--capture", "x.pcap", "--link-rate", "1T", *words)
        want = json_lines("run.json")[-1]["streams"][0]
        equal(want["rate_error_ppm"], 0.0, "error on the virtual clock with " + gap)
        for driver in DRIVERS:
            vernier("send", "vn0", "--driver", driver, *words)
            got = json_lines("run.json")[-1]["streams"][0]
            equal((got["sent"], got["asked_mean_pps"]), (8000, want["asked_mean_pps"]),
                  "%s with %s" % (driver, gap))


if __name__ == "__main__":
    main()

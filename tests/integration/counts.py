#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What was asked for is what is sent, and what is sent is what arrives: counts
of the sender, of the receiver and of the kernel's link, compared exactly."""
import os
import re

from harness import (Bridge, case, dummy, equal, finish, frames, holds, is_receiving, json_lines,
                     main, rx_packets, start, tx_packets, vernier, veth, wait_until, Skip)

ADDRESSES = ["--dst-mac", "02:00:00:00:00:02", "--dst", "10.0.0.2", "--src-min", "10.0.0.1"]


def send(*words, json="run.json", **more):
    """Runs a sender on vn0; returns the last JSON line."""
    vernier("send", *words, "--json", json, "--quiet", **more)
    return json_lines(json)[-1]


def check_all_arrived(report, count):
    total = report["total"]
    equal((total["sent"], total["received"], total["lost"], total["errors"]),
          (count, count, 0, 0), "sent, received, lost, errors")
    equal(total["sent"], sum(s["sent"] for s in report["streams"]), "sum of the streams")
    equal(rx_packets("vn1"), count, "packets the peer's link has counted")


@case
def one_packet():
    veth()
    check_all_arrived(send("vn0", "--rx", "vn1", *ADDRESSES, "--count", "1"), 1)


@case
def one_stream_paced():
    veth()
    report = send("vn0", "--rx", "vn1", *ADDRESSES, "--count", "4000", "--ratep", "20k")
    check_all_arrived(report, 4000)
    equal(report["verdict"], "ok", "verdict")


@case
def slack_gathers_departures():
    """The first packet of each lot is as late as it may be."""
    veth()
    report = send("vn0", "--rx", "vn1", *ADDRESSES, "--count", "4001", "--ratep", "20k", "--slack",
                  "5ms")
    check_all_arrived(report, 4001)
    stream = report["streams"][0]
    equal(stream["lateness_samples"], 4001, "packets with a departure")
    holds(stream["lateness_max_ns"] >= 5 * 10**6, "greatest lateness")


@case
def a_rate_that_is_off_fails_where_that_was_asked():
    """half of a slow rate is not missed, a gap of a nanosecond cannot be kept"""
    veth()
    report = send("vn0", *ADDRESSES, "--count", "2000", "--ratep", "2k", "--fail-if-off", "50%")
    equal((report["verdict"], report["total"]["sent"]), ("ok", 2000), "verdict, sent")
    words = ["vn0", *ADDRESSES, "--count", "1000", "--ratep", "1G"]
    equal(send(*words)["verdict"], "ok", "verdict without the option")
    done = vernier("send", *words, "--fail-if-off", "0.5", "--json", "off.json", "--quiet",
                   status=1)
    holds(re.fullmatch(r"vernier: send: stream0: [\d.e+]+ packets/s of [\d.e+]+ asked for: "
                       r"[\d.]+ % off, --fail-if-off 0.5\n", done.stderr), done.stderr)
    report = json_lines("off.json")[-1]
    equal((report["verdict"], report["total"]["sent"]), ("failed", 1000), "verdict, sent")
    holds(report["total"]["rate_error_ppm"] < -5000, "error")
    equal(report["settings"]["fail-if-off"], "0.5", "settings")


@case
def one_packet_has_no_rate_to_be_off():
    done = vernier("send", "--driver", "null", *ADDRESSES, "--count", "1", "--ratep", "10",
                   "--fail-if-off", "0")
    holds("stream0: --fail-if-off 0: one departure has no rate, it is not judged\n"
          in done.stdout, done.stdout)


@case
def a_count_of_a_thousand_is_the_default():
    veth()
    check_all_arrived(send("vn0", "--rx", "vn1", *ADDRESSES, "--ratep", "20k"), 1000)


@case
def eight_streams_on_two_workers():
    if len(os.sched_getaffinity(0)) < 2:
        raise Skip("one CPU only")
    veth()
    words = []
    for i in range(8):
        words += ["--stream", "s%d" % i, "--udp-dst-min", 9000 + i, "--udp-dst-max", 9000 + i,
                  "--count", 500 + i]
    report = send("vn0", "--rx", "vn1", "--threads", 2, *ADDRESSES, "--ratep", "2k", *words)
    check_all_arrived(report, 8 * 500 + 28)
    for i, stream in enumerate(report["streams"]):
        equal((stream["name"], stream["sent"], stream["received"]),
              ("s%d" % i, 500 + i, 500 + i), "stream %d" % i)


@case
def tags_labels_and_ipv6_arrive_as_they_were_sent():
    veth()
    mac = ["--dst-mac", "02:00:00:00:00:02"]
    report = send("vn0", "--rx", "vn1", "--ratep", "4k", "--count", "400", *mac,
                  "--stream", "vlan", "--dst", "10.0.0.2", "--vlan-id", "5", "--udp-dst-min",
                  "9001", "--udp-dst-max", "9001",
                  "--stream", "qinq", "--dst", "10.0.0.2", "--vlan-id", "5", "--svlan-id", "6",
                  "--udp-dst-min", "9002", "--udp-dst-max", "9002",
                  "--stream", "mpls", "--dst", "10.0.0.2", "--mpls", "00010020,00020020",
                  "--udp-dst-min", "9003", "--udp-dst-max", "9003",
                  "--stream", "six", "--dst6", "fd00::2", "--src6", "fd00::1", "--flag",
                  "UDPCSUM", "--udp-dst-min", "9004", "--udp-dst-max", "9004")
    check_all_arrived(report, 1600)
    for stream in report["streams"]:
        equal((stream["received"], stream["corrupt"]), (400, 0), stream["name"])


@case
def queue_xmit_goes_through_the_queueing_discipline():
    veth()
    report = send("vn0", "--rx", "vn1", *ADDRESSES, "--count", "500", "--ratep", "5k",
                  "--xmit-mode", "queue_xmit")
    check_all_arrived(report, 500)


@case
def time_ends_an_endless_stream():
    veth()
    report = send("vn0", "--rx", "vn1", *ADDRESSES, "--count", "0", "--time", "500ms",
                  "--ratep", "1k")
    sent = report["total"]["sent"]
    holds(sent in (500, 501), "sent %d in 500 ms at 1 kpps" % sent)
    check_all_arrived(report, sent)


@case
def count_ends_before_time():
    veth()
    check_all_arrived(send("vn0", "--rx", "vn1", *ADDRESSES, "--count", "10", "--time", "60s",
                           "--ratep", "1k"), 10)


@case
def imix_sizes_add_up():
    veth()
    report = send("vn0", "--rx", "vn1", *ADDRESSES, "--count", "600", "--ratep", "6k",
                  "--imix-weights", "64,7 576,4 1500,1", "--pcap", "imix.pcap")
    check_all_arrived(report, 600)
    sizes = [len(f) for _, f in frames("imix.pcap")]
    equal(len(sizes), 600, "captured")
    equal(set(sizes), {64, 576, 1500}, "sizes")


@case
def clone_skb_and_burst_on_a_device_that_shares():
    dummy()
    words = [*ADDRESSES, "--count", "120"]
    for extra in (["--clone-skb", "10"], ["--burst", "8"], ["--clone-skb", "3", "--burst", "4"]):
        before = tx_packets("vd0")
        report = send("vd0", *words, *extra)
        equal(report["total"]["sent"], 120, "sent with " + " ".join(extra))
        equal(report["total"]["received"], None, "received without a receiver")
        equal(tx_packets("vd0") - before, 120, "packets of the link with " + " ".join(extra))


@case
def clone_skb_and_burst_on_simulated_devices():
    for driver in ("null", "pcap"):
        for extra in (["--clone-skb", "10"], ["--burst", "8"],
                      ["--clone-skb", "3", "--burst", "4"], ["--flag", "!SHARED"]):
            words = ["--driver", driver, *ADDRESSES, "--count", "120", *extra]
            vernier("send", *words, "--json", "run.json", "--quiet")
            equal(json_lines("run.json")[-1]["total"]["sent"], 120, " ".join(words))
            if driver == "pcap":
                copies = [f for _, f in frames("vernier.pcap")]
                times = 1 if "!SHARED" in extra else 12 if len(extra) > 2 else int(extra[1])
                equal(len(copies), 120, "frames with " + " ".join(extra))
                equal(len(set(copies)), 120 // times, "different ones")


@case
def a_burst_may_go_beyond_the_count_as_in_pktgen():
    equal(send("--driver", "null", *ADDRESSES, "--count", "100", "--burst", "32")
          ["total"]["sent"], 128, "sent")


@case
def full_speed_is_counted_exactly():
    veth()
    report = send("vn0", *ADDRESSES, "--count", "100000")
    equal(report["total"]["sent"] + report["total"]["errors"], 100000, "sent and errors")
    equal(rx_packets("vn1"), report["total"]["sent"], "packets the peer's link has counted")


@case
def recv_alone_counts_the_same():
    veth()
    receiver = start("recv", "vn1", "--count", "700", "--time", "60s", "--json", "recv.json",
                     "--pcap", "recv.pcap")
    wait_until(is_receiving, "the receiver's socket")
    send("vn0", *ADDRESSES, "--count", "700", "--ratep", "7k")
    status, out, err = finish(receiver)
    equal(status, 0, "status of recv (%s%s)" % (out, err))
    report = json_lines("recv.json")[-1]
    equal(report["total"]["received"], 700, "received")
    equal(report["total"]["lost"], 0, "lost")
    equal(report["total"]["sent"], None, "sent, which a receiver cannot know")
    equal(len(frames("recv.pcap")), 700, "captured")


class BadBridge(Bridge):
    """Loses the 10th, 20th ..., doubles the 7th, 14th ... (of those not lost), and
    lets the 4th, 54th ... overtake the one before it."""
    held = None

    def carry(self, frame, number):
        if number % 10 == 0:
            return []
        if number % 50 == 3:
            self.held = frame
            return []
        out = [frame] * (2 if number % 7 == 0 else 1)
        if self.held:
            out += [self.held] * (2 if (number - 1) % 7 == 0 else 1)
            self.held = None
        return out


@case
def loss_duplicates_and_order_behind_a_bad_bridge():
    veth()
    veth("vn2", "vn3")
    BadBridge().start()
    vernier("send", "vn0", "--rx", "vn3", *ADDRESSES, "--count", "1000", "--ratep", "2k",
            "--json", "run.json", "--quiet", "--settle", "1s", "--late-after", "1ns",
            "--clock-error", "5us", status=1)
    report = json_lines("run.json")[-1]
    doubled = sum(n % 7 == 0 and n % 10 != 0 for n in range(1, 1001))
    for row in (report["total"], report["streams"][0]):
        equal({k: row[k] for k in ("sent", "received", "unique", "lost", "duplicates",
                                   "reordered", "corrupt")},
              {"sent": 1000, "received": 900 + doubled, "unique": 900, "lost": 100,
               "duplicates": doubled, "reordered": 20, "corrupt": 0}, "counts")
        # Each was overtaken by the one behind it, whose copies have no place in the order.
        equal({k: row["reorder_extent_" + k] for k in ("samples", "unknown", "p50", "max")},
              {"samples": 20, "unknown": 0, "p50": 1, "max": 1}, "extents")
        equal(row["histograms"]["reorder_extent"],
              {"samples": 20, "min": 1, "max": 1, "mean": 1.0, "buckets": [[1, 1, 20]]},
              "histogram of the extents")
        equal(round(row["reordered_ratio"] * 900, 9), 20, "reordered of the first arrivals")
        equal(row["overdue"], row["latency_samples"], "later than 1 ns")
        equal(row["latency_samples"] + row["latency_negative"], 900, "stamps")
        # Nine between two that are lost: eight pairs, a hundred times.
        equal(row["ipdv_samples"], 800, "pairs")
    equal({k: report["receiver"][k] for k in ("late_after_ns", "clock_error_ns")},
          {"late_after_ns": 1, "clock_error_ns": 5000}, "what was stated")
    equal(report["verdict"], "failed", "verdict")
    equal(rx_packets("vn3"), 900 + doubled, "packets the link has counted")


main()

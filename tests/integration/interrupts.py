#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A run that is interrupted still reports, and what it reports is true."""
import signal

from harness import (case, equal, finish, holds, is_receiving, json_lines, main, rx_packets, sh,
                     start, veth, wait_until)

ENDLESS = ["--dst-mac", "02:00:00:00:00:02", "--dst", "10.0.0.2", "--src-min", "10.0.0.1",
           "--count", "0"]


def run_until(enough, event, *words):
    """Starts an endless run, lets event() happen once the peer has counted
    enough packets, and returns (status, stderr, last JSON line)."""
    sender = start("send", "vn0", *ENDLESS, *words, "--json", "run.json", "--quiet")
    wait_until(lambda: sender.poll() is not None or rx_packets("vn1") >= enough,
               "%d packets" % enough)
    holds(sender.poll() is None, "ended by itself: %s" % (sender.poll(),))
    event(sender)
    status, _, err = finish(sender)
    return status, err, json_lines("run.json")[-1]


def interrupt(number):
    return lambda sender: sender.send_signal(number)


@case
def interrupt_mid_run_reports_and_ends():
    veth()
    status, err, report = run_until(500, interrupt(signal.SIGINT), "--rx", "vn1", "--ratep", "5k")
    total = report["total"]
    equal((status, err), (1, "vernier: send: interrupted\n"), "status, message")
    equal(report["verdict"], "interrupted", "verdict")
    equal(report["final"], True, "final")
    holds(total["sent"] >= 500, "sent %d" % total["sent"])
    equal((total["received"], total["lost"]), (total["sent"], 0), "received, lost")
    equal(rx_packets("vn1"), total["sent"], "packets the peer's link has counted")


@case
def what_was_interrupted_is_not_judged_by_its_rate():
    veth()
    status, err, report = run_until(100, interrupt(signal.SIGINT), "--ratep", "1G",
                                    "--fail-if-off", "0")
    equal((status, err), (1, "vernier: send: interrupted\n"), "status, message")
    equal(report["verdict"], "interrupted", "verdict")


@case
def termination_at_full_speed():
    veth()
    _, _, report = run_until(2000, interrupt(signal.SIGTERM))
    equal(rx_packets("vn1"), report["total"]["sent"], "packets the peer's link has counted")


@case
def interrupt_during_a_long_wait_ends_at_once():
    veth()
    _, _, report = run_until(1, interrupt(signal.SIGINT), "--delay", "1h")
    holds(report["time_s"] < 30, "ran for %s s" % report["time_s"])
    equal(report["total"]["sent"], 1, "sent")


@case
def interrupt_of_a_receiver_reports():
    veth()
    receiver = start("recv", "vn1", "--json", "recv.json")
    wait_until(is_receiving, "the receiver's socket")
    sender = start("send", "vn0", *ENDLESS[:-2], "--count", "50", "--quiet")
    equal(finish(sender)[0], 0, "status of the sender")
    wait_until(lambda: rx_packets("vn1") == 50, "50 packets")
    wait_until(lambda: any(j["total"]["received"] == 50 for j in json_lines("recv.json")),
               "50 packets in a progress line")
    receiver.send_signal(signal.SIGINT)
    finish(receiver)
    report = json_lines("recv.json")[-1]
    equal((report["final"], report["verdict"], report["total"]["received"]),
          (True, "ok", 50), "final, verdict, received")


@case
def link_set_down_mid_run():
    veth()
    status, err, report = run_until(
        500, lambda sender: sh("ip", "link", "set", "vn0", "down"), "--ratep", "5k")
    holds(status != 0, "status 0 although the link went down")
    holds("vn0" in err, "the message does not name the link: %r" % err)
    equal(rx_packets("vn1"), report["total"]["sent"], "packets the peer's link has counted")


@case
def carrier_lost_mid_run():
    veth()
    status, _, report = run_until(
        500, lambda sender: sh("ip", "link", "set", "vn1", "down"), "--ratep", "5k")
    holds(status != 0, "status 0 although the carrier was lost")
    equal(rx_packets("vn1"), report["total"]["sent"], "packets the peer's link has counted")


@case
def link_deleted_mid_run():
    """the link deleted mid-run: ends, reports what was sent"""
    veth()
    seen = []

    def delete(sender):
        seen.append(rx_packets("vn1"))
        sh("ip", "link", "del", "vn0")

    status, err, report = run_until(500, delete, "--ratep", "2k")
    holds(status != 0, "status 0 although the link was deleted")
    holds("vn0" in err, "the message does not name the link: %r" % err)
    holds(report["total"]["sent"] >= seen[0], "sent %d, but %d had arrived" %
          (report["total"]["sent"], seen[0]))


@case
def receiver_link_set_down_mid_run():
    veth()
    status, _, report = run_until(
        500, lambda sender: sh("ip", "link", "set", "vn1", "down"), "--rx", "vn1", "--ratep", "5k")
    holds(status != 0, "status 0 although the receiver's link went down")
    total = report["total"]
    equal(total["received"] + total["lost"], total["sent"], "received and lost")


main()

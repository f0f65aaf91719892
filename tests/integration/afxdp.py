#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The driver afxdp in whole runs: what is sent is what arrives and what is counted,
also when the link goes; what it receives, what it misses, what it leaves behind."""
import os
import re
import signal
import subprocess

from harness import (IS_ROOT, MAC0, MAC1, VERNIER, Skip, Tap, case, equal, finish, frames, holds,
                     json_lines, link_facts, main, rx_packets, sh, start, vernier, veth,
                     wait_until, without_rights)

DRIVER = ["--driver", "afxdp"]
TO = ["--dst", "10.0.0.2", "--dst-mac", MAC1, "--src-min", "10.0.0.1", "--src-mac", MAC0]


def cable(queues=1, receives=False):
    if not re.search(r"^\s*afxdp\b", vernier("drivers").stdout, re.M):
        raise Skip("built without libxdp")
    if receives and not IS_ROOT:
        raise Skip("an XDP program needs root of the machine")
    veth(queues=queues)


def program_on(link):
    return link_facts(link).get("xdp", {}).get("prog", {}).get("id", 0)


def start_receiver(*words):
    receiver = start("recv", "vn1", *DRIVER, "--json", "recv.json", "--quiet", *words)
    wait_until(lambda: program_on("vn1") or receiver.poll() is not None, "a program on vn1")
    if receiver.poll() is not None:
        raise AssertionError("the receiver ended: %s" % (finish(receiver),))
    return receiver


def end_receiver(receiver):
    receiver.send_signal(signal.SIGINT)
    equal(finish(receiver)[0], 0, "status of the receiver")
    equal(program_on("vn1"), 0, "program left")
    return json_lines("recv.json")[-1]


def refused(words, names):
    done = subprocess.run([VERNIER, *words], capture_output=True, text=True, timeout=20,
                          stdin=subprocess.DEVNULL)
    holds(done.returncode in (1, 2), "status %d of %s" % (done.returncode, words))
    for name in names:
        holds(name in done.stderr, "%r does not name %s" % (done.stderr, name))


# Sending

@case
def the_same_bytes_as_in_a_file():
    """constant, random, of all sizes, with tags: by seed what the capture has"""
    cable()
    for words in (["--pkt-size", "60"],
                  ["--pkt-size", "1514", "--flag", "UDPCSUM"],
                  ["--pkt-size", "90", "--src-max", "10.255.0.0", "--flag", "IPSRC_RND",
                   "--udp-src-min", "1", "--udp-src-max", "60000", "--flag", "UDPSRC_RND"],
                  ["--min-pkt-size", "60", "--max-pkt-size", "600", "--flag", "TXSIZE_RND"]):
        words = [*TO, *words, "--count", "3000", "--seed", "7", "--flag", "NO_TIMESTAMP"]
        vernier("send", "--sim", "--capture", "out.pcap", *words, "--quiet")
        with Tap("vn1") as tap:
            vernier("send", "vn0", *DRIVER, *words, "--quiet")
            got = [frame for _, kind, frame in tap.take(3000) if kind != Tap.OUTGOING]
        equal(len(got), 3000, "packets")
        holds(got == [frame for _, frame in frames("out.pcap")], "other bytes: %s" % words)


@case
def every_packet_is_counted():
    cable()
    vernier("send", "vn0", *DRIVER, *TO, "--count", "200000", "--json", "run.json", "--quiet")
    report = json_lines("run.json")[-1]
    equal((report["total"]["sent"], report["total"]["errors"]), (200000, 0), "sent, errors")
    equal(rx_packets("vn1"), 200000, "packets of the peer's link")
    equal(report["devices"], None, "what the device says: a veth has no zero copy")
    equal(program_on("vn0"), 0, "a program on the sender's interface")


def run_until(event, *words):
    enough = rx_packets("vn1") + 500
    sender = start("send", "vn0", *DRIVER, *TO, "--count", "0", *words, "--json", "run.json",
                   "--quiet")
    wait_until(lambda: sender.poll() is not None or rx_packets("vn1") >= enough,
               "500 packets")
    holds(sender.poll() is None, "ended by itself: %s" % (sender.poll(),))
    event(sender)
    status, _, err = finish(sender)
    return status, err, json_lines("run.json")[-1]["total"]


@case
def a_link_that_goes_down_ends_the_run():
    """the sender's or its peer's, at full speed and paced: what arrived is counted"""
    cable()
    for link in ("vn0", "vn1"):
        for words in ([], ["--ratep", "5k"]):
            before = rx_packets("vn1")
            status, err, total = run_until(
                lambda _, link=link: sh("ip", "link", "set", link, "down"), *words)
            equal(status, 1, "status")
            holds("vn0" in err, "the message does not name the link: %r" % err)
            equal(rx_packets("vn1") - before, total["sent"], "packets of the peer's link")
            sh("ip", "link", "set", link, "up")
            wait_until(lambda: all("LOWER_UP" in link_facts(x)["flags"] for x in ("vn0", "vn1")),
                       "carrier")


@case
def an_interface_that_vanishes_ends_the_run():
    cable()
    seen = []

    def delete(_):
        seen.append(rx_packets("vn1"))
        sh("ip", "link", "del", "vn0")

    status, err, total = run_until(delete)
    equal(status, 1, "status")
    holds("vn0" in err, "the message does not name the link: %r" % err)
    holds(total["sent"] >= seen[0], "sent %d, but %d had arrived" % (total["sent"], seen[0]))


@case
def interrupted_at_full_speed():
    cable()
    _, _, total = run_until(lambda sender: sender.send_signal(signal.SIGTERM))
    equal(rx_packets("vn1"), total["sent"], "packets of the peer's link")


@case
def a_queue_is_free_after_its_user_was_killed():
    cable()
    sender = start("send", "vn0", *DRIVER, *TO, "--count", "0", "--quiet")
    wait_until(lambda: rx_packets("vn1") >= 500, "500 packets")
    sender.kill()
    finish(sender)
    before = rx_packets("vn1")
    vernier("send", "vn0", *DRIVER, *TO, "--count", "10", "--quiet")
    equal(rx_packets("vn1") - before, 10, "packets of the second run")


# Receiving

@case
def a_receiver_accounts_for_every_packet():
    cable(receives=True)
    vernier("send", "vn0", *DRIVER, "--rx", "vn1", *TO, "--count", "50000", "--ratep", "50k",
            "--json", "run.json", "--quiet")
    report = json_lines("run.json")[-1]
    total = report["total"]
    equal((total["sent"], total["received"], total["lost"], total["errors"]),
          (50000, 50000, 0, 0), "sent, received, lost, errors")
    equal(report["receiver"]["stamp_source"], "clock at read", "stamps")
    equal((program_on("vn0"), program_on("vn1")), (0, 0), "programs left")


@case
def what_a_halted_receiver_misses_is_counted():
    """sent = received + dropped for want of room"""
    cable(receives=True)
    receiver = start_receiver("--ring", "2MiB")
    receiver.send_signal(signal.SIGSTOP)
    vernier("send", "vn0", "--driver", "afpacket", *TO, "--count", "20000", "--quiet")
    receiver.send_signal(signal.SIGCONT)
    wait_until(lambda: json_lines("recv.json") and
               json_lines("recv.json")[-1]["total"]["received"], "packets")
    report = end_receiver(receiver)
    received, drops = report["total"]["received"], report["receiver"]["drops"]
    equal(received + drops, 20000, "received + dropped")
    holds(drops > 0, "nothing was dropped: the case shows nothing")


@case
def filters_and_stamps_are_its_own():
    cable(receives=True)
    refused(["recv", "vn1", *DRIVER, "--stamps", "kernel"], ["--stamps kernel", "clock at read"])
    equal(program_on("vn1"), 0, "a program left by a refusal")
    receiver = start_receiver("--filter", "udp port 7")
    vernier("send", "vn0", *DRIVER, *TO, "--quiet", "--count", "30", "--udp-dst-min", "5",
            "--udp-dst-max", "8")  # 8 is left out, as in pktgen
    wait_until(lambda: rx_packets("vn1") == 30, "30 packets")
    report = end_receiver(receiver)
    equal(report["receiver"]["filtered"] + report["total"]["received"], 30, "all of them")
    equal(report["total"]["received"], 10, "packets to port 7")


@case
def all_queues_are_received():
    """two queues, one sender on each"""
    if len(os.sched_getaffinity(0)) < 2:
        raise Skip("one CPU only")
    cable(queues=2, receives=True)
    receiver = start_receiver()
    vernier("send", "vn0", "--driver", "afpacket", *TO, "--quiet", "--cpus", "0,1", "--count",
            "4000", "--stream", "a", "--stream", "b", "--udp-dst-min", "10", "--udp-dst-max", "10")
    wait_until(lambda: rx_packets("vn1") == 8000, "8000 packets")
    report = end_receiver(receiver)
    equal((report["total"]["received"], report["receiver"]["drops"]), (8000, 0), "received, drops")


@case
def nothing_stays_of_a_killed_receiver():
    cable(receives=True)
    receiver = start_receiver()
    receiver.kill()
    finish(receiver)
    wait_until(lambda: not program_on("vn1"), "the program to go")
    receiver = start_receiver()
    vernier("send", "vn0", *DRIVER, *TO, "--count", "100", "--quiet")
    wait_until(lambda: rx_packets("vn1") == 100, "100 packets")
    equal(end_receiver(receiver)["total"]["received"], 100, "received")


@case
def a_receiver_outlasts_its_link():
    cable(receives=True)
    receiver = start_receiver()
    sh("ip", "link", "set", "vn1", "down")
    n = len(json_lines("recv.json"))
    wait_until(lambda: len(json_lines("recv.json")) > n + 1, "two lines of progress")
    sh("ip", "link", "set", "vn1", "up")
    wait_until(lambda: "LOWER_UP" in link_facts("vn0")["flags"], "carrier")
    vernier("send", "vn0", *DRIVER, *TO, "--count", "100", "--quiet")
    wait_until(lambda: rx_packets("vn1") == 100, "100 packets")
    equal(end_receiver(receiver)["total"]["received"], 100, "received")


# Refusals

@case
def what_cannot_be_is_refused():
    cable()
    send = ["send", "vn0", *DRIVER, *TO, "--count", "3"]
    refused([*send, "--xmit-mode", "queue_xmit"], ["afxdp", "queue_xmit"])
    for link in ("vn0", "vn1"):
        sh("ip", "link", "set", link, "mtu", "9000")
    refused([*send, "--pkt-size", "4097"], ["vn0", "4097 bytes", "at most 4096"])
    equal(rx_packets("vn1"), 0, "packets sent all the same")
    vernier(*send, "--pkt-size", "4096", "--quiet")
    equal(rx_packets("vn1"), 3, "packets of the longest kind")
    refused(["recv", "vn1", *DRIVER], ["vn1", "MTU of 9000", "at most 3822"])
    refused(["send", "vn7", *DRIVER, *TO], ["vn7", "no such interface"])


@case
def a_queue_has_one_user():
    cable()
    sender = start("send", "vn0", *DRIVER, *TO, "--count", "0", "--ratep", "1k", "--quiet")
    wait_until(lambda: rx_packets("vn1"), "a packet")
    refused(["send", "vn0", *DRIVER, *TO, "--count", "3"], ["vn0", "queue 0 is taken"])
    equal(sender.poll(), None, "status of the first sender")
    sender.send_signal(signal.SIGINT)
    finish(sender)


@case
def anothers_program_is_left_alone():
    cable(queues=2, receives=True)
    receiver = start_receiver()
    other = program_on("vn1")
    refused(["recv", "vn1", *DRIVER], ["vn1"])
    equal(program_on("vn1"), other, "the program")
    end_receiver(receiver)


@case
def without_the_right_to_send():
    cable()
    done = subprocess.run([*without_rights(), VERNIER, "send", "vn0", *DRIVER, *TO],
                          capture_output=True, text=True, timeout=20)
    equal(done.returncode, 1, "status (%s)" % done.stderr)
    holds("CAP_NET_RAW" in done.stderr, "says: " + done.stderr)


main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Launch times and stamps of departure: refused where they cannot be had, before
anything is sent, and never ignored."""
import subprocess

from harness import (MAC1, VERNIER, case, equal, holds, json_lines, main, rx_packets, sh, vernier,
                     veth)

TO = ["--dst-mac", MAC1, "--dst", "10.0.0.2", "--count", "20", "--ratep", "1000"]


def refused(words, sentence):
    done = subprocess.run([VERNIER, "send", *words], capture_output=True, text=True, timeout=20,
                          stdin=subprocess.DEVNULL)
    equal(done.returncode, 1, "status of %s (%s)" % (words, done.stderr))
    holds(sentence in done.stderr, "%r does not say %r" % (done.stderr, sentence))


@case
def a_discipline_that_does_not_launch_is_refused():
    veth()
    words = ["vn0", *TO, "--launch", "qdisc", "--xmit-mode", "queue_xmit"]
    needed = "; fq or etf is needed (tc qdisc replace dev vn0 root fq)"
    refused([*words, "--driver", "afpacket"],
            "vn0: launch qdisc: its queueing discipline is noqueue" + needed)
    refused(words, "its queueing discipline is noqueue" + needed)  # --driver auto
    sh("tc", "qdisc", "replace", "dev", "vn0", "root", "pfifo")
    refused(words, "its queueing discipline is pfifo" + needed)
    equal(rx_packets("vn1"), 0, "packets sent all the same")


@case
def paths_past_the_discipline_are_refused():
    veth()
    refused(["vn0", *TO, "--driver", "afpacket", "--launch", "qdisc"],
            "vn0: launch qdisc: frames pass the queueing discipline with xmit_mode queue_xmit only")
    refused(["vn0", *TO, "--driver", "afpacket", "--launch", "device"],
            "vn0: launch device: packet sockets hand no launch times to hardware")
    equal(rx_packets("vn1"), 0, "packets sent all the same")


@case
def devices_without_a_wire_refuse_both():
    for words in (["--sim", "--capture", "out.pcap"], ["x.pcap", "--driver", "pcap"],
                  ["--driver", "null"]):
        for option, word in (("launch", "qdisc"), ("launch", "device"),
                             ("departure_stamps", "kernel"), ("departure_stamps", "hardware")):
            refused([*words, *TO, "--" + option.replace("_", "-"), word],
                    "%s %s: driver " % (option, word))


@case
def hardware_stamps_that_are_not_there_are_refused():
    veth()
    refused(["vn0", *TO, "--driver", "afpacket", "--departure-stamps", "hardware"],
            "vn0: departure_stamps hardware: no hardware stamps of every departure; offered: "
            "kernel stamps (ethtool -T vn0 lists them)")
    equal(rx_packets("vn1"), 0, "packets sent all the same")


@case
def a_driver_that_stamps_is_chosen_and_tells_what_was_lost():
    veth()
    vernier("send", "vn0", *TO, "--departure-stamps", "kernel", "--json", "run.json", "--quiet")
    report = json_lines("run.json")[-1]
    equal(report["settings"]["driver"], "afpacket", "driver")
    equal(report["total"]["sent"], 20, "packets sent")
    equal(report["devices"], {"vn0": {"stamps_lost": 0}}, "what the device counted")
    equal(rx_packets("vn1"), 20, "packets of the peer's link")


main()

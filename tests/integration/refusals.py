#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What cannot be done is refused before anything is sent: a status, a sentence
that names the thing, and no packet on the link."""
import subprocess

from harness import (MAC1, VERNIER, case, equal, holds, main, rx_packets, sh, vernier, veth,
                     without_rights)

TO = ["--dst-mac", MAC1, "--dst", "10.0.0.2", "--count", "3"]

# [options, status, what the message must name]
NONSENSE = [
    (["--count", "12x"], ["--count", "12x"]),
    (["--count", "-1"], ["--count", "-1"]),
    (["--count", ""], ["--count"]),
    (["--delay", "1.5x"], ["--delay", "1.5x"]),
    (["--delay", "5 ms"], ["--delay", "5 ms"]),
    (["--pkt-size", "big"], ["pkt", "big"]),
    (["--pkt-size", "10"], ["pkt", "10"]),
    (["--rate", "0"], ["--rate", "0"]),
    (["--ratep", "0"], ["--ratep", "0"]),
    (["--dst", "10.0.0.256"], ["--dst", "10.0.0.256"]),
    (["--dst6", "fd00::zz"], ["--dst6", "fd00::zz"]),
    (["--dst-mac", "02:00:00:00:02"], ["mac", "02:00:00:00:02"]),
    (["--vlan-id", "4096"], ["--vlan", "4096"]),
    (["--vlan-p", "8"], ["--vlan", "8"]),
    (["--src-min", "10.0.0.9", "--src-max", "10.0.0.5"], ["--src-max", "10.0.0.5"]),
    (["--dst-max", "10.0.0.1"], ["--dst-max", "10.0.0.1"]),
    (["--udp-dst-min", "65536"], ["--udp", "65536"]),
    (["--mpls", "xyz"], ["--mpls", "xyz"]),
    (["--mpls", ",".join(["00001000"] * 17)], ["--mpls"]),
    (["--tos", "100"], ["--tos", "100"]),
    (["--flag", "IPSRC"], ["--flag", "IPSRC"]),
    (["--flag", "IPV6"], ["--flag", "IPV6"]),
    (["--imix-weights", "64,0"], ["--imix", "64,0"]),
    (["--imix-weights", "64"], ["--imix", "64"]),
    (["--xmit-mode", "fast"], ["--xmit", "fast"]),
    (["--clone-skb", "2"], ["clone", "vn0"]),
    (["--burst", "4"], ["burst", "vn0"]),
    (["--seed", "x"], ["--seed", "x"]),
    (["--fail-if-off", "0.5"], ["--fail-if-off", "stream0", "no rate"]),
    (["--ratep", "10", "--fail-if-off", "101"], ["--fail-if-off", "101", "0 to 100"]),
    (["--ratep", "10", "--fail-if-off", "half"], ["--fail-if-off", "half"]),
    (["--time", "-3"], ["--time", "-3"]),
    (["--cpus", "9999"], ["--cpus", "9999"]),
    (["--driver", "warp"], ["warp"]),
    (["--no-such-option"], ["--no-such-option"]),
    (["--count"], ["--count"]),
    (["stray"], ["stray"]),
    (["--file", "missing.conf"], ["missing.conf"]),
    (["--rx", "vn9"], ["vn9"]),
    (["--json", "/nonexistent/x.json"], ["/nonexistent/x.json"]),
    (["--pcap", "/nonexistent/x.pcap", "--rx", "vn1"], ["/nonexistent/x.pcap"]),
]


def refused(words, names, statuses=(1, 2)):
    done = subprocess.run([VERNIER, *words], capture_output=True, text=True, timeout=20,
                          stdin=subprocess.DEVNULL)
    said = "vernier %s: status %d, said %r" % (" ".join(words), done.returncode, done.stderr)
    holds(done.returncode in statuses, said)
    holds(done.stderr.startswith("vernier: ") and done.stderr.count("\n") == 1, said)
    low = done.stderr.lower().replace("_", "-")
    for name in names:
        holds(name.lower().replace("_", "-") in low, said + ", which does not name " + name)


@case
def nonsense_is_refused_and_named():
    veth()
    wrong = []
    for words, names in NONSENSE:
        try:
            refused(["send", "vn0", *TO, *words], names)
        except AssertionError as e:
            wrong.append(str(e))
    holds(not wrong, "%d of %d:\n%s" % (len(wrong), len(NONSENSE), "\n".join(wrong)))
    equal(rx_packets("vn1"), 0, "packets sent all the same")


@case
def bad_usage_is_status_2():
    veth()
    for words in (["send", "vn0", "--count", "x"], ["send", "vn0", "--no-such-option"],
                  ["send", "vn0", "vn1"], ["nonsense"], [], ["recv"], ["completion", "tcsh"]):
        done = subprocess.run([VERNIER, *words], capture_output=True, text=True, timeout=20)
        equal(done.returncode, 2, "status of vernier " + " ".join(words))
        holds(done.stderr, "vernier %s says nothing" % " ".join(words))


@case
def missing_interface():
    refused(["send", "vn7", *TO], ["vn7"], statuses=(1,))
    refused(["recv", "vn7", "--time", "1s"], ["vn7"], statuses=(1,))


@case
def interface_that_is_down():
    veth()
    sh("ip", "link", "set", "vn0", "down")
    refused(["send", "vn0", *TO], ["vn0", "down"], statuses=(1,))


@case
def interface_without_carrier():
    veth()
    sh("ip", "link", "set", "vn1", "down")
    refused(["send", "vn0", *TO], ["vn0", "carrier"], statuses=(1,))


@case
def interface_of_the_default_route():
    veth()
    sh("ip", "addr", "add", "10.0.0.1/24", "dev", "vn0")
    sh("ip", "route", "add", "default", "dev", "vn0")
    refused(["send", "vn0", *TO], ["vn0", "default route", "--really-on"], statuses=(1, 2))
    refused(["send", "vn0", *TO, "--really-on", "vn1"], ["vn0"])
    equal(rx_packets("vn1"), 0, "packets sent all the same")
    vernier("send", "vn0", *TO, "--really-on", "vn0", "--quiet")
    equal(rx_packets("vn1"), 3, "packets sent when told twice")


@case
def what_would_have_no_effect_or_no_end():
    veth()
    refused(["send", "--sim", *TO[:-2], "--count", "0"], ["count"])
    refused(["send", "vn0", *TO, "--filter", "udp"], ["--filter", "--rx", "--capture"])
    refused(["send", "vn0", *TO, "--rx-cpu", "0"], ["--rx-cpu", "--rx"])
    refused(["send", *TO], ["interface"])


@case
def frames_longer_than_the_link_takes():
    veth()
    refused(["send", "vn0", *TO, "--pkt-size", "1515"], ["1515", "vn0", "1500"])
    vernier("send", "vn0", *TO, "--pkt-size", "1514", "--quiet")
    equal(rx_packets("vn1"), 3, "packets of the longest kind")


@case
def two_streams_that_a_receiver_could_not_tell_apart():
    veth()
    refused(["send", "vn0", "--rx", "vn1", *TO, "--stream", "a", "--stream", "b"], ["a", "b", "9"])


@case
def without_the_right_to_send():
    """no CAP_NET_RAW: one sentence says what is missing"""
    veth()
    done = subprocess.run([*without_rights(), VERNIER, "send", "vn0", *TO], capture_output=True,
                          text=True, timeout=20)
    equal(done.returncode, 1, "status (%s)" % done.stderr)
    equal(done.stderr.count("\n"), 1, "lines said")
    holds("CAP_NET_RAW" in done.stderr, "does not say what is missing: " + done.stderr)


main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Packets built in the kernel: the same as the builder's on the host, packet by
packet and byte by byte, counted, paced and ended exactly."""
import json
import os
import re
import signal
import subprocess

from harness import (IS_ROOT, MAC0, MAC1, VERNIER, Server, Skip, case, equal, finish, frames, holds,
                     is_receiving, json_lines, link_facts, main, rx_packets, sh, start, tshark,
                     vernier, veth, wait_until)

TO = ["--dst-mac", MAC1, "--dst", "10.0.0.2", "--src-min", "10.0.0.1"]
TO6 = ["--dst-mac", MAC1, "--dst6", "fd00::2", "--src6", "fd00::1"]
SOURCES = ["--src-max", "10.3.2.1", "--flag", "IPSRC_RND"]
PORTS = ["--udp-src-min", "1", "--udp-src-max", "65535", "--udp-dst-min", "1000",
         "--udp-dst-max", "1777"]
# Fewer than a veth has room for: none is refused, however busy the machine is.
PACKETS = 240
LABELS = "00010100,00020020,00030140"

# What is sent both ways. Stamps are left out: then all other bytes are equal.
STREAMS = {
    "constant": TO,
    "checksum": [*TO, "--flag", "UDPCSUM", "--pkt-size", "101"],
    "source walk": [*TO, "--src-max", "10.0.0.77", "--flag", "UDPCSUM"],
    "source drawn": [*TO, *SOURCES, "--flag", "UDPCSUM"],
    "destination walk": [*TO, "--dst-max", "10.0.1.9", "--flag", "UDPCSUM"],
    "destination drawn": [*TO, "--dst-max", "10.0.1.9", "--flag", "IPDST_RND,UDPCSUM"],
    "destination drawn from what may be taken": [
        "--dst-mac", MAC1, "--src-min", "10.0.0.1", "--dst-min", "100.0.0.0", "--dst-max",
        "255.255.255.255", "--flag", "IPDST_RND"],
    "ports walk": [*TO, *PORTS, "--flag", "UDPCSUM"],
    "ports drawn": [*TO, *PORTS, "--flag", "UDPSRC_RND,UDPDST_RND,UDPCSUM"],
    "macs walk": [*TO, "--src-mac", "06:00:00:00:ff:fe", "--src-mac-count", "300",
                  "--dst-mac-count", "7"],
    "macs drawn": [*TO, "--src-mac", "06:00:00:ff:ff:fe", "--src-mac-count", "70000",
                   "--dst-mac-count", "9", "--flag", "MACSRC_RND,MACDST_RND"],
    "tags": [*TO, "--vlan-id", "5", "--vlan-p", "3", "--svlan-id", "200", "--svlan-cfi", "1"],
    "tags drawn": [*TO, "--vlan-id", "5", "--vlan-p", "3", "--svlan-id", "200", "--svlan-p", "6",
                   "--flag", "VID_RND,SVID_RND,UDPCSUM"],
    "inner tag drawn": [*TO, "--vlan-id", "5", "--flag", "VID_RND"],
    "labels": [*TO, "--mpls", LABELS],
    "labels drawn": [*TO, "--mpls", LABELS, "--flag", "MPLS_RND,UDPCSUM"],
    "sixteen labels drawn": [*TO, "--mpls", ",".join("%08x" % (n << 12 | 0x100)
                                                     for n in range(1, 17)), "--flag", "MPLS_RND"],
    "sizes walk": [*TO, "--min-pkt-size", "60", "--max-pkt-size", "1514", "--flag", "UDPCSUM"],
    "sizes drawn": [*TO, "--min-pkt-size", "42", "--max-pkt-size", "1514", "--flag",
                    "TXSIZE_RND,UDPCSUM"],
    "sizes of a series": [*TO, "--size", "uniform(64, 1500)", "--flag", "UDPCSUM"],
    "imix": [*TO, "--imix", "64,7 576,4 1500,1", "--flag", "UDPCSUM"],
    "flows drawn": [*TO, "--dst-max", "10.0.9.9", "--flows", "50", "--flowlen", "4"],
    "flows in sequence": [*TO, "--dst-max", "10.0.9.9", "--flows", "13", "--flowlen", "5", "--flag",
                          "FLOW_SEQ,UDPCSUM"],
    "flows of drawn destinations": [*TO, "--dst-max", "10.9.9.9", "--flows", "300", "--flowlen",
                                    "2", "--flag", "IPDST_RND,UDPCSUM"],
    "flows of one destination": [*TO, "--flows", "3", "--flowlen", "2"],
    "clones": [*TO, *SOURCES, "--clone-skb", "7"],
    "clones of drawn sizes": [*TO, "--clone-skb", "3", "--min-pkt-size", "60", "--max-pkt-size",
                              "300", "--flag", "TXSIZE_RND,UDPCSUM"],
    "bursts": [*TO, *PORTS, "--burst", "5"],
    "ipv6": [*TO6, "--flag", "UDPCSUM", "--traffic-class", "b8"],
    "ipv6 drawn": ["--dst-mac", MAC1, "--src6", "fd00::1", "--dst6-min", "fd00::", "--dst6-max",
                   "fd00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", *PORTS, "--flag",
                   "UDPSRC_RND,UDPCSUM", "--min-pkt-size", "90", "--max-pkt-size", "200"],
    "ipv6 flows": [*TO6, "--flows", "5", "--flowlen", "3", "--vlan-id", "9"],
    "everything": [*TO, *SOURCES, *PORTS, "--dst-max", "10.20.30.40", "--vlan-id", "1",
                   "--svlan-id", "2", "--src-mac", MAC0, "--src-mac-count", "5",
                   "--dst-mac-count", "6",
                   "--min-pkt-size", "80", "--max-pkt-size", "1500", "--tos", "1e", "--flag",
                   "IPDST_RND,UDPSRC_RND,UDPDST_RND,VID_RND,SVID_RND,MACSRC_RND,MACDST_RND,"
                   "TXSIZE_RND,UDPCSUM"],
}


def polling_veth(**more):
    """A cable whose other end takes frames by XDP."""
    if not IS_ROOT:
        raise Skip("building packets in the kernel is for root of the machine")
    veth(**more)
    sh("ethtool", "-K", "vn1", "gro", "on")


def send(*words, **more):
    return vernier("send", "vn0", "--driver", "xdp", "--quiet", "--seed", "7", *words, **more)


def captured(n, *words):
    """The n frames that came out at the other end."""
    with subprocess.Popen([VERNIER, "recv", "vn1", "--capture", "in.pcap", "--count", str(n),
                           "--time", "20s", "--quiet"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as receiver:
        wait_until(is_receiving, "receiver")
        send("--count", n, *words)
        status, _, err = finish(receiver)
    equal(status, 0, "receiver's status (%s)" % err)
    return [frame for _, frame in frames("in.pcap")]


def built_on_host(n, *words):
    vernier("send", "--sim", "--pcap", "out.pcap", "--quiet", "--seed", "7", "--count", n,
            *([] if "--src-mac" in words else ["--src-mac", MAC0]), *words)
    return [frame for _, frame in frames("out.pcap")]


def compare(names):
    polling_veth()
    wrong = []
    for name in names:
        words = [*STREAMS[name], "--flag", "NO_TIMESTAMP"]
        want = built_on_host(PACKETS, *words)
        got = captured(len(want), *words)
        for i, (a, b) in enumerate(zip(got, want)):
            if a != b:
                wrong.append("%s: packet %d:\n  %s\n  %s expected" % (name, i, a.hex(), b.hex()))
                break
        if len(got) != len(want):
            wrong.append("%s: %d packets, expected %d" % (name, len(got), len(want)))
    holds(not wrong, "\n".join(wrong))


@case
def packets_are_those_of_the_host():
    compare([name for i, name in enumerate(STREAMS) if i % 2 == 0])


@case
def packets_are_those_of_the_host_the_other_half():
    compare([name for i, name in enumerate(STREAMS) if i % 2])


def sent_and_received(*words):
    before = rx_packets("vn1")
    send("--json", "out.json", *words)
    return json_lines("out.json")[-1]["total"]["sent"], rx_packets("vn1") - before


@case
def counts_are_exact():
    polling_veth()
    for n in (1, 2, 63, 64, 65, 127, 128, 129, 16383, 16384, 16385, 1000001):
        equal(sent_and_received("--count", n, *TO), (n, n), "sent and received of %d" % n)
    equal(sent_and_received("--count", 10, "--burst", "4", *TO), (12, 12), "bursts are not cut")


@case
def bits_are_those_of_the_frames():
    polling_veth()
    for words in (["--pkt-size", "300"], ["--imix", "64,7 576,4 1500,1"],
                  ["--min-pkt-size", "60", "--max-pkt-size", "1514", "--flag", "TXSIZE_RND"]):
        before = link_facts("vn1")["stats64"]["rx"]["bytes"]
        send("--count", 20001, "--json", "out.json", *TO, *words)
        total = json_lines("out.json")[-1]["total"]
        arrived = link_facts("vn1")["stats64"]["rx"]["bytes"] - before
        bits = total["mbps_l2"] * 1e6 * total["sent"] / total["pps"]
        equal(round(bits), (arrived + 4 * 20001) * 8, "bits of %s" % words)


@case
def a_time_limit_ends_the_run():
    polling_veth()
    send("--count", 0, "--time", "300ms", "--json", "out.json", *TO)
    total = json_lines("out.json")[-1]["total"]
    equal(total["sent"], rx_packets("vn1"), "sent")
    holds(total["sent"] > 1000, "%d sent" % total["sent"])


@case
def stamps_are_of_the_time_of_sending():
    polling_veth()
    with subprocess.Popen([VERNIER, "recv", "vn1", "--capture", "in.pcap", "--count", "5000",
                           "--time", "20s", "--json", "in.json", "--quiet"],
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as receiver:
        wait_until(is_receiving, "receiver")
        send("--count", 5000, "--stamp", "ns", "--stamp-every", 1, "--flag", "UDPCSUM", *TO)
        equal(finish(receiver)[0], 0, "receiver's status")
    total = json_lines("in.json")[-1]["total"]
    equal((total["received"], total["lost"], total["corrupt"]), (5000, 0, 0), "packets")
    stamps = [int.from_bytes(f[50:54], "big") * 10**9 + int.from_bytes(f[54:58], "big")
              for _, f in frames("in.pcap")]
    equal(stamps, sorted(stamps), "stamps")
    for (arrival, _), stamp in zip(frames("in.pcap"), stamps):
        holds(-10**6 < arrival - stamp < 10**9, "stamp %d, arrival %d" % (stamp, arrival))
    equal(tshark("in.pcap", "frame.number", filters="udp.checksum.status == 0"), [], "checksums")


@case
def stamps_in_microseconds_have_no_more():
    polling_veth()
    for frame in captured(1000, *TO):
        holds(int.from_bytes(frame[54:58], "big") < 10**6, frame.hex())


@case
def a_batch_shares_a_stamp_and_no_more():
    polling_veth()
    stamps = [f[50:58] for f in captured(640, "--stamp", "ns", "--stamp-every", 16, *TO)]
    equal(len(set(stamps)), 40, "different stamps")
    for i in range(0, 640, 16):
        equal(len(set(stamps[i:i + 16])), 1, "stamps of packets %d to %d" % (i, i + 15))


@case
def departures_follow_the_schedule():
    polling_veth()
    for words, n, seconds in ((["--ratep", "10000"], 2000, 0.2), (["--delay", "300us"], 500, 0.15),
                              (["--delay", "5us"], 20000, 0.1), (["--ratep", "3333"], 700, 0.21)):
        send("--count", n, "--json", "out.json", *words, *TO)
        last = json_lines("out.json")[-1]
        total = last["total"]
        equal(total["sent"], n, "sent with %s" % words)
        stream = last["streams"][0]
        equal(stream["lateness_samples"], n, "scheduled with %s" % words)
        holds(total["sent"] / total["pps"] > 0.99 * seconds, "%s: %s pps" % (words, total["pps"]))


@case
def slack_gathers_departures():
    polling_veth()
    for words, n in ((["--ratep", "20k"], 4001), (["--burst", "3", "--delay", "100us"], 3000)):
        before = rx_packets("vn1")
        send("--count", n, "--slack", "5ms", "--json", "out.json", *words, *TO)
        stream = json_lines("out.json")[-1]["streams"][0]
        equal((stream["sent"], stream["lateness_samples"], rx_packets("vn1") - before), (n, n, n),
              "packets")
        holds(stream["lateness_max_ns"] >= 5 * 10**6, "greatest lateness")


@case
def bursts_depart_together():
    polling_veth()
    before = rx_packets("vn1")
    send("--count", 400, "--burst", "4", "--delay", "1ms", "--json", "out.json", *TO)
    total = json_lines("out.json")[-1]["total"]
    equal((total["sent"], rx_packets("vn1") - before), (400, 400), "packets")
    took = total["sent"] / total["pps"]
    holds(0.09 < took < 5, "100 departures took %s s" % took)


@case
def state_goes_on_as_on_the_host():
    """The device file after two runs is the same whoever built the packets."""
    polling_veth()
    texts = []
    for driver in ("afpacket", "xdp"):
        with Server("--device", "vn0=%s:vn0" % driver) as server:
            server.write("kpktgend_0", "add_device vn0")
            server.set("vn0", "count 200", "dst_mac " + MAC1, "dst_min 10.0.0.2",
                       "dst_max 10.0.0.99", "src_min 10.0.0.1", "src_max 10.0.7.7",
                       "udp_src_min 5", "udp_src_max 50", "udp_dst_min 9", "udp_dst_max 99",
                       "src_mac_count 17", "min_pkt_size 60", "max_pkt_size 200", "flows 20",
                       "flowlen 3", "flag FLOW_SEQ")
            for _ in range(2):
                server.write("pgctrl", "start")
            text = server.read("vn0")
        text = re.sub(r"(started|stopped|idle): \d+(us)?|Result: .*\n.*", "", text)
        texts.append(text)
    for one, other in zip(texts[0].split("\n"), texts[1].split("\n")):
        equal(other, one, "device file")


@case
def a_peer_that_does_not_poll_is_refused_with_what_helps():
    polling_veth()
    sh("ethtool", "-K", "vn1", "gro", "off")
    said = send("--count", 1, *TO, status=1).stderr
    holds("ethtool -K PEER gro on" in said, said)
    equal(rx_packets("vn1"), 0, "packets")


@case
def what_cannot_be_built_in_the_kernel_is_refused():
    polling_veth()
    sh("ip", "link", "set", "vn0", "mtu", "9000")
    sh("ip", "link", "set", "vn1", "mtu", "9000")
    for words, text in (
            (["--pkt-size", "9000", *TO], "bytes cannot be built in the kernel: it takes at most"),
            (["--xmit-mode", "queue_xmit", *TO], "driver xdp does not queue"),
            (["--dst-mac", MAC1, "--src-min", "10.0.0.1", "--dst-min", "223.255.255.254",
              "--dst-max", "239.255.255.255", "--flag", "IPDST_RND"], "less than half"),
            (["--capture", "x.pcap", *TO], "builds frames where nobody sees them go")):
        said = send("--count", 1, *words, status=1).stderr
        holds(text in said, "%s: %s" % (words, said))
    equal(rx_packets("vn1"), 0, "packets")


@case
def a_link_that_goes_down_ends_the_run():
    polling_veth()
    sender = start("send", "vn0", "--driver", "xdp", "--count", "0", "--time", "60s", "--quiet",
                   "--json", "out.json", *TO)
    wait_until(lambda: rx_packets("vn1") > 1000, "packets")
    sh("ip", "link", "set", "vn1", "down")
    finish(sender)
    # What waits at the other end when that goes down is lost there.
    total = json_lines("out.json")[-1]["total"]
    lost = total["sent"] - rx_packets("vn1")
    holds(0 <= lost <= 256, "%d packets lost" % lost)
    holds(total["errors"] < 1000, "%d errors" % total["errors"])


@case
def a_device_that_vanishes_ends_the_run():
    polling_veth()
    sender = start("send", "vn0", "--driver", "xdp", "--count", "0", "--time", "60s", "--quiet",
                   "--json", "out.json", *TO)
    wait_until(lambda: rx_packets("vn1") > 1000, "packets")
    sh("ip", "link", "del", "vn0")
    finish(sender)
    holds(json_lines("out.json")[-1]["total"]["sent"] > 1000, "packets")


@case
def ctrl_c_ends_and_reports():
    polling_veth()
    sender = start("send", "vn0", "--driver", "xdp", "--count", "0", "--time", "60s", "--json",
                   "out.json", *TO)
    wait_until(lambda: rx_packets("vn1") > 1000, "packets")
    sender.send_signal(signal.SIGINT)
    status, _, err = finish(sender)
    equal(status, 1, "status (%s)" % err)
    equal(json_lines("out.json")[-1]["total"]["sent"], rx_packets("vn1"), "sent")


@case
def who_may_not_make_namespaces_sends_too():
    """Calls are slow then: there is no interface that keeps the program."""
    polling_veth()
    caps = "-all,+bpf,+perfmon,+net_admin,+net_raw"
    sh("setpriv", "--bounding-set", caps, "--inh-caps", "-all", VERNIER, "send", "vn0", "--driver",
       "xdp", "--count", "100001", "--quiet", *TO)
    equal(rx_packets("vn1"), 100001, "packets")
    sh("setpriv", "--bounding-set", caps, "--inh-caps", "-all", VERNIER, "send", "vn0", "--driver",
       "xdp", "--count", "100", "--ratep", "10k", "--quiet", *TO)
    equal(rx_packets("vn1"), 100101, "packets")


def programs():
    listed = json.loads(sh("bpftool", "-j", "prog", "show"))
    return [p["id"] for p in listed if p.get("name", "").startswith("vn_")]


@case
def a_killed_sender_leaves_nothing():
    polling_veth()
    before = programs()
    sender = start("send", "vn0", "--driver", "xdp", "--count", "0", "--time", "60s", "--quiet", *TO)
    wait_until(lambda: rx_packets("vn1") > 1000, "packets")
    new = set(programs()) - set(before)
    holds(new, "programs are there while it sends")
    os.kill(sender.pid, signal.SIGKILL)
    finish(sender)
    wait_until(lambda: not new & set(programs()), "end of the programs")


@case
def two_workers_send_their_counts():
    polling_veth(queues=2)
    send("--cpus", "0,1", "--count", 300000, *TO, "--json", "out.json", "--stream", "a",
         "--stream", "b")
    equal((json_lines("out.json")[-1]["total"]["sent"], rx_packets("vn1")), (600000, 600000),
          "sent and received")


if __name__ == "__main__":
    main()

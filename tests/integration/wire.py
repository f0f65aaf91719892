#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The bytes, judged by others: tshark reads every field and checks every
checksum, scapy takes frames apart and builds the same frames again."""
import logging
import os

os.environ.setdefault("XDG_CONFIG_HOME", "/nonexistent")  # scapy would keep a folder
os.environ.setdefault("XDG_CACHE_HOME", "/nonexistent")
logging.getLogger("scapy").setLevel(logging.ERROR)

# pylint: disable=wrong-import-position
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw, bind_layers

from harness import case, equal, frames, holds, main, tshark, vernier, veth

bind_layers(MPLS, IPv6, s=1)

TO4 = ["--dst-mac", "02:00:00:00:00:02", "--dst", "10.0.0.2", "--src-min", "10.0.0.1"]
TO6 = ["--dst-mac", "02:00:00:00:00:02", "--dst6", "fd00::2", "--src6", "fd00::1"]
LABELS_16 = ",".join("%08x" % (n << 12 | n % 8 << 9 | n) for n in range(101, 117))
PKTGEN_FIRST = ["udp.try_heuristic_first:TRUE"]

# name: (options, fields that tshark must find in every packet)
LAYOUTS = {
    "ipv4": (TO4, {"frame.len": "58", "eth.type": "0x0800", "ip.src": "10.0.0.1",
                   "ip.dst": "10.0.0.2", "ip.ttl": "32", "ip.flags": "0x00",
                   "udp.srcport": "9", "udp.dstport": "9"}),
    "ipv4 of 1514 bytes": (TO4 + ["--pkt-size", "1514"], {"frame.len": "1514", "ip.len": "1500"}),
    "ipv4 smaller than its headers": (TO4 + ["--pkt-size", "42"], {"frame.len": "58"}),
    "tos": (TO4 + ["--tos", "1e"], {"ip.dsfield": "0x1e"}),
    "ports": (TO4 + ["--udp-src-min", "1000", "--udp-src-max", "1000", "--udp-dst-min", "65535",
                     "--udp-dst-max", "65535"], {"udp.srcport": "1000", "udp.dstport": "65535"}),
    "source mac": (TO4 + ["--src-mac", "06:11:22:33:44:55"], {"eth.src": "06:11:22:33:44:55"}),
    "vlan": (TO4 + ["--vlan-id", "5", "--vlan-p", "3", "--vlan-cfi", "1"],
             {"frame.len": "62", "vlan.id": "5", "vlan.priority": "3", "vlan.dei": "1"}),
    "svlan": (TO4 + ["--vlan-id", "100", "--vlan-p", "3", "--svlan-id", "200", "--svlan-p", "6",
                     "--svlan-cfi", "1"],
              {"frame.len": "66", "vlan.id": "200,100", "vlan.priority": "6,3",
               "vlan.dei": "1,0"}),
    "one label": (TO4 + ["--mpls", "00010020"],
                  {"frame.len": "62", "mpls.label": "16", "mpls.bottom": "1", "mpls.ttl": "32"}),
    "sixteen labels": (TO4 + ["--mpls", LABELS_16],
                       {"frame.len": "122",
                        "mpls.label": ",".join(str(n) for n in range(101, 117)),
                        "mpls.exp": ",".join(str(n % 8) for n in range(101, 117)),
                        "mpls.bottom": ",".join(["0"] * 15 + ["1"]),
                        "mpls.ttl": ",".join(str(n) for n in range(101, 117))}),
    "ipv6": (TO6 + ["--flag", "UDPCSUM"],
             {"frame.len": "78", "ipv6.src": "fd00::1", "ipv6.dst": "fd00::2",
              "ipv6.hlim": "32", "ipv6.plen": "24", "ipv6.flow": "0x000000"}),
    "ipv6 traffic class": (TO6 + ["--flag", "UDPCSUM", "--traffic-class", "b8"],
                           {"ipv6.tclass": "0x000000b8"}),
    "ipv6 in two tags": (TO6 + ["--flag", "UDPCSUM", "--vlan-id", "7", "--svlan-id", "8",
                                "--pkt-size", "100"], {"frame.len": "100", "vlan.id": "8,7"}),
    "udp checksum": (TO4 + ["--flag", "UDPCSUM", "--pkt-size", "101"],
                     {"frame.len": "101", "udp.checksum.status": "1"}),
    "udp checksum under labels": (TO4 + ["--flag", "UDPCSUM", "--mpls", "00010020,00020020"],
                                  {"udp.checksum.status": "1"}),
}


def sim(path, *words, count=20, **more):
    return vernier("send", "--sim", "--pcap", path, "--quiet", "--count", count, "--seed", 7,
                   *words, **more)


def rebuilt(frame):
    """The same frame with every length and checksum made anew by scapy."""
    packet = Ether(frame)
    layers = packet.layers()
    for layer in layers:
        if layer is IP:
            del packet[IP].chksum, packet[IP].len
        elif layer is IPv6:
            del packet[IPv6].plen
        elif layer is UDP:
            if packet[UDP].chksum:
                del packet[UDP].chksum
            del packet[UDP].len
    return bytes(packet), layers


@case
def every_layout_is_what_tshark_reads():
    wrong = []
    for name, (words, fields) in LAYOUTS.items():
        sim("out.pcap", *words)
        rows = tshark("out.pcap", "pktgen.magic", "pktgen.seqnum", *fields, options=PKTGEN_FIRST)
        expected = [("0xbe9be955", str(i + 1), *fields.values()) for i in range(20)]
        for got, want in zip(rows, expected):
            if got != want:
                wrong.append("%s: %s %s, expected %s" % (name, list(fields), got, want))
                break
        if len(rows) != 20:
            wrong.append("%s: %d packets" % (name, len(rows)))
    holds(not wrong, "\n".join(wrong))


@case
def no_layout_has_a_bad_checksum_or_a_malformed_packet():
    wrong = []
    for name, (words, _) in LAYOUTS.items():
        sim("out.pcap", *words)
        bad = tshark("out.pcap", "frame.number", options=PKTGEN_FIRST,
                     filters="ip.checksum.status == 0 || udp.checksum.status == 0 || "
                             "_ws.malformed || _ws.expert.severity >= 6291456")
        if bad:
            wrong.append("%s: %d packets" % (name, len(bad)))
    holds(not wrong, "\n".join(wrong))


@case
def scapy_builds_the_same_frames():
    for name, (words, _) in LAYOUTS.items():
        sim("out.pcap", *words)
        for _, frame in frames("out.pcap"):
            again, layers = rebuilt(frame)
            holds(UDP in layers and (IP in layers or IPv6 in layers),
                  "%s: scapy sees only %s" % (name, layers))
            equal(again.hex(), frame.hex(), name)


@case
def a_checksum_that_comes_out_as_zero_is_sent_as_ffff():
    """RFC 768: 0 means none, so the computed 0 becomes 0xffff"""
    for to, l4 in ((TO4, 34), (TO6, 54)):
        # One packet in 65536 has it: the source port makes up for the rest.
        sim("one.pcap", *to, "--flag", "UDPCSUM", "--flag", "NO_TIMESTAMP", "--udp-src-min",
            "1", "--udp-src-max", "1", count=1)
        frame = frames("one.pcap")[0][1]
        csum = int.from_bytes(frame[l4 + 6:l4 + 8], "big")
        port = 1 + csum  # the sum grows by csum: all ones, inverted 0
        sim("zero.pcap", *to, "--flag", "UDPCSUM", "--flag", "NO_TIMESTAMP", "--udp-src-min",
            str(port), "--udp-src-max", str(port), count=1)
        frame = frames("zero.pcap")[0][1]
        equal(frame[l4 + 6:l4 + 8].hex(), "ffff", "checksum with source port %d" % port)
        equal(tshark("zero.pcap", "udp.checksum.status"), [("1",)], "tshark's view")


@case
def checksums_hold_while_everything_varies():
    for to in (TO4, TO6):
        sim("out.pcap", *to[:4], *(["--src-min", "10.0.0.1", "--src-max", "10.9.9.9",
                                    "--flag", "IPSRC_RND"] if to is TO4 else to[4:]),
            "--flag", "UDPCSUM", "--flag", "UDPSRC_RND", "--flag", "UDPDST_RND", "--flag",
            "TXSIZE_RND", "--flag", "MACSRC_RND", "--src-mac-count", "1000", "--udp-src-min", "1",
            "--udp-src-max", "65535", "--udp-dst-min", "1", "--udp-dst-max", "65535",
            "--min-pkt-size", "60", "--max-pkt-size", "1514", count=3000)
        rows = tshark("out.pcap", "udp.checksum.status", "ip.checksum.status")
        equal(set(rows), {("1", "1" if to is TO4 else "")}, "states of the checksums")
        equal(len(rows), 3000, "packets")


@case
def a_live_capture_is_as_good_as_a_simulated_one():
    veth()
    words = [*TO4, "--flag", "NO_TIMESTAMP", "--flag", "UDPCSUM", "--vlan-id", "5", "--svlan-id",
             "6", "--src-mac", "02:00:00:00:00:01", "--src-max", "10.0.0.9", "--pkt-size", "120"]
    sim("sim.pcap", *words, count=200)
    vernier("send", "vn0", "--rx", "vn1", "--pcap", "live.pcap", "--quiet", "--count", "200",
            "--seed", "7", "--ratep", "5k", *words)
    equal([f.hex() for _, f in frames("live.pcap")], [f.hex() for _, f in frames("sim.pcap")],
          "frames")
    bad = tshark("live.pcap", "frame.number", filters="!(udp.checksum.status == 1)")
    equal(bad, [], "bad checksums")


@case
def stamps_are_the_time_of_sending():
    import time
    veth()
    before = time.time()
    vernier("send", "vn0", "--rx", "vn1", "--pcap", "live.pcap", "--quiet", "--count", "50",
            "--ratep", "1k", *TO4)
    after = time.time()
    for arrival_ns, frame in frames("live.pcap"):
        sec, usec = (int.from_bytes(frame[at:at + 4], "big") for at in (50, 54))
        stamp = sec + usec / 1e6
        holds(usec < 10**6 and before - 0.001 <= stamp <= after, "stamp %f" % stamp)
        holds(stamp <= arrival_ns / 1e9 + 2e-6, "stamped after its arrival")


@case
def payload_is_zero_behind_its_header():
    sim("out.pcap", *TO4, "--pkt-size", "200")
    for _, frame in frames("out.pcap"):
        equal(bytes(Ether(frame)[Raw])[16:200 - 42], bytes(200 - 42 - 16), "payload")


main()

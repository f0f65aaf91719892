#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How fields change from packet to packet: walks value by value, random fields
by their range, each read back from a capture by tshark. The expected values
are written down from pktgen's rules, not computed by the code under test."""
from harness import case, equal, holds, main, tshark, vernier

TO = ["--dst-mac", "02:00:00:00:00:02", "--dst", "10.0.0.2", "--src-min", "10.0.0.1"]


def column(field, count, *words):
    vernier("send", "--sim", "--pcap", "out.pcap", "--quiet", "--count", count, "--seed", 3, *TO,
            *words)
    values = [row[0] for row in tshark("out.pcap", field)]
    equal(len(values), count, "packets")
    return values


def numbers(*words, **more):
    return [int(v, 0) for v in column(*words, **more)]


def repeat(values, count):
    return [values[i % len(values)] for i in range(count)]


def uniform(values, expected, what):
    """Every expected value is drawn and no other, each about as often."""
    equal(set(values), set(expected), what)
    mean = len(values) / len(expected)
    for v in expected:
        holds(abs(values.count(v) - mean) < 6 * mean ** 0.5,
              "%s: %s drawn %d times, expected about %d" % (what, v, values.count(v), mean))


@case
def source_walk_includes_its_end_and_begins_with_the_second():
    equal(column("ip.src", 12, "--src-max", "10.0.0.5"),
          repeat(["10.0.0.%d" % n for n in (2, 3, 4, 5, 1)], 12), "sources")


@case
def destination_walk_includes_its_end():
    equal(column("ip.dst", 12, "--dst-max", "10.0.0.5"),
          repeat(["10.0.0.%d" % n for n in (3, 4, 5, 2)], 12), "destinations")


@case
def port_walks_leave_their_end_out():
    equal(numbers("udp.dstport", 12, "--udp-dst-min", "100", "--udp-dst-max", "105"),
          repeat([101, 102, 103, 104, 100], 12), "destination ports")
    equal(numbers("udp.srcport", 12, "--udp-src-min", "10", "--udp-src-max", "12"),
          repeat([11, 10], 12), "source ports")


@case
def size_walk_includes_its_end():
    equal(numbers("frame.len", 9, "--min-pkt-size", "60", "--max-pkt-size", "63"),
          repeat([61, 62, 63, 60], 9), "sizes")


@case
def mac_walks_count_from_their_base():
    equal(column("eth.src", 6, "--src-mac", "06:00:00:00:00:fe", "--src-mac-count", "4"),
          repeat(["06:00:00:00:00:fe", "06:00:00:00:00:ff", "06:00:00:00:01:00",
                  "06:00:00:00:01:01"], 6), "source MACs")
    equal(column("eth.dst", 4, "--dst-mac-count", "3"),
          repeat(["02:00:00:00:00:0%d" % n for n in (2, 3, 4)], 4), "destination MACs")


@case
def ip_ids_count_built_packets_from_zero():
    equal(numbers("ip.id", 10), list(range(10)), "ids")


@case
def flows_in_sequence_last_flowlen_packets():
    equal(column("ip.dst", 18, "--dst-max", "10.0.0.200", "--flows", "3", "--flowlen", "3",
                 "--flag", "FLOW_SEQ"),
          ["10.0.0.%d" % n for n in (3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8)],
          "destinations")


@case
def random_fields_stay_in_their_range():
    uniform(column("ip.src", 2000, "--src-max", "10.0.0.5", "--flag", "IPSRC_RND"),
            ["10.0.0.%d" % n for n in range(1, 5)], "IPSRC_RND")
    uniform(column("ip.dst", 2000, "--dst-max", "10.0.0.6", "--flag", "IPDST_RND"),
            ["10.0.0.%d" % n for n in range(2, 6)], "IPDST_RND")
    uniform(numbers("udp.srcport", 2000, "--udp-src-min", "9", "--udp-src-max", "13", "--flag",
                    "UDPSRC_RND"), range(9, 13), "UDPSRC_RND")
    uniform(numbers("udp.dstport", 2000, "--udp-dst-min", "9", "--udp-dst-max", "13", "--flag",
                    "UDPDST_RND"), range(9, 13), "UDPDST_RND")
    uniform(numbers("frame.len", 2000, "--min-pkt-size", "64", "--max-pkt-size", "68", "--flag",
                    "TXSIZE_RND"), range(64, 68), "TXSIZE_RND")
    uniform(column("eth.src", 2000, "--src-mac", "06:00:00:00:00:00", "--src-mac-count", "4",
                   "--flag", "MACSRC_RND"),
            ["06:00:00:00:00:0%d" % n for n in range(4)], "MACSRC_RND")
    uniform(column("eth.dst", 2000, "--dst-mac-count", "4", "--flag", "MACDST_RND"),
            ["02:00:00:00:00:0%d" % n for n in range(2, 6)], "MACDST_RND")


@case
def random_destinations_avoid_what_is_no_host():
    values = column("ip.dst", 400, "--dst", "126.255.255.0", "--dst-max", "128.0.1.0", "--flag",
                    "IPDST_RND")
    holds(not [v for v in values if v.startswith("127.")], "loopback addresses were drawn")


@case
def random_tags_and_labels():
    ids = numbers("vlan.id", 3000, "--vlan-id", "5", "--flag", "VID_RND")
    holds(max(ids) < 4096 and len(set(ids)) > 1900, "VID_RND drew %d ids" % len(set(ids)))
    pairs = column("vlan.id", 3000, "--vlan-id", "5", "--svlan-id", "6", "--flag", "SVID_RND")
    outer, inner = zip(*(p.split(",") for p in pairs))
    holds(len(set(outer)) > 1900, "SVID_RND drew %d ids" % len(set(outer)))
    equal(set(inner), {"5"}, "inner ids")
    labels = numbers("mpls.label", 500, "--mpls", "12345100")
    holds(max(labels) < 256 and len(set(labels)) > 150,
          "labels with the bottom bit: %d drawn, up to %d" % (len(set(labels)), max(labels)))


@case
def random_ipv6_destinations():
    values = column("ipv6.dst", 300, "--dst6-min", "fd00::", "--dst6-max", "fd00::ffff", "--src6",
                    "fd00::1", "--flag", "UDPCSUM")
    holds(len(set(values)) > 280, "%d different ones" % len(set(values)))
    holds(all(v.startswith("fd00::") and v.count(":") <= 3 for v in values), "outside the range")


@case
def imix_shares_follow_the_table_of_a_hundred():
    sizes = numbers("frame.len", 20000, "--imix-weights", "64,7 576,4 1500,1")
    equal(set(sizes), {64, 576, 1500}, "sizes")
    for size, share in ((64, 58), (576, 33), (1500, 9)):
        got = sizes.count(size) / 200
        holds(abs(got - share) < 2, "%d bytes: %.2f %%, expected %d %%" % (size, got, share))


@case
def what_one_field_draws_does_not_depend_on_another():
    words = ["--src-max", "10.0.9.9", "--flag", "IPSRC_RND"]
    alone = column("ip.src", 200, *words)
    together = column("ip.src", 200, *words, "--flag", "TXSIZE_RND", "--min-pkt-size", "60",
                      "--max-pkt-size", "600", "--udp-src-max", "900", "--flag", "UDPSRC_RND")
    equal(together, alone, "sources")


main()

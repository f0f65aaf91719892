#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Ports of DPDK from the command line, without huge pages: what is sent on them
arrives, is counted, and what cannot be is refused in one sentence."""
import signal
import subprocess

from harness import (IS_ROOT, MAC1, VERNIER, Skip, Tap, case, equal, finish, frames, holds,
                     json_lines, link_facts, main, rx_packets, sh, start, vernier, veth,
                     wait_until, without_rights)

TO = ["--dst-mac", MAC1, "--src-mac", "02:00:00:00:00:01", "--dst", "10.0.0.2",
      "--src-min", "10.0.0.1"]
DPDK = ["--driver", "dpdk", "--quiet", "--json", "run.json"]
VN0 = "net_af_packet0,iface=vn0"
# Its ring holds all that a case sends: on a busy machine the one that DPDK makes, of
# 512 frames, may be full before the receiver has its turn.
VN1 = "net_af_packet1,iface=vn1,framecnt=4096"


def send(port, *words, status=0):
    done = vernier("send", port, *DPDK, *TO, *words, status=status)
    equal((done.stdout, done.stderr.count("\n")), ("", 1 if status else 0), "what was said")
    return json_lines("run.json")[-1]


def total(report, *keys):
    return tuple(report["total"][key] for key in keys)


@case
def it_is_listed():
    holds("\ndpdk " in vernier("drivers").stdout, "not listed")


@case
def the_port_counts_what_was_sent():
    report = send("net_null0", "--count", "100000")
    equal(total(report, "sent", "errors"), (100000, 0), "sent, errors")
    equal(report["devices"]["net_null0"]["port_tx_packets"], 100000, "the port's count")


@case
def a_file_has_the_packets_that_sim_writes():
    words = ["--count", "1000", "--seed", "7", "--flag", "NO_TIMESTAMP", "--flag", "UDPSRC_RND",
             "--udp-src-min", "1", "--udp-src-max", "60000", "--min-pkt-size", "60",
             "--max-pkt-size", "1500", "--flag", "TXSIZE_RND"]
    send("net_pcap0,tx_pcap=dpdk.pcap", *words)
    vernier("send", "--sim", "--pcap", "ours.pcap", "--quiet", *TO, *words)
    ours = [frame for _, frame in frames("ours.pcap")]
    equal(len(ours), 1000, "packets")
    holds(len({len(frame) for frame in ours}) > 100, "frames of few lengths")
    holds([frame for _, frame in frames("dpdk.pcap")] == ours, "other packets")


@case
def every_packet_through_a_ring_is_accounted_for():
    report = send("net_ring0", "--rx", "net_ring0", "--count", "20000", "--ratep", "20k")
    equal(total(report, "sent", "received", "lost", "reordered", "duplicates"),
          (20000, 20000, 0, 0, 0), "sent, received, lost, reordered, duplicates")


@case
def a_full_ring_ends_with_the_time():
    report = send("net_ring0,port-txqs=1", "--count", "0", "--time", "300ms")
    equal(total(report, "sent", "errors"), (1023, 0), "sent, errors")


@case
def frames_leave_on_a_link():
    veth()
    with Tap("vn1") as tap:
        send(VN0, "--count", "50", "--pkt-size", "100")
        got = tap.take(50)
    equal(len(got), 50, "packets")
    for n, (_, _, frame) in enumerate(got):
        equal((len(frame), frame[:6].hex(":")), (100, MAC1), "length, destination")
        equal(int.from_bytes(frame[46:50], "big"), n + 1, "number")


@case
def from_link_to_link_both_by_dpdk():
    veth()
    report = send(VN0, "--rx", VN1, "--count", "2000", "--ratep", "10k")
    equal(total(report, "sent", "received", "lost"), (2000, 2000, 0), "sent, received, lost")
    equal(rx_packets("vn1"), 2000, "packets that the link has counted")


@case
def a_receiver_counts():
    veth()
    receiver = start("recv", VN1, "--driver", "dpdk", "--count", "500", "--json", "recv.json",
                     "--quiet")
    wait_until(lambda: "PROMISC" in link_facts("vn1")["flags"], "the receiver's port")
    vernier("send", "vn0", "--driver", "afpacket", "--quiet", *TO, "--count", "500")
    status, _, err = finish(receiver)
    equal((status, err), (0, ""), "status, message")
    report = json_lines("recv.json")[-1]
    equal(total(report, "received", "lost"), (500, 0), "received, lost")
    equal(report["receiver"]["stamp_source"], "clock at read", "stamps")


@case
def an_interrupt_ends_it_with_a_report():
    veth()
    sender = start("send", VN0, *DPDK, *TO, "--count", "0", "--ratep", "10k")
    wait_until(lambda: sender.poll() is not None or rx_packets("vn1") >= 200, "200 packets")
    sender.send_signal(signal.SIGINT)
    status, _, err = finish(sender)
    equal((status, err), (1, "vernier: send: interrupted\n"), "status, message")
    report = json_lines("run.json")[-1]
    equal(report["verdict"], "interrupted", "verdict")
    wait_until(lambda: rx_packets("vn1") == report["total"]["sent"], "what was sent")


@case
def a_link_that_goes_down_ends_it():
    veth()
    sender = start("send", VN0, *DPDK, *TO, "--count", "0", "--ratep", "10k")
    wait_until(lambda: sender.poll() is not None or rx_packets("vn1") >= 200, "200 packets")
    sh("ip", "link", "set", "vn0", "down")
    status, _, err = finish(sender)
    equal(status, 1, "status")
    holds(err.startswith("vernier: send: ") and err.count("\n") == 1, "said %r" % err)


# [port, what the message must say]
REFUSED = [
    ("net_foo0", "net_foo0: no driver of DPDK has ports of this name"),
    ("vn0", "vn0: no driver of DPDK has ports of this name"),
    ("net_af_packet0", "net_af_packet0: DPDK cannot make this port: "),
    ("net_af_packet0,iface=vn9", "net_af_packet0,iface=vn9: DPDK cannot make this port: "),
    ("net_pcap0,tx_pcap=/nonexistent/x", "Couldn't open /nonexistent/x"),
    ("net_null0,eal-speed=9", "net_null0: eal-speed: words are eal-huge, eal-no-huge, "),
    ("net_null0,eal-core=1000", "DPDK cannot be set up: EAL: "),
    ("net_null0,port-txqs=65", "port-txqs"),
    ("net_ring0,port-mtu=9000", "net_ring0: cannot be set up: "),
    ("00:1f.7,eal-no-huge", "00:1f.7: DPDK finds no port there: "),
]


@case
def what_cannot_be_is_refused_in_one_sentence():
    veth()
    for port, said in REFUSED:
        done = vernier("send", port, "--driver", "dpdk", *TO, "--count", "1", status=1)
        holds(done.stderr.startswith("vernier: send: ") and said in done.stderr,
              "%s: said %r" % (port, done.stderr))
        equal((done.stdout, done.stderr.count("\n")), ("", 1), "%s: other words" % port)
    equal(rx_packets("vn1"), 0, "packets sent all the same")


@case
def hardware_stamps_are_not_claimed():
    done = vernier("recv", "net_null0", "--driver", "dpdk", "--stamps", "hardware", "--count", "1",
                   status=1)
    holds('those of net_null0 are by "clock at read"' in done.stderr, done.stderr)


@case
def the_way_out_is_sent_on_only_when_told_twice():
    veth()
    sh("ip", "addr", "add", "192.0.2.1/24", "dev", "vn0")
    sh("ip", "route", "add", "default", "via", "192.0.2.2")
    before = rx_packets("vn1")
    done = vernier("send", VN0, "--driver", "dpdk", *TO, "--count", "5", status=1)
    holds("net_af_packet0 holds the default route" in done.stderr, done.stderr)
    equal(rx_packets("vn1"), before, "packets sent all the same")
    send(VN0, "--count", "5", "--really-on", "net_af_packet0")
    equal(rx_packets("vn1"), before + 5, "packets")


@case
def without_rights_software_ports_work_and_interfaces_do_not():
    if not IS_ROOT:
        raise Skip("needs to be root to give rights up")
    veth()
    words = ["--driver", "dpdk", "--quiet", *TO, "--count", "5"]
    for port, status, said in (("net_null0", 0, ""), (VN0, 1, "interfaces need CAP_NET_RAW")):
        done = subprocess.run([*without_rights(), VERNIER, "send", port, *words], timeout=60,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        equal(done.returncode, status, "status of %s (%s)" % (port, done.stderr))
        holds(said in done.stderr, done.stderr)


main()

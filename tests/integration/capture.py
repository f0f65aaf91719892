#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Captures: read and written, filtered, of what comes in and of what goes out."""
import json
import os
import resource
import signal
import socket
import struct
import subprocess

from harness import (MAC0, MAC1, VERNIER, Server, case, equal, finish, frames, holds, is_receiving,
                     json_lines, main, sh, start, tshark, vernier, veth, wait_until)

TO = ["--dst-mac", "02:00:00:00:00:02", "--dst", "10.0.0.2", "--src-min", "10.0.0.1"]


def sim(path, *words):
    vernier("send", "--sim", "--pcap", path, "--quiet", *TO, *words)


def recv(path, *words, status=0):
    """What is said of a capture file: (last JSON line, standard error)."""
    done = vernier("recv", path, "--driver", "pcap", "--json", "recv.json", "--quiet", *words,
                   status=status)
    return json_lines("recv.json")[-1], done.stderr


@case
def a_capture_file_is_received():
    sim("a.pcap", "--count", "1001", "--delay", "10ms", "--pkt-size", "200")
    report, _ = recv("a.pcap", "--count", "1001")
    total, receiver = report["total"], report["receiver"]
    equal((total["received"], total["lost"], total["gap_p50_ns"], total["rx_pps"]),
          (1001, 0, 10**7, 100), "received, lost, gaps, rate")
    equal((report["time_s"], report["verdict"]), (10, "ok"), "time of the stamps, verdict")
    equal((receiver["stamp_source"], receiver["stamp_resolution_ns"], receiver["stamp_other"]),
          ("file", 10**7, 0), "stamps")


@case
def the_time_of_a_capture_file_is_that_of_its_stamps():
    sim("a.pcap", "--count", "1001", "--delay", "10ms")
    report, _ = recv("a.pcap", "--time", "2s")
    equal((report["total"]["received"], report["time_s"]), (200, 1.99), "received, seconds")


@case
def microseconds_and_pcapng_are_read_too():
    sim("a.pcap", "--count", "100", "--delay", "10ms")
    subprocess.run(["editcap", "-F", "pcapng", "a.pcap", "a.pcapng"], check=True)
    subprocess.run(["editcap", "-F", "pcap", "a.pcap", "micro.pcap"], check=True)
    for path in ("a.pcapng", "micro.pcap"):
        equal(recv(path)[0]["total"]["received"], 100, path)


@case
def standard_input_is_read():
    sim("a.pcap", "--count", "500")
    with open("a.pcap") as f:
        done = subprocess.run([VERNIER, "recv", "-", "--driver", "pcap", "--count", "500",
                               "--quiet"], stdin=f, capture_output=True, text=True, timeout=60)
    equal((done.returncode, done.stderr), (0, ""), "status, said")


@case
def a_pipe_that_stays_open_does_not_hold_up_a_stop():
    """SIGINT ends a receiver whose standard input says nothing"""
    sim("a.pcap", "--count", "5")
    reader = subprocess.Popen([VERNIER, "recv", "-", "--driver", "pcap", "--json", "-",
                               "--interval", "10ms", "--quiet"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=False)
    with open("a.pcap", "rb") as f:
        reader.stdin.write(f.read())
    reader.stdin.flush()
    while b'"frames":5,' not in reader.stdout.readline():
        pass
    reader.send_signal(2)
    equal(reader.wait(20), 0, "status")
    reader.stdin.close()


@case
def a_truncated_file_is_reported_and_fails():
    sim("a.pcap", "--count", "100")
    os.truncate("a.pcap", os.stat("a.pcap").st_size - 1)
    report, said = recv("a.pcap", status=1)
    equal((report["total"]["received"], report["verdict"]), (99, "failed"), "received, verdict")
    holds("a.pcap: after 99 frames: truncated" in said, said)


@case
def what_is_no_ethernet_is_refused_by_name():
    with open("sll.pcap", "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 113))
    done = vernier("recv", "sll.pcap", "--driver", "pcap", status=1)
    holds("sll.pcap" in done.stderr and "LINUX_SLL" in done.stderr, done.stderr)
    vernier("recv", "nowhere.pcap", "--driver", "pcap", status=1)



# Writing

class Follower:
    """A vernier that captures into a pipe, read frame by frame as it writes."""

    def __init__(self, *words):
        self.process = subprocess.Popen([VERNIER, *map(str, words), "--capture", "-", "--quiet"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        equal(self._read(24)[:4].hex(), "4d3cb2a1", "magic (nanoseconds)")

    def _read(self, n):
        data = self.process.stdout.read(n)
        equal(len(data), n, "bytes of the capture")
        return data

    def frame(self):
        caplen = struct.unpack("<IIII", self._read(16))[2]
        return self._read(caplen)

    def end(self):
        """SIGINT; the status and what was said."""
        self.process.send_signal(signal.SIGINT)
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, err.decode()


def raw_socket(link, qdisc_bypass=0):
    """Past the discipline a link takes frames as soon as it has a carrier, which
    the discipline hears of later."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.setsockopt(263, 20, qdisc_bypass)  # SOL_PACKET, PACKET_QDISC_BYPASS
    s.bind((link, 0))
    return s


def local_frame(number, protocol=0x88b5, size=60):
    """A frame of a local protocol, by its number."""
    return (bytes.fromhex((MAC1 + MAC0).replace(":", "")) + struct.pack(">HI", protocol, number) +
            bytes(size - 18))


PACED = [*TO, "--count", "300", "--delay", "20us", "--flag", "NO_TIMESTAMP", "--seed", "5",
         "--udp-dst-min", "9", "--udp-dst-max", "99", "--flag", "UDPDST_RND"]


@case
def simulated_capture_is_the_same_on_every_device():
    """--sim: the pcap device's file and a tap on another device are the same bytes"""
    vernier("send", "--sim", "--capture", "a.pcap", "--quiet", *PACED)
    vernier("send", "--sim", "--driver", "null", "--capture", "b.pcap", "--quiet", *PACED)
    vernier("send", "--sim", "--pcap", "c.pcap", "--quiet", *PACED)
    with open("a.pcap", "rb") as a, open("b.pcap", "rb") as b, open("c.pcap", "rb") as c:
        one = a.read()
        equal((len(one) > 20000, b.read() == one, c.read() == one), (True, True, True), "files")


@case
def a_wire_gets_the_simulated_frames():
    veth()
    mac = ["--src-mac", MAC0]
    vernier("send", "--sim", "--capture", "sim.pcap", "--quiet", *PACED, *mac)
    vernier("send", "vn0", "--capture", "wire.pcap", "--json", "run.json", "--quiet", *PACED, *mac)
    sim_frames, wire = frames("sim.pcap"), frames("wire.pcap")
    equal([f for _, f in wire], [f for _, f in sim_frames], "frames")
    stamps = [t for t, _ in wire]
    equal(stamps, sorted(stamps), "departures")
    equal(json_lines("run.json")[-1]["pcap"], "wire.pcap", "name in the JSON")


@case
def what_is_sent_and_what_arrives_in_one_file():
    veth()
    for direction, times in (("in", 1), ("out", 1), ("both", 2)):
        vernier("send", "vn0", "--rx", "vn1", "--capture", "x.pcap", "--direction", direction,
                "--quiet", *PACED)
        seen = [f for _, f in frames("x.pcap")]
        equal((len(seen), len(set(seen))), (300 * times, 300), "frames with " + direction)


@case
def both_ends_of_a_simulated_device_in_one_file():
    for direction, stamps in (("out", [0]), ("in", [2000]), ("both", [0, 2000])):
        vernier("send", "latency=2us", "--driver", "sim", "--sim", "--capture", "x.pcap",
                "--direction", direction, "--quiet", *TO, "--count", "1")
        equal([t % 10**9 for t, _ in frames("x.pcap")], stamps, "stamps with " + direction)


@case
def what_others_send_is_captured_and_not_counted():
    veth()
    out = Follower("recv", "vn1", "--direction", "out", "--json", "out.json")
    both = Follower("recv", "vn1", "--direction", "both", "--json", "both.json")
    wait_until(lambda: receivers() == 2, "the receivers' sockets")
    inside, outside = raw_socket("vn0"), raw_socket("vn1")
    for i in range(4):
        (outside if i % 2 else inside).send(local_frame(i))
    equal([out.frame() for _ in range(2)], [local_frame(1), local_frame(3)], "going out")
    equal({both.frame() for _ in range(4)}, {local_frame(i) for i in range(4)}, "both")
    for follower, name in ((out, "out.json"), (both, "both.json")):
        equal(follower.end(), (0, ""), "status, said")
        equal(json_lines(name)[-1]["receiver"]["frames"], 2, "frames that came in")


def receivers():
    with open("/proc/net/packet") as f:
        return sum(row.split()[3] == "0003" for row in f.readlines()[1:])


@case
def a_reader_follows_live():
    veth()
    tap = raw_socket("vn0")
    follower = Follower("recv", "vn1")
    wait_until(is_receiving, "the receiver's socket")
    for i in range(3):  # one after the other: each must come before the next is sent
        tap.send(local_frame(i))
        equal(follower.frame(), local_frame(i), "frame %d" % i)
    equal(follower.end(), (0, ""), "status, said")


@case
def a_reader_that_leaves_does_not_end_the_run():
    veth()
    done = subprocess.Popen([VERNIER, "send", "vn0", "--rx", "vn1", *TO, "--count", "3000",
                             "--ratep", "10k", "--json", "run.json", "--capture", "-", "--quiet"],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=False)
    done.stdout.read(24)
    done.stdout.close()
    said = done.stderr.read().decode()
    equal(done.wait(30), 1, "status")
    holds("capture -: Broken pipe" in said and "packets are missing" in said, said)
    total = json_lines("run.json")[-1]["total"]
    equal((total["sent"], total["received"], total["lost"]), (3000, 3000, 0), "counts")


@case
def a_full_disk_does_not_end_the_run():
    veth()

    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (24 + 100 * 76 + 50, resource.RLIM_INFINITY))

    done = subprocess.run([VERNIER, "send", "vn0", "--rx", "vn1", *TO, "--count", "3000",
                           "--ratep", "30k", "--pkt-size", "60", "--capture", "x.pcap"],
                          capture_output=True, text=True, timeout=60, preexec_fn=small_files)
    equal(done.returncode, 1, "status")
    holds("capture x.pcap: File too large; 2900 of 3000 packets are missing" in done.stderr,
          done.stderr)
    holds("capture: x.pcap (100 packets)" in done.stdout, done.stdout)
    holds("sent 3000 = received 3000 + lost 0" in done.stdout, done.stdout)
    equal(len(frames("x.pcap")), 100, "whole frames in the file")


@case
def frames_are_cut_at_the_snap_length():
    veth()
    vernier("send", "vn0", "--rx", "vn1", *TO, "--count", "10", "--pkt-size", "500", "--capture",
            "x.pcap", "--snaplen", "64", "--quiet")
    equal(tshark("x.pcap", "frame.cap_len", "frame.len"), [("64", "500")] * 10, "lengths")


@case
def the_server_captures_what_its_devices_send():
    with Server("--device", "one=null", "--device", "two=null", "--capture", "x.pcap",
                "--filter", "len >= 100", "--no-mount", "--socket", "./control"):
        for name, size in (("one", 60), ("two", 100)):
            for file, command in (("kpktgend_0", "add_device " + name), (name, "count 50"),
                                  (name, "pkt_size %d" % size), (name, "dst 10.0.0.2")):
                vernier("ctl", "--socket", "./control", file, *command.split())
        vernier("ctl", "--socket", "./control", "pgctrl", "start")
    equal([len(f) for _, f in frames("x.pcap")], [100] * 50, "lengths of frames")


# Filters

def udp_frame(tags=b"", port=9, size=60):
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, size - 14, 0, 0, 32, 17, 0, b"\x0a\0\0\1",
                     b"\x0a\0\0\2")
    udp = struct.pack(">HHHH", 5, port, size - 34, 0)
    return (bytes.fromhex((MAC1 + MAC0).replace(":", "")) + tags + b"\x08\0" + ip + udp +
            bytes(size - 42))


def icmp6_frame(tags=b""):
    ip = struct.pack(">IHBB16s16s", 6 << 28, 8, 58, 64, b"\xfd" + bytes(15),
                     b"\xfd" + bytes(14) + b"\x02")
    return (bytes.fromhex((MAC1 + MAC0).replace(":", "")) + tags + b"\x86\xdd" + ip +
            b"\x80" + bytes(7))


VLAN5, VLAN6, SVLAN7 = b"\x81\0\x60\x05", b"\x81\0\0\x06", b"\x88\xa8\0\x07"
SENT = [udp_frame(), udp_frame(port=10), udp_frame(VLAN5), udp_frame(VLAN6),
        udp_frame(SVLAN7 + VLAN5), icmp6_frame(), icmp6_frame(VLAN5), local_frame(7),
        local_frame(8, size=101), udp_frame(size=98), udp_frame(VLAN5, size=98)]
LAST = local_frame(0, protocol=0x88b6)
# What each chooses of SENT; "len > 100" tells a tag that counts from one that does not.
CHOSEN = {
    "vlan 5 and udp": [2, 10],
    "udp port 9": [0, 9],
    "ether proto 0x88b5": [7, 8],
    "len > 100": [8, 10],
    "icmp6": [5],
    "vlan and icmp6": [6],
    "vlan": [2, 3, 4, 6, 10],
    "vlan 7 and vlan 5 and udp": [4],
    "udp and not vlan": [0, 1, 9],
    "ether[12:4] = 0x81006005": [2, 6, 10],
}


@case
def a_filter_chooses_the_same_in_the_kernel_and_in_a_file():
    veth()
    tap = raw_socket("vn0")
    wrong = []
    for expression, chosen in CHOSEN.items():
        # The last frame is in every capture: when it comes, all others have.
        follower = Follower("recv", "vn1", "--filter", "ether proto 0x88b6 or (%s)" % expression)
        wait_until(is_receiving, "the receiver's socket")
        for frame in [*SENT, LAST]:
            tap.send(frame)
        seen = []
        while not seen or seen[-1] != LAST:
            seen.append(follower.frame())
        if seen[:-1] != [SENT[i] for i in chosen]:
            wrong.append("%s: %d frames in the kernel" % (expression, len(seen) - 1))
        equal(follower.end(), (0, ""), "status, said")
    with open("all.pcap", "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))
        for i, frame in enumerate(SENT):
            f.write(struct.pack("<IIII", 1, i, len(frame), len(frame)) + frame)
    for expression, chosen in CHOSEN.items():
        report, _ = recv("all.pcap", "--filter", expression, "--capture", "some.pcap")
        if [f for _, f in frames("some.pcap")] != [SENT[i] for i in chosen]:
            wrong.append("%s: of a file" % expression)
        if report["receiver"]["filtered"] != len(SENT) - len(chosen):
            wrong.append("%s: %s left out" % (expression, report["receiver"]["filtered"]))
    holds(not wrong, "\n".join(wrong))


@case
def what_the_kernel_leaves_out_is_no_drop():
    veth()
    receiver = start("recv", "vn1", "--filter", "udp port 1000", "--count", "10", "--time", "60s",
                     "--json", "recv.json", "--quiet")
    wait_until(is_receiving, "the receiver's socket")
    vernier("send", "vn0", *TO, "--count", "1M", "--quiet")  # more than the ring holds
    vernier("send", "vn0", *TO, "--count", "10", "--udp-dst-min", "1000", "--udp-dst-max", "1000",
            "--quiet")
    status, _, said = finish(receiver)
    equal((status, said), (0, ""), "status, said")
    r = json_lines("recv.json")[-1]["receiver"]
    equal((r["frames"], r["ours"], r["drops"], r["filtered"]), (10, 10, 0, None), "receiver")


@case
def a_receiver_beside_a_sender_has_a_filter_too():
    veth()
    vernier("send", "vn0", "--rx", "vn1", "--filter", "udp port 10", "--capture", "x.pcap", *TO,
            "--ratep", "10k", "--count", "500", "--json", "run.json", "--quiet", "--settle", "2s",
            "--stream", "nine", "--stream", "ten", "--udp-dst-min", "10", "--udp-dst-max", "10",
            status=1)
    nine, ten = json_lines("run.json")[-1]["streams"]
    equal((nine["received"], nine["lost"], ten["received"], ten["lost"]), (0, 500, 500, 0),
          "received and lost")
    equal(len(frames("x.pcap")), 500, "captured")


# Receiving on interfaces

@case
def stamps_are_the_kernels_where_no_hardware_has_any():
    veth()
    for words in ([], ["--stamps", "auto"], ["--stamps", "kernel"]):
        vernier("send", "vn0", "--rx", "vn1", *TO, "--count", "200", "--ratep", "20k", "--json",
                "run.json", "--quiet", *words)
        r = json_lines("run.json")[-1]["receiver"]
        equal((r["stamp_source"], r["stamp_other"]), ("kernel", 0), "source, others")
        holds(r["stamp_resolution_ns"], "resolution is not known")
    done = vernier("send", "vn0", "--rx", "vn1", *TO, "--stamps", "hardware", status=1)
    holds("vn1: no hardware stamps of every frame; offered: " in done.stderr, done.stderr)
    sim("a.pcap")
    done = vernier("recv", "a.pcap", "--driver", "pcap", "--stamps", "kernel", status=1)
    holds("--stamps kernel" in done.stderr and '"file"' in done.stderr, done.stderr)
    report = vernier("send", "vn0", "--rx", "vn1", *TO, "--count", "200").stdout
    holds("arrival stamps: kernel, resolution " in report, report)


@case
def what_a_small_ring_cannot_hold_is_counted():
    """a receiver that is stopped for a while: received + dropped is what was sent"""
    veth()
    receiver = start("recv", "vn1", "--ring", "1MiB", "--json", "-", "--interval", "10ms",
                     "--quiet")
    wait_until(is_receiving, "the receiver's socket")
    receiver.send_signal(signal.SIGSTOP)
    vernier("send", "vn0", *TO, "--count", "20k", "--quiet")
    receiver.send_signal(signal.SIGCONT)
    seen = {"frames": 0, "drops": 0}
    while seen["frames"] + seen["drops"] < 20000:
        seen = json.loads(receiver.stdout.readline())["receiver"]
    receiver.send_signal(signal.SIGINT)
    last = json.loads(receiver.stdout.read().splitlines()[-1])["receiver"]
    equal(receiver.wait(30), 0, "status")
    holds(last["drops"] > 0, "nothing was dropped")
    equal(last["frames"] + last["drops"], 20000, "frames and drops")


@case
def a_receiver_goes_on_when_its_link_comes_back():
    veth()
    follower = Follower("recv", "vn1")
    wait_until(is_receiving, "the receiver's socket")
    raw_socket("vn0").send(local_frame(1))
    equal(follower.frame(), local_frame(1), "before")
    sh("ip", "link", "set", "vn1", "down")
    wait_until(lambda: not is_receiving(), "the socket to notice")
    sh("ip", "link", "set", "vn1", "up")
    wait_until(is_receiving, "the socket to notice")
    raw_socket("vn0", qdisc_bypass=1).send(local_frame(2))
    equal(follower.frame(), local_frame(2), "after")
    equal(follower.end(), (0, ""), "status, said")


@case
def a_link_that_is_deleted_ends_receiving():
    for goes_down_before in (False, True):
        veth()
        receiver = start("recv", "vn1", "--json", "-", "--quiet")
        wait_until(is_receiving, "the receiver's socket")
        if goes_down_before:
            sh("ip", "link", "set", "vn1", "down")
            wait_until(lambda: not is_receiving(), "the socket to notice")
        sh("ip", "link", "del", "vn0")
        status, out, said = finish(receiver)
        equal(status, 1, "status")
        holds("vn1: receiving failed: No such device" in said, said)
        equal(json.loads(out.splitlines()[-1])["verdict"], "failed", "verdict")


@case
def nonsense_is_refused():
    for words, said in (
            (["recv", "x", "--stamps", "warp"], "--stamps warp"),
            (["recv", "x", "--ring", "1M"], "--ring"),
            (["send", "vn0", "--stamps", "kernel"], "--rx"),
            (["send", "vn0", "--ring", "1MiB"], "--rx"),
            (["recv", "x", "--filter", "udp prot 9"], 'filter "udp prot 9": '),
            (["recv", "x", "--capture", "y", "--direction", "up"], "--direction up"),
            (["recv", "x", "--direction", "out"], "--capture"),
            (["recv", "x", "--snaplen", "10"], "--capture"),
            (["recv", "x", "--capture", "-", "--json", "-"], "standard output"),
            (["send", "vn0", "--filter", "udp"], "--rx or --capture"),
            (["send", "vn0", "--capture", "x", "--direction", "both"], "--rx"),
            (["send", "--sim", "--filter", "udp"], "--filter"),
            (["send", "--sim", "--snaplen", "10"], "--snaplen")):
        done = vernier(*words, status=2)
        holds(said in done.stderr and done.stderr.count("\n") == 1, "%s: %s" % (words, done.stderr))
    sim("a.pcap")
    done = vernier("recv", "a.pcap", "--driver", "pcap", "--capture", "y", "--direction", "out",
                   status=1)
    holds("pcap" in done.stderr and "shows what goes out" in done.stderr, done.stderr)
    holds(not os.path.exists("y"), "a capture was made")


main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""vernier caliper: what it refuses, what a socket sends, what leaves a card in the same
process, and what it tells of it."""
import json
import os
import signal
import socket
import struct
import subprocess
import time
import warnings

from harness import (TOP, VERNIER, Tap, Terminal, case, equal, finish, frames, holds, main,
                     sh, start, veth, vernier, wait_until, without_rights)
from nf2 import ELF, Client, Daemon, is_running, need_card

warnings.filterwarnings("ignore", category=DeprecationWarning)
import jsonschema  # noqa: E402

TO = ("-i", "127.0.0.1", "--sport", "2000", "--dport", "3000")
CARD = ("-N", "-m", "02:00:00:00:00:02")
NETLINK = (*CARD, "-i", "198.18.0.2", "-I", "198.18.0.1")


def caliper(*words, status=0, **more):
    return vernier("caliper", *words, status=status, **more)


def stats(path="stats.json"):
    """The numbers that a run wrote, which are as their schema has them."""
    with open(path) as f:
        numbers = json.load(f)
    with open(os.path.join(TOP, "docs/caliper.schema.json")) as f:
        jsonschema.validate(numbers, json.load(f))
    return numbers


class Receiver:
    """A socket that keeps what comes to a port."""

    def __init__(self, port=3000, address="127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind((address, port))
        self.socket.settimeout(20)

    def take(self, n):
        """The next n: [(payload, source)]."""
        return [self.socket.recvfrom(2048) for _ in range(n)]

    def is_empty(self):
        self.socket.setblocking(False)
        try:
            self.socket.recv(1)
            return False
        except BlockingIOError:
            return True


def utime(process):
    """Seconds that it has computed."""
    with open("/proc/%d/stat" % process.pid) as f:
        return int(f.read().rsplit(")", 1)[1].split()[11]) / os.sysconf("SC_CLK_TCK")


def write(path, text):
    with open(path, "w") as f:
        f.write(text)
    return path


# What is refused

@case
def mistakes_end_with_2_and_one_line():
    for words, says in (
            (("-n", "5", "-t", "1", "-d", "1", *TO), "-n 5 and -t 1"),
            (("-d", "1", "-D", "gaps", *TO), "-d 1 and -D gaps"),
            (("-d", "1", "-l", "1", "-L", "sizes", *TO), "-l 1 and -L sizes"),
            ((*TO,), "-d DELAY or -D FILE"),
            (("-d", "1"), "-i DST_IP"),
            (("-d", "1", "-N", *TO), "-m DST_MAC"),
            (("-d", "1", "-d", "1", *TO), "-d is given twice"),
            (("-d", "1", "-z", *TO), "-z"),
            (("-d", "1", "stray", *TO), '"stray"'),
            (("-d", "1e3", *TO), "'1e3'"),
            (("-d", "1", "-l", "1473", *TO), "'1473'"),
            (("-D", "/nonexistent", *TO), "/nonexistent: cannot be opened"),
            (("-D", "/dev/null", *TO), "/dev/null: is empty")):
        done = caliper(*words, status=2)
        equal(done.stdout, "", "said of %s" % (words,))
        equal(done.stderr.count("\n"), 1, "lines of %r" % done.stderr)
        holds(done.stderr.startswith("vernier: caliper: ") and says in done.stderr and
              (" -h says more)" in done.stderr or "--help" in done.stderr), done.stderr)


@case
def files_are_named_with_line_and_text():
    write("gaps", "1 2\n3 4\n5 six 7\n")
    done = caliper("-D", "gaps", *TO, status=2)
    holds("gaps:3: 'six' is not a number" in done.stderr, done.stderr)
    done = subprocess.run([VERNIER, "caliper", "-D", "-", *TO], input="1\n-2\n", text=True,
                          capture_output=True)
    equal(done.returncode, 2, "status")
    holds("standard input:2: '-2'" in done.stderr, done.stderr)


@case
def errors_are_one_line_with_a_hint():
    for word in ("1\n2", "9" * 5000, "--help", "x --help lists them"):
        done = caliper("-n", word, "-d", "1", *TO, status=2)
        holds(done.stderr.startswith("vernier: caliper: -n: '" + word[:1]), done.stderr)
        holds(done.stderr.endswith(" (vernier caliper -h says more)\n"), done.stderr)
        equal(done.stderr.count("\n"), 1, "lines of %r" % done.stderr)


@case
def help_is_asked_for_by_h():
    text = caliper("-h").stdout
    for option in "ntdDlLiImN":
        holds("  -%s, --" % option in text, "-%s is not listed" % option)
    equal(caliper("--help").stdout, text, "--help")


@case
def another_name_is_the_same_command():
    os.symlink(VERNIER, "caliper-pktgen")
    done = subprocess.run(["./caliper-pktgen", "-n", "5"], capture_output=True, text=True)
    equal(done.returncode, 2, "status")
    holds(done.stderr.startswith("caliper-pktgen: ") and
          done.stderr.endswith("(caliper-pktgen -h says more)\n"), done.stderr)
    done = subprocess.run(["./caliper-pktgen", "-n", "5", "-d", "0", *TO, "-m", "x"],
                          capture_output=True, text=True)
    equal(done.returncode, 2, "status")
    receiver = Receiver()
    done = subprocess.run(["./caliper-pktgen", "-n", "5", "-d", "0", *TO], capture_output=True,
                          text=True)
    equal((done.returncode, done.stderr), (0, ""), "status, errors")
    receiver.take(5)
    os.rename("caliper-pktgen", "other")
    done = subprocess.run(["./other", "-n", "5"], capture_output=True, text=True)
    holds("no such command" in done.stderr, done.stderr)


@case
def without_a_driver_there_is_a_sentence():
    for words in (("-I", "198.18.0.1"), ()):
        done = caliper("-n", "5", "-d", "1", *CARD, *TO, *words, status=1)
        equal((done.stdout, done.stderr), (
            "", "vernier: caliper: card 0 has no driver here (vernier nf2d is one)\n"), "said")


# What is sent

@case
def packets_arrive_as_they_were_asked_for():
    receiver = Receiver()
    caliper("-n", "100", "-d", "10000", "-l", "33", *TO, "--stats", "stats.json")
    got = receiver.take(100)
    equal({source for _, source in got}, {("127.0.0.1", 2000)}, "sources")
    equal({payload for payload, _ in got}, {bytes(33)}, "payloads")
    holds(receiver.is_empty(), "more than 100 came")
    s = stats()
    equal((s["packets"], s["bytes"], s["end"], s["way"]), (100, 7500, "plan", "udp"), "told")
    equal((s["udp"]["gaps"], s["udp"]["source_port"], s["driver"]), (99, 2000, None), "told")
    equal(s["duration_ns"], s["last_ns"] - s["first_ns"], "duration")
    holds(s["duration_ns"] >= 99 * 10000, "99 gaps took %d ns" % s["duration_ns"])
    equal(s["udp"]["lateness"]["max_ns"], s["late_max_ns"], "the latest")


@case
def sizes_and_gaps_cycle_each_for_itself():
    receiver = Receiver()
    write("gaps", "1000 0 20000")
    write("sizes", "0\n1472\t7 100\n")
    caliper("-n", "10", "-D", "gaps", "-L", "sizes", *TO, "--stats", "stats.json")
    equal([len(payload) for payload, _ in receiver.take(10)],
          [0, 1472, 7, 100, 0, 1472, 7, 100, 0, 1472], "sizes")
    s = stats()
    equal((s["asked"]["delay_file"], s["asked"]["payload_file"]), ("gaps", "sizes"), "asked")
    equal(s["bytes"], 3 * 60 + 3 * 1514 + 2 * 60 + 2 * 142, "bytes")
    holds(s["duration_ns"] >= 3 * 21000, "the gaps took %d ns" % s["duration_ns"])


@case
def standard_input_is_a_file():
    receiver = Receiver()
    done = subprocess.run([VERNIER, "caliper", "-n", "4", "-d", "0", "-L", "-", *TO],
                          input="5 6 7", text=True, capture_output=True)
    equal((done.returncode, done.stderr), (0, ""), "status, errors")
    equal([len(payload) for payload, _ in receiver.take(4)], [5, 6, 7, 5], "sizes")


@case
def stamps_are_those_of_pktgen():
    receiver = Receiver()
    before = time.time_ns() // 1000
    caliper("-n", "20", "-d", "100000", "--stamp", "-l", "40", *TO)
    after = time.time_ns() // 1000
    last = before
    for i, (payload, _) in enumerate(receiver.take(20)):
        magic, number, seconds, fraction = struct.unpack(">IIII", payload[:16])
        equal((magic, number, payload[16:]), (0xbe9be955, i + 1, bytes(24)), "packet %d" % i)
        stamp = seconds * 10**6 + fraction
        holds(last <= stamp <= after, "packet %d at %d, not %d to %d" % (i, stamp, last, after))
        last = stamp


@case
def frames_on_a_cable_are_plain_udp():
    veth()
    sh("ip", "addr", "add", "198.18.0.1/24", "dev", "vn0")
    sh("ip", "neigh", "add", "198.18.0.2", "lladdr", "02:00:00:00:00:02", "dev", "vn0")
    with Tap("vn1") as tap:
        caliper("-n", "50", "-d", "1000", "-l", "100", "-i", "198.18.0.2")
        frames = [frame for _, _, frame in tap.take(50)]
    equal(len(frames), 50, "frames")
    for frame in frames:
        equal((len(frame), frame[:6], frame[12:14], frame[23]),
              (142, bytes.fromhex("020000000002"), b"\x08\x00", 17), "frame")
        equal(struct.unpack(">HHHH", frame[34:42])[:3], (9, 9, 108), "UDP")


@case
def what_needs_the_card_is_warned_of():
    receiver = Receiver()
    done = caliper("-n", "2", "-d", "0", *TO, "-m", "02:00:00:00:00:02", "-I", "198.18.0.1")
    lines = done.stderr.splitlines()
    equal([line.split(" is ignored")[0] for line in lines],
          ["vernier: caliper: warning: -m 02:00:00:00:00:02",
           "vernier: caliper: warning: -I 198.18.0.1"], "warnings")
    equal({source[0] for _, source in receiver.take(2)}, {"127.0.0.1"}, "sources")


@case
def nobody_listening_is_no_end():
    caliper("-n", "100", "-d", "0", *TO, "--stats", "stats.json")
    s = stats()
    equal(s["packets"], 100, "packets")
    holds(0 < s["udp"]["refused"] <= 100, "%d answers" % s["udp"]["refused"])


@case
def errors_of_the_socket_are_told():
    done = caliper("-n", "5", "-d", "0", "-i", "203.0.113.1", status=1)
    holds("203.0.113.1 port 9: Network is unreachable" in done.stderr, done.stderr)
    taken = Receiver(port=2000, address="0.0.0.0")
    done = caliper("-n", "5", "-d", "0", *TO, status=1)
    holds("source port 2000: Address already in use" in done.stderr, done.stderr)
    taken.socket.close()


@case
def the_default_port_can_be_refused():
    """Without the right to a low port the system chooses one, and says so."""
    done = subprocess.run([*without_rights(), VERNIER, "caliper", "-n", "5", "-d", "0", "-i",
                           "127.0.0.1", "--dport", "3000"], capture_output=True, text=True)
    equal(done.returncode, 0, "status (%s)" % done.stderr)
    holds(done.stderr.startswith("vernier: caliper: warning: source port 9: "), done.stderr)


# When it ends

@case
def time_is_that_of_the_plan_and_of_the_clock():
    caliper("-t", "50us", "-d", "10000", "--catchup", *TO, "--stats", "stats.json")
    s = stats()
    holds(1 <= s["packets"] <= 5, "%d packets" % s["packets"])
    caliper("-t", "20ms", "-d", "0", *TO, "--stats", "stats.json")
    s = stats()
    equal(s["end"], "time", "end")
    holds(s["duration_ns"] < 20000000, "the last left after %d ns" % s["duration_ns"])
    caliper("-t", "1ms", "-d", "1000000000000000", *TO, "--stats", "stats.json")
    equal((stats()["packets"], stats()["duration_ns"]), (1, 0), "packets, time")


@case
def signals_end_a_run_with_its_summary():
    for number in (signal.SIGINT, signal.SIGTERM):
        receiver = Receiver()
        run = start("caliper", "-d", "100000", *TO, "--stats", "stats.json")
        receiver.take(10)
        run.send_signal(number)
        status, out, err = finish(run)
        equal((status, err), (0, ""), "status, errors")
        holds("packets: " in out and out.endswith("interrupted: by a signal\n"), out)
        s = stats()
        equal(s["end"], "interrupted", "end")
        holds(s["packets"] >= 10, "%d packets" % s["packets"])
        receiver.socket.close()


@case
def two_signals_at_once_are_one():
    """timeout(1) signals the process and then its group"""
    for _ in range(10):
        receiver = Receiver()
        run = start("caliper", "-d", "1000000", *TO, "--stats", "stats.json")
        receiver.take(1)
        run.send_signal(signal.SIGINT)
        run.send_signal(signal.SIGTERM)
        status, out, err = finish(run)
        equal((status, err), (0, ""), "status, errors")
        holds("interrupted: " in out, out)
        equal(stats()["end"], "interrupted", "end")
        receiver.socket.close()


@case
def a_long_gap_is_left_at_once():
    receiver = Receiver()
    run = start("caliper", "-d", "1000000000000000", *TO)
    receiver.take(1)
    run.send_signal(signal.SIGINT)
    status, out, _ = finish(run)
    equal(status, 0, "status")
    holds("packets: 1, " in out, out)


# What is told

@case
def what_is_told_goes_where_it_was_asked():
    done = caliper("-n", "3", "-d", "0", *TO, "--quiet")
    equal((done.stdout, done.stderr), ("", ""), "said")
    done = caliper("-n", "3", "-d", "0", *TO, "--stats", "-")
    equal(json.loads(done.stdout)["packets"], 3, "packets")
    holds(done.stderr.startswith("packets: 3, 180 bytes"), done.stderr)
    done = caliper("-n", "3", "-d", "0", *TO, "--stats", "/no/such", status=1)
    equal(done.stderr, "vernier: caliper: --stats /no/such: No such file or directory\n", "said")
    if os.path.exists("/dev/full"):
        done = caliper("-n", "3", "-d", "0", *TO, "--stats", "/dev/full", status=1)
        holds("--stats /dev/full: could not be written" in done.stderr, done.stderr)


@case
def a_terminal_sees_progress():
    with Terminal("sh", "-c", 'exec "$@" 2>/dev/tty', "sh", VERNIER, "caliper", "-d", "1000000",
                  *TO) as run:
        shown = b""
        while b" packets\x1b[K" not in shown:
            shown += os.read(run._keyboard, 4096)
        run.press_ctrl_c()
        status, out, _ = run.finish()
    equal(status, 0, "status")
    holds("interrupted: " in out, out)


# With driver and card in the same process

def cosim(*words, status=0, pcap="out.pcap"):
    """Runs on virtual time; the frames that left, the run's numbers."""
    need_card()
    caliper("--cosim", ELF, "--pcap", pcap, "--stats", "stats.json", "-i", "198.18.0.2", *CARD,
            *words, status=status)
    return frames(pcap), stats()


@case
def every_packet_leaves_in_its_cycle():
    """K2 and K3 by the command: 1518-byte frames at line rate, then with random gaps"""
    left, s = cosim("-n", "2000", "-d", "12304", "-l", "1472")
    equal({b[0] - a[0] for a, b in zip(left, left[1:])}, {12304}, "gaps")
    equal((s["packets"], s["late"], round(s["mbps_fcs"], 1)), (2000, 0, 987.0), "told")
    equal((s["first_ns"], s["last_ns"]), (left[0][0], left[-1][0]), "departures")
    gaps = [12304 + k * 7919 % 30000 for k in range(997)]
    write("gaps", " ".join(map(str, gaps)))
    left, s = cosim("-n", "2000", "-D", "gaps", "-l", "1472")
    planned = 0
    for k, (at, _) in enumerate(left):
        equal(at - left[0][0], planned // 8 * 8, "departure of packet %d" % k)
        planned += gaps[k % 997]
    equal(s["late"], 0, "late")


@case
def frames_of_the_card_are_udp_over_ipv4():
    from scapy.all import IP, UDP, Ether
    write("sizes", "0 18 19 1472")
    left, s = cosim("-n", "40", "-d", "20000", "-L", "sizes", "-I", "198.18.0.77", "--sport", "5",
                    "--dport", "6")
    equal(len(left), 40, "frames")
    equal(s["bytes"], sum(len(frame) for _, frame in left), "bytes")
    for k, (_, frame) in enumerate(left):
        size = (0, 18, 19, 1472)[k % 4]
        packet = Ether(frame)
        equal((packet.dst, packet.src), ("02:00:00:00:00:02", "02:4e:46:32:43:00"), "MACs")
        ip, udp = packet[IP], packet[UDP]
        equal((ip.src, ip.dst, ip.ttl, ip.len), ("198.18.0.77", "198.18.0.2", 64, size + 28), "IP")
        del packet[IP].chksum
        equal(bytes(packet)[24:26], frame[24:26], "checksum of the head")
        equal((udp.sport, udp.dport, udp.len, udp.chksum), (5, 6, size + 8, 0), "UDP")
        equal(frame[42:], bytes(max(size, 18)), "payload and padding")


@case
def the_same_arguments_give_the_same_bytes():
    write("sizes", "16 700 1472 20")
    words = ("-t", "20ms", "-d", "12345", "-L", "sizes", "--stamp")
    _, first = cosim(*words, pcap="one.pcap")
    left, second = cosim(*words, pcap="other.pcap")
    equal(first, second, "statistics")
    with open("one.pcap", "rb") as one, open("other.pcap", "rb") as other:
        holds(one.read() == other.read(), "the captures differ")
    equal(len(left), -(-20000000 // 12345), "packets before 20 ms")
    for k, (at, frame) in enumerate(left):
        magic, number, seconds, fraction = struct.unpack(">IIII", frame[42:58])
        equal((magic, number), (0xbe9be955, k + 1), "stamp of packet %d" % k)
        holds(0 <= at - (seconds * 10**6 + fraction) * 1000 < 1008, "time of packet %d" % k)


@case
def late_packets_slip_or_catch_up():
    write("gaps", "0 " * 99 + "3000000")
    left, s = cosim("-n", "200", "-D", "gaps")
    holds(s["late"] > 0 and s["late_max_ns"] > 0, "nothing was late")
    equal(left[100][0] - left[99][0], 3000000, "the gap behind a late packet")
    left, s = cosim("-n", "200", "-D", "gaps", "--catchup")
    equal(left[100][0] - left[0][0], 3000000, "the planned time behind late packets")
    equal((s["packets"], s["driver"]["left"]), (200, 200), "packets")


@case
def the_wire_is_full_and_loses_nothing():
    """without a gap large frames leave one behind the other; each is late by the one before"""
    left, s = cosim("-n", "300", "-d", "0", "-l", "1472")
    times = [frame[0] for frame in left]
    equal({b - a for a, b in zip(times, times[1:])}, {12304}, "gaps")
    equal((s["late"], s["late_max_ns"], s["driver"]["left"]), (299, 12304, 300), "late, most, left")
    equal(s["last_is_planned"], False, "the last one was told")


@case
def a_signal_takes_back_what_has_not_left():
    need_card()
    run = start("caliper", "--cosim", ELF, "--pcap", "out.pcap", "--stats", "stats.json", "-d",
                "20000", "-i", "198.18.0.2", *CARD)
    wait_until(lambda: os.path.exists("out.pcap") and os.path.getsize("out.pcap") > 100000,
               "packets")
    run.send_signal(signal.SIGINT)
    status, out, err = finish(run)
    equal((status, err), (0, ""), "status, errors")
    holds("interrupted: " in out, out)
    s = stats()
    holds(s["end"] == "interrupted" and s["driver"]["cancelled"] > 0, "told")
    left = frames("out.pcap")
    equal((len(left), left[-1][0]), (s["packets"], s["last_ns"]), "frames, the last of them")
    equal(s["bytes"], sum(len(frame) for _, frame in left), "bytes")
    equal(s["driver"]["left"], len(left), "frames that left")


@case
def a_signal_ends_virtual_time():
    """packets that would leave in 11 days are not waited for"""
    need_card()
    write("gaps", "0 " * 9 + "1000000000000000")
    run = start("caliper", "--cosim", ELF, "--pcap", "out.pcap", "--stats", "stats.json", "-D",
                "gaps", "-n", "20", "-i", "198.18.0.2", *CARD)
    wait_until(lambda: utime(run) > 0.5, "it waits for the 11th")
    run.send_signal(signal.SIGINT)
    status, out, _ = finish(run)
    equal(status, 0, "status")
    left, s = frames("out.pcap"), stats()
    equal((s["packets"], s["bytes"]), (len(left), 60 * len(left)), "packets")
    holds(len(left) <= 10 and "interrupted: " in out, "%d packets; %s" % (len(left), out))
    equal((s["first_ns"], s["last_ns"]), (left[0][0], left[-1][0]) if left else (None, None),
          "departures")


@case
def lateness_is_that_of_the_run():
    """also when the driver has seen a later packet before"""
    write("gaps", "0 100000000")
    with Daemon("--up"):
        wait_until(lambda: is_running("nf2c0"), "carrier")
        for _ in range(2):
            caliper(*NETLINK, "-D", "gaps", "-n", "3", "-l", "1472", "--stats", "stats.json")
            s = stats()
            holds(s["late"] >= 1 and s["late_max_ns"] >= 12304, "%(late)d, %(late_max_ns)d ns" % s)
            equal(s["late_max_is_least"], False, "not all are known")


@case
def the_source_is_the_first_address():
    """also where the address has a label"""
    with Daemon("--up", behind=("-outmac0", "out.pcap")):
        wait_until(lambda: is_running("nf2c0"), "carrier")
        sh("ip", "addr", "add", "10.0.0.1/24", "dev", "nf2c0", "label", "nf2c0:1")
        caliper(*CARD, "-i", "10.0.0.2", "-n", "1", "-d", "0")
    equal(frames("out.pcap")[-1][1][26:30], bytes([10, 0, 0, 1]), "source")


@case
def what_a_reset_throws_away_has_not_left():
    """another client resets the card between the first packet and the second"""
    with Daemon("--up") as daemon, Client() as client:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        run = start("caliper", *NETLINK, "-n", "3", "-d", "20000000000", "--stats", "stats.json")
        wait_until(lambda: client.counter(27) == 1, "the first departure was told")
        equal(client.ask("RESET")[0], "RESET_DONE", "answer of RESET")
        status, out, err = finish(run)
        equal((status, err), (1, "vernier: caliper: packets were thrown away: the card was reset, "
                              "or nf2c0 went down\n"), "status, errors")
        s = stats()
        equal((s["end"], s["packets"], s["driver"]["given"]), ("failed", 1, 3), "told")
        holds("failed: of 2 more packets nobody knows" in out, out)
        run = start("caliper", *NETLINK, "-n", "3", "-d", "20000000000", "--stats", "stats.json")
        wait_until(lambda: client.counter(27) == 2, "the first departure was told")
        daemon.end(status=-signal.SIGKILL, number=signal.SIGKILL)
        equal(finish(run)[0], 1, "status")
        s = stats()
        equal((s["end"], s["last_ns"], s["duration_ns"]), ("failed", None, None), "told")


@case
def a_signal_takes_back_what_the_driver_had_not_read():
    """packets that are told are those on the wire, when most wait in the driver's socket"""
    with Daemon("--up", "--max-entries", "4", "--quota", "2",
                behind=("-outmac0", "out.pcap")), Client() as client:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        run = start("caliper", *NETLINK, "-n", "100000", "-d", "10000000", "--stats", "stats.json")
        wait_until(lambda: client.counter(3) > 8, "the card has some")
        run.send_signal(signal.SIGINT)
        equal(finish(run)[0], 0, "status")
        s = stats()
        # Behind all others; who sends it waits until it has left.
        caliper(*NETLINK, "-n", "1", "-d", "0", "-l", "100")
    left = frames("out.pcap")[:-1]
    equal((s["packets"], s["bytes"]), (len(left), sum(len(frame) for _, frame in left)), "told")
    equal(s["driver"]["given"] - s["driver"]["cancelled"], len(left), "not taken back")
    holds(abs(s["last_ns"] - s["first_ns"] - (left[-1][0] - left[0][0])) < 16, "duration")


@case
def what_is_no_program_for_the_card_is_refused():
    for words, says in (
            (("--cosim", VERNIER, *CARD), "%s: " % VERNIER),
            (("--cosim", "/no/such", *CARD), "/no/such: "),
            (("--cosim", "x"), "--cosim x: needs -N"),
            (("--pcap", "x", *CARD), "--pcap x: needs -N --cosim APP.elf")):
        done = caliper("-n", "1", "-d", "1", *TO, *words, status=2)
        holds(done.stderr.startswith("vernier: caliper: " + says), done.stderr)


@case
def the_example_runs():
    need_card()
    done = subprocess.run([TOP + "/examples/15-caliper.sh", ELF, "301"], text=True, timeout=60,
                          env={**os.environ, "VERNIER": VERNIER}, capture_output=True)
    equal(done.returncode, 0, "status (%s)" % done.stderr)
    equal([line.split() for line in done.stdout.splitlines()[-3:]],
          [["100", "0.000012304"], ["100", "0.000020000"], ["100", "0.000050000"]], "gaps")


if __name__ == "__main__":
    main()

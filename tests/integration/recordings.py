#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every stream recorded from pktgen of Linux 7.2, sent again through the files
of `vernier serve`: what the writes answer, each frame as it arrives at the far
end of a veth pair, and the device's text afterwards.

golden/packets.jsonl and streams.jsonl have the recordings. Time stamps must be
those of now; UDP checksums the right ones, always; what is random is held
against its range, and its mean against that of even draws.
"""
import errno
import json
import os
import re
import select
import socket
import struct
import subprocess
import sys
import threading
import time

from harness import (MAC0, MAC1, TOP, Skip, case, equal, finish, frames, holds, link_facts, main,
                     quiet_stack, sh, start, wait_until)

GOLDEN = os.path.join(TOP, "tests/golden")
sys.path.insert(0, GOLDEN)

# pylint: disable=wrong-import-position
import make_packets

LIMIT_S = 30  # of one write
QUIET_S = 0.03  # nothing more comes when nothing came for so long
NO_TIMESTAMP = "flag NO_TIMESTAMP\n"
OUTGOING = 4  # packet type, linux/if_packet.h
SOL_PACKET, PACKET_AUXDATA = 263, 8
VLAN_VALID, TPID_VALID = 0x10, 0x40

# The interfaces of the recording that sent: MAC and address, its far end,
# queues. eth0 was a card, whose wire is our veth.
LINKS = {
    "veth0": (MAC0, "10.0.0.1", "veth1", 4),
    "vethc": ("02:00:00:00:00:0c", "10.3.0.1", "vethd", 2),
    "eth0": ("02:00:00:00:00:e0", "10.2.0.1", "wire0", 1),
    "dummy0": ("02:00:00:00:00:d0", "10.1.0.1", None, 1),
}

# What differs, by case or by what was written, and why.
NOT_SENT = {
    "queue_xmit_netem_limit": "no netem here: counts the packets that it drops",
    "size_1515_over_mtu": "a packet socket takes no frame that is longer than the MTU allows",
}
# What the stack drops behind the receive path is an error in the kernel's count
# and not known to us: there may be none.
UNCOUNTED = "xmit_mode netif_receive"


def ip4(text):
    return int.from_bytes(socket.inet_aton(text), "big")


def ip6(text):
    return int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big")


# Case: field: its range, both ends included; the draws are even.
DRAWS = {
    "dst_ip_rnd": {"daddr": (ip4("10.0.0.1"), ip4("10.0.0.9"))},
    "dst_ip_rnd_multicast": {"daddr": (ip4("223.255.255.0"), ip4("223.255.255.255"))},
    "dst_mac_rnd": {"dst": (0x020000000002, 0x020000000009)},
    "flows_seq_rnd_dst": {"daddr": (ip4("10.0.0.1"), ip4("10.0.0.199"))},
    "imix_with_txsize": {"len": (200, 299)},
    "ipv6_dst_range": {"daddr": (ip6("fd00::10"), ip6("fd00::1f"))},
    "ipv6_flows": {"daddr": (ip6("fd00::10"), ip6("fd00::ffff"))},
    "mpls_rnd_1": {"label 0": (0x100, 0xfffff)},
    "mpls_rnd_mixed": {"label 1": (0, 0xffeff)},
    "mpls_short_labels": {"label 2": (0, 0xffeff)},
    "src_ip_rnd": {"saddr": (ip4("10.0.0.1"), ip4("10.0.0.9"))},
    "src_mac_rnd": {"src": (0x020000000000, 0x020000000007)},
    "svid_rnd": {"tag 0": (0, 4095)},
    "txsize_rnd": {"len": (64, 127)},
    "txsize_rnd_narrow": {"len": (64, 65)},
    "udp_dst_rnd": {"dport": (9, 11)},
    "udp_src_rnd": {"sport": (9, 108)},
    "vid_rnd": {"tag 0": (0, 4095)},
}
# Case: frame length: its share of the packets.
MIXES = {
    "imix": {64: 0.58, 576: 0.33, 1500: 0.09},
    "imix_ipv6": {78: 0.5, 100: 0.5},
}


def load(name):
    with open(os.path.join(GOLDEN, name)) as f:
        return [json.loads(line) for line in f]


def words_of(record):
    return [text for _, text, _ in record["commands"]]


def has(record, *commands):
    """Was one of these written, and taken?"""
    return any(text.startswith(commands) and code == 0 for _, text, code in record["commands"])


# Frames, taken apart

def network_fields(frame, at):
    """(fields, offset of UDP) of the IP header at `at`, which must be right."""
    f = {}
    if frame[at] >> 4 == 4:
        total = int.from_bytes(frame[at + 2:at + 4], "big")
        equal(make_packets.ones_sum(frame[at:at + 20]), 0xffff, "sum of the IPv4 header")
        f["saddr"], f["daddr"] = (int.from_bytes(frame[i:i + 4], "big") for i in (at + 12, at + 16))
        f["ip"] = bytes(frame[at:at + 2] + frame[at + 4:at + 10]).hex()  # all but length, sum
        udp = at + 20
    else:
        total = 40 + int.from_bytes(frame[at + 4:at + 6], "big")
        f["saddr"], f["daddr"] = (int.from_bytes(frame[i:i + 16], "big") for i in (at + 8, at + 24))
        f["ip"] = bytes(frame[at:at + 4] + frame[at + 6:at + 8]).hex()
        udp = at + 40
    equal(total, len(frame) - at, "length in the IP header")
    equal(int.from_bytes(frame[udp + 4:udp + 6], "big"), len(frame) - udp, "length in the UDP header")
    return f, udp


def fields_of(frame):
    """A settled frame as numbers and texts; what follows from others is checked
    and left out, so that no field changes only because another does."""
    f = {"dst": int.from_bytes(frame[:6], "big"), "src": int.from_bytes(frame[6:12], "big"),
         "len": len(frame)}
    at, n = 12, 0
    while frame[at:at + 2] == b"\x81\x00":
        f["tag %d" % n] = int.from_bytes(frame[at + 2:at + 4], "big")
        at, n = at + 4, n + 1
    f["type"] = frame[at:at + 2].hex()
    at, n = at + 2, 0
    while f["type"] == "8847" and not (n and f["label %d" % (n - 1)] & 0x100):
        f["label %d" % n] = int.from_bytes(frame[at:at + 4], "big")
        at, n = at + 4, n + 1
    more, udp = network_fields(frame, at)
    f.update(more)
    f["sport"], f["dport"] = struct.unpack(">HH", frame[udp:udp + 4])
    f["has checksum"] = frame[udp + 6:udp + 8] != b"\0\0"
    f["payload"] = frame[udp + 8:udp + 24].hex()
    holds(not any(frame[udp + 24:]), "the payload is not zero to its end")
    return f


def unpack(packed):
    """Frames of the golden file."""
    return [bytes.fromhex(entry[1]).ljust(entry[0], b"\0") for entry in packed
            for _ in range(entry[2] if len(entry) > 2 else 1)]


# Random fields

def check_even(values, low, high, what):
    outside = [v for v in values if not low <= v <= high]
    holds(not outside, "%s: %s not in %s..%s" % (what, outside[:3], low, high))
    holds(len(set(values)) > 1, "%s is %s in every packet" % (what, values[0]))
    mean, spread = sum(values) / len(values), (high - low + 1) / (12 * len(values)) ** 0.5
    holds(abs(mean - (low + high) / 2) < 6 * spread, "%s: mean %.1f of draws from %d..%d" % (
        what, mean, low, high))


def check_mix(lengths, shares):
    n = len(lengths)
    equal(sorted(set(lengths) - set(shares)), [], "lengths that are none of the mix")
    for length, share in shares.items():
        got, sigma = lengths.count(length), (n * share * (1 - share)) ** 0.5
        holds(abs(got - n * share) < 6 * sigma, "%d of %d packets have %d bytes" % (got, n, length))


def check_flows(name, found):
    """Destinations change only where a flow begins."""
    values = [f["daddr"] for f in found]
    if name == "flows_seq_rnd_dst":  # four packets of a flow, then the next
        for i in range(0, len(values), 4):
            equal(len(set(values[i:i + 4])), 1, "destinations of packets %d to %d" % (i, i + 3))
    if name == "flows_rnd":  # walks on for each that begins; the first is min + 1
        greatest = ip4("10.0.0.1")
        for value in values:
            holds(ip4("10.0.0.1") < value <= greatest + 1, "a destination is left out")
            greatest = max(greatest, value)
        holds(ip4("10.0.0.5") <= greatest < ip4("10.0.0.1") + len(values),
              "%d flows began" % (greatest - ip4("10.0.0.1")))


def check_fields(record, got, want):
    """Frame by frame; drawn fields by range. Sums over the UDP checksum were
    checked when the frames were settled."""
    name = record["name"]
    found, recorded = [fields_of(f) for f in got], [fields_of(f) for f in want]
    drawn = dict(DRAWS.get(name, {}))
    for field, (low, high) in drawn.items():
        check_even([f[field] & ~(0x100 if "label" in field and low == 0 else 0) for f in found],
                   low, high, field)
    if name in MIXES:
        check_mix([f["len"] for f in found], MIXES[name])
        drawn["len"] = None
    if name == "flows_rnd":
        drawn["daddr"] = None
    check_flows(name, found)
    for i, (one, other) in enumerate(zip(found, recorded)):
        for field in sorted(set(one) | set(other)):
            if field not in drawn:
                equal(one.get(field), other.get(field), "packet %d: %s" % (i + 1, field))


# The capture

class Capture:
    """A packet socket; tags that the kernel keeps beside a frame are put back."""

    def __init__(self, name):
        self.name, self.got = name, []
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind((name, 3))

    @staticmethod
    def with_tag(data, extra):
        for level, kind, value in extra:
            if (level, kind) != (SOL_PACKET, PACKET_AUXDATA):
                continue
            status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", value[:20])
            if status & VLAN_VALID:
                tpid = tpid if status & TPID_VALID else 0x8100
                return data[:12] + struct.pack(">HH", tpid, tci) + data[12:]
        return data

    def take(self, n):
        """Waits for n frames, then until no more come."""
        end = time.monotonic() + LIMIT_S
        while select.select([self.socket], [], [], QUIET_S)[0] or len(self.got) < n:
            if time.monotonic() > end:
                break
            if not select.select([self.socket], [], [], 0)[0]:
                continue
            data, extra, _, where = self.socket.recvmsg(70000, 256)
            self.got.append((self.with_tag(data, extra), where[2]))
        return self.got


# The server and its files

class Server:
    def __init__(self, *options):
        os.mkdir("proc")
        self.process = start("serve", "--mount", "proc", "--seed", 7, *options)
        line = self.process.stdout.readline()
        if not line.startswith("serving proc/net/pktgen"):
            status, _, err = finish(self.process)
            if "FUSE" in err or "fuse" in err:
                raise Skip(err.strip().splitlines()[-1])
            raise AssertionError("serve ended with %d: %s%s" % (status, line, err))
        self.dir = "proc/net/pktgen"
        self.threads = sorted((f for f in os.listdir(self.dir) if f.startswith("kpktgend_")),
                              key=lambda f: int(f[9:]))

    def write(self, file, text):
        """0, or the errno's name. A write that does not end is an error."""
        answer = []

        def do():
            try:
                fd = os.open(os.path.join(self.dir, file), os.O_WRONLY)
                try:
                    data = text.encode("latin-1")
                    equal(os.write(fd, data), len(data), "bytes taken of %r" % text)
                    answer.append(0)
                finally:
                    os.close(fd)
            except OSError as error:
                answer.append(error)
            except AssertionError as error:
                answer.append(error)
        thread = threading.Thread(target=do, daemon=True)
        thread.start()
        thread.join(LIMIT_S)
        holds(answer, "%s: a write of %r does not end:\n%s" % (file, text, self.texts()))
        if isinstance(answer[0], AssertionError):
            raise answer[0]
        return answer[0] and errno_name(answer[0])

    def tell(self, file, text):
        equal(self.write(file, text), 0, "%s: %r" % (file, text))

    def read(self, file):
        with open(os.path.join(self.dir, file), encoding="latin-1") as f:
            return f.read()

    def texts(self):
        return "".join(self.read(f) for f in os.listdir(self.dir)
                       if not f.startswith(("pgctrl", "kpktgend_")))

    def add(self, word):
        thread = int(word.split("@")[1]) if "@" in word else 0
        if thread >= len(self.threads):
            raise Skip("needs %d CPUs" % (thread + 1))
        self.tell(self.threads[thread], "add_device %s\n" % word)

    def end(self):
        self.process.terminate()
        status, _, err = finish(self.process)
        equal(status, 0, "status of serve (%s)" % err)


def errno_name(error):
    name = errno.errorcode[error.errno]
    return "EOPNOTSUPP" if name == "ENOTSUP" else name  # one number, two names


# Links

def make_link(name):
    mac, address, peer, queues = LINKS[name]
    quiet_stack()
    if peer is None:
        raise AssertionError("no veth: " + name)
    sh("ip", "link", "add", name, "address", mac, "numtxqueues", str(queues), "numrxqueues",
       str(queues), "type", "veth", "peer", "name", peer, "address", MAC1, "numtxqueues",
       str(queues), "numrxqueues", str(queues))
    for end in (name, peer):
        sh("ip", "link", "set", end, "addrgenmode", "none", "arp", "off", "up")
    sh("ip", "addr", "add", address + "/24", "dev", name)
    wait_until(lambda: all("LOWER_UP" in link_facts(x)["flags"] for x in (name, peer)),
               "carrier of %s and %s" % (name, peer))


def has_dummy():
    mac, address, _, _ = LINKS["dummy0"]
    quiet_stack()
    made = subprocess.run(["ip", "link", "add", "dummy0", "address", mac, "type", "dummy"],
                          capture_output=True)
    if made.returncode:
        return False
    sh("ip", "link", "set", "dummy0", "addrgenmode", "none", "up")
    sh("ip", "addr", "add", address + "/24", "dev", "dummy0")
    return True


# A stream

def settled(record, raw, began):
    """Frames without time stamps, which must be of this run, and with the right
    UDP checksum if they have one."""
    has_stamp = not has(record, NO_TIMESTAMP, NO_TIMESTAMP.replace(" ", "="))
    kept = []
    for frame in raw:
        if make_packets.transformed(frame):  # IPsec: compared as it is
            kept.append(frame)
            continue
        frame = bytearray(frame)
        l4 = make_packets.network_offset(frame)
        l4 += 20 if frame[l4] >> 4 == 4 else 40
        sec, usec = struct.unpack(">II", frame[l4 + 16:l4 + 24])
        if has_stamp:
            holds(began - 1 <= sec + usec / 1e6 <= time.time() + 1 and usec < 10**6,
                  "time stamp %d.%06d" % (sec, usec))
        else:
            equal((sec, usec), (0, 0), "time stamp")
        kept.append(make_packets.settle(frame)[0])
        csum = int.from_bytes(frame[l4 + 6:l4 + 8], "big")
        if csum:
            equal(csum, make_packets.udp_checksums(frame, make_packets.network_offset(frame))[2],
                  "UDP checksum")
    return kept


def compare_heads(got, heads, where):
    """Of frames that are encrypted or signed over the time: length and beginning."""
    equal(len(got), len(heads), "frames at " + where)
    for i, (frame, (length, head)) in enumerate(zip(got, heads)):
        equal((len(frame), frame.hex()[:len(head)]), (length, head), "frame %d at %s" % (
            i + 1, where))


def compare_frames(record, got, want, where):
    if record.get("heads"):
        compare_heads(got, want, where)
        return
    equal(len(got), len(want), "frames at " + where)
    if record["name"] in DRAWS or record["name"] in MIXES or record["name"] == "flows_rnd":
        check_fields(record, got, want)
        return
    if record["name"] == "same_device_two_threads":  # each has its order, together they have none
        got, want = (sorted(f, key=lambda x: fields_of(x)["sport"]) for f in (got, want))
    for i, (one, other) in enumerate(zip(got, want)):
        equal(one.hex(), other.hex(), "frame %d at %s" % (i + 1, where))


def as_regex(pattern, threads):
    """The text of a pattern, and the ranges of its groups."""
    ranges, regex = [], ""
    for part in re.split(r"(<[^>]*>)", pattern):
        if part == "<*>":
            regex += r"\S+"
        elif part.startswith("<cpu"):
            thread, queues = part[1:-1].split()[1:]
            regex += "%d" % (int(threads[int(thread)][9:]) % int(queues))
        elif part.startswith("<"):
            regex += r"([\d.]+)"
            ranges.append(part[1:-1].split(".."))
        else:
            regex += re.escape(part)
    return regex, ranges


def value(text):
    return ip4(text) if "." in text else int(text)


def compare_show(got, want, threads):
    for one, other in zip(got.splitlines() + [""], want.splitlines() + [""]):
        regex, ranges = as_regex(other, threads)
        match = re.fullmatch(regex, one)
        holds(match, "text: %r, recorded %r" % (one, other))
        for found, (low, high) in zip(match.groups(), ranges):
            holds(value(low) <= value(found) and (not high or value(found) <= value(high)),
                  "text: %r, recorded %r" % (one, other))
    equal(len(got.splitlines()), len(want.splitlines()), "lines of the text")


def sending(record):
    """The words that stand for devices, in order."""
    words = []
    for file, _, _ in record["commands"]:
        if file != "pgctrl" and file not in words:
            words.append(file)
    return words


def captures_of(record):
    """Interfaces to listen on, with the frames that must come there."""
    frames_at = record.get("heads") or {name: unpack(packed)
                                        for name, packed in record["frames"].items()}
    if "machine" in record:  # of streams.jsonl, which names them so
        return frames_at
    return {LINKS[name][2] or name: want for name, want in frames_at.items()}


def set_up(server, record):
    for word in sending(record):
        server.add(word)
    for file, text, code in record["commands"]:
        if file != "pgctrl":
            equal(server.write(file, text), code, "%s: %r" % (file, text))
        else:
            server.tell(file, text)


def check_shows(server, record):
    for word, want in record.get("show", {}).items():
        got = make_packets.settle_show(server.read(word))
        if has(record, UNCOUNTED) and " errors: 0\n" in got:
            want = re.sub(r"errors: \d+", "errors: 0", want)
        compare_show(got, want, server.threads)


def send_on_links(record):
    """On interfaces of this kernel, captured at their far ends or at themselves."""
    for name in {word.split("@")[0] for word in sending(record)} - {"dummy0"}:
        make_link(name)
    listeners = {name: Capture(name) for name in captures_of(record)}
    is_direct = not has(record, "xmit_mode ")
    near = {word.split("@")[0] for word in sending(record)} - set(listeners)
    taps = [Capture(name) for name in near] if is_direct else []
    server = Server(*sa_options(record))
    began = time.time()
    set_up(server, record)
    for name, want in captures_of(record).items():
        raw = listeners[name].take(len(want))
        for _, kind in raw:
            equal(kind == OUTGOING, name in near_names(record) and not has(record, UNCOUNTED),
                  "frames at %s are going out" % name)
        compare_frames(record, settled(record, [f for f, _ in raw], began), want, name)
    for tap in taps:
        equal(len(tap.take(0)), 0, "frames that a tap on %s saw of start_xmit" % tap.name)
    check_shows(server, record)
    server.end()


def near_names(record):
    return {word.split("@")[0] for word in sending(record)}


def sa_options(record):
    """Security associations of the record, as `ip xfrm state` has them."""
    if "sa" not in record:
        return []
    with open("associations", "w") as f:
        f.write(record["sa"] if isinstance(record["sa"], str) else "\n".join(record["sa"]) + "\n")
    return ["--sa", "associations"]


def send_to_file(record, name):
    """On a device that shares buffers, as none of this kernel does: a capture
    file. It has no address: the source is given, and shows in its line."""
    server = Server("--device", "%s=pcap:out.pcap" % name)
    began = time.time()
    server.add(name)
    mac, address = LINKS[name][:2]
    server.tell(name, "src_mac %s\n" % mac)
    server.tell(name, "src_min %s\n" % address)
    for file, text, code in record["commands"]:
        equal(server.write(file, text), code, "%s: %r" % (file, text))
    for word, want in record.get("show", {}).items():
        got = make_packets.settle_show(server.read(word)).replace(
            "src_min: %s  src_max: " % address, "src_min:   src_max: ")
        compare_show(got, want, server.threads)
    server.end()
    for where, packed in record["frames"].items():
        got = settled(record, [f for _, f in frames("out.pcap")], began)
        compare_frames(record, got, unpack(packed), where)


def send(record):
    name = record["name"]
    if name in NOT_SENT:
        raise Skip(NOT_SENT[name])
    devices = near_names(record)
    needs_sharing = has(record, "clone_skb ", "burst ") and not has(record, "xmit_mode netif")
    if "dummy0" in devices and not has_dummy():
        if has(record, "xmit_mode ", "skb_priority ") or record["frames"].get("dummy0") == []:
            raise Skip("this kernel has no dummy device")
        send_to_file(record, "dummy0")
    elif "eth0" in devices and needs_sharing:
        send_to_file(record, "eth0")
    else:
        send_on_links(record)


def register(record):
    def stream():
        send(record)
    stream.__name__ = record["name"]
    stream.__doc__ = record["name"]
    case(stream)


@case
def files_are_the_owners():
    """files: 0600, of size 0, in a directory 0555"""
    server = Server()
    equal(os.stat(server.dir).st_mode & 0o7777, 0o555, "mode of the directory")
    for name in os.listdir(server.dir):
        facts = os.stat(os.path.join(server.dir, name))
        equal((facts.st_mode & 0o7777, facts.st_size, facts.st_uid), (0o600, 0, os.getuid()), name)
    server.end()


for one_record in load("packets.jsonl") + load("streams.jsonl"):
    register(one_record)

if __name__ == "__main__":
    main()

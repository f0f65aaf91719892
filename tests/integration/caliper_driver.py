# SPDX-License-Identifier: BSD-2-Clause
"""A Caliper driver that is pretended: it speaks the NetLink protocol of
include/vernier/caliper.h and copies every packet to a card that is not there,
at once. What is written here comes from that header, not from the code."""
import errno
import os
import select
import socket
import struct
import threading

DATA, CONTROL = 0x4E463200, 0x4E463280
(HELLO, HELLO_ACK, PKTS, MARK, MARK_HIT, RESET, RESET_DONE, STATS_GET, STATS, SUBSCRIBE, EVENTS,
 CANCEL, CANCEL_DONE, POLICY, CLOCK) = range(0x20, 0x2f)
NLMSG_ERROR, ACK = 2, 4
ABSOLUTE, CATCHUP, REPORT = 1, 4, 8
RX, DEPARTED = 1, 2
COUNTERS = 28


def message(kind, seq=0, body=b"", count=0, card=0, flags=0, nl_flags=0, version=1):
    return struct.pack("=IHHIIBBHI", 24 + len(body), kind, nl_flags, seq, 0, version, card, flags,
                       count) + body


def error(code, seq, kind):
    return struct.pack("=IHHIIiIHHII", 36, NLMSG_ERROR, 0, seq, 0, code, 24, kind, 0, seq, 0)


def event(kind, cookie=0, snap=b"", length=60, card_ns=0, extra=0):
    return struct.pack("=QHHIHHI", card_ns, kind, length, cookie, len(snap), 0, extra) + snap + \
        bytes(-len(snap) % 8)


class Packet:
    """A descriptor and its data."""

    def __init__(self, body, at):
        (self.time_ns, self.flags, self.payload_len, data_len, self.kind, self.ttl, self.src_ip,
         self.dst_ip, self.src_port, self.dst_port, self.dst_mac, self.src_mac, self.cookie,
         self.vlan_tci, self.tos, _) = struct.unpack_from("=QHHHBB4s4s2s2s6s6sIHBB", body, at)
        self.data = body[at + 48:at + 48 + data_len]
        self.end = at + 48 + (data_len + 7) // 8 * 8


class Driver(threading.Thread):
    """Answers in a thread of its own until it is closed.

    on_packets(driver, client, packets) says with which errno they are refused."""

    def __init__(self, card=0, run=1, on_packets=None, reads_data=True, holds_marks=False):
        super().__init__(daemon=True)
        self.card, self.run_id, self.on_packets = card, run, on_packets
        self.reads_data, self.holds_marks = reads_data, holds_marks
        self.packets, self.marks, self.clients, self.policies = [], [], set(), []
        self.cancelled = lambda first, last: 0
        self.failure = None
        self.data, self.control = self._socket(DATA), self._socket(CONTROL)
        self._end, self._wake = os.pipe()
        self.start()

    def _socket(self, port):
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 2)
        s.bind((port + self.card, 0))
        return s

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        if self.failure:
            raise self.failure

    def close(self):
        """Goes as a process does that is killed: without a word."""
        if self.is_alive():
            os.write(self._wake, b"x")
            self.join()
        for s in (self.data, self.control):
            s.close()

    def tell(self, client, *messages):
        try:
            self.control.sendto(b"".join(messages), (client, 0))
        except ConnectionRefusedError:
            pass  # who is gone is not told

    def tell_events(self, client, *events, lost=0):
        self.tell(client, message(EVENTS, body=struct.pack("=Q", lost) + b"".join(events),
                                  count=len(events), card=self.card))

    def hit(self, client, seq, status=0):
        self.tell(client, message(MARK_HIT, seq, struct.pack("=QII", 1000, status, 5),
                                  card=self.card))

    def run(self):
        try:
            while True:
                watched = [self._end, self.control] + ([self.data] if self.reads_data else [])
                ready = select.select(watched, [], [])[0]
                if self._end in ready:
                    return
                for s in ready:
                    self._datagram(s, *s.recvfrom(65536))
        except Exception as failure:  # told at the end, by who has begun it
            self.failure = failure

    def _datagram(self, s, bytes_, sender):
        client, at = sender[0], 0
        self.clients.add(client)
        while at + 16 <= len(bytes_):
            length, kind, nl_flags, seq, _ = struct.unpack_from("=IHHII", bytes_, at)
            version, card, flags, count = struct.unpack_from("=BBHI", bytes_, at + 16)
            assert (version, card) == (1, self.card), (version, card)
            assert (kind in (PKTS, MARK)) == (s is self.data), kind
            body = bytes_[at + 24:at + length]
            self._message(client, kind, nl_flags, seq, flags, count, body)
            at += (length + 3) & ~3
        assert at == len(bytes_), (at, len(bytes_))

    def _message(self, client, kind, nl_flags, seq, flags, count, body):
        if kind == PKTS:
            self._take_packets(client, seq, count, body)
        elif kind == MARK:
            self.marks.append((client, seq, flags))
            if not self.holds_marks:
                self.hit(client, seq)
        elif kind == POLICY:
            self.policies.append((flags, count, body))
        reply = self._reply(kind, body)
        if reply:
            self.tell(client, message(*reply[:1], seq, *reply[1:], card=self.card))
        elif nl_flags & ACK:
            self.tell(client, error(0, seq, kind))

    def _reply(self, kind, body):
        if kind == HELLO:
            return HELLO_ACK, struct.pack("=6I16s6sH", 1, 64, 16, 8, 1514, 2, b"nf2c0",
                                          b"\2NF2C\0", self.run_id)
        if kind == CANCEL:
            return CANCEL_DONE, struct.pack("=QQ", self.cancelled(*struct.unpack("=II", body)), 0)
        if kind == CLOCK:
            return CLOCK, struct.pack("=QQQ", 5000000, 6000000, 100)
        if kind == STATS_GET:
            return STATS, struct.pack("=%dQ" % COUNTERS, *range(COUNTERS)), COUNTERS
        if kind == RESET:
            return RESET_DONE, struct.pack("=Q", 77)
        return None

    def _take_packets(self, client, seq, count, body):
        packets, at = [], 0
        for _ in range(count):
            packets.append(Packet(body, at))
            at = packets[-1].end
        assert at == len(body), (at, len(body))
        refusal = self.on_packets(self, client, packets) if self.on_packets else None
        if refusal:
            self.tell(client, error(-refusal, seq, PKTS))
        else:
            self.packets += packets


DOWN = errno.ENETDOWN

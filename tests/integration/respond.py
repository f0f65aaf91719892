#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""vernier recv --respond, judged by the programs that people ask networks with:
ping, arping, fping, ndisc6 and the kernel's own search for duplicates. Over a
TAP interface, whose far end the driver is, and over a cable to an interface
that has no address."""
import fcntl
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import threading

import jsonschema

from harness import (MAC0, MAC1, TOP, VERNIER, Skip, Terminal, case, equal, finish, frames, holds,
                     json_lines, link_facts, main, receivers, sh, start, vernier, wait_until)

TUN, TUNSETIFF, TAP_NO_PI = "/dev/net/tun", 0x400454CA, 0x1002
SOL_PACKET, PACKET_AUXDATA, PACKET_VNET_HDR = 263, 8, 15  # linux/if_packet.h
ADDRESSES = ["--respond", "10.0.0.2", "--respond", "10.0.0.128/25", "--respond", "fd00::2",
             "--respond", "fd00::1:0/112"]


# Cables: near is the kernel's end, with addresses; far is ours

class Cable:
    def __init__(self, near, far, driver, mac):
        self.near, self.far, self.driver, self.mac = near, far, driver, mac


def give_addresses(link):
    sh("ip", "addr", "add", "10.0.0.1/24", "dev", link)
    sh("ip", "addr", "add", "fd00::1/64", "dev", link, "nodad")


def tap_cable():
    if not os.access(TUN, os.R_OK | os.W_OK):
        raise Skip("no " + TUN)
    sh("ip", "tuntap", "add", "vt0", "mode", "tap")
    sh("ip", "link", "set", "vt0", "address", MAC0, "addrgenmode", "none", "up")
    give_addresses("vt0")
    return Cable("vt0", "vt0", "tap", "02:00:00:00:00:00")


def veth_cable():
    sh("ip", "link", "add", "vn0", "address", MAC0, "type", "veth", "peer", "name", "vn1",
       "address", MAC1)
    for link in ("vn0", "vn1"):
        sh("ip", "link", "set", link, "addrgenmode", "none", "up")
    give_addresses("vn0")
    return Cable("vn0", "vn1", "afpacket", MAC1)


def on_both(function):
    """Registers a case for each kind of cable."""
    for kind in (tap_cable, veth_cable):
        def run(kind=kind):
            function(kind())
        run.__name__ = function.__name__ + "_over_" + kind.__name__[:-len("_cable")]
        case(run)


def readiness(cable, others=0):
    """Whether somebody receives at the far end, beside so many other packet sockets."""
    if cable.driver == "afpacket":
        return lambda: receivers() > others
    return lambda: "LOWER_UP" in link_facts(cable.near)["flags"]


class Responder:
    """`vernier recv --respond` at the far end of a cable; ended by SIGINT."""

    def __init__(self, cable, *words):
        others = receivers()
        self.path = "%s.json" % cable.far
        self.process = start("recv", cable.far, "--driver", cable.driver, "--quiet", "--json",
                             self.path, *(words or ADDRESSES))
        self.is_ready = readiness(cable, others)

    def __enter__(self):
        wait_until(lambda: self.is_ready() or self.process.poll() is not None, "it receives")
        equal(self.process.poll(), None, "status of the responder")
        return self

    def __exit__(self, kind, *_):
        if kind is None and self.process.returncode is None:
            self.end()

    def end(self):
        """Its counters. What it did not answer when this is called it never will."""
        self.process.send_signal(signal.SIGINT)
        equal(finish(self.process), (0, "", ""), "status, output and errors")
        return counts(self.path)


def counts(path):
    with open(os.path.join(TOP, "docs/run.schema.json")) as f:
        schema = json.load(f)
    lines = json_lines(path)
    for line in lines:
        jsonschema.validate(line, schema)
    got = lines[-1]["receiver"]["responder"]
    equal(sum(got["asked"].values()), sum(got["answered"].values()) + got["unsent"], "asked")
    equal(sum(got["asked"].values()) + sum(got["ignored"].values()),
          lines[-1]["receiver"]["frames"], "frames")
    return got


def says(status, *words):
    """What a command says that must end with this status, within bounds."""
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=60, env={**os.environ, "LC_ALL": "C"})
    text = done.stdout + done.stderr
    equal(done.returncode, status, "status of %s, which said\n%s" % (" ".join(words), text))
    return text


def ping(n, *words):
    """One after the other: for the last of several ping waits only twice as long as for those
    before."""
    for _ in range(n):
        text = says(0, "ping", "-n", "-W", "10", "-c", "1", *words)
        holds(" 1 received, 0% packet loss" in text and "wrong" not in text, text)


def flood(n, *words):
    """Until there are n answers; how many were asked for. One more comes behind all others."""
    text = says(0, "ping", "-n", "-q", "-f", "-w", "50", "-c", str(n), *words)
    sent, received = re.search(r"(\d+) packets transmitted, (\d+) received", text).groups()
    holds(int(received) >= n and "wrong" not in text and "duplicates" not in text, text)
    ping(1, *words)
    return int(sent) + 1


# What people use

@on_both
def pings_of_every_size_come_back(cable):
    sizes4, sizes6 = [0, 1, 56, 57, 1471, 1472], [0, 1, 56, 57, 1451, 1452]
    with Responder(cable) as responder:
        for size4, size6 in zip(sizes4, sizes6):
            ping(3, "-4", "-M", "do", "-p", "a5f0", "-s", str(size4), "10.0.0.2")
            ping(3, "-6", "-M", "do", "-p", "a5f0", "-s", str(size6), "fd00::2")
        got = responder.end()
    equal((got["answered"]["echo"], got["answered"]["echo6"]), (18, 18), "echoes answered")
    holds(got["answered"]["arp"] >= 1 and got["answered"]["nd"] >= 1, "resolved: %s" % got)
    equal(got["unsent"], 0, "unsent")


@on_both
def a_flood_of_pings_comes_back(cable):
    with Responder(cable) as responder:
        asked = flood(500, "10.0.0.2"), flood(500, "-s", "1000", "fd00::2")
        got = responder.end()
    equal((got["answered"]["echo"], got["answered"]["echo6"]), asked, "echoes answered")


@on_both
def a_ping_in_fragments_is_counted_and_not_answered(cable):
    with Responder(cable) as responder:
        says(1, "ping", "-c", "1", "-W", "1", "-s", "2000", "10.0.0.2")
        says(1, "ping", "-c", "1", "-W", "1", "-s", "2000", "fd00::2")
        got = responder.end()
    equal((got["asked"]["echo"], got["asked"]["echo6"], got["ignored"]["fragment"]), (0, 0, 4),
          "echoes and fragments")


@on_both
def arping_finds_each_address_and_its_one_mac(cable):
    with Responder(cable) as responder:
        for address, n in (("10.0.0.2", 2), ("10.0.0.128", 1), ("10.0.0.254", 1)):
            text = says(0, "arping", "-f", "-I", cable.near, "-c", "1", address) if n == 1 else \
                says(0, "arping", "-I", cable.near, "-c", "2", address)
            equal(re.findall(r"reply from (\S+) \[(\S+)\]", text),
                  [(address, cable.mac)] * n, "replies")
        says(1, "arping", "-I", cable.near, "-c", "1", "-w", "1", "10.0.0.3")
        got = responder.end()
    equal(got["answered"]["arp"], 4, "answered")
    holds(got["ignored"]["other_host"] >= 1, "not ours: %s" % got)


@on_both
def a_probe_finds_that_an_address_is_taken(cable):
    with Responder(cable) as responder:
        text = says(1, "arping", "-D", "-I", cable.near, "-c", "1", "-w", "5", "10.0.0.2")
        holds(cable.mac.upper() in text.upper(), text)
        says(0, "arping", "-D", "-I", cable.near, "-c", "1", "-w", "1", "10.0.0.9")
        says(0, "arping", "-U", "-I", cable.near, "-c", "1", "-w", "1", "10.0.0.1")
        got = responder.end()
    equal((got["answered"]["arp"], got["ignored"]["announcement"]), (1, 1), "ARP")


@on_both
def fping_finds_all_hosts_of_a_prefix(cable):
    hosts4 = ["10.0.0.%d" % n for n in range(128, 160)]
    hosts6 = ["fd00::1:%x" % n for n in range(1, 33)]
    with Responder(cable) as responder:
        text = says(0, "fping", "-4", "-a", "-r", "3", "-t", "2000", "-i", "1", *hosts4)
        equal(text.split(), hosts4, "hosts that are alive")
        text = says(0, "fping", "-6", "-a", "-r", "3", "-t", "2000", "-i", "1", *hosts6)
        equal(text.split(), hosts6, "hosts that are alive")
        text = says(1, "fping", "-a", "-r", "0", "-t", "500", "10.0.0.130", "10.0.0.3")
        equal(text.split()[:1], ["10.0.0.130"], "host that is alive")
        got = responder.end()
    holds(got["answered"]["arp"] >= 32 and got["answered"]["nd"] >= 32, "resolved: %s" % got)


@on_both
def ndisc6_is_told_the_mac(cable):
    with Responder(cable) as responder:
        for address in ("fd00::2", "fd00::1:77"):
            text = says(0, "ndisc6", "-q", "-1", address, cable.near)
            equal(text.strip().lower(), cable.mac, "MAC of " + address)
        says(2, "ndisc6", "-q", "-1", "-r", "1", "-w", "500", "fd00::3", cable.near)
        got = responder.end()
    equal((got["answered"]["nd"], got["ignored"]["other_host"]), (2, 1), "solicitations")


@on_both
def the_kernel_finds_that_an_address_is_taken(cable):
    def flags(address):
        found = [a for a in json.loads(sh("ip", "-j", "-6", "addr", "show", "dev",
                                          cable.near))[0]["addr_info"] if a["local"] == address]
        return found[0] if found else {}
    with Responder(cable) as responder:
        for address in ("fd00::2", "fd00::3"):
            sh("ip", "addr", "add", address + "/64", "dev", cable.near)
        wait_until(lambda: flags("fd00::2").get("dadfailed"), "fd00::2 is known to be taken")
        wait_until(lambda: flags("fd00::3") and not flags("fd00::3").get("tentative"),
                   "fd00::3 is known to be free")
        holds(not flags("fd00::3").get("dadfailed"), "fd00::3 is taken")
        got = responder.end()
    equal(got["answered"]["nd"], 1, "solicitations answered")


# VLANs

class Tagger(threading.Thread):
    """What a VLAN device does, for kernels without: an interface whose frames go
    over another one with a tag, and from there without it."""

    def __init__(self, name, link, vlan):
        super().__init__(daemon=True)
        self._tap, self._vlan = os.open(TUN, os.O_RDWR), vlan
        fcntl.ioctl(self._tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), TAP_NO_PI))
        sh("ip", "link", "set", name, "address", "02:00:00:00:00:77", "addrgenmode", "none", "up")
        self._link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self._link.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self._link.bind((link, 3))
        # The frames that it takes are another station's.
        sh("ip", "link", "set", link, "promisc", "on")
        self.start()

    def _from_link(self):
        frame, extra, _, (_, _, kind, _, _) = self._link.recvmsg(65536, 128)
        status, _, _, _, _, tci, _ = struct.unpack("3I4H", extra[0][2])
        if kind != socket.PACKET_OUTGOING and status & 0x10 and tci & 0xfff == self._vlan:
            os.write(self._tap, frame)

    def _from_tap(self):
        frame = os.read(self._tap, 65536)
        self._link.send(frame[:12] + struct.pack(">HH", 0x8100, self._vlan) + frame[12:])

    def run(self):
        while True:
            ready, _, _ = select.select([self._link, self._tap], [], [])
            if self._link in ready:
                self._from_link()
            if self._tap in ready:
                self._from_tap()


def ask_in_vlans(cable, vlans):
    """Each has a network of its own, which its hosts answer in."""
    words = [w for vlan in vlans for w in ("--respond", "10.%d.0.2" % vlan,
                                           "--respond", "fd00:%x::2" % vlan)]
    for vlan, link in vlans.items():
        sh("ip", "addr", "add", "10.%d.0.1/24" % vlan, "dev", link)
        sh("ip", "addr", "add", "fd00:%x::1/64" % vlan, "dev", link, "nodad")
    with Responder(cable, *words) as responder:
        for vlan, link in vlans.items():
            text = says(0, "arping", "-I", link, "-c", "1", "10.%d.0.2" % vlan)
            holds(cable.mac.upper() in text.upper(), text)
            ping(3, "-s", "1472", "-M", "do", "10.%d.0.2" % vlan)
            ping(3, "-s", "1452", "-M", "do", "fd00:%x::2" % vlan)
        got = responder.end()
    equal((got["answered"]["echo"], got["answered"]["echo6"]), (3 * len(vlans), 3 * len(vlans)),
          "echoes answered")


@on_both
def vlans_are_answered_in_the_same(cable):
    if not os.access(TUN, os.R_OK | os.W_OK):
        raise Skip("no " + TUN)
    Tagger("vlan5", cable.near, 5)
    Tagger("vlan6", cable.near, 6)
    ask_in_vlans(cable, {5: "vlan5", 6: "vlan6"})


@on_both
def the_kernels_vlans_are_answered_in_the_same(cable):
    for vlan in ("5", "6"):
        made = subprocess.run(["ip", "link", "add", "link", cable.near, "name", "vlan" + vlan,
                               "type", "vlan", "id", vlan], capture_output=True)
        if made.returncode:
            raise Skip("this kernel has no VLAN devices")
        sh("ip", "link", "set", "vlan" + vlan, "addrgenmode", "none", "up")
    ask_in_vlans(cable, {5: "vlan5", 6: "vlan6"})


# Checksums that the sender leaves to hardware

def csum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total >> 16) + (total & 0xffff)
    return total


def echo_request(cable, is_ipv6, icmp_csum):
    ether = bytes.fromhex((cable.mac + MAC0).replace(":", ""))
    data = struct.pack(">HHHH8s", 128 << 8 if is_ipv6 else 8 << 8, icmp_csum, 0x77, 1, b"vernier!")
    if is_ipv6:
        return ether + struct.pack(">HIHBB", 0x86dd, 6 << 28, len(data), 58, 64) + \
            socket.inet_pton(socket.AF_INET6, "fd00::1") + \
            socket.inet_pton(socket.AF_INET6, "fd00::2") + data
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 1, 0, 64, 1, 0,
                     bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
    ip = ip[:10] + struct.pack(">H", csum(ip) ^ 0xffff) + ip[12:]
    return ether + b"\x08\x00" + ip + data


def pseudo_sum(frame):
    """What the kernel leaves in the field: the sum of ICMPv6's pseudo header."""
    return csum(frame[22:54] + struct.pack(">II", len(frame) - 54, 58))


def next_reply(sock, is_ipv6):
    head, at, kind = (b"\x86\xdd", 54, 129) if is_ipv6 else (b"\x08\x00", 34, 0)
    while True:
        data, (_, _, packet_type, _, _) = sock.recvfrom(65536)
        frame = data[10:]  # behind the header of PACKET_VNET_HDR
        if packet_type != socket.PACKET_OUTGOING and frame[12:14] == head and frame[at] == kind:
            return frame


@on_both
def a_checksum_left_to_hardware_is_no_damage(cable):
    with Responder(cable) as responder:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        sock.bind((cable.near, 3))
        sock.settimeout(20)
        for is_ipv6 in (False, True):
            start_at = 54 if is_ipv6 else 34
            seed = pseudo_sum(echo_request(cable, True, 0)) if is_ipv6 else 0
            frame = echo_request(cable, is_ipv6, seed)
            sock.send(struct.pack("=BBHHHH", 0, 0, 0, 0, 0, 0) + frame)
            sock.send(struct.pack("=BBHHHH", 1, 0, 0, 0, start_at, 2) + frame)
            reply = next_reply(sock, is_ipv6)
            equal(reply[-8:], b"vernier!", "data of the reply")
            total = csum(reply[start_at:]) + (pseudo_sum(reply) if is_ipv6 else 0)
            equal(total % 0xffff, 0, "sum over the reply")
        got = responder.end()
    equal((got["answered"]["echo"], got["answered"]["echo6"], got["ignored"]["checksum"]),
          (1, 1, 2), "echoes, and those of wrong checksum")


# Manners

@on_both
def groups_are_not_answered(cable):
    with Responder(cable) as responder:
        says(1, "ping", "-b", "-c", "2", "-i", "0.2", "-W", "0.3", "10.0.0.255")
        says(1, "ping", "-c", "2", "-i", "0.2", "-W", "0.3", "-I", cable.near, "224.0.0.1")
        says(1, "ping", "-6", "-L", "-c", "2", "-i", "0.2", "-W", "0.3", "-I", cable.near, "ff02::1")
        got = responder.end()
    equal((got["answered"]["echo"], got["answered"]["echo6"], got["ignored"]["group"]), (0, 0, 6),
          "echoes answered, echoes to groups")


@case
def two_responders_leave_each_other_alone():
    cable = veth_cable()
    sh("ip", "addr", "flush", "dev", "vn0")
    everything = ["--respond", "0.0.0.0/0", "--respond", "::/0"]
    with Responder(cable, *everything) as far:
        other = start("recv", "vn0", "--quiet", "--json", "vn0.json", *everything)
        wait_until(lambda: receivers() == 2, "both receive")
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sock.bind(("vn0", 0))
        arp = bytes.fromhex("ff" * 6 + MAC0.replace(":", "") + "08060001080006040001" +
                            MAC0.replace(":", "") + "0a000001" + "00" * 6 + "0a000002")
        for _ in range(10):
            sock.send(arp)
        wait_until(lambda: link_facts("vn0")["stats64"]["rx"]["packets"] >= 10, "ten answers")
        asked = far.end()
        other.send_signal(signal.SIGINT)
        equal(finish(other)[0], 0, "status of the other responder")
    answered = counts("vn0.json")
    equal(asked["answered"]["arp"], 10, "answers of the one")
    equal((answered["ignored"]["answer"], sum(answered["asked"].values())), (10, 0),
          "answers that came to the other, questions")


@on_both
def a_mac_can_be_chosen(cable):
    with Responder(cable, "--respond-mac", "06:aa:bb:cc:dd:ee", "--respond", "10.0.0.2"):
        text = says(0, "arping", "-I", cable.near, "-c", "1", "10.0.0.2")
        equal(re.findall(r"\[(\S+)\]", text), ["06:AA:BB:CC:DD:EE"], "MAC")
        ping(2, "10.0.0.2")


@on_both
def a_list_is_as_good_and_stands_in_the_settings(cable):
    addresses = "10.0.0.2,10.0.0.128/25"
    with Responder(cable, "--respond", addresses, "--respond", "fd00::2", "--respond-mac",
                   "06:AA:bb:cc:dd:ee") as responder:
        ping(1, "10.0.0.2")
        ping(1, "10.0.0.200")
        ping(1, "fd00::2")
        responder.end()
    settings = json_lines(responder.path)[-1]["settings"]
    equal((settings["respond"], settings["respond-mac"]),
          (addresses + ",fd00::2", "06:aa:bb:cc:dd:ee"), "settings")


@on_both
def a_capture_is_written_beside(cable):
    with Responder(cable, "--pcap", "asked.pcap", *ADDRESSES) as responder:
        ping(5, "10.0.0.2")
        got = responder.end()
    echoes = [f for _, f in frames("asked.pcap") if f[12:14] == b"\x08\x00" and f[34] == 8]
    equal((len(echoes), got["answered"]["echo"]), (5, 5), "requests in the capture, answers")


# Ends

@on_both
def a_removed_interface_ends_it_with_an_error(cable):
    with Responder(cable) as responder:
        ping(1, "10.0.0.2")
        sh("ip", "link", "delete", cable.near)
        status, out, err = finish(responder.process)
        equal((status, out), (1, ""), "status and output")
        equal(err, "vernier: recv: %s: receiving failed: No such device\n" % cable.far, "error")
    last = json_lines(responder.path)[-1]
    equal((last["verdict"], last["receiver"]["responder"]["answered"]["echo"]), ("failed", 1),
          "last line")


@on_both
def an_interface_that_was_down_is_answered_on_again(cable):
    with Responder(cable) as responder:
        ping(1, "10.0.0.2")
        sh("ip", "link", "set", cable.far, "down")
        sh("ip", "link", "set", cable.far, "up")
        wait_until(lambda: "LOWER_UP" in link_facts(cable.near)["flags"], "the link is up")
        ping(2, "10.0.0.2")
        got = responder.end()
    equal(got["answered"]["echo"], 3, "answered")


@on_both
def ctrl_c_reports_what_was_asked(cable):
    with Terminal(VERNIER, "recv", cable.far, "--driver", cable.driver, *ADDRESSES) as terminal:
        wait_until(readiness(cable), "it receives")
        ping(3, "10.0.0.2")
        terminal.press_ctrl_c()
        status, out, _ = terminal.finish()
    equal(status, 0, "status")
    holds(re.search(r"^responder: answered 1 of 1 ARP, 0 of 0 ND, 3 of 3 echo, 0 of 0 echo6$", out,
                    re.M), out)


@case
def a_tap_is_made_and_goes_when_it_ends():
    if not os.access(TUN, os.R_OK | os.W_OK):
        raise Skip("no " + TUN)

    def links():
        return [link["ifname"] for link in json.loads(sh("ip", "-j", "link"))]
    process = start("recv", "made0", "--driver", "tap", "--quiet", "--json", "made0.json",
                    "--respond", "10.0.0.2")
    wait_until(lambda: "made0" in links() and "LOWER_UP" in link_facts("made0")["flags"],
               "the interface is up")
    sh("ip", "addr", "add", "10.0.0.1/24", "dev", "made0")
    ping(3, "10.0.0.2")
    err = vernier("recv", "made0", "--driver", "tap", status=1).stderr
    equal(err, "vernier: recv: made0: another program is attached to it\n", "error of a second")
    process.send_signal(signal.SIGINT)
    equal(finish(process), (0, "", ""), "status, output and errors")
    equal(counts("made0.json")["answered"]["echo"], 3, "echoes answered")
    holds("made0" not in links(), "the interface is still there")


@case
def a_found_tap_stays():
    cable = tap_cable()
    before = link_facts(cable.near)["address"], link_facts(cable.near)["ifindex"]
    for _ in range(2):
        with Responder(cable):
            ping(1, "10.0.0.2")
        equal((link_facts(cable.near)["address"], link_facts(cable.near)["ifindex"]), before,
              "MAC and number of the interface")


@case
def a_machine_without_taps_is_told():
    sh("mount", "-t", "tmpfs", "none", "/dev/net")
    err = vernier("recv", "t0", "--driver", "tap", status=1).stderr
    equal(err, "vernier: recv: t0: no /dev/net/tun: the kernel has no TAP interfaces "
          "(modprobe tun)\n", "error")


@case
def what_cannot_be_answered_for_is_refused():
    veth_cable()
    for words, text in (
            (["--respond", "10.0.0.1/24"], "--respond: 10.0.0.1/24 has bits behind its prefix"),
            (["--respond", "10.0.0"], "--respond: '10.0.0' is not accepted (an address, as "),
            (["--respond", "10.0.0.2,"], "--respond: '' is not accepted"),
            (["--respond", "10.0.0.2,fd00::/" + "0" * 99], "0...' is longer than any address"),
            (["--respond", "ff02::1"], "--respond: ff02::1 is no address that a host can have"),
            (["--respond-mac", "02:00:00:00:00:09"], "--respond-mac: needs --respond"),
            (["--respond", "10.0.0.2", "--respond-mac", "03:00:00:00:00:09"],
             "--respond-mac: '03:00:00:00:00:09' is not accepted"),
            (["--really-on", "vn1"], "--really-on: needs --respond"),
    ):
        err = vernier("recv", "vn1", *words, status=2).stderr
        holds(text in err, "%s: %s" % (words, err))


@case
def the_way_out_is_answered_on_only_when_said_twice():
    cable = veth_cable()
    sh("ip", "addr", "add", "10.9.0.1/24", "dev", "vn1")
    sh("ip", "route", "add", "default", "via", "10.9.0.2", "dev", "vn1")
    err = vernier("recv", "vn1", "--respond", "10.0.0.2", status=1).stderr
    equal(err, "vernier: recv: vn1 holds the default route (--really-on vn1 if you mean it)\n",
          "error")
    with Responder(cable, "--really-on", "vn1", "--respond", "10.0.0.2") as responder:
        says(0, "arping", "-I", "vn0", "-c", "1", "10.0.0.2")
        holds(responder.end()["answered"]["arp"] >= 1, "ARP is answered")


main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's sample scripts, byte for byte as Debian ships them, on our files.

Every script with every option: what arrives at the other end of the cable is
what the script was told to send. A veth cannot share packets, so there a script
that asks for clones or bursts must fail, as it does with the kernel's pktgen; a
capture file as device takes both, and shows the packets with exact times."""
import collections
import ipaddress
import os
import re
import socket
import struct
import subprocess
import tempfile
import time

from harness import (IS_ROOT, MAC0, MAC1, VERNIER, Skip, Tap, Terminal, case, equal, frames, holds,
                     main, rx_packets, sh, veth, wait_until)

ARCHIVE = "/usr/src/linux-source-6.1.tar.xz"
INSIDE = "linux-source-6.1/samples/pktgen"
CLOCK_SLACK_NS = 50000  # between two readings of the wall clock against the other
NO_MAC = "90:e2:ba:ff:ff:ff"  # where the scripts send by default

# What differs between the scripts. without: options that have no effect there.
Script = collections.namedtuple("Script", "file sources without burst")
SCRIPTS = {
    "01": Script("pktgen_sample01_simple.sh", range(9, 109), "tfb", 1),
    "02": Script("pktgen_sample02_multiqueue.sh", range(9, 109), "b", 1),
    "03": Script("pktgen_sample03_burst_single_flow.sh", range(9, 10), "", 32),
    "04": Script("pktgen_sample04_many_flows.sh", range(9, 10), "", 1),
    "05": Script("pktgen_sample05_flow_per_thread.sh", range(9, 10), "", 32),
    "06": Script("pktgen_sample06_numa_awared_queue_irq_affinity.sh", range(9, 109), "b", 1),
    "netif_receive": Script("pktgen_bench_xmit_mode_netif_receive.sh", range(9, 10), "ck", 1024),
    "queue_xmit": Script("pktgen_bench_xmit_mode_queue_xmit.sh", range(9, 10), "ck", 1),
}

folder = None  # of the scripts


# Packets

Packet = collections.namedtuple("Packet", "time dst_mac src_mac src dst sport dport checksum size "
                                "seq stamp")


def ones_sum(data):
    total = sum(struct.unpack("!%dH" % ((len(data) + 1) // 2), data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def parse(stamp, frame):
    """A packet of pktgen; checksum: None not given, else whether it is right."""
    kind = struct.unpack_from("!H", frame, 12)[0]
    at, addresses = (34, frame[26:34]) if kind == 0x0800 else (54, frame[22:54])
    half = len(addresses) // 2
    sport, dport, length, checksum = struct.unpack_from("!4H", frame, at)
    magic, seq, sec, usec = struct.unpack_from("!4I", frame, at + 8)
    equal((kind in (0x0800, 0x86dd), magic), (True, 0xbe9be955), "type, magic of a packet")
    equal(at + length, len(frame), "end of the UDP payload")
    pseudo = addresses + struct.pack("!HH", 17, length)
    return Packet(stamp, frame[:6].hex(":"), frame[6:12].hex(":"),
                  ipaddress.ip_address(addresses[:half]), ipaddress.ip_address(addresses[half:]),
                  sport, dport, ones_sum(pseudo + frame[at:]) == 0xffff if checksum else None,
                  len(frame), seq, (sec, usec))


# Running

Run = collections.namedtuple("Run", "status out err packets kinds")


def words_of(options):
    """{"s": 60, "k": True} as a script takes them; it is silent before -v."""
    words = []
    for letter, value in sorted(options.items(), key=lambda o: o[0] != "v"):
        words += ["-" + letter] if value is True else ["-" + letter, str(value)]
    return words


def command(name, device, options, at_start=()):
    return [VERNIER, "exec", *at_start, "--", "./" + SCRIPTS[name].file, "-i", device,
            *words_of(options)]


def scripts_env(**more):
    """Without what a script would take for an option."""
    env = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}
    return {**env, "LC_ALL": "C", **more}


def run(name, options, *, device="vn0", at_start=(), tap=None, expected=0, env=None):
    done = subprocess.run(command(name, device, options, at_start), cwd=folder, timeout=40,
                          env=scripts_env(**(env or {})), capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    taken = tap.take(expected) if tap and done.returncode == 0 else []
    return Run(done.returncode, done.stdout, done.stderr,
               [parse(stamp, frame) for stamp, _, frame in taken], {kind for _, kind, _ in taken})


def results(out):
    """{device: (usec, packets, size, errors)} as the script printed them."""
    found, device = {}, None
    for line in out.splitlines():
        named = re.match(r"(?:Device|Result device): (\S+)$", line)
        first = re.match(r"Result: OK: (\d+)\(c\d+\+d\d+\) usec, (\d+) \((\d+)byte,-?\d+frags\)",
                         line)
        second = re.match(r"  \d+pps \d+Mb/sec \(\d+bps\) errors: (\d+)$", line)
        if named:
            device = named[1]
        elif first:
            found[device] = tuple(map(int, first.groups()))
        elif second:
            found[device] += (int(second[1]),)
    return found


# What must arrive

def threads_of(name, options):
    if "t" in SCRIPTS[name].without:
        return [0]
    first = options.get("f", 0)
    return list(range(first, first + options.get("t", 1)))


def copies_of(name, options):
    """How often each packet that was built is sent."""
    burst = 1 if "b" in SCRIPTS[name].without else options.get("b", SCRIPTS[name].burst) or 1
    clones = 0 if "c" in SCRIPTS[name].without else options.get("c", 0)
    return burst * max(clones, 1), burst


def sent_by_thread(name, options):
    _, burst = copies_of(name, options)
    return -(-options["n"] // burst) * burst


def destinations(name, options, n):
    """The destination of each packet of one thread, None for a random one."""
    text = options.get("d", "FD00::1" if "6" in options else "198.18.0.42")
    net = ipaddress.ip_network(text, strict=False)
    if "6" in options:
        return net, [net[0] if net.num_addresses == 1 else None] * n
    copies, _ = copies_of(name, options)
    built = copies if name != "04" else copies * 10  # a flow keeps its destination
    walk = net.num_addresses
    return net, [net[(i // built + 1) % walk] for i in range(n)]


def check_addresses(name, options, packets):
    """Source and destination; packets are of one thread."""
    net, exact = destinations(name, options, len(packets))
    for p, want in zip(packets, exact):
        holds(p.dst in net, "destination %s is not in %s" % (p.dst, net))
        equal(p.dst, want or p.dst, "destination of packet %d" % p.seq)
    if None in exact and len(packets) // copies_of(name, options)[0] >= 100:
        holds(len({p.dst for p in packets}) > 20, "random destinations hardly vary")
    if "6" not in options and name == "04":
        sources = {p.src for p in packets}
        holds(all(s in ipaddress.ip_network("198.18.0.0/15") for s in sources), "source range")
        holds(len(packets) < 50 or len(sources) > len(packets) // 4 //
              copies_of(name, options)[0], "%d sources only" % len(sources))


def check_ports(name, options, packets):
    sources = SCRIPTS[name].sources
    low, _, high = str(options.get("p", "9")).partition("-")
    ports = range(int(low), max(int(high or low), int(low) + 1))  # the upper end is left out
    for p in packets:
        holds(p.sport in sources and p.dport in ports, "ports %d, %d" % (p.sport, p.dport))
    if len(packets) < 200 or copies_of(name, options)[0] > 1:
        return
    for drawn, whole in ((p.sport for p in packets), sources), ((p.dport for p in packets), ports):
        drawn = list(drawn)
        holds(len(set(drawn)) > 0.7 * len(whole), "%d of %d ports" % (len(set(drawn)), len(whole)))
        holds(len(whole) == 1 or drawn != sorted(drawn), "ports walk, they are not drawn")


def check_each(name, options, packets):
    """What does not depend on the order."""
    is_summed = "k" in options and "k" not in SCRIPTS[name].without
    least = 78 if "6" in options else 58
    for p in packets:
        equal((p.dst_mac, p.size, p.stamp, p.checksum),
              (options.get("m", NO_MAC), max(options.get("s", 60), least), (0, 0),
               True if is_summed else None), "MAC, size, time stamp, checksum of %d" % p.seq)
    check_ports(name, options, packets)


def check_sequence(name, options, packets, n_threads):
    """Each thread counts for itself: the numbers of its packets, in order."""
    copies, _ = copies_of(name, options)
    n = sent_by_thread(name, options)
    want = [1 + i // copies * copies for i in range(n)]
    if n_threads == 1:
        equal([p.seq for p in packets], want, "sequence numbers")
        check_addresses(name, options, packets)
    else:
        equal(sorted(p.seq for p in packets), sorted(want * n_threads), "sequence numbers")
    if name == "05" and "6" not in options:
        by_source = collections.defaultdict(list)
        for p in packets:
            by_source[str(p.src)].append(p.seq)
        equal(dict(by_source), {"198.18.%d.1" % (t + 1): want
                                for t in threads_of(name, options)}, "packets by source")


def check_results(name, options, done, device):
    n, (_, burst) = sent_by_thread(name, options), copies_of(name, options)
    names = [device if name == "01" else "%s@%d" % (device, t) for t in threads_of(name, options)]
    got = results(done.out)
    equal({d: v[1:] for d, v in got.items()},
          {d: (n, max(options.get("s", 60), 42), 0) for d in names}, "results printed")
    for usec, *_ in got.values():  # on a first run the first two bursts leave together
        holds(usec * 1000 >= (n // burst - 2) * options.get("w", 0),
              "%d packets in %d us" % (n, usec))


def check(name, options, done, device="vn0"):
    equal(done.status, 0, "status of %s %s (%s)" % (name, options, done.err))
    threads = threads_of(name, options)
    equal(len(done.packets), len(threads) * sent_by_thread(name, options), "packets")
    check_each(name, options, done.packets)
    check_sequence(name, options, done.packets, len(threads))
    check_results(name, options, done, device)
    if options.get("v"):
        holds("INFO : COUNT=%d" % options["n"] in done.err, "-v says nothing: " + done.err)
    if options.get("x"):
        file = device if name == "01" else "%s@%d" % (device, threads[0])
        holds("cmd: count %d > /proc/net/pktgen/%s" % (options["n"], file) in done.out.splitlines(),
              "-x says nothing: " + done.out)


# Sample 06 looks where a card with queues has its interrupts.

CARD_PLACES = ("/sys/class/net", "/proc/irq", "/sys/devices/system/node")

def write_file(path, text):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def make_card(device, interrupts, node="0", is_listed=False):
    """Files of a card with two queues, put over the real ones: the case has its
    mounts for itself. is_listed: in the card's msi_irqs too."""
    for place in CARD_PLACES:
        sh("mount", "-t", "tmpfs", "none", place)
    write_file("/sys/class/net/%s/device/numa_node" % device, node + "\n")
    write_file("/sys/devices/system/node/node0/cpulist", "0-%d\n" % (os.cpu_count() - 1))
    text = "           CPU0       CPU1\n"
    for i, label in enumerate(interrupts):
        write_file("/proc/irq/%d/smp_affinity_list" % (40 + i), "0-1\n")
        text += " %d:          0          0 PCI-MSI %d-edge      %s\n" % (40 + i, i, label)
        if is_listed:
            write_file("/sys/class/net/%s/device/msi_irqs/%d" % (device, 40 + i), "msix\n")
    write_file("interrupts", text)
    sh("mount", "--bind", "interrupts", "/proc/interrupts")


def affinity(irq):
    with open("/proc/irq/%d/smp_affinity_list" % irq) as f:
        return f.read().strip()


# The cases

def two_cpus():
    if len(os.sched_getaffinity(0)) < 2:
        raise Skip("needs two CPUs")


def prepare(name, queues=1):
    """The cable; where the packets of this script are seen, and of what kind."""
    if folder is None:
        raise Skip(ARCHIVE + " is missing (package linux-source-6.1; scripts/setup.sh test)")
    if name == "netif_receive" and not IS_ROOT:
        raise Skip("injecting needs root of the machine")
    veth(queues=queues)
    if name == "06":
        make_card("vn0", ["vn0-rxtx-TxRx-0", "vn0-rxtx-TxRx-1"])
    return "vn0" if name == "netif_receive" else "vn1"


# [options, beside count and what the script needs; letters that must mean something]
EVERY = [
    {},
    {"s": 128},
    {"s": 1514},
    {"s": 20},
    {"d": "10.1.2.3"},
    {"d": "10.9.8.4/29"},
    {"d": "10.9.8.0/24", "n": 600},
    {"6": True},
    {"6": True, "d": "fd00:1::17"},
    {"6": True, "d": "2001:db8::/104", "s": 200, "n": 2000},
    {"m": MAC1},
    {"p": "433"},
    {"p": "433-444", "n": 300},
    {"k": True, "s": 101},
    {"k": True, "6": True},
    {"c": 0},
    {"n": 1},
    {"n": 777},
    {"w": 300000, "n": 40},
    {"v": True},
    {"x": True},
]


def needed(name):
    """Options without which the script does not run on a veth, or not for long."""
    return {"n": 200, **({"m": MAC1} if name == "01" else {}),
            **({"b": 0} if name in ("03", "05") else {}),
            **({"b": 16} if name == "netif_receive" else {})}


def every_option(name):
    seen_on = prepare(name)
    for options in EVERY:
        options = {**needed(name), **options}
        with Tap(seen_on) as tap:
            check(name, options, run(name, options, tap=tap,
                                     expected=sent_by_thread(name, options)))


def both_cpus(name):
    """-t and -f: a thread each, with its own device and its own numbers."""
    two_cpus()
    seen_on = prepare(name)
    for options in ({"t": 2}, {"f": 1}):
        options = {**needed(name), **options}
        threads = len(threads_of(name, options))
        if name == "06" and options.get("f"):
            continue  # counted along the node's CPUs there: a case of its own
        with Tap(seen_on) as tap:
            check(name, options, run(name, options, tap=tap,
                                     expected=threads * sent_by_thread(name, options)))


def clones_and_bursts_to_file(name):
    """On a device that shares packets."""
    prepare(name)
    if name == "06":
        make_card("out", ["out-TxRx-0", "out-TxRx-1"])
    for extra in ({"c": 3}, {"b": 4}, {"c": 3, "b": 4}, {"w": 2000000, "n": 20},
                  {"b": 4, "w": 2000000, "n": 40}):
        if name in ("04", "queue_xmit") and "b" in extra:
            continue
        options = {**needed(name), **extra}
        if name in ("03", "05") and "b" not in extra:
            del options["b"]  # 32, of its own
        path = os.path.abspath("out.pcap")
        done = run(name, options, device="out", at_start=["--device", "out=pcap:" + path])
        done = done._replace(packets=[parse(*f) for f in frames(path)])
        check(name, options, done, "out")


def refused_on_veth(name):
    """The write is refused, the script says so and ends, and nothing was sent."""
    prepare(name)
    default = {k: v for k, v in needed(name).items() if k != "b"}
    refused = []
    if name not in ("netif_receive", "queue_xmit"):
        refused.append(({**needed(name), "c": 5}, 5, "clone_skb 5 > "))
    if name in ("03", "05"):
        refused.append((default, 5, "burst 32 > "))
        refused.append(({**default, "b": 2}, 5, "burst 2 > "))
    if name in ("04", "queue_xmit"):
        refused.append(({**default, "b": 2}, 1, "Bursting not supported for this mode"))
    if name == "01":
        refused.append(({"n": 5}, 2, "Must specify -m dst_mac"))
    for options, status, says in refused + [
            ({**default, "d": "10.0.0.256"}, 5, "Invalid IP address: 10.0.0.256"),
            ({**default, "d": "10.0.0.0/33"}, 5, "Invalid prefix: /33"),
            ({**default, "6": True, "d": "fd00::1::2"}, 5, "Invalid IP6 address"),
            ({**default, "p": "0"}, 5, "Invalid port(s): 0-0"),
            ({**default, "p": "20-10"}, 5, "Invalid port(s): 20-10"),
            ({**default, "m": "02:00"}, 5, "dst_mac 02:00 > "),
            ({**default, "h": True}, 2, "Unknown parameters")]:
        done = run(name, options)
        equal((done.status, says in done.err), (status, True),
              "%s %s: status, whether it says %r in %r" % (name, options, says, done.err))
        if status == 5 and says.endswith("> ") and "dst_mac" not in says:
            holds("Operation not supported" in done.err, "errno: " + done.err)
    equal(rx_packets("vn1"), 0, "packets sent all the same")


def ended_by_ctrl_c(name):
    """Without a count: Ctrl-C ends the run, the script prints what was sent."""
    seen_on = prepare(name)
    options = {**needed(name), "n": 0}
    with Tap(seen_on, slots=32) as tap, \
            Terminal(*command(name, "vn0", options), cwd=folder, env=scripts_env()) as terminal:
        tap_reaches(tap, 2000, terminal)
        terminal.press_ctrl_c()
        status, out, err = terminal.finish()
        equal(status, 0, "status (%s)" % err)
        (_, sent, _, errors), = results(out).values()
        equal((sent, errors), (tap.seen(), 0), "packets and errors reported")


def tap_reaches(tap, n, terminal):
    wait_until(lambda: tap.seen() >= n or terminal.process.poll() is not None, "%d packets" % n)
    equal(terminal.process.poll(), None, "status before Ctrl-C")


def register(function, says, names):
    for name in names:
        def one(name=name):
            function(name)
        one.__name__ = "%s_%s" % (function.__name__, name)
        one.__doc__ = "%s: %s" % (SCRIPTS[name].file, says)
        case(one)


register(every_option, "every option is what arrives", SCRIPTS)
register(both_cpus, "-t and -f", [n for n in SCRIPTS if n != "01"])
register(clones_and_bursts_to_file, "clones, bursts, delay on a device that shares",
         [n for n in SCRIPTS if not n.startswith(("netif", "queue"))])
register(refused_on_veth, "what is refused ends the script", SCRIPTS)
register(ended_by_ctrl_c, "endless, until Ctrl-C", SCRIPTS)


@case
def netif_receive_is_seen_by_the_stack_and_not_sent():
    prepare("netif_receive")
    with Tap("vn1") as other:
        for mac, kind in ((MAC1, socket.PACKET_OTHERHOST), (MAC0, socket.PACKET_HOST),
                          ("ff:ff:ff:ff:ff:ff", socket.PACKET_BROADCAST)):
            options = {"n": 5000, "m": mac}
            with Tap("vn0") as tap:
                done = run("netif_receive", options, tap=tap, expected=5120)
                check("netif_receive", options, done)
            equal(done.kinds, {kind}, "kinds of packets for " + mac)
        equal((other.seen(), rx_packets("vn1")), (0, 0), "packets at the other end")


@case
def netif_receive_passes_the_ingress_qdisc():
    prepare("netif_receive")
    sh("tc", "qdisc", "add", "dev", "vn0", "handle", "ffff:", "ingress")
    made = subprocess.run(["tc", "filter", "add", "dev", "vn0", "parent", "ffff:", "protocol", "ip",
                           "u32", "match", "ip", "dst", "198.18.0.42/32", "flowid", ":1"])
    if made.returncode:
        raise Skip("this kernel has no u32 classifier")  # without one, nothing is counted
    options = {"n": 3000, "b": 8}
    done = run("netif_receive", options)
    equal(results(done.out)["vn0@0"][1], 3000, "sent")
    said = sh("tc", "-s", "qdisc", "show", "dev", "vn0", "ingress")
    holds("bytes 3000 pkt" in said, "packets that the qdisc has seen: " + said)


@case
def queue_xmit_is_seen_by_taps_and_passes_the_qdisc():
    prepare("queue_xmit")
    sh("tc", "qdisc", "add", "dev", "vn0", "root", "pfifo", "limit", "20000")
    options = {"n": 1000}
    with Tap("vn0") as own, Tap("vn1") as tap:
        check("queue_xmit", options, run("queue_xmit", options, tap=tap, expected=1000))
        taken = own.take(1000)
        equal((len(taken), {kind for _, kind, _ in taken}), (1000, {Tap.OUTGOING}),
              "packets seen on vn0, kinds")
    said = sh("tc", "-s", "qdisc", "show", "dev", "vn0")
    holds("60000 bytes 1000 pkt" in said, "packets that the qdisc has seen: " + said)


@case
def start_xmit_is_not_seen_by_taps_and_passes_no_qdisc():
    prepare("02")
    sh("tc", "qdisc", "add", "dev", "vn0", "root", "pfifo")
    with Tap("vn0") as own, Tap("vn1") as tap:
        check("02", {"n": 1000}, run("02", {"n": 1000}, tap=tap, expected=1000))
        equal(own.seen(), 0, "packets seen by taps of the sender")
    holds(" 0 bytes 0 pkt" in sh("tc", "-s", "qdisc", "show", "dev", "vn0"), "the qdisc was passed")


@case
def schedule_of_a_delay():
    """-w: no packet leaves before its time, counted from the start of the run"""
    prepare("01")
    options = {**needed("01"), "n": 60, "w": 1000000}
    with Tap("vn1") as tap:
        wall = time.time_ns() - time.monotonic_ns()
        done = run("01", options, tap=tap, expected=60)
        check("01", options, done)
    begin = wall + 1000 * int(re.search(r"started: (\d+)us", done.out)[1])
    for i, p in enumerate(done.packets):  # on a first run the first two leave at the start
        after = p.time - begin
        holds(after >= max(i - 1, 0) * 1000000 - CLOCK_SLACK_NS,
              "packet %d came %d ns after the start" % (i + 1, after))


@case
def flows_of_sample_04():
    """pktgen_sample04_many_flows.sh: 8000 flows, ten packets each, one after the other"""
    prepare("04")
    path, n = os.path.abspath("out.pcap"), 80020
    options = {"n": n, "d": "10.0.0.0/16"}
    done = subprocess.run(
        [VERNIER, "exec", "--device", "out=pcap:" + path, "--", "/bin/sh", "-ec",
         './%s -a -i out %s >/dev/null; echo start > /proc/net/pktgen/pgctrl; '
         'cat /proc/net/pktgen/out@0' % (SCRIPTS["04"].file, " ".join(words_of(options)))],
        cwd=folder, env=scripts_env(APPEND="yes"), capture_output=True, text=True, timeout=60)
    equal(done.returncode, 0, "status (%s)" % done.stderr)
    holds("     flows: 8000 flowlen: 10\n" in done.stdout and
          "     flows: %d\n" % -(-n // 10) in done.stdout, "flows in " + done.stdout)
    holds("FLOW_SEQ" in done.stdout, "no FLOW_SEQ in " + done.stdout)
    packets = [parse(*f) for f in frames(path)]
    equal(len(packets), n, "packets")
    check_sequence("04", options, packets, 1)


@case
def queues_of_sample_02():
    """pktgen_sample02_multiqueue.sh: the queue of each thread is its CPU's"""
    two_cpus()
    prepare("02", queues=4)
    done = subprocess.run(
        [VERNIER, "exec", "--", "/bin/sh", "-ec",
         './%s -a -i vn0 -t 2 -n 100 >/dev/null; cd /proc/net/pktgen; echo start > pgctrl; '
         'grep -H cur_queue_map: vn0@*' % SCRIPTS["02"].file],
        cwd=folder, env=scripts_env(APPEND="yes"), capture_output=True, text=True, timeout=60)
    equal((done.returncode, done.stdout.split()),
          (0, ["vn0@0:", "cur_queue_map:", "0", "vn0@1:", "cur_queue_map:", "1"]),
          "status, queues (%s)" % done.stderr)
    equal(rx_packets("vn1"), 200, "packets at the other end")


@case
def appending():
    """-a: nothing is reset or started; two scripts make one run"""
    two_cpus()
    prepare("02")
    first, second = SCRIPTS["02"].file, SCRIPTS["04"].file
    done = subprocess.run(
        [VERNIER, "exec", "--", "/bin/sh", "-ec",
         './%s -a -i vn0 -n 30 -s 100; ./%s -a -i vn0 -f 1 -n 20 -s 200; '
         'cd /proc/net/pktgen; ls; echo start > pgctrl; grep -h pkts-sofar vn0@*'
         % (first, second)],
        cwd=folder, env=scripts_env(APPEND="yes"), capture_output=True, text=True, timeout=60)
    said = "Append mode: config done. Do more or use 'pg_ctrl start' to run"
    equal((done.returncode, done.stdout.splitlines()),
          (0, [said, said, *sorted(["kpktgend_%d" % cpu for cpu in os.sched_getaffinity(0)]),
               "pgctrl", "vn0@0", "vn0@1",
               "     pkts-sofar: 30  errors: 0", "     pkts-sofar: 20  errors: 0"]),
          "status, output (%s)" % done.stderr)
    equal(rx_packets("vn1"), 50, "packets at the other end")


@case
def appending_by_option_alone():
    """-a without APPEND in the environment: these scripts still reset when they end"""
    prepare("02")
    done = subprocess.run(
        [VERNIER, "exec", "--", "/bin/sh", "-ec",
         './%s -a -i vn0 -n 30; ls /proc/net/pktgen' % SCRIPTS["02"].file],
        cwd=folder, env=scripts_env(), capture_output=True, text=True, timeout=60)
    equal(done.returncode, 0, "status (%s)" % done.stderr)
    holds("Append mode: config done." in done.stdout and "vn0@0" not in done.stdout,
          "output: " + done.stdout)


@case
def interrupts_of_sample_06():
    """pktgen_sample06: finds the card's interrupts in three ways, binds them to its threads"""
    two_cpus()
    prepare("06")
    for interrupts, is_listed in ((["vn0-x-TxRx-0", "vn0-x-TxRx-1"], False),
                                  (["vn0", "vn0"], False),
                                  (["eth-TxRx-0", "eth-TxRx-1"], True)):
        sh("umount", "/proc/interrupts", *CARD_PLACES)
        make_card("vn0", interrupts, node="-1", is_listed=is_listed)
        options = {"n": 50, "t": 2, "v": True}
        with Tap("vn1") as tap:
            done = run("06", options, tap=tap, expected=100)
            check("06", options, done)
        cpus = [affinity(40), affinity(41)]  # a directory of interrupts has no order
        equal(sorted(cpus) if is_listed else cpus, ["0", "1"], "CPUs of the interrupts")
        holds("irq 41 is set affinity to " + cpus[1] in done.err, "what it says: " + done.err)
    with Tap("vn1") as tap:
        options = {"n": 50, "f": 1}
        done = run("06", options, tap=tap, expected=50)
        check("06", options, done)
    equal(affinity(40), "1", "CPU of the first interrupt")
    done = run("06", {"n": 50, "t": 3})
    equal((done.status, "Thread number 3 exceeds" in done.err), (1, True), "too many threads")


def extract(into):
    """False when the package is missing."""
    if not os.path.exists(ARCHIVE):
        return False
    subprocess.run(["tar", "xf", ARCHIVE, "-C", into, "--wildcards", INSIDE + "/*"], check=True)
    return True


with tempfile.TemporaryDirectory(prefix="vernier-samples-") as made:
    os.chmod(made, 0o755)
    if extract(made):
        folder = os.path.join(made, INSIDE)
    main()

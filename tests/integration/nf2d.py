#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The driver of a card as a daemon, with the simulated card and its program: its
interface, its sockets, who may use it, and what happens when one of them is gone in
the middle of traffic at line rate."""
import errno
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time

import nf2
from harness import (IS_ROOT, VERNIER, Skip, Tap, case, equal, finish, frames, holds, link_facts,
                     main, quiet_stack, sh, start, vernier, veth, wait_until, without_rights)
from nf2 import (COPIED, FAULT, LINE_RATE_NS, RUNNING, STATE, Client, Daemon, children, down, events,
                 has_link, is_running, need_card, numbered, numbers, up)

FULL = 1514

class Load:
    """Packets at line rate as fast as the driver takes them, from a process of its own, so
    that it can be killed. It numbers them; each run has a number."""
    PROGRAM = """
import errno, sys
sys.path.insert(0, sys.argv[1])
import nf2
c, run, n = nf2.Client(), int(sys.argv[2]), 0
c.socket.settimeout(0)  # answers are heard when there is no room
while True:
    c.socket.setblocking(True)
    c.send([nf2.numbered(nf2.LINE_RATE_NS, run, n + i, length=1514) for i in range(64)])
    n += 64
    if n == 64:
        print("going", flush=True)
    c.socket.setblocking(False)
    try:
        while True:
            c.receive()
    except BlockingIOError:
        pass
    except OSError as error:
        if error.errno != errno.ENOBUFS:
            raise
"""

    def __init__(self, run=1):
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM, os.path.dirname(nf2.__file__), str(run)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        equal(self.process.stdout.readline(), "going\n", "the load's first word")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def leaves(client, run, n=100, gap=LINE_RATE_NS):
    """Packets of this run leave, and are all copied."""
    client.send([numbered(gap, run, i) for i in range(n)])
    equal(client.hit(client.mark()), COPIED, "status of the mark")


def flows(client):
    """Waits until packets go to the card at full rate, so that all buffers are in use."""
    wait_until(lambda: client.counter(6) > 2, "the driver has no room now and then")


# The interface and the process

@case
def the_interface_is_as_documented():
    """nf2c0: down, no carrier, its MAC; up: a reset, carrier; gone at the end"""
    quiet_stack()
    with Daemon() as daemon:
        equal(daemon.line, "card 0 on nf2c0\n", "first line")
        facts = link_facts("nf2c0")
        equal((facts["address"], facts["mtu"], facts["operstate"]),
              ("02:4e:46:32:43:00", 1500, "DOWN"), "the interface")
        holds("UP" not in facts["flags"], "it is up at once: %s" % facts["flags"])
        up()
        holds("addrgenmode none" in sh("ip", "-d", "link", "show", "nf2c0"), "addrgenmode")
        card = daemon.card_pid()
    holds(not os.path.exists("/proc/%d" % card), "the simulator is still there")
    equal([daemon.counters[x] for x in ("resets", "errors", "state")], [1, 0, "down"], "counters")


@case
def packets_leave_at_their_times():
    """a client's packets leave MAC 0 at the gaps that it asked for, to the ns of the card"""
    gaps = [LINE_RATE_NS + 8 * (i * 37 % 400) for i in range(120)]
    packets = [numbered(gaps[i], 1, i, length=FULL, flags=nf2.REPORT * (i == 119))
               for i in range(120)]
    packets[0] = numbered(500_000_000, 1, 0, length=FULL)  # the card has all when it leaves
    with Daemon("--up", behind=("-outmac0", "out.pcap")), Client() as client:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        hello = client.hello()
        equal((hello["ifname"].rstrip(b"\0"), hello["mac"], hello["ns_per_cycle"],
               hello["txbuffs"]), (b"nf2c0", nf2.SOURCE, 8, 16), "HELLO_ACK")
        client.subscribe(nf2.DEPARTED)
        for i in range(0, 120, 40):
            client.send(packets[i:i + 40])
        equal(client.hit(client.mark()), COPIED, "status of the mark")
        client.hear(lambda m: m[0] == "EVENTS")
    sent = numbers(frames("out.pcap"))
    equal([n for _, _, n in sent], list(range(120)), "order of departure")
    times = [t for t, _, _ in sent]
    equal([b - a for a, b in zip(times, times[1:])], gaps[1:], "gaps")


@case
def it_goes_to_the_background():
    """without -f it returns when it serves; errors come before that, by the status"""
    need_card()
    done = vernier("nf2d", "-P", nf2.ELF, "--pidfile", "pid", "--stats", "stats.json", timeout=60)
    equal(done.stdout, "card 0 on nf2c0\n", "what it says")
    with open("pid") as f:
        pid = int(f.read())
    try:
        up()
        done = vernier("nf2d", "-P", nf2.ELF, status=1)
        holds("card 0: another driver has it" in done.stderr, done.stderr)
        equal(done.stderr.count("\n"), 1, "lines of the message")
    finally:
        os.kill(pid, signal.SIGTERM)  # it has a session of its own
    wait_until(lambda: not os.path.exists("pid"), "the end of the daemon")
    wait_until(lambda: not has_link("nf2c0"), "the end of the interface")
    wait_until(lambda: not os.path.exists("/proc/%d" % pid), "the end of the process")


@case
def who_ends_the_parent_means_the_daemon():
    """a signal before it serves: the daemon does not go on without its parent"""
    need_card()
    os.mkfifo("stats")  # opening it waits for a reader
    parent = start("nf2d", "-P", nf2.ELF, "--pidfile", "pid", "--stats", "stats")
    wait_until(lambda: children(parent.pid), "the daemon's process")
    parent.send_signal(signal.SIGTERM)
    with open("stats") as f:
        holds("counters" in json.load(f), "the daemon reports")
    equal(finish(parent)[0], 1, "status")
    wait_until(lambda: not os.path.exists("pid") and not has_link("nf2c0"), "the end of the daemon")


@case
def nobody_reads_what_it_says():
    """a reader that leaves ends nothing: it serves, writes its statistics, removes its file"""
    need_card()
    daemon = subprocess.Popen([VERNIER, "nf2d", "-f", "--up", "-P", nf2.ELF, "--pidfile", "pid",
                               "--stats", "stats.json"], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    equal(daemon.stdout.readline(), "card 0 on nf2c0\n", "first line")
    daemon.stdout.close()
    wait_until(lambda: is_running("nf2c0"), "carrier")
    with Client() as client:
        client.subscribe(STATE)
        os.kill(children(daemon.pid)[0], signal.SIGKILL)  # which it says
        client.state(FAULT)
        wait_until(lambda: not children(daemon.pid), "the end of the card")
        equal(client.ask("STATS_GET")[0], "STATS", "answer of STATS_GET")
    daemon.terminate()
    equal(daemon.wait(30), 0, "status")
    with open("stats.json") as f:
        equal(json.load(f)["counters"]["resets"], 1, "resets")
    holds(not os.path.exists("pid"), "the file is there")


@case
def a_background_start_that_nobody_reads():
    """without a reader of its standard output, or without one at all: it serves all the same"""
    need_card()
    reader, unread = os.pipe()
    os.close(reader)
    words = [VERNIER, "nf2d", "-P", nf2.ELF, "--pidfile", "pid", "--stats", "stats.json"]
    for closed in ("", ">&-", "<&- >&- 2>&-"):
        done = subprocess.run(["/bin/sh", "-c", '"$@" ' + closed, "sh", *words], stdout=unread,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        equal((done.returncode, done.stderr), (0, ""), "status, and what it says " + closed)
        with open("pid") as f:
            pid = int(f.read())
        with Client() as client:
            client.hello()
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not os.path.exists("pid"), "the end of the daemon")
        with open("stats.json") as f:
            holds("counters" in json.load(f), "the daemon reports")
    os.close(unread)


@case
def a_start_that_fails_leaves_no_pidfile():
    """an interface that cannot be set up: it has the MAC of the one below"""
    veth()
    made = subprocess.run(["ip", "link", "add", "link", "vn0", "name", "twin0", "address",
                           link_facts("vn0")["address"], "type", "macvlan"],
                          capture_output=True, check=False)
    if made.returncode:
        raise Skip("this kernel has no macvlan devices")
    done = vernier("nf2d", "-f", "-b", "packet:twin0", "--up", "--pidfile", "pid", status=1)
    holds("twin0: cannot be set up" in done.stderr, done.stderr)
    holds(not os.path.exists("pid"), "the file is there")


@case
def the_pidfile_of_a_driver_that_runs():
    """is refused; that of one that was killed is not, nor is a file of somebody else's number"""
    veth()
    with Daemon("-b", "packet:vn0", "--pidfile", "pid", name="nothing") as daemon:
        number = "%d\n" % daemon.process.pid
        done = vernier("nf2d", "-f", "-k", 1, "-b", "packet:vn1", "--pidfile", "pid", status=1)
        holds("--pidfile pid: is that of process %d, a driver" % daemon.process.pid in done.stderr,
              done.stderr)
        with open("pid") as f:
            equal(f.read(), number, "the file")
        daemon.end(status=-signal.SIGKILL, number=signal.SIGKILL)
    with open("pid", "a") as f:
        f.write("and something longer")
    with Daemon("-b", "packet:vn0", "--pidfile", "pid", name="nothing") as daemon:
        with open("pid") as f:
            equal(f.read(), "%d\n" % daemon.process.pid, "the file of the next one")
    holds(not os.path.exists("pid"), "the file is there")
    with open("pid", "w") as f:
        f.write("%d\n" % os.getpid())  # runs, but is no driver
    with Daemon("-b", "packet:vn0", "--pidfile", "pid", name="nothing"):
        pass
    holds(not os.path.exists("pid"), "the file is there")


@case
def a_pidfile_that_cannot_be_written():
    """on a full disk: a message, and no empty file; what is no file is not removed"""
    veth()
    os.mkdir("full")
    sh("mount", "-t", "tmpfs", "-o", "size=4k", "none", "full")
    with open("full/fill", "wb") as f:
        f.write(bytes(4096))
    done = vernier("nf2d", "-f", "-b", "packet:vn0", "--pidfile", "full/pid", status=1)
    holds("--pidfile full/pid: No space left" in done.stderr, done.stderr)
    equal(os.listdir("full"), ["fill"], "files")
    os.mkfifo("pipe")
    done = vernier("nf2d", "-f", "-b", "packet:vn0", "--pidfile", "pipe", status=1)
    holds("--pidfile pipe: is not a regular file" in done.stderr, done.stderr)
    equal(os.path.exists("pipe"), True, "the pipe is there")


@case
def refusals():
    """what cannot be had is said in a sentence, and nothing is left behind"""
    need_card()
    for words, why, status in (
            (("-P", "missing.elf"), "missing.elf: No such file", 1),
            (("-P", nf2.ELF, "--", "-mac0"), "the card ended with status 2", 1),
            (("-P", nf2.ELF, "-i", "lo"), "lo: there is an interface of this name", 1),
            (("-c", "a" * 200), "characters are taken", 1),
            (("-P", nf2.ELF, "--stats", "/no/such"), "--stats /no/such: No such file", 1),
            (("-b", "packet:missing0"), "missing0", 1),
            (("-b", "wire:eth0"), "is not accepted", 2),
            (("-P", nf2.ELF, "extra"), "extra: is not accepted", 2),
            (("-P", nf2.ELF, "--policy", "list:missing"), "No such file", 2)):
        done = vernier("nf2d", "-f", *words, status=status)
        holds(why in done.stderr, "%s: %s" % (words, done.stderr))
        equal(done.stderr.count("\n"), 1, "lines of " + done.stderr)
    done = vernier("nf2d", "-P", nf2.ELF, "--stats", "-", status=2)
    holds("--stats -: in the background" in done.stderr, done.stderr)
    holds(not has_link("nf2c0"), "nf2c0 is still there")


@case
def in_real_time():
    """--realtime: the daemon runs before all others, the card as ever"""
    if subprocess.run(["chrt", "-f", "1", "true"], stderr=subprocess.DEVNULL,
                      check=False).returncode:
        raise Skip("no right to SCHED_FIFO")
    with Daemon("--up", "--realtime") as daemon, Client() as client:
        equal(os.sched_getscheduler(daemon.process.pid) & ~os.SCHED_RESET_ON_FORK, os.SCHED_FIFO,
              "class of the daemon")
        equal(os.sched_getscheduler(daemon.card_pid()), os.SCHED_OTHER, "class of the card")
        wait_until(lambda: is_running("nf2c0"), "carrier")
        leaves(client, 1)


@case
def several_cards():
    """a card each, an interface each; nothing else is shared"""
    with Daemon("--up", behind=("-outmac0", "0.pcap")), \
            Daemon("--up", "-i", "second", card=5, name="second", behind=("-outmac0", "5.pcap")):
        second = vernier("nf2d", "-f", "-k", "5", "-P", nf2.ELF, "-i", "third", status=1)
        holds("card 5: another driver has it" in second.stderr, second.stderr)
        equal(link_facts("second")["address"], "02:4e:46:32:43:05", "MAC of card 5")
        for card, name in ((0, "nf2c0"), (5, "second")):
            wait_until(lambda: is_running(name), "carrier of " + name)
            with Client(card) as client:
                leaves(client, card + 1)
                equal(client.hello()["ifname"].rstrip(b"\0").decode(), name, "interface")
                done = Client(5 - card)
                equal(done.ask("STATS_GET")[0], "STATS", "the other one answers")
                done.close()
                client.card = 5 - card  # in the envelope and the address: good for that one
    for file, run in (("0.pcap", 1), ("5.pcap", 6)):
        equal({r for _, r, _ in numbers(frames(file))}, {run}, "runs in " + file)


@case
def the_interface_is_deleted():
    """a clear message, an orderly end"""
    with Daemon("--up") as daemon, Client() as client:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        with Load():
            flows(client)
            sh("ip", "link", "delete", "nf2c0")
            said = daemon.end(status=1, number=0)
    holds("nf2c0: the interface was deleted" in said, said)


@case
def the_interface_gets_another_mac_and_name():
    """packets have its MAC, and who asks hears its name"""
    with Daemon("--up", behind=("-outmac0", "out.pcap")) as daemon, Client() as client:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        leaves(client, 1, n=3)
        down()
        sh("ip", "link", "set", "nf2c0", "address", "02:11:22:33:44:55")
        sh("ip", "link", "set", "nf2c0", "name", "other0")
        sh("ip", "link", "set", "other0", "up")
        wait_until(lambda: is_running("other0"), "carrier")
        hello = client.hello()
        equal((hello["ifname"].rstrip(b"\0"), hello["mac"]),
              (b"other0", bytes.fromhex("021122334455")), "HELLO_ACK")
        vernier("caliper", "-N", "-m", "02:00:00:00:00:02", "-i", "198.18.0.2", "-I", "198.18.0.1",
                "-n", "1", "-d", "0")
        daemon.name = "other0"
    equal(frames("out.pcap")[-1][1][6:12], bytes.fromhex("021122334455"), "source")


@case
def a_frame_of_the_stack_leaves_whole():
    """what the host sends by nf2c0 leaves by MAC 0, at the gap of --policy"""
    with Daemon("--up", "--policy", "gap:50us", behind=("-outmac0", "out.pcap")):
        wait_until(lambda: is_running("nf2c0"), "carrier")
        with Client() as client, socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
            raw.bind(("nf2c0", 0))
            client.subscribe(nf2.DEPARTED)
            # All frames wait behind this one, and are in the card when it leaves.
            client.send([numbered(1_000_000_000, 1, 0)])
            equal(client.hit(client.mark()), COPIED, "status of the mark")
            sent = [bytes.fromhex("020000000002") + nf2.SOURCE + b"\x88\xb5" +
                    bytes([2 + i]) * (46 + 200 * i) for i in range(6)]  # it has room for eight
            for frame in sent:
                raw.send(frame)
            wait_until(lambda: client.counter(3) == 7, "the card has them")
            client.send([numbered(0, 1, 1, flags=nf2.REPORT)])
            client.mark()
            client.hear(lambda m: m[0] == "EVENTS")
    got = frames("out.pcap")
    equal([f for _, f in got[1:-1]], sent, "frames")
    equal({b[0] - a[0] for a, b in zip(got[:-1], got[1:-1])}, {50_000}, "gaps")


# Somebody goes

@case
def down_and_up_under_load():
    """marks of what is thrown away are answered; after a reset nothing old leaves"""
    with Daemon("--up", behind=("-outmac0", "out.pcap")), Client() as client:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        for run in range(1, 4):
            with Load(run):
                flows(client)
                mine = [client.mark(0) for _ in range(3)]
                down()
                for mark in mine:
                    name, value, _ = client.answer(mark)
                    holds(name == "MARK_HIT" or value in (errno.EBUSY, errno.ENETDOWN),
                          "a mark is answered with %s %s" % (name, value))
                refused = client.send([numbered(0, 99, 0)])
                equal(client.answer(refused)[:2], ("ERROR", errno.ENETDOWN), "packets while down")
            up()
            leaves(client, 10 + run)
    order = [run for _, run, _ in numbers(frames("out.pcap"))]
    holds(set(order) >= {1, 11, 12, 13}, "runs that left: %s" % sorted(set(order)))
    holds(99 not in order, "a packet that was refused left")
    for run in (11, 12, 13):
        at = order.index(run)
        holds(not [r for r in order[at:] if r < 10 and r <= run - 10],
              "old packets behind the reset before run %d" % run)


@case
def a_reset_by_a_client_under_load():
    """RESET_DONE comes, packets from before it do not"""
    with Daemon("--up", behind=("-outmac0", "out.pcap")), Client() as client:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        with Load(1):
            flows(client)
        equal(client.ask("RESET")[0], "RESET_DONE", "answer of RESET")
        leaves(client, 2)
        holds(is_running("nf2c0"), "the interface lost its carrier")
    order = [run for _, run, _ in numbers(frames("out.pcap"))]
    holds(1 not in order[order.index(2):], "old packets behind the reset")
    equal(order.count(2) > 0, True, "packets of the second run")


@case
def the_client_is_killed():
    """in the middle of line-rate traffic: others go on, nothing waits for it"""
    with Daemon("--up") as daemon, Client() as client:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        for run in range(1, 5):
            with Load(run):
                flows(client)
            leaves(client, 10 + run)
    equal(daemon.counters["errors"], 0, "errors")
    holds(daemon.counters["resets"] == 1, "the card was reset")


@case
def the_daemon_is_killed():
    """its card and its interface go with it; clients learn of it; the next one starts"""
    os.mkdir("tmp")
    os.environ["TMPDIR"] = os.path.abspath("tmp")
    with Client() as client:
        daemon = Daemon("--up")
        card = daemon.card_pid()
        wait_until(lambda: is_running("nf2c0"), "carrier")
        with Load():
            flows(client)
            daemon.end(status=-signal.SIGKILL, number=signal.SIGKILL)
        wait_until(lambda: not os.path.exists("/proc/%d" % card), "the end of its card")
        equal(os.listdir("tmp"), [], "files of the one that was killed")
        try:
            client.hello()
            raise AssertionError("somebody answers")
        except ConnectionRefusedError:
            pass
        with Daemon("--up"):
            wait_until(lambda: is_running("nf2c0"), "carrier")
            leaves(client, 2)


@case
def the_daemon_is_away():
    """a daemon that has no CPU for a while: the card's time waits for it, the wire does not run dry"""
    with Daemon("--up", behind=("-outmac0", "out.pcap", "-stats", "card.json")) as daemon, \
            Client() as client:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        with Load():
            flows(client)
            began = time.monotonic()
            daemon.process.send_signal(signal.SIGSTOP)
            time.sleep(0.05)
            daemon.process.send_signal(signal.SIGCONT)
            away = time.monotonic() - began
            flows(client)
    with open("card.json") as f:
        real = json.load(f)["real_time"]
    holds(real["host_waits"] > 0 and real["host_wait_ns"] > 20_000_000, str(real))
    times = [t for t, _, _ in numbers(frames("out.pcap"))]
    longest = max(b - a for a, b in zip(times, times[1:])) / 1e9
    # It is waited for 0.1 s at most, and not for less than half a millisecond.
    holds(longest < max(away - 0.1, 0) + 0.02, "away for %f s, and a gap of %f s on the wire" % (
        away, longest))


@case
def the_card_is_killed():
    """FAULT, marks answered, a message, no zombie; down and up starts another card"""
    with Daemon("--up") as daemon, Client() as client, Client() as watcher:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        watcher.subscribe(STATE)
        with Load():
            flows(client)
            mine = client.mark(0)
            os.kill(daemon.card_pid(), signal.SIGKILL)
            watcher.state(FAULT)
            client.answer(mine)
        daemon.hear("the card was killed by signal 9")
        equal(children(daemon.process.pid), [], "processes of the daemon")
        equal(client.answer(client.send([numbered(0, 1, 0)]))[:2], ("ERROR", errno.ENETDOWN),
              "packets without a card")
        holds(not is_running("nf2c0"), "carrier without a card")
        sh("ip", "link", "set", "nf2c0", "down")
        up()
        leaves(client, 2)


@case
def a_card_that_says_much():
    """what it prints is read while it is waited for, at its beginning and at its end"""
    need_card()
    with open("said", "w+") as said:  # a pipe would be full
        daemon = subprocess.Popen([VERNIER, "nf2d", "-f", "--up", "-P", nf2.ELF, "--", "-trace",
                                   "instr", "-outmac0", "out.pcap"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=said, text=True)
        equal(daemon.stdout.readline(), "card 0 on nf2c0\n", "first line")
        wait_until(lambda: is_running("nf2c0"), "carrier")
        with Client() as client:
            client.subscribe(nf2.DEPARTED)
            client.send([numbered(LINE_RATE_NS, 1, i, flags=nf2.REPORT * (i == 19))
                         for i in range(20)])
            client.hear(lambda m: m[0] == "EVENTS")
        daemon.terminate()
        equal(finish(daemon)[0], 0, "status")
        said.seek(0)
        holds(all(line.startswith("vernier: nf2d: nf2c0: ") for line in said), "a line of it is cut")
    equal([n for _, _, n in numbers(frames("out.pcap"))], list(range(20)), "packets")


@case
def what_the_card_says_at_its_end():
    """is passed on, and its failure is the daemon's: a capture that found no room"""
    os.mkdir("small")
    sh("mount", "-t", "tmpfs", "-o", "size=64k", "none", "small")
    with Daemon("--up", "--pidfile", "pid", behind=("-outmac0", "small/out.pcap")) as daemon, \
            Client() as client:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        client.subscribe(nf2.DEPARTED)
        client.send([numbered(20_000, 1, i, length=FULL, flags=nf2.REPORT * (i == 99))
                     for i in range(100)])
        client.hear(lambda m: m[0] == "EVENTS")
        said = daemon.end(status=1)
    holds("No space left" in said, said)
    holds("vernier: nf2d: the card ended with status 1" in said, said)
    holds(not os.path.exists("pid"), "the file is there")
    with Daemon("--up", behind=("-stats", "-")) as daemon:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        said = daemon.end()
    holds('nf2c0:   "real_time"' in said, said)


@case
def a_card_that_does_not_end():
    """is killed, which the daemon says, and counts as a failure"""
    with Daemon("--up", "--pidfile", "pid") as daemon:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        os.kill(daemon.card_pid(), signal.SIGSTOP)
        said = daemon.end(status=1)
    holds("the card did not end within 5 s, and was killed" in said, said)
    holds(not os.path.exists("pid"), "the file is there")


@case
def a_card_with_a_socket_comes_and_goes():
    """-c: it is looked for each second; each time it comes it is reset"""
    need_card()
    words = ("card", "-q", "-rt", "-card", "card.sock", nf2.ELF)
    with Daemon("-c", "card.sock", "--up") as daemon, Client() as client:
        daemon.hear("card socket card.sock: No such file")
        client.subscribe(STATE)
        for run in (1, 2):
            card = start(*words)
            wait_until(lambda: is_running("nf2c0"), "carrier")
            leaves(client, run)
            other = vernier("nf2d", "-f", "-k", "1", "-c", "card.sock", status=1)
            holds("the card has a driver already" in other.stderr, other.stderr)
            card.kill()
            finish(card)
            client.state(FAULT)
            holds(not is_running("nf2c0"), "carrier without a card")
    equal(daemon.counters["resets"], 2, "resets")


# Who may

HELLO_BY_SOMEBODY = """
import sys
sys.path.insert(0, sys.argv[1])
import nf2
c = nf2.Client()
for name, body in (("HELLO", bytes([1, 0, 0, 0, 1, 0, 0, 0])), ("MARK", b""), ("RESET", b"")):
    print(name, *c.ask(name, body)[:2])
"""


def somebody(program, *words, prefix=()):
    return [*prefix, sys.executable, "-c", program, os.path.dirname(os.path.abspath(nf2.__file__)),
            *words]


@case
def others_may_not():
    """a user who is neither root nor named is refused, on both sockets; -u names one"""
    if not IS_ROOT:
        raise Skip("needs a second user")
    for words, expected in ((("-u", "1"), "HELLO ERROR 1\nMARK ERROR 1\nRESET ERROR 1\n"),
                            (("-u", "nobody"), "HELLO HELLO_ACK 0\nMARK MARK_HIT 0\n"
                                               "RESET RESET_DONE 0\n")):
        with Daemon("--up", *words):
            wait_until(lambda: is_running("nf2c0"), "carrier")
            equal(sh(*somebody(HELLO_BY_SOMEBODY, prefix=without_rights())), expected,
                  "answers with %s" % (words,))


FLOOD = """
import sys
sys.path.insert(0, sys.argv[1])
import nf2
c, packets = nf2.Client(), [nf2.numbered(0, 66, 0)] * 64
print("going", flush=True)
for i in range(20000):
    try:
        c.socket.setblocking(i % 2)
        c.say("PKTS" if i % 2 else "STATS_GET", b"".join(packets) if i % 2 else b"",
              count=64 * (i % 2))
    except BlockingIOError:
        pass
"""


@case
def a_flood_by_somebody_without_rights():
    """is refused message by message, while others are served"""
    if not IS_ROOT:
        raise Skip("needs a second user")
    with Daemon("--up", behind=("-outmac0", "out.pcap")) as daemon, Client() as client:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        flood = subprocess.Popen(somebody(FLOOD, prefix=without_rights()), text=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        equal(flood.stdout.readline(), "going\n", "the flood")
        for run in range(5):
            leaves(client, run)
            equal(client.ask("STATS_GET")[0], "STATS", "answer of STATS_GET")
        flood.kill()
        finish(flood)
    holds(66 not in [run for _, run, _ in numbers(frames("out.pcap"))], "its packets left")
    equal(daemon.counters["entries"], 500, "packets that were copied")


def withdraws_nothing_of_the_next():
    with Client() as client:
        wait_until(lambda: client.hello()["state"] & 0xff == RUNNING, "RUNNING")
        port, client.seq = client.socket.getsockname(), 1000
        client.ask("CANCEL", struct.pack("=II", 0, 0xffffffff))
        client.hello()  # nobody is heard behind a CANCEL before all that was sent has been read
    with Client() as client:
        equal(client.socket.getsockname(), port, "port id")
        leaves(client, 1, n=50, gap=1000)
        equal(client.counter(2), 0, "packets cancelled")


@case
def who_connects_again_is_another_client():
    """a process's next socket has the port id of the one before: a CANCEL of then is over"""
    veth()
    with Daemon("-b", "packet:vn0", name="nothing"):
        withdraws_nothing_of_the_next()
    with Daemon():
        up()
        withdraws_nothing_of_the_next()


@case
def a_client_that_never_reads():
    """holds up nobody: what it has no room for is lost"""
    with Daemon("--up") as daemon, Client() as deaf, Client() as client:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        deaf.subscribe(nf2.DEPARTED, STATE)
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for run in range(40):
            deaf.send([numbered(20_000, 1, i, flags=nf2.REPORT) for i in range(64)],
                      nl_flags=1 | nf2.ACK)
            deaf.mark()
        for run in range(3):
            leaves(client, run)
        equal(client.ask("STATS_GET")[0], "STATS", "answer of STATS_GET")
    holds(daemon.counters["events_lost"] > 0, "no event was lost: %s" % daemon.counters)


@case
def what_is_no_message():
    """bytes of any kind, and datagrams that are too long, do no harm"""
    with Daemon("--up"), Client() as client:
        wait_until(lambda: is_running("nf2c0"), "carrier")
        for port in (0x4E463200, 0x4E463280):
            for data in (b"x", b"\xff" * 4000, bytes(15), bytes(16), b"\x10" * 17000):
                client.socket.sendto(data, (port, 0))
            # A whole message, but its datagram is too long.
            long = b"\x20\0\0\0\x20\0\1\0" + bytes(17000)
            client.socket.sendto(long, (port, 0))
        name, value, _ = client.ask("RESET_DONE")
        equal((name, value), ("ERROR", errno.EPROTO), "a message that is the driver's")
        leaves(client, 1)


# An ordinary interface in the place of a card

@case
def an_interface_is_the_card():
    """-b packet: the same client, the same protocol; what comes in is told, down and up too"""
    veth()
    with Tap("vn1") as wire, Daemon("-b", "packet:vn0", name="nothing") as daemon, \
            Client() as client:
        equal(daemon.line, "card 0 on vn0\n", "first line")
        wait_until(lambda: client.hello()["state"] & 0xff == RUNNING, "RUNNING")
        hello = client.hello()
        equal((hello["ifname"].rstrip(b"\0"), hello["state"] >> 8, hello["ns_per_cycle"]),
              (b"vn0", 1, 1), "interface, precision, ns per cycle")
        holds(not has_link("nf2c0"), "there is a TAP")
        leaves(client, 1, n=200, gap=100_000)
        got = [(t, f) for t, kind, f in wire.take(200) if f[12:14] == b"\x88\xb5"]
        equal([n for _, _, n in numbers(got)], list(range(200)), "order")
        client.subscribe(nf2.RX, STATE)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as peer:
            peer.bind(("vn1", 0))
            peer.send(bytes(60))
        client.hear(lambda m: m[0] == "EVENTS" and events(m[3])[0][0] == nf2.RX)
        sh("ip", "link", "set", "vn0", "down")
        client.state(nf2.DOWN)
        sh("ip", "link", "set", "vn0", "up")
        client.state(RUNNING)
        leaves(client, 2)
        sh("ip", "link", "delete", "vn0")
        said = daemon.end(status=1, number=0)
    holds("vn0: the interface was deleted" in said, said)


@case
def launch_times_without_somebody_who_keeps_them():
    """are refused: txtime where no queueing discipline looks at them"""
    veth()
    done = vernier("nf2d", "-f", "-b", "txtime:vn0", status=1)
    holds("vn0: " in done.stderr and "fq or etf is needed" in done.stderr, done.stderr)
    equal(done.stderr.count("\n"), 1, "lines of " + done.stderr)


@case
def a_queueing_discipline_keeps_the_times():
    """-b txtime: where fq is, packets leave in order, not before their time"""
    veth()
    made = subprocess.run(["tc", "qdisc", "replace", "dev", "vn0", "root", "fq"],
                          capture_output=True)
    if made.returncode:
        raise Skip("this kernel has no fq")
    with Tap("vn1") as wire, Daemon("-b", "txtime:vn0", name="nothing"), Client() as client:
        wait_until(lambda: client.hello()["state"] & 0xff == RUNNING, "RUNNING")
        equal(client.hello()["state"] >> 8, 2, "precision")
        leaves(client, 1, n=100, gap=200_000)
        got = [(t, f) for t, kind, f in wire.take(100) if f[12:14] == b"\x88\xb5"]
    equal([n for _, _, n in numbers(got)], list(range(100)), "order")
    holds(got[-1][0] - got[0][0] >= 99 * 200_000 - 200_000, "they left too soon")


main()

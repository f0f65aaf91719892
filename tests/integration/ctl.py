#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""vernier ctl: list, read, write, what it says when something is wrong, and how
a run ends that it waits for."""
import os
import signal
import stat
import subprocess
import time

from harness import (IS_ROOT, MAC1, VERNIER, Server, Skip, case, equal, finish, holds, main,
                     rx_packets, start, vernier, veth, wait_until, without_rights)

THREAD = "kpktgend_%d" % min(os.sched_getaffinity(0))
NO_SERVER = "no server in this network namespace (vernier serve starts one)\n"


def serving(*words):
    return Server("--no-mount", "--quiet", *words)


def ctl(*words, **more):
    return vernier("ctl", *words, **more)


def refused(*words):
    """What it says when it fails, without its name; nothing is printed then."""
    done = ctl(*words, status=1)
    equal((done.stdout, done.stderr[:14]), ("", "vernier: ctl: "), "output of %s" % (words,))
    return done.stderr[14:]


def sent():
    return int(ctl("vn0@0").stdout.split("pkts-sofar: ")[1].split()[0])


def endless():
    veth()
    ctl(THREAD, "add_device", "vn0@0")
    for command in ("count 0", "dst 10.0.0.2", "src_min 10.0.0.1", "dst_mac " + MAC1):
        ctl("vn0@0", *command.split())


def waiting():
    """vernier ctl pgctrl start, when packets have arrived."""
    before = rx_packets("vn1")
    process = start("ctl", "pgctrl", "start")
    wait_until(lambda: rx_packets("vn1") > before + 100, "100 packets")
    equal(process.poll(), None, "status before the end of the run")
    return process


@case
def list_read_write():
    threads = ["kpktgend_%d" % cpu for cpu in sorted(os.sched_getaffinity(0))]
    with serving():
        equal(ctl().stdout.split(), ["pgctrl", *threads], "list")
        equal(ctl("pgctrl").stdout,
              "Packet Generator for packet performance testing. Version: 2.75\n", "pgctrl")
        equal(ctl(THREAD).stdout, "Running: \nStopped: \nResult: NA\n", "thread")
        equal((ctl(THREAD, "add_device", "lo").stdout, ctl(THREAD, "add_device", "lo@x").stderr),
              ("", ""), "what a write says")
        equal(ctl().stdout.split(), ["lo", "lo@x", "pgctrl", *threads], "list with devices")
        equal(ctl(THREAD).stdout, "Running: \nStopped: lo@x lo \nResult: OK: add_device=lo@x\n",
              "thread with devices")
        ctl("lo", "count", "5")
        ctl("lo", "dst 10.1.2.3")  # one word or several
        ctl("lo", "flag", "NO_TIMESTAMP")
        text = ctl("lo").stdout
        holds(text.startswith("Params: count 5 ") and "dst_min: 10.1.2.3 " in text and
              text.endswith("Result: OK: flags=0x40080\n"), "text of the device: " + text)
        ctl("pgctrl", "reset")
        equal(ctl().stdout.split(), ["pgctrl", *threads], "list after reset")


@case
def run():
    """a run of a given count; ctl returns when it is over"""
    with serving():
        endless()
        ctl("vn0@0", "count", "4321")
        ctl("pgctrl", "start")
        equal((sent(), rx_packets("vn1")), (4321, 4321), "sent, arrived")


@case
def same_as_the_files():
    with Server("--quiet") as s:
        ctl(THREAD, "add_device", "lo")
        s.set("lo", "count 9", "frags 2")
        for file in ("pgctrl", THREAD, "lo"):
            equal(ctl(file).stdout, s.read(file), "text of " + file)
        equal(ctl().stdout.split(), os.listdir(s.tree), "list")


@case
def what_is_refused():
    veth()
    with serving():
        ctl(THREAD, "add_device", "vn0")
        ctl("vn0", "count", "7")
        for words, says in (
                (["absent"], "absent: no such file (vernier ctl lists them)\n"),
                (["absent", "count", "1"], "absent: no such file (vernier ctl lists them)\n"),
                (["pgctrl", "go"], "pgctrl: go: Invalid argument\n"),
                (["vn0", "config", "1"],
                 'vn0: config 1: Invalid argument; Result: No such parameter "config"\n'),
                (["vn0", "clone_skb", "2"], "vn0: clone_skb 2: Operation not supported; Result: "
                 'No such parameter "config"\n'),
                (["vn0", "tos", "5"], "vn0: tos 5: ERROR: tos must be 00-ff\n"),
                ([THREAD, "add_device", "vn0"], THREAD + ": add_device vn0: Device or resource "
                 "busy; Result: ERROR: can not add device vn0\n"),
                ([THREAD, "add_device", "absent0"], THREAD + ": add_device absent0: No such "
                 "device; Result: ERROR: can not add device absent0\n"),
                ([THREAD, "what"], THREAD + ": what: Invalid argument; Result: ERROR: can not add "
                 "device absent0\n"),
                (["x" * 256], None),
                (["vn0", "dst", "x" * 5000], "vn0: a command has at most 4094 bytes\n")):
            got = refused(*words)
            equal(got, says or got, "what %s says" % (words,))
        done = ctl("vn0", "flag", "NONSENSE")  # the kernel takes that as written
        holds("vn0: Result: Flag -:NONSENSE:- unknown\n" in done.stderr, "says " + done.stderr)
        holds("count 7 " in ctl("vn0").stdout, "text afterwards")
        equal(rx_packets("vn1"), 0, "packets")


@case
def usage():
    for words in (["--what"], ["--socket"], ["--socket", ""]):
        done = subprocess.run([VERNIER, "ctl", *words], capture_output=True, text=True, timeout=20)
        holds(done.returncode in (1, 2) and done.stderr.startswith("vernier: ctl: "),
              "%s: %d %s" % (words, done.returncode, done.stderr))
    holds("FILE" in ctl("--help").stdout, "help")


@case
def no_server():
    for words in ([], ["pgctrl"], ["pgctrl", "start"]):
        equal(refused(*words), "socket vernier: " + NO_SERVER, "what %s says" % words)
    equal(refused("--socket", "other"), "socket other: " + NO_SERVER, "with a name")
    path = os.path.abspath("none")
    equal(refused("--socket", path), "socket %s: %s" % (path, NO_SERVER), "with a path")
    with open("file", "w"):
        pass
    equal(refused("--socket", "./file"), "socket ./file: " + NO_SERVER, "with a file")


def ended_by(number):
    """The run ends, ctl says what it says of a run, and the server serves on."""
    with serving():
        endless()
        for _ in range(2):
            before = rx_packets("vn1")
            process = waiting()
            process.send_signal(number)
            equal(finish(process, timeout=10), (0, "", ""), "status, output")
            equal(rx_packets("vn1") - before, sent(), "arrived, sent")
            holds("\nResult: OK: " in ctl("vn0@0").stdout, "result " + ctl("vn0@0").stdout)


@case
def ctrl_c_during_a_run():
    ended_by(signal.SIGINT)


@case
def termination_during_a_run():
    ended_by(signal.SIGTERM)


@case
def killed_during_a_run():
    """a connection that ends interrupts as a signal does"""
    with serving():
        endless()
        process = waiting()
        process.kill()
        finish(process)
        wait_until(lambda: "\nResult: OK: " in ctl("vn0@0").stdout, "the end of the run")
        equal(rx_packets("vn1"), sent(), "arrived, sent")


@case
def stop_from_another():
    with serving():
        endless()
        process = waiting()
        begin = time.monotonic()
        ctl("pgctrl", "stop")
        holds(time.monotonic() - begin < 1, "stop took %f s" % (time.monotonic() - begin))
        equal(finish(process, timeout=10), (0, "", ""), "status, output of who waited")
        equal(rx_packets("vn1"), sent(), "arrived, sent")


@case
def server_ends_during_a_run():
    with serving() as s:
        endless()
        process = waiting()
        s.end()
        equal(finish(process, timeout=10), (0, "", ""), "status, output of who waited")
    equal(refused(), "socket vernier: " + NO_SERVER, "afterwards")


@case
def server_killed_during_a_run():
    s = serving()
    endless()
    process = waiting()
    s.process.kill()
    equal(finish(process, timeout=5), (1, "", "vernier: ctl: the server is gone\n"), "who waited")
    s.process.wait()
    with serving():
        holds("pgctrl" in ctl().stdout, "the next server")


@case
def many_connections_at_once():
    with serving():
        processes = [start("ctl", "pgctrl") for _ in range(50)]
        equal({finish(p)[:2] for p in processes},
              {(0, "Packet Generator for packet performance testing. Version: 2.75\n")}, "answers")


@case
def socket_at_a_path():
    """mode 0600; removed at the end; what a killed server left is replaced"""
    path = os.path.abspath("socket")
    with serving("--socket", path) as s:
        equal(s.line, "serving socket %s\n" % path, "line")
        st = os.stat(path)
        equal((oct(st.st_mode), st.st_uid), (oct(stat.S_IFSOCK | 0o600), 0), "mode, owner")
        holds("pgctrl" in ctl("--socket", path).stdout, "list")
        equal(vernier("serve", "--no-mount", "--socket", path, status=1).stderr,
              "vernier: serve: socket %s: a server of this network namespace has it (choose "
              "another with --socket)\n" % path, "a second server")
        holds("pgctrl" in ctl("--socket", path).stdout, "list after the second server")
    holds(not os.path.exists(path), "the socket is left")
    dead = serving("--socket", path)
    dead.process.kill()
    dead.process.wait()
    equal(refused("--socket", path), "socket %s: %s" % (path, NO_SERVER), "with a dead socket")
    with serving("--socket", path):
        holds("pgctrl" in ctl("--socket", path).stdout, "list of the next server")


@case
def path_of_another_file():
    """a file that is no socket is not replaced"""
    with open("precious", "w") as f:
        f.write("text\n")
    vernier("serve", "--no-mount", "--socket", "./precious", status=1)
    with open("precious") as f:
        equal(f.read(), "text\n", "the file")


@case
def server_of_somebody_else():
    """root's ctl does not talk to a server that is neither root's nor its own"""
    if not IS_ROOT:
        raise Skip("needs root of the machine")
    false = start_false_server()
    equal(refused("pgctrl"), "socket vernier: belongs to another user\n", "what it says")
    false.kill()
    false.wait()


def start_false_server():
    script = ("import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); "
              "s.bind(b'\\0vernier'); s.listen(); print('ready', flush=True); s.accept()")
    false = subprocess.Popen([*without_rights(), "/usr/bin/python3", "-c", script],
                             stdout=subprocess.PIPE, text=True)
    equal(false.stdout.readline(), "ready\n", "the false server")
    return false


main()

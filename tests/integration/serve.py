#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""vernier serve and vernier exec: many clients at once, how servers and clients
end, devices that change under a run, who may do what, files as files."""
import errno
import os
import re
import signal
import stat
import subprocess
import sys
import time
import traceback

from harness import (IS_ROOT, MAC1, VERNIER, Server, Skip, Terminal, case, equal, finish, holds,
                     main, mounted, rx_packets, sh, vernier, veth, wait_until, without_rights)

ENDLESS = ["count 0", "dst_mac " + MAC1, "dst 10.0.0.2", "src_min 10.0.0.1"]
NO_ADMIN = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"]


def cpus():
    return sorted(os.sched_getaffinity(0))


def two_cpus():
    if len(cpus()) < 2:
        raise Skip("needs two CPUs")
    return cpus()[:2]


def root_only():
    if not IS_ROOT:
        raise Skip("needs root of the machine")


def thread(i=0):
    return "kpktgend_%d" % cpus()[i]


def add(server, word, *commands, thread_index=0):
    server.set(thread(thread_index), "add_device " + word)
    server.set(word, *commands)


def running(server, word="vn0@0", *commands):
    """An endless run of one device, some packets of which have arrived; who waits for it."""
    add(server, word, *ENDLESS, *commands)
    starter = server.start()
    wait_until(lambda: server.sent(word) > 100, "100 packets sent")
    return starter


def ended_well(starter):
    status, _, err = finish(starter, timeout=10)
    equal((status, err), (0, ""), "status of who waited for the run, what it said")


def in_processes(*functions):
    """Runs them all at once, each in a process; all must end well."""
    children = []
    for function in functions:
        child = os.fork()
        if child == 0:
            try:
                function()
            except BaseException:  # pylint: disable=broad-except
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)
            os._exit(0)
        children.append(child)
    equal([os.waitstatus_to_exitcode(os.waitpid(c, 0)[1]) for c in children],
          [0] * len(children), "status of each process")


def error_of(function, *arguments):
    try:
        function(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


def whole(text):
    """Is this the text of a device file at one moment?"""
    sofar, seq = re.search(r"pkts-sofar: (\d+) ", text), re.search(r"seq_num: (\d+) ", text)
    return (text.startswith("Params: count ") and text.endswith("\n") and
            int(seq[1]) in (0, int(sofar[1]) + 1))


# Many at once

def read_rounds(server, n):
    for _ in range(n):
        holds(whole(server.read("vn0@0")), "text of vn0@0")
        holds(re.fullmatch(r"Running: vn0@0 \nStopped: .*\nResult: OK: add_device=vn0@0\n",
                           server.read(thread())), "text of the thread")
        names = os.listdir(server.tree)
        holds({"pgctrl", "vn0@0", thread()} <= set(names), "list: %s" % names)


def write_rounds(server, n):
    for i in range(n):
        equal([server.write("vn0@0", c) for c in ("udp_dst_min %d" % (i + 1), "dst_mac x", "what 1",
                                                  "clone_skb 2", "flag NO_TIMESTAMP")],
              [0, errno.EINVAL, errno.EINVAL, errno.EOPNOTSUPP, 0], "errnos of writes")
        equal(server.write("pgctrl", "status"), errno.EINVAL, "errno of a bad command")


def attach_rounds(server, n, me, turn):
    """Two add and remove devices on one thread, of their own and the same."""
    for _ in range(n):
        holds(server.write(turn, "add_device both") in (0, errno.EBUSY), "errno of both")
        holds(server.write(turn, "add_device " + me) in (0, errno.EBUSY), "errno of " + me)
        holds(server.write(me, "count 3") in (0, errno.ENOENT, errno.EIO), "errno of a setting")
        equal(server.write(turn, "rem_device_all"), 0, "errno of a removal")


def ctl_rounds(n):
    for _ in range(n):
        holds("pkts-sofar" in vernier("ctl", "vn0@0").stdout, "text by the socket")
        vernier("ctl", "vn0@0", "pkt_size", 60)


@case
def many_clients_during_a_run():
    veth()
    two_cpus()
    with Server("--quiet", "--device", "both=null", "--device", "x=null",
                "--device", "y=null") as s:
        starter = running(s, "vn0@0", "ratep 20000")
        in_processes(*[lambda: read_rounds(s, 150)] * 3, *[lambda: write_rounds(s, 60)] * 2,
                     lambda: attach_rounds(s, 100, "x", thread(1)),
                     lambda: attach_rounds(s, 100, "y", thread(1)), lambda: ctl_rounds(15))
        s.set("pgctrl", "stop")
        ended_well(starter)
        equal(rx_packets("vn1"), s.sent("vn0@0"), "packets at the other end")
        equal(s.read(thread(1)).splitlines()[:2], ["Running: ", "Stopped: "], "what is left")


@case
def starts_and_stops_of_many():
    """start, stop and reset by many at once: everybody gets an answer"""
    veth()
    with Server("--quiet") as s:
        def start_rounds():
            for _ in range(10):
                equal(s.write("pgctrl", "start"), 0, "errno of start")

        def stop_rounds():
            for _ in range(40):
                equal(s.write("pgctrl", "stop"), 0, "errno of stop")

        def reset_rounds():
            for _ in range(15):
                holds(s.write(thread(), "add_device vn0@0") in (0, errno.EBUSY), "errno of add")
                holds(s.write("vn0@0", "count 500") in (0, errno.ENOENT, errno.EIO), "errno of set")
                equal(s.write("pgctrl", "reset"), 0, "errno of reset")

        in_processes(start_rounds, start_rounds, start_rounds, stop_rounds, reset_rounds)
        s.set("pgctrl", "reset")
        before = rx_packets("vn1")
        add(s, "vn0@0", "count 321")
        s.set("pgctrl", "start")
        equal((s.sent("vn0@0"), rx_packets("vn1") - before), (321, 321), "sent, arrived afterwards")


def began_us(server):
    return int(re.search(r"started: (\d+)us", server.read("vn0@0"))[1])


@case
def two_starts_at_once():
    """the second start begins the run anew; both wait for its end"""
    veth()
    with Server() as s:
        first = running(s)
        began = began_us(s)
        second = s.start()
        wait_until(lambda: began_us(s) > began and s.sent("vn0@0") > 100, "the second run")
        equal((first.poll(), second.poll()), (None, None), "ends before the run's")
        s.set("pgctrl", "stop")
        ended_well(first)
        ended_well(second)
        holds(0 < s.sent("vn0@0") <= rx_packets("vn1"), "sent in the second run")


@case
def stop_by_another_process():
    veth()
    with Server() as s:
        starter = running(s)
        begin = time.monotonic()
        s.set("pgctrl", "stop")
        holds(time.monotonic() - begin < 1, "stop waited %f s" % (time.monotonic() - begin))
        ended_well(starter)
        equal(s.sent("vn0@0"), rx_packets("vn1"), "sent, arrived")


# Ends

@case
def server_killed():
    """kill -9 of the server: no client hangs; the next server takes the dead mount off"""
    veth()
    s = Server()
    starter = running(s)
    fd = os.open(s.path("vn0@0"), os.O_RDWR)
    os.read(fd, 10)
    s.process.kill()
    s.process.wait()
    begin = time.monotonic()
    equal([error_of(os.read, fd, 10), error_of(os.write, fd, b"count 1\n"),
           error_of(os.open, s.path("pgctrl"), os.O_RDONLY), error_of(os.listdir, s.tree)],
          ["ENOTCONN"] * 4, "errnos")
    status, _, err = finish(starter, timeout=5)
    holds(status != 0 and "write error" in err, "who waited: %d, %r" % (status, err))
    holds(time.monotonic() - begin < 2, "took %f s" % (time.monotonic() - begin))
    os.close(fd)
    holds(s.folder in mounted(), "the mount went by itself: nothing was shown")
    with Server() as after:
        add(after, "vn0@0", "count 7")
        after.set("pgctrl", "start")
        equal(after.sent("vn0@0"), 7, "sent with the next server")
    equal(mounted().count(s.folder), 0, "mounts on the directory")


def ends_by(number):
    veth()
    with Server() as s:
        starter = running(s)
        out = s.end(number)
        ended_well(starter)
        found = re.fullmatch(r"vn0@0: OK: \d+\(c\d+\+d\d+\) usec, (\d+) \(58byte,0frags\)\n"
                             r"  \d+pps \d+Mb/sec \(\d+bps\) errors: 0\n", out)
        holds(found, "printed at the end: %r" % out)
        equal(rx_packets("vn1"), int(found[1]), "packets at the other end")
    equal(vernier("ctl", status=1).stderr, "vernier: ctl: socket vernier: no server in this "
          "network namespace (vernier serve starts one)\n", "the socket afterwards")
    with Server() as s:
        holds("pgctrl" in os.listdir(s.tree), "the next server")


@case
def server_interrupted():
    """SIGINT to the server during a run"""
    ends_by(signal.SIGINT)


@case
def server_terminated():
    """SIGTERM to the server during a run"""
    ends_by(signal.SIGTERM)


@case
def server_ends_with_open_files():
    """open files and a working directory inside do not keep the server"""
    with Server() as s:
        fd = os.open(s.path("pgctrl"), os.O_RDWR)
        inside = subprocess.Popen(["sleep", "60"], cwd=s.tree)
        os.read(fd, 10)
        s.end()
        inside.kill()
        inside.wait()
        equal(error_of(os.read, fd, 10), "ENOTCONN", "errno of the open file")


def write_start(server, number):
    """Child: writes start, is sent the signal meanwhile; status 0 when all bytes were taken."""
    child = os.fork()
    if child == 0:
        signal.signal(number, lambda *_: None)
        fd = os.open(server.path("pgctrl"), os.O_WRONLY)
        os._exit(0 if os.write(fd, b"start\n") == 6 else 1)
    return child


@case
def writer_interrupted():
    """a signal to who waits for the run ends it, and the write has succeeded"""
    veth()
    with Server() as s:
        add(s, "vn0@0", *ENDLESS)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            before = rx_packets("vn1")
            child = write_start(s, number)
            wait_until(lambda: rx_packets("vn1") - before > 100, "100 packets")
            os.kill(child, number)
            equal(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0, "the write")
            equal(rx_packets("vn1") - before, s.sent("vn0@0"), "sent, arrived")
            holds(s.result("vn0@0").startswith("OK: "), "result " + s.result("vn0@0"))


@case
def writer_killed():
    """SIGKILL of who waits for the run ends it"""
    veth()
    with Server() as s:
        starter = running(s)
        starter.kill()
        starter.communicate(timeout=10)
        wait_until(lambda: s.result("vn0@0").startswith("OK: "), "the end of the run")
        equal(rx_packets("vn1"), s.sent("vn0@0"), "sent, arrived")


@case
def unmounted_by_somebody():
    """umount of the tree ends the server"""
    s = Server()
    sh("umount", s.folder)
    equal(s.process.wait(timeout=10), 0, "status of the server (%s)" % s.log())


# Devices that change

@case
def device_set_down_during_a_run():
    veth()
    with Server() as s:
        for loses in ("vn0", "vn1"):  # the device itself, its carrier
            before = rx_packets("vn1")
            add(s, "vn0@" + loses, *ENDLESS)
            starter = s.start()
            wait_until(lambda: rx_packets("vn1") - before > 100, "100 packets")
            sh("ip", "link", "set", loses, "down")
            ended_well(starter)
            holds(s.result("vn0@" + loses).startswith("OK: "), s.result("vn0@" + loses))
            equal(rx_packets("vn1") - before, s.sent("vn0@" + loses), "sent, arrived")
            s.set("pgctrl", "start")
            holds(re.match(r"OK: .* usec, 0 \(58byte,-1frags\)\n", s.result("vn0@" + loses)),
                  "a run without %s: %s" % (loses, s.result("vn0@" + loses)))
            equal(s.write(thread(), "add_device vn0@x"), errno.ENETDOWN if loses == "vn0" else 0,
                  "add_device without " + loses)
            sh("ip", "link", "set", loses, "up")
            s.set("pgctrl", "reset")


@case
def device_deleted_during_a_run():
    veth()
    with Server("--device", "other=null") as s:
        starter = running(s)
        add(s, "vn0@more")
        add(s, "other")
        fd = os.open(s.path("vn0@0"), os.O_RDWR)
        sh("ip", "link", "del", "vn0")
        ended_well(starter)
        equal((error_of(os.read, fd, 10), error_of(os.write, fd, b"count 1\n")), ("EIO", "EIO"),
              "errnos of the open file")
        os.close(fd)
        equal(error_of(os.open, s.path("vn0@0"), os.O_RDONLY), "ENOENT", "errno of opening")
        equal(s.read(thread()), "Running: \nStopped: other \nResult: OK: add_device=other\n",
              "text of the thread")
        equal(s.write(thread(), "add_device vn0@0"), errno.ENODEV, "errno of add_device")
        equal(s.read(thread()).splitlines()[2], "Result: ERROR: can not add device vn0@0", "Result")


@case
def device_moved_to_another_namespace_during_a_run():
    veth()
    with Server() as s:
        starter = running(s)
        away = subprocess.Popen(["unshare", "-n", "sleep", "80"])
        mine = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink("/proc/%d/ns/net" % away.pid) != mine, "a namespace")
        sh("ip", "link", "set", "vn0", "netns", str(away.pid))
        ended_well(starter)
        equal([n for n in os.listdir(s.tree) if "vn0" in n], [], "files of the device")
        equal(s.write(thread(), "add_device vn0"), errno.ENODEV, "errno of add_device")
        away.kill()
        away.wait()


@case
def device_renamed_during_a_run():
    veth()
    with Server() as s:
        add(s, "vn0@older")
        starter = running(s)
        renamed = subprocess.run(["ip", "link", "set", "vn0", "name", "vn7"], capture_output=True)
        if renamed.returncode:
            raise Skip("this kernel renames no device that is up")
        equal(os.listdir(s.tree), names_with("vn7", "vn0@older"), "files after the rename")
        equal(s.read(thread()).splitlines()[:2], ["Running: vn0@0 vn0@older ", "Stopped: "],
              "the thread's words")
        holds("ifname: vn0@0\n" in s.read("vn7"), "ifname in " + s.read("vn7"))
        sent = s.sent("vn7")
        wait_until(lambda: s.sent("vn7") > sent, "more packets after the rename")
        equal(s.write(thread(), "add_device vn0@0"), errno.EBUSY, "errno of the word in use")
        equal(s.write(thread(), "add_device vn7"), errno.EINVAL, "errno of a file in use")
        s.set("vn7", "pkt_size 100")
        s.set("pgctrl", "stop")
        ended_well(starter)
        equal(rx_packets("vn1"), s.sent("vn7") + s.sent("vn0@older"), "sent, arrived")
        sh("ip", "link", "del", "vn7")
        equal(os.listdir(s.tree), names_with(), "files after the device's end")


@case
def device_renamed_with_entries_on_two_threads():
    """of two threads with the device, one gets the new file, the other none"""
    two_cpus()
    veth()
    with Server() as s:
        add(s, "vn0@0", *ENDLESS[1:], "count 10")
        add(s, "vn0@1", *ENDLESS[1:], "count 20", thread_index=1)
        sh("ip", "link", "set", "vn0", "down")
        sh("ip", "link", "set", "vn0", "name", "vn7")
        sh("ip", "link", "set", "vn7", "up")
        equal(os.listdir(s.tree), names_with("vn7"), "files after the rename")
        equal([s.read(thread(i)).splitlines()[1] for i in (0, 1)],
              ["Stopped: vn0@0 ", "Stopped: vn0@1 "], "the threads' words")
        holds("can't move proc entry for 'vn7'" in s.log(), "log: " + s.log())
        s.set("pgctrl", "start")
        equal((s.sent("vn7"), rx_packets("vn1")), (10, 30), "sent, arrived of both")
        s.set("pgctrl", "reset")
        equal(os.listdir(s.tree), names_with(), "files after a reset")


def names_with(*devices):
    """The list of the tree: by length, then by bytes."""
    names = ["pgctrl", *["kpktgend_%d" % c for c in cpus()], *devices]
    return sorted(names, key=lambda n: (len(n), n.encode()))


# Several servers

@case
def servers_in_two_namespaces():
    with Server() as one, Server(folder="other", prefix=["unshare", "-n"]) as two:
        own = ["nsenter", "-t", str(two.process.pid), "-n"]
        sh(*own, "ip", "link", "set", "lo", "up")
        sh("ip", "link", "add", "vn0", "type", "veth", "peer", "name", "vn1")
        sh("ip", "link", "set", "vn0", "up")
        one.set(thread(), "add_device vn0@here")
        two.set(thread(), "add_device lo@there")
        equal(two.write(thread(), "add_device vn0"), errno.ENODEV, "the other's device")
        equal((os.listdir(one.tree), os.listdir(two.tree)),
              (names_with("vn0@here"), names_with("lo@there")), "files of both")
        equal(vernier("ctl").stdout.split(), names_with("vn0@here"), "list of the one")
        equal(sh(*own, VERNIER, "ctl").split(), names_with("lo@there"), "list of the other")


@case
def second_server_is_refused():
    with Server() as s:
        os.mkdir("second")
        said = vernier("serve", "--mount", "second", status=1).stderr
        equal(said, "vernier: serve: socket vernier: a server of this network namespace has it "
              "(choose another with --socket)\n", "about the socket")
        said = vernier("serve", "--mount", "proc", "--socket", "another", status=1).stderr
        equal(said, "vernier: serve: proc: something is mounted there already (choose another "
              "directory with --mount)\n", "about the mount")
        holds(os.path.abspath("second") not in mounted(), "a mount of the refused server is left")
        with Server("--socket", "another", folder="second") as other:
            equal(os.listdir(other.tree), os.listdir(s.tree), "files of both")
            holds("pgctrl" in vernier("ctl", "--socket", "another").stdout, "the other's socket")
        holds("pgctrl" in os.listdir(s.tree), "the first server is hurt")


# Who may

@case
def modes_and_owners():
    with Server() as s:
        add(s, "lo")
        for name in os.listdir(s.tree):
            st = os.stat(s.path(name))
            equal((oct(st.st_mode), st.st_uid, st.st_gid, st.st_size),
                  (oct(stat.S_IFREG | 0o600), 0, 0, 0), "mode, owner, group, size of " + name)
        for folder in (s.folder, os.path.dirname(s.tree), s.tree):
            st = os.stat(folder)
            equal((oct(st.st_mode), st.st_uid), (oct(stat.S_IFDIR | 0o555), 0), "mode of " + folder)


@case
def nobody_may_nothing():
    root_only()
    with Server() as s:
        add(s, "lo")
        for name in os.listdir(s.tree):
            for how in ('cat "$0"', 'echo start > "$0"', 'exec 3<> "$0"'):
                done = subprocess.run([*without_rights(), "/bin/sh", "-c", how, s.path(name)],
                                      capture_output=True, text=True)
                holds(done.returncode and "Permission denied" in done.stderr,
                      "%s of %s: %d %s" % (how, name, done.returncode, done.stderr))
        listed = sh(*without_rights(), "ls", "-U", s.tree)
        equal(listed.split(), names_with("lo"), "the directory is open")
        for words in ([], ["pgctrl"], ["pgctrl", "reset"], ["lo", "count", "5"]):
            done = subprocess.run([*without_rights(), VERNIER, "ctl", *words], capture_output=True,
                                  text=True, timeout=20)
            equal((done.returncode, done.stdout), (1, ""), "ctl %s as nobody" % words)
            holds(done.stderr.startswith("vernier: ctl: "), "what it says: " + done.stderr)
        equal((os.listdir(s.tree), "count 1000 " in s.read("lo")), (names_with("lo"), True),
              "files, count afterwards")


@case
def root_without_net_admin():
    """root without CAP_NET_ADMIN: EPERM on pgctrl, and on nothing else"""
    root_only()
    with Server() as s:
        add(s, "lo", "count 1")
        for command in ("start", "stop", "reset", "what"):
            done = subprocess.run([*NO_ADMIN, "/bin/bash", "-c", 'echo "$1" > "$0"',
                                   s.path("pgctrl"), command], capture_output=True, text=True)
            holds(done.returncode and "Operation not permitted" in done.stderr,
                  "%s: %d %s" % (command, done.returncode, done.stderr))
        sh(*NO_ADMIN, "/bin/sh", "-ec", 'cd "$0"; cat pgctrl; echo count 9 > lo; '
           'echo max_before_softirq > %s' % thread(), s.tree)
        holds("count 9 " in s.read("lo") and "pkts-sofar: 0 " in s.read("lo"), s.read("lo"))


# Files as files

@case
def ways_of_opening():
    with Server() as s:
        add(s, "lo")
        for name in ("pgctrl", thread(), "lo"):
            for flags in (os.O_TRUNC, os.O_APPEND, os.O_CREAT, os.O_CREAT | os.O_TRUNC,
                          os.O_SYNC, os.O_NONBLOCK):
                for mode in (os.O_WRONLY, os.O_RDWR):
                    os.close(os.open(s.path(name), mode | flags, 0o666))
            holds(s.read(name), "%s is empty afterwards" % name)
            equal(error_of(os.open, s.path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL), "EEXIST",
                  "O_EXCL of " + name)
            os.truncate(s.path(name), 0)
        equal(sh("/bin/sh", "-ec", 'echo count 5 > "$0"; echo frags 2 >> "$0"; '
                 'grep -c "count 5 \\|frags: 2 " "$0"', s.path("lo")), "2\n", "lines by shells")


@case
def what_cannot_be_done_to_files():
    with Server() as s:
        add(s, "lo")
        new = s.path("new")
        for name in ("pgctrl", thread(), "lo"):
            path = s.path(name)
            equal([error_of(os.unlink, path), error_of(os.rename, path, new),
                   error_of(os.chmod, path, 0o644), error_of(os.chown, path, 0, 0),
                   error_of(os.link, path, new), error_of(os.listdir, path)],
                  ["EPERM", "EPERM", "EPERM", "EPERM", "EPERM", "ENOTDIR"], "errnos of " + name)
        equal([error_of(os.open, new, os.O_WRONLY | os.O_CREAT),
               error_of(os.open, new, os.O_RDONLY), error_of(os.mkdir, new),
               error_of(os.rmdir, s.tree), error_of(os.mkfifo, new),
               error_of(os.symlink, "x", new)],
              ["ENOENT", "ENOENT", "EPERM", "EPERM", "EPERM", "EPERM"], "errnos of new names")
        equal(os.listdir(s.tree), names_with("lo"), "files afterwards")


@case
def order_of_the_directory():
    words = ["lo@b", "lo", "lo@aa", "lo@a", "lo@Z", "lo@10", "lo@9", "lo@" + "x" * 28]
    with Server() as s:
        for word in words:
            s.set(thread(), "add_device " + word)
        equal(os.listdir(s.tree), names_with(*words), "order")
        equal(os.listdir(s.folder), ["net", "sys", "class", "devices"], "above")
        equal(os.listdir(s.folder + "/net"), ["pktgen", "dev", "ptype", "softnet_stat"], "between")


@case
def positions():
    with Server() as s:
        add(s, "lo", "count 123")
        text = s.read("lo").encode()
        fd = os.open(s.path("lo"), os.O_RDWR)
        equal(os.read(fd, 10), text[:10], "first bytes")
        os.write(fd, b"count 7\n")
        equal(os.read(fd, 10), text[10:20], "bytes after a write")
        equal(os.lseek(fd, 5, os.SEEK_SET), 5, "position")
        equal(os.read(fd, 3), text[5:8], "bytes after seeking")
        equal(os.lseek(fd, 4, os.SEEK_CUR), 12, "position")
        os.write(fd, b"count 8\n")
        equal(os.lseek(fd, 0, os.SEEK_SET), 0, "position")
        holds(os.read(fd, 4096).startswith(b"Params: count 8 "), "the text is not read anew")
        equal(os.read(fd, 10), b"", "bytes at the end")
        equal(os.pread(fd, 7, 0), b"Params:", "bytes at a place")
        os.close(fd)


@case
def small_reads_are_of_one_moment():
    veth()
    with Server() as s:
        starter = running(s)
        for size in (1, 7, 64, 333):
            fd = os.open(s.path("vn0@0"), os.O_RDONLY)
            text = b"".join(iter(lambda: os.read(fd, size), b"")).decode()
            os.close(fd)
            holds(whole(text), "by %d bytes: %s" % (size, text))
        s.set("pgctrl", "stop")
        ended_well(starter)


@case
def removed_device_of_an_open_file():
    with Server() as s:
        for removal, file in (("rem_device_all", thread()), ("reset", "pgctrl")):
            add(s, "lo")
            fd = os.open(s.path("lo"), os.O_RDWR)
            half = os.open(s.path("lo"), os.O_RDONLY)
            os.read(half, 10)
            s.set(file, removal)
            s.set(thread(), "add_device lo")  # another, of the same name
            equal([error_of(os.read, fd, 10), error_of(os.write, fd, b"count 1\n"),
                   error_of(os.read, half, 10)], ["EIO"] * 3, "errnos after " + removal)
            os.close(fd)
            os.close(half)
            s.set("pgctrl", "reset")


# Ways of starting

@case
def socket_only():
    with Server("--no-mount") as s:
        equal(s.line, "serving socket vernier\n", "line")
        vernier("ctl", thread(), "add_device", "lo")
        equal(vernier("ctl").stdout.split(), names_with("lo"), "list by the socket")
        equal([m for m in mounted() if m.startswith(os.getcwd())], [], "mounts")


def hide_fuse():
    """A /dev of a few devices."""
    os.mkdir("dev")
    sh("mount", "-t", "tmpfs", "none", "dev")
    for name in ("null", "zero", "urandom", "full"):
        with open("dev/" + name, "w"):
            sh("mount", "--bind", "/dev/" + name, "dev/" + name)
    sh("mount", "--rbind", "dev", "/dev")


@case
def fuse_is_missing():
    """no /dev/fuse: says so, and serves the socket"""
    hide_fuse()
    socket_without_files()


@case
def fuse_is_hidden():
    """another device in the place of /dev/fuse, as sandboxes have it: the same"""
    sh("mount", "--bind", "/dev/null", "/dev/fuse")
    socket_without_files()


def socket_without_files():
    with Server() as s:
        equal(s.line, "serving socket vernier\n", "line")
        said = [line for line in s.log().splitlines() if "/dev/fuse" in line]
        holds(said and said[0].startswith("vernier: serve: no files: "), "what it says: " + s.log())
        holds("pgctrl" in vernier("ctl").stdout, "list by the socket")


@case
def exec_without_fuse():
    """exec without /dev/fuse has nothing to offer: status 1, and why"""
    hide_fuse()
    holds("/dev/fuse" in vernier("exec", "--", "true", status=1).stderr, "what it says")


@case
def in_the_background():
    """--background returns when everything is there; SIGTERM ends the server"""
    os.mkdir("proc")
    done = vernier("serve", "--background", "--mount", "proc", timeout=20)
    equal((done.stdout, done.stderr),
          ("serving proc/net/pktgen, socket vernier\n", ""), "what it prints")
    holds("pgctrl" in os.listdir("proc/net/pktgen"), "files as soon as it returns")
    server, = [int(p) for p in os.listdir("/proc") if p.isdigit() and is_our_server(int(p))]
    equal(os.getsid(server) == os.getsid(0), False, "in the session of who started it")
    os.kill(server, signal.SIGTERM)
    wait_until(lambda: os.path.abspath("proc") not in mounted(), "the end of the mount")
    wait_until(lambda: vernier_ctl_status() == 1, "the end of the socket")
    holds("is not a directory" in vernier("serve", "--background", "--mount", "/etc/passwd",
                                          status=1).stderr, "a failure is not told")


def is_our_server(pid):
    try:
        with open("/proc/%d/cmdline" % pid) as f:
            return (f.read().split("\0")[1:3] == ["serve", "--background"] and
                    os.readlink("/proc/%d/ns/net" % pid) == os.readlink("/proc/self/ns/net"))
    except OSError:
        return False


def vernier_ctl_status():
    return subprocess.run([VERNIER, "ctl"], capture_output=True, timeout=20).returncode


@case
def readers_without_a_pause_do_not_keep_the_server():
    with Server("--quiet") as s:
        code = ("import os, sys\nf = os.open(sys.argv[1], os.O_RDONLY)\nprint(flush=True)\n"
                "try:\n    while os.pread(f, 100, 0): pass\nexcept OSError: pass")
        readers = [subprocess.Popen([sys.executable, "-c", code, s.path("pgctrl")],
                                    stdout=subprocess.PIPE) for _ in range(3)]
        for reader in readers:
            reader.stdout.readline()
    for reader in readers:
        equal(reader.wait(20), 0, "a reader's status")


@case
def a_missing_directory_is_made_and_removed_again():
    with Server("--mount", "made", folder="other") as s:
        equal(os.listdir("made/net/pktgen")[0], "pgctrl")
        holds("made/net/pktgen" in s.line, s.line)
    holds(not os.path.exists("made"), "the directory is left behind")


@case
def refusals_before_anything_is_served():
    os.mkdir("proc")
    with open("file", "w"):
        pass
    for words, status, names in (
            (["--mount", "absent/dir"], 1, ["absent/dir", "No such file"]),
            (["--mount", "file"], 1, ["file", "not a directory"]),
            (["--device", "nonsense"], 2, ["--device", "nonsense", "NAME=DRIVER"]),
            (["--device", "=null"], 2, ["--device", "=null"]),
            (["--device", "a=warp"], 2, ["--device", "warp"]),
            (["--device", "sixteen_letters_=null"], 2, ["--device", "sixteen_letters_"]),
            (["--cpus", "99"], 2, ["--cpus", "99"]),
            (["--cpus", "x"], 2, ["--cpus", "x"]),
            (["--count", "x"], 2, ["--count", "x"]),
            (["--count", "-1"], 2, ["--count", "-1"]),
            (["--delay", "soon"], 2, ["--delay", "soon"]),
            (["--clone-skb", "5000000000"], 2, ["--clone-skb", "5000000000"]),
            (["--seed", "x"], 2, ["--seed", "x"]),
            (["--socket", ""], 2, ["socket"]),
            (["--socket", "/absent/x"], 1, ["/absent/x"]),
            (["--what"], 2, ["--what"]),
            (["stray"], 2, ["stray"])):
        said = vernier("serve", *([] if "--mount" in words else ["--mount", "proc"]), *words,
                       status=status, timeout=20).stderr
        holds(said.startswith("vernier: serve: ") and said.count("\n") == 1,
              "%s: said %r" % (words, said))
        for name in names:
            holds(name in said, "%s: %r does not name %s" % (words, said, name))
        holds(os.path.abspath("proc") not in mounted(), "%s: still mounted" % words)
    for words in (["--cpus", "99", "--", "true"], ["--device", "x", "--", "true"], []):
        holds(vernier("exec", *words, status=2).stderr, "exec %s says nothing" % words)


@case
def defaults_of_new_devices():
    """--count, --delay, --clone-skb; the last where packets may be shared"""
    veth()
    with Server("--count", 5, "--delay", "2us", "--clone-skb", 3, "--device", "n0=null") as s:
        add(s, "vn0")
        add(s, "n0")
        got = [re.search(r"count (\d+) .*delay: (\d+)  clone_skb: (\d+)", s.read(w), re.S).groups()
               for w in ("vn0", "n0")]
        equal(got, [("5", "2000", "0"), ("5", "2000", "3")], "count, delay, clone_skb of vn0, n0")


@case
def threads_on_chosen_cpus():
    one = two_cpus()[1]
    with Server("--cpus", one) as s:
        equal(os.listdir(s.tree), ["pgctrl", "kpktgend_%d" % one], "files")


@case
def debug_logs_every_write():
    with Server("--debug", 1) as s:
        add(s, "lo", "count 5")
        s.write("lo", "nonsense")
        log = s.log().splitlines()
        holds('pktgen: lo: "count 5\\012": 8' in log and
              any(line.startswith('pktgen: lo: "nonsense\\012": -') for line in log),
              "log: %s" % log)


@case
def interface_of_the_default_route():
    veth()
    sh("ip", "addr", "add", "10.0.0.1/24", "dev", "vn0")
    sh("ip", "route", "add", "default", "dev", "vn0")
    with Server() as s:
        equal(s.write(thread(), "add_device vn0@0"), errno.EPERM, "errno")
        equal(s.read(thread()).splitlines()[2], "Result: ERROR: can not add device vn0@0", "Result")
        holds("default route" in s.log() and "--really-on vn0" in s.log(), "log: " + s.log())
        s.set(thread(), "add_device vn1@0")
    with Server("--really-on", "vn1") as s:
        equal(s.write(thread(), "add_device vn0@0"), errno.EPERM, "errno with another's name")
    with Server("--really-on", "vn0") as s:
        add(s, "vn0@0", "count 3")
        s.set("pgctrl", "start")
        equal(rx_packets("vn1"), 3, "packets when told twice")


# exec

@case
def exec_is_transparent():
    """exec: status, output and everything else of /proc/net are as without it"""
    veth()
    before = mounted()
    done = vernier("exec", "--", "/bin/sh", "-c", "echo out; echo err >&2; exit 7", status=7)
    equal((done.stdout, done.stderr), ("out\n", "err\n"), "output")
    vernier("exec", "--", "/bin/sh", "-c", "kill -9 $$", status=137)
    holds("/no/such" in vernier("exec", "--", "/no/such", status=127).stderr, "no such command")
    holds("/etc" in vernier("exec", "--", "/etc", status=126).stderr, "not a command")
    equal(sorted(vernier("exec", "--", "ls", "/proc/net/").stdout.split()),
          sorted(set(os.listdir("/proc/net")) - {"pktgen"} | {"pktgen"}), "names in /proc/net")
    equal(vernier("exec", "--", "cut", "-d:", "-f1", "/proc/net/dev").stdout,
          sh("cut", "-d:", "-f1", "/proc/net/dev"), "/proc/net/dev")
    equal(vernier("exec", "--", "unshare", "-n", "grep", "-c", "vn0", "/proc/net/dev",
                  status=1).stdout, "0\n", "/proc/net/dev of another namespace")
    equal(vernier("exec", "--", "ls", "-U", "/proc/net/pktgen").stdout.split(), names_with(),
          "tree")
    equal(mounted(), before, "mounts afterwards")


@case
def exec_ends_what_runs():
    """exec: a run that the command left behind ends with it"""
    veth()
    vernier("exec", "--", "/bin/sh", "-ec",
            "cd /proc/net/pktgen; echo add_device vn0 > %s; echo count 0 > vn0; "
            "echo start > pgctrl & cd /proc/net/pktgen; "
            "until grep -q 'pkts-sofar: [1-9]' vn0; do :; done; exit 0" % thread())
    packets = rx_packets("vn1")
    holds(packets > 0, "nothing was sent")
    time.sleep(0.1)  # a run that went on would show
    equal(rx_packets("vn1"), packets, "packets later")


@case
def exec_in_exec_and_beside_a_server():
    veth()
    with Server() as s:
        add(s, "vn0@server")
        out = vernier("exec", "--", "/bin/sh", "-ec",
                      "echo add_device vn0@outer > /proc/net/pktgen/%s; ls -U /proc/net/pktgen; "
                      "%s exec -- ls -U /proc/net/pktgen" % (thread(), VERNIER)).stdout
        equal(out.split(), names_with("vn0@outer") + names_with(), "trees of both")
        equal(os.listdir(s.tree), names_with("vn0@server"), "the server's tree")


@case
def exec_forwards_signals():
    """exec: SIGTERM to exec is SIGTERM to the command; Ctrl-C reaches it once"""
    script = "trap 'echo term; exit 3' TERM; trap 'echo int' INT; echo ready; " \
             "while :; do sleep 0.05; done"
    with Terminal(VERNIER, "exec", "--", "/bin/bash", "-c", script) as t:
        wait_until(lambda: t.said() == "ready\n", "the command")
        t.process.send_signal(signal.SIGSTOP)  # exec hears of Ctrl-C after the command has
        t.press_ctrl_c()
        wait_until(lambda: "int\n" in t.said(), "SIGINT in the command")
        t.process.send_signal(signal.SIGCONT)
        t.process.terminate()
        status, out, _ = t.finish()
        equal((status, out), (3, "ready\nint\nterm\n"), "status, output")


# Without root

ROOTLESS = ["unshare", "-Urnm"]


def rootless():
    words = [*(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
               if IS_ROOT else []), *ROOTLESS]
    if subprocess.run([*words, "test", "-x", VERNIER], capture_output=True).returncode:
        raise Skip("no user namespaces here for who is not root, or %s is not for all" % VERNIER)
    if not os.access("/dev/fuse", os.W_OK) or os.stat("/dev/fuse").st_mode & 6 != 6:
        raise Skip("/dev/fuse is not for all")
    return words


LINKS = """
ip link add vn0 type veth peer name vn1; ip link set vn0 up; ip link set vn1 up; ip link set lo up
until ip link show vn0 | grep -q LOWER_UP; do :; done
"""
RUN = """
echo add_device vn0@0 > $T/kpktgend_%d; echo count 50 > $T/vn0@0; echo start > $T/pgctrl
grep pkts-sofar $T/vn0@0
""" % min(os.sched_getaffinity(0))


@case
def rootless_exec():
    """exec as nobody, in namespaces of his own"""
    done = subprocess.run([*rootless(), "/bin/sh", "-ec", LINKS + '"$0" exec -- /bin/sh -ec "$1"',
                           VERNIER, "T=/proc/net/pktgen\n" + RUN],
                          capture_output=True, text=True, timeout=40)
    equal((done.returncode, done.stdout, done.stderr),
          (0, "     pkts-sofar: 50  errors: 0\n", ""), "status, output")


@case
def rootless_serve():
    """serve as nobody, in namespaces of his own"""
    words = rootless()
    os.mkdir("theirs")
    os.chmod("theirs", 0o777)
    script = LINKS + 'mkdir theirs/proc; "$0" serve --quiet --background --mount theirs/proc\n' + \
        "T=theirs/proc/net/pktgen\n" + RUN + '"$0" ctl vn0@0 count 60; "$0" ctl pgctrl start\n' \
        '"$0" ctl vn0@0 | grep pkts-sofar\numount theirs/proc'
    done = subprocess.run([*words, "/bin/sh", "-ec", script, VERNIER], capture_output=True,
                          text=True, timeout=40)
    equal((done.returncode, done.stdout, done.stderr),
          (0, "serving theirs/proc/net/pktgen, socket vernier\n     pkts-sofar: 50  errors: 0\n"
           "     pkts-sofar: 60  errors: 0\n", ""), "status, output")


main()

# SPDX-License-Identifier: BSD-2-Clause
"""What the integration tests share.

A test file decorates functions with @case and ends with main(). Each case runs
in a process of its own, in a network and a mount namespace of its own (and, for
a user who is not root, a user namespace), with a folder of its own as working
directory and a time limit; whatever it leaves running is ended with it. The
namespaces go with their last process, mounts too. Prints TAP; a case that
raises fails, Skip skips.

VERNIER names the program under test; VN_TOP the top of the source tree.
"""
import ctypes
import errno
import fcntl
import json
import mmap
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import traceback

TOP = os.environ.get("VN_TOP") or os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
VERNIER = os.environ.get("VERNIER") or os.path.join(TOP, "build/cmd/vernier/vernier")
LIMIT_S = 90
IS_ROOT = os.getuid() == 0  # of the machine, not only of a namespace
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
MS_REC, MS_SLAVE = 0x4000, 0x80000
MAC0, MAC1 = "02:00:00:00:00:01", "02:00:00:00:00:02"

_cases = []


class Skip(Exception):
    pass


def case(function):
    """Registers a test case; its name is the function's, or its doc string."""
    _cases.append(function)
    return function


def equal(got, want, what="value"):
    if got != want:
        raise AssertionError("%s: got %r, expected %r" % (what, got, want))


def holds(condition, what):
    if not condition:
        raise AssertionError(what)


# Processes

def sh(*words, **more):
    """Runs a command that must succeed; returns its standard output."""
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)
    if done.returncode:
        raise AssertionError("%s: %s" % (" ".join(words), done.stderr))
    return done.stdout


def vernier(*words, status=0, timeout=60, **more):
    """Runs vernier to its end, which must have this exit status."""
    done = subprocess.run([VERNIER, *map(str, words)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=timeout, **more)
    if done.returncode != status:
        raise AssertionError("vernier %s: status %d, expected %d\n%s%s" % (
            " ".join(map(str, words)), done.returncode, status, done.stdout, done.stderr))
    return done


def start(*words):
    return subprocess.Popen([VERNIER, *map(str, words)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process, timeout=30):
    """Waits for the end; returns (status, stdout, stderr)."""
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out, err


def written(file):
    """What a process that may still run has written there. Its place in the file is ours, too,
    since it has inherited the descriptor: who moves it makes the next write go elsewhere."""
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode(errors="replace")


class Terminal:
    """A command with a terminal of its own, on which Ctrl-C can be pressed."""

    def __init__(self, *words, **more):
        self._keyboard, screen = pty.openpty()
        self._out, self._err = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            words, stdin=screen, stdout=self._out, stderr=self._err, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), **more)
        os.close(screen)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:  # a case failed: this session is not the case's own
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self._keyboard)

    def press_ctrl_c(self):
        os.write(self._keyboard, b"\x03")

    def said(self):
        """Its standard output so far."""
        return written(self._out)

    def finish(self, timeout=30):
        """Waits for the end; returns (status, stdout, stderr)."""
        status = self.process.wait(timeout)
        return status, self.said(), written(self._err)


class Server:
    """`vernier serve`, its tree on the folder `proc` unless words say otherwise.

    As a context it is ended by SIGINT, which must leave nothing behind."""

    def __init__(self, *words, folder="proc", prefix=()):
        try:
            os.mkdir(folder)
        except FileExistsError:
            pass  # a killed server's may be there
        self.folder, self.tree = os.path.abspath(folder), os.path.abspath(folder) + "/net/pktgen"
        self._err = tempfile.TemporaryFile("w+")
        options = [] if {"--mount", "--no-mount"} & set(words) else ["--mount", folder]
        self.process = subprocess.Popen(
            [*prefix, VERNIER, "serve", *options, *map(str, words)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self._err, text=True)
        self.line = self.process.stdout.readline()
        if not self.line.startswith("serving "):
            raise AssertionError("serve: status %s, said %r" % (self.process.wait(), self.log()))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None and self.process.returncode is None:
            self.end()

    def log(self):
        return written(self._err)

    def path(self, file):
        return os.path.join(self.tree, file)

    def write(self, file, command):
        """One write of a line; the errno, 0 when all of it was taken."""
        try:
            fd = os.open(self.path(file), os.O_WRONLY)
        except OSError as error:
            return error.errno
        try:
            data = command.encode() + b"\n"
            equal(os.write(fd, data), len(data), "bytes taken of %r" % command)
        except OSError as error:
            return error.errno
        finally:
            os.close(fd)
        return 0

    def set(self, file, *commands):
        """Writes that must succeed."""
        for command in commands:
            error = self.write(file, command)
            equal(error, 0, "errno of %r into %s (%s)" % (command, file, os.strerror(error)))

    def read(self, file):
        with open(self.path(file)) as f:
            return f.read()

    def result(self, file):
        return self.read(file).split("\nResult: ", 1)[1]

    def sent(self, file):
        return int(self.read(file).split("pkts-sofar: ", 1)[1].split()[0])

    def start(self):
        """Writes start in a process of its own, which waits for the run."""
        return subprocess.Popen(["/bin/bash", "-c", 'echo start > "$0"', self.path("pgctrl")],
                                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def end(self, number=signal.SIGINT):
        """Ends it by a signal; returns what it printed meanwhile."""
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=20)
        equal(self.process.returncode, 0, "status of the server (%s)" % self.log())
        holds(self.folder not in mounted(), "%s is still mounted" % self.folder)
        return out


def mounted():
    with open("/proc/self/mounts") as f:
        return [line.split()[1] for line in f]


def wait_until(condition, what, timeout=20):
    """Waits for something that happens in another process."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited %d s in vain: %s" % (timeout, what))
        time.sleep(0.01)


def without_rights():
    """Words that run a command with no capability, as nobody if we may."""
    words = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]
    return words + (["--reuid", "65534", "--regid", "65534", "--clear-groups"] if IS_ROOT else [])


# Links

def quiet_stack():
    """Keeps the kernel from sending anything of its own."""
    for where in ("all", "default"):
        try:
            with open("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % where, "w") as f:
                f.write("1")
        except OSError:
            pass  # no IPv6 here, or /proc/sys is read-only: addrgenmode none does most of it


def veth(one="vn0", other="vn1", queues=1):
    """A cable: both ends up, without addresses."""
    quiet_stack()
    many = ["numtxqueues", str(queues), "numrxqueues", str(queues)] if queues > 1 else []
    sh("ip", "link", "add", one, "address", MAC0, *many, "type", "veth", "peer", "name", other,
       "address", MAC1, *many)
    for link in (one, other):
        sh("ip", "link", "set", link, "addrgenmode", "none", "arp", "off", "up")
    wait_until(lambda: all("LOWER_UP" in link_facts(x)["flags"] for x in (one, other)),
               "carrier of %s and %s" % (one, other))


def dummy(name="vd0"):
    quiet_stack()
    made = subprocess.run(["ip", "link", "add", name, "type", "dummy"], capture_output=True)
    if made.returncode:
        raise Skip("this kernel has no dummy device")
    sh("ip", "link", "set", name, "up")


def link_facts(name):
    return json.loads(sh("ip", "-j", "-s", "link", "show", name))[0]


def rx_packets(name):
    return link_facts(name)["stats64"]["rx"]["packets"]


def tx_packets(name):
    return link_facts(name)["stats64"]["tx"]["packets"]


def receivers():
    """How many packet sockets that take every protocol (0003) are running here."""
    with open("/proc/net/packet") as f:
        rows = [row.split() for row in f.readlines()[1:]]
    return sum(row[3] == "0003" and row[5] == "1" for row in rows)


def is_receiving():
    return receivers() > 0


class Bridge(threading.Thread):
    """Carries frames from vn1 to vn2 in its own way; the payload numbers them."""

    def __init__(self):
        super().__init__(daemon=True)
        self.inside, self.outside = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
                                     for _ in range(2))
        self.outside.bind(("vn2", 0))
        self.inside.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.inside.bind(("vn1", 3))

    def carry(self, frame, number):
        """The frames that go on in place of this one."""
        raise NotImplementedError

    def run(self):
        while True:
            frame, (_, _, kind, _, _) = self.inside.recvfrom(2048)
            if kind == socket.PACKET_OUTGOING:
                continue
            for out in self.carry(frame, int.from_bytes(frame[46:50], "big")):
                self.outside.send(out)


class Tap:
    """A packet socket on an interface, which keeps the first packets that it sees.

    They are kept in a ring that is never emptied: a socket's own buffer is small
    for who is not root."""
    ALL = 3  # ETH_P_ALL
    OUTGOING = socket.PACKET_OUTGOING
    SOL, STATISTICS, VERSION, RING, V2 = 263, 6, 10, 5, 1  # linux/if_packet.h
    BLOCK = 1 << 16

    def __init__(self, link, slots=16384, slot_bytes=2048):
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(self.SOL, self.VERSION, self.V2)
        self._socket.setsockopt(self.SOL, self.RING, struct.pack(
            "4I", self.BLOCK, slots * slot_bytes // self.BLOCK, slot_bytes, slots))
        self._ring = mmap.mmap(self._socket.fileno(), slots * slot_bytes)
        self._socket.bind((link, self.ALL))
        self._slot_bytes, self._seen, self._lost = slot_bytes, 0, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def seen(self):
        """Packets so far, also those for which there was no room."""
        packed = self._socket.getsockopt(self.SOL, self.STATISTICS, 8)  # since the last call
        seen, lost = struct.unpack("II", packed)
        self._seen, self._lost = self._seen + seen, self._lost + lost
        return self._seen

    def _slot(self, i):
        """None while it is empty."""
        at = i * self._slot_bytes
        status, _, kept, mac, _, sec, ns = struct.unpack_from("3I2H2I", self._ring, at)
        kind = self._ring[at + 32 + 10]  # of the struct sockaddr_ll behind the header
        frame = self._ring[at + mac:at + mac + kept]
        return (sec * 10**9 + ns, kind, frame) if status & 1 else None

    def take(self, n):
        """Waits for packet n; all kept ones so far: [(time in ns, kind, frame)]."""
        wait_until(lambda: self.seen() >= n, "packet %d" % n)
        kept = self._seen - self._lost
        wait_until(lambda: not kept or self._slot(kept - 1), "slot %d" % kept)
        return [self._slot(i) for i in range(kept)]


# Files

def json_lines(path):
    with open(path) as f:
        return [json.loads(line) for line in f if line.endswith("\n")]


def tshark(path, *fields, filters="", options=()):
    """One tuple of texts a packet. Checksums are checked, nothing is resolved."""
    words = ["tshark", "-n", "-r", path, "-o", "ip.check_checksum:TRUE",
             "-o", "udp.check_checksum:TRUE", "-T", "fields", "-E", "separator=/t"]
    for option in options:
        words += ["-o", option]
    if filters:
        words += ["-Y", filters]
    for field in fields:
        words += ["-e", field]
    return [tuple(line.split("\t")) for line in sh(*words).splitlines()]


def frames(path):
    """[(time in ns, frame)] of a pcap file with nanosecond stamps."""
    with open(path, "rb") as f:
        data = f.read()
    order = {b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\x3c\x4d": ">"}[data[:4]]
    at, found = 24, []
    while at < len(data):
        sec, ns, caplen, _ = struct.unpack_from(order + "IIII", data, at)
        found.append((sec * 10**9 + ns, data[at + 16:at + 16 + caplen]))
        at += 16 + caplen
    return found


# Running the cases

def _enter_namespaces():
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWNET | CLONE_NEWNS | (CLONE_NEWUSER if uid else 0)):
        raise Skip("no namespaces: " + os.strerror(ctypes.get_errno()))
    if uid:
        for name, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % uid),
                           ("gid_map", "0 %d 1" % gid)):
            with open("/proc/self/" + name, "w") as f:
                f.write(text)
    # In a chroot the root is no mount, and has no propagation of its own to change.
    if libc.mount(None, b"/", None, MS_REC | MS_SLAVE, None) and ctypes.get_errno() != errno.EINVAL:
        raise Skip("mounts cannot be kept apart: " + os.strerror(ctypes.get_errno()))
    sh("ip", "link", "set", "lo", "up")


def _child(function, folder, report):
    """In the child: status 0 passed, 1 failed, 77 skipped; why is in report."""
    status = 0
    os.setsid()
    os.chdir(folder)
    os.dup2(report, 1)
    os.dup2(report, 2)
    try:
        _enter_namespaces()
        function()
    except Skip as reason:
        print(reason, file=sys.stderr)
        status = 77
    except AssertionError as failure:
        place = [f for f in traceback.extract_tb(failure.__traceback__)
                 if os.path.basename(f.filename) != "harness.py"][-1]
        print("line %d: %s" % (place.lineno, failure), file=sys.stderr)
        status = 1
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _run(function):
    folder = tempfile.mkdtemp(prefix="vernier-test-")
    os.chmod(folder, 0o755)
    with tempfile.TemporaryFile("w+") as report:
        child = os.fork()
        if child == 0:
            _child(function, folder, report.fileno())
        end, status = time.monotonic() + LIMIT_S, None
        while status is None and time.monotonic() < end:
            pid, raw = os.waitpid(child, os.WNOHANG)
            status = os.waitstatus_to_exitcode(raw) if pid else None
            if status is None:
                time.sleep(0.005)
        try:
            os.killpg(child, signal.SIGKILL)  # what the case left running
        except ProcessLookupError:
            pass
        if status is None:
            os.waitpid(child, 0)
        report.seek(0)
        text = report.read()
    shutil.rmtree(folder, ignore_errors=True)
    if status is None:
        text += "not finished after %d s\n" % LIMIT_S
    return status, text


def main():
    chosen = [f for f in _cases if len(sys.argv) < 2 or f.__name__ in sys.argv[1:]]
    failed = 0
    if not os.access(VERNIER, os.X_OK):
        sys.exit("no program under test: " + VERNIER)
    print("1..%d" % len(chosen), flush=True)
    for i, function in enumerate(chosen, 1):
        name = (function.__doc__ or function.__name__.replace("_", " ")).strip()
        status, text = _run(function)
        if status != 77:  # what a case that passed has to say, such as a rate, is no noise
            for line in text.splitlines():
                print("# " + line)
        if status == 77:
            print("ok %d - %s # SKIP %s" % (i, name, text.strip().splitlines()[-1]))
        elif status == 0:
            print("ok %d - %s" % (i, name))
        else:
            failed += 1
            print("not ok %d - %s" % (i, name))
        sys.stdout.flush()
    sys.exit(failed != 0)

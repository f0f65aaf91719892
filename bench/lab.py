# SPDX-License-Identifier: BSD-2-Clause
"""What the measurements share: processes bound to CPUs, CPU time, a wire whose
receiving end counts, and figures with their spread. All of it runs inside the
namespaces that run.sh makes.

A wire is a fresh veth pair, since programs leave things on theirs: XDP programs,
addresses, queues. Its far end lies in a namespace that a sleeping process holds.
"""
import contextlib
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import time

SENDER_CPU, OTHER_CPU = 0, 1
WORK = "/run"      # run.sh made it a file system that ends with us
HOST_PROC = "/run/proc" # and bound the system's own there: kernel threads are seen in it
START_LIMIT_S = 15
STOP_LIMIT_S = 5
WARM_UP_S = 0.4    # after the first frames were seen
FIRST_FRAMES = 1000
NEAR, FAR = "bench0", "bench1"
NEAR_MAC, FAR_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
NEAR_IP, FAR_IP = "10.0.0.1", "10.0.0.2"


class Failed(Exception):
    """A contender that could not be measured; the text says why."""


# --- control files ---------------------------------------------------------------

TREE = os.path.join(WORK, "tree")
FILES = os.path.join(TREE, "net/pktgen")


def put(file, text):
    with open(os.path.join(FILES, file), "w") as f:
        f.write(text)


def text_of(file):
    with open(os.path.join(FILES, file)) as f:
        return f.read()


# --- the machine ---------------------------------------------------------------

def sh(*words):
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def on_cpus(*cpus, realtime=False):
    """For a child, before it becomes a program."""
    def settle():
        os.sched_setaffinity(0, set(cpus))
        if realtime:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    return settle


def output_of(*argv):
    """The first line. Some fail when they are asked for their version, and tell it."""
    try:
        out = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    except OSError:
        return "-"
    return out.splitlines()[0] if out else "-"


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no word why"


def cpu_model():
    with open("/proc/cpuinfo") as f:
        found = re.search(r"model name\s*:\s*(.*)", f.read())
    return found.group(1) if found else platform.machine()


def package_version(package):
    return output_of("dpkg-query", "-W", "-f", "${Version}", package)


def cpu_times(session):
    """(seconds on a CPU, seconds that others were there instead) of all threads of a
    session, the kernel's work for them (sending, and receiving at the peer as far as
    it is done in one go) with it."""
    ran = waited = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getsid(int(pid)) == session:
                for thread in os.listdir("/proc/%s/task" % pid):
                    r, w = run_and_wait("/proc/%s/task/%s" % (pid, thread))
                    ran, waited = ran + r, waited + w
        except OSError:
            pass  # it ended meanwhile
    return ran, waited


def stolen_s(cpu):
    """Seconds that the machine below gave the CPU to somebody else, since it was started."""
    with open("/proc/stat") as f:
        ticks = re.search(r"^cpu%d(?: \d+){7} (\d+)" % cpu, f.read(), re.MULTILINE)
    return int(ticks.group(1)) / os.sysconf("SC_CLK_TCK") if ticks else 0


def cpu_seconds(session):
    return cpu_times(session)[0]


def run_and_wait(thread):
    with open(thread + "/schedstat") as f:
        return [int(ns) / 1e9 for ns in f.read().split()[:2]]


class SoftIrqThreads:
    """ksoftirqd of some CPUs: takes over when a sender's own receiving does not
    come to an end, and is then part of what a frame costs."""

    def __init__(self, cpus):
        names = {"ksoftirqd/%d" % cpu for cpu in cpus}
        self.threads = [os.path.join(HOST_PROC, pid)
                        for pid in filter(str.isdigit, os.listdir(HOST_PROC))
                        if name_of(os.path.join(HOST_PROC, pid)) in names]

    def seconds(self):
        return sum(run_and_wait(thread)[0] for thread in self.threads)


def name_of(process):
    try:
        with open(process + "/comm") as f:
            return f.read().strip()
    except OSError:
        return ""  # it ended meanwhile


# --- processes -----------------------------------------------------------------

class Program:
    """A process with all its children, in a session of its own."""

    def __init__(self, argv, settle, log):
        if not shutil.which(argv[0]):
            raise Failed("%s is not installed" % argv[0])
        self.log = os.path.join(WORK, log)
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out, start_new_session=True,
                                            preexec_fn=settle)

    def said(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def must_run(self):
        if self.process.poll() is not None:
            raise Failed("ended early: " + last_line(self.said()))

    def cpu_times(self):
        return cpu_times(self.process.pid)

    def stop(self):
        """Asks all of its processes: trafgen's first one may be starved by the
        one that sends. What does not listen is killed; its rate was complete
        before."""
        self.signal(signal.SIGINT)
        try:
            self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.process.wait()

    def signal(self, number):
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)


# --- the wire ------------------------------------------------------------------

class Wire:
    """receiver: "none" (yet), "drop" (an XDP program drops all, or with addresses what
    iperf3 measures with), "stack" (the system's own), "polled stack" (the same behind GRO:
    a veth takes XDP frames only from a peer that polls)."""

    def __init__(self, xdp_drop):
        self.xdp_drop = xdp_drop
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self.in_peer = ["nsenter", "--net=/proc/%d/ns/net" % self.holder.pid]
        self.is_there = False
        ours = os.readlink("/proc/self/ns/net")
        limit = time.monotonic() + START_LIMIT_S
        while os.readlink("/proc/%d/ns/net" % self.holder.pid) == ours:
            if time.monotonic() > limit:
                raise Failed("no network namespace for the peer")
            time.sleep(0.01)

    def make(self, receiver, n_queues=1, has_addresses=False):
        self.remove()
        queues = ["numtxqueues", str(n_queues), "numrxqueues", str(n_queues)]
        sh("ip", "link", "add", NEAR, "address", NEAR_MAC, *queues, "type", "veth", "peer",
           "name", FAR, "address", FAR_MAC, *queues, "netns", str(self.holder.pid))
        self.is_there = True
        if has_addresses:
            sh("ip", "address", "add", NEAR_IP + "/24", "dev", NEAR)
            sh(*self.in_peer, "ip", "address", "add", FAR_IP + "/24", "dev", FAR)
        sh("ip", "link", "set", NEAR, "addrgenmode", "none", "up")
        sh(*self.in_peer, "ip", "link", "set", FAR, "addrgenmode", "none", "up")
        if receiver == "drop":
            sh(*self.in_peer, self.xdp_drop, FAR, *(["iperf"] if has_addresses else []))
        elif receiver == "polled stack":
            sh(*self.in_peer, "ethtool", "-K", FAR, "gro", "on")

    def remove(self):
        if self.is_there:
            sh("ip", "link", "del", NEAR)
            self.is_there = False

    def close(self):
        self.remove()
        self.holder.kill()
        self.holder.wait()

    @contextlib.contextmanager
    def serving(self, sender):
        """What the sender talks to, on the far end, if it needs somebody there."""
        if not sender.server:
            yield
            return
        server = Program([*self.in_peer, *sender.server], on_cpus(OTHER_CPU), "server")
        try:
            self.wait_for_port(sender.server_port, server)
            yield
        finally:
            server.stop()

    def wait_for_port(self, port, server):
        limit = time.monotonic() + START_LIMIT_S
        while not self.is_listening(port):
            server.must_run()
            if time.monotonic() > limit:
                raise Failed("the server does not listen")
            time.sleep(0.02)

    def is_listening(self, port):
        """TCP of either family: state 0A of a local port."""
        text = ""
        for table in ("tcp", "tcp6"):
            with open("/proc/%d/net/%s" % (self.holder.pid, table)) as f:
                text += f.read()
        return re.search(r"^ *\d+: [0-9A-F]+:%04X \S+ 0A " % port, text, re.MULTILINE)

    def received(self):
        """(time, frames) of the receiving interface since it was made."""
        with open("/proc/%d/net/dev" % self.holder.pid) as f:
            text = f.read()
        now = time.monotonic()
        return now, int(re.search(FAR + r":\s*\d+\s+(\d+)", text).group(1))

    def wait_for_frames(self, sender):
        limit = time.monotonic() + START_LIMIT_S
        while self.received()[1] < FIRST_FRAMES:
            sender.must_run()
            if time.monotonic() > limit:
                raise Failed("nothing arrived: " + last_line(sender.said()))
            time.sleep(0.02)

    def rate(self, sender, seconds, softirq):
        """What arrives while the sender runs, its start and end left out."""
        self.wait_for_frames(sender)
        time.sleep(WARM_UP_S)
        (c0, w0), s0 = sender.cpu_times(), softirq.seconds()
        t0, n0 = self.received()
        time.sleep(seconds)
        t1, n1 = self.received()
        (c1, w1), s1 = sender.cpu_times(), softirq.seconds()
        sender.must_run()
        if n1 == n0:
            raise Failed("nothing arrived: " + last_line(sender.said()))
        return {"mpps": (n1 - n0) / (t1 - t0) / 1e6,
                "cpu_ns": (c1 - c0 + s1 - s0) / (n1 - n0) * 1e9,
                "waited": (w1 - w0) / (t1 - t0)}


# --- figures -------------------------------------------------------------------

def spread(values):
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def three(values, form):
    s = spread(values)
    return " / ".join(form % s[k] for k in ("min", "median", "max"))

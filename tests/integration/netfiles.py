#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The net core's files beside pktgen's, through the mount of vernier serve, as
scripts and tools use them: net/, sys/net/core/, class/net/, devices/."""
import ctypes
import errno
import os
import re
import stat
import subprocess

from harness import (IS_ROOT, Server, Skip, VERNIER, case, equal, finish, holds, main, sh, veth,
                     wait_until)

HEAD = ("Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|"
        "bytes    packets errs drop fifo colls carrier compressed\n")
LO = ("    lo:       0       0    0    0    0     0          0         0"
      "        0       0    0    0    0     0       0          0\n")
SETTINGS = {"netdev_max_backlog": "1000", "dev_weight": "64", "dev_weight_rx_bias": "1",
            "dev_weight_tx_bias": "1", "netdev_budget": "300", "netdev_budget_usecs": "8000",
            "default_qdisc": "pfifo_fast"}
NO_ADMIN = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"]


def shell(server, script, prefix=()):
    """Runs it in the mount's directory; status, output, errors."""
    done = subprocess.run([*prefix, "bash", "-c", script], cwd=server.folder, timeout=60,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def says(server, script, want):
    equal(shell(server, script), (0, want, ""), script)


def error_of(function, *arguments):
    try:
        function(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


def write(path, text):
    fd = os.open(path, os.O_WRONLY)
    try:
        return os.write(fd, text)
    finally:
        os.close(fd)


@case
def texts():
    """cat of net/dev, net/softnet_stat, net/ptype and the settings"""
    with Server() as s:
        says(s, "cat net/dev", HEAD + LO)
        says(s, "cat net/ptype", "Type Device      Function\n")
        n_cpus = os.sysconf("SC_NPROCESSORS_CONF")
        says(s, "cat net/softnet_stat", "".join(
            " ".join(["%08x" % 0] * 12 + ["%08x" % cpu] + ["%08x" % 0] * 2) + "\n"
            for cpu in range(n_cpus)))
        for name, value in SETTINGS.items():
            says(s, "cat sys/net/core/" + name, value + "\n")


@case
def parsed_by_scripts():
    """awk, cut, read loops and columns, as in scripts; what Python libraries do"""
    with Server() as s:
        says(s, "awk -F'[: ]+' 'NR > 2 { print $2, $3, $11 }' net/dev", "lo 0 0\n")
        says(s, "tail -n +3 net/dev | cut -d: -f1 | tr -d ' '", "lo\n")
        says(s, "sed 's/:/ /' net/dev | awk 'NR > 2 { print NF }'", "17\n")
        says(s, "awk '{ print NF }' net/softnet_stat | sort -u", "15\n")
        says(s, "while read -r a b; do [ $((0x$a)) = 0 ] && echo ok; done < net/softnet_stat"
                " | sort -u", "ok\n")
        says(s, "for i in class/net/*; do echo ${i##*/} $(<$i/ifindex) $(<$i/address); done",
             "lo 1 00:00:00:00:00:00\n")
        says(s, "grep -H . class/net/lo/statistics/* | wc -l", "24\n")
        counters = {}
        with open(s.folder + "/net/dev") as f:
            for line in f.readlines()[2:]:
                name, numbers = line.rsplit(":", 1)
                counters[name.strip()] = [int(n) for n in numbers.split()]
        equal(counters, {"lo": [0] * 16}, "counters by name")


@case
def modes_and_links():
    """ls, stat, readlink, find"""
    with Server() as s:
        says(s, "stat -c '%A %s %n' net/dev sys/net/core/dev_weight class/net/lo/mtu "
                "class/net/lo/statistics/rx_bytes class/net devices/virtual/net/lo net",
             "-r--r--r-- 0 net/dev\n"
             "-rw-r--r-- 0 sys/net/core/dev_weight\n"
             "-rw-r--r-- 4096 class/net/lo/mtu\n"
             "-r--r--r-- 4096 class/net/lo/statistics/rx_bytes\n"
             "drwxr-xr-x 0 class/net\n"
             "drwxr-xr-x 0 devices/virtual/net/lo\n"
             "dr-xr-xr-x 0 net\n")
        says(s, "readlink class/net/lo", "../../devices/virtual/net/lo\n")
        says(s, "realpath --relative-to=. class/net/lo class/net/lo/subsystem",
             "devices/virtual/net/lo\nclass/net\n")
        says(s, "ls net class/net", "class/net:\nlo\n\nnet:\ndev\npktgen\nptype\nsoftnet_stat\n")
        says(s, "ls -l net | cut -c1-10 | sort -u",
             "-r--r--r--\ndr-xr-xr-x\ntotal 0\n")
        says(s, "find . -type l | sort", "./class/net/lo\n./devices/virtual/net/lo/subsystem\n")
        says(s, "find devices -type d | sort", "".join("devices" + d + "\n" for d in (
            "", "/virtual", "/virtual/net", "/virtual/net/lo", "/virtual/net/lo/queues",
            "/virtual/net/lo/queues/rx-0", "/virtual/net/lo/queues/tx-0",
            "/virtual/net/lo/queues/tx-0/byte_queue_limits", "/virtual/net/lo/statistics")))
        says(s, "find sys -type f | wc -l", "%d\n" % len(SETTINGS))
        walked = sum(len(files) for _, _, files in os.walk(s.folder + "/devices"))
        says(s, "find devices -type f | wc -l", "%d\n" % walked)
        holds(walked > 60, "files of lo: %d" % walked)


@case
def the_same_as_the_kernels_lo():
    """what lo of this kernel has by the same name has the same mode and text"""
    libc = ctypes.CDLL(None, use_errno=True)
    os.mkdir("sys")
    if libc.mount(b"sysfs", b"sys", b"sysfs", 0, None):
        raise Skip("no sysfs: " + os.strerror(ctypes.get_errno()))

    def facts(path):
        info = os.stat(path)
        if not stat.S_ISREG(info.st_mode):
            return stat.filemode(info.st_mode)
        try:
            with open(path) as f:
                return stat.filemode(info.st_mode), info.st_size, f.read()
        except OSError as error:
            return stat.filemode(info.st_mode), info.st_size, errno.errorcode[error.errno]

    with Server() as s:
        theirs, ours = "sys/class/net/lo/", s.folder + "/class/net/lo/"
        for state in ("up", "down"):
            sh("ip", "link", "set", "lo", state)
            write(ours + "flags", b"0x9" if state == "up" else b"0x8")
            for folder in ("", "queues/rx-0/", "queues/tx-0/"):
                names = sorted(set(os.listdir(theirs + folder)) & set(os.listdir(ours + folder)))
                equal({n: facts(ours + folder + n) for n in names},
                      {n: facts(theirs + folder + n) for n in names}, folder + " " + state)
                holds(len(names) >= 2, "names in both: %s" % names)
        equal(sorted(os.listdir(theirs + "statistics")), sorted(os.listdir(ours + "statistics")),
              "names of statistics")


@case
def writing():
    """echo into files, what they read then, and what it does"""
    with Server() as s:
        says(s, "cd class/net/lo; echo 1400 > mtu; cat mtu; echo 0x5dc > mtu; cat mtu;"
                " printf 02000 > mtu; cat mtu; echo 1500 >> mtu; cat mtu",
             "1400\n1500\n1024\n1500\n")
        says(s, "cd class/net/lo; cat ifalias; echo to the lab > ifalias; cat ifalias;"
                " echo > ifalias; cat ifalias", "to the lab\n")
        says(s, "cd sys/net/core; echo 2000 > netdev_max_backlog; cat netdev_max_backlog",
             "2000\n")
        says(s, "cd class/net/lo; cat operstate carrier; echo 0x8 > flags; cat operstate flags",
             "unknown\n1\ndown\n0x8\n")
        equal(shell(s, "cat class/net/lo/carrier")[2],
              "cat: class/net/lo/carrier: Invalid argument\n", "carrier while down")
        says(s, "echo 0x9 > class/net/lo/flags; cat class/net/lo/carrier", "1\n")
        says(s, "echo change > class/net/lo/uevent; cat class/net/lo/uevent",
             "INTERFACE=lo\nIFINDEX=1\n")
        says(s, "cd class/net/lo/queues/tx-0/byte_queue_limits; echo 3000 > limit_max;"
                " cat limit_max; echo max > limit_max; cat limit_max", "3000\n1879048192\n")


@case
def refusals():
    with Server() as s:
        lo = s.folder + "/class/net/lo/"
        for file, text, want in ((lo + "mtu", b"x", "EINVAL"), (lo + "mtu", b"", None),
                                 (lo + "mtu", b"99999999999999999999", "ERANGE"),
                                 (lo + "carrier", b"1", "ENOTSUP"),
                                 (lo + "ifalias", b"a" * 256, "EINVAL"),
                                 (lo + "queues/tx-0/tx_maxrate", b"1", "ENOTSUP"),
                                 (lo + "queues/tx-0/xps_cpus", b"1", "ENOENT"),
                                 (lo + "queues/rx-0/rps_cpus", b"zz", "EINVAL"),
                                 (s.folder + "/sys/net/core/default_qdisc", b"x", "ENOENT"),
                                 (lo + "address", b"02:00:00:00:00:01", "EACCES"),
                                 (lo + "nosuch", b"1", "ENOENT"),
                                 (s.folder + "/net/dev", b"1", "EACCES")):
            equal(error_of(write, file, text), want, "%r into %s" % (text, file))
        for name in ("speed", "duplex"):
            equal(error_of(lambda: open(lo + name).read()), "EINVAL", "reading " + name)
        for name in ("traffic_class", "xps_cpus"):
            equal(error_of(lambda: open(lo + "queues/tx-0/" + name).read()), "ENOENT", name)
        for function, *arguments in ((os.mkdir, s.folder + "/class/net/x"),
                                     (os.unlink, lo + "mtu"), (os.unlink, s.folder + "/net/dev"),
                                     (os.rename, lo + "mtu", lo + "x"),
                                     (os.chmod, lo + "mtu", 0o600),
                                     (os.symlink, "x", s.folder + "/class/net/x")):
            equal(error_of(function, *arguments), "EPERM", "%s of %s" % (function, arguments))
        equal(error_of(open, s.folder + "/class/net/x", "w"), "ENOENT", "making a file")


@case
def without_net_admin():
    """a writer without CAP_NET_ADMIN reads everything, and sets none of a device's"""
    with Server() as s:
        for file in ("mtu", "flags", "ifalias", "tx_queue_len", "queues/rx-0/rps_cpus",
                     "queues/tx-0/byte_queue_limits/limit"):
            code, out, err = shell(s, "cat class/net/lo/%s >/dev/null && printf 1 > class/net/lo/%s"
                                   % (file, file), NO_ADMIN)
            holds(code != 0 and "Operation not permitted" in err, "%s: %s" % (file, (code, err)))
        equal(shell(s, "echo 5 > sys/net/core/netdev_max_backlog; echo add > class/net/lo/uevent;"
                       " cat sys/net/core/netdev_max_backlog class/net/lo/mtu", NO_ADMIN),
              (0, "5\n65536\n", ""), "what needs none")


@case
def another_user():
    """who is not the server's user reads, and opens nothing for writing"""
    if not IS_ROOT:
        raise Skip("needs root of the machine")
    with Server() as s:
        prefix = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        equal(shell(s, "cat class/net/lo/mtu net/dev | head -1", prefix), (0, "65536\n", ""),
              "reading")
        code, _, err = shell(s, "echo 1 > class/net/lo/mtu", prefix)
        holds(code != 0 and "Permission denied" in err, "writing: %s" % err)
        code, _, err = shell(s, "cat net/pktgen/pgctrl", prefix)
        holds(code != 0 and "Permission denied" in err, "pktgen's stay closed: %s" % err)


@case
def places_in_a_file():
    """reads in pieces, seeks and writes through one open file, as sysfs has them"""
    with Server() as s:
        fd = os.open(s.folder + "/class/net/lo/mtu", os.O_RDWR)
        equal([os.read(fd, 2), os.read(fd, 2), os.read(fd, 9), os.read(fd, 9)],
              [b"65", b"53", b"6\n", b""], "pieces")
        equal((os.lseek(fd, 0, os.SEEK_SET), os.write(fd, b"1400"), os.read(fd, 9)),
              (0, 4, b"\n"), "behind a write")
        equal((os.pwrite(fd, b"1300", 5), os.pread(fd, 9, 0), os.pread(fd, 9, 2)),
              (4, b"1300\n", b"00\n"), "writes at a place")
        os.close(fd)
        with open(s.folder + "/net/dev") as one, open(s.folder + "/net/dev") as other:
            equal((one.read(20), other.read(), HEAD[:20] + one.read()),
                  (HEAD[:20], HEAD + LO, HEAD + LO), "two readers")


@case
def beside_pktgen():
    """pktgen's files work as ever in a directory they share"""
    veth()
    with Server() as s:
        thread = next(n for n in sorted(os.listdir(s.tree)) if n.startswith("kpktgend_"))
        s.set(thread, "add_device vn0")
        s.set("vn0", "count 50", "dst_mac 02:00:00:00:00:02")
        s.set("pgctrl", "start")
        equal(s.sent("vn0"), 50, "sent")
        equal(sorted(os.listdir(s.folder + "/net")), ["dev", "pktgen", "ptype", "softnet_stat"],
              "net/")
        says(s, "cat net/dev", HEAD + LO)  # the system's devices are none of this net


def columns(server):
    """net/dev: its numbers by device."""
    with open(server.folder + "/net/dev") as f:
        lines = [line.split(":") for line in f.readlines()[2:]]
    return {name.strip(): [int(n) for n in numbers.split()] for name, numbers in lines}


@case
def simulated_devices():
    """their counters, queues and settings, while pktgen sends on them"""
    with Server("--quiet", "--device", "dut0=sim:link=1G,queues=2", "--device", "one=sim") as s:
        thread = next(n for n in sorted(os.listdir(s.tree)) if n.startswith("kpktgend_"))
        s.set(thread, "add_device dut0")
        s.set("dut0", "count 500", "pkt_size 100")
        says(s, "ls class/net", "dut0\ndut0-far\nlo\none\none-far\n")
        says(s, "cat class/net/{dut0,one}/ifindex class/net/dut0/{speed,duplex}",
             "2\n4\n1000\nfull\n")
        says(s, "ls class/net/dut0/queues class/net/one/queues",
             "class/net/dut0/queues:\nrx-0\ntx-0\ntx-1\n\nclass/net/one/queues:\nrx-0\ntx-0\n")
        s.set("pgctrl", "start")
        wait_until(lambda: columns(s)["dut0-far"][1] == 500, "500 packets at the far end")
        equal((columns(s)["dut0"][8:10], columns(s)["dut0-far"][:2]), ([50000, 500], [50000, 500]),
              "bytes and packets, out and in")
        says(s, "cat class/net/dut0/statistics/tx_packets devices/virtual/net/dut0-far/"
                "statistics/rx_bytes", "500\n50000\n")
        with open(s.folder + "/net/softnet_stat") as f:
            equal(sum(int(line.split()[0], 16) for line in f), 500, "processed on all CPUs")
        write(s.folder + "/class/net/dut0/flags", b"0x1002")
        equal(error_of(lambda: open(s.folder + "/class/net/dut0/carrier").read()), "EINVAL",
              "carrier while down")
        s.set("pgctrl", "start")
        equal((s.sent("dut0"), columns(s)["dut0"][9]), (0, 500), "sent while it is down")
        write(s.folder + "/class/net/dut0/flags", b"0x1003")
        s.set("pgctrl", "start")
        equal((s.sent("dut0"), columns(s)["dut0"][9]), (500, 1000), "sent after that")


@case
def timeouts_are_counted():
    """queues/tx-0/tx_timeout of a ring that is never emptied"""
    with Server("--quiet", "--device", "stuck=sim:mode=stuck,ring=4,watchdog=1s") as s:
        thread = next(n for n in sorted(os.listdir(s.tree)) if n.startswith("kpktgend_"))
        s.set(thread, "add_device stuck")
        s.set("stuck", "count 100")
        path = s.folder + "/class/net/stuck/queues/tx-0/tx_timeout"
        says(s, "cat " + path, "0\n")
        starter = s.start()
        wait_until(lambda: int(open(path).read()) >= 1, "a time-out")
        s.set("pgctrl", "stop")
        equal(finish(starter)[0], 0, "status of who waited")


@case
def exec_shows_the_systems():
    """under vernier exec, /proc/net has the system's files but for pktgen"""
    veth()
    done = subprocess.run([VERNIER, "exec", "--quiet", "--", "bash", "-c",
                           "ls /proc/net/pktgen/pgctrl; grep -c vn0: /proc/net/dev"],
                          capture_output=True, text=True, timeout=60)
    equal((done.returncode, done.stdout), (0, "/proc/net/pktgen/pgctrl\n1\n"), done.stderr)


main()

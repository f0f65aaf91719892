#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The workflow that blogs about pktgen show: pgset and PGDEV, a device for every
CPU, an endless run that Ctrl-C ends. Each line answers as the kernel would."""
import collections
import ipaddress
import os
import re
import struct

from harness import (MAC0, VERNIER, Tap, Terminal, case, equal, holds, main, rx_packets, sh, veth,
                     wait_until)

NOT_SUPPORTED = "write error: Operation not supported"
INVALID = "write error: Invalid argument"
RATE = 1000000
DST_MIN, DST_MAX = "10.10.0.1", "10.10.3.254"

# [command, what Result says, in its place what the shell says of the write]
LINES = [
    ("count 0", "OK: count=0", ""),
    ("flag QUEUE_MAP_CPU", "OK: flags=0x40400", ""),
    ("clone_skb 10", "OK: clone_skb=10", ""),
    ("frags 10", "OK: frags=10", ""),
    ("pkt_size 9014", "OK: pkt_size=9014", ""),
    ("delay 0", "OK: delay=0", ""),
    ("ratep $RATEP", "OK: rate=$RATEP", ""),
    ("burst 2", "OK: burst=2", ""),
    ("dst 10.10.0.9", "OK: dst_min=10.10.0.9", ""),
    ("dst_mac $MAC", "OK: dstmac $MAC", ""),
    ("flag IPDST_RND", "OK: flags=0x40404", ""),
    ("dst_min " + DST_MIN, "OK: dst_min=" + DST_MIN, ""),
    ("dst_max " + DST_MAX, "OK: dst_max=" + DST_MAX, ""),
    ("config 1", 'No such parameter "config"', INVALID),
    ("flows 1024", "OK: flows=1024", ""),
    ("flowlen 8", "OK: flowlen=8", ""),
]

# pgset prints the file's Result when it is not OK, and goes on. What each line
# answered is noted beside that, in `answers`, and what the shell said in `said`.
SCRIPT = r"""
trap true INT
MAC=%(mac)s
PKTGEN=/proc/net/pktgen
CPUS=$(ls $PKTGEN | grep -c kpktgend_)
RATEP=$((%(rate)d / CPUS))

pgset() {
	said=$( { echo "$1" > "$PGDEV"; } 2>&1 )
	result=$(sed -n 's/^Result: //p' "$PGDEV")
	printf '%%s|%%s|%%s|%%s\n' "${PGDEV##*/}" "$1" "$result" "${said##*: line *: echo: }" >> answers
	case $result in
	OK*) ;;
	*) grep Result: "$PGDEV" ;;
	esac
}

for thread in $PKTGEN/kpktgend_*; do
	PGDEV=$thread
	pgset rem_device_all
done
for thread in $PKTGEN/kpktgend_*; do
	cpu=${thread##*_}
	PGDEV=$thread
	pgset "add_device %(device)s@$cpu"
	PGDEV=$PKTGEN/%(device)s@$cpu
	%(lines)s
done
echo Running
echo start > $PKTGEN/pgctrl
echo Done
cat $PKTGEN/%(device)s@*
"""


def script(device, mac):
    lines = "\n\t".join('pgset "%s"' % command for command, *_ in LINES)
    with open("script.sh", "w") as f:
        f.write(SCRIPT % {"mac": mac, "rate": RATE, "device": device, "lines": lines})
    return ["/bin/bash", "script.sh"]


def answers():
    """{file: [(command, Result, what the shell said)]}"""
    found = collections.defaultdict(list)
    with open("answers") as f:
        for line in f:
            file, *answer = line.rstrip("\n").split("|")
            found[file].append(tuple(answer))
    return found


def expected(device, mac, refused):
    """What answers() must be: refused commands leave Result as it was."""
    cpus = sorted(os.sched_getaffinity(0))
    values = {"$RATEP": str(RATE // len(cpus)), "$MAC": mac}
    lines, result = [], None
    for line in LINES:
        command, answer, said = (re.sub(r"\$[A-Z]+", lambda m: values[m[0]], x) for x in line)
        result, said = (result, NOT_SUPPORTED) if command in refused else (answer, said)
        lines.append((command, result, said))
    found = {"%s@%d" % (device, cpu): lines for cpu in cpus}
    for cpu in cpus:
        word = "%s@%d" % (device, cpu)
        found["kpktgend_%d" % cpu] = [("rem_device_all", "OK: rem_device_all", ""),
                                      ("add_device " + word, "OK: add_device=" + word, "")]
    return found


def run_until_ctrl_c(enough, device, mac, *options):
    """The script under exec; Ctrl-C when there is enough. Its output."""
    with Terminal(VERNIER, "exec", *options, "--", *script(device, mac)) as terminal:
        wait_until(lambda: terminal.process.poll() is not None or enough(terminal), "the run")
        terminal.press_ctrl_c()
        status, out, err = terminal.finish()
    equal((status, err), (0, ""), "status, errors")
    return out


def all_run(terminal):
    """Asks the files, where the command has them: the device tells nobody else."""
    if "Running" not in terminal.said():
        return False
    process = "/proc/%d/" % terminal.process.pid
    with open(process + "mounts") as f:
        tree = next(line.split()[1] for line in f if " fuse.vernier " in line)
    return all("Running: out@" in open("%sroot%s/net/pktgen/kpktgend_%d" % (
        process, tree, cpu)).read() for cpu in os.sched_getaffinity(0))


def check_output(out, n_cpus):
    """What pgset prints, and the results; returns packets sent, flows begun."""
    lines = out.splitlines()
    equal(lines[:n_cpus + 2],
          ['Result: No such parameter "config"'] * n_cpus + ["Running", "Done"], "what it prints")
    got = re.findall(r"^Result: OK: \d+\(c\d+\+d\d+\) usec, (\d+) \(9014byte,10frags\)\n"
                     r"  \d+pps \d+Mb/sec \(\d+bps\) errors: 0$", out, re.M)
    equal(len(got), n_cpus, "results in " + out)
    flows = re.findall(r"^     flows: (\d+)$", out, re.M)
    return sum(map(int, got)), sum(map(int, flows))


@case
def device_that_shares():
    """a device that shares packets: everything is OK but `config 1`"""
    n_cpus = len(os.sched_getaffinity(0))
    out = run_until_ctrl_c(all_run, "out", MAC0, "--device", "out=null")
    equal(answers(), expected("out", MAC0, ()), "answers")
    check_output(out, n_cpus)
    holds("clone_skb: 10 " in out and "     burst: 2\n" in out, "parameters in " + out)
    holds("delay: %d " % (10**9 // (RATE // n_cpus)) in out, "delay in " + out)


@case
def veth_that_does_not():
    """veth: clones and bursts are refused too; what arrives is what was set"""
    veth()
    for link in ("vn0", "vn1"):
        sh("ip", "link", "set", link, "mtu", "9000")
    with Tap("vn1", slots=4096, slot_bytes=16384) as tap:
        out = run_until_ctrl_c(lambda _: tap.seen() >= 3000, "vn0", MAC0)
        sent, begun = check_output(out, len(os.sched_getaffinity(0)))
        equal(answers(), expected("vn0", MAC0, ("clone_skb 10", "burst 2")), "answers")
        equal((rx_packets("vn1"), tap.seen()), (sent, sent), "packets that arrived")
        holds(begun < sent * 3 // 4, "%d flows begun for %d packets" % (begun, sent))
        check_packets([frame for _, _, frame in tap.take(sent)], begun)


def check_packets(frames, begun):
    """Destinations are drawn, but only when a flow begins."""
    holds(len(frames) >= 1000, "%d packets kept" % len(frames))
    low, high = (int(ipaddress.ip_address(a)) for a in (DST_MIN, DST_MAX))
    found = collections.Counter()
    for frame in frames:
        equal((len(frame), frame[:6].hex(":")), (9014, MAC0), "length, destination MAC")
        address, = struct.unpack_from("!I", frame, 30)
        holds(low <= address < high, "destination %s" % ipaddress.ip_address(address))
        found[address] += 1
    holds(300 < len(found) <= begun, "%d destinations of %d flows" % (len(found), begun))


main()

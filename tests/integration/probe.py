#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What vernier probe says of interfaces that the test makes, with and without
rights, and that it leaves them as they were."""
import json
import os
import re
import subprocess

from harness import (TOP, VERNIER, Skip, case, equal, holds, link_facts, main, sh, vernier, veth,
                     without_rights)


def validator():
    import jsonschema
    with open(os.path.join(TOP, "docs/probe.schema.json")) as f:
        schema = json.load(f)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def check(text):
    """The object, if it follows the schema."""
    told = json.loads(text)
    wrong = [e.message for e in validator().iter_errors(told)]
    holds(not wrong, "; ".join(wrong))
    return told


def probe(link, **more):
    return check(vernier("probe", link, "--json", **more).stdout)


def drivers(told):
    return {d["name"]: d for d in told["drivers"]}


@case
def an_interface_as_the_system_knows_it():
    veth(queues=3)
    told = probe("vn0")
    facts = link_facts("vn0")
    equal(told["interface"], "vn0", "name")
    link = told["link"]
    equal({k: link[k] for k in ("driver", "up", "carrier", "mtu", "tx_queues", "rx_queues", "qdisc")},
          {"driver": "veth", "up": True, "carrier": True, "mtu": facts["mtu"], "tx_queues": 3,
           "rx_queues": 3, "qdisc": facts["qdisc"]}, "facts")
    equal(link["hardware_stamps"]["yes"], False, "hardware stamps of a veth")
    equal(link["departure_stamps_kernel"]["yes"], True, "a veth has the kernel stamp departures")
    equal(link["departure_stamps_hardware"]["yes"], False, "hardware stamps of departure")
    equal(link["launch_qdisc"]["yes"], False, "launch by a discipline of a veth that has none")
    equal(link["launch_device"]["yes"], False, "launch by a veth's hardware")
    sh("ip", "link", "set", "vn0", "mtu", "1400", "down")
    link = probe("vn0")["link"]
    equal((link["up"], link["carrier"], link["mtu"]), (False, False, 1400), "down")


@case
def every_driver_for_interfaces_is_told_of():
    veth()
    found = drivers(probe("vn0"))
    listed = re.findall(r"^(\w+) .*\n +.*needs an interface", vernier("drivers").stdout, re.M)
    equal(sorted(found), sorted(listed), "drivers")
    equal({k: found["afpacket"][k] for k in ("sends", "receives", "zero_copy", "how", "why")},
          {"sends": True, "receives": True, "zero_copy": False, "how": "packet sockets", "why": ""},
          "afpacket")
    equal((found["tap"]["sends"], found["tap"]["why"]), (False, "vn0 is no TAP interface"), "tap")


@case
def what_is_told_is_what_send_takes():
    veth()
    for link in ("vn0", "lo"):
        told = probe(link)["auto"]
        shown = vernier("send", link, "--show-settings").stdout.splitlines()
        holds("driver=" + told["driver"] in shown, "%s is not driver of %s" % (told, shown))
        holds("driver_why=" + told["why"] in shown, "%s is not why of %s" % (told, shown))


@case
def a_command_that_mends_mends():
    """a veth takes frames by XDP when its other end polls"""
    veth()
    xdp = drivers(probe("vn0")).get("xdp")
    if not xdp or xdp["sends"] or "ethtool" not in xdp["mend"]:
        raise Skip("no driver xdp here, or nothing to mend")
    sh("ethtool", "-K", "vn1", "gro", "on")
    equal(drivers(probe("vn0"))["xdp"]["sends"], True, "sends when it is mended")


@case
def send_goes_on_to_the_next_when_one_refuses():
    """by what it lacks, by what is captured, and by what shows when its queue is opened"""
    veth()
    for link in ("vn0", "vn1"):
        sh("ip", "link", "set", link, "mtu", "9000")
    sh("ethtool", "-K", "vn1", "gro", "on")
    if probe("vn0")["auto"]["driver"] != "xdp":
        raise Skip("live frames are not the choice here")
    words = ["vn0", "--rx", "vn1", "--dst-mac", "02:00:00:00:00:02", "--ratep", "1k"]
    for more, driver, why in (
            ([], "xdp", r"live frames( \(.*\))?"), (["--threads", "2"], "xdp", r"live frames.*"),
            (["--pkt-size", "8000"], "af.*", r".*xdp: frames of 8000 bytes .*"),
            (["--capture", "x.pcap", "--direction", "out"], "af.*", r".*xdp: shows no frames .*"),
            (["--xmit-mode", "queue_xmit"], "afpacket", r".*xdp: is no driver that .*")):
        vernier("send", *words, "--count", 101, *more, "--json", "run.json", "--quiet")
        with open("run.json") as f:
            last = json.loads(f.readlines()[-1])
        holds(re.fullmatch(driver, last["driver"]), "%s with %s" % (last["driver"], more))
        holds(re.fullmatch(why, last["settings"]["driver_why"]), last["settings"]["driver_why"])
        equal((last["total"]["sent"], last["total"]["received"]), (101, 101), "with %s" % more)


@case
def the_machine_as_proc_has_it():
    told = probe("lo")["machine"]
    equal(told["kernel"], os.uname().release, "kernel")
    equal(told["cpus"], ",".join(map(str, sorted(os.sched_getaffinity(0)))), "CPUs")
    with open("/proc/meminfo") as f:
        found = dict(re.findall(r"^(\w+): +(\d+)", f.read(), re.M))
    equal((told["huge_pages"], told["huge_page_bytes"]),
          (int(found["HugePages_Total"]), int(found["Hugepagesize"]) * 1024), "huge pages")
    one = str(min(os.sched_getaffinity(0)))
    done = subprocess.run(["taskset", "-c", one, VERNIER, "probe", "lo", "--json"],
                          capture_output=True, text=True, check=True)
    equal(check(done.stdout)["machine"]["cpus"], one, "CPU of a process that has one")


@case
def without_rights_it_says_what_is_missing():
    veth()
    done = subprocess.run([*without_rights(), VERNIER, "probe", "vn0", "--json"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    told = check(done.stdout)
    equal(done.returncode, 1, "status (%s)" % done.stderr)
    holds("vn0: no driver can send" in done.stderr, done.stderr)
    equal((drivers(told)["afpacket"]["sends"], drivers(told)["afpacket"]["why"]),
          (False, "needs CAP_NET_RAW"), "afpacket")
    for name in ("bpf", "live_frames"):
        equal(told["machine"][name]["yes"], False, name)
        holds(told["machine"][name]["why"], name + ": no reason")


@case
def nothing_is_changed_and_nothing_sent():
    veth()

    def state():
        return [sh("ip", "-d", "-s", "link"), sh("ip", "addr"), sh("ip", "route"),
                *(sh("ethtool", "-k", link) for link in ("vn0", "vn1"))]
    before = state()
    for link in ("vn0", "vn1", "lo"):
        vernier("probe", link)
        probe(link)
    equal(state(), before, "interfaces, addresses, counters")


@case
def people_read_the_same():
    veth()
    text, told = vernier("probe", "vn0").stdout, probe("vn0")
    for name in drivers(told):
        holds(re.search(r"^%s +(yes|no) +(yes|no) " % name, text, re.M), name + " is not in\n" + text)
    for line in ("driver +veth", "MTU +1500 bytes", "kernel +" + re.escape(os.uname().release)):
        holds(re.search(r"^ +%s$" % line, text, re.M), "no %s in\n%s" % (line, text))
    holds("vernier send would take %(driver)s: %(why)s\n" % told["auto"] in text, text)


@case
def what_is_not_there_is_refused():
    for words, status, says in ((["nope0"], 1, "nope0: no such interface"),
                                (["a" * 40], 1, "no such interface"), ([], 2, "missing argument"),
                                (["lo", "lo"], 2, "unexpected argument")):
        done = vernier("probe", *words, status=status)
        holds(says in done.stderr, done.stderr)
        equal(done.stdout, "", "output")


main()

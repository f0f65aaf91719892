#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The simulated device from the command line: what its parts did to packets is
what the receiver found, number by number; and the watchdog's scenarios."""
import re
import subprocess

from harness import TOP, VERNIER, case, equal, holds, json_lines, main, vernier

SIM = ["--driver", "sim", "--sim", "--json", "run.json", "--quiet"]


def run(device, *args, status=0):
    vernier("send", device, *SIM, *args, status=status)
    lines = json_lines("run.json")
    for line in lines:
        t = line["total"]
        equal(t["unique"] + t["lost"] + t["in_flight"], t["sent"],
              "unique + lost + in flight at %s s" % line["time_s"])
        equal(t["unique"] + t["duplicates"] + t["too_late"] + t["corrupt"], t["received"],
              "received at %s s" % line["time_s"])
    return lines[-1]["total"], lines[-1]["devices"]["sim0"], lines


def netem(words, seed, n=20000, status=1):
    return run("qdisc=netem %s seed %d" % (words, seed), "--xmit-mode", "queue_xmit", "--count",
               str(n), "--ratep", "10k", "--interval", "100ms", status=status)


@case
def what_is_sent_arrives():
    t, dev, lines = run("", "--count", "1000", "--ratep", "10k", "--interval", "10ms")
    equal((t["sent"], t["received"], t["lost"], t["reordered"]), (1000, 1000, 0, 0), "total")
    equal(dev["tx_packets"], 1000, "tx_packets")
    holds(len(lines) >= 10, "%d lines" % len(lines))


@case
def what_netem_loses_is_lost():
    for seed in (1, 2, 3):
        t, dev, lines = netem("delay 10ms limit 100000 loss 5%", seed)
        equal(t["lost"], dev["netem_lost"], "lost, seed %d" % seed)
        holds(700 < t["lost"] < 1300, "lost: %d of 20000 at 5 %%" % t["lost"])
        holds(any(line["total"]["in_flight"] > 0 for line in lines), "nothing was in flight")


@case
def what_netem_doubles_is_a_duplicate():
    for seed in (4, 5):
        t, dev, _ = netem("delay 1ms limit 100000 duplicate 3%", seed)
        equal(t["duplicates"], dev["netem_duplicated"], "duplicates, seed %d" % seed)
        equal((t["lost"], t["unique"]), (0, 20000), "lost, unique")
        holds(t["duplicates"] > 300, "duplicates: %d" % t["duplicates"])


@case
def what_netem_sends_ahead_makes_the_others_late():
    for seed in (6, 7):
        t, dev, _ = netem("delay 10ms limit 100000 reorder 2%", seed, status=0)
        equal((t["lost"], t["duplicates"], t["received"]), (0, 0, 20000), "arrivals")
        holds(dev["netem_reordered"] > 200, "ahead: %d" % dev["netem_reordered"])
        # A packet that goes ahead overtakes the hundred of the last 10 ms.
        holds(t["reordered"] > 10 * dev["netem_reordered"], "reordered: %d" % t["reordered"])


@case
def what_netem_damages_is_corrupt():
    t, dev, _ = netem("limit 100000 corrupt 4%", 8)
    holds(dev["netem_corrupted"] > 500, "corrupted: %d" % dev["netem_corrupted"])
    # A bit of the Ethernet addresses or of the payload's number may go unseen
    # or make a stranger of it; nothing is counted twice.
    holds(0 < t["corrupt"] <= dev["netem_corrupted"], "corrupt: %d" % t["corrupt"])


@case
def all_of_it_together_still_adds_up():
    for seed in (9, 10, 11):
        t, dev, _ = netem("delay 5ms 4ms 20% distribution normal limit 100000 loss gemodel 1% 20% "
                          "duplicate 1% reorder 5% 30% gap 3", seed)
        equal(t["lost"], dev["netem_lost"], "lost, seed %d" % seed)
        equal(t["duplicates"], dev["netem_duplicated"], "duplicates, seed %d" % seed)
        equal(t["received"], dev["far_packets"], "arrivals, seed %d" % seed)


@case
def the_same_seed_gives_the_same_run():
    words = "delay 5ms 4ms loss 1% duplicate 1%"
    first, again = netem(words, 12), netem(words, 12)
    equal(first[:2], again[:2], "totals")
    holds(netem(words, 13)[0] != first[0], "another seed gives the same run")


@case
def a_full_far_device_loses_what_it_counts():
    t, dev, _ = run("pps=100k,buffer=10", "--count", "10000", "--ratep", "110k", status=1)
    equal(t["lost"], dev["far_refused"], "lost")
    # One packet in eleven is too many, once the buffer is full.
    holds(850 < t["lost"] < 910, "lost: %d" % t["lost"])


@case
def latency_is_that_of_the_device():
    t, _, _ = run("latency=250us,link=1G", "--count", "1000", "--ratep", "1k", "--pkt-size", "1514")
    holds(249000 <= t["latency_p50_ns"] <= 265000, "latency %s ns" % t["latency_p50_ns"])


def scenarios(which):
    out = subprocess.run([TOP + "/examples/12-watchdog.sh", which], env={"VERNIER": VERNIER,
                         "PATH": "/usr/bin:/bin"}, stdout=subprocess.PIPE, text=True, check=True)
    found = dict(re.findall(r"([a-z_]+) (\d+)", out.stdout.split("\n", 1)[1]))
    return {k: int(v) for k, v in found.items()}, out.stdout.count("NETDEV WATCHDOG")


@case
def the_watchdog_strikes_stopped_queues_only():
    # sent, arrived, time-outs; the last as a range, for it looks at whole seconds
    for which, sent, far, timeouts in (("A", 100, 100, (0, 0)), ("B", 4, 0, (4, 6)),
                                       ("C", 20, 20, (4, 4)), ("D", 10, 10, (0, 0)),
                                       ("E", 10, 10, (0, 0)), ("F", 10, 0, (0, 0))):
        got, logged = scenarios(which)
        equal(got["sent"], sent, which + ": sent")
        equal(got.get("far_packets", 0), far, which + ": arrived")
        struck = got.get("tx_timeouts", 0)
        holds(timeouts[0] <= struck <= timeouts[1], "%s: %d time-outs" % (which, struck))
        equal(logged, struck, which + ": lines in the log")


@case
def real_time_finds_the_same():
    vernier("send", "qdisc=netem delay 5ms loss 10% seed 1", "--driver", "sim", "--xmit-mode",
            "queue_xmit", "--count", "2000", "--ratep", "10k", "--json", "run.json", "--interval",
            "20ms", "--quiet", status=1)
    lines = json_lines("run.json")
    for line in lines:
        t = line["total"]
        equal(t["unique"] + t["lost"] + t["in_flight"], t["sent"], "sum at %s s" % line["time_s"])
    equal(lines[-1]["total"]["lost"], lines[-1]["devices"]["sim0"]["netem_lost"], "lost")


main()

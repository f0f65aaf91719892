#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""vernier rfc2544: what it finds of devices whose limits are known, what it
says, and what it refuses."""
import json
import os
import re
import signal

from harness import (TOP, Bridge, Tap, case, equal, finish, holds, json_lines, main, rx_packets, sh,
                     start, vernier, veth, wait_until)

ALL = ("throughput", "latency", "loss", "back-to-back")
# A slow medium and short trials; no claim that this machine keeps the time.
SHORT = ["--link-rate", "10M", "--duration", "100ms", "--latency-duration", "100ms",
         "--burst-duration", "50ms", "--repeat", "2", "--settle", "100ms", "--stabilize", "0",
         "--learn-wait", "0", "--rate-tolerance", "100%", "--quiet"]


def validator():
    import jsonschema
    with open(os.path.join(TOP, "docs/rfc2544.schema.json")) as f:
        schema = json.load(f)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def follow_the_schema(lines):
    check = validator()
    for line in lines:
        wrong = [e.message for e in check.iter_errors(line)]
        holds(not wrong, "%s\n%s" % ("; ".join(wrong), line))
    equal([line["kind"] for line in lines], ["trial"] * (len(lines) - 1) + ["result"], "kinds")
    equal([line["trial"] for line in lines[:-1]], list(range(1, len(lines))), "numbers of trials")


def run(*words, status=0):
    """Returns (lines of the trials, result)."""
    vernier("rfc2544", *words, "--json", "run.json", status=status)
    lines = json_lines("run.json")
    follow_the_schema(lines)
    return lines[:-1], lines[-1]


def sums_hold(trials):
    for t in trials:
        equal(t["sent"], t["received"] + t["lost"], "sent, received + lost in %d" % t["trial"])
        holds(t["sent"] <= t["asked_frames"], "more was sent than asked in trial %d" % t["trial"])
        holds(t["asked_fps"] <= t["maximum_fps"], "asked above the medium in trial %d" % t["trial"])


@case
def a_cable_loses_nothing_at_a_low_rate():
    veth()
    trials, result = run("vn0", "--rx", "vn1", *SHORT, "--sizes", "64,1518", "--max", "500",
                        "--loss-step", "50")
    sums_hold(trials)
    equal(result["verdict"], "ok", "verdict")
    equal(result["trials"], len(trials), "trials")
    for size in result["sizes"]:
        tried = [t for t in trials if t["frame_size"] == size["frame_size"]]
        equal(sorted(set(t["test"] for t in tried)), sorted(ALL), "tests")
        equal(sum(t["lost"] for t in tried), 0, "lost")
        equal(max(t["asked_fps"] for t in tried if t["test"] != "back-to-back"), 500, "fastest")
        # 500, unless this machine stood still for seconds
        equal(size["throughput"]["fps"],
              max(t["asked_fps"] for t in tried if t["test"] == "throughput" and t["final"] and
                  not t["short"]), "throughput")
        holds(size["throughput"]["confirmed"], "not confirmed")
        latency = size["latency"]
        equal((latency["samples"], latency["repetitions"]),
              (sum(t["received"] for t in tried if t["test"] == "latency"), 2), "latency")
        equal(latency["p999_ns"], None, "a percentile of few samples")
        holds(latency["min_ns"] <= latency["p50_ns"] <= latency["p90_ns"] <= latency["max_ns"],
              "latencies are not in order: %r" % latency)
        equal([p["lost"] for p in size["loss"]["points"]], [0, 0], "lost at two rates")
        holds(size["loss"]["complete"], "the loss test did not end by itself")
        holds(size["back_to_back"]["min_frames"] <= 744, "more than 50 ms of the medium")


@case
def a_found_rate_is_not_above_what_was_offered():
    veth()
    trials, result = run("vn0", "--rx", "vn1", *SHORT[:-3], "--rate-tolerance", "1%", "--quiet",
                         "--sizes", "64", "--tests", "throughput")
    found = result["sizes"][0]["throughput"]["fps"]
    sums_hold(trials)
    held = [t["offered_fps"] for t in trials if t["final"] and not t["short"] and not t["lost"]]
    holds(found == 0 or any(fps >= found * 0.99 for fps in held),
          "found %s, offered %s" % (found, held))


@case
def frames_have_the_size_and_addresses_of_the_rfc():
    veth()
    with Tap("vn1") as tap:
        run("vn0", "--rx", "vn1", *SHORT, "--sizes", "64,128", "--tests", "loss", "--max", "100",
            "--loss-step", "10", "--learn", "0")
        # two trials without loss of 10 and 9 frames for each size
        seen = [f for _, kind, f in tap.take(38) if kind != Tap.OUTGOING]
    equal([len(f) for f in seen], [60] * 19 + [124] * 19, "lengths without FCS")
    for frame in seen:
        equal(frame[0:6], bytes.fromhex("020000000002"), "destination: the receiver's")
        equal((frame[26:30], frame[30:34]), (b"\xc6\x12\0\1", b"\xc6\x13\0\1"), "addresses")
    ports = [int.from_bytes(f[36:38], "big") for f in seen]
    equal(sorted(set(ports)), [50002, 50003, 50004, 50005], "a port for each trial (two were "
          "taken by the checks)")


@case
def the_receiving_side_is_learned_first():
    """a gratuitous ARP comes back over the device before the first frame goes"""
    veth()
    with Tap("vn0") as before, Tap("vn1") as behind:
        run("vn0", "--rx", "vn1", *SHORT, "--sizes", "64", "--tests", "loss", "--max", "100",
            "--loss-step", "10", "--learn", "3")
        (learned, _, news), = before.take(1)
        frames = behind.take(3 + 10 + 9)
    equal(news, bytes.fromhex("ffffffffffff 020000000002 0806 0001 0800 06 04 0001 020000000002"
                              "c6130001 000000000000 c6130001") + bytes(18), "learning frame")
    equal([f[12:14] for _, _, f in frames], [b"\x08\x00"] * 22, "the others")
    holds(learned <= frames[0][0], "it came %d ns late" % (learned - frames[0][0]))


class LossyBridge(Bridge):
    """Carries no 10th frame."""

    def carry(self, frame, number):
        return [frame] if number % 10 else []


@case
def a_device_that_always_loses():
    veth()
    veth("vn2", "vn3")
    LossyBridge().start()
    words = ["vn0", "--rx", "vn3", *SHORT, "--sizes", "128", "--max", "1k", "--settle", "500ms"]
    trials, result = run(*words, "--tests", "throughput,loss", "--min", "500", "--resolution",
                         "100", "--loss-step", "250")
    sums_hold(trials)
    equal([t["lost"] for t in trials], [t["sent"] // 10 for t in trials], "lost in each trial")
    size = result["sizes"][0]
    equal((size["throughput"]["fps"], size["throughput"]["confirmed"]), (0, True), "throughput")
    equal([(p["fps"], p["sent"], p["lost"], round(p["loss_percent"], 6))
           for p in size["loss"]["points"]],
          [(1000, 100, 10, 10), (750, 75, 7, 9.333333), (500, 50, 5, 10), (250, 25, 2, 8)],
          "loss")
    equal(size["loss"]["complete"], False, "two trials without loss were seen")
    _, result = run(*words, "--tests", "throughput", "--loss-tolerance", "10%")
    equal(result["sizes"][0]["throughput"]["fps"], 1000, "throughput with a tolerance")


def refused(words, needles, status=2):
    done = vernier("rfc2544", *words, status=status)
    equal((done.stdout, done.stderr.count("\n")), ("", 1), "output, lines said")
    for needle in needles:
        holds(needle in done.stderr, "%r does not name %s" % (done.stderr, needle))


@case
def what_makes_no_sense_is_refused():
    veth()
    both = ["vn0", "--rx", "vn1", "--link-rate", "10M"]
    for words, needles in ((["vn0"], ["--rx"]),
                           (["--rx", "vn1"], ["interface"]),
                           ([*both, "--tests", "speed"], ["speed", "throughput"]),
                           ([*both, "--sizes", "63"], ["--sizes", "63", "64"]),
                           ([*both, "--sizes", "64,,65"], ["--sizes"]),
                           ([*both, "--sizes", "64,64"], ["--sizes", "twice"]),
                           ([*both, "--max", "0%"], ["--max", "100%"]),
                           ([*both, "--max", "101%"], ["--max", "101%"]),
                           ([*both, "--min", "20k", "--sizes", "64"], ["--min", "14880.95"]),
                           ([*both, "--count", "5"], ["--count", "--duration"]),
                           ([*both, "--pkt-size", "60"], ["--pkt_size", "--sizes"]),
                           ([*both, "--dst6", "fd00::2", "--sizes", "64"], ["64", "at least 82"]),
                           ([*both, "--flag", "NO_TIMESTAMP"], ["NO_TIMESTAMP"])):
        refused(words, needles)
    equal(rx_packets("vn1"), 0, "packets sent all the same")


@case
def what_cannot_work_is_refused_before_the_first_frame():
    veth()
    both = ["vn0", "--rx", "vn1", "--link-rate", "10M"]
    refused([*both, "--sizes", "64,1519"], ["1515", "vn0", "1500"], status=1)
    refused(["vn0", "--rx", "vn9", "--link-rate", "10M"], ["vn9"], status=1)
    sh("ip", "link", "set", "vn1", "down")
    refused(both, ["vn1", "down"], status=1)


@case
def an_interrupt_reports_what_is_known():
    veth()
    words = [w for w in SHORT if w != "--quiet"]
    process = start("rfc2544", "vn0", "--rx", "vn1", *words, "--sizes", "64", "--max", "100",
                    "--tests", "throughput,latency", "--latency-duration", "1h", "--json",
                    "run.json")
    wait_until(lambda: process.poll() is not None or
               os.path.exists("run.json") and len(json_lines("run.json")) == 2 and
               rx_packets("vn1") > 60, "a latency trial")
    process.send_signal(signal.SIGINT)
    status, out, err = finish(process)
    equal((status, err.splitlines()[-1]), (1, "vernier: rfc2544: interrupted"), "status, message")
    holds(re.search(r"^ +64 +14880\.95 +100\.00 ", out, re.M), "no throughput in\n" + out)
    lines = json_lines("run.json")
    follow_the_schema(lines)
    equal((lines[-1]["verdict"], lines[-1]["sizes"][0]["throughput"]["fps"],
           lines[-1]["sizes"][0]["latency"]["mean_ns"]), ("interrupted", 100, None), "result")


@case
def a_device_that_goes_down_leaves_what_was_measured():
    veth()
    process = start("rfc2544", "vn0", "--rx", "vn1", *SHORT, "--sizes", "64", "--max", "100",
                    "--tests", "throughput,latency", "--latency-duration", "1h", "--json",
                    "run.json")
    wait_until(lambda: process.poll() is not None or
               os.path.exists("run.json") and len(json_lines("run.json")) == 2 and
               rx_packets("vn1") > 60, "a latency trial")
    sh("ip", "link", "set", "vn0", "down")
    status, _, err = finish(process)
    equal(status, 1, "status")
    holds("vn0" in err or "vn1" in err, "the message names no link: " + err)
    lines = json_lines("run.json")
    follow_the_schema(lines)
    equal((lines[-1]["verdict"], lines[-1]["sizes"][0]["throughput"]["fps"]), ("failed", 100),
          "result")


@case
def settings_are_shown_and_nothing_is_sent():
    veth()
    text = vernier("rfc2544", "vn0", "--rx", "vn1", "--link-rate", "10M", "--dst", "198.19.0.9",
                   "--show-settings").stdout
    for line in ("interface=vn0", "rx=vn1", "duration=60000000000ns", "dst=198.19.0.9",
                 "sizes=64,128,256,512,1024,1280,1518"):
        holds(line in text.splitlines(), "%s is not in\n%s" % (line, text))
    equal(rx_packets("vn1"), 0, "packets")


@case
def the_schema_refuses_what_is_wrong():
    veth()
    check = validator()
    trials, result = run("vn0", "--rx", "vn1", *SHORT, "--sizes", "64", "--max", "100")
    for good, change in ((trials[0], {"sent": None}), (trials[0], {"test": "speed"}),
                         (trials[0], {"more": 1}), (result, {"verdict": "perhaps"}),
                         (result, {"sizes": {}}), (result, {"kind": "trial"})):
        holds(list(check.iter_errors({**good, **change})), "the schema accepts %r" % change)
    for good, missing in ((trials[0], "lost"), (result, "sizes"), (result, "vernier")):
        rest = {k: v for k, v in good.items() if k != missing}
        holds(list(check.iter_errors(rest)), "the schema does without " + missing)


# A simulated device: what it does follows from its numbers.

def simulated(target, *words):
    return run("--sim", target, "--quiet", *words)


def medium(size, bps=10**7):
    return bps / (8 * (size + 20))


@case
def the_limit_of_a_simulated_device_is_found_to_one_step():
    for limit, step in ((100, 10), (437, 10), (437, 50), (800, 50)):
        _, result = simulated("pps=%d,buffer=1,link=10M" % limit, "--sizes", "64,512,1518",
                              "--tests", "throughput", "--duration", "10s", "--resolution",
                              step, "--min", step)
        for size in result["sizes"]:
            found, most = size["throughput"]["fps"], medium(size["frame_size"])
            holds(found <= limit + 1 and min(limit, most) - found <= step,
                  "found %s of %d in steps of %d" % (found, limit, step))


@case
def loss_of_a_simulated_device_is_what_its_limit_leaves():
    limit, buffer, seconds = 7500, 16, 2
    trials, result = simulated("pps=%d,buffer=%d,link=10M" % (limit, buffer), "--sizes", "64",
                               "--tests", "loss", "--duration", "%ds" % seconds)
    sums_hold(trials)
    for point in result["sizes"][0]["loss"]["points"]:
        lost = max(0, point["sent"] - limit * seconds - buffer)
        holds(abs(point["lost"] - lost) <= 3, "lost %d, expected %d" % (point["lost"], lost))


@case
def bursts_of_a_simulated_device_are_what_its_buffer_takes():
    limit, most = 5000, medium(64)
    for buffer in (16, 64):
        _, result = simulated("pps=%d,buffer=%d,link=10M" % (limit, buffer), "--sizes", "64",
                              "--tests", "throughput,back-to-back", "--duration", "5s",
                              "--repeat", "2")
        size = result["sizes"][0]
        burst, fills = size["back_to_back"], most / (most - limit)
        holds(abs(burst["mean_frames"] - buffer * fills) <= 3 * fills,
              "burst of %s with a buffer of %d" % (burst["mean_frames"], buffer))
        equal((burst["min_frames"], burst["stddev_frames"]), (burst["max_frames"], 0), "spread")
        # the buffer's own time, at the medium's rate (RFC 9004)
        holds(abs(burst["corrected_buffer_s"] - buffer / most) <= 4 / most,
              "corrected %s s" % burst["corrected_buffer_s"])


@case
def latency_of_a_simulated_device_is_its_own():
    _, result = simulated("pps=1000,buffer=64,latency=20us,link=10M", "--sizes", "64", "--tests",
                          "latency", "--duration", "5s", "--latency-duration", "5s", "--max",
                          "50%", "--resolution", "1%")
    latency = result["sizes"][0]["latency"]
    equal((latency["repetitions"], latency["lost"]), (20, 0), "repetitions, lost")
    holds(20000 <= latency["min_ns"] <= latency["max_ns"] < 66 * 10**6, "latency %r" % latency)


@case
def a_simulated_device_is_measured_in_real_time_too():
    trials, result = run("--driver", "sim", "link=10M", *SHORT, "--sizes", "64", "--max", "500",
                         "--loss-step", "50")
    sums_hold(trials)
    equal((result["virtual_time"], result["sizes"][0]["throughput"]["fps"]), (False, 500),
          "virtual time, throughput of a device without a limit")
    refused(["link=10M", "--driver", "sim", "--rx", "vn1"], ["--rx", "sim"])


@case
def a_simulated_benchmark_is_the_same_every_time():
    words = ["pps=3k,buffer=32,latency=20us,link=10M", "--sizes", "64,512", "--duration", "2s",
             "--latency-duration", "2s", "--repeat", "2"]
    equal(simulated(*words), simulated(*words), "lines of two runs")


main()

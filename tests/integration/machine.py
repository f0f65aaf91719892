#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the machine gives to workers and takes from them: real-time scheduling with
and without the right to it, seen from outside while it lasts, and a disturber on
the worker's CPU, which the report must name. Nothing here says how long anything
takes."""
import os
import re
import signal
import subprocess
import sys

from harness import (Server, Skip, VERNIER, case, equal, finish, holds, json_lines, main, start,
                     vernier, wait_until)

OTHER, FIFO = 0, 1  # scheduling policies, as /proc tells them
FAST = ["--driver", "null", "--ratep", "100k"]  # always spins
SLOW = ["--driver", "null", "--ratep", "100"]   # sleeps most of the time
# No capability to change scheduling; the limit on priorities is another right.
NO_RIGHT = ["setpriv", "--bounding-set", "-sys_nice", "--inh-caps", "-sys_nice",
            "prlimit", "--rtprio=0"]
ONLY_LIMIT = NO_RIGHT[:-1] + ["--rtprio=1"]
BUSY = "import os\nos.sched_setaffinity(0, {%d})\nprint(flush=True)\nwhile True:\n    pass\n"


def run_words(prefix, *words):
    """(status, output, errors) of vernier send behind other words."""
    done = subprocess.run([*prefix, VERNIER, "send", *map(str, words)], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=60)
    return done.returncode, done.stdout, done.stderr


def needs_right():
    """To real time, and to take it away."""
    if subprocess.run(["chrt", "-f", "1", "true"], capture_output=True).returncode:
        raise Skip("this user may not have real-time threads")
    if subprocess.run([*NO_RIGHT, "true"], capture_output=True).returncode:
        raise Skip("rights cannot be taken away here")


def needs_auto():
    """Where auto takes it."""
    needs_right()
    if len(os.sched_getaffinity(0)) < 2:
        raise Skip("one CPU only")
    with open("/proc/sys/kernel/sched_rt_runtime_us") as f:
        if int(f.read()) <= 0:
            raise Skip("real-time threads have no limit here")


def policies(pid):
    """Of all workers of a process, by name: (policy, real-time priority)."""
    found = {}
    for tid in os.listdir("/proc/%d/task" % pid):
        try:
            with open("/proc/%d/task/%s/stat" % (pid, tid)) as f:
                name, rest = re.match(r"\d+ \((.*)\) (.*)", f.read()).groups()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        words = rest.split()  # from field 3 on
        if name.startswith("kpktgend_"):
            found[name] = (int(words[41 - 3]), int(words[40 - 3]))
    return found


def has_sent(path):
    try:
        return any(line["total"]["sent"] for line in json_lines(path))
    except (OSError, ValueError):  # not there yet, or half a line
        return False


def policy_of_a_run(*words):
    """While it sends, and the last line of JSON."""
    if os.path.exists("run.json"):
        os.remove("run.json")
    process = start("send", *words, "--count", "0", "--json", "run.json", "--interval", "50ms",
                    "--quiet")
    wait_until(lambda: has_sent("run.json"), "the first packets")
    seen = list(policies(process.pid).values())
    process.send_signal(signal.SIGINT)
    status, _, err = finish(process)
    equal(status, 1, "status of an interrupted run (%s)" % err)
    return seen, json_lines("run.json")[-1]["machine"][0]


@case
def a_run_tells_what_the_machine_gave_and_took():
    text = vernier("send", *FAST, "--count", 20000, "--realtime", "off", "--json",
                   "run.json").stdout
    lines = json_lines("run.json")
    equal(len(lines[-1]["machine"]), 1, "workers")
    told = lines[-1]["machine"][0]
    equal((told["policy"], told["policy_why"]), ("SCHED_OTHER", "realtime is off"), "scheduling")
    holds(5000 <= told["spin_ns"] <= 2000000, "spins below %s" % told["spin_ns"])
    holds(1 <= told["timer_samples"] <= 48, "%s sleeps" % told["timer_samples"])
    holds(told["timer_p50_ns"] <= told["timer_max_ns"], "percentiles of the timer")
    equal(told["timer_slack_ns"], 1, "timer slack")
    for key in ("preempted", "steal_ns", "stalls", "overslept"):
        holds(told[key] is not None, key + " is not known")
    equal(told["cpu"], int(lines[-1]["settings"]["cpus"]), "CPU")
    row = re.search(r"^machine .*\nCPU %d +" % told["cpu"], text, re.M)
    holds(row, "no table in:\n" + text)
    holds("CPU %d: SCHED_OTHER: realtime is off; " % told["cpu"] in text, text)
    vernier("report", "run.json")
    with open("run.html") as f:
        page = f.read()
    holds("<h2>Machine</h2>" in page and "<bdi>realtime is off</bdi>" in page, "of the page")


@case
def at_full_speed_nothing_was_waited_for():
    told = vernier("send", "--driver", "null", "--count", 100000, "--json", "-").stdout
    holds('"policy_why":"nothing is paced"' in told, told)
    holds('"spin_ns":null' in told and '"stalls":null' in told, told)


@case
def virtual_time_needs_no_machine():
    done = vernier("send", "--sim", "--ratep", "1k", "--count", 10, "--realtime", "on", "--json",
                   "run.json", "--capture", "x.pcap")
    told = json_lines("run.json")[-1]["machine"][0]
    equal({key for key in told if told[key] is not None}, {"cpu"}, "what is known")
    holds("machine" not in done.stdout, done.stdout)


@case
def real_time_is_seen_from_outside_while_it_lasts():
    needs_right()
    for words, want, policy in ((["on", *FAST], (FIFO, 1), "SCHED_FIFO 1"),
                                (["on", *SLOW], (FIFO, 1), "SCHED_FIFO 1"),
                                (["off", *SLOW], (OTHER, 0), "SCHED_OTHER"),
                                (["on", "--driver", "null", "--slack", "1ms", "--ratep", "100"],
                                 (OTHER, 0), "SCHED_OTHER"),
                                (["on", "--driver", "null"], (OTHER, 0), "SCHED_OTHER")):
        seen, told = policy_of_a_run("--realtime", *words)
        equal((seen, told["policy"]), ([want], policy), "of --realtime %s" % " ".join(words))


@case
def auto_takes_it_where_a_worker_sleeps():
    needs_auto()
    seen, told = policy_of_a_run(*SLOW)
    equal((seen, told["policy"], told["policy_why"]), ([(FIFO, 1)], "SCHED_FIFO 1",
                                                      "it is allowed"), "of a slow stream")
    seen, told = policy_of_a_run(*FAST[:-1], "1M")
    equal((seen, told["policy"]), ([(OTHER, 0)], "SCHED_OTHER"), "of a fast stream")
    holds(re.match(r"it spins most of the time, and sched_rt_runtime_us takes \d+ ms of each "
                   r"\d+ ms", told["policy_why"]), told["policy_why"])


@case
def one_cpu_is_not_taken_whole():
    needs_right()
    one = str(min(os.sched_getaffinity(0)))
    status, out, err = run_words(["taskset", "-c", one], *SLOW, "--count", 3)
    equal(status, 0, "status (%s)" % err)
    holds("SCHED_OTHER: this process has one CPU only" in out, out)


@case
def without_the_right():
    needs_right()
    status, _, err = run_words(NO_RIGHT, *SLOW, "--count", 3, "--realtime", "on")
    equal(status, 1, "status of on")
    holds("--realtime on: Operation not permitted (needs CAP_SYS_NICE, or a limit RLIMIT_RTPRIO "
          "above 0 (ulimit -r 1))" in err, err)
    status, out, err = run_words(NO_RIGHT, *SLOW, "--count", 3)
    equal(status, 0, "status of auto (%s)" % err)
    if len(os.sched_getaffinity(0)) > 1:
        holds(re.search(r"SCHED_OTHER: Operation not permitted \(needs CAP_SYS_NICE", out), out)
    status, out, err = run_words(NO_RIGHT, *SLOW, "--count", 3, "--realtime", "off")
    equal(status, 0, "status of off (%s)" % err)


@case
def the_limit_alone_is_a_right():
    needs_right()
    if subprocess.run([*ONLY_LIMIT, "true"], capture_output=True).returncode:
        raise Skip("this user may not raise the limit on priorities")
    status, out, err = run_words(ONLY_LIMIT, *SLOW, "--count", 3, "--realtime", "on")
    equal(status, 0, "status (%s)" % err)
    holds("SCHED_FIFO 1: as asked" in out, out)


@case
def what_was_chosen_from_outside_stays():
    needs_right()
    status, out, err = run_words(["chrt", "-r", "3"], *SLOW, "--count", 3)
    equal(status, 0, "status (%s)" % err)
    holds("SCHED_RR 3: it was chosen from outside" in out, out)


@case
def words_that_are_none_are_refused():
    err = vernier("send", *SLOW, "--realtime", "yes", status=2).stderr
    holds("--realtime yes: expected auto, on or off" in err, err)


@case
def a_disturber_on_the_same_cpu_is_named():
    cpu = min(os.sched_getaffinity(0))
    with subprocess.Popen([sys.executable, "-c", BUSY % cpu], stdout=subprocess.PIPE) as busy:
        try:
            busy.stdout.readline()  # it is on that CPU
            text = vernier("send", *FAST, "--time", "2s", "--cpus", cpu, "--realtime", "off",
                           "--json", "run.json").stdout
        finally:
            busy.kill()
    told = json_lines("run.json")[-1]["machine"][0]
    holds(told["preempted"] > 0, "preempted %s times" % told["preempted"])
    if told["waited_ns"] is None:
        raise Skip("this kernel does not tell how long threads wait")
    holds(told["waited_ns"] > 0, "waited %s ns" % told["waited_ns"])
    holds(re.search(r"^the greatest lateness, \S+, is about .* on CPU %d, .*other threads had it"
                    % cpu, text, re.M), text)


@case
def workers_of_serve_are_real_time_while_they_pace():
    needs_auto()
    with Server("--device", "d0=null") as s:
        s.set("kpktgend_0", "add_device d0")
        s.set("d0", "count 0", "delay 20000000")
        writer = s.start()
        wait_until(lambda: s.sent("d0") > 1, "packets")
        seen = policies(s.process.pid)
        equal(seen.pop("kpktgend_0"), (FIFO, 1), "the worker that paces")
        holds(all(policy == (OTHER, 0) for policy in seen.values()), "the others: %r" % seen)
        s.set("pgctrl", "stop")
        equal(writer.wait(20), 0, "start")
        wait_until(lambda: policies(s.process.pid)["kpktgend_0"] == (OTHER, 0),
                   "the worker is common again")


main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""vernier card -gdb with Debian's GDB: what a user types, on tests/debugged/calls.c.

The card waits for its debugger and time stands while that thinks, so nothing
here depends on who is faster."""
import json
import os
import re
import shutil
import socket
import subprocess

from harness import TOP, Skip, case, equal, finish, holds, main, start, vernier

THREADS = ["Thread %d \"cpu%d.slot%d\"" % (t + 1, t // 4, t % 4) for t in range(8)]
PROGRAM = "tests/debugged/calls"
SUMS = [30 * (t + 1) for t in range(8)]  # ten times (t + 1) * 3


def build(compiler="gcc"):
    """The program, in a copy of what a build needs."""
    for tool in ("gdb-multiarch", "make", "mips-linux-gnu-gcc" if compiler == "gcc" else "ld.lld"):
        if not shutil.which(tool):
            raise Skip(tool + " is not installed")
    for folder in ("firmware", "src/wire", "tests/debugged"):
        shutil.copytree(os.path.join(TOP, folder), folder, dirs_exist_ok=True)
    done = subprocess.run(["make", "-s", "-C", "tests/debugged", "CONTEXT=sim",
                           "CROSS=" + compiler], capture_output=True, text=True)
    equal(done.returncode, 0, "status of make\n" + done.stderr)


class Card:
    """`vernier card -gdb`, which waits for a debugger."""

    def __init__(self, *words, where="gdb.sock", program=(PROGRAM,)):
        self.process = start("card", "-gdb", where, *words, *program)
        self.line = self.process.stderr.readline()
        found = re.fullmatch(r"vernier: card: waiting for a debugger: target remote (\S+)\n",
                             self.line)
        holds(found, "said %r instead of where it waits" % self.line)
        self.where = found.group(1)

    def end(self, status=0):
        """Waits for its end; what the program logged, in order of threads."""
        got, self.out, self.err = finish(self.process)
        equal(got, status, "status of the card (%s)" % self.err)
        return sorted(self.out.splitlines())


def run_gdb(*words):
    done = subprocess.run(["gdb-multiarch", "-nx", "-batch", *words], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=60)
    return done.stdout + done.stderr


def gdb(card, *commands, program=PROGRAM):
    """Runs GDB's commands on the card; returns all that it said."""
    with open("commands", "w") as f:
        f.write("\n".join(["set pagination off", "set width 0", "set confirm off",
                           "file " + program if program else "", "target remote " + card.where,
                           *commands]))
    said = run_gdb("-x", "commands")
    holds("warning" not in said and "Error in sourced" not in said, said)
    return said


def debug(*commands, status=0, words=()):
    card = Card(*words)
    said = gdb(card, *commands)
    return said, card.end(status)


def log(sums):
    return sorted("thread %d: %d" % (t, s) for t, s in enumerate(sums) if s is not None)


def in_order(said, *patterns):
    at = 0
    for pattern in patterns:
        found = re.compile(pattern, re.M).search(said, at)
        holds(found, "no %r behind what was found before, in\n%s" % (pattern, said))
        at = found.end()


@case
def threads_are_listed():
    build()
    said, logged = debug("info threads", "thread name", "detach")
    in_order(said, *(re.escape(t) + r" \(running\) " for t in THREADS))
    equal(logged, log(SUMS), "log")
    said, _ = debug("info threads", "detach", words=("-cpus", "1"))
    equal(re.findall(r"Thread \d", said), ["Thread %d" % t for t in (1, 2, 3, 4)], "threads")
    # those that wait say for what; those that have ended, with what
    said, _ = debug("break leaf if total > 30", "continue", "info threads", "detach")
    holds(said.count("(asleep on lock 11)") >= 6, said)
    said, _ = debug("break simprintf thread 8", "continue", "finish", "info threads", "detach")
    holds(said.count("(ended with 0)") >= 6, said)


@case
def a_breakpoint_is_hit_by_each_thread_each_time():
    build()
    said, logged = debug("break leaf", "commands", "silent", 'printf "hit %d %d\\n", $_thread, n',
                         "continue", "end", "continue", "info breakpoints")
    hits = re.findall(r"^hit (\d) (\d)$", said, re.M)
    equal(len(hits), 80, "hits")
    for t in range(8):
        equal(hits.count((str(t + 1), str(t))), 10, "hits of thread %d" % t)
    holds("exited normally" in said, said)
    equal(logged, log(SUMS), "log")


@case
def a_debugger_costs_no_cycle():
    build()
    vernier("card", "-q", "-stats", "alone.json", PROGRAM)
    debug("break middle", "continue", "step", "watch sums[3]", "continue", "continue", "stepi",
          "delete", "continue", words=("-stats", "debugged.json"))
    alone, debugged = (json.load(open(name)) for name in ("alone.json", "debugged.json"))
    for key in ("cycles", "threads", "counters"):
        equal(debugged[key], alone[key], key)


def steps_follow_the_source():
    """next passes over calls, finish returns from them, step goes into them"""
    said, logged = debug(
        "set scheduler-locking step", "break work thread 6", "continue", "tbreak middle thread 6", "continue",
        "step", "info symbol $pc", "backtrace", "finish", "info symbol $pc", "finish",
        "info symbol $pc", "next", "next", "next", "info symbol $pc", "tbreak leaf thread 6",
        "continue", "up", "info symbol $pc", "delete", "continue")
    in_order(said, r"hit Breakpoint 1, work \(tid=.*5\)", r"hit Temporary breakpoint 2, middle",
             r"^leaf \(n=.*5\) at .*calls\.c", r"^leaf( \+ \d+)? in section",
             r"^#0  .*leaf ", r"^#1  0x\w+ in middle ", r"^#2  0x\w+ in work ",
             r"^#3  0x\w+ in main ",
             r"Value returned is \$1 = 6$", r"^middle \+ \d+ in section",
             r"Value returned is \$2 = 18$", r"^work \+ \d+ in section",
             r"^work \+ \d+ in section", r"hit Temporary breakpoint 3, leaf", r"^#1  0x\w+ in middle",
             "exited normally")
    equal(logged, log(SUMS), "log")


@case
def steps_follow_the_source_of_gcc():
    build("gcc")
    steps_follow_the_source()


@case
def steps_follow_the_source_of_clang():
    build("clang")
    steps_follow_the_source()


@case
def breakpoints_stay_where_they_are_put():
    """also in the word behind a jump, where GDB sees a delay slot"""
    build()
    text = subprocess.run(["mips-linux-gnu-objdump", "-d", "--no-show-raw-insn", PROGRAM],
                          capture_output=True, text=True, check=True).stdout
    calls = re.findall(r"^(\w+):\tjal\t\w+ <middle>", text, re.M)
    equal(len(calls), 1, "calls of middle")
    behind = int(calls[0], 16) + 4
    said, _ = debug("break *0x%x thread 3" % behind, "continue", "p/x $pc", "p $v0",
                    "x/2i $pc-4", "delete", "continue")
    in_order(said, r"Breakpoint 1 at 0x%x" % behind, r"hit Breakpoint 1",
             r"\$1 = 0x%x$" % behind, r"\$2 = 9$", r"jal\s+0x\w+ <middle>")


@case
def registers_and_memory_are_read_and_written():
    build()
    said, logged = debug(
        "break leaf thread 3", "continue", "info registers a0 pc sp gp", "p/x $pc == (long)leaf",
        "set $a0 = 102", "p n", "set var sums[6] = 0x12345678", "x/4xb &sums[6]", "x/wx &sums[6]",
        "set var sums[6] = 1000000", "p sums[2]", "p $zero", "p $status", "p $hi", "p $lo",
        "set $lo = 77", "p $lo", "p total = 5", "x/2i leaf", "delete", "continue")
    in_order(said, r"^a0: +0x2$", r"^pc: +0x200", r"^sp: +0x40", r"^\$1 = 0x1$", r"^\$2 = 102$",
             r"0x12\s+0x34\s+0x56\s+0x78", r"0x12345678", r"= 0$", r"= 77$", r"= 5$", r"<leaf>:")
    # thread 2 added (102 + 1) * 3 once, thread 6 got a million more than it had
    equal([int(line.split()[-1]) for line in logged],
          [30, 60, 9 * 9 + 309, 120, 150, 180, 1000000 + 210, 240], "sums")


@case
def memory_that_is_not_there_is_an_error():
    build()
    card = Card()
    said = run_gdb("-ex", "file " + PROGRAM, "-ex", "target remote " + card.where,
                   "-ex", "x/wx 0", "-ex", "set *(int *)0x20000000 = 1", "-ex", "detach")
    for address in ("0x0", "0x20000000"):
        holds("Cannot access memory at address %s\n" % address in said, said)
    equal(card.end(), log(SUMS), "log")


@case
def watchpoints_show_what_changed():
    build()
    said, logged = debug("watch total", "continue", "continue", "delete", "rwatch sums[3]",
                         "continue", "delete", "awatch sums[5]", "continue", "continue", "delete",
                         "watch total if total > 250", "continue", "p total", "delete", "continue")
    in_order(said, r"hit Hardware watchpoint 1: total\n\nOld value = 0\nNew value = (\d)\n"
             r"leaf .*\n9|return n \+ 1", r"hit Hardware watchpoint 1: total\n\nOld value = (\d)\n",
             r"Thread 4 .*hit Hardware read watchpoint 2: sums\[3\]\n\nValue = 0\n",
             r"Thread 6 .*hit Hardware access \(read/write\) watchpoint 3: sums\[5\]\n\n"
             r"Value = (\d+)\n(.*\n)*Thread 6 .*watchpoint 3: sums\[5\]\n\nOld value = \1\n",
             r"New value = (25[1-7])\n", r"\$1 = 25[1-7]$", "exited normally")
    equal(logged, log(SUMS), "log")


class Mi:
    """GDB's interface for programs: what happens comes as lines."""

    def __init__(self, card):
        self.process = subprocess.Popen(
            ["gdb-multiarch", "-nx", "-q", "-i=mi2", PROGRAM], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.do("-gdb-set mi-async on")
        self.do("-target-select remote " + card.where, "^connected")

    def wait(self, beginning):
        for line in self.process.stdout:
            if line.startswith(beginning):
                return line
            holds(not line.startswith("^error"), line)
        raise AssertionError("GDB ended before it said " + beginning)

    def do(self, command, answer="^done"):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.wait(answer)

    def end(self):
        self.process.stdin.write("-gdb-exit\n")
        self.process.stdin.close()
        self.wait("^exit")
        self.process.stdout.close()
        equal(self.process.wait(20), 0, "status of GDB")


@case
def a_program_that_runs_is_interrupted():
    build()
    for words in ((), ("-rt",)):
        card = Card(*words)
        mi = Mi(card)
        mi.do("-gdb-set var mode = 1")
        mi.do("-break-insert -t -p 4 misbehave")
        mi.do("-exec-continue", "*running")
        holds('reason="breakpoint-hit"' in mi.wait("*stopped"), "thread 3 does not come there")
        mi.do("-exec-continue", "*running")
        mi.process.stdin.write("-exec-interrupt\n")
        mi.process.stdin.flush()
        holds('signal-name="SIGINT"' in mi.wait("*stopped"), "stopped by another signal")
        mi.do("-thread-select 4")
        holds("misbehave" in mi.do("-stack-list-frames"), "thread 3 is somewhere else")
        mi.do("-gdb-set var mode = 0")
        mi.do("-exec-continue", "*running")
        holds('reason="exited-normally"' in mi.wait("*stopped"), "how it ended")
        mi.end()
        equal(card.end(), log(SUMS), "log")


@case
def faults_are_signals():
    build()
    said, logged = debug("set var mode = 2", "continue", "backtrace", "x/i $pc", "info threads",
                         "continue", status=3)
    holds("\nstore at 0x00000100, outside the memories\n" in said, said)
    in_order(said, r'Thread 4 "cpu0\.slot3" received signal SIGSEGV', r"misbehave \(\) at .*calls\.c",
             r"^#1  0x\w+ in main", r"^=> 0x\w+ <misbehave\+\d+>:\tsw\t", r"\(faulted\)",
             r"exited with code 03")
    holds("thread 3: " not in "".join(logged), "thread 3 went on")


@case
def a_deadlock_stops():
    build()
    said, _ = debug("set var mode = 3", "continue", "info threads", "monitor locks", "thread 4",
                    "backtrace", "continue", status=4)
    for pattern in (r"^deadlock: every thread that has not ended sleeps on a lock$",
                    r"^lock 11: \d+ waits, .*t3 waits"):
        in_order(said, pattern)
    in_order(said, r"received signal SIGINT", r"asleep on lock 11\) +nf_lock",
             r"^#\d  0x\w+ in (work|misbehave) ", r"exited with code 04")


@case
def the_card_answers_monitor():
    build()
    said, _ = debug("monitor cycle", "monitor locks", "monitor stats", "break work thread 1",
                    "continue", "monitor threads", "monitor help", "monitor nonsense", "detach")
    in_order(said, r"^cycle 0, 0 ns$", r"^nobody has waited for a lock$", r"^all counters are 0$",
             *(r"^t%d pc 200\w+, \d+ instructions, .*running$" % t for t in range(8)),
             r"^cycle: ", r'^"nonsense": there is no such command$')


@case
def who_leaves_lets_the_program_go_on():
    build()
    card = Card("-stats", "stats.json")
    # the first by detaching, at a breakpoint; the connection of the second is lost
    gdb(card, "break leaf", "continue", "detach")
    equal(card.end(), log(SUMS), "log")
    card = Card()
    with socket.socket(socket.AF_UNIX) as lost:
        lost.connect(card.where)
        lost.sendall(b"$Z0,200000c0,4#00")
        equal(lost.recv(1), b"-", "answer to a wrong sum")
    equal(card.end(), log(SUMS), "log")
    holds(not os.path.exists(card.where), "the socket is still there")


@case
def another_debugger_may_come_later():
    build()
    card = Card()
    gdb(card, "set var mode = 1", "detach")
    # thread 3 waits for ever; the card stops for who comes
    said = gdb(card, "thread 4", "p mode", "backtrace 1", "set var mode = 0", "continue")
    in_order(said, r"\$1 = 1$", "misbehave", "exited normally")
    equal(card.end(), log(SUMS), "log")


@case
def who_kills_ends_the_run():
    build()
    said, logged = debug("break simprintf thread 4", "continue", "kill")
    holds("killed" in said, said)
    holds("thread 3: " not in "".join(logged), "thread 3 went on")


@case
def without_a_file_the_card_says_what_it_is():
    """by TCP; registers and code come from the card, the byte order is the user's to say"""
    build()
    card = Card(where="0")
    holds(re.fullmatch(r"127\.0\.0\.1:\d+", card.where), card.where)
    said = run_gdb("-ex", "set endian big", "-ex", "target remote " + card.where,
                   "-ex", "show architecture", "-ex", "p/x $pc", "-ex", "x/i 0x20000030",
                   "-ex", "stepi", "-ex", "p/x $pc", "-ex", "detach")
    in_order(said, r'"mips"', r"\$1 = 0x20000000", r"0x20000030:\s+nop", r"\$2 = 0x20000004")
    equal(card.end(), log(SUMS), "log")


@case
def where_it_cannot_wait_is_refused():
    build()
    with open("file", "w"):
        pass
    used = socket.create_server(("127.0.0.1", 0))
    port = str(used.getsockname()[1])
    for where, status, why in (("70000", 2, "65535"), (port, 1, "Address already in use"),
                               ("file", 1, "in use"),
                               ("no/folder", 1, "No such file"), ("", 1, "port number, or a path"),
                               ("x" * 200, 1, "port number, or a path")):
        done = vernier("card", "-gdb", where, PROGRAM, status=status)
        holds("-gdb" in done.stderr and why in done.stderr, done.stderr)
        equal(done.stdout, "", "output")
    holds(os.path.exists("file"), "a file was removed")
    used.close()


if __name__ == "__main__":
    main()

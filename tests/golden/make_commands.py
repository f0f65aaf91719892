#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Distils commands.jsonl from a transcript of the kernel's control files.

    make_commands.py TRANSCRIPT.jsonl > commands.jsonl

Every step of the transcript is kept, in order; tests/recordings_test.c does
them again. Shell steps become what they did: changes of interfaces, a listing,
lines of a file. Lines of the result:

  {"about": ...}        first line
  {"part": NAME}        a machine that was just booted
  {"group": NAME}
  {"id", "f", "w"}      a write of these bytes to this file; bytes outside ASCII
                        as \\u00NN. "e": errno name when it failed; else it took
                        all bytes. "a": from "Result: " to the end of the file,
                        when that is not what it was at the last look. "+", "-": lines above that appeared,
                        vanished. A missing file has "e": "ENOENT" and no more.
  {"id", "f", "b"}      a write that goes on in the background
  {"id", "end", ...}    it ended ("end" is its id); "sig": after this signal
  {"id", "f", "t"}      the text of the file; null: there is no such file
  {"id", "f", "has"}    lines that its text has
  {"id", "ls"}          names in the directory, sorted
  {"id", "dev"}         interfaces change: [["add", NAME, TYPE], ["del", NAME],
                        ["up", NAME], ["down", NAME], ["name", OLD, NEW],
                        ["addr", NAME, IPV4 or ""]]
  {"id", "load"}        the module is loaded anew, with these parameters
  {"id", "ns"}          true: what follows is done in a namespace that was just
                        made and has only "lo", down; false: no more, it is gone
  {"id", "sh"}          a command that could not be told in these words
  "k"                   lines of pktgen in the log that the step caused

Texts are patterns. What a clock, a draw or the moment of looking decides is
written <low..high>, both included: a number, or an IPv4 address. <N..> has no
upper end. <cpu T Q> is the number of thread T's CPU, modulo Q.
"""
import ipaddress
import json
import re
import sys

DIR = "/proc/net/pktgen/"
VERSION = "Packet Generator for packet performance testing. Version: 2.75"
NEVER = 18446744073709551615
# What the log says some time after the write that caused it.
LATE = {" is already stopped": "stop", "trying to remove a running interface": "reset"}
QUEUES = {"veth0": 4, "vethc": 2}
SLACK_US = 5000000  # how much longer than recorded a paced run may take


def number(text, name):
    """The number behind `name: ` in the text, the first one; None: none."""
    found = re.search(r"(?<![\w-])" + re.escape(name) + r": (\d+)", text)
    return int(found[1]) if found else None


def word(text, name):
    found = re.search(r"(?<![\w-])" + re.escape(name) + r": (\S*)", text)
    return found[1] if found else ""


def between(low, high):
    return "<%s..%s>" % (low, high)


def loosen_field(text, name, pattern, count=1):
    """Replaces what follows `name: `."""
    return re.sub(r"(?<![\w-])%s: [\w.-]+" % re.escape(name), "%s: %s" % (name, pattern), text,
                  count=count)


def below(low, high):
    """Range of a draw in [low, high)."""
    return between(low, high - 1)


class Device:
    """What the transcript tells of an entry while it is read."""

    def __init__(self, thread, name):
        self.thread, self.name = thread, name
        self.runs = 0          # begun since it was added
        self.has_sent = False  # in the run under way, of which nobody knows how much
        self.least = 1         # how much then, at least


def least_us(text, sent, device):
    """How long this paced run must have taken: all its gaps."""
    delay, burst = number(text, "delay") or 0, max(number(text, "burst") or 1, 1)
    if delay == NEVER or delay < 50000:
        return 0
    turns = -(-sent // burst)
    gaps = turns - 1 if device.runs > 1 or "xmit_mode: " in text else turns - 2
    return max(gaps, 0) * delay // 1000


def loosen_result(text, loose, device):
    """The two lines about a run that is over."""
    found = re.search(r"Result: OK: (\d+)\(c\d+\+d\d+\) usec, (\d+) \((-?\d+)byte,(-?\d+)frags\)\n"
                      r"  \d+pps \d+Mb/sec \(\d+bps\) errors: (\d+)", text)
    if not found:
        return text
    took, sent, size, frags, errors = (int(x) for x in found.groups())
    is_random = "pkts-sofar" in loose or device.has_sent
    least = least_us(text, sent, device) if not is_random else 0
    time = between(least, took + SLACK_US if least else "")
    imix = re.search(r"imix_weights: (.*) \n", text)
    sizes = [int(s.split(",")[0]) for s in imix[1].split(" ")] if imix else []
    if "TXSIZE_RND" in text and number(text, "max_pkt_size") > number(text, "min_pkt_size"):
        size = below(number(text, "min_pkt_size"), number(text, "max_pkt_size"))
    elif sizes:
        size = between(min(sizes), max(sizes))
    result = "Result: OK: %s(c<0..>+d<0..>) usec, %s (%sbyte,%dfrags)\n" % (
        time, between(device.least, "") if is_random and sent else sent, size, frags)
    result += "  <0..>pps <0..>Mb/sec (<0..>bps) errors: %s" % (
        "<1..>" if "errors" in loose else errors)
    return text[:found.start()] + result + text[found.end():]


def loosen_counters(text, loose, device):
    if re.search(r"started: (?!0us)", text):
        text = re.sub(r"started: \d+us  stopped: \d+us idle: \d+us",
                      "started: <1..>us  stopped: <1..>us idle: <0..>us", text)
    if "pkts-sofar" in loose or device.has_sent:
        text = loosen_field(text, "pkts-sofar", between(device.least, ""))
        text = loosen_field(text, "seq_num", between(device.least + 1, ""))
    if "errors" in loose:
        text = re.sub(r"(pkts-sofar: \S+  errors: )\d+", r"\1<1..>", text)
    if "imix_size_counts: " in text and number(text, "pkts-sofar"):
        text = re.sub(r"imix_size_counts: .*", lambda m: re.sub(r",\d+", ",<0..>", m[0]), text)
    return text


def loosen_draws(text, device):
    """What a random flag decides, by its range."""
    if not re.search(r"pkts-sofar: [1-9]", text):
        return text
    flags = word(text, "Flags") and re.search(r"Flags: (.*)", text)[1].split()
    for flag, field in (("UDPSRC_RND", "udp_src"), ("UDPDST_RND", "udp_dst")):
        low, high = number(text, field + "_min"), number(text, field + "_max")
        if flag in flags and low < high:
            text = loosen_field(text, "cur_" + field, below(low, high))
    for flag, field, ends in (("IPSRC_RND", "cur_saddr", "src"), ("IPDST_RND", "cur_daddr", "dst")):
        low, high = word(text, ends + "_min"), word(text, ends + "_max")
        if flag in flags and low and high:
            last = ipaddress.IPv4Address(high) - 1
            text = loosen_field(text, field, between(low, last))
    if "QUEUE_MAP_RND" in flags:
        text = loosen_field(text, "cur_queue_map", between(number(text, "queue_map_min"),
                                                           number(text, "queue_map_max")))
    if "FLOW_RND" in flags:
        text = re.sub(r"\n     flows: [1-9]\d*\n", "\n     flows: <1..%d>\n" %
                      number(text, "pkts-sofar"), text)
    if "QUEUE_MAP_CPU" in flags:
        text = loosen_field(text, "cur_queue_map", "<cpu %d %d>" % (
            device.thread, QUEUES.get(device.name.split("@")[0], 1)))
    return text


def loosen(text, loose, device):
    """A device's text as a pattern."""
    draws = loosen_draws(text, device)  # looks at numbers that the next two hide
    return loosen_counters(loosen_result(draws, loose, device), loose, device)


def from_od(out):
    """The texts that `od -c` printed, one for each that began at 0."""
    texts = []
    for line in out.splitlines():
        if line[:7] == "0000000":
            texts.append("")
        cells = [line[i:i + 4].strip(" ") or " " for i in range(7, len(line), 4)]
        # od pads the last line; what it printed behind the text's end is cut.
        texts[-1] += "".join({"\\n": "\n", "\\0": "\0"}.get(c, c) for c in cells)
        if not cells:
            texts[-1] = texts[-1][:int(line, 8)] if len(texts[-1]) > int(line, 8) else texts[-1]
    return texts


def names_of(out):
    """Names that ls or ls -l printed."""
    return sorted(line.split()[-1] for line in out.splitlines()
                  if line and not line.startswith(("total ", "ls: ", "rc ", "cat: ", "sh: ")))


def device_changes(command):
    """The changes of interfaces a shell command made, None if it did more."""
    changes = []
    for part in command.split(";"):
        words = part.split()
        if words[:3] == ["ip", "link", "add"]:
            changes.append(["add", words[3], words[5]])
        elif words[:3] == ["ip", "tuntap", "add"]:
            changes.append(["add", words[4], words[6]])
        elif words[:3] == ["ip", "link", "del"]:
            changes.append(["del", words[3]])
        elif words[:3] == ["ip", "link", "set"] and words[4] in ("up", "down"):
            changes.append([words[4], words[3]])
        elif words[:3] == ["ip", "link", "set"] and words[4] == "name":
            changes.append(["name", words[3], words[5]])
        elif words[:3] == ["ip", "addr", "flush"]:
            changes.append(["addr", words[4], ""])
        elif words[:3] == ["ip", "addr", "add"]:
            changes.append(["addr", words[5], words[3].split("/")[0]])
        elif words[:2] != ["echo", "rc"] and words[:4] != ["ip", "-br", "link", "show"]:
            return None
    return changes


class Distiller:
    def __init__(self):
        self.out = [{"about": "answers recorded from pktgen of Linux 7.2"}]
        self.results = {}   # file -> "Result: ..." as last written
        self.devices = {}   # word -> Device
        self.waiting = {}   # id of a write in the background -> file
        self.last = {}      # "stop", "reset" -> the line of that write

    def emit(self, d, **line):
        line = {"id": d["id"], **line} if d else line
        log = [k[len("pktgen: "):] for k in d.get("kmsg", []) if k.startswith("pktgen: ")] \
            if d else []
        is_cause = line.get("f") == "pgctrl" and "w" in line
        for text in log:
            cause = next((c for part, c in LATE.items() if part in text), None)
            late = cause and not is_cause
            (self.last[cause] if late else line).setdefault("k", []).append(text)
        self.out.append(line)
        return line

    # Which entries there are

    def fresh(self):
        self.results, self.devices, self.waiting = {}, {}, {}

    def note_thread(self, file, before, after):
        """Takes note of the words in the lists of a thread, before and after."""
        thread = int(file[len("kpktgend_"):])
        gone, new = ([w for line in lines if not line.startswith("Result")
                      for w in line.split()[1:]] for lines in (before, after))
        for name in [w for w in new if w not in self.devices]:
            self.devices[name] = Device(thread, name)
            self.results.pop(name, None)
        for name in [w for w in gone if w not in new]:
            self.devices.pop(name, None)

    def device(self, file):
        """The entry behind a file; a renamed one has another word."""
        return self.devices.get(file) or Device(0, file)

    def begin_run(self):
        for entry in self.devices.values():
            entry.runs += 1
            entry.has_sent, entry.least = False, 1

    # Steps

    def after(self, file, d):
        """The end of the file, if it is not what it was."""
        text = d.get("after")
        if text is None or self.results.get(file) == text:
            return {}
        self.results[file] = text
        return {"a": text if file == "pgctrl" or file.startswith("kpktgend_") else
                loosen(text, d.get("loose", []), self.device(file))}

    def lines(self, file, d):
        """Lines that came and went, but those of counters that run on."""
        def is_still(line):
            return not (self.waiting and line.startswith(("     pkts-sofar:", "     seq_num:")))
        kept = {sign: [x for x in d.get(key, []) if is_still(x)]
                for sign, key in (("+", "new"), ("-", "gone"))}
        if file.startswith("kpktgend_"):
            # The first group of a part finds what was there before the record.
            there = [w for line in kept["-"] for w in line.split()[1:]]
            if d.get("setup") and not all(w in self.devices for w in there):
                return {}
            self.note_thread(file, kept["-"], kept["+"])
        return {sign: x for sign, x in kept.items() if x}

    def write(self, file, d):
        if "at" in d:
            self.emit(d, f=file, w=d["write"], e=d["ret"])
            return
        if file == "pgctrl" and d["ret"] == 0 and d["write"].startswith("start"):
            self.begin_run()
        error = {"e": d["ret"]} if d["ret"] != 0 else {}
        if not error and d["n"] != d["len"]:
            sys.exit(d["id"] + ": short count")
        line = self.emit(d, f=file, w=d["write"], **error, **self.lines(file, d),
                         **self.after(file, d))
        if file == "pgctrl":
            self.last[d["write"].split("\0")[0].rstrip("\n")] = line
        if d["write"] == "clear_counters\n" and self.waiting:
            self.device(file).has_sent, self.device(file).least = True, 0
            if d["write"].startswith("reset"):
                self.devices = {}

    def end(self, d):
        which = d["id"][:-len(".end")]
        del self.waiting[which]
        self.emit(d, end=which, **({"sig": d["signal"]} if "signal" in d else {}))

    def read(self, file, d):
        text = d["read"]
        if text and file.startswith("kpktgend_"):
            there = [n for n, e in self.devices.items() if file == "kpktgend_%d" % e.thread]
            self.note_thread(file, ["Stopped: " + " ".join(there)], text.splitlines())
            self.results[file] = text[text.index("Result:"):]
            if "Running" in d.get("loose", []):
                text = self.all_stopped(file) + self.results[file]
        elif text and file != "pgctrl":
            text = self.note_device(file, d)
        self.emit(d, f=file, t=text)

    def all_stopped(self, file):
        """Lists of a thread that was told to stop, a moment later."""
        there = [n for n, e in self.devices.items() if file == "kpktgend_%d" % e.thread]
        return "Running: \nStopped: " + "".join(n + " " for n in reversed(there)) + "\n"

    def note_device(self, file, d):
        text, entry, loose = d["read"], self.device(file), d.get("loose", [])
        if self.waiting and number(text, "pkts-sofar"):
            entry.has_sent = True
        self.results[file] = text[text.index("Result:"):]
        return loosen(text, loose, entry)

    def shell(self, d):
        command, out = d["sh"], d["out"]
        changes = device_changes(command)
        if changes is not None:
            self.emit(d, dev=changes)
        elif command in ("ls -l " + DIR[:-1], "ls " + DIR[:-1]):
            self.emit(d, ls=names_of(out))
        elif "modprobe pktgen" in command:
            self.load(d)
        elif command.startswith("grep -E"):
            file = command.split()[-1][len(DIR):]
            mode = re.search(r"Flags: (.*)", out)[1]
            self.emit(d, f=file, has=self.settled(file, out, mode, d.get("loose", [])))
        elif "| od -c" in command or command.startswith("od -c"):
            files = re.findall(DIR + r"(\w+)", command)
            for file, text in zip(files, from_od(out)):
                self.emit(d, f=file, t=text)
        elif command.startswith("ip netns add"):
            self.namespace(d)
        elif " nobody " in command:
            self.emit({"id": d["id"]}, ls=names_of(d["out"].split("cat: ")[0]))
            self.emit({"id": d["id"] + ".modes"}, sh=command)
        else:
            self.emit(d, sh=command)

    def settled(self, file, out, mode, loose):
        """Lines that grep printed, after a run."""
        text = loosen_draws("pkts-sofar: 1\n" + out, self.device(file))
        return text.splitlines()[1:]

    def load(self, d):
        options = dict(w.split("=") for w in re.findall(r"\w+=\d+", d["sh"]))
        self.fresh()
        self.emit(d, load={k: int(v) for k, v in options.items()})
        if d["sh"].endswith("ls " + DIR[:-1]):
            self.emit({"id": d["id"]}, ls=names_of(d["out"].split("directory\n")[-1]))

    def namespace(self, d):
        """The one such step: a listing, two texts, add_device of two names."""
        out = "".join(x + "\n" for x in d["out"].splitlines() if not re.match(r" +\d+ root", x))
        listing, rest = out.split(VERSION + "\n")
        first, *tries = re.split(r"sh: write error: .*\n", rest)
        logs = [k[len("pktgen: "):] for k in d["kmsg"]]
        codes = {"No such device": "ENODEV", "Network is down": "ENETDOWN"}
        errors = [codes[x] for x in re.findall(r"sh: write error: (.*)\n", out)]
        names = re.findall(r"echo (add_device \w+) >", d["sh"])
        where = {"id": d["id"]}
        self.emit(where, ns=True)
        self.emit(where, ls=names_of(listing))
        self.emit(where, f="pgctrl", t=VERSION + "\n")
        self.emit(where, f="kpktgend_0", t=first)
        for name, error, text, log in zip(names, errors, tries, logs):
            self.emit({**where, "kmsg": ["pktgen: " + log]}, f="kpktgend_0", w=name + "\n",
                      e=error, a=text[text.index("Result:"):])
            self.emit(where, f="kpktgend_0", t=text)
        self.emit(where, ns=False)

    def step(self, d):
        if "part" in d:
            self.fresh()
            self.emit(None, part=d["part"])
        elif "group" in d:
            self.emit(None, group=d["group"])
        elif "sh" in d:
            self.shell(d)
        elif d["id"].endswith(".end"):
            self.end(d)
        else:
            file = d["file"][len(DIR):]
            if "bgwrite" in d:
                self.begin_run()
                self.waiting[d["id"]] = file
                self.emit(d, f=file, b=d["bgwrite"])
            elif "write" in d:
                self.write(file, d)
            else:
                self.read(file, d)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    distiller = Distiller()
    with open(sys.argv[1], encoding="ascii") as transcript:
        for line in transcript:
            distiller.step(json.loads(line))
    for line in distiller.out:
        print(json.dumps(line, separators=(",", ":")))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Distils commands.jsonl from a transcript of the kernel's control files.

    make_commands.py TRANSCRIPT.jsonl > commands.jsonl

Kept is what needs a device file only: writes and whole texts of devices on
which no run was begun since they were added. What a run leaves behind (times,
counters, current values) is another test's business.

Lines of the result:
  {"about": ...}                  first line
  {"group": NAME}
  {"add": WORD}                   a fresh entry for WORD
  {"rem": WORD}                   the entry is gone
  {"d": WORD, "w": BYTES, ...}    a write to its file; bytes outside ASCII as \\u00NN
      "e": errno name when it failed; else it took all bytes
      "a": from "Result: " to the end of the file, where that changed
      "+", "-": lines above that appeared, vanished
  {"d": WORD, "t": TEXT}          the whole text of its file
"""
import json
import sys

DIR = "/proc/net/pktgen/"

# The kernel looks past the end of its bit map of NUMA nodes, so these answers
# depend on what lies behind it in memory.
DEPENDS_ON_MEMORY = {"node 1024\n", "node 4096\n"}

# With debug on the kernel refuses a write that is too long for its log. Our
# debug has no effect.
LONG_FOR_LOG = 1024


class Distiller:
    def __init__(self):
        self.out = [{"about": "answers recorded from pktgen of Linux 7.2"}]
        self.threads = {}   # thread file -> words
        self.fresh = {}     # word -> Result as last seen, while no run touched it
        self.stop = False   # the devices are not what they were
        self.has_debug = False

    def emit(self, **line):
        self.out.append(line)

    def remove(self, words):
        for word in words:
            if word in self.fresh:
                del self.fresh[word]
                self.emit(rem=word)

    def thread_write(self, file, d):
        words = self.threads.setdefault(file, [])
        if d["ret"] != 0:
            return
        # What was added and removed shows in the lines of the thread file.
        name = d["write"].replace("\x00", " ").split()
        if name and name[0] == "rem_device_all":
            self.remove(words)
            self.threads[file] = []
            return
        answer = d.get("after", "")
        if not answer.startswith("Result: OK: add_device="):
            return
        word = answer[len("Result: OK: add_device="):].rstrip("\n")
        before = [w for line in d.get("gone", []) for w in line.split()[1:]]
        after = [w for line in d.get("new", []) for w in line.split()[1:]]
        if word in after and word not in before:
            words.append(word)
            self.fresh[word] = "Result: Idle\n"
            self.emit(add=word)

    def control_write(self, d):
        text = d.get("write", d.get("bgwrite"))
        if text.startswith("reset"):
            for words in self.threads.values():
                self.remove(words)
            self.threads = {}
        elif text.startswith("start"):
            for word in list(self.fresh):
                del self.fresh[word]
                self.emit(rem=word)

    def device_write(self, word, d):
        if word not in self.fresh or "at" in d or d["write"] in DEPENDS_ON_MEMORY:
            return
        if d["after"].startswith("Result: OK: debug="):
            self.has_debug = d["after"] != "Result: OK: debug=0\n"
        if self.has_debug and d["len"] > LONG_FOR_LOG:
            return
        line = {"d": word, "w": d["write"]}
        if d["ret"] != 0:
            line["e"] = d["ret"]
        elif d["n"] != d["len"]:
            sys.exit(d["id"] + ": short count")
        if d["after"] != self.fresh[word]:
            line["a"] = self.fresh[word] = d["after"]
        for key, name in (("new", "+"), ("gone", "-")):
            if d.get(key):
                line[name] = d[key]
        self.out.append(line)

    def step(self, d):
        if "part" in d:
            self.remove(list(self.fresh))
            self.threads = {}
        elif "group" in d:
            self.stop = False  # each sets up its devices anew
            self.emit(group=d["group"])
        elif self.stop:
            return
        elif "sh" in d:
            if any(s in d["sh"] for s in ("ip link", "modprobe", "rmmod", "ip addr")):
                self.remove(list(self.fresh))
                self.stop = True
        elif not d["file"].startswith(DIR):
            return
        else:
            self.file_step(d["file"][len(DIR):], d)

    def file_step(self, file, d):
        if file == "pgctrl":
            if "write" in d or "bgwrite" in d:
                self.control_write(d)
        elif file.startswith("kpktgend_"):
            if "write" in d:
                self.thread_write(file, d)
        elif "write" in d:
            self.device_write(file, d)
        elif d.get("read") and file in self.fresh:
            self.emit(d=file, t=d["read"])


def without_empty_groups(lines):
    for line, following in zip(lines, lines[1:] + [{"group": ""}]):
        if not ("group" in line and "group" in following):
            yield line


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    distiller = Distiller()
    with open(sys.argv[1], encoding="ascii") as transcript:
        for line in transcript:
            distiller.step(json.loads(line))
    for line in without_empty_groups(distiller.out):
        print(json.dumps(line, separators=(",", ":")))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""make_streams.py RECORDINGS > streams.jsonl

Distils what make_packets.py leaves out because chance or time decides on it:
random fields, two threads, the receive path. tests/integration/recordings.py
sends these streams again. Lines are as in packets.jsonl but for

  frames    {interface: [frame, ...]}, as captured there; of a random field
            they are examples
  show      patterns as in commands.jsonl; <*> is any word

What needs IPsec is not here.
"""
import json
import os
import re
import sys

import make_commands
import make_packets


def any_word(text, field):
    """What a random field shows, where make_commands knows no range."""
    if field in ("OK", "errors"):
        return text  # in lines that are told otherwise
    return re.sub(r"(?m)^(.*(?<![\w-])%s:) (?!\S*<)\S+" % re.escape(field),
                  lambda m: m[1] + " <*>", text)


def show_of(text, loose):
    word = make_commands.word(text, "ifname")
    device = make_commands.Device(int(word[-1]) if "@" in word else 0, word)
    device.runs = 1
    fields = [] if loose == "-" else loose.replace(",", " ").split()
    if "mpls" in fields:
        text = re.sub(r"mpls: .*", lambda m: re.sub(r"000[0-9a-f]{5}", "<*>", m[0]), text)
        fields.remove("mpls")
    text = make_commands.loosen(text, ["pkts-sofar", "errors"] if "errors" in fields else [],
                                device)
    for field in fields:
        text = any_word(text, field)
    return make_packets.settle_show(text)


def shows_of(path, loose):
    texts = open(path, encoding="latin-1").read().split("Params: ")[1:]
    return {make_commands.word(t, "ifname"): show_of(without_headings("Params: " + t), loose)
            for t in texts}


def without_headings(text):
    return "".join(x + "\n" for x in text.splitlines() if not x.startswith("==> "))


def frames_at(folder, captures):
    found = {}
    for file in sorted(os.listdir(folder)):
        if file.endswith(".pcap"):
            where = file[len("packets-"):-len(".pcap")] if "-" in file else captures[0]
            frames = make_packets.read_pcap(os.path.join(folder, file))
            found[where] = make_packets.pack([make_packets.settle(f)[0] for f in frames])
    return found


def distil(folder, row):
    name = row["case"]
    path = os.path.join(folder, name, "commands.txt")
    commands, captures = make_packets.read_commands(path)[:2]
    words = " ".join(c[1] for c in commands)
    if not make_packets.why_not(row, commands, words) or "IPSEC" in words:
        return None
    return {"name": name, "commands": commands, "machine": row["machine"],
            "frames": frames_at(os.path.join(folder, name), captures),
            "show": shows_of(os.path.join(folder, name, "show.txt"), row["loose"])}


def main():
    top = sys.argv[1]
    lines = open(os.path.join(top, "cases.tsv")).read().splitlines()
    names = ["case", "machine", "captures", "seen", "loose"]
    for line in lines[1:]:
        record = distil(os.path.join(top, "cases"), dict(zip(names, line.split("\t"))))
        if record:
            print(json.dumps(record, separators=(",", ":")))


if __name__ == "__main__":
    main()

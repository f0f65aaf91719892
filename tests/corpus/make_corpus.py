#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the first inputs of the fuzz targets from the recordings.

    make_corpus.py ../golden .

Each group of commands.jsonl becomes an input of command_fuzz (its writes to a
device file) and one of tree_fuzz (all its writes), each case of packets.jsonl
one of receiver_fuzz; the targets say what the bytes mean. What is long is cut:
a fuzzer wants short inputs. (Those of card_fuzz are short random programs, as
tests/nt/random_program.c draws them; those of all other targets were written by hand.)
"""
import json
import os
import sys

PIECES = 24
FRAMES, FRAME_BYTES = 6, 100
FILES = {"pgctrl": 0, "kpktgend_0": 1, "kpktgend_1": 2}  # when nothing is attached
RENAME, DELETE, ADD, UP = 0x80, 0x90, 0xA0, 0xB0


def groups(path):
    found = {}
    name = None
    for line in open(path):
        row = json.loads(line)
        name = row.get("group", name)
        if "w" in row:
            found.setdefault(name, []).append((row["f"], row["w"].encode("latin-1")))
    return found


def without_separator(data):
    return data.replace(b"\xff", b"\xfe")


def file_byte(name):
    """Devices come behind the longer names: any byte that is not taken does."""
    return bytes([FILES.get(name, 3 + len(name) % 4)])


def write(folder, name, pieces):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name.replace("/", "-")), "wb") as f:
        f.write(b"\xff".join(pieces[:PIECES]))


def packets(path):
    for line in open(path):
        case = json.loads(line)
        data = b""
        for frames in case["frames"].values():
            for length, text, *_ in frames[:FRAMES]:
                frame = bytes.fromhex(text).ljust(length, b"\0")[:FRAME_BYTES]
                data += bytes([0, 1]) + len(frame).to_bytes(2, "big") + frame
        folder = os.path.join(sys.argv[2], "receiver_fuzz")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, case["name"]), "wb") as f:
            f.write(data)


def main():
    packets(os.path.join(sys.argv[1], "packets.jsonl"))
    for name, writes in sorted(groups(os.path.join(sys.argv[1], "commands.jsonl")).items()):
        device = [without_separator(w) for f, w in writes if f not in FILES]
        if device:
            write(os.path.join(sys.argv[2], "command_fuzz"), name, device)
        events = [bytes([RENAME | 0x04]), bytes([UP]), bytes([UP | 0x04]), bytes([DELETE | 0x01]),
                  bytes([ADD | 0x01]), bytes([0xC0])]
        tree = [file_byte(f) + without_separator(w) for f, w in writes]
        write(os.path.join(sys.argv[2], "tree_fuzz"), name,
              tree[:PIECES - len(events)] + events)


if __name__ == "__main__":
    main()

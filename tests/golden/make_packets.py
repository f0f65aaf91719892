#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""make_packets.py RECORDINGS > packets.jsonl

Distils frames recorded from pktgen of Linux 7.2 into the file that
tests/packets_test.c replays, one JSON object a line:

  name      of the recorded case
  commands  [file, text, errno name or 0]: what was written, in order;
            file is a device's or pgctrl
  frames    {device: [frame, ...]}; a frame is [length, hex without its
            trailing zero bytes]; a run of equal frames is [length, hex, times]
  sa        security associations of the system, as `ip xfrm state add` lines
  heads     as frames, of those that change with the time of day and are
            encrypted or signed, or stand among such: what comes before that,
            [length, hex]
  csum      "completed" where the kernel had left the UDP checksum to the
            hardware
  show      {device word: its text after the run}, without the line of times
            and with no figures of time or rate in the Result

RECORDINGS is a folder with cases.tsv and cases/NAME/{commands.txt,*.pcap}.
Only what does not depend on chance or time is kept: the time stamps in the
payload are set to 0 and the UDP checksum is the complete one over the frame
with those zeros. Every recorded checksum is checked before it is replaced.
Padding up to 60 bytes, which a card added, is cut off. What is left out, and
why, is said on stderr.
"""
import json
import os
import struct
import sys

MAGIC = bytes.fromhex("be9be955")
# Where a device's frames were recorded.
CAPTURE_OF = {"veth1": "veth0", "vethd": "vethc", "dummy0": "dummy0", None: "eth0"}


def read_pcap(path):
    data = open(path, "rb").read()
    at, frames = 24, []
    while at + 16 <= len(data):
        caplen = struct.unpack_from("<I", data, at + 8)[0]
        frames.append(bytearray(data[at + 16:at + 16 + caplen]))
        at += 16 + caplen
    return frames


def network_offset(frame):
    at = 12
    kind = int.from_bytes(frame[at:at + 2], "big")
    at += 2
    while kind == 0x8100:
        kind = int.from_bytes(frame[at + 2:at + 4], "big")
        at += 4
    while kind == 0x8847:
        bottom = frame[at + 2] & 1
        at += 4
        if bottom:
            break
    return at


def ones_sum(data):
    if len(data) & 1:
        data = bytes(data) + b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def udp_checksums(frame, l3):
    """The two values a sender may leave: pseudo-header sum, complete checksum."""
    if frame[l3] >> 4 == 4:
        l4, addresses = l3 + 20, frame[l3 + 12:l3 + 20]
    else:
        l4, addresses = l3 + 40, frame[l3 + 8:l3 + 40]
    udp_len = int.from_bytes(frame[l4 + 4:l4 + 6], "big")
    pseudo = ones_sum(bytes(addresses) + struct.pack(">HH", 17, udp_len))
    body = bytearray(frame[l4:l4 + udp_len])
    body[6:8] = b"\0\0"
    whole = ones_sum(struct.pack(">H", pseudo) + body)
    return l4, pseudo, (0xffff - whole) or 0xffff


def cut_padding(frame, l3):
    if frame[l3] >> 4 == 4:
        return frame[:l3 + int.from_bytes(frame[l3 + 2:l3 + 4], "big")]
    return frame[:l3 + 40 + int.from_bytes(frame[l3 + 4:l3 + 6], "big")]


def settle(frame):
    """Returns the frame without time and padding, and whether the kernel had
    left its checksum to the hardware."""
    l3 = network_offset(frame)
    frame = cut_padding(frame, l3)
    l4, pseudo, complete = udp_checksums(frame, l3)
    recorded = int.from_bytes(frame[l4 + 6:l4 + 8], "big")
    if recorded not in (0, pseudo, complete):
        raise ValueError("checksum %04x is neither %04x nor %04x" % (recorded, pseudo, complete))
    payload = l4 + 8
    if frame[payload:payload + 4] != MAGIC:
        raise ValueError("no payload header")
    frame[payload + 8:payload + 16] = bytes(8)
    if recorded:
        frame[l4 + 6:l4 + 8] = struct.pack(">H", udp_checksums(frame, l3)[2])
    return bytes(frame), recorded == pseudo


def transformed(frame):
    """ESP or AH, in which a time stamp can be neither read nor cleared."""
    return frame[12:14] == b"\x08\x00" and frame[23] in (50, 51)


def head(frame, sas):
    """Up to what depends on the payload: addresses, header of ESP with its IV, of AH."""
    iv = 16 if "cbc(aes)" in sas else 0
    if not transformed(frame):
        return [len(frame), frame[:50].hex()]
    return [len(frame), frame[:34 + (12 if frame[23] == 51 else 8 + iv)].hex()]


def pack(frames):
    packed = []
    for frame in frames:
        entry = [len(frame), frame.rstrip(b"\0").hex()]
        if packed and packed[-1][:2] == entry:
            packed[-1] = entry + [(packed[-1] + [1])[2] + 1]
        else:
            packed.append(entry)
    return packed


def why_not(row, commands, texts):
    if row["captures"] == "-" or ":0:" in row["captures"] and "veth" not in row["captures"]:
        return "no frames were recorded"
    if "IPSEC" in texts and "mpls" in texts:
        return "IPsec behind labels is refused"
    if "varies" in row["captures"] and "IPSEC" not in texts:
        return "random fields"
    if "netif_receive" in texts:
        return "netif_receive is not sent on a device"
    if any("@1" in c[0] for c in commands):
        return "two threads: the order of frames depends on time"
    return None


def read_commands(path):
    commands, captures, sas = [], [], []
    for line in open(path, encoding="latin-1"):
        file, text, result = (line.rstrip("\n").split("\t") + ["", ""])[:3]
        if file == "capture":
            captures.append(text)
        elif "ip xfrm state add" in text:
            sas.append(text[text.index("ip xfrm state add"):])
        elif file not in ("sh", "sleep"):
            text = text.encode("latin-1").decode("unicode_escape")
            commands.append([file, text, int(result) if result.isdigit() else result])
    return commands, captures, sas


def frames_of(folder, name, captures):
    found = {}
    for file in sorted(os.listdir(os.path.join(folder, name))):
        if not file.endswith(".pcap"):
            continue
        where = file[len("packets-"):-len(".pcap")] if file.startswith("packets-") else \
            (captures[0] if captures else "veth1" if name == "tcpdump_check" else None)
        if where in CAPTURE_OF:
            found[CAPTURE_OF[where]] = read_pcap(os.path.join(folder, name, file))
    return found


def settle_show(text):
    """What a device's text says that does not depend on how long things took."""
    kept = []
    for line in text.splitlines():
        if line.startswith(("     started:", "==> ")):
            continue
        if line.startswith("Result: OK: ") and "usec, " in line:
            line = "Result: OK: usec, " + line.split("usec, ")[1]
        if "errors: " in line and line.startswith("  ") and "pps" in line:
            line = "  errors: " + line.split("errors: ")[1]
        kept.append(line)
    return "\n".join(kept) + "\n"


def shows_of(folder, name):
    path = os.path.join(folder, name, "show.txt")
    texts = open(path, encoding="latin-1").read().split("Params: ")[1:]
    return {t.split("ifname: ")[1].split("\n")[0]: settle_show("Params: " + t) for t in texts}


def distil(folder, row, known_sas):
    """known_sas: the associations that a machine column stands for, as they come."""
    name = row["case"]
    commands, captures, sas = read_commands(os.path.join(folder, name, "commands.txt"))
    if sas:
        known_sas[row["machine"]] = sas
    reason = why_not(row, commands, " ".join(c[1] for c in commands))
    if reason:
        print("%s: left out: %s" % (name, reason), file=sys.stderr)
        return None
    if ["pgctrl", "start\n", 0] not in commands:
        commands.append(["pgctrl", "start\n", 0])  # was given by a shell step
    record = {"name": name, "commands": commands, "frames": {}}
    if row["machine"].startswith("SA "):
        record["sa"] = known_sas[row["machine"]]
    for device, frames in frames_of(folder, name, captures).items():
        if any(transformed(f) for f in frames):
            exact = ":exact" in row["captures"]
            record["frames" if exact else "heads"] = {device: pack(map(bytes, frames)) if exact
                                                      else [head(f, "".join(record["sa"]))
                                                            for f in frames]}
            continue
        settled = [settle(f) for f in frames]
        record["frames"][device] = pack([f for f, _ in settled])
        if any(partial for _, partial in settled):
            record["csum"] = "completed"
    if row["loose"] == "-":
        record["show"] = shows_of(folder, name)
    return record


def main():
    top = sys.argv[1]
    lines = open(os.path.join(top, "cases.tsv")).read().splitlines()
    names = ["case", "machine", "captures", "seen", "loose"]
    known_sas = {}
    rows = [dict(zip(names, line.split("\t"))) for line in lines[1:]]
    for row in rows:  # a case may name the associations of one that comes later
        path = os.path.join(top, "cases", row["case"], "commands.txt")
        sas = read_commands(path)[2]
        if sas:
            known_sas.setdefault(row["machine"], sas)
    for row in rows:
        record = distil(os.path.join(top, "cases"), row, known_sas)
        if record:
            print(json.dumps(record, separators=(",", ":")))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Includes point one way: a folder of src/ includes from itself and from the
folders that its row names, nothing else. Unit tests and fuzz targets lie
beside the code and keep its rule. Prints TAP."""
import os
import re
import sys
import tempfile

import tap

MAY_INCLUDE = {
    "base": "",
    "wire": "base",
    "packet": "base wire",
    "nt": "base wire",
    "net": "base",
    # packet, and bpf beside src: drivers that build frames themselves
    "dev": "base wire net packet bpf",
    "engine": "base wire packet net",
    "ctl": "base wire packet net engine",
    "rx": "base wire net",
    # vernier: the public headers. nt: a card in the same process
    "caliper": "base wire nt net vernier",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def violations(src, room):
    """One line for each include of the room that its row does not allow."""
    allowed = {room, *MAY_INCLUDE[room].split()}
    found = []
    for folder, _, files in os.walk(os.path.join(src, room)):
        for file in sorted(f for f in files if f.endswith((".c", ".h"))):
            path = os.path.join(folder, file)
            for target in INCLUDE.findall(open(path).read()):
                other = target.split("/")[0] if "/" in target else room
                if other not in allowed:
                    found.append("%s/%s includes %s" % (room, file, target))
    return found


def planted_are_found():
    """Every forbidden pair, planted in an empty tree, is reported."""
    pairs = [(a, b) for a in MAY_INCLUDE for b in [*MAY_INCLUDE, "cmd"]
             if a != b and b not in MAY_INCLUDE[a].split()]
    with tempfile.TemporaryDirectory() as src:
        for room, other in pairs:
            os.makedirs(os.path.join(src, room), exist_ok=True)
            with open(os.path.join(src, room, "to_%s_test.c" % other), "w") as f:
                f.write('/* x */\n#  include "%s/x.h"\n#include "own.h"\n' % other)
        found = [v for room in MAY_INCLUDE for v in violations(src, room)]
    return ["%d of %d were found" % (len(found), len(pairs))] if len(found) != len(pairs) else []


def rooms_are_known(src):
    return ["src/%s has no row" % d for d in sorted(os.listdir(src))
            if os.path.isdir(os.path.join(src, d)) and d not in MAY_INCLUDE]


def main():
    src = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src")
    cases = [("planted violations are found", planted_are_found()),
             ("every folder has a row", rooms_are_known(src))]
    cases += [("src/" + room, violations(src, room)) for room in MAY_INCLUDE]
    return tap.report(cases)


if __name__ == "__main__":
    sys.exit(main())

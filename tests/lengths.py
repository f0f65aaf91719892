#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""No function is longer than 70 lines, no line than 100 columns, every file
says its licence. Flat tables may be exempt by name. Prints TAP."""
import os
import subprocess
import sys
import tempfile

import tap

LINES_MAX = 70
COLUMNS_MAX = 100
FLAT_TABLES = set()  # names of functions that are one long table
FOLDERS = ("src", "bpf", "cmd", "tests", "bench", "include", "firmware")


def c_files(top):
    for folder in FOLDERS:
        for where, _, files in os.walk(os.path.join(top, folder)):
            for file in sorted(files):
                if file.endswith((".c", ".h")):
                    yield os.path.join(where, file)


def long_functions(paths):
    if not paths:
        return []
    out = subprocess.run(["ctags", "-x", "--language-force=C", "--kinds-C=f",
                          "--_xformat=%{line}\t%{end}\t%N\t%F", *paths],
                         check=True, capture_output=True, text=True).stdout
    found = []
    for line in out.splitlines():
        begin, end, name, path = line.split("\t")
        n = int(end or begin) - int(begin) + 1
        if n > LINES_MAX and name not in FLAT_TABLES:
            found.append("%s: %s has %d lines" % (path, name, n))
    return found


def wide_lines(paths):
    return ["%s:%d: %d columns" % (p, i, len(line.expandtabs(8).rstrip("\n")))
            for p in paths for i, line in enumerate(open(p), 1)
            if len(line.expandtabs(8).rstrip("\n")) > COLUMNS_MAX]


def without_licence(paths):
    return [p for p in paths if "SPDX-License-Identifier: BSD-2-Clause" not in
            open(p).readline()]


def planted_are_found():
    with tempfile.TemporaryDirectory() as top:
        path = os.path.join(top, "long.c")
        with open(path, "w") as f:
            f.write("int f(void)\n{\n" + "\t;\n" * LINES_MAX + "\treturn 0;\n}\n" +
                    "/*" + "x" * COLUMNS_MAX + "*/\n")
        found = [long_functions([path]), wide_lines([path]), without_licence([path])]
    return ["%s found" % [len(x) for x in found]] if [len(x) for x in found] != [1, 1, 1] else []


def main():
    top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    paths = [os.path.relpath(p) for p in c_files(top)]
    cases = [("planted faults are found", planted_are_found()),
             ("functions have at most %d lines" % LINES_MAX, long_functions(paths)),
             ("lines have at most %d columns" % COLUMNS_MAX, wide_lines(paths)),
             ("files begin with their licence", without_licence(paths))]
    return tap.report(cases)


if __name__ == "__main__":
    sys.exit(main())

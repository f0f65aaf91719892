#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""count.py NAME SKIPS TESTLOG: counts the cases of one `meson test` run.

Prints one line a test program, its failed cases with what they said, and last
"PASSED FAILED SKIPPED". Names of skipped cases, with their reasons, are added
to the file SKIPS. A program that failed without a failed case (a crash, a time
limit, a wrong plan) counts as one failure."""
import json
import re
import sys

CASE = re.compile(r"^(not )?ok\b\s*(\d+)?\s*(?:- )?(.*)$")
SKIP = re.compile(r"#\s*skip\S*\s*(.*)", re.I)
SKIP_ALL = re.compile(r"^1\.\.0\s*#\s*(.*)", re.M)


def cases(text):
    """[(verdict, name, what was said before it)]"""
    found, said = [], []
    for line in text.splitlines():
        match = CASE.match(line)
        if not match:
            said.append(line)
            continue
        skip = SKIP.search(match.group(3))
        verdict = "skip" if skip else "fail" if match.group(1) else "pass"
        found.append((verdict, match.group(3), said))
        said = []
    return found


def show(lines):
    for line in lines[-60:]:
        print("     " + line)


def short(test):
    """meson writes "project:suite / name"."""
    return test["name"].split(" / ")[-1]


def one_program(name, test, skips):
    text = test.get("stdout", "")
    found = cases(text)
    sums = {v: sum(c[0] == v for c in found) for v in ("pass", "fail", "skip")}
    if SKIP_ALL.search(text):
        found.append(("skip", SKIP_ALL.search(text).group(1), []))
        sums["skip"] += 1
    fell = test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL") and not sums["fail"]
    if fell or not found:
        sums["fail"] += 1
    print("%-4s %s: %s: %d passed, %d failed, %d skipped (%.1f s)" % (
        "FAIL" if sums["fail"] else "ok", name, short(test), sums["pass"], sums["fail"],
        sums["skip"], test.get("duration", 0)))
    for verdict, case, said in found:
        if verdict == "fail":
            print("     not ok: " + case)
            show(said)
        elif verdict == "skip":
            skips.write("%s: %s: %s\n" % (name, short(test), case))
    if fell or not found:
        print("     %s, status %s" % (test["result"], test.get("returncode")))
    if sums["fail"]:
        show(test.get("stderr", "").splitlines())
    return sums


def main():
    name, skips_path, path = sys.argv[1:]
    total = {"pass": 0, "fail": 0, "skip": 0}
    with open(path) as log, open(skips_path, "a") as skips:
        for line in log:
            for verdict, n in one_program(name, json.loads(line), skips).items():
                total[verdict] += n
    print(total["pass"], total["fail"], total["skip"])


if __name__ == "__main__":
    main()

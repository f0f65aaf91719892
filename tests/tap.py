# SPDX-License-Identifier: BSD-2-Clause
"""The Test Anything Protocol, for checks that list what they complain of."""


def report(cases):
    """cases: (name, [complaint, ...]). Prints them; true when any complains."""
    print("1..%d" % len(cases))
    for i, (name, found) in enumerate(cases, 1):
        for line in found:
            print("# " + line)
        print("%s %d - %s" % ("not ok" if found else "ok", i, name))
    return any(found for _, found in cases)

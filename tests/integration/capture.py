#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Captures: read and written, filtered, of what comes in and of what goes out."""
import os
import struct
import subprocess

from harness import (VERNIER, case, equal, finish, frames, holds, json_lines, main, start, vernier)

TO = ["--dst-mac", "02:00:00:00:00:02", "--dst", "10.0.0.2", "--src-min", "10.0.0.1"]


def sim(path, *words):
    vernier("send", "--sim", "--pcap", path, "--quiet", *TO, *words)


def recv(path, *words, status=0):
    """What is said of a capture file: (last JSON line, standard error)."""
    done = vernier("recv", path, "--driver", "pcap", "--json", "recv.json", "--quiet", *words,
                   status=status)
    return json_lines("recv.json")[-1], done.stderr


@case
def a_capture_file_is_received():
    sim("a.pcap", "--count", "1001", "--delay", "10ms", "--pkt-size", "200")
    report, _ = recv("a.pcap", "--count", "1001")
    total, receiver = report["total"], report["receiver"]
    equal((total["received"], total["lost"], total["gap_p50_ns"], total["rx_pps"]),
          (1001, 0, 10**7, 100), "received, lost, gaps, rate")
    equal((report["time_s"], report["verdict"]), (10, "ok"), "time of the stamps, verdict")
    equal((receiver["stamp_source"], receiver["stamp_resolution_ns"], receiver["stamp_other"]),
          ("file", 10**7, 0), "stamps")


@case
def the_time_of_a_capture_file_is_that_of_its_stamps():
    sim("a.pcap", "--count", "1001", "--delay", "10ms")
    report, _ = recv("a.pcap", "--time", "2s")
    equal((report["total"]["received"], report["time_s"]), (200, 1.99), "received, seconds")


@case
def microseconds_and_pcapng_are_read_too():
    sim("a.pcap", "--count", "100", "--delay", "10ms")
    subprocess.run(["editcap", "-F", "pcapng", "a.pcap", "a.pcapng"], check=True)
    subprocess.run(["editcap", "-F", "pcap", "a.pcap", "micro.pcap"], check=True)
    for path in ("a.pcapng", "micro.pcap"):
        equal(recv(path)[0]["total"]["received"], 100, path)


@case
def standard_input_is_read():
    sim("a.pcap", "--count", "500")
    with open("a.pcap") as f:
        done = subprocess.run([VERNIER, "recv", "-", "--driver", "pcap", "--count", "500",
                               "--quiet"], stdin=f, capture_output=True, text=True, timeout=60)
    equal((done.returncode, done.stderr), (0, ""), "status, said")


@case
def a_pipe_that_stays_open_does_not_hold_up_a_stop():
    """SIGINT ends a receiver whose standard input says nothing"""
    sim("a.pcap", "--count", "5")
    reader = subprocess.Popen([VERNIER, "recv", "-", "--driver", "pcap", "--json", "-",
                               "--interval", "10ms", "--quiet"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=False)
    with open("a.pcap", "rb") as f:
        reader.stdin.write(f.read())
    reader.stdin.flush()
    while b'"frames":5,' not in reader.stdout.readline():
        pass
    reader.send_signal(2)
    equal(reader.wait(20), 0, "status")
    reader.stdin.close()


@case
def a_truncated_file_is_reported_and_fails():
    sim("a.pcap", "--count", "100")
    os.truncate("a.pcap", os.stat("a.pcap").st_size - 1)
    report, said = recv("a.pcap", status=1)
    equal((report["total"]["received"], report["verdict"]), (99, "failed"), "received, verdict")
    holds("a.pcap: after 99 frames: truncated" in said, said)


@case
def what_is_no_ethernet_is_refused_by_name():
    with open("sll.pcap", "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 113))
    done = vernier("recv", "sll.pcap", "--driver", "pcap", status=1)
    holds("sll.pcap" in done.stderr and "LINUX_SLL" in done.stderr, done.stderr)
    vernier("recv", "nowhere.pcap", "--driver", "pcap", status=1)


main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""--metrics: what a Prometheus reads while a run goes on, and after it. Read by
Debian's own client of Prometheus, and never more nor less than the JSON says."""
import http.client
import os
import re
import signal
import socket
import threading
import urllib.parse
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from harness import (TOP, Server, Skip, case, equal, finish, holds, is_receiving, json_lines, main,
                     rx_packets, sh, start, vernier, veth, wait_until)

TO = ["--dst-mac", "02:00:00:00:00:02", "--dst", "10.0.0.2", "--src-min", "10.0.0.1"]
LINGER = ["--metrics-linger", "60s"]  # ended by a signal: nobody waits for it

# Metric, the JSON's key, and what a unit of the metric is in units of the JSON.
FROM_JSON = (
    ("sent_packets_total", "sent", 1), ("received_packets_total", "received", 1),
    ("unique_packets_total", "unique", 1), ("duplicate_packets_total", "duplicates", 1),
    ("reordered_packets_total", "reordered", 1), ("too_late_packets_total", "too_late", 1),
    ("corrupt_packets_total", "corrupt", 1), ("send_errors_total", "errors", 1),
    ("late_packets_total", "late", 1), ("negative_latency_packets_total", "latency_negative", 1),
    ("lost_packets", "lost", 1), ("in_flight_packets", "in_flight", 1),
    ("asked_packets_per_second", "asked_pps", 1), ("sent_packets_per_second", "pps", 1),
    ("sent_l1_bytes_per_second", "mbps_l1", 8e-6), ("sent_l2_bytes_per_second", "mbps_l2", 8e-6),
    ("rate_error_ratio", "rate_error_ppm", 1e6), ("received_packets_per_second", "rx_pps", 1),
    ("received_l1_bytes_per_second", "rx_mbps_l1", 8e-6),
    ("received_l2_bytes_per_second", "rx_mbps_l2", 8e-6),
    ("overdue_packets_total", "overdue", 1), ("latency_min_seconds", "latency_min_ns", 1e9),
    ("reorder_extent_unknown_packets_total", "reorder_extent_unknown", 1),
    ("jitter_seconds", "jitter_ns", 1e9), ("delay_variation_seconds_count", "ipdv_samples", 1),
    ("reorder_extent_packets_count", "reorder_extent_samples", 1),
    ("late_max_seconds", "late_max_ns", 1e9), ("gap_seconds_count", "gap_samples", 1),
    ("latency_seconds_count", "latency_samples", 1),
    ("lateness_seconds_count", "lateness_samples", 1),
    ("gap_error_seconds_count", "gap_error_samples", 1),
    ("asked_mean_packets_per_second", "asked_mean_pps", 1), ("early_packets_total", "early", 1),
    ("early_max_seconds", "early_max_ns", 1e9), ("skipped_departures_total", "skipped", 1),
    ("slid_seconds", "slid_ns", 1e9), ("batch_max_departures", "batch_max", 1),
    ("call_seconds", "call_ns", 1e9), ("departure_gaps_total", "asked_gaps", 1),
    ("burst_gaps_total", "bursts", 1), ("burst_gaps_ratio", "bursts_ratio", 1),
    ("stamped_late_packets_total", "stamped_late", 1),
    ("stamped_burst_gaps_total", "stamped_bursts", 1),
    ("stamped_lateness_seconds_count", "stamped_lateness_samples", 1),
    ("stamped_gap_error_seconds_count", "stamped_gap_error_samples", 1))
WITHIN = ("64ns", "128ns", "256ns", "512ns", "1us", "10us", "100us")
QUANTILES = [("%s_seconds" % name, quantile, "%s_p%s_ns" % (key, percent), 1e9)
             for name, key, has in (("gap", "gap", 3), ("latency", "latency", 3),
                                    ("lateness", "lateness", 3),
                                    ("gap_error", "gap_error", 3),
                                    ("delay_variation", "ipdv_abs", 2),
                                    ("reorder_late", "reorder_late", 2))
             for quantile, percent in (("0.5", "50"), ("0.99", "99"), ("0.999", "999"))[:has]]
QUANTILES += [("%s_seconds" % name, "1", "%s_max_ns" % name, 1e9)
              for name in ("gap", "latency", "lateness", "gap_error", "reorder_late")]
QUANTILES += [("lateness_seconds", "0.9", "lateness_p90_ns", 1e9)]
QUANTILES += [("reorder_extent_packets", quantile, "reorder_extent_" + key, 1)
              for quantile, key in (("0.5", "p50"), ("0.99", "p99"), ("1", "max"))]
RECEIVER = (("frames", "frames"), ("own_frames", "ours"), ("other_frames", "other"),
            ("over_limit_frames", "over_limit"), ("dropped_frames", "drops"),
            ("otherwise_stamped_frames", "stamp_other"))


class Scrape:
    """One answer, as samples by name and labels."""

    def __init__(self, text):
        self.families = list(text_string_to_metric_families(text))
        self.samples = {}
        for family in self.families:
            for s in family.samples:
                key = (s.name, tuple(sorted(s.labels.items())))
                holds(key not in self.samples, "%s is there twice" % (key,))
                self.samples[key] = s.value

    def get(self, name, **labels):
        """The value of the only sample that has these labels; None without one."""
        found = [v for (n, has), v in self.samples.items()
                 if n == "vernier_" + name and labels.items() <= dict(has).items()
                 and ("quantile" in labels or "quantile" not in dict(has))]
        holds(len(found) < 2, "%s%s: %d samples" % (name, labels, len(found)))
        return found[0] if found else None

    def counters(self):
        names = {s.name for f in self.families if f.type == "counter" for s in f.samples}
        return {k: v for k, v in self.samples.items() if k[0] in names}


def ask(url, method="GET"):
    """(status, headers, body) of a request."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request(method, parts.path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def scrape(url):
    status, headers, body = ask(url)
    equal((status, headers["Content-Type"]),
          (200, "text/plain; version=0.0.4; charset=utf-8"), "status, type")
    return Scrape(body)


def needs_library():
    done = vernier("send", "--driver", "null", "--count", "1", "--metrics", "x", status=2)
    if "built without libmicrohttpd" in done.stderr:
        raise Skip(done.stderr.strip())


def begin(*words):
    """Starts vernier; returns it and the address of its metrics."""
    needs_library()
    process = start(*words)
    line = process.stderr.readline()
    found = re.fullmatch(r"metrics: (http://\S+:\d+/metrics)\n", line)
    holds(found, "says %r" % line)
    return process, found.group(1)


def until_finished(url):
    """Every answer, until the run is over."""
    scrapes = [scrape(url)]
    while not scrapes[-1].get("run_finished"):
        scrapes.append(scrape(url))
    return scrapes


def end_lingering(process, status=0):
    """What it said behind the line that was read, on standard error."""
    process.send_signal(signal.SIGINT)
    err = process.stderr.read()
    equal(process.wait(), status, "status (%s)" % err)
    return err


def never_down(scrapes):
    for before, after in zip(scrapes, scrapes[1:]):
        for key, value in before.counters().items():
            holds(after.samples.get(key, -1) >= value, "%s went from %s to %s" % (
                key, value, after.samples.get(key)))


def equals_json(found, line):
    """Each number of the last answer is the JSON's, each unknown one absent."""
    for row in line["streams"]:
        for name, key, scale in FROM_JSON:
            same(found.get(name, stream=row["name"]), row[key], scale, name)
        for name, quantile, key, scale in QUANTILES:
            same(found.get(name, stream=row["name"], quantile=quantile), row[key], scale, key)
        for distance in WITHIN:
            same(found.get("gaps_within_ratio", stream=row["name"], within=distance),
                 row["within_%s_ratio" % distance], 1, distance)
    same(found.get("clock_resolution_seconds"), line["clock"] and line["clock"]["resolution_ns"],
         1e9, "resolution")
    for name, key in RECEIVER:
        told = line["receiver"] and line["receiver"][key]
        same(found.get("receiver_%s_total" % name), told, 1, name)


def same(got, told, scale, what):
    if got is None or told is None:
        equal((got, what), (told, what), "known")
    else:
        holds(abs(got * scale - told) <= 1e-9 * max(abs(told), 1), "%s: %r is not %r" % (
            what, got * scale, told))


def lose_some():
    """A process that carries frames from vn1 to vn2, but for the 10th, 20th ...;
    the 7th, 14th ... of the others twice. When it cannot keep up it loses more."""
    inside, outside = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW) for _ in range(2))
    outside.bind(("vn2", 0))
    inside.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    inside.bind(("vn1", 3))
    if os.fork():
        return
    while True:
        frame = inside.recv(2048)
        number = int.from_bytes(frame[46:50], "big")
        for _ in range(0 if number % 10 == 0 else 2 if number % 7 == 0 else 1):
            outside.send(frame)


@case
def sums_hold_in_every_answer_and_the_last_is_the_json():
    veth()
    veth("vn2", "vn3")
    lose_some()
    sender, url = begin("send", "vn0", "--driver", "afpacket", "--rx", "vn3", *TO, "--ratep", "1k",
                        "--count", "2000", "--settle", "1s", "--json", "run.json", "--quiet", "--metrics", "0",
                        *LINGER, "--stream", "one", "--stream", "two", "--udp-dst-min", "10",
                        "--udp-dst-max", "10")
    scrapes = until_finished(url)
    sums = 0
    for found in scrapes:
        for name in ("one", "two"):
            sent, came, lost, flying = (found.get(k, stream=name) for k in (
                "sent_packets_total", "unique_packets_total", "lost_packets",
                "in_flight_packets"))
            if sent is not None:
                equal(came + lost + flying, sent, "first arrivals + lost + in flight")
                sums += 0 < sent < 2000
    holds(sums >= 4, "only %d sums while it ran, in %d answers" % (sums, len(scrapes)))
    never_down(scrapes)
    last = json_lines("run.json")[-1]
    equal(last["total"]["sent"], 4000, "sent")
    holds(last["total"]["lost"] >= 400, "lost %d" % last["total"]["lost"])
    equals_json(scrapes[-1], last)
    labels = dict(next(k[1] for k in scrapes[-1].samples if k[0] == "vernier_lost_packets"))
    equal(labels, {"stream": "one", "interface": "vn0", "driver": "afpacket"}, "labels")
    for name in ("gap", "latency", "lateness", "gap_error"):
        mean = (scrapes[-1].get(name + "_seconds_sum", stream="one")
                / scrapes[-1].get(name + "_seconds_count", stream="one"))
        greatest = scrapes[-1].get(name + "_seconds", stream="one", quantile="1")
        holds(0 <= mean <= greatest, "%s: mean %s, greatest %s" % (name, mean, greatest))
    end_lingering(sender, status=1)  # packets were lost


@case
def what_is_not_known_is_absent():
    veth()
    sender, url = begin("send", "vn0", *TO, "--count", "1000", "--json", "run.json", "--quiet",
                        "--metrics", "0", *LINGER)
    last = until_finished(url)[-1]
    equals_json(last, json_lines("run.json")[-1])
    equal((last.get("sent_packets_total"), last.get("received_packets_total"),
           last.get("asked_packets_per_second")), (1000, None, None), "sent, received, asked")
    end_lingering(sender)


@case
def names_follow_the_conventions():
    """HELP, TYPE, base units, _total; and the document lists what there is"""
    veth()
    sender, url = begin("send", "vn0", "--rx", "vn1", *TO, "--ratep", "2k", "--count", "100",
                        "--late-after", "1s", "--quiet", "--metrics", "0", *LINGER)
    last = until_finished(url)[-1]
    text = ask(url)[2]
    end_lingering(sender)
    for family in last.families:
        holds(family.name.startswith("vernier_"), family.name)
        holds(family.documentation.endswith("."), "%s has no HELP" % family.name)
        holds(family.type in ("counter", "gauge", "summary"), "%s is a %s" % (
            family.name, family.type))
        holds(not re.search(r"_(ns|us|ms|mbps|pps|ppm|percent)(_|$)", family.name),
              family.name + " is in no base unit")
        if family.type == "counter":
            holds("# TYPE %s_total counter\n" % family.name in text, family.name + " no _total")
        else:
            holds(not family.name.endswith("_total"), family.name + " is no counter")
    holds(text.endswith("\n"), "no newline at the end")
    there = {re.sub(r"_(sum|count)$", "", s.name) if f.type == "summary" else s.name
             for f in last.families for s in f.samples}
    with open(os.path.join(TOP, "docs/metrics.md")) as f:
        listed = set(re.findall(r"^\| `(vernier_\w+)`", f.read(), re.M))
    depend = {x for x in listed if x.startswith("vernier_stamped_")
              or x in ("vernier_batch_max_departures", "vernier_call_seconds")}
    equal(len(depend), 10, "those that depend on the device and on the rate")
    equal(there | depend, listed, "metrics, and what docs/metrics.md lists")


@case
def label_values_are_escaped():
    name = 'a"b\\c\nd größe'
    sender, url = begin("send", "--driver", "null", *TO, "--count", "10", "--quiet", "--metrics",
                        "0", *LINGER, "--stream", name)
    found = until_finished(url)[-1]
    equal(found.get("sent_packets_total", stream=name), 10, "sent by the stream of that name")
    equal(len([k for k in found.samples if k[0] == "vernier_sent_packets_total"]), 1, "streams")
    end_lingering(sender)


@case
def only_what_there_is_is_answered():
    sender, url = begin("send", "--driver", "null", *TO, "--count", "10", "--quiet", "--metrics",
                        "0", *LINGER)
    home = url[:-len("/metrics")]
    until_finished(url)
    status, headers, body = ask(url, "HEAD")
    equal((status, body), (200, ""), "HEAD")
    holds(int(headers["Content-Length"]) > 100, "length in the answer to HEAD")
    for method, path, status in (("GET", "/", 200), ("GET", "/metrics/", 404),
                                 ("GET", "/etc/passwd", 404), ("GET", "/../metrics", 404),
                                 ("POST", "/metrics", 405), ("PUT", "/", 405),
                                 ("DELETE", "/metrics", 405), ("GET", "/metrics?x=1", 200)):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=20)
        connection.putrequest(method, path)
        connection.endheaders()
        answer = connection.getresponse()
        equal(answer.status, status, "%s %s" % (method, path))
        equal(answer.headers["Allow"], "GET, HEAD" if status == 405 else None, "Allow")
        connection.close()
    holds("/metrics" in ask(home + "/")[2], "the first page")
    end_lingering(sender)


@case
def a_mistake_sends_nothing():
    needs_library()
    veth()
    before = rx_packets("vn1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = vernier("send", "vn0", *TO, "--metrics", str(port), status=1)
        equal(done.stderr, "vernier: send: --metrics: %d: Address already in use\n" % port, "says")
        done = vernier("recv", "vn1", "--metrics", str(port), status=1)
        holds("Address already in use" in done.stderr, "recv says " + done.stderr)
    for where in ("", "x", "70000", "localhost:80", "127.0.0.1:", ":80", "127.0.0.1:80:80",
                  "::1:80", "[::1]", "-1", "1.5", "127.0.0.1:+80"):
        done = vernier("send", "vn0", *TO, "--metrics", where, status=2)
        holds('--metrics: "%s" is not PORT' % where in done.stderr, "says " + done.stderr)
    done = vernier("send", "vn0", *TO, "--metrics-linger", "1s", status=2)
    holds("needs --metrics" in done.stderr, "says " + done.stderr)
    done = vernier("send", "vn0", *TO, "--metrics", "192.0.2.1:0", status=1)
    holds("192.0.2.1:0: " in done.stderr, "says " + done.stderr)
    equal(rx_packets("vn1"), before, "packets sent")


@case
def an_address_for_others_is_warned_of():
    sender, url = begin("send", "--driver", "null", *TO, "--count", "10", "--metrics", "0.0.0.0:0",
                        *LINGER)
    until_finished(url.replace("0.0.0.0", "127.0.0.1"))
    err = end_lingering(sender)
    holds("warning: whoever reaches" in err, "says %r" % err)
    sender, url = begin("send", "--driver", "null", *TO, "--count", "10", "--metrics", "0", *LINGER)
    until_finished(url)
    err = end_lingering(sender)
    holds("warning" not in err, "says %r" % err)


@case
def an_ipv6_address_stands_in_brackets():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        raise Skip("no IPv6 here")
    sender, url = begin("send", "--driver", "null", *TO, "--count", "10", "--quiet", "--metrics",
                        "[::1]:0", *LINGER)
    holds(url.startswith("http://[::1]:"), url)
    until_finished(url)
    end_lingering(sender)


@case
def those_who_connect_and_are_slow_do_not_hold_up_the_run():
    veth()
    sender, url = begin("send", "vn0", "--rx", "vn1", *TO, "--ratep", "2k", "--count", "2000",
                        "--json", "run.json", "--quiet", "--metrics", "0")
    port = urllib.parse.urlsplit(url).port
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(12)]
    for s in slow[:6]:
        s.sendall(b"GET /metrics HTTP/1.1\r\nHo")
    equal(scrape(url).get("build_info"), 1, "an answer beside them")
    status, _, err = finish(sender)
    equal((status, err), (0, ""), "status, complaints")
    total = json_lines("run.json")[-1]["total"]
    equal((total["sent"], total["lost"]), (2000, 0), "sent, lost")
    for s in slow:
        s.close()


@case
def many_questions_do_not_change_the_count():
    veth()
    sender, url = begin("send", "vn0", "--rx", "vn1", *TO, "--ratep", "5k", "--count", "10000",
                        "--json", "run.json", "--quiet", "--metrics", "0", *LINGER)
    answers = [[] for _ in range(4)]
    askers = [threading.Thread(target=lambda mine=mine: mine.extend(until_finished(url)))
              for mine in answers]
    for thread in askers:
        thread.start()
    for thread in askers:
        thread.join(60)
    for mine in answers:
        holds(len(mine) > 3, "answers: %d" % len(mine))
        never_down(mine)
        equal(mine[-1].get("sent_packets_total"), 10000, "sent")
    end_lingering(sender)
    total = json_lines("run.json")[-1]["total"]
    equal((total["sent"], total["received"], total["lost"]), (10000, 10000, 0), "counts")


@case
def an_interrupt_ends_run_and_answers():
    veth()
    sender, url = begin("send", "vn0", *TO, "--count", "0", "--ratep", "1k", "--quiet",
                        "--metrics", "0", *LINGER)
    scrapes = [scrape(url)]
    while not scrapes[-1].get("sent_packets_total"):
        scrapes.append(scrape(url))
    sender.send_signal(signal.SIGINT)
    status, _, err = finish(sender)  # the signal stands: it does not linger
    equal((status, err), (1, "vernier: send: interrupted\n"), "status, message")
    try:
        ask(url)
    except ConnectionRefusedError:
        return
    raise AssertionError("it still answers")


@case
def a_receiver_tells_of_flows_as_they_come():
    veth()
    receiver, url = begin("recv", "vn1", "--json", "recv.json", "--quiet", "--metrics", "0",
                          *LINGER, "--count", "600")
    wait_until(is_receiving, "the receiver's socket")
    holds(scrape(url).get("received_packets_total") is None, "there is a flow before one came")
    vernier("send", "vn0", *TO, "--ratep", "2k", "--count", "300", "--quiet", "--stream", "a",
            "--udp-dst-min", "5", "--udp-dst-max", "5", "--stream", "b", "--udp-dst-min", "6",
            "--udp-dst-max", "6")
    scrapes = until_finished(url)
    never_down(scrapes)
    last = json_lines("recv.json")[-1]
    equal(len(last["streams"]), 2, "flows")
    equals_json(scrapes[-1], last)
    labels = dict(next(k[1] for k in scrapes[-1].samples
                       if k[0] == "vernier_received_packets_total"))
    equal(labels, {"stream": "udp_dst 5", "interface": "vn1", "driver": "afpacket"}, "labels")
    end_lingering(receiver)


@case
def a_server_tells_of_its_devices():
    needs_library()
    veth()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Server("--metrics", str(port), "--no-mount", "--socket", "@vernier-metrics") as server:
        url = "http://127.0.0.1:%d/metrics" % port

        def tell(*words):
            vernier("ctl", "--socket", "@vernier-metrics", *words)

        equal(scrape(url).get("sent_packets_total"), None, "sent without devices")
        thread = next(n for n in sh(*[os.environ["VERNIER"], "ctl", "--socket",
                                      "@vernier-metrics"]).split() if n.startswith("kpktgend_"))
        tell(thread, "add_device vn0@0")
        equal(scrape(url).get("sent_packets_total", stream="vn0@0", interface="vn0",
                              driver="afpacket"), 0, "sent before it started")
        tell("vn0@0", "count 500")
        tell("vn0@0", "dst_mac 02:00:00:00:00:02")
        tell("pgctrl", "start")
        equal(scrape(url).get("sent_packets_total", stream="vn0@0"), 500, "sent")
        tell(thread, "rem_device_all")
        equal(scrape(url).get("sent_packets_total"), None, "sent by a device that is gone")


@case
def a_simulation_is_over_before_anybody_could_ask():
    done = vernier("send", "--sim", "--pcap", "x.pcap", *TO, "--metrics", "0", *LINGER)
    holds("metrics:" not in done.stdout + done.stderr, "says " + done.stderr)


main()

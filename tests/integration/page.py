#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""vernier report: the page of a run, in a browser. What it says is what the
JSON says, it asks nothing of any network, and it can be read in a wide and a
narrow window, by day and by night."""
import json
import os
import subprocess

from browser import Browser
from harness import VERNIER, case, equal, holds, json_lines, main, vernier, veth

TO = ["--dst-mac", "02:00:00:00:00:02", "--dst", "10.0.0.2", "--src-min", "10.0.0.1"]
HOSTILE = '</title><img src=x onerror=alert(1)> & "größe" \u202e'
TILES = ("sent", "received", "lost", "duplicates", "reordered", "asked_pps", "pps",
         "rate_error_ppm")
GAP = {"samples": 1111, "min": 40000, "max": 900000, "mean": 51000.5,
       "buckets": [[40000, 40191, 1], [49920, 50175, 1000], [50176, 50431, 99],
                   [200000, 200703, 10], [899072, 903167, 1]]}
LATE = {"samples": 30, "min": 0, "max": 7, "mean": 1.5,
        "buckets": [[0, 0, 20], [3, 3, 6], [7, 7, 4]]}


def row(name, **more):
    return {"name": name, "sent": 2000, "received": 1990, "unique": 1990, "lost": 10,
            "duplicates": 0, "reordered": 3, "asked_pps": 1000.0, "pps": 999.5,
            "rate_error_ppm": -500.0, "now_pps": None, "rx_now_pps": None, **more}


def write_run(path, final=True, **more):
    """A run written by hand: two seconds, ten packets lost in the second."""
    head = {"vernier": "0.1.0", "command": "send", "driver": "afpacket", "interface": "vn0",
            "rx_interface": "vn1", "pcap": None, "seed": 7, "virtual_time": False}
    lines = [{**head, "final": False, "verdict": "running", "time_s": t, "streams": [],
              "total": {"name": "total", "sent": 1000 * t, "now_pps": 1000.0,
                        "rx_now_pps": 1000.0 - lost, "lost": lost}, "receiver": None}
             for t, lost in ((1, 0), (2, 10))]
    one = row("one", histograms={"gap": GAP, "lateness": LATE, "latency": None},
              gap_samples=1111, gap_p50_ns=50175, gap_max_ns=900000)
    last = {**head, "final": True, "verdict": "failed", "time_s": 2.0, "streams": [one],
            "total": {**one, "name": "total"}, "settings": {"time": "2s", "streams": {}},
            "receiver": {"frames": 1990, "ours": 1990, "other": 0, "over_limit": 0, "drops": 0,
                         "stamp_source": "kernel", "stamp_resolution_ns": 8}, **more}
    with open(path, "w") as f:
        for line in lines + ([last] if final else []):
            f.write(json.dumps(line) + "\n")


def texts(browser, selector):
    return browser.ask("[...document.querySelectorAll(%s)].map(e => e.textContent)"
                       % json.dumps(selector))


def is_quiet(browser, path):
    """Nothing was complained of, and nothing but the page was asked for."""
    equal(browser.complaints, [], "what the browser complains of")
    equal(browser.requests, ["file://" + os.path.abspath(path)], "what the page asks for")


def visible_charts(browser):
    """[width, height] of each chart that is on the page now."""
    return browser.ask("[...document.querySelectorAll('svg')]"
                       ".map(e => e.getBoundingClientRect()).filter(r => r.width || r.height)"
                       ".map(r => [r.width, r.height])")


@case
def the_page_of_a_run_says_what_its_json_says():
    veth()
    vernier("send", "vn0", "--rx", "vn1", *TO, "--ratep", "5k", "--count", "5000", "--interval",
            "100ms", "--json", "run.json", "--quiet")
    equal(vernier("report", "run.json").stdout, "page: run.html\n", "what it prints")
    lines = json_lines("run.json")
    with Browser() as b:
        b.show(1200)
        b.load("run.html")
        is_quiet(b, "run.html")
        for key in TILES:
            shown = b.ask("document.querySelector('.tiles [data-key=%s]').value" % key)
            equal(float(shown), float(lines[-1]["total"][key]), key + " on the page")
        for key in ("sent", "received", "lost"):
            text = b.ask("document.querySelector('.tiles [data-key=%s]').textContent" % key)
            equal(int(text.replace(",", "")), lines[-1]["total"][key], key + " as people read it")
        for key in ("now_pps", "rx_now_pps"):
            shown = b.ask("[...document.querySelectorAll('[data-key=%s]')].map(e => +e.value)"
                          % key)
            equal(shown, [line["total"][key] for line in lines[:-1]], key + " in the table")
        holds(len(visible_charts(b)) >= 1, "no chart")
        for width, height in visible_charts(b):
            holds(width > 300 and height > 100, "a chart of %s x %s" % (width, height))
        holds("OK" in texts(b, ".verdict")[0], "the verdict")
        holds(b.picture("page.png").startswith(b"\x89PNG"), "no picture")


@case
def distributions_are_drawn_with_their_percentiles():
    write_run("run.json")
    vernier("report", "run.json", "-o", "page.html")
    with Browser() as b:
        b.show(1200)
        b.load("page.html")
        is_quiet(b, "page.html")
        equal(b.ask("[...document.querySelectorAll('[data-samples]')].map(e => +e.value)"),
              [30, 1111], "samples of lateness and gap")
        equal(b.ask("[...document.querySelectorAll('[data-mark]')].map(e => +e.value)"),
              [0, 7, 50175, 50431, 200703, 900000],
              "percentiles of lateness and gap")
        counts = b.ask("[...document.querySelectorAll('.figures svg')].map(s => "
                       "[...s.querySelectorAll('.bar title')].map(t => "
                       "+t.textContent.split(': ')[1].replace(',', '')))")
        equal([sum(c) for c in counts], [30, 1111], "samples in the bars of each chart")
        equal(len(visible_charts(b)), 4, "charts: rate, losses, two distributions")
        holds(texts(b, ".marks dt")[:4] == ["p50", "p99", "p99.9", "max"], "names of marks")
        equal(b.ask("[...document.querySelectorAll('svg')].every(s => s.querySelector('title')"
                    ".textContent && s.querySelector('desc').textContent)"), True,
              "charts have a title and a description")
        equal(b.ask("[...document.querySelectorAll('figure')].every(f => "
                    "f.querySelector('details table'))"), True, "charts have a table beside them")


def numbers(browser, key):
    return browser.ask("[...document.querySelectorAll('table [data-key=%s]')].map(e => +e.value)"
                       % key)


@case
def departures_are_told_with_shares_of_gaps():
    """and a chart of the error of gaps beside that of the lateness"""
    vernier("send", "--driver", "null", *TO, "--ratep", "5k", "--count", "500", "--json",
            "run.json", "--quiet")
    vernier("report", "run.json")
    last = json_lines("run.json")[-1]
    with Browser() as b:
        b.show(1200)
        b.load("run.html")
        is_quiet(b, "run.html")
        for key in ("within_64ns_ratio", "within_100us_ratio", "bursts_ratio", "asked_mean_pps",
                    "lateness_p90_ns", "gap_error_max_ns"):
            shown = numbers(b, key)
            holds(shown and all(abs(x - last["total"][key]) <= 1e-9 * x for x in shown),
                  "%s: %s on the page, %s in the JSON" % (key, shown, last["total"][key]))
        equal([t for t in texts(b, ".figures figcaption b")],
              ["Lateness of departures", "Error of gaps"], "charts")
        facts = dict(zip(texts(b, ".set dt"), texts(b, ".set dd")))
        equal(facts["Clock"], "CLOCK_MONOTONIC", "clock")
        holds("Departures stamped by" not in facts, "nobody stamped")
        holds("as they were stamped" not in b.ask("document.body.textContent"), "nobody stamped")


@case
def stamps_of_departures_have_tables_and_charts():
    one = row("one", stamped_by="kernel", stamped_late=3, stamped_within_64ns_ratio=0.25,
              stamped_lateness_samples=30, histograms={"stamped_lateness": LATE})
    write_run("run.json", streams=[one], total={**one, "name": "total"})
    vernier("report", "run.json")
    with Browser() as b:
        b.show(1200)
        b.load("run.html")
        is_quiet(b, "run.html")
        holds(3 in numbers(b, "stamped_late"), "late stamps")
        equal(texts(b, ".figures figcaption b"), ["Lateness of stamps"], "charts")
        facts = dict(zip(texts(b, ".set dt"), texts(b, ".set dd")))
        equal(facts["Departures stamped by"], "kernel", "who stamped")


@case
def what_is_not_known_is_a_dash():
    write_run("run.json", streams=[{"name": "one", "sent": 5}], total={"name": "total", "sent": 5},
              receiver=None, seed=None, driver=None)
    vernier("report", "run.json")
    with Browser() as b:
        b.show(1200)
        b.load("run.html")
        is_quiet(b, "run.html")
        shown = dict(zip(texts(b, ".tiles dt"), texts(b, ".tiles dd")))
        equal(shown, {"Sent": "5", **{name: "–" for name in (
            "Received", "Lost", "Duplicated", "Reordered", "Asked rate", "Achieved rate",
            "Rate error")}}, "headline")
        facts = dict(zip(texts(b, ".set dt"), texts(b, ".set dd")))
        equal((facts["Seed"], facts["Driver"], facts["Interface"]), ("–", "–", "vn0"), "facts")


@case
def names_cannot_leave_their_place():
    one = row(HOSTILE, histograms={"gap": GAP}, result=HOSTILE)
    write_run("run.json", interface=HOSTILE, driver=HOSTILE, streams=[one], total=row("total"),
              settings={HOSTILE: HOSTILE, "streams": {HOSTILE: {"x": HOSTILE}}})
    vernier("report", "run.json")
    with Browser() as b:
        b.show(1200)
        b.load("run.html")
        is_quiet(b, "run.html")
        equal(b.ask("[document.images.length, document.scripts.length]"), [0, 0],
              "images and scripts")
        holds(HOSTILE in texts(b, "details.stream > summary"), "the stream's name")
        holds(HOSTILE in texts(b, ".set dd"), "the driver's name")
        holds(b.ask("document.title").startswith(HOSTILE[:30]), "the title")
        holds(b.ask("document.querySelector('h1').textContent").startswith(HOSTILE), "the heading")


@case
def the_policy_of_the_page_forbids_scripts_and_fetching():
    write_run("run.json")
    vernier("report", "run.json")
    with open("run.html") as f:
        html = f.read()
    planted = html.replace("<main>", "<script>document.title = 'planted'</script>"
                           "<img src='http://192.0.2.1/x'><main style='color:red'>", 1)
    holds(planted != html, "nothing was planted")
    with open("planted.html", "w") as f:
        f.write(planted)
    with Browser() as b:
        b.load("planted.html")
        holds(b.ask("document.title") != "planted", "a script ran")
        holds(len(b.complaints) >= 3, "refused: %s" % b.complaints)
        holds(b.ask("getComputedStyle(document.querySelector('main')).color")
              != "rgb(255, 0, 0)", "a style was taken")


@case
def it_can_be_read_in_a_narrow_window():
    """no window of a telephone has to be moved sideways"""
    many = [row("a stream with a rather long name %d" % i, histograms={"gap": GAP})
            for i in range(40)]
    write_run("run.json", streams=many, total=row("total"), interface="x" * 60)
    vernier("report", "run.json")
    with Browser() as b:
        for width in (320, 400, 768, 1200):
            b.show(width)
            b.load("run.html")
            holds(b.ask("document.scrollingElement.scrollWidth <= innerWidth"),
                  "%d pixels: the page is %s wide" % (
                      width, b.ask("document.scrollingElement.scrollWidth")))
            equal(b.ask("innerWidth"), width, "window")
            small = b.ask("Math.min(...[...document.querySelectorAll('.tick')]"
                          ".map(e => e.getBoundingClientRect().height).filter(h => h))")
            holds(small >= 8, "%d pixels: labels are %s pixels high" % (width, small))
        holds("first 32 of 40" in b.ask("document.body.textContent"), "no word on what is left out")


CONTRAST = """(() => {
    const parts = c => c.match(/[\\d.]+/g).map(Number);
    const light = c => parts(c).slice(0, 3).map(v => v / 255).map(
        v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = e => {
        for (; e; e = e.parentElement) {
            const c = getComputedStyle(e).backgroundColor;
            if (parts(c).length === 3) return c;
        }
        return "rgb(255, 255, 255)";
    };
    return [".facts", ".verdict", ".tiles dt", ".tiles dd", ".tick", ".label", "summary",
            "thead th", "td", ".note", "footer"].flatMap(s => {
        const e = document.querySelector(s);
        if (!e) return [];
        const style = getComputedStyle(e), ink = s[0] === "." && e.tagName === "text" ?
            style.fill : style.color;
        const [a, b] = [light(ink), light(behind(e))].sort((x, y) => y - x);
        return [[s, (a + 0.05) / (b + 0.05)]];
    });
})()"""


@case
def texts_stand_out_by_day_and_by_night():
    """contrast of at least 4.5 to 1 (WCAG AA)"""
    for verdict in ("ok", "failed", "interrupted"):
        write_run(verdict + ".json", verdict=verdict)
        vernier("report", verdict + ".json")
    with Browser() as b:
        grounds = []
        for dark in (False, True):
            b.show(1200, dark=dark)
            for verdict in ("ok", "failed", "interrupted"):
                b.load(verdict + ".html")
                found = b.ask(CONTRAST)
                holds(len(found) >= 9, "texts found: %s" % found)
                weak = [x for x in found if x[1] < 4.5]
                equal(weak, [], "%s, dark %s: weak texts" % (verdict, dark))
            grounds.append(b.ask("getComputedStyle(document.body).backgroundColor"))
        holds(grounds[0] != grounds[1], "day and night are both " + grounds[0])
        b.show(800, dark=True, media="print")
        b.load("ok.html")
        equal(b.ask("getComputedStyle(document.body).backgroundColor"), grounds[0], "on paper")


@case
def a_run_that_was_cut_is_shown_as_far_as_it_goes():
    write_run("cut.json", final=False)
    with open("cut.json", "a") as f:
        f.write('{"vernier": "0.1.0", "fin')  # and was ended in the middle of a line
    vernier("report", "cut.json")
    with Browser() as b:
        b.load("cut.html")
        is_quiet(b, "cut.html")
        holds("no final line" in texts(b, ".verdict")[0], "it does not say so")
        equal(b.ask("document.querySelector('.tiles [data-key=sent]').value"), "2000", "sent")
        equal(len(visible_charts(b)), 2, "charts")


@case
def several_runs_are_compared():
    write_run("a.json")
    write_run("b.json", total=row("total", sent=4000), verdict="ok")
    vernier("report", "a.json", "b.json", "--output", "both.html")
    with Browser() as b:
        b.show(1200)
        b.load("both.html")
        is_quiet(b, "both.html")
        equal(b.ask("[...document.querySelectorAll('[data-run] [data-key=sent]')]"
                    ".map(e => e.value)"), ["2000", "4000"], "sent of each run")
        equal(texts(b, ".compare tbody td:nth-child(2)"), ["Failed", "OK"], "verdicts")
        equal(len(texts(b, "article")), 2, "runs")
        equal(b.ask("(() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
                    "return new Set(ids).size - ids.length; })()"), 0, "ids given twice")


@case
def a_run_goes_through_pipes():
    write_run("run.json")
    with open("run.json") as run:
        done = subprocess.run([VERNIER, "report", "-"], stdin=run, capture_output=True, text=True)
    equal((done.returncode, done.stderr), (0, ""), "status, complaints")
    vernier("report", "run.json")
    with open("run.html") as f:
        equal(done.stdout.replace("standard input", "run.json"), f.read(), "the page")
    holds(done.stdout.endswith("</html>\n"), "the end of the page")


@case
def what_is_wrong_is_named():
    write_run("run.json")
    vernier("report", "run.json")
    with open("run.html") as f:
        before = f.read()
    with open("run.json", "a") as f:
        f.write("{}\n")
    with open("text.json", "w") as f:
        f.write("sent 5 packets\n")
    for words, status, said in (
            (["run.json"], 1, "run.json:4: there is a line behind the final one"),
            (["text.json"], 1, "text.json:1: "),
            (["none.json"], 1, "none.json: No such file"),
            (["/dev/null"], 1, "/dev/null: it is empty"),
            (["run.json", "text.json"], 2, "--output"),
            (["run.json", "-o", "run.json"], 2, "which the page would replace"),
            ([], 2, "missing argument"),
            (["run.json", "-o"], 2, "-o needs a value")):
        done = vernier("report", *words, status=status)
        holds(said in done.stderr, "%s: says %r" % (words, done.stderr))
        equal((done.stdout, done.stderr.count("\n")), ("", 1), "%s: printed, lines said" % words)
    with open("run.html") as f:
        equal(f.read(), before, "the page there was")
    write_run("run.json")
    done = vernier("report", "run.json", "-o", "/dev/full", status=1)
    holds("/dev/full: the page could not be written" in done.stderr, "says: " + done.stderr)
    done = vernier("report", "run.json", "-o", "no/such/folder.html", status=1)
    holds("no/such/folder.html: No such file" in done.stderr, "says: " + done.stderr)


main()

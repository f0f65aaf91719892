#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What vernier says about itself and its runs: JSON by its schema, help from
the tables, completion that shells accept, settings that can be used again."""
import json
import os
import re
import subprocess
import warnings

from harness import (TOP, VERNIER, Skip, case, equal, frames, holds, json_lines, main, rx_packets,
                     sh, vernier, veth)

warnings.filterwarnings("ignore", category=DeprecationWarning)

TO = ["--dst-mac", "02:00:00:00:00:02", "--dst", "10.0.0.2", "--src-min", "10.0.0.1"]


def params():
    """The options that `vernier params` lists, one at the beginning of a line."""
    names = re.findall(r"^  --([a-z0-9-]+)", vernier("params").stdout, re.M)
    holds(len(names) > 40, "vernier params lists %d names" % len(names))
    return names


def validator():
    import jsonschema
    with open(os.path.join(TOP, "docs/run.schema.json")) as f:
        schema = json.load(f)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def keys(value):
    """The shape of a JSON object: its keys, all the way down, but for what only
    the last line has."""
    if isinstance(value, dict):
        return {k: None if k in ("histograms", "settings") else keys(v) for k, v in value.items()}
    if isinstance(value, list):
        return [keys(v) for v in value]
    return None


@case
def json_lines_follow_the_schema():
    veth()
    check = validator()
    vernier("send", "vn0", "--rx", "vn1", *TO, "--ratep", "2k", "--count", "2000", "--interval",
            "100ms", "--json", "live.json", "--quiet", "--stream", "a", "--stream", "b",
            "--udp-dst-min", "10", "--udp-dst-max", "10")
    vernier("send", "vn0", *TO, "--count", "5", "--json", "tx.json", "--quiet")
    vernier("send", "--sim", "--pcap", "x.pcap", *TO, "--json", "sim.json", "--quiet")
    vernier("recv", "vn1", "--time", "200ms", "--json", "recv.json", "--quiet")
    for path in ("live.json", "tx.json", "sim.json", "recv.json"):
        lines = json_lines(path)
        holds(lines, path + " is empty")
        for line in lines:
            wrong = [e.message for e in check.iter_errors(line)]
            holds(not wrong, "%s: %s" % (path, "; ".join(wrong)))
        equal([line["final"] for line in lines], [False] * (len(lines) - 1) + [True],
              path + ": final")
    holds(len(json_lines("live.json")) > 5, "no progress lines")


@case
def progress_and_final_lines_have_the_same_keys():
    veth()
    vernier("send", "vn0", "--rx", "vn1", *TO, "--ratep", "2k", "--count", "1000", "--interval",
            "100ms", "--json", "run.json", "--quiet")
    lines = json_lines("run.json")
    holds(len(lines) > 2, "no progress lines")
    for line in lines:
        equal(keys(line), keys(lines[-1]), "keys")


@case
def settings_of_the_last_line_are_those_that_are_shown():
    words = ["--sim", "--pcap", "x.pcap", *TO, "--json", "run.json", "--mpls", "00010120",
             "--flag", "MPLS_RND", "--stream", "a", "--stream", "b", "--udp-dst-min", "10",
             "--udp-dst-max", "10", "--stamp", "ns"]
    shown, into = {"streams": {}}, None
    for line in vernier("send", *words, "--show-settings").stdout.splitlines():
        key, value = line.split("=", 1)
        if key == "stream":
            into = shown["streams"][value] = {}
        else:
            (shown if into is None else into)[key] = value
    vernier("send", *words, "--quiet")
    *live, last = json_lines("run.json")
    equal([line["settings"] for line in live], [None] * len(live), "settings while running")
    shown["quiet"] = "1"
    equal(last["settings"], shown, "settings")
    equal(last["settings"]["streams"]["b"]["stamp"], "ns", "stamp of b")
    veth()
    vernier("recv", "vn1", "--time", "10ms", "--late-after", "1ms", "--json", "recv.json",
            "--quiet")
    settings = json_lines("recv.json")[-1]["settings"]
    equal({k: settings[k] for k in ("interface", "driver", "time", "late-after", "streams")},
          {"interface": "vn1", "driver": "afpacket", "time": "10000000ns",
           "late-after": "1000000ns", "streams": {}}, "settings of recv")


@case
def histograms_of_the_last_line_are_what_the_percentiles_are_of():
    veth()
    vernier("send", "vn0", "--rx", "vn1", *TO, "--ratep", "5k", "--interval", "50ms", "--json",
            "run.json", "--quiet", "--stamp", "ns", "--stream", "a", "--count", "1000",
            "--stream", "b", "--count", "500", "--udp-dst-min", "10", "--udp-dst-max", "10")
    *live, last = json_lines("run.json")
    for line in live:
        equal([row["histograms"] for row in [*line["streams"], line["total"]]], [None] * 3,
              "histograms while running")
    for row in [*last["streams"], last["total"]]:
        told = row["histograms"]
        for name, key in (("gap", "gap_%s_ns"), ("latency", "latency_%s_ns"),
                          ("lateness", "lateness_%s_ns"), ("gap_error", "gap_error_%s_ns"),
                          ("ipdv", "ipdv_abs_%s_ns")):
            h = told[name]
            if name == "gap" and row["name"] == "total":
                equal((h, row["gap_samples"]), (None, None), "gaps of both together")
                continue
            buckets = h["buckets"]
            equal(sum(n for _, _, n in buckets), h["samples"], name + ": samples")
            equal(row[name + "_samples"], h["samples"], name + ": samples told")
            equal(buckets, sorted(buckets), name + ": order")
            holds(buckets[0][0] <= h["min"] <= buckets[0][1], name + ": least")
            holds(buckets[-1][0] <= h["max"] <= buckets[-1][1], name + ": greatest")
            holds(h["min"] <= h["mean"] <= h["max"], name + ": mean")
            seen = 0
            for low, high, n in buckets:
                seen += n
                if seen * 2 >= h["samples"]:
                    equal(row[key % "p50"], min(high, h["max"]), name + ": p50")
                    break
    equal(last["total"]["latency_samples"] + last["total"]["latency_negative"], 1500, "stamps")
    equal(last["total"]["ipdv_samples"], 1498, "pairs")


@case
def departures_are_told_in_every_line():
    """counters and shares while they run, percentiles at the end"""
    veth()
    vernier("send", "vn0", *TO, "--ratep", "20k", "--count", "10000", "--interval", "50ms",
            "--json", "run.json", "--quiet")
    *live, last = json_lines("run.json")
    holds(len(live) > 3, "no progress lines")
    keys_of_shares = [k for k in last["total"] if re.fullmatch(r"within_\w+_ratio", k)]
    equal(len(keys_of_shares), 7, "shares")
    for line in live:
        equal(line["total"]["gap_error_p50_ns"], None, "percentile while running")
    for line in [*live[1:], last]:
        t = line["total"]
        shares = [t[k] for k in keys_of_shares]
        equal(shares, sorted(shares), "cumulative shares")
        holds(0 <= shares[0] and shares[-1] <= 1 and 0 <= t["bursts_ratio"] <= 1, "shares")
        equal(t["bursts_ratio"] > 0, t["bursts"] > 0, "bursts")
        equal((line["clock"]["name"], t["stamped_by"] is None or line["final"]),
              ("CLOCK_MONOTONIC", True), "clock, stamps")
    t = last["total"]
    equal((t["asked_gaps"], t["gap_error_samples"], t["lateness_samples"] + t["early"]),
          (9999, 9999, 10000), "gaps, gaps in percentiles, packets")
    holds(abs(t["asked_mean_pps"] / 20000 - 1) < 1e-6, "asked %s" % t["asked_mean_pps"])
    holds(abs((t["pps"] / t["asked_mean_pps"] - 1) * 1e6 - t["rate_error_ppm"]) < 1e-3, "error")
    holds(last["clock"]["resolution_ns"] > 0, "resolution")


@case
def sums_hold_in_every_line():
    veth()
    vernier("send", "vn0", "--rx", "vn1", *TO, "--ratep", "5k", "--count", "5000", "--interval",
            "50ms", "--json", "run.json", "--quiet")
    for line in json_lines("run.json"):
        t = line["total"]
        equal(t["received"] + t["lost"] + t["in_flight"], t["sent"],
              "received + lost + in flight at %s s" % line["time_s"])


@case
def bars_are_drawn_in_what_the_locale_can_show():
    words = ["send", "--sim", "--pcap", "x.pcap", *TO, "--ratep", "1k", "--count", "50",
             "--histogram"]
    for locale, bar in (("C", "#"), ("C.UTF-8", "\u2588")):
        out = vernier(*words, env={**os.environ, "LC_ALL": locale}).stdout
        rows = out.split("stream0: lateness (50 samples)\n", 1)[1].split("\n\n", 1)[0]
        equal(rows.splitlines()[1:],
              ["       0ns        0ns           50  100.00% " + bar * 36], "rows in " + locale)
        equal(out.isascii(), locale == "C", "ASCII only in " + locale)


@case
def json_on_standard_output_is_nothing_but_json():
    done = vernier("send", "--sim", "--pcap", "x.pcap", *TO, "--json", "-")
    for line in done.stdout.splitlines():
        json.loads(line)
    holds(done.stdout, "nothing was written")


@case
def the_schema_refuses_what_is_wrong():
    check = validator()
    vernier("send", "--sim", "--pcap", "x.pcap", *TO, "--json", "run.json", "--quiet")
    good = json_lines("run.json")[-1]
    for change in ({"final": "yes"}, {"total": None}, {"streams": {}}, {"verdict": "perhaps"},
                   {"time_s": "1"}):
        holds(list(check.iter_errors({**good, **change})), "the schema accepts %r" % change)
    for missing in ("total", "streams", "seed", "final"):
        rest = {k: v for k, v in good.items() if k != missing}
        holds(list(check.iter_errors(rest)), "the schema does without " + missing)


@case
def help_names_every_option():
    text = vernier("send", "--help").stdout.replace("_", "-")
    wanted = ["driver", "sim", "rx", "pcap", "pcap-max", "json", "interval", "seed", "stream",
              "file", "cpus", "threads", "rx-cpu", "show-settings", "really-on", "settle",
              "quiet", "fail-if-off", *params()]
    missing = [w for w in wanted if not re.search(r"--%s\b" % re.escape(w), text)]
    equal(missing, [], "options that --help does not name")
    for command in ("recv", "drivers", "params", "completion"):
        holds(command in vernier(command, "--help").stdout, command + " --help")


@case
def help_fits_a_page_of_100_columns():
    for words in (["--help"], ["send", "--help"], ["recv", "--help"]):
        wide = [line for line in vernier(*words).stdout.splitlines() if len(line) > 100]
        equal(wide, [], "lines wider than 100 columns")


@case
def completion_scripts_are_accepted_by_their_shells():
    for shell in ("bash", "zsh"):
        text = vernier("completion", shell).stdout
        for word in ("--src-mac", "--imix-weights", "IPSRC_RND", "afpacket", "recv"):
            holds(word in text or word.replace("-m", "_m").replace("-w", "_w") in text,
                  "%s completion does not know %s" % (shell, word))
        equal(subprocess.run([shell, "-n"], input=text, text=True).returncode, 0, shell + " -n")


@case
def bash_completes_options_and_values():
    with open("completion", "w") as f:
        f.write(vernier("completion", "bash").stdout)
    script = ('. ./completion\n'
              'spec=($(complete -p vernier)); function=\n'
              'for ((i = 0; i < ${#spec[@]}; i++)); do\n'
              '    [ "${spec[i]}" = -F ] && function=${spec[i + 1]}\ndone\n'
              'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()\n'
              '"$function" vernier "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"\n'
              'printf "%s\\n" "${COMPREPLY[@]}"\n')
    for words, wanted in ((["vernier", "s"], "send"), (["vernier", "send", "--imix"], "imix"),
                          (["vernier", "send", "--driver", "p"], "pcap"),
                          (["vernier", "send", "--flag", "IPS"], "IPSRC_RND"),
                          (["vernier", "completion", "z"], "zsh")):
        got = sh("bash", "-c", script, "bash", *words)
        holds(wanted in got, "%s completes to %r" % (" ".join(words), got))


def options_of(shown):
    """The options that --show-settings stands for."""
    words = []
    for line in shown.splitlines():
        key, value = line.split("=", 1)
        if key == "interface":
            words.append(value)
        elif key in ("sim", "quiet", "show-settings", "histogram"):
            words += ["--" + key] if value == "1" else []
        else:
            words += ["--" + key, value]
    return words


@case
def settings_shown_can_be_used_again():
    """--show-settings, given back as options, makes the same packets"""
    words = ["--sim", "--pcap", "run.pcap", "--seed", "9", *TO, "--count", "200", "--stream",
             "one", "--src-max", "10.0.3.0", "--flag", "IPSRC_RND", "--vlan-id", "5", "--vlan-p",
             "2", "--ratep", "3333333", "--stream", "two", "--imix-weights",
             "64,7 576,4 1500,1", "--udp-dst-min", "5000", "--udp-dst-max", "6000", "--delay",
             "1500ns", "--tos", "b8", "--stream", "three", "--mpls", "00010020,00020020",
             "--rate", "7M", "--pkt-size", "99", "--stream", "six", "--dst6", "fd00::2",
             "--src6", "fd00::1", "--traffic-class", "1e", "--flag", "UDPCSUM"]
    vernier("send", *words, "--quiet")
    first = frames("run.pcap")
    equal(len(first), 800, "packets")
    shown = vernier("send", *words, "--show-settings").stdout
    again = [w for w in options_of(shown) if w != "--show-settings"]
    equal(vernier("send", *again, "--show-settings").stdout, shown, "settings of the second run")
    os.unlink("run.pcap")
    vernier("send", *again, "--quiet")
    equal(frames("run.pcap"), first, "frames and times")


@case
def showing_settings_sends_nothing():
    veth()
    shown = vernier("send", "vn0", "--driver", "afpacket", *TO, "--show-settings").stdout
    for line in ("interface=vn0", "driver=afpacket", "count=1000", "dst_min=10.0.0.2"):
        holds(line in shown.splitlines(), "%s is not among\n%s" % (line, shown))
    equal(rx_packets("vn1"), 0, "packets sent")


@case
def auto_says_what_it_took_and_why():
    """in the plan, the settings and the JSON; the run is that of the driver it took"""
    veth()
    for words in ([], ["--driver", "auto"]):
        words = ["vn0", *TO, "--count", "10", "--ratep", "1k", *words]
        out = vernier("send", *words, "--json", "run.json").stdout
        last = json_lines("run.json")[-1]
        settings = last["settings"]
        holds(settings["driver_why"], "no reason")
        equal(last["driver"], settings["driver"], "driver of the settings")
        holds("driver %(driver)s: %(driver_why)s\n" % settings in out, "not told in\n" + out)
        shown = vernier("send", *words, "--show-settings").stdout.splitlines()
        holds("driver_why=" + settings["driver_why"] in shown, shown)
        equal(last["total"]["sent"], 10, "sent")
        vernier("send", *words, "--driver", last["driver"], "--json", "run.json", "--quiet")
        equal(json_lines("run.json")[-1]["settings"].get("driver_why"), None, "reason, asked for")


@case
def auto_respects_what_streams_need():
    """where only packet sockets can, they are taken; without any interface, as before"""
    veth()
    out = vernier("send", "vn0", *TO, "--count", "5", "--ratep", "1k", "--xmit-mode",
                  "queue_xmit").stdout
    holds("driver afpacket: packet sockets" in out, out)
    vernier("send", "--sim", "--driver", "auto", "--capture", "x.pcap", "--count", "3", "--quiet")
    equal(len(frames("x.pcap")), 3, "frames of a simulation")
    for words, says in ((["nope0"], "nope0: no such interface"), ([], "which interface?")):
        done = vernier("send", *words, *TO, status=1 if words else 2)
        holds(says in done.stderr, done.stderr)


@case
def drivers_are_listed():
    text = vernier("drivers").stdout
    for name in ("afpacket", "null", "pair", "pcap", "sim", "tap"):
        holds(re.search(r"^\s*%s\b" % name, text, re.M), name + " is not listed")
    holds("sends" in text and "receives" in text, "no word on what they can do")
    holds(re.search(r"--driver auto.*\n(.*, )?afpacket\n$", text), "no order of auto")


@case
def version_and_lists_of_commands():
    holds(re.fullmatch(r"vernier \d+\.\d+\.\d+\n", vernier("--version").stdout), "--version")
    text = vernier("--help").stdout
    for command in ("send", "recv", "rfc2544", "report", "probe", "card", "caliper", "nf2d", "load",
                    "drivers", "params", "completion"):
        holds(re.search(r"^\s+%s\s" % command, text, re.M), command + " is not listed")


@case
def manual_from_the_table_has_every_parameter():
    text = vernier("params", "--man").stdout.replace("\\-", "-").replace("_", "-")
    missing = [p for p in params() if p not in text]
    equal(missing, [], "parameters that are not in the manual")


@case
def a_full_disk_is_an_error():
    """a report or capture that cannot be written does not look like success"""
    if not os.path.exists("/dev/full"):
        raise Skip("no /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run([VERNIER, "params"], stdout=full, stderr=subprocess.PIPE, text=True)
    equal((done.returncode, done.stderr.count("\n")), (1, 1), "params: status, lines said")
    done = vernier("send", "--sim", "--pcap", "/dev/full", *TO, "--count", "20000", "--quiet",
                   status=1)
    holds("/dev/full" in done.stderr, "the message does not name the file: " + done.stderr)
    done = vernier("send", "--sim", "--pcap", "x.pcap", *TO, "--json", "/dev/full", "--quiet",
                   status=1)
    holds("JSON" in done.stderr or "/dev/full" in done.stderr, "says: " + done.stderr)


main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Programs for the soft processors: they build in every way, nothing of what the
processors lack is in them, images are right, and in context sw they run."""
import os
import re
import shutil
import struct
import subprocess

from harness import (TOP, VERNIER, Skip, case, equal, frames, holds, main, sh, vernier,
                     wait_until)

APPLICATIONS = ["simple", "bounce", "pipe", "ping", "pktgen"]
# Programs of tests/firmware, and how many checks each makes in context sw.
CHECKS = {"copy": 7, "locks": 3, "logs": 0, "queues": 14, "send": 5, "slots": 15, "wide": 8}
COMPILERS = {"gcc": ["mips-linux-gnu-gcc"], "clang": ["clang", "ld.lld", "llvm-objcopy"]}
TEXT, DATA = 0x20000000, 0x04040000
US, THEM = "00:43:32:46:4e:00", "02:00:00:00:00:09"
OUR_IP, THEIR_IP = "192.168.0.100", "192.168.0.1"


def tree():
    """A copy of what a build needs: the tree itself may be read-only."""
    for folder in ("firmware", "src/wire", "tests/firmware"):
        shutil.copytree(os.path.join(TOP, folder), folder)
    for folder in [*("firmware/" + a for a in APPLICATIONS), "tests/firmware"]:
        subprocess.run(["make", "-s", "-C", folder, "clean"], check=True)


def make(folder, *words, status=0, env=None):
    """Returns what it printed; a warning of a compiler is a failure."""
    done = subprocess.run(["make", "-s", "-j2", "-C", folder, *words], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, env=env)
    said = done.stdout + done.stderr
    if done.returncode != status:
        raise AssertionError("make -C %s %s: status %d, expected %d\n%s" % (
            folder, " ".join(words), done.returncode, status, said))
    if status == 0:
        holds("warning" not in said, "make %s: %s" % (" ".join(words), said))
    return said


def need(compiler):
    for tool in COMPILERS[compiler]:
        if not shutil.which(tool):
            raise Skip(tool + " is not installed")


class Elf:
    """The parts of an ELF file that a loader and these tests read."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.raw = f.read()
        (self.kind, self.machine, _, self.entry, phoff, shoff, _, _, phsize, phnum, shsize, shnum,
         _) = struct.unpack_from(">HHIIIIIHHHHHH", self.raw, 16)
        holds(self.raw[:6] == b"\x7fELF\x01\x02", path + " is not a big-endian ELF file")
        self.segments = {}
        for i in range(phnum):
            p = struct.unpack_from(">8I", self.raw, phoff + i * phsize)
            if p[0] == 1 and p[4]:
                self.segments[p[2]] = self.raw[p[1]:p[1] + p[4]]
        self.sections = [struct.unpack_from(">10I", self.raw, shoff + i * shsize)
                         for i in range(shnum)]
        self.symbols = dict(self._symbols())

    def _symbols(self):
        for s in self.sections:
            if s[1] != 2:
                continue
            names = self.sections[s[6]][4]
            for at in range(s[4] + 16, s[4] + s[5], 16):
                name, value, _, _, _, section = struct.unpack_from(">IIIBBH", self.raw, at)
                end = self.raw.index(b"\0", names + name)
                yield self.raw[names + name:end].decode(), (value, section)

    def words(self, base):
        data = self.segments.get(base, b"")
        data += bytes(-len(data) % 4)
        return list(struct.unpack(">%dI" % (len(data) // 4), data))


def is_jump(word):
    """Of what compilers emit: jumps, branches, calls."""
    op, function, rt = word >> 26, word & 63, word >> 16 & 31
    return (op in range(2, 8) or (op == 0 and function in (8, 9))
            or (op == 1 and rt in (0, 1, 16, 17)))


def check_program(path, slots_dropped, has_log):
    """slots_dropped: None where compilers write nops of their own, as gcc does at -O0."""
    elf = Elf(path)
    equal((elf.kind, elf.machine), (2, 8), "kind and machine of " + path)
    undefined = [n for n, (_, section) in elf.symbols.items() if n and section == 0]
    equal(undefined, [], "undefined symbols of " + path)
    equal("simprintf" in elf.symbols, has_log, path + " has a log")
    words = elf.words(TEXT)
    main_call = 3 << 26 | (elf.symbols["main"][0] >> 2 & 0x3ffffff)
    for thread in range(8):
        block = words[12 * thread:12 * thread + 12]
        equal((block[0], block[1], block[8]), (0, 0x241a0000 | thread, main_call),
              "%s, block of thread %d: nop, number, call of main" % (path, thread))
    behind = [TEXT + 4 * i for i in range(12 * 8, len(words) - 1)
              if is_jump(words[i]) and words[i + 1] == 0]
    holds(slots_dropped is None or bool(behind) != slots_dropped, "%s has %d nops in slots (%s)" % (
        path, len(behind), [hex(a) for a in behind[:4]]))
    with open(path + ".map") as f:
        foreign = [line for line in f if re.search(r"libgcc|\.a\b|crt\w*\.o", line)]
    equal(foreign, [], "%s: objects of the compiler's" % path)


def builds(compiler):
    need(compiler)
    tree()
    ways = [("nf", "-O2", 1, APPLICATIONS), ("sim", "-Os", 1, APPLICATIONS),
            ("sim", "-O3", 0, ["bounce"]), ("nf", "-O1", 1, ["ping"]), ("nf", "-O0", 1, ["pipe"])]
    for context, opt, nodly, names in ways:
        for name in names:
            make("firmware/" + name, "CROSS=" + compiler, "CONTEXT=" + context, "OPT=" + opt,
                 "NODLY=%d" % nodly)
            check_program("firmware/%s/%s" % (name, name), None if opt == "-O0" else nodly == 1,
                          context == "sim" and name == "simple")
    make("tests/firmware", "CROSS=" + compiler, "CONTEXT=sim")
    for name in CHECKS:
        check_program("tests/firmware/" + name, True, True)


@case
def gcc_builds_everything():
    builds("gcc")


@case
def clang_builds_everything():
    builds("clang")


@case
def variants_of_the_card():
    """NF_PLAIN has no register of ours; NF_RE2 sends in place; mips32r2 builds"""
    need("gcc")
    tree()
    make("firmware", "CROSS=gcc")
    our_window = [w for w in Elf("firmware/simple/simple").words(TEXT) if w >> 16 == 0xad02]
    equal(our_window, [0xad020110], "stores of $2 behind $8: HALT")
    make("firmware", "CROSS=gcc", "NF_PLAIN=1")
    plain = Elf("firmware/simple/simple")
    equal([w for w in plain.words(TEXT) if w >> 16 == 0xad02], [], "HALT with NF_PLAIN=1")
    ended = plain.symbols["ended"][0]
    equal(plain.words(TEXT)[(ended - TEXT) // 4], 2 << 26 | (ended >> 2 & 0x3ffffff),
          "with NF_PLAIN=1, the end is a jump to itself")
    make("firmware", "CROSS=gcc", "NF_RE2=1")
    symbols = Elf("firmware/pipe/pipe").symbols
    equal([n in symbols for n in ("do_send", "nf_pktout_alloc")], [True, False], "of release 2.0")
    equal(symbols["_sp"][0], 0x08000000 - 4, "top of the stacks with NF_RE2=1")
    make("tests/firmware", "CROSS=gcc", "MARCH=mips32r2", "wide")


@case
def contexts_have_three_names():
    tree()
    said = make("firmware/simple", "CONTEXT=hw", status=2)
    holds(all(re.search(r"\b%s\b" % c, said) for c in ("hw", "nf", "sim", "sw")), said)
    said = make("firmware/simple", "CONTEXT=sw", "mif", status=2)
    holds("CONTEXT=sw" in said and "image" in said, said)


@case
def a_forgotten_clean_rebuilds():
    need("gcc")
    tree()
    folder, program = "firmware/simple", "firmware/simple/simple"
    make(folder, "CONTEXT=sim", "CROSS=gcc")
    holds("simprintf" in Elf(program).symbols, "context sim has a log")
    make(folder, "CONTEXT=nf", "CROSS=gcc")
    holds("simprintf" not in Elf(program).symbols, "context nf has no log")
    holds(b"Hello" not in open(program, "rb").read(), "context nf has no text of the log")
    make(folder, "CONTEXT=sw")
    equal(len(sh(program, env={"NF_THREADS": "8"}).splitlines()), 8, "lines in context sw")
    settings = ["CONTEXT=sim", "CROSS=gcc"]
    make(folder, *settings)
    for change in ("NODLY=0", "OPT=-O1", "NF_PLAIN=1", "NF_RE2=1", "CPPFLAGS=-DX", "MARCH=mips32r2",
                   *(["CROSS=clang"] if shutil.which("ld.lld") else [])):
        make(folder, "-q", *settings)  # nothing to do
        make(folder, "-q", *settings, change, status=1)
        make(folder, *settings)
    os.utime("firmware/common/support.h")
    make(folder, "-q", *settings, status=1)


def tools(*more):
    """A PATH of these and of what builds need beside a compiler."""
    os.makedirs("bin", exist_ok=True)
    for tool in ("make", "sh", "echo", "cmp", "cat", "awk", "od", "rm", *more):
        if not os.path.exists("bin/" + tool):
            os.symlink(shutil.which(tool), "bin/" + tool)
    return {"PATH": os.path.abspath("bin")}


@case
def without_a_cross_compiler():
    tree()
    env = tools("cc", "as", "ld")
    said = make("firmware/simple", status=2, env=env)
    holds(all(p in said for p in ("gcc-mips-linux-gnu", "clang", "lld")), said)
    holds("CROSS=msvc" in make("firmware/simple", "CROSS=msvc", status=2), "a wrong CROSS")
    make("firmware/simple", "clean", env=env)
    make("firmware", "CONTEXT=sw", env=env)
    equal(sh("firmware/simple/simple"), "Hello world. I am thread 0\n", "log of one thread")


@case
def the_compiler_that_is_there_is_taken():
    need("gcc")
    need("clang")
    tree()
    env = tools("clang", "ld.lld", "llvm-objcopy")
    make("firmware/simple", env=env)
    holds(b"clang" in open("firmware/simple/simple", "rb").read(), "built by clang")
    make("firmware/simple", env=tools("mips-linux-gnu-gcc", "mips-linux-gnu-ld"))
    holds(b"clang" not in open("firmware/simple/simple", "rb").read(), "built by gcc")


ATOMIC = "int main(void)\n{\n\tstatic int x;\n\treturn __atomic_fetch_add(&x, 1, 5);\n}\n"
CALLS = ("int f(int);\nint main(void)\n{\n\tint i, n = 0;\n\tfor (i = 0; i < 9; i++)\n"
         "\t\tn += f(i + 1);\n\treturn n;\n}\nint f(int x)\n{\n\treturn x * 3;\n}\n")
BY_HAND = ("int main(void)\n{\n\tint n = 3;\n\tasm volatile(\".set push\\n\\t.set noreorder\\n"
           "\\tbeq %0, $0, 1f\\n\\taddiu %0, %0, 1\\n1:\\n\\t.set pop\" : \"+r\"(n));\n"
           "\treturn n ? 1 : 2;\n}\n")
UNFLAGGED = {
    "gcc": "-EB -march=mips32 -mabi=32 -msoft-float -mno-abicalls -fno-pic -ffreestanding "
           "-fno-inline",
    "clang": "-march=mips32 -mabi=32 -msoft-float -mno-abicalls -fno-pic -ffreestanding "
             "-fno-inline",
}


def application(name, text):
    folder = "firmware/" + name
    os.makedirs(folder, exist_ok=True)
    with open("%s/%s.c" % (folder, name), "w") as f:
        f.write(text)
    with open(folder + "/Makefile", "w") as f:
        f.write("TARGETS = %s\ninclude ../bench.mk\n" % name)
    return folder


def refuses(compiler):
    need(compiler)
    tree()
    folder = application("atomic", ATOMIC)
    for opt in ("-O0", "-O2"):
        said = make(folder, "CROSS=" + compiler, "OPT=" + opt, status=2)
        holds(re.search(r'atomic\.c: atomic\.raw\.s:\d+: "ll" is not there', said), said)
    folder = application("calls", CALLS)
    make(folder, "CROSS=" + compiler)
    for nodly in (0, 1):
        said = make(folder, "CROSS=" + compiler, "TARGET_CFLAGS=" + UNFLAGGED[compiler],
                    "NODLY=%d" % nodly, status=2)
        holds(re.search(r"calls\.c: calls\.raw\.s:\d+: the delay slot of", said), said)
    folder = application("byhand", BY_HAND)
    make(folder, "CROSS=" + compiler)
    words = Elf(folder + "/byhand").words(TEXT)
    holds(any(w >> 26 == 4 and words[i + 1] >> 26 == 9 for i, w in enumerate(words[:-1])),
          "what was written by hand stays as it is")


@case
def gcc_slots_that_are_filled_are_refused():
    refuses("gcc")


@case
def clang_slots_that_are_filled_are_refused():
    refuses("clang")


FILTER_CASES = [
    ("the nop of a slot goes", "\t.set\tnoreorder\n\tj\t$31\n\tnop\n\tnop\n",
     "\t.set\tnoreorder\n\tj\t$31\n\tnop\n"),
    ("labels and directives before it stay",
     "\t.set\tnoreorder\n\tbeq\t$4,$0,$L1\n$LVL1 = .\n$L2:\n\t.loc 1 2 3\n\n\tnop\n",
     "\t.set\tnoreorder\n\tbeq\t$4,$0,$L1\n$LVL1 = .\n$L2:\n\t.loc 1 2 3\n\n"),
    ("what the assembler would fill has no slot",
     "\t.ent\tf\n\t.set\treorder\n\tj\t$31\n\tsw\t$2,0($4)\n",
     "\t.set\tnoreorder\n\t.ent\tf\n\t.set\tnoreorder\n\tj\t$31\n\tsw\t$2,0($4)\n"),
    ("push and pop keep the mode",
     "\t.set\tnoreorder\n\t.set\tpush\n\t.set\treorder\n\tjal\tf\n\tnop\n\t.set\tpop\n"
     "\tjal\tg\n\tnop\n",
     "\t.set\tnoreorder\n\t.set\tpush\n\t.set\tnoreorder\n\tjal\tf\n\tnop\n\t.set\tpop\n"
     "\tjal\tg\n"),
    ("traps have no slot", "\t.set\tnoreorder\n\tbreak\t7\n\tnop\n",
     "\t.set\tnoreorder\n\tbreak\t7\n\tnop\n"),
    ("a filled slot is refused", "\t.set\tnoreorder\n\tjal\tf\n\tli\t$4,1\n",
     ":3: the delay slot of \"jal\" holds \"li\""),
    ("a slot that is missing is refused", "\t.set\tnoreorder\n\tjr\t$31\n", "the file ends"),
    ("a likely branch is refused", "\tbeql\t$4,$0,f\n\tnop\n", ":1: \"beql\" is not there"),
    ("sc is refused", "\tsc\t$4,0($5)\n", ":1: \"sc\" is not there"),
]


@case
def the_filter():
    for name, given, want in FILTER_CASES:
        done = subprocess.run(["awk", "-f", os.path.join(TOP, "firmware/noslots.awk"), "-v",
                               "name=x.c", "-"], input=given, capture_output=True, text=True)
        if done.returncode:
            holds(want in done.stderr, "%s: said %r" % (name, done.stderr))
        else:
            equal(done.stdout, want, name)
            kept = sh("awk", "-f", os.path.join(TOP, "firmware/noslots.awk"), "-v", "keep=1",
                      _file("given.s", given))
            equal(kept, given, name + ", kept")


def _file(path, text):
    with open(path, "w") as f:
        f.write(text)
    return path


# Images

LARGE = ("int main(void)\n{\n\tstatic volatile char odd[] = \"abcde\";\n"
         "\tstatic volatile int many[140000] = { [139999] = 0x01020304 };\n"
         "\treturn many[9] + odd[1];\n}\n")


def mif_words(path):
    """Words of an image whose form must be that of the card's own tools."""
    with open(path) as f:
        text = f.read()
    form = re.fullmatch(
        r"WIDTH=32;\nDEPTH=(\d+);\n\nADDRESS_RADIX=HEX;\nDATA_RADIX=HEX;\n\nCONTENT BEGIN\n\n"
        r"((?:[0-9a-f]{8} : [0-9a-f]{8};\n)+)END;\n", text)
    holds(form, "form of %s: %r" % (path, text[:200]))
    entries = [line.rstrip(";").split(" : ") for line in form[2].splitlines()]
    equal([int(a, 16) for a, _ in entries], list(range(len(entries))), "addresses in " + path)
    return int(form[1]), [int(w, 16) for _, w in entries]


def srec_words(path):
    """The same as srecord's tool reads it; it takes a word's lowest byte to be first."""
    sh("srec_cat", path, "-mif", "-byte-swap", "4", "-o", path + ".judged", "-binary")
    with open(path + ".judged", "rb") as f:
        data = f.read()
    return list(struct.unpack(">%dI" % (len(data) // 4), data))


def images(compiler):
    need(compiler)
    tree()
    make("firmware", "CROSS=" + compiler, "CONTEXT=sim", "mif")
    folder = application("large", LARGE)
    make(folder, "CROSS=" + compiler, "STACK_TOP=0x08000000", "mif")
    for name in [*APPLICATIONS, "large"]:
        path = "firmware/%s/%s" % (name, name)
        elf = Elf(path)
        for part, base in (("instr", TEXT), ("data", DATA)):
            image = "%s.%s.mif" % (path, part)
            depth, words = mif_words(image)
            equal(words, elf.words(base) or [0], image)
            equal(srec_words(image), words, image + " by srec_cat")
            equal(depth, 262144 if len(words) > 131072 else 65536, "depth of " + image)
    holds(len(words) > 131072, "large data")
    make("firmware/simple", "CROSS=" + compiler, "CONTEXT=nf", "mif")
    equal(mif_words("firmware/simple/simple.data.mif"), (65536, [0]), "data of a program without")
    holds("stacks" in make(folder, "CROSS=" + compiler, status=2), "data that reach the stacks")


@case
def images_of_gcc():
    images("gcc")


@case
def images_of_clang():
    images("clang")


@case
def listings_maps_and_clean():
    need("gcc")
    tree()
    before = sorted(os.listdir("firmware/bounce"))
    make("firmware", "CROSS=gcc", "mif", "dis", "map")
    with open("firmware/bounce/bounce.dis") as f:
        holds("<process_pkt>:" in f.read(), "the listing names functions")
    with open("firmware/bounce/bounce.map") as f:
        holds("process_pkt" in f.read(), "the map names functions")
    make("firmware", "clean")
    equal(sorted(os.listdir("firmware/bounce")), before, "files after clean")


# Context sw

def capture(path, packets, order="<", magic=0xa1b2c3d4):
    with open(path, "wb") as f:
        f.write(struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535, 1))
        for i, p in enumerate(packets):
            f.write(struct.pack(order + "IIII", 1, i, len(p), len(p)) + p)


def sw(program, threads=1, status=0, **env):
    done = subprocess.run([program], env={"NF_THREADS": str(threads), **env}, capture_output=True,
                          text=True, timeout=60)
    equal(done.returncode, status, "status of %s (%s%s)" % (program, done.stdout, done.stderr))
    return done


def numbered(n, length=lambda i: 60 + i * 37 % 1455):
    return [struct.pack(">6s6sHI", b"\2" * 6, b"\4" * 6, 0x88b5, i) +
            bytes((i + k) & 255 for k in range(length(i) - 18)) for i in range(n)]


def contents(path):
    return [f for _, f in frames(path)]


@case
def what_comes_in_goes_out():
    """context sw: bounce and pipe return every frame, by the right port"""
    tree()
    make("firmware", "CONTEXT=sw")
    sent, other = numbered(200), numbered(31)[::-1]
    capture("in.pcap", sent)
    capture("other.pcap", other, ">", 0xa1b23c4d)
    for threads in (1, 3, 8):
        for name, back, forth in (("bounce", "MAC0", "MAC3"), ("pipe", "MAC1", "MAC2")):
            sw("firmware/%s/%s" % (name, name), threads, NF_PCAP_IN="in.pcap",
               NF_PCAP_IN_MAC3="other.pcap", NF_PCAP_OUT="rest.pcap",
               **{"NF_PCAP_OUT_" + back: "back.pcap", "NF_PCAP_OUT_" + forth: "forth.pcap"})
            got = [contents(p) for p in ("back.pcap", "forth.pcap", "rest.pcap")]
            want = [sent, other, []]
            if threads > 1:  # whose order is not kept
                got, want = [sorted(x) for x in got], [sorted(x) for x in want]
            holds(got == want, "%s, %d threads: %s frames came back" % (
                name, threads, [len(x) for x in got]))
            stamps = [t for t, _ in frames("back.pcap")]
            equal(stamps, sorted(stamps), "departures rise")


def requests():
    from scapy.all import ARP, ICMP, IP, Ether, Raw, raw
    ether = Ether(src=THEM, dst=US)
    ip = IP(src=THEIR_IP, dst=OUR_IP, ttl=9)
    damaged = bytearray(raw(ether / ip / ICMP(id=5, seq=9) / Raw(b"damaged on its way")))
    damaged[-1] ^= 1
    answered = [Ether(src=THEM, dst="ff:ff:ff:ff:ff:ff") /
                ARP(psrc=THEIR_IP, pdst=OUR_IP, hwsrc=THEM)]
    answered += [ether / ip / ICMP(id=5, seq=n) / (bytes(range(256)) * 6)[:n]
                 for n in (0, 1, 11, 56, 401, 1472)]
    others = [Ether(src=THEM, dst="ff:ff:ff:ff:ff:ff") / ARP(psrc=THEIR_IP, pdst="192.168.0.1"),
              ether / ARP(op=2, psrc=THEIR_IP, pdst=OUR_IP, hwsrc=THEM),
              ether / IP(src=THEIR_IP, dst="192.168.0.101") / ICMP(),
              ether / IP(src=THEIR_IP, dst=OUR_IP, chksum=1) / ICMP(),
              ether / IP(src=THEIR_IP, dst=OUR_IP, flags="MF") / ICMP(),
              ether / IP(src=THEIR_IP, dst=OUR_IP, len=1000) / ICMP(),
              ether / IP(src=THEIR_IP, dst=OUR_IP) / ICMP(type=0),
              Ether(src=THEM, dst=US, type=0x0800)]
    return [raw(p) for p in answered], [raw(p) for p in others] + [bytes(damaged)]


def reply_to(request):
    """What must come back, made by scapy alone; padded as a MAC does."""
    from scapy.all import ARP, ICMP, IP, Ether, raw
    q = Ether(request)
    head = Ether(src=US, dst=THEM)
    if ARP in q:
        reply = raw(head / ARP(op=2, hwsrc=US, psrc=OUR_IP, hwdst=THEM, pdst=THEIR_IP))
    else:
        reply = raw(head / IP(src=OUR_IP, dst=THEIR_IP, ttl=64, id=q[IP].id) /
                    ICMP(type=0, id=q[ICMP].id, seq=q[ICMP].seq) / bytes(q[ICMP].payload))
    return reply.ljust(60, b"\0")


@case
def ping_answers():
    """context sw: ping answers ARP and echo requests, and nothing else"""
    tree()
    make("firmware/ping", "CONTEXT=sw")
    answered, others = requests()
    capture("in.pcap", [p.ljust(60, b"\0") for p in answered + others] + answered)
    want = [reply_to(p) for p in answered] * 2
    for threads in (1, 8):
        sw("firmware/ping/ping", threads, NF_PCAP_IN_MAC2="in.pcap", NF_PCAP_OUT_MAC2="out.pcap")
        got = contents("out.pcap")
        holds(got == want if threads == 1 else sorted(got) == sorted(want),
              "%d threads: %s" % (threads, [g.hex() for g in got if g not in want]))


@case
def ping_has_the_address_it_is_given():
    from scapy.all import ARP, Ether, raw
    tree()
    make("firmware/ping", "CONTEXT=sw", "CPPFLAGS=-DPING_IP=0x0a000001 -DPING_MAC=0x020000000001")
    capture("in.pcap", [raw(Ether(src=THEM) / ARP(psrc="10.0.0.2", pdst=ip, hwsrc=THEM))
                        for ip in (OUR_IP, "10.0.0.1")])
    sw("firmware/ping/ping", NF_PCAP_IN="in.pcap", NF_PCAP_OUT="out.pcap")
    replies = [Ether(f)[ARP] for f in contents("out.pcap")]
    equal([(r.hwsrc, r.psrc) for r in replies], [("02:00:00:00:00:01", "10.0.0.1")], "replies")


@case
def the_api_tests_itself():
    """context sw: the test programs find nothing"""
    tree()
    make("tests/firmware", "CONTEXT=sw")
    for name, checks in CHECKS.items():
        said = sw("tests/firmware/" + name, 8).stdout
        if name == "logs":
            with open("tests/firmware/logs.txt") as f:
                equal(said, f.read(), "formats")
            continue
        equal([line[:3] for line in said.splitlines()], ["ok "] * checks, name + ": " + said)


@case
def the_example_of_the_readme():
    tree()
    with open("firmware/README.md") as f:
        blocks = re.findall(r"\n\n((?: {8}[^\n]*\n|\n(?= {8}))+)", f.read())
    source, rules, run, *_ = [re.sub(r"(?m)^ {8}", "", b) for b in blocks]
    folder = application("tap", source)
    with open(folder + "/Makefile", "w") as f:
        f.write(rules)
    capture(folder + "/in.pcap", numbered(20))
    sh("sh", "-e", "-c", run, cwd=folder)
    equal(sorted(contents(folder + "/out.pcap")), sorted(numbered(20)), "frames")


# Caliper's program

def command(kind, epoch, count=0, body=b""):
    return (struct.pack(">HBBHH", 0xca11, 1, kind, count, epoch) + body).ljust(60, b"\0")


def entries(first, n):
    """n packets, 8 us apart, whose first bytes are their number"""
    return b"".join(struct.pack(">IIHHHHI36x", 0, 1000, 60 + k % 1400, 40, 0,
                                0 if k == first + n - 1 else 56, k)
                    for k in range(first, first + n))


@case
def pktgen_on_the_host():
    """context sw, under the thread sanitizer: order, zeros, credit, received frames, garbage"""
    tree()
    make("firmware/pktgen", "CONTEXT=sw", "CFLAGS=-fsanitize=thread")
    commands = [command(3, 0, body=struct.pack(">III", 1, 1, 8)), command(1, 7)]
    for k in range(0, 960, 24):
        commands += [command(2, 7, 24, entries(k, 24)), bytes((k * i) & 255 for i in range(200))]
    capture("host.pcap", commands)
    capture("mac.pcap", [bytes([i]) * 100 for i in range(100)])
    want = [(struct.pack(">I", k) + bytes(56 + k % 1400)) for k in range(960)]

    def credit():
        """Since the reset: that of the command before it is told, or over."""
        if not os.path.exists("told.pcap") or os.path.getsize("told.pcap") < 24:
            return 0
        return sum(struct.unpack_from(">I", m, 8)[0] for m in contents("told.pcap")
                   if m[6:8] == b"\0\7")

    with open("said", "w+") as said:
        program = subprocess.Popen(
            ["firmware/pktgen/pktgen"], stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            env={"NF_THREADS": "8", "NF_PCAP_IN_HOST0": "host.pcap", "NF_PCAP_IN_MAC0": "mac.pcap",
                 "NF_PCAP_OUT_MAC0": "left.pcap", "NF_PCAP_OUT_HOST0": "told.pcap"})
        try:
            wait_until(lambda: credit() == 8 + 40 + 40 and os.path.getsize("left.pcap") ==
                       24 + sum(16 + len(f) for f in want), "all packets, all credit", 60)
        finally:
            program.kill()
            program.wait()
        said.seek(0)
        equal(said.read(), "", "what it and the sanitizer said")
    equal(contents("left.pcap") == want, True, "frames are what was asked for, in order")
    handed_on = [m for m in contents("told.pcap") if m[3] == 0x83]
    holds(all(m[4:6] == struct.pack(">H", 100 << 3) and m[32:132] == m[32:33] * 100
              for m in handed_on), "received frames")


def pktgen_measures(*settings):
    """The measures of the card's program, built in another way than the whole's is."""
    program = os.path.join(os.path.dirname(VERNIER), "../../tests/caliper/pktgen_card_test")
    if not os.path.exists(program):
        raise Skip("pktgen_card_test is not built")
    make("firmware/pktgen", *settings)
    done = subprocess.run([program], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env={"VN_PKTGEN_ELF": "firmware/pktgen/pktgen", "VN_PKTGEN_N": "500"})
    equal(done.returncode, 0, "measures with %s\n%s%s" % (settings, done.stdout, done.stderr))


@case
def pktgen_is_exact_however_it_is_built():
    """on the card: nops kept, release 2 of the instructions, no registers of ours"""
    need("gcc")
    tree()
    for settings in (["NODLY=0", "MARCH=mips32r2", "OPT=-Os"], ["NF_PLAIN=1"]):
        pktgen_measures("CROSS=gcc", *settings)


@case
def pktgen_of_clang_is_exact():
    need("clang")
    tree()
    pktgen_measures("CROSS=clang", "NODLY=0")


MISTAKES = [
    ("nf_lock(3); nf_lock(3);", 4, "deadlock"),
    ("nf_pktin_init(); nf_pktin_free((t_addr *)0x10000640);", 3, "input slot 1, which is free"),
    ("nf_pktin_free((t_addr *)0x10000008);", 3, "no input slot begins"),
    ("nf_pktout_send((char *)0x10000000, (char *)0x10000048);", 3, "no packet of output memory"),
    ("return 7;", 1, ""),
    ("return 0;", 0, ""),
]


@case
def mistakes_are_said():
    """context sw: deadlock, misuse of slots, wrong settings"""
    tree()
    for i, (text, status, want) in enumerate(MISTAKES):
        folder = application("mistake%d" % i, '#include "support.h"\nint main(void)\n{\n\t%s\n'
                             '\treturn 0;\n}\n' % text)
        make(folder, "CONTEXT=sw")
        said = sw("%s/mistake%d" % (folder, i), 1, status).stderr
        holds(want in said, "%s: %s" % (text, said))
    program = "firmware/mistake5/mistake5"
    for threads in ("0", "9", "x", "11", ""):
        holds("from 1 to 8" in sw(program, threads, 2).stderr, "NF_THREADS=%r" % threads)
    capture("ng.pcap", [], magic=0x0a0d0d0a)
    for path, want in (("absent.pcap", "No such file"), ("ng.pcap", "not a classic capture"),
                       ("/dev/null", "shorter than")):
        holds(want in sw(program, 1, 2, NF_PCAP_IN=path).stderr, want)
    holds("/absent/o" in sw(program, 1, 2, NF_PCAP_OUT="/absent/o").stderr, "output")


# On the card

def card(program, *words, status=0):
    return vernier("card", "-q", *words, program, status=status).stdout


def the_api_on_the_card(compiler):
    need(compiler)
    tree()
    make("tests/firmware", "CROSS=" + compiler, "CONTEXT=sim")
    for name, checks in CHECKS.items():
        said = card("tests/firmware/" + name, "-cycles", 30000000)
        if name == "logs":
            with open("tests/firmware/logs.txt") as f:
                equal(said, f.read(), "formats")
            continue
        checks += name == "locks"  # who is woken first is known here alone
        equal([line[:3] for line in said.splitlines()], ["ok "] * checks, name + ": " + said)


@case
def the_api_of_gcc_tests_itself_on_the_card():
    the_api_on_the_card("gcc")


@case
def the_api_of_clang_tests_itself_on_the_card():
    the_api_on_the_card("clang")


@case
def applications_on_the_card():
    """on the card: simple says eight lines, bounce, pipe and ping answer; MIF as ELF; in place"""
    need("gcc")
    tree()
    make("firmware", "CROSS=gcc", "CONTEXT=sim", "mif")
    said = card("firmware/simple/simple").splitlines()
    equal(sorted(said), sorted("Hello world. I am %s %d" % (
        "the wonderful thread" if t == 2 else "thread", t) for t in range(8)), "lines")
    sent = numbered(300)
    answered, others = requests()
    capture("in.pcap", sent)
    capture("requests.pcap", answered + others)
    for name, model, out, given, want in (
            ("bounce", "1.0", 1, "in.pcap", sent), ("pipe", "1.0", 0, "in.pcap", sent),
            ("ping", "1.0", 1, "requests.pcap", [reply_to(p) for p in answered]),
            ("pipe", "re2", 0, "in.pcap", sent)):
        path = "firmware/%s/%s" % (name, name)
        if model == "re2":
            make("firmware/" + name, "CROSS=gcc", "CONTEXT=sim", "NF_RE2=1", "mif")
        words = ["-model", model, "-pcapmac1", given, "-pcapasap"]
        card(path, *words, "-outmac%d" % out, "elf.pcap")
        vernier("card", "-q", *words, "-outmac%d" % out, "mif.pcap", "-i", path + ".instr.mif",
                "-d", path + ".data.mif")
        equal(sorted(contents("elf.pcap")), sorted(want), "%s, %s" % (name, model))
        equal(frames("mif.pcap"), frames("elf.pcap"), "%s from its images" % name)


TIMED = r"""#include "support.h"
#define FROM_TO(what) \
	asm volatile(".set push\n\t.set noreorder\n\tlui $8, 0xc000\n\tlui $9, 0x2000\n\t" \
		     "lui $10, 0x4000\n\tlw %0, 0($8)\n\t" what "\n\tlw %1, 0($8)\n\t.set pop" \
		     : "=&r"(before), "=r"(after) : : "$8", "$9", "$10", "memory")
int main(void)
{
	uint before, after;

	if (nf_tid() != 0)
		return 0;
	FROM_TO(".rept 10\n\tor $0, $0, $0\n\t.endr");
	log("%u\n", after - before);
	FROM_TO("sw $10, 4($9)\n\tsw $10, 4($10)");
	log("%u\n", after - before);
	FROM_TO("div $0, $8, $10");
	log("%u\n", after - before);
	return 0;
}
"""


@case
def cycles_on_the_card():
    """on the card: an instruction takes 4 cycles, free locks no more, a division 32"""
    need("gcc")
    tree()
    folder = application("timed", TIMED)
    make(folder, "CROSS=gcc", "CONTEXT=sim")
    equal(card(folder + "/timed").split(), [str(11 * 4), str(3 * 4), str(4 + 32)], "cycles")


if __name__ == "__main__":
    main()

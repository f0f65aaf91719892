#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A running card by its socket: `vernier load`, and clients that know no more of
the protocol than the comment of src/nt/cardmsg.h. Images, judged by srec_cat."""
import errno
import json
import os
import shutil
import signal
import socket
import struct

from harness import Skip, case, equal, finish, holds, main, sh, start, vernier, wait_until

SOCKET = "card.sock"  # what `vernier load` takes when no other is named
HEAD = "WIDTH=32; DEPTH=65536; CONTENT BEGIN\n"
PARK = 0x1000ffff  # beq zero,zero,-1

# Thread 0 logs the text at the beginning of data, and ends in its fifth slot.
HELLO = [0x3c086000,  # lui t0,0x6000
         0x3c090404,  # lui t1,0x0404
         0xad090004,  # sw  t1,4(t0): PRINTF_W, the format
         0xad000004,  # sw  zero,4(t0): the end of the record
         PARK]

# For model re2: what comes goes back to where the host reads it.
ECHO = [0x3c0ae000, 0x24090640, 0x24080009, 0xad490000, 0x2508ffff, 0x25290640, 0x1500fffc,
        0x3c0ba000, 0x8d6c0000, 0x258d0001, 0x11a0fffd, 0x240e0002, 0xa58e0000, 0x958f0006,
        0x25ef0008, 0x018fc021, 0x2718ffff, 0x3c042000, 0xac8c0000, 0x3c054000, 0xacb80000,
        0x31e20007, 0x24030101, 0x00431806, 0x306300ff, 0x3c066000, 0xacc30000, 0x3c078000,
        0x8cf00000, 0xad500000, 0x1000ffe9]
JUMP_TO_96 = 0x08000060


def write_mif(path, words):
    with open(path, "w") as f:
        f.write(HEAD + "".join("%x : %x;\n" % row for row in enumerate(words)) + "END;\n")


def text_words(text):
    data = text.encode() + b"\0"
    data += bytes(-len(data) % 4)
    return list(struct.unpack(">%dI" % (len(data) // 4), data))


def program_words(thread0):
    """All threads but 0 park at their starts; thread 0 has its first twelve words."""
    words = [0] * 85
    words[:len(thread0)] = thread0
    words[12::12] = [PARK] * 7
    return words


def write_hello(name="hello", text="hello\n"):
    write_mif(name + ".instr.mif", program_words(HELLO))
    write_mif(name + ".data.mif", text_words(text))


class Card:
    """`vernier card` in real time, held, until somebody loads a program."""

    def __init__(self, *words):
        self.process = start("card", "-wait", "-rt", "-q", "-card", SOCKET, *words)

    def __enter__(self):
        wait_until(self.answers, "the card opens its socket")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("the card ended: %s" % (finish(self.process),))
        try:
            Client(None).close()
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def line(self):
        """The next of what the program logs."""
        return self.process.stdout.readline()

    def __exit__(self, kind, *_):
        if kind is None:
            self.process.send_signal(signal.SIGTERM)
            status, out, err = finish(self.process)
            said = [line for line in err.splitlines() if "behind real time" not in line]
            equal((status, out, said), (0, "", []), "the card's end")
            holds(not os.path.exists(SOCKET), "the socket is still there")


class Client:
    """As somebody writes one in another language."""
    MAGIC = 0x4E464344
    OPS = ["HELLO", "REG_READ", "REG_VALUE", "REG_WRITE", "DMA_TX", "DMA_RX_START", "DMA_RX_DATA",
           "IRQ", "LOAD_INSTR", "LOAD_DATA", "RUN", "HALT", "STATS", "TIME", "ERROR"]
    DRIVER, LOADER = 1, 2

    def __init__(self, role):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(20)
        self.socket.connect(SOCKET)
        if role:
            equal(self.ask("HELLO", 1, role), ("HELLO", 1, role, b""), "answer of HELLO")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def say(self, op, a=0, b=0, data=b""):
        head = struct.pack("<IHHII", self.MAGIC, self.OPS.index(op) + 1, 0, a, b)
        self.socket.send(head + data)

    def hear(self):
        packet = self.socket.recv(1 << 17)
        if not packet:
            return None
        magic, op, flags, a, b = struct.unpack("<IHHII", packet[:16])
        name = self.OPS[op - 1]
        equal((magic, flags), (self.MAGIC, name not in ("IRQ", "DMA_RX_DATA")), "head of " + name)
        return name, a, b, packet[16:]

    def ask(self, *words):
        self.say(*words)
        return self.hear()

    def stats(self):
        return json.loads(self.ask("STATS")[3])

    def cycle(self):
        _, low, high, _ = self.ask("TIME")
        return high << 32 | low


def load(*words, status=0):
    """What it said: of results, or of errors."""
    done = vernier("load", *words, status=status)
    return done.stderr if status else done.stdout


@case
def two_commands_load_a_program():
    write_hello()
    with Card() as card:
        said = load("-i", "hello.instr.mif").splitlines()
        holds(said[0].startswith("hello.instr.mif: 85 words of instructions in 0."), said[0])
        equal(said[1:], ["the data must be loaded next (-d): they start the program"], "said")
        said = load("-d", "hello.data.mif", "-nodebug").splitlines()
        holds(said[0].startswith("hello.data.mif: 2 words of data in 0."), said[0])
        holds(said[1].startswith("all threads run from cycle "), said[1])
        equal(card.line(), "hello\n", "log")


@case
def one_command_does_too_and_again():
    """a program that runs is replaced by the next"""
    write_hello()
    write_hello("second", "the second\n")
    with Card() as card:
        for _ in range(2):
            load("--instr", "hello.instr.mif", "--data=hello.data.mif", "--nodebug")
            equal(card.line(), "hello\n", "log")
            load("-c", SOCKET, "-i", "second.instr.mif", "-d", "second.data.mif", "-nodebug")
            equal(card.line(), "the second\n", "log")


@case
def debug_hold_runs_by_steps():
    write_hello()
    with Card() as card, Client(Client.DRIVER) as driver:
        said = load("-i", "hello.instr.mif", "-d", "hello.data.mif").splitlines()
        begin = int(said[2].split("held at cycle ")[1].split(";")[0])
        said = load("-step", 3)
        holds(said.startswith("held at cycle %d;" % (begin + 12)), said)
        wait_until(lambda: driver.cycle() == begin + 12, "three steps")
        equal(driver.stats()["counters"]["log_records"], 0, "records before the fourth step")
        load("-step", 1)
        equal(card.line(), "hello\n", "log")
        equal(driver.cycle(), begin + 16, "cycle after it")
        load("-go")
        wait_until(lambda: driver.cycle() > begin + 16, "time goes on")
        equal(load("-go", status=1), "vernier: load: the program runs already\n", "-go again")


@case
def order_and_mistakes():
    write_hello()
    with open("bad.mif", "w") as f:
        f.write(HEAD + "0 : 1\n1 : 2;\nEND;\n")
    with Card() as card:
        for words, said in [
                (["-d", "hello.data.mif"], "data before instructions: load those first"),
                (["-go"], "no program is loaded"),
                (["-step", "1"], "steps are for programs in debug hold"),
                (["-i", "bad.mif"], "bad.mif:2: missing ';' behind \"1\""),
                (["-i", "absent.mif"], "absent.mif: No such file or directory")]:
            equal(load(*words, status=1), "vernier: load: %s\n" % said, " ".join(words))
        load("-i", "hello.instr.mif")
        equal(load("-i", "bad.mif", status=1).count("bad.mif:2:"), 1, "lines about a bad file")
        load("-d", "hello.data.mif", "-nodebug")  # which left what there was
        equal(card.line(), "hello\n", "log")


@case
def encoded_programs_are_refused():
    for words, file in [(["-h", "app.hcode"], "app.hcode"),
                        (["-i", "app.instr.enc"], "app.instr.enc")]:
        equal(load(*words, status=2), "vernier: load: %s: encoded programs are not needed here; "
              "load app.instr.mif with -i\n" % file, " ".join(words))
    holds("-nodebug" in load("-h"), "-h without a file is no help")


@case
def no_card_is_said():
    write_hello()
    said = load("-i", "hello.instr.mif", status=1)
    holds("card socket card.sock: No such file or directory" in said, said)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as other:
        other.bind(SOCKET)
        said = load("-i", "hello.instr.mif", status=1)
        holds("card socket card.sock: Connection refused" in said, said)


@case
def one_loader_at_a_time():
    write_hello()
    with Card() as card:
        with Client(Client.LOADER) as loader:
            equal(load("-go", status=1), "vernier: load: the card has a loader already\n", "said")
            data = struct.pack(">85I", *program_words(HELLO))
            equal(loader.ask("LOAD_INSTR", 0, 0, data), ("LOAD_INSTR", 0, 85, b""), "answer")
        load("-d", "hello.data.mif", "-nodebug")  # the other one left in between
        equal(card.line(), "hello\n", "log")


@case
def a_loader_that_is_killed_leaves_the_card_in_order():
    write_hello()
    with Card() as card:
        child = os.fork()
        if child == 0:
            loader = Client(Client.LOADER)
            loader.ask("LOAD_INSTR", 0, 0, struct.pack(">I", PARK))
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        load("-i", "hello.instr.mif", "-d", "hello.data.mif", "-nodebug")
        equal(card.line(), "hello\n", "log")


@case
def nonsense_ends_a_connection_and_nothing_else():
    write_hello()
    with Card() as card:
        for packet in (b"x", b"x" * 16, struct.pack("<IHHII", Client.MAGIC, 1, 0, 9, 9)):
            with Client(None) as client:
                client.socket.send(packet)
                name, number, _, sentence = client.hear()
                equal(name, "ERROR", "answer of %r" % packet)
                holds(number and sentence, "it says nothing")
                equal(client.hear(), None, "behind it")
        with Client(Client.DRIVER) as driver:
            name, number, op, _ = driver.ask("RUN")
            equal((name, number, op), ("ERROR", errno.EPERM, 11), "a driver's RUN")
            equal(driver.ask("REG_READ", 0x40), ("REG_VALUE", 0x40, 0, b""), "mask")
        load("-i", "hello.instr.mif", "-d", "hello.data.mif", "-nodebug")
        equal(card.line(), "hello\n", "log")


@case
def a_driver_sends_and_receives():
    words = [0] * 96 + ECHO
    words[0], words[12:96:12] = JUMP_TO_96, [PARK] * 7
    write_mif("echo.instr.mif", words)
    write_mif("echo.data.mif", [0])
    with Card("-model", "re2"), Client(Client.DRIVER) as driver:
        load("-i", "echo.instr.mif", "-d", "echo.data.mif", "-nodebug")
        for length in (60, 61, 1514):
            frame = bytes(i % 251 for i in range(length))
            driver.say("DMA_TX", 0, 0, frame)
            equal(driver.hear(), ("IRQ", 0x40000000, 0, b""), "transmit complete")
            equal(driver.hear(), ("IRQ", 0x100, 0, b""), "a packet waits")
            driver.say("DMA_RX_START")
            equal(driver.hear(), ("DMA_RX_DATA", 0, 0, frame), "the frame")
            equal(driver.hear(), ("IRQ", 0x80000000, 0, b""), "receive complete")
        equal(driver.ask("REG_READ", 0x44), ("REG_VALUE", 0x44, 0xc0000000, b""), "status")
        counters = driver.stats()["counters"]
        equal((counters["dma_tx"], counters["dma_rx"]), (3, 3), "transfers")


# Images

def write_elf(path, segments):
    offset = 52 + 32 * len(segments)
    headers = body = b""
    for addr, words in segments:
        data = struct.pack(">%dI" % len(words), *words)
        headers += struct.pack(">8I", 1, offset + len(body), addr, addr, len(data), len(data), 7, 4)
        body += data
    with open(path, "wb") as f:
        f.write(b"\x7fELF\1\2\1" + bytes(9))
        f.write(struct.pack(">HHIIIIIHHHHHH", 2, 8, 1, 0, 52, 0, 0, 52, 32, len(segments), 40, 0, 0))
        f.write(headers + body)


def judged(path):
    """Words as srecord's tool reads them: the lowest byte first, as it does not write."""
    if not shutil.which("srec_cat"):
        raise Skip("srec_cat is not installed")
    sh("srec_cat", path, "-mif", "-byte-swap", "4", "-o", "judged", "-binary")
    with open("judged", "rb") as f:
        data = f.read()
    return list(struct.unpack(">%dI" % (len(data) // 4), data))


@case
def images_are_as_srec_cat_reads_them():
    text = [(i * 2654435761) & 0xffffffff for i in range(1, 1000)]
    data = [(i * 40503 << 7) & 0xffffffff for i in range(1, 70000)]
    write_elf("app", [(0x20000000, text), (0x04040000, data)])
    equal(load("-mif", "app"), "app.instr.mif\napp.data.mif\n", "names of files")
    equal(judged("app.instr.mif"), text, "instructions")
    equal(judged("app.data.mif"), data, "data")
    for name, depth in (("app.instr.mif", 65536), ("app.data.mif", 131072)):
        with open(name) as f:
            equal(f.read().splitlines()[:2], ["WIDTH=32;", "DEPTH=%d;" % depth], name)


@case
def srec_cat_writes_what_we_read():
    """what srec_cat writes is read: comments, order of settings, many words a line"""
    words = program_words(HELLO)
    for name, these in (("hello.instr", words), ("hello.data", text_words("as srec_cat says\n"))):
        with open(name, "wb") as f:
            f.write(struct.pack(">%dI" % len(these), *these))
        sh("srec_cat", name, "-binary", "-o", name + ".mif", "-mif", "32")
    with Card() as card:
        load("-i", "hello.instr.mif", "-d", "hello.data.mif", "-nodebug")
        equal(card.line(), "as srec_cat says\n", "log")


@case
def a_program_from_mif_files_is_the_program():
    """the same log, trace and statistics as from its ELF file"""
    write_elf("app", [(0x20000000, program_words(HELLO)), (0x04040000, text_words("%%hello\n"))])
    load("-mif", "app")
    seen = []
    for words in (["app"], ["-i", "app.instr.mif", "-d", "app.data.mif"]):
        out = vernier("card", *words, "-q", "-cycles", 1000, "-trace", "instr,mem,log:trace",
                      "-stats", "stats").stdout
        with open("trace") as trace, open("stats") as stats:
            seen.append((out, trace.read(), json.load(stats)["counters"]))
    equal(seen[0][0], "%hello\n", "log")
    holds(seen[0][1].count("\n") > 4, "trace is empty")
    equal(seen[1], seen[0], "from MIF files")


@case
def what_cannot_be_written_is_said():
    write_elf("app", [(0x20000000, [PARK])])
    os.symlink("/dev/full", "app.instr.mif")
    equal(load("-mif", "app", status=1),
          "vernier: load: app.instr.mif: No space left on device\n", "a full disk")
    write_elf("low", [(0x20000000, [PARK]), (0x04000000, [1])])
    equal(load("-mif", "low", status=1), "vernier: load: low.data.mif: data before 0x04040000, "
          "where a data file begins\n", "data that have no place")


main()

# SPDX-License-Identifier: BSD-2-Clause
"""The command lines of the programs that are compared, ours and others', and the
one frame that all of them send: 60 bytes, Ethernet, IPv4, UDP 9 to 9, the rest
zero. (xdp-trafficgen knows only IPv6 and sends 62 bytes; what varies is said in
a contender's name.)

A program comes from PATH, or from a variable of its name: XDP_TRAFFICGEN for
xdp-trafficgen.
"""
import os
import struct
from dataclasses import dataclass

from lab import FAR_IP, FAR_MAC, NEAR, NEAR_IP, NEAR_MAC, OTHER_CPU, SENDER_CPU, WORK

FRAME_BYTES = 60   # without FCS
UDP_HEADERS = 42   # in front of the payload
FOR_EVER_S = 3600  # iperf3 wants to be told an end
REPLAYED_FRAMES = 10000
IPERF3_PORT = 5201
ITG_PORT = 9000
MGEN_MIN_BYTES = 28 # of payload

# A packet that stays the same until the end.
CONSTANT = ["--clone-skb", "1G", "--flag", "NO_TIMESTAMP"]
# Numbers and stamps are there unless they are taken away.
RANDOM = ["--src-min", "10.0.0.1", "--src-max", "10.255.255.254", "--flag", "IPSRC_RND",
          "--udp-src-min", "1", "--udp-src-max", "65535", "--flag", "UDPSRC_RND"]


@dataclass(frozen=True)
class Sender:
    argv: list
    binds_threads: bool = False # by itself: gets the CPUs of all to choose from
    driver: str = ""            # of vernier, which may not have it
    has_addresses: bool = False # both ends, since it sends through the system's stack
    server: tuple = ()          # that it talks to, on the other end
    server_port: int = 0        # of TCP: when somebody listens there it may begin


def program(name):
    return os.environ.get(name.upper().replace("-", "_"), name)


def frame():
    mac = lambda m: bytes(int(b, 16) for b in m.split(":"))
    ip = lambda a: bytes(map(int, a.split(".")))
    header = struct.pack("!BBHHHBBH", 0x45, 0, FRAME_BYTES - 14, 0, 0, 32, 17, 0)
    header += ip(NEAR_IP) + ip(FAR_IP)
    total = sum(struct.unpack("!10H", header))
    checksum = 0xffff - (total % 0xffff or 0xffff)
    header = header[:10] + struct.pack("!H", checksum) + header[12:]
    udp = struct.pack("!HHHH", 9, 9, FRAME_BYTES - 34, 0)
    return (mac(FAR_MAC) + mac(NEAR_MAC) + b"\x08\x00" + header + udp).ljust(FRAME_BYTES, b"\0")


def in_work(name, content):
    path = os.path.join(WORK, name)
    with open(path, "wb") as f:
        f.write(content)
    return path


class Peers:
    def __init__(self, build):
        self.build = build
        self.vernier = os.path.join(build, "cmd/vernier/vernier")

    def vernier_send(self, driver, *more, cpus=str(SENDER_CPU)):
        where = [] if driver == "null" else [NEAR]
        return Sender([self.vernier, "send", *where, "--driver", driver, "--cpus", cpus,
                       "--count", "0", "--pkt-size", str(FRAME_BYTES), "--dst", FAR_IP,
                       "--dst-mac", FAR_MAC, "--src-mac", NEAR_MAC, "--src-min", NEAR_IP,
                       "--quiet", *more], binds_threads=True, driver=driver)

    def caliper(self, kind, pps):
        """A client and the driver in software, a CPU each: frames of the same length."""
        driver = "taskset -c %d %s nf2d -f --up --cpu %d -b %s:%s --stats %s" % (
            SENDER_CPU, self.vernier, SENDER_CPU, kind, NEAR, os.path.join(WORK, "nf2d.json"))
        client = "taskset -c %d %s caliper -N --catchup -d %d -l %d -i %s -I %s -m %s" % (
            OTHER_CPU, self.vernier, round(1e9 / pps), FRAME_BYTES - UDP_HEADERS, FAR_IP, NEAR_IP,
            FAR_MAC)
        return Sender(["sh", "-c", "%s | { read -r up && exec %s >/dev/null; }" % (driver, client)],
                      binds_threads=True)

    def bare(self, loop):
        return Sender([os.path.join(self.build, "bench", loop), NEAR, frame().hex()])

    @staticmethod
    def xdp_trafficgen(command, *more):
        return Sender([program("xdp-trafficgen"), command, "--dst-mac", FAR_MAC, "--src-mac",
                       NEAR_MAC, *more, NEAR], binds_threads=command == "udp")

    @staticmethod
    def testpmd(vdev, mode="txonly", n_queues=1):
        workers = [SENDER_CPU, OTHER_CPU][:n_queues]
        lcores = ["0@%d" % OTHER_CPU] + ["%d@%d" % (n + 1, c) for n, c in enumerate(workers)]
        return Sender([program("dpdk-testpmd"), "--no-huge", "-m", "256", "--no-pci",
                       "--no-telemetry", "--lcores", ",".join(lcores), "--file-prefix",
                       "vernier-bench", "--vdev=" + vdev, "--", "--total-num-mbufs=16384",
                       "--nb-cores=%d" % n_queues, "--rxq=%d" % n_queues, "--txq=%d" % n_queues,
                       "--forward-mode=" + mode, "--txpkts=%d" % FRAME_BYTES,
                       "--stats-period=1", "--eth-peer=0," + FAR_MAC,
                       "--tx-ip=%s,%s" % (NEAR_IP, FAR_IP), "--tx-udp=9,9"], binds_threads=True)

    @staticmethod
    def trafgen(*more, n_cpus=1):
        packet = "{ %s }\n" % ", ".join("0x%02x" % b for b in frame())
        # Not -t 0: asking for no gap makes it slower than asking for nothing.
        return Sender([program("trafgen"), "--dev", NEAR, "--conf",
                       in_work("packet.cfg", packet.encode()), "--cpus", str(n_cpus),
                       "--notouch-irq", "--no-sock-mem", *more], binds_threads=n_cpus > 1)

    @staticmethod
    def tcpreplay(*speed, gap_us=0):
        """From memory, over and over; gap_us: apart in the capture's own times."""
        header = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
        records = b"".join(
            struct.pack("<IIII", *divmod(n * gap_us, 1000000), FRAME_BYTES, FRAME_BYTES) + frame()
            for n in range(REPLAYED_FRAMES))
        capture = in_work("frames.pcap", header + records)
        return Sender([program("tcpreplay"), "--quiet", "--preload-pcap", "--no-flow-stats",
                       "--loop", "0", "--intf1", NEAR, *(speed or ["--topspeed"]), capture])

    @staticmethod
    def mausezahn(*delay):
        return Sender([program("mausezahn"), NEAR, "-q", "-c", "0", *delay, frame().hex(":")])

    @staticmethod
    def iperf3(bits_per_s=0, *more):
        return Sender([program("iperf3"), "--client", FAR_IP, "--udp", "--bitrate",
                       str(bits_per_s), "--length", str(FRAME_BYTES - UDP_HEADERS), "--time",
                       str(FOR_EVER_S), *more], has_addresses=True,
                      server=(program("iperf3"), "--server", "--one-off"),
                      server_port=IPERF3_PORT)

    @staticmethod
    def d_itg(pps, *more):
        return Sender([program("ITGSend"), "-a", FAR_IP, "-rp", "9", "-C", str(pps), "-c",
                       str(FRAME_BYTES - UDP_HEADERS), "-p", "0", "-t",
                       str(FOR_EVER_S * 1000), *more], has_addresses=True,
                      server=(program("ITGRecv"),), server_port=ITG_PORT)

    @staticmethod
    def mgen(pps, *more):
        flow = "ON 1 UDP DST %s/9 PERIODIC [%d %d]" % (FAR_IP, pps, MGEN_MIN_BYTES)
        return Sender([program("mgen"), "event", flow, "nolog", *more], has_addresses=True)

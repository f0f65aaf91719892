#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""IPsec, judged by tshark: it decrypts with the same keys, checks the check
values, and finds pktgen's packets inside."""
import os
import subprocess

from harness import (MAC1, Skip, case, equal, holds, main, sh, start, tshark, vernier, veth,
                     wait_until, finish, is_receiving)

KEY16 = "0x0123456789abcdef0123456789abcdef"
KEY20, KEY24, KEY32 = KEY16 + "01234567", KEY16 + "0123456789abcdef", KEY16 + KEY16[2:]
KEY64 = KEY32 + KEY32[2:]
TO = ["--src-min", "10.0.0.1", "--dst", "10.0.0.2", "--dst-mac", MAC1]
IPSEC = ["--flag", "IPSEC", "--flows", "1"]

# What `ip` calls it; what tshark calls cipher and check, and their keys.
ALGORITHMS = [
    ("enc aes %s auth sha1 %s" % (KEY16, KEY20), "AES-CBC [RFC3602]", KEY16,
     "HMAC-SHA-1-96 [RFC2404]", KEY20),
    ("enc aes %s auth-trunc hmac(sha256) %s 128" % (KEY32, KEY32), "AES-CBC [RFC3602]", KEY32,
     "HMAC-SHA-256-128 [RFC4868]", KEY32),
    ("enc cbc(aes) %s auth-trunc sha384 %s 192" % (KEY24, KEY32), "AES-CBC [RFC3602]", KEY24,
     "HMAC-SHA-384-192 [RFC4868]", KEY32),
    ("enc cbc(aes) %s auth-trunc sha512 %s 256" % (KEY16, KEY64), "AES-CBC [RFC3602]", KEY16,
     "HMAC-SHA-512-256 [RFC4868]", KEY64),
    ("enc des3_ede %s auth md5 %s" % (KEY24, KEY16), "TripleDES-CBC [RFC2451]", KEY24,
     "HMAC-MD5-96 [RFC2403]", KEY16),
    ("enc cipher_null '' auth sha1 %s" % KEY20, "NULL", "", "HMAC-SHA-1-96 [RFC2404]", KEY20),
    ("enc rfc3686(ctr(aes)) %s auth sha1 %s" % (KEY20, KEY20), "AES-CTR [RFC3686]", KEY20,
     "HMAC-SHA-1-96 [RFC2404]", KEY20),
    ("aead rfc4106(gcm(aes)) %s 128" % KEY20, "AES-GCM with 16 octet ICV [RFC4106]", KEY20,
     "NULL", ""),
    ("aead rfc4106(gcm(aes)) %s 64" % KEY20, "AES-GCM with 8 octet ICV [RFC4106]", KEY20,
     "NULL", ""),
]


LEN_128 = 14 + 20 + 8 + 16 + 80 + 12  # what ESP makes of 128 bytes with AES and SHA-1


def simulate(count, *words, status=0):
    return vernier("send", "--sim", "--pcap", "out.pcap", "--count", count, "--sa", "sa", *words,
                   status=status)


def write_sa(text, mode="transport", spi=0x100):
    with open("sa", "w") as f:
        f.write("ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi %d mode %s %s\n" % (
            spi, mode, text))


def options(cipher, key, check, check_key, spi=0x100):
    return ("esp.enable_encryption_decode:TRUE", "esp.enable_authentication_check:TRUE",
            'uat:esp_sa:"IPv4","10.0.0.1","10.0.0.2","0x%08x","%s","%s","%s","%s"' % (
                spi, cipher, key, check, check_key))


def judge(path, n, algorithm, what):
    """n packets, decrypted, in order, with good check values where tshark checks."""
    _, cipher, key, check, check_key = algorithm
    rows = tshark(path, "esp.sequence", "esp.icv_good", "udp.dstport", "pktgen.magic",
                  "pktgen.seqnum", "udp.checksum.status", "ip.checksum.status",
                  options=options(cipher, key, check, check_key))
    equal(len(rows), n, what)
    for i, (sequence, icv, port, magic, number, udp, ip) in enumerate(rows, 1):
        equal((sequence, port, magic, number), ("0", "9", "0xbe9be955", str(i)), what)
        holds(icv == "1" or check == "NULL", "%s: check value of packet %d" % (what, i))
        holds(udp in ("1", "3"), "%s: UDP checksum of packet %d" % (what, i))
        holds(set(ip.split(",")) == {"1"}, "%s: IP checksum of packet %d" % (what, i))


@case
def every_algorithm_is_decrypted_by_tshark():
    for algorithm in ALGORITHMS:
        write_sa(algorithm[0])
        simulate(40, *IPSEC, *TO, "--min-pkt-size", 60, "--max-pkt-size", 99, "--flag", "UDPCSUM")
        judge("out.pcap", 40, algorithm, algorithm[0])


@case
def tunnel_mode_with_an_spi():
    write_sa(ALGORITHMS[0][0], "tunnel", 0x200)
    simulate(5, *IPSEC, "--spi", 0x200, "--src-min", "192.168.0.1", "--dst", "192.168.0.2",
             "--pkt-size", 200)
    rows = tshark("out.pcap", "ip.src", "ip.dst", "ip.ttl", "ip.proto", "ip.len", "pktgen.seqnum",
                  options=options(*ALGORITHMS[0][1:], spi=0x200))
    equal(rows, [("10.0.0.1,192.168.0.1", "10.0.0.2,192.168.0.2", "64,32", "50,17",
                  rows[0][4], str(i)) for i in range(1, 6)])
    outer, inner = map(int, rows[0][4].split(","))
    equal(inner, 200 - 14 - 44, "the payload shrinks by the association's headers")
    holds(outer > inner + 44, "outer length %d" % outer)


@case
def without_a_match_packets_go_in_clear():
    write_sa(ALGORITHMS[0][0])
    for words in (["--dst", "10.0.0.3"], ["--spi", 0x999], ["--flows", 0], ["--flag", "!IPSEC"]):
        simulate(3, *IPSEC, *TO, *words)
        equal(tshark("out.pcap", "ip.proto", "pktgen.seqnum"),
              [("17", "1"), ("17", "2"), ("17", "3")], str(words))


@case
def flows_have_their_own_associations():
    with open("sa", "w") as f:
        for last in (2, 4):
            f.write("src 10.0.0.1 dst 10.0.0.%d proto esp spi %d enc cipher_null '' auth sha1 %s\n"
                    % (last, last, KEY20))
    simulate(12, "--flag", "IPSEC", "--flag", "FLOW_SEQ", "--flows", 3, "--flowlen", 2, *TO[:2],
             "--dst-mac", MAC1, "--dst-min", "10.0.0.2", "--dst-max", "10.0.0.4")
    rows = tshark("out.pcap", "ip.dst", "ip.proto", "esp.spi")
    esp = {"10.0.0.2": ("50", "0x00000002"), "10.0.0.3": ("17", ""),
           "10.0.0.4": ("50", "0x00000004")}
    equal([row[1:] for row in rows], [esp[row[0]] for row in rows])
    equal(len({row[0] for row in rows}), 3, "destinations")


@case
def on_a_wire_at_full_speed():
    veth()
    write_sa(ALGORITHMS[0][0])
    receiver = start("recv", "vn1", "--time", "20s", "--count", 0, "--pcap", "in.pcap", "--quiet")
    wait_until(is_receiving, "the receiver")
    vernier("send", "vn0", "--count", 2000, "--sa", "sa", *IPSEC, *TO, "--pkt-size", 128)
    wait_until(lambda: os.path.getsize("in.pcap") >= 24 + 2000 * (16 + LEN_128),
               "2000 frames in the capture")
    receiver.terminate()
    finish(receiver)
    judge("in.pcap", 2000, ALGORITHMS[0], "on veth")


@case
def refusals():
    def refused(text, names, extra=()):
        write_sa(text)
        said = simulate(1, *IPSEC, *TO, *extra, status=1).stderr
        for name in names:
            holds(name in said, "%s: %r does not name %s" % (text, said, name))

    refused("enc rot13 " + KEY16, ["rot13", "cbc(aes)"])
    refused("enc aes 0x00", ["8 bits"])
    refused("enc aes 0xzz", ["sa:1", "0xzz"])
    refused("color blue", ["sa:1", "color"])
    refused("enc aes " + KEY16, ["VLAN"], extra=["--vlan-id", "5"])
    said = vernier("send", "--sim", "--sa", "missing", *IPSEC, *TO, status=1).stderr
    holds("missing" in said and "No such file" in said, said)


@case
def associations_of_the_system():
    """associations of the system (needs ESP in the kernel)"""
    veth()
    words = "ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x100 mode transport"
    made = subprocess.run(words.split() + ["auth", "hmac(sha1)", KEY20, "enc", "cbc(aes)", KEY16],
                          capture_output=True, text=True)
    if made.returncode:
        raise Skip("this kernel has no ESP: " + made.stderr.strip())
    vernier("send", "vn0", "--count", 7, *IPSEC, *TO, "--pkt-size", 100)
    state = sh("ip", "-s", "xfrm", "state")
    holds("728(bytes), 7(packets)" in state, "counters:\n" + state)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""An authoritative DNS server of a test's own: Knot, on a loopback address and port of its own.

    with KnotServer({"cpc": ["_cpc-fed._tcp.beta 60 SRV 0 0 8470 host.beta"]}) as server:
        server.place                        # ("127.99.1.2", 5300)
        server.set_zone("cpc", [...])       # other records from now on

Records are lines of a zone file, relative to their zone. The server ends with this process, however
that ends, unless `is_detached`.

As a program: knot_server.py COMMAND... runs the command with CPC_DNS=ip:port, serving the zones of
the unit tests (unit_zones below), and ends with its status."""

import contextlib
import ctypes
import itertools
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

from own_server import OwnServer, free_host, run_command

KNOTD, KNOTC = "/usr/sbin/knotd", "/usr/sbin/knotc"
PORT = 5300
LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


class KnotServer(OwnServer):
    """`with KnotServer({zone: [record, ...]}) as server:`"""

    NAME, START_S = "Knot", 20

    def __init__(self, zones, folder=None, is_detached=False):
        self.zones = dict(zones)
        self.is_detached = is_detached
        self.serials = itertools.count(1)
        # Short, because the path of the control socket has 107 octets at most.
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="cpc-dns-", dir="/tmp"))
        self.place = (free_host((121, 126), PORT), PORT)
        self.conf = self.folder / "knot.conf"
        self.log = self.folder / "knot.log"
        self.pid_file = self.folder / "server.pid"  # Knot writes another, later.

    @property
    def text(self):
        return f"{self.place[0]}:{self.place[1]}"

    def start(self):
        """Also after stop(): the same zones at the same place."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for zone, records in self.zones.items():
            self.write_zone(zone, records)
        self.conf.write_text(
            f"server:\n  rundir: {self.folder}\n  listen: {self.place[0]}@{self.place[1]}\n"
            "  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n"
            f"database:\n  storage: {self.folder}/db\n"
            "log:\n  - target: stderr\n    any: warning\n"
            f"template:\n  - id: default\n    storage: {self.folder}\n    file: %s.zone\n"
            "    journal-content: none\n    zonefile-load: whole\n    semantic-checks: off\n"
            "zone:\n" + "".join(f"  - domain: {zone}\n" for zone in self.zones))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([KNOTD, "-c", self.conf], cwd="/", stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL,
                                            start_new_session=self.is_detached,
                                            preexec_fn=None if self.is_detached
                                            else end_with_parent)
        self.pid_file.write_text(f"{self.process.pid}\n")
        self.wait_started()

    def answers(self):
        return all(self.serves(zone) for zone in self.zones)

    def write_zone(self, zone, records):
        (self.folder / f"{zone}.zone").write_text(
            f"$ORIGIN {zone}.\n@ 60 SOA ns.{zone}. op.{zone}. {next(self.serials)} 60 60 60 10\n"
            f"@ 60 NS ns.{zone}.\nns.{zone}. 60 A {self.place[0]}\n" + "\n".join(records) + "\n")

    def set_zone(self, zone, records):
        self.zones[zone] = records
        self.write_zone(zone, records)
        ended = subprocess.run([KNOTC, "-c", self.conf, "-b", "zone-reload", zone + "."],
                               capture_output=True, text=True)
        if ended.returncode != 0:
            raise AssertionError(f"knotc: {ended.stdout}{ended.stderr}\n{self.log_tail()}")

    def serves(self, zone):
        """Whether it answers with authority for the zone."""
        question = struct.pack(">6H", 7, 0, 1, 0, 0, 0) + b"".join(
            bytes([len(label)]) + label.encode() for label in zone.split(".")) + b"\0\0\6\0\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(0.2)
            with contextlib.suppress(OSError):
                asking.connect(self.place)
                asking.send(question)
                _, flags, _, answers = struct.unpack(">4H", asking.recv(512)[:8])
                return flags & 0x840f == 0x8400 and answers > 0
        return False

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def end_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def unit_zones():
    """What tests/unit/dns expects to find."""
    iid, other = "A" * 42 + "E", "A" * 42 + "I"
    good = f'TXT "v=cpc1; iid={iid}; st=active"'
    many = [f"_cpc-fed._tcp.many 60 SRV {i} 0 {8000 + i} target-{i}-{'x' * 40}.many"
            for i in range(30)]
    return {
        "cpc": [
            "_cpc-fed._tcp.beta 300 SRV 20 0 8471 spare.beta",
            "_cpc-fed._tcp.beta 300 SRV 10 0 8470 host.beta",
            f"_cpc.beta 120 {good}",
            "host.beta 3600 A 127.0.0.1", "host.beta 3600 AAAA ::1",
            "spare.beta 3600 A 127.0.0.2",
            f"_cpc.two 60 {good}", f'_cpc.two 60 TXT "v=cpc1; iid={other}; st=active"',
            "_cpc-fed._tcp.two 60 SRV 0 0 8470 host.beta",
            "_cpc-fed._tcp.nameless 60 SRV 0 0 8470 host.beta",
            "_cpc-fed._tcp.away 60 SRV 0 0 8470 chat.away.example.",
            "_cpc-fed._tcp.empty 60 SRV 0 0 8470 nobody.empty",
            "_cpc-fed._tcp.none 60 SRV 0 0 0 .",
            "_cpc-fed._tcp.alias 60 CNAME _cpc-fed._tcp.beta",
            *many, *(f"target-{i}-{'x' * 40}.many 60 A 127.0.1.{i + 1}" for i in range(30)),
        ],
        "cpc.example.org": [
            "_cpc-fed._tcp.beta 300 SRV 0 0 8499 host.beta", f"_cpc.beta 300 {good}",
            "host.beta 300 A 127.0.0.9",
        ],
    }


if __name__ == "__main__":
    run_command(lambda: KnotServer(unit_zones()), lambda server: {"CPC_DNS": server.text})

"""What the servers that tests start for themselves have in common: a life in a `with`, a start that
is waited for, a log, an address of their own, and being a program that runs a command."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time


class OwnServer:
    """Who derives from it has `NAME`, `START_S`, `log` (a path), `process`, start() and remove(),
    and says in answers() whether it has started."""

    process = None

    def __enter__(self):
        try:
            self.init()
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_):
        self.remove()

    def init(self):
        """What start() needs, once."""

    def wait_started(self):
        deadline = time.monotonic() + self.START_S
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{self.NAME} did not start:\n{self.log_tail()}")
            time.sleep(0.02)

    def log_tail(self):
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""


def run_command(make, environment_of):
    """The program of a server: runs the command line's command beside the server that `make` makes,
    with what `environment_of` it says, and ends with its status."""
    if len(sys.argv) < 2:
        sys.exit(f"usage: {os.path.basename(sys.argv[0])} COMMAND...")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with make() as server:
        environment = {**os.environ, **environment_of(server)}
        sys.exit(subprocess.run(sys.argv[1:], env=environment).returncode)


def free_host(second_octets, *ports):
    """A loopback address on which nobody has these TCP ports, so that test programs can run side by
    side. Its second octet is one of (lowest, highest): who takes others meets nobody."""
    dice = random.SystemRandom()
    for _ in range(100):
        host = f"127.{dice.randint(*second_octets)}.{dice.randint(1, 250)}.{dice.randint(1, 250)}"
        with contextlib.suppress(OSError):
            for port in ports:
                socket.create_server((host, port)).close()
            return host
    raise AssertionError("no free address in 127.0.0.0/8")

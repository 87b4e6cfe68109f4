"""Octets to an instance's port as they are, and what comes back: no library between that would
refuse to say something wrong."""

import contextlib
import re
import socket
import ssl

PATIENCE_S = 30
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


class RawClient:
    """One connection; over TLS unless told otherwise. `address` is where it comes from."""

    def __init__(self, endpoint, is_tls=True, address=None):
        self.socket = socket.create_connection(
            endpoint, PATIENCE_S, source_address=(address, 0) if address else None)
        if is_tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.socket.close()

    def say(self, octets):
        """False if the other side has hung up."""
        try:
            self.socket.sendall(octets)
        except OSError:
            return False
        return True

    def hear(self, patience_s=PATIENCE_S):
        """What comes until the other side hangs up, or says nothing for so long."""
        heard = b""
        self.socket.settimeout(patience_s)
        with contextlib.suppress(OSError):
            while octets := self.socket.recv(65536):
                heard += octets
        return heard

    def hear_until(self, mark, more=0):
        """What comes up to `mark` and so many octets more, or until the other side hangs up."""
        heard = b""
        self.socket.settimeout(PATIENCE_S)
        with contextlib.suppress(OSError):
            while mark not in heard or len(heard) < heard.index(mark) + len(mark) + more:
                octets = self.socket.recv(4096)
                if not octets:
                    break
                heard += octets
        return heard

    def hear_end(self):
        """What comes until the other side hangs up. AssertionError if it does not."""
        heard = b""
        self.socket.settimeout(PATIENCE_S)
        try:
            while octets := self.socket.recv(65536):
                heard += octets
        except TimeoutError:
            raise AssertionError(f"the connection stays open after {heard[:200]!r}") from None
        except OSError:
            pass
        return heard


def statuses(heard):
    """Of all replies in these octets."""
    return [int(status) for status in STATUS.findall(heard)]


def head_of(method, path, headers, more=""):
    """A request up to the blank line, without a word about its length."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\nhost: alpha\r\n{lines}{more}".encode()

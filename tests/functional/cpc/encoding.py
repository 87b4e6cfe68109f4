"""The small encodings of the protocol, written from its description."""

import base64
import hashlib
import json
import secrets
import time


def b64url(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def from_b64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def b64(octets):
    return base64.b64encode(octets).decode()


def sha256(octets):
    return hashlib.sha256(octets).digest()


def framed_hash(*fields):
    """H(...): each field behind its length in 4 octets; integers are 8 octets, big-endian."""
    framed = b""
    for field in fields:
        if isinstance(field, int):
            field = field.to_bytes(8, "big")
        elif isinstance(field, str):
            field = field.encode()
        framed += len(field).to_bytes(4, "big") + field
    return sha256(framed)


def compact(value):
    """JSON in its one spelling: sorted keys, no white space, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def now_ms():
    return time.time_ns() // 1_000_000


def uuid7():
    octets = bytearray(now_ms().to_bytes(6, "big") + secrets.token_bytes(10))
    octets[6] = 0x70 | octets[6] & 0x0F
    octets[8] = 0x80 | octets[8] & 0x3F
    return bytes(octets)

#!/usr/bin/python3
"""What is done to the connections themselves: requests within requests, framing that two readers
read differently, too much, compressed bombs, slowness and silence. Everything is refused in its
own way, nothing is stored, and the other peers do not notice."""

import concurrent.futures
import contextlib
import gzip
import os
import pathlib
import re
import secrets
import threading
import zlib

from cpc.case import main
from cpc.encoding import b64, b64url, compact
from cpc.instance import CommandFailed
from cpc.lying_peer import HELLO_PATH, HELLO_TYPE, TRANSACTION_PATH, TRANSACTION_TYPE
from cpc.peer_case import PeerCase
from cpc.peer_events import Person, batch
from cpc.raw_client import RawClient, head_of, statuses

VECTORS = pathlib.Path(os.environ.get("CPC_VECTORS", "../shared/vectors"), "http")
HEADS_PATH, HEADS_TYPE = "/cpc/fed/v1/sync/heads", "application/cpc-heads+json"
REFUSED = {400, 403, 404, 405, 408, 413, 417, 421, 431}
QUIET_S = 0.4
#: Strangers' addresses; cpcd takes 64 connections of each.
STRANGERS = ("127.0.0.9", "127.0.0.10", "127.0.0.11")
BLOCK = re.compile(r'meta=\{"type": "(request|response)[^>]*-->\s*```http\n(.*?)\n```', re.S)
ESCAPE = re.compile(rb"\\(r|n|t|f|x[0-9a-fA-F]{2})")
ESCAPED = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"f": b"\f"}


def published(pattern):
    """Messages of llhttp's tests, as its own reader of these files makes octets of them."""
    messages = []
    for file in sorted(VECTORS.glob(pattern)):
        for _, text in BLOCK.findall(file.read_text("utf-8")):
            octets = text.replace("\\\n", "").replace("\n", "\r\n").encode()
            messages.append((file.stem, ESCAPE.sub(
                lambda m: ESCAPED.get(m[1]) or bytes([int(m[1][1:], 16)]), octets)))
    return messages


class Hostile(PeerCase):
    maxDiff = None

    def setUp(self):
        self.settle()
        self.assertEqual(self.gamma.greet(self.alpha).status, 200)
        self.before = self.alpha.rows()

    def tearDown(self):
        self.assert_same_rows(self.before, self.alpha)
        self.assertEqual(self.gamma.greet(self.alpha).status, 200, "the honest one still works")
        super().tearDown()

    def asking(self):
        """A transaction that would leave a contact request: (path, body)."""
        carol = Person("carol@gamma.cpc", self.gamma.identity.iid)
        return TRANSACTION_PATH + b64url(secrets.token_bytes(16)), batch(
            self.gamma.epoch, frames=[self.request_frame(carol, self.alice.address)],
            first_frame=self.next_frame)

    def request(self, path, body, method="PUT", kind=TRANSACTION_TYPE):
        """Its head up to the blank line, signed."""
        return head_of(method, path, self.gamma.signed(self.alpha, method, path, body, kind))

    def whole(self):
        path, body = self.asking()
        return (self.request(path, body)
                + f"content-length: {len(body)}\r\n\r\n".encode() + body)

    def others_go_on(self):
        """Whatever goes on here; and so far nothing of it was stored."""
        self.assert_same_rows(self.before, self.alpha)
        self.beta_still_works()
        self.settle()
        self.before = self.alpha.rows()

    def connect(self, address=None):
        return RawClient(self.alpha.federation, address=address)


class Framing(Hostile):
    def test_a_request_within_a_request_is_never_heard(self):
        inner = self.whole()
        chunked = b"transfer-encoding: chunked\r\n"
        length = f"content-length: {len(inner) + 5}\r\n".encode()
        for framing in (length + chunked, chunked + length, b"content-length: 0\r\n" + length,
                        b"content-length: 5, 5\r\n", b"transfer-encoding: xchunked\r\n",
                        b"transfer-encoding: identity\r\n", b"transfer-encoding: gzip, chunked\r\n",
                        b"transfer-encoding: chunked, chunked\r\n", chunked + chunked,
                        b"transfer-encoding:\r\n chunked\r\n", b"transfer-encoding : chunked\r\n",
                        b"transfer-encoding\t: chunked\r\n", b"content-length : 5\r\n",
                        b"content-length: +5\r\n", b"content-length: 0x5\r\n",
                        b"content-length: -5\r\n", b"content-length: 5 5\r\n",
                        b"content-length: 99999999999999999999\r\n", b"content-length: \r\n",
                        b"x: a\ncontent-length: 0\r\n" + length,
                        b"x: a\rtransfer-encoding: chunked\r\n" + length,
                        b"x: a\0\r\n" + length, b" content-length: 5\r\n",
                        b"content-length: 5\r\n folded\r\n"):
            with self.subTest(framing), self.connect() as client:
                path, body = self.asking()
                client.say(self.request(path, body) + framing + b"\r\n0\r\n\r\n" + inner)
                self.assertEqual(statuses(client.hear_end()), [400], "one refusal, and the end")
        for tail in (b"0;x=y\r\n\r\n", b"0\r\nx: y\r\n\r\n", b"-1\r\n\r\n", b"0x0\r\n\r\n",
                     b"fffffffffffffffff\r\n", b"3\nabc\r\n0\r\n\r\n", b"3\r\nabcd\r\n0\r\n\r\n"):
            with self.subTest(tail), self.connect() as client:
                path, body = self.asking()
                client.say(self.request(path, body) + chunked + b"\r\n" + tail + inner)
                self.assertEqual(statuses(client.hear_end()), [400])

    def test_what_follows_an_honest_request_is_a_request_of_its_own(self):
        """Pipelined octets borrow nothing of who was proved before them."""
        body = self.gamma.hello()
        hello = (self.request(HELLO_PATH, body, "POST", HELLO_TYPE)
                 + f"content-length: {len(body)}\r\n\r\n".encode() + body)
        path, asked = self.asking()
        unsigned = head_of("PUT", path, {"content-type": TRANSACTION_TYPE,
                                         "content-length": len(asked)}) + b"\r\n" + asked
        with self.connect() as client:
            client.say(hello + unsigned)
            self.assertEqual(statuses(client.hear(QUIET_S)), [200, 400])

    def test_published_requests_are_answered_or_refused_one_by_one(self):
        messages = published("llhttp-request-*.md")
        print(f"llhttp: {len(messages)} requests")
        if not messages:
            self.skipTest("ran WITHOUT http/llhttp-*.md: set CPC_VECTORS")

        def ask(message):
            with self.connect() as client:
                client.say(message[1])
                return message, statuses(client.hear(QUIET_S))
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            for (file, octets), heard in pool.map(ask, messages):
                with self.subTest(file=file, octets=octets[:200]):
                    self.assertLessEqual(set(heard), REFUSED)

    def test_published_paths_put_no_line_into_a_reply(self):
        lines = VECTORS / "crlfinjection.txt"
        if not lines.exists():
            self.skipTest("ran WITHOUT http/crlfinjection.txt: set CPC_VECTORS")
        for path in lines.read_text("utf-8", errors="surrogateescape").split("\n"):
            with self.subTest(path), self.connect() as client:
                client.say(b"GET " + path.encode("utf-8", "surrogateescape")
                           + b" HTTP/1.1\r\nhost: alpha\r\nconnection: close\r\n\r\n")
                heard = client.hear(QUIET_S)
                self.assertLessEqual(set(statuses(heard)), REFUSED)
                self.assertNotIn(b"crlf", heard.lower())

    def test_published_replies_are_not_believed(self):
        messages = published("llhttp-response-*.md")
        print(f"llhttp: {len(messages)} replies")
        if not messages:
            self.skipTest("ran WITHOUT http/llhttp-*.md: set CPC_VECTORS")
        document = self.gamma.make_document()
        for _, octets in messages:
            self.refused_reply(lambda file, octets=octets: file.write(octets))
        # Nor is the right document in a wrong frame.
        for head in (b"content-length: %d\r\ntransfer-encoding: chunked\r\n" % len(document),
                     b"content-length: 5\r\ncontent-length: %d\r\n" % len(document),
                     b"transfer-encoding: identity\r\n", b"content-encoding: gzip\r\n"
                     b"content-length: %d\r\n" % len(document)):
            self.refused_reply(lambda file, head=head: file.write(
                b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + document))

    def refused_reply(self, reply):
        """gamma answers for its document like this, and alpha keeps the one that it has."""
        known = self.alpha.peer("gamma.cpc")["document"]
        self.gamma.raw_reply = reply
        try:
            with self.assertRaises(CommandFailed):
                self.alpha.cpcctl("peer", "refresh", "gamma.cpc")
        finally:
            self.gamma.raw_reply = None
        self.assertEqual(self.alpha.peer("gamma.cpc")["document"], known)

    def test_nobody_upgrades_a_connection_between_instances(self):
        key = b64(secrets.token_bytes(16))
        for upgrade in ("websocket", "h2c", "HTTP/2.0", "TLS/1.3", "websocket, h2c"):
            for path in ("/graphql", HELLO_PATH, "/.well-known/cpc/instance"):
                with self.subTest(upgrade=upgrade, path=path), self.connect() as client:
                    client.say(head_of("GET", path, {
                        "connection": "Upgrade", "upgrade": upgrade, "sec-websocket-version": 13,
                        "sec-websocket-key": key, "http2-settings": "AAMAAABkAARAAAAAAAIAAAAA",
                        "sec-websocket-protocol": "graphql-transport-ws"}) + b"\r\n")
                    heard = statuses(client.hear(QUIET_S))
                    self.assertNotIn(101, heard)
                    self.assertEqual(len(heard), 1)
        for preface in (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
                        b"\x05\x01\x00", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"):
            with self.subTest(preface), self.connect() as client:
                client.say(preface + b"\r\n\r\n")
                self.assertLessEqual(set(statuses(client.hear(QUIET_S))), REFUSED)


class WebSocketFraming(Hostile):
    def frame(self, first, payload, masked=True, length=None):
        """A frame whose first octet is `first`; `length` is what it claims, in 8 octets."""
        mask = secrets.token_bytes(4) if masked else b""
        bit = 0x80 if masked else 0
        if length is not None:
            size = bytes([bit | 127]) + length.to_bytes(8, "big")
        elif len(payload) < 126:
            size = bytes([bit | len(payload)])
        else:
            size = bytes([bit | 126]) + len(payload).to_bytes(2, "big")
        body = bytes(octet ^ mask[i % 4] for i, octet in enumerate(payload)) if masked else payload
        return bytes([first]) + size + mask + body

    def open(self, **lies):
        client = RawClient(self.alpha.client, is_tls=False)
        client.say(head_of("GET", "/graphql", {
            "connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": 13,
            "sec-websocket-key": b64(secrets.token_bytes(16)),
            "sec-websocket-protocol": "graphql-transport-ws", **lies}) + b"\r\n")
        return client

    def close_code(self, octets):
        """Of the close frame that answers these octets; nothing else does."""
        with self.open() as client:
            self.assertEqual(statuses(client.hear_until(b"\r\n\r\n")), [101])
            client.say(octets)
            heard = client.hear_until(b"\x88", 2)
        self.assertEqual(heard[:1], b"\x88", heard[:100])
        return int.from_bytes(heard[2:4], "big")

    def test_frames_against_the_rules_close_with_their_code(self):
        text, binary, ping, close = 0x81, 0x82, 0x89, 0x88
        for what, octets, code in (
                ("no mask", self.frame(text, b"{}", masked=False), 1002),
                ("a reserved bit", self.frame(text | 0x40, b"{}"), 1002),
                ("compressed, which nobody agreed on", self.frame(
                    text | 0x40, zlib.compress(b"{}")), 1002),
                ("opcode 3", self.frame(0x83, b"x"), 1002),
                ("opcode 11", self.frame(0x8b, b"x"), 1002),
                ("a fragmented ping", self.frame(0x09, b"x"), 1002),
                ("a long ping", self.frame(ping, b"x" * 126), 1002),
                ("the end of nothing", self.frame(0x80, b"x"), 1002),
                ("a text within a text", self.frame(0x01, b"{") + self.frame(text, b"}"), 1002),
                ("one octet of a close code", self.frame(close, b"\x03"), 1002),
                ("a close code of nobody", self.frame(close, (1005).to_bytes(2, "big")), 1002),
                ("not UTF-8", self.frame(text, b"\xff\xfe"), 1007),
                ("a surrogate", self.frame(text, b"\xed\xa0\x80"), 1007),
                ("binary", self.frame(binary, b"{}"), 1003),
                ("2^40 octets", self.frame(text, b"{", length=2 ** 40), 1009),
                ("2^63 octets", self.frame(text, b"{", length=2 ** 63), 1009),
                ("no message of the protocol", self.frame(text, b"x" * 60_000), 4401)):
            with self.subTest(what):
                self.assertEqual(self.close_code(octets), code)

    def test_a_half_baked_upgrade_is_none(self):
        for lie in ({"sec-websocket-version": 12}, {"sec-websocket-key": ""},
                    {"sec-websocket-key": "short"}, {"sec-websocket-key": "=" * 24},
                    {"sec-websocket-protocol": "trick"}, {"upgrade": "websockets"},
                    {"connection": "close"}, {"content-length": 1},
                    {"transfer-encoding": "chunked"}, {"sec-websocket-protocol": "\x01"}):
            with self.subTest(lie), self.open(**lie) as client:
                self.assertNotIn(101, statuses(client.hear(QUIET_S)))


class TooMuch(Hostile):
    def refusal(self, octets):
        """The status of what is said in one piece; None if the connection just ended."""
        with self.connect() as client:
            client.say(octets)
            return (statuses(client.hear(5)) or [None])[0]

    def test_heads_and_bodies_have_bounds(self):
        path, body = self.asking()
        signed = self.request(path, body)
        length = f"content-length: {len(body)}\r\n\r\n".encode() + body
        for what, octets, status in (
                ("one long header", signed + b"x: " + b"a" * 40_000 + b"\r\n" + length, 431),
                ("many headers", signed + b"x: y\r\n" * 101 + length, 431),
                ("a head without end", signed + b"x: y\r\n" * 9000, 431),
                ("a long path", head_of("GET", "/" + "a" * 40_000, {}) + b"\r\n", 431),
                ("a long query", head_of("GET", "/x?" + "a" * 40_000, {}) + b"\r\n", 431),
                ("a long method", b"A" * 40_000 + b" / HTTP/1.1\r\n\r\n", 431),
                ("a long transaction", signed + b"content-length: 2097153\r\n\r\n", 413),
                ("a transaction of a terabyte", signed + b"content-length: 1099511627776\r\n\r\n",
                 413),
                ("a chunk of a terabyte", signed + b"transfer-encoding: chunked\r\n\r\n"
                 b"10000000000\r\nabc", 413),
                ("a long hello", self.request(HELLO_PATH, b"{}", "POST", HELLO_TYPE)
                 + b"content-length: 8193\r\n\r\n", 413),
                ("long heads", self.request(HEADS_PATH, b"{}", "POST", HEADS_TYPE)
                 + b"content-length: 98305\r\n\r\n", 413)):
            with self.subTest(what):
                self.assertEqual(self.refusal(octets), status)
        with self.subTest("chunks without end"), self.connect() as client:
            client.say(signed + b"transfer-encoding: chunked\r\n\r\n")
            chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
            for _ in range(64):
                if not client.say(chunk):
                    break
            self.assertIn(statuses(client.hear(5)), ([413], []))

    def test_what_is_signed_has_bounds_too(self):
        honest = batch(self.gamma.epoch)
        lane = compact({"conversation": b64url(bytes(32)), "first": 1, "items": []})
        for what, body, code in (
                ("17 levels", b'{"v":' + b"[" * 17 + b"]" * 17 + b"}", "TOO_LARGE"),
                ("200,000 levels", b"[" * 200_000 + b"]" * 200_000, "TOO_LARGE"),
                ("many values", b"[" + b"0," * 100_001 + b"0]", "TOO_LARGE"),
                ("many keys", b"{" + b",".join(b'"%d":0' % i for i in range(100_001)) + b"}",
                 "TOO_LARGE"),
                ("many lanes", honest.replace(b'"submissions":[]', b'"submissions":[' + b",".join(
                    [lane] * 1001) + b"]"), "MALFORMED"),
                ("many items", batch(self.gamma.epoch, frames=["x"] * 501,
                                     first_frame=self.next_frame), "TOO_LARGE"),
                ("a long number", honest.replace(b'"boot":1', b'"boot":' + b"1" * 100_000),
                 "MALFORMED"),
                ("a long exponent", honest.replace(b'"boot":1', b'"boot":1e999999999'),
                 "MALFORMED"),
                ("a long text", honest.replace(b'"v":1', b'"v":"' + b"a" * 1_000_000 + b'"'),
                 "MALFORMED"),
                ("a long key", honest.replace(b'"v":1', b'"' + b"v" * 1_000_000 + b'":1'),
                 "MALFORMED")):
            with self.subTest(what):
                self.assertEqual(self.gamma.put(self.alpha, body).code, code)

    def test_nothing_compressed_is_unpacked(self):
        bomb = VECTORS / "gzip_bomb_10MB.gz"
        packed = bomb.read_bytes() if bomb.exists() else gzip.compress(bytes(10_000_000))
        honest = self.asking()[1]
        for coding, body in (("gzip", packed), ("gzip", gzip.compress(honest)),
                             ("x-gzip", packed), ("deflate", zlib.compress(honest)),
                             ("br", packed), ("zstd", packed), ("gzip, gzip", gzip.compress(
                                 gzip.compress(honest)))):
            for name in ("content-encoding", "transfer-encoding"):
                with self.subTest(coding=coding, name=name, size=len(body)), \
                        self.connect() as client:
                    path, _ = self.asking()
                    client.say(self.request(path, body) + f"{name}: {coding}\r\ncontent-length: "
                               f"{len(body)}\r\n\r\n".encode() + body)
                    heard = client.hear(5 if name == "transfer-encoding" else QUIET_S)
                    self.assertEqual(statuses(heard), [400])
        for reply in (b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed)
                      + packed, b"content-length: 1099511627776\r\n\r\n{",
                      b"transfer-encoding: chunked\r\n\r\n" + (b"10000\r\n" + b" " * 65536
                                                               + b"\r\n") * 8,
                      b"\r\n" + b" " * 10_000_000, b"x: " + b"a" * 1_000_000 + b"\r\n\r\n"):
            self.refused_reply(lambda file, reply=reply: file.write(b"HTTP/1.1 200 OK\r\n" + reply))

    refused_reply = Framing.refused_reply


class Slow(Hostile):
    def test_the_slow_and_the_silent_are_let_go_and_harm_nobody(self):
        path, body = self.asking()
        signed = self.request(path, body)
        with contextlib.ExitStack() as stack:
            def many(kind, count=20, **how):
                return [stack.enter_context(RawClient(
                    self.alpha.federation, address=STRANGERS[kind], **how)) for _ in range(count)]
            mute = many(0, is_tls=False)
            dripping, halves = many(1), many(1)
            stalled, silent = many(2), many(2)
            for client in dripping:
                client.say(signed[:40])
            for client in stalled:
                client.say(signed + b"content-length: 1000\r\n\r\n" + body[:20])
            for client in halves:
                client.say(signed + b"content-length: 1000\r\n\r\n" + body[:20])
                client.socket.shutdown(1)
            self.others_go_on()
            self.assertEqual(self.gamma.greet(self.alpha).status, 200)
            while any([client.say(b"x") for client in dripping]):
                self.others_go_on()
            for client in mute:
                self.assertEqual(client.hear_end(), b"", "a handshake that never began")
            for client in halves:
                self.assertLessEqual(set(statuses(client.hear_end())), REFUSED)
            for client in stalled:
                self.assertEqual(statuses(client.hear_end()), [408])
            del silent  # Between requests one may wait; they only count.

    def test_connections_that_break_in_the_middle_leave_nothing(self):
        whole = self.whole()
        for cut in range(1, len(whole), len(whole) // 40):
            with self.connect(STRANGERS[0]) as client:
                client.say(whole[:cut])
                client.socket.setsockopt(1, 13, b"\x01\0\0\0\0\0\0\0")  # SO_LINGER 0: a reset.

    def test_a_peer_that_never_answers_keeps_nobody_else_waiting(self):
        released = threading.Event()
        began = threading.Event()

        def hang(_):
            began.set()
            released.wait(60)
        self.gamma.raw_reply = hang
        asking = threading.Thread(target=self.refresh_quietly)
        asking.start()
        try:
            self.assertTrue(began.wait(30))
            for _ in range(3):
                self.others_go_on()
        finally:
            self.gamma.raw_reply = None
            released.set()
            asking.join()

    def refresh_quietly(self):
        with contextlib.suppress(CommandFailed):
            self.alpha.cpcctl("peer", "refresh", "gamma.cpc")


del Hostile  # Its promises are those of its classes.

if __name__ == "__main__":
    main()

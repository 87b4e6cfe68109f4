#!/usr/bin/python3
"""A peer's request counts only when it is signed by that peer, for us, now, once, and unaltered."""

import contextlib
import re
import secrets
import socket
import ssl
import time

from cpc.case import main
from cpc.encoding import b64url
from cpc.instance import PATIENCE_S
from cpc.lying_peer import HELLO_PATH, HELLO_TYPE, TRANSACTION_PATH
from cpc.peer_case import PeerCase
from cpc.peer_events import Person, batch
from cpc.peer_identity import DOCUMENT_PATH, Key
from cpc.peer_signature import CONTENT, NAMES, PLAIN, content_digest

ALL = PLAIN + CONTENT + NAMES


class Requests(PeerCase):
    def setUp(self):
        self.settle()
        self.assertEqual(self.gamma.greet(self.alpha).status, 200, "an honest request works")
        self.before = self.alpha.rows()

    def tearDown(self):
        self.assert_same_rows(self.before, self.alpha)
        self.assertEqual(self.gamma.greet(self.alpha).status, 200, "an honest request still works")
        super().tearDown()

    def put(self, body=None, path=None, **lies):
        """An honest transaction with a request in it, but for the lies: (path, headers, body)."""
        carol = Person("carol@gamma.cpc", self.gamma.identity.iid)
        body = body or batch(self.gamma.epoch, frames=[self.request_frame(carol, "bob@alpha.cpc")],
                             first_frame=self.next_frame)
        path = path or TRANSACTION_PATH + b64url(secrets.token_bytes(16))
        return path, self.gamma.signed(self.alpha, "PUT", path, body, **lies), body

    def send(self, path, headers, body, method="PUT"):
        return self.gamma.request(self.alpha, method, path, body, headers)

    def assert_lie(self, status, code, **lies):
        """A transaction that lies like this is refused."""
        self.assert_problem(self.send(*self.put(**lies)), status, code)

    # --- who ---------------------------------------------------------------------------------

    def test_a_key_of_nobody_is_refused(self):
        self.assert_lie(403, "UNKNOWN_KEY", key=Key())

    def test_another_key_under_the_known_key_id_is_refused(self):
        self.assert_lie(403, "BAD_SIGNATURE", key=Key(), keyid=self.gamma.identity.signing.kid)

    def test_the_root_key_signs_no_requests(self):
        self.assert_lie(403, "UNKNOWN_KEY", key=self.gamma.identity.root)

    def test_the_name_of_another_peer_of_nobody_and_of_the_receiver_are_refused(self):
        self.assert_lie(403, "UNKNOWN_KEY", origin="beta.cpc")
        self.assert_lie(403, "NOT_PEERED", origin="delta.cpc")
        self.assert_lie(403, "NOT_PEERED", origin="alpha.cpc")
        for name in ("Gamma.cpc", "gamma", "gamma.cpc.", "gamma.cpc/../beta.cpc"):
            self.assert_lie(400, "MALFORMED", origin=name)

    # --- for whom and when -------------------------------------------------------------------

    def test_a_request_for_another_instance_is_refused(self):
        self.assert_lie(421, "WRONG_DESTINATION", destination="beta.cpc")

    def test_another_version_of_the_protocol_is_refused(self):
        self.assert_lie(400, "INCOMPATIBLE", version="2")
        reply = self.gamma.greet(self.alpha, self.gamma.hello(versions=[2, 3]))
        self.assert_problem(reply, 400, "INCOMPATIBLE")
        self.assertEqual(reply.json["versions"], [1])

    def test_a_stale_a_future_and_a_long_lived_signature_are_refused(self):
        now = int(time.time())
        self.assert_lie(403, "CLOCK_SKEW", created=now - 600)
        self.assert_lie(403, "CLOCK_SKEW", created=now + 600)
        self.assert_lie(400, "MALFORMED", life=301)
        self.assert_lie(400, "MALFORMED", life=-10)

    def test_a_request_from_before_the_last_start_is_to_be_signed_anew(self):
        started = self.alpha.status()["started_at"] // 1000
        reply = self.send(*self.put(created=started - 5))
        self.assert_problem(reply, 503, "RETRY")
        self.assertTrue(reply.json["retryable"])
        self.assertLess(abs(reply.json["server_time"] / 1000 - time.time()), 60)

    def test_a_replayed_request_is_refused(self):
        body = self.gamma.hello()
        headers = self.gamma.signed(self.alpha, "POST", HELLO_PATH, body, HELLO_TYPE)
        first = self.send(HELLO_PATH, headers, body, "POST")
        self.assertEqual(first.status, 200)
        self.gamma.check(first)
        for _ in range(3):
            self.assert_problem(self.send(HELLO_PATH, headers, body, "POST"), 409, "REPLAY")

    def test_a_nonce_used_again_under_a_new_signature_is_refused(self):
        nonce = secrets.token_bytes(16)
        self.assertEqual(self.gamma.greet(self.alpha, nonce=nonce).status, 200)
        self.assert_problem(self.gamma.greet(self.alpha, nonce=nonce), 409, "REPLAY")

    # --- unaltered -----------------------------------------------------------------------------

    def test_an_altered_body_is_refused_with_its_old_and_with_a_new_digest(self):
        path, headers, body = self.put()
        altered = body.replace(b'"boot":1', b'"boot":2')
        self.assertNotEqual(body, altered)
        self.assert_problem(self.send(path, headers, altered), 403, "BAD_SIGNATURE")
        headers = {**headers, "content-digest": content_digest(altered)}
        self.assert_problem(self.send(path, headers, altered), 403, "BAD_SIGNATURE")

    def test_an_altered_path_query_header_or_time_is_refused(self):
        path, headers, body = self.put()
        other = TRANSACTION_PATH + b64url(secrets.token_bytes(16))
        self.assert_problem(self.send(other, headers, body), 403, "BAD_SIGNATURE")
        self.assert_problem(self.send(path + "?a=1", headers, body), 403, "BAD_SIGNATURE")
        later = re.sub(r"expires=(\d+)", lambda m: f"expires={int(m[1]) - 1}",
                       headers["signature-input"])
        for name, value in (("content-type", "text/plain"), ("signature-input", later)):
            self.assertNotEqual(headers[name], value)
            reply = self.send(path, {**headers, name: value}, body)
            self.assert_problem(reply, 403, "BAD_SIGNATURE")

    def test_a_missing_half_or_foreign_signature_is_refused(self):
        path, headers, body = self.put()
        for missing in (("signature",), ("signature-input",), ("signature", "signature-input"),
                        ("content-digest",), ("cpc-origin",), ("cpc-destination",),
                        ("cpc-version",), ("content-type",)):
            less = {name: value for name, value in headers.items() if name not in missing}
            self.assert_problem(self.send(path, less, body), 400, "MALFORMED")
        for name, old, new in (("signature", "fed=", "other="), ("signature-input", "fed=", "x="),
                               ("signature", "fed=:", "fed=:AAAA"),
                               ("signature-input", "ed25519", "hmac-sha256")):
            lie = {**headers, name: headers[name].replace(old, new, 1)}
            self.assert_problem(self.send(path, lie, body), 400, "MALFORMED")
        self.assert_lie(400, "MALFORMED", tag="cpc-fed-ack-1")

    def test_a_signature_that_leaves_something_out_is_refused(self):
        for name in ALL:
            with self.subTest(name):
                self.assert_lie(400, "MALFORMED", cover=tuple(n for n in ALL if n != name))

    # --- what for ------------------------------------------------------------------------------

    def test_unknown_paths_and_methods_are_refused(self):
        for path in ("/", "/cpc/fed/v1/", "/cpc/fed/v2/hello", "/cpc/fed/v1/txn/",
                     "/cpc/fed/v1/txn/short", "/cpc/fed/v1/sync/other", "/graphql", "/v1/status"):
            self.assert_problem(self.send(path, *self.put(path=path)[1:]), 404, "UNRECOGNIZED")
        path, headers, body = self.put()
        self.assert_problem(self.send(path, headers, body, "POST"), 405, "METHOD_NOT_ALLOWED")
        self.assert_problem(self.send(HELLO_PATH, {}, b"", "GET"), 405, "METHOD_NOT_ALLOWED")
        self.assert_problem(self.send(DOCUMENT_PATH, {}, b"x", "PUT"), 405, "METHOD_NOT_ALLOWED")

    def test_a_signed_body_that_is_malformed_is_refused(self):
        honest = batch(self.gamma.epoch)
        for body in (b"[]", b"{}", b"null", b"{", honest + b"x",
                     honest.replace(b'"v":1', b'"v":2'), honest.replace(b'"v":1', b'"v":1.0'),
                     honest.replace(b'"v":1', b'"v":1,"v":1'),
                     honest.replace(b'"v":1', b'"v":1,"x":1'),
                     honest.replace(b'"boot":1', b'"boot":9007199254740992'),
                     honest.replace(b'"logs":[]', b'"logs":[{}]'),
                     honest.replace(b'"logs":[]', b'"logs":{}'),
                     honest.replace(b'"receipts":[]', b'"receipts":[7]'),
                     b'{"x":"\xff\xfe"}'):
            self.assert_problem(self.send(*self.put(body=body)), 400, "MALFORMED")
        deep = b'{"v":' + b"[" * 100 + b"]" * 100 + b"}"
        self.assert_problem(self.send(*self.put(body=deep)), 413, "TOO_LARGE")
        reply = self.gamma.greet(self.alpha, b"{}")
        self.assert_problem(reply, 400, "MALFORMED")

    def test_too_many_items_and_too_many_octets_are_refused(self):
        body = batch(self.gamma.epoch, frames=["x"] * 501, first_frame=self.next_frame)
        self.assert_problem(self.send(*self.put(body=body)), 413, "TOO_LARGE")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            body = batch(self.gamma.epoch, frames=["x" * 100_000] * 30)
            self.assertEqual(self.send(*self.put(body=body)).status, 413)

    # --- the transport -------------------------------------------------------------------------

    def test_only_tls_1_3_is_spoken(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with socket.create_connection(self.alpha.federation) as plain:
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(plain)
        with socket.create_connection(self.alpha.federation) as plain:
            plain.sendall(b"GET /.well-known/cpc/instance HTTP/1.1\r\nHost: a\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                self.assertNotIn(b"HTTP/", plain.recv(1000))

    def test_a_body_is_taken_only_where_one_belongs(self):
        """A stranger gets no room for two megabytes at a door that takes none."""
        for method, path in (("GET", DOCUMENT_PATH), ("PUT", "/cpc/fed/v1/other"),
                             ("POST", TRANSACTION_PATH + "x" * 22), ("POST", HELLO_PATH)):
            with self.subTest(method=method, path=path), \
                    contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                reply = self.gamma.request(self.alpha, method, path, b"x" * 10_000)
                self.assertEqual(reply.status, 413)

    def test_one_address_cannot_hold_all_connections(self):
        held = []
        with contextlib.ExitStack() as stack:
            for _ in range(64):
                held.append(stack.enter_context(socket.create_connection(
                    self.alpha.federation, source_address=("127.0.0.9", 0))))
            one_more = stack.enter_context(socket.create_connection(
                self.alpha.federation, source_address=("127.0.0.9", 0)))
            one_more.settimeout(PATIENCE_S)
            with contextlib.suppress(ConnectionError):
                self.assertEqual(one_more.recv(1), b"", "the 65th connection was kept")
            self.assertEqual(self.gamma.greet(self.alpha).status, 200, "others are shut out")

    def test_noise_and_half_requests_harm_nobody(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        for noise in (secrets.token_bytes(2000), b"PUT / HTTP/1.1\r\nHost: a\r\n",
                      b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n", b"\r\n" * 500):
            with contextlib.suppress(OSError), \
                    socket.create_connection(self.alpha.federation) as plain, \
                    context.wrap_socket(plain) as tls:
                tls.sendall(noise)


if __name__ == "__main__":
    main()

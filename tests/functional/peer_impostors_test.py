#!/usr/bin/python3
"""Impostors by class, ten ways and more each: every one is refused with its code, nothing of it is
stored, and after each class another peer's message arrives as ever."""

import base64
import re
import secrets
import time

from cpc.case import main
from cpc.encoding import b64, b64url, from_b64url, now_ms
from cpc.lying_peer import HELLO_PATH, HELLO_TYPE, TRANSACTION_PATH
from cpc.peer_case import PeerCase
from cpc.peer_events import Log, Person, batch, envelope, frame, join, post, submission
from cpc.peer_identity import DAY_MS, Key
from cpc.peer_signature import content_digest

GROUP_ORDER = 2 ** 252 + 27742317777372353535851937790883648493
HEADS_PATH, HEADS_TYPE = "/cpc/fed/v1/sync/heads", "application/cpc-heads+json"
LOG_PATH = "/cpc/fed/v1/log/"
CASES_MIN = 10


def txn_path():
    return TRANSACTION_PATH + b64url(secrets.token_bytes(16))


class Impostors(PeerCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        # Conversations that alpha knows, for what comes from nowhere is not even looked at.
        _, cls.of_gamma, _, log = case.meet("gamma.cpc")
        cls.wire_of_gamma = log.wire
        _, cls.of_alpha, _, log = case.meet("alpha.cpc")
        cls.wire_of_alpha = log.wire

    def setUp(self):
        self.settle()
        self.assertEqual(self.gamma.greet(self.alpha).status, 200)
        self.before = self.alpha.rows()
        self.count = 0

    def tearDown(self):
        self.assertGreaterEqual(self.count, CASES_MIN, "too few cases for a class")
        self.assert_same_rows(self.before, self.alpha)
        self.assertEqual(self.gamma.greet(self.alpha).status, 200, "the honest one still works")
        super().tearDown()

    # --- how a case is told ----------------------------------------------------------------------

    def honest(self, path=None, body=None, method="PUT", **lies):
        """(method, path, headers, body) of a transaction, but for the lies."""
        path = path or txn_path()
        body = batch(self.gamma.epoch) if body is None else body
        return method, path, self.gamma.signed(self.alpha, method, path, body, **lies), body

    def send(self, method, path, headers, body):
        return self.gamma.request(self.alpha, method, path, body, headers)

    def refused(self, codes, what, request):
        """This request gets one of `codes`."""
        self.count += 1
        with self.subTest(what):
            reply = self.send(*request)
            self.assertIn(reply.code, codes.split("|"), (what, reply.status, reply.raw[:200]))
            self.assertGreaterEqual(reply.status, 400)

    def stopped(self, what, code, **parts):
        """A part of an honest transaction stops its lane with this code."""
        self.count += 1
        with self.subTest(what):
            [lane] = self.gamma.lanes(self.alpha, batch(self.gamma.epoch, **parts))
            self.assertEqual(lane["verdict"], "reject", (what, lane))
            self.assertIn(lane["code"], code.split("|"), (what, lane))

    # --- the classes -----------------------------------------------------------------------------

    def test_forged(self):
        method, path, headers, body = self.honest()
        true = base64.b64decode(headers["signature"][5:-1])
        scalar = (int.from_bytes(true[32:], "little") + GROUP_ORDER) % 2 ** 256
        other = self.honest()[2]["signature"]
        reply_like = self.honest(tag="cpc-fed-ack-1")[2]
        for what, octets in {
            "nothing but zeros": bytes(64), "nothing but ones": b"\xff" * 64,
            "by chance": secrets.token_bytes(64), "R changed": bytes([true[0] ^ 1]) + true[1:],
            "S changed": true[:-1] + bytes([true[-1] ^ 1]),
            "S over the order": true[:32] + scalar.to_bytes(32, "little"),
            "S of zero": true[:32] + bytes(32),
            "R of small order": b"\x01" + bytes(31) + true[32:],
            "R of small order, S of zero": b"\x01" + bytes(63),
            "R not canonical": b"\xee" + b"\xff" * 30 + b"\x7f" + true[32:],
            "the halves turned": true[32:] + true[:32],
            "of another request": base64.b64decode(other[5:-1]),
        }.items():
            forged = {**headers, "signature": f"fed=:{b64(octets)}:"}
            self.refused("BAD_SIGNATURE", what, (method, path, forged, body))
        for what, octets in {"too short": true[:-1], "too long": true + b"\0", "none": b""}.items():
            forged = {**headers, "signature": f"fed=:{b64(octets)}:"}
            self.refused("MALFORMED|BAD_SIGNATURE", what, (method, path, forged, body))
        self.refused("MALFORMED", "made for a reply", (method, path, {**headers, **reply_like},
                                                       body))

    def test_altered(self):
        method, path, headers, body = self.honest()
        for what, changed in {"first octet": b"[" + body[1:], "last octet": body[:-1] + b" ",
                              "a number": body.replace(b'"boot":1', b'"boot":2'),
                              "cut": body[:-1], "longer": body + b" ", "another": b"{}"}.items():
            self.refused("BAD_SIGNATURE", what, (method, path, headers, changed))
            again = {**headers, "content-digest": content_digest(changed)}
            self.refused("BAD_SIGNATURE", f"{what}, with its digest",
                         (method, path, again, changed))
        signed = headers["signature-input"]
        for what, name, value in (
                ("type", "content-type", "application/json"), ("origin", "cpc-origin", "beta.cpc"),
                ("created", "signature-input",
                 re.sub(r"created=(\d+)", lambda m: f"created={int(m[1]) + 1}", signed)),
                ("nonce", "signature-input",
                 re.sub(r'nonce="[^"]+"', f'nonce="{b64url(bytes(16))}"', signed)),
                ("order", "signature-input",
                 signed.replace('"@method" "@path"', '"@path" "@method"'))):
            self.assertNotEqual(headers[name], value)
            self.refused("BAD_SIGNATURE|UNKNOWN_KEY", what,
                         (method, path, {**headers, name: value}, body))
        self.refused("BAD_SIGNATURE", "path", (method, txn_path(), headers, body))
        self.refused("BAD_SIGNATURE", "query", (method, path + "?x=1", headers, body))
        self.refused("METHOD_NOT_ALLOWED", "method", ("POST", path, headers, body))

    def test_misaddressed(self):
        for name in ("beta.cpc", "gamma.cpc", "nobody.cpc", "ALPHA.cpc", "alpha.cpc.", "alpha",
                     "alpha.cpc:8470", "alpha.cpc.example.org", "alpha.cpc,beta.cpc", "127.0.0.1",
                     "xn--alpha.cpc", "al.pha.cpc"):
            self.refused("WRONG_DESTINATION|MALFORMED", name, self.honest(destination=name))
        method, path, headers, body = self.honest()
        self.refused("WRONG_DESTINATION", "after it was signed",
                     (method, path, {**headers, "cpc-destination": "beta.cpc"}, body))

    def test_replayed(self):
        body = self.gamma.hello()
        headers = self.gamma.signed(self.alpha, "POST", HELLO_PATH, body, HELLO_TYPE)
        self.assertEqual(self.send("POST", HELLO_PATH, headers, body).status, 200)
        time.sleep(1.1)
        for what, again in {
            "at once": headers, "once more": headers, "in another order": dict(
                reversed(list(headers.items()))),
            "in capitals": {name.title(): value for name, value in headers.items()},
            "with a header more": {**headers, "x-more": "1"},
            "with a date": {**headers, "date": "Thu, 01 Jan 1970 00:00:00 GMT"},
            "as if from elsewhere": {**headers, "x-forwarded-for": "192.0.2.1"},
        }.items():
            self.refused("REPLAY", what, ("POST", HELLO_PATH, again, body))
        nonce = secrets.token_bytes(16)
        self.assertEqual(self.send(*self.honest(nonce=nonce)).status, 200)
        self.refused("REPLAY", "its nonce, signed anew", self.honest(nonce=nonce))
        self.refused("REPLAY", "its nonce for something else",
                     self.honest(path=HELLO_PATH, body=body, method="POST", nonce=nonce,
                                 content_type=HELLO_TYPE))
        self.refused("REPLAY", "its nonce at another time",
                     self.honest(nonce=nonce, created=int(time.time()) + 60))
        request = self.honest()
        self.assertEqual(self.send(*request).status, 200)
        self.refused("REPLAY", "a transaction", request)

    def test_stale(self):
        now = int(time.time())
        for what, created in {"ten minutes ago": now - 600, "an hour ago": now - 3600,
                              "a day ago": now - 86400, "1970": 0, "2106": 2 ** 32 - 1,
                              "in ten minutes": now + 600, "in a day": now + 86400,
                              "2038": 2 ** 31, "after all time": 2 ** 53 - 301}.items():
            self.refused("CLOCK_SKEW|MALFORMED", what, self.honest(created=created))
        for life in (301, 3600, 2 ** 31, -1, -600):
            self.refused("MALFORMED|CLOCK_SKEW", f"living {life} s", self.honest(life=life))

    def test_wrong_key(self):
        known = self.gamma.identity.signing.kid
        alphas = self.gamma.known["alpha.cpc"][0]["keys"][0]["kid"]
        for what, key, keyid in (
                ("the root key", self.gamma.identity.root, None), ("a new key", Key(), None),
                ("the receiver's key id", self.gamma.identity.signing, alphas),
                ("the root key's id", self.gamma.identity.signing, self.gamma.identity.root.kid),
                ("another key under the known id", Key(), known),
                ("the root key under the known id", self.gamma.identity.root, known),
                ("an id of zeros", self.gamma.identity.signing, b64url(bytes(32))),
                ("a short id", self.gamma.identity.signing, known[:-1]),
                ("a long id", self.gamma.identity.signing, known + "A"),
                ("an id with padding", self.gamma.identity.signing, known + "="),
                ("a name for an id", self.gamma.identity.signing, "gamma.cpc"),
                ("an id in capitals", self.gamma.identity.signing, known.upper()),
                ("no id", self.gamma.identity.signing, " ")):
            self.refused("UNKNOWN_KEY|BAD_SIGNATURE|MALFORMED", what,
                         self.honest(key=key, keyid=keyid))

    def test_unknown_keys_wherever_one_signs(self):
        self.signs_everywhere(Key(), "UNKNOWN_KEY")

    def test_wrong_name(self):
        for name in ("Gamma.cpc", "GAMMA.CPC", "gamma", "gamma.cpc.", "gamma.cpc/../beta.cpc",
                     "gamma.cpc:8470", "xn--gamma.cpc", "-gamma.cpc", "gamma-.cpc", ".cpc",
                     "a" * 64 + ".cpc", "localhost", "gamma.com", "gam_ma.cpc", "g.amma.cpc"):
            self.refused("MALFORMED", name, self.honest(origin=name))
        for name in ("delta.cpc", "alpha.cpc"):
            self.refused("NOT_PEERED", name, self.honest(origin=name))
        self.refused("UNKNOWN_KEY", "beta.cpc", self.honest(origin="beta.cpc"))

    # --- who speaks for whom ---------------------------------------------------------------------

    def test_speaking_for_another_instance(self):
        key, iid = self.gamma.identity.signing, self.gamma.identity.iid
        alphas, betas = from_b64url(self.alpha.iid), from_b64url(self.beta.iid)
        carol, dora, to = self.of_gamma, self.of_alpha, self.alice.address

        def asks(who, **lies):
            return {"frames": [frame(key, "consent.request", who, to, self.gamma.epoch,
                                     intro="May I?", **lies)], "first_frame": self.next_frame}
        wire, alphas_wire = self.wire_of_gamma, self.wire_of_alpha
        for what, parts in {
            "alpha's person": asks(Person("alice@alpha.cpc", iid)),
            "alpha's person and iid": asks(Person("alice@alpha.cpc", alphas)),
            "beta's person": asks(Person("bob@beta.cpc", iid)),
            "beta's person and iid": asks(Person("bob@beta.cpc", betas)),
            "its own person with beta's iid": asks(Person("carol@gamma.cpc", betas)),
            "nobody's instance": asks(Person("carol@delta.cpc", iid)),
            "a frame that beta would have signed": {
                "frames": [frame(Key(), "consent.request", Person("bob@beta.cpc", betas), to,
                                 self.gamma.epoch, intro="May I?")],
                "first_frame": self.next_frame},
            "an entry of alpha's": self.entry(envelope(key, wire, alphas, "message.post",
                                                       {"text": "x"}, carol.member), wire),
            "an entry of beta's": self.entry(envelope(key, wire, betas, "message.post",
                                                      {"text": "x"}, carol.member), wire),
            "an entry named alpha's around its own": self.entry(
                post(key, wire, carol, "x"), wire, author=self.alpha.iid),
            "a submission of alpha's": {"submissions": [submission(alphas_wire, 1, [envelope(
                key, alphas_wire, alphas, "message.post", {"text": "x"}, dora.member)])]},
            "a submission of beta's": {"submissions": [submission(alphas_wire, 1, [envelope(
                key, alphas_wire, betas, "message.post", {"text": "x"}, dora.member)])]},
        }.items():
            self.stopped(what, "BAD_SIGNATURE|MALFORMED", **parts)

    def entry(self, sealed, wire, **lies):
        log = Log(wire)
        return {"logs": [log.part([{**log.add(sealed), **lies}])]}

    # --- keys that had their time ----------------------------------------------------------------

    def publish(self, **terms):
        """gamma's document says this of its keys from now on, and alpha knows it."""
        self.gamma.serial += 1
        self.gamma.make_document = lambda: self.gamma.identity.document(
            self.gamma.endpoint, self.gamma.pins, self.gamma.serial, self.gamma.serial, **terms)
        # One look at the news a minute: a restart looks at once.
        self.alpha.restart()
        self.assertEqual(self.gamma.greet(self.alpha).status, 200)
        self.settle()
        self.before = self.alpha.rows()

    def old_key(self, key, now):
        return {"kid": key.kid, "x": b64url(key.public), "not_before": now - 30 * DAY_MS,
                "not_after": now - DAY_MS}

    def test_retired_keys(self):
        old = Key()
        self.publish(retired=[self.old_key(old, now_ms())])
        self.signs_everywhere(old, "UNKNOWN_KEY")

    def test_revoked_keys(self):
        old, now = Key(), now_ms()
        self.publish(retired=[{**self.old_key(old, now), "not_after": now + DAY_MS}],
                     revoked=[{"kid": old.kid, "at": now - 1000}])
        self.signs_everywhere(old, "UNKNOWN_KEY")

    def signs_everywhere(self, key, code):
        """This key does not count, for whatever it signs."""
        iid = self.gamma.identity.iid
        carol, dora, to = self.of_gamma, self.of_alpha, self.alice.address
        wire, conversation = self.wire_of_gamma, b64url(self.wire_of_alpha)
        self.refused(code, "hello", self.honest(HELLO_PATH, self.gamma.hello(), "POST", key=key,
                                                content_type=HELLO_TYPE))
        asked = frame(self.gamma.identity.signing, "consent.request", carol, to, self.gamma.epoch,
                      intro="May I?")
        for what, body in {
            "an empty transaction": batch(self.gamma.epoch),
            "a transaction with a frame": batch(self.gamma.epoch, frames=[asked],
                                                first_frame=self.next_frame),
            "a transaction with an entry": batch(self.gamma.epoch, **self.entry(
                post(self.gamma.identity.signing, wire, carol, "x"), wire))}.items():
            self.refused(code, what, self.honest(body=body, key=key))
        heads = batch(self.gamma.epoch).replace(b'"logs":[],"receipts":[],', b'"heads":[],')
        self.refused(code, "heads", self.honest(HEADS_PATH, heads, "POST", key=key,
                                                content_type=HEADS_TYPE))
        self.refused(code, "a pull", self.honest(f"{LOG_PATH}{conversation}?epoch=0&seq=0", b"",
                                                 "GET", key=key))
        for kind in ("consent.request", "consent.granted", "consent.withdrawn"):
            signed = frame(key, kind, carol, to, self.gamma.epoch,
                           intro="May I?" if kind == "consent.request" else None)
            self.stopped(kind, "BAD_SIGNATURE", frames=[signed], first_frame=self.next_frame)
        create = envelope(key, wire, iid, "conversation.create", {"kind": "direct"})
        for what, sealed in {"a beginning": create, "a join": join(key, wire, carol),
                             "a message": post(key, wire, carol, "x")}.items():
            self.stopped(f"{what} as an entry", "BAD_SIGNATURE", **self.entry(sealed, wire))
        for what, sealed in {"a join": join(key, self.wire_of_alpha, dora),
                             "a message": post(key, self.wire_of_alpha, dora, "x")}.items():
            self.stopped(f"{what} as a submission", "BAD_SIGNATURE",
                         submissions=[submission(self.wire_of_alpha, 1, [sealed])])


if __name__ == "__main__":
    main()

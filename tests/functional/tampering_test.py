#!/usr/bin/python3
"""Whatever one changes of a right message, in whatever way: it is refused, nothing is stored."""

import json
import re
import secrets
import unittest

from cpc.case import main, new_text
from cpc.encoding import b64url, compact, from_b64url
from cpc.lying_peer import TRANSACTION_PATH
from cpc.peer_case import PeerCase
from cpc.peer_events import batch, header_of_envelope, post
from cpc.peer_identity import sign_jws
from cpc.sealing import SEALED_TYPE, info_of, seal, sealing_key_of
from cpc.tampering import NEVER_VALID, OPERATIONS, REMOVED, published, tampered, values_of

MATRIX = published("envelope/tamper_matrix.json")
REFUSALS = {"MALFORMED", "BAD_SIGNATURE", "TOO_LARGE", "WRONG_DESTINATION", "CLOCK_SKEW",
            "UNKNOWN_SEALING_KEY", "UNKNOWN_KEY"}
STOPPED = {"reject", "fork", "gap"}

#: The matrix was written before the wire was: where each of its fields lies now.
HEADER = {"version": "v", "id": "id", "origin": "author", "from": "member",
          "conversation": "conversation", "created_at": "time", "kind": "type"}
BESIDE = {"body": "body", "nonce": "salt", "signature": "signature"}
#: The wire has no such member: to add it is a change like any other.
ABSENT = {"attachments": ["file"], "reply_to": "id", "consent_ref": "ref",
          "encryption.nonce": "nonce"}
#: Octets of a sealed body: from, to.
SEALED = {"encryption.recipient_key_id": (0, 32), "encryption.ephemeral": (32, 64),
          "encryption.ciphertext": (64, -16), "encryption.tag": (-16, None)}
REQUEST = {"destination": "cpc-destination", "content_type": "content-type"}


@unittest.skipUnless(MATRIX, "ran WITHOUT envelope/tamper_matrix.json: set CPC_VECTORS")
class Tampering(PeerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tried = 0
        cls.reader, cls.carol, _, cls.log = cls().meet("gamma.cpc")
        case = cls()
        cls.log.add(case.create(cls.log))
        cls.log.add(case.join(cls.log, cls.carol))
        cls.right = new_text("as it was said")
        cls.log.add(post(cls.gamma.identity.signing, cls.log.wire, cls.carol, cls.right))
        assert case.push(cls.log)["verdict"] == "ok", "what is right is taken in the same way"
        cls.secret = new_text("never to be seen")
        cls.sealed = case.say()
        cls.other = case.say()
        cls.entry = cls.log.add(cls.sealed)

    @classmethod
    def tearDownClass(cls):
        print(f"tamper matrix: {len(MATRIX['fields'])} fields, {len(OPERATIONS)} operations, "
              f"{cls.tried} changed messages refused")
        super().tearDownClass()

    def setUp(self):
        self.settle()
        self.before = self.alpha.rows()

    def tearDown(self):
        self.assert_same_rows(self.before, self.alpha)
        self.assertEqual(self.reader.texts(self.reader.start(self.carol.address)), [self.right])
        super().tearDown()

    def say(self):
        return post(self.gamma.identity.signing, self.log.wire, self.carol, self.secret)

    # --- what is sent ----------------------------------------------------------------------------

    def send(self, path, headers, body):
        return self.gamma.request(self.alpha, "PUT", path, body, headers)

    def put(self, body):
        path = TRANSACTION_PATH + b64url(secrets.token_bytes(16))
        return self.send(path, self.gamma.signed(self.alpha, "PUT", path, body), body)

    def assert_refused(self, reply, what):
        type(self).tried += 1
        if reply.status == 200:
            for lane in reply.json["lanes"]:
                self.assertIn(lane["verdict"], STOPPED, (what, lane))
                if lane["verdict"] == "reject":
                    self.assertIn(lane["code"], REFUSALS, what)
        else:
            self.assertIn(reply.code, REFUSALS, (what, reply.raw[:200]))
        self.assertNotIn(self.secret.encode(), reply.raw, "the answer repeats what was sent")

    def offer(self, envelope_text, what):
        """alpha is offered the entry around this envelope, which is the text of a JSON object."""
        empty = batch(self.gamma.epoch, logs=[self.log.part([{**self.entry, "envelope": "HERE"}])])
        self.assert_refused(self.put(empty.replace(b'"HERE"', envelope_text)), what)

    def each(self, operation, whole, name, other):
        for text in tampered(operation, whole, name, other[name]):
            yield text, f"{name}: {operation}: {text[:120]!r}"

    # --- the matrix ------------------------------------------------------------------------------

    def test_the_matrix_is_the_one_this_program_knows(self):
        self.assertEqual(tuple(MATRIX["operations"]), OPERATIONS)
        known = {*HEADER, *BESIDE, *ABSENT, *SEALED, *REQUEST, "to", "seq", "expires_at", "key_id"}
        self.assertEqual(set(MATRIX["fields"]), known)

    def test_a_member_of_the_header_that_was_changed_breaks_the_signature(self):
        header, other = header_of_envelope(self.sealed), header_of_envelope(self.other)
        other = {**other, "v": 2, "author": self.alpha.iid, "member": b64url(bytes(16)),
                 "conversation": b64url(bytes(32)), "type": "member.join"}
        for name in HEADER.values():
            for operation in OPERATIONS:
                for text, what in self.each(operation, header, name, other):
                    changed = {**self.sealed, "payload": b64url(text)}
                    self.offer(compact(changed), what)

    def test_a_header_that_cannot_be_is_refused_though_its_author_signed_it(self):
        header = header_of_envelope(self.sealed)
        other = {name: header[name] for name in header}
        for name in HEADER.values():
            for operation in NEVER_VALID:
                for text, what in self.each(operation, header, name, other):
                    signed = sign_jws("cpc-env", text, self.gamma.identity.signing)
                    beside = {name: self.sealed[name] for name in ("salt", "body")}
                    self.offer(compact({**signed, **beside}), f"signed again, {what}")

    def test_members_that_the_header_does_not_have_are_refused_though_its_author_signed_them(self):
        header = header_of_envelope(self.sealed)
        beside = {name: self.sealed[name] for name in ("salt", "body")}
        for field, value in ABSENT.items():
            name = field.rpartition(".")[2]
            for operation in OPERATIONS:
                if operation in ("remove", "duplicate the key"):
                    continue
                for changed in values_of(operation, value if isinstance(value, str) else "x", "y"):
                    text = compact({**header, name: changed})
                    signed = sign_jws("cpc-env", text, self.gamma.identity.signing)
                    self.offer(compact({**signed, **beside}), f"{name} added: {operation}")

    def test_body_salt_and_signature_belong_to_the_header(self):
        for name in BESIDE.values():
            for operation in OPERATIONS:
                for text, what in self.each(operation, self.sealed, name, self.other):
                    self.offer(text, what)

    def test_the_key_id_is_that_of_a_key_of_the_author(self):
        protected = json.loads(from_b64url(self.sealed["protected"]))
        other = {"kid": self.gamma.identity.root.kid}
        for operation in OPERATIONS:
            for text, what in self.each(operation, protected, "kid", other):
                self.offer(compact({**self.sealed, "protected": b64url(text)}), what)

    def test_the_place_of_an_entry_is_bound_by_its_link(self):
        for operation in OPERATIONS:
            for text, what in self.each(operation, self.entry, "seq", {"seq": 9}):
                body = batch(self.gamma.epoch, logs=[self.log.part(["HERE"])])
                self.assert_refused(self.put(body.replace(b'"HERE"', text)), what)

    def test_whom_a_frame_is_for_breaks_its_signature(self):
        frame = self.request_frame(self.carol, self.alice.address)
        protected, payload, signature = frame.split(".")
        whole = json.loads(from_b64url(payload))
        for operation in OPERATIONS:
            for text, what in self.each(operation, whole["to"], "address",
                                        {"address": "nobody@alpha.cpc"}):
                changed = compact({**whole, "to": "HERE"}).replace(b'"HERE"', text)
                jws = f"{protected}.{b64url(changed)}.{signature}"
                body = batch(self.gamma.epoch, frames=[jws], first_frame=self.next_frame)
                self.assert_refused(self.put(body), what)

    def test_destination_content_type_and_expiry_are_what_was_signed(self):
        body = batch(self.gamma.epoch, logs=[self.log.part([self.entry])])
        path = TRANSACTION_PATH + b64url(secrets.token_bytes(16))
        for name in REQUEST.values():
            for operation in OPERATIONS:
                headers = self.gamma.signed(self.alpha, "PUT", path, body)
                for value in self.header_values(operation, headers[name], "beta.cpc"):
                    self.assert_header_refused(path, headers, name, value, body)
        for operation in OPERATIONS:
            headers = self.gamma.signed(self.alpha, "PUT", path, body)
            stands = re.search(r"expires=(\d+)", headers["signature-input"])
            for value in self.header_values(operation, stands[1], str(int(stands[1]) - 7)):
                kept = "" if value is REMOVED else f"expires={value}"
                changed = headers["signature-input"].replace(stands[0], kept)
                self.assert_header_refused(path, headers, "signature-input", changed, body)

    def header_values(self, operation, value, other):
        """As values_of; what no header can hold, or what is trimmed from it, is left out."""
        if operation in ("set to null", "change the type (string<->number<->array<->object)"):
            return ["null", '"7"', "()"]
        if operation == "duplicate the key":
            return [f"{value}, {value}"]
        if operation == "extend to the limit + 1":
            return [value + "A" * 20_000]
        return [changed for changed in values_of(operation, value, other)
                if changed is REMOVED or changed.strip(" ") != value]

    def assert_header_refused(self, path, headers, name, value, body):
        changed = {key: headers[key] for key in headers if key != name}
        if value is not REMOVED:
            changed[name] = value.encode()
        reply = self.send(path, changed, body)
        if reply.status == 400 and not reply.code:  # The HTTP layer refused the octets.
            type(self).tried += 1
            return
        self.assert_refused(reply, f"{name}: {value!r:.80}")

    def test_every_part_of_a_sealed_body_is_needed_as_it_is(self):
        body = batch(self.gamma.epoch, logs=[self.log.part([self.entry])])
        transaction = b64url(secrets.token_bytes(16))
        info = info_of(self.gamma.identity.iid, from_b64url(self.alpha.iid), transaction)
        key = sealing_key_of(self.gamma.known["alpha.cpc"][1])
        one, other = seal(key, info, body), seal(key, info, body)
        for begin, end in SEALED.values():
            for changed in self.sealed_variants(one, other, begin, end or len(one)):
                path = TRANSACTION_PATH + transaction
                headers = self.gamma.signed(self.alpha, "PUT", path, changed,
                                            content_type=SEALED_TYPE)
                self.assert_refused(self.send(path, headers, changed), f"octets {begin} to {end}")

    def sealed_variants(self, one, other, begin, end):
        end = end if end > 0 else len(one) + end
        part = one[begin:end]

        def around(octets):
            return one[:begin] + octets + one[end:]
        for at in (0, len(part) // 2, len(part) - 1):
            yield around(part[:at] + bytes([part[at] ^ 1]) + part[at + 1:])
        yield around(b"")
        yield around(bytes(len(part)))
        yield around(b"\xff" * len(part))
        if other[begin:end] != part:
            yield around(other[begin:end])
        yield around(part + part)
        for more in (b" ", b"\0", "\u200b".encode()):
            yield around(part + more)
        yield around(part[:-1])
        yield around(part[::-1])
        yield around(part + bytes(1000))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""What a peer can do with envelopes that are right in every octet, and with keys that had or will
have their time: each case of the published list, told one by one."""

import base64
import secrets
import time
import unittest

from cpc.case import main, new_text
from cpc.encoding import b64url, framed_hash, from_b64url, now_ms
from cpc.lying_peer import HELLO_PATH, HELLO_TYPE, TRANSACTION_PATH
from cpc.peer_case import PeerCase
from cpc.peer_events import Log, batch, envelope, frame, header_of_envelope, submission
from cpc.peer_identity import DAY_MS, Key
from cpc.sealing import SEALED_TYPE, SealingKey, info_of, seal, sealing_key_of
from cpc.tampering import published

MATRIX = published("envelope/tamper_matrix.json")
GROUP_ORDER = 2 ** 252 + 27742317777372353535851937790883648493
#: Points of small order, and a y that is not below the prime (RFC 8032 section 5.1.3).
SMALL_ORDER = (b"\x01" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f", bytes(32),
               bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
NOT_CANONICAL = b"\xee" + b"\xff" * 30 + b"\x7f"
#: X25519 points with which every private key agrees on zeros.
LOW_ORDER = (bytes(32), b"\x01" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f",
             bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"))
#: Positions of lanes and what was signed about them go on also where nothing was taken.
MOVING = ("in_lanes", "evidence", "peers")


def key_of(public, not_before, not_after):
    return {"kid": public.kid, "x": b64url(public.public), "not_before": not_before,
            "not_after": not_after}


@unittest.skipUnless(MATRIX, "ran WITHOUT envelope/tamper_matrix.json: set CPC_VECTORS")
class WholeEnvelopes(PeerCase):
    maxDiff = None

    @classmethod
    def prepare(cls):
        cls.gamma.sealing_key = SealingKey()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.told = set()
        case = cls()
        # alpha orders the first, gamma the second; one reader each.
        cls.reader, cls.writer, cls.known, cls.log, cls.view = case.begun_at_alpha()
        cls.place = 3
        cls.other = case.begun_at_gamma()

    @classmethod
    def tearDownClass(cls):
        missing = set(MATRIX["whole"]) - cls.told
        print(f"whole envelopes: {len(cls.told)} of {len(MATRIX['whole'])} cases")
        super().tearDownClass()
        assert not missing, f"cases that nobody tried: {sorted(missing)}"

    def case(self, name):
        self.assertIn(name, MATRIX["whole"], "not a case of the list")
        self.told.add(name)
        return self.subTest(name)

    # --- what is left --------------------------------------------------------------------------

    def kept(self):
        """Everything that people or instances could ever be shown of it."""
        self.quiet_rows()
        return {(instance.name, table): rows for instance in (self.alpha, self.beta)
                for table, rows in instance.rows().items() if table not in MOVING}

    def nothing_of_it(self, call, *arguments):
        before = self.kept()
        outcome = call(*arguments)
        self.assertEqual(self.kept(), before)
        return outcome

    def refused(self, code, *items):
        """Submissions that alpha's log does not take, with this code for each."""
        def offer():
            lane = self.submit(self.log, self.place, *items)
            if lane["verdict"] == "reject":
                self.assertIn(lane["code"], code.split("|"))
                return
            codes = [reject["code"] for reject in lane.get("rejects", [])]
            self.assertEqual(len(codes), len(items), lane)
            self.assertLessEqual(set(codes), set(code.split("|")), lane)
            type(self).place += len(items)
        self.nothing_of_it(offer)

    def taken(self, sealed):
        lane = self.submit(self.log, self.place, sealed)
        self.assertEqual((lane["verdict"], lane.get("rejects")), ("ok", None), lane)
        type(self).place += 1

    def post(self, text=None, key=None, **lies):
        text = text or new_text("whole")
        key = key or self.gamma.identity.signing
        return envelope(key, self.log.wire, self.writer.iid, "message.post", {"text": text},
                        self.writer.member, **lies)

    def entry_refused(self, sealed, author):
        """An entry of gamma's own log, in the right place with the right link."""
        _, _, _, log, _ = self.other
        fork = Log(log.wire)
        fork.link, fork.seq = log.link, log.seq
        entry = {**fork.add(sealed), "author": author, "envelope": sealed}
        lane = self.nothing_of_it(self.push, log, [entry])
        self.assertEqual((lane["verdict"], lane["code"]), ("reject", "BAD_SIGNATURE"))

    # --- whose it is ---------------------------------------------------------------------------

    def test_an_envelope_is_its_authors_and_goes_where_it_is_for(self):
        with self.case("valid envelope from A re-posted to C (destination is B)"):
            path = TRANSACTION_PATH + b64url(secrets.token_bytes(16))
            body = batch(self.gamma.epoch, submissions=[submission(self.log.wire, self.place,
                                                                   [self.post()])])
            headers = self.gamma.signed(self.alpha, "PUT", path, body)
            reply = self.nothing_of_it(self.gamma.request, self.beta, "PUT", path, body, headers)
            self.assert_problem(reply, 421, "WRONG_DESTINATION")
        with self.case("valid envelope signed by A inside an HTTP request signed by C"):
            said = self.reader.send(self.view, new_text("signed by alpha"))
            self.reader.wait_state(said, "DELIVERED")
            true = next(entry["envelope"] for entry in reversed(self.gamma.entries())
                        if entry.get("envelope"))
            self.assertEqual(header_of_envelope(true)["author"], self.alpha.iid)
            self.entry_refused(true, self.alpha.iid)
            self.refused("BAD_SIGNATURE", true)
        with self.case("envelope whose from is u@b.cpc signed by A"):
            self.refused("EVENT_NOT_ALLOWED|AUTHOR_INVALID|BAD_SIGNATURE", envelope(
                self.gamma.identity.signing, self.log.wire, self.writer.iid, "message.post",
                {"text": "as bob"}, self.known.member))
        with self.case("key_id of A pointing at a key document hosted by C"):
            kid = self.gamma.known["alpha.cpc"][0]["keys"][0]["kid"]
            key = Key()
            key.kid = kid
            self.refused("BAD_SIGNATURE", self.post(key=key))
            self.entry_refused(self.post(key=key), self.alpha.iid)
        with self.case("group event from an instance with no member"):
            self.refused("EVENT_NOT_ALLOWED|TYPE_UNKNOWN|AUTHOR_INVALID", envelope(
                self.gamma.identity.signing, self.log.wire, self.writer.iid, "message.post",
                {"text": "no member"}, secrets.token_bytes(16)))
        with self.case("relay header claims a hop that did not happen"):
            self.refused("MALFORMED", self.post(via=["beta.cpc"]), )
        with self.case("hop count 0, -1, 2^31, loop A-B-A"):
            for hops in (0, -1, 2 ** 31, ["alpha.cpc", "beta.cpc", "alpha.cpc"]):
                self.refused("MALFORMED", self.post(hops=hops))

    # --- once, as it was said --------------------------------------------------------------------

    def test_an_event_is_one_event_however_often_it_comes(self):
        text = new_text("said once")
        sealed = self.post(text)
        self.taken(sealed)
        self.reader.wait_text(self.view, text)
        event = header_of_envelope(sealed)["id"]
        with self.case("same id, different body"):
            self.refused("EVENT_NOT_ALLOWED|AUTHOR_INVALID|MALFORMED", self.post(id=event))
        with self.case("same id, same body (replay 1 s, 1 h, 30 d, 1 y later)"):
            # What makes it the same has no age: its row.
            for wait_s in (0, 1.1):
                time.sleep(wait_s)
                self.nothing_of_it(self.taken, sealed)
            self.alpha.restart()
            self.gamma.greet(self.alpha)
            self.nothing_of_it(self.taken, sealed)
        with self.case("same body, new id (not a replay)"):
            self.taken(self.post(text))
            self.reader.until(lambda: self.reader.texts(self.view).count(text) == 2, "the second")

    def test_what_time_an_author_claims_orders_nothing(self):
        with self.case("created_at now +/- 299 s, 300 s, 301 s, 1 d, year 1970, year 2106, 2^53"):
            said = []
            for claimed in (*(now_ms() + sign * seconds * 1000 for sign in (1, -1)
                              for seconds in (299, 300, 301, 86400)), 0, 2 ** 32 * 1000):
                said.append(new_text(f"claims {claimed}"))
                self.taken(self.post(said[-1], time=claimed))
            self.reader.wait_text(self.view, said[-1])
            # The hub's own time orders; nobody gets before or behind others by a claim.
            self.assertEqual(self.reader.texts(self.view)[-len(said):], said)
            for claimed in (2 ** 53, -1, 1.5, "now"):
                self.refused("MALFORMED", self.post(time=claimed))
        with self.case("expires_at before created_at"):
            reply = self.nothing_of_it(lambda: self.gamma.greet(self.alpha, life=-1))
            self.assert_problem(reply, 400, "MALFORMED")

    def test_receipts_and_events_about_others_change_nothing(self):
        def receipt(member, seq):
            part = {"conversation": b64url(self.log.wire), "member": b64url(member), "epoch": 1,
                    "seq": seq}
            self.gamma.lanes(self.alpha, batch(self.gamma.epoch, receipts=[part]))
        with self.case("receipt for a message never sent"):
            self.taken(self.post())
            self.settle()
            shown = self.reader.messages(self.view)
            receipt(self.writer.member, 10 ** 6)
            self.quiet_rows()
            self.assertEqual({message["text"] for message in self.reader.messages(self.view)},
                             {message["text"] for message in shown})
        with self.case("receipt from an instance that is not the destination"):
            for member in (self.known.member, secrets.token_bytes(16)):
                self.nothing_of_it(receipt, member, 1)
        target = header_of_envelope(self.post())["id"]
        for name, kinds in {
                "delete/redact of a message by another instance":
                    ("message.delete", "message.redact"),
                "delete that names itself; two deletes that name each other": ("message.delete",),
                "edit of a message in another conversation": ("message.edit",)}.items():
            with self.case(name):
                for kind in kinds:
                    self.refused("TYPE_UNKNOWN", envelope(
                        self.gamma.identity.signing, self.log.wire, self.writer.iid, kind,
                        {"event": target}, self.writer.member))

    def test_consent_is_the_granters_and_ends_for_good(self):
        key, epoch = self.gamma.identity.signing, self.gamma.epoch
        asker = self.person("bob", self.alpha)
        asker.opt_in()
        carol = self.carol(asker, "gamma.cpc")
        view = asker.start(carol.address)
        first = asker.send(view, new_text("may I?"))
        self.assertEqual(first["state"], "WAITING_CONSENT")
        self.gamma.wait(lambda: [sent for sent in self.gamma.frames()
                                 if sent["to"]["address"] == carol.address], "the request")
        with self.case("consent grant signed by the asker instead of the granter"):
            asked = {"kind": "consent.granted", "sender": carol, "to": asker.address,
                     "epoch": epoch}
            for forged in (frame(Key(), **asked),
                           frame(key, "consent.granted", self.known, asker.address, epoch)):
                before = self.kept()
                self.assertEqual(self.send_frames(forged)["code"], "BAD_SIGNATURE")
                self.assertEqual(self.kept(), before)
        with self.case("consent grant replayed after withdrawal"):
            grant = frame(key, "consent.granted", carol, asker.address, epoch, version=1)
            self.send_frames(grant)
            asker.wait_state(first, "PENDING", "SENT", "DELIVERED")
            self.send_frames(frame(key, "consent.withdrawn", carol, asker.address, epoch,
                                   version=2))
            self.quiet_rows()
            late = asker.send(view, new_text("and now?"))
            self.assertEqual(late["state"], first["state"], "waits as the first did")
            for again in (grant, frame(key, "consent.granted", carol, asker.address, epoch,
                                       version=1)):
                self.send_frames(again)
                self.quiet_rows()
                self.assertEqual(asker.message(late)["state"], late["state"])

    # --- keys and their time ---------------------------------------------------------------------

    def publish(self, **terms):
        self.gamma.serial += 1
        self.gamma.make_document = lambda: self.gamma.identity.document(
            self.gamma.endpoint, self.gamma.pins, self.gamma.serial, self.gamma.serial,
            sealing_keys=[self.gamma.sealing_key.jwk], **terms)
        self.alpha.restart()  # It looks for news once a minute, and at once after a start.
        self.assertEqual(self.gamma.greet(self.alpha).status, 200)

    def test_a_key_counts_in_its_time_and_until_it_is_revoked(self):
        now = now_ms()
        with self.case("envelope signed by A's old key during the overlap"):
            old = Key()
            self.publish(more_keys=[key_of(old, now - 30 * DAY_MS, now + DAY_MS)])
            self.taken(self.post(key=old))
        with self.case("envelope signed by A's next key before it is active"):
            following = Key()
            self.publish(more_keys=[key_of(following, now + DAY_MS, now + 30 * DAY_MS)])
            self.refused("BAD_SIGNATURE", self.post(key=following))
        revoked = Key()
        self.publish(retired=[key_of(revoked, now - 30 * DAY_MS, now + DAY_MS)],
                     revoked=[{"kid": revoked.kid, "at": now - 1000}])
        with self.case("envelope signed by A's revoked key, created before the revocation"):
            self.refused("BAD_SIGNATURE", self.post(key=revoked, time=now - 3_600_000))
        with self.case("envelope signed by A's revoked key, created_at forged to before the "
                       "revocation, received after"):
            for ago_ms in (1001, 86_400_000):
                self.refused("BAD_SIGNATURE", self.post(key=revoked, time=now - ago_ms))
        with self.case("small-order Ed25519 public key announced as an instance key"):
            for public in SMALL_ORDER:
                self.announce_small_order(public)

    def announce_small_order(self, public):
        """Whoever knows no private key at all could sign for such a key, were it taken."""
        weak = Key()
        weak.public, weak.kid = public, b64url(framed_hash("any", public))
        weak.sign = lambda _: b"\x01" + bytes(63)
        true = self.gamma.make_document
        self.gamma.serial += 1
        self.gamma.make_document = lambda: self.gamma.identity.document(
            self.gamma.endpoint, self.gamma.pins, self.gamma.serial, self.gamma.serial,
            more_keys=[key_of(weak, now_ms() - 1000, now_ms() + DAY_MS)])
        try:
            self.alpha.restart()
            body = self.gamma.hello()
            headers = self.gamma.signed(self.alpha, "POST", HELLO_PATH, body, HELLO_TYPE, key=weak)
            reply = self.gamma.request(self.alpha, "POST", HELLO_PATH, body, headers)
            self.assertEqual((reply.status, reply.code), (403, "UNKNOWN_KEY"))
        finally:
            self.gamma.make_document = true

    # --- what lies below -------------------------------------------------------------------------

    def test_signatures_and_sealing_have_no_second_form(self):
        sealed = self.post()
        true = base64.urlsafe_b64decode(sealed["signature"] + "==")
        scalar = int.from_bytes(true[32:], "little")
        with self.case("signature S+L"):
            forged = true[:32] + (scalar + GROUP_ORDER).to_bytes(32, "little")
            self.refused("BAD_SIGNATURE", {**sealed, "signature": b64url(forged)})
        with self.case("signature with non-canonical R or A"):
            for start in (NOT_CANONICAL, *SMALL_ORDER):
                for end in (true[32:], bytes(32)):
                    self.refused("BAD_SIGNATURE", {**sealed, "signature": b64url(start + end)})
        self.gamma.learn(self.alpha)
        body = batch(self.gamma.epoch)
        ours, theirs = self.gamma.identity.iid, from_b64url(self.alpha.iid)
        public = sealing_key_of(self.gamma.known["alpha.cpc"][1])
        with self.case("ciphertext for another recipient re-wrapped"):
            name = b64url(secrets.token_bytes(16))
            for_us = seal(self.gamma.sealing_key.public, info_of(ours, theirs, name), body)
            self.sealed_refused("UNKNOWN_SEALING_KEY", name, for_us)
            right = seal(public, info_of(ours, theirs, name), body)
            self.sealed_refused("MALFORMED|BAD_SIGNATURE", name, right[:32] + for_us[32:])
        with self.case("all-zero shared secret (low-order X25519 point)"):
            for point in LOW_ORDER:
                name = b64url(secrets.token_bytes(16))
                right = seal(public, info_of(ours, theirs, name), body)
                self.sealed_refused("MALFORMED", name, right[:32] + point + right[64:])
        with self.case("AEAD nonce reused"):
            # A body has a key of its own: its ciphertext opens in one transaction, and as it is.
            name = b64url(secrets.token_bytes(16))
            right = seal(public, info_of(ours, theirs, name), body)
            self.sealed_refused("MALFORMED", b64url(secrets.token_bytes(16)), right)
            other = seal(public, info_of(ours, theirs, name), body)
            self.sealed_refused("MALFORMED", name, right[:64] + other[64:])

    def sealed_refused(self, code, name, octets):
        path = TRANSACTION_PATH + name
        headers = self.gamma.signed(self.alpha, "PUT", path, octets, SEALED_TYPE)
        reply = self.nothing_of_it(self.gamma.request, self.alpha, "PUT", path, octets, headers)
        self.assertIn(reply.code, code.split("|"), reply.raw[:200])


if __name__ == "__main__":
    main()

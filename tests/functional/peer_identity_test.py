#!/usr/bin/python3
"""Who a peer is: its document proves itself, its TLS key is pinned, its serials only rise."""

import json

from cpc.case import main, new_text
from cpc.client import eventually
from cpc.encoding import b64url, compact, now_ms
from cpc.lying_peer import TlsKey
from cpc.peer_case import PeerCase
from cpc.peer_identity import DAY_MS, Identity, Key


class FirstMeeting(PeerCase):
    """gamma's document lies from the beginning; alpha has no better one."""

    @classmethod
    def prepare(cls):
        cls.gamma.make_document = lambda: b"{}"

    def test_1_a_document_that_does_not_prove_itself_makes_nobody_a_peer(self):
        gamma, identity = self.gamma, self.gamma.identity
        known = {"endpoint": gamma.endpoint, "pins": gamma.pins}
        stranger, now = Identity("gamma.cpc"), now_ms()
        honest = identity.document(**known)
        lies = {
            "no JSON": (b"nonsense", "UNKNOWN_KEY"),
            "too long": (b" " * 70_000 + honest, "UNKNOWN_KEY"),
            "wrong name": (identity.document(**known, name="delta.cpc"), "UNKNOWN_KEY"),
            "name of the receiver": (identity.document(**known, name="alpha.cpc"), "UNKNOWN_KEY"),
            "another root key": (stranger.document(**known), "IDENTITY_CONFLICT"),
            "a root that signed nothing": (identity.document(**known, root=self.false_root()),
                                           "UNKNOWN_KEY"),
            "expired": (identity.document(**known, issued=now - 8 * DAY_MS), "UNKNOWN_KEY"),
            "from the future": (identity.document(**known, issued=now + DAY_MS), "UNKNOWN_KEY"),
            "living too long": (identity.document(**known, life_ms=30 * DAY_MS), "UNKNOWN_KEY"),
            "retired": (identity.document(**known, status="retired"), "UNKNOWN_KEY"),
            "without pins": (identity.document(gamma.endpoint, []), "UNKNOWN_KEY"),
            "of two halves": (self.halves(honest, stranger.document(**known)), "UNKNOWN_KEY"),
            "altered": (honest.replace(b'"payload":"', b'"payload":"AAAA', 1), "UNKNOWN_KEY"),
        }
        before = self.alpha.rows()
        for what, (document, code) in lies.items():
            with self.subTest(what):
                # A restarted alpha may look again at once; what a stranger asks, once a minute.
                self.alpha.stop()
                gamma.make_document = lambda d=document: d
                fetches = gamma.document_fetches
                self.alpha.start()
                reply = gamma.greet(self.alpha)
                self.assertIn(reply.code, (code, "BUSY") if what == "too long" else (code,))
                self.assertNotEqual(reply.status, 200)
                self.assertGreater(gamma.document_fetches, fetches, "the lie was not even read")
                shown = self.alpha.peer("gamma.cpc")
                self.assertEqual(shown["document"]["operational_serial"], 0)
                self.assertEqual(shown["keys"], [])
        self.assertEqual([r for r in gamma.requests if r[1] != "/"], [],
                         "alpha sent something to a peer it could not know")
        self.assert_same_rows(before, self.alpha)

    def false_root(self):
        """The public half of gamma's root, with another secret behind it."""
        root = Key()
        root.public, root.id, root.kid = (self.gamma.identity.root.public,
                                          self.gamma.identity.root.id,
                                          self.gamma.identity.root.kid)
        return root

    @staticmethod
    def halves(one, other):
        return compact({"delegation": json.loads(one)["delegation"],
                        "operational": json.loads(other)["operational"]})

    def test_2_the_honest_document_is_accepted_afterwards(self):
        gamma = self.gamma
        gamma.make_document = lambda: gamma.identity.document(gamma.endpoint, gamma.pins)
        self.alpha.restart()
        reply = gamma.greet(self.alpha)
        self.assertEqual(reply.status, 200, reply.raw)
        gamma.check(reply)
        keys = {key["id"] for key in self.alpha.peer("gamma.cpc")["keys"]}
        self.assertEqual(keys, {gamma.identity.signing.kid, b64url(gamma.tls.pin)})


class WrongPin(PeerCase):
    """gamma's document names one TLS key, and another one answers: somebody sits in between."""

    @classmethod
    def prepare(cls):
        cls.right = cls.gamma.tls
        cls.gamma.tls = TlsKey(cls.world.folder, "gamma.cpc")

    def test_nothing_is_sent_over_a_tls_key_that_is_not_pinned(self):
        gamma = self.gamma
        alice = self.person("alice", self.alpha)
        alice.opt_in()
        sent = alice.send(alice.start("carol@gamma.cpc"), new_text("for gamma only"))
        eventually(lambda: self.alpha.peer("gamma.cpc")["peer"]["state"] == "unreachable",
                   "alpha to give up on the wrong key")
        self.assertGreater(gamma.document_fetches, 0, "the document itself needs no pin")
        self.assertEqual(gamma.requests, [], "a request went out over the wrong key")
        self.assertEqual(alice.message(sent)["state"], "WAITING_CONSENT")
        self.assertTrue(self.alpha.peer("gamma.cpc")["peer"]["last_error"])
        gamma.tls = self.right
        self.assertEqual(gamma.greet(self.alpha).status, 200)  # It says it is there: one probe.
        asked = gamma.wait(lambda: gamma.frames(), "alice's request over the pinned key")
        self.assertEqual(asked[0]["body"]["intro"], sent["text"])


class KnownPeer(PeerCase):
    """alpha has met gamma and holds its document."""

    @classmethod
    def prepare(cls):
        cls.gamma.serial = 5

    def setUp(self):
        eventually(lambda: self.alpha.peer("gamma.cpc")["document"]["operational_serial"] == 5,
                   "alpha to hold document 5")

    def test_a_document_with_a_lower_serial_is_refused_and_the_known_one_stays(self):
        gamma = self.gamma
        for serials in ((4, 5), (5, 4), (4, 4), (6, 4), (4, 6)):
            with self.subTest(serials=serials):
                # A restarted alpha may look again at once; the hello makes it look.
                gamma.make_document = lambda s=serials: gamma.identity.document(
                    gamma.endpoint, gamma.pins, *s)
                self.alpha.stop()
                fetches = gamma.document_fetches
                self.alpha.start()
                self.assertEqual(gamma.greet(self.alpha, gamma.hello(operational_serial=9)).status,
                                 200)
                gamma.wait(lambda: gamma.document_fetches > fetches, "alpha to look again")
                eventually(lambda: "lower serial" in self.alpha.log_text(), "the refusal")
                shown = self.alpha.peer("gamma.cpc")["document"]
                self.assertEqual((shown["delegation_serial"], shown["operational_serial"]), (5, 5))
        gamma.make_document = lambda: gamma.identity.document(gamma.endpoint, gamma.pins, 5, 5)

    def test_an_acknowledgement_that_the_peer_did_not_sign_is_none(self):
        gamma = self.gamma
        alice = self.person("alice", self.alpha)
        alice.opt_in()
        gamma.sign_replies_with = Key()
        try:
            alice.send(alice.start("carol@gamma.cpc"), new_text("hello gamma"))
            eventually(lambda: self.alpha.peer("gamma.cpc")["peer"]["state"] == "unreachable",
                       "alpha to disbelieve the answers")
            self.assertGreater(self.alpha.peer("gamma.cpc")["peer"]["owed"], 0)
        finally:
            gamma.sign_replies_with = None
        gamma.greet(self.alpha)
        eventually(lambda: self.alpha.peer("gamma.cpc")["peer"]["owed"] == 0,
                   "the same to be acknowledged under the right key")

    def test_a_refusal_and_an_outage_delay_and_lose_nothing(self):
        gamma = self.gamma
        alice = self.person("alice", self.alpha)
        alice.opt_in()
        for refusal in ((503, "BUSY"), (500, "INTERNAL"), (400, "MALFORMED")):
            gamma.refuse_with = refusal
            requests = len(gamma.requests)
            alice.send(alice.start(f"carol.{refusal[0]}@gamma.cpc"), new_text("hello gamma"))
            gamma.wait(lambda n=requests: len(gamma.requests) > n, "a try")
        self.assertEqual(self.alpha.peer("gamma.cpc")["peer"]["owed"], 3)
        gamma.refuse_with = None
        self.alpha.restart()
        addresses = {"carol.503@gamma.cpc", "carol.500@gamma.cpc", "carol.400@gamma.cpc"}
        gamma.wait(lambda: addresses <= {sent["to"]["address"] for sent in gamma.frames()},
                   "all three requests")

    def test_a_peer_that_asks_for_time_gets_it(self):
        gamma = self.gamma
        alice = self.person("alice", self.alpha)
        alice.opt_in()
        gamma.refuse_with, gamma.retry_after_s = (503, "BUSY"), 1200
        try:
            alice.send(alice.start("carol.busy@gamma.cpc"), new_text("hello gamma"))
            eventually(lambda: self.alpha.peer("gamma.cpc")["peer"]["last_error"] == "BUSY",
                       "alpha to hear of it")
            shown = self.alpha.peer("gamma.cpc")["peer"]
            self.assertGreater(shown["next_try_at"], now_ms() + 1_000_000)
        finally:
            gamma.refuse_with = gamma.retry_after_s = None
            self.alpha.restart()

    def test_another_identity_under_the_same_name_stops_the_traffic(self):
        self.alpha.allowed_errors.append("identity conflicts")
        usurper = Identity("gamma.cpc")
        true, self.gamma.identity = self.gamma.identity, usurper
        self.alpha.add_peer("gamma.cpc", b64url(usurper.iid), self.gamma.endpoint)
        try:
            self.alpha.stop()
            self.alpha.write_config()
            self.alpha.start()
            self.assert_problem(self.gamma.greet(self.alpha), 409, "IDENTITY_CONFLICT")
        finally:
            self.gamma.identity = true
            self.alpha.add_peer("gamma.cpc", b64url(true.iid), self.gamma.endpoint)
            self.alpha.write_config()
            self.alpha.restart()
        self.assertEqual(self.gamma.greet(self.alpha).status, 200)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Nobody between two instances reads a transaction: sealed to the one it is for, both ways, with a
peer that shares no code with cpcd."""

import secrets
import shutil

from cpc.case import main, new_text
from cpc.encoding import b64url, from_b64url
from cpc.lying_peer import TRANSACTION_PATH
from cpc.peer_case import PeerCase
from cpc.peer_events import batch
from cpc.sealing import SEALED_TYPE, SealingKey, info_of, seal, sealing_key_of


class Sealing(PeerCase):
    @classmethod
    def prepare(cls):
        cls.gamma.sealing_key = SealingKey()

    def put_sealed(self, body, named=None):
        """alpha's answer to a body sealed to it, for the transaction that the path names or not."""
        transaction = b64url(secrets.token_bytes(16))
        origin, destination = self.gamma.identity.iid, from_b64url(self.alpha.iid)
        key = sealing_key_of(self.gamma.known["alpha.cpc"][1])
        sealed = seal(key, info_of(origin, destination, named or transaction), body)
        return self.put_raw(sealed, transaction)

    def put_raw(self, octets, transaction=None):
        path = TRANSACTION_PATH + (transaction or b64url(secrets.token_bytes(16)))
        headers = self.gamma.signed(self.alpha, "PUT", path, octets, SEALED_TYPE)
        return self.gamma.request(self.alpha, "PUT", path, octets, headers)

    def test_what_alpha_sends_is_sealed_and_opens_with_our_key_alone(self):
        reader, carol, _, _ = self.meet("gamma.cpc")
        told = [frame["to"]["address"] for frame in self.gamma.frames()]
        self.assertIn(carol.address, told, "the grant came, sealed")
        self.assertTrue(self.gamma.sealed, "something came")
        for body in self.gamma.sealed:
            self.assertNotIn(reader.local.encode(), body)
        self.assertEqual(len(self.gamma.sealed), len(self.gamma.received), "nothing came open")

    def test_what_is_sealed_to_alpha_is_opened_and_answered(self):
        self.gamma.learn(self.alpha)
        reply = self.put_sealed(batch(self.gamma.epoch))
        self.assertEqual(reply.status, 200, reply.raw)
        self.gamma.check(reply)
        self.assertEqual(reply.json["lanes"], [])

    def test_what_was_sealed_for_another_transaction_or_altered_is_malformed(self):
        self.gamma.learn(self.alpha)
        body = batch(self.gamma.epoch)
        other = b64url(secrets.token_bytes(16))
        self.assert_problem(self.put_sealed(body, named=other), 400, "MALFORMED")
        info = info_of(self.gamma.identity.iid, from_b64url(self.alpha.iid), other)
        sealed = bytearray(seal(sealing_key_of(self.gamma.known["alpha.cpc"][1]), info, body))
        sealed[-1] ^= 1
        self.assert_problem(self.put_raw(bytes(sealed), other), 400, "MALFORMED")
        self.assert_problem(self.put_raw(b"short", other), 400, "MALFORMED")

    def test_a_key_that_is_not_alphas_is_said_to_be_unknown(self):
        info = info_of(self.gamma.identity.iid, from_b64url(self.alpha.iid), "x")
        sealed = seal(SealingKey().public, info, batch(self.gamma.epoch))
        reply = self.put_raw(sealed)
        self.assert_problem(reply, 409, "UNKNOWN_SEALING_KEY")
        self.assertTrue(reply.json["retryable"])

    def test_lost_sealing_keys_lose_no_message(self):
        """beta's folder of sealing keys is gone: alpha seals to one that nobody has."""
        self.beta_still_works()
        folder = self.beta.data / "keys" / "sealing"
        [key] = folder.iterdir()
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        self.beta.kill()
        shutil.rmtree(folder)
        sent = self.alice.send(self.mine, new_text("sealed to what was lost"))
        self.beta.start()
        self.bob.sign_in()
        self.bob.follow()
        self.bob.wait_text(self.theirs, sent["text"])
        self.alice.wait_state(sent, "DELIVERED")
        self.assertNotIn(key, list(folder.iterdir()))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""The page of examples, read by a program that shares no code with cpcd: what stands there follows
from docs/protocol.md."""

import hashlib
import json
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "functional"))

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: E402
import nacl.signing  # noqa: E402

from cpc.encoding import b64url, compact, framed_hash, from_b64url, sha256  # noqa: E402
from cpc.peer_events import Person, hub_of, wire_id  # noqa: E402
from cpc.peer_identity import header_of, is_signed, read_jws, thumbprint  # noqa: E402
from cpc.peer_signature import BOUND, base_of, content_digest, parse  # noqa: E402
from cpc.sealing import SealingKey, info_of, key_id, raw  # noqa: E402

TREE = pathlib.Path(__file__).resolve().parents[2]
PAGE = TREE / "docs" / "protocol-examples.md"
ISSUED = 1_800_000_000_000


def values_of(page):
    """{name: text} of everything the page shows."""
    return dict(re.findall(r"^`([^`]+)`\n\n```\n(.*?)\n```$", page, re.MULTILINE | re.DOTALL))


def headers_of(text):
    return dict(line.split(": ", 1) for line in text.splitlines())


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.page = values_of(PAGE.read_text())

    def public(self, name):
        return from_b64url(self.page[f"{name} x"])

    def iid(self, name):
        return from_b64url(self.page[f"{name} iid"])

    def person(self, local, instance):
        return Person(f"{local}@{instance}", self.iid(instance),
                      from_b64url(self.page[f"{local} incarnation"]),
                      from_b64url(self.page[f"{local} member"]))

    def test_keys_are_made_of_their_seeds_and_named_by_their_thumbprints(self):
        for instance in ("alpha.cpc", "beta.cpc"):
            for role in ("root", "next root", "signing"):
                name = f"{instance} {role}"
                seed = bytes.fromhex(self.page[f"{name} seed"])
                self.assertEqual(seed, hashlib.sha256(name.replace(".cpc", "").encode()).digest())
                public = bytes(nacl.signing.SigningKey(seed).verify_key)
                self.assertEqual(public, self.public(name))
                self.assertEqual(b64url(thumbprint(public)), self.page[f"{name} kid"])
            sealing = X25519PrivateKey.from_private_bytes(
                bytes.fromhex(self.page[f"{instance} sealing private"]))
            self.assertEqual(raw(sealing.public_key()), self.public(f"{instance} sealing"))
            self.assertEqual(b64url(key_id(raw(sealing.public_key()))),
                             self.page[f"{instance} sealing kid"])
            self.assertEqual(self.page[f"{instance} iid"], self.page[f"{instance} root kid"])

    def test_the_document_proves_itself_and_promises_the_next_root(self):
        document = json.loads(self.page["document"])
        self.assertEqual(compact(document).decode(), self.page["document"])
        delegation = read_jws(document["delegation"], self.public("alpha.cpc root"))
        self.assertEqual(header_of(document["delegation"])["typ"], "cpc-delegation")
        self.assertEqual(compact(delegation).decode(), self.page["delegation payload"])
        self.assertEqual(delegation["iid"], self.page["alpha.cpc iid"])
        self.assertEqual(delegation["issued"], ISSUED)
        commitment = read_jws(delegation["commitment"], self.public("alpha.cpc root"))
        self.assertEqual(header_of(delegation["commitment"])["typ"], "cpc-commitment")
        self.assertEqual(compact(commitment).decode(), self.page["commitment payload"])
        self.assertEqual(commitment, {"v": 1, "iid": delegation["iid"],
                                      "x": self.page["alpha.cpc root x"],
                                      "next": self.page["alpha.cpc next root kid"]})
        [key] = delegation["keys"]
        self.assertEqual(key["kid"], self.page["alpha.cpc signing kid"])
        operational = read_jws(document["operational"], from_b64url(key["x"]))
        self.assertEqual(header_of(document["operational"])["kid"], key["kid"])
        self.assertEqual(compact(operational).decode(), self.page["operational payload"])
        self.assertEqual(operational["sealing_keys"], [
            {"kid": self.page["alpha.cpc sealing kid"], "x": self.page["alpha.cpc sealing x"]}])

    def test_a_directory_is_a_chain_that_both_of_its_signers_signed(self):
        page = json.loads(self.page["directory page"])
        self.assertEqual(compact(page).decode(), self.page["directory page"])
        self.assertEqual(page["directory"], self.page["directory id"])
        hashes = []
        for number, record in enumerate(page["records"], start=1):
            self.assertEqual(sorted(record), ["payload", "signatures"])
            payload = from_b64url(record["payload"])
            self.assertEqual(payload.decode(), self.page[f"directory version {number} payload"])
            hashes.append(b64url(framed_hash(b"cpc-directory-1", payload)))
            for one, instance in zip(record["signatures"], ("alpha.cpc", "beta.cpc")):
                jws = one | {"payload": record["payload"]}
                self.assertEqual(header_of(jws)["typ"], "cpc-directory")
                self.assertEqual(header_of(jws)["kid"], self.page[f"{instance} signing kid"])
                self.assertEqual(compact(read_jws(jws, self.public(f"{instance} signing"))),
                                 payload)
        self.assertEqual(hashes, [self.page["directory id"], self.page["directory version 2 hash"]])
        first, second = (json.loads(self.page[f"directory version {n} payload"]) for n in (1, 2))
        self.assertEqual(first["keys"], [self.page[f"{instance} signing x"]
                                         for instance in ("alpha.cpc", "beta.cpc")])
        self.assertEqual((first["version"], first["threshold"], first["changes"]), (1, 2, []))
        self.assertEqual((second["directory"], second["previous"]), (hashes[0], hashes[0]))
        self.assertEqual(second["changes"], [
            {"name": "beta.cpc", "iid": self.page["beta.cpc iid"], "status": "active",
             "endpoints": ["chat.beta.example:8470"]}])

    def test_nobody_can_use_the_keys_that_stand_here(self):
        refused = (TREE / "crypto" / "published_keys.cc").read_text()
        for instance in ("alpha.cpc", "beta.cpc"):
            for role in ("root", "next root", "signing"):
                self.assertIn(f'"{self.page[f"{instance} {role} x"]}"', refused)

    def test_the_frame_is_alphas_word(self):
        protected, payload, signature = self.page["frame"].split(".")
        frame = read_jws({"protected": protected, "payload": payload, "signature": signature},
                         self.public("alpha.cpc signing"))
        self.assertEqual(frame["kind"], "consent.request")
        self.assertEqual(frame["from"]["iid"], self.page["alpha.cpc iid"])
        self.assertEqual(frame["from"]["incarnation"], self.page["alice incarnation"])
        self.assertEqual(frame["body"]["member"], self.page["alice member"])

    def test_the_conversation_is_named_by_its_two_people_and_has_one_hub(self):
        wire = wire_id(self.person("alice", "alpha.cpc"), self.person("bob", "beta.cpc"))
        self.assertEqual(b64url(wire), self.page["wire id"])
        hub = hub_of(wire, self.iid("alpha.cpc"), self.iid("beta.cpc"))
        self.assertEqual(hub, self.iid(self.page["hub"]))

    def test_the_envelope_binds_its_body_and_verifies_without_it(self):
        envelope = json.loads(self.page["envelope"])
        header = read_jws(envelope, self.public("alpha.cpc signing"))
        self.assertEqual(compact(header).decode(), self.page["envelope header"])
        self.assertEqual(header["conversation"], self.page["wire id"])
        salt, body = from_b64url(envelope["salt"]), envelope["body"].encode()
        self.assertEqual(header["body_hash"], b64url(sha256(salt + body)))
        self.assertEqual(json.loads(body), {"text": "Hello Bob"})
        bare = json.loads(self.page["envelope without body"])
        self.assertEqual(bare, {name: envelope[name]
                                for name in ("protected", "payload", "signature")})
        text = f"{bare['protected']}.{bare['payload']}.{bare['signature']}"
        self.assertEqual(b64url(sha256(text.encode())), self.page["envelope hash"])

    def test_the_transaction_carries_them_and_its_link_chains(self):
        batch = json.loads(self.page["transaction"])
        self.assertEqual(batch["frames"], {"first": 1, "items": [self.page["frame"]]})
        [log] = batch["logs"]
        [entry] = log["items"]
        self.assertEqual(entry["envelope"], json.loads(self.page["envelope"]))
        link = framed_hash("cpc-log-1", bytes(32), from_b64url(log["conversation"]),
                           entry["epoch"], entry["seq"], entry["hub_time"],
                           from_b64url(self.page["envelope hash"]))
        self.assertEqual([entry["link"], self.page["link"]], [b64url(link)] * 2)

    def test_what_is_sealed_opens_with_betas_key_for_this_transaction_alone(self):
        key = SealingKey()
        key.secret = X25519PrivateKey.from_private_bytes(
            bytes.fromhex(self.page["beta.cpc sealing private"]))
        key.public = raw(key.secret.public_key())
        key.id = key_id(key.public)
        sealed = from_b64url(self.page["sealed"])
        iids = self.iid("alpha.cpc"), self.iid("beta.cpc")
        opened = key.open(info_of(*iids, self.page["transaction id"]), sealed)
        self.assertEqual(opened.decode(), self.page["transaction"])
        with self.assertRaises(Exception):
            key.open(info_of(*iids, "another"), sealed)

    def test_the_request_is_signed_over_this_base(self):
        headers = headers_of(self.page["request headers"])
        method, path = self.page["request line"].split(" ")
        self.assertEqual(headers["content-digest"],
                         content_digest(from_b64url(self.page["sealed"])))
        params, names, rest, signature = parse(headers)
        values = {"@method": method, "@path": path, "@query": "?", **headers}
        base = base_of([(name, values[name[1:-1]]) for name in names], params)
        self.assertEqual(base, self.page["request base"])
        self.assertEqual(rest["keyid"], self.page["alpha.cpc signing kid"])
        self.assertTrue(is_signed(self.public("alpha.cpc signing"), base.encode(), signature))

    def test_the_acknowledgement_is_betas_and_bound_to_the_request(self):
        headers = headers_of(self.page["reply headers"])
        self.assertEqual(headers["content-digest"],
                         content_digest(self.page["acknowledgement"].encode()))
        params, names, rest, signature = parse(headers)
        request = headers_of(self.page["request headers"])
        values = {"@status": "200", **headers}
        bound = request["signature"].removeprefix("fed=")
        base = base_of([(name, bound if name == BOUND else values[name[1:-1]]) for name in names],
                       params)
        self.assertEqual(base, self.page["reply base"])
        self.assertEqual(rest["keyid"], self.page["beta.cpc signing kid"])
        [consent, _] = json.loads(self.page["acknowledgement"])["lanes"]
        self.assertEqual(consent["item"], b64url(sha256(self.page["frame"].encode())))
        self.assertTrue(is_signed(self.public("beta.cpc signing"), base.encode(), signature))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

#!/usr/bin/python3
"""What a peer signed is kept, and proves itself to somebody who has nothing but the file."""

import json

from cpc.case import main, new_text
from cpc.client import eventually
from cpc.encoding import b64url, from_b64url, sha256
from cpc.instance import CommandFailed
from cpc.peer_case import PeerCase
from cpc.peer_events import Person, all_ok
from cpc.peer_identity import read_document
from cpc.peer_signature import check_reply


class Evidence(PeerCase):
    def evidence(self, *arguments):
        return self.alpha.cpcctl("peer", "evidence", "gamma.cpc", *arguments)

    def row(self, probe, what):
        """The row of alpha's list for which `probe` holds."""
        return eventually(
            lambda: next((row for row in self.evidence()["rows"] if probe(row)), None), what)

    def verified(self, number):
        """The body of the reply that is written out, proved as a stranger does it."""
        written = self.evidence("--number", str(number))
        self.assertEqual(written["iid"], self.gamma.iid)
        delegation, _ = read_document(written["document"].encode(), "gamma.cpc", self.gamma.iid)
        keys = {key["kid"]: from_b64url(key["x"]) for key in delegation["keys"]}
        proof = json.loads(written["proof"])
        request, reply = proof["request"], proof["reply"]
        check_reply(reply["status"], reply["headers"], reply["body"].encode(),
                    request["headers"], keys.__getitem__)
        with self.assertRaises(AssertionError):
            check_reply(reply["status"], reply["headers"], reply["body"].encode() + b" ",
                        request["headers"], keys.__getitem__)
        return request, json.loads(reply["body"])

    def asked(self):
        """Somebody at alpha asks somebody at gamma; gives the frame that gamma took."""
        asker = self.person("ann", self.alpha)
        asker.opt_in()
        carol = Person(f"carol{asker.local}@gamma.cpc", self.gamma.identity.iid)
        sent = asker.send(asker.start(carol.address), new_text("first"))
        found = lambda: next(
            (jws for received in self.gamma.received
             for jws in received.get("frames", {"items": []})["items"]
             if f'"{asker.address}"' in from_b64url(jws.split(".")[1]).decode()), None)
        return sent, self.gamma.wait(found, "the request")

    def test_an_acknowledgement_names_what_was_taken_and_proves_itself(self):
        def with_items(received):
            lanes = all_ok(received)
            for lane in lanes:
                if lane["kind"] == "consent":
                    lane["item"] = b64url(sha256(received["frames"]["items"][-1].encode()))
            return lanes
        self.gamma.answer_lanes = with_items
        self.addCleanup(setattr, self.gamma, "answer_lanes", all_ok)
        _, jws = self.asked()
        position = self.gamma.received[-1]["frames"]["first"]
        row = self.row(lambda row: f"consent ok 0/{position}" in row["lanes"], "the answer")
        self.assertEqual(row["code"], "")
        request, answer = self.verified(row["number"])
        self.assertEqual(request["method"], "PUT")
        self.assertEqual(answer["store_epoch"], b64url(self.gamma.epoch))
        [lane] = answer["lanes"]
        self.assertEqual((lane["seq"], lane["item"]), (position, b64url(sha256(jws.encode()))))

    def test_what_alpha_acknowledges_names_the_last_item(self):
        reader = self.person("bob", self.alpha)
        carol = Person("carol@gamma.cpc", self.gamma.identity.iid)
        frames = [self.request_frame(carol, to) for to in (reader.address, "x@alpha.cpc")]
        lane = self.send_frames(*frames)
        self.assertEqual(lane["item"], b64url(sha256(frames[1].encode())))

    def test_the_hello_is_kept_with_the_store_that_it_tells_of(self):
        row = self.row(lambda row: row["number"] == 0, "a hello")
        request, hello = self.verified(row["number"])
        self.assertEqual(request["path"], "/cpc/fed/v1/hello")
        self.assertEqual(hello["store_epoch"], b64url(self.gamma.epoch))

    def test_a_peer_that_takes_back_what_it_acknowledged_is_held_to_both(self):
        self.asked()
        self.settle()
        first = self.gamma.received[-1]["frames"]["first"]

        def has_lost(received):
            self.gamma.answer_lanes = all_ok
            return [{"kind": "consent", "verdict": "gap", "epoch": 0, "seq": 0}]
        self.gamma.answer_lanes = has_lost
        self.asked()
        self.settle()
        lost = self.row(lambda row: row["code"] == "LOST", "what was lost")
        before = self.row(lambda row: row["code"] == "CONTRADICTED", "what was said before")
        self.assertEqual(self.verified(lost["number"])[1]["lanes"][0]["seq"], 0)
        self.assertGreaterEqual(self.verified(before["number"])[1]["lanes"][0]["seq"], first)

    def test_what_is_not_there_is_told(self):
        for status, code, arguments in (
                (5, "not_found.evidence", ("gamma.cpc", "--number", "99999")),
                (5, "not_found.peer", ("delta.cpc",))):
            with self.assertRaises(CommandFailed) as caught:
                self.alpha.cpcctl("peer", "evidence", *arguments)
            self.assertEqual((caught.exception.status, caught.exception.code), (status, code))


if __name__ == "__main__":
    main()

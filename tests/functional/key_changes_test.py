#!/usr/bin/python3
"""Keys follow each other while people write, and nothing is lost: signing keys by plan and by
revocation, root keys that lie elsewhere, and one that was lost."""

import json
import subprocess
import time

from cpc.case import main, new_text
from cpc.client import Refused, eventually
from cpc.instance import CommandFailed
from cpc.load import LoadCase, Sender

# The hub follows from random ids: after so many pairs both sides have been it, but for 1 in 10^6.
PAIRS_MAX = 20


def keys_of(instance, use, state):
    return [key["id"] for key in keys(instance)["keys"]
            if key["use"] == use and key["state"] == state]


def keys(instance):
    return instance.ask("/v1/key/list")


class KeyCase(LoadCase):
    def refused(self, status, code, instance, *arguments, **named):
        with self.assertRaises(CommandFailed) as caught:
            instance.cpcctl("key", *arguments, **named)
        self.assertEqual((caught.exception.status, caught.exception.answer.get("code")),
                         (status, code), str(caught.exception))
        return caught.exception.answer

    def pairs_of_both_hubs(self):
        """A pair of people for each side as the hub: {hub: (alice, bob, mine, theirs)}."""
        pairs = {}
        for _ in range(PAIRS_MAX):
            alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
            mine, theirs = self.acquaint(alice, bob)
            pairs.setdefault(alice.conversation(mine)["hub"], (alice, bob, mine, theirs))
            if len(pairs) == 2:
                return pairs
        raise AssertionError(f"one side was the hub {PAIRS_MAX} times")


class Rotation(KeyCase):
    def test_signing_keys_follow_each_other_under_load_and_nothing_is_lost(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        mine, theirs = self.acquaint(alice, bob)
        senders = [Sender(alice, mine, "from-alice"), Sender(bob, theirs, "from-bob")]
        for instance in (self.alpha, self.beta):
            before = keys_of(instance, "signing", "current")
            changed = instance.cpcctl("key", "rotate", "--ahead-hours", "0")
            for sender in senders:
                sender.wait_more(5)
            self.assertEqual(keys_of(instance, "signing", "current"), [changed["key"]])
            self.assertEqual(keys_of(instance, "signing", "ending"), before)
        announced = self.alpha.cpcctl("key", "rotate")
        self.assertEqual(keys_of(self.alpha, "signing", "next"), [announced["key"]])
        answer = self.refused(6, "precond.conflict", self.alpha, "rotate")
        self.assertIn("three signing keys", answer["why"])
        for sender in senders:
            sender.wait_more(5)
            sender.finish()
        self.both_have_all(alice, mine, bob, theirs, senders)
        # Whoever is signed in stays so, and the keys are there after a restart.
        self.alpha.restart()
        self.assertEqual(alice.texts(mine)[-1], bob.texts(theirs)[-1])
        self.assertEqual(keys_of(self.alpha, "signing", "next"), [announced["key"]])


class Revocation(KeyCase):
    def test_what_a_revoked_key_signed_arrives_and_it_signs_nothing_more(self):
        pairs = self.pairs_of_both_hubs()
        self.beta.kill()
        sent = {hub: [alice.send(mine, new_text("owed")) for _ in range(3)]
                for hub, (alice, _, mine, _) in pairs.items()}
        # A stranger's request is owed as well.
        newcomer = self.person("newcomer", self.alpha)
        newcomer.opt_in()
        first_alice, first_bob, _, _ = next(iter(pairs.values()))
        newcomer.send(newcomer.start(first_bob.address), new_text("may I"))
        revoked = keys_of(self.alpha, "signing", "current")[0]
        changed = self.alpha.cpcctl("key", "revoke", revoked)
        self.assertEqual(keys_of(self.alpha, "signing", "revoked"), [revoked])
        self.assertNotEqual(keys_of(self.alpha, "signing", "current"), [revoked])
        self.assertNotEqual(changed.get("key"), revoked)
        self.refused(6, "precond.conflict", self.alpha, "revoke", revoked)
        # Its private half is destroyed; with it anybody could have signed in as anybody.
        self.assertFalse((self.alpha.keys / "signing.key").exists())
        with self.assertRaises(Refused) as caught:
            first_alice.conversations()
        self.assertEqual(caught.exception.code, "UNAUTHENTICATED")
        self.beta.start()
        for hub, (alice, bob, mine, theirs) in pairs.items():
            with self.subTest(hub=hub):
                alice.sign_in()
                bob.wait_text(theirs, sent[hub][-1]["text"])
                self.assertEqual(bob.texts(theirs)[-3:], [one["text"] for one in sent[hub]])
                reply = bob.send(theirs, new_text("reply"))
                eventually(lambda a=alice, m=mine, r=reply: r["text"] in a.texts(m),
                           "the reply to arrive")
        first_bob.wait_request(newcomer.address)
        self.assertEqual([lane for lane in self.alpha.peer("beta.cpc")["lanes"]
                          if lane["blocked"]], [])


class LostRoot(KeyCase):
    def test_a_lost_root_key_is_followed_by_the_one_that_was_promised(self):
        (self.alpha.keys / "root.key").rename(self.alpha.folder / "lost.key")
        promised = keys_of(self.alpha, "root", "next")
        try:
            self.alpha.cpcctl("key", "rotate", "--root")
        finally:
            (self.alpha.folder / "lost.key").rename(self.alpha.keys / "root.key")
        self.assertEqual(keys_of(self.alpha, "root", "current"), promised)
        self.assertNotEqual(keys_of(self.alpha, "root", "next"), promised)
        for file in self.alpha.keys.glob("root-*.key"):
            self.world.secrets.add(file.read_text().split()[1])
        self.beta.cpcctl("route", "someone@alpha.cpc", "--probe")
        serial = keys(self.alpha)["serial"]
        eventually(lambda: self.beta.peer("alpha.cpc")["document"]["delegation_serial"] == serial,
                   "the peer to follow the root key")
        self.assertEqual(self.beta.peer("alpha.cpc")["peer"]["iid"], self.alpha.iid)
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        self.acquaint(alice, bob)


class OfflineCase(KeyCase):
    def take_roots_away(self):
        vault = self.world.folder / "vault"
        vault.mkdir(mode=0o700)
        for file in self.beta.keys.glob("*root*.key"):
            file.rename(vault / file.name)
        self.beta.restart()
        return vault

    def export(self, request):
        subprocess.run([self.beta.binaries.cpcctl, "--socket", self.beta.socket, "key", "export",
                        "--out", request], check=True)
        return request

    def sign(self, request, root_key, *more):
        return subprocess.run([self.beta.binaries.cpcd, "--sign-delegation", request, "--root-key",
                               root_key, *more], capture_output=True, text=True, timeout=60)

    def import_signed(self, request, vault):
        self.beta.cpcctl("key", "import", "-",
                         stdin=self.sign(request, vault / "root.key").stdout)


class ChangesWaiting(OfflineCase):
    def test_changes_that_wait_for_the_root_key_add_up_and_none_is_lost(self):
        vault = self.take_roots_away()
        old = keys_of(self.beta, "signing", "current")[0]
        before = self.export(vault / "before.json")
        waits = self.beta.cpcctl("key", "rotate", "--ahead-hours", "24")
        self.assertEqual(self.beta.cpcctl("key", "rotate")["key"], waits["key"], "the same waits")
        revoked = self.beta.cpcctl("key", "revoke", old)
        self.assertEqual(revoked["key"], waits["key"], "it takes over from the revoked one")
        self.beta.cpcctl("key", "rotate", "--ahead-hours", "0")
        # What was asked for before these changes is a renewal, and takes none of them away.
        self.import_signed(before, vault)
        self.assertIn("waits for the root key", keys(self.beta)["worries"][0])
        self.assertEqual(keys_of(self.beta, "signing", "current"), [old])
        self.import_signed(self.export(vault / "after.json"), vault)
        self.assertEqual(keys_of(self.beta, "signing", "revoked"), [old])
        self.assertEqual(keys_of(self.beta, "signing", "current"), [waits["key"]])
        self.assertEqual(keys(self.beta)["worries"], [])

        # Signed later than that, it would bring the revoked key back.
        serial = keys(self.beta)["serial"]
        eventually(lambda: time.time() > serial + 1, "a higher serial")
        signed = self.sign(before, vault / "root.key")
        answer = self.refused(6, "precond.conflict", self.beta, "import", "-", stdin=signed.stdout)
        self.assertIn("came into force since", answer["why"])
        self.assertEqual(keys_of(self.beta, "signing", "revoked"), [old])

        # The root key comes back: whatever is signed first takes along what waits.
        current = waits["key"]
        waits = self.beta.cpcctl("key", "revoke", current)
        self.assertIn("waits_for_root", waits)
        for file in vault.glob("*root.key"):
            file.rename(self.beta.keys / file.name)
        rotated = self.beta.cpcctl("key", "rotate", "--ahead-hours", "0")
        self.assertEqual(rotated["key"], waits["key"])
        self.assertIn(current, keys_of(self.beta, "signing", "revoked"))
        self.assertEqual(keys_of(self.beta, "signing", "current"), [waits["key"]])
        self.assertEqual(keys(self.beta)["worries"], [])
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        self.acquaint(alice, bob)


class OfflineRoot(OfflineCase):
    def test_a_root_key_may_lie_elsewhere(self):
        vault = self.take_roots_away()
        waits = self.beta.cpcctl("key", "rotate", "--ahead-hours", "0")
        self.assertEqual(waits["waits_for_root"], keys_of(self.beta, "root", "current")[0])
        self.assertEqual(waits["serial"], 0)
        self.assertNotIn(waits["key"], keys_of(self.beta, "signing", "current"))
        shown = self.refused(7, None, self.beta, "list")
        self.assertIn("waits for the root key", shown["worries"][0])

        request, answer = vault / "request.json", vault / "delegation.json"
        self.export(request)
        wrong = self.sign(request, vault / "next-root.key")
        self.assertEqual(wrong.returncode, 1, "the promised key takes over, and promises none")
        self.assertIn("--next-root-key", wrong.stderr)
        signed = self.sign(request, vault / "root.key")
        self.assertEqual(signed.returncode, 0, signed.stderr)
        answer.write_text(signed.stdout)
        self.beta.cpcctl("key", "import", answer)
        self.assertEqual(keys_of(self.beta, "signing", "current"), [waits["key"]])
        self.assertEqual(keys(self.beta)["worries"], [])
        self.refused(6, "precond.conflict", self.beta, "import", answer)

        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        mine, theirs = self.acquaint(alice, bob)
        # And the promised one takes over, elsewhere as well.
        self.export(request)
        signed = self.sign(request, vault / "next-root.key", "--next-root-key", vault / "third.key")
        self.assertEqual(signed.returncode, 0, signed.stderr)
        promised = keys_of(self.beta, "root", "next")
        self.beta.cpcctl("key", "import", "-", stdin=signed.stdout)
        self.assertEqual(keys_of(self.beta, "root", "current"), promised)
        text = bob.send(theirs, new_text("after"))["text"]
        alice.wait_text(mine, text)


class Refusals(KeyCase):
    def test_what_is_no_delegation_of_ours_changes_nothing(self):
        before = keys(self.alpha)
        self.refused(1, "invalid.request", self.alpha, "import", "-", stdin="{}")
        other = json.loads(self.beta.ask("/v1/key/export")["request"])["delegation"]
        self.refused(4, "auth.denied", self.alpha, "import", "-", stdin=json.dumps(other))
        own = json.loads(self.alpha.ask("/v1/key/export")["request"])["delegation"]
        self.refused(6, "precond.conflict", self.alpha, "import", "-", stdin=json.dumps(own))
        own["signature"] = own["signature"][:-4] + "AAAA"
        self.refused(4, "auth.denied", self.alpha, "import", "-", stdin=json.dumps(own))
        self.refused(1, "invalid.key", self.alpha, "revoke", "no-key")
        self.refused(6, "precond.conflict", self.alpha, "revoke", "A" * 43)
        self.assertEqual(keys(self.alpha), before)


if __name__ == "__main__":
    main()

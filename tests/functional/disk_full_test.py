#!/usr/bin/python3
"""No room for the store: what was accepted stays, what was not is said, and nobody must restart.

The disk is full for one process: its files may not grow (RLIMIT_FSIZE), and then they may."""

import resource

from cpc.case import Case, main, new_text
from cpc.client import Refused, eventually

PATTERN = "disk full " * 2500  # So that few messages fill what room is left.


class DiskFull(Case):
    NAMES = ("alpha.cpc", "beta.cpc")

    def setUp(self):
        self.alpha.allowed_errors += ["could not be stored", "the store takes nothing"]

    def fill(self, instance):
        """From now on no file of the daemon grows past the store's largest."""
        size = max(file.stat().st_size for file in instance.data.glob("cpcd.db*"))
        self.limit(instance, size)

    def limit(self, instance, octets):
        _, hard = resource.prlimit(instance.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(instance.process.pid, resource.RLIMIT_FSIZE, (octets, hard))

    def told(self, sentence):
        return self.alpha.log_text().count(sentence)

    def send_until_refused(self, client, conversation, instance):
        """The texts that were accepted before the first refusal, and that refusal."""
        accepted = []
        for number in range(500):
            text = new_text(f"{PATTERN}{number}")
            try:
                client.send(conversation, text)
            except Refused as refusal:
                return accepted, refusal
            accepted.append(text)
            if number == 0:
                self.fill(instance)
        raise AssertionError("the disk did not get full")

    def test_a_full_disk_refuses_loses_nothing_and_goes_on_when_there_is_room(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        mine, theirs = self.acquaint(alice, bob)
        before = len(alice.texts(mine))
        told_before = self.told("the store takes nothing")
        accepted, refusal = self.send_until_refused(alice, mine, self.alpha)
        self.assertEqual(refusal.code, "UNAVAILABLE", refusal)
        self.assertNotIn("disk", str(refusal.reply.body).lower(), "a stranger learns about us")

        # Everybody can still read, and the operator can still ask.
        self.assertEqual(alice.texts(mine)[before:], accepted)
        status = self.alpha.status()
        self.assertEqual(status["state"], "degraded")
        self.assertIn("the store takes nothing", status["reasons"][0])
        self.assertEqual(self.told("the store takes nothing"), told_before + 1)

        # What a peer sends meanwhile stays with the peer.
        answer = bob.send(theirs, new_text("from the other side " + PATTERN))
        with self.assertRaises(Refused):
            alice.send(mine, new_text("still no room " + PATTERN))

        self.limit(self.alpha, resource.RLIM_INFINITY)
        last = alice.send(mine, new_text("room again"))
        accepted.append(last["text"])
        self.assertEqual(self.alpha.status()["state"], "running")
        self.assertIn("the store works again", self.alpha.log_text())
        alice.wait_text(mine, answer["text"])
        bob.wait_text(theirs, last["text"])
        eventually(lambda: alice.texts(mine) == bob.texts(theirs), "one conversation in one order")
        own = [text for text in alice.texts(mine)[before:] if text != answer["text"]]
        self.assertEqual(own, accepted)

        self.alpha.restart()
        self.assertEqual([text for text in alice.texts(mine)[before:] if text != answer["text"]],
                         accepted)

    def test_a_daemon_that_dies_on_a_full_disk_starts_with_what_it_accepted(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        mine, theirs = self.acquaint(alice, bob)
        before = len(alice.texts(mine))
        accepted, _ = self.send_until_refused(alice, mine, self.alpha)
        self.alpha.kill()
        self.alpha.start()
        self.assertEqual(alice.texts(mine)[before:], accepted)
        bob.wait_text(theirs, accepted[-1])


if __name__ == "__main__":
    main()

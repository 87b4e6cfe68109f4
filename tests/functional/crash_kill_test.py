#!/usr/bin/python3
"""Accepted means on disk: daemons die at random moments and nothing acknowledged is lost."""

import http.client
import random
import threading

from cpc.case import Case, main, new_text
from cpc.client import Refused, eventually

KILLS = 8


class Sender(threading.Thread):
    """Sends one text after the other until told to stop; `accepted` holds what was acknowledged.

    A send without an answer is repeated under its client id until there is one, as clients do."""

    def __init__(self, client, conversation, word):
        super().__init__(daemon=True)
        self.client, self.conversation, self.word = client, conversation, word
        self.accepted, self.unanswered = [], 0
        self.is_over = threading.Event()
        self.problem = None
        self.start()

    def run(self):
        number = 0
        while not self.is_over.is_set():
            number += 1
            text = new_text(f"{self.word} {number}")
            if not self.deliver(text, f"{self.word}-{number}"):
                return
            self.accepted.append(text)

    def deliver(self, text, client_id):
        while True:
            try:
                self.client.send(self.conversation, text, client_id=client_id)
                return True
            except (OSError, http.client.HTTPException):
                self.unanswered += 1
            except Refused as refusal:
                # A daemon that is stopping may say so; anything else is not in the promise.
                if refusal.reply.status != 503 and refusal.code != "UNAVAILABLE":
                    self.problem = refusal
                    return False
            if self.is_over.wait(0.02):
                return False

    def wait_more(self, count):
        """Until so many more were accepted."""
        wanted = len(self.accepted) + count
        eventually(lambda: len(self.accepted) >= wanted or self.problem, f"{count} more accepted")
        if self.problem:
            raise AssertionError(f"sending failed: {self.problem}")

    def finish(self):
        self.is_over.set()
        self.join()
        if self.problem:
            raise AssertionError(f"sending failed: {self.problem}")


class Crashes(Case):
    NAMES = ("alpha.cpc", "beta.cpc")

    def test_kill_at_random_moments_loses_and_repeats_nothing_acknowledged(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        mine, theirs = self.acquaint(alice, bob)
        senders = [Sender(alice, mine, "from-alice"), Sender(bob, theirs, "from-bob")]
        dice = random.Random()
        for number in range(KILLS):
            victim = (self.alpha, self.beta)[number % 2]
            for sender in senders:
                sender.wait_more(dice.randint(1, 4))
            threading.Event().wait(dice.uniform(0, 0.05))  # Anywhere within a send.
            victim.kill()
            victim.start()
        for sender in senders:
            sender.wait_more(1)
            sender.finish()
        self.assertGreater(sum(sender.unanswered for sender in senders), 0,
                           "no send was cut off: the kills proved nothing")
        self.both_have_all(alice, mine, bob, theirs, senders)

    def both_have_all(self, alice, mine, bob, theirs, senders):
        """One log with every acknowledged text, once, each author's in the order of sending."""
        for client, sender in zip((bob, alice), senders):
            client.wait_text(theirs if client is bob else mine, sender.accepted[-1])
        for client, conversation in ((alice, mine), (bob, theirs)):
            client.until(lambda c=client, v=conversation: all(m["position"]
                         for m in c.messages(v)), "every message to be ordered")
        texts = alice.texts(mine)
        self.assertEqual(texts, bob.texts(theirs))
        for sender in senders:
            own = [text for text in texts if text.startswith(sender.word)]
            self.assertEqual([text for text in own if text in set(sender.accepted)],
                             sender.accepted)
            self.assertEqual(len(own), len(set(own)), "a text is there twice")
            self.assertLessEqual(len(own) - len(sender.accepted), 1)

    def test_sigterm_ends_with_status_0_and_keeps_what_was_accepted(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        mine, theirs = self.acquaint(alice, bob)
        for instance in (self.alpha, self.beta):
            senders = [Sender(alice, mine, f"{instance.name}-from-alice"),
                       Sender(bob, theirs, f"{instance.name}-from-bob")]
            for sender in senders:
                sender.wait_more(2)
            self.assertEqual(instance.stop(), 0)
            instance.start()
            for sender in senders:
                sender.wait_more(1)
                sender.finish()
        self.both_have_all(alice, mine, bob, theirs, senders)

    def test_sigterm_with_a_peer_away_and_work_owed_ends_with_status_0(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        mine, theirs = self.acquaint(alice, bob)
        self.beta.kill()
        sent = [alice.send(mine, new_text("owed")) for _ in range(3)]
        self.assertGreater(self.alpha.status()["owed"], 0)
        self.assertEqual(self.alpha.stop(), 0)
        self.alpha.start()
        self.beta.start()
        bob.wait_text(theirs, sent[-1]["text"])
        self.assertEqual(bob.texts(theirs)[-3:], [message["text"] for message in sent])
        eventually(lambda: self.alpha.status()["owed"] == 0, "nothing to be owed any more")


if __name__ == "__main__":
    main()

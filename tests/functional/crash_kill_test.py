#!/usr/bin/python3
"""Accepted means on disk: daemons die at random moments and nothing acknowledged is lost.

CPC_KILLS says how often; scripts/test --all wants 200 on each engine."""

import os
import random
import sys
import threading
import time

from cpc.case import main, new_text
from cpc.client import eventually
from cpc.load import LoadCase, Sender

KILLS = int(os.environ.get("CPC_KILLS", "10"))


class Crashes(LoadCase):
    def test_kill_at_random_moments_loses_and_repeats_nothing_acknowledged(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        mine, theirs = self.acquaint(alice, bob)
        senders = [Sender(alice, mine, "from-alice"), Sender(bob, theirs, "from-bob")]
        dice, began = random.Random(), time.monotonic()
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
        print(f"{KILLS} kills, {sum(len(sender.accepted) for sender in senders)} messages "
              f"acknowledged, {sum(sender.unanswered for sender in senders)} sends cut off, "
              f"{time.monotonic() - began:.0f} s", file=sys.stderr)

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

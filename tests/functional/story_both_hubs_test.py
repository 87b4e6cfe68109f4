#!/usr/bin/python3
"""The main job: a stranger asks, is let in, and every message arrives, whichever side is hub."""

from cpc.case import Case, main, new_text

# The hub follows from random ids: after so many pairs both sides have been it, but for 1 in 10^6.
PAIRS_MAX = 20


class Story(Case):
    NAMES = ("alpha.cpc", "beta.cpc")

    def first_contact(self):
        """A new alice and a new bob from the first word to the first receipt, and what each has."""
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        text = new_text("hello")
        alice.opt_in()
        mine = alice.start(bob.address)
        sent = alice.send(mine, text)
        alice.wait_state(sent, "WAITING_CONSENT")
        request = bob.wait_request(alice.address)
        self.assertEqual(request["intro"], text)
        self.assertEqual(bob.conversations()["edges"], [], "a stranger begins nothing for bob")
        theirs = bob.start(alice.address)
        self.assertEqual(bob.texts(theirs), [], "nothing is delivered before consent")
        self.assertEqual(bob.answer(request, "GRANT")["state"], "ANSWERED")
        arrived = bob.wait_text(theirs, text)
        self.assertEqual(arrived["sender"]["address"], alice.address)
        alice.wait_state(sent, "DELIVERED")
        bob.mark_read(arrived)
        alice.wait_state(sent, "READ")
        self.assertEqual(alice.stream.states_of(sent)[0], "WAITING_CONSENT")
        self.assertEqual(alice.conversation(mine)["hub"], bob.conversation(theirs)["hub"])
        return alice, bob, mine, theirs

    def test_messages_go_both_ways_and_survive_a_killed_peer_with_either_side_as_hub(self):
        pairs = {}
        for _ in range(PAIRS_MAX):
            pair = self.first_contact()
            pairs.setdefault(pair[0].conversation(pair[2])["hub"], pair)
            if len(pairs) == 2:
                break
        self.assertEqual(set(pairs), {"alpha.cpc", "beta.cpc"})
        for hub, pair in pairs.items():
            with self.subTest(hub=hub):
                self.answer_back(*pair)
        self.beta.kill()
        sent = {hub: self.write_three(pair) for hub, pair in pairs.items()}
        self.beta.start()
        for hub, pair in pairs.items():
            with self.subTest(hub=hub):
                self.all_arrived(pair, sent[hub])

    def answer_back(self, alice, bob, mine, theirs):
        reply = bob.send(theirs, new_text("reply"))
        arrived = alice.wait_text(mine, reply["text"])
        bob.wait_state(reply, "DELIVERED")
        alice.mark_read(arrived)
        bob.wait_state(reply, "READ")

    def write_three(self, pair):
        alice, _, mine, _ = pair
        sent = [alice.send(mine, new_text("meanwhile")) for _ in range(3)]
        delayed = alice.wait_state(sent[-1], "DELAYED")
        self.assertTrue(delayed["nextTryAt"], "the sender is told when the next try is")
        self.assertTrue(delayed["stateReason"])
        return sent

    def all_arrived(self, pair, sent):
        alice, bob, mine, theirs = pair
        for message in sent:
            alice.wait_state(message, "DELIVERED", "READ")
        expected = [message["text"] for message in sent]
        bob.wait_text(theirs, expected[-1])
        self.assertEqual(bob.texts(theirs)[-3:], expected)
        self.assertEqual(len(bob.texts(theirs)), 5, "nothing came twice")
        self.assertEqual(bob.texts(theirs), alice.texts(mine))
        self.assertEqual(bob.conversation(theirs)["position"], alice.conversation(mine)["position"])


class OneInstance(Case):
    def test_two_people_of_one_instance_need_consent_and_no_opt_in(self):
        alice, bob = self.person("alice"), self.person("bob")
        mine = alice.start(bob.address)
        text = new_text("hello")
        sent = alice.send(mine, text)
        self.assertEqual(sent["state"], "WAITING_CONSENT")
        theirs = bob.start(alice.address)
        request = bob.wait_request(alice.address)
        self.assertEqual(bob.texts(theirs), [])
        bob.answer(request, "GRANT")
        arrived = bob.wait_text(theirs, text)
        alice.wait_state(sent, "DELIVERED")
        bob.mark_read(arrived)
        alice.wait_state(sent, "READ")
        reply = bob.send(theirs, new_text("reply"))
        alice.wait_text(mine, reply["text"])
        self.assertEqual(alice.conversation(mine)["hub"], "alpha.cpc")
        self.assertEqual(alice.texts(mine), bob.texts(theirs))

    def test_replying_to_a_request_is_a_grant(self):
        alice, bob = self.person("alice"), self.person("bob")
        sent = alice.send(alice.start(bob.address), new_text("hello"))
        bob.wait_request(alice.address)
        theirs = bob.start(alice.address)
        bob.send(theirs, new_text("reply"))
        alice.wait_state(sent, "DELIVERED")
        self.assertEqual(len(bob.until(lambda: len(bob.texts(theirs)) == 2 and bob.texts(theirs),
                                       "both messages")), 2)
        self.assertEqual(bob.requests(), [])


if __name__ == "__main__":
    main()

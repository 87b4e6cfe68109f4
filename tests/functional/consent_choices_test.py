#!/usr/bin/python3
"""Nobody is reached before they agree, nor after they took it back; and no stranger learns why."""

from cpc.case import Case, main, new_text


class Choices(Case):
    NAMES = ("alpha.cpc", "beta.cpc")

    def strangers(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        alice.opt_in()
        return alice, bob, alice.start(bob.address)

    def friends(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        return alice, bob, *self.acquaint(alice, bob)

    def let_traffic_pass(self):
        """When this is done, everything queued before between the two has arrived and is applied:
        consent frames travel in one lane, in order."""
        self.friends()

    def test_sending_to_another_instance_needs_an_opt_in(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        mine = alice.start(bob.address)
        before = self.alpha.rows()
        self.assert_refused("FEDERATION_OPT_IN_REQUIRED", alice.send, mine, new_text())
        self.assert_same_rows(before, self.alpha)
        consents = alice.opt_in("beta.cpc")
        self.assertIn(("CROSS_INSTANCE", "INSTANCE", "beta.cpc", "GRANTED"),
                      [(c["type"], c["scope"], c["subject"], c["state"]) for c in consents])
        self.assertEqual(alice.send(mine, new_text())["state"], "WAITING_CONSENT")
        alice.opt_in("beta.cpc", enabled=False)
        self.assert_refused("FEDERATION_OPT_IN_REQUIRED", alice.send, mine, new_text())

    def test_a_first_message_has_280_characters_at_most(self):
        alice, _, mine = self.strangers()
        before = self.alpha.rows()
        self.assert_refused("FIRST_MESSAGE_TOO_LONG", alice.send, mine, "x" * 281)
        self.assert_same_rows(before, self.alpha)
        # Characters, not octets.
        sent = alice.send(mine, "\U0001F33B" * 280)
        self.assertEqual(sent["state"], "WAITING_CONSENT")

    def test_a_second_message_waits_for_the_answer_to_the_first(self):
        alice, _, mine = self.strangers()
        alice.send(mine, new_text())
        self.assert_refused("REQUEST_PENDING", alice.send, mine, new_text())
        self.assertEqual(len(alice.texts(mine)), 1)

    def test_a_denied_request_looks_like_an_ignored_one_and_like_nobody_there(self):
        alice, bob, mine = self.strangers()
        sent = alice.send(mine, new_text("to bob"))
        ignored = self.person("bob", self.beta)
        to_ignored = alice.send(alice.start(ignored.address), new_text("to somebody else"))
        to_nobody = alice.send(alice.start("nobody@beta.cpc"), new_text("to nobody"))
        request = bob.wait_request(alice.address)
        self.assertEqual(bob.answer(request, "DENY")["state"], "ANSWERED")
        self.assertEqual(bob.requests(), [])
        self.let_traffic_pass()
        seen = []
        for message in (sent, to_ignored, to_nobody):
            now = alice.message(message)
            seen.append([now[name] for name in ("state", "stateReason", "nextTryAt", "position")]
                        + [alice.conversation(message["conversationId"])["hub"],
                           alice.stream.states_of(message)])
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(seen[0], seen[2])
        self.assertEqual(seen[0][0], "WAITING_CONSENT")
        self.assertEqual(bob.texts(bob.start(alice.address)), [])

    def test_an_answer_to_a_consent_that_moved_is_stale(self):
        alice, bob, mine = self.strangers()
        alice.send(mine, new_text())
        request = bob.wait_request(alice.address)
        bob.answer(request, "DENY")
        self.assert_refused("CONSENT_STALE", bob.answer, request, "GRANT")
        self.assertEqual(bob.consent_towards(alice.address)["state"], "DENIED")

    def test_somebody_refused_earlier_can_be_granted_later(self):
        alice, bob, mine = self.strangers()
        sent = alice.send(mine, new_text())
        bob.answer(bob.wait_request(alice.address), "DENY")
        bob.grant(alice.address, bob.consent_towards(alice.address)["version"])
        bob.wait_text(bob.start(alice.address), sent["text"])
        alice.wait_state(sent, "DELIVERED")

    def test_a_quiet_revocation_shows_nothing_to_bob_and_tells_alice_nothing(self):
        alice, bob, mine, theirs = self.friends()
        earlier = bob.texts(theirs)
        self.assertIn(bob.revoke(alice.address)["state"], ("BLOCKED", "REVOKED"))
        before = bob.cursor()
        sent = alice.send(mine, new_text("unseen"))
        alice.wait_state(sent, "DELIVERED")
        self.let_traffic_pass()
        self.assertEqual(bob.texts(theirs), earlier)
        later = bob.follow(after=before)
        bob.opt_in()
        later.wait(lambda e: e["__typename"] == "ConsentEvent", "bob's own change")
        self.assertEqual(later.of("MessageEvent"), [])
        self.assertEqual(alice.message(sent)["state"], "DELIVERED")
        self.assertEqual(alice.conversation(mine)["hub"], bob.conversation(theirs)["hub"])

    def test_what_was_hidden_is_not_kept_and_what_comes_after_a_new_grant_is_seen(self):
        alice, bob, mine, theirs = self.friends()
        bob.revoke(alice.address)
        hidden = alice.send(mine, new_text("hidden"))
        alice.wait_state(hidden, "DELIVERED")
        bob.grant(alice.address, bob.consent_towards(alice.address)["version"])
        seen = alice.send(mine, new_text("seen"))
        bob.wait_text(theirs, seen["text"])
        self.assertNotIn(hidden["text"], bob.texts(theirs))

    def test_an_open_revocation_makes_alice_ask_again(self):
        alice, bob, mine, theirs = self.friends()
        self.assertEqual(bob.revoke(alice.address, "OPENLY")["state"], "REVOKED")
        self.let_traffic_pass()
        again = alice.send(mine, new_text("may I again"))
        self.assertEqual(again["state"], "WAITING_CONSENT")
        request = bob.wait_request(alice.address)
        self.assertEqual(request["intro"], again["text"])
        self.assertNotIn(again["text"], bob.texts(theirs))
        bob.answer(request, "GRANT")
        bob.wait_text(theirs, again["text"])
        alice.wait_state(again, "DELIVERED")

    def test_who_refused_somebody_cannot_write_to_them_without_granting(self):
        alice, bob, _, theirs = self.friends()
        bob.revoke(alice.address)
        before = self.beta.rows()
        self.assert_refused("BLOCKED_BY_YOU", bob.send, theirs, new_text())
        self.assert_same_rows(before, self.beta)

    def test_revoking_twice_or_towards_a_stranger_is_answered_and_harmless(self):
        alice, bob, mine, theirs = self.friends()
        first = bob.revoke(alice.address)
        self.assertEqual(bob.revoke(alice.address)["version"], first["version"])
        bob.revoke("carol@alpha.cpc")
        sent = alice.send(mine, new_text("unseen"))
        alice.wait_state(sent, "DELIVERED")
        self.assertNotIn(sent["text"], bob.texts(theirs))

    def test_read_receipts_of_who_refused_stay_home(self):
        alice, bob, mine, theirs = self.friends()
        sent = alice.send(mine, new_text("seen but not told"))
        arrived = bob.wait_text(theirs, sent["text"])
        bob.revoke(alice.address)
        bob.mark_read(arrived)
        self.let_traffic_pass()
        self.assertEqual(alice.message(sent)["state"], "DELIVERED")

    def test_on_one_instance_too_what_is_read_after_a_refusal_is_the_readers_own(self):
        alice, carol = self.person("alice", self.alpha), self.person("carol", self.alpha)
        mine, theirs = self.acquaint(alice, carol)
        sent = alice.send(mine, new_text("seen but not told"))
        arrived = carol.wait_text(theirs, sent["text"])
        carol.revoke(alice.address)
        carol.mark_read(arrived)

        def read_by_carol(client, view):
            return {found["user"]["address"]: found["readUpTo"] for found in
                    client.conversation(view)["participants"]}[carol.address]

        self.assertEqual(read_by_carol(carol, theirs), arrived["position"])
        self.assertLess(read_by_carol(alice, mine), arrived["position"])
        self.assertEqual(alice.message(sent)["state"], "DELIVERED")


if __name__ == "__main__":
    main()

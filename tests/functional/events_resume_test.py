#!/usr/bin/python3
"""events(after:) gives everything once, over reconnects, restarts and crashes."""

from cpc.case import Case, main, new_text
from cpc.client import EVENTS
from cpc.stream import Stream


class Resuming(Case):
    NAMES = ("alpha.cpc", "beta.cpc")

    def pair(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        return alice, bob, *self.acquaint(alice, bob)

    def assert_each_once(self, stream, texts):
        """No place in the stream came twice, and every text came, in order of its position."""
        cursors = [event["cursor"] for event in stream.events]
        self.assertEqual(len(cursors), len(set(cursors)), "an event was repeated")
        placed = {}
        for event in stream.of("MessageEvent"):
            message = event["message"]
            if message["text"] in texts and message["position"]:
                placed.setdefault(message["text"], message["position"])
        self.assertEqual(sorted(placed, key=placed.get), texts)

    def test_a_stream_broken_after_every_event_misses_and_repeats_nothing(self):
        alice, bob, mine, _ = self.pair()
        start = bob.cursor()
        texts = [alice.send(mine, new_text("piece"))["text"] for _ in range(8)]
        bob.until(lambda: any(e["message"]["text"] == texts[-1]
                              for e in bob.stream.of("MessageEvent")), "the last piece")
        stream, seen = None, []
        while not any(e.get("message", {}).get("text") == texts[-1] for e in seen):
            stream = Stream(bob, EVENTS, start, resumes=False)
            seen.append(stream.wait(lambda event: True, "one more event"))
            start = seen[-1]["cursor"]
            self.assertNotIn(start, [event["cursor"] for event in seen[:-1]], "it came again")
            stream.close()
        stream.events = seen
        self.assert_each_once(stream, texts)

    def test_a_stream_goes_on_over_restarts_and_crashes(self):
        alice, bob, mine, theirs = self.pair()
        stream = bob.follow(after=bob.cursor())
        stream.wait_connections(1)
        texts = []
        for life, end in enumerate((self.beta.restart, self.crash, self.beta.restart), 1):
            texts += [alice.send(mine, new_text("piece"))["text"] for _ in range(3)]
            end()
            stream.wait_connections(life + 1)
        texts.append(alice.send(mine, new_text("last"))["text"])
        stream.wait(lambda e: e.get("message", {}).get("text") == texts[-1], "the last text")
        self.assert_each_once(stream, texts)
        self.assertEqual(bob.texts(theirs)[-len(texts):], texts)

    def crash(self):
        self.beta.kill()
        self.beta.start()

    def test_a_message_that_moves_on_comes_again_under_the_same_id(self):
        alice, bob, mine, theirs = self.pair()
        sent = alice.send(mine, new_text("moving"))
        bob.mark_read(bob.wait_text(theirs, sent["text"]))
        alice.wait_state(sent, "READ")
        position = alice.message(sent)["position"]
        alice.stream.wait(lambda e: e["__typename"] == "ReceiptEvent"
                          and e["participant"]["user"]["address"] == bob.address
                          and e["participant"]["readUpTo"] >= position, "bob's receipt")

    def test_without_a_cursor_everything_comes_and_from_now_on_only_what_is_new(self):
        alice, bob, mine, _ = self.pair()
        old = alice.send(mine, new_text("old"))["text"]
        bob.stream.wait(lambda e: e.get("message", {}).get("text") == old, "the old text")
        now = bob.cursor()
        new = alice.send(mine, new_text("new"))["text"]
        later = Stream(bob, EVENTS, now, resumes=False)
        later.wait(lambda e: e.get("message", {}).get("text") == new, "the new text")
        self.assertNotIn(old, [e["message"]["text"] for e in later.of("MessageEvent")])
        whole = Stream(bob, EVENTS, None, resumes=False)
        whole.wait(lambda e: e.get("message", {}).get("text") == new, "the new text")
        self.assertIn(old, [e["message"]["text"] for e in whole.of("MessageEvent")])
        later.close()
        whole.close()

    def test_nobody_sees_events_of_others(self):
        alice, bob, mine, _ = self.pair()
        carol = self.person("carol", self.beta)
        text = alice.send(mine, new_text("private"))["text"]
        bob.stream.wait(lambda e: e.get("message", {}).get("text") == text, "the text")
        carol.opt_in()
        carol.stream.wait(lambda e: e["__typename"] == "ConsentEvent", "carol's own consent")
        self.assertEqual({e["__typename"] for e in carol.stream.events}, {"ConsentEvent"})
        self.assertIsNone(carol.conversation(mine))

    def refused(self, client, after, code):
        stream = Stream(client, EVENTS, after, resumes=False)
        stream.wait_end()
        self.assertEqual([error["extensions"]["code"] for error in stream.errors], [code])

    def test_a_cursor_of_another_store_or_from_nowhere_is_refused(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        self.refused(alice, bob.cursor(), "CURSOR_EXPIRED")
        self.refused(alice, "nonsense", "CURSOR_INVALID")
        carol = self.person("carol", self.alpha)
        self.refused(alice, carol.cursor(), "CURSOR_INVALID")

    def test_cursors_show_nothing_that_could_be_counted(self):
        alice = self.person("alice", self.alpha)
        seen = {alice.cursor() for _ in range(5)}
        self.assertEqual(len(seen), 5, "asked again, it tells that nothing happened")
        for cursor in seen:
            epoch, _, sealed = cursor.partition(".")
            self.assertEqual((len(epoch), len(sealed)), (23, 54))

    def test_events_need_a_session_and_end_with_it(self):
        alice = self.person("alice", self.alpha)
        stranger = self.world.client(self.alpha)
        stranger.token = "no.token.atall"
        stream = Stream(stranger, EVENTS, resumes=False)
        stream.wait_end()
        self.assertEqual(stream.connections, 0)
        self.assertIn(stream.closed_with[0], (4401, 4403))
        running = Stream(alice, EVENTS, alice.cursor(), resumes=False)
        running.wait_connections(1)
        self.alpha.with_password("user", "passwd", alice.local, password="another-password-1")
        running.wait_end()


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Lists come in pages, in both directions, and a repeated send is one message."""

import threading

from cpc.case import Case, main, new_text
from cpc.client import Refused

MESSAGES, PAGE = 23, 5


class Paging(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        cls.alice, cls.bob = case.person("alice"), case.person("bob")
        cls.mine, cls.theirs = case.acquaint(cls.alice, cls.bob, "the first one")
        cls.texts = ["the first one"]
        for number in range(1, MESSAGES):
            cls.texts.append(new_text(f"message {number}"))
            cls.alice.send(cls.mine, cls.texts[-1])

    def walk(self, size, cursor, given, is_more):
        """Pages until `is_more` says no: lists of texts."""
        pages, page = [], self.bob.page(self.theirs, **{size: PAGE})
        while True:
            edges, info = page["edges"], page["pageInfo"]
            self.assertLessEqual(len(edges), PAGE)
            self.assertEqual((info["startCursor"], info["endCursor"]),
                             (edges[0]["cursor"], edges[-1]["cursor"]))
            pages.append([edge["node"]["text"] for edge in edges])
            if not info[is_more]:
                return pages
            page = self.bob.page(self.theirs, **{size: PAGE, cursor: info[given]})

    def test_pages_forwards_give_every_message_once_in_order(self):
        pages = self.walk("first", "after", "endCursor", "hasNextPage")
        self.assertEqual(sum(pages, []), self.texts)
        self.assertEqual([len(page) for page in pages], [5, 5, 5, 5, 3])

    def test_pages_backwards_give_every_message_once_in_order(self):
        pages = self.walk("last", "before", "startCursor", "hasPreviousPage")
        self.assertEqual(sum(reversed(pages), []), self.texts)
        self.assertEqual([len(page) for page in pages], [5, 5, 5, 5, 3])

    def test_a_page_without_arguments_is_the_end_of_the_conversation(self):
        edges = self.bob.page(self.theirs)["edges"]
        self.assertEqual([edge["node"]["text"] for edge in edges], self.texts[-50:])

    def test_a_page_both_ways_or_too_long_or_from_nowhere_is_refused(self):
        self.assert_refused("PAGE_INVALID", self.bob.page, self.theirs, first=1, last=1)
        self.assert_refused("PAGE_INVALID", self.bob.page, self.theirs, first=-1)
        with self.assertRaises(Refused):
            self.bob.page(self.theirs, first=10_000)
        with self.assertRaises(Refused):
            self.bob.page(self.theirs, first=1, after="nonsense")

    def test_conversations_come_last_changed_first_in_pages(self):
        carol = self.person("carol")
        others = [self.person("alice") for _ in range(3)]
        for other in others:
            carol.start(other.address)
        first = carol.conversations(first=2)
        rest = carol.conversations(first=2, after=first["pageInfo"]["endCursor"])
        found = [edge["node"]["with"]["address"] for edge in first["edges"] + rest["edges"]]
        self.assertEqual(found, [other.address for other in reversed(others)])
        self.assertEqual((first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]),
                         (True, False))


class ClientIds(Case):
    def test_the_same_client_id_and_text_is_one_message_however_often_it_is_sent(self):
        alice, bob = self.person("alice"), self.person("bob")
        mine, theirs = self.acquaint(alice, bob)
        text = new_text("once")
        answers, gate = [], threading.Barrier(6)

        def send():
            gate.wait()
            answers.append(alice.send(mine, text, client_id="my-id-1")["id"])

        threads = [threading.Thread(target=send) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(answers), 6)
        self.assertEqual(len(set(answers)), 1)
        last = alice.send(mine, new_text("after"))
        bob.wait_text(theirs, last["text"])
        self.assertEqual(bob.texts(theirs).count(text), 1)

    def test_a_client_id_stays_known_over_a_restart(self):
        alice, bob = self.person("alice"), self.person("bob")
        mine, _ = self.acquaint(alice, bob)
        text = new_text("once")
        sent = alice.send(mine, text, client_id="my-id-2")
        self.alpha.restart()
        self.assertEqual(alice.send(mine, text, client_id="my-id-2")["id"], sent["id"])
        self.assertEqual(alice.texts(mine).count(text), 1)

    def test_a_client_id_with_another_text_is_refused(self):
        alice, bob = self.person("alice"), self.person("bob")
        mine, _ = self.acquaint(alice, bob)
        alice.send(mine, new_text("one"), client_id="my-id-3")
        self.assert_refused("CLIENT_ID_REUSED", alice.send, mine, new_text("other"),
                            client_id="my-id-3")

    def test_a_client_id_that_is_none_is_refused(self):
        alice, bob = self.person("alice"), self.person("bob")
        mine, _ = self.acquaint(alice, bob)
        for wrong in ("", "x" * 129, "a\0b"):
            text = new_text("none")
            self.assert_refused("CLIENT_ID_INVALID", alice.send, mine, text, client_id=wrong)
            self.assertNotIn(text, alice.texts(mine))

    def test_two_people_may_use_the_same_client_id(self):
        alice, bob = self.person("alice"), self.person("bob")
        mine, theirs = self.acquaint(alice, bob)
        one = alice.send(mine, new_text("one"), client_id="my-id-4")
        other = bob.send(theirs, new_text("other"), client_id="my-id-4")
        self.assertNotEqual(one["id"], other["id"])


if __name__ == "__main__":
    main()

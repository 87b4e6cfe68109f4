"""People who send one text after the other while daemons and databases die, and what must be there
in the end: every acknowledged text, once, in the order of sending."""

import http.client
import threading

from cpc.case import Case, new_text
from cpc.client import Refused, eventually
from cpc.instance import PATIENCE_S


PAGE = 100
# Who failed many times in a row is tried again only after the back-off.
HEALED_S = 3 * PATIENCE_S


def text_of(event):
    return event["message"]["text"] if event["__typename"] == "MessageEvent" else None


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


class LoadCase(Case):
    """Promises about what was accepted while something broke."""

    NAMES = ("alpha.cpc", "beta.cpc")

    def both_have_all(self, alice, mine, bob, theirs, senders):
        """One log with every acknowledged text, once, each author's in the order of sending; and
        events told the reader of each, in that order, over all breaks."""
        for client, conversation, sender in ((bob, theirs, senders[0]), (alice, mine, senders[1])):
            client.stream.wait(lambda event, text=sender.accepted[-1]: text_of(event) == text,
                               "the last text", HEALED_S)
            client.until(lambda c=client, v=conversation: all(
                edge["node"]["position"] for edge in c.page(v, last=PAGE)["edges"]),
                "every message to be ordered")
            told = dict.fromkeys(map(text_of, client.stream.of("MessageEvent")))
            accepted = set(sender.accepted)
            self.assertEqual([text for text in told if text in accepted], sender.accepted)
        texts = [message["text"] for message in alice.messages(mine, PAGE)]
        self.assertEqual(texts, [message["text"] for message in bob.messages(theirs, PAGE)])
        for sender in senders:
            own = [text for text in texts if text.startswith(sender.word)]
            accepted = set(sender.accepted)
            self.assertEqual([text for text in own if text in accepted], sender.accepted)
            self.assertEqual(len(own), len(set(own)), "a text is there twice")
            self.assertLessEqual(len(own) - len(sender.accepted), 1)

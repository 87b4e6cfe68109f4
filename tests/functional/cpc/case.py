"""The base of every test program: one world per class, logs told when something fails."""

import itertools
import unittest

from cpc.client import Refused
from cpc.world import World

counter = itertools.count(1)


class Case(unittest.TestCase):
    """A class of promises about the instances named in `NAMES`, which all its tests share."""

    NAMES = ("alpha.cpc",)
    SETTINGS = {}
    ENGINE = None  # What CPC_ENGINE says.
    HAS_DNS = HAS_TLS = False
    longMessage = True

    @classmethod
    def setUpClass(cls):
        cls.world = World(*cls.NAMES, settings=cls.SETTINGS, engine=cls.ENGINE,
                          has_dns=cls.HAS_DNS, has_tls=cls.HAS_TLS)
        cls.addClassCleanup(cls.world.abandon)
        cls.world.__enter__()
        for name, instance in cls.world.instances.items():
            setattr(cls, name.removesuffix(".cpc"), instance)

    @classmethod
    def tearDownClass(cls):
        cls.world.__exit__(None, None, None)

    def tearDown(self):
        result = self._outcome.result
        failed = [getattr(test, "test_case", test) for test, _ in result.failures + result.errors]
        if any(test is self for test in failed):
            self.world.tell_logs()

    # --- people --------------------------------------------------------------------------------

    def person(self, local, instance=None):
        """Somebody new: each test has people of its own, alice7 rather than alice."""
        return self.world.person(f"{local}{next(counter)}", instance or self.alpha)

    def acquaint(self, one, other, text="Hello, may I write to you?"):
        """`one` writes first and `other` accepts. Gives each one's view of the conversation."""
        if one.address.partition("@")[2] != other.address.partition("@")[2]:
            one.opt_in()
        mine = one.start(other.address)
        sent = one.send(mine, text)
        other.answer(other.wait_request(one.address), "GRANT")
        one.wait_state(sent, "SENT", "DELIVERED")
        theirs = other.start(one.address)
        other.wait_text(theirs, text)
        return mine, theirs

    def assert_refused(self, code, call, *arguments, **named):
        """`call` fails with this code. Gives the refusal."""
        with self.assertRaises(Refused) as caught:
            call(*arguments, **named)
        self.assertEqual(caught.exception.code, code, str(caught.exception))
        return caught.exception

    def assert_same_rows(self, before, instance):
        """Nothing was stored since `before` was read."""
        after = instance.rows()
        changed = {table: (before.get(table), rows) for table, rows in after.items()
                   if rows != before.get(table)}
        self.assertEqual(changed, {})


def new_text(word="text"):
    """A text that stands nowhere else, so that a log or a list can be searched for it."""
    return f"{word} number {next(counter)} of this test program, to be found nowhere else"


def main():
    unittest.main(verbosity=2)

#!/usr/bin/python3
"""An older copy of a store is put back: what was said since comes back from the hubs."""

import pathlib
import shutil
import tempfile

from cpc.case import Case, main, new_text
from cpc.client import eventually

PAIRS_MAX = 20
STORE = ("cpcd.db", "cpcd.db-wal", "cpcd.db-shm")


class Restored(Case):
    NAMES = ("alpha.cpc", "beta.cpc")

    def pair_with_hub(self, hub):
        """Two people whose log lies at `hub`: which one follows from random ids."""
        for _ in range(PAIRS_MAX):
            alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
            mine, theirs = self.acquaint(alice, bob)
            if alice.conversation(mine)["hub"] == hub:
                return alice, bob, mine, theirs
        self.fail(f"no pair with {hub} as hub in {PAIRS_MAX}")

    def copy_store(self):
        """Of beta, which stands still meanwhile."""
        self.beta.stop()
        kept = pathlib.Path(tempfile.mkdtemp(dir=self.beta.folder))
        for name in STORE:
            if self.beta.database.with_name(name).exists():
                shutil.copy2(self.beta.database.with_name(name), kept / name)
        self.beta.start()
        return kept

    def put_back(self, kept, keys=None):
        """As docs/operating.md says for a copy that is younger than 256 commits."""
        self.beta.kill()
        if keys:
            shutil.rmtree(self.beta.data / "keys")
            shutil.copytree(keys, self.beta.data / "keys")
        self.beta.database.with_name("cpcd.db.highwater").unlink()
        for name in STORE:
            self.beta.database.with_name(name).unlink(missing_ok=True)
            if (kept / name).exists():
                shutil.copy2(kept / name, self.beta.database.with_name(name))
        self.beta.start()
        self.assertIn("the store may be an older copy", self.beta.log_text())

    def test_a_restored_copy_has_again_what_both_sides_wrote_since_the_backup(self):
        alice, bob, mine, theirs = self.pair_with_hub("alpha.cpc")
        kept = self.copy_store()
        texts = []
        for number in range(3):
            texts.append(alice.send(mine, new_text(f"from the hub {number}"))["text"])
            bob.wait_text(theirs, texts[-1])
            reply = bob.send(theirs, new_text(f"from the copy {number}"))
            texts.append(reply["text"])
            alice.wait_text(mine, reply["text"])
        before = bob.texts(theirs)
        self.assertEqual(before[-6:], texts)

        self.put_back(kept)
        bob.wait_text(theirs, texts[-1])
        self.assertEqual(bob.texts(theirs), before)
        self.assertIn("came back from their hub", self.beta.log_text())
        self.assertNotIn("FORK", self.alpha.log_text())

        later = bob.send(theirs, new_text("after the restore"))
        alice.wait_text(mine, later["text"])
        bob.wait_state(later, "DELIVERED")
        again = alice.send(mine, new_text("to the restored one"))
        bob.wait_text(theirs, again["text"])
        self.assertEqual(bob.texts(theirs), alice.texts(mine))

    def test_what_was_signed_by_a_key_that_the_backup_does_not_have_comes_back_too(self):
        alice, bob, mine, theirs = self.pair_with_hub("alpha.cpc")
        kept = self.copy_store()
        keys = kept / "keys"
        shutil.copytree(self.beta.data / "keys", keys)
        self.beta.cpcctl("key", "rotate", "--ahead-hours", "0")
        # It looks for a peer's news once a minute, and has done so when beta restarted.
        self.alpha.cpcctl("peer", "refresh", "beta.cpc")
        texts = [bob.send(theirs, new_text("under the next key"))["text"]]
        alice.wait_text(mine, texts[-1])
        texts.append(alice.send(mine, new_text("and an answer"))["text"])
        bob.wait_text(theirs, texts[-1])

        self.put_back(kept, keys)
        bob.wait_text(theirs, texts[-1])
        self.assertEqual(bob.texts(theirs)[-2:], texts)
        later = bob.send(theirs, new_text("under the key of the backup"))
        alice.wait_text(mine, later["text"])

    def test_a_restored_hub_says_what_it_lost_and_orders_nothing_over_it(self):
        alice, bob, mine, theirs = self.pair_with_hub("beta.cpc")
        kept = self.copy_store()
        lost = bob.send(theirs, new_text("lost by the hub"))
        alice.wait_text(mine, lost["text"])
        held = alice.texts(mine)
        self.alpha.allowed_errors.append("a hub lost entries")
        self.beta.allowed_errors.append("our store lost entries")
        self.put_back(kept)
        eventually(lambda: "a hub lost entries" in self.alpha.log_text(), "the copy noticed")
        eventually(lambda: "our store lost entries" in self.beta.log_text(), "the hub noticed")
        self.assertEqual(alice.texts(mine), held, "nothing is taken from who still has it")
        waits = alice.send(mine, new_text("waits for the operators"))
        alice.wait_state(waits, "PENDING")
        self.assertNotIn(waits["text"], bob.texts(theirs))
        self.assertIn("LOST", str(self.alpha.peer("beta.cpc")))
        self.assertIn("LOST", str(self.alpha.cpcctl("peer", "evidence", "beta.cpc")))
        self.assertIn("LOST", str(self.beta.peer("alpha.cpc")))


if __name__ == "__main__":
    main()

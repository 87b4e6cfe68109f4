#!/usr/bin/python3
"""The database goes away and comes back: nothing accepted is lost or repeated, nothing is accepted
that it does not hold, and no daemon has to be started again by hand."""

import random
import threading

from cpc.case import main, new_text
from cpc.client import EVENTS, Refused, eventually
from cpc.load import LoadCase, Sender, text_of
from cpc.stream import Stream

OUTAGES = 4  # Of each kind.
STREAMS = 8


class PostgresOutages(LoadCase):
    ENGINE = "postgres"

    def setUp(self):
        self.server = self.world.postgres
        for instance in (self.alpha, self.beta):
            instance.allowed_errors += ["the store takes nothing", "could not be stored"]

    def end_sessions(self):
        self.server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                         "WHERE application_name LIKE 'cpcd%'")

    def crash(self):
        """SIGKILL to the server and all its processes; it recovers when it starts again."""
        self.server.kill()
        self.server.start()

    def test_sessions_cut_and_servers_restarted_under_load_lose_and_repeat_nothing(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        mine, theirs = self.acquaint(alice, bob)
        processes = [self.alpha.process.pid, self.beta.process.pid]
        senders = [Sender(alice, mine, "from-alice"), Sender(bob, theirs, "from-bob")]
        dice = random.Random()
        breaks = OUTAGES * [self.end_sessions, self.server.restart, self.crash]
        dice.shuffle(breaks)
        for break_it in breaks:
            for sender in senders:
                sender.wait_more(dice.randint(1, 4))
            threading.Event().wait(dice.uniform(0, 0.05))  # Anywhere within a send.
            break_it()
        for sender in senders:
            sender.wait_more(1)
            sender.finish()
        self.both_have_all(alice, mine, bob, theirs, senders)
        self.assertEqual([self.alpha.process.pid, self.beta.process.pid], processes)
        for instance in (self.alpha, self.beta):
            self.assertIsNone(instance.process.poll(), "the daemon lived through all of it")

    def test_without_its_database_a_daemon_says_so_and_works_again_when_it_is_back(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        mine, theirs = self.acquaint(alice, bob)
        before = alice.texts(mine)
        self.server.stop("immediate")
        try:
            refusal = self.assert_refused("UNAVAILABLE", alice.send, mine, new_text("no database"))
            self.assertNotIn("postgres", str(refusal.reply.body).lower(), "a stranger learns")
            status = self.alpha.status()
            self.assertEqual(status["state"], "degraded")
            self.assertIn("cannot connect to PostgreSQL", status["reasons"][0])
            self.assertNotIn("owed", status, "nobody knows it now")
            with self.assertRaises(Refused):
                alice.texts(mine)
        finally:
            self.server.start()
        sent = alice.send(mine, new_text("it is back"))
        bob.wait_text(theirs, sent["text"])
        self.assertEqual(alice.texts(mine), [*before, sent["text"]])
        eventually(lambda: self.alpha.status()["state"] == "running", "alpha to run as before")

    def test_a_subscription_outlives_an_outage_and_misses_nothing(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        mine, theirs = self.acquaint(alice, bob)
        self.crash()
        sent = [alice.send(mine, new_text("after the crash")) for _ in range(3)]
        bob.wait_text(theirs, sent[-1]["text"])
        self.assertEqual(bob.texts(theirs)[-3:], [message["text"] for message in sent])

    def test_nobody_is_told_to_sign_in_again_because_the_database_was_away(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        mine, theirs = self.acquaint(alice, bob)
        streams = [Stream(alice, EVENTS) for _ in range(STREAMS)]
        sender = Sender(alice, mine, "while it breaks")
        for _ in range(3 * OUTAGES):
            for stream in streams:
                stream.wait_connections(1)
            sender.wait_more(2)
            self.end_sessions()
        sender.wait_more(1)
        sender.finish()
        for stream in streams:
            stream.wait(lambda event: text_of(event) == sender.accepted[-1], "the last text")
            self.assertEqual(stream.errors, [], "they resume by themselves after UNAVAILABLE only")
            stream.close()
        bob.wait_text(theirs, sender.accepted[-1])

    def test_the_database_of_another_cpcd_is_refused_and_the_holder_named(self):
        name = self.alpha.database_name
        self.beta.stop()
        dsn = self.beta.data / "postgres.dsn"
        right = dsn.read_text()
        try:
            dsn.write_text(f"{self.server.dsn} dbname={name}\n")
            self.beta.launch()
            self.assertEqual(self.beta.wait_end(), 1)
            self.assertIn(f"cpcd process {self.alpha.process.pid}", self.beta.log_tail())
        finally:
            self.beta.allowed_errors.append("cpcd did not start")
            dsn.write_text(right)
            self.beta.start()
        self.assertEqual(self.alpha.status()["state"], "running")

    def test_a_connection_string_that_others_can_read_or_that_is_none_is_refused(self):
        self.beta.stop()
        self.beta.allowed_errors.append("cpcd did not start")
        dsn = self.beta.data / "postgres.dsn"
        right = dsn.read_text()
        self.world.secrets.add("hush-hush")
        try:
            for mode, text, words in ((0o644, right, "0600"), (0o600, "hush-hush", "host="),
                                      (0o600, "host=/nowhere password=hush-hush", "PostgreSQL")):
                dsn.write_text(text)
                dsn.chmod(mode)
                self.beta.launch()
                self.assertEqual(self.beta.wait_end(), 1)
                self.assertIn(words, self.beta.log_tail(3))
        finally:
            dsn.write_text(right)
            dsn.chmod(0o600)
            self.beta.start()


if __name__ == "__main__":
    main()

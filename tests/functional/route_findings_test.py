#!/usr/bin/python3
"""cpcctl route does not say "possible" where something is known to stand in the way, and a peer
that hangs is not taken for a daemon that does."""

import contextlib
import socket
import sqlite3
import subprocess

from cpc.case import Case, main
from cpc.instance import PATIENCE_S, CommandFailed
from cpc.world import free_host


class RouteFindings(Case):
    NAMES = ("alpha.cpc", "beta.cpc")
    ENGINE = "sqlite"

    @contextlib.contextmanager
    def known_as(self, iid, endpoint):
        """Alpha's configuration has beta so."""
        self.alpha.add_peer("beta.cpc", iid, endpoint)
        self.alpha.write_config()
        self.alpha.restart()
        try:
            yield
        finally:
            self.alpha.add_peer("beta.cpc", self.beta.iid, self.beta.federation)
            self.alpha.write_config()
            self.alpha.restart()

    def route(self, status, *arguments):
        """What route answers with this status."""
        if status == 0:
            return self.alpha.cpcctl("route", "beta.cpc", *arguments)
        with self.assertRaises(CommandFailed) as caught:
            self.alpha.cpcctl("route", "beta.cpc", *arguments)
        self.assertEqual(caught.exception.status, status, str(caught.exception))
        self.assertEqual(caught.exception.answer["schema"], "cpcctl.route.v1")
        return caught.exception.answer

    def finding(self, route):
        self.assertEqual(len(route["findings"]), 1, route)
        self.assertTrue(route["findings"][0]["do"], "the operator is told what to do")
        return route["findings"][0]

    def test_a_peer_as_it_should_be_is_delivered_to_without_a_finding(self):
        route = self.route(0, "--probe")
        self.assertTrue(route["deliverable"])
        self.assertEqual(route["findings"], [])
        self.assertIn("document", route)

    def test_a_conflict_of_identities_is_told_with_both_and_is_status_9(self):
        self.alpha.allowed_errors = ["identity conflicts with the configured one"]
        self.route(0, "--probe")  # So that it has been met.
        other = ("B" if self.beta.iid[0] == "A" else "A") + self.beta.iid[1:]
        with self.known_as(other, self.beta.federation):
            route = self.route(9)
            found = self.finding(route)
            self.assertEqual((found["code"], found["stops"]), ("identity_conflict", True))
            self.assertIn(self.beta.iid, found["what"])
            self.assertEqual(route["iid"], other)
            self.assertFalse(route["deliverable"])
            self.assertNotIn("document", route)
        self.route(0)

    def test_a_blocked_lane_is_told_with_its_reason_and_is_status_7(self):
        self.acquaint(self.person("alice"), self.person("bob", self.beta))
        self.set_lanes("FORK")
        found = self.finding(self.route(7))
        self.assertEqual((found["code"], found["stops"]), ("lane_blocked", False))
        self.assertIn("FORK", found["what"])
        text = subprocess.run([self.alpha.binaries.cpcctl, "--socket", self.alpha.socket, "route",
                               "beta.cpc"], capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertIn("possible, but see the finding", text.stdout)
        self.set_lanes("")
        self.route(0)

    def set_lanes(self, blocked):
        """As if beta had refused them for good."""
        self.alpha.stop()
        with contextlib.closing(sqlite3.connect(self.alpha.database)) as database, database:
            changed = database.execute("UPDATE lanes SET blocked = ?", (blocked,)).rowcount
        self.assertGreater(changed, 0)
        self.alpha.start()

    def test_a_peer_that_hangs_is_status_9_within_the_time_that_cpcctl_waits(self):
        with socket.create_server((free_host(), 0)) as silent:
            with self.known_as(self.beta.iid, silent.getsockname()):
                route = self.route(9, "--probe", "--timeout", "5")
                self.assertFalse(route["probe"]["ok"])
                self.assertIn("the peer did not answer within 4 s", route["probe"]["error"])


if __name__ == "__main__":
    main()

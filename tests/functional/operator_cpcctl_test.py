#!/usr/bin/python3
"""cpcctl: results on stdout, stable exit statuses and codes, and an init that never overwrites."""

import json
import signal
import stat
import subprocess

from cpc.case import Case, main
from cpc.instance import PATIENCE_S, CommandFailed, Instance
from cpc.world import free_host


class Operator(Case):
    NAMES = ("alpha.cpc", "beta.cpc")

    def assert_fails(self, status, code, *arguments, **named):
        with self.assertRaises(CommandFailed) as caught:
            self.alpha.cpcctl(*arguments, **named)
        self.assertEqual((caught.exception.status, caught.exception.code), (status, code),
                         str(caught.exception))
        self.assertEqual(caught.exception.answer["schema"], "cpcctl.error.v1")
        return caught.exception.answer

    def text_of(self, *arguments):
        ended = subprocess.run([self.alpha.binaries.cpcctl, "--socket", self.alpha.socket,
                                *arguments], capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return ended.stdout

    def test_init_makes_private_keys_and_a_configuration_that_is_good(self):
        for file in self.alpha.keys.glob("*.key"):
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600, file)
        self.assertEqual(stat.S_IMODE(self.alpha.keys.stat().st_mode), 0o700)
        if self.alpha.postgres is None:
            self.assertEqual(stat.S_IMODE(self.alpha.database.stat().st_mode), 0o600)
        self.assertEqual(self.alpha.status()["iid"], self.alpha.iid)

    def test_init_never_touches_what_is_there(self):
        def keys():
            return {file: file.read_bytes() for file in self.alpha.keys.rglob("*")
                    if file.is_file()}
        before = keys()
        again = Instance(self.alpha.binaries, self.alpha.folder, "alpha.cpc",
                         (free_host(), 1), (free_host(), 2))
        with self.assertRaises(CommandFailed) as caught:
            again.init()
        self.assertEqual((caught.exception.status, caught.exception.code), (6, "precond.exists"))
        self.assertEqual(keys(), before)

    def test_init_refuses_what_is_no_name_and_makes_nothing(self):
        place = self.world.folder / "nowhere"
        for name in ("alpha", "Alpha.cpc", "alpha.org", ".cpc"):
            self.assert_fails(2, "usage.init", "init", "--name", name, "--config",
                              place / "cpcd.toml", "--data-dir", place, needs_daemon=False)
        self.assertFalse(place.exists())

    def test_status_tells_who_what_and_where_in_text_and_json(self):
        status = self.alpha.cpcctl("status")
        self.assertEqual(status["schema"], "cpcctl.status.v1")
        self.assertEqual((status["instance"], status["iid"], status["state"]),
                         ("alpha.cpc", self.alpha.iid, "running"))
        durability = {"sqlite": "synchronous=FULL, journal_mode=WAL",
                      "postgres": "synchronous_commit=on, fsync=on"}
        self.assertEqual(status["store"]["durability"], durability[status["store"]["engine"]])
        self.assertEqual(status["peers"]["total"], 1)
        text = self.text_of("status")
        for word in ("alpha.cpc", self.alpha.iid, status["store"]["durability"],
                     str(self.alpha.client[0])):
            self.assertIn(word, text)

    def test_the_boot_counter_rises_with_each_start(self):
        before = self.beta.status()["store"]
        self.beta.restart()
        after = self.beta.status()["store"]
        self.assertGreater(after["boot_counter"], before["boot_counter"])
        self.assertEqual(after["store_epoch"], before["store_epoch"])

    def test_accounts_are_made_once_and_badly_made_ones_not_at_all(self):
        password = "a good password 17"
        self.world.secrets.add(password)
        self.alpha.create_user("carol", password)
        before = self.alpha.rows()
        again = self.assert_fails(6, "precond.exists", "user", "create", "carol",
                                  "--password-file", "-", stdin=password)
        self.assertTrue(again["do"], "the operator is told what to do")
        self.assert_fails(1, "invalid.password", "user", "create", "alice", "--password-file", "-",
                          stdin="short")
        self.assert_fails(6, "precond.password_missing", "user", "create", "alice", stdin="")
        for name in ("Alice", "alice@alpha.cpc", ".alice", "", "a" * 65, "al ice"):
            self.assert_fails(2, "usage.arguments", "user", "create", name, "--password-file", "-",
                              stdin=password)
        for verb in ("passwd", "disable"):
            extra = ("--password-file", "-") if verb == "passwd" else ("--yes=nobody",)
            self.assert_fails(5, "not_found.user", "user", verb, "nobody", *extra, stdin=password)
        self.assert_fails(6, "precond.confirmation", "user", "disable", "carol", stdin="")
        self.assert_fails(6, "precond.confirmation", "user", "disable", "carol", "--yes=alice",
                          stdin="")
        self.assert_same_rows(before, self.alpha)

    def test_a_disabled_account_takes_no_new_password_and_stays_disabled(self):
        password = "a good password 18"
        self.world.secrets.add(password)
        self.alpha.create_user("dora", password)
        self.alpha.disable_user("dora")
        before = self.alpha.rows()
        self.assert_fails(6, "precond.disabled", "user", "passwd", "dora", "--password-file", "-",
                          stdin=password)
        self.assert_same_rows(before, self.alpha)

    def test_sighup_stops_nobody(self):
        self.alpha.process.send_signal(signal.SIGHUP)
        self.assertEqual(self.alpha.status()["state"], "running")
        self.assertEqual(self.alpha.status()["state"], "running")

    def test_peers_are_listed_and_shown(self):
        self.alpha.cpcctl("peer", "list")
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        self.acquaint(alice, bob)
        peers = self.alpha.cpcctl("peer", "list")["peers"]
        self.assertEqual([(p["name"], p["state"], p["iid"], p["trust"]) for p in peers],
                         [("beta.cpc", "reachable", self.beta.iid, "pinned")])
        shown = self.alpha.cpcctl("peer", "show", "beta.cpc")
        self.assertGreaterEqual(shown["document"]["operational_serial"], 1)
        self.assertEqual({key["use"] for key in shown["keys"]}, {"signing", "tls"})
        self.assertIn("beta.cpc", self.text_of("peer", "list"))
        self.assertIn(self.beta.iid, self.text_of("peer", "show", "beta.cpc"))
        self.assert_fails(5, "not_found.peer", "peer", "show", "gamma.cpc")
        self.assert_fails(2, "usage.arguments", "peer", "show", "Gamma")

    def test_without_a_daemon_the_status_is_3_and_says_so(self):
        ended = subprocess.run([self.alpha.binaries.cpcctl, "--socket",
                                self.world.folder / "no.sock", "--json", "status"],
                               capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual(ended.returncode, 3, ended.stdout + ended.stderr)
        self.assertTrue(json.loads(ended.stdout)["code"].startswith("daemon."))

    def test_the_admin_socket_is_for_the_owner_and_the_group_only(self):
        self.assertEqual(stat.S_IMODE(self.alpha.socket.stat().st_mode) & 0o007, 0)


if __name__ == "__main__":
    main()

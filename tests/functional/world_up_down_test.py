#!/usr/bin/python3
"""scripts/world: real instances for whoever wants to talk to some, up by one command and down by
another. Everything here is done with what world.json says, and nothing else."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import ssl
import stat
import subprocess
import tempfile
import time
import unittest
import urllib.parse

from cpc.client import Client
from cpc.world import SANITIZERS, binaries_here

TREE = pathlib.Path(__file__).resolve().parents[2]
BUILD = binaries_here().cpcd.parents[1]
PATIENCE_S = 120


class WorldUpDown(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cpc-w-", dir="/tmp"))
        self.addCleanup(self.clear_away)

    def clear_away(self):
        self.world("down", self.folder)
        shutil.rmtree(self.folder)

    def world(self, *arguments, **environment):
        """Status and words of one call."""
        ended = subprocess.run([TREE / "scripts" / "world", *arguments], capture_output=True,
                               text=True, timeout=PATIENCE_S, env={**os.environ, **environment})
        return ended.returncode, ended.stdout + ended.stderr

    def up(self, *arguments):
        """Gives what world.json says."""
        status, words = self.world("up", self.folder, "--build", BUILD, *arguments)
        self.assertEqual(status, 0, words)
        return json.loads((self.folder / "world.json").read_text())

    def down(self):
        status, words = self.world("down", self.folder)
        self.assertEqual(status, 0, words)
        for log in self.folder.glob("*/cpcd.log"):
            for line in log.read_text().splitlines():
                self.assertFalse(SANITIZERS.search(line), line)
        return words

    def person(self, told, local, name):
        """Somebody of world.json, signed in."""
        instance = next(one for one in told["instances"] if one["name"] == name)
        account = next(one for one in instance["accounts"] if one["username"] == local)
        url = urllib.parse.urlsplit(instance["client_url"])
        self.assertEqual(url.scheme, "https" if "client_ca" in told else "http")
        tls = ssl.create_default_context(cafile=told["client_ca"]) if "client_ca" in told else None
        client = Client((url.hostname, url.port), account["address"], account["password"], set(),
                        tls)
        self.addCleanup(client.close)
        client.sign_in()
        client.follow()
        return client

    def one_message(self, told):
        """From alice on the one to bob on the other, whom she has never met."""
        alice = self.person(told, "alice", "alpha.cpc")
        bob = self.person(told, "bob", "beta.cpc")
        alice.opt_in()
        mine = alice.start(bob.address)
        sent = alice.send(mine, "Hello Bob, this is Alice")
        bob.answer(bob.wait_request(alice.address), "GRANT")
        theirs = bob.start(alice.address)
        bob.wait_text(theirs, "Hello Bob, this is Alice")
        alice.wait_state(sent, "DELIVERED")

    def assert_nothing_runs(self, *elsewhere):
        """No process of this machine has our folder, or a place elsewhere, in its command."""
        for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                command = file.read_bytes().decode(errors="replace")
                for place in (self.folder, *elsewhere):
                    self.assertNotIn(str(place), command, file)

    @property
    def postgres(self):
        link = self.folder / "world.postgres"
        return os.readlink(link) if link.is_symlink() else None

    # --- what it tells -------------------------------------------------------------------------

    def test_world_json_tells_where_everything_is_and_to_its_owner_alone(self):
        told = self.up("alpha", "beta", "gamma")
        self.assertEqual(stat.S_IMODE((self.folder / "world.json").stat().st_mode), 0o600)
        self.assertEqual(set(told), {"dns", "instances"})
        self.assertRegex(told["dns"], r"^127\.\d+\.\d+\.\d+:\d+$")
        self.assertEqual([one["name"] for one in told["instances"]],
                         ["alpha.cpc", "beta.cpc", "gamma.cpc"])
        for one in told["instances"]:
            self.assertEqual(set(one), {"name", "client_url", "federation_url", "admin_socket",
                                        "data_dir", "config", "pid", "accounts"})
            self.assertRegex(one["client_url"], r"^http://127\.\d+\.\d+\.\d+:\d+$")
            self.assertRegex(one["federation_url"], r"^https://127\.\d+\.\d+\.\d+:\d+$")
            self.assertTrue(pathlib.Path(one["data_dir"]).is_dir())
            self.assertIn(f'instance = "{one["name"]}"', pathlib.Path(one["config"]).read_text())
            status = subprocess.run([BUILD / "cli" / "cpcctl", "--socket", one["admin_socket"],
                                     "--json", "status"], capture_output=True, text=True)
            self.assertEqual(status.returncode, 0, status.stdout + status.stderr)
            os.kill(one["pid"], 0)
            self.assertEqual([(who["username"], who["address"]) for who in one["accounts"]],
                             [(local, f"{local}@{one['name']}")
                              for local in ("alice", "bob", "carol")])
            for who in one["accounts"]:
                self.person(told, who["username"], one["name"])
        hosts = [one["client_url"] for one in told["instances"]]
        self.assertEqual(len(set(hosts)), 3, "addresses of their own")

    def test_instances_find_each_other_by_dns_and_a_message_arrives(self):
        told = self.up("alpha", "beta")
        for one in told["instances"]:
            text = pathlib.Path(one["config"]).read_text()
            self.assertIn(told["dns"], text)
            self.assertNotIn("endpoints", text.partition("[[peer]]")[2])
        self.one_message(told)

    def test_the_same_on_postgresql(self):
        told = self.up("--engine", "postgres", "alpha", "beta")
        for one in told["instances"]:
            self.assertIn('engine = "postgres"', pathlib.Path(one["config"]).read_text())
            self.assertFalse(pathlib.Path(one["data_dir"], "cpcd.db").exists())
        self.one_message(told)
        server = self.postgres
        self.assertIn("PostgreSQL", self.down())
        self.assert_nothing_runs(server)
        self.assertFalse(pathlib.Path(server).exists(), "its folder outside of ours is gone, too")

    def test_with_tls_clients_believe_the_certificate_that_world_json_names(self):
        told = self.up("--tls", "alpha", "beta")
        self.assertEqual(set(told), {"dns", "instances", "client_ca"})
        self.one_message(told)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.person(told | {"client_ca": ssl.get_default_verify_paths().cafile}, "carol",
                        "alpha.cpc")

    # --- starting ------------------------------------------------------------------------------

    def test_a_second_up_in_the_same_folder_is_refused_and_harms_nothing(self):
        told = self.up("alpha", "beta")
        status, words = self.world("up", self.folder, "--build", BUILD, "alpha")
        self.assertEqual(status, 1)
        self.assertIn(f"a world runs in {self.folder} already", words)
        self.assertIn(str(told["instances"][0]["pid"]), words)
        self.assertIn(f"scripts/world down {self.folder}", words)
        self.assertEqual(json.loads((self.folder / "world.json").read_text()), told)
        self.one_message(told)

    def test_up_after_down_begins_afresh(self):
        self.up("alpha", "beta")
        self.down()
        told = self.up("beta")
        self.assertEqual([one["name"] for one in told["instances"]], ["beta.cpc"])
        self.person(told, "alice", "beta.cpc")
        self.assertFalse((self.folder / "alpha").exists())

    def test_an_up_that_fails_half_way_leaves_nothing_running_and_says_why(self):
        build = self.broken_build()
        self.addCleanup(shutil.rmtree, build)
        for engine in ("sqlite", "postgres"):
            status, words = self.world("up", self.folder, "--build", build, "--engine", engine,
                                       "alpha", "beta")
            self.assertEqual(status, 1)
            self.assertIn("beta.cpc ended with status 7", words)
            self.assertIn("Nothing of it runs", words)
            self.assert_nothing_runs()
            self.assertFalse((self.folder / "world.json").exists())

    def broken_build(self):
        """A cpcd that is one for alpha, and none for beta."""
        build = pathlib.Path(tempfile.mkdtemp(prefix="cpc-b-", dir="/tmp"))
        for folder in ("daemon", "cli"):
            (build / folder).mkdir()
        (build / "cli" / "cpcctl").symlink_to(BUILD / "cli" / "cpcctl")
        cpcd = build / "daemon" / "cpcd"
        cpcd.write_text('#!/bin/sh\ncase "$*" in *beta*) exit 7;; esac\n'
                        f'exec {BUILD}/daemon/cpcd "$@"\n')
        cpcd.chmod(0o755)
        return build

    def test_an_up_that_is_interrupted_leaves_nothing_running(self):
        with subprocess.Popen([TREE / "scripts" / "world", "up", self.folder, "--build", BUILD,
                               "alpha", "beta"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            while process.poll() is None and not (self.folder / "beta" / "cpcd.pid").exists():
                time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            _, words = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(process.returncode, 130, words)
        self.assertIn("interrupted", words)
        self.assert_nothing_runs()

    def test_what_cannot_be_done_is_told_with_why_and_what_to_do(self):
        long_folder = self.folder / ("x" * 100)
        (self.folder / "precious").touch()
        for words, folder, arguments in (
                ("Name an empty or a new folder", self.folder, ["alpha"]),
                ("Name a shorter folder", long_folder, ["alpha"]),
                ("no name of an instance", self.folder, ["Alpha"]),
                ("no name of an instance", self.folder, ["../alpha"]),
                ("named twice", self.folder, ["alpha", "alpha.cpc"]),
                ("name a build", self.folder, ["--build", self.folder, "alpha"])):
            status, said = self.world("up", folder, "--build", BUILD, *arguments)
            self.assertEqual(status, 1, said)
            self.assertIn(words, said)
            self.assertEqual([entry.name for entry in self.folder.iterdir()], ["precious"])
        self.assertEqual(self.world("up", self.folder)[0], 2)
        self.assertEqual(self.world("sideways", self.folder)[0], 2)
        self.assertTrue((self.folder / "precious").exists())
        (self.folder / "precious").unlink()

    def test_a_program_that_hangs_is_told_with_what_to_do(self):
        build = self.broken_build()
        self.addCleanup(shutil.rmtree, build)
        cpcctl = build / "cli" / "cpcctl"
        cpcctl.unlink()
        cpcctl.write_text("#!/bin/sh\nexec sleep 1000\n")
        cpcctl.chmod(0o755)
        status, words = self.world("up", self.folder, "--build", build, "alpha",
                                   CPC_TEST_PATIENCE="0.5")
        self.assertEqual(status, 1, words)
        self.assertNotIn("Traceback", words)
        for word in ("cpcctl did not end within 1 s", "CPC_TEST_PATIENCE", "Nothing of it runs"):
            self.assertIn(word, words)

    @unittest.skipIf(os.geteuid() != 0, "only root needs another account")
    def test_a_machine_without_an_account_for_postgresql_is_told_what_to_do(self):
        passwd = pathlib.Path(tempfile.mkstemp(prefix="cpc-passwd-", dir="/tmp")[1])
        self.addCleanup(passwd.unlink)
        passwd.write_text("root:x:0:0::/root:/bin/sh\n")
        ended = subprocess.run(
            ["unshare", "--mount", "sh", "-c", 'mount --bind "$1" /etc/passwd && shift && "$@"',
             "sh", passwd, TREE / "scripts" / "world", "up", self.folder, "--build", BUILD,
             "--engine", "postgres", "alpha"], capture_output=True, text=True, timeout=PATIENCE_S)
        words = ended.stdout + ended.stderr
        if "unshare" in words:
            self.skipTest(words)
        self.assertEqual(ended.returncode, 1, words)
        self.assertNotIn("Traceback", words)
        for word in ("no account postgres", "scripts/deps", "Nothing of it runs"):
            self.assertIn(word, words)

    # --- stopping ------------------------------------------------------------------------------

    def test_down_stops_everything_and_a_second_down_is_fine(self):
        self.up("alpha", "beta")
        words = self.down()
        for what in ("alpha.cpc", "beta.cpc", "Knot"):
            self.assertIn(what, words)
        self.assert_nothing_runs()
        self.assertFalse((self.folder / "world.json").exists())
        for name in ("alpha", "beta"):
            self.assertIn("stopped", (self.folder / name / "cpcd.log").read_text().split()[-1])
        self.assertIn("nothing runs", self.down())
        self.assertEqual(self.world("down", self.folder / "never-was")[0], 0)

    def test_down_leaves_nothing_in_a_folder_that_holds_no_world(self):
        (self.folder / "precious").touch()
        status, words = self.world("down", self.folder)
        self.assertEqual(status, 0, words)
        self.assertIn("nothing runs", words)
        self.assertEqual([entry.name for entry in self.folder.iterdir()], ["precious"])

    def test_down_copes_with_a_killed_daemon_whose_number_is_somebody_elses_now(self):
        told = self.up("alpha", "beta")
        os.kill(told["instances"][0]["pid"], signal.SIGKILL)
        with subprocess.Popen(["sleep", "1000"]) as bystander:
            (self.folder / "alpha" / "cpcd.pid").write_text(f"{bystander.pid}\n")
            words = self.down()
            self.assertIsNone(bystander.poll(), "it had the number, and is no cpcd")
            bystander.kill()
        self.assertNotIn("alpha.cpc", words)
        self.assertIn("beta.cpc", words)
        self.assert_nothing_runs()


if __name__ == "__main__":
    unittest.main(verbosity=2)

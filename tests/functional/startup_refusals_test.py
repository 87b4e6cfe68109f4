#!/usr/bin/python3
"""What cpcd says instead of starting: what is wrong, why, and what to do; it changes nothing."""

import contextlib
import hashlib
import os
import pathlib
import shutil
import sqlite3
import subprocess

from cpc.case import Case, main
from cpc.instance import PATIENCE_S, place


class Startup(Case):
    NAMES = ("alpha.cpc", "beta.cpc")

    def setUp(self):
        """A copy of alpha's files, stopped, for each test to spoil."""
        self.folder = self.world.folder / self.id().rpartition(".")[2][:20]
        self.config = self.folder / "cpcd.toml"
        self.data = self.folder / "data"

    def copy(self, instance):
        shutil.copytree(instance.folder, self.folder,
                        ignore=shutil.ignore_patterns("*.sock", "cpcd.log", "*.lock"))
        text = instance.config.read_text().replace(str(instance.folder), str(self.folder))
        self.config.write_text(text)

    def stopped_copy(self):
        self.alpha.stop()
        try:
            self.copy(self.alpha)
        finally:
            self.alpha.start()
        # The original runs; the copy must not fail because of its ports.
        self.replace(place(self.alpha.client), "127.0.0.1:0")
        self.replace(f'listen = "{place(self.alpha.federation)}"', 'listen = "127.0.0.1:0"')

    def replace(self, old, new):
        text = self.config.read_text()
        self.assertIn(old, text)
        self.config.write_text(text.replace(old, new, 1))

    def cpcd(self, *arguments):
        """Status and words of a cpcd that is expected to end by itself."""
        ended = subprocess.run([self.world.binaries.cpcd, *arguments], capture_output=True,
                               text=True, timeout=PATIENCE_S)
        return ended.returncode, ended.stdout + ended.stderr

    def assert_refuses(self, *words):
        before = fingerprint(self.data)
        status, text = self.cpcd("--config", self.config)
        self.assert_is_refusal(status, text, words)
        self.assertEqual(fingerprint(self.data), before, "the data folder changed")
        return text

    def assert_is_refusal(self, status, text, words):
        self.assertIn(status, range(1, 10), f"a clean refusal, not a crash: {text}")
        for word in words:
            self.assertIn(word, text)
        self.assertNotIn("Sanitizer", text)
        for secret in self.world.secrets:
            self.assertNotIn(secret, text)

    # --- the store -----------------------------------------------------------------------------

    def test_a_second_daemon_on_the_same_store_is_refused_and_told_who_holds_it(self):
        self.folder.mkdir()
        text = self.alpha.config.read_text()
        text = text.replace(place(self.alpha.client), "127.0.0.1:0")
        text = text.replace(f'listen = "{place(self.alpha.federation)}"', 'listen = "127.0.0.1:0"')
        text += f'\n[admin]\nsocket = "{self.folder}/admin.sock"\n'
        self.config.write_text(text)
        alice = self.person("alice")
        status, text = self.cpcd("--config", self.config)
        self.assert_is_refusal(status, text, [str(self.alpha.process.pid), "already open"])
        self.assertTrue(alice.cursor(), "the first daemon works on")
        self.assertEqual(self.alpha.status()["state"], "running")

    def test_the_store_of_another_instance_is_refused_with_both_names(self):
        self.beta.stop()
        try:
            self.stopped_copy()
            for file in self.data.glob("cpcd.db*"):
                file.unlink()
            shutil.copy(self.beta.database, self.data / "cpcd.db")
            self.assert_refuses("alpha.cpc", "beta.cpc")
        finally:
            self.beta.start()

    def test_the_keys_of_another_instance_are_refused(self):
        self.stopped_copy()
        for name in ("root.key", "signing.key"):
            shutil.copy(self.beta.keys / name, self.data / "keys" / name)
        (self.data / "keys" / "delegation.json").unlink()
        self.assert_refuses("alpha.cpc", self.beta.iid)

    def test_another_master_key_than_the_stores_is_refused(self):
        self.stopped_copy()
        shutil.copy(self.beta.keys / "master.key", self.data / "keys" / "master.key")
        self.assert_refuses("another master key")

    def test_a_database_that_is_gone_is_missed_and_not_made_anew(self):
        self.stopped_copy()
        (self.data / "cpcd.db").unlink()
        self.assert_refuses("backup", "cpcd.db.highwater")

    def test_a_link_to_a_store_in_use_is_refused_and_its_daemon_works_on(self):
        self.stopped_copy()
        for file in self.data.glob("cpcd.db*"):
            file.unlink()
        (self.data / "cpcd.db").symlink_to(self.alpha.database)
        self.assert_refuses("already open", str(self.alpha.process.pid))
        self.assertEqual(self.alpha.status()["state"], "running")

    def test_a_newer_schema_is_refused_with_both_numbers(self):
        self.stopped_copy()
        with contextlib.closing(sqlite3.connect(self.data / "cpcd.db")) as database:
            [(known,)] = database.execute("SELECT max(number) FROM schema_migrations")
            database.execute("INSERT INTO schema_migrations VALUES (9999, 'from_the_future', 0)")
            database.commit()
        self.assert_refuses("9999", str(known), "newer cpcd")

    def test_a_file_that_is_no_store_is_refused_and_kept(self):
        self.stopped_copy()
        (self.data / "cpcd.db").write_bytes(b"This is a letter, not a database.\n" * 100)
        self.assert_refuses("cpcd.db")

    def test_a_store_or_folder_open_to_others_is_refused(self):
        self.stopped_copy()
        os.chmod(self.data / "cpcd.db", 0o644)
        self.assert_refuses("chmod 600", "cpcd.db")
        os.chmod(self.data / "cpcd.db", 0o600)
        os.chmod(self.data, 0o755)
        self.assert_refuses("chmod 700", str(self.data))

    # --- keys ----------------------------------------------------------------------------------

    def test_a_key_file_that_others_can_read_is_refused(self):
        self.stopped_copy()
        for name in ("root.key", "signing.key", "master.key", "tls.key"):
            with self.subTest(name):
                file = self.data / "keys" / name
                for mode in (0o644, 0o640, 0o400, 0o000):
                    os.chmod(file, mode)
                    self.assert_refuses(name)
                os.chmod(file, 0o644)
                self.assertIn("chmod 600", self.assert_refuses(str(file)))
                status, text = self.cpcd("--check-config", self.config)
                self.assert_is_refusal(status, text, ["chmod 600", str(file)])
                os.chmod(file, 0o600)

    def test_a_key_that_is_printed_in_a_standard_is_refused(self):
        self.stopped_copy()
        for name in ("root.key", "signing.key"):
            file = self.data / "keys" / name
            own = file.read_text()
            # RFC 8037, appendix A.
            file.write_text("cpc-ed25519-seed nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\n")
            self.assert_refuses(str(file), "printed in public", "cpcctl init")
            file.write_text(own)

    def test_a_sealing_key_that_others_can_read_is_refused(self):
        self.stopped_copy()
        sealing = self.data / "keys" / "sealing"
        [key] = sealing.iterdir()
        key.chmod(0o640)
        self.assert_refuses(str(key), "chmod 600")

    def test_a_missing_wrong_or_damaged_key_is_refused_and_never_made_anew(self):
        self.stopped_copy()
        keys = self.data / "keys"
        for name in ("root.key", "signing.key", "master.key"):
            with self.subTest(name):
                whole = (keys / name).read_text()
                (keys / name).write_text(whole[:20] + "\n")
                self.assert_refuses(name)
                other = "master.key" if name != "master.key" else "root.key"
                (keys / name).write_text((keys / other).read_text())
                self.assert_refuses(name)
                (keys / name).unlink()
                if name != "root.key":  # That one may lie elsewhere.
                    self.assert_refuses(name, "backup")
                (keys / name).symlink_to(keys / other)
                self.assert_refuses(name)
                (keys / name).unlink()
                (keys / name).touch(0o600)
                (keys / name).write_text(whole)

    # --- configuration -------------------------------------------------------------------------

    def check_config(self, text):
        self.folder.mkdir(exist_ok=True)
        self.config.write_text(text)
        return self.cpcd("--check-config", self.config)

    def test_every_mistake_in_the_configuration_is_told_with_its_line(self):
        status, text = self.check_config(
            'instance = "alpha.cpc"\n'
            "[client]\n"
            'lisen = "127.0.0.1:1"\n'
            "sign_ins_per_minute = 0\n"
            "behind_proxy = 3\n"
            "[federation]\n"
            'allow_addresses = ["127.0.0.0/99"]\n'
            "[[peer]]\n"
            'name = "beta"\n')
        self.assert_is_refusal(status, text, [
            "cpcd.toml:3: ", "client.lisen", "did you mean client.listen?", "cpcd.toml:4: ",
            "cpcd.toml:5: ", "cpcd.toml:7: ", "cpcd.toml:9: "])

    def test_a_missing_or_wrong_name_is_told(self):
        for name, text in (("none", ""), ("empty", 'instance = ""\n'),
                           ("foreign", 'instance = "alpha.org"\n'),
                           ("number", "instance = 7\n"), ("large", 'instance = "Alpha.cpc"\n')):
            with self.subTest(name):
                status, told = self.check_config(text)
                self.assert_is_refusal(status, told, ["instance"])

    def test_paths_that_cannot_be_meant_are_told(self):
        for text, word in (('[storage]\nfile = "/var/lib/cpcd/"\n', "names a folder"),
                           ('[admin]\nsocket = "/run/cpcd/"\n', "names a folder"),
                           ('[storage]\nfile = "/a/b"\n[admin]\nsocket = "/a/./b"\n',
                            "same as storage.file")):
            with self.subTest(text):
                status, told = self.check_config('instance = "alpha.cpc"\n' + text)
                self.assert_is_refusal(status, told, [word])

    def test_a_wrong_argument_is_told_with_status_2(self):
        for words in (["--nonsense"], ["--config"], ["one", "two"]):
            with self.subTest(words):
                status, text = self.cpcd(*words)
                self.assertEqual(status, 2, text)
                self.assertIn("--help", text)

    def test_what_is_no_toml_no_file_or_not_readable_is_told(self):
        status, text = self.check_config("instance = \n")
        self.assert_is_refusal(status, text, ["cpcd.toml:1"])
        for missing in (self.folder / "nothing.toml", self.folder):
            status, text = self.cpcd("--check-config", missing)
            self.assert_is_refusal(status, text, [str(missing)])

    def test_cpcd_does_not_start_with_a_configuration_that_check_config_refuses(self):
        self.stopped_copy()
        self.config.write_text(self.config.read_text() + "\n[nonsense]\nkey = 1\n")
        self.assert_refuses("nonsense")

    def test_a_good_configuration_passes_and_what_is_probably_not_meant_is_told(self):
        status, text = self.cpcd("--check-config", self.alpha.config)
        self.assertEqual(status, 0, text)
        status, text = self.check_config('instance = "alpha.cpc"\n'
                                         "[federation]\nendpoints = []\n")
        self.assertEqual(status, 0, text)
        self.assertIn("endpoints", text)

    def test_the_commented_example_is_a_good_configuration(self):
        example = pathlib.Path(__file__).resolve().parents[2] / "etc" / "cpcd.toml"
        status, text = self.cpcd("--check-config", example)
        self.assertEqual(status, 0, text)

    def test_a_port_that_is_taken_is_told(self):
        self.stopped_copy()
        self.replace("127.0.0.1:0", place(self.beta.client))
        status, text = self.cpcd("--config", self.config)
        self.assert_is_refusal(status, text, [self.beta.client[0], str(self.beta.client[1]),
                                              "already in use"])


def fingerprint(folder):
    """Every file with its content, but what SQLite and the lock leave beside the store."""
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(folder.rglob("*")) if file.is_file()
            and not file.name.endswith((".lock", "-shm", "-wal"))}


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Signed directories: made by people who send each other files, followed by instances that meet
each other by nothing else."""

import json
import subprocess

from cpc.case import Case, main, new_text
from cpc.client import eventually
from cpc.instance import CommandFailed, place
from cpc.world import World

SIGNERS = ("ann", "bob", "cleo")


class Towns(Case):
    """alpha, beta and gamma, none of which has another in its configuration, and three people of
    whom two together say who is who."""

    NAMES = ("alpha.cpc", "beta.cpc", "gamma.cpc")

    @classmethod
    def setUpClass(cls):
        cls.world = World(*cls.NAMES)
        cls.addClassCleanup(cls.world.abandon)
        for name, instance in cls.world.instances.items():
            setattr(cls, name.removesuffix(".cpc"), instance)
            instance.peers.clear()
            instance.write_config()
        cls.vault = cls.world.folder / "vault"
        cls.vault.mkdir()
        cls.keys = {who: cls.offline("key", "--key", cls.key_of(who)).stdout.strip()
                    for who in SIGNERS}
        cls.world.__enter__()

    @classmethod
    def key_of(cls, who):
        return cls.vault / f"{who}.key"

    @classmethod
    def offline(cls, *arguments, status=0):
        """cpcd directory, as it runs far from any instance."""
        ended = subprocess.run([cls.alpha.binaries.cpcd, "directory", *map(str, arguments)],
                               capture_output=True, text=True, timeout=60)
        if ended.returncode != status:
            raise AssertionError(f"status {ended.returncode}: {ended.stderr}")
        return ended

    def file(self, name, text):
        path = self.vault / name
        path.write_text(text)
        return path

    def signed(self, file, *people):
        for who in people:
            file = self.file(f"{file.stem}-{who}.json",
                             self.offline("sign", file, "--key", self.key_of(who)).stdout)
        return file

    def changed(self, file, name, *changes, by=("ann", "bob")):
        """The file with one more version."""
        return self.signed(self.file(name, self.offline("change", file, *changes).stdout), *by)

    def added(self, instance):
        return f"--add={instance.name}={instance.iid}@{place(instance.federation)}"

    def order(self, instance, *arguments, status=0):
        """What cpcctl directory answers with this status."""
        if status == 0:
            return instance.cpcctl("directory", *arguments)
        with self.assertRaises(CommandFailed) as caught:
            instance.cpcctl("directory", *arguments)
        self.assertEqual(caught.exception.status, status, str(caught.exception))
        return caught.exception.answer

    def test_1_two_of_three_make_a_directory_by_files_and_strangers_meet_by_it(self):
        alpha, beta, gamma = self.alpha, self.beta, self.gamma
        draft = self.file("towns.json", self.offline(
            "found", "--name", "towns", "--threshold", 2,
            *(f"--signer={self.keys[who]}" for who in SIGNERS),
            *map(self.added, (alpha, beta, gamma))).stdout)
        directory = json.loads(draft.read_text())["directory"]
        self.assertIn("not complete", self.offline("verify", draft, status=7).stderr)
        by_ann, by_cleo = self.signed(draft, "ann"), self.signed(draft, "cleo")
        self.offline("verify", by_ann, status=7)
        whole = self.file("whole.json", self.offline("combine", by_ann, by_cleo).stdout)
        self.assertIn("version 1, 3 names, signed by 2 of 3",
                      self.offline("verify", whole).stderr)
        stranger = self.vault / "stranger.key"
        self.offline("key", "--key", stranger)
        self.offline("sign", by_ann, "--key", stranger, status=1)

        # The file alone makes nobody believe it: its id does.
        self.assertEqual(self.order(gamma, "import", whole, status=5)["code"],
                         "not_found.directory")
        self.order(gamma, "follow", directory, "--serve")
        self.assertEqual(self.order(gamma, "import", by_ann, status=4)["code"], "auth.signatures")
        self.assertEqual(self.order(gamma, "import", whole)["version"], 1)
        followed = self.order(alpha, "follow", directory, "--from", "gamma.cpc", "--endpoint",
                              place(gamma.federation))
        self.assertEqual((followed["name"], followed["version"]), ("towns", 1))
        stick = self.vault / "stick.json"
        self.order(gamma, "export", "towns", "--out", stick)
        self.order(beta, "follow", directory)
        self.assertEqual(self.order(beta, "import", stick)["version"], 1)

        alice, bob = self.person("alice", alpha), self.person("bob", beta)
        mine, theirs = self.acquaint(alice, bob)
        sent = bob.send(theirs, new_text("and back"))
        alice.wait_text(mine, sent["text"])
        for one, other in ((alpha, beta), (beta, alpha)):
            shown = one.peer(other.name)["peer"]
            self.assertEqual((shown["iid"], shown["trust"], shown["source"]),
                             (other.iid, "directory", "directory towns"))
        unmet = alpha.cpcctl("route", "gamma.cpc", "--probe")
        self.assertEqual([(said["directory"], said["status"]) for said in unmet["directories"]],
                         [("towns", "active")])
        self.assertTrue(unmet["deliverable"])
        [row] = alpha.cpcctl("directory", "list")["directories"]
        self.assertEqual((row["id"], row["names"], row["source"], row["served"], row["split"]),
                         (directory, 3, "gamma.cpc", False, False))
        type(self).directory, type(self).whole = directory, whole
        type(self).alice, type(self).bob, type(self).mine = alice, bob, mine

    def test_2_whom_the_directory_gives_up_is_not_dealt_with_until_it_vouches_again(self):
        alpha, gamma = self.alpha, self.gamma
        removed = self.changed(self.whole, "removed.json", "--remove", "beta.cpc")
        self.order(gamma, "import", removed)
        self.assertEqual(self.order(alpha, "refresh", "towns")["version"], 2)
        sent = self.alice.send(self.mine, new_text("while nobody vouches for you"))
        with self.assertRaises(CommandFailed) as caught:
            alpha.cpcctl("route", "beta.cpc")
        [finding] = caught.exception.answer["findings"]
        self.assertEqual((caught.exception.status, finding["code"], finding["stops"]),
                         (9, "directory_gone", True))
        alpha.restart()
        [shown] = self.order(alpha, "show", "towns", "--after", "alpha.cpc")["names"][:1]
        self.assertEqual((shown["name"], shown["status"]), ("beta.cpc", "removed"))
        self.assertNotIn(sent["text"], self.bob.texts(self.bob.start(self.alice.address)))

        again = self.changed(removed, "again.json", self.added(self.beta), by=("cleo", "bob"))
        self.order(gamma, "import", again)
        self.assertEqual(self.order(alpha, "refresh", "towns")["version"], 3)
        alpha.cpcctl("peer", "refresh", "beta.cpc")
        self.bob.wait_text(self.bob.start(self.alice.address), sent["text"])
        type(self).whole = again

    def test_3_who_signs_is_changed_by_those_who_sign(self):
        keys = [f"--signer={self.keys[who]}" for who in ("bob", "cleo")]
        draft = self.file("fewer.json", self.offline("change", self.whole, "--threshold", 2,
                                                     *keys).stdout)
        by_old = self.signed(draft, "ann", "bob")
        self.assertIn("of the new signers by 1, needed are 2",
                      self.offline("verify", by_old, status=7).stderr)
        fewer = self.signed(by_old, "cleo")
        self.order(self.gamma, "import", fewer)
        late = self.file("late.json", self.offline("change", fewer).stdout)
        self.offline("sign", late, "--key", self.key_of("ann"), status=1)
        self.order(self.gamma, "import", self.signed(late, "bob", "cleo"))
        self.assertEqual(self.order(self.alpha, "refresh", "towns")["version"], 5)
        detail = self.order(self.alpha, "show", "towns")
        self.assertEqual((sorted(detail["keys"]), detail["threshold"]),
                         (sorted(self.keys[who] for who in ("bob", "cleo")), 2))
        type(self).whole = self.signed(late, "bob", "cleo")

    def test_4_two_stories_end_the_news_until_the_operator_drops_the_directory(self):
        alpha, gamma = self.alpha, self.gamma
        alpha.allowed_errors.append("two stories are told of a directory")
        both = ("bob", "cleo")
        ours = self.changed(self.whole, "ours.json", "--retire", "gamma.cpc", by=both)
        theirs = self.changed(self.whole, "theirs.json", "--retire", "beta.cpc", by=both)
        self.order(gamma, "import", theirs)
        self.order(alpha, "import", ours)
        self.assertEqual(self.order(alpha, "refresh", "towns", status=6)["code"], "precond.split")
        self.assertEqual(self.order(alpha, "import", ours, status=6)["code"], "precond.split")
        alpha.restart()
        self.assertTrue(self.order(alpha, "show", "towns")["directory"]["split"])
        self.assertEqual(self.order(alpha, "show", "towns")["rival"] is None, False)
        self.assertTrue(alpha.cpcctl("route", "beta.cpc")["deliverable"])

        self.order(alpha, "drop", "towns")
        self.assertEqual(self.order(alpha, "list")["directories"], [])
        self.assertEqual(alpha.peer("beta.cpc")["peer"]["trust"], "directory")
        self.order(alpha, "follow", self.directory, "--from", "gamma.cpc", "--endpoint",
                   place(gamma.federation))
        said = {one["name"]: one["status"] for one in self.order(alpha, "show", "towns")["names"]}
        self.assertEqual(said, {"alpha.cpc": "active", "beta.cpc": "retired",
                                "gamma.cpc": "active"})
        eventually(lambda: alpha.ask("/v1/route", address="beta.cpc", probe=False)["findings"]
                   [0]["code"] == "directory_gone", "alpha to deal with beta no more")


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Instances that no configuration names: met by DNS or the operator's word, and told apart."""

import contextlib
import json
import socket
import threading

from cpc.case import Case, main, new_text
from cpc.client import eventually
from cpc.encoding import from_b64url
from cpc.instance import CommandFailed, Instance, place
from cpc.world import World, free_host


class ValidatingResolver:
    """Stands between cpcd and Knot, and says of every answer that it validated it, or not."""

    def __init__(self, server):
        self.server, self.validates = server, True
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((free_host(), 5399))
        threading.Thread(target=self.run, daemon=True).start()

    @property
    def text(self):
        return place(self.socket.getsockname())

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                question, asker = self.socket.recvfrom(4096)
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
                    upstream.settimeout(5)
                    upstream.sendto(question, self.server)
                    answer = bytearray(upstream.recv(65535))
                answer[3] = answer[3] & ~0x20 | (0x20 if self.validates else 0)
                self.socket.sendto(answer, asker)


class MeetingCase(Case):
    """alpha and beta, neither of which has the other in its configuration."""

    NAMES = ("alpha.cpc", "beta.cpc")
    HAS_DNS = True

    @classmethod
    def setUpClass(cls):
        cls.world = World(*cls.NAMES, settings=cls.SETTINGS, has_dns=cls.HAS_DNS)
        cls.addClassCleanup(cls.world.abandon)
        cls.prepare()
        for name, instance in cls.world.instances.items():
            setattr(cls, name.removesuffix(".cpc"), instance)
            instance.peers.clear()
            instance.write_config()
        cls.world.__enter__()

    @classmethod
    def prepare(cls):
        """What the world shall be like before anybody starts."""

    @staticmethod
    def last_error(instance, name):
        """What the instance heard last of a peer; none before it met it."""
        return instance.peer(name).get("peer", {}).get("last_error")

    def order(self, instance, *arguments, status=0):
        """What cpcctl peer answers with this status."""
        if status == 0:
            return instance.cpcctl("peer", *arguments)
        with self.assertRaises(CommandFailed) as caught:
            instance.cpcctl("peer", *arguments)
        self.assertEqual(caught.exception.status, status, str(caught.exception))
        return caught.exception.answer


class FirstUse(MeetingCase):
    """Nobody need vouch for a name."""

    SETTINGS = {"trust.tofu": "allow"}

    def test_1_strangers_converse_after_each_found_the_other_by_name_alone(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        mine, theirs = self.acquaint(alice, bob)
        sent = bob.send(theirs, new_text("and back"))
        alice.wait_text(mine, sent["text"])
        for one, other in ((self.alpha, self.beta), (self.beta, self.alpha)):
            shown = one.peer(other.name)["peer"]
            self.assertEqual((shown["iid"], shown["trust"], shown["source"], shown["state"]),
                             (other.iid, "tofu", "first use", "reachable"))
        self.alpha.restart()
        sent = bob.send(theirs, new_text("after a restart"))
        alice.wait_text(mine, sent["text"])
        type(self).alice, type(self).bob = alice, bob
        type(self).mine, type(self).theirs = mine, theirs

    def test_2_another_instance_under_the_name_gets_nothing_until_the_operator_decides(self):
        alpha, beta, alice, mine = self.alpha, self.beta, self.alice, self.mine
        alpha.allowed_errors.append("two instances claim one name")
        self.assertEqual(beta.stop(), 0)
        other = Instance(beta.binaries, self.world.folder / "other", "beta.cpc", beta.client,
                         beta.federation)
        other.init()
        # A store of its own: SQLite, whatever beta has.
        other.settings = {key: value for key, value in beta.settings.items()
                          if not key.startswith("storage.")}
        other.write_config()
        sent = alice.send(mine, new_text("for the first beta only"))
        other.start()
        self.addCleanup(other.stop)
        self.assertNotEqual(other.iid, beta.iid)

        problem = self.order(alpha, "refresh", "beta.cpc", status=9)
        self.assertEqual(problem["code"], "peer.no_document")
        shown = alpha.peer("beta.cpc")["peer"]
        self.assertEqual((shown["state"], shown["iid"], shown["other_iid"]),
                         ("conflict", beta.iid, other.iid))
        self.assertEqual(alpha.status()["peers"]["conflicts"], 1)
        with self.assertRaises(CommandFailed) as caught:
            alpha.cpcctl("route", "beta.cpc")
        [finding] = caught.exception.answer["findings"]
        self.assertEqual((caught.exception.status, finding["code"], finding["stops"]),
                         (9, "identity_conflict", True))
        self.assertIn(other.iid, finding["what"])
        # The two documents contradict each other; whoever doubts it is shown them.
        evidence = alpha.cpcctl("peer", "evidence", "beta.cpc", "--number=-2")
        self.assertEqual([row["code"] for row in evidence["rows"]], ["IDENTITY_CONFLICT"])
        roots = [json.loads(from_b64url(json.loads(text)["delegation"]["payload"]))["iid"]
                 for text in (evidence["document"], evidence["proof"])]
        self.assertEqual(roots, [beta.iid, other.iid])
        # Nor does alpha take anything from it, and a restart changes nothing.
        alpha.restart()
        eve = self.world.person("eve", other)
        eve.opt_in()
        eve.send(eve.start(alice.address), new_text("let me in"))
        eventually(lambda: self.last_error(other, "alpha.cpc") == "IDENTITY_CONFLICT",
                   "alpha to refuse the other one")
        self.assertEqual(alice.requests(), [])

        records = [record.replace(beta.iid, other.iid) for record in self.world.records()]
        self.world.dns.set_zone("cpc", records)
        self.assertEqual(self.order(alpha, "rebind", "beta.cpc", other.iid, status=6)["code"],
                         "precond.confirmation")
        rebound = self.order(alpha, "rebind", "beta.cpc", other.iid, "--yes=beta.cpc")
        self.assertEqual((rebound["iid"], rebound["conversations"]), (other.iid, 1))
        self.order(alpha, "refresh", "beta.cpc")
        self.assertEqual(alpha.status()["peers"]["conflicts"], 0)
        self.assertEqual(alpha.peer("beta.cpc")["peer"]["trust"], "pinned")
        self.assert_refused("CONVERSATION_ENDED", alice.send, mine, new_text("to whom?"))
        self.assertIn(sent["text"], alice.texts(mine))
        bob = self.world.person(self.bob.local, other)
        fresh, _ = self.acquaint(alice, bob)
        self.assertNotEqual(fresh["id"], mine["id"])
        self.assertNotIn(sent["text"], str(other.rows()))


class Validated(MeetingCase):
    """DNS vouches for a name where its answers were validated."""

    SETTINGS = {"trust.min": "dnssec", "dns.trust_ad": True}

    @classmethod
    def prepare(cls):
        cls.resolver = ValidatingResolver(cls.world.dns.place)
        for instance in cls.world.instances.values():
            instance.settings["dns.resolvers"] = [cls.resolver.text]

    def test_a_name_is_met_once_what_dns_says_of_it_was_validated(self):
        self.resolver.validates = False
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        alice.opt_in()
        conversation = alice.start(bob.address)
        sent = alice.send(conversation, new_text("hello"))
        eventually(lambda: self.alpha.ask("/v1/status")["owed"] == 1, "the request to be owed")
        self.assertEqual(self.order(self.alpha, "refresh", "beta.cpc", status=5)["code"],
                         "not_found.peer")
        self.assertEqual(self.order(self.alpha, "show", "beta.cpc", status=5)["code"],
                         "not_found.peer")
        self.resolver.validates = True
        for one, other in ((self.alpha, self.beta), (self.beta, self.alpha)):
            self.order(one, "refresh", other.name)
            shown = one.peer(other.name)["peer"]
            self.assertEqual((shown["iid"], shown["trust"], shown["source"]),
                             (other.iid, "dnssec", "dns"))
        bob.answer(bob.wait_request(alice.address), "GRANT")
        alice.wait_state(sent, "SENT", "DELIVERED")


class ByDefault(MeetingCase):
    """Nobody is let in but whom the operator names."""

    def test_the_operator_names_a_peer_and_compares_whom_he_names(self):
        alpha, beta = self.alpha, self.beta
        alice, bob = self.person("alice", alpha), self.person("bob", beta)
        alice.opt_in()
        sent = alice.send(alice.start(bob.address), new_text("hello"))
        self.assertEqual(self.order(alpha, "show", "beta.cpc", status=5)["code"], "not_found.peer")
        endpoint = place(beta.federation)
        problem = self.order(alpha, "add", "beta.cpc", "--endpoint", endpoint, status=6)
        self.assertEqual(problem["code"], "precond.iid_unconfirmed")
        self.assertIn(beta.iid, problem["why"])
        self.assertEqual(self.order(alpha, "show", "beta.cpc", status=5)["code"], "not_found.peer")

        self.order(beta, "add", "alpha.cpc", "--iid", alpha.iid)  # DNS says where.
        added = self.order(alpha, "add", "beta.cpc", "--iid", beta.iid, "--endpoint", endpoint)
        self.assertEqual((added["peer"]["trust"], added["peer"]["source"],
                          added["peer"]["endpoints"]), ("pinned", "operator", [endpoint]))
        self.assertTrue(alpha.cpcctl("route", "beta.cpc", "--probe")["deliverable"])
        bob.answer(bob.wait_request(alice.address), "GRANT")
        alice.wait_state(sent, "SENT", "DELIVERED")
        self.assertEqual(self.order(alpha, "add", "beta.cpc", "--iid", alpha.iid, status=6)["code"],
                         "precond.other_iid")

        self.order(alpha, "block", "beta.cpc")
        self.assertEqual(alpha.peer("beta.cpc")["peer"]["state"], "blocked")
        bob.opt_in()
        theirs = bob.start(alice.address)
        late = bob.send(theirs, new_text("while you blocked us"))
        eventually(lambda: self.last_error(beta, "alpha.cpc") == "NOT_PEERED",
                   "alpha to take nothing")
        self.order(alpha, "allow", "beta.cpc")
        beta.restart()
        alice.wait_text(alice.start(bob.address), late["text"])

        self.assertEqual(self.order(alpha, "forget", "beta.cpc", status=6)["code"],
                         "precond.conversations")
        self.order(alpha, "forget", "beta.cpc", "--yes=beta.cpc")
        self.assertEqual(self.order(alpha, "show", "beta.cpc", status=5)["code"], "not_found.peer")
        self.assertEqual(alice.texts(alice.start(bob.address))[-1], late["text"])


if __name__ == "__main__":
    main()

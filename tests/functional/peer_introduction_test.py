#!/usr/bin/python3
"""Instances that know each other by nothing but the word of a peer that both of them trust."""

from cpc.case import Case, main, new_text
from cpc.client import eventually
from cpc.world import World


class Introduced(Case):
    """alpha and gamma know beta, and beta knows both."""

    NAMES = ("alpha.cpc", "beta.cpc", "gamma.cpc")

    @classmethod
    def setUpClass(cls):
        cls.world = World(*cls.NAMES)
        cls.addClassCleanup(cls.world.abandon)
        for name, instance in cls.world.instances.items():
            setattr(cls, name.removesuffix(".cpc"), instance)
        for one, other in ((cls.alpha, cls.gamma), (cls.gamma, cls.alpha)):
            del one.peers[other.name]
            one.settings |= {"trust.min": "introduced", "trust.introducers": ["beta.cpc"]}
            one.write_config()
        cls.world.__enter__()

    def test_strangers_converse_once_the_peer_between_them_may_introduce_them(self):
        alpha, beta, gamma = self.alpha, self.beta, self.gamma
        alice, carol = self.person("alice", alpha), self.person("carol", gamma)
        for name in ("alpha.cpc", "gamma.cpc"):
            eventually(lambda name=name: beta.peer(name)["document"].get("fetched_at"),
                       f"beta to know {name}")
        alice.opt_in()
        sent = alice.send(alice.start(carol.address), new_text("hello"))
        eventually(lambda: alpha.ask("/v1/status")["owed"] == 1, "the request to be owed")
        self.assertEqual(alpha.peer("gamma.cpc").get("code"), "not_found.peer")

        beta.settings["trust.introduce"] = True
        beta.write_config()
        beta.restart()
        eventually(lambda: self.is_met(alpha, "gamma.cpc"), "alpha to meet gamma")
        carol.answer(carol.wait_request(alice.address), "GRANT")
        alice.wait_state(sent, "SENT", "DELIVERED")
        for one, other in ((alpha, gamma), (gamma, alpha)):
            shown = one.peer(other.name)["peer"]
            self.assertEqual((shown["iid"], shown["trust"], shown["source"]),
                             (other.iid, "introduced", "introduced by beta.cpc"))
        route = alpha.cpcctl("route", "gamma.cpc", "--probe")
        self.assertEqual((route["trust"], route["deliverable"]), ("introduced", True))

    @staticmethod
    def is_met(instance, name):
        """Asks for the peer anew, as its operator would who was told that it can be met now."""
        instance.ask("/v1/peer/refresh", name=name)
        return "peer" in instance.peer(name)


if __name__ == "__main__":
    main()

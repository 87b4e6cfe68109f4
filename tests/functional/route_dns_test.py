#!/usr/bin/python3
"""A peer that the configuration pins and does not place: DNS says where it is, and where to."""

import socket
import time

from cpc.case import Case, main, new_text
from cpc.instance import CommandFailed
from cpc.world import free_host


class RouteByDns(Case):
    NAMES = ("alpha.cpc", "beta.cpc")
    HAS_DNS = True

    def test_a_message_arrives_where_dns_says_and_follows_the_peer_that_moves(self):
        alice, bob = self.person("alice", self.alpha), self.person("bob", self.beta)
        mine, theirs = self.acquaint(alice, bob)
        self.assertEqual(self.beta.stop(), 0)
        self.beta.move(8475)
        self.world.tell_dns()
        sent = alice.send(mine, new_text("while you moved"))
        self.beta.start()
        bob.wait_text(theirs, sent["text"])
        alice.wait_state(sent, "DELIVERED")

    def test_a_name_that_dns_gives_to_somebody_else_is_not_followed(self):
        truth = self.world.records()
        third = self.world.add("third.cpc")
        third.add_peer(self.beta.name, self.beta.iid, None)
        third.write_config()
        self.world.dns.set_zone("cpc", [record.replace(self.beta.iid, self.alpha.iid)
                                        for record in truth])
        try:
            third.start()
            self.wait_log(third, "DNS names another instance than the configured one")
            peer = third.peer("beta.cpc")["peer"]
            self.assertNotIn("last_success_at", peer)
        finally:
            self.world.dns.set_zone("cpc", truth)

    def test_route_tells_each_step_and_the_probe_proves_it(self):
        route = self.alpha.cpcctl("route", "nobody@beta.cpc", "--probe")
        place = f"{self.beta.federation[0]}:{self.beta.federation[1]}"
        self.assertEqual((route["schema"], route["name"], route["iid"], route["trust"]),
                         ("cpcctl.route.v1", "beta.cpc", self.beta.iid, "pinned"))
        self.assertEqual((route["dns"]["srv"], route["dns"]["txt"], route["dns"]["resolvers"]),
                         ("_cpc-fed._tcp.beta.cpc", "_cpc.beta.cpc", [self.world.dns.text]))
        self.assertEqual((route["dns"]["iid"], route["dns"]["ttl_ms"], route["dns"]["error"]),
                         (self.beta.iid, 60_000, ""))
        self.assertEqual([(one["endpoint"], one["source"], one["allowed"])
                          for one in route["endpoints"]], [(place, "dns", True)])
        self.assertTrue(route["probe"]["ok"], route)
        self.assertTrue(route["deliverable"])
        self.assertEqual(self.alpha.cpcctl("route", "alpha.cpc")["trust"], "self")
        for address, status in (("gamma.cpc", 5), ("not a name", 1)):
            with self.assertRaises(CommandFailed) as caught:
                self.alpha.cpcctl("route", address)
            self.assertEqual(caught.exception.status, status, str(caught.exception))

    def test_a_probe_of_a_peer_that_is_down_is_status_9(self):
        self.assertEqual(self.beta.stop(), 0)
        with self.assertRaises(CommandFailed) as caught:
            self.alpha.cpcctl("route", "beta.cpc", "--probe")
        self.assertEqual(caught.exception.status, 9, str(caught.exception))
        self.assertEqual(caught.exception.answer["schema"], "cpcctl.route.v1")
        self.assertFalse(caught.exception.answer["probe"]["ok"])
        self.beta.start()

    def test_dns_leads_no_further_into_our_network_than_the_operator_allows(self):
        truth = self.world.records()
        fourth = self.world.add("fourth.cpc")
        fourth.add_peer(self.beta.name, self.beta.iid, None)
        permitting = fourth.first_config
        fourth.first_config = permitting.replace('["127.0.0.0/8"]', "[]")
        self.assertNotEqual(fourth.first_config, permitting)
        fourth.write_config()
        with socket.create_server((free_host(), 0)) as inner:
            host, port = inner.getsockname()
            self.world.dns.set_zone("cpc", [
                f"_cpc-fed._tcp.beta 60 SRV 0 0 {port} inner.beta",
                f'_cpc.beta 60 TXT "v=cpc1; iid={self.beta.iid}; st=active"',
                f"inner.beta 60 A {host}"])
            try:
                fourth.start()
                self.wait_log(fourth, "may not be connected to")
                inner.setblocking(False)
                self.assertRaises(BlockingIOError, inner.accept)
                # Nothing but the permission was missing.
                self.assertEqual(fourth.stop(), 0)
                fourth.first_config = permitting
                fourth.write_config()
                fourth.start()
                inner.settimeout(30)
                inner.accept()[0].close()
            finally:
                self.world.dns.set_zone("cpc", truth)

    def wait_log(self, instance, words):
        deadline = time.monotonic() + 30
        while words not in instance.log_text():
            self.assertLess(time.monotonic(), deadline, instance.log_tail())
            time.sleep(0.05)


if __name__ == "__main__":
    main()

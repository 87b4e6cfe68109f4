#!/usr/bin/python3
"""Clients over TLS without a proxy, with a certificate that the operator brings."""

import contextlib
import http.client
import signal
import socket
import ssl
import subprocess
import time

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cpc.case import Case, main, new_text
from cpc.certificate import Authority
from cpc.instance import PATIENCE_S
from cpc.world import free_host


class ClientTls(Case):
    HAS_TLS = True

    def setUp(self):
        self.alpha.allowed_errors = ["cpcd did not start"]
        self.key, self.chain = self.alpha.folder / "client.key", self.alpha.folder / "client.crt"

    def handshake(self, context):
        """The TLS version, once the client has heard that the server took its handshake."""
        with socket.create_connection(self.alpha.client, PATIENCE_S) as plain, \
                context.wrap_socket(plain, server_hostname=self.alpha.client[0]) as secure:
            secure.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"404", secure.recv(100))
            return secure.version()

    def check_config(self):
        """Status and words of cpcd --check-config."""
        ended = subprocess.run([self.world.binaries.cpcd, "--check-config", self.alpha.config],
                               capture_output=True, text=True, timeout=PATIENCE_S)
        return ended.returncode, ended.stdout + ended.stderr

    def assert_refused_at_start(self, *words):
        """Neither checked nor started; the old files are put back."""
        status, checked = self.check_config()
        self.assertEqual(status, 1, checked)
        self.alpha.launch()
        self.assertEqual(self.alpha.wait_end(), 1)
        for word in words:
            self.assertIn(word, checked)
            self.assertIn(word, self.alpha.log_tail(3))

    @contextlib.contextmanager
    def stopped_with_other_files(self):
        self.alpha.stop()
        before = [(file, file.read_bytes()) for file in (self.key, self.chain)]
        try:
            yield
        finally:
            for file, content in before:
                file.write_bytes(content)
                file.chmod(0o600)
            self.alpha.start()

    def test_a_message_is_sent_and_its_events_come_over_tls_1_3_alone(self):
        alice, bob = self.person("alice"), self.person("bob")
        self.assertIsNotNone(alice.tls)
        self.acquaint(alice, bob, new_text("over TLS"))
        self.assertEqual(self.handshake(self.alpha.tls), "TLSv1.3")
        old = ssl.create_default_context(cadata=self.world.authority.pem)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.handshake(old)

    def test_plain_http_gets_no_answer(self):
        connection = http.client.HTTPConnection(*self.alpha.client, timeout=PATIENCE_S)
        with contextlib.closing(connection), \
                self.assertRaises((http.client.HTTPException, ConnectionError)):
            connection.request("POST", "/graphql", b"{}")
            connection.getresponse()

    def test_issuers_behind_the_certificate_are_served_and_its_key_may_be_rsa(self):
        root = Authority("a root")
        with self.stopped_with_other_files():
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            Authority("an issuer below it", root).issue([self.alpha.client[0]], self.key,
                                                        self.chain, key)
            self.assertEqual(self.check_config()[0], 0)
            self.alpha.start()
            # The client knows the root only: the issuer must come from the daemon.
            self.handshake(ssl.create_default_context(cadata=root.pem))
            self.alpha.stop()

    def test_a_key_that_others_can_read_is_refused(self):
        with self.stopped_with_other_files():
            self.key.chmod(0o640)
            self.assert_refused_at_start("client.tls_key", str(self.key), "chmod 600")

    def test_files_that_do_not_belong_together_or_are_not_there_are_refused(self):
        host = [self.alpha.client[0]]
        with self.stopped_with_other_files():
            self.world.authority.issue(host, self.alpha.folder / "other.key", self.chain)
            self.assert_refused_at_start("client.tls_certificate", "another key")
            self.chain.write_text("no certificate")
            self.assert_refused_at_start("client.tls_certificate", "in PEM")
            self.chain.unlink()
            self.assert_refused_at_start("client.tls_certificate", str(self.chain),
                                         "does not exist")

    def test_an_rsa_key_that_is_too_short_to_be_believed_is_refused(self):
        with self.stopped_with_other_files():
            weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
            self.world.authority.issue([self.alpha.client[0]], self.key, self.chain, weak)
            self.assert_refused_at_start("client.tls_certificate", "2048 bits")

    def test_a_key_that_no_tls_1_3_handshake_can_use_is_refused(self):
        with self.stopped_with_other_files():
            for curve in (ec.SECP256K1(), ec.BrainpoolP256R1()):
                self.world.authority.issue([self.alpha.client[0]], self.key, self.chain,
                                           ec.generate_private_key(curve))
                self.assert_refused_at_start("client.tls_certificate", "no TLS 1.3 handshake",
                                             "P-256")

    def assert_warned(self, *words):
        """Allowed by the check and at start, and told by both."""
        status, checked = self.check_config()
        self.assertEqual(status, 0, checked)
        self.alpha.start()
        self.assertEqual(self.alpha.stop(), 0)
        for word in words:
            self.assertIn(word, checked)
            self.assertIn(word, self.alpha.log_tail(6))

    def test_a_certificate_that_clients_will_not_believe_now_is_told_and_served(self):
        with self.stopped_with_other_files():
            for days_old, words in ((400, "client.tls_certificate expired on 20"),
                                    (-5, "client.tls_certificate is not valid before 20")):
                self.world.authority.issue([self.alpha.client[0]], self.key, self.chain,
                                           days_old=days_old)
                self.assert_warned(words)

    def test_a_certificate_behind_a_proxy_is_told(self):
        with self.stopped_with_other_files():
            self.alpha.settings["client.behind_proxy"] = True
            self.alpha.write_config()
            self.assert_warned("client.behind_proxy")
            del self.alpha.settings["client.behind_proxy"]
            self.alpha.write_config()

    def test_a_long_rsa_key_is_told_and_one_address_cannot_keep_the_daemon_busy_with_it(self):
        with self.stopped_with_other_files():
            long = rsa.generate_private_key(public_exponent=65537, key_size=3072)
            self.world.authority.issue([self.alpha.client[0]], self.key, self.chain, long)
            self.assert_warned("RSA of 3072 bits", "P-256")
            self.alpha.start()
            stranger = free_host()
            for _ in range(2000):
                socket.create_connection(self.alpha.client, PATIENCE_S, (stranger, 0)).close()
                if "begins TLS connections too fast" in self.alpha.log_text():
                    break
            self.wait_log("an address begins TLS connections too fast")
            self.handshake(self.alpha.tls)  # From another address.
            self.alpha.stop()

    # --- renewal -------------------------------------------------------------------------------

    def wait_log(self, words, times=1):
        deadline = time.monotonic() + PATIENCE_S
        while self.alpha.log_text().count(words) < times:
            self.assertLess(time.monotonic(), deadline, self.alpha.log_tail())
            time.sleep(0.02)

    def renew(self, words):
        """SIGHUP, as an ACME client sends it, until the log says so."""
        times = self.alpha.log_text().count(words) + 1
        self.alpha.process.send_signal(signal.SIGHUP)
        self.wait_log(words, times)

    def test_sighup_shows_the_renewed_certificate_to_new_connections_and_old_ones_live_on(self):
        self.alpha.allowed_errors.append("the old one stays in force")
        alice, bob = self.person("alice"), self.person("bob")
        mine, theirs = self.acquaint(alice, bob, new_text("before"))
        new = Authority("another authority")
        believes_new = ssl.create_default_context(cadata=new.pem)
        before = [(file, file.read_bytes()) for file in (self.key, self.chain)]
        new.issue([self.alpha.client[0]], self.key, self.chain)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.handshake(believes_new)
        self.renew("the certificate for clients was read again")
        self.handshake(believes_new)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.handshake(self.alpha.tls)
        # Half a renewal, and none: the pair that was read last stays.
        for broken in (before[0], (self.chain, b"no certificate")):
            broken[0].write_bytes(broken[1])
            self.renew("the old one stays in force")
            self.handshake(believes_new)
        for file, content in before:
            file.write_bytes(content)
        self.renew("the certificate for clients was read again")
        self.handshake(self.alpha.tls)
        # Bob's events have come over one connection all the time.
        text = new_text("after")
        alice.send(mine, text)
        bob.wait_text(theirs, text)


if __name__ == "__main__":
    main()

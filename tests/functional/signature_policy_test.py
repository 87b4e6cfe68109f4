#!/usr/bin/python3
"""The published policy cases for HTTP message signatures (RFC 9421), against a real instance: each
as its authors meant it, with the components and parameters that the federation demands."""

import time
import unittest

from cpc.case import main
from cpc.encoding import b64, b64url
from cpc.lying_peer import HELLO_PATH, HELLO_TYPE
from cpc.peer_case import PeerCase
from cpc.peer_signature import CONTENT, NAMES, PLAIN, base_of, content_digest, quoted
from cpc.tampering import published

VECTORS = published("rfc/rfc9421_ed25519.json")
ALL = PLAIN + CONTENT + NAMES


@unittest.skipUnless(VECTORS, "ran WITHOUT rfc/rfc9421_ed25519.json: set CPC_VECTORS")
class SignaturePolicy(PeerCase):
    def setUp(self):
        self.settle()
        self.assertEqual(self.gamma.greet(self.alpha).status, 200)
        self.before = self.alpha.rows()

    def tearDown(self):
        self.assert_same_rows(self.before, self.alpha)
        super().tearDown()

    def signed(self, cover=ALL, body=None, key=None, **changes):
        """Headers of a hello over `cover`; a parameter that is None is left out."""
        key = key or self.gamma.identity.signing
        now = int(time.time())
        params = {"created": now, "expires": now + 300, "nonce": b64url(self.nonce()),
                  "keyid": key.kid, "alg": "ed25519", "tag": "cpc-fed-1", **changes}
        headers = {"content-type": HELLO_TYPE, "content-digest": content_digest(body),
                   "cpc-origin": "gamma.cpc", "cpc-destination": "alpha.cpc", "cpc-version": "1"}
        values = {"@method": "POST", "@path": HELLO_PATH, "@query": "?", **headers}
        terms = f"({' '.join(quoted(name) for name in cover)})" + "".join(
            f';{name}={value if isinstance(value, int) else quoted(value)}'
            for name, value in params.items() if value is not None)
        base = base_of([(quoted(name), values[name]) for name in cover], terms)
        return {**headers, "signature-input": f"fed={terms}",
                "signature": f"fed=:{b64(key.sign(base.encode()))}:"}

    def nonce(self):
        self.count = getattr(self, "count", 0) + 1
        return time.time_ns().to_bytes(8, "big") + self.count.to_bytes(8, "big")

    def code(self, sent=None, headers=None, **how):
        """What alpha says to a hello that is signed like this: `accept`, or why not."""
        body = self.gamma.hello()
        headers = headers or self.signed(body=body, **how)
        reply = self.gamma.request(self.alpha, "POST", HELLO_PATH, sent or body, headers)
        return "accept" if reply.status == 200 else reply.code

    def two_signatures(self):
        body = self.gamma.hello()
        headers = self.signed(body=body)
        headers["signature-input"] += ', sig2=("@method");created=1618884473;keyid="someone-else"'
        headers["signature"] += ", sig2=:AAAA:"
        return self.code(body, headers)

    def twice(self):
        body = self.gamma.hello()
        headers = self.signed(body=body)
        return self.code(body, headers), self.code(body, headers)

    def test_every_published_case_is_judged_as_published(self):
        now = int(time.time())
        body = self.gamma.hello()
        tried = {
            "full coverage": lambda: self.code(),
            "empty coverage": lambda: self.code(cover=()),
            "missing @method": lambda: self.without("@method"),
            # The name of the receiver is covered in the place of an authority that proxies rewrite.
            "missing @authority": lambda: self.without("cpc-destination"),
            "missing @path": lambda: self.without("@path"),
            "missing content-digest": lambda: self.without("content-digest"),
            "digest covered but body swapped": lambda: self.code(body + b" ",
                                                                 self.signed(body=body)),
            "no created": lambda: self.code(created=None),
            "no nonce": lambda: self.code(nonce=None),
            "no keyid": lambda: self.code(keyid=None),
            "wrong alg name": lambda: self.code(alg="hmac-sha256"),
            "expired": lambda: self.code(created=now - 400, expires=now - 100),
            "created in the far future": lambda: self.code(created=now + 900, expires=now + 1200),
            "created just inside skew": lambda: self.code(created=now + 290, expires=now + 590),
            "too old though not expired": lambda: self.code(created=now - 400,
                                                            expires=now + 10 ** 8),
            "duplicate component": lambda: self.code(cover=("@method", *ALL)),
            "two signatures, one good one unknown key": self.two_signatures,
            "keyid of another instance": lambda: self.code(
                keyid=self.gamma.known["alpha.cpc"][0]["keys"][0]["kid"]),
            "same signature, same nonce, sent twice": self.twice,
        }
        expected = {"digest covered but body swapped": "BAD_SIGNATURE", "expired": "CLOCK_SKEW",
                    "created in the far future": "CLOCK_SKEW",
                    "keyid of another instance": "UNKNOWN_KEY",
                    "same signature, same nonce, sent twice": ("accept", "REPLAY")}
        cases = VECTORS["policy_cases"]
        self.assertEqual({case["name"] for case in cases}, set(tried), "the published list")
        for case in cases:
            name = case["name"]
            with self.subTest(name):
                verdict = "accept" if case["expect"] == "accept" else "MALFORMED"
                self.assertEqual(tried[name](), expected.get(name, verdict))
        print(f"RFC 9421: {len(cases)} policy cases")

    def without(self, name):
        return self.code(cover=tuple(one for one in ALL if one != name))


if __name__ == "__main__":
    main()

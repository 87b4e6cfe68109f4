"""Who a peer is: its keys, what they sign (JWS), and the document that says so."""

import json

import nacl.exceptions
import nacl.signing

from cpc.encoding import b64url, compact, from_b64url, now_ms, sha256

DAY_MS = 24 * 3600 * 1000
DOCUMENT_PATH = "/.well-known/cpc/instance"


class Key:
    """An Ed25519 key pair; its id is the RFC 7638 thumbprint."""

    def __init__(self):
        self.secret = nacl.signing.SigningKey.generate()
        self.public = bytes(self.secret.verify_key)
        self.id = thumbprint(self.public)
        self.kid = b64url(self.id)

    def sign(self, octets):
        return self.secret.sign(octets).signature


def thumbprint(public):
    return sha256(b'{"crv":"Ed25519","kty":"OKP","x":"%s"}' % b64url(public).encode())


def is_signed(public, octets, signature):
    try:
        nacl.signing.VerifyKey(public).verify(octets, signature)
        return True
    except (nacl.exceptions.BadSignatureError, ValueError):
        return False


def sign_jws(typ, payload, key, kid=None):
    """A flattened JWS (RFC 7515) over these octets."""
    protected = b64url(compact({"alg": "EdDSA", "kid": kid or key.kid, "typ": typ}))
    body = b64url(payload)
    signature = b64url(key.sign(f"{protected}.{body}".encode()))
    return {"protected": protected, "payload": body, "signature": signature}


def compact_jws(jws):
    return f"{jws['protected']}.{jws['payload']}.{jws['signature']}"


def read_jws(jws, public):
    """The payload, proved by this key. AssertionError otherwise."""
    signed = f"{jws['protected']}.{jws['payload']}".encode()
    assert is_signed(public, signed, from_b64url(jws["signature"])), "a JWS that does not verify"
    return json.loads(from_b64url(jws["payload"]))


def header_of(jws):
    return json.loads(from_b64url(jws["protected"]))


class Identity:
    """A peer's root key, signing key and name, and the documents they make."""

    def __init__(self, name):
        self.name = name
        self.root, self.signing = Key(), Key()
        self.iid = self.root.id

    def document(self, endpoint, pins, delegation_serial=1, operational_serial=1, name=None,
                 root=None, signing=None, issued=None, life_ms=6 * DAY_MS, status="active",
                 sealing_keys=None, retired=None, revoked=None, more_keys=()):
        """An instance document; every argument but the first two is for lies."""
        name, root, signing = name or self.name, root or self.root, signing or self.signing
        issued = issued if issued is not None else now_ms() - 1000
        common = {"v": 1, "name": name, "iid": b64url(root.id), "issued": issued}
        delegation = {**common, "serial": delegation_serial, "expires": issued + 300 * DAY_MS,
                      "status": status, "root": {"x": b64url(root.public)},
                      "keys": [{"kid": signing.kid, "x": b64url(signing.public),
                                "not_before": issued, "not_after": issued + 300 * DAY_MS},
                               *more_keys]}
        delegation |= {"retired": retired} if retired else {}
        delegation |= {"revoked": revoked} if revoked else {}
        operational = {**common, "serial": operational_serial, "expires": issued + life_ms,
                       "endpoints": [f"{endpoint[0]}:{endpoint[1]}"],
                       "tls_pins": [b64url(pin) for pin in pins], "versions": [1], "features": [],
                       "limits": {"transaction_bytes_max": 2_097_152,
                                  "transaction_entries_max": 500}}
        if sealing_keys is not None:
            operational["sealing_keys"] = sealing_keys
        return compact({"delegation": sign_jws("cpc-delegation", compact(delegation), root),
                        "operational": sign_jws("cpc-operational", compact(operational),
                                                signing)})


def read_document(octets, name, iid):
    """A document of cpcd, proved: (delegation, operational). AssertionError if it is not."""
    document = json.loads(octets)
    claimed = json.loads(from_b64url(document["delegation"]["payload"]))
    root = from_b64url(claimed["root"]["x"])
    assert b64url(thumbprint(root)) == iid, "the root key is not the pinned one"
    assert header_of(document["delegation"])["typ"] == "cpc-delegation"
    delegation = read_jws(document["delegation"], root)
    signer = header_of(document["operational"])
    assert signer["typ"] == "cpc-operational"
    key = next(key for key in delegation["keys"] if key["kid"] == signer["kid"])
    operational = read_jws(document["operational"], from_b64url(key["x"]))
    for part in (delegation, operational):
        assert part["name"] == name and part["iid"] == iid
        assert part["issued"] <= now_ms() + 300_000 and part["expires"] > now_ms()
    return delegation, operational

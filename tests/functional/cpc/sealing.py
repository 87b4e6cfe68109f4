"""Sealed bodies (HPKE, RFC 9180), written from docs/protocol.md with libraries other than cpcd."""

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cpc.encoding import b64url, framed_hash, from_b64url, sha256

SEALED_TYPE = "application/cpc-sealed"
KEM = b"KEM" + (0x0020).to_bytes(2, "big")
HPKE = b"HPKE" + b"".join(part.to_bytes(2, "big") for part in (0x0020, 0x0001, 0x0003))


def extract(suite, salt, label, key):
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + key, hashlib.sha256)


def expand(suite, key, label, info, size):
    """One block is enough for every size that is asked for here."""
    labeled = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(key, labeled + b"\x01", hashlib.sha256)[:size]


def raw(public):
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def cipher(agreed, enc, recipient, info):
    """The cipher and its nonce, from what both sides know."""
    secret = expand(KEM, extract(KEM, b"", b"eae_prk", agreed), b"shared_secret", enc + recipient,
                    32)
    context = (b"\x00" + extract(HPKE, b"", b"psk_id_hash", b"")
               + extract(HPKE, b"", b"info_hash", info))
    scheduled = extract(HPKE, secret, b"secret", b"")
    return (ChaCha20Poly1305(expand(HPKE, scheduled, b"key", context, 32)),
            expand(HPKE, scheduled, b"base_nonce", context, 12))


def info_of(origin_iid, destination_iid, transaction):
    return framed_hash("cpc-seal-1", origin_iid, destination_iid, transaction)


def key_id(public):
    return sha256(b'{"crv":"X25519","kty":"OKP","x":"%s"}' % b64url(public).encode())


def seal(public, info, body):
    """A body for whoever has the private half of `public`, 32 octets."""
    ephemeral = X25519PrivateKey.generate()
    enc = raw(ephemeral.public_key())
    aead, nonce = cipher(ephemeral.exchange(X25519PublicKey.from_public_bytes(public)), enc, public,
                         info)
    return key_id(public) + enc + aead.encrypt(nonce, body, b"")


class SealingKey:
    def __init__(self):
        self.secret = X25519PrivateKey.generate()
        self.public = raw(self.secret.public_key())
        self.id = key_id(self.public)

    @property
    def jwk(self):
        """As it stands in a document."""
        return {"kid": b64url(self.id), "x": b64url(self.public)}

    def open(self, info, sealed):
        """Raises if it was not sealed to this key with this info."""
        assert sealed[:32] == self.id, "sealed to another key"
        enc = sealed[32:64]
        aead, nonce = cipher(self.secret.exchange(X25519PublicKey.from_public_bytes(enc)), enc,
                             self.public, info)
        return aead.decrypt(nonce, sealed[64:], b"")


def sealing_key_of(operational):
    """The public key that a document says to use first."""
    return from_b64url(operational["sealing_keys"][0]["x"])

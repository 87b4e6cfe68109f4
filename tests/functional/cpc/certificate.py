"""Certificates for the client API, as an operator gets them: an authority that clients believe, an
issuer below it, and a chain for the daemon's addresses."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = datetime.timedelta(days=365)


class Authority:
    """Its key is in this object only. `pem` is what clients believe."""

    def __init__(self, name="CPC test world", parent=None):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = made(self.name, self.key.public_key(), parent or self, [
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (usage(key_cert_sign=True, crl_sign=True), True)])
        self.parent = parent
        self.pem = pem_of(self.certificate)

    def issue(self, hosts, key_file, chain_file, key=None, days_old=0):
        """A key (0600) and the chain of its certificate for these IP addresses, as files. The
        certificate lives a year, `days_old` of which are over."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        leaf = made(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])]),
                    key.public_key(), self, [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))
                                          for host in hosts]), False)],
                    datetime.timedelta(days=days_old))
        key_file.touch(0o600)
        key_file.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        chain_file.write_text(pem_of(leaf) + (self.pem if self.parent else ""))


def made(name, public_key, issuer, extensions, age=datetime.timedelta()):
    now = datetime.datetime.utcnow() - age
    builder = (x509.CertificateBuilder().subject_name(name).issuer_name(issuer.name)
               .public_key(public_key).serial_number(x509.random_serial_number())
               .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + LIFE)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                   issuer.key.public_key()), False))
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, is_critical)
    return builder.sign(issuer.key, hashes.SHA256())


def usage(**chosen):
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: chosen.get(name, False) for name in names})


def pem_of(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()

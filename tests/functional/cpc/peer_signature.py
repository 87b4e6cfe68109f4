"""HTTP message signatures as the federation uses them (RFC 9421 with RFC 9530), both ways."""

import base64
import re
import secrets
import time

from cpc.encoding import b64, b64url, sha256
from cpc.peer_identity import is_signed

PLAIN = ("@method", "@path", "@query")
CONTENT = ("content-type", "content-digest")
NAMES = ("cpc-origin", "cpc-destination", "cpc-version")
REPLY = ("@status", "content-type", "content-digest", "cpc-origin", "cpc-destination")
BOUND = '"signature";req;key="fed"'
INPUT = re.compile(r'fed=(?P<params>\((?P<list>[^)]*)\)(?P<rest>;.*))')


def content_digest(body):
    return f"sha-256=:{b64(sha256(body))}:"


def base_of(lines, params):
    return "".join(f"{name}: {value}\n" for name, value in lines) + \
        f'"@signature-params": {params}'


def signed_request(method, path, body, content_type, *, origin, destination, key, created=None,
                   life=300, nonce=None, cover=None, version="1", keyid=None, tag="cpc-fed-1"):
    """The headers of a signed request; most of the arguments are there for lies."""
    path, _, query = path.partition("?")
    created = int(time.time()) if created is None else created
    headers = {}
    if body:
        headers = {"content-type": content_type, "content-digest": content_digest(body)}
    headers |= {"cpc-origin": origin, "cpc-destination": destination, "cpc-version": version}
    values = {"@method": method, "@path": path, "@query": "?" + query, **headers}
    if cover is None:
        cover = PLAIN + (CONTENT if body else ()) + NAMES
    nonce = b64url(nonce or secrets.token_bytes(16))
    params = (f"({' '.join(quoted(name) for name in cover)});created={created};"
              f'expires={created + life};nonce="{nonce}";keyid="{keyid or key.kid}";'
              f'alg="ed25519";tag="{tag}"')
    base = base_of([(quoted(name), values[name]) for name in cover], params)
    headers["signature-input"] = f"fed={params}"
    headers["signature"] = f"fed=:{b64(key.sign(base.encode()))}:"
    return headers


def quoted(name):
    return f'"{name}"'


def parse(headers):
    """(params as they stand, list of quoted names, {parameter: value}, signature)."""
    found = INPUT.fullmatch(headers["signature-input"])
    assert found, f"signature-input is {headers['signature-input']!r}"
    names = re.findall(r'"[^"]*"(?:;[a-z]+(?:="[^"]*")?)*', found["list"])
    rest = dict(re.findall(r';([a-z]+)="?([^;"]*)"?', found["rest"]))
    sent = re.fullmatch(r"fed=:([A-Za-z0-9+/=]*):", headers["signature"])
    assert sent, f"signature is {headers['signature']!r}"
    return found["params"], names, rest, base64.b64decode(sent[1])


def check_request(method, path, headers, body, key_of):
    """Proves a request of cpcd; `key_of(kid)` gives public keys. AssertionError if it is false."""
    path, _, query = path.partition("?")
    params, names, rest, signature = parse(headers)
    required = PLAIN + (CONTENT if body else ()) + NAMES
    assert {quoted(name) for name in required} <= set(names), f"only {names} are covered"
    values = {"@method": method, "@path": path, "@query": "?" + query}
    lines = [(name, values.get(name[1:-1]) or headers[name[1:-1]]) for name in names]
    assert rest["alg"] == "ed25519" and rest["tag"] == "cpc-fed-1"
    assert 0 < int(rest["expires"]) - int(rest["created"]) <= 300
    assert abs(int(rest["created"]) - time.time()) <= 300
    if body:
        assert headers["content-digest"] == content_digest(body), "the digest is another one"
    public = key_of(rest["keyid"])
    assert is_signed(public, base_of(lines, params).encode(), signature), "a false signature"
    return rest


def signed_reply(status, body, content_type, request_headers, key, created=None):
    """The headers of a reply that is bound to the request it answers."""
    headers = {"content-type": content_type, "content-digest": content_digest(body),
               "cpc-origin": request_headers["cpc-destination"],
               "cpc-destination": request_headers["cpc-origin"]}
    created = int(time.time()) if created is None else created
    bound = parse(request_headers)[3]
    params = (f"({' '.join(quoted(name) for name in REPLY)} {BOUND});created={created};"
              f'keyid="{key.kid}";alg="ed25519";tag="cpc-fed-ack-1"')
    values = {"@status": str(status), **headers}
    lines = [(quoted(name), values[name]) for name in REPLY] + [(BOUND, f":{b64(bound)}:")]
    headers["signature-input"] = f"fed={params}"
    headers["signature"] = f"fed=:{b64(key.sign(base_of(lines, params).encode()))}:"
    return headers


def check_reply(status, headers, body, request_headers, key_of):
    """Proves a reply of cpcd to the request with these headers. AssertionError if it is false."""
    params, names, rest, signature = parse(headers)
    assert {quoted(name) for name in REPLY} | {BOUND} <= set(names), f"only {names} are covered"
    assert headers["cpc-origin"] == request_headers["cpc-destination"]
    assert headers["cpc-destination"] == request_headers["cpc-origin"]
    assert headers["content-digest"] == content_digest(body)
    values = {"@status": str(status)}
    bound = f":{b64(parse(request_headers)[3])}:"
    lines = [(name, bound if name == BOUND else values.get(name[1:-1]) or headers[name[1:-1]])
             for name in names]
    assert rest["alg"] == "ed25519" and rest["tag"] == "cpc-fed-ack-1"
    public = key_of(rest["keyid"])
    assert is_signed(public, base_of(lines, params).encode(), signature), "a false signature"

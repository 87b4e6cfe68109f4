"""A whole peer instance in the test's process. It speaks the protocol well unless told to lie."""

import contextlib
import datetime
import http.client
import http.server
import json
import pathlib
import secrets
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cpc.encoding import b64url, compact, from_b64url, now_ms, sha256
from cpc.instance import PATIENCE_S
from cpc.peer_events import all_ok, read_frame
from cpc.peer_identity import DOCUMENT_PATH, Identity, read_document
from cpc.peer_signature import check_reply, check_request, signed_reply, signed_request
from cpc.sealing import SEALED_TYPE, info_of

HELLO_PATH, TRANSACTION_PATH = "/cpc/fed/v1/hello", "/cpc/fed/v1/txn/"
HELLO_TYPE, TRANSACTION_TYPE = "application/cpc-hello+json", "application/cpc-txn+json"
DOCUMENT_TYPE = "application/cpc-instance+json"


class TlsKey:
    """A P-256 key with its self-signed certificate, in a file that `ssl` can load."""

    def __init__(self, folder, name):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.utcnow()
        certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
                       .public_key(key.public_key()).serial_number(x509.random_serial_number())
                       .not_valid_before(now - datetime.timedelta(days=1))
                       .not_valid_after(now + datetime.timedelta(days=30))
                       .sign(key, hashes.SHA256()))
        file = pathlib.Path(folder, f"tls-{secrets.token_hex(4)}.pem")
        file.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption())
            + certificate.public_bytes(serialization.Encoding.PEM))
        self.pin = spki_pin(certificate)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.load_cert_chain(file)


def spki_pin(certificate):
    return sha256(certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))


class PeerReply:
    """What cpcd answered to a request of ours."""

    def __init__(self, response, request_headers):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.raw = response.read()
        self.request_headers = request_headers

    @property
    def json(self):
        return json.loads(self.raw)

    @property
    def code(self):
        try:
            return self.json.get("code", "")
        except ValueError:
            return ""


class Server(http.server.ThreadingHTTPServer):
    """TLS with the key of the moment; the handshake is done by the connection's own thread."""

    daemon_threads = True

    def __init__(self, peer):
        self.peer = peer
        super().__init__(peer.endpoint, Handler)

    def get_request(self):
        accepted, address = super().get_request()
        return self.peer.tls.context.wrap_socket(accepted, server_side=True,
                                                 do_handshake_on_connect=False), address

    def handle_error(self, request, client_address):
        pass  # A client that does not like our certificate is what some tests want.


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE_S

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.server.peer.raw_reply is not None:
            self.close_connection = True
            self.server.peer.raw_reply(self.wfile)
            return
        status, answer_headers, answer = self.server.peer.handle(self.command, self.path, headers,
                                                                 body)
        self.send_response_only(status)
        for name, value in {**answer_headers, "content-length": len(answer)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *_):
        pass


class LyingPeer:
    """`name` at `endpoint`. Attributes are its lies; `received` is what cpcd sent, proved."""

    def __init__(self, name, endpoint, folder):
        self.name, self.endpoint, self.folder = name, endpoint, folder
        self.identity = Identity(name)
        self.tls = TlsKey(folder, name)
        self.pins = [self.tls.pin]
        self.epoch, self.boot = secrets.token_bytes(16), 1
        self.serial = 1
        self.keys = {}           # kid -> public key, of those who sign to us
        self.known = {}          # name -> (delegation, operational)
        self.received = []       # Batches, in order.
        self.requests = []       # (method, path, problem or None) of everything that came
        self.document_fetches = 0
        self.news = threading.Condition()
        self.sealing_key = None  # What comes is not sealed, unless there is one.
        self.sealed = []         # Bodies as they came, before they were opened.
        self.make_document = lambda: self.identity.document(
            self.endpoint, self.pins, self.serial, self.serial,
            sealing_keys=[self.sealing_key.jwk] if self.sealing_key else None)
        self.answer_lanes = all_ok          # batch -> lanes
        self.refuse_with = None             # (status, code) instead of an answer
        self.retry_after_s = None           # told with each refusal
        self.raw_reply = None               # writes octets to a file instead of any answer
        self.sign_replies_with = None       # another key
        self.server = Server(self)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def iid(self):
        return b64url(self.identity.iid)

    def iid_of(self, name):
        return from_b64url(self.known[name][0]["iid"])

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    # --- as a server ---------------------------------------------------------------------------

    def handle(self, method, path, headers, body):
        """(status, headers, body) of our answer."""
        if path == DOCUMENT_PATH:
            self.note(lambda: setattr(self, "document_fetches", self.document_fetches + 1))
            return 200, {"content-type": DOCUMENT_TYPE}, self.make_document()
        try:
            check_request(method, path, headers, body, self.keys.__getitem__)
        except (AssertionError, KeyError) as problem:
            self.note(lambda: self.requests.append((method, path, str(problem))))
            return self.problem(403, "BAD_SIGNATURE")
        self.note(lambda: self.requests.append((method, path, None)))
        if self.refuse_with:
            return self.problem(*self.refuse_with)
        if path == HELLO_PATH:
            return self.reply(headers, HELLO_TYPE, self.hello())
        if headers["content-type"] == SEALED_TYPE:
            self.note(lambda: self.sealed.append(body))
            info = info_of(self.iid_of(headers["cpc-origin"]), self.identity.iid,
                           path.removeprefix(TRANSACTION_PATH))
            body = self.sealing_key.open(info, body)
        received = json.loads(body)
        self.note(lambda: self.received.append(received))
        answer = {"v": 1, "store_epoch": b64url(self.epoch), "boot": self.boot, "now": now_ms(),
                  "lanes": self.answer_lanes(received)}
        return self.reply(headers, TRANSACTION_TYPE, compact(answer))

    def reply(self, headers, content_type, body):
        key = self.sign_replies_with or self.identity.signing
        return 200, signed_reply(200, body, content_type, headers, key), body

    def problem(self, status, code):
        headers = {"content-type": "application/problem+json"}
        if self.retry_after_s is not None:
            headers["retry-after"] = str(self.retry_after_s)
        return status, headers, compact(
            {"code": code, "retryable": status >= 500, "server_time": now_ms()})

    def hello(self, **lies):
        return compact({"v": 1, "store_epoch": b64url(self.epoch), "boot": self.boot,
                        "now": now_ms(), "versions": [1], "features": [],
                        "delegation_serial": self.serial, "operational_serial": self.serial,
                        **lies})

    def note(self, change):
        with self.news:
            change()
            self.news.notify_all()

    def wait(self, probe, what):
        """What `probe()` gives once it is true; asked again whenever something came."""
        with self.news:
            if not self.news.wait_for(probe, PATIENCE_S):
                raise AssertionError(f"{self.name} waited {PATIENCE_S:g} s for {what}; it got "
                                     f"{self.requests[-8:]}")
            return probe()

    def frames(self):
        """Every consent frame that came, as payloads."""
        return [read_frame(jws) for received in self.received if "frames" in received
                for jws in received["frames"]["items"]]

    def submissions(self):
        return [item for received in self.received for part in received["submissions"]
                for item in part["items"]]

    def entries(self):
        return [item for received in self.received for part in received["logs"]
                for item in part["items"]]

    # --- as a client ---------------------------------------------------------------------------

    def learn(self, instance):
        """Fetches and proves the document of a running cpcd, and checks its TLS key."""
        reply, pin = self.request(instance, "GET", DOCUMENT_PATH, want_pin=True)
        assert reply.status == 200, reply.raw
        delegation, operational = read_document(reply.raw, instance.name, instance.iid)
        assert b64url(pin) in operational["tls_pins"], "the TLS key is not in the document"
        self.known[instance.name] = delegation, operational
        for key in delegation["keys"]:
            self.keys[key["kid"]] = from_b64url(key["x"])
        return delegation, operational

    def request(self, instance, method, path, body=b"", headers=None, want_pin=False):
        """Any request, as it is given."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        connection = http.client.HTTPSConnection(*instance.federation, timeout=PATIENCE_S,
                                                 context=context)
        with contextlib.closing(connection):
            connection.request(method, path, body or None, headers or {})
            der = connection.sock.getpeercert(binary_form=True)
            reply = PeerReply(connection.getresponse(), headers or {})
        return (reply, spki_pin(x509.load_der_x509_certificate(der))) if want_pin else reply

    def signed(self, instance, method, path, body=b"", content_type=TRANSACTION_TYPE, **lies):
        """Headers of an honest request, but for `lies`."""
        terms = {"origin": self.name, "destination": instance.name, "key": self.identity.signing}
        return signed_request(method, path, body, content_type, **{**terms, **lies})

    def greet(self, instance, body=None, **lies):
        body = self.hello() if body is None else body
        headers = self.signed(instance, "POST", HELLO_PATH, body, HELLO_TYPE, **lies)
        return self.request(instance, "POST", HELLO_PATH, body, headers)

    def put(self, instance, body, **lies):
        """One transaction. An answer with status 200 is proved."""
        path = TRANSACTION_PATH + b64url(secrets.token_bytes(16))
        headers = self.signed(instance, "PUT", path, body, **lies)
        reply = self.request(instance, "PUT", path, body, headers)
        if reply.status == 200:
            self.check(reply)
        return reply

    def check(self, reply):
        check_reply(reply.status, reply.headers, reply.raw, reply.request_headers,
                    self.keys.__getitem__)

    def lanes(self, instance, body):
        """The lanes of the answer to an honest transaction."""
        reply = self.put(instance, body)
        assert reply.status == 200, f"{reply.status} {reply.raw}"
        return reply.json["lanes"]



#!/usr/bin/python3
"""What the client API says to bad input: a stable code each, nothing stored, nobody signed in."""

import asyncio
import json
import secrets
import time

import nacl.signing
import websockets

from cpc.case import Case, main, new_text
from cpc.encoding import b64url, compact, from_b64url
from cpc.instance import PATIENCE_S
from cpc.peer_identity import thumbprint

SIGN_INS = 4


def forged(token, key, **claims):
    """A token like this one with other claims, signed with another key."""
    header, payload, _ = token.split(".")
    header = {**json.loads(from_b64url(header)), "kid": b64url(thumbprint(bytes(key.verify_key)))}
    payload = {**json.loads(from_b64url(payload)), **claims}
    signed = f"{b64url(compact(header))}.{b64url(compact(payload))}"
    return f"{signed}.{b64url(key.sign(signed.encode()).signature)}"


class SigningIn(Case):
    def test_a_wrong_password_an_unknown_and_a_disabled_user_get_the_same_answer(self):
        alice, bob = self.person("alice"), self.person("bob")
        self.alpha.disable_user(bob.local)
        answers = []
        for username, password in ((alice.local, "not the password"),
                                   ("nobody", alice.password), (bob.local, bob.password),
                                   ("no such name at all", "x"), ("", "")):
            client = self.world.client(self.alpha, username, password)
            refused = self.assert_refused("SIGN_IN_FAILED", client.sign_in)
            answers.append((refused.reply.status, refused.reply.raw))
        self.assertEqual(len(set(answers)), 1, answers)

    def test_a_disabled_account_ends_its_sessions(self):
        alice = self.person("alice")
        self.assertEqual(alice.ask("{ me { address } }")["me"]["address"], alice.address)
        self.alpha.disable_user(alice.local)
        refused = self.assert_refused("UNAUTHENTICATED", alice.ask, "{ me { address } }")
        self.assertEqual(refused.reply.status, 401)
        alice.stream.wait_end()

    def test_a_new_password_ends_the_sessions_and_is_the_only_one_that_works(self):
        alice = self.person("alice")
        old_token, new_password = alice.token, "quite another password"
        self.world.secrets.add(new_password)
        self.alpha.with_password("user", "passwd", alice.local, password=new_password)
        self.assertEqual(alice.send_document("{ me { id } }", token=old_token).status, 401)
        self.assert_refused("SIGN_IN_FAILED", alice.sign_in)
        alice.sign_in(new_password)
        self.assertEqual(alice.ask("{ me { username } }")["me"]["username"], alice.local)

    def test_a_new_password_ends_what_an_open_websocket_may_do(self):
        alice = self.person("alice")
        new_password = "once more another password"
        self.world.secrets.add(new_password)

        async def converse():
            host, port = alice.endpoint
            async with websockets.connect(f"ws://{host}:{port}/graphql",
                                          subprotocols=["graphql-transport-ws"]) as socket:
                await socket.send(json.dumps({"type": "connection_init", "payload": {
                    "authorization": f"Bearer {alice.token}"}}))
                opening = json.loads(await socket.recv())
                ask = {"type": "subscribe", "payload": {"query": "{ me { address } }"}}
                await socket.send(json.dumps({**ask, "id": "before"}))
                before = json.loads(await socket.recv())
                await socket.recv()
                await asyncio.to_thread(self.alpha.with_password, "user", "passwd", alice.local,
                                        password=new_password)
                await socket.send(json.dumps({**ask, "id": "after"}))
                with self.assertRaises(websockets.ConnectionClosed) as closed:
                    await socket.recv()
                return opening["type"], before["payload"]["data"], closed.exception.code

        self.assertEqual(asyncio.run(asyncio.wait_for(converse(), PATIENCE_S)),
                         ("connection_ack", {"me": {"address": alice.address}}, 4403))

    def test_an_expired_foreign_altered_or_other_token_is_401(self):
        alice, bob = self.person("alice"), self.person("bob")
        own = nacl.signing.SigningKey(from_b64url(
            (self.alpha.keys / "signing.key").read_text().split()[1]))
        now = int(time.time())
        good = alice.send_document("{ me { id } }", token=forged(alice.token, own))
        self.assertEqual(good.status, 200, "a token made like this is good, so the lies are lies")
        head, payload, signature = alice.token.split(".")
        tokens = {
            "expired": forged(alice.token, own, exp=now - 1, iat=now - 3600),
            "of another instance": forged(alice.token, own, iss="beta.cpc"),
            "for another purpose": forged(alice.token, own, aud="something-else"),
            "of another generation": forged(alice.token, own, gen=99),
            "of another life": forged(alice.token, own, inc=b64url(secrets.token_bytes(16))),
            "of nobody": forged(alice.token, own, sub="nobody"),
            "signed by a stranger": forged(alice.token, nacl.signing.SigningKey.generate()),
            "with another's claims": f"{head}.{bob.token.split('.')[1]}.{signature}",
            "without a signature": f"{head}.{payload}.",
            "with alg none": f"{b64url(compact({'alg': 'none'}))}.{payload}.",
            "no token": "nonsense", "empty": " ",
        }
        before = self.alpha.rows()
        for what, token in tokens.items():
            with self.subTest(what):
                reply = alice.send_document("{ me { id } }", token=token)
                self.assertEqual(reply.status, 401)
                self.assertIn("www-authenticate", reply.headers)
                self.assertEqual(reply.body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED")
        self.assert_same_rows(before, self.alpha)

    def test_without_a_token_only_signing_in_is_possible(self):
        stranger = self.world.client(self.alpha)
        for document in ("{ me { id } }", "{ cursor }", "{ contactRequests { edges { cursor } } }",
                         'mutation { startConversation(input: {with: "bob@alpha.cpc"}) { id } }'):
            reply = stranger.send_document(document)
            self.assertEqual(reply.status, 401, document)
        reply = stranger.send_document("{ __schema { types { name } } }")
        self.assertEqual(reply.status, 400)


class TooManySignIns(Case):
    SETTINGS = {"client.sign_ins_per_minute": SIGN_INS}

    def test_too_many_sign_ins_are_429_with_the_time_to_wait_even_with_the_right_password(self):
        password = "the right password 1"
        self.world.secrets.add(password)
        self.alpha.create_user("alice", password)
        for _ in range(SIGN_INS):
            wrong = self.world.client(self.alpha, "alice", "a wrong password")
            self.assert_refused("SIGN_IN_FAILED", wrong.sign_in)
        for username in ("alice", "bob"):  # For the account, and for the address it came from.
            client = self.world.client(self.alpha, username, password)
            refused = self.assert_refused("RATE_LIMITED", client.sign_in)
            self.assertEqual(refused.reply.status, 429)
            self.assertTrue(1 <= int(refused.reply.headers["retry-after"]) <= 60)


class Requests(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alice = cls().person("alice")

    def setUp(self):
        self.before = self.alpha.rows()

    def tearDown(self):
        super().tearDown()
        self.assert_same_rows(self.before, self.alpha)

    def assert_400(self, code, document, **variables):
        reply = self.alice.send_document(document, variables)
        self.assertEqual((reply.status, reply.body["errors"][0]["extensions"]["code"]),
                         (400, code), reply.body)
        self.assertNotIn("data", reply.body)

    def test_malformed_graphql_is_refused_with_the_place(self):
        self.assert_400("GRAPHQL_PARSE_FAILED", "{ me { id }")
        self.assert_400("GRAPHQL_PARSE_FAILED", "")
        self.assert_400("GRAPHQL_PARSE_FAILED", "{ me { id } } \u0000")
        reply = self.alice.send_document("{ me {\n  ! } }")
        self.assertEqual(reply.body["errors"][0]["locations"][0]["line"], 2)

    def test_what_the_schema_does_not_have_is_refused(self):
        self.assert_400("GRAPHQL_VALIDATION_FAILED", "{ me { password } }")
        self.assert_400("GRAPHQL_VALIDATION_FAILED", "{ me }")
        self.assert_400("GRAPHQL_VALIDATION_FAILED", "mutation { deleteEverything }")
        self.assert_400("GRAPHQL_VALIDATION_FAILED", "{ conversation { id } }")
        self.assert_400("GRAPHQL_VALIDATION_FAILED", "{ ...f } fragment f on Query { ...f }")

    def test_wrong_variables_are_refused(self):
        document = "query ($id: ID!) { conversation(id: $id) { id } }"
        self.assert_400("BAD_USER_INPUT", document)
        self.assert_400("BAD_USER_INPUT", document, id=None)
        self.assert_400("BAD_USER_INPUT", document, id={"a": 1})
        self.assert_400("OPERATION_RESOLUTION_FAILURE", "query a { cursor } query b { cursor }")

    def test_what_would_cost_too_much_is_refused(self):
        aliases = " ".join(f"a{number}: cursor" for number in range(200))
        self.assert_400("QUERY_TOO_COMPLEX", f"{{ {aliases} }}")
        self.assert_400("QUERY_TOO_COMPLEX", "{ a" * 100 + "}" * 100)
        self.assert_400("QUERY_TOO_COMPLEX",
                        "{ conversations(first: 100) { edges { node { messages(first: 100) "
                        "{ edges { node { text } } } } } } }")

    def test_what_is_no_json_object_or_no_json_is_refused(self):
        headers = {"Content-Type": "application/json",
                   "Authorization": f"Bearer {self.alice.token}"}
        for body in (b"", b"{", b"[]", b"null", b'"{ cursor }"', b'{"query": 1}', b"{}",
                     b'{"query": "{cursor}", "query": "{cursor}"}', b'{"query": "\xff"}',
                     b'{"query":"{cursor}","variables":[]}', b'{"query":"{cursor}"} x',
                     b"[" * 5000):
            reply = self.alice.post(body, headers)
            self.assertEqual(reply.status, 400, body[:40])
            self.assertEqual(reply.body["errors"][0]["extensions"]["code"], "BAD_USER_INPUT")

    def test_a_client_gets_the_media_type_that_it_accepts(self):
        headers = {"content-type": "Application/JSON", "authorization":
                   f"bearer {self.alice.token}"}
        newer = "application/graphql-response+json; charset=utf-8"
        older = "application/json; charset=utf-8"
        for accept, document, expected in (
                ("*/*", "{ cursor }", (200, newer)), ("*/*", "{ nothing }", (400, newer)),
                ("application/json", "{ cursor }", (200, older)),
                ("application/json", "{ nothing }", (200, older)),
                ("text/html", "{ cursor }", (406, newer))):
            with self.subTest(accept=accept, document=document):
                reply = self.alice.post(json.dumps({"query": document}).encode(),
                                        {**headers, "accept": accept})
                self.assertEqual((reply.status, reply.headers["content-type"]), expected)

    def test_other_methods_paths_and_content_types_are_refused(self):
        body = b'{"query": "{ cursor }"}'
        self.assertEqual(self.alice.post(body, {"Content-Type": "text/plain"}).status, 415)
        self.assertEqual(self.alice.post(body, {}).status, 415)
        got = self.alice.post(None, method="GET", path="/graphql?query=%7Bcursor%7D")
        self.assertEqual((got.status, got.headers.get("allow")), (405, "POST"))
        self.assertEqual(self.alice.post(body, {"Content-Type": "application/json"},
                                         path="/other").status, 404)
        self.assertEqual(self.alice.post(body, {"Content-Type": "application/json"},
                                         path="/graphql/../admin").status, 404)

    def test_an_oversized_body_is_413_and_the_next_request_works(self):
        headers = {"Content-Type": "application/json",
                   "Authorization": f"Bearer {self.alice.token}"}
        try:
            self.assertEqual(self.alice.post(b" " * 300_000, headers).status, 413)
        except (BrokenPipeError, ConnectionResetError):
            pass  # It was not read to its end, as promised.
        self.assertTrue(self.alice.cursor())

    def test_invalid_addresses_are_refused(self):
        for address in ("", "bob", "bob@", "@beta.cpc", "bob@beta", "bob@beta.com", "Bob@beta.cpc",
                        "bob@Beta.cpc", "bob@beta.cpc.", "bob@.cpc", "bob@a.b.cpc", "a b@beta.cpc",
                        "bob@xn--bta-gla.cpc", "bob@localhost.cpc", "bob@-beta.cpc",
                        ".bob@beta.cpc", "b..b@beta.cpc", "b\u00f6b@beta.cpc",
                        "x" * 65 + "@beta.cpc", "bob@" + "x" * 64 + ".cpc",
                        "bob@beta.cpc\u0000", "bob@beta.cpc@alpha.cpc"):
            with self.subTest(address=address):
                self.assert_refused("ADDRESS_INVALID", self.alice.start, address)
        self.assert_refused("SELF_NOT_POSSIBLE", self.alice.start, self.alice.address)
        self.assert_refused("ADDRESS_INVALID", self.alice.opt_in, "Beta.cpc")

    def test_ids_of_nothing_are_refused(self):
        for conversation in ("", "nonsense", "C", "c" + "A" * 22):
            with self.subTest(conversation=conversation):
                with self.assertRaises(Exception) as caught:
                    self.alice.send(conversation, "some text")
                self.assertIn(caught.exception.code, ("ID_INVALID", "NOT_FOUND"))


class Texts(Case):
    def test_empty_and_too_long_texts_are_refused_and_store_nothing(self):
        alice, bob = self.person("alice"), self.person("bob")
        mine, theirs = self.acquaint(alice, bob)
        before = self.alpha.rows()
        for text in ("", " \n\t "):
            self.assert_refused("MESSAGE_EMPTY", alice.send, mine, text)
        self.assert_refused("MESSAGE_TOO_LONG", alice.send, mine, "x" * 32_769)
        self.assert_refused("BAD_USER_INPUT", alice.send, mine, "a\u0000b")
        self.assert_same_rows(before, self.alpha)
        longest = "y" * 32_768
        alice.send(mine, longest)
        self.assertEqual(bob.wait_text(theirs, longest)["text"], longest)

    def test_text_comes_out_as_it_was_written(self):
        alice, bob = self.person("alice"), self.person("bob")
        mine, theirs = self.acquaint(alice, bob)
        for text in ('<b>&amp;"\'\\</b>', "\u202eabc\u0301", "\U0001F468\u200d\U0001F469",
                     " spaces ", "line\r\nline", "\x01\x7f", "{\"text\": \"{}\"}"):
            with self.subTest(text=text):
                alice.send(mine, text)
                bob.wait_text(theirs, text)

    def test_nobody_reads_or_writes_in_a_conversation_of_others(self):
        alice, bob, carol = (self.person(name) for name in ("alice", "bob", "carol"))
        mine, _ = self.acquaint(alice, bob)
        message = alice.messages(mine)[0]
        before = self.alpha.rows()
        self.assertIsNone(carol.conversation(mine))
        self.assert_refused("NOT_FOUND", carol.send, mine, new_text())
        self.assert_refused("NOT_FOUND", carol.mark_read, message)
        self.assert_same_rows(before, self.alpha)


if __name__ == "__main__":
    main()

"""A person's client: the GraphQL API of one instance over HTTP, and the person's events."""

import contextlib
import http.client
import json
import time

from cpc.instance import PATIENCE_S
from cpc.stream import Stream

MESSAGE = "id conversationId text isMine position state stateReason nextTryAt sender { address }"
CONVERSATION = """id kind hub position with { address instance }
  participants { user { address } deliveredUpTo readUpTo }"""
CONSENT = "type scope subject state version"
REQUEST = f"id intro state from {{ address instance }} consent {{ {CONSENT} }}"
EVENTS = f"""subscription ($after: String) {{ events(after: $after) {{ __typename cursor
  ... on MessageEvent {{ message {{ {MESSAGE} }} }}
  ... on ConversationEvent {{ conversation {{ {CONVERSATION} }} }}
  ... on ReceiptEvent {{ conversationId
    participant {{ user {{ address }} deliveredUpTo readUpTo }} }}
  ... on ContactRequestEvent {{ request {{ {REQUEST} }} }}
  ... on ConsentEvent {{ consent {{ {CONSENT} }} }} }} }}"""

# Texts shorter than this could stand in a log by chance.
SECRET_LETTERS_MIN = 12


class Refused(Exception):
    """The API's answer holds errors; `code` is the first one's."""

    def __init__(self, reply):
        self.reply = reply
        self.errors = reply.body.get("errors", []) if isinstance(reply.body, dict) else []
        first = self.errors[0] if self.errors else {}
        self.code = first.get("extensions", {}).get("code", "")
        self.message = first.get("message", "")
        super().__init__(f"HTTP {reply.status} {self.code}: {self.message or reply.body}")


class Reply:
    """An HTTP answer: status, headers (lower case), body (parsed where it is JSON)."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.raw = response.read()
        try:
            self.body = json.loads(self.raw)
        except ValueError:
            self.body = self.raw.decode("utf-8", "replace")


class Client:
    """One signed-in person. Every call raises Refused for errors and OSError without a daemon."""

    def __init__(self, endpoint, address, password, secrets, tls=None):
        self.endpoint, self.address, self.password = endpoint, address, password
        self.tls = tls  # An ssl.SSLContext; None: plain HTTP.
        self.local = address.partition("@")[0]
        self.secrets = secrets
        self.token = None
        self.stream = None

    # --- the transport -------------------------------------------------------------------------

    def post(self, body, headers=None, path="/graphql", method="POST"):
        """Any HTTP request, as it is given."""
        if self.tls:
            connection = http.client.HTTPSConnection(*self.endpoint, timeout=PATIENCE_S,
                                                     context=self.tls)
        else:
            connection = http.client.HTTPConnection(*self.endpoint, timeout=PATIENCE_S)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            return Reply(connection.getresponse())

    def send_document(self, document, variables=None, token=None):
        headers = {"Content-Type": "application/json",
                   "Accept": "application/graphql-response+json, application/json;q=0.9"}
        token = token or self.token
        if token:
            headers["Authorization"] = f"Bearer {token}"
        body = {"query": document, "variables": variables or {}}
        return self.post(json.dumps(body).encode(), headers)

    def ask(self, document, **variables):
        """The data of an answer without errors."""
        reply = self.send_document(document, variables)
        if reply.status != 200 or not isinstance(reply.body, dict) or reply.body.get("errors"):
            raise Refused(reply)
        return reply.body["data"]

    # --- what a person does --------------------------------------------------------------------

    def sign_in(self, password=None):
        self.token = None
        data = self.ask("""mutation ($input: SignInInput!) { signIn(input: $input) {
            accessToken expiresAt account { id username address } } }""",
                        input={"username": self.local, "password": password or self.password})
        self.token = data["signIn"]["accessToken"]
        self.secrets.add(self.token)
        return data["signIn"]

    def opt_in(self, instance=None, enabled=True):
        return self.ask(f"""mutation ($input: FederationOptInInput!) {{
            setFederationOptIn(input: $input) {{ {CONSENT} }} }}""",
                        input={"instance": instance, "enabled": enabled})["setFederationOptIn"]

    def start(self, address):
        return self.ask(f"""mutation ($input: StartConversationInput!) {{
            startConversation(input: $input) {{ {CONVERSATION} }} }}""",
                        input={"with": address})["startConversation"]

    def send(self, conversation, text, client_id=None):
        self.keep_secret(text)
        return self.ask(f"""mutation ($input: SendMessageInput!) {{
            sendMessage(input: $input) {{ {MESSAGE} }} }}""",
                        input={"conversationId": id_of(conversation), "text": text,
                               "clientId": client_id})["sendMessage"]

    def mark_read(self, message):
        return self.ask(f"""mutation ($input: MarkReadInput!) {{ markRead(input: $input)
            {{ {CONVERSATION} }} }}""", input={"messageId": id_of(message)})["markRead"]

    def answer(self, request, answer, version=None):
        return self.ask(f"""mutation ($input: AnswerContactRequestInput!) {{
            answerContactRequest(input: $input) {{ {REQUEST} }} }}""",
                        input={"requestId": request["id"], "answer": answer,
                               "version": version or request["consent"]["version"]}
                        )["answerContactRequest"]

    def grant(self, address, version):
        return self.ask(f"""mutation ($input: GrantConsentInput!) {{
            grantConsent(input: $input) {{ {CONSENT} }} }}""",
                        input={"address": address, "version": version})["grantConsent"]

    def revoke(self, address, mode=None):
        given = {"address": address, **({"mode": mode} if mode else {})}
        return self.ask(f"""mutation ($input: RevokeConsentInput!) {{
            revokeConsent(input: $input) {{ {CONSENT} }} }}""", input=given)["revokeConsent"]

    # --- what a person sees --------------------------------------------------------------------

    def conversation(self, conversation):
        return self.ask(f"query ($id: ID!) {{ conversation(id: $id) {{ {CONVERSATION} }} }}",
                        id=id_of(conversation))["conversation"]

    def conversations(self, **page):
        return self.ask(f"""query ($first: Int, $after: String) {{
            conversations(first: $first, after: $after) {{ edges {{ cursor node {{ {CONVERSATION}
            }} }} pageInfo {{ hasNextPage endCursor }} }} }}""", **page)["conversations"]

    def page(self, conversation, **page):
        """One MessageConnection: first/after or last/before."""
        return self.ask(f"""query ($id: ID!, $first: Int, $after: String, $last: Int,
              $before: String) {{ conversation(id: $id) {{
            messages(first: $first, after: $after, last: $last, before: $before) {{
              edges {{ cursor node {{ {MESSAGE} }} }}
              pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}""",
                        id=id_of(conversation), **page)["conversation"]["messages"]

    def messages(self, conversation, size=20):
        """All of them, oldest first, page by page."""
        found, page = [], self.page(conversation, first=size)
        while True:
            found += [edge["node"] for edge in page["edges"]]
            if not page["pageInfo"]["hasNextPage"]:
                return found
            page = self.page(conversation, first=size, after=page["pageInfo"]["endCursor"])

    def texts(self, conversation):
        return [message["text"] for message in self.messages(conversation)]

    def message(self, sent):
        """A message of ours as it stands now."""
        for edge in reversed(self.page(sent["conversationId"], last=20)["edges"]):
            if edge["node"]["id"] == sent["id"]:
                return edge["node"]
        return next(message for message in self.messages(sent["conversationId"])
                    if message["id"] == sent["id"])

    def walk(self, document, name, **variables):
        """Every node of a list that goes forwards, page by page."""
        found, after = [], None
        while True:
            page = self.ask(document, after=after, **variables)[name]
            found += [edge["node"] for edge in page["edges"]]
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]

    def requests(self, only_open=True):
        return self.walk(f"""query ($open: Boolean, $after: String) {{
            contactRequests(onlyOpen: $open, after: $after) {{ edges {{ node {{ {REQUEST} }} }}
              pageInfo {{ hasNextPage endCursor }} }} }}""", "contactRequests", open=only_open)

    def consents(self):
        return self.walk(f"""query ($after: String) {{ consents(after: $after) {{
            edges {{ node {{ {CONSENT} }} }} pageInfo {{ hasNextPage endCursor }} }} }}""",
                         "consents")

    def consent_towards(self, address):
        found = [consent for consent in self.consents()
                 if consent["type"] == "MESSAGING" and consent["subject"] == address]
        return found[0] if found else None

    def cursor(self):
        return self.ask("{ cursor }")["cursor"]

    # --- waiting -------------------------------------------------------------------------------

    def follow(self, after=None, document=EVENTS):
        """Events (from `after` on), resumed by themselves when the daemon comes back."""
        if self.stream:
            self.stream.close()
        self.stream = Stream(self, document, after)
        return self.stream

    def until(self, probe, what, patience_s=None):
        """What `probe()` gives, once that is true; asked again whenever an event came."""
        return self.stream.until(probe, what, patience_s)

    def wait_state(self, sent, *states):
        """Until a message of ours is in one of `states`."""
        seen = []

        def probe():
            message = self.message(sent)
            seen.append(message["state"])
            return message if message["state"] in states else None

        return self.until(probe, lambda: f"the message to be {' or '.join(states)}, and it was "
                                         f"{', '.join(dict.fromkeys(seen))}")

    def wait_text(self, conversation, text):
        """Until a message with this text can be read."""
        return self.until(
            lambda: next((message for message in self.messages(conversation)
                          if message["text"] == text), None), f"the text {text!r}")

    def wait_request(self, address):
        """Until somebody's open request is there."""
        return self.until(lambda: next((request for request in self.requests()
                                        if request["from"]["address"] == address), None),
                          f"a request of {address}")

    def keep_secret(self, text):
        if len(text) >= SECRET_LETTERS_MIN:
            self.secrets.add(text)

    def close(self):
        if self.stream:
            self.stream.close()
            self.stream = None


def id_of(thing):
    return thing if isinstance(thing, str) else thing["id"]


def eventually(probe, what, patience_s=PATIENCE_S):
    """What `probe()` gives once it is true, where no event tells of it."""
    deadline = time.monotonic() + patience_s
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience_s:g} s for {what}")
        time.sleep(0.05)

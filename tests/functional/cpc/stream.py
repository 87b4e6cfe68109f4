"""A person's events over WebSocket (graphql-transport-ws), resumed after every break."""

import asyncio
import contextlib
import http.client
import json
import threading
import time

import websockets

from cpc.instance import PATIENCE_S

PROTOCOL = "graphql-transport-ws"
# Between two tries to connect while the daemon is away.
RECONNECT_S = 0.05
# A probe is asked again after this long without any event: states like DELAYED come without one.
LOOK_ANYWAY_S = 0.5


class Loop:
    """One thread that runs every stream of this process."""

    lock = threading.Lock()
    loop = None

    @classmethod
    def get(cls):
        with cls.lock:
            if cls.loop is None:
                cls.loop = asyncio.new_event_loop()
                threading.Thread(target=cls.loop.run_forever, daemon=True).start()
            return cls.loop


class Stream:
    """Collects the events of one subscription. Without `resumes` it ends with its connection."""

    def __init__(self, client, document, after=None, resumes=True):
        self.client, self.document = client, document
        self.cursor, self.resumes = after, resumes
        self.events = []        # As they came, over all connections.
        self.errors = []        # Payloads of `error` messages, and errors beside data.
        self.connections = 0    # Acknowledged ones.
        self.closed_with = None  # (code, reason) of the last connection that ended.
        self.is_ended = False
        self.news = threading.Condition()
        self.future = asyncio.run_coroutine_threadsafe(self.run(), Loop.get())

    # --- inside the loop's thread --------------------------------------------------------------

    async def run(self):
        try:
            while True:
                with contextlib.suppress(OSError, websockets.WebSocketException,
                                         asyncio.TimeoutError):
                    await self.run_once()
                if not self.resumes or self.errors:
                    return
                await asyncio.sleep(RECONNECT_S)
        finally:
            self.tell(lambda: setattr(self, "is_ended", True))

    async def run_once(self):
        host, port = self.client.endpoint
        scheme = "wss" if self.client.tls else "ws"
        async with websockets.connect(f"{scheme}://{host}:{port}/graphql", ssl=self.client.tls,
                                      subprotocols=[PROTOCOL], compression=None, max_size=None,
                                      open_timeout=PATIENCE_S, close_timeout=1) as socket:
            try:
                await self.converse(socket)
            finally:
                closed = (socket.close_code, socket.close_reason)
                self.tell(lambda: setattr(self, "closed_with", closed))

    async def converse(self, socket):
        await socket.send(json.dumps({"type": "connection_init", "payload": {
            "authorization": f"Bearer {self.client.token}"}}))
        async for text in socket:
            message = json.loads(text)
            kind = message["type"]
            if kind == "connection_ack":
                self.tell(lambda: setattr(self, "connections", self.connections + 1))
                await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {
                    "query": self.document, "variables": {"after": self.cursor}}}))
            elif kind == "ping":
                await socket.send(json.dumps({"type": "pong"}))
            elif kind == "next":
                if self.comes_later(message["payload"].get("errors")):
                    return
                self.take(message["payload"])
            elif kind == "error":
                if self.comes_later(message["payload"]):
                    return
                self.tell(lambda m=message: self.errors.extend(m["payload"]))
                return
            elif kind == "complete":
                return

    def comes_later(self, errors):
        """Whether these say only that the store is away, so that to resume is the answer."""
        return bool(errors) and self.resumes and all(
            error.get("extensions", {}).get("code") == "UNAVAILABLE" for error in errors)

    def take(self, payload):
        if payload.get("errors"):
            self.tell(lambda: self.errors.extend(payload["errors"]))
            return
        event = payload["data"]["events"]
        self.cursor = event["cursor"]
        self.tell(lambda: self.events.append(event))

    def tell(self, change):
        with self.news:
            change()
            self.news.notify_all()

    # --- outside -------------------------------------------------------------------------------

    def wait(self, predicate, what, patience_s=None):
        """The first event, of all since the beginning, for which `predicate` holds."""
        return self.until(lambda: next((e for e in list(self.events) if predicate(e)), None), what,
                          patience_s)

    def until(self, probe, what, patience_s=None):
        """What `probe()` gives once that is true. Asked after each event, and now and then."""
        patience_s = PATIENCE_S if patience_s is None else patience_s
        deadline = time.monotonic() + patience_s
        while True:
            with self.news:
                known = len(self.events)
            with contextlib.suppress(OSError, http.client.HTTPException):  # It may be away.
                found = probe()
                if found:
                    return found
            left = deadline - time.monotonic()
            if left <= 0:
                said = what() if callable(what) else what
                last = [summary(event) for event in self.events[-8:]]
                raise AssertionError(f"{self.client.address} waited {patience_s:g} s for {said}; "
                                     f"last events: {last}, errors: {self.errors}")
            with self.news:
                self.news.wait_for(lambda: len(self.events) > known or self.is_ended,
                                   min(left, LOOK_ANYWAY_S))
                if self.is_ended and len(self.events) == known:
                    self.news.wait(min(left, LOOK_ANYWAY_S))

    def wait_connections(self, count):
        with self.news:
            if not self.news.wait_for(lambda: self.connections >= count, PATIENCE_S):
                raise AssertionError(f"{self.client.address} was not connected {count} times")

    def wait_end(self):
        """Until the stream has ended, as it does by an error or, without `resumes`, by a close."""
        with self.news:
            if not self.news.wait_for(lambda: self.is_ended, PATIENCE_S):
                raise AssertionError(f"the events of {self.client.address} did not end")

    def of(self, kind):
        return [event for event in list(self.events) if event["__typename"] == kind]

    def states_of(self, message):
        """The states in which this message came by, in order, each once."""
        states = [event["message"]["state"] for event in self.of("MessageEvent")
                  if event["message"]["id"] == message["id"]]
        return list(dict.fromkeys(states))

    def close(self):
        self.resumes = False
        self.future.cancel()
        with self.news:
            self.news.wait_for(lambda: self.is_ended, 5)


def summary(event):
    message = event.get("message")
    return event["__typename"] + (f"({message['state']})" if message else "")

"""The base of tests with a lying peer: alpha.cpc, an honest beta.cpc, and gamma.cpc in Python."""

from cpc.case import Case, new_text
from cpc.client import eventually
from cpc.encoding import b64url, from_b64url
from cpc.lying_peer import LyingPeer
from cpc.peer_events import (Log, Person, batch, envelope, frame, header_of_envelope, hub_of, join,
                             post, sender_of, submission, wire_id)
from cpc.world import FEDERATION_PORT, World, free_host


class PeerCase(Case):
    """Whatever gamma does, nothing but what was promised is stored, and beta is not concerned."""

    NAMES = ("alpha.cpc", "beta.cpc")
    submitted_by_us = {}

    @classmethod
    def setUpClass(cls):
        cls.world = World(*cls.NAMES, settings=cls.SETTINGS)
        cls.addClassCleanup(cls.world.abandon)
        cls.alpha, cls.beta = (cls.world[name] for name in cls.NAMES)
        cls.gamma = LyingPeer("gamma.cpc", (free_host(), FEDERATION_PORT), cls.world.folder)
        cls.addClassCleanup(cls.gamma.close)
        cls.prepare()
        cls.alpha.add_peer("gamma.cpc", cls.gamma.iid, cls.gamma.endpoint)
        cls.alpha.write_config()
        cls.world.__enter__()
        cls.gamma.learn(cls.alpha)
        cls.next_frame = 1
        case = cls()
        cls.alice, cls.bob = case.person("alice", cls.alpha), case.person("bob", cls.beta)
        cls.mine, cls.theirs = case.acquaint(cls.alice, cls.bob)
        case.settle()

    @classmethod
    def prepare(cls):
        """What gamma shall be like when alpha first meets it."""

    def tearDown(self):
        super().tearDown()
        self.beta_still_works()

    def beta_still_works(self):
        sent = self.alice.send(self.mine, new_text("to beta"))
        self.bob.wait_text(self.theirs, sent["text"])
        self.alice.wait_state(sent, "DELIVERED")

    def settle(self):
        """Until alpha owes nobody anything."""
        eventually(lambda: self.alpha.status()["owed"] == 0, "alpha to owe nothing")

    def assert_problem(self, reply, status, code):
        """A refusal with this code, that tells nothing else."""
        self.assertEqual((reply.status, reply.code), (status, code), reply.raw[:300])
        self.assertEqual(reply.headers["content-type"], "application/problem+json")
        more = {"versions"} if code == "INCOMPATIBLE" else set()
        self.assertEqual(set(reply.json), {"code", "retryable", "server_time"} | more)

    # --- gamma's side of a conversation --------------------------------------------------------

    def send_frames(self, *frames):
        """The next frames of gamma's consent lane; gives the lane of the answer."""
        cls = type(self)
        body = batch(self.gamma.epoch, frames=list(frames), first_frame=cls.next_frame)
        [lane] = self.gamma.lanes(self.alpha, body)
        cls.next_frame = lane["seq"] + 1
        return lane

    def request_frame(self, sender, to, intro="May I write to you?", **terms):
        return frame(self.gamma.identity.signing, "consent.request", sender, to, self.gamma.epoch,
                     intro=intro, **terms)

    def incarnation_of(self, client):
        """What only alpha knows before it tells: read from its store."""
        [row] = [row for row in self.alpha.rows()["accounts"] if row[0] == client.local]
        return row[1]

    def carol(self, reader, hub):
        """A new carol@gamma.cpc with an incarnation that makes `hub` the hub, as a liar could."""
        iids = {"alpha.cpc": from_b64url(self.alpha.iid), "gamma.cpc": self.gamma.identity.iid}
        person = Person(reader.address, iids["alpha.cpc"], self.incarnation_of(reader))
        while True:
            carol = Person("carol" + reader.local + "@gamma.cpc", self.gamma.identity.iid)
            if hub_of(wire_id(carol, person), *iids.values()) == iids[hub]:
                return carol

    def meet(self, hub):
        """A reader at alpha who granted carol: (reader, carol, reader as gamma knows them, log)."""
        reader = self.person("bob", self.alpha)
        carol = self.carol(reader, hub)
        self.assertEqual(self.send_frames(self.request_frame(carol, reader.address))["verdict"],
                         "ok")
        reader.answer(reader.wait_request(carol.address), "GRANT")
        granted = self.gamma.wait(
            lambda: next((sent for sent in self.gamma.frames()
                          if sent["kind"] == "consent.granted"
                          and sent["to"]["address"] == carol.address), None), "the grant")
        known = sender_of(granted)
        self.assertEqual((known.address, b64url(known.iid)), (reader.address, self.alpha.iid))
        wire = wire_id(carol, known)
        conversation = reader.until(
            lambda: next((v for v in [reader.start(carol.address)] if v["hub"]), None), "the hub")
        self.assertEqual(conversation["hub"], hub)
        return reader, carol, known, Log(wire)

    def create(self, log):
        return envelope(self.gamma.identity.signing, log.wire, self.gamma.identity.iid,
                        "conversation.create", {"kind": "direct"})

    def join(self, log, person):
        return join(self.gamma.identity.signing, log.wire, person)

    def push(self, log, entries=None):
        """Log entries to alpha; gives the lane of the answer."""
        [lane] = self.gamma.lanes(self.alpha, batch(self.gamma.epoch, logs=[log.part(entries)]))
        return lane

    def say(self, wire, person, word="words"):
        """A message of carol's; its text is at `.text`, to be looked for."""
        text = new_text(word)
        self.alice.keep_secret(text)
        return post(self.gamma.identity.signing, wire, person, text), text

    def begun_at_gamma(self):
        """A conversation that gamma orders, with carol's first message at its reader."""
        reader, carol, known, log = self.meet("gamma.cpc")
        log.add(self.create(log))
        log.add(self.join(log, carol))
        first, text = self.say(log.wire, carol)
        log.add(first)
        lane = self.push(log)
        self.assertEqual((lane["kind"], lane["verdict"], lane["seq"], lane["link"]),
                         ("log", "ok", 3, b64url(log.link)))
        view = reader.start(carol.address)
        reader.wait_text(view, text)
        return reader, carol, known, log, view

    def begun_at_alpha(self):
        """A conversation that alpha orders, with carol's first message at its reader."""
        reader, carol, known, log = self.meet("alpha.cpc")
        view = reader.start(carol.address)
        reader.until(lambda: reader.conversation(view)["position"] >= 1, "the log's beginning")
        first, text = self.say(log.wire, carol)
        lane = self.submit(log, 1, self.join(log, carol), first)
        self.assertEqual((lane["verdict"], lane["seq"], lane.get("rejects")), ("ok", 2, None))
        reader.wait_text(view, text)
        return reader, carol, known, log, view

    def submit(self, log, first, *items):
        for item in items:
            self.submitted_by_us[header_of_envelope(item)["id"]] = item
        [lane] = self.gamma.lanes(self.alpha, batch(
            self.gamma.epoch, submissions=[submission(log.wire, first, list(items))]))
        return lane

    def quiet_rows(self):
        self.settle()
        eventually(lambda: not self.alpha.rows()["inbox_frames"], "the inbox to be applied")
        return self.alpha.rows()

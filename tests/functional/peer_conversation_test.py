#!/usr/bin/python3
"""A conversation with another implementation, as its hub and as its copy, honest and lying."""

from cpc.case import main, new_text
from cpc.client import eventually
from cpc.encoding import b64url, compact, from_b64url, sha256
from cpc.peer_case import PeerCase
from cpc.peer_events import Log, Person, batch, envelope, frame, header_of_envelope, post, wire_id
from cpc.peer_identity import Key


class Conversations(PeerCase):
    # --- gamma orders ----------------------------------------------------------------------------

    def test_gamma_as_the_hub_and_alpha_agree_on_every_link(self):
        reader, carol, known, log, view = self.begun_at_gamma()
        reply = reader.send(view, new_text("reply"))
        items = self.gamma.wait(lambda: self.submitted(log, 2), "bob's submissions")
        kinds = [header_of_envelope(item)["type"] for item in items]
        self.assertEqual(kinds, ["member.join", "message.post"])
        self.assertEqual(header_of_envelope(items[1])["member"], b64url(known.member))
        entries = [log.add(item, own_of=from_b64url(self.alpha.iid)) for item in items]
        lane = self.push(log, entries)
        self.assertEqual((lane["verdict"], lane["seq"], lane["link"]), ("ok", 5,
                                                                         b64url(log.link)))
        reader.wait_state(reply, "DELIVERED")
        receipt = {"conversation": b64url(log.wire), "member": b64url(carol.member), "epoch": 1,
                   "seq": 5}
        self.gamma.lanes(self.alpha, batch(self.gamma.epoch, receipts=[receipt]))
        reader.wait_state(reply, "READ")

    def submitted(self, log, count):
        items = [item for received in self.gamma.received for part in received["submissions"]
                 for item in part["items"] if part["conversation"] == b64url(log.wire)]
        known = {header_of_envelope(item)["id"]: item for item in items}
        return list(known.values()) if len(known) >= count else None

    def test_duplicated_and_reordered_log_entries_are_stored_once_and_in_order(self):
        reader, carol, _, log, view = self.begun_at_gamma()
        before = self.quiet_rows()
        for _ in range(3):
            lane = self.push(log)
            self.assertEqual((lane["verdict"], lane["seq"]), ("ok", 3))
        self.assert_same_rows(before, self.alpha)
        said = [self.say(log.wire, carol) for _ in range(3)]
        entries = [log.add(sealed) for sealed, _ in said]
        lane = self.push(log, entries[1:])
        self.assertEqual((lane["verdict"], lane["seq"]), ("gap", 3))
        self.assert_same_rows(before, self.alpha)
        self.assertEqual(self.push(log, entries)["verdict"], "ok")
        self.assertEqual(self.push(log, entries[1:2])["verdict"], "ok")
        reader.wait_text(view, said[-1][1])
        self.assertEqual(reader.texts(view)[-3:], [text for _, text in said])

    def assert_entry_refused(self, log, entry, verdict, code=None):
        """alpha takes nothing of it; the lane goes on with the right entry."""
        before = self.quiet_rows()
        lane = self.push(log, [entry])
        self.assertEqual((lane["verdict"], lane.get("code")), (verdict, code), lane)
        self.assert_same_rows(before, self.alpha)

    def test_a_hub_that_forges_or_alters_an_entry_is_refused_and_the_true_one_is_taken(self):
        reader, carol, known, log, view = self.begun_at_gamma()
        sealed, text = self.say(log.wire, carol)
        true = log.add(sealed)
        other_link = {**true, "link": b64url(bytes(32))}
        self.assert_entry_refused(log, other_link, "fork", "FORK")
        self.assert_entry_refused(log, {**true, "hub_time": true["hub_time"] + 1}, "fork", "FORK")
        altered = {**sealed, "body": compact({"text": "altered"}).decode()}
        self.assert_entry_refused(log, {**true, "envelope": altered}, "reject", "BAD_SIGNATURE")
        stranger = post(Key(), log.wire, carol, "forged")
        self.assert_entry_refused(log, {**true, "envelope": stranger}, "reject", "BAD_SIGNATURE")
        # In the name of bob, whose instance signed nothing of the kind.
        forged = post(self.gamma.identity.signing, log.wire, known, "bob never said this")
        entry = {**true, "author": self.alpha.iid, "id": header_of_envelope(forged)["id"],
                 "envelope": forged}
        self.assert_entry_refused(log, entry, "reject", "BAD_SIGNATURE")
        without = {name: entry[name] for name in entry if name != "envelope"}
        # It may be that bob's instance has lost it: it would pull it, and see then.
        self.assert_entry_refused(log, without, "defer", "ENVELOPE_NEEDED")
        self.assertEqual(self.push(log, [true])["verdict"], "ok")
        reader.wait_text(view, text)

    def test_history_that_is_rewritten_is_a_fork(self):
        reader, carol, _, log, view = self.begun_at_gamma()
        texts = reader.texts(view)
        other = Log(log.wire)
        for entry in log.entries[:2]:
            other.add(entry["envelope"])
        other.add(self.say(log.wire, carol, "rewritten")[0])
        self.assert_entry_refused(log, other.entries[2], "fork", "FORK")
        self.assertEqual(reader.texts(view), texts)

    def test_a_log_that_the_sender_does_not_order_or_nobody_knows_is_not_taken(self):
        _, carol, _, log = self.meet("alpha.cpc")
        usurped = Log(log.wire)
        entry = usurped.add(self.create(usurped))
        before = self.quiet_rows()
        lane = self.push(usurped, [entry])
        self.assertEqual((lane["verdict"], lane["code"]), ("not_hub", "NOT_HUB"))
        nobodys = Log(bytes(31) + b"\1")
        lane = self.push(nobodys, [nobodys.add(self.create(nobodys))])
        self.assertEqual(lane["verdict"], "defer")
        self.assert_same_rows(before, self.alpha)

    # --- alpha orders ----------------------------------------------------------------------------

    def test_alpha_as_the_hub_orders_and_sends_a_chain_that_gamma_can_follow(self):
        reader, carol, known, log, view = self.begun_at_alpha()
        reply = reader.send(view, new_text("reply"))
        reader.wait_state(reply, "DELIVERED")
        entries = {}
        for received in self.gamma.received:
            for part in received["logs"]:
                if part["conversation"] == b64url(log.wire):
                    entries.update({item["seq"]: item for item in part["items"]})
        kinds = []
        for _, entry in sorted(entries.items()):
            is_own = entry["author"] == self.gamma.iid
            self.assertEqual("envelope" in entry, not is_own, "own entries come back without it")
            sealed = self.submitted_by_us[entry["id"]] if is_own else entry["envelope"]
            self.assertTrue(log.follow(entry, sealed), "the chain does not verify")
            kinds.append(header_of_envelope(sealed)["type"])
        self.assertEqual(kinds, ["conversation.create", "member.join", "message.post",
                                 "member.join", "message.post"])

    def test_duplicated_and_reordered_submissions_are_ordered_once(self):
        reader, carol, _, log, view = self.begun_at_alpha()
        said = [self.say(log.wire, carol) for _ in range(2)]
        before = self.quiet_rows()
        lane = self.submit(log, 4, said[1][0])
        self.assertEqual((lane["verdict"], lane["seq"]), ("gap", 2))
        self.assert_same_rows(before, self.alpha)
        for _ in range(3):
            lane = self.submit(log, 3, said[0][0], said[1][0])
            self.assertEqual((lane["verdict"], lane["seq"]), ("ok", 4))
        # The same event at a later place of the lane is the same event.
        self.assertEqual(self.submit(log, 5, said[0][0])["verdict"], "ok")
        reader.wait_text(view, said[1][1])
        self.assertEqual(reader.texts(view)[-2:], [text for _, text in said])
        self.assertEqual(len(reader.texts(view)), 3)

    def test_submissions_of_others_are_refused_and_of_unknown_conversations_deferred(self):
        reader, carol, known, log, view = self.begun_at_alpha()
        key, texts = self.gamma.identity.signing, reader.texts(view)
        stranger = Person(carol.address, carol.iid)
        lane = self.submit(log, 3, post(key, log.wire, stranger, "not a member"),
                           envelope(key, log.wire, carol.iid, "party.invite", {}, carol.member),
                           self.create(log))
        self.assertEqual([reject["code"] for reject in lane["rejects"]],
                         ["EVENT_NOT_ALLOWED", "TYPE_UNKNOWN", "EVENT_NOT_ALLOWED"])
        before = self.quiet_rows()
        for forged in (post(key, log.wire, known, "bob never said this"),
                       post(Key(), log.wire, carol, "a stranger's key"),
                       post(key, bytes(32), carol, "of another conversation")):
            lane = self.submit(log, 6, forged)
            self.assertEqual((lane["verdict"], lane["code"]), ("reject", "BAD_SIGNATURE"))
        # What makes a conversation known may be on its way; nobody learns whether it is.
        lane = self.submit(Log(bytes(31) + b"\2"), 1, post(key, bytes(31) + b"\2", carol, "lost"))
        self.assertEqual((lane["verdict"], lane["seq"]), ("defer", 0))
        self.assert_same_rows(before, self.alpha)
        self.assertEqual(reader.texts(view), texts)

    def test_after_an_open_withdrawal_submissions_are_refused_after_a_quiet_one_swallowed(self):
        reader, carol, _, log, view = self.begun_at_alpha()
        texts = reader.texts(view)
        reader.revoke(carol.address)
        sealed, _ = self.say(log.wire, carol, "swallowed")
        lane = self.submit(log, 3, sealed)
        self.assertEqual((lane["verdict"], lane["seq"], lane.get("rejects")), ("ok", 3, None))
        self.assertEqual(reader.texts(view), texts)

        reader, carol, _, log, view = self.begun_at_alpha()
        texts = reader.texts(view)
        reader.revoke(carol.address, "OPENLY")
        self.gamma.wait(lambda: any(sent["kind"] == "consent.withdrawn" for sent in
                                    self.gamma.frames()), "the withdrawal")
        lane = self.submit(log, 3, self.say(log.wire, carol, "refused")[0])
        self.assertEqual([reject["code"] for reject in lane["rejects"]], ["CONSENT_REQUIRED"])
        self.assertEqual(reader.texts(view), texts)

    def test_receipts_count_only_for_the_peers_own_people(self):
        reader, carol, known, log, view = self.begun_at_alpha()
        before = self.quiet_rows()
        for member in (known.member, bytes(16)):
            self.gamma.lanes(self.alpha, batch(self.gamma.epoch, receipts=[
                {"conversation": b64url(log.wire), "member": b64url(member), "epoch": 1,
                 "seq": 2}]))
        self.assert_same_rows(before, self.alpha)

    # --- consent frames --------------------------------------------------------------------------

    def test_the_answer_to_a_request_does_not_tell_who_exists_or_who_refused(self):
        denier = self.person("bob", self.alpha)
        disabled = self.person("bob", self.alpha)
        self.alpha.disable_user(disabled.local)
        carol = Person("carol@gamma.cpc", self.gamma.identity.iid)
        self.send_frames(self.request_frame(carol, denier.address))
        denier.answer(denier.wait_request(carol.address), "DENY")
        answers = []
        for to in (denier.address, disabled.address, "nobody@alpha.cpc", "bob@beta.cpc"):
            asked = self.request_frame(carol, to)
            lane = self.send_frames(asked)
            self.assertEqual(lane["item"], b64url(sha256(asked.encode())), "what gamma sent")
            answers.append({name: lane[name] for name in lane if name not in ("seq", "item")})
        self.assertEqual(answers, [answers[0]] * 4)
        self.assertEqual(answers[0]["verdict"], "ok")
        before = self.quiet_rows()
        self.assertEqual(denier.requests(), [])
        self.assertNotIn("nobody@alpha.cpc", repr(before["contact_requests"]))
        self.assertFalse([sent for sent in self.gamma.frames()
                          if sent["to"]["address"] == carol.address])

    def test_duplicated_and_reordered_frames_are_one_request(self):
        reader = self.person("bob", self.alpha)
        carol = Person("carol@gamma.cpc", self.gamma.identity.iid)
        asked = self.request_frame(carol, reader.address)
        first = self.next_frame
        gap = self.gamma.lanes(self.alpha, batch(self.gamma.epoch, frames=[asked],
                                                 first_frame=first + 1))
        self.assertEqual((gap[0]["verdict"], gap[0]["seq"]), ("gap", first - 1))
        self.send_frames(asked)
        request = reader.wait_request(carol.address)
        before = self.quiet_rows()
        again = self.gamma.lanes(self.alpha, batch(self.gamma.epoch, frames=[asked],
                                                   first_frame=first))
        self.assertEqual((again[0]["verdict"], again[0]["seq"]), ("ok", first))
        self.assert_same_rows(before, self.alpha)
        self.send_frames(asked)  # The same frame at a new place: applied once nevertheless.
        self.quiet_rows()
        self.assertEqual([found["id"] for found in reader.requests()], [request["id"]])

    def test_frames_that_lie_are_refused_or_without_effect(self):
        reader = self.person("bob", self.alpha)
        carol = Person("carol@gamma.cpc", self.gamma.identity.iid)
        foreign = Person("bob@beta.cpc", from_b64url(self.beta.iid))
        wrong_iid = Person("carol@gamma.cpc", from_b64url(self.beta.iid))
        key, to, epoch = self.gamma.identity.signing, reader.address, self.gamma.epoch
        before = self.quiet_rows()
        for code, lie in (
                ("BAD_SIGNATURE", self.request_frame(foreign, to)),
                ("BAD_SIGNATURE", self.request_frame(wrong_iid, to)),
                ("BAD_SIGNATURE", frame(Key(), "consent.request", carol, to, epoch, intro="x")),
                ("TOO_LARGE", self.request_frame(carol, to, intro="x" * 281)),
                ("MALFORMED", self.request_frame(carol, "Bob@alpha.cpc")),
                ("MALFORMED", frame(key, "consent.demand", carol, to, epoch)),
                ("MALFORMED", self.request_frame(carol, to, version=0)),
                ("MALFORMED", "x.y.z")):
            lane = self.send_frames(lie)
            self.assertEqual((lane["verdict"], lane.get("code")), ("reject", code))
        self.assert_same_rows(before, self.alpha)
        elsewhere = self.request_frame(carol, to, to_iid=self.beta.iid)
        self.assertEqual(self.send_frames(elsewhere)["verdict"], "ok")
        self.quiet_rows()
        self.assertEqual(reader.requests(), [])

    def test_a_grant_that_nobody_asked_for_gives_nobody_anything(self):
        reader = self.person("bob", self.alpha)
        carol = self.carol(reader, "gamma.cpc")
        key = self.gamma.identity.signing
        self.send_frames(frame(key, "consent.granted", carol, reader.address, self.gamma.epoch))
        self.quiet_rows()
        self.assertIsNone(reader.consent_towards(carol.address))
        self.assertEqual(reader.requests(), [])
        person = Person(reader.address, from_b64url(self.alpha.iid), self.incarnation_of(reader))
        log = Log(wire_id(carol, person))
        self.assertEqual(self.push(log, [log.add(self.create(log))])["verdict"], "defer")


if __name__ == "__main__":
    main()

"""What travels between instances: consent frames, envelopes, logs, and the batch around them."""

import json
import secrets

from cpc.encoding import b64url, compact, framed_hash, from_b64url, now_ms, sha256, uuid7
from cpc.peer_identity import compact_jws, sign_jws

ZERO_LINK = bytes(32)


class Person:
    """Somebody as both instances know them. A peer's own people get fresh random ids."""

    def __init__(self, address, iid, incarnation=None, member=None):
        self.address, self.iid = address, iid
        self.local = address.partition("@")[0]
        self.incarnation = incarnation or secrets.token_bytes(16)
        self.member = member or secrets.token_bytes(16)

    @property
    def rank(self):
        return self.iid, self.local.encode(), self.incarnation


def wire_id(one, other):
    """The name of the conversation of two people."""
    low, high = sorted((one, other), key=lambda person: person.rank)
    return framed_hash("cpc-direct-1", low.iid, low.local, low.incarnation,
                       high.iid, high.local, high.incarnation)


def hub_of(wire, one_iid, other_iid):
    """The iid of the instance that orders it."""
    return min(one_iid, other_iid, key=lambda iid: framed_hash(wire, iid))


# --- consent frames ------------------------------------------------------------------------------

def frame(key, kind, sender, to, epoch, version=1, intro=None, to_iid=None, **lies):
    """A signed consent frame: compact JWS. `lies` replace members of the payload."""
    body = {"member": b64url(sender.member), "epoch": b64url(epoch), "version": version}
    if kind == "consent.request":
        body["intro"] = intro
    payload = {"v": 1, "id": b64url(uuid7()), "kind": kind, "time": now_ms(),
               "from": {"address": sender.address, "iid": b64url(sender.iid),
                        "incarnation": b64url(sender.incarnation)},
               "to": {"address": to, **({"iid": to_iid} if to_iid else {})}, "body": body}
    return compact_jws(sign_jws("cpc-frame", compact({**payload, **lies}), key))


def read_frame(jws):
    """The payload of a frame, unproved: its transaction was."""
    return json.loads(from_b64url(jws.split(".")[1]))


def sender_of(payload):
    """The person who speaks in a frame."""
    return Person(payload["from"]["address"], from_b64url(payload["from"]["iid"]),
                  from_b64url(payload["from"]["incarnation"]),
                  from_b64url(payload["body"]["member"]))


# --- envelopes and logs --------------------------------------------------------------------------

def envelope(key, wire, author, kind, body, member=None, **lies):
    """A signed event with its body beside it. `lies` replace members of the header."""
    salt, octets = secrets.token_bytes(16), compact(body)
    header = {"v": 1, "author": b64url(author), "conversation": b64url(wire),
              "id": b64url(uuid7()), "time": now_ms(), "type": kind,
              "body_hash": b64url(sha256(salt + octets))}
    if member:
        header["member"] = b64url(member)
    jws = sign_jws("cpc-env", compact({**header, **lies}), key)
    return {**jws, "salt": b64url(salt), "body": octets.decode()}


def header_of_envelope(sealed):
    return json.loads(from_b64url(sealed["payload"]))


def join(key, wire, person):
    return envelope(key, wire, person.iid, "member.join",
                    {"address": person.address, "incarnation": b64url(person.incarnation)},
                    person.member)


def post(key, wire, person, text):
    return envelope(key, wire, person.iid, "message.post", {"text": text}, person.member)


class Log:
    """A log as its hub orders it."""

    def __init__(self, wire):
        self.wire, self.link, self.seq = wire, ZERO_LINK, 0
        self.entries = []

    def add(self, sealed, own_of=None):
        """Chains an envelope. With `own_of` the entry goes back without it: its author has it."""
        self.seq += 1
        hub_time, header = now_ms(), header_of_envelope(sealed)
        self.link = framed_hash("cpc-log-1", self.link, self.wire, 1, self.seq, hub_time,
                                sha256(compact_jws(sealed).encode()))
        entry = {"epoch": 1, "seq": self.seq, "hub_time": hub_time, "link": b64url(self.link),
                 "author": header["author"], "id": header["id"]}
        if own_of is None or header["author"] != b64url(own_of):
            entry["envelope"] = sealed
        self.entries.append(entry)
        return entry

    def follow(self, entry, sealed):
        """Chains an entry of another hub around its envelope; True if its link is right."""
        self.seq += 1
        self.link = framed_hash("cpc-log-1", self.link, self.wire, entry["epoch"], self.seq,
                                entry["hub_time"], sha256(compact_jws(sealed).encode()))
        return entry["seq"] == self.seq and entry["link"] == b64url(self.link)

    def part(self, entries=None):
        return {"conversation": b64url(self.wire),
                "items": self.entries if entries is None else entries}


# --- the batch -----------------------------------------------------------------------------------

def batch(epoch, boot=1, frames=None, first_frame=1, logs=(), submissions=(), receipts=(), **lies):
    """The body of a transaction."""
    value = {"v": 1, "store_epoch": b64url(epoch), "boot": boot, "logs": list(logs),
             "submissions": list(submissions), "receipts": list(receipts)}
    if frames is not None:
        value["frames"] = {"first": first_frame, "items": frames}
    return compact({**value, **lies})


def submission(wire, first, items):
    return {"conversation": b64url(wire), "first": first, "items": items}


def all_ok(received):
    """The answer of a peer that took everything: the lanes of a batch."""
    lanes = []
    if "frames" in received:
        part = received["frames"]
        lanes.append({"kind": "consent", "verdict": "ok", "epoch": 0,
                      "seq": part["first"] + len(part["items"]) - 1})
    for part in received["logs"]:
        last = part["items"][-1]
        lanes.append({"kind": "log", "verdict": "ok", "conversation": part["conversation"],
                      "epoch": last["epoch"], "seq": last["seq"], "link": last["link"]})
    for part in received["submissions"]:
        lanes.append({"kind": "submission", "verdict": "ok", "conversation": part["conversation"],
                      "epoch": 0, "seq": part["first"] + len(part["items"]) - 1})
    for part in received["receipts"]:
        lanes.append({"kind": "receipts", "verdict": "ok", "conversation": part["conversation"],
                      "epoch": part["epoch"], "seq": part["seq"]})
    return lanes

// Writes docs/protocol-examples.md: every form of the wire, octet for octet, as this code makes it
// from fixed keys, times and randomness. A test holds the file to it, and another program, written
// from docs/protocol.md alone, proves what stands there (read_examples_test.py).
#include <iostream>
#include <nlohmann/json.hpp>

#include "core/conversation.h"
#include "crypto/digest.h"
#include "federation/directory_record.h"
#include "federation/envelope_codec.h"
#include "federation/frame_codec.h"
#include "federation/instance_document.h"
#include "federation/request_signature.h"
#include "federation/sealed_body.h"
#include "federation/strict_json.h"
#include "federation/transaction_codec.h"
#include "tests/support/hex.h"

namespace {

using namespace cpc;
using namespace cpc::federation;

constexpr TimePoint now = from_milliseconds(1'800'000'000'000);

template <class AnyId>
AnyId id_of(const std::string& label) {
  return AnyId::from_bytes(crypto::sha256(label).view().substr(0, AnyId::size)).value();
}
crypto::SigningKey key_of(const std::string& label) {
  return crypto::SigningKey::from_seed(id_of<crypto::Seed>(label));
}

/// An instance and one person of it.
struct Side {
  explicit Side(const std::string& label)
      : name(core::InstanceName::parse(label + ".cpc").value()),
        root(key_of(label + " root")),
        next_root(key_of(label + " next root")),
        signing(key_of(label + " signing")),
        sealing(crypto::SealingKey::from_private(id_of<crypto::Seed>(label + " sealing"))),
        iid(iid_of(root.public_key())),
        epoch(id_of<core::StoreEpoch>(label + " epoch")) {}

  [[nodiscard]] core::Introduction introduction(const std::string& local) const {
    return {core::Address::parse(local + "@" + name.text()).value(), iid,
            id_of<core::Incarnation>(local + " incarnation"),
            id_of<core::MemberId>(local + " member")};
  }
  core::InstanceName name;
  crypto::SigningKey root;
  crypto::SigningKey next_root;
  crypto::SigningKey signing;
  crypto::SealingKey sealing;
  core::Iid iid;
  core::StoreEpoch epoch;
};

// --- the page ------------------------------------------------------------------------------------

void chapter(const std::string& title, const std::string& text) {
  std::cout << "\n## " << title << "\n\n" << text << "\n";
}
/// One named value, whole, on a line of its own.
void value(const std::string& name, const std::string& text) {
  std::cout << "\n`" << name << "`\n\n```\n" << text << "\n```\n";
}
template <class AnyId>
void id_value(const std::string& name, const AnyId& id) {
  value(name, base64url(id.view()));
}

void headers(const std::string& name, const HttpHeaders& all) {
  std::string lines;
  for (const HttpHeader& one : all.list) {
    lines += (lines.empty() ? "" : "\n") + one.name + ": " + one.value;
  }
  value(name, lines);
}

// --- the chapters --------------------------------------------------------------------------------

void keys(const Side& alpha, const Side& beta) {
  chapter("Keys",
          "Private keys are SHA-256 of a label such as `alpha root`; they are printed here, and so "
          "of no use for anything else. `x` and `kid` as in a JWK and its thumbprint.");
  const auto signing = [](const std::string& name, const crypto::SigningKey& key) {
    value(name + " seed", tests::to_hex(key.seed().view()));
    value(name + " x", key.public_key().text());
    id_value(name + " kid", key.id());
  };
  for (const Side* side : {&alpha, &beta}) {
    const std::string name = side->name.text();
    signing(name + " root", side->root);
    signing(name + " next root", side->next_root);
    signing(name + " signing", side->signing);
    value(name + " sealing private", tests::to_hex(side->sealing.private_octets().view()));
    value(name + " sealing x", side->sealing.public_key().text());
    id_value(name + " sealing kid", side->sealing.id());
    id_value(name + " iid", side->iid);
  }
}

Bytes document_of(const Side& side) {
  DelegationDraft delegation;
  delegation.name = side.name;
  delegation.iid = side.iid;
  delegation.serial = 7;
  delegation.issued = now;
  delegation.commitment = make_commitment(side.iid, side.root, side.next_root.id());
  delegation.keys.push_back(
      {side.signing.public_key(), now - document_skew_max, now + delegation_life_max});
  delegation.revoked.push_back({key_of("a stolen key").id(), now});
  OperationalDraft operational;
  operational.name = side.name;
  operational.iid = side.iid;
  operational.serial = 9;
  operational.issued = now;
  operational.endpoints.push_back(
      routing::Endpoint::parse("chat." + side.name.text().substr(0, 4) + ".example:8470").value());
  operational.tls_pins.push_back(crypto::sha256(side.name.text() + " tls"));
  operational.sealing_keys.push_back(side.sealing.public_key());
  operational.transaction_bytes_max = 2'097'152;
  operational.transaction_entries_max = 500;
  return make_document(make_delegation(delegation, side.root), operational, side.signing);
}

void document(const Side& alpha) {
  const Bytes whole = document_of(alpha);
  const auto parts = nlohmann::json::parse(whole);
  const auto payload = [&](const char* part) {
    return from_base64url(parts[part]["payload"].get<std::string>()).value();
  };
  const auto delegation = nlohmann::json::parse(payload("delegation"));
  chapter("The instance document", "Of alpha.cpc, issued at " +
                                       std::to_string(to_milliseconds(now)) +
                                       ". The payloads are what is signed, decoded.");
  value("commitment payload",
        from_base64url(delegation["commitment"]["payload"].get<std::string>()).value());
  value("delegation payload", payload("delegation"));
  value("operational payload", payload("operational"));
  value("document", whole);
}

core::SignedFrame frame(const Side& alpha) {
  core::ConsentFrame request;
  request.id = id_of<core::FrameId>("frame");
  request.kind = core::FrameKind::request;
  request.from = alpha.introduction("alice");
  request.to = core::Address::parse("bob@beta.cpc").value();
  request.time = now;
  request.version = 1;
  request.epoch = alpha.epoch;
  request.intro = "May I write to you?";
  core::SignedFrame made = sign_frame(request, alpha.signing);
  chapter("A consent frame", "alice@alpha.cpc asks bob@beta.cpc.");
  value("frame", made.jws);
  return made;
}

core::WireId wire_id(const Side& alpha, const Side& beta) {
  const auto alice = alpha.introduction("alice");
  const auto bob = beta.introduction("bob");
  const core::Person one{alice.iid, "alice", alice.incarnation};
  const core::Person other{bob.iid, "bob", bob.incarnation};
  const core::WireId wire = core::direct_wire_id(one, other);
  chapter("The conversation of alice and bob", "Its name on the wire, and who orders its log.");
  id_value("alice incarnation", alice.incarnation);
  id_value("alice member", alice.member_id);
  id_value("bob incarnation", bob.incarnation);
  id_value("bob member", bob.member_id);
  id_value("wire id", wire);
  value("hub", core::is_hub(wire, alpha.iid, beta.iid) ? "alpha.cpc" : "beta.cpc");
  return wire;
}

core::Envelope envelope(const Side& alpha, const core::WireId& wire) {
  core::EventHeader header;
  header.conversation = wire;
  header.type = "message.post";
  header.author = alpha.iid;
  header.member = alpha.introduction("alice").member_id;
  header.id = id_of<core::EventId>("event");
  header.time = now;
  const Bytes salt{crypto::sha256("salt").view().substr(0, 16)};
  const auto made =
      EnvelopeCodec::sign(header, message_body("Hello Bob"), salt, alpha.signing).value();
  chapter("An envelope",
          "alice writes to bob. Without its body it is the same, but for `salt` and `body`.");
  value("envelope header", from_base64url(made.envelope().payload).value());
  value("envelope", compact_json(to_json(made.envelope())));
  core::Envelope withheld = made.envelope();
  withheld.body.reset();
  withheld.salt.clear();
  value("envelope without body", compact_json(to_json(withheld)));
  id_value("envelope hash", core::envelope_hash(made.envelope()));
  return made.envelope();
}

/// alpha's frame, and the message as the first entry of a log that alpha orders.
Bytes transaction(const Side& alpha, const core::WireId& wire, const core::SignedFrame& sent,
                  const core::Envelope& envelope) {
  const core::Head head = core::next_head({}, wire, {1, 1}, now, core::envelope_hash(envelope));
  core::LogPart<core::Envelope> log;
  log.wire_id = wire;
  log.items.push_back({{head.position, head.hub_time, head.link},
                       alpha.iid,
                       id_of<core::EventId>("event"),
                       envelope});
  core::Batch batch;
  batch.logs.push_back(std::move(log));
  batch.frames = core::FramePart{1, {{sent.frame.id, sent.jws}}, {}};
  core::ReceiptPart receipt;
  receipt.wire_id = wire;
  receipt.member = alpha.introduction("alice").member_id;
  receipt.read = {1, 1};
  batch.receipts.push_back(receipt);
  Bytes body = encode_batch(batch, {alpha.epoch, 3});
  chapter("A transaction",
          "alpha.cpc to beta.cpc: the frame, the message as the first entry of a "
          "log, and how far alice has read. The link is that of the entry.");
  id_value("link", head.link);
  value("transaction", body);
  return body;
}

HttpRequest sealed_request(const Side& alpha, const Side& beta, const Bytes& body) {
  const std::string id = base64url(id_of<core::FrameId>("transaction").view());
  const Bytes sealed = seal_body(beta.sealing.public_key(), {alpha.iid, beta.iid, id}, body,
                                 id_of<crypto::Seed>("ephemeral"));
  chapter(
      "The transaction, sealed",
      "To beta.cpc's sealing key, in the transaction of this id; the ephemeral key is derived "
      "(RFC 9180 section 7.1.3) from the randomness. In base64url here, in octets on the wire.");
  value("transaction id", id);
  value("randomness", tests::to_hex(id_of<crypto::Seed>("ephemeral").view()));
  value("sealed", base64url(sealed));
  HttpRequest request;
  request.method = "PUT";
  request.path = "/cpc/fed/v1/txn/" + id;
  request.headers.list.push_back({"content-type", std::string{sealed_type}});
  request.body = sealed;
  return request;
}

void sign(const Side& alpha, const Side& beta, HttpRequest& request) {
  RequestSigning signing{alpha.name.text(), beta.name.text(), now, id_of<Nonce>("nonce")};
  signing.life = std::chrono::seconds{60};
  sign_request(request, signing, alpha.signing).value();
  chapter("The request's signature",
          "Over the sealed body above. The base ends without a newline.");
  value("request line", request.method + " " + request.path);
  headers("request headers", request.headers);
  value("request base", parse_request_signature(request).value().base);
}

void acknowledge(const Side& beta, const core::WireId& wire, const core::SignedFrame& asked,
                 const HttpRequest& request) {
  core::LaneAnswer consent;
  consent.kind = core::LaneKind::consent;
  consent.position = {0, 1};
  consent.item = crypto::sha256(asked.jws);
  core::LaneAnswer log;
  log.kind = core::LaneKind::log;
  log.wire_id = wire;
  log.verdict = core::LaneVerdict::gap;
  core::Answer answer{beta.epoch, 5, now, {consent, log}};
  HttpReply reply;
  reply.status = 200;
  reply.headers.list.push_back({"content-type", std::string{transaction_type}});
  reply.body = encode_answer(answer);
  sign_reply(reply, request, now, beta.signing).value();
  chapter("The acknowledgement",
          "beta.cpc took the frame and holds nothing of the log. Bound to the request by its "
          "signature.");
  value("acknowledgement", reply.body);
  headers("reply headers", reply.headers);
  value("reply base", parse_reply_signature(reply, request).value().base);
}

/// Two versions of a directory that alpha's and beta's operators sign together.
void directory(const Side& alpha, const Side& beta) {
  chapter("A signed directory",
          "The first version names those who sign, here by the signing keys of alpha.cpc and "
          "beta.cpc; the second one says who beta.cpc is.");
  const auto signed_by_both = [&](DirectoryRecord record) {
    sign_record(record, alpha.signing);
    sign_record(record, beta.signing);
    return encode_record(record);
  };
  DirectoryVersion first;
  first.name = "towns";
  first.time = now;
  first.expires = now + directory_life_max;
  first.signers = DirectorySigners{{alpha.signing.public_key(), beta.signing.public_key()}, 2};
  const DirectoryRecord founding = make_record(first);
  const Digest id = directory_hash(founding).value();
  DirectoryVersion second;
  second.version = 2;
  second.directory = core::DirectoryId::from_bytes(id.view()).value();
  second.previous = id;
  second.time = now + Milliseconds{1};
  second.expires = now + directory_life_max;
  second.changes.push_back({beta.name, beta.iid, DirectoryStatus::active, {}});
  second.changes.front().endpoints.push_back(
      routing::Endpoint::parse("chat.beta.example:8470").value());
  const DirectoryRecord next = make_record(second);
  value("directory version 1 payload", from_base64url(founding.payload).value());
  id_value("directory id", id);
  value("directory version 2 payload", from_base64url(next.payload).value());
  id_value("directory version 2 hash", directory_hash(next).value());
  value("directory page",
        encode_page({second.directory, 2, {signed_by_both(founding), signed_by_both(next)}}));
}

}  // namespace

int main() {
  std::cout
      << "# Worked examples of the federation protocol\n\n"
         "Made by `tests/protocol/examples.cc`; `docs/protocol.md` says what they mean. A test "
         "keeps this page as that\nprogram writes it.\n";
  const Side alpha{"alpha"};
  const Side beta{"beta"};
  keys(alpha, beta);
  document(alpha);
  const core::SignedFrame asked = frame(alpha);
  const core::WireId wire = wire_id(alpha, beta);
  const Bytes body = transaction(alpha, wire, asked, envelope(alpha, wire));
  HttpRequest request = sealed_request(alpha, beta, body);
  sign(alpha, beta, request);
  acknowledge(beta, wire, asked, request);
  directory(alpha, beta);
}

// What a peer puts into a transaction, an answer and a hello, and sealed bodies. The octets are
// read as each of them. In a transaction a frame that begins with `{` is signed by a fixed key as
// it stands, and an object {"header","body"} where an envelope belongs becomes one, so that any
// content at all gets behind the signatures. `@` in a header stands for the body's hash.
#include <string>

#include "federation/envelope_codec.h"
#include "federation/frame_codec.h"
#include "federation/heads_codec.h"
#include "federation/jws.h"
#include "federation/sealed_body.h"
#include "federation/strict_json.h"
#include "federation/transaction_codec.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/target.h"

namespace cpc::fuzz {
namespace {

using namespace federation;
using nlohmann::json;

constexpr std::size_t entries_max = 8;

json envelope_of(const json& plain) {
  std::string header = plain.value("header", "");
  const std::string body = plain.value("body", "");
  const Bytes salt(core::salt_bytes, 's');
  if (const std::size_t at = header.find('@'); at != std::string::npos) {
    header.replace(at, 1, to_text(crypto::sha256(salt + body)));
  }
  json made = to_json(sign_jws("cpc-env", header, signing_key()));
  made["salt"] = base64url(salt);
  made["body"] = body;
  return made;
}

/// Signs what is marked for it, wherever it stands.
void sign_inside(json& value) {
  if (value.is_string()) {
    const auto text = value.get<std::string>();
    if (text.starts_with('{')) value = sign_compact("cpc-frame", text, signing_key());
    return;
  }
  const bool is_plain = value.is_object() && value.size() == 2 && value.contains("header") &&
                        value.contains("body") && value["header"].is_string() &&
                        value["body"].is_string();
  if (is_plain) {
    value = envelope_of(value);
    return;
  }
  if (value.is_structured()) {
    for (json& inner : value) sign_inside(inner);
  }
}

core::Batch unverified(const core::VerifiedBatch& batch) {
  core::Batch plain;
  plain.frames = batch.frames;
  plain.receipts = batch.receipts;
  for (const auto& part : batch.logs) {
    auto& to = plain.logs.emplace_back();
    to.wire_id = part.wire_id;
    for (const auto& item : part.items) {
      to.items.push_back({item.placement, item.author, item.id, std::nullopt});
      if (item.envelope) to.items.back().envelope = item.envelope->envelope();
    }
  }
  for (const auto& part : batch.submissions) {
    auto& to = plain.submissions.emplace_back();
    to.wire_id = part.wire_id;
    to.first = part.first;
    to.skipped = part.skipped;
    for (const auto& envelope : part.items) to.items.push_back(envelope.envelope());
  }
  return plain;
}

std::size_t items_of(const core::VerifiedBatch& batch) {
  std::size_t items = batch.frames ? batch.frames->items.size() : 0;
  for (const auto& part : batch.logs) items += part.items.size();
  for (const auto& part : batch.submissions) items += part.items.size();
  return items;
}

void check_batch(const ReceivedBatch& received) {
  const core::VerifiedBatch& batch = received.batch;
  promise(items_of(batch) <= entries_max, "a transaction holds so many items at most");
  if (batch.frames) {
    promise(core::begin_of(*batch.frames) >= 1, "positions count from 1");
    for (const auto& item : batch.frames->items) {
      const auto frame = verify_frame(item.jws, alpha_identity(), fixed_now);
      promise(frame.has_value() && frame.value().id == item.id, "a frame that was taken verifies");
      promise(frame.value().from.iid == alpha_identity().iid,
              "a frame speaks for the origin's people");
    }
  }
  for (const auto& part : batch.logs) {
    for (const auto& item : part.items) {
      promise(item.placement.position.hub_epoch >= 1 && item.placement.position.seq >= 1,
              "positions in a log count from 1");
      promise(!item.envelope || item.envelope->header().author == item.author,
              "an entry names the author of its envelope");
    }
  }
  for (const auto& part : batch.submissions) {
    for (const auto& envelope : part.items) {
      promise(envelope.header().author == alpha_identity().iid, "a submission is the origin's own");
    }
  }
  const Bytes text = encode_batch(unverified(batch), received.mark);
  const auto again = decode_batch(text, alpha_identity(), fixed_now, entries_max);
  promise(again.has_value() && items_of(again.value().batch) == items_of(batch) &&
              encode_batch(unverified(again.value().batch), again.value().mark) == text,
          "a transaction that is written again reads as the same");
}

void read_batch(std::string_view octets) {
  const auto received = decode_batch(octets, alpha_identity(), fixed_now, entries_max);
  if (received) check_batch(received.value());
}

void read_signed_batch(std::string_view octets) {
  auto value = parse_strict_json(octets);
  if (!value) return;
  sign_inside(value.value());
  read_batch(compact_json(value.value()));
}

void read_answers(std::string_view octets) {
  if (const auto answer = decode_answer(octets)) {
    const Bytes text = encode_answer(answer.value());
    const auto again = decode_answer(text);
    promise(again.has_value() && encode_answer(again.value()) == text,
            "an answer that is written again reads as the same");
  }
  if (const auto hello = decode_hello(octets)) {
    const Bytes text = encode_hello(hello.value());
    const auto again = decode_hello(text);
    promise(again.has_value() && encode_hello(again.value()) == text,
            "a hello that is written again reads as the same");
  }
}

void read_heads(std::string_view octets) {
  if (const auto asked = decode_heads(octets)) {
    promise(asked.value().heads.size() <= core::heads_max, "so many heads at most");
    const auto again = decode_heads(encode_heads(asked.value()));
    promise(again.has_value() && again.value().heads == asked.value().heads,
            "heads that are written again read as the same");
  }
  if (const auto told = decode_heads_answer(octets)) {
    const auto again = decode_heads_answer(encode_heads_answer(told.value()));
    promise(again.has_value() && again.value().answers == told.value().answers,
            "what a hub says of heads and is written again reads as the same");
  }
  if (const auto after = parse_pull_query(octets)) {
    promise(pull_query(after.value()) == octets, "a pull has one spelling");
  }
  const auto pulled =
      decode_stretch(octets, {alpha_identity(), &alpha_identity()}, fixed_now, entries_max);
  promise(!pulled || pulled.value().part.items.size() <= entries_max, "so many entries at most");
}

void read_sealed(std::string_view octets, std::size_t lot) {
  static const auto key = crypto::SealingKey::from_private(
      crypto::Seed::from_bytes(crypto::sha256("sealing").view()).value());
  const SealedFor sealed_for{alpha_identity().iid, alpha_identity().iid, "AAAAAAAAAAAAAAAAAAAAAA"};
  promise(!open_body(key, sealed_for, octets), "nobody seals by chance");
  const auto randomness = crypto::Seed::from_bytes(crypto::sha256(octets).view()).value();
  const Bytes sealed = seal_body(key.public_key(), sealed_for, octets, randomness);
  const auto opened = open_body(key, sealed_for, sealed);
  promise(opened.has_value() && opened.value() == octets, "what was sealed opens as it was");
  promise(!open_body(key, sealed_for, altered(sealed, lot)), "no octet can be altered");
}

}  // namespace

void run(std::string_view octets) {
  read_batch(octets);
  read_signed_batch(octets);
  read_answers(octets);
  read_heads(octets);
  read_sealed(octets, lot_of(octets));
}

}  // namespace cpc::fuzz

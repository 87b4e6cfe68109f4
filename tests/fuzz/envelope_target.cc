// Envelopes: an event's signed header and the body beside it. The octets are read as an envelope's
// JSON; and, as a header's text with the body behind the first line end, they are signed by a fixed
// key, so that any header at all gets behind the signature. `@` in it stands for the body's hash.
#include <string>

#include "federation/envelope_codec.h"
#include "federation/jws.h"
#include "federation/strict_json.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/target.h"

namespace cpc::fuzz {
namespace {

using federation::EnvelopeCodec;
using federation::PeerIdentity;

bool is_same(const core::Envelope& left, const core::Envelope& right) {
  return left.protected_header == right.protected_header && left.payload == right.payload &&
         left.signature == right.signature && left.salt == right.salt && left.body == right.body;
}

bool is_same(const core::EventHeader& left, const core::EventHeader& right) {
  return left.conversation == right.conversation && left.type == right.type &&
         left.author == right.author && left.member == right.member && left.id == right.id &&
         left.time == right.time && left.body_hash == right.body_hash;
}

bool verifies(const core::Envelope& envelope, TimePoint seen_at = fixed_now) {
  return EnvelopeCodec::verify(envelope, alpha_identity(), seen_at).has_value();
}

void check_altered(const core::Envelope& envelope, std::size_t lot) {
  core::Envelope other = envelope;
  std::string* const parts[] = {&other.protected_header, &other.payload, &other.signature,
                                &other.salt, other.body ? &*other.body : &other.payload};
  std::string& part = *parts[lot % 5];
  // Without a body the salt binds nothing and is dropped.
  if (&part == &other.salt && !other.body) return;
  part = part.empty() ? "x" : altered(part, lot / 8);
  promise(!verifies(other), "no octet of an envelope can be altered");
  promise(!verifies(envelope, fixed_now + Milliseconds{1}), "a key speaks in its time only");

  PeerIdentity stranger = alpha_identity();
  stranger.iid.octets[0] ^= 1;
  promise(!EnvelopeCodec::verify(envelope, stranger, fixed_now), "an event has one author");
  PeerIdentity other_key = alpha_identity();
  other_key.keys = {{another_key().public_key(), fixed_now, fixed_now + Milliseconds{1}}};
  promise(!EnvelopeCodec::verify(envelope, other_key, fixed_now), "an event is signed by one key");

  core::Envelope pruned = envelope;
  pruned.body.reset();
  const auto still = EnvelopeCodec::verify(pruned, alpha_identity(), fixed_now);
  promise(still.has_value() && still.value().envelope().salt.empty(),
          "an event verifies when its body is gone");
}

void check_verified(const core::VerifiedEnvelope& verified, std::size_t lot) {
  const core::EventHeader& header = verified.header();
  const core::Envelope& envelope = verified.envelope();
  promise(header.author == alpha_identity().iid, "the author is who signed");
  promise(header.time <= federation::json_time_max, "an event's time can be shown");
  promise(header.type.size() <= 64, "an event's type is short");
  promise(verified.hash() == core::envelope_hash(envelope), "an envelope has one hash");
  const bool is_join = core::event_type(header.type) == core::EventType::member_join;
  promise(!verified.join() || (is_join && envelope.body), "only a join names whom it adds");
  if (verified.join()) {
    const auto again = core::Address::parse(verified.join()->address.text());
    promise(again.has_value() && again.value() == verified.join()->address,
            "a member has an address like others");
  }
  const auto read = federation::envelope_from_json(federation::to_json(envelope));
  promise(read.has_value() && is_same(read.value(), envelope), "an envelope travels unchanged");
  check_altered(envelope, lot);
  if (!envelope.body) return;

  const auto again = EnvelopeCodec::sign(header, *envelope.body, envelope.salt, signing_key());
  promise(again.has_value(), "what verified can be signed");
  const auto ours = EnvelopeCodec::verify(again.value().envelope(), alpha_identity(), fixed_now);
  promise(ours.has_value() && is_same(ours.value().header(), header),
          "a header that is written again reads as the same");
}

void read_as_json(std::string_view octets, std::size_t lot) {
  const auto value = federation::parse_strict_json(octets);
  if (!value) return;
  const auto envelope = federation::envelope_from_json(value.value());
  if (!envelope) return;
  const std::string text = federation::compact_json(federation::to_json(envelope.value()));
  const auto again = federation::envelope_from_json(federation::parse_strict_json(text).value());
  promise(again.has_value() && is_same(again.value(), envelope.value()),
          "an envelope that is written again reads as the same");
  const auto verified = EnvelopeCodec::verify(envelope.value(), alpha_identity(), fixed_now);
  if (verified) check_verified(verified.value(), lot);
}

void read_as_signed(std::string_view octets, std::size_t lot) {
  std::string_view body = octets;
  std::string header{cut(body, "\n")};
  if (body.find('\0') != std::string_view::npos) return;  // No text of ours may hold it.
  core::Envelope envelope;
  if (lot % 8 != 0) {
    envelope.salt = Bytes(core::salt_bytes, 's');
    envelope.body = Bytes{body};
  }
  if (const std::size_t at = header.find('@'); at != std::string::npos) {
    Bytes salted(core::salt_bytes, 's');
    header.replace(at, 1, to_text(crypto::sha256(salted.append(body))));
  }
  const federation::Jws jws = federation::sign_jws("cpc-env", header, signing_key());
  envelope.protected_header = jws.protected_;
  envelope.payload = jws.payload;
  envelope.signature = jws.signature;
  const auto verified = EnvelopeCodec::verify(envelope, alpha_identity(), fixed_now);
  if (verified) check_verified(verified.value(), lot);
}

}  // namespace

void run(std::string_view octets) {
  const std::size_t lot = lot_of(octets);
  read_as_json(octets, lot);
  read_as_signed(octets, lot);
  if (const auto text = federation::text_of_message(octets)) {
    const auto again = federation::text_of_message(federation::message_body(text.value()));
    promise(again.has_value() && again.value() == text.value(),
            "a message that is written again reads as the same");
  }
}

}  // namespace cpc::fuzz

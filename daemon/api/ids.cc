#include "daemon/api/ids.h"

#include <charconv>

#include "core/codes.h"

namespace cpc::api {
namespace {

constexpr std::string_view id_invalid = "ID_INVALID";
constexpr std::string_view cursor_invalid = "CURSOR_INVALID";
constexpr std::string_view cursor_expired = "CURSOR_EXPIRED";

std::string with_letter(char letter, std::string_view raw) {
  return letter + base64url(raw);
}

Result<Bytes> without_letter(char letter, std::string_view text) {
  const Error wrong = core::refuse(ErrorCode::invalid, id_invalid, "no id of this kind");
  if (text.size() < 2 || text.size() > 512 || text.front() != letter) return wrong;
  auto raw = from_base64url(text.substr(1));
  if (!raw) return wrong;
  return raw;
}

std::string pair_text(char letter, const core::StoreEpoch& epoch, std::int64_t number) {
  return letter + to_text(epoch) + "." + std::to_string(number);
}

std::optional<std::int64_t> number_of(std::string_view digits) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (problem != std::errc{} || end != digits.data() + digits.size() || number < 0) return {};
  return number;
}

// The two halves of pair_text, or nothing.
std::optional<std::pair<core::StoreEpoch, std::int64_t>> read_pair(char letter,
                                                                   std::string_view text) {
  const std::size_t dot = text.find('.');
  if (text.size() < 4 || text.front() != letter || dot == std::string_view::npos) return {};
  const auto epoch = id_from_text<core::StoreEpoch>(text.substr(1, dot - 1));
  const auto number = number_of(text.substr(dot + 1));
  if (!epoch || !number) return {};
  return std::pair{epoch.value(), *number};
}

constexpr std::size_t number_bytes = 8;
constexpr std::size_t sealed_text_max = 128;  // Longer than any of ours.

Error no_cursor(std::string_view sentence) {
  return core::refuse(ErrorCode::invalid, cursor_invalid, sentence);
}

// n for nobody else's eyes; `kind` and what belongs to it are of a fixed length, so that they
// cannot be taken for a name.
std::string sealed_number(std::string_view kind, const CursorOwner& owner, std::int64_t n,
                          std::string_view salt) {
  Bytes plaintext;
  append_big_endian(plaintext, static_cast<std::uint64_t>(n));
  plaintext.append(salt);
  return base64url(owner.seal.seal(Bytes{kind} + owner.local, plaintext));
}

std::optional<std::int64_t> opened_number(std::string_view kind, const CursorOwner& owner,
                                          std::string_view text) {
  if (text.size() > sealed_text_max) return {};
  const auto sealed = from_base64url(text);
  if (!sealed) return {};
  const auto plaintext = owner.seal.open(Bytes{kind} + owner.local, sealed.value());
  if (!plaintext || plaintext.value().size() < number_bytes) return {};
  std::uint64_t number = 0;
  for (const char octet : plaintext.value().substr(0, number_bytes)) {
    number = number << 8 | static_cast<unsigned char>(octet);
  }
  return static_cast<std::int64_t>(number);
}

Bytes change_kind(const core::StoreEpoch& epoch) {
  return 'e' + epoch.bytes();
}

}  // namespace

std::string conversation_id(const core::ConversationId& id) {
  return with_letter('c', id.view());
}

std::string message_id(const core::EventKey& key) {
  return with_letter('m', key.conversation.bytes() + key.author.bytes() + key.id.bytes());
}

std::string user_id(const core::Address& address) {
  return with_letter('u', address.text());
}

std::string account_id(const core::Account& account) {
  return with_letter('a', account.incarnation.view());
}

std::string request_id(const core::Address& from) {
  return with_letter('r', from.text());
}

Result<core::ConversationId> read_conversation_id(std::string_view text) {
  CPC_TRY(const Bytes raw, without_letter('c', text));
  auto id = core::ConversationId::from_bytes(raw);
  if (!id) return core::refuse(ErrorCode::invalid, id_invalid, "no id of a conversation");
  return id;
}

Result<core::EventKey> read_message_id(std::string_view text) {
  CPC_TRY(const Bytes raw, without_letter('m', text));
  if (raw.size() != 64) return core::refuse(ErrorCode::invalid, id_invalid, "no id of a message");
  const std::string_view octets{raw};
  core::EventKey key;
  CPC_TRY(key.conversation, core::ConversationId::from_bytes(octets.substr(0, 16)));
  CPC_TRY(key.author, core::Iid::from_bytes(octets.substr(16, 32)));
  CPC_TRY(key.id, core::EventId::from_bytes(octets.substr(48)));
  return key;
}

Result<core::Address> read_request_id(std::string_view text) {
  CPC_TRY(const Bytes raw, without_letter('r', text));
  auto address = core::Address::parse(raw);
  if (!address) return core::refuse(ErrorCode::invalid, id_invalid, "no id of a request");
  return address;
}

std::string change_cursor(const CursorOwner& owner, std::int64_t n, std::string_view salt) {
  const core::StoreEpoch& epoch = owner.home.epoch;
  return 'e' + to_text(epoch) + "." + sealed_number(change_kind(epoch), owner, n, salt);
}

Result<std::int64_t> read_change_cursor(std::string_view text, const CursorOwner& owner) {
  const Error wrong = no_cursor("no cursor of events");
  const std::size_t dot = text.find('.');
  if (text.empty() || text.front() != 'e' || dot == std::string_view::npos) return wrong;
  const auto epoch = id_from_text<core::StoreEpoch>(text.substr(1, dot - 1));
  if (!epoch || dot + 1 == text.size()) return wrong;
  if (epoch.value() != owner.home.epoch) {
    return core::refuse(ErrorCode::conflict, cursor_expired,
                        "the store was restored; read anew, then go on from Query.cursor");
  }
  const auto n = opened_number(change_kind(epoch.value()), owner, text.substr(dot + 1));
  if (!n) return wrong;
  return *n;
}

std::string consent_version(const core::StoreEpoch& epoch, std::int64_t version) {
  return pair_text('v', epoch, version);
}

Result<std::int64_t> read_consent_version(std::string_view text, const core::StoreEpoch& epoch) {
  const auto pair = read_pair('v', text);
  if (!pair || pair->first != epoch) {
    return core::refuse(ErrorCode::conflict, core::codes::consent_stale,
                        "the consent changed since it was shown; look again, then decide");
  }
  return pair->second;
}

std::string list_cursor(const CursorOwner& owner, std::int64_t n) {
  return 'l' + sealed_number("l", owner, n, {});
}

Result<std::int64_t> read_list_cursor(std::string_view text, const CursorOwner& owner) {
  const Error wrong = no_cursor("no cursor of this list");
  if (text.empty() || text.front() != 'l') return wrong;
  const auto n = opened_number("l", owner, text.substr(1));
  if (!n) return wrong;
  return *n;
}

std::string consent_cursor(const core::ConsentKey& key) {
  const auto digit = [](auto value) { return static_cast<char>('0' + static_cast<int>(value)); };
  return with_letter('k', Bytes{digit(key.type), digit(key.scope)} + key.subject);
}

Result<core::ConsentKey> read_consent_cursor(std::string_view text, const std::string& owner) {
  const auto raw = without_letter('k', text);
  const auto is_digit = [](char letter) { return letter >= '1' && letter <= '3'; };
  if (!raw || raw.value().size() < 3 || !is_digit(raw.value()[0]) || !is_digit(raw.value()[1])) {
    return no_cursor("no cursor of this list");
  }
  const Bytes& place = raw.value();
  const Bytes subject = place.substr(2);
  if (subject != "*" && !core::InstanceName::parse(subject) && !core::Address::parse(subject)) {
    return no_cursor("no cursor of this list");
  }
  return core::ConsentKey{owner, static_cast<core::ConsentType>(place[0] - '0'),
                          static_cast<core::ConsentScope>(place[1] - '0'), subject};
}

}  // namespace cpc::api

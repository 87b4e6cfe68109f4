// Byte strings, fixed-size identifiers that cannot be mixed up, and their text form.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace cpc {

/// Octets of any length. A std::string, because that is what every library around us takes
/// (SQL, HTTP, JSON).
using Bytes = std::string;

/// `N` octets with a meaning: an Id<16, EventTag> is not an Id<16, ConversationTag>.
/// Compares bytewise; all zero when default-constructed, and zero is never a valid value.
template <std::size_t N, class Tag>
struct Id {
  static constexpr std::size_t size = N;
  std::array<std::uint8_t, N> octets{};

  auto operator<=>(const Id&) const = default;
  [[nodiscard]] bool is_zero() const { return *this == Id{}; }
  [[nodiscard]] std::string_view view() const {
    return {reinterpret_cast<const char*>(octets.data()), N};
  }
  [[nodiscard]] Bytes bytes() const { return Bytes{view()}; }

  /// Fails with invalid unless `raw` is exactly N octets.
  [[nodiscard]] static Result<Id> from_bytes(std::string_view raw) {
    if (raw.size() != N) return fail(ErrorCode::invalid, "wrong length of an identifier");
    Id id;
    std::copy(raw.begin(), raw.end(), reinterpret_cast<char*>(id.octets.data()));
    return id;
  }
};

/// A SHA-256 hash.
using Digest = Id<32, struct DigestTag>;

/// base64url without padding (RFC 4648 section 5), the text form of every key, digest and id.
[[nodiscard]] std::string base64url(std::string_view raw);

/// Strict inverse: fails with invalid on padding, other alphabets, impossible lengths and
/// non-zero trailing bits, so that every value has exactly one text form.
[[nodiscard]] Result<Bytes> from_base64url(std::string_view text);

/// Standard base64 with padding (RFC 4648 section 4), as structured fields (RFC 8941) use it.
[[nodiscard]] std::string base64(std::string_view raw);
[[nodiscard]] Result<Bytes> from_base64(std::string_view text);

template <class AnyId>
[[nodiscard]] std::string to_text(const AnyId& id) {
  return base64url(id.view());
}

template <class AnyId>
[[nodiscard]] Result<AnyId> id_from_text(std::string_view text) {
  CPC_TRY(const Bytes raw, from_base64url(text));
  return AnyId::from_bytes(raw);
}

/// Appends `value` as 4 or 8 octets, big-endian.
void append_big_endian(Bytes& out, std::uint32_t value);
void append_big_endian(Bytes& out, std::uint64_t value);

}  // namespace cpc

template <std::size_t N, class Tag>
struct std::hash<cpc::Id<N, Tag>> {
  std::size_t operator()(const cpc::Id<N, Tag>& id) const noexcept {
    return std::hash<std::string_view>{}(id.view());
  }
};

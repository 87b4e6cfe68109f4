// The one door through which foreign JSON comes in.
//
// JSON (RFC 8259) leaves open what duplicate keys, huge numbers and lone surrogates mean, and two
// readers that answer differently disagree about what was signed. So this reader takes I-JSON
// (RFC 7493) and less: strict UTF-8, no key twice, integers only, bounded depth and size, nothing
// before or after the value. JsonObject then takes values out by name, type and bound, so that a
// decoder is a list of CPC_TRY lines and never touches an unchecked value.
//
// All functions are pure and may be called from any thread. No exception leaves them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/time.h"

namespace cpc::federation {

/// The greatest integer that every JSON reader holds exactly (RFC 7493 section 2.2): 2^53 - 1.
inline constexpr std::int64_t json_integer_max = (std::int64_t{1} << 53) - 1;
/// The last moment that RFC 3339 can write: 9999-12-31T23:59:59.999Z. No time of a peer lies past
/// it, or a client could not be shown the message it stands in.
inline constexpr TimePoint json_time_max = from_milliseconds(253'402'300'799'999);

struct JsonLimits {
  std::size_t bytes_max = 4 * 1024 * 1024;  ///< Of the text.
  std::size_t depth_max = 16;               ///< Objects and arrays within each other.
  std::size_t values_max = 100'000;         ///< Values of any kind in all, at every depth.
  /// For client APIs only. Admits fractions, exponents and -0; never what overflows a double, and
  /// still no integer beyond json_integer_max.
  bool allow_floats = false;
};

/// Reads exactly one JSON value of any kind. Fails with
///   too_large  over one of `limits`;
///   invalid    if it is not JSON, not UTF-8, starts with a byte order mark, is followed by
///   anything
///              but white space, has a key twice in one object (compared after unescaping), a lone
///              surrogate, a float or exponent or -0 (unless allowed), or an integer outside
///              +-json_integer_max.
/// The detail names the rule, never the text. Stack use does not grow with depth.
[[nodiscard]] Result<nlohmann::json> parse_strict_json(std::string_view text,
                                                       const JsonLimits& limits = {});

/// Sorted keys, no white space: the one spelling in which we send JSON. Text inside must be UTF-8;
/// what is not becomes U+FFFD.
[[nodiscard]] std::string compact_json(const nlohmann::json& value);

/// A look at one object of a parsed text. Refers to the json and the names it was made with: both
/// must outlive it. Every failure is invalid, with "<what>: <key> <why>" as detail.
class JsonObject {
 public:
  /// Fails unless `value` is an object. `what` names it in details ("hello", "delegation").
  [[nodiscard]] static Result<JsonObject> of(const nlohmann::json& value, std::string_view what);

  [[nodiscard]] bool has(std::string_view key) const;
  /// Fails if a member is none of `known`. For forms that are not meant to grow.
  [[nodiscard]] Result<> only(std::initializer_list<std::string_view> known) const;

  /// At most `bytes_max` octets of UTF-8 without U+0000, which no text of ours may hold.
  [[nodiscard]] Result<std::string_view> string(std::string_view key, std::size_t bytes_max) const;
  /// Within [min, max].
  [[nodiscard]] Result<std::int64_t> integer(std::string_view key, std::int64_t min,
                                             std::int64_t max) const;
  /// Milliseconds since the epoch, from it up to json_time_max.
  [[nodiscard]] Result<TimePoint> time(std::string_view key) const;
  [[nodiscard]] Result<bool> boolean(std::string_view key) const;
  [[nodiscard]] Result<JsonObject> object(std::string_view key) const;
  /// The elements, at most `items_max` of any type: give each to JsonObject::of or ask its type.
  [[nodiscard]] Result<std::span<const nlohmann::json>> array(std::string_view key,
                                                              std::size_t items_max) const;
  /// An array of strings, at most `items_max` of at most `bytes_max` octets.
  [[nodiscard]] Result<std::vector<std::string>> strings(std::string_view key,
                                                         std::size_t items_max,
                                                         std::size_t bytes_max) const;
  /// Octets in base64url without padding, at most `bytes_max` after decoding.
  [[nodiscard]] Result<Bytes> base64url(std::string_view key, std::size_t bytes_max) const;
  /// An identifier, digest or key id in base64url: exactly its size.
  template <class AnyId>
  [[nodiscard]] Result<AnyId> id(std::string_view key) const {
    CPC_TRY(const Bytes raw, base64url(key, AnyId::size));
    if (raw.size() != AnyId::size) return wrong(key, "has the wrong length");
    return AnyId::from_bytes(raw);
  }
  /// The member as it is.
  [[nodiscard]] Result<const nlohmann::json*> value(std::string_view key) const;

  /// "<what>: <key> <why>", for checks that only the caller can make.
  [[nodiscard]] Error wrong(std::string_view key, std::string_view why) const;

 private:
  JsonObject(const nlohmann::json& value, std::string_view what) : value_(&value), what_(what) {}
  const nlohmann::json* value_;
  std::string_view what_;
};

}  // namespace cpc::federation

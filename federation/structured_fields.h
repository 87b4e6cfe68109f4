// Structured field values (RFC 8941), the subset that Content-Digest, Signature-Input and Signature
// are written in: dictionaries of items and inner lists with parameters. Items are integers,
// strings, tokens, byte sequences and booleans; decimals, dates and display strings are refused.
//
// Stricter than the RFC in one place: a key that comes twice, in a dictionary or among parameters,
// is refused, where the RFC takes the last. A signature must not mean two things to two readers.
//
// All functions are pure and may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace cpc::federation {

/// The value of a field token, not a string: foo, not "foo" (RFC 8941 section 3.3.4).
struct FieldToken {
  std::string text;
  bool operator==(const FieldToken&) const = default;
};
/// A byte sequence, decoded (RFC 8941 section 3.3.5).
struct FieldBytes {
  Bytes octets;
  bool operator==(const FieldBytes&) const = default;
};
using FieldValue = std::variant<std::int64_t, std::string, FieldToken, FieldBytes, bool>;

struct FieldParameter {
  std::string key;
  FieldValue value;
  bool operator==(const FieldParameter&) const = default;
};
using FieldParameters = std::vector<FieldParameter>;  ///< In the order they were written.

struct FieldItem {
  FieldValue value;
  FieldParameters parameters;
  bool operator==(const FieldItem&) const = default;
};
struct InnerList {
  std::vector<FieldItem> items;
  FieldParameters parameters;
  bool operator==(const InnerList&) const = default;
};
struct FieldMember {
  std::string key;
  std::variant<FieldItem, InnerList> value;
  bool operator==(const FieldMember&) const = default;
};
using FieldDictionary = std::vector<FieldMember>;  ///< In the order it was written.

struct FieldLimits {
  std::size_t bytes_max = 8 * 1024;
  std::size_t members_max = 32;  ///< Of a dictionary, an inner list or one set of parameters.
};

/// Reads a whole field value as a dictionary (RFC 8941 section 4.2.2). Fails with too_large over
/// `limits`, invalid for anything outside the subset above.
[[nodiscard]] Result<FieldDictionary> parse_field_dictionary(std::string_view text,
                                                             const FieldLimits& limits = {});

/// The canonical text (RFC 8941 section 4.1). Values must be ones that the parser could have made:
/// keys lower-case, strings printable ASCII, integers of at most 15 digits.
[[nodiscard]] std::string serialise(const FieldDictionary& dictionary);
[[nodiscard]] std::string serialise(const InnerList& list);
[[nodiscard]] std::string serialise(const FieldItem& item);

/// nullptr if there is none.
[[nodiscard]] const FieldMember* find_member(const FieldDictionary& dictionary,
                                             std::string_view key);
[[nodiscard]] const FieldValue* find_parameter(const FieldParameters& parameters,
                                               std::string_view key);

}  // namespace cpc::federation

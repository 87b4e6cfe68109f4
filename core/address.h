// Names of instances and people. One canonical form, one parser, compared byte for byte.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace cpc::core {

/// `label.cpc`: one label of 1-63 lower-case letters, digits and inner hyphens. Refused: anything
/// else, in particular upper case, punycode (`xn--`), `localhost`, a trailing dot.
class InstanceName {
 public:
  InstanceName() = default;  ///< No name; a blank to be filled, never a value of its own.
  /// Fails with invalid; the detail never echoes the input.
  [[nodiscard]] static Result<InstanceName> parse(std::string_view text);
  [[nodiscard]] const std::string& text() const { return text_; }
  auto operator<=>(const InstanceName&) const = default;

 private:
  explicit InstanceName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// True for a local part: 1-64 of a-z 0-9 . _ - , first and last a letter or digit, no two dots in
/// a row.
[[nodiscard]] bool is_local_part(std::string_view text);

/// A person: `local@name.cpc`.
struct Address {
  std::string local;
  InstanceName instance;

  [[nodiscard]] static Result<Address> parse(std::string_view text);
  [[nodiscard]] std::string text() const { return local + "@" + instance.text(); }
  auto operator<=>(const Address&) const = default;
};

}  // namespace cpc::core

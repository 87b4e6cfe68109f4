// Octets in hexadecimal, as published examples print them.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace cpc::tests {

inline Bytes from_hex(std::string_view text) {
  const auto nibble = [](char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
    throw std::invalid_argument("not lower-case hexadecimal");
  };
  Bytes raw;
  if (text.size() % 2 != 0) throw std::invalid_argument("half an octet of hexadecimal");
  for (std::size_t at = 0; at < text.size(); at += 2) {
    raw.push_back(static_cast<char>(nibble(text[at]) << 4 | nibble(text[at + 1])));
  }
  return raw;
}

inline std::string to_hex(std::string_view raw) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char octet : raw) {
    text.push_back(digits[static_cast<std::uint8_t>(octet) >> 4]);
    text.push_back(digits[static_cast<std::uint8_t>(octet) & 15]);
  }
  return text;
}

}  // namespace cpc::tests

// What the tests of keys and hashes share: hexadecimal, and the published vectors, which lie
// outside the tree: in the folder that CPC_VECTORS names, else in ../shared/vectors. Without them a
// test says so.
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace cpc::crypto {

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

template <class AnyId>
AnyId id_from_hex(std::string_view text) {
  return AnyId::from_bytes(from_hex(text)).value();
}

/// The parsed file `name` of the published vectors, or nothing, said aloud, where they are missing.
inline std::optional<nlohmann::json> published_vectors(const std::string& name) {
  const char* const named = std::getenv("CPC_VECTORS");
  const std::filesystem::path folder = named != nullptr ? named : "../shared/vectors";
  std::ifstream file{folder / name};
  if (!file) {
    WARN("ran WITHOUT " << name << ": not in " << folder << ", set CPC_VECTORS to its folder");
    return std::nullopt;
  }
  return nlohmann::json::parse(file);
}

/// For the reader of a test log: how much was really tried.
inline void print_count(std::string_view name, std::size_t count) {
  std::cout << name << ": " << count << " cases ran\n";
}

}  // namespace cpc::crypto

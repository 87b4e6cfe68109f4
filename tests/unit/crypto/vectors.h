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
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "tests/support/hex.h"

namespace cpc::crypto {

using tests::from_hex;
using tests::to_hex;

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

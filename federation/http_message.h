// An HTTP request and its reply as plain values: what HttpLink carries, what signatures cover, and
// what the simulator's network delivers. No socket and no library in here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"

namespace cpc::federation {

/// Name in lower case; value without leading and trailing white space (RFC 9110 section 5).
struct HttpHeader {
  std::string name;
  std::string value;
};

/// Headers in the order they came, repeated ones kept apart.
struct HttpHeaders {
  std::vector<HttpHeader> list;

  [[nodiscard]] std::size_t count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::count_if(list.begin(), list.end(), [&](const auto& h) { return h.name == name; }));
  }
  /// The value of a header that stands there exactly once; nothing if it is missing or repeated
  /// (count() tells which), so that nobody reads the first while somebody else reads the last.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const {
    if (count(name) != 1) return std::nullopt;
    return std::find_if(list.begin(), list.end(), [&](const auto& h) { return h.name == name; })
        ->value;
  }
};

struct HttpRequest {
  std::string method;  ///< Upper case.
  std::string path;    ///< Absolute and percent-encoded, byte for byte as it travels.
  std::string query;   ///< Without the '?'; empty if there is none.
  HttpHeaders headers;
  Bytes body;
};

struct HttpReply {
  int status = 0;
  HttpHeaders headers;
  Bytes body;
};

}  // namespace cpc::federation

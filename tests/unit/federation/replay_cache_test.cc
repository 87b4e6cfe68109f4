// A copied request is refused for as long as it could be accepted.

#include "federation/replay_cache.h"

#include <catch2/catch.hpp>
#include <optional>

using namespace std::chrono_literals;

namespace cpc::federation {
namespace {

constexpr TimePoint start = from_milliseconds(1'760'000'000'000);

Nonce nonce(std::uint32_t number) {
  Bytes raw(12, 'n');
  append_big_endian(raw, number);
  return Nonce::from_bytes(raw).value();
}

std::optional<WireCode> refusal(const WireResult<>& result) {
  if (result) return std::nullopt;
  return result.error().code;
}

}  // namespace

TEST_CASE("a nonce is new once, for each peer on its own") {
  ReplayCache cache;
  const TimePoint expires = start + 300s;
  CHECK(cache.first_time("a.cpc", nonce(1), expires, start).has_value());
  CHECK(refusal(cache.first_time("a.cpc", nonce(1), expires, start)) == WireCode::replay);
  CHECK(refusal(cache.first_time("a.cpc", nonce(1), expires + 1s, start)) == WireCode::replay);
  CHECK(refusal(cache.first_time("a.cpc", nonce(1), expires, expires)) == WireCode::replay);
  CHECK(cache.first_time("a.cpc", nonce(2), expires, start).has_value());
  CHECK(cache.first_time("b.cpc", nonce(1), expires, start).has_value());
  CHECK(cache.size() == 3);
}

TEST_CASE("a signature that outlives the window, or is over, is never remembered") {
  ReplayCache cache;
  CHECK(cache.first_time("a.cpc", nonce(1), start + replay_window, start).has_value());
  CHECK(refusal(cache.first_time("a.cpc", nonce(2), start + replay_window + 1ms, start)) ==
        WireCode::clock_skew);
  CHECK(refusal(cache.first_time("a.cpc", nonce(3), start - 1ms, start)) == WireCode::clock_skew);
  CHECK(cache.first_time("a.cpc", nonce(4), start, start).has_value());
  CHECK(cache.size() == 2);
}

TEST_CASE("a clock that is set back a little opens no gap") {
  ReplayCache cache;
  const TimePoint expires = start + 10s;
  REQUIRE(cache.first_time("a.cpc", nonce(1), expires, start).has_value());
  const TimePoint later = expires + clock_step_max;
  REQUIRE(cache.first_time("a.cpc", nonce(2), later + 60s, later).has_value());
  CHECK(cache.size() == 1);  // The first one is forgotten,
  CHECK(refusal(cache.first_time("a.cpc", nonce(1), expires, expires)) == WireCode::clock_skew);
  CHECK(cache.size() == 1);  // and refused all the same.
  CHECK(cache.first_time("a.cpc", nonce(3), expires + 60s, expires).has_value());
}

TEST_CASE("a clock that was far ahead and is set right refuses nobody for long") {
  ReplayCache cache;
  REQUIRE(cache.first_time("a.cpc", nonce(1), start + 24h, start + 24h).has_value());
  CHECK(cache.first_time("a.cpc", nonce(2), start + 1s, start).has_value());
}

TEST_CASE("what has expired is forgotten, and its peer with it") {
  ReplayCache cache;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const std::string peer = std::to_string(i % 7) + ".cpc";
    REQUIRE(
        cache.first_time(peer, nonce(i), start + std::chrono::seconds{i % 300}, start).has_value());
  }
  CHECK(cache.size() == 1000);
  const TimePoint later = start + 300s;
  CHECK(cache.first_time("z.cpc", nonce(1), later + 1s, later).has_value());
  CHECK(cache.size() == 1);

  // A peer that still has a fresh nonce gets the room of its old ones back, too.
  const TimePoint even_later = later + 1s + 1ms;
  REQUIRE(cache.first_time("z.cpc", nonce(2), even_later + 300s, later + 1s).has_value());
  REQUIRE(cache.first_time("z.cpc", nonce(1), even_later + 300s, even_later).has_value());
  CHECK(cache.size() == 2);
}

TEST_CASE("a full cache turns newcomers away and forgets nothing that could come again") {
  ReplayCache cache{{.nonces_per_peer_max = 3, .nonces_max = 5}};
  const TimePoint expires = start + 300s;
  for (std::uint32_t i = 0; i < 3; ++i) {
    REQUIRE(cache.first_time("a.cpc", nonce(i), expires, start).has_value());
  }
  CHECK(refusal(cache.first_time("a.cpc", nonce(3), expires, start)) == WireCode::busy);
  CHECK(refusal(cache.first_time("a.cpc", nonce(0), expires, start)) == WireCode::replay);

  // A noisy peer shuts out only itself, until the whole is full.
  REQUIRE(cache.first_time("b.cpc", nonce(0), expires, start).has_value());
  REQUIRE(cache.first_time("c.cpc", nonce(0), expires, start).has_value());
  CHECK(refusal(cache.first_time("d.cpc", nonce(0), expires, start)) == WireCode::busy);
  CHECK(refusal(cache.first_time("b.cpc", nonce(0), expires, start)) == WireCode::replay);

  const TimePoint later = expires + 1ms;
  CHECK(cache.first_time("d.cpc", nonce(0), later + 1s, later).has_value());
}

}  // namespace cpc::federation

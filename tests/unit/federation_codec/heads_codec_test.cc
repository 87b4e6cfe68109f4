// The bodies of sync/heads and of log pulls: what is refused. That they come back as they were
// sent is shown with the rules (tests/unit/core/heads_test.cc).
#include "federation/heads_codec.h"

#include <catch2/catch.hpp>

namespace cpc::federation {
namespace {

const std::string mark = R"("v":1,"store_epoch":"AAAAAAAAAAAAAAAAAAAAAA","boot":3)";
const std::string digest = R"("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")";

std::string heads(const std::string& rows) {
  return "{" + mark + R"(,"heads":[)" + rows + "]}";
}

std::string row(const std::string& place) {
  return R"({"conversation":)" + digest + "," + place + "}";
}

ErrorCode code_of(const std::string& body) {
  const auto read = decode_heads(body);
  REQUIRE_FALSE(read);
  return read.error().code;
}

TEST_CASE("heads are read with their links, and a log that is empty has none") {
  const std::string held = row(R"("epoch":1,"seq":7,"link":)" + digest);
  const auto read = decode_heads(heads(held + "," + row(R"("epoch":0,"seq":0)")));
  REQUIRE(read);
  CHECK(read.value().mark.boot_counter == 3);
  REQUIRE(read.value().heads.size() == 2);
  CHECK(read.value().heads[0].position == core::Position{1, 7});
  CHECK(read.value().heads[1].position == core::Position{});
}

TEST_CASE("heads that cannot be are malformed") {
  for (const std::string& place : {
           std::string{R"("epoch":1,"seq":7)"},               // No link.
           R"("epoch":0,"seq":0,"link":)" + digest,           // A link of nothing.
           R"("epoch":0,"seq":7,"link":)" + digest,           // A place in no epoch.
           R"("epoch":1,"seq":0,"link":)" + digest,           // An epoch without a place.
           R"("epoch":1,"seq":-7,"link":)" + digest,          //
           R"("epoch":1,"seq":7,"more":1,"link":)" + digest,  // Somebody else's word.
           std::string{R"("epoch":1,"seq":7,"link":"AAAA")"},
       }) {
    CAPTURE(place);
    CHECK(code_of(heads(row(place))) == ErrorCode::invalid);
  }
  CHECK(code_of("{" + mark + "}") == ErrorCode::invalid);
  CHECK(code_of(R"({"v":2,"heads":[]})") == ErrorCode::invalid);
}

TEST_CASE("no more heads than fit one exchange are taken") {
  std::string rows = row(R"("epoch":0,"seq":0)");
  for (std::size_t i = 1; i < core::heads_max; ++i) rows += "," + row(R"("epoch":0,"seq":0)");
  CHECK(decode_heads(heads(rows)));
  CHECK(code_of(heads(rows + "," + row(R"("epoch":0,"seq":0)"))) == ErrorCode::invalid);
  CHECK_FALSE(decode_heads_answer(heads(rows)));
}

TEST_CASE("an answer tells how far the hub is, what it has there, and what was acknowledged") {
  const std::string acked = R"(,"acked":{"epoch":1,"seq":5})";
  const auto read =
      decode_heads_answer(heads(row(R"("epoch":1,"seq":7,"link":)" + digest + acked)));
  REQUIRE(read);
  CHECK(read.value().answers.front().acked == core::Position{1, 5});
  CHECK(read.value().answers.front().link.has_value());
  CHECK_FALSE(decode_heads_answer(heads(row(R"("epoch":1,"seq":7)"))));
  CHECK_FALSE(decode_heads_answer(heads(row(R"("epoch":1,"seq":7,"acked":7)"))));
}

TEST_CASE("a pull asks by exactly one spelling") {
  CHECK(parse_pull_query(pull_query({2, 17})).value() == core::Position{2, 17});
  CHECK(parse_pull_query("epoch=0&seq=0").value() == core::Position{});
  for (const char* query :
       {"", "epoch=1", "seq=1&epoch=1", "epoch=1&seq=", "epoch=&seq=1", "epoch=01&seq=1",
        "epoch=+1&seq=1", "epoch=-1&seq=1", "epoch=1&seq=1&seq=2", "epoch=1&seq=1 ",
        "epoch=1&seq=9007199254740992", "epoch=1&seq=99999999999999999999", "epoch=1&seq=%31"}) {
    CAPTURE(query);
    CHECK_FALSE(parse_pull_query(query));
  }
}

TEST_CASE("a stretch is as long as was asked for at most") {
  const PeerIdentity nobody{};
  const std::string log = R"(,"log":{"conversation":)" + digest + R"(,"items":[{},{}]})";
  const std::string body = "{" + mark + log + R"(,"has_more":false})";
  const auto longer = decode_stretch(body, {nobody}, {}, 1);
  REQUIRE_FALSE(longer);
  CHECK(longer.error().code == ErrorCode::too_large);
  const auto read = decode_stretch(body, {nobody}, {}, 2);
  REQUIRE(read);
  CHECK(read.value().part.refused == "MALFORMED");
  CHECK_FALSE(decode_stretch("{" + mark + log + "}", {nobody}, {}, 2));
}

}  // namespace
}  // namespace cpc::federation

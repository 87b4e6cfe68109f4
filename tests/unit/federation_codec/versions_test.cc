// What grows within a version and what does not: skips, credit, versions, features.
#include <catch2/catch.hpp>

#include "federation/transaction_codec.h"

namespace cpc::federation {
namespace {

const std::string mark = R"("v":1,"store_epoch":"AAAAAAAAAAAAAAAAAAAAAA","boot":3)";

Result<ReceivedBatch> read(const std::string& frames) {
  const PeerIdentity nobody{};
  return decode_batch(
      "{" + mark + R"(,"frames":)" + frames + R"(,"logs":[],"submissions":[],"receipts":[]})",
      nobody, {}, 10);
}

TEST_CASE("a skip ends before the first item, and may stand alone") {
  const auto alone = read(R"({"first":8,"items":[],"skip":{"from":5,"to":7}})");
  REQUIRE(alone);
  CHECK(core::begin_of(*alone.value().batch.frames) == 5);
  CHECK(core::end_of(*alone.value().batch.frames) == 7);
  for (const char* frames : {
           R"({"first":8,"items":[],"skip":{"from":5,"to":6}})",   // A hole behind the hole.
           R"({"first":8,"items":[],"skip":{"from":5,"to":8}})",   // Over the first item.
           R"({"first":8,"items":[],"skip":{"from":8,"to":7}})",   // Backwards.
           R"({"first":8,"items":[],"skip":{"from":0,"to":7}})",   // No such position.
           R"({"first":8,"items":[],"skip":{"from":-5,"to":7}})",  //
           R"({"first":8,"items":[],"skip":{"from":5}})",          //
           R"({"first":8,"items":[],"skip":{"from":5,"to":7,"why":1}})",
           R"({"first":8,"items":[],"skip":[5,7]})",
       }) {
    CAPTURE(frames);
    CHECK_FALSE(read(frames));
  }
}

TEST_CASE("credit comes back as it was given, and an answer without it has none") {
  core::Answer answer;
  answer.credit = core::Credit{7, 1000};
  CHECK(decode_answer(encode_answer(answer)).value().credit == answer.credit);
  answer.credit.reset();
  CHECK_FALSE(decode_answer(encode_answer(answer)).value().credit.has_value());
  const std::string begin = "{" + mark + R"(,"now":1,"lanes":[],"credit":)";
  CHECK_FALSE(decode_answer(begin + R"({"entries":-1,"bytes":1}})"));
  CHECK_FALSE(decode_answer(begin + R"({"entries":1}})"));
}

TEST_CASE("a hello of another version says INCOMPATIBLE, and which versions there are") {
  const auto hello = [](const std::string& versions) {
    return "{" + mark +
           R"(,"now":1,"delegation_serial":1,"operational_serial":1,"features":["x"],)" +
           R"("versions":)" + versions + "}";
  };
  CHECK(decode_hello(hello("[1]")));
  CHECK(decode_hello(hello("[7,1]")));
  const auto other = decode_hello(hello("[2,3]"));
  REQUIRE_FALSE(other);
  CHECK(other.error().code == ErrorCode::denied);
  CHECK(other.error().detail ==
        "INCOMPATIBLE: the peer speaks version 2, 3 of the protocol, and we speak 1");
  CHECK(decode_hello(hello("[]")).error().code == ErrorCode::denied);
  CHECK(decode_hello(hello(R"(["1"])")).error().code == ErrorCode::invalid);
}

}  // namespace
}  // namespace cpc::federation

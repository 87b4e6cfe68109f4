// Which signed answers of a peer are kept.
#include "core/evidence.h"

#include <catch2/catch.hpp>

namespace cpc::core {
namespace {

const InstanceName beta = InstanceName::parse("beta.cpc").value();

/// 33 octets for each letter.
Bytes lanes(std::string_view letters) {
  Bytes all;
  for (const char letter : letters) all += Bytes(evidence_lane_bytes, letter);
  return all;
}

struct Kept {
  EvidenceBook book;
  std::map<std::int64_t, Evidence> store;
  std::int64_t clock = 0;
  std::size_t writes = 0;

  /// One answer about `letters`; true if it was kept.
  bool answered(std::string_view letters, const std::string& code = {}, std::size_t bytes = 10) {
    const Evidence fresh{
        beta, 0, from_milliseconds(++clock), code, lanes(letters), Bytes(bytes, 'p')};
    const auto plan = book.plan(fresh);
    if (!plan) return false;
    for (const EvidenceKey& key : plan->gone) store.erase(key.number);
    for (const EvidenceKey& key : plan->contradicted) {
      store.at(key.number).code = evidence_contradicted;
    }
    store[plan->row.number] = plan->row;
    writes += 1 + plan->gone.size();
    book.note(*plan);
    CHECK(book.rows() == store.size());
    return true;
  }
  /// When the latest row that tells of `letter` was taken; 0: there is none.
  [[nodiscard]] std::int64_t latest(char letter) const {
    std::int64_t at = 0;
    for (const auto& [number, row] : store) {
      const bool tells = row.lanes.find(Bytes(evidence_lane_bytes, letter)) != Bytes::npos;
      if (tells) at = std::max(at, to_milliseconds(row.at));
    }
    return at;
  }
  void start_again() {
    std::vector<Evidence> rows;
    for (const auto& [number, row] : store) rows.push_back(row);
    book = EvidenceBook{rows};
  }
};

TEST_CASE("the latest answer about each lane is kept, however busy another one is") {
  Kept kept;
  kept.answered("ab");
  kept.answered("c");
  for (int i = 0; i < 5000; ++i) kept.answered("b");
  CHECK(kept.latest('a') == 1);
  CHECK(kept.latest('c') == 2);
  CHECK(kept.latest('b') == 5002);
  CHECK(kept.store.size() == 3);
}

TEST_CASE("an answer is one row, and a busy lane is written to one place") {
  Kept kept;
  for (int i = 0; i < 100; ++i) kept.answered("a");
  CHECK(kept.store.size() == 1);
  CHECK(kept.writes == 100);
  for (int i = 0; i < 100; ++i) kept.answered("abc");
  CHECK(kept.store.size() == 1);
  CHECK(kept.writes == 200);
}

TEST_CASE("rows whose lanes were all told of anew are erased with the answer that tells") {
  Kept kept;
  for (const char* lane : {"a", "b", "c"}) kept.answered(lane);
  CHECK(kept.store.size() == 3);
  kept.answered("abc");
  CHECK(kept.store.size() == 1);
}

TEST_CASE("an exception outlives what is said of its lanes later") {
  Kept kept;
  kept.answered("a");
  kept.answered("a", "FORK");
  CHECK(kept.store.at(1).code.empty());  // What was acknowledged before it stands beside it.
  kept.answered("a");
  kept.answered("a");
  REQUIRE(kept.store.size() == 2);
  CHECK(kept.store.at(2).code == "FORK");
  CHECK(kept.latest('a') == 4);
}

TEST_CASE("who says that they hold less than they acknowledged has both words kept") {
  Kept kept;
  kept.answered("a");
  kept.answered("b");
  kept.answered("a", std::string{evidence_lost});
  for (int i = 0; i < 10; ++i) kept.answered("ab");
  REQUIRE(kept.store.size() == 3);
  CHECK(kept.store.at(1).code == evidence_contradicted);
  CHECK(kept.store.at(1).at == from_milliseconds(1));
  kept.start_again();
  kept.answered("ab");
  CHECK(kept.store.size() == 3);
}

TEST_CASE("of exceptions the oldest goes first, and takes no place of an acknowledgement") {
  Kept kept;
  kept.answered("a");
  for (std::size_t i = 0; i < evidence_exceptions_max + 5; ++i) kept.answered("b", "FORK");
  CHECK(kept.store.size() == evidence_exceptions_max + 1);
  CHECK(kept.latest('a') == 1);
  std::int64_t oldest = kept.clock;
  for (const auto& [number, row] : kept.store) {
    if (!row.code.empty()) oldest = std::min(oldest, to_milliseconds(row.at));
  }
  CHECK(oldest == 7);
}

TEST_CASE("rows and octets of one peer are bounded, and the oldest go first") {
  Kept many;
  std::vector<Bytes> names;
  for (std::size_t i = 0; i < evidence_rows_max + 10; ++i) {
    Bytes name(evidence_lane_bytes, '.');
    name.replace(0, 5, std::to_string(10'000 + i));
    const auto plan = many.book.plan({beta, 0, from_milliseconds(++many.clock), {}, name, "p"});
    REQUIRE(plan);
    many.book.note(*plan);
  }
  CHECK(many.book.rows() == evidence_rows_max);

  Kept large;
  const std::size_t size = evidence_proof_bytes_max;
  const auto fits = static_cast<char>(evidence_bytes_max / size);
  for (char i = 0; i < fits + 3; ++i) REQUIRE(large.answered(Bytes(1, i), {}, size));
  CHECK(large.book.bytes() <= evidence_bytes_max);
  CHECK(large.latest(2) == 0);
  CHECK(large.latest(3) == 4);
}

TEST_CASE("what is too large, or tells of no lane, is not kept") {
  Kept kept;
  CHECK_FALSE(kept.answered("a", {}, evidence_proof_bytes_max + 1));
  CHECK_FALSE(kept.answered(""));
  CHECK(kept.store.empty());
}

TEST_CASE("after a start the book goes on where it was") {
  Kept kept;
  kept.answered("ab");
  kept.answered("b", "FORK");
  kept.answered("c");
  kept.start_again();
  CHECK(kept.book.bytes() == 30);
  kept.answered("c");
  CHECK(kept.store.size() == 3);
  kept.answered("ab");
  CHECK(kept.store.size() == 3);
  CHECK(kept.latest('a') == 5);
}

TEST_CASE("the latest hello has a place of its own") {
  EvidenceBook book{{Evidence{beta, 0, from_milliseconds(1), {}, {}, "hello"}}};
  CHECK(book.rows() == 0);
  const auto plan = book.plan({beta, 0, from_milliseconds(2), {}, lanes("a"), "p"});
  REQUIRE(plan);
  CHECK(plan->row.number == 1);
}

}  // namespace
}  // namespace cpc::core

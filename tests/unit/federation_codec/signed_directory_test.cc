// Signed directories: who may say what next, and what nobody may say unseen.
#include "federation/signed_directory.h"

#include <catch2/catch.hpp>

#include "crypto/digest.h"
#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

using namespace std::chrono_literals;
using Taken = SignedDirectory::Taken;

constexpr TimePoint began = from_milliseconds(1'800'000'000'000);

crypto::SigningKey key(const std::string& label) {
  return crypto::SigningKey::from_seed(
      crypto::Seed::from_bytes(crypto::sha256("directory " + label).view()).value());
}
core::Iid iid(const std::string& label) {
  return core::Iid::from_bytes(crypto::sha256(label).view()).value();
}
core::InstanceName name(const std::string& text) {
  return core::InstanceName::parse(text + ".cpc").value();
}
DirectorySigners signers(const std::vector<std::string>& labels, std::size_t threshold) {
  DirectorySigners made;
  for (const std::string& label : labels) made.keys.push_back(key(label).public_key());
  made.threshold = threshold;
  return made;
}
DirectoryChange change(const std::string& of, const std::string& to,
                       DirectoryStatus status = DirectoryStatus::active) {
  return {name(of), iid(to), status, {}};
}

DirectoryVersion first_version() {
  DirectoryVersion first;
  first.name = "towns";
  first.time = began;
  first.expires = began + 24h * 30;
  first.signers = signers({"a", "b", "c"}, 2);
  first.changes.push_back(change("beta", "beta"));
  first.changes.front().endpoints.push_back(routing::Endpoint::parse("b.test:8470").value());
  return first;
}
Bytes signed_text(DirectoryRecord record, const std::vector<std::string>& labels) {
  for (const std::string& label : labels) sign_record(record, key(label));
  return encode_record(record);
}

/// Three signers, of whom two suffice, who said at first that beta is beta.
struct Towns {
  Towns() { REQUIRE(take(first, began).value() == Taken::next); }
  Result<Taken> take(const Bytes& record, TimePoint now = began + 48h) {
    return directory.take(record, now);
  }
  [[nodiscard]] DirectoryVersion later(std::vector<DirectoryChange> changes) const {
    DirectoryVersion next;
    next.time = directory.time() + 1h;
    next.expires = next.time + 24h * 30;
    next.changes = std::move(changes);
    return next;
  }
  [[nodiscard]] DirectoryRecord proposed(std::vector<DirectoryChange> changes) const {
    return directory.propose(later(std::move(changes))).value();
  }
  Bytes first = signed_text(make_record(first_version()), {"a", "c"});
  SignedDirectory directory{[&] {
    const Digest hash = directory_hash(make_record(first_version())).value();
    return core::DirectoryId::from_bytes(hash.view()).value();
  }()};
};

template <class T>
std::optional<ErrorCode> failure_of(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().code;
}

/// `record` with another text in its payload, signatures as they were.
Bytes tampered(const Bytes& text, const std::string& from, const std::string& to) {
  DirectoryRecord record = decode_record(text).value();
  Bytes payload = from_base64url(record.payload).value();
  const auto at = payload.find(from);
  REQUIRE(at != Bytes::npos);
  record.payload = base64url(payload.replace(at, from.size(), to));
  return encode_record(record);
}

TEST_CASE("what enough of its signers say is what a directory says") {
  Towns towns;
  CHECK(towns.directory.name() == "towns");
  CHECK(towns.directory.version() == 1);
  REQUIRE(towns.directory.find(name("beta")));
  CHECK(towns.directory.find(name("beta"))->iid == iid("beta"));
  CHECK(towns.directory.find(name("beta"))->endpoints.front().text() == "b.test:8470");
  CHECK_FALSE(towns.directory.find(name("gamma")));

  const auto second =
      towns.proposed({change("gamma", "gamma"), change("beta", "beta", DirectoryStatus::retired)});
  CHECK(towns.take(signed_text(second, {"b", "c"})).value() == Taken::next);
  CHECK(towns.directory.version() == 2);
  CHECK(towns.directory.find(name("gamma"))->status == DirectoryStatus::active);
  CHECK(towns.directory.find(name("beta"))->status == DirectoryStatus::retired);
  CHECK(towns.directory.find(name("beta"))->endpoints.empty());
  CHECK(towns.directory.find(name("beta"))->version == 2);
}

TEST_CASE("a version that too few have signed, or somebody else, changes nothing") {
  Towns towns;
  const DirectoryRecord second = towns.proposed({change("gamma", "gamma")});
  const Bytes good = signed_text(second, {"a", "b"});
  DirectoryRecord twice = decode_record(good).value();
  twice.signatures.push_back(twice.signatures.front());
  DirectoryRecord swapped = decode_record(good).value();
  std::swap(swapped.signatures.front().signature, swapped.signatures.back().signature);
  const Bytes bad[] = {signed_text(second, {}),
                       signed_text(second, {"a"}),
                       signed_text(second, {"a", "mallory"}),
                       signed_text(second, {"a", "b", "mallory"}),
                       encode_record(twice),
                       encode_record(swapped),
                       tampered(good, "gamma.cpc", "delta.cpc")};
  for (const Bytes& record : bad) {
    CHECK(failure_of(towns.take(record)) == ErrorCode::denied);
    CHECK(towns.directory.version() == 1);
  }
  CHECK(towns.take(good).value() == Taken::next);
}

TEST_CASE("versions follow each other without a gap, and are known again whoever signed them") {
  Towns towns;
  const Towns before = towns;
  const DirectoryRecord second = towns.proposed({change("gamma", "gamma")});
  REQUIRE(towns.take(signed_text(second, {"a", "b"})).value() == Taken::next);
  const DirectoryRecord third = towns.proposed({change("delta", "delta")});
  Towns behind = before;
  CHECK(failure_of(behind.take(signed_text(third, {"a", "b"}))) == ErrorCode::not_found);
  CHECK(behind.directory.version() == 1);

  CHECK(towns.take(signed_text(second, {"b", "c"})).value() == Taken::known);
  CHECK(towns.take(towns.first).value() == Taken::known);
  CHECK(towns.directory.version() == 2);
}

TEST_CASE("another version at a place that is taken is a split view, if it is signed") {
  Towns towns;
  const DirectoryRecord ours = towns.proposed({change("gamma", "gamma")});
  const DirectoryRecord theirs = towns.proposed({change("gamma", "mallory")});
  Towns split = towns;
  REQUIRE(towns.take(signed_text(ours, {"a", "b"})).value() == Taken::next);
  REQUIRE(split.take(signed_text(theirs, {"a", "c"})).value() == Taken::next);

  CHECK(failure_of(towns.take(signed_text(theirs, {"a"}))) == ErrorCode::denied);
  CHECK(failure_of(towns.take(signed_text(theirs, {"mallory", "eve"}))) == ErrorCode::denied);
  CHECK(towns.take(signed_text(theirs, {"a", "c"})).value() == Taken::rival);
  const auto next_of_theirs = signed_text(split.proposed({change("delta", "delta")}), {"b", "c"});
  CHECK(towns.take(next_of_theirs).value() == Taken::rival);
  CHECK(towns.directory.version() == 2);
  CHECK(towns.directory.find(name("gamma"))->iid == iid("gamma"));
  CHECK_FALSE(towns.directory.find(name("gamma"))->other_iid);
}

TEST_CASE("signers are changed by enough of the old ones, and enough of the new ones show up") {
  Towns towns;
  DirectoryVersion change_of = towns.later({});
  change_of.signers = signers({"c", "d", "e"}, 2);
  const DirectoryRecord second = towns.directory.propose(change_of).value();
  CHECK(failure_of(towns.take(signed_text(second, {"d", "e"}))) == ErrorCode::denied);
  CHECK(failure_of(towns.take(signed_text(second, {"a", "b"}))) == ErrorCode::denied);
  CHECK(failure_of(towns.take(signed_text(second, {"a", "b", "d"}))) == ErrorCode::denied);
  const auto progress = towns.directory.progress_of(
      decode_record(signed_text(second, {"a", "c"})).value(), began + 48h);
  REQUIRE(progress);
  CHECK(progress.value().signed_by.size() == 2);
  CHECK(progress.value().new_signed_by.size() == 1);
  CHECK_FALSE(progress.value().is_complete());
  REQUIRE(towns.take(signed_text(second, {"a", "c", "d"})).value() == Taken::next);

  const DirectoryRecord third = towns.proposed({change("gamma", "gamma")});
  CHECK(failure_of(towns.take(signed_text(third, {"a", "b"}))) == ErrorCode::denied);
  CHECK(towns.take(signed_text(third, {"d", "e"})).value() == Taken::next);
  // What the old ones could say, they can still be caught at.
  const auto rival = [&] {
    Towns again;
    return signed_text(again.proposed({change("gamma", "mallory")}), {"a", "b"});
  }();
  CHECK(towns.take(rival).value() == Taken::rival);
}

TEST_CASE("within a directory a name never becomes another iid, and who tries is seen") {
  Towns towns;
  CHECK(failure_of(towns.directory.propose(towns.later({change("beta", "other")}))) ==
        ErrorCode::invalid);
  const auto removed = towns.proposed({change("beta", "beta", DirectoryStatus::removed)});
  REQUIRE(towns.take(signed_text(removed, {"a", "b"})).value() == Taken::next);
  CHECK(failure_of(towns.directory.propose(towns.later({change("beta", "other")}))) ==
        ErrorCode::invalid);

  DirectoryVersion forced = towns.later({change("beta", "other")});
  forced.version = 3;
  forced.directory = towns.directory.id();
  forced.previous = directory_hash(removed).value();
  REQUIRE(towns.take(signed_text(make_record(forced), {"a", "b"})).value() == Taken::next);
  const DirectoryEntry* beta = towns.directory.find(name("beta"));
  CHECK(beta->iid == iid("beta"));
  CHECK(beta->status == DirectoryStatus::removed);
  CHECK(beta->other_iid == iid("other"));
}

TEST_CASE("a directory past its date says nothing of names that are met now") {
  const Towns towns;
  CHECK(towns.directory.is_current(began + 24h * 30 - 1ms));
  CHECK_FALSE(towns.directory.is_current(began + 24h * 30));
  CHECK_FALSE(SignedDirectory{towns.directory.id()}.is_current(began));
}

TEST_CASE("a version keeps to the calendar") {
  Towns towns;
  const auto taken = [&](const std::function<void(DirectoryVersion&)>& spoil, TimePoint now) {
    Towns fresh = towns;
    DirectoryVersion next = fresh.later({change("gamma", "gamma")});
    next.version = 2;
    next.directory = fresh.directory.id();
    next.previous = directory_hash(decode_record(fresh.first).value()).value();
    spoil(next);
    return fresh.take(signed_text(make_record(next), {"a", "b"}), now);
  };
  const auto nothing = [](DirectoryVersion&) {};
  CHECK(taken(nothing, began + 1h - 5min).value() == Taken::next);
  CHECK(failure_of(taken(nothing, began + 1h - 6min)) == ErrorCode::denied);
  const auto earlier = [](DirectoryVersion& next) { next.time = began - 1ms; };
  CHECK(failure_of(taken(earlier, began + 48h)) == ErrorCode::invalid);
  const auto never = [](DirectoryVersion& next) { next.expires = next.time; };
  CHECK(failure_of(taken(never, began + 48h)) == ErrorCode::invalid);
  const auto for_ever = [](DirectoryVersion& next) { next.expires = next.time + 24h * 367; };
  CHECK(failure_of(taken(for_ever, began + 48h)) == ErrorCode::invalid);
}

TEST_CASE("a malformed version is refused, whoever signed it") {
  const auto refused = [](const std::function<void(nlohmann::json&)>& spoil) {
    const DirectoryRecord good = make_record(first_version());
    auto payload = nlohmann::json::parse(from_base64url(good.payload).value());
    spoil(payload);
    return failure_of(read_version({base64url(compact_json(payload)), {}}));
  };
  CHECK_FALSE(refused([](auto&) {}));
  CHECK(refused([](auto& v) { v["more"] = 1; }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) { v["v"] = 2; }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) { v["name"] = "Towns"; }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) { v["version"] = 0; }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) { v["version"] = 2; }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) { v["threshold"] = 0; }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) { v["threshold"] = 4; }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) { v["keys"] = nlohmann::json::array(); }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) { v["keys"][1] = v["keys"][0]; }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) { v["keys"][0] = base64url(Bytes(32, '\0')); }) == ErrorCode::invalid);
  // RFC 8032 section 7.1, test 1: its private half is printed there.
  CHECK(refused([](auto& v) { v["keys"][0] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"; }) ==
        ErrorCode::denied);
  CHECK(refused([](auto& v) { v["changes"].push_back(v["changes"][0]); }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) { v["changes"][0]["name"] = "beta.com"; }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) { v["changes"][0]["status"] = "gone"; }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) { v["changes"][0]["status"] = "removed"; }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) { v["changes"][0]["iid"] = base64url(Bytes(32, '\0')); }) ==
        ErrorCode::invalid);
  CHECK(refused([](auto& v) {
          for (int i = 0; i < 4; ++i) v["changes"][0]["endpoints"].push_back("c.test:1");
        }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) {
          for (int i = 0; i < 128; ++i) {
            auto copy = v["changes"][0];
            copy["name"] = "n" + std::to_string(i) + ".cpc";
            v["changes"].push_back(copy);
          }
        }) == ErrorCode::invalid);
}

TEST_CASE("a record is read strictly, and not beyond its bound") {
  const Bytes good = signed_text(make_record(first_version()), {"a", "b"});
  REQUIRE(decode_record(good));
  CHECK(encode_record(decode_record(good).value()) == good);
  const auto refused = [&](const std::function<void(nlohmann::json&)>& spoil) {
    auto value = nlohmann::json::parse(good);
    spoil(value);
    return failure_of(decode_record(compact_json(value)));
  };
  CHECK(refused([](auto& v) { v["header"] = 1; }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) { v["signatures"][0]["header"] = 1; }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) { v["payload"] = "*"; }) == ErrorCode::invalid);
  CHECK(refused([](auto& v) {
          for (int i = 0; i < 31; ++i) v["signatures"].push_back(v["signatures"][0]);
        }) == ErrorCode::invalid);
  CHECK(failure_of(decode_record(Bytes(directory_record_bytes_max, ' ') + good)) ==
        ErrorCode::too_large);
}

TEST_CASE("a page keeps its records octet for octet, and to its bounds") {
  const Towns towns;
  const Bytes second = signed_text(towns.proposed({change("gamma", "gamma")}), {"a", "b"});
  const DirectoryPage page{towns.directory.id(), 7, {towns.first, second}};
  const Bytes text = encode_page(page);
  const auto read = decode_page(text, text.size(), 2);
  REQUIRE(read);
  CHECK(read.value().directory == page.directory);
  CHECK(read.value().version == 7);
  CHECK(read.value().records == page.records);
  CHECK(failure_of(decode_page(text, text.size() - 1, 2)) == ErrorCode::too_large);
  CHECK(failure_of(decode_page(text, text.size(), 1)) == ErrorCode::invalid);
  CHECK(decode_page(encode_page({page.directory, 0, {}}), 1024, 1));
}

TEST_CASE("a directory ends where its bounds are") {
  Towns towns;
  for (std::size_t made = 1; made < directory_entries_max;) {
    std::vector<DirectoryChange> changes;
    for (; changes.size() < 100 && made < directory_entries_max; ++made) {
      changes.push_back(change("n" + std::to_string(made), "same"));
    }
    DirectoryVersion next = towns.later(std::move(changes));
    next.time = towns.directory.time();
    REQUIRE(towns.take(signed_text(towns.directory.propose(next).value(), {"a", "b"})).value() ==
            Taken::next);
  }
  CHECK(towns.directory.entries().size() == directory_entries_max);
  CHECK(failure_of(towns.directory.propose(towns.later({change("one-more", "same")}))) ==
        ErrorCode::too_large);
  CHECK(towns.directory.propose(towns.later({change("n1", "same", DirectoryStatus::retired)})));
}

}  // namespace
TEST_CASE("what may be proposed may be signed by all, and be taken") {
  Towns towns;
  std::size_t taken = 0, refused = 0;
  for (std::size_t letters = 20; letters < 63; ++letters) {
    std::vector<DirectoryChange> changes;
    for (std::size_t i = 0; i < directory_changes_max; ++i) {
      const std::string label = "n" + std::to_string(i);
      changes.push_back(change(label, label));
      const std::string host = std::string(letters, 'h') + "." + std::string(30, 'i') + ".test";
      changes.back().endpoints.push_back({host, 8470});
    }
    DirectoryVersion next = towns.later(changes);
    next.signers = signers({"d", "e", "f", "g"}, 4);
    const auto proposed = towns.directory.propose(next);
    refused += proposed ? 0 : 1;
    if (!proposed) continue;
    ++taken;
    SignedDirectory copy = towns.directory;
    const Bytes record = signed_text(proposed.value(), {"a", "b", "c", "d", "e", "f", "g"});
    CHECK(copy.take(record, began + 48h).value() == Taken::next);
  }
  CHECK(taken > 0);
  CHECK(refused > 0);
}

}  // namespace cpc::federation

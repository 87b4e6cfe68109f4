#include "daemon/sealing_key_files.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/temporary_folder.h"

namespace cpc::daemon {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const TimePoint start = from_milliseconds(1'800'000'000'000);

class CountingRandom final : public routing::Random {
 public:
  Bytes bytes(std::size_t count) override { return Bytes(count, static_cast<char>(++drawn_)); }

 private:
  int drawn_ = 0;
};

struct Scene {
  tests::TemporaryFolder parent;
  fs::path folder = parent / "sealing";
  CountingRandom random;
  federation::SealingKeys keys;
  Result<bool> turn(TimePoint now) { return turn_sealing_keys(folder, keys, random, now); }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{folder}, fs::directory_iterator{}));
  }
};

}  // namespace

TEST_CASE("a first sealing key is made, private, and read again after a restart") {
  Scene s;
  CHECK(s.turn(start).value());
  struct stat status {};
  REQUIRE(::stat(s.folder.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);
  const auto again = load_sealing_keys(s.folder);
  CHECK(again.value().newest()->id() == s.keys.newest()->id());
  CHECK_FALSE(s.turn(start + 24h).value());
  CHECK(s.files() == 1);
}

TEST_CASE("a key is followed after a month, and its file destroyed nine days later") {
  Scene s;
  REQUIRE(s.turn(start).value());
  const auto first = s.keys.newest()->id();
  CHECK(s.turn(start + 24h * 30).value());
  CHECK(s.keys.newest()->id() != first);
  CHECK(s.files() == 2);
  CHECK_FALSE(s.turn(start + 24h * 38).value());
  CHECK(s.files() == 2);
  CHECK_FALSE(s.turn(start + 24h * 39).value());
  CHECK(s.files() == 1);
  CHECK(load_sealing_keys(s.folder).value().find(first) == nullptr);
}

TEST_CASE("without a folder there are no sealing keys") {
  const Scene s;
  CHECK(load_sealing_keys(s.folder).value().newest() == nullptr);
}

TEST_CASE("what lies beside sealing keys is passed over, and what has a key's name is one") {
  Scene s;
  REQUIRE(s.turn(start).value());
  std::ofstream{s.folder / "notes.txt"} << "mine";
  CHECK(load_sealing_keys(s.folder).value().newest()->id() == s.keys.newest()->id());
  fs::rename(s.folder / "notes.txt", s.folder / "17.key");
  const auto wrong = load_sealing_keys(s.folder);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().detail.find("mine") == std::string::npos);
}

TEST_CASE("a key made while the clock was years ahead is followed like any other") {
  Scene s;
  REQUIRE(s.turn(start + 24h * 3650).value());
  const auto first = s.keys.newest()->id();
  CHECK_FALSE(s.turn(start).value());
  CHECK(s.turn(start + 24h * 30).value());
  CHECK(s.keys.newest()->id() != first);
  CHECK(load_sealing_keys(s.folder).value().newest()->id() == s.keys.newest()->id());
  CHECK_FALSE(s.turn(start + 24h * 39).value());
  CHECK(s.files() == 1);
}

TEST_CASE("what a killed process left half written is passed over, and gone with the next key") {
  Scene s;
  fs::create_directory(s.folder);
  std::ofstream{s.folder / "new.part"} << "cpc-x25519";
  s.keys = load_sealing_keys(s.folder).value();
  CHECK(s.turn(start).value());
  CHECK(s.files() == 1);
  CHECK(load_sealing_keys(s.folder).value().newest()->id() == s.keys.newest()->id());
}

TEST_CASE("a folder that cannot be made leaves things as they are, and says so") {
  Scene s;
  std::ofstream{s.folder} << "a file, not a folder";
  const auto turned = s.turn(start);
  REQUIRE_FALSE(turned);
  CHECK(turned.error().code == ErrorCode::unavailable);
  CHECK(s.keys.newest() == nullptr);
}

}  // namespace cpc::daemon

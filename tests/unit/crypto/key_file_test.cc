#include "crypto/key_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "tests/support/temporary_folder.h"
#include "tests/unit/crypto/vectors.h"

namespace cpc::crypto {
namespace {

namespace fs = std::filesystem;

/// The umask while it lives.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;
  ~Umask() { ::umask(before_); }

 private:
  mode_t before_;
};

const std::string seed_text = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";  // RFC 8037 A.1

SigningKey signing_key() {
  return SigningKey::from_seed(id_from_text<Seed>(seed_text).value());
}
SealingKey sealing_key() {
  return SealingKey::from_private(id_from_text<Seed>(seed_text).value());
}
MasterKey master_key() {
  return MasterKey::from_bytes(Bytes(32, 'M')).value();
}

std::string content_of(const fs::path& file) {
  std::ostringstream content;
  content << std::ifstream{file}.rdbuf();
  return content.str();
}

mode_t mode_of(const fs::path& file) {
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

void write_private(const fs::path& file, const std::string& content) {
  std::ofstream{file} << content;
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
}

template <class T>
Error error_of(const Result<T>& result) {
  REQUIRE(!result.has_value());
  return result.error();
}

}  // namespace

TEST_CASE("a key that was written is read again") {
  const tests::TemporaryFolder folder;
  REQUIRE(write_signing_key(folder / "root.key", signing_key()).has_value());
  CHECK(load_signing_key(folder / "root.key").value().id() == signing_key().id());
  REQUIRE(write_master_key(folder / "master.key", master_key()).has_value());
  CHECK(load_master_key(folder / "master.key").value().id() == master_key().id());
  REQUIRE(write_sealing_key(folder / "sealing.key", sealing_key()).has_value());
  CHECK(load_sealing_key(folder / "sealing.key").value().id() == sealing_key().id());
}

TEST_CASE("a key file is one line that names its kind") {
  const tests::TemporaryFolder folder;
  REQUIRE(write_signing_key(folder / "root.key", signing_key()).has_value());
  CHECK(content_of(folder / "root.key") == "cpc-ed25519-seed " + seed_text + "\n");
  REQUIRE(write_master_key(folder / "master.key", master_key()).has_value());
  CHECK(content_of(folder / "master.key") ==
        "cpc-master-key TU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU0\n");
}

TEST_CASE("a key file is written 0600 under any umask") {
  const tests::TemporaryFolder folder;
  {
    const Umask open{0};
    REQUIRE(write_signing_key(folder / "open.key", signing_key()).has_value());
  }
  {
    const Umask closed{0777};
    REQUIRE(write_signing_key(folder / "closed.key", signing_key()).has_value());
  }
  CHECK(mode_of(folder / "open.key") == 0600);
  CHECK(mode_of(folder / "closed.key") == 0600);
}

TEST_CASE("a file of any mode but 0600 is denied, and the message says how to mend it") {
  const tests::TemporaryFolder folder;
  const fs::path file = folder / "root.key";
  REQUIRE(write_signing_key(file, signing_key()).has_value());
  for (const auto& [mode, said] : std::vector<std::pair<mode_t, std::string>>{
           {0644, " is readable by others (mode 0644)"},
           {0640, " is readable by others (mode 0640)"},
           {0604, " is readable by others (mode 0604)"},
           {0660, " is readable by others (mode 0660)"},
           {0620, " is writable by others (mode 0620)"},
           {0602, " is writable by others (mode 0602)"},
           {0400, " has an unexpected mode (mode 0400)"},
           {0700, " has an unexpected mode (mode 0700)"},
           {0610, " has an unexpected mode (mode 0610)"},
           {04600, " has an unexpected mode (mode 4600)"},
       }) {
    INFO(said);
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    const Error error = error_of(load_signing_key(file));
    CHECK(error.code == ErrorCode::denied);
    CHECK(error.detail ==
          file.string() + said + ": what is secret must be 0600. Run: chmod 600 " + file.string());
  }
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  CHECK(load_signing_key(file).has_value());
}

TEST_CASE("a master key's mode is checked like a signing key's") {
  const tests::TemporaryFolder folder;
  const fs::path file = folder / "master.key";
  REQUIRE(write_master_key(file, master_key()).has_value());
  REQUIRE(::chmod(file.c_str(), 0644) == 0);
  CHECK(error_of(load_master_key(file)).code == ErrorCode::denied);
}

TEST_CASE("a missing key file is not found") {
  const tests::TemporaryFolder folder;
  const Error error = error_of(load_signing_key(folder / "root.key"));
  CHECK(error.code == ErrorCode::not_found);
  CHECK(error.detail == (folder / "root.key").string() + " does not exist");
  CHECK(error_of(load_master_key(folder / "no" / "master.key")).code == ErrorCode::not_found);
}

TEST_CASE("a symbolic link to a good key is denied") {
  const tests::TemporaryFolder folder;
  REQUIRE(write_signing_key(folder / "real.key", signing_key()).has_value());
  fs::create_symlink(folder / "real.key", folder / "root.key");
  const Error error = error_of(load_signing_key(folder / "root.key"));
  CHECK(error.code == ErrorCode::denied);
  CHECK_THAT(error.detail, Catch::Contains("is a symbolic link"));
}

TEST_CASE("what is not a regular file is denied, and a pipe is not waited for") {
  const tests::TemporaryFolder folder;
  fs::create_directory(folder / "folder.key");
  REQUIRE(::chmod((folder / "folder.key").c_str(), 0600) == 0);
  REQUIRE(::mkfifo((folder / "pipe.key").c_str(), 0600) == 0);
  for (const char* const name : {"folder.key", "pipe.key"}) {
    INFO(name);
    const Error error = error_of(load_signing_key(folder / name));
    CHECK(error.code == ErrorCode::denied);
    CHECK_THAT(error.detail, Catch::Contains("is not a regular file"));
  }
}

TEST_CASE("a key file that belongs to another user is denied") {
  if (::geteuid() != 0) {
    WARN("ran WITHOUT this promise: only root can give a file away");
    return;
  }
  const tests::TemporaryFolder folder;
  const fs::path file = folder / "root.key";
  REQUIRE(write_signing_key(file, signing_key()).has_value());
  REQUIRE(::chown(file.c_str(), 54321, 0) == 0);
  const Error error = error_of(load_signing_key(file));
  CHECK(error.code == ErrorCode::denied);
  CHECK_THAT(error.detail, Catch::Contains("belongs to another user (uid 54321)"));
}

TEST_CASE("content that is not exactly one key is invalid and never told") {
  const tests::TemporaryFolder folder;
  const fs::path file = folder / "root.key";
  const std::string good = "cpc-ed25519-seed " + seed_text;
  const std::string secret_word = "sesame";
  for (const std::string& content : {
           std::string{},
           std::string{"\n"},
           secret_word,
           "-----BEGIN PRIVATE KEY-----\n" + secret_word + "\n",
           seed_text + "\n",
           std::string{"cpc-ed25519-seed"},
           std::string{"cpc-ed25519-seed \n"},
           "cpc-ed25519-seed" + seed_text,
           "cpc-ed25519-seed  " + seed_text,
           "cpc-ed25519-seed\t" + seed_text,
           "cpc-ed25519-seedy " + seed_text,
           "CPC-ED25519-SEED " + seed_text,
           " " + good,
           good + " ",
           good + "\r\n",
           good + "\n\n",
           good + "\n" + good + "\n",
           good + "A",
           good + "=",
           good.substr(0, good.size() - 1),
           good.substr(0, good.size() - 1) + "B",
           "cpc-ed25519-seed " + base64url(Bytes(31, 's')),
           "cpc-ed25519-seed " + base64url(Bytes(33, 's')),
           good + std::string(1, '\0'),
           std::string(256, 's'),
           std::string(257, 's'),
       }) {
    INFO(content.substr(0, 100));
    write_private(file, content);
    const Error error = error_of(load_signing_key(file));
    CHECK(error.code == ErrorCode::invalid);
    CHECK_THAT(error.detail, Catch::StartsWith(file.string()));
    CHECK_THAT(error.detail, !Catch::Contains(secret_word));
    CHECK_THAT(error.detail, !Catch::Contains(seed_text.substr(0, 8)));
  }
  write_private(file, good + std::string(100'000, '\n'));
  CHECK_THAT(error_of(load_signing_key(file)).detail, Catch::Contains("too long"));

  write_private(file, good);  // An editor may have eaten the end of the line.
  CHECK(load_signing_key(file).value().id() == signing_key().id());
}

TEST_CASE("a key of the other kind is invalid and called by its name") {
  const tests::TemporaryFolder folder;
  REQUIRE(write_signing_key(folder / "root.key", signing_key()).has_value());
  REQUIRE(write_master_key(folder / "master.key", master_key()).has_value());
  const Error not_signing = error_of(load_signing_key(folder / "master.key"));
  CHECK(not_signing.code == ErrorCode::invalid);
  CHECK_THAT(not_signing.detail, Catch::Contains("holds a master key, not a signing key"));
  const Error not_master = error_of(load_master_key(folder / "root.key"));
  CHECK(not_master.code == ErrorCode::invalid);
  CHECK_THAT(not_master.detail, Catch::Contains("holds a signing key, not a master key"));
  CHECK_THAT(not_master.detail, !Catch::Contains(seed_text.substr(0, 8)));
}

TEST_CASE("a sealing key is none that signs, though both are 32 octets") {
  const tests::TemporaryFolder folder;
  REQUIRE(write_sealing_key(folder / "a.key", sealing_key()).has_value());
  REQUIRE(write_signing_key(folder / "b.key", signing_key()).has_value());
  CHECK(content_of(folder / "a.key") == "cpc-x25519-key " + seed_text + "\n");
  const Error signs = error_of(load_signing_key(folder / "a.key"));
  CHECK(signs.code == ErrorCode::invalid);
  CHECK(signs.detail.find("holds a sealing key") != std::string::npos);
  const Error seals = error_of(load_sealing_key(folder / "b.key"));
  CHECK(seals.code == ErrorCode::invalid);
  CHECK(seals.detail.find("holds a signing key") != std::string::npos);
}

TEST_CASE("a key is never overwritten, not by another key and not through a link") {
  const tests::TemporaryFolder folder;
  const fs::path file = folder / "root.key";
  REQUIRE(write_signing_key(file, signing_key()).has_value());
  const std::string before = content_of(file);
  CHECK(error_of(write_signing_key(file, signing_key())).code == ErrorCode::conflict);
  CHECK(error_of(write_master_key(file, master_key())).code == ErrorCode::conflict);
  CHECK(content_of(file) == before);

  write_private(folder / "notes.txt", "mine");
  CHECK(error_of(write_master_key(folder / "notes.txt", master_key())).code == ErrorCode::conflict);
  CHECK(content_of(folder / "notes.txt") == "mine");

  fs::create_symlink(folder / "elsewhere", folder / "dangling.key");
  CHECK(error_of(write_master_key(folder / "dangling.key", master_key())).code ==
        ErrorCode::conflict);
  CHECK(!fs::exists(folder / "elsewhere"));
}

TEST_CASE("a key that cannot be written is unavailable and leaves nothing behind") {
  const tests::TemporaryFolder folder;
  CHECK(error_of(write_signing_key(folder / "no" / "root.key", signing_key())).code ==
        ErrorCode::unavailable);
  CHECK(!fs::exists(folder / "no"));
  write_private(folder / "file", "");
  CHECK(error_of(write_signing_key(folder / "file" / "root.key", signing_key())).code ==
        ErrorCode::unavailable);
}

TEST_CASE("a key may be written to a bare name in the working directory") {
  const tests::TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder / ".");
  const auto written = write_signing_key("root.key", signing_key());
  const auto loaded = load_signing_key("root.key");
  fs::current_path(before);
  REQUIRE(written.has_value());
  CHECK(loaded.value().id() == signing_key().id());
  CHECK(fs::exists(folder / "root.key"));
}

}  // namespace cpc::crypto

#include "crypto/password.h"

#include <sodium.h>

#include <catch2/catch.hpp>
#include <ctime>

namespace cpc::crypto {
namespace {

constexpr std::string_view our_cost = "$argon2id$v=19$m=19456,t=2,p=1$";

double cpu_seconds_to_match(std::string_view hash) {
  const std::clock_t start = std::clock();
  CHECK(!password_matches(hash, "not the password"));
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

}  // namespace

TEST_CASE("a password matches its own hash and no other does") {
  const std::string hash = hash_password("correct horse").value();
  CHECK(password_matches(hash, "correct horse"));
  CHECK(!password_matches(hash, "correct horsf"));
  CHECK(!password_matches(hash, "correct hors"));
  CHECK(!password_matches(hash, "correct horse "));
  CHECK(!password_matches(hash, std::string_view{"correct horse\0", 14}));
  CHECK(!password_matches(hash, ""));
}

TEST_CASE("a password is taken whole, past a NUL and up to its last octet") {
  const std::string long_password(password_bytes_max, 'x');
  std::string other = long_password;
  other.back() = 'y';
  const std::string hash = hash_password(long_password).value();
  CHECK(password_matches(hash, long_password));
  CHECK(!password_matches(hash, other));

  const std::string with_nul{"0123456789\0a", 12};
  const std::string nul_hash = hash_password(with_nul).value();
  CHECK(password_matches(nul_hash, with_nul));
  CHECK(!password_matches(nul_hash, std::string_view{"0123456789\0b", 12}));
}

TEST_CASE("a hash is Argon2id with 19 MiB, 2 passes, 1 lane, and a salt of its own") {
  const std::string first = hash_password("correct horse").value();
  const std::string second = hash_password("correct horse").value();
  CHECK(first.starts_with(our_cost));
  CHECK(first != second);
  CHECK(first.find('\0') == std::string::npos);
  CHECK(crypto_pwhash_argon2id_str_needs_rehash(first.c_str(), 2, 19'456 * 1024) == 0);
}

TEST_CASE("a password outside the limits is refused, on the limits it is taken") {
  CHECK(hash_password(std::string(password_bytes_min, 'x')).has_value());
  CHECK(hash_password(std::string(password_bytes_max, 'x')).has_value());
  for (const std::size_t length :
       {std::size_t{0}, password_bytes_min - 1, password_bytes_max + 1}) {
    INFO(length);
    const auto hash = hash_password(std::string(length, 'x'));
    REQUIRE(!hash.has_value());
    CHECK(hash.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("nothing matches a malformed hash") {
  const std::string hash = hash_password("correct horse").value();
  std::string cut_by_nul = hash;
  cut_by_nul.append("\0x", 2);
  for (const std::string& bad :
       {std::string{}, std::string{"$"}, std::string{our_cost}, std::string{"correct horse"},
        hash.substr(0, hash.size() - 1), hash + "x", cut_by_nul, std::string(5000, '$'),
        hash + std::string(200, 'A'), "$argon2i$" + hash.substr(10)}) {
    INFO(bad);
    CHECK(!password_matches(bad, "correct horse"));
  }
}

TEST_CASE("a hash of another kind than Argon2id matches nothing, not even its own password") {
  char argon2i[crypto_pwhash_STRBYTES];
  REQUIRE(crypto_pwhash_argon2i_str(argon2i, "correct horse", 13, 3, 8192 * 1024) == 0);
  REQUIRE(crypto_pwhash_str_verify(argon2i, "correct horse", 13) == 0);
  CHECK(!password_matches(argon2i, "correct horse"));
}

TEST_CASE("nobody's hash is well formed, matches nobody and costs as much as a real one") {
  const std::string nobody{nobodys_hash()};
  CHECK(nobody.starts_with(our_cost));
  CHECK(crypto_pwhash_argon2id_str_needs_rehash(nobody.c_str(), 2, 19'456 * 1024) == 0);
  const std::string real = hash_password("correct horse").value();
  CHECK(nobody.size() == real.size());
  for (const char* const password : {"", "correct horse", "nobody", "AAAAAAAAAAAAAAAA"}) {
    CHECK(!password_matches(nobody, password));
  }
  // A malformed hash takes no time at all; anything near the real one's is the same work.
  const double real_seconds = cpu_seconds_to_match(real);
  const double nobody_seconds = cpu_seconds_to_match(nobody);
  INFO("real " << real_seconds << " s, nobody's " << nobody_seconds << " s");
  CHECK(nobody_seconds > real_seconds / 4);
}

}  // namespace cpc::crypto

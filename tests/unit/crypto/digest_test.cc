#include "crypto/digest.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/unit/crypto/vectors.h"

namespace cpc::crypto {
namespace {

struct HmacCase {
  Bytes key;
  Bytes message;
  std::string tag;  ///< Hexadecimal; test 5 publishes the first half only.
};

/// RFC 4231 sections 4.2 to 4.8.
std::vector<HmacCase> rfc4231() {
  return {
      {Bytes(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {Bytes(20, '\xaa'), Bytes(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {from_hex("0102030405060708090a0b0c0d0e0f10111213141516171819"), Bytes(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {Bytes(20, '\x0c'), "Test With Truncation", "a3b6167473100ee06e0c796c2955552b"},
      {Bytes(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {Bytes(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The "
       "key needs to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
}

}  // namespace

TEST_CASE("SHA-256 agrees with the examples of FIPS 180") {
  CHECK(to_hex(sha256("").view()) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(sha256("abc").view()) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").view()) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("HMAC-SHA-256 agrees with RFC 4231 for short, long and block-long keys") {
  for (const HmacCase& known : rfc4231()) {
    const std::string tag = to_hex(hmac_sha256(known.key, known.message).view());
    CHECK(tag.substr(0, known.tag.size()) == known.tag);
  }
}

TEST_CASE("HKDF-SHA-256 agrees with RFC 5869 test case 3, without salt and info") {
  CHECK(to_hex(hkdf_sha256(Bytes(22, '\x0b'), "", 42)) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
        "9d201395faa4b61a96c8");
}

TEST_CASE("HKDF-SHA-256 agrees with every published case that has no salt") {
  const auto vectors = published_vectors("wycheproof/hkdf_sha256_test.json");
  if (!vectors) return;
  std::size_t ran = 0;
  for (const auto& group : vectors->at("testGroups")) {
    for (const auto& test : group.at("tests")) {
      if (test.at("salt") != "" || test.at("result") != "valid") continue;
      INFO("tcId " << test.at("tcId"));
      const Bytes derived = hkdf_sha256(from_hex(test.at("ikm").get<std::string>()),
                                        from_hex(test.at("info").get<std::string>()),
                                        test.at("size").get<std::size_t>());
      CHECK(to_hex(derived) == test.at("okm").get<std::string>());
      ++ran;
    }
  }
  print_count("wycheproof HKDF-SHA-256, empty salt", ran);
  CHECK(ran == 23);
}

TEST_CASE("HKDF gives exactly as many octets as asked, and more begin with fewer") {
  const Bytes most = hkdf_sha256("key", "info", hkdf_bytes_max);
  CHECK(most.size() == hkdf_bytes_max);
  for (const std::size_t bytes : {0, 1, 31, 32, 33, 64, 100}) {
    INFO(bytes);
    CHECK(hkdf_sha256("key", "info", bytes) == most.substr(0, bytes));
  }
}

TEST_CASE("HKDF derives other octets for another key and for another info") {
  const Bytes derived = hkdf_sha256("key", "info", 32);
  CHECK(hkdf_sha256("kez", "info", 32) != derived);
  CHECK(hkdf_sha256("key", "infp", 32) != derived);
  CHECK(hkdf_sha256("key", "", 32) != derived);
}

TEST_CASE("a framed hash is SHA-256 over each field behind its length in 4 octets") {
  const Digest known =
      id_from_hex<Digest>("cf4b1148e701884565f627c5d68c35386c1a0e4799f5ed4671d3904b5381066a");
  CHECK(FramedHash{}.add("abc").add("").add(std::uint64_t{0x0102030405060708}).finish() == known);
  CHECK(sha256(from_hex("00000003616263"
                        "00000000"
                        "000000080102030405060708")) == known);
  CHECK(FramedHash{}.finish() == sha256(""));
}

TEST_CASE("lists of fields that read alike without their lengths have different framed hashes") {
  const std::set<Digest> hashes = {
      FramedHash{}.add("ab").add("c").finish(),
      FramedHash{}.add("a").add("bc").finish(),
      FramedHash{}.add("abc").finish(),
      FramedHash{}.add("").add("abc").finish(),
      FramedHash{}.add("abc").add("").finish(),
      FramedHash{}.add("abc").add(std::uint64_t{0}).finish(),
  };
  CHECK(hashes.size() == 6);
}

TEST_CASE("a framed hash may be read halfway and then go on") {
  FramedHash hash;
  hash.add("a");
  CHECK(hash.finish() == FramedHash{}.add("a").finish());
  CHECK(hash.add("b").finish() == FramedHash{}.add("a").add("b").finish());
}

}  // namespace cpc::crypto

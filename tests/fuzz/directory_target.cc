// Signed directories. The octets are read as a record and as a page of them; and, line by line, as
// what the versions of one directory say, each signed by fixed keys, so that any chain at all gets
// behind the signatures. A line is `<signers> <payload>`, with r, s and a for the three keys; in
// the payload `@` stands for the directory's id and `#` for the hash of the version before.
#include <string>
#include <vector>

#include "federation/jws.h"
#include "federation/signed_directory.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/target.h"

namespace cpc::fuzz {
namespace {

using namespace federation;
using Taken = SignedDirectory::Taken;

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

const crypto::SigningKey* key_named(char letter) {
  if (letter == 'r') return &root_key();
  if (letter == 's') return &signing_key();
  return letter == 'a' ? &another_key() : nullptr;
}

void check_version(const DirectoryVersion& version) {
  promise(version.version >= 1, "versions count from 1");
  promise(version.expires > version.time && version.expires - version.time <= directory_life_max,
          "a version's life is bounded");
  promise(version.changes.size() <= directory_changes_max, "so many changes at most");
  if (version.signers) {
    const auto& signers = *version.signers;
    promise(signers.threshold >= 1 && signers.threshold <= signers.keys.size() &&
                signers.keys.size() <= directory_signers_max,
            "as many have to sign as can");
  }
  for (const DirectoryChange& change : version.changes) {
    promise(change.endpoints.size() <= directory_endpoints_max, "so many endpoints at most");
    promise(change.status == DirectoryStatus::active || change.endpoints.empty(),
            "nobody is sent to a name that is not active");
  }
  const auto again = read_version(make_record(version));
  promise(again.has_value() && make_record(again.value()).payload == make_record(version).payload,
          "a version that is written again reads as the same");
}

void read_octets(std::string_view octets) {
  if (const auto record = decode_record(octets)) {
    const Bytes text = encode_record(record.value());
    const auto again = decode_record(text);
    promise(again.has_value() && encode_record(again.value()) == text,
            "a record that is written again reads as the same");
    if (const auto version = read_version(record.value())) check_version(version.value());
  }
  const auto page = decode_page(octets, directory_page_bytes_max, directory_page_records_max);
  if (!page) return;
  promise(page.value().records.size() <= directory_page_records_max, "so many records at most");
  const Bytes text = encode_page(page.value());
  const auto again = decode_page(text, 2 * directory_page_bytes_max, directory_page_records_max);
  promise(again.has_value() && encode_page(again.value()) == text,
          "a page that is written again reads as the same");
}

bool is_same(const SignedDirectory& left, const SignedDirectory& right) {
  const auto is_equal = [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.iid == b.second.iid &&
           a.second.status == b.second.status && a.second.version == b.second.version &&
           a.second.other_iid == b.second.other_iid && a.second.endpoints == b.second.endpoints;
  };
  return left.version() == right.version() && left.time() == right.time() &&
         left.expires() == right.expires() &&
         std::equal(left.entries().begin(), left.entries().end(), right.entries().begin(),
                    right.entries().end(), is_equal);
}

/// A directory out of lines, and all that a stranger may try with each of them.
class Chain {
 public:
  explicit Chain(std::size_t lot) : lot_(lot) {}

  void say(std::string_view line) {
    const std::string_view signers = cut(line, " ");
    std::string payload{line};
    if (directory_) {
      replace_all(payload, "@", to_text(directory_->id()));
      replace_all(payload, "#", to_text(last_));
    }
    DirectoryRecord record{base64url(payload), {}};
    for (const char letter : signers) {
      if (const auto* key = key_named(letter)) sign_record(record, *key);
    }
    if (!directory_) {
      const auto id = core::DirectoryId::from_bytes(directory_hash(record).value().view());
      directory_.emplace(id.value());
    }
    take(record);
  }

  void check_story() const {
    if (!directory_) return;
    SignedDirectory other{directory_->id()};
    DirectoryPage page{directory_->id(), directory_->version(), records_};
    const auto sent = decode_page(encode_page(page), 2 * directory_bytes_max, records_.size());
    promise(sent.has_value(), "what we hold can be sent");
    for (const Bytes& record : sent.value().records) {
      const auto taken = other.take(record, fixed_now);
      promise(taken.has_value() && taken.value() == Taken::next, "what one takes another takes");
    }
    promise(is_same(*directory_, other), "everybody who follows it reads the same story");
  }

 private:
  void take(const DirectoryRecord& record) {
    const SignedDirectory before = *directory_;
    const Bytes text = encode_record(record);
    if (!record.signatures.empty()) try_alterations(record);
    const auto taken = directory_->take(text, fixed_now);
    if (!taken || taken.value() != Taken::next) {
      promise(is_same(before, *directory_), "nothing changes but by a version that follows");
      return;
    }
    check_version(read_version(record).value());
    promise(directory_->version() == before.version() + 1, "versions follow each other");
    promise(directory_->time() >= before.time(), "a directory does not go back in time");
    promise(directory_->time() <= fixed_now + directory_skew_max, "nor is it of the future");
    for (const auto& [name, entry] : before.entries()) {
      const DirectoryEntry* now = directory_->find(name);
      promise(now != nullptr && now->iid == entry.iid, "a name is one iid for ever");
      promise(!entry.other_iid || now->other_iid, "a contested name stays so");
    }
    promise(directory_->take(text, fixed_now).value() == Taken::known, "and are taken once");
    records_.push_back(text);
    last_ = directory_hash(record).value();
  }

  void try_alterations(const DirectoryRecord& record) {
    SignedDirectory copy = *directory_;
    DirectoryRecord other = record;
    if (!other.payload.empty()) {
      other.payload = altered(other.payload, lot_);
      promise(!copy.take(encode_record(other), fixed_now), "no octet of a version can be altered");
    }
    other = record;
    other.signatures.clear();
    const auto taken = copy.take(encode_record(other), fixed_now);
    promise(!taken || taken.value() == Taken::known, "nobody says anything unsigned");
    promise(is_same(copy, *directory_), "and it changes nothing");
  }

  std::size_t lot_;
  std::optional<SignedDirectory> directory_;
  Digest last_;
  std::vector<Bytes> records_;
};

}  // namespace

void run(std::string_view octets) {
  read_octets(octets);
  Chain chain{lot_of(octets)};
  for (std::string_view rest = octets; !rest.empty();) chain.say(cut(rest, "\n"));
  chain.check_story();
}

}  // namespace cpc::fuzz

// The signed directories that an instance follows or serves. What a directory says is read from its
// records, every one of them again whenever we start, and never stored beside them: so nothing can
// stand there that nobody signed. federation/signed_directory.h reads them.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "core/base/bytes.h"
#include "core/base/time.h"

namespace cpc::core {

/// Which directory: the hash of its first record's payload.
using DirectoryId = Id<32, struct DirectoryTag>;

struct DirectoryKey {
  DirectoryId id;
  auto operator<=>(const DirectoryKey&) const = default;
};
/// Table directories. One that we hold: where its news comes from, and whether we pass it on.
struct Directory {
  using Key = DirectoryKey;
  DirectoryId id;
  std::string name;          ///< As its first record says; empty while we hold none.
  std::int64_t version = 0;  ///< Of the last record that we hold; 0: none yet.
  std::string source;        ///< The instance that is asked for news; empty: files alone.
  std::string endpoints;     ///< Where that is: `host:port`, a blank between two; may be empty.
  bool is_served = false;    ///< To whoever asks.
  TimePoint asked_at{};      ///< When the source last answered.
  Bytes rival;               ///< A signed record that contradicts ours: no news is taken any more.
  TimePoint rival_seen_at{};
  [[nodiscard]] Key key() const { return {id}; }
};

struct DirectoryRecordKey {
  DirectoryId directory;
  std::int64_t version = 0;
  auto operator<=>(const DirectoryRecordKey&) const = default;
};
/// Table directory_records. One version of a directory, as it was signed.
struct DirectoryRecord {
  using Key = DirectoryRecordKey;
  DirectoryId directory;
  std::int64_t version = 0;  ///< Gapless from 1.
  Bytes record;              ///< The exact octets, as they travel.
  [[nodiscard]] Key key() const { return {directory, version}; }
};

}  // namespace cpc::core

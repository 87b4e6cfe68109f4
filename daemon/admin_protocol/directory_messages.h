// What `cpcctl directory` and the daemon say to each other: a part of messages.h, whose conventions
// hold. A directory is named by its id, or by its name where only one has it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"

namespace cpc::admin_protocol {

// --- directory ----------------------------------------------------------------------------------

struct DirectoryRow {
  std::string id;
  std::string name;          ///< Empty while nothing of it is here.
  std::int64_t version = 0;  ///< 0 likewise.
  std::int64_t names = 0;    ///< That it speaks of, closed and removed ones too.
  std::optional<TimePoint> expires_at;
  std::string source;                  ///< Who is asked for news; empty: files alone.
  std::vector<std::string> endpoints;  ///< Where, if the operator said so.
  bool served = false;
  std::optional<TimePoint> asked_at;  ///< When the source last answered.
  std::string trouble;                ///< Why the last look at the source failed.
  bool split = false;                 ///< Two stories are told of it; no news is taken.
  bool operator==(const DirectoryRow&) const = default;
};

struct DirectoryList {
  static constexpr std::string_view schema = "cpcctl.directory_list.v1";
  std::vector<DirectoryRow> directories;  ///< By id.
  bool operator==(const DirectoryList&) const = default;
};

struct DirectoryListRequest {
  using Answer = DirectoryList;
  static constexpr std::string_view path = "/v1/directory/list";
  bool operator==(const DirectoryListRequest&) const = default;
};

/// What a directory says of a name. In a route it says which one, too.
struct DirectoryName {
  std::string directory;
  std::string name;
  std::string iid;
  std::string status;  ///< active | retired | removed
  std::vector<std::string> endpoints;
  std::optional<std::string> other_iid;  ///< It named this one, too: nobody is let in.
  bool current = true;                   ///< False: the directory is past its date.
  bool operator==(const DirectoryName&) const = default;
};

struct DirectoryDetail {
  static constexpr std::string_view schema = "cpcctl.directory_show.v1";
  DirectoryRow directory;
  std::vector<std::string> keys;     ///< Public keys of who signs it.
  std::int64_t threshold = 0;        ///< So many of them have to.
  std::vector<DirectoryName> names;  ///< By name, 500 at most.
  bool more = false;                 ///< Others come after them.
  std::optional<std::string> rival;  ///< The record that contradicts ours.
  bool operator==(const DirectoryDetail&) const = default;
};

/// Problems: not_found.directory.
struct DirectoryShowRequest {
  using Answer = DirectoryDetail;
  static constexpr std::string_view path = "/v1/directory/show";
  std::string directory;
  std::string after;  ///< Names after this one; empty: from the first.
  bool operator==(const DirectoryShowRequest&) const = default;
};

struct DirectoryChanged {
  static constexpr std::string_view schema = "cpcctl.directory_changed.v1";
  std::string id;
  std::string name;
  std::int64_t before = 0;  ///< The versions held before and now.
  std::int64_t version = 0;
  std::string trouble;  ///< Why there is no news; it is asked for again each hour.
  bool operator==(const DirectoryChanged&) const = default;
};

/// Also changes where news of it comes from. Problems: invalid.*, precond.directories.
struct DirectoryFollowRequest {
  using Answer = DirectoryChanged;
  static constexpr std::string_view path = "/v1/directory/follow";
  std::string id;
  std::string source;  ///< An instance; empty: files alone.
  std::vector<std::string> endpoints;
  bool served = false;
  bool operator==(const DirectoryFollowRequest&) const = default;
};

/// Problems: not_found.directory, precond.split, precond.versions, invalid.directory, auth.*
struct DirectoryImportRequest {
  using Answer = DirectoryChanged;
  static constexpr std::string_view path = "/v1/directory/import";
  std::string page;  ///< As docs/protocol.md section "Signed directories" has it.
  bool operator==(const DirectoryImportRequest&) const = default;
};

struct DirectoryExport {
  static constexpr std::string_view schema = "cpcctl.directory_export.v1";
  std::string page;
  std::int64_t last = 0;     ///< Version of its last record.
  std::int64_t version = 0;  ///< That we hold.
  bool operator==(const DirectoryExport&) const = default;
};

/// Problems: not_found.directory.
struct DirectoryExportRequest {
  using Answer = DirectoryExport;
  static constexpr std::string_view path = "/v1/directory/export";
  std::string directory;
  std::int64_t after = 0;  ///< Versions after this one, some of them at once.
  bool operator==(const DirectoryExportRequest&) const = default;
};

/// Problems: not_found.directory, not_found.source, precond.split, peer.no_directory.
struct DirectoryRefreshRequest {
  using Answer = DirectoryChanged;
  static constexpr std::string_view path = "/v1/directory/refresh";
  std::string directory;
  bool operator==(const DirectoryRefreshRequest&) const = default;
};

struct DirectoryDropped {
  static constexpr std::string_view schema = "cpcctl.directory_drop.v1";
  std::string id;
  std::string name;
  bool operator==(const DirectoryDropped&) const = default;
};

/// Problems: not_found.directory.
struct DirectoryDropRequest {
  using Answer = DirectoryDropped;
  static constexpr std::string_view path = "/v1/directory/drop";
  std::string directory;
  bool operator==(const DirectoryDropRequest&) const = default;
};

}  // namespace cpc::admin_protocol

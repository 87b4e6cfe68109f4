// What `cpcctl key` and the daemon say to each other: a part of messages.h, whose conventions hold.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"

namespace cpc::admin_protocol {

// --- key ----------------------------------------------------------------------------------------

struct KeyRow {
  std::string id;     ///< RFC 7638 thumbprint; of a TLS key its pin.
  std::string use;    ///< root | signing | sealing | tls
  std::string state;  ///< current | next | ending | retired | revoked | followed
  std::optional<TimePoint> valid_from;
  std::optional<TimePoint> valid_until;
  bool here = false;  ///< Its private half lies in the key folder.
  bool operator==(const KeyRow&) const = default;
};

struct KeyList {
  static constexpr std::string_view schema = "cpcctl.key_list.v1";
  std::string instance;
  std::string iid;
  std::int64_t serial = 0;  ///< Of the delegation in force.
  TimePoint expires_at{};
  std::vector<std::string> worries;  ///< What the operator has to do something about.
  std::vector<KeyRow> keys;
  bool operator==(const KeyList&) const = default;
};

struct KeyListRequest {
  using Answer = KeyList;
  static constexpr std::string_view path = "/v1/key/list";
  bool operator==(const KeyListRequest&) const = default;
};

struct KeyChanged {
  static constexpr std::string_view schema = "cpcctl.key_changed.v1";
  std::string key;                ///< The new one; empty: none.
  std::optional<TimePoint> from;  ///< When it takes over.
  std::int64_t serial = 0;        ///< Of the delegation in force; 0: nothing has changed yet.
  std::string waits_for_root;     ///< The root key that has to sign first, elsewhere; or empty.
  bool operator==(const KeyChanged&) const = default;
};

/// Problems: precond.conflict, not_found.object.
struct KeyRotateRequest {
  using Answer = KeyChanged;
  static constexpr std::string_view path = "/v1/key/rotate";
  std::string use;            ///< signing | sealing | root
  std::int64_t ahead_ms = 0;  ///< For a signing key: so long before it takes over.
  bool operator==(const KeyRotateRequest&) const = default;
};

/// Problems: precond.conflict, invalid.key.
struct KeyRevokeRequest {
  using Answer = KeyChanged;
  static constexpr std::string_view path = "/v1/key/revoke";
  std::string id;  ///< Of a signing key.
  bool operator==(const KeyRevokeRequest&) const = default;
};

struct KeyExport {
  static constexpr std::string_view schema = "cpcctl.key_export.v1";
  std::string request;  ///< What the root key has to sign; nothing secret.
  bool operator==(const KeyExport&) const = default;
};

struct KeyExportRequest {
  using Answer = KeyExport;
  static constexpr std::string_view path = "/v1/key/export";
  bool operator==(const KeyExportRequest&) const = default;
};

/// Problems: invalid.request, auth.denied, precond.conflict.
struct KeyImportRequest {
  using Answer = KeyChanged;
  static constexpr std::string_view path = "/v1/key/import";
  std::string delegation;  ///< As the root key signed it.
  bool operator==(const KeyImportRequest&) const = default;
};

}  // namespace cpc::admin_protocol

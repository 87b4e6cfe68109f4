// The cpcd.toml that `cpcctl init` writes: what the operator said, and nothing else, so that every
// other setting follows the defaults of the version that runs.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace cpc::cli {

struct FirstConfig {
  std::string instance;
  std::filesystem::path data_dir;  ///< Absolute.
  std::string client_listen;       ///< Empty: the default of cpcd, as for all below.
  bool behind_proxy = false;
  std::string federation_listen;
  std::vector<std::string> endpoints;
  std::vector<std::string> allow_addresses;
};

/// Fails with invalid where cpcd would certainly refuse the file: settings that contradict each
/// other, addresses and ranges that are none. cpcd itself judges the rest when it reads it.
[[nodiscard]] Result<> check(const FirstConfig& config);

[[nodiscard]] std::string toml_text(const FirstConfig& config);

}  // namespace cpc::cli

#include "federation/peer_identity.h"

#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

std::string listed(std::span<const std::int64_t> versions) {
  std::string text;
  for (const std::int64_t version : versions) {
    text += (text.empty() ? "" : ", ") + std::to_string(version);
  }
  return text.empty() ? "none" : text;
}

}  // namespace

Result<std::vector<std::int64_t>> read_versions(const JsonObject& object) {
  std::vector<std::int64_t> versions;
  CPC_TRY(const auto values, object.array("versions", 16));
  for (const nlohmann::json& value : values) {
    if (!value.is_number_integer()) return object.wrong("versions", "holds something else");
    versions.push_back(value.get<std::int64_t>());
  }
  return versions;
}

Result<> check_versions(std::span<const std::int64_t> theirs) {
  for (const std::int64_t version : theirs) {
    if (std::ranges::find(protocol_versions, version) != protocol_versions.end()) return success();
  }
  return fail(ErrorCode::denied, "INCOMPATIBLE: the peer speaks version " + listed(theirs) +
                                     " of the protocol, and we speak " + listed(protocol_versions));
}

}  // namespace cpc::federation

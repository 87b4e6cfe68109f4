// What two instances said to each other, as a file that people can read: one exchange a line.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/sim_network.h"

namespace cpc::golden {

using Transcript = std::vector<sim::Exchanged>;

/// One line of JSON each. A body that is no text is in base64url.
[[nodiscard]] std::string encode_transcript(const Transcript& spoken);
/// Fails with invalid.
[[nodiscard]] Result<Transcript> decode_transcript(std::string_view text);

[[nodiscard]] std::string read_file(const std::string& path);
void write_file(const std::string& path, std::string_view octets);

}  // namespace cpc::golden

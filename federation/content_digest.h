// Content-Digest (RFC 9530): a hash of the body in a header, so that a signature over headers
// covers the body too. sha-256 is the one algorithm we make and the one we require.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace cpc::federation {

/// The field value: `sha-256=:...:` (RFC 9530 section 2).
[[nodiscard]] std::string content_digest(std::string_view body);

/// Succeeds if `field` is a dictionary of byte sequences whose sha-256 is that of `body`. Other
/// algorithms beside it are ignored. Fails with
///   denied   if the sha-256 is another one: the body was altered;
///   invalid  if there is no sha-256, it comes twice, or the field is malformed.
[[nodiscard]] Result<> check_content_digest(std::string_view field, std::string_view body);

}  // namespace cpc::federation

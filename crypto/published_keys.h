// Keys that anybody can sign with, because their private halves are printed somewhere.
#pragma once

#include "crypto/signing_key.h"

namespace cpc::crypto {

/// One of RFC 8032 section 7.1 (also in RFC 8037), RFC 9421 appendix B.1.4, or
/// docs/protocol-examples.md.
[[nodiscard]] bool is_published(const PublicKey& key);

}  // namespace cpc::crypto

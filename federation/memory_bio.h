// Text in memory, as OpenSSL reads it.
#pragma once

#include <openssl/bio.h>

#include <memory>
#include <string_view>

#include "federation/freed_by.h"

namespace cpc::federation {

using Bio = std::unique_ptr<BIO, FreedBy<BIO_free>>;

/// Reads `text`, which outlives it.
inline Bio memory_of(std::string_view text) {
  return Bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

}  // namespace cpc::federation

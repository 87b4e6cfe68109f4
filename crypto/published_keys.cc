#include "crypto/published_keys.h"

#include <algorithm>
#include <array>

namespace cpc::crypto {

bool is_published(const PublicKey& key) {
  static constexpr std::array<std::string_view, 6> published{
      "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",
      "_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU", "J4EX_BRMcjQPZ9DyMW6Dhs7_vyskKMnFH-98WX8dQm4",
      "7Bcrk61eVjv0kyxw4SRQNMNUZ-8u_U1k6_gZaDRn4r8", "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
  };
  return std::ranges::find(published, key.text()) != published.end();
}

}  // namespace cpc::crypto

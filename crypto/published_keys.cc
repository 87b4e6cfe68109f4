#include "crypto/published_keys.h"

#include <algorithm>
#include <array>

namespace cpc::crypto {

bool is_published(const PublicKey& key) {
  static constexpr std::array<std::string_view, 12> published{
      "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",
      "_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU", "J4EX_BRMcjQPZ9DyMW6Dhs7_vyskKMnFH-98WX8dQm4",
      "7Bcrk61eVjv0kyxw4SRQNMNUZ-8u_U1k6_gZaDRn4r8", "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
      "M__rUpP8b9bwx6Mft_y0TBuqUWqHbZVZ2OF5yGEfipY", "rvw8j_K53VhrWB4a5Yeu5afG9ZfZUotzaODG_nfHCWc",
      "pcBVWUd-xVFUxjjoKhvTrvcfckJv9-pbMKpBsg2q3tY", "sAP6VVhGZR1ucXTnG41OpLbz6rx299KvDdyyV60J15w",
      "oDxrOVxV-MblxbrkFgB2205PGFPuxt_MvT1JTj0HQV4", "CSfMkmZFsSm53XXSlScZYkwWN9iPrk5yKniFhNYz2ms",
  };
  return std::ranges::find(published, key.text()) != published.end();
}

}  // namespace cpc::crypto

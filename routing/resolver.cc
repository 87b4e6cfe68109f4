#include "routing/resolver.h"

#include <string_view>

namespace cpc::routing {

DnsNames dns_names(const core::InstanceName& name, const std::string& suffix) {
  std::string whole = name.text();
  if (!suffix.empty()) {
    whole.resize(whole.size() - std::string_view{".cpc"}.size());
    whole += "." + suffix;
  }
  return {"_cpc-fed._tcp." + whole, "_cpc." + whole};
}

}  // namespace cpc::routing

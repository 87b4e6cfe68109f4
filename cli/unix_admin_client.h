// AdminClient over the daemon's unix socket: HTTP/1.1 by Beast, a connection for each request.
#pragma once

#include "cli/admin_client.h"

namespace cpc::cli {

class UnixAdminClient final : public AdminClient {
 public:
  /// Connects when something is asked, not before.
  explicit UnixAdminClient(AdminTarget target) : target_(std::move(target)) {}
  Answer<std::string> exchange(std::string_view path, std::string_view body) override;

 private:
  AdminTarget target_;
};

}  // namespace cpc::cli

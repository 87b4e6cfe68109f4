// DNS as a test wants it.
#pragma once

#include <optional>

#include "routing/resolver.h"

namespace cpc::tests {

class TableResolver final : public routing::Resolver {
 public:
  std::optional<Result<routing::Hints>> answer;
  int asked = 0;
  int doubted = 0;
  int forgotten = 0;
  void doubt(const core::InstanceName&) override { ++doubted; }
  void forget(const core::InstanceName&) override { ++forgotten; }
  Task<routing::Hints> resolve(core::InstanceName) override {
    ++asked;
    co_return *answer;
  }
  void say(std::uint16_t port, const std::optional<core::Iid>& iid) {
    routing::Hints hints;
    hints.endpoints.push_back({"127.0.0.1", port});
    hints.iid = iid;
    hints.holds_until = routing::SteadyPoint{Milliseconds{port}};
    answer = Result<routing::Hints>{hints};
  }
  /// What was said is validated, or is not.
  void validate(bool is_authenticated) { answer->value().is_authenticated = is_authenticated; }
};

}  // namespace cpc::tests

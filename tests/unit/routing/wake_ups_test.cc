#include "routing/wake_ups.h"

#include <catch2/catch.hpp>

namespace cpc::tests {
namespace {

core::Committed touching(const std::string& local, std::int64_t n) {
  core::Committed committed;
  committed.n = n;
  committed.touched.accounts[local].conversations.insert(core::ConversationId{});
  return committed;
}

struct Ears {
  routing::WakeUps wake_ups;
  std::vector<std::string> heard;

  routing::WakeUps::Registration listen(const std::string& local) {
    return wake_ups.listen_account(
        local, [=, this](const core::TouchedAccount& touched, std::int64_t n) {
          heard.push_back(local + (touched.everything ? " all " : " some ") + std::to_string(n));
        });
  }
};

}  // namespace

TEST_CASE("a commit wakes the listeners of the accounts it touched, and no others") {
  Ears ears;
  const auto ann = ears.listen("ann");
  const auto ann_again = ears.listen("ann");
  const auto bob = ears.listen("bob");
  ears.wake_ups.dispatch(touching("ann", 4));
  CHECK(ears.heard == std::vector<std::string>{"ann some 4", "ann some 4"});
  ears.wake_ups.dispatch(touching("anna", 5));
  CHECK(ears.heard.size() == 2);
}

TEST_CASE("after a gap every account is told to read everything") {
  Ears ears;
  const auto ann = ears.listen("ann");
  const auto bob = ears.listen("bob");
  core::Committed committed = touching("ann", 9);
  committed.has_gap = true;
  ears.wake_ups.dispatch(committed);
  CHECK(ears.heard == std::vector<std::string>{"ann all 9", "bob all 9"});
}

TEST_CASE("who has left is not called any more, also when the registration had moved") {
  Ears ears;
  {
    auto ann = ears.listen("ann");
    const auto moved = std::move(ann);
    ears.wake_ups.dispatch(touching("ann", 1));
  }
  ears.wake_ups.dispatch(touching("ann", 2));
  CHECK(ears.heard == std::vector<std::string>{"ann some 1"});
}

}  // namespace cpc::tests

#include "tests/sim/store_faults.h"

#include <utility>

#include "tests/support/forwarding_connection.h"

namespace cpc::sim {
namespace {

class CommitFaults final : public tests::ForwardingConnection {
 public:
  CommitFaults(std::unique_ptr<store::Connection> inner, std::shared_ptr<StoreFate> fate,
               tests::VirtualTimers& timers)
      : ForwardingConnection(std::move(inner)), fate_(std::move(fate)), timers_(timers) {}

  Result<> begin(store::Access access) override {
    if (timers_.steady_now() < fate_->away_until) {
      return fail(ErrorCode::unavailable, "simulated: the store is away");
    }
    return ForwardingConnection::begin(access);
  }

  Result<> commit() override {
    using NextCommit = StoreFate::NextCommit;
    const NextCommit next = std::exchange(fate_->next_commit, NextCommit::works);
    if (next == NextCommit::pretends) return ForwardingConnection::rollback();
    if (next == NextCommit::fails) return lost("simulated: no room");
    CPC_TRY(ForwardingConnection::commit());
    if (next == NextCommit::works) return success();
    return lost("simulated: the answer was lost");
  }

 private:
  Error lost(const char* why) {
    fate_->away_until = timers_.steady_now() + fate_->away;
    return fail(ErrorCode::unavailable, why);
  }

  std::shared_ptr<StoreFate> fate_;
  tests::VirtualTimers& timers_;
};

}  // namespace

store::Decorate decorated_by(std::shared_ptr<StoreFate> fate, Plant plant,
                             tests::VirtualTimers& timers) {
  return [fate, plant, &timers](std::unique_ptr<store::Connection> inner) {
    auto planted = planted_around(std::move(inner), plant, timers, fate->own_changes);
    return std::make_unique<CommitFaults>(std::move(planted), fate, timers);
  };
}

}  // namespace cpc::sim

#include "tests/sim/sim_network.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "federation/wire_codes.h"

namespace cpc::sim {
namespace {

using namespace std::chrono_literals;

Error broken() {
  return fail(ErrorCode::unavailable, "no endpoint of the peer answers");
}

}  // namespace

Milliseconds SimNetwork::latency() {
  return meets(faults.late_per_mille) ? dice_.between(1s, 20s) : dice_.between(2ms, 60ms);
}

void SimNetwork::note_refusal(const federation::HttpReply& reply) {
  ++refusals;
  unexplained += federation::read_problem(reply) ? 0 : 1;
}

bool SimNetwork::meets(unsigned per_mille) {
  const bool is_met = dice_.chance(per_mille);
  faults_met += is_met ? 1 : 0;
  return is_met;
}

boost::asio::awaitable<void> SimNetwork::arrive_late(core::InstanceName to,
                                                     federation::HttpRequest request) {
  co_await timers_.sleep_until(timers_.steady_now() + dice_.between(1ms, 30s));
  const auto host = hosts_.find(to);
  if (host == hosts_.end()) co_return;
  host->second(std::move(request), std::make_shared<ReplySlot>(io_.get_executor()));
}

Task<federation::HttpReply> SimNetwork::carry(core::InstanceName from, core::InstanceName to,
                                              federation::HttpRequest request,
                                              Milliseconds timeout) {
  ++requests;
  trace_.add(from.text());
  trace_.add(to.text());
  trace_.add(request.path);
  trace_.add(request.body);
  const routing::SteadyPoint due = timers_.steady_now() + timeout;
  const bool hangs = meets(faults.hangs_per_mille);
  const bool is_lost = meets(faults.lost_per_mille);
  co_await timers_.sleep_until(std::min(due, timers_.steady_now() + latency()));
  const auto host = hosts_.find(to);
  if (hangs || is_lost || cuts_.contains({from, to}) || host == hosts_.end()) {
    if (hangs) co_await timers_.sleep_until(due);
    co_return broken();
  }
  if (meets(faults.doubled_per_mille)) {
    boost::asio::co_spawn(io_, arrive_late(to, request), boost::asio::detached);
  }
  const auto slot = std::make_shared<ReplySlot>(io_.get_executor());
  std::optional<Exchanged> heard;
  if (listener) heard = Exchanged{from, to, timers_.now(), request, {}};
  host->second(std::move(request), slot);
  const bool has_come = co_await slot->arrived.wait_until(timers_, due);
  if (!has_come || !slot->reply) co_return broken();
  trace_.add(static_cast<std::uint64_t>(slot->reply->status));
  trace_.add(slot->reply->body);
  if (slot->reply->status >= 400) note_refusal(*slot->reply);
  if (heard) {
    heard->reply = *slot->reply;
    listener(*heard);
  }
  co_await timers_.sleep_until(std::min(due, timers_.steady_now() + latency()));
  if (cuts_.contains({to, from}) || meets(faults.lost_per_mille)) co_return broken();
  co_return *std::move(slot->reply);
}

}  // namespace cpc::sim

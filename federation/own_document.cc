#include "federation/own_document.h"

#include <algorithm>

#include "federation/instance_document.h"

namespace cpc::federation {
namespace {

constexpr auto renew_after = operational_life_max / 2;
constexpr auto look_interval = std::chrono::minutes{1};
/// Peers allow five minutes of skew for the date of issue.
constexpr auto set_back_max = std::chrono::minutes{2};

}  // namespace

Task<> OwnDocument::renew() {
  Bytes bytes;
  std::int64_t serial = 0;
  const TimePoint now = timers_.now();
  const SealingKeys::Key sealing = keys_.sealing.newest();
  const Keyring::Key signing = keys_.publisher(now);
  const OwnDelegation delegation = keys_.newest();
  const auto next = [&](core::Transaction& tx) -> Result<> {
    const core::PeerKey key{home_.name};
    CPC_TRY(auto row, tx.find(key));
    // A store that is new, or an old copy, knows less than the peers, who take no lower serial.
    const std::int64_t seconds = to_milliseconds(now) / 1000;
    serial = std::max((row ? row->operational_serial : 0) + 1, seconds);
    OperationalDraft operational;
    operational.name = home_.name;
    operational.iid = home_.iid;
    operational.serial = serial;
    operational.issued = now;
    operational.endpoints = settings_.endpoints;
    operational.tls_pins = settings_.tls_pins;
    if (sealing) operational.sealing_keys.push_back(sealing->public_key());
    operational.transaction_bytes_max = settings_.transaction_bytes_max;
    operational.transaction_entries_max = settings_.transaction_entries_max;
    bytes = make_document(delegation.jws, operational, *signing);
    core::Peer own;
    own.name = home_.name;
    own.iid = home_.iid;
    own.document = bytes;
    own.delegation_serial = delegation.identity.delegation_serial;
    own.operational_serial = serial;
    own.fetched_at = now;
    own.epoch = home_.epoch;
    own.boot_counter = home_.boot_counter;
    tx.put(std::move(own));
    return success();
  };
  const core::Keys keys(1, core::PeerKey{home_.name});
  CPC_CO_TRY(co_await store_.transact(keys, next));
  issued_at_ = now;
  bytes_ = std::move(bytes);
  serial_ = serial;
  // Another one may have come meanwhile, which this document does not have.
  is_wanted_ = keys_.newest().jws != delegation.jws;
  if (!is_wanted_) keys_.take_over();
  co_return success();
}

bool OwnDocument::is_due(TimePoint now) const {
  return now >= issued_at_ + renew_after || now + set_back_max < issued_at_;
}

boost::asio::awaitable<void> OwnDocument::run(Log& log) {
  for (;;) {
    co_await timers_.sleep_until(timers_.steady_now() + look_interval);
    if (settings_.renew_delegation && settings_.renew_delegation(timers_.now())) want_renewal();
    if (!is_wanted_ && !is_due(timers_.now())) continue;
    const Result<> renewed = co_await renew();
    if (!renewed) log.error("own document was not renewed", {{"reason", renewed.error().detail}});
  }
}

}  // namespace cpc::federation

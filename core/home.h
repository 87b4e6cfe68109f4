// Who we are: what every rule knows about the instance it runs on.
#pragma once

#include "core/address.h"
#include "core/chance.h"
#include "core/ids.h"
#include "crypto/at_rest.h"

namespace cpc::core {

/// Owned by the daemon's parts list; outlives every closure.
struct Home {
  InstanceName name;
  Iid iid;
  StoreEpoch epoch;
  std::int64_t boot_counter = 0;
  const crypto::MasterKey& master;

  [[nodiscard]] bool is_local(const Address& address) const { return address.instance == name; }
  [[nodiscard]] Address address_of(const std::string& local) const { return {local, name}; }
};

/// When a rule runs and the chance it may use. A value: each run of a closure takes a fresh copy.
struct Moment {
  TimePoint now;
  Chance chance;
};

}  // namespace cpc::core

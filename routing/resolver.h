// The port to DNS: where an instance may be found, by its name. What comes back is a hint; only the
// signed document that is fetched there proves who answered.
//
// AresResolver (ares_resolver.h) asks the configured servers; tests answer from a table. Network
// thread only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/ids.h"
#include "routing/endpoint.h"
#include "routing/ports.h"

namespace cpc::routing {

struct Hints {
  std::vector<Endpoint> endpoints;  ///< In the order in which to try them (RFC 2782); at least one.
  std::optional<core::Iid> iid;     ///< Who is said to be there.
  Milliseconds ttl{};               ///< As answered, clamped.
  SteadyPoint holds_until{};
  /// The server validated every answer, and the configuration trusts it and the way to it.
  bool is_authenticated = false;
  /// The servers cannot be asked now, and this is what they said before.
  bool is_stale = false;
  bool operator==(const Hints&) const = default;
};

/// What is asked for a name.
struct DnsNames {
  std::string srv;  ///< `_cpc-fed._tcp.beta.cpc`
  std::string txt;  ///< `_cpc.beta.cpc`
};

/// `beta.cpc`, or below a public suffix: `beta.cpc.example.org` for the suffix `cpc.example.org`.
/// An empty suffix is none.
[[nodiscard]] DnsNames dns_names(const core::InstanceName& name, const std::string& suffix);

class Resolver {
 public:
  virtual ~Resolver() = default;
  /// From memory while that holds, else asked. Takes 15 s at most. Fails with
  ///   not_found    DNS knows no such instance, or says that it is gone;
  ///   unavailable  no server answered, or none could say;
  ///   invalid      the answer is none that an honest server gives;
  ///   conflict     it names two instances.
  [[nodiscard]] virtual Task<Hints> resolve(core::InstanceName name) = 0;
  /// Nobody answered where the hints lead: they are asked for again before their time is over, so
  /// that a peer that moved is not lost for a day. Bounded by the adapter; cheap to call.
  virtual void doubt(const core::InstanceName& name) = 0;
  /// Drops what is remembered of this name, also for when no server answers.
  virtual void forget(const core::InstanceName& name) = 0;
};

}  // namespace cpc::routing

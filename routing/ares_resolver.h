// Resolver over DNS: SRV and TXT of a name, then the addresses of the SRV targets, all from the
// configured servers. docs/protocol.md tells the records' form.
//
//   - SRV and TXT are asked at the same time. Without SRV there is no hint; a missing TXT only
//     leaves out who is there; a TXT that lies or contradicts itself spoils the whole.
//   - Targets are names, and our servers are asked for their addresses, because a target may lie
//     below `.cpc`, which nobody else knows. Where our servers know nothing of a target that lies
//     elsewhere, the name itself is the hint, and the machine's resolver may know it.
//   - What was found is kept for its TTL; what was not, briefly. While the servers cannot be asked,
//     what they said before still serves, for a day.
//   - One look-up at a time for each name, whose outcome all who ask share; so many names are
//     remembered, least recently asked first to go.
// Network thread only.
#pragma once

#include <map>
#include <memory>

#include "routing/ares_channel.h"
#include "routing/resolver.h"
#include "routing/single_flight.h"

namespace cpc::routing {

struct DnsSettings {
  std::vector<Endpoint> resolvers;  ///< Addresses; none means that DNS is not asked.
  std::string suffix;               ///< See dns_names.
  bool trust_ad = false;            ///< A resolver's "validated" (AD) is believed.
  std::chrono::milliseconds look_up_max{15'000};
};

class AresResolver final : public Resolver {
 public:
  static constexpr std::size_t names_max = 1024;
  static constexpr std::size_t targets_resolved_max = 8;
  /// What is doubted is asked for again when it is so old, and no sooner.
  static constexpr Milliseconds doubted_age_min = std::chrono::seconds{10};
  static constexpr Milliseconds stale_max = std::chrono::hours{24};

  /// Fails as AresChannel::open.
  [[nodiscard]] static Result<std::unique_ptr<AresResolver>> open(
      const boost::asio::any_io_executor& executor, DnsSettings settings, Timers& timers,
      Random& random);
  /// Nobody may wait for it any more.
  ~AresResolver() override;

  [[nodiscard]] Task<Hints> resolve(core::InstanceName name) override;
  void doubt(const core::InstanceName& name) override;
  void forget(const core::InstanceName& name) override;
  [[nodiscard]] std::size_t names_remembered() const { return known_.size(); }

 private:
  struct Known {
    std::optional<Result<Hints>> outcome{};  ///< The last, holding or not.
    SteadyPoint answered_at{};
    SteadyPoint holds_until{};
    std::optional<Hints> last_good{};
    SingleFlight<Hints> look_up{};
    std::uint64_t asked_n = 0;
  };
  /// What one look-up yields; a failure says for how long it is kept.
  using Found =
      boost::outcome_v2::basic_result<Hints, DnsFailure, boost::outcome_v2::policy::terminate>;
  using Clock = std::chrono::steady_clock;

  AresResolver(DnsSettings settings, Timers& timers, Random& random,
               std::unique_ptr<AresChannel> channel);
  [[nodiscard]] std::shared_ptr<Known> known(const core::InstanceName& name);
  [[nodiscard]] Result<Hints> keep(Known& known, Found found);
  [[nodiscard]] boost::asio::awaitable<void> ask(core::InstanceName name, std::optional<Found>& to);
  [[nodiscard]] boost::asio::awaitable<void> add_addresses(std::vector<Endpoint> targets,
                                                           Clock::time_point deadline, Hints& to,
                                                           std::optional<DnsFailure>& failure);

  DnsSettings settings_;
  Timers& timers_;
  Random& random_;
  std::unique_ptr<AresChannel> channel_;
  std::map<core::InstanceName, std::shared_ptr<Known>> known_;
  std::uint64_t asked_n_ = 0;
};

}  // namespace cpc::routing

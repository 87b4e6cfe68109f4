#include "routing/ares_resolver.h"

#include <algorithm>

namespace cpc::routing {
namespace {

namespace asio = boost::asio;

/// Lies and contradictions are somebody's mistake, which takes a while to mend.
constexpr Milliseconds lie_ttl = dns_ttl_min;

bool is_below_cpc(const std::string& host) {
  return host.ends_with(".cpc");
}

/// Servers that do not speak of a name of ours are broken, or set up wrongly: that may change.
DnsFailure as_unavailable(DnsFailure failure) {
  if (failure.error.code == ErrorCode::denied) failure.error.code = ErrorCode::unavailable;
  return failure;
}

/// Octets that could not be had are a failure like one that was answered.
template <class Records, class Read>
DnsOutcome<Records> read_with(Read read, const Result<Bytes>& octets, const DnsQuestion& question) {
  if (!octets) return DnsFailure{octets.error()};
  return read(octets.value(), question);
}

/// The address questions of one SRV target.
struct Target {
  Endpoint endpoint;
  DnsQuestion four;
  DnsQuestion six;
  std::shared_ptr<DnsAsked> asked_four{};
  std::shared_ptr<DnsAsked> asked_six{};
};

/// What one target's two answers give.
struct Addresses {
  std::vector<boost::asio::ip::address> found{};
  Milliseconds ttl = dns_ttl_max;
  bool is_authenticated = true;
  bool is_unknown = true;  ///< Our servers know nothing of the target, or do not speak of it.
  std::optional<DnsFailure> failure{};

  void take(const DnsOutcome<AddressAnswer>& outcome) {
    if (!outcome) {
      // Denied by servers that have just answered for the instance: they do not know the target.
      const ErrorCode code = outcome.error().error.code;
      if (code == ErrorCode::not_found || code == ErrorCode::denied) return;
      is_unknown = false;
      failure = outcome.error();
      return;
    }
    is_unknown = false;
    ttl = std::min(ttl, outcome.value().ttl);
    is_authenticated = is_authenticated && outcome.value().is_authenticated;
    const auto& addresses = outcome.value().records.addresses;
    found.insert(found.end(), addresses.begin(), addresses.end());
  }
};

/// IPv4 first: endpoints are tried one after the other, and a broken IPv6 costs its whole timeout.
asio::awaitable<Addresses> addresses_of(Target target,
                                        std::chrono::steady_clock::time_point deadline) {
  Addresses addresses;
  const auto four = co_await AresChannel::answer(target.asked_four, deadline);
  addresses.take(read_with<AddressAnswer>(read_address_answer, four, target.four));
  const auto six = co_await AresChannel::answer(target.asked_six, deadline);
  addresses.take(read_with<AddressAnswer>(read_address_answer, six, target.six));
  co_return addresses;
}

}  // namespace

AresResolver::AresResolver(DnsSettings settings, Timers& timers, Random& random,
                           std::unique_ptr<AresChannel> channel)
    : settings_(std::move(settings)),
      timers_(timers),
      random_(random),
      channel_(std::move(channel)) {}

AresResolver::~AresResolver() = default;

Result<std::unique_ptr<AresResolver>> AresResolver::open(const asio::any_io_executor& executor,
                                                         DnsSettings settings, Timers& timers,
                                                         Random& random) {
  CPC_TRY(auto channel, AresChannel::open(executor, settings.resolvers, random));
  return std::unique_ptr<AresResolver>{
      new AresResolver{std::move(settings), timers, random, std::move(channel)}};
}

Task<Hints> AresResolver::resolve(core::InstanceName name) {
  const std::shared_ptr<Known> entry = known(name);
  const auto asks = [&]() -> Task<Hints> {
    if (entry->outcome && timers_.steady_now() < entry->holds_until) co_return *entry->outcome;
    std::optional<Found> found;
    co_await ask(name, found);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (is_given_up(state)) co_return fail(ErrorCode::unavailable, "the look-up was given up");
    co_return keep(*entry, *std::move(found));
  };
  co_return co_await entry->look_up.run(asks);
}

/// The entry of `name`, made if need be; then the one asked longest ago goes, if there are too
/// many.
std::shared_ptr<AresResolver::Known> AresResolver::known(const core::InstanceName& name) {
  auto& entry = known_[name];
  if (entry == nullptr) entry = std::make_shared<Known>();
  entry->asked_n = ++asked_n_;
  std::shared_ptr<Known> kept = entry;
  if (known_.size() > names_max) {
    known_.erase(
        std::ranges::min_element(known_, {}, [](const auto& one) { return one.second->asked_n; }));
  }
  return kept;
}

void AresResolver::doubt(const core::InstanceName& name) {
  const auto found = known_.find(name);
  if (found == known_.end()) return;
  Known& doubted = *found->second;
  doubted.holds_until = std::min(doubted.holds_until, doubted.answered_at + doubted_age_min);
}

void AresResolver::forget(const core::InstanceName& name) {
  known_.erase(name);
}

Result<Hints> AresResolver::keep(Known& known, Found found) {
  const SteadyPoint now = timers_.steady_now();
  known.answered_at = now;
  if (found) {
    Hints hints = std::move(found).value();
    hints.holds_until = known.holds_until = now + hints.ttl;
    known.last_good = hints;
    known.outcome = Result<Hints>{hints};
    return hints;
  }
  const DnsFailure& failure = found.error();
  const bool is_lie =
      failure.error.code == ErrorCode::invalid || failure.error.code == ErrorCode::conflict;
  known.holds_until = now + (is_lie ? lie_ttl : failure.ttl);
  const bool may_serve = failure.error.code == ErrorCode::unavailable && known.last_good &&
                         now < known.last_good->holds_until + stale_max;
  if (may_serve) {
    Hints stale = *known.last_good;
    stale.is_stale = true;
    known.outcome = Result<Hints>{stale};
    return stale;
  }
  known.outcome = Result<Hints>{failure.error};
  return failure.error;
}

asio::awaitable<void> AresResolver::ask(core::InstanceName name, std::optional<Found>& to) {
  const auto deadline = Clock::now() + settings_.look_up_max;
  const DnsNames names = dns_names(name, settings_.suffix);
  const DnsQuestion srv_question{names.srv, DnsType::srv};
  const DnsQuestion txt_question{names.txt, DnsType::txt};
  const auto asked_srv = channel_->ask(srv_question);
  const auto asked_txt = channel_->ask(txt_question);
  const auto srv_octets = co_await AresChannel::answer(asked_srv, deadline);
  const auto txt_octets = co_await AresChannel::answer(asked_txt, deadline);
  const auto srv = read_with<SrvAnswer>(read_srv_answer, srv_octets, srv_question);
  const auto txt = read_with<TxtAnswer>(read_txt_answer, txt_octets, txt_question);
  // A TXT that could not be had might be the one that contradicts.
  const bool has_no_txt = !txt && txt.error().error.code == ErrorCode::not_found;
  if (!txt && !has_no_txt) {
    to = as_unavailable(txt.error());
    co_return;
  }
  if (txt && !txt.value().records.is_active) {
    to = DnsFailure{fail(ErrorCode::not_found, "DNS says that the instance is gone"),
                    txt.value().ttl};
    co_return;
  }
  if (!srv) {
    to = as_unavailable(srv.error());
    co_return;
  }
  Hints hints;
  hints.ttl = srv.value().ttl;
  hints.is_authenticated = settings_.trust_ad && srv.value().is_authenticated;
  if (txt) {
    hints.iid = txt.value().records.iid;
    hints.ttl = std::min(hints.ttl, txt.value().ttl);
    hints.is_authenticated = hints.is_authenticated && txt.value().is_authenticated;
  }
  std::optional<DnsFailure> failure;
  auto targets = in_srv_order(srv.value().records.records, core::Chance{random_.seed()});
  co_await add_addresses(std::move(targets), deadline, hints, failure);
  if (hints.endpoints.empty()) {
    to = failure.value_or(
        DnsFailure{fail(ErrorCode::not_found, "DNS knows no address of the targets")});
  } else {
    to = std::move(hints);
  }
}

asio::awaitable<void> AresResolver::add_addresses(std::vector<Endpoint> targets,
                                                  Clock::time_point deadline, Hints& to,
                                                  std::optional<DnsFailure>& failure) {
  if (targets.size() > targets_resolved_max) targets.resize(targets_resolved_max);
  std::vector<Target> asked;
  for (Endpoint& endpoint : targets) {
    Target target{endpoint, {endpoint.host, DnsType::a}, {endpoint.host, DnsType::aaaa}};
    target.asked_four = channel_->ask(target.four);
    target.asked_six = channel_->ask(target.six);
    asked.push_back(std::move(target));
  }
  for (const Target& target : asked) {
    const Addresses addresses = co_await addresses_of(target, deadline);
    if (addresses.failure) failure = addresses.failure;
    if (addresses.is_unknown && !is_below_cpc(target.endpoint.host)) {
      if (to.endpoints.size() < dns_addresses_max) to.endpoints.push_back(target.endpoint);
      continue;
    }
    if (addresses.found.empty()) continue;
    to.ttl = std::min(to.ttl, addresses.ttl);
    to.is_authenticated = to.is_authenticated && addresses.is_authenticated;
    for (const auto& address : addresses.found) {
      if (to.endpoints.size() == dns_addresses_max) break;
      to.endpoints.push_back({address.to_string(), target.endpoint.port});
    }
  }
}

}  // namespace cpc::routing

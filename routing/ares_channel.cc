#include "routing/ares_channel.h"

#include <ares.h>
#include <sys/time.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <optional>

namespace cpc::routing {
namespace asio = boost::asio;

class DnsAsked {
 public:
  explicit DnsAsked(const asio::any_io_executor& executor)
      : bell(executor, asio::steady_timer::time_point::max()) {}
  void end(Result<Bytes> how) {
    outcome = std::move(how);
    bell.cancel();
  }
  asio::steady_timer bell;  // Runs out at the deadline; cancelling it wakes who waits.
  std::optional<Result<Bytes>> outcome;
};

namespace {

// Two rounds over at most three servers end within the 15 s that a look-up may take, or are cut.
constexpr int timeout_ms = 2500;
constexpr int tries = 2;
constexpr int udp_octets_max = 1232;  // What passes without fragments (DNS flag day 2020).
constexpr int class_in = 1;
constexpr std::size_t header_octets = 12;
constexpr unsigned char flag_ad = 0x20;

std::string detail_of(int status) {
  return std::string{"DNS: "} + ares_strerror(status);
}

/// c-ares 1.18 has one status for servers that answer SERVFAIL, NOTIMP or REFUSED and for those
/// that the network says are not there; silence is another.
Error failure_of(int status) {
  if (status != ARES_ECONNREFUSED) return fail(ErrorCode::unavailable, detail_of(status));
  return fail(ErrorCode::denied, "no DNS server would speak of the name");
}

/// One socket of c-ares, which opens and closes it; we only watch.
struct Watched {
  Watched(const asio::any_io_executor& executor, int fd) : descriptor(executor, fd) {}
  // Never closes what is not ours.
  ~Watched() { descriptor.release(); }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  asio::posix::stream_descriptor descriptor;
  bool wants_read = false;
  bool wants_write = false;
  bool waits_read = false;
  bool waits_write = false;
};

}  // namespace

class AresChannel::State : public std::enable_shared_from_this<AresChannel::State> {
 public:
  State(const asio::any_io_executor& executor, Random& random)
      : executor_(executor), random_(random), timer_(executor) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { close(); }

  [[nodiscard]] Result<> open(const std::vector<Endpoint>& servers);
  [[nodiscard]] std::shared_ptr<DnsAsked> ask(const DnsQuestion& question);
  void close();

 private:
  static void on_socket(void* self, int fd, int readable, int writable);
  static void on_answer(void* waiting, int status, int, unsigned char* octets, int count);
  void watch(int fd, bool reads, bool writes);
  void wait_for(int fd, const std::shared_ptr<Watched>& watched);
  void wait_on(int fd, const std::shared_ptr<Watched>& watched, bool is_read);
  void process(int read_fd, int write_fd);
  void wind_timer();

  asio::any_io_executor executor_;
  Random& random_;
  asio::steady_timer timer_;
  ares_channel channel_ = nullptr;
  std::map<int, std::shared_ptr<Watched>> sockets_;
  std::size_t under_way_ = 0;

  /// What c-ares carries for one question.
  struct Waiting {
    State& state;
    std::shared_ptr<DnsAsked> asked;
  };
};

Result<> AresChannel::State::open(const std::vector<Endpoint>& servers) {
  std::string list;
  for (const Endpoint& server : servers) {
    if (!server.is_address()) return fail(ErrorCode::invalid, "a DNS server is an address");
    list += (list.empty() ? "" : ",") + server.text();
  }
  ares_options options{};
  char no_file[] = "/dev/null";
  char no_lookups[] = "b";
  // The answer is judged here, but servers that fail are followed by the next there.
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS;
  options.timeout = timeout_ms;
  options.tries = tries;
  options.ednspsz = udp_octets_max;
  options.lookups = no_lookups;
  options.resolvconf_path = no_file;
  options.sock_state_cb = &State::on_socket;
  options.sock_state_cb_data = this;
  const int chosen = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
                     ARES_OPT_LOOKUPS | ARES_OPT_RESOLVCONF | ARES_OPT_DOMAINS |
                     ARES_OPT_SOCK_STATE_CB | ARES_OPT_NOROTATE;
  int status = ares_init_options(&channel_, &options, chosen);
  if (status == ARES_SUCCESS) status = ares_set_servers_ports_csv(channel_, list.c_str());
  if (status != ARES_SUCCESS) return fail(ErrorCode::internal, detail_of(status));
  return success();
}

void AresChannel::State::close() {
  if (channel_ == nullptr) return;
  ares_destroy(channel_);  // Ends every question and closes every socket.
  channel_ = nullptr;
  sockets_.clear();
  timer_.cancel();
}

std::shared_ptr<DnsAsked> AresChannel::State::ask(const DnsQuestion& question) {
  auto asked = std::make_shared<DnsAsked>(executor_);
  if (under_way_ >= questions_max) {
    asked->end(fail(ErrorCode::unavailable, "too many DNS questions at the same time"));
    return asked;
  }
  const Bytes drawn = random_.bytes(2);
  const auto id = static_cast<unsigned short>(static_cast<std::uint8_t>(drawn[0]) << 8 |
                                              static_cast<std::uint8_t>(drawn[1]));
  unsigned char* octets = nullptr;
  int count = 0;
  const int status =
      ares_create_query(question.name.c_str(), class_in, static_cast<int>(question.type), id,
                        /*rd=*/1, &octets, &count, udp_octets_max);
  if (status != ARES_SUCCESS) {
    asked->end(fail(ErrorCode::invalid, detail_of(status)));
    return asked;
  }
  // Asks the server to say whether it validated (RFC 6840 section 5.7); c-ares has no option.
  if (static_cast<std::size_t>(count) >= header_octets) octets[3] |= flag_ad;
  ++under_way_;
  // Freed by on_answer, which c-ares calls exactly once for each question.
  auto waiting = std::make_unique<Waiting>(Waiting{*this, asked});
  ares_send(channel_, octets, count, &State::on_answer, waiting.release());
  ares_free_string(octets);
  wind_timer();
  return asked;
}

void AresChannel::State::on_answer(void* carried, int status, int, unsigned char* octets,
                                   int count) {
  const std::unique_ptr<Waiting> waiting{static_cast<Waiting*>(carried)};
  --waiting->state.under_way_;
  if (octets != nullptr && count > 0) {
    waiting->asked->end(Bytes{octets, octets + count});
  } else {
    waiting->asked->end(failure_of(status));
  }
}

void AresChannel::State::on_socket(void* self, int fd, int readable, int writable) {
  static_cast<State*>(self)->watch(fd, readable != 0, writable != 0);
}

void AresChannel::State::watch(int fd, bool reads, bool writes) {
  if (!reads && !writes) {  // c-ares closes it next.
    const auto found = sockets_.find(fd);
    if (found == sockets_.end()) return;
    found->second->wants_read = found->second->wants_write = false;
    if (found->second->descriptor.is_open()) found->second->descriptor.release();
    sockets_.erase(found);
    return;
  }
  try {
    auto& watched = sockets_[fd];
    if (watched == nullptr) watched = std::make_shared<Watched>(executor_, fd);
    watched->wants_read = reads;
    watched->wants_write = writes;
    wait_for(fd, watched);
  } catch (const std::exception&) {  // Not to be watched: the question runs into its timeout.
    sockets_.erase(fd);
  }
}

void AresChannel::State::wait_for(int fd, const std::shared_ptr<Watched>& watched) {
  if (watched->wants_read && !watched->waits_read) wait_on(fd, watched, true);
  if (watched->wants_write && !watched->waits_write) wait_on(fd, watched, false);
}

void AresChannel::State::wait_on(int fd, const std::shared_ptr<Watched>& watched, bool is_read) {
  using Descriptor = asio::posix::stream_descriptor;
  (is_read ? watched->waits_read : watched->waits_write) = true;
  const auto ready = [weak = weak_from_this(), watched, fd, is_read](const auto& failure) {
    (is_read ? watched->waits_read : watched->waits_write) = false;
    const auto self = weak.lock();
    if (failure || !self || self->channel_ == nullptr) return;
    // The number may belong to another socket by now.
    const auto is_current = [&] {
      const auto found = self->sockets_.find(fd);
      return found != self->sockets_.end() && found->second == watched;
    };
    if (!is_current()) return;
    self->process(is_read ? fd : ARES_SOCKET_BAD, is_read ? ARES_SOCKET_BAD : fd);
    if (is_current()) self->wait_for(fd, watched);
  };
  watched->descriptor.async_wait(is_read ? Descriptor::wait_read : Descriptor::wait_write, ready);
}

void AresChannel::State::process(int read_fd, int write_fd) {
  ares_process_fd(channel_, read_fd, write_fd);
  wind_timer();
}

void AresChannel::State::wind_timer() {
  timeval left{};
  if (ares_timeout(channel_, nullptr, &left) == nullptr) {  // Nothing is under way.
    timer_.cancel();
    return;
  }
  // A millisecond late, because c-ares counts them whole.
  timer_.expires_after(std::chrono::seconds{left.tv_sec} + std::chrono::microseconds{left.tv_usec} +
                       Milliseconds{1});
  timer_.async_wait([weak = weak_from_this()](const auto& cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self || self->channel_ == nullptr) return;
    self->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  });
}

AresChannel::AresChannel(std::shared_ptr<State> state) : state_(std::move(state)) {}

AresChannel::~AresChannel() {
  state_->close();
}

Result<std::unique_ptr<AresChannel>> AresChannel::open(const asio::any_io_executor& executor,
                                                       const std::vector<Endpoint>& servers,
                                                       Random& random) {
  auto state = std::make_shared<State>(executor, random);
  CPC_TRY(state->open(servers));
  return std::unique_ptr<AresChannel>{new AresChannel{std::move(state)}};
}

std::shared_ptr<DnsAsked> AresChannel::ask(const DnsQuestion& question) {
  return state_->ask(question);
}

Task<Bytes> AresChannel::answer(std::shared_ptr<DnsAsked> asked,
                                std::chrono::steady_clock::time_point deadline) {
  if (!asked->outcome) {
    asked->bell.expires_at(deadline);
    co_await asked->bell.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (asked->outcome) co_return *std::move(asked->outcome);
  co_return fail(ErrorCode::unavailable, "DNS did not answer in time");
}

}  // namespace cpc::routing

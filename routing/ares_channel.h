// Questions to a fixed set of DNS servers, over c-ares on Asio: one channel, its sockets watched by
// the network thread. Knows how to ask and to wait; dns_answer.h knows what an answer is worth.
//
// The machine's own configuration is never looked at: no resolv.conf, no search domains, no hosts
// file. Answers are matched by c-ares (id, question, server), cut ones are asked for again over
// TCP, and a server that fails is followed by the next. Network thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <vector>

#include "routing/dns_answer.h"
#include "routing/ports.h"

namespace cpc::routing {

/// One question under way. Whoever asked may let go of it at any time.
class DnsAsked;

class AresChannel {
 public:
  static constexpr std::size_t questions_max = 256;  ///< Under way at the same time.

  /// Fails with internal if c-ares cannot be set up, with invalid on a server that is not an
  /// address. `servers` has at least one.
  [[nodiscard]] static Result<std::unique_ptr<AresChannel>> open(
      const boost::asio::any_io_executor& executor, const std::vector<Endpoint>& servers,
      Random& random);
  AresChannel(const AresChannel&) = delete;
  AresChannel& operator=(const AresChannel&) = delete;
  /// Ends every question.
  ~AresChannel();

  /// Sends the question and returns at once, so that several can be under way.
  [[nodiscard]] std::shared_ptr<DnsAsked> ask(const DnsQuestion& question);

  /// The answer's octets, whatever they say. Fails with denied when each server refuses to speak of
  /// the name, fails at it, or is not there; with unavailable when they are silent, at `deadline`,
  /// and when the coroutine is cancelled. A question is waited for once.
  [[nodiscard]] static Task<Bytes> answer(std::shared_ptr<DnsAsked> asked,
                                          std::chrono::steady_clock::time_point deadline);

 private:
  class State;
  explicit AresChannel(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace cpc::routing

// A person's client, as an application would be one: one WebSocket, on which they follow their
// events and ask for everything else.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/bench/client_socket.h"

namespace cpc::bench {

class Person final : public ClientSocket::Owner {
 public:
  using json = nlohmann::json;  // NOLINT(readability-identifier-naming): the library's name.
  /// Connects, signs in with the token and follows the events after the cursor. While the instance
  /// does not answer, it tries again.
  Person(boost::asio::io_context& io, const Place& place, SignedIn who);

  /// Called with each event.
  std::function<void(const json& event)> on_event;

  /// Acknowledged, and the subscription asked for.
  [[nodiscard]] bool is_ready() const { return is_ready_; }
  /// Operations that were not answered yet; the daemon takes 32 on a connection.
  [[nodiscard]] std::size_t asked() const { return asked_.size(); }

  /// A query or mutation. Its answer is {"data": ...} and perhaps {"errors": ...}.
  using Answered = std::function<void(const json& answer)>;
  void ask(const std::string& document, json variables, Answered answered);

  /// Messages are thrown as std::runtime_error out of the loop: nothing may break while we measure.
  void opened() override;
  void received(std::string_view text) override;
  void ended(const std::string& why) override;

 private:
  void connect();
  void subscribe(const std::string& id, const std::string& document, json variables);
  void take_payload(const std::string& id, const json& payload);

  boost::asio::io_context& io_;
  Place place_;
  SignedIn who_;
  std::unique_ptr<ClientSocket> socket_;
  bool is_open_ = false;
  bool is_ready_ = false;
  std::uint64_t last_id_ = 0;
  std::map<std::string, Answered> asked_;
};

}  // namespace cpc::bench

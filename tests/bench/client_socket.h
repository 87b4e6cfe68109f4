// A WebSocket of a client, plain, speaking graphql-transport-ws. Beast stays behind this header.
// One thread, callbacks: the clients share the machine with the daemons and should cost little.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "tests/bench/world.h"

namespace cpc::bench {

class ClientSocket {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void opened() = 0;
    virtual void received(std::string_view text) = 0;
    /// The connection could not be made, or broke; nothing comes after it.
    virtual void ended(const std::string& why) = 0;
  };

  /// Connects and shakes hands. `owner` outlives the socket.
  ClientSocket(boost::asio::io_context& io, const Place& place, Owner& owner);
  /// Cuts the connection. Nobody is told.
  ~ClientSocket();
  ClientSocket(const ClientSocket&) = delete;
  ClientSocket& operator=(const ClientSocket&) = delete;

  /// Once it is open; in the order of the calls.
  void send(std::string text);

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace cpc::bench

#include "tests/bench/client_socket.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <utility>

namespace cpc::bench {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;

// Each handler holds it, since the socket may be gone while it waits.
class ClientSocket::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(asio::io_context& io, const Place& place, Owner& owner)
      : host_(place.host),
        endpoint_(asio::ip::make_address(place.host), place.port),
        stream_(io),
        owner_(&owner) {
    stream_.set_option(websocket::stream_base::decorator([](websocket::request_type& request) {
      request.set(beast::http::field::sec_websocket_protocol, "graphql-transport-ws");
    }));
    stream_.secure_prng(false);  // Masks hide nothing from anybody here.
  }

  void connect() {
    stream_.next_layer().async_connect(
        endpoint_, [self = shared_from_this()](beast::error_code failure) {
          if (!self->goes_on(failure)) return;
          self->stream_.next_layer().set_option(tcp::no_delay{true}, failure);
          self->shake_hands();
        });
  }

  void send(std::string text) {
    queue_.push_back(std::move(text));
    if (queue_.size() == 1) write();
  }

  void cut() {
    owner_ = nullptr;
    beast::error_code ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  bool goes_on(beast::error_code failure) {
    if (owner_ == nullptr) return false;
    if (!failure) return true;
    std::exchange(owner_, nullptr)->ended(failure.message());
    return false;
  }

  void shake_hands() {
    stream_.async_handshake(host_, "/graphql",
                            [self = shared_from_this()](beast::error_code failure) {
                              if (!self->goes_on(failure)) return;
                              self->stream_.text(true);
                              self->read();
                              self->owner_->opened();
                            });
  }

  void read() {
    stream_.async_read(
        buffer_, [self = shared_from_this()](beast::error_code failure, std::size_t) {
          if (!self->goes_on(failure)) return;
          const auto data = self->buffer_.cdata();
          self->owner_->received({static_cast<const char*>(data.data()), data.size()});
          if (self->owner_ == nullptr) return;
          self->buffer_.clear();
          self->read();
        });
  }

  void write() {
    stream_.async_write(asio::buffer(queue_.front()),
                        [self = shared_from_this()](beast::error_code failure, std::size_t) {
                          if (!self->goes_on(failure)) return;
                          self->queue_.pop_front();
                          if (!self->queue_.empty()) self->write();
                        });
  }

  std::string host_;
  tcp::endpoint endpoint_;
  websocket::stream<tcp::socket, false> stream_;
  beast::flat_buffer buffer_;
  std::deque<std::string> queue_;
  Owner* owner_;  ///< Null once nobody is told any more.
};

ClientSocket::ClientSocket(asio::io_context& io, const Place& place, Owner& owner)
    : core_(std::make_shared<Core>(io, place, owner)) {
  core_->connect();
}

ClientSocket::~ClientSocket() {
  core_->cut();
}

void ClientSocket::send(std::string text) {
  core_->send(std::move(text));
}

}  // namespace cpc::bench

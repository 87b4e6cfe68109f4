#include "cli/unix_admin_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <exception>

namespace cpc::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using admin_protocol::Problem;
using boost::system::error_code;
using Stream = beast::basic_stream<asio::local::stream_protocol>;
using Request = http::request<http::span_body<const char>>;  // A view: no copy of a password.
using Parser = http::response_parser<http::string_body>;

/// One exchange on an io_context of its own: connect, write, read, each starting the next.
class Exchange {
 public:
  Exchange(std::string_view path, std::string_view body)
      : request_(http::verb::post, beast::string_view{path.data(), path.size()}, 11) {
    request_.set(http::field::host, "cpcd");
    request_.set(http::field::content_type, "application/json");
    request_.keep_alive(false);
    request_.body() = {body.data(), body.size()};
    request_.prepare_payload();
    parser_.body_limit(admin_protocol::answer_bytes_max);
  }

  /// What ended it: no error, or that of the step which failed.
  error_code run(const AdminTarget& target) {
    stream_.expires_after(target.timeout);  // For all three steps together.
    stream_.async_connect(asio::local::stream_protocol::endpoint{target.socket},
                          [this](error_code failed) {
                            outcome_ = failed;
                            if (!failed) write();
                          });
    context_.run();
    return outcome_;
  }

  [[nodiscard]] bool is_connected() const { return is_connected_; }
  [[nodiscard]] const http::response<http::string_body>& response() const { return parser_.get(); }

 private:
  void write() {
    is_connected_ = true;
    http::async_write(stream_, request_, [this](error_code failed, std::size_t) {
      outcome_ = failed;
      // A daemon that refuses unread answers and closes: its answer says more than our EPIPE.
      if (!failed || failed == asio::error::broken_pipe) read();
    });
  }
  void read() {
    http::async_read(stream_, buffer_, parser_,
                     [this](error_code failed, std::size_t) { outcome_ = failed; });
  }

  asio::io_context context_;
  Stream stream_{context_};
  Request request_;
  beast::flat_buffer buffer_;
  Parser parser_;
  error_code outcome_;
  bool is_connected_ = false;
};

Problem told(const error_code& failed, bool is_connected, const AdminTarget& target) {
  if (failed == beast::error::timeout) {
    return {"timeout.daemon",
            "The daemon did not answer in " + std::to_string(target.timeout.count()) + " s",
            "It is busy or stuck; whether it acted is not known.",
            "cpcctl status, then look at its log; --timeout waits longer."};
  }
  if (is_connected) {
    return {"daemon.closed", "The daemon closed the connection without a whole answer",
            failed.message(), "cpcctl status, then look at its log."};
  }
  if (failed == asio::error::access_denied ||
      failed == boost::system::errc::operation_not_permitted) {
    return {"auth.socket", "This user may not talk to the daemon",
            target.socket + ": " + failed.message(), "Run cpcctl as root or as the daemon's user."};
  }
  return {"daemon.unreachable", "The daemon is not reachable at " + target.socket, failed.message(),
          "Start it, or name its socket with --socket PATH."};
}

Answer<std::string> exchanged(const AdminTarget& target, std::string_view path,
                              std::string_view body) {
  Exchange exchange{path, body};
  const error_code failed = exchange.run(target);
  if (failed) return told(failed, exchange.is_connected(), target);
  const auto& response = exchange.response();
  if (response.result() == http::status::ok) return response.body();
  auto problem = admin_protocol::decode<Problem>(response.body());
  if (problem.has_value()) return std::move(problem).value();
  return Problem{"protocol.answer", "The daemon's answer was not understood",
                 "HTTP status " + std::to_string(response.result_int()),
                 "Install cpcctl and cpcd of the same version."};
}

}  // namespace

Answer<std::string> UnixAdminClient::exchange(std::string_view path, std::string_view body) try {
  return exchanged(target_, path, body);
} catch (const std::exception& error) {  // A path too long for a socket, no memory, no descriptor.
  return Problem{"daemon.unreachable", "The daemon is not reachable at " + target_.socket,
                 error.what(), "Name its socket with --socket PATH."};
}

}  // namespace cpc::cli

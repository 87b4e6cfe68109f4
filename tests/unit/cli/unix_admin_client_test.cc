#include "cli/unix_admin_client.h"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "cli/command.h"

namespace {

using namespace cpc;
using namespace cpc::cli;
using namespace cpc::admin_protocol;
using Protocol = boost::asio::local::stream_protocol;

/// A daemon that takes one connection, reads a request, says `reply` and closes. An empty reply:
/// says nothing until the client has gone.
class OneAnswer {
 public:
  explicit OneAnswer(std::string reply)
      : path_((std::filesystem::temp_directory_path() /
               ("cpc_admin_" + std::to_string(::getpid()) + ".sock"))
                  .string()) {
    std::filesystem::remove(path_);
    acceptor_ = std::make_unique<Protocol::acceptor>(context_, Protocol::endpoint{path_});
    thread_ = std::thread{[this, reply = std::move(reply)] { serve(reply); }};
  }
  ~OneAnswer() {
    thread_.join();
    std::filesystem::remove(path_);
  }
  [[nodiscard]] AdminTarget target() const { return {path_, std::chrono::seconds{1}}; }
  [[nodiscard]] const std::string& request() const { return request_; }
  void wait() {
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread{[] {}};
  }

 private:
  void serve(const std::string& reply) {
    Protocol::socket socket = acceptor_->accept();
    boost::system::error_code ended;
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(request_), "}", ended);
    if (!reply.empty()) {
      boost::asio::write(socket, boost::asio::buffer(reply), ended);
    } else {
      char one = 0;
      socket.read_some(boost::asio::buffer(&one, 1), ended);
    }
  }

  std::string path_;
  boost::asio::io_context context_;
  std::unique_ptr<Protocol::acceptor> acceptor_;
  std::string request_;
  std::thread thread_;
};

std::string http(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

Problem problem_from(const AdminTarget& target) {
  UnixAdminClient client{target};
  const auto answer = call(client, UserDisableRequest{"anna"});
  REQUIRE(answer.has_error());
  INFO(answer.error().what << " " << answer.error().why);
  CHECK_FALSE(answer.error().what.empty());
  CHECK_FALSE(answer.error().todo.empty());
  return answer.error();
}

TEST_CASE("a request travels as POST with JSON, and its answer comes back typed") {
  OneAnswer daemon{http("200 OK", encode(UserDisabled{"anna@nord.cpc"}))};
  UnixAdminClient client{daemon.target()};
  const auto answer = call(client, UserDisableRequest{"anna"});
  REQUIRE(answer.has_value());
  CHECK(answer.value() == UserDisabled{"anna@nord.cpc"});
  daemon.wait();
  CHECK(daemon.request().starts_with("POST /v1/user/disable HTTP/1.1\r\n"));
  CHECK(daemon.request().find("Content-Type: application/json\r\n") != std::string::npos);
  CHECK(daemon.request().ends_with("\r\n\r\n{\"username\":\"anna\"}"));
}

TEST_CASE("a problem of the daemon arrives as it was told") {
  const Problem told{"not_found.user", "There is no anna", "Nobody made her.",
                     "cpcctl user create"};
  OneAnswer daemon{http("404 Not Found", encode(told))};
  CHECK(problem_from(daemon.target()) == told);
}

TEST_CASE("no daemon is told as such") {
  CHECK(problem_from({"/nonexistent/admin.sock", std::chrono::seconds{1}}).code ==
        "daemon.unreachable");
  CHECK(problem_from({"/" + std::string(200, 's'), std::chrono::seconds{1}}).code ==
        "daemon.unreachable");
  CHECK(problem_from({"", std::chrono::seconds{1}}).code == "daemon.unreachable");
}

TEST_CASE("a socket that a stopped daemon left behind is no daemon") {
  std::string path;
  {
    OneAnswer daemon{http("200 OK", "{}")};
    path = daemon.target().socket;
    problem_from(daemon.target());
    std::filesystem::rename(path, path + ".left");
  }
  CHECK(problem_from({path + ".left", std::chrono::seconds{1}}).code == "daemon.unreachable");
  std::filesystem::remove(path + ".left");
}

TEST_CASE("a daemon that does not answer is given up, and the time it was given is told") {
  OneAnswer daemon{""};  // Says nothing for as long as we wait: a client that waits on never ends.
  const Problem problem = problem_from(daemon.target());
  CHECK(problem.code == "timeout.daemon");
  CHECK(exit_status_of(problem.code) == exit_timed_out);
  CHECK(problem.what.ends_with(" in 1 s"));
}

TEST_CASE("a daemon that goes away in the middle is told as such") {
  OneAnswer daemon{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"};
  CHECK(problem_from(daemon.target()).code == "daemon.closed");
}

TEST_CASE("an answer that is not one of ours is not taken for one") {
  OneAnswer html{http("200 OK", "<html>")};
  CHECK(problem_from(html.target()).code == "protocol.answer");
}

TEST_CASE("a failure without a reason of ours is told with its HTTP status") {
  OneAnswer proxy{http("502 Bad Gateway", "<html>")};
  const Problem problem = problem_from(proxy.target());
  CHECK(problem.code == "protocol.answer");
  CHECK(problem.why == "HTTP status 502");
}

TEST_CASE("an answer without end is not read to its end") {
  OneAnswer daemon{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{"};
  CHECK(problem_from(daemon.target()).code == "daemon.closed");
}

}  // namespace

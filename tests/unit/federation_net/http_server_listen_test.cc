// What the server listens on: Unix sockets, ports, TLS.
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>

#include "federation/http_server.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/federation_net/net.h"

namespace cpc::federation::test {
namespace {

namespace fs = std::filesystem;

TEST_CASE("a Unix socket tells who is connected and is for owner and group only") {
  Net net;
  EchoHandler echo;
  const tests::TemporaryFolder folder;
  const fs::path path = folder / "admin.sock";
  const mode_t mode = GENERATE(0600, 0660);
  {
    HttpServerOptions options;
    options.listen = UnixListener{path, mode};
    Serving serving{net, options, echo.handler()};
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == mode);
    CHECK(serving.port() == 0);
    RawClient client{net, path};
    CHECK(starts(client.ask(raw_get_and_close), "HTTP/1.1 200 "));
    REQUIRE(echo.peers.at(0).process);
    CHECK(echo.peers[0].process->uid == ::getuid());
    CHECK(echo.peers[0].process->gid == ::getgid());
    CHECK(echo.peers[0].process->pid == ::getpid());
    CHECK(echo.peers[0].address.empty());

    HttpServer second{net.io.get_executor(), options, echo.handler(), net.log};
    const auto refused = second.start();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::conflict);
    CHECK(fs::exists(path));
  }
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE("the socket file of a dead server is replaced, anything else is left alone") {
  Net net;
  EchoHandler echo;
  const tests::TemporaryFolder folder;
  HttpServerOptions options;
  const fs::path path = folder / "admin.sock";
  options.listen = UnixListener{path, 0600};
  { asio::local::stream_protocol::acceptor dead{net.io, path.string()}; }
  REQUIRE(fs::exists(path));
  {
    Serving serving{net, options, echo.handler()};
    CHECK(starts(RawClient{net, path}.ask(raw_get_and_close), "HTTP/1.1 200 "));
    fs::remove(path);  // Somebody else's from here on.
    std::ofstream{path} << "notes";
  }
  CHECK(fs::exists(path));
  HttpServer server{net.io.get_executor(), options, echo.handler(), net.log};
  const auto refused = server.start();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::conflict);

  options.listen = UnixListener{folder / "wide.sock", 0666};
  HttpServer wide{net.io.get_executor(), options, echo.handler(), net.log};
  const auto too_wide = wide.start();
  REQUIRE_FALSE(too_wide);
  CHECK(too_wide.error().code == ErrorCode::invalid);
}

TEST_CASE("a port that is taken is a conflict") {
  Net net;
  EchoHandler echo;
  Serving serving{net, {}, echo.handler()};
  HttpServerOptions options;
  options.listen = TcpListener{"127.0.0.1", serving.port()};
  HttpServer second{net.io.get_executor(), options, echo.handler(), net.log};
  const auto refused = second.start();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::conflict);
}

/// Handshakes at most with `version`, on a thread of its own. True if it succeeds.
bool handshakes_with(std::uint16_t port, int version, const char* from) {
  sigset_t broken_pipe;  // OpenSSL's own writing to a server that has hung up.
  ::sigemptyset(&broken_pipe);
  ::sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const asio::ip::tcp::endpoint own{asio::ip::make_address(from), 0};
  if (::bind(socket, own.data(), static_cast<socklen_t>(own.size())) != 0) return false;
  const asio::ip::tcp::endpoint where{asio::ip::address_v4::loopback(), port};
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_max_proto_version(context, version);
  SSL* session = SSL_new(context);
  SSL_set_fd(session, socket);
  const bool is_done = ::connect(socket, where.data(), static_cast<socklen_t>(where.size())) == 0 &&
                       SSL_connect(session) == 1;
  SSL_free(session);
  SSL_CTX_free(context);
  ::close(socket);
  return is_done;
}

TEST_CASE("a client that does not speak TLS 1.3 gets no connection") {
  Net net;
  EchoHandler echo;
  const auto identity = TlsIdentity::make("beta.cpc", from_milliseconds(1'700'000'000'000)).value();
  HttpServerOptions options;
  options.listen = TcpListener{"127.0.0.1", 0, &identity};
  Serving serving{net, options, echo.handler()};
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto attempt =
        std::async(std::launch::async, handshakes_with, serving.port(), version, "127.0.0.1");
    REQUIRE(net.until([&] { return attempt.wait_for(0s) == std::future_status::ready; }));
    CHECK(attempt.get() == (version == TLS1_3_VERSION));
  }
  RawClient plain{net, serving.port()};
  CHECK_FALSE(has(plain.ask(raw_get), "HTTP/1.1"));
  CHECK(echo.requests.empty());
}

TEST_CASE("an address that begins handshakes too fast is hung up on, and others go on") {
  Net net;
  EchoHandler echo;
  const auto identity = TlsIdentity::make("beta.cpc", from_milliseconds(1'700'000'000'000)).value();
  HttpServerOptions options;
  options.listen = TcpListener{"127.0.0.1", 0, &identity};
  options.handshakes_per_address = {2, std::chrono::hours{1}};
  Serving serving{net, options, echo.handler()};
  const auto is_served = [&](const char* from) {
    auto attempt =
        std::async(std::launch::async, handshakes_with, serving.port(), TLS1_3_VERSION, from);
    REQUIRE(net.until([&] { return attempt.wait_for(0s) == std::future_status::ready; }));
    return attempt.get();
  };
  CHECK(is_served("127.0.0.2"));
  CHECK(is_served("127.0.0.2"));
  CHECK_FALSE(is_served("127.0.0.2"));
  CHECK_FALSE(is_served("127.0.0.2"));
  CHECK(is_served("127.0.0.3"));
  CHECK(net.log.sentences ==
        std::vector<std::string>{
            "an address begins TLS connections too fast; those beyond are closed"});
}

TEST_CASE("a client that does not finish its TLS handshake is cut off") {
  Net net;
  EchoHandler echo;
  const auto identity = TlsIdentity::make("beta.cpc", from_milliseconds(1'700'000'000'000)).value();
  HttpServerOptions options;
  options.timeouts.handshake = 300ms;
  options.listen = TcpListener{"127.0.0.1", 0, &identity};
  Serving serving{net, options, echo.handler()};
  RawClient client{net, serving.port()};
  CHECK(client.hear_all().empty());
}

}  // namespace
}  // namespace cpc::federation::test

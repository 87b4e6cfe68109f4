#include "federation/http_parser.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace cpc::federation {
namespace {

constexpr HttpHeadLimits limits{8 * 1024, 20};

/// Reads one request out of `octets`, handed over in pieces of `piece`.
Reading read(HttpRequestParser& parser, const std::string& octets, std::size_t piece,
             std::size_t body_bytes_max = 1024) {
  Bytes input;
  for (std::size_t at = 0; at < octets.size(); at += piece) {
    input += octets.substr(at, piece);
    Reading reading = parser.advance(input);
    if (reading == Reading::head) {
      parser.limit_body(body_bytes_max);
      reading = parser.advance(input);
    }
    if (reading != Reading::more) return reading;
  }
  return Reading::more;
}

TEST_CASE("a request is the same however its octets are cut into pieces") {
  const std::string octets =
      "PUT /cpc/fed/v1/txn/a%20b?x=1&y=/? HTTP/1.1\r\nHost: beta.cpc\r\nX-One:  a b \t\r\n"
      "x-one: second\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0a\r\n0123456789\r\n"
      "0\r\n\r\n";
  for (std::size_t piece = 1; piece <= octets.size(); ++piece) {
    HttpRequestParser parser{limits};
    CAPTURE(piece);
    REQUIRE(read(parser, octets, piece) == Reading::message);
    const auto& request = parser.request();
    CHECK(request.method == "PUT");
    CHECK(request.path == "/cpc/fed/v1/txn/a%20b");
    CHECK(request.query == "x=1&y=/?");
    CHECK(request.body == "abc0123456789");
    REQUIRE(request.headers.list.size() == 4);
    CHECK(request.headers.list[1].name == "x-one");
    CHECK(request.headers.list[1].value == "a b");
    CHECK(request.headers.count("x-one") == 2);
    CHECK(parser.keeps_alive());
  }
}

TEST_CASE("what two readers could read differently is no request") {
  const std::string host = "Host: a\r\n";
  const std::vector<std::string> bad{
      // Where does the body end?
      "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
      "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
      "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      "POST / HTTP/1.1\r\n" + host + "Content-Length: 3, 3\r\n\r\nabc",
      "POST / HTTP/1.1\r\n" + host + "Content-Length: +3\r\n\r\nabc",
      "POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\nabc",
      "POST / HTTP/1.1\r\n" + host + "Content-Length: 0x3\r\n\r\nabc",
      "POST / HTTP/1.1\r\n" + host + "Content-Length: 3 3\r\n\r\nabc",
      "POST / HTTP/1.1\r\n" + host + "Content-Length:\r\n\r\nabc",
      "POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999999\r\n\r\nabc",
      "POST / HTTP/1.1\r\n" + host + "Content-Length : 3\r\n\r\nabc",
      "POST / HTTP/1.1\r\n" + host + "Content-Length\r\n\r\nabc",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\n\r\nabc",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host +
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0;a=b\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host +
          "Transfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n" + std::string(17, '0') +
          "\r\n\r\n",
      // Where does a line end?
      "GET / HTTP/1.1\r\n" + host + "X: a\r\n folded\r\n\r\n",
      "GET / HTTP/1.1\r\n" + host + "X: a\r\n\tfolded\r\n\r\n",
      "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
      "GET / HTTP/1.1\n" + host + "\r\n\r\n",
      "GET / HTTP/1.1\r\n" + host + "X: a\nY: b\r\n\r\n",
      "GET / HTTP/1.1\r\n" + host + "X: a\rY: b\r\n\r\n",
      "\r\nGET / HTTP/1.1\r\n" + host + "\r\n",
      // Octets that end text somewhere else.
      "GET / HTTP/1.1\r\n" + host + std::string("X: a\0b\r\n\r\n", 10),
      "GET / HTTP/1.1\r\n" + host + "X: a\x01\r\n\r\n",
      "GET / HTTP/1.1\r\n" + host + "X: a\x7f\r\n\r\n",
      "GET / HTTP/1.1\r\n" + host + "X\x80: a\r\n\r\n",
      "GET / HTTP/1.1\r\n" + host + ": a\r\n\r\n",
      "GET / HTTP/1.1\r\n" + host + "X y: a\r\n\r\n",
      // Methods and targets.
      "get / HTTP/1.1\r\n" + host + "\r\n",
      "GE(T / HTTP/1.1\r\n" + host + "\r\n",
      " GET / HTTP/1.1\r\n" + host + "\r\n",
      "GET  / HTTP/1.1\r\n" + host + "\r\n",
      "GET /  HTTP/1.1\r\n" + host + "\r\n",
      "GET /a b HTTP/1.1\r\n" + host + "\r\n",
      "GET\t/ HTTP/1.1\r\n" + host + "\r\n",
      "GET http://a/ HTTP/1.1\r\n" + host + "\r\n",
      "GET //a@b:80# HTTP/1.1\r\n" + host + "\r\n",
      "OPTIONS * HTTP/1.1\r\n" + host + "\r\n",
      "CONNECT a:80 HTTP/1.1\r\n" + host + "\r\n",
      "GET a HTTP/1.1\r\n" + host + "\r\n",
      "GET ?a HTTP/1.1\r\n" + host + "\r\n",
      "GET /#f HTTP/1.1\r\n" + host + "\r\n",
      "GET /\\ HTTP/1.1\r\n" + host + "\r\n",
      "GET /% HTTP/1.1\r\n" + host + "\r\n",
      "GET /%4 HTTP/1.1\r\n" + host + "\r\n",
      "GET /%gg HTTP/1.1\r\n" + host + "\r\n",
      "GET /?%zz HTTP/1.1\r\n" + host + "\r\n",
      "GET /\xc3\xa9 HTTP/1.1\r\n" + host + "\r\n",
      "GET /\"<> HTTP/1.1\r\n" + host + "\r\n",
      "GET / HTTP/1.1 \r\n" + host + "\r\n",
      "GET / HTTP/2.0\r\n" + host + "\r\n",
      "GET / HTTP/0.9\r\n" + host + "\r\n",
      "GET / HTTP/1.2\r\n" + host + "\r\n",
      "GET / http/1.1\r\n" + host + "\r\n",
      "GET / ICE/1.1\r\n" + host + "\r\n",
      "GET /\r\n" + host + "\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      // Whom is it for?
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
  };
  for (const auto& octets : bad) {
    for (const std::size_t piece : {octets.size(), std::size_t{1}}) {
      HttpRequestParser parser{limits};
      CAPTURE(octets, piece);
      CHECK(read(parser, octets, piece) == Reading::refused);
      CHECK(parser.fault() == HttpFault::malformed);
    }
  }
}

TEST_CASE("what follows a request is left for the next one") {
  Bytes input =
      "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nabGET /2 HTTP/1.1\r\nHost: "
      "a\r\n\r\n";
  HttpRequestParser first{limits};
  REQUIRE(first.advance(input) == Reading::head);
  REQUIRE(first.advance(input) == Reading::message);
  CHECK(first.request().body == "ab");
  HttpRequestParser second{limits};
  REQUIRE(second.advance(input) == Reading::head);
  REQUIRE(second.advance(input) == Reading::message);
  CHECK(second.request().path == "/2");
  CHECK(input.empty());
}

TEST_CASE("a head or a body over its limit is told apart from a malformed one") {
  HttpRequestParser long_line{limits};
  CHECK(read(long_line, "GET /" + std::string(9000, 'a'), 100) == Reading::refused);
  CHECK(long_line.fault() == HttpFault::head_too_large);

  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 20; ++i) many += "X: y\r\n";
  HttpRequestParser many_headers{limits};
  CHECK(read(many_headers, many + "\r\n", 4096) == Reading::refused);
  CHECK(many_headers.fault() == HttpFault::head_too_large);

  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  HttpRequestParser told{limits};
  CHECK(read(told, post + "Content-Length: 11\r\n\r\n", 4096, 10) == Reading::refused);
  CHECK(told.fault() == HttpFault::body_too_large);

  HttpRequestParser chunked{limits};
  CHECK(read(chunked, post + "Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\n", 7, 10) ==
        Reading::refused);
  CHECK(chunked.fault() == HttpFault::body_too_large);

  HttpRequestParser endless_chunk_head{limits};
  CHECK(read(endless_chunk_head,
             post + "Transfer-Encoding: chunked\r\n\r\n1" + std::string(500, ' '),
             10) == Reading::refused);
}

TEST_CASE("a reply is read after interim ones, and may end with the connection") {
  Bytes input =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
      "HTTP/1.1 200 OK\r\nX: y\r\n\r\nabc";
  HttpReplyParser parser{limits, 10, false};
  CHECK(parser.advance(input) == Reading::more);
  REQUIRE(parser.end() == Reading::message);
  const HttpReply reply = parser.take_reply();
  CHECK(reply.status == 200);
  CHECK(reply.body == "abc");
  CHECK(reply.headers.list.size() == 1);
}

TEST_CASE("a reply that ends before its length is none") {
  Bytes input = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc";
  HttpReplyParser parser{limits, 10, false};
  CHECK(parser.advance(input) == Reading::more);
  CHECK(parser.end() == Reading::refused);
}

TEST_CASE("replies that are ambiguous, compressed or endless are refused") {
  const auto fault_of = [](std::string octets) {
    HttpReplyParser parser{limits, 10, false};
    const Reading reading = parser.advance(octets);
    CHECK(reading == Reading::refused);
    return parser.fault();
  };
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  CHECK(fault_of("HTP/1.1 200 OK\r\n\r\n") == HttpFault::malformed);
  CHECK(fault_of("HTTP/1.1 101 Switching\r\n\r\n") == HttpFault::malformed);
  CHECK(fault_of("HTTP/1.1 999 Odd\r\n\r\n") == HttpFault::malformed);
  CHECK(fault_of(ok + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc") == HttpFault::malformed);
  CHECK(fault_of(ok + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n") ==
        HttpFault::malformed);
  CHECK(fault_of(ok + "X: a\r\n b\r\n\r\n") == HttpFault::malformed);
  CHECK(fault_of(ok + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\na") ==
        HttpFault::malformed);
  CHECK(fault_of(ok + "Content-Length: 11\r\n\r\n") == HttpFault::body_too_large);
  CHECK(fault_of(ok + "\r\n12345678901") == HttpFault::body_too_large);
  std::string interim;
  for (int i = 0; i < 9; ++i) interim += "HTTP/1.1 102 Wait\r\n\r\n";
  CHECK(fault_of(interim) == HttpFault::malformed);
}

TEST_CASE("a reply to HEAD has no body, whatever length it tells") {
  Bytes input = "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n";
  HttpReplyParser parser{limits, 10, true};
  CHECK(parser.advance(input) == Reading::message);
  CHECK(parser.keeps_alive());
}

}  // namespace
}  // namespace cpc::federation

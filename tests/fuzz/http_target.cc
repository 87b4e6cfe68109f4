// HTTP/1.1 messages. The octets arrive as a request and as a reply, whole and in pieces: however
// the network cuts them, they say the same, and what was taken from a stranger can be said by us
// and read again. Two readers that see different messages in the same octets are what request
// smuggling lives on.
#include <algorithm>
#include <string>
#include <vector>

#include "federation/http_grammar.h"
#include "federation/http_parser.h"
#include "tests/fuzz/target.h"

namespace cpc::fuzz {
namespace {

using namespace federation;

constexpr HttpHeadLimits limits{2048, 24};
constexpr std::size_t body_bytes_max = 4096;

/// For what we say ourselves: a host and a length come on top.
constexpr HttpHeadLimits wide_limits{2 * limits.header_bytes_max, limits.header_count_max + 2};

/// What a stream of octets came to.
struct Read {
  std::vector<std::string> messages;  // As we would write them.
  Reading last = Reading::more;
  bool operator==(const Read&) const = default;
};

void check_body(const Bytes& body) {
  promise(body.size() <= body_bytes_max, "a body is as long as allowed at most");
}

void check_headers(const HttpHeaders& headers) {
  promise(headers.list.size() <= wide_limits.header_count_max, "so many headers at most");
  for (const HttpHeader& header : headers.list) {
    promise(is_token(header.name) && lower_case(header.name) == header.name,
            "a header's name is a token in lower case");
    promise(is_header_value(header.value), "a header's value is one line");
  }
  promise(headers.count("content-length") + headers.count("transfer-encoding") <= 1,
          "a message ends in one place");
}

std::string text_of(HttpRequest request) {
  check_headers(request.headers);
  check_body(request.body);
  // We speak HTTP/1.1 only, where a host is named.
  if (request.headers.count("host") == 0) request.headers.list.push_back({"host", "b"});
  const auto head = request_head(request);
  promise(head.has_value(), "what was read as a request is one");
  return head.value() + "\r\n" + request.body;
}

std::string text_of(const HttpReply& reply) {
  check_headers(reply.headers);
  check_body(reply.body);
  const auto head = reply_head(reply);
  promise(head.has_value(), "what was read as a reply is one");
  return head.value() + "\r\n" + reply.body;
}

/// One message after the other, as a server reads them off a connection.
class Requests {
 public:
  explicit Requests(Read& read, HttpHeadLimits head = limits) : head_(head), read_(read) {}
  void feed(std::string_view octets) {
    waiting_ += octets;
    for (;;) {
      read_.last = parser_->advance(waiting_);
      if (read_.last == Reading::head) {
        parser_->limit_body(body_bytes_max);
      } else if (read_.last == Reading::message) {
        read_.messages.push_back(text_of(parser_->request()));
        parser_ = std::make_unique<HttpRequestParser>(head_);
        if (waiting_.empty()) return;
      } else {
        return;
      }
    }
  }

 private:
  HttpHeadLimits head_;
  Read& read_;
  Bytes waiting_;
  std::unique_ptr<HttpRequestParser> parser_ = std::make_unique<HttpRequestParser>(head_);
};

/// One reply; what follows it is nobody's.
class Reply {
 public:
  explicit Reply(Read& read) : read_(read) {}
  void feed(std::string_view octets) {
    if (read_.last == Reading::message) return;
    waiting_ += octets;
    read_.last = parser_.advance(waiting_);
    if (read_.last == Reading::message) read_.messages.push_back(text_of(parser_.take_reply()));
  }
  void end() {
    if (read_.last != Reading::more) return;
    read_.last = parser_.end();
    if (read_.last == Reading::message) read_.messages.push_back(text_of(parser_.take_reply()));
  }

 private:
  Read& read_;
  Bytes waiting_;
  HttpReplyParser parser_{limits, body_bytes_max, false};
};

template <class Reader>
Read read_in_pieces(std::string_view octets, std::size_t piece) {
  Read read;
  Reader reader{read};
  for (; !octets.empty() && read.last != Reading::refused;
       octets.remove_prefix(std::min(piece, octets.size()))) {
    reader.feed(octets.substr(0, piece));
  }
  if constexpr (requires { reader.end(); }) reader.end();
  return read;
}

template <class Reader>
void check(std::string_view octets, std::size_t lot) {
  const Read whole = read_in_pieces<Reader>(octets, octets.size());
  promise(read_in_pieces<Reader>(octets, 1) == whole &&
              read_in_pieces<Reader>(octets, 2 + lot % 61) == whole,
          "however octets are cut, they are the same messages");
}

void check_said_again(std::string_view octets) {
  for (const std::string& said : read_in_pieces<Requests>(octets, octets.size()).messages) {
    // With the framing that our own client gives it.
    const auto blank = said.find("\r\n\r\n");
    std::string again;
    std::string_view rest = std::string_view{said}.substr(0, blank + 2);
    while (!rest.empty()) {
      const std::string_view line = cut(rest, "\r\n");
      if (is_framing_header(line.substr(0, line.find(':')))) continue;
      again.append(line).append("\r\n");
    }
    const std::string body = said.substr(blank + 4);
    again.append("content-length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    again.append(body);
    Read read;
    Requests{read, wide_limits}.feed(again);
    promise(read.messages.size() == 1 && read.last == Reading::message,
            "what was read can be said again, as one message");
  }
}

}  // namespace

void run(std::string_view octets) {
  if (octets.size() > 2 * (limits.header_bytes_max + body_bytes_max)) return;
  const std::size_t lot = lot_of(octets);
  check<Requests>(octets, lot);
  check<Reply>(octets, lot);
  check_said_again(octets);
}

}  // namespace cpc::fuzz

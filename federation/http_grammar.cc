#include "federation/http_grammar.h"

#include <algorithm>
#include <array>

namespace cpc::federation {
namespace {

bool is_letter(char octet) {
  return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z');
}

bool is_digit(char octet) {
  return octet >= '0' && octet <= '9';
}

bool is_hex(char octet) {
  return is_digit(octet) || (octet >= 'a' && octet <= 'f') || (octet >= 'A' && octet <= 'F');
}

bool is_one_of(char octet, std::string_view set) {
  return set.find(octet) != std::string_view::npos;
}

bool is_control(char octet) {
  const auto value = static_cast<unsigned char>(octet);
  return (value < 0x20 && value != '\t') || value == 0x7f;
}

/// pchar of RFC 3986 section 3.3, and what `more` adds.
bool is_pchars(std::string_view text, std::string_view more) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char octet = text[at];
    if (octet == '%') {
      if (at + 2 >= text.size() || !is_hex(text[at + 1]) || !is_hex(text[at + 2])) return false;
      at += 2;
    } else if (!is_letter(octet) && !is_digit(octet) && !is_one_of(octet, "-._~!$&'()*+,;=:@") &&
               !is_one_of(octet, more)) {
      return false;
    }
  }
  return true;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Result<> append_headers(Bytes& head, const HttpHeaders& headers) {
  for (const auto& header : headers.list) {
    if (is_framing_header(header.name)) continue;
    if (!is_token(header.name) || !is_header_value(header.value)) {
      return fail(ErrorCode::invalid, "a header that HTTP does not allow");
    }
    head.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  return success();
}

std::string_view reason_of(int status) {
  struct Reason {
    int status;
    std::string_view text;
  };
  // RFC 9112 section 4: nobody reads it, but some tools show it.
  static constexpr std::array reasons{
      Reason{200, "OK"},
      Reason{201, "Created"},
      Reason{202, "Accepted"},
      Reason{204, "No Content"},
      Reason{304, "Not Modified"},
      Reason{400, "Bad Request"},
      Reason{401, "Unauthorized"},
      Reason{403, "Forbidden"},
      Reason{404, "Not Found"},
      Reason{405, "Method Not Allowed"},
      Reason{408, "Timeout"},
      Reason{409, "Conflict"},
      Reason{413, "Too Large"},
      Reason{415, "Unsupported Media Type"},
      Reason{417, "Expectation"},
      Reason{429, "Too Many Requests"},
      Reason{431, "Head Too Big"},
      Reason{500, "Internal Error"},
      Reason{502, "Bad Gateway"},
      Reason{503, "Unavailable"},
      Reason{507, "Insufficient Storage"},
  };
  const auto* found = std::find_if(reasons.begin(), reasons.end(),
                                   [status](const Reason& r) { return r.status == status; });
  return found == reasons.end() ? std::string_view{"Status"} : found->text;
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char octet) {
    return is_letter(octet) || is_digit(octet) || is_one_of(octet, "!#$%&'*+-.^_`|~");
  });
}

bool is_method(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char octet) { return octet >= 'A' && octet <= 'Z'; });
}

bool is_header_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), is_control) && trimmed(text) == text;
}

bool is_path(std::string_view text) {
  return !text.empty() && text.front() == '/' && is_pchars(text, "/");
}

bool is_query(std::string_view text) {
  return is_pchars(text, "/?");
}

std::string lower_case(std::string_view text) {
  std::string lower{text};
  for (char& octet : lower) {
    if (octet >= 'A' && octet <= 'Z') octet = static_cast<char>(octet - 'A' + 'a');
  }
  return lower;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && lower_case(a) == lower_case(b);
}

bool list_contains(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (equals_ignoring_case(trimmed(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

bool is_strict_head(std::string_view block) {
  bool is_first = true;
  while (!block.empty()) {
    const auto end = block.find("\r\n");
    if (end == std::string_view::npos) return false;
    const auto line = block.substr(0, end);
    block.remove_prefix(end + 2);
    if (line.empty()) return !is_first && block.empty();
    if (line.front() == ' ' || line.front() == '\t') return false;
    if (std::any_of(line.begin(), line.end(), is_control)) return false;
    const auto colon = line.find(':');
    if (!is_first && (colon == std::string_view::npos || !is_token(line.substr(0, colon)))) {
      return false;
    }
    is_first = false;
  }
  return false;
}

bool is_framing_header(std::string_view name) {
  return name == "content-length" || name == "transfer-encoding" || name == "connection" ||
         name == "keep-alive" || name == "te" || name == "trailer" || name == "upgrade" ||
         name == "expect";
}

Result<Bytes> request_head(const HttpRequest& request) {
  if (!is_method(request.method) || !is_path(request.path) || !is_query(request.query)) {
    return fail(ErrorCode::invalid, "a method, path or query that HTTP does not allow");
  }
  Bytes head = request.method + ' ' + request.path;
  if (!request.query.empty()) head.append("?").append(request.query);
  head.append(" HTTP/1.1\r\n");
  CPC_TRY(append_headers(head, request.headers));
  return head;
}

Result<Bytes> reply_head(const HttpReply& reply) {
  if (reply.status < 200 || reply.status > 599) {
    return fail(ErrorCode::invalid, "a status that is no answer");
  }
  Bytes head = "HTTP/1.1 " + std::to_string(reply.status) + ' ';
  head.append(reason_of(reply.status)).append("\r\n");
  CPC_TRY(append_headers(head, reply.headers));
  return head;
}

}  // namespace cpc::federation

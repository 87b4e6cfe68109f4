// Request and reply signatures (RFC 9421). The octets are a request as text, and behind a line `%%`
// a reply. Each is read as it stands, and again with its digest and signature made true by a fixed
// key, so that what lies behind the signature is reached however it was altered.
#include <algorithm>
#include <charconv>
#include <string>

#include "federation/content_digest.h"
#include "federation/request_signature.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/target.h"

namespace cpc::fuzz {
namespace {

using namespace federation;

constexpr std::string_view our_name = "beta.cpc";

/// Lines `name: value` up to an empty one.
HttpHeaders headers_of(std::string_view& text) {
  HttpHeaders headers;
  while (!text.empty()) {
    std::string_view line = cut(text, "\n");
    if (line.empty()) break;
    const std::string_view name = cut(line, ": ");
    headers.list.push_back({std::string{name}, std::string{line}});
  }
  return headers;
}

/// `PUT /path?query`, headers, an empty line, the body.
HttpRequest request_of(std::string_view text) {
  HttpRequest request;
  std::string_view first = cut(text, "\n");
  request.method = cut(first, " ");
  request.path = cut(first, "?");
  request.query = first;
  request.headers = headers_of(text);
  request.body = text;
  return request;
}

HttpReply reply_of(std::string_view text) {
  HttpReply reply;
  const std::string_view status = cut(text, "\n");
  std::from_chars(status.data(), status.data() + status.size(), reply.status);
  reply.headers = headers_of(text);
  reply.body = text;
  return reply;
}

std::string* header(HttpHeaders& headers, std::string_view name) {
  for (HttpHeader& one : headers.list) {
    if (one.name == name) return &one.value;
  }
  return nullptr;
}

void make_digest_true(HttpHeaders& headers, const Bytes& body) {
  if (std::string* const digest = header(headers, "content-digest")) *digest = content_digest(body);
}

void set_signature(HttpHeaders& headers, std::string_view base) {
  if (std::string* const signature = header(headers, "signature")) {
    *signature = "fed=:" + base64(signing_key().sign(base).view()) + ":";
  }
}

bool is_accepted(const HttpRequest& request, std::string_view name = our_name,
                 TimePoint at = fixed_now) {
  const auto parsed = parse_request_signature(request);
  return parsed.has_value() &&
         check_request_signature(parsed.value(), request, signing_key().public_key(), name, at)
             .has_value();
}

bool covers(const ParsedSignature& parsed, std::string_view component) {
  return std::count(parsed.components.begin(), parsed.components.end(), component) == 1;
}

void check_coverage(const ParsedSignature& parsed, bool has_content) {
  for (const auto component :
       {"@method", "@path", "@query", "cpc-origin", "cpc-destination", "cpc-version"}) {
    promise(covers(parsed, component), "a request covers who, what and to whom, each once");
  }
  if (!has_content) return;
  for (const auto component : {"content-type", "content-digest"}) {
    promise(covers(parsed, component), "a request covers its content");
  }
}

/// One octet of something that is covered becomes another one.
void check_altered(const HttpRequest& request, const ParsedSignature& parsed, std::size_t lot) {
  HttpRequest other = request;
  const auto spoil = [lot](std::string& text) { text = altered(text + ' ', lot / 16); };
  switch (lot % 6) {
    case 0:
      spoil(other.method);
      break;
    case 1:
      spoil(other.path);
      break;
    case 2:
      spoil(other.query);
      break;
    case 3:
      spoil(other.body);
      break;
    case 4:
      spoil(*header(other.headers, "cpc-origin"));
      break;
    default:
      spoil(*header(other.headers, "signature"));
  }
  // RFC 9421 section 2.2.6: an empty path and "/" are the same.
  const bool is_same_path = request.path.empty() && other.path == "/";
  promise(is_same_path || !is_accepted(other), "what is covered cannot be altered");
  promise(!is_accepted(request, "gamma.cpc"), "a request is for one instance");
  promise(!is_accepted(request, our_name, TimePoint{parsed.expires} + Milliseconds{1}),
          "a request expires");
  const auto by_another =
      check_request_signature(parsed, request, another_key().public_key(), our_name, fixed_now);
  promise(!by_another, "a request is signed by one key");
}

void check_request(const HttpRequest& request, std::size_t lot) {
  const auto parsed = parse_request_signature(request);
  if (!parsed) {
    promise(parsed.error().code == WireCode::malformed, "what cannot be read is malformed");
    return;
  }
  const ParsedSignature& read = parsed.value();
  check_coverage(read, !request.body.empty());
  promise(read.expires >= read.created && read.expires - read.created <= signature_life_max,
          "a signature's life is bounded");
  if (!is_accepted(request)) return;
  promise(read.destination == our_name, "an accepted request is for us");
  promise(read.created <= fixed_now + clock_skew_max && TimePoint{read.expires} >= fixed_now,
          "an accepted request is of now");
  promise(read.key_id == signing_key().id(), "an accepted request names its key");
  promise(request.body.empty() ||
              check_content_digest(*request.headers.find("content-digest"), request.body),
          "an accepted body is the signed one");
  check_altered(request, read, lot);
}

/// Signs what the request itself says that it covers, as a peer of whatever habits would.
void sign_as_said(HttpRequest& request) {
  make_digest_true(request.headers, request.body);
  const auto text = request.headers.find("signature-input");
  const auto fields = parse_field_dictionary(text.value_or(""));
  const FieldMember* const member = fields ? find_member(fields.value(), signature_label) : nullptr;
  const auto* const covered = member ? std::get_if<InnerList>(&member->value) : nullptr;
  if (covered == nullptr) return;
  if (const auto base = signature_base(request, *covered)) {
    set_signature(request.headers, base.value());
  }
}

void check_reply(HttpReply reply, const HttpRequest& request, std::size_t lot) {
  make_digest_true(reply.headers, reply.body);
  if (const auto parsed = parse_reply_signature(reply, request)) {
    set_signature(reply.headers, parsed.value().base);
  }
  const crypto::PublicKey& key = signing_key().public_key();
  const auto verified = verify_reply(reply, request, key);
  if (!verified) return;
  promise(covers(verified.value(), "\"signature\";req;key=\"fed\""), "a reply covers the request");
  promise(verified.value().origin == request.headers.find("cpc-destination"),
          "a reply comes from whom was asked");
  HttpReply other = reply;
  other.body = altered(other.body + ' ', lot);
  promise(!verify_reply(other, request, key), "a reply's body cannot be altered");
  other = reply;
  other.status ^= 1;
  promise(!verify_reply(other, request, key), "a reply's status cannot be altered");
  HttpRequest asked = request;
  set_signature(asked.headers, "something else");
  promise(!verify_reply(reply, asked, key), "a reply is to one request");
}

/// Structured fields have one canonical text.
void check_fields(std::string_view text) {
  const auto fields = parse_field_dictionary(text);
  if (!fields) return;
  const std::string canonical = serialise(fields.value());
  const auto again = parse_field_dictionary(canonical, {.bytes_max = canonical.size()});
  promise(again.has_value() && again.value() == fields.value(),
          "fields that we write read the same");
  promise(serialise(again.value()) == canonical, "fields have one canonical text");
}

}  // namespace

void run(std::string_view octets) {
  const std::size_t lot = lot_of(octets);
  std::string_view reply_text = octets;
  HttpRequest request = request_of(cut(reply_text, "\n%%\n"));
  for (const HttpHeader& one : request.headers.list) check_fields(one.value);
  check_request(request, lot);
  sign_as_said(request);
  check_request(request, lot);
  if (!reply_text.empty()) check_reply(reply_of(reply_text), request, lot);
}

}  // namespace cpc::fuzz

#include "federation/request_signature.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>

#include "federation/content_digest.h"

namespace cpc::federation {
namespace {

constexpr std::array<std::string_view, 6> request_components{
    "@method", "@path", "@query", "cpc-origin", "cpc-destination", "cpc-version"};
constexpr std::array<std::string_view, 2> content_components{"content-type", "content-digest"};
constexpr std::array<std::string_view, 5> reply_components{
    "@status", "content-type", "content-digest", "cpc-origin", "cpc-destination"};
constexpr std::string_view bound_signature = "\"signature\";req;key=\"fed\"";
constexpr std::size_t names_bytes_max = 253;

Error invalid(std::string why) {
  return fail(ErrorCode::invalid, "signature: " + std::move(why));
}
WireError malformed(std::string why) {
  return {WireCode::malformed, "signature: " + std::move(why)};
}

void erase_header(HttpHeaders& headers, std::string_view name) {
  std::erase_if(headers.list, [&](const HttpHeader& header) { return header.name == name; });
}

void set_header(HttpHeaders& headers, std::string_view name, std::string value) {
  erase_header(headers, name);
  headers.list.push_back({std::string{name}, std::move(value)});
}

/// The lines of the base may hold nothing that could pass for a line of its own.
Result<std::string> one_line(std::string value) {
  const bool is_safe = std::all_of(value.begin(), value.end(),
                                   [](char letter) { return letter >= 0x20 && letter <= 0x7e; });
  if (!is_safe) return invalid("a value with control characters or beyond ASCII");
  return value;
}

/// RFC 9421 section 2.1: the values of all lines of that name, joined.
Result<std::string> header_value(const HttpHeaders& headers, std::string_view name) {
  std::optional<std::string> joined;
  for (const HttpHeader& header : headers.list) {
    if (header.name != name) continue;
    joined = joined ? *joined + ", " + header.value : header.value;
  }
  if (!joined) return invalid("a covered header is missing");
  return *std::move(joined);
}

/// RFC 9421 section 2.2, the derived components of a request that name no scheme.
Result<std::string> request_value(const HttpRequest& request, std::string_view name) {
  if (name == "@method") return request.method;
  if (name == "@path") return request.path.empty() ? "/" : request.path;
  if (name == "@query") return "?" + request.query;
  if (name == "@authority") {
    CPC_TRY(std::string host, header_value(request.headers, "host"));
    for (char& letter : host) {
      if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    return host;
  }
  if (name.starts_with('@')) return invalid("a component that is not served here");
  return header_value(request.headers, name);
}

/// The member `fed` of a signature header, as it stands there.
Result<FieldBytes> signature_of(const HttpHeaders& headers) {
  const auto text = headers.find("signature");
  if (!text) return invalid("signature is missing or repeated");
  CPC_TRY(const FieldDictionary signatures, parse_field_dictionary(*text));
  if (serialise(signatures) != *text) return invalid("signature is not in canonical form");
  const FieldMember* member = find_member(signatures, signature_label);
  if (member == nullptr) return invalid("no signature labelled fed");
  const auto* item = std::get_if<FieldItem>(&member->value);
  const auto* octets = item == nullptr ? nullptr : std::get_if<FieldBytes>(&item->value);
  if (octets == nullptr || !item->parameters.empty()) {
    return invalid("the signature is not a byte sequence");
  }
  return *octets;
}

Result<std::string> reply_value(const HttpReply& reply, const HttpRequest& request,
                                const FieldItem& component) {
  if (serialise(component) == bound_signature) {
    CPC_TRY(FieldBytes signature, signature_of(request.headers));
    return serialise(FieldItem{std::move(signature), {}});
  }
  const auto* name = std::get_if<std::string>(&component.value);
  if (name == nullptr || !component.parameters.empty()) return invalid("not a component");
  if (*name == "@status") return std::to_string(reply.status);
  if (name->starts_with('@')) return invalid("a component that is not served here");
  return header_value(reply.headers, *name);
}

/// RFC 9421 section 2.5: a line for each component, then the parameters.
template <class ValueOf>
Result<std::string> build_base(const InnerList& covered, ValueOf value_of) {
  std::string base;
  std::vector<std::string> identifiers;
  for (const FieldItem& component : covered.items) {
    std::string identifier = serialise(component);
    if (std::find(identifiers.begin(), identifiers.end(), identifier) != identifiers.end()) {
      return invalid("a component twice");
    }
    CPC_TRY(std::string raw, value_of(component));
    CPC_TRY(const std::string value, one_line(std::move(raw)));
    base.append(identifier).append(": ").append(value).append("\n");
    identifiers.push_back(std::move(identifier));
  }
  base.append("\"@signature-params\": ").append(serialise(covered));
  return base;
}

Result<std::string> reply_base(const HttpReply& reply, const HttpRequest& request,
                               const InnerList& covered) {
  return build_base(
      covered, [&](const FieldItem& component) { return reply_value(reply, request, component); });
}

/// The inner list labelled `fed` of signature-input, in its one canonical form.
Result<InnerList> covered_by(const HttpHeaders& headers) {
  const auto text = headers.find("signature-input");
  if (!text) return invalid("signature-input is missing or repeated");
  CPC_TRY(const FieldDictionary inputs, parse_field_dictionary(*text));
  if (serialise(inputs) != *text) return invalid("signature-input is not in canonical form");
  const FieldMember* member = find_member(inputs, signature_label);
  if (member == nullptr) return invalid("no signature-input labelled fed");
  const auto* list = std::get_if<InnerList>(&member->value);
  if (list == nullptr) return invalid("signature-input is not a list of components");
  return *list;
}

Result<std::chrono::sys_seconds> seconds_parameter(const FieldParameters& parameters,
                                                   std::string_view key) {
  const FieldValue* value = find_parameter(parameters, key);
  const auto* seconds = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
  if (seconds == nullptr || *seconds < 0) return invalid(std::string{key} + " is not a time");
  return std::chrono::sys_seconds{std::chrono::seconds{*seconds}};
}

Result<std::string_view> text_parameter(const FieldParameters& parameters, std::string_view key) {
  const FieldValue* value = find_parameter(parameters, key);
  const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
  if (text == nullptr) return invalid(std::string{key} + " is not a string");
  return std::string_view{*text};
}

/// What requests and replies have in common: created, keyid, alg, tag and the signature itself.
Result<ParsedSignature> read_common(const HttpHeaders& headers, const InnerList& covered,
                                    std::string_view tag, std::size_t parameter_count) {
  const FieldParameters& parameters = covered.parameters;
  if (parameters.size() != parameter_count) return invalid("a parameter too many or too few");
  CPC_TRY(const std::string_view alg, text_parameter(parameters, "alg"));
  if (alg != "ed25519") return invalid("alg is not ed25519");
  CPC_TRY(const std::string_view found_tag, text_parameter(parameters, "tag"));
  if (found_tag != tag) return invalid("tag is for another purpose");
  CPC_TRY(const std::string_view key_id, text_parameter(parameters, "keyid"));

  ParsedSignature parsed;
  CPC_TRY(parsed.created, seconds_parameter(parameters, "created"));
  parsed.expires = parsed.created;
  CPC_TRY(parsed.key_id, id_from_text<crypto::KeyId>(key_id));
  CPC_TRY(const FieldBytes signature, signature_of(headers));
  CPC_TRY(parsed.signature, crypto::Signature::from_bytes(signature.octets));
  return parsed;
}

/// The covered names, once each of `required` is among them. Headers must stand exactly once: in
/// one line for us is one line for everybody.
Result<std::vector<std::string>> read_components(const InnerList& covered,
                                                 const HttpHeaders& headers,
                                                 std::span<const std::string_view> required) {
  std::vector<std::string> names;
  for (const FieldItem& component : covered.items) {
    const auto* name = std::get_if<std::string>(&component.value);
    if (name == nullptr) return invalid("a component that is not a string");
    if (component.parameters.empty() && !name->starts_with('@') && headers.count(*name) != 1) {
      return invalid("a covered header is missing or repeated");
    }
    names.push_back(component.parameters.empty() ? *name : serialise(component));
  }
  for (const std::string_view name : required) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return invalid(std::string{name} + " is not covered");
    }
  }
  return names;
}

Result<std::string> name_in(const HttpHeaders& headers, std::string_view header) {
  const auto name = headers.find(header);
  if (!name || name->empty() || name->size() > names_bytes_max) {
    return invalid(std::string{header} + " is not a name");
  }
  return std::string{*name};
}

bool has_content(const HttpRequest& request) {
  return !request.body.empty() || request.headers.count("content-type") > 0 ||
         request.headers.count("content-digest") > 0;
}

Result<ParsedSignature> parse_request(const HttpRequest& request) {
  CPC_TRY(const InnerList covered, covered_by(request.headers));
  CPC_TRY(ParsedSignature parsed, read_common(request.headers, covered, request_tag, 6));
  CPC_TRY(parsed.expires, seconds_parameter(covered.parameters, "expires"));
  if (parsed.expires < parsed.created || parsed.expires - parsed.created > signature_life_max) {
    return invalid("expires is not within the longest life after created");
  }
  CPC_TRY(const std::string_view nonce, text_parameter(covered.parameters, "nonce"));
  CPC_TRY(parsed.nonce, id_from_text<Nonce>(nonce));

  CPC_TRY(parsed.components, read_components(covered, request.headers, request_components));
  if (has_content(request)) {
    CPC_TRY(read_components(covered, request.headers, content_components));
  }
  CPC_TRY(parsed.origin, name_in(request.headers, "cpc-origin"));
  CPC_TRY(parsed.destination, name_in(request.headers, "cpc-destination"));
  CPC_TRY(parsed.version, name_in(request.headers, "cpc-version"));
  CPC_TRY(parsed.base, signature_base(request, covered));
  return parsed;
}

Result<ParsedSignature> parse_reply(const HttpReply& reply, const HttpRequest& request) {
  CPC_TRY(const InnerList covered, covered_by(reply.headers));
  CPC_TRY(ParsedSignature parsed, read_common(reply.headers, covered, reply_tag, 4));
  CPC_TRY(parsed.components, read_components(covered, reply.headers, reply_components));
  CPC_TRY(read_components(covered, reply.headers, std::array{bound_signature}));
  CPC_TRY(parsed.origin, name_in(reply.headers, "cpc-origin"));
  CPC_TRY(parsed.destination, name_in(reply.headers, "cpc-destination"));
  CPC_TRY(parsed.base, reply_base(reply, request, covered));
  return parsed;
}

/// The digest, the key's id and the signature: true or not.
WireResult<> check_truth(const ParsedSignature& parsed, const HttpHeaders& headers,
                         std::string_view body, const crypto::PublicKey& key) {
  if (const auto digest = headers.find("content-digest")) {
    const Result<> matches = check_content_digest(*digest, body);
    if (!matches && matches.error().code == ErrorCode::denied) {
      return WireError{WireCode::bad_signature, matches.error().detail};
    }
    CPC_TRY(matches);
  } else if (!body.empty()) {
    return malformed("a body without its digest");
  }
  if (key.id() != parsed.key_id) {
    return WireError{WireCode::bad_signature, "signature: by another key than keyid says"};
  }
  if (!key.verifies(parsed.signature, parsed.base)) {
    return WireError{WireCode::bad_signature, "signature: does not verify"};
  }
  return success();
}

FieldItem component(std::string_view name) {
  return {std::string{name}, {}};
}

/// Signs `base` and sets both headers.
void set_signature(HttpHeaders& headers, InnerList covered, std::string_view base,
                   const crypto::SigningKey& key) {
  const std::string label{signature_label};
  FieldBytes signature{key.sign(base).bytes()};
  set_header(headers, "signature-input", serialise(FieldDictionary{{label, std::move(covered)}}));
  set_header(headers, "signature",
             serialise(FieldDictionary{{label, FieldItem{std::move(signature), {}}}}));
}

std::int64_t to_seconds(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

Result<std::string> signature_base(const HttpRequest& request, const InnerList& covered) {
  return build_base(covered, [&](const FieldItem& component) -> Result<std::string> {
    const auto* name = std::get_if<std::string>(&component.value);
    if (name == nullptr || !component.parameters.empty()) return invalid("not a component");
    return request_value(request, *name);
  });
}

Result<> sign_request(HttpRequest& request, const RequestSigning& signing,
                      const crypto::SigningKey& key) {
  const std::int64_t created = to_seconds(signing.created);
  if (created < 0 || signing.life <= std::chrono::seconds{0} || signing.life > signature_life_max) {
    return invalid("a life that no peer would accept");
  }
  HttpHeaders& headers = request.headers;
  InnerList covered;
  for (const std::string_view name : {"@method", "@path", "@query"}) {
    covered.items.push_back(component(name));
  }
  if (request.body.empty()) {
    for (const std::string_view name : content_components) erase_header(headers, name);
  } else {
    set_header(headers, "content-digest", content_digest(request.body));
    for (const std::string_view name : content_components) {
      covered.items.push_back(component(name));
    }
  }
  set_header(headers, "cpc-origin", std::string{signing.origin});
  set_header(headers, "cpc-destination", std::string{signing.destination});
  set_header(headers, "cpc-version", std::string{protocol_version});
  for (const std::string_view name : {"cpc-origin", "cpc-destination", "cpc-version"}) {
    covered.items.push_back(component(name));
  }
  covered.parameters = {{"created", created},
                        {"expires", created + signing.life.count()},
                        {"nonce", to_text(signing.nonce)},
                        {"keyid", to_text(key.id())},
                        {"alg", std::string{"ed25519"}},
                        {"tag", std::string{request_tag}}};
  CPC_TRY(const std::string base, signature_base(request, covered));
  set_signature(headers, std::move(covered), base, key);
  return success();
}

WireResult<ParsedSignature> parse_request_signature(const HttpRequest& request) {
  Result<ParsedSignature> parsed = parse_request(request);
  if (!parsed) return WireError{WireCode::malformed, parsed.error().detail};
  return std::move(parsed).value();
}

WireResult<> check_request_terms(const ParsedSignature& parsed, std::string_view our_name,
                                 TimePoint now, std::chrono::seconds skew_max) {
  if (parsed.destination != our_name) {
    return WireError{WireCode::wrong_destination, "cpc-destination is not us"};
  }
  if (parsed.version != protocol_version) {
    return WireError{WireCode::incompatible, "cpc-version is not ours"};
  }
  if (parsed.created > now + skew_max) {
    return WireError{WireCode::clock_skew, "the signature was created ahead of our clock"};
  }
  if (parsed.expires < now) return WireError{WireCode::clock_skew, "the signature has expired"};
  return success();
}

WireResult<> check_request_signature(const ParsedSignature& parsed, const HttpRequest& request,
                                     const crypto::PublicKey& key, std::string_view our_name,
                                     TimePoint now, std::chrono::seconds skew_max) {
  CPC_TRY(check_request_terms(parsed, our_name, now, skew_max));
  return check_truth(parsed, request.headers, request.body, key);
}

Result<> sign_reply(HttpReply& reply, const HttpRequest& request, TimePoint created,
                    const crypto::SigningKey& key) {
  if (to_seconds(created) < 0) return invalid("a time before the epoch");
  CPC_TRY(const std::string origin, name_in(request.headers, "cpc-destination"));
  CPC_TRY(const std::string destination, name_in(request.headers, "cpc-origin"));
  set_header(reply.headers, "content-digest", content_digest(reply.body));
  set_header(reply.headers, "cpc-origin", origin);
  set_header(reply.headers, "cpc-destination", destination);

  InnerList covered;
  for (const std::string_view name : reply_components) covered.items.push_back(component(name));
  covered.items.push_back(
      {std::string{"signature"}, {{"req", true}, {"key", std::string{signature_label}}}});
  covered.parameters = {{"created", to_seconds(created)},
                        {"keyid", to_text(key.id())},
                        {"alg", std::string{"ed25519"}},
                        {"tag", std::string{reply_tag}}};
  CPC_TRY(const std::string base, reply_base(reply, request, covered));
  set_signature(reply.headers, std::move(covered), base, key);
  return success();
}

WireResult<ParsedSignature> parse_reply_signature(const HttpReply& reply,
                                                  const HttpRequest& request) {
  Result<ParsedSignature> parsed = parse_reply(reply, request);
  if (!parsed) return WireError{WireCode::malformed, parsed.error().detail};
  if (request.headers.find("cpc-destination") != parsed.value().origin ||
      request.headers.find("cpc-origin") != parsed.value().destination) {
    return WireError{WireCode::wrong_destination, "the reply names other instances"};
  }
  return std::move(parsed).value();
}

WireResult<ParsedSignature> verify_reply(const HttpReply& reply, const HttpRequest& request,
                                         const crypto::PublicKey& key) {
  CPC_TRY(ParsedSignature parsed, parse_reply_signature(reply, request));
  CPC_TRY(check_truth(parsed, reply.headers, reply.body, key));
  return parsed;
}

}  // namespace cpc::federation

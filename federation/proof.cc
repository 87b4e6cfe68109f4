#include "federation/proof.h"

#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

using nlohmann::json;

constexpr std::size_t text_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t path_bytes_max = 8 * 1024;

json to_json(const HttpHeaders& headers) {
  json object = json::object();
  for (const HttpHeader& header : headers.list) {
    if (headers.count(header.name) == 1) object[header.name] = header.value;
  }
  return object;
}

Result<HttpHeaders> headers_of(const JsonObject& object) {
  HttpHeaders headers;
  CPC_TRY(const json* list, object.value("headers"));
  CPC_TRY(const JsonObject named, JsonObject::of(*list, "headers"));
  for (const auto& [name, value] : list->items()) {
    CPC_TRY(const std::string_view text, named.string(name, text_bytes_max));
    headers.list.push_back({name, std::string{text}});
  }
  return headers;
}

}  // namespace

Bytes encode_proof(const HttpRequest& request, const HttpReply& reply) {
  const std::string query = request.query.empty() ? "" : "?" + request.query;
  json value;
  value["v"] = 1;
  value["request"] = {{"method", request.method},
                      {"path", request.path + query},
                      {"headers", to_json(request.headers)}};
  value["reply"] = {
      {"status", reply.status}, {"headers", to_json(reply.headers)}, {"body", reply.body}};
  return compact_json(value);
}

Result<Proof> decode_proof(std::string_view text) {
  CPC_TRY(const json value, parse_strict_json(text));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "proof"));
  CPC_TRY(object.integer("v", 1, 1));
  CPC_TRY(const JsonObject request, object.object("request"));
  CPC_TRY(const JsonObject reply, object.object("reply"));
  Proof proof;
  CPC_TRY(const std::string_view method, request.string("method", 16));
  CPC_TRY(const std::string_view path, request.string("path", path_bytes_max));
  const auto mark = path.find('?');
  proof.request.method = method;
  proof.request.path = path.substr(0, mark);
  if (mark != std::string_view::npos) proof.request.query = path.substr(mark + 1);
  CPC_TRY(proof.request.headers, headers_of(request));
  CPC_TRY(const std::int64_t status, reply.integer("status", 100, 599));
  proof.reply.status = static_cast<int>(status);
  CPC_TRY(proof.reply.headers, headers_of(reply));
  CPC_TRY(const std::string_view body, reply.string("body", text_bytes_max));
  proof.reply.body = body;
  return proof;
}

}  // namespace cpc::federation

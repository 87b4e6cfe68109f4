#include "tests/golden/transcript.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace cpc::golden {
namespace {

using federation::HttpHeaders;
using nlohmann::json;

json to_json(const HttpHeaders& headers) {
  json list = json::array();
  for (const auto& header : headers.list) list.push_back({header.name, header.value});
  return list;
}

HttpHeaders headers_in(const json& list) {
  HttpHeaders headers;
  for (const json& one : list) headers.list.push_back({one.at(0), one.at(1)});
  return headers;
}

void put_body(json& to, const Bytes& body) {
  const bool is_text = std::ranges::all_of(body, [](char c) { return c >= ' ' && c <= '~'; });
  to[is_text ? "body" : "octets"] = is_text ? body : base64url(body);
}

Bytes body_in(const json& from) {
  if (from.contains("body")) return from.at("body");
  return from_base64url(from.at("octets").get<std::string>()).value();
}

json to_json(const sim::Exchanged& one) {
  json request{{"method", one.request.method},
               {"path", one.request.path},
               {"query", one.request.query},
               {"headers", to_json(one.request.headers)}};
  put_body(request, one.request.body);
  json reply{{"status", one.reply.status}, {"headers", to_json(one.reply.headers)}};
  put_body(reply, one.reply.body);
  return {{"from", one.from.text()},
          {"to", one.to.text()},
          {"at", to_milliseconds(one.at)},
          {"request", std::move(request)},
          {"reply", std::move(reply)}};
}

sim::Exchanged exchanged_in(const json& line) {
  const auto name = [&](const char* key) {
    return core::InstanceName::parse(line.at(key).get<std::string>()).value();
  };
  const json& request = line.at("request");
  const json& reply = line.at("reply");
  return {name("from"),
          name("to"),
          from_milliseconds(line.at("at")),
          {request.at("method"), request.at("path"), request.at("query"),
           headers_in(request.at("headers")), body_in(request)},
          {reply.at("status"), headers_in(reply.at("headers")), body_in(reply)}};
}

}  // namespace

std::string encode_transcript(const Transcript& spoken) {
  std::string text;
  for (const sim::Exchanged& one : spoken) text.append(to_json(one).dump()).append("\n");
  return text;
}

Result<Transcript> decode_transcript(std::string_view text) {
  Transcript spoken;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    try {
      spoken.push_back(exchanged_in(json::parse(text.substr(0, end))));
    } catch (const json::exception& error) {
      return fail(ErrorCode::invalid, std::string{"a line of the transcript: "} + error.what());
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return spoken;
}

std::string read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void write_file(const std::string& path, std::string_view octets) {
  std::ofstream{path, std::ios::binary} << octets;
}

}  // namespace cpc::golden

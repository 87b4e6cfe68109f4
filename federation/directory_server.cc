#include "federation/directory_server.h"

#include <charconv>

#include "federation/wire_codes.h"

namespace cpc::federation {
namespace {

constexpr std::string_view since = "since=";
constexpr std::size_t digits_max = 9;

/// The N of `since=N`, 0 where there is no query. None if it is anything else.
std::optional<std::int64_t> since_in(std::string_view query) {
  if (query.empty()) return 0;
  if (!query.starts_with(since)) return std::nullopt;
  query.remove_prefix(since.size());
  if (query.empty() || query.size() > digits_max) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(query.data(), query.data() + query.size(), number);
  const bool is_number = failure == std::errc{} && end == query.data() + query.size();
  if (!is_number || number < 0) return std::nullopt;
  return number;
}

}  // namespace

boost::asio::awaitable<HttpReply> DirectoryServer::handle(HttpRequest request,
                                                          std::string address) {
  const TimePoint now = timers_.now();
  if (request.method != "GET") {
    co_return problem_reply(WireCode::method_not_allowed, now, false);
  }
  const HandshakeLimit::Point point{timers_.steady_now().time_since_epoch()};
  if (!limit_.take(address, point)) co_return problem_reply(WireCode::busy, now, true);
  const std::string_view text = std::string_view{request.path}.substr(DirectoryBook::path.size());
  const auto id = id_from_text<core::DirectoryId>(text);
  const auto after = since_in(request.query);
  if (!id || !after) co_return problem_reply(WireCode::malformed, now, false);
  const auto found = book_.held().find(id.value());
  const bool is_served = found != book_.held().end() && found->second.row.is_served;
  if (!is_served) co_return problem_reply(WireCode::unrecognized, now, false);
  const Result<DirectoryPage> page = co_await book_.page_after(id.value(), *after);
  if (!page) co_return problem_reply(WireCode::busy, now, true);
  HttpReply reply;
  reply.status = 200;
  reply.headers.list.push_back({"content-type", std::string{DirectoryBook::page_type}});
  reply.headers.list.push_back({"cache-control", "max-age=300"});
  reply.body = encode_page(page.value());
  co_return reply;
}

}  // namespace cpc::federation

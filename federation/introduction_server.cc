#include "federation/introduction_server.h"

namespace cpc::federation {

boost::asio::awaitable<WireResult<Bytes>> IntroductionServer::document_for(
    core::InstanceName asker, std::string request_path) {
  const HandshakeLimit::Point point{timers_.steady_now().time_since_epoch()};
  if (!limit_.take(asker.text(), point)) {
    co_return WireError{WireCode::busy, "too many introductions asked for"};
  }
  const auto name = core::InstanceName::parse(std::string_view{request_path}.substr(path.size()));
  if (!name) co_return WireError{WireCode::malformed, "no instance's name"};
  if (!is_allowed_) co_return WireError{WireCode::unrecognized, "nobody is introduced here"};
  Result<Bytes> document = co_await directory_.introducible(name.value());
  if (document) co_return std::move(document).value();
  const bool is_store = document.error().code == ErrorCode::unavailable;
  co_return WireError{is_store ? WireCode::busy : WireCode::unrecognized, document.error().detail};
}

}  // namespace cpc::federation

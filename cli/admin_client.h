// cpcctl's only way to the daemon: one request, one answer, over the admin socket.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "crypto/secrets.h"
#include "daemon/admin_protocol/codec.h"
#include "daemon/admin_protocol/messages.h"

namespace cpc::cli {

/// A T, or what went wrong as the operator is told it.
template <class T>
using Answer = boost::outcome_v2::basic_result<T, admin_protocol::Problem,
                                               boost::outcome_v2::policy::terminate>;

/// Where the daemon listens, and how long it may take.
struct AdminTarget {
  std::string socket;
  std::chrono::seconds timeout{30};
};

class AdminClient {
 public:
  virtual ~AdminClient() = default;
  /// Posts `body` to `path` and gives the body of the answer. Problems: the daemon's own, and
  ///   daemon.*   if it is not there or went away;
  ///   auth.*     if the socket may not be opened by this user;
  ///   timeout.*  if there was no answer in time; whether it acted is then unknown.
  virtual Answer<std::string> exchange(std::string_view path, std::string_view body) = 0;
};

/// `request` and its answer, typed.
template <class Request>
[[nodiscard]] Answer<typename Request::Answer> call(AdminClient& daemon, const Request& request) {
  std::string body = admin_protocol::encode(request);
  const crypto::WipeAtEnd wipe{body};  // It may hold a password.
  const Answer<std::string> text = daemon.exchange(Request::path, body);
  if (text.has_error()) return text.error();
  auto answer = admin_protocol::decode<typename Request::Answer>(text.value());
  if (answer.has_value()) return std::move(answer).value();
  return admin_protocol::Problem{"protocol.answer", "The daemon's answer was not understood",
                                 answer.error().detail,
                                 "Install cpcctl and cpcd of the same version."};
}

}  // namespace cpc::cli

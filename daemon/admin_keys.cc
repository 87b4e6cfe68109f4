// The operator's commands about our own keys.

#include "daemon/admin_protocol/codec.h"
#include "daemon/admin_server.h"

namespace cpc::daemon {

using namespace admin_protocol;  // NOLINT(google-build-using-namespace): its messages are our
                                 // words.

namespace {

/// A signing key may be announced so long before it takes over: peers' clocks and patience end.
constexpr std::int64_t ahead_ms_max = 30LL * 24 * 3600 * 1000;

std::variant<KeyChanged, Problem> answer_of(Result<KeyChanged> done, std::string what) {
  if (!done) return problem_of(done.error(), std::move(what));
  return std::move(done).value();
}

}  // namespace

AdminServer::Answer<KeyList> AdminServer::answer(KeyListRequest) {
  auto list = self_.keys.list();
  if (!list) co_return problem_of(list.error(), "the keys could not be listed");
  co_return std::move(list).value();
}

AdminServer::Answer<KeyChanged> AdminServer::answer(KeyRotateRequest request) {
  const std::string what = "no key was changed";
  if (request.use == "sealing") co_return answer_of(co_await self_.keys.rotate_sealing(), what);
  if (request.use == "root") co_return answer_of(co_await self_.keys.rotate_root(), what);
  if (request.use != "signing") {
    co_return Problem{"invalid.use", what, "there are signing, sealing and root keys", ""};
  }
  if (request.ahead_ms < 0 || request.ahead_ms > ahead_ms_max) {
    co_return Problem{"invalid.ahead", what, "a key is announced 30 days ahead at most", ""};
  }
  co_return answer_of(co_await self_.keys.rotate(Milliseconds{request.ahead_ms}), what);
}

AdminServer::Answer<KeyChanged> AdminServer::answer(KeyRevokeRequest request) {
  const std::string what = "no key was revoked";
  const auto id = id_from_text<crypto::KeyId>(request.id);
  if (!id) {
    co_return Problem{"invalid.key", what, "this is no key's id", "see: cpcctl key list"};
  }
  co_return answer_of(co_await self_.keys.revoke(id.value()), what);
}

AdminServer::Answer<KeyExport> AdminServer::answer(KeyExportRequest) {
  auto request = self_.keys.request();
  if (!request) co_return problem_of(request.error(), "nothing was exported");
  co_return KeyExport{std::move(request).value()};
}

AdminServer::Answer<KeyChanged> AdminServer::answer(KeyImportRequest request) {
  co_return answer_of(co_await self_.keys.import(std::move(request.delegation)),
                      "the delegation was not imported");
}

}  // namespace cpc::daemon

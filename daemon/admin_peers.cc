// cpcctl peer add, pin, refresh, rebind, forget, block and allow: what the operator says of peers.
#include "daemon/admin_protocol/codec.h"
#include "daemon/admin_server.h"

namespace cpc::daemon {
namespace {

using namespace admin_protocol;  // NOLINT(google-build-using-namespace): its messages are our
                                 // words.

constexpr std::size_t peer_endpoints_max = 16;
constexpr const char* peer_not_changed = "nothing was changed";

Problem not_an_iid(const std::string& text) {
  return {"invalid.iid", peer_not_changed, "\"" + text + "\" is no iid",
          "an iid is 43 letters of base64url; the peer's operator reads it from cpcctl status"};
}

Result<core::Iid> iid_in(const std::string& text) {
  CPC_TRY(const auto iid, id_from_text<core::Iid>(text));
  if (iid.is_zero()) return fail(ErrorCode::invalid, "the iid of nobody");
  return iid;
}

Problem of_configuration(const core::InstanceName& name) {
  return {"precond.configured", peer_not_changed,
          name.text() + " is a [[peer]] of the configuration",
          "change the section and restart cpcd"};
}

Problem other_iid(const core::InstanceName& name, const Error& error) {
  return {"precond.other_iid", peer_not_changed, error.detail,
          "if it is another instance now, as its operator confirms: cpcctl peer rebind " +
              name.text() + " IID"};
}

}  // namespace

AdminServer::Answer<PeerDetail> AdminServer::answer(PeerAddRequest request) {
  const auto name = core::InstanceName::parse(request.name);
  if (!name) co_return Problem{"invalid.name", peer_not_changed, name.error().detail, ""};
  if (name.value() == self_.home.name) {
    co_return Problem{"invalid.name", peer_not_changed, "this is the name of this instance", ""};
  }
  if (self_.directory.configured(name.value()) != nullptr) {
    co_return of_configuration(name.value());
  }
  std::vector<routing::Endpoint> endpoints;
  for (const std::string& text : request.endpoints) {
    auto endpoint = routing::Endpoint::parse(text);
    if (!endpoint) {
      co_return Problem{"invalid.endpoint", peer_not_changed, text + ": " + endpoint.error().detail,
                        ""};
    }
    endpoints.push_back(std::move(endpoint).value());
  }
  if (endpoints.size() > peer_endpoints_max) {
    co_return Problem{"invalid.endpoint", peer_not_changed, "there are more than 16 endpoints", ""};
  }
  if (!request.iid && endpoints.empty()) {
    co_return Problem{"invalid.iid", peer_not_changed, "neither an iid nor an endpoint was given",
                      "cpcctl peer add " + request.name +
                          " --iid IID, as its operator reads it in "
                          "cpcctl status"};
  }
  if (!request.iid) {
    const auto seen = co_await self_.directory.who_is_at(name.value(), std::move(endpoints));
    if (!seen) co_return Problem{"peer.no_document", peer_not_changed, seen.error().detail, ""};
    const std::string iid = to_text(seen.value());
    co_return Problem{"precond.iid_unconfirmed", peer_not_changed,
                      "what answers there proves to be iid " + iid,
                      "compare it with what its operator reads in cpcctl status, then give the "
                      "same command with --iid " +
                          iid};
  }
  const auto iid = iid_in(*request.iid);
  if (!iid) co_return not_an_iid(*request.iid);
  const Result<> added =
      co_await self_.directory.add(name.value(), iid.value(), std::move(endpoints));
  if (!added && added.error().code == ErrorCode::conflict) {
    co_return other_iid(name.value(), added.error());
  }
  if (!added) co_return problem_of(added.error(), peer_not_changed);
  PeerShowRequest show{request.name};
  co_return co_await answer(std::move(show));
}

AdminServer::Answer<PeerDetail> AdminServer::answer(PeerPinRequest request) {
  PeerShowRequest show{request.name};
  const auto shown = co_await answer(std::move(show));
  if (const auto* problem = std::get_if<Problem>(&shown)) co_return *problem;
  PeerAddRequest add{request.name, request.iid, {}};
  co_return co_await answer(std::move(add));
}

AdminServer::Answer<PeerDetail> AdminServer::answer(PeerRefreshRequest request) {
  const std::string what = "there is no newer document than before";
  const auto name = core::InstanceName::parse(request.name);
  if (!name) co_return Problem{"invalid.name", what, name.error().detail, ""};
  const auto fetched = co_await self_.directory.forget_caches(name.value());
  if (!fetched && fetched.error().code == ErrorCode::not_found) {
    co_return Problem{"not_found.peer", what, fetched.error().detail, "see: cpcctl peer list"};
  }
  if (!fetched) {
    co_return Problem{"peer.no_document", what, fetched.error().detail,
                      "cpcctl route " + request.name + " --probe tells more"};
  }
  PeerShowRequest show{request.name};
  co_return co_await answer(std::move(show));
}

AdminServer::Answer<PeerRebound> AdminServer::answer(PeerRebindRequest request) {
  const auto name = core::InstanceName::parse(request.name);
  if (!name) co_return Problem{"invalid.name", peer_not_changed, name.error().detail, ""};
  if (name.value() == self_.home.name) {
    co_return Problem{"invalid.name", peer_not_changed, "this is the name of this instance", ""};
  }
  const auto iid = iid_in(request.iid);
  if (!iid) co_return not_an_iid(request.iid);
  const auto* configured = self_.directory.configured(name.value());
  if (configured != nullptr && configured->iid != iid.value()) {
    co_return of_configuration(name.value());
  }
  const auto rebound = co_await self_.directory.rebind(name.value(), iid.value());
  if (!rebound) co_return problem_of(rebound.error(), peer_not_changed);
  co_return PeerRebound{request.name, request.iid, rebound.value().conversations,
                        rebound.value().frames};
}

AdminServer::Answer<PeerForgotten> AdminServer::answer(PeerForgetRequest request) {
  const auto name = core::InstanceName::parse(request.name);
  if (!name) co_return Problem{"invalid.name", peer_not_changed, name.error().detail, ""};
  if (self_.directory.configured(name.value()) != nullptr) {
    co_return of_configuration(name.value());
  }
  const Result<> forgotten = co_await self_.directory.forget(name.value(), request.even_so);
  if (!forgotten && forgotten.error().code == ErrorCode::conflict) {
    co_return Problem{"precond.conversations", peer_not_changed, forgotten.error().detail,
                      "with --yes=" + request.name +
                          " the name is forgotten all the same: whoever shows up under it next is "
                          "taken for it, as far as trust.min lets him"};
  }
  if (!forgotten && forgotten.error().code == ErrorCode::not_found) {
    co_return Problem{"not_found.peer", peer_not_changed, forgotten.error().detail,
                      "see: cpcctl peer list"};
  }
  if (!forgotten) co_return problem_of(forgotten.error(), peer_not_changed);
  co_return PeerForgotten{request.name};
}

AdminServer::Answer<PeerBlocked> AdminServer::answer(PeerBlockRequest request) {
  const auto name = core::InstanceName::parse(request.name);
  if (!name) co_return Problem{"invalid.name", peer_not_changed, name.error().detail, ""};
  if (name.value() == self_.home.name) {
    co_return Problem{"invalid.name", peer_not_changed, "this is the name of this instance", ""};
  }
  const Result<> done = co_await self_.directory.block(name.value(), request.blocked);
  if (!done) co_return problem_of(done.error(), peer_not_changed);
  co_return PeerBlocked{request.name, request.blocked};
}

}  // namespace cpc::daemon

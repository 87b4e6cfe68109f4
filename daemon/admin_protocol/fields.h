// The one list of each message's fields, in the order of their JSON. codec.cc walks it to encode
// and to decode; nothing else needs it.
#pragma once

#include <concepts>
#include <type_traits>

#include "daemon/admin_protocol/messages.h"

namespace cpc::admin_protocol {

/// `Message` or `const Message`: encoding reads the same fields that decoding fills.
template <class Given, class Message>
concept Is = std::same_as<std::remove_const_t<Given>, Message>;

template <class Visitor>
void fields(Visitor& visit, Is<Problem> auto& m) {
  visit("code", m.code);
  visit("what", m.what);
  visit("why", m.why);
  visit("do", m.todo);
}

template <class Visitor>
void fields(Visitor& visit, Is<StoreStatus> auto& m) {
  visit("engine", m.engine);
  visit("place", m.place);
  visit("schema", m.schema);
  visit("store_epoch", m.store_epoch);
  visit("boot_counter", m.boot_counter);
  visit("durability", m.durability);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerCounts> auto& m) {
  visit("total", m.total);
  visit("reachable", m.reachable);
  visit("conflicts", m.conflicts);
}

template <class Visitor>
void fields(Visitor& visit, Is<Listeners> auto& m) {
  visit("client", m.client);
  visit("federation", m.federation);
}

template <class Visitor>
void fields(Visitor& visit, Is<Status> auto& m) {
  visit("instance", m.instance);
  visit("iid", m.iid);
  visit("version", m.version);
  visit("state", m.state);
  visit("reasons", m.reasons);
  visit("started_at", m.started_at);
  visit("store", m.store);
  visit("accounts", m.accounts);
  visit("conversations", m.conversations);
  visit("peers", m.peers);
  visit("owed", m.owed);
  visit("listeners", m.listeners);
}

template <class Visitor>
void fields(Visitor&, Is<StatusRequest> auto&) {}

template <class Visitor>
void fields(Visitor& visit, Is<UserCreated> auto& m) {
  visit("address", m.address);
}

template <class Visitor>
void fields(Visitor& visit, Is<UserCreateRequest> auto& m) {
  visit("username", m.username);
  visit("password", m.password);
}

template <class Visitor>
void fields(Visitor& visit, Is<UserPasswordSet> auto& m) {
  visit("address", m.address);
}

template <class Visitor>
void fields(Visitor& visit, Is<UserPasswdRequest> auto& m) {
  visit("username", m.username);
  visit("password", m.password);
}

template <class Visitor>
void fields(Visitor& visit, Is<UserDisabled> auto& m) {
  visit("address", m.address);
}

template <class Visitor>
void fields(Visitor& visit, Is<UserDisableRequest> auto& m) {
  visit("username", m.username);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerRow> auto& m) {
  visit("name", m.name);
  visit("iid", m.iid);
  visit("state", m.state);
  visit("owed", m.owed);
  visit("last_success_at", m.last_success_at);
  visit("last_error", m.last_error);
  visit("next_try_at", m.next_try_at);
  visit("endpoints", m.endpoints);
  visit("trust", m.trust);
  visit("source", m.source);
  visit("other_iid", m.other_iid);
  visit("other_source", m.other_source);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerAddRequest> auto& m) {
  visit("name", m.name);
  visit("iid", m.iid);
  visit("endpoints", m.endpoints);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerPinRequest> auto& m) {
  visit("name", m.name);
  visit("iid", m.iid);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerRefreshRequest> auto& m) {
  visit("name", m.name);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerRebindRequest> auto& m) {
  visit("name", m.name);
  visit("iid", m.iid);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerRebound> auto& m) {
  visit("name", m.name);
  visit("iid", m.iid);
  visit("conversations", m.conversations);
  visit("frames", m.frames);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerForgetRequest> auto& m) {
  visit("name", m.name);
  visit("even_so", m.even_so);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerForgotten> auto& m) {
  visit("name", m.name);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerBlockRequest> auto& m) {
  visit("name", m.name);
  visit("blocked", m.blocked);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerBlocked> auto& m) {
  visit("name", m.name);
  visit("blocked", m.blocked);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerList> auto& m) {
  visit("peers", m.peers);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerListRequest> auto& m) {
  visit("unreachable", m.unreachable);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerDocument> auto& m) {
  visit("delegation_serial", m.delegation_serial);
  visit("operational_serial", m.operational_serial);
  visit("fetched_at", m.fetched_at);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerKey> auto& m) {
  visit("id", m.id);
  visit("use", m.use);
  visit("valid_from", m.valid_from);
  visit("valid_until", m.valid_until);
}

template <class Visitor>
void fields(Visitor& visit, Is<LanePosition> auto& m) {
  visit("hub_epoch", m.hub_epoch);
  visit("seq", m.seq);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerLane> auto& m) {
  visit("kind", m.kind);
  visit("conversation", m.conversation);
  visit("head", m.head);
  visit("acked", m.acked);
  visit("blocked", m.blocked);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerDetail> auto& m) {
  visit("peer", m.peer);
  visit("document", m.document);
  visit("keys", m.keys);
  visit("lanes", m.lanes);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerShowRequest> auto& m) {
  visit("name", m.name);
}

template <class Visitor>
void fields(Visitor& visit, Is<KeyRow> auto& m) {
  visit("id", m.id);
  visit("use", m.use);
  visit("state", m.state);
  visit("valid_from", m.valid_from);
  visit("valid_until", m.valid_until);
  visit("here", m.here);
}

template <class Visitor>
void fields(Visitor& visit, Is<KeyList> auto& m) {
  visit("instance", m.instance);
  visit("iid", m.iid);
  visit("serial", m.serial);
  visit("expires_at", m.expires_at);
  visit("worries", m.worries);
  visit("keys", m.keys);
}

template <class Visitor>
void fields(Visitor&, Is<KeyListRequest> auto&) {}

template <class Visitor>
void fields(Visitor& visit, Is<KeyChanged> auto& m) {
  visit("key", m.key);
  visit("from", m.from);
  visit("serial", m.serial);
  visit("waits_for_root", m.waits_for_root);
}

template <class Visitor>
void fields(Visitor& visit, Is<KeyRotateRequest> auto& m) {
  visit("use", m.use);
  visit("ahead_ms", m.ahead_ms);
}

template <class Visitor>
void fields(Visitor& visit, Is<KeyRevokeRequest> auto& m) {
  visit("id", m.id);
}

template <class Visitor>
void fields(Visitor& visit, Is<KeyExport> auto& m) {
  visit("request", m.request);
}

template <class Visitor>
void fields(Visitor&, Is<KeyExportRequest> auto&) {}

template <class Visitor>
void fields(Visitor& visit, Is<KeyImportRequest> auto& m) {
  visit("delegation", m.delegation);
}

template <class Visitor>
void fields(Visitor& visit, Is<EvidenceRow> auto& m) {
  visit("number", m.number);
  visit("at", m.at);
  visit("code", m.code);
  visit("lanes", m.lanes);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerEvidence> auto& m) {
  visit("name", m.name);
  visit("iid", m.iid);
  visit("rows", m.rows);
  visit("proof", m.proof);
  visit("document", m.document);
}

template <class Visitor>
void fields(Visitor& visit, Is<PeerEvidenceRequest> auto& m) {
  visit("name", m.name);
  visit("number", m.number);
}

template <class Visitor>
void fields(Visitor& visit, Is<RouteEndpoint> auto& m) {
  visit("endpoint", m.endpoint);
  visit("source", m.source);
  visit("allowed", m.allowed);
  visit("reason", m.reason);
}

template <class Visitor>
void fields(Visitor& visit, Is<RouteDocument> auto& m) {
  visit("delegation_serial", m.delegation_serial);
  visit("operational_serial", m.operational_serial);
  visit("fetched_at", m.fetched_at);
  visit("expires_at", m.expires_at);
}

template <class Visitor>
void fields(Visitor& visit, Is<RouteDns> auto& m) {
  visit("srv", m.srv);
  visit("txt", m.txt);
  visit("resolvers", m.resolvers);
  visit("endpoints", m.endpoints);
  visit("iid", m.iid);
  visit("ttl_ms", m.ttl_ms);
  visit("authenticated", m.authenticated);
  visit("stale", m.stale);
  visit("matches", m.matches);
  visit("error", m.error);
}

template <class Visitor>
void fields(Visitor& visit, Is<RouteProbe> auto& m) {
  visit("ok", m.ok);
  visit("hello_ms", m.hello_ms);
  visit("error", m.error);
}

template <class Visitor>
void fields(Visitor& visit, Is<RouteFinding> auto& m) {
  visit("code", m.code);
  visit("stops", m.stops);
  visit("what", m.what);
  visit("do", m.todo);
}

template <class Visitor>
void fields(Visitor& visit, Is<Route> auto& m) {
  visit("name", m.name);
  visit("iid", m.iid);
  visit("trust", m.trust);
  visit("document", m.document);
  visit("dns", m.dns);
  visit("directories", m.directories);
  visit("endpoints", m.endpoints);
  visit("probe", m.probe);
  visit("findings", m.findings);
  visit("deliverable", m.deliverable);
}

template <class Visitor>
void fields(Visitor& visit, Is<RouteRequest> auto& m) {
  visit("address", m.address);
  visit("probe", m.probe);
  visit("patience_ms", m.patience_ms);
}

}  // namespace cpc::admin_protocol

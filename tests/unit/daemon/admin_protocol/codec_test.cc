#include "daemon/admin_protocol/codec.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace {

using namespace cpc;
using namespace cpc::admin_protocol;

Status some_status() {
  Status status;
  status.instance = "nord.cpc";
  status.iid = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
  status.version = "0.1.0";
  status.state = DaemonState::degraded;
  status.reasons = {"the disk is nearly full"};
  status.started_at = from_milliseconds(1'790'000'000'000);
  status.store = {"sqlite", "/var/lib/cpcd/cpcd.db", 3, "AAAAAAAAAAAAAAAAAAAAAQ",
                  7,        "synchronous=FULL"};
  status.accounts = 214;
  status.conversations = 99;
  status.peers = {43, 41};
  status.owed = 17;
  status.listeners = {"127.0.0.1:8480", "0.0.0.0:8470"};
  return status;
}

PeerRow some_row() {
  PeerRow row;
  row.name = "west.cpc";
  row.iid = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
  row.state = PeerState::unreachable;
  row.owed = 14;
  row.last_success_at = from_milliseconds(1'790'000'000'000);
  row.last_error = "connecting timed out";
  row.next_try_at = from_milliseconds(1'790'000'600'000);
  row.endpoints = {"198.51.100.7:8470", "[2001:db8::7]:8470"};
  row.trust = "pinned";
  return row;
}

PeerDetail some_detail() {
  PeerDetail detail;
  detail.peer = some_row();
  detail.document = {4, 90, from_milliseconds(1'790'000'000'000)};
  detail.keys = {{"kid-1", "signing", from_milliseconds(1), from_milliseconds(2)},
                 {"kid-2", "root", std::nullopt, std::nullopt}};
  detail.lanes = {{"log", "conversation-1", {2, 80}, {2, 66}, ""},
                  {"consent", std::nullopt, {0, 5}, {0, 5}, "fork"}};
  return detail;
}

Route some_route() {
  Route route;
  route.name = "west.cpc";
  route.iid = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
  route.trust = "pinned";
  route.document = RouteDocument{4, 90, from_milliseconds(1), from_milliseconds(2)};
  route.directories = {{"towns", "west.cpc", route.iid, "active", {}, std::nullopt, true}};
  route.dns = RouteDns{"_cpc-fed._tcp.west.cpc",
                       "_cpc.west.cpc",
                       {"192.0.2.53:53"},
                       {"198.51.100.7:8470"},
                       route.iid,
                       300'000,
                       true,
                       true,
                       false,
                       "no answer"};
  route.endpoints = {{"198.51.100.7:8470", "dns", true, ""}};
  route.probe = RouteProbe{true, 12, "none"};
  route.findings = {{"lane_blocked", false, "a lane has stopped", "look at it"}};
  route.deliverable = true;
  return route;
}

template <class Message>
void require_same_after_a_journey(const Message& message) {
  const std::string text = encode(message);
  INFO(text);
  const Result<Message> arrived = decode<Message>(text);
  if (arrived.has_error()) FAIL(arrived.error().detail);
  REQUIRE(arrived.value() == message);
}

TEST_CASE("every message of the admin protocol arrives as it was sent") {
  require_same_after_a_journey(Problem{"not_found.peer", "what", "why", "do"});
  require_same_after_a_journey(StatusRequest{});
  require_same_after_a_journey(some_status());
  require_same_after_a_journey(Status{});
  require_same_after_a_journey(UserCreateRequest{"anna", "a long password"});
  require_same_after_a_journey(UserCreated{"anna@nord.cpc"});
  require_same_after_a_journey(UserPasswdRequest{"anna", "pass\"word\n\\ \u00e9"});
  require_same_after_a_journey(UserPasswordSet{"anna@nord.cpc"});
  require_same_after_a_journey(UserDisableRequest{"anna"});
  require_same_after_a_journey(UserDisabled{"anna@nord.cpc"});
  require_same_after_a_journey(PeerListRequest{true});
  require_same_after_a_journey(PeerList{{some_row(), PeerRow{}}});
  require_same_after_a_journey(PeerList{});
  require_same_after_a_journey(PeerShowRequest{"west.cpc"});
  require_same_after_a_journey(PeerAddRequest{"west.cpc", "iid", {"198.51.100.7:8470"}});
  require_same_after_a_journey(PeerAddRequest{"west.cpc", std::nullopt, {}});
  require_same_after_a_journey(PeerPinRequest{"west.cpc", "iid"});
  require_same_after_a_journey(PeerRefreshRequest{"west.cpc"});
  require_same_after_a_journey(PeerRebindRequest{"west.cpc", "iid"});
  require_same_after_a_journey(PeerRebound{"west.cpc", "iid", 3, 4});
  require_same_after_a_journey(PeerForgetRequest{"west.cpc", true});
  require_same_after_a_journey(PeerForgotten{"west.cpc"});
  require_same_after_a_journey(PeerBlockRequest{"west.cpc", true});
  require_same_after_a_journey(PeerBlocked{"west.cpc", true});
  require_same_after_a_journey(PeerEvidenceRequest{"west.cpc", 7});
  require_same_after_a_journey(PeerEvidenceRequest{"west.cpc", std::nullopt});
  require_same_after_a_journey(
      PeerEvidence{"west.cpc", "iid", {{3, from_milliseconds(5), "FORK", {"log"}}}, "p", "d"});
  require_same_after_a_journey(PeerEvidence{});
  require_same_after_a_journey(DirectoryListRequest{});
  require_same_after_a_journey(DirectoryShowRequest{"towns", "beta.cpc"});
  require_same_after_a_journey(DirectoryFollowRequest{"id", "nord.cpc", {"192.0.2.7:1"}, true});
  require_same_after_a_journey(DirectoryImportRequest{"{\"v\":1}"});
  require_same_after_a_journey(DirectoryExportRequest{"towns", 7});
  require_same_after_a_journey(DirectoryRefreshRequest{"towns"});
  require_same_after_a_journey(DirectoryDropRequest{"towns"});
  const DirectoryRow towns{"id",
                           "towns",
                           7,
                           2,
                           from_milliseconds(9),
                           "nord.cpc",
                           {"n.test:1"},
                           true,
                           from_milliseconds(8),
                           "why",
                           true};
  const DirectoryName beta{"towns", "beta.cpc", "iid", "active", {"b.test:1"}, "other", false};
  require_same_after_a_journey(DirectoryList{{towns, DirectoryRow{}}});
  require_same_after_a_journey(DirectoryDetail{towns, {"key"}, 1, {beta}, true, "rival"});
  require_same_after_a_journey(DirectoryDetail{});
  require_same_after_a_journey(DirectoryChanged{"id", "towns", 6, 7, "why"});
  require_same_after_a_journey(DirectoryExport{"page", 3, 7});
  require_same_after_a_journey(DirectoryDropped{"id", "towns"});
  require_same_after_a_journey(RouteRequest{"anna@west.cpc", true, 30'000});
  require_same_after_a_journey(some_route());
  require_same_after_a_journey(Route{});
  require_same_after_a_journey(some_detail());
  require_same_after_a_journey(PeerDetail{});
}

TEST_CASE("an answer begins with its schema, and its fields keep their order") {
  CHECK(encode(UserDisabled{"anna@nord.cpc"}) ==
        R"({"schema":"cpcctl.user_disable.v1","address":"anna@nord.cpc"})");
  CHECK(encode(Problem{"auth.denied", "No", "", "ask"}) ==
        R"({"schema":"cpcctl.error.v1","code":"auth.denied","what":"No","why":"","do":"ask"})");
  CHECK(encode(UserDisableRequest{"anna"}) == R"({"username":"anna"})");
  CHECK(encode(PeerListRequest{}) == R"({"unreachable":false})");
  CHECK(encode(PeerList{{PeerRow{}}}) ==
        R"({"schema":"cpcctl.peer_list.v1","peers":[{"name":"","iid":"","state":"never","owed":0,)"
        R"("last_error":"","endpoints":[],"trust":"","source":"","other_source":""}]})");
}

TEST_CASE("text that is not UTF-8 does not break an answer") {
  PeerRow row;
  row.last_error = "peer said \xff\xfe";
  const auto arrived = decode<PeerList>(encode(PeerList{{row}}));
  REQUIRE(arrived.has_value());
  CHECK(arrived.value().peers.at(0).last_error == "peer said \uFFFD\uFFFD");
}

template <class Message>
std::string complaint(std::string_view text) {
  const auto message = decode<Message>(text);
  if (message.has_value()) return "(accepted)";
  CHECK(message.error().code == ErrorCode::invalid);
  return message.error().detail;
}

TEST_CASE("what is not a message is refused by the name of the field") {
  CHECK(complaint<UserDisableRequest>("") == "the body is not JSON");
  CHECK(complaint<UserDisableRequest>("{\"username\":\"anna\"} x") == "the body is not JSON");
  CHECK(complaint<UserDisableRequest>("[]") == "the body is not an object");
  CHECK(complaint<UserDisableRequest>("{}") == "username is missing");
  CHECK(complaint<UserDisableRequest>(R"({"username":null})") == "username is not a text");
  CHECK(complaint<UserDisableRequest>(R"({"username":7})") == "username is not a text");
  CHECK(complaint<PeerListRequest>(R"({"unreachable":1})") == "unreachable is not true or false");
  CHECK(complaint<UserDisabled>(R"({"address":"a"})") == "schema is not cpcctl.user_disable.v1");
  CHECK(complaint<UserDisabled>(R"({"schema":"cpcctl.user_disable.v2"})") ==
        "schema is not cpcctl.user_disable.v1");
  CHECK(complaint<UserDisabled>("3") == "schema is not cpcctl.user_disable.v1");
  const auto list = [](std::string number) {
    return complaint<PeerList>(
        R"({"schema":"cpcctl.peer_list.v1","peers":[{"name":"","iid":"","state":"never",)"
        R"("last_error":"","endpoints":[],"trust":"","source":"","other_source":"","owed":)" +
        number + "}]}");
  };
  CHECK(list("1") == "(accepted)");
  CHECK(list("1.5") == "peers[0].owed is not an integer");
  CHECK(list("18446744073709551615") == "peers[0].owed is not an integer of 64 bits");
  CHECK(list("1e400") == "the body is not JSON");
}

TEST_CASE("a mistake deep inside is told with the way to it") {
  auto json = nlohmann::json::parse(encode(some_detail()));
  json["lanes"][1]["head"]["seq"] = "5";
  CHECK(complaint<PeerDetail>(json.dump()) == "lanes[1].head.seq is not an integer");
  json = nlohmann::json::parse(encode(some_detail()));
  json["peer"]["state"] = "asleep";
  CHECK(complaint<PeerDetail>(json.dump()) == "peer.state is not a state we know");
  json = nlohmann::json::parse(encode(some_detail()));
  json["keys"] = 1;
  CHECK(complaint<PeerDetail>(json.dump()) == "keys is not an array");
  json["keys"] = {1};
  CHECK(complaint<PeerDetail>(json.dump()) == "keys[0] is not an object");
}

TEST_CASE("a request with an unknown field is refused, an answer with one is understood") {
  CHECK(complaint<UserDisableRequest>(R"({"username":"anna","dry_run":true})") ==
        "the body has a field that this version does not know");
  CHECK(complaint<StatusRequest>(R"({"verbose":true})") ==
        "the body has a field that this version does not know");
  CHECK(complaint<UserCreated>(
            R"({"schema":"cpcctl.user_create.v1","address":"a@b.cpc","colour":"red"})") ==
        "(accepted)");
}

TEST_CASE("a complaint never repeats a value, which may be a password") {
  const std::string text = R"({"username":"anna","password":["hunter2 hunter2"]})";
  CHECK(complaint<UserCreateRequest>(text) == "password is not a text");
}

TEST_CASE("deep nesting is refused without exhausting the stack") {
  const std::string deep(request_bytes_max, '[');
  CHECK(complaint<StatusRequest>(deep) == "the body is not JSON");
  const std::string closed = std::string(30'000, '[') + std::string(30'000, ']');
  CHECK(complaint<StatusRequest>(closed) == "the body is not an object");
}

TEST_CASE("an error of the rules becomes a problem with a code, a reason and an advice") {
  const auto problem =
      problem_of(fail(ErrorCode::not_found, "no account anna"), "Nothing was done");
  CHECK(problem.code == "not_found.object");
  CHECK(problem.what == "Nothing was done");
  CHECK(problem.why == "no account anna");
  CHECK_FALSE(problem.todo.empty());

  const auto status_of = [](ErrorCode code) { return http_status(problem_of(fail(code, ""), "")); };
  CHECK(status_of(ErrorCode::invalid) == 400);
  CHECK(status_of(ErrorCode::too_large) == 400);
  CHECK(status_of(ErrorCode::denied) == 403);
  CHECK(status_of(ErrorCode::not_found) == 404);
  CHECK(status_of(ErrorCode::conflict) == 409);
  CHECK(status_of(ErrorCode::unavailable) == 503);
  CHECK(status_of(ErrorCode::internal) == 500);
}

}  // namespace

// What clients read: pages that reach everything, and a cursor from which nothing is missed.

#include <catch2/catch.hpp>
#include <set>

#include "daemon/api/ids.h"
#include "tests/unit/daemon/api/desk.h"

namespace cpc::api {
namespace {

constexpr int strangers = 205;

// People who wrote to Anna, one after the other.
void let_strangers_write(Desk& desk) {
  desk.alpha.add_person("anna");
  for (int i = 0; i < strangers; ++i) {
    const std::string local = "stranger" + std::to_string(i);
    desk.alpha.add_person(local, false);
    REQUIRE(desk.alpha.write(local, desk.alpha.person("anna"), "hello").has_value());
    desk.alpha.apply_inbox();
  }
}

// Every node of a list that is read page by page, with `fields` of its nodes.
std::vector<json> walked(Desk& desk, const std::string& list, const std::string& args,
                         const std::string& fields) {
  std::vector<json> nodes;
  std::string after;
  for (;;) {
    const std::string place = after.empty() ? "" : ", after: \"" + after + "\"";
    const json page = desk.data("anna", "{ " + list + "(" + args + place + ") { edges { node { " +
                                            fields + " } } pageInfo { hasNextPage endCursor } } }");
    for (const json& edge : page.at(list).at("edges")) nodes.push_back(edge.at("node"));
    const json& info = page.at(list).at("pageInfo");
    if (!info.at("hasNextPage").get<bool>()) return nodes;
    after = info.at("endCursor");
  }
}

}  // namespace

TEST_CASE("a cursor is not newer than anything that stands beside it") {
  Desk desk;
  desk.alpha.add_person("anna");
  desk.alpha.add_person("ben");
  const std::string annas = "anna";
  const CursorOwner owner{desk.alpha.home(), annas};
  const std::string list = "conversations { edges { node { id } } } ";
  for (const std::string& document :
       {"{ " + list + "cursor }", "{ cursor " + list + "}", "{ me { id } " + list + "cursor }"}) {
    INFO(document);
    const std::int64_t before = desk.last_n();
    // The first read is of the session, the second of the first field: then something happens.
    desk.gate.reads = 0;
    desk.gate.before_read = [&](int reads) {
      if (reads == 2) desk.alpha.open("anna", tests::address("ben@beta.cpc"));
      if (reads == 2) desk.alpha.add_person("new" + std::to_string(before), true);
    };
    const json data = desk.data("anna", document);
    desk.gate.before_read = nullptr;
    CHECK(desk.last_n() > before);
    CHECK(read_change_cursor(data.at("cursor").get<std::string>(), owner).value() == before);
  }
}

TEST_CASE("a cursor tells nobody whether anything happened") {
  Desk desk;
  desk.alpha.add_person("anna");
  const json first = desk.data("anna", "{ cursor }");
  CHECK(desk.data("anna", "{ cursor }") != first);
}

TEST_CASE("every request to write is reached behind two hundred others") {
  Desk desk;
  let_strangers_write(desk);
  const auto requests = walked(desk, "contactRequests", "first: 50", "from { address } state");
  REQUIRE(requests.size() == strangers);
  CHECK(requests.front().at("from").at("address") == "stranger204@alpha.cpc");
  CHECK(requests.back().at("from").at("address") == "stranger0@alpha.cpc");
  const json page = desk.data("anna", "{ contactRequests { edges { node { id } } } }");
  CHECK(page.at("contactRequests").at("edges").size() == 20);
}

TEST_CASE("every consent is reached, and what was said of instances is not lost behind others") {
  Desk desk;
  let_strangers_write(desk);
  const json allowed = desk.data("anna", R"(mutation {
      setFederationOptIn(input: {instance: "beta.cpc", enabled: true}) { subject state } })");
  CHECK(allowed.at("setFederationOptIn").size() == 2);  // And all others, from the beginning.
  CHECK(allowed.at("setFederationOptIn").at(0) ==
        json{{"subject", "beta.cpc"}, {"state", "GRANTED"}});
  const auto consents = walked(desk, "consents", "first: 50", "type subject");
  std::set<json> subjects;
  for (const json& consent : consents) subjects.insert(consent.at("subject"));
  CHECK(consents.size() == strangers + 2);
  CHECK(subjects.size() == strangers + 2);
  CHECK(consents.back().at("type") == "CROSS_INSTANCE");
}

TEST_CASE("an explicit null is as good as nothing given") {
  Desk desk;
  desk.alpha.add_person("anna");
  desk.alpha.add_person("ben");
  const auto id = desk.alpha.open("anna", desk.alpha.person("ben"));
  desk.data("anna", "{ conversations(first: null, after: null) { edges { cursor } } }");
  desk.data("anna", "{ contactRequests(onlyOpen: null, first: null) { edges { cursor } } }");
  desk.data("anna", "{ consents(first: null, after: null) { edges { cursor } } }");
  desk.data("anna", "{ conversation(id: \"" + conversation_id(id) +
                        "\") { messages(first: null, last: null, after: null, before: null)"
                        " { edges { cursor } } } }");
  desk.data("anna", R"(mutation { setFederationOptIn(input: {instance: null, enabled: true})
                                  { state } })");
  desk.data("anna", "mutation { sendMessage(input: {conversationId: \"" + conversation_id(id) +
                        "\", text: \"hello\", clientId: null}) { id } }");
  const json revoked = desk.data("anna", R"(mutation {
      revokeConsent(input: {address: "ben@alpha.cpc", mode: null}) { state } })");
  CHECK(revoked.at("revokeConsent").at("state") == "BLOCKED");
  CHECK(desk.log.lines.empty());
}

TEST_CASE("an answer that would take too much memory is given up") {
  Desk desk;
  desk.alpha.add_person("anna");
  const auto id = desk.alpha.open("anna", desk.alpha.person("ben"));
  desk.alpha.add_person("ben");
  REQUIRE(desk.alpha.write("ben", desk.alpha.person("anna"), "hello").has_value());
  desk.alpha.apply_inbox();
  REQUIRE(desk.alpha.grant("anna", desk.alpha.person("ben")));
  desk.alpha.sign_drafts();
  const std::string text(32'000, 't');
  for (int i = 0; i < 50; ++i) REQUIRE(desk.alpha.send("anna", id, text).has_value());
  const auto asked = [&](int times, const std::string& page) {
    std::string document = "{ conversation(id: \"" + conversation_id(id) + "\") { ";
    for (int i = 0; i < times; ++i) {
      document += "a" + std::to_string(i) + ": messages" + page + " { edges { node { text } } } ";
    }
    return desk.ask("anna", document + "} }");
  };
  CHECK_FALSE(asked(4, "(last: 50)").contains("errors"));
  const json too_large = asked(15, "(last: 50)");
  CHECK(code_of(too_large) == "QUERY_TOO_COMPLEX");
  CHECK(too_large.at("data").is_null());
  const json too_dear = asked(30, "");  // A page of unsaid size counts what it is served with.
  CHECK(code_of(too_dear) == "QUERY_TOO_COMPLEX");
  CHECK_FALSE(too_dear.contains("data"));
}

TEST_CASE("what goes wrong on our side leaves a line for the operator, and no word for others") {
  Desk desk;
  desk.alpha.add_person("anna");
  const std::string token = desk.token_of("anna");
  for (const std::string document :
       {"{ me { id } }", "mutation { setFederationOptIn(input: {enabled: true}) { state } }"}) {
    desk.log.lines.clear();
    desk.gate.reads = 0;
    desk.gate.before_read = [&](int reads) {  // After the session was checked.
      if (reads == 1) desk.gate.failure = fail(ErrorCode::internal, "the reason");
    };
    const json answer = desk.ask("anna", document);
    desk.gate.before_read = nullptr;
    desk.gate.failure.reset();
    CHECK(code_of(answer) == "INTERNAL");
    CHECK(answer.dump().find("the reason") == std::string::npos);
    REQUIRE(desk.log.lines.size() == 1);
    CHECK(desk.log.lines[0].level == "error");
    CHECK(desk.log.lines[0].value("reason") == "the reason");
  }
  desk.log.lines.clear();
  desk.gate.failure = fail(ErrorCode::internal, "the reason");
  const auto reply = desk.post("anna", "{ me { id } }");
  CHECK(reply.status == 500);  // Not 401: the token may well be good.
  CHECK(desk.log.lines.size() == 1);
}

}  // namespace cpc::api

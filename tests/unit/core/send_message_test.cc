// The sending half of a message's life.

#include "core/send_message.h"

#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::code_of;
using tests::Federation;
using tests::id_of;
using tests::Instance;
using tests::make_pair;
using tests::Pair;

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("text is what people can read: some of it, in UTF-8, within its limit") {
  CHECK(check_text("x").has_value());
  CHECK(check_text("\xF0\x9F\x90\x9D bees").has_value());
  CHECK(check_text(std::string(text_bytes_max, 'x')).has_value());
  for (const char* blank :
       {"", " ", "\n\t \r", "\xC2\xA0", "\xE2\x80\x8B\xE2\x81\xA0", "\xE3\x80\x80"}) {
    CHECK(code_of(check_text(blank)) == codes::message_empty);
  }
  CHECK(code_of(check_text(std::string(text_bytes_max + 1, 'x'))) == codes::message_too_long);
  for (const std::string& bad :
       {std::string("a\0b", 3), std::string("\xFF"), std::string("a\xC3"), std::string("\xC0\xAF"),
        std::string("\xED\xA0\x80"), std::string("\xF4\x90\x80\x80"), std::string("\xE2\x82")}) {
    const auto checked = check_text(bad);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("an accepted message can always be signed, however its text swells as JSON") {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  const Pair pair = make_pair(world, world.at(0), world.at(1), world.at(0));
  const std::string controls(text_bytes_max, '\x01');
  CHECK(code_of(pair.hub.send(pair.at_hub, pair.hub_id, controls)) == codes::message_too_long);
  const std::string quotes(25 * 1024, '"');
  REQUIRE(pair.hub.send(pair.at_hub, pair.hub_id, quotes));
  REQUIRE(pair.copy.send(pair.at_copy, pair.copy_id, std::string(text_bytes_max, 'x')));
  world.settle();
  CHECK(pair.copy.texts(pair.at_copy, pair.copy_id).size() == 3);
}

TEST_CASE("one client id is one message, whatever happens between") {
  for (const bool has_met : {true, false}) {
    Federation world{{"alpha.cpc", "beta.cpc"}};
    Instance& alpha = world.at(0);
    Instance& beta = world.at(1);
    alpha.add_person("anna");
    beta.add_person("ben");
    const auto id = alpha.open("anna", beta.person("ben"));
    if (has_met) {
      REQUIRE(alpha.send("anna", id, "hello"));
      world.settle();
      REQUIRE(beta.grant("ben", alpha.person("anna")));
      world.settle();
    }
    // The caller retries with what it prepared the first time.
    SendRequest request = alpha.request("anna", id, "once");
    request.client_id = "c1";
    const auto prepared = alpha.prepare(request).value();
    const auto send = [&](const SendRequest& wanted) {
      return alpha.run(
          [&](auto& tx, auto at) { return send_message(tx, alpha.home(), at, wanted, prepared); });
    };
    const auto first = send(request);
    REQUIRE(first.has_value());
    const auto events = alpha.store.rows<Event>().size();
    SendRequest again = request;
    again.id = id_of<EventId>("another id");
    CHECK(send(again).value() == first.value());
    world.settle();
    CHECK(send(again).value() == first.value());
    CHECK(alpha.store.rows<Event>().size() == events);
    again.text = "something else";
    CHECK(code_of(send(again)) == codes::client_id_reused);
    again.text = "once";
    again.conversation = ConversationId{};
    CHECK(code_of(send(again)) == codes::client_id_reused);
  }
}

TEST_CASE("a client id of one person is not that of another") {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  alpha.add_person("anna");
  alpha.add_person("ben");
  const auto id = alpha.open("anna", alpha.person("ben"));
  const auto one = alpha.send("anna", id, "hello", "c1");
  REQUIRE(one.has_value());
  REQUIRE(alpha.grant("ben", alpha.person("anna")));
  world.settle();
  const auto two = alpha.send("ben", id, "hello", "c1");
  REQUIRE(two.has_value());
  CHECK(one.value() != two.value());
}

TEST_CASE("a plan that does not fit any more is planned again, and nothing of it stays") {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  const Pair pair = make_pair(world, world.at(0), world.at(1), world.at(0));
  SendRequest request = pair.hub.request(pair.at_hub, pair.hub_id, "planned early");
  const auto prepared = pair.hub.prepare(request).value();
  CHECK(prepared.path == SendPath::place);
  REQUIRE(pair.copy.revoke(pair.at_copy, pair.hub_person(), false));
  world.settle();
  const auto rows = pair.hub.store.tables().rows();
  const auto late = pair.hub.run(
      [&](auto& tx, auto at) { return send_message(tx, pair.hub.home(), at, request, prepared); });
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == ErrorCode::conflict);
  CHECK(code_of(late).empty());
  CHECK(pair.hub.store.tables().rows() == rows);
  CHECK(pair.hub.send(pair.at_hub, pair.hub_id, "planned again").has_value());
}

TEST_CASE("an envelope prepared for another event is not taken for this one") {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  const Pair pair = make_pair(world, world.at(0), world.at(1), world.at(0));
  SendRequest request = pair.hub.request(pair.at_hub, pair.hub_id, "one");
  const auto prepared = pair.hub.prepare(request).value();
  request.id = id_of<EventId>("another");
  const auto sent = pair.hub.run(
      [&](auto& tx, auto at) { return send_message(tx, pair.hub.home(), at, request, prepared); });
  REQUIRE_FALSE(sent.has_value());
  CHECK(sent.error().code == ErrorCode::conflict);
}

TEST_CASE("messages written while others wait for their signature keep their order") {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  for (const std::size_t hub : {0U, 1U}) {
    const Pair pair = make_pair(world, world.at(hub), world.at(1 - hub), world.at(hub));
    // The other side wrote first, so its person has not joined: its first messages are drafts.
    Instance& other = pair.copy;
    for (const char* text : {"one", "two", "three"}) {
      world.now += Milliseconds{1};
      const auto sent = other.send(pair.at_copy, pair.copy_id, text);
      REQUIRE(sent.has_value());
      CHECK(other.state_of(sent.value()) == "PENDING");
    }
    CHECK(other.texts(pair.at_copy, pair.copy_id) == Texts{"hello", "one", "two", "three"});
    world.settle();
    CHECK(pair.hub.texts(pair.at_hub, pair.hub_id) == Texts{"hello", "one", "two", "three"});
    CHECK(other.texts(pair.at_copy, pair.copy_id) == Texts{"hello", "one", "two", "three"});
    CHECK(other.conversation(pair.copy_id).drafts == 0);
  }
}

TEST_CASE("whom one refused oneself one cannot write to") {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  const Pair pair = make_pair(world, world.at(0), world.at(1), world.at(0));
  for (const bool is_quiet : {true, false}) {
    REQUIRE(pair.hub.revoke(pair.at_hub, pair.copy_person(), is_quiet));
    CHECK(code_of(pair.hub.send(pair.at_hub, pair.hub_id, "x")) == codes::blocked_by_you);
    REQUIRE(pair.hub.grant(pair.at_hub, pair.copy_person()));
    world.settle();
    CHECK(pair.hub.send(pair.at_hub, pair.hub_id, "x").has_value());
  }
}

TEST_CASE("a person sees their own changes once each, numbered upwards") {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  const Pair pair = make_pair(world, world.at(0), world.at(1), world.at(0));
  const auto page = [&](std::int64_t after) {
    return pair.copy.look().changes(pair.copy_person(), after, 1000).value();
  };
  const auto before = page(0);
  CHECK(before.upto == pair.copy.store.last_n());
  REQUIRE(pair.hub.send(pair.at_hub, pair.hub_id, "news"));
  world.settle();
  const auto after = page(before.upto);
  REQUIRE(after.events.size() == 1);
  CHECK(pair.copy.text_of(after.events.front()) == "news");
  CHECK(after.conversations.size() == 1);
  CHECK(page(after.upto).events.empty());
}

}  // namespace cpc::core

#include "tests/unit/dns/lying_server.h"

#include "tests/unit/dns/dns_world.h"

namespace {

using namespace cpc;
using namespace cpc::routing;
using namespace cpc::tests;

constexpr unsigned type_a = 1;
constexpr unsigned type_cname = 5;
constexpr unsigned type_txt = 16;
constexpr unsigned type_srv = 33;
const std::string iid_text = std::string(42, 'A') + "E";

using Question = LyingServer::Question;
using Messages = std::vector<std::string>;

/// The octets of an answer under the question's own id.
std::string sent(const Question& question, const WrittenAnswer& answer) {
  return question.id + answer.octets().substr(2);
}

WrittenAnswer honest(const Question& question) {
  WrittenAnswer answer{question.name, question.type};
  if (question.type == type_srv) {
    answer.add(dns_record(question.name, type_srv, srv_data(0, 0, 8470, "host.beta.cpc")));
  } else if (question.type == type_txt) {
    answer.add(
        dns_record(question.name, type_txt, txt_data("v=cpc1; iid=" + iid_text + "; st=active")));
  } else if (question.type == type_a) {
    answer.add(dns_record(question.name, type_a, "\x7f\x01\x02\x03"));
  }
  return answer;
}

Messages honestly(const Question& question) {
  return {sent(question, honest(question))};
}

Messages with_flags(const Question& question, unsigned flags) {
  WrittenAnswer answer{question.name, question.type};
  answer.flags = flags;
  return {sent(question, answer)};
}

struct LyingWorld : DnsWorld {
  explicit LyingWorld(LyingServer::Lie lie, bool trust_ad = false) : server(io, std::move(lie)) {
    DnsSettings settings;
    settings.resolvers.push_back(server.place());
    settings.look_up_max = 1500ms;  // As 15 s, but for who waits for this test.
    settings.trust_ad = trust_ad;
    open(std::move(settings));
  }
  ~LyingWorld() { resolver.reset(); }
  LyingServer server;
};

TEST_CASE("an honest answer is taken, and kept for as long as it says") {
  LyingWorld world{honestly};
  const auto hints = world.ask("beta.cpc");
  REQUIRE(hints);
  CHECK(texts(hints.value()) == std::vector<std::string>{"127.1.2.3:8470"});
  CHECK(world.server.count == 4);  // SRV, TXT, A, AAAA.
  world.timers.steady += 299s;
  CHECK(world.ask("beta.cpc").value() == hints.value());
  CHECK(world.server.count == 4);
  world.timers.steady += 1s;
  CHECK(world.ask("beta.cpc"));
  CHECK(world.server.count == 8);
}

TEST_CASE("what is doubted is asked for again before its time, but not at once") {
  LyingWorld world{honestly};
  REQUIRE(world.ask("beta.cpc"));
  world.resolver->doubt(core::InstanceName::parse("beta.cpc").value());
  world.timers.steady += AresResolver::doubted_age_min - 1ms;
  REQUIRE(world.ask("beta.cpc"));
  CHECK(world.server.count == 4);
  world.timers.steady += 1ms;
  REQUIRE(world.ask("beta.cpc"));
  CHECK(world.server.count == 8);
}

TEST_CASE("what the operator drops is asked for at once, and does not serve when nobody answers") {
  bool is_silent = false;
  LyingWorld world{
      [&](const Question& question) { return is_silent ? Messages{} : honestly(question); }};
  REQUIRE(world.ask("beta.cpc"));
  world.resolver->forget(core::InstanceName::parse("beta.cpc").value());
  REQUIRE(world.ask("beta.cpc"));
  CHECK(world.server.count == 8);
  is_silent = true;
  world.resolver->forget(core::InstanceName::parse("beta.cpc").value());
  CHECK(world.failure("beta.cpc") == ErrorCode::unavailable);
}

TEST_CASE("an answer with a wrong id, or to another question, is never taken") {
  LyingWorld world{[](const Question& question) -> Messages {
    const std::string good = honestly(question).front();
    const Question other{"_cpc-fed._tcp.gamma.cpc", question.type, question.id};
    return {"zz" + good.substr(2), honestly(other).front()};
  }};
  CHECK(world.failure("beta.cpc") == ErrorCode::unavailable);
}

TEST_CASE("an answer from another port than the one asked is never taken") {
  LyingWorld world{[](const Question& question) -> Messages {
    if (question.type == type_srv) return {};
    return honestly(question);
  }};
  const Question guessed{"_cpc-fed._tcp.beta.cpc", type_srv, "??"};
  world.server.forged = honestly(guessed).front();
  CHECK(world.failure("beta.cpc") == ErrorCode::unavailable);
}

TEST_CASE("an answer that adds another name's record is a lie") {
  LyingWorld world{[](const Question& question) -> Messages {
    auto answer = honest(question);
    answer.add(dns_record("_cpc-fed._tcp.gamma.cpc", type_srv, srv_data(0, 0, 1, "a.example")));
    return {sent(question, answer)};
  }};
  CHECK(world.failure("beta.cpc") == ErrorCode::invalid);
}

TEST_CASE("aliases that turn in a circle are a lie") {
  LyingWorld world{[](const Question& question) -> Messages {
    WrittenAnswer answer{question.name, question.type};
    answer.add(dns_record(question.name, type_cname, wire_name("x.cpc")))
        .add(dns_record("x.cpc", type_cname, wire_name(question.name)));
    return {sent(question, answer)};
  }};
  CHECK(world.failure("beta.cpc") == ErrorCode::invalid);
}

TEST_CASE("a huge answer over TCP is a lie") {
  LyingWorld world{[](const Question& question) -> Messages {
    if (!question.is_tcp) return with_flags(question, 0x8780);
    auto answer = honest(question);

    answer.answers.resize(60'000, 'x');
    return {sent(question, answer)};
  }};
  CHECK(world.failure("beta.cpc") == ErrorCode::invalid);
}

TEST_CASE("a length over TCP that never comes costs no more than the deadline") {
  LyingWorld world{[](const Question& question) -> Messages {
    if (!question.is_tcp) return with_flags(question, 0x8780);
    return honestly(question);
  }};
  world.server.lies_about_length = true;
  CHECK(world.failure("beta.cpc") == ErrorCode::unavailable);
}

TEST_CASE(
    "a server that is silent costs no more than the deadline, and is left alone for a while") {
  LyingWorld world{[](const Question&) -> Messages { return {}; }};
  CHECK(world.failure("beta.cpc") == ErrorCode::unavailable);
  const int asked = world.server.count;
  CHECK(world.failure("beta.cpc") == ErrorCode::unavailable);
  CHECK(world.server.count == asked);
}

TEST_CASE("a server that fails or refuses is asked again later") {
  for (const unsigned rcode : {2U, 4U, 5U}) {
    LyingWorld world{
        [&](const Question& question) { return with_flags(question, 0x8180 | rcode); }};
    CHECK(world.failure("beta.cpc") == ErrorCode::unavailable);
    world.server.lie = honestly;
    world.timers.steady += dns_negative_ttl_min;
    CHECK(world.ask("beta.cpc"));
  }
}

TEST_CASE("what was found before serves while the server fails, for a day") {
  LyingWorld world{honestly};
  const auto before = world.ask("beta.cpc").value();
  world.server.lie = [](const Question& question) { return with_flags(question, 0x8182); };
  world.timers.steady += 10min;
  const auto after = world.ask("beta.cpc");
  REQUIRE(after);
  CHECK(after.value().is_stale);
  CHECK(after.value().endpoints == before.endpoints);
  world.timers.steady += AresResolver::stale_max;
  CHECK(world.failure("beta.cpc") == ErrorCode::unavailable);
}

TEST_CASE("a name that is gone is forgotten, though it was found before") {
  LyingWorld world{honestly};
  REQUIRE(world.ask("beta.cpc"));
  world.server.lie = [](const Question& question) { return with_flags(question, 0x8183); };
  world.timers.steady += 10min;
  CHECK(world.failure("beta.cpc") == ErrorCode::not_found);
}

TEST_CASE("an instance that TXT says is gone is not looked for where SRV still points") {
  LyingWorld world{[](const Question& question) -> Messages {
    if (question.type != type_txt) return {sent(question, honest(question))};
    WrittenAnswer answer{question.name, question.type};
    const std::string retired = "v=cpc1; iid=" + iid_text + "; st=retired";
    answer.add(dns_record(question.name, type_txt, txt_data(retired)));
    return {sent(question, answer)};
  }};
  CHECK(world.failure("beta.cpc") == ErrorCode::not_found);
}

TEST_CASE("a lying TXT spoils an honest SRV") {
  LyingWorld world{[](const Question& question) -> Messages {
    auto answer = honest(question);
    if (question.type == type_txt) {
      const std::string other = std::string(42, 'A') + "I";
      answer.add(dns_record(question.name, type_txt, txt_data("v=cpc1; iid=" + other)));
    }
    return {sent(question, answer)};
  }};
  CHECK(world.failure("beta.cpc") == ErrorCode::conflict);
}

TEST_CASE("a validated answer counts as one only where the configuration trusts it") {
  const auto validated = [](const Question& question) -> Messages {
    auto answer = honest(question);
    answer.flags |= 0x0020;
    return {sent(question, answer)};
  };
  LyingWorld trusting{validated, true};
  CHECK(trusting.ask("beta.cpc").value().is_authenticated);
  LyingWorld careful{validated, false};
  CHECK_FALSE(careful.ask("beta.cpc").value().is_authenticated);
  LyingWorld partly{[&](const Question& question) {
                      return question.type == type_a ? honestly(question) : validated(question);
                    },
                    true};
  CHECK_FALSE(partly.ask("beta.cpc").value().is_authenticated);
}

TEST_CASE("all who ask for one name share one look-up") {
  LyingWorld world{honestly};
  std::vector<Asking> all(20);
  for (Asking& one : all) world.begin("beta.cpc", one);
  for (const Asking& one : all) world.wait(one);
  for (const Asking& one : all) CHECK(one.outcome->has_value());
  CHECK(world.server.count == 4);
}

TEST_CASE("when who leads a look-up is given up, the next one takes over") {
  LyingWorld world{honestly};
  Asking first;
  Asking second;
  world.begin("beta.cpc", first);
  world.begin("beta.cpc", second);
  world.io.poll_one();
  world.io.poll_one();
  first.cancel.emit(boost::asio::cancellation_type::all);
  world.wait(first);
  world.wait(second);
  REQUIRE(second.outcome);
  CHECK(second.outcome->has_value());
}

TEST_CASE("a resolver that goes in the middle of a question leaves nothing behind") {
  LyingWorld world{[](const Question&) -> Messages { return {}; }};
  Asking asking;
  world.begin("beta.cpc", asking);
  world.io.poll();
  asking.cancel.emit(boost::asio::cancellation_type::all);
  world.wait(asking);
  CHECK_FALSE((asking.outcome && asking.outcome->has_value()));
  world.resolver.reset();
}

TEST_CASE("so many names are remembered and no more") {
  LyingWorld world{[](const Question& question) { return with_flags(question, 0x8183); }};
  const std::size_t names = AresResolver::names_max + 20;
  for (std::size_t i = 0; i < names; ++i) {
    CHECK(world.failure("n" + std::to_string(i) + ".cpc") == ErrorCode::not_found);
  }
  CHECK(world.resolver->names_remembered() == AresResolver::names_max);
  const int asked = world.server.count;
  CHECK(world.failure("n" + std::to_string(names - 1) + ".cpc") == ErrorCode::not_found);
  CHECK(world.server.count == asked);
  CHECK(world.failure("n0.cpc") == ErrorCode::not_found);
  CHECK(world.server.count > asked);
}

}  // namespace

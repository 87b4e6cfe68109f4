// Who may reach whom: more specific wins, deny wins ties, taking back always works.

#include "core/consent.h"

#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::address;
using tests::code_of;
using tests::Federation;
using tests::Instance;

const Address stranger = address("zoe@beta.cpc");

Decision decision(Instance& at, const Address& peer = stranger) {
  return verify_messaging_consent(at.look(), at.home(), "anna", peer).value();
}
void set(Instance& at, ConsentScope scope, const std::string& subject, ConsentState state,
         ConsentType type = ConsentType::messaging) {
  REQUIRE(at.run([&](auto& tx, auto then) {
    return write_consent(tx, {"anna", type, scope, subject}, state, "user_action", then.now);
  }));
}

}  // namespace

TEST_CASE("who was never asked may be asked, and nothing is delivered before the answer") {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  alpha.add_person("anna");
  CHECK(decision(alpha).verdict == Verdict::request);
  CHECK(decision(alpha, alpha.person("ben")).verdict == Verdict::request);
  set(alpha, ConsentScope::person, stranger.text(), ConsentState::requested);
  CHECK(decision(alpha).verdict == Verdict::request);
  set(alpha, ConsentScope::person, stranger.text(), ConsentState::granted);
  CHECK(decision(alpha).verdict == Verdict::deliver);
}

TEST_CASE("the person outweighs the instance, the instance outweighs anyone") {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  alpha.add_person("anna");
  const auto per = [&](ConsentScope scope, ConsentState state) {
    set(alpha, scope,
        scope == ConsentScope::person     ? stranger.text()
        : scope == ConsentScope::instance ? stranger.instance.text()
                                          : "*",
        state);
    return decision(alpha).verdict;
  };
  CHECK(per(ConsentScope::anyone, ConsentState::granted) == Verdict::deliver);
  CHECK(per(ConsentScope::instance, ConsentState::denied) == Verdict::swallow);
  CHECK(per(ConsentScope::person, ConsentState::granted) == Verdict::deliver);
  CHECK(per(ConsentScope::instance, ConsentState::granted) == Verdict::deliver);
  for (const auto no : {ConsentState::denied, ConsentState::revoked, ConsentState::blocked}) {
    CHECK(per(ConsentScope::person, no) == Verdict::swallow);
  }
}

TEST_CASE("another instance needs the person's opt-in besides, our own does not") {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  alpha.add_person("anna", false);
  set(alpha, ConsentScope::person, stranger.text(), ConsentState::granted);
  set(alpha, ConsentScope::person, "ben@alpha.cpc", ConsentState::granted);
  CHECK(decision(alpha).verdict == Verdict::swallow);
  CHECK(decision(alpha, alpha.person("ben")).verdict == Verdict::deliver);

  const auto opt = [&](const std::optional<InstanceName>& towards, bool is_granted) {
    REQUIRE(alpha.run([&](auto& tx, auto at) {
      return set_federation_opt_in(tx, alpha.home(), at, "anna", towards, is_granted);
    }));
    return decision(alpha).verdict;
  };
  CHECK(opt(std::nullopt, true) == Verdict::deliver);
  CHECK(opt(stranger.instance, false) == Verdict::swallow);
  CHECK(opt(stranger.instance, true) == Verdict::deliver);
  CHECK(opt(std::nullopt, false) == Verdict::deliver);
}

TEST_CASE("nobody reaches an account that is disabled or does not exist") {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  CHECK(decision(alpha).verdict == Verdict::swallow);
  alpha.add_person("anna");
  set(alpha, ConsentScope::person, stranger.text(), ConsentState::granted);
  REQUIRE(alpha.run([](auto& tx, auto) { return disable_account(tx, "anna"); }));
  CHECK(decision(alpha).verdict == Verdict::swallow);
}

TEST_CASE("a version rises with each change and with nothing else") {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  alpha.add_person("anna");
  for (const auto state : {ConsentState::requested, ConsentState::granted, ConsentState::granted,
                           ConsentState::revoked, ConsentState::revoked}) {
    set(alpha, ConsentScope::person, stranger.text(), state);
  }
  CHECK(alpha.consent("anna", stranger)->version == 3);
}

TEST_CASE("that somebody was told of a consent is a change, and wakes its owner") {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  alpha.add_person("anna");
  set(alpha, ConsentScope::person, stranger.text(), ConsentState::granted);
  const auto before = alpha.consent("anna", stranger)->n;
  const auto told = alpha.store.transact(
      [&](Transaction& tx) { return note_told(tx, messaging_consent("anna", stranger), 1); });
  REQUIRE(told);
  CHECK(alpha.consent("anna", stranger)->n > before);
  CHECK(told.value().touched.accounts.at("anna").everything);
}

TEST_CASE("a grant holds only for the version the person saw") {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  Instance& alpha = world.at(0);
  Instance& beta = world.at(1);
  alpha.add_person("anna");
  beta.add_person("zoe");
  REQUIRE(beta.write("zoe", alpha.person("anna"), "hello"));
  world.settle();
  const std::int64_t seen = alpha.consent("anna", stranger)->version;

  SECTION("a block in between wins") {
    REQUIRE(alpha.revoke("anna", stranger, true));
    const auto stale = alpha.answer({"anna", stranger, AnswerKind::grant, seen});
    CHECK(code_of(stale) == codes::consent_stale);
    CHECK(alpha.consent("anna", stranger)->state == ConsentState::blocked);
    CHECK(code_of(alpha.answer({"anna", stranger, AnswerKind::deny, seen})) ==
          codes::consent_stale);
  }
  SECTION("a plan that was signed before the block is refused inside the closure") {
    const ConsentAnswer answer{"anna", stranger, AnswerKind::grant, seen};
    Moment at = alpha.moment();
    const auto frame = alpha.sign(plan_answer(alpha.look(), alpha.home(), at, answer).value());
    REQUIRE(alpha.revoke("anna", stranger, true));
    const auto late = alpha.run(
        [&](auto& tx, auto then) { return answer_contact(tx, alpha.home(), then, answer, frame); });
    CHECK(code_of(late) == codes::consent_stale);
    CHECK(decision(alpha).verdict == Verdict::swallow);
  }
  SECTION("a frame that was signed for another version is refused") {
    const ConsentAnswer answer{"anna", stranger, AnswerKind::grant, seen};
    Moment at = alpha.moment();
    auto planned = plan_answer(alpha.look(), alpha.home(), at, answer).value();
    ++planned->version;
    const auto frame = alpha.sign(planned);
    const auto unfit = alpha.run(
        [&](auto& tx, auto then) { return answer_contact(tx, alpha.home(), then, answer, frame); });
    CHECK(unfit.error().code == ErrorCode::conflict);
    CHECK(alpha.consent("anna", stranger)->state == ConsentState::requested);
  }
  SECTION("without a request there is nothing to answer") {
    const auto none = alpha.answer({"anna", address("nobody@beta.cpc"), AnswerKind::grant, 0});
    CHECK(none.error().code == ErrorCode::not_found);
  }
  SECTION("granting opts in towards that instance") {
    REQUIRE(alpha.run([&](auto& tx, auto then) {
      return set_federation_opt_in(tx, alpha.home(), then, "anna", stranger.instance, false);
    }));
    REQUIRE(alpha.grant("anna", stranger));
    CHECK(decision(alpha).verdict == Verdict::deliver);
  }
}

TEST_CASE("taking back always works, twice is once, and holds within the same commit") {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  alpha.add_person("anna");
  SECTION("also from somebody nobody heard of") {
    REQUIRE(alpha.revoke("anna", stranger, true));
    CHECK(decision(alpha).verdict == Verdict::swallow);
  }
  set(alpha, ConsentScope::person, stranger.text(), ConsentState::granted);
  for (const bool is_quiet : {true, false}) {
    REQUIRE(alpha.revoke("anna", stranger, is_quiet));
    const auto version = alpha.consent("anna", stranger)->version;
    REQUIRE(alpha.revoke("anna", stranger, is_quiet));
    CHECK(alpha.consent("anna", stranger)->version == version);
    CHECK(alpha.consent("anna", stranger)->state ==
          (is_quiet ? ConsentState::blocked : ConsentState::revoked));
  }
  set(alpha, ConsentScope::person, stranger.text(), ConsentState::granted);
  REQUIRE(alpha.store.transact([&](Transaction& tx) -> Result<> {
    CPC_TRY(revoke_consent(tx, alpha.home(), alpha.moment(), {"anna", stranger, true}, {}));
    CPC_TRY(const Decision now, verify_messaging_consent(tx, alpha.home(), "anna", stranger));
    CHECK(now.verdict == Verdict::swallow);
    return success();
  }));
}

}  // namespace cpc::core

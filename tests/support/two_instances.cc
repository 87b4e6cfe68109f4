#include "tests/support/two_instances.h"

#include "crypto/digest.h"
#include "federation/envelope_codec.h"
#include "federation/frame_codec.h"
#include "federation/instance_document.h"

namespace cpc::tests {
namespace {

constexpr std::size_t entries_max = 500;  // That anybody takes, as their document says.

}  // namespace

core::InstanceName instance_name(std::string_view text) {
  return core::InstanceName::parse(text).value();
}
core::Address address(std::string_view text) {
  return core::Address::parse(text).value();
}
Bytes hash_of(std::string_view label) {
  return crypto::sha256(label).bytes();
}

Instance::Instance(const std::string& name, const std::string& seed, const TimePoint& now)
    : now_(now),
      label_(seed + "/" + name),
      root_(crypto::SigningKey::from_seed(id_of<crypto::Seed>(label_ + "/root"))),
      signing_(crypto::SigningKey::from_seed(id_of<crypto::Seed>(label_ + "/signing"))),
      master_(crypto::MasterKey::from_bytes(hash_of(label_ + "/master")).value()),
      home_{instance_name(name), federation::iid_of(root_.public_key()),
            id_of<core::StoreEpoch>(label_ + "/epoch"), 1, master_},
      snapshot_(snapshot_of(store)) {
  identity_.name = home_.name;
  identity_.iid = home_.iid;
  identity_.keys.push_back({signing_.public_key(), TimePoint{}, TimePoint::max()});
}

core::Address Instance::person(const std::string& local) const {
  return home_.address_of(local);
}
void Instance::add_signing_key(const crypto::SigningKey& key) {
  identity_.keys.push_back({key.public_key(), TimePoint{}, TimePoint::max()});
}
void Instance::renew_epoch() {
  home_.epoch = id_of<core::StoreEpoch>(next());
}
core::Moment Instance::moment() {
  return {now_, core::Chance{id_of<core::ChanceSeed>(next())}};
}
Bytes Instance::salt() {
  return moment().chance.bytes(core::salt_bytes);
}

void Instance::add_person(const std::string& local, bool is_opted_in) {
  REQUIRE(run([&](auto& tx, auto at) { return core::create_account(tx, at, local, "hash"); }));
  if (!is_opted_in) return;
  REQUIRE(run([&](auto& tx, auto at) {
    return core::set_federation_opt_in(tx, home_, at, local, std::nullopt, true);
  }));
}

core::ConversationId Instance::open(const std::string& local, const core::Address& other) {
  const auto opened = run(
      [&](auto& tx, auto at) { return core::start_direct(tx, home_, at, person(local), other); });
  REQUIRE(opened.has_value());
  return opened.value().id;
}

core::SendRequest Instance::request(const std::string& local,
                                    const core::ConversationId& conversation,
                                    const std::string& text) {
  return {local, conversation, moment().chance.uuid<core::EventId>(now_),
          {},    text,         federation::message_body(text)};
}

Result<core::EventKey> Instance::send(const std::string& local,
                                      const core::ConversationId& conversation,
                                      const std::string& text, const std::string& client_id) {
  core::SendRequest wanted = request(local, conversation, text);
  wanted.client_id = client_id;
  for (;;) {
    CPC_TRY(const auto prepared, prepare(wanted));
    auto sent =
        run([&](auto& tx, auto at) { return core::send_message(tx, home_, at, wanted, prepared); });
    const bool has_moved = !sent && sent.error().code == ErrorCode::conflict &&
                           core::stable_code(sent.error()).empty();
    if (!has_moved) return sent;
  }
}

Result<core::EventKey> Instance::write(const std::string& local, const core::Address& to,
                                       const std::string& text) {
  return send(local, open(local, to), text);
}

Result<core::PreparedSend> Instance::prepare(const core::SendRequest& request) {
  core::Moment at = moment();
  CPC_TRY(core::SendPlan plan, core::plan_send(look(), home_, at, request));
  core::PreparedSend prepared;
  prepared.path = plan.path;
  if (plan.frame) prepared.frame = sign(*plan.frame);
  if (plan.header) {
    CPC_TRY(prepared.envelope,
            federation::EnvelopeCodec::sign(*plan.header, request.body, salt(), signing_));
  }
  return prepared;
}

Result<> Instance::answer(const core::ConsentAnswer& answer) {
  core::Moment at = moment();
  CPC_TRY(const auto planned, core::plan_answer(look(), home_, at, answer));
  const auto frame = sign(planned);
  return run(
      [&](auto& tx, auto then) { return core::answer_contact(tx, home_, then, answer, frame); });
}

Result<> Instance::grant(const std::string& local, const core::Address& subject) {
  const auto seen = consent(local, subject);
  return answer({local, subject, core::AnswerKind::grant, seen ? seen->version : 0});
}

Result<> Instance::deny(const std::string& local, const core::Address& subject) {
  const auto seen = consent(local, subject);
  return answer({local, subject, core::AnswerKind::deny, seen ? seen->version : 0});
}

Result<> Instance::revoke(const std::string& local, const core::Address& subject, bool is_quiet) {
  const core::Revocation revocation{local, subject, is_quiet};
  core::Moment at = moment();
  CPC_TRY(const auto planned, core::plan_revocation(look(), home_, at, revocation));
  const auto frame = sign(planned);
  return run([&](auto& tx, auto then) {
    return core::revoke_consent(tx, home_, then, revocation, frame);
  });
}

Result<> Instance::read(const std::string& local, const core::ConversationId& conversation,
                        std::int64_t upto) {
  return run([&](auto& tx, auto) { return core::mark_read(tx, home_, local, conversation, upto); });
}

bool Instance::sign_drafts() {
  const auto drafts = look().signable_drafts(100).value();
  for (const core::Event& draft : drafts) {
    const auto in = store.row<core::Conversation>({draft.conversation});
    if (!in || !in->wire_id) continue;
    const auto envelope = sign_draft(*in->wire_id, draft);
    const Result<> placed = run([&](auto& tx, auto at) {
      return core::place_own_event(tx, home_, at, draft.conversation, envelope);
    });
    INFO("signing loop at " << name().text() << ": " << why(placed));
    REQUIRE(placed.has_value());
  }
  return !drafts.empty();
}

bool Instance::apply_inbox(std::size_t limit) {
  const auto frames = look().inbox_frames(limit).value();
  for (const core::InboxFrame& stored : frames) {
    const auto frame = federation::read_stored_frame(stored.jws);
    REQUIRE(frame.has_value());
    const Result<> applied = run([&](auto& tx, auto at) {
      return core::apply_frame(tx, home_, at, stored.origin, frame.value());
    });
    INFO("inbox loop at " << name().text() << ": " << why(applied));
    REQUIRE(applied.has_value());
  }
  return !frames.empty();
}

std::vector<std::string> Instance::texts(const std::string& local,
                                         const core::ConversationId& conversation) const {
  std::vector<std::string> seen;
  for (const core::Event& event : messages(local, conversation)) seen.push_back(text_of(event));
  return seen;
}
std::vector<std::string> Instance::texts_with(const std::string& local,
                                              const core::Address& other) const {
  const auto id = conversation_with(local, other);
  return id ? texts(local, *id) : std::vector<std::string>{};
}
std::vector<core::Event> Instance::messages(const std::string& local,
                                            const core::ConversationId& conversation) const {
  core::Snapshot::MessageRange range;
  range.conversation = conversation;
  range.person = person(local);
  range.limit = 1000;
  return look().messages(range).value();
}
std::string Instance::text_of(const core::Event& event) const {
  const auto body = core::open_body(home_, event);
  REQUIRE(body.has_value());
  return federation::text_of_message(body.value()).value();
}
std::vector<core::Event> Instance::log(const core::ConversationId& conversation) const {
  return look().entries_after(conversation, {}, 1000).value();
}
core::Conversation Instance::conversation(const core::ConversationId& id) const {
  return store.row<core::Conversation>({id}).value();
}
std::optional<core::ConversationId> Instance::conversation_with(const std::string& local,
                                                                const core::Address& other) const {
  const core::Address mine = person(local);
  const auto pair =
      store.row<core::ConversationByPair>({std::min(mine, other), std::max(mine, other)});
  if (!pair) return std::nullopt;
  return pair->id;
}
std::string Instance::state_of(const core::EventKey& key, bool is_peer_failing) const {
  const core::Event event = store.row<core::Event>(key).value();
  const core::Conversation in = conversation(key.conversation);
  const core::Address& to = core::other_than(in, *event.sender);
  const core::Member recipient = store.row<core::Member>({key.conversation, to}).value();
  return std::string{core::name_of(core::state_of(event, in, recipient, name(), is_peer_failing))};
}
std::optional<core::Consent> Instance::consent(const std::string& owner,
                                               const core::Address& subject) const {
  return store.row<core::Consent>(
      {owner, core::ConsentType::messaging, core::ConsentScope::person, subject.text()});
}

core::SignedFrame Instance::sign(const core::ConsentFrame& frame) const {
  if (home_.is_local(frame.to)) return {frame, {}};
  return federation::sign_frame(frame, signing_);
}
std::optional<core::SignedFrame> Instance::sign(
    const std::optional<core::ConsentFrame>& frame) const {
  if (!frame) return std::nullopt;
  return sign(*frame);
}
core::VerifiedEnvelope Instance::sign_event(const core::EventHeader& header, Bytes body) {
  return federation::EnvelopeCodec::sign(header, std::move(body), salt(), signing_).value();
}
core::VerifiedEnvelope Instance::sign_draft(const core::WireId& wire_id, const core::Event& draft) {
  const core::EventHeader header{wire_id,  draft.type, home_.iid, draft.member,
                                 draft.id, draft.time, {}};
  Bytes body = federation::create_body();
  if (draft.type == "member.join") {
    const auto member = store.row<core::Member>({draft.conversation, *draft.sender});
    body = federation::join_body(*draft.sender, *member->incarnation);
  } else if (draft.type == "message.post") {
    body = core::open_body(home_, draft).value();
  }
  return sign_event(header, std::move(body));
}

Federation::Federation(const std::vector<std::string>& names, const std::string& seed) {
  for (const std::string& name : names) all_.emplace_back(name, seed, now);
  for (Instance& one : all_) {
    for (const Instance& other : all_) {
      if (&one == &other) continue;
      core::Peer peer;
      peer.name = other.name();
      peer.iid = other.home().iid;
      REQUIRE(one.store.transact([&](core::Transaction& tx) -> Result<> {
        tx.put(peer);
        return success();
      }));
    }
  }
}

Instance& Federation::named(const core::InstanceName& name) {
  return *std::ranges::find(all_, name, &Instance::name);
}

core::Batch Federation::owed(const Instance& from, const Instance& to) {
  return core::owed_to(from.look(), from.home(), to.name(), from.limits).value();
}

Bytes Federation::encoded(const Instance& from, const core::Batch& batch) {
  return federation::encode_batch(batch, from.mark());
}

Result<Bytes> Federation::receive(Instance& to, const Instance& from,
                                  std::string_view bytes) const {
  CPC_TRY(const auto received, federation::decode_batch(bytes, from.identity(), now, entries_max));
  const core::Origin origin{from.name(), from.home().iid, received.mark.epoch};
  CPC_TRY(const core::Answer answer, to.run([&](auto& tx, auto at) {
    return core::apply_batch(tx, to.home(), at, origin, received.batch, to.limits);
  }));
  return federation::encode_answer(answer);
}

core::Answer Federation::deliver(Instance& to, const Instance& from,
                                 const core::Batch& batch) const {
  const auto bytes = receive(to, from, encoded(from, batch));
  INFO(from.name().text() << " to " << to.name().text() << ": " << why(bytes));
  REQUIRE(bytes.has_value());
  const auto answer = federation::decode_answer(bytes.value());
  REQUIRE(answer.has_value());
  return answer.value();
}

Result<core::DeliveryOutcome> Federation::conclude(Instance& from, const Instance& to,
                                                   const core::Batch& sent,
                                                   std::string_view bytes) {
  CPC_TRY(const core::Answer answer, federation::decode_answer(bytes));
  return from.run(
      [&](auto& tx, auto) { return core::apply_answer(tx, from.home(), to.name(), sent, answer); });
}

bool Federation::exchange(Instance& from, Instance& to) {
  const core::Batch batch = owed(from, to);
  if (batch.is_empty()) return false;
  const auto answer = receive(to, from, encoded(from, batch));
  INFO(from.name().text() << " to " << to.name().text() << ": " << why(answer));
  REQUIRE(answer.has_value());
  const auto outcome = conclude(from, to, batch, answer.value());
  REQUIRE(outcome.has_value());
  return outcome.value().has_progressed;
}

bool Federation::turn() {
  bool has_moved = false;
  for (Instance& one : all_) {
    has_moved = one.apply_inbox() || has_moved;
    has_moved = one.sign_drafts() || has_moved;
    for (Instance& other : all_) {
      if (&one != &other) has_moved = exchange(one, other) || has_moved;
    }
  }
  return has_moved;
}

void Federation::settle() {
  // A turn without progress may still have moved a lane back, so that the next one sends it again.
  int idle = 0;
  for (int turns = 0; idle < 3; ++turns) {
    REQUIRE(turns < 300);
    idle = turn() ? 0 : idle + 1;
  }
}

Pair make_pair(Federation& world, Instance& hub, Instance& copy, Instance& asking) {
  Instance& asked = &asking == &hub ? copy : hub;
  for (int attempt = 0; attempt < 40; ++attempt) {
    const std::string first = "anna" + std::to_string(attempt);
    const std::string second = "ben" + std::to_string(attempt);
    if (asking.store.row<core::Account>({first})) continue;
    if (asked.store.row<core::Account>({second})) continue;
    asking.add_person(first);
    asked.add_person(second);
    REQUIRE(asking.write(first, asked.person(second), "hello"));
    world.settle();
    REQUIRE(asked.grant(second, asking.person(first)));
    world.settle();
    const auto here = asking.conversation_with(first, asked.person(second)).value();
    const auto there = asked.conversation_with(second, asking.person(first)).value();
    if (asking.conversation(here).hub != hub.name()) continue;
    if (&asking == &hub) return {hub, copy, first, second, here, there};
    return {hub, copy, second, first, there, here};
  }
  FAIL("no pair was ordered by " << hub.name().text());
  std::abort();
}

}  // namespace cpc::tests

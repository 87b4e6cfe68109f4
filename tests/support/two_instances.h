// Several instances in one thread: the production rules and codecs over a MemoryStore each, with
// real keys. The network is a function call: a test loses, repeats and reorders as it likes.
//
// Start here: Federation::settle() runs every loop until nothing is left to do; exchange() is one
// transaction and its answer.
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/account.h"
#include "core/codes.h"
#include "core/consent.h"
#include "core/delivery.h"
#include "core/receipts.h"
#include "core/send_message.h"
#include "crypto/signing_key.h"
#include "federation/peer_identity.h"
#include "federation/transaction_codec.h"
#include "tests/support/memory_store.h"

namespace cpc::tests {

[[nodiscard]] core::InstanceName instance_name(std::string_view text);
[[nodiscard]] core::Address address(std::string_view text);
[[nodiscard]] Bytes hash_of(std::string_view label);
template <class AnyId>
[[nodiscard]] AnyId id_of(std::string_view label) {
  return AnyId::from_bytes(hash_of(label).substr(0, AnyId::size)).value();
}
template <class T>
[[nodiscard]] std::string why(const Result<T>& result) {
  return result ? "ok" : result.error().detail;
}
/// The stable code of a refusal; empty for success.
template <class T>
[[nodiscard]] std::string code_of(const Result<T>& result) {
  return result ? "" : std::string{core::stable_code(result.error())};
}

/// One instance: its keys, its store, its clock (the federation's) and its chance.
class Instance {
 public:
  Instance(const std::string& name, const std::string& seed, const TimePoint& now);

  [[nodiscard]] const core::Home& home() const { return home_; }
  [[nodiscard]] const core::InstanceName& name() const { return home_.name; }
  [[nodiscard]] const federation::PeerIdentity& identity() const { return identity_; }
  [[nodiscard]] const crypto::SigningKey& signing() const { return signing_; }
  [[nodiscard]] core::Address person(const std::string& local) const;
  [[nodiscard]] federation::StoreMark mark() const { return {home_.epoch, home_.boot_counter}; }
  [[nodiscard]] core::Snapshot& look() const { return *snapshot_; }
  /// One more key whose signatures count.
  void add_signing_key(const crypto::SigningKey& key);
  /// A new life of the store, as after a restore.
  void renew_epoch();
  [[nodiscard]] core::Moment moment();
  [[nodiscard]] Bytes salt();

  /// Runs a rule that takes (tx, moment) as one closure.
  template <class Rule>
  auto run(const Rule& rule) {
    const core::Moment then = moment();
    std::optional<decltype(rule(std::declval<core::Transaction&>(), then))> outcome;
    const auto committed = store.transact([&](core::Transaction& tx) -> Result<> {
      outcome = rule(tx, then);
      if (!*outcome) return outcome->error();
      return success();
    });
    static_cast<void>(committed);  // Its error is the outcome's.
    return *std::move(outcome);
  }

  // What people do.
  void add_person(const std::string& local, bool is_opted_in = true);
  core::ConversationId open(const std::string& local, const core::Address& other);
  /// What the network thread does with sendMessage: plan, sign, store; again when it moved.
  Result<core::EventKey> send(const std::string& local, const core::ConversationId& conversation,
                              const std::string& text, const std::string& client_id = {});
  /// Opens the conversation, then sends.
  Result<core::EventKey> write(const std::string& local, const core::Address& to,
                               const std::string& text);
  [[nodiscard]] core::SendRequest request(const std::string& local,
                                          const core::ConversationId& conversation,
                                          const std::string& text);
  Result<core::PreparedSend> prepare(const core::SendRequest& request);
  Result<> answer(const core::ConsentAnswer& answer);
  /// Answers what the person sees now.
  Result<> grant(const std::string& local, const core::Address& subject);
  Result<> deny(const std::string& local, const core::Address& subject);
  Result<> revoke(const std::string& local, const core::Address& subject, bool is_quiet);
  Result<> read(const std::string& local, const core::ConversationId& conversation,
                std::int64_t upto);

  // What loops do.
  /// One turn of the signing loop. True when it placed something.
  bool sign_drafts();
  /// One turn of the inbox loop. True when it applied something.
  bool apply_inbox(std::size_t limit = 100);

  // What is seen.
  /// The texts that `local` sees of a conversation, in display order.
  [[nodiscard]] std::vector<std::string> texts(const std::string& local,
                                               const core::ConversationId& conversation) const;
  /// The same of the current conversation with `other`; none when there is no conversation.
  [[nodiscard]] std::vector<std::string> texts_with(const std::string& local,
                                                    const core::Address& other) const;
  [[nodiscard]] std::vector<core::Event> messages(const std::string& local,
                                                  const core::ConversationId& conversation) const;
  [[nodiscard]] std::string text_of(const core::Event& event) const;
  [[nodiscard]] std::vector<core::Event> log(const core::ConversationId& conversation) const;
  [[nodiscard]] core::Conversation conversation(const core::ConversationId& id) const;
  [[nodiscard]] std::optional<core::ConversationId> conversation_with(
      const std::string& local, const core::Address& other) const;
  [[nodiscard]] std::string state_of(const core::EventKey& key, bool is_peer_failing = false) const;
  [[nodiscard]] std::optional<core::Consent> consent(const std::string& owner,
                                                     const core::Address& subject) const;

  [[nodiscard]] core::SignedFrame sign(const core::ConsentFrame& frame) const;
  [[nodiscard]] std::optional<core::SignedFrame> sign(
      const std::optional<core::ConsentFrame>& frame) const;
  [[nodiscard]] core::VerifiedEnvelope sign_draft(const core::WireId& wire_id,
                                                  const core::Event& draft);
  /// Any event under this instance's key.
  [[nodiscard]] core::VerifiedEnvelope sign_event(const core::EventHeader& header, Bytes body);

  MemoryStore store;
  core::DeliveryLimits limits;

 private:
  std::string next() { return label_ + "#" + std::to_string(++drawn_); }

  const TimePoint& now_;
  std::string label_;
  crypto::SigningKey root_;
  crypto::SigningKey signing_;
  crypto::MasterKey master_;
  core::Home home_;
  federation::PeerIdentity identity_;
  std::unique_ptr<core::Snapshot> snapshot_;
  std::uint64_t drawn_ = 0;
};

/// The instances that know each other.
class Federation {
 public:
  explicit Federation(const std::vector<std::string>& names, const std::string& seed = "seed");

  [[nodiscard]] Instance& at(std::size_t index) { return all_.at(index); }
  [[nodiscard]] std::deque<Instance>& all() { return all_; }
  [[nodiscard]] Instance& named(const core::InstanceName& name);

  [[nodiscard]] static core::Batch owed(const Instance& from, const Instance& to);
  [[nodiscard]] static Bytes encoded(const Instance& from, const core::Batch& batch);
  /// What `to` does with the bytes of a transaction of `from`: the bytes of its answer.
  Result<Bytes> receive(Instance& to, const Instance& from, std::string_view bytes) const;
  /// The same, read; a refused transaction fails the test.
  core::Answer deliver(Instance& to, const Instance& from, const core::Batch& batch) const;
  /// What `from` does with an answer of `to`.
  static Result<core::DeliveryOutcome> conclude(Instance& from, const Instance& to,
                                                const core::Batch& sent, std::string_view bytes);
  /// One transaction and its answer. False when nothing is owed or nothing moved.
  bool exchange(Instance& from, Instance& to);
  /// Every loop of every instance once. True when something happened.
  bool turn();
  /// Runs every loop until nothing is left to do.
  void settle();

  TimePoint now = from_milliseconds(1'800'000'000'000);

 private:
  std::deque<Instance> all_;
};

/// Two people who have agreed, on two instances, and whose log lies at the wanted one.
struct Pair {
  Instance& hub;
  Instance& copy;
  std::string at_hub;   ///< Local part of the person there.
  std::string at_copy;  ///< Likewise.
  core::ConversationId hub_id;
  core::ConversationId copy_id;
  [[nodiscard]] core::Address hub_person() const { return hub.person(at_hub); }
  [[nodiscard]] core::Address copy_person() const { return copy.person(at_copy); }
};
/// Makes people until a pair is ordered by `hub`; the person of `asking` writes first ("hello").
[[nodiscard]] Pair make_pair(Federation& world, Instance& hub, Instance& copy, Instance& asking);

}  // namespace cpc::tests

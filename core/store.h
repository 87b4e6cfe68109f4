// The state of an instance as the rules see it: keyed reads and writes inside a closure
// (Transaction), committed state with ranges outside of one (Snapshot). store/ implements both.
//
// A closure is plain synchronous code over a Transaction. It may run more than once (when a batch
// fails it is run again alone), so it has no effect outside the Transaction it is given.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/directories.h"
#include "core/evidence.h"
#include "core/records.h"

namespace cpc::core {

/// Where something changed that the owner of an account can see.
struct TouchedAccount {
  std::set<ConversationId> conversations;  ///< Messages, receipts and the conversation itself.
  bool everything = false;                 ///< Consents, requests, the list of conversations too.
  void merge(const TouchedAccount& other);
  [[nodiscard]] bool is_empty() const { return !everything && conversations.empty(); }
  bool operator==(const TouchedAccount&) const = default;
};

/// What a committed closure touched. After the commit everybody who registered is woken with the
/// union of a batch; who is woken reads the store again.
struct Touched {
  std::set<InstanceName> peers;                    ///< A lane towards them may owe something.
  std::map<std::string, TouchedAccount> accounts;  ///< By local part.
  bool drafts = false;                             ///< An own event waits for the signing loop.
  bool inbox = false;                              ///< A consent frame waits to be applied.
  void merge(const Touched& other);
};

/// Keyed look-up of one kind of row. In a Transaction it sees what this closure and earlier
/// closures of the same batch wrote. Fails with unavailable when the store cannot be read.
template <class Row>
class Finds {
 public:
  virtual ~Finds() = default;
  [[nodiscard]] virtual Result<std::optional<Row>> find(const typename Row::Key& key) = 0;
};

template <class Row>
class Writes {
 public:
  virtual ~Writes() = default;
  virtual void put(Row row) = 0;  ///< Inserts or replaces the row with this key.
  virtual void erase(const typename Row::Key& key) = 0;  ///< Idempotent.
};

template <class... Rows>
class FindsOf : public Finds<Rows>... {
 public:
  using Finds<Rows>::find...;
  using AnyKey = std::variant<typename Rows::Key...>;
};

template <class... Rows>
class WritesOf : public Writes<Rows>... {
 public:
  using Writes<Rows>::put...;
  using Writes<Rows>::erase...;
};

/// Every record type, once; store/ expands the same list.
template <template <class...> class Template>
using ForAllRows =
    Template<Account, Conversation, ConversationByPair, ConversationByWire, Member, UntoldRead,
             Event, Consent, ContactRequest, OpenRequests, SentRequest, Projection, Lane, Frame,
             InLane, InboxFrame, Peer, Evidence, Directory, DirectoryRecord, Idempotency>;

/// What a rule needs that only reads: both a Transaction and a Snapshot are one.
using Lookup = ForAllRows<FindsOf>;

/// Keys a closure will read, so that a batch can fetch them together. A key not listed works,
/// alone.
using AnyKey = Lookup::AnyKey;
using Keys = std::vector<AnyKey>;

class Transaction : public Lookup, public ForAllRows<WritesOf> {
 public:
  /// For keys that only the closure can know: they are fetched together, now. Only a hint.
  [[nodiscard]] virtual Result<> prefetch(const Keys& keys) {
    static_cast<void>(keys);
    return success();
  }
  /// What to wake after the commit. Marks of a closure that fails are dropped with it.
  [[nodiscard]] virtual Touched& touched() = 0;
};

using Closure = std::function<Result<>(Transaction&)>;

/// What one durable commit did. n is the highest change number it gave.
struct Committed {
  std::int64_t n = 0;
  Touched touched;
  /// A commit before this one may have taken place without being told: whoever listens reads
  /// everything again. `touched` says so of drafts and inbox; its peers and accounts may lack some.
  bool has_gap = false;
};

/// A place in the person's stream of changes, and where a page ended.
struct ChangePage {
  std::vector<Conversation> conversations;
  std::vector<Member> members;
  std::vector<Event> events;
  std::vector<ContactRequest> requests;
  std::vector<Consent> consents;
  std::int64_t upto = 0;  ///< Everything of this person with n <= upto is in this or earlier pages.
  bool has_more = false;
};

/// One consistent view of committed state. All ranges are bounded by `limit` rows, at most 1000.
/// Every call fails with unavailable when the store cannot be read.
class Snapshot : public Lookup {
 public:
  /// The highest n committed in this view.
  [[nodiscard]] virtual Result<std::int64_t> last_n() = 0;

  // What we owe.
  /// Names of peers with a lane whose head is past its acked position (blocked lanes excluded).
  [[nodiscard]] virtual Result<std::vector<InstanceName>> owing_peers() = 0;
  [[nodiscard]] virtual Result<std::vector<Lane>> owing_lanes(const InstanceName& peer,
                                                              std::size_t limit) = 0;
  [[nodiscard]] virtual Result<std::vector<Lane>> lanes_of(const InstanceName& peer,
                                                           std::size_t limit) = 0;
  /// Ordered events of a log after `after`, by position.
  [[nodiscard]] virtual Result<std::vector<Event>> entries_after(const ConversationId& conversation,
                                                                 Position after,
                                                                 std::size_t limit) = 0;
  /// Own events with a submission position after `after`, by that position, whatever their state.
  [[nodiscard]] virtual Result<std::vector<Event>> submissions_after(
      const ConversationId& conversation, std::int64_t after, std::size_t limit) = 0;
  [[nodiscard]] virtual Result<std::vector<Frame>> frames_after(const InstanceName& peer,
                                                                std::int64_t after,
                                                                std::size_t limit) = 0;
  /// By number.
  [[nodiscard]] virtual Result<std::vector<Evidence>> evidence_of(const InstanceName& peer,
                                                                  std::size_t limit) = 0;

  // What we hold of others.
  /// The first name after `after`, which need not exist, that orders one of our conversations: a
  /// peer's, or ours.
  [[nodiscard]] virtual Result<std::optional<InstanceName>> next_hub(const InstanceName& after) = 0;
  /// Conversations that `hub` orders, those after `after` by id, which need not exist.
  [[nodiscard]] virtual Result<std::vector<Conversation>> copies_of(const InstanceName& hub,
                                                                    const ConversationId& after,
                                                                    std::size_t limit) = 0;

  // What waits for a loop of ours.
  /// Evidence of any peer after `after` by peer and number, which need not exist.
  [[nodiscard]] virtual Result<std::vector<EvidenceAge>> evidence_ages(const EvidenceKey& after,
                                                                       std::size_t limit) = 0;
  /// Not parked, oldest first.
  [[nodiscard]] virtual Result<std::vector<InboxFrame>> inbox_frames(std::size_t limit) = 0;
  /// Drafts with a draft_order (their consent is there), by conversation and draft_order.
  [[nodiscard]] virtual Result<std::vector<Event>> signable_drafts(std::size_t limit) = 0;
  /// Drafts without a draft_order (they wait for consent) whose time is before `before`.
  [[nodiscard]] virtual Result<std::vector<Event>> drafts_before(TimePoint before,
                                                                 std::size_t limit) = 0;

  // What a person sees.
  /// Conversations of `person`, last changed first, those with n < `before_n` (0: from the newest).
  [[nodiscard]] virtual Result<std::vector<Conversation>> conversations_of(const Address& person,
                                                                           std::int64_t before_n,
                                                                           std::size_t limit) = 0;
  [[nodiscard]] virtual Result<std::vector<Member>> members_of(
      const ConversationId& conversation) = 0;
  /// message.post events visible to `person` (not hidden, or own) in display order: ordered ones by
  /// position, then own unordered ones by time and id. Pages backwards from `before`
  /// (exclusive; none: from the end) or forwards from `after`; result is always in display order.
  struct MessageRange {
    ConversationId conversation;
    Address person;
    bool from_start = false;  ///< Forwards from the first one; without `after` or `before`.
    std::optional<EventKey> before;
    std::optional<EventKey> after;
    std::size_t limit = 50;
  };
  [[nodiscard]] virtual Result<std::vector<Event>> messages(const MessageRange& range) = 0;
  /// Last changed first, those with n < `before_n` (0: from the newest).
  [[nodiscard]] virtual Result<std::vector<ContactRequest>> requests_of(const std::string& owner,
                                                                        bool only_open,
                                                                        std::int64_t before_n,
                                                                        std::size_t limit) = 0;
  /// By key, those after `after` (none: from the first), which need not exist.
  [[nodiscard]] virtual Result<std::vector<Consent>> consents_of(
      const std::string& owner, const std::optional<ConsentKey>& after, std::size_t limit) = 0;
  /// By key.
  [[nodiscard]] virtual Result<std::vector<Consent>> consents_of_type(const std::string& owner,
                                                                      ConsentType type,
                                                                      std::size_t limit) = 0;
  /// Rows of `person` with n > after, at most about `limit` of them, in n order per kind; `upto`
  /// tells how far the page reaches over all kinds. Hidden events of others are left out.
  [[nodiscard]] virtual Result<ChangePage> changes(const Address& person, std::int64_t after,
                                                   std::size_t limit) = 0;
  /// Rows of `person` with after < n <= upto in these conversations: what changes() would give if
  /// nothing else had changed, without looking at all their other conversations. Where one of them
  /// has more than `limit` events, the page is empty with `has_more`: then changes() has to be
  /// used.
  [[nodiscard]] virtual Result<ChangePage> changes_in(const std::set<ConversationId>& conversations,
                                                      const Address& person, std::int64_t after,
                                                      std::int64_t upto, std::size_t limit) = 0;

  // What an operator sees.
  [[nodiscard]] virtual Result<std::vector<Account>> accounts(const std::string& after,
                                                              std::size_t limit) = 0;
  [[nodiscard]] virtual Result<std::vector<Peer>> peers(std::size_t limit) = 0;
  /// By id.
  [[nodiscard]] virtual Result<std::vector<Directory>> directories(std::size_t limit) = 0;
  /// Of one directory, those after the version `after`, by version.
  [[nodiscard]] virtual Result<std::vector<DirectoryRecord>> directory_records(
      const DirectoryId& directory, std::int64_t after, std::size_t limit) = 0;
  /// Entries owed to a peer over all lanes (log and submission entries, frames).
  [[nodiscard]] virtual Result<std::int64_t> owed_count(const InstanceName& peer) = 0;
};

}  // namespace cpc::core

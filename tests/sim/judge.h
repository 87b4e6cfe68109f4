// What an outside observer demands of all instances together, checked after every step from what
// people read, never by asking a daemon what it believes.
//
// I1 nothing acknowledged is lost, and no change of it goes untold (told.h); I2 nothing is shown
// twice; I3 one order per conversation; I4 nothing is shown that nobody wrote; I5 nothing is shown
// without consent or after its withdrawal; I6 copies converge: the same link wherever two hold the
// same place, the same head in the end; I12 a refusal has a reason, and nothing of what was refused
// is ever shown. What the whole run tells (I7, I13) is judged in simulation.cc.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/records.h"
#include "tests/sim/trace.h"

namespace cpc::sim {

/// A text that somebody decided to send. Texts are unique in a run.
struct Intention {
  core::Address from;
  core::Address to;
  std::size_t number = 0;  ///< Of this author towards this person.
  bool is_acknowledged = false;
  bool is_refused = false;
};

class Judge {
 public:
  explicit Judge(Trace& trace) : trace_(trace) {}

  // What people do.
  void intends(const std::string& text, const core::Address& from, const core::Address& to);
  /// The author has read what changed: it is there.
  void acknowledged(const std::string& text);
  /// `code` is what the answer gave as its reason; `text` is empty where nothing was to be sent.
  void refused(const std::string& text, std::string_view code, const core::Address& to);
  /// `owner` asks for something that lets `subject` write: from now on it may take effect.
  void asks(const core::Address& owner, const core::Address& subject);
  /// That was acknowledged, refused, or nobody knows.
  enum class Answer { yes, no, unknown };
  void answered(const core::Address& owner, const core::Address& subject, Answer answer);
  /// The revocation was acknowledged; what is not shown by now never will be.
  void revoked(const core::Address& owner, const core::Address& subject);
  /// Nobody knows whether that took place: what may be shown need not be.
  void may_be_revoked(const core::Address& owner, const core::Address& subject);

  /// `reader` is shown a message, or shown it again after it changed.
  struct Shown {
    std::string text;
    core::Address sender;
    core::Address other;  ///< With whom the conversation is.
    core::EventKey key;
    core::Position position;  ///< Zero while it is not ordered.
  };
  void sees(const core::Address& reader, const Shown& shown);
  /// `instance` has a copy of the conversation.
  void holds(const core::InstanceName& instance, const core::Conversation& conversation);
  void violated(std::string what) { violations_.push_back(std::move(what)); }

  /// Everything is healed and drained: what was acknowledged has arrived, in one order.
  void closes();

  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  [[nodiscard]] std::size_t shown_count() const { return shown_count_; }
  [[nodiscard]] std::size_t refused_count() const { return refused_count_; }

 private:
  using Pair = std::pair<core::Address, core::Address>;
  /// What one person is shown of the conversation with another.
  struct View {
    std::map<std::string, core::EventId> by_text;
    std::map<core::EventId, core::Position> places;
  };
  /// Of consent, as far as its owner can know.
  struct Consent {
    bool is_granted = false;
    bool is_asked = false;    ///< There is no answer yet.
    bool is_unknown = false;  ///< There was none: it may be there.
    bool was_revoked = false;
  };
  struct Copies {
    std::map<core::Position, Digest> links;
    std::map<core::InstanceName, core::Position> heads;
  };
  struct Log {
    std::map<core::Position, core::EventId> entries;
    std::map<core::EventId, core::Position> places;
    std::map<core::Address, std::map<core::Position, std::size_t>> numbers;
  };
  void shown_wrongly(const std::string& what, const core::Address& reader, const Shown& shown);
  void check_place(const core::Address& reader, const Shown& shown, const Intention& intention);
  [[nodiscard]] bool may_be_shown(const core::Address& reader, const Shown& shown) const;

  Trace& trace_;
  std::map<std::string, Intention> intentions_;
  std::map<Pair, std::size_t> written_;
  std::map<Pair, Consent> consents_;  ///< (owner, subject)
  std::map<core::WireId, Copies> copies_;
  std::map<Pair, View> views_;  ///< (reader, other)
  std::map<Pair, Log> logs_;    ///< The smaller address first.
  std::vector<std::string> violations_;
  std::size_t shown_count_ = 0;
  std::size_t refused_count_ = 0;
};

}  // namespace cpc::sim

// What an outside observer demands of all instances together, checked after every step from what
// people read, never by asking a daemon what it believes.
//
// I1 nothing acknowledged is lost, I2 nothing is shown twice, I3 one order per conversation, I4
// nothing is shown that nobody wrote, I5 nothing is shown without consent or after its withdrawal,
// I6 copies converge, I12 a refusal has a reason, and nothing of what was refused is ever shown.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/records.h"

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
  // What people do.
  void intends(const std::string& text, const core::Address& from, const core::Address& to);
  void acknowledged(const std::string& text);
  /// `code` is what the answer gave as its reason; `text` is empty where nothing was to be sent.
  void refused(const std::string& text, std::string_view code, const core::Address& to);
  /// `owner` set out to let `subject` write: from now on it may take effect.
  void grants(const core::Address& owner, const core::Address& subject);
  /// The revocation was acknowledged; what is not shown by now never will be.
  void revoked(const core::Address& owner, const core::Address& subject);

  /// `reader` is shown a message, or shown it again after it changed.
  struct Shown {
    std::string text;
    core::Address sender;
    core::Address other;  ///< With whom the conversation is.
    core::EventId id;
    core::Position position;  ///< Zero while it is not ordered.
  };
  void sees(const core::Address& reader, const Shown& shown);

  /// At the end, everything healed and drained: what was acknowledged has arrived, in one order.
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
  struct Log {
    std::map<core::Position, core::EventId> entries;
    std::map<core::EventId, core::Position> places;
    std::map<core::Address, std::map<core::Position, std::size_t>> numbers;
  };
  void violated(const std::string& what, const core::Address& reader, const Shown& shown);
  void check_place(const core::Address& reader, const Shown& shown, const Intention& intention);
  [[nodiscard]] bool may_be_shown(const core::Address& reader, const Shown& shown) const;

  std::map<std::string, Intention> intentions_;
  std::map<Pair, std::size_t> written_;
  std::set<Pair> granted_;  ///< (owner, subject)
  std::set<Pair> revoked_;
  std::set<Pair> ever_revoked_;
  std::map<Pair, View> views_;  ///< (reader, other)
  std::map<Pair, Log> logs_;    ///< The smaller address first.
  std::vector<std::string> violations_;
  std::size_t shown_count_ = 0;
  std::size_t refused_count_ = 0;
};

}  // namespace cpc::sim

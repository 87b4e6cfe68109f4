#include "tests/sim/judge.h"

#include <algorithm>

namespace cpc::sim {

void Judge::intends(const std::string& text, const core::Address& from, const core::Address& to) {
  if (intentions_.contains(text)) return;  // Asked again.
  intentions_.emplace(text, Intention{from, to, ++written_[{from, to}], false});
}

void Judge::acknowledged(const std::string& text) {
  Intention& intention = intentions_.at(text);
  intention.is_acknowledged = true;
  if (!views_[{intention.from, intention.to}].by_text.contains(text)) {
    violated("I1 lost for its author: \"" + text + "\" of " + intention.from.text());
  }
}

void Judge::refused(const std::string& text, std::string_view code, const core::Address& to) {
  ++refused_count_;
  if (code.empty()) violations_.push_back("I12 refused without a reason: " + to.text());
  const auto intention = intentions_.find(text);
  if (intention == intentions_.end()) return;
  intention->second.is_refused = true;
  if (views_[{intention->second.from, intention->second.to}].by_text.contains(text)) {
    violations_.push_back("I12 refused, and yet stored: \"" + text + "\" of " + to.text());
  }
}

void Judge::asks(const core::Address& owner, const core::Address& subject) {
  Consent& consent = consents_[{owner, subject}];
  if (consent.is_asked) consent.is_unknown = true;
  consent.is_asked = true;
}

void Judge::answered(const core::Address& owner, const core::Address& subject, Answer answer) {
  Consent& consent = consents_[{owner, subject}];
  consent.is_asked = false;
  if (answer == Answer::unknown) consent.is_unknown = true;
  if (answer == Answer::yes) consent.is_granted = true;
}

void Judge::revoked(const core::Address& owner, const core::Address& subject) {
  consents_[{owner, subject}] = {.was_revoked = true};
}

void Judge::may_be_revoked(const core::Address& owner, const core::Address& subject) {
  consents_[{owner, subject}].was_revoked = true;
}

void Judge::shown_wrongly(const std::string& what, const core::Address& reader,
                          const Shown& shown) {
  violated(what + ": " + reader.text() + " is shown \"" + shown.text + "\" of " +
           shown.sender.text() + " at " + std::to_string(shown.position.hub_epoch) + "/" +
           std::to_string(shown.position.seq));
}

bool Judge::may_be_shown(const core::Address& reader, const Shown& shown) const {
  if (shown.sender == reader) return true;
  const auto view = views_.find({reader, shown.other});
  if (view != views_.end() && view->second.by_text.contains(shown.text)) return true;
  const auto consent = consents_.find({reader, shown.sender});
  if (consent == consents_.end()) return false;
  return consent->second.is_granted || consent->second.is_asked || consent->second.is_unknown;
}

void Judge::sees(const core::Address& reader, const Shown& shown) {
  ++shown_count_;
  trace_.add(reader.text());
  trace_.add(shown.text);
  trace_.add(shown.key.id.bytes());
  trace_.add(static_cast<std::uint64_t>(shown.position.hub_epoch));
  trace_.add(static_cast<std::uint64_t>(shown.position.seq));
  const auto intention = intentions_.find(shown.text);
  if (intention == intentions_.end()) return shown_wrongly("I4 nobody wrote this", reader, shown);
  const core::Address& to = shown.sender == reader ? shown.other : reader;
  if (intention->second.from != shown.sender || intention->second.to != to) {
    return shown_wrongly("I4 written by another or for another", reader, shown);
  }
  if (intention->second.is_refused) shown_wrongly("I12 refused, and yet shown", reader, shown);
  if (!may_be_shown(reader, shown)) shown_wrongly("I5 without consent", reader, shown);
  View& view = views_[{reader, shown.other}];
  const auto [known, is_new] = view.by_text.emplace(shown.text, shown.key.id);
  if (!is_new && known->second != shown.key.id) shown_wrongly("I2 there twice", reader, shown);
  if (shown.position.seq == 0) return;
  const auto [place, is_first] = view.places.emplace(shown.key.id, shown.position);
  if (!is_first && place->second != shown.position) shown_wrongly("I3 it moved", reader, shown);
  check_place(reader, shown, intention->second);
}

void Judge::check_place(const core::Address& reader, const Shown& shown,
                        const Intention& intention) {
  const auto [low, high] = std::minmax(intention.from, intention.to);
  Log& log = logs_[{low, high}];
  const auto [entry, is_new] = log.entries.emplace(shown.position, shown.key.id);
  if (entry->second != shown.key.id)
    return shown_wrongly("I3 two messages in one place", reader, shown);
  const auto [place, is_first] = log.places.emplace(shown.key.id, shown.position);
  if (place->second != shown.position) return shown_wrongly("I3 one in two places", reader, shown);
  if (!is_new) return;
  auto& numbers = log.numbers[intention.from];
  const auto own = numbers.emplace(shown.position, intention.number).first;
  const bool follows = own == numbers.begin() || std::prev(own)->second < own->second;
  const bool precedes = std::next(own) == numbers.end() || own->second < std::next(own)->second;
  if (!follows || !precedes) shown_wrongly("I3 not in the order of sending", reader, shown);
}

void Judge::closes() {
  for (const auto& [text, intention] : intentions_) {
    if (!intention.is_acknowledged) continue;
    const View& own = views_[{intention.from, intention.to}];
    if (!own.by_text.contains(text)) {
      violations_.push_back("I1 lost for its author: \"" + text + "\" of " + intention.from.text());
    }
    const Consent& consent = consents_[{intention.to, intention.from}];
    if (!consent.is_granted || consent.was_revoked) continue;
    const View& theirs = views_[{intention.to, intention.from}];
    if (!theirs.by_text.contains(text)) {
      violations_.push_back("I1 never arrived: \"" + text + "\" of " + intention.from.text() +
                            " for " + intention.to.text());
    }
  }
  for (const auto& [wire_id, copies] : copies_) {
    for (const auto& [instance, head] : copies.heads) {
      if (head == copies.heads.begin()->second) continue;
      violated("I6 two copies end differently: " + instance.text() + " at " +
               std::to_string(head.seq) + ", " + copies.heads.begin()->first.text() + " at " +
               std::to_string(copies.heads.begin()->second.seq));
    }
  }
}

void Judge::holds(const core::InstanceName& instance, const core::Conversation& conversation) {
  const core::Head& head = conversation.head;
  if (!conversation.wire_id || head.position.seq == 0) return;
  Copies& copies = copies_[*conversation.wire_id];
  copies.heads[instance] = head.position;
  const auto link = copies.links.emplace(head.position, head.link).first;
  if (link->second != head.link) {
    violated("I6 two copies differ: " + instance.text() + " at " +
             std::to_string(head.position.seq));
  }
}

}  // namespace cpc::sim

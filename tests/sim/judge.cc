#include "tests/sim/judge.h"

#include <algorithm>

namespace cpc::sim {

void Judge::intends(const std::string& text, const core::Address& from, const core::Address& to) {
  intentions_.emplace(text, Intention{from, to, ++written_[{from, to}], false});
  grants(from, to);  // Who writes to somebody lets them answer.
}

void Judge::acknowledged(const std::string& text) {
  intentions_.at(text).is_acknowledged = true;
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

void Judge::grants(const core::Address& owner, const core::Address& subject) {
  granted_.insert({owner, subject});
  revoked_.erase({owner, subject});
}

void Judge::revoked(const core::Address& owner, const core::Address& subject) {
  granted_.erase({owner, subject});
  revoked_.insert({owner, subject});
  ever_revoked_.insert({owner, subject});
}

void Judge::violated(const std::string& what, const core::Address& reader, const Shown& shown) {
  violations_.push_back(what + ": " + reader.text() + " is shown \"" + shown.text + "\" of " +
                        shown.sender.text() + " at " + std::to_string(shown.position.hub_epoch) +
                        "/" + std::to_string(shown.position.seq));
}

bool Judge::may_be_shown(const core::Address& reader, const Shown& shown) const {
  if (shown.sender == reader) return true;
  const auto view = views_.find({reader, shown.other});
  if (view != views_.end() && view->second.by_text.contains(shown.text)) return true;
  return granted_.contains({reader, shown.sender}) && !revoked_.contains({reader, shown.sender});
}

void Judge::sees(const core::Address& reader, const Shown& shown) {
  ++shown_count_;
  const auto intention = intentions_.find(shown.text);
  if (intention == intentions_.end()) return violated("I4 nobody wrote this", reader, shown);
  const core::Address& to = shown.sender == reader ? shown.other : reader;
  if (intention->second.from != shown.sender || intention->second.to != to) {
    return violated("I4 written by another or for another", reader, shown);
  }
  if (intention->second.is_refused) violated("I12 refused, and yet shown", reader, shown);
  if (!may_be_shown(reader, shown)) violated("I5 without consent", reader, shown);
  View& view = views_[{reader, shown.other}];
  const auto [known, is_new] = view.by_text.emplace(shown.text, shown.id);
  if (!is_new && known->second != shown.id) violated("I2 there twice", reader, shown);
  if (shown.position.seq == 0) return;
  const auto [place, is_first] = view.places.emplace(shown.id, shown.position);
  if (!is_first && place->second != shown.position) violated("I3 it moved", reader, shown);
  check_place(reader, shown, intention->second);
}

void Judge::check_place(const core::Address& reader, const Shown& shown,
                        const Intention& intention) {
  const auto [low, high] = std::minmax(intention.from, intention.to);
  Log& log = logs_[{low, high}];
  const auto [entry, is_new] = log.entries.emplace(shown.position, shown.id);
  if (entry->second != shown.id) return violated("I3 two messages in one place", reader, shown);
  const auto [place, is_first] = log.places.emplace(shown.id, shown.position);
  if (place->second != shown.position) return violated("I3 one in two places", reader, shown);
  if (!is_new) return;
  auto& numbers = log.numbers[intention.from];
  const auto own = numbers.emplace(shown.position, intention.number).first;
  const bool follows = own == numbers.begin() || std::prev(own)->second < own->second;
  const bool precedes = std::next(own) == numbers.end() || own->second < std::next(own)->second;
  if (!follows || !precedes) violated("I3 not in the order of sending", reader, shown);
}

void Judge::closes() {
  for (const auto& [text, intention] : intentions_) {
    if (!intention.is_acknowledged) continue;
    const View& own = views_[{intention.from, intention.to}];
    if (!own.by_text.contains(text)) {
      violations_.push_back("I1 lost for its author: \"" + text + "\" of " + intention.from.text());
    }
    const Pair consent{intention.to, intention.from};
    const bool is_due = granted_.contains(consent) && !ever_revoked_.contains(consent);
    if (!is_due) continue;
    const View& theirs = views_[{intention.to, intention.from}];
    if (!theirs.by_text.contains(text)) {
      violations_.push_back("I1 never arrived: \"" + text + "\" of " + intention.from.text() +
                            " for " + intention.to.text());
    }
  }
  for (const auto& [readers, view] : views_) {
    const View& other = views_[{readers.second, readers.first}];
    for (const auto& [id, position] : view.places) {
      const auto place = other.places.find(id);
      if (place != other.places.end() && place->second != position) {
        violations_.push_back("I6 two copies differ: " + readers.first.text() + " and " +
                              readers.second.text());
      }
    }
  }
}

}  // namespace cpc::sim

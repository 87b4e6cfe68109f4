#include "core/store.h"

namespace cpc::core {

void TouchedAccount::merge(const TouchedAccount& other) {
  conversations.insert(other.conversations.begin(), other.conversations.end());
  everything = everything || other.everything;
}

void Touched::merge(const Touched& other) {
  peers.insert(other.peers.begin(), other.peers.end());
  for (const auto& [local, account] : other.accounts) accounts[local].merge(account);
  drafts = drafts || other.drafts;
  inbox = inbox || other.inbox;
}

}  // namespace cpc::core

#include "core/store.h"

namespace cpc::core {

void Touched::merge(const Touched& other) {
  peers.insert(other.peers.begin(), other.peers.end());
  accounts.insert(other.accounts.begin(), other.accounts.end());
  drafts = drafts || other.drafts;
  inbox = inbox || other.inbox;
}

}  // namespace cpc::core

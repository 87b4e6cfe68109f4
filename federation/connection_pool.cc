#include "federation/connection_pool.h"

#include <algorithm>
#include <utility>

namespace cpc::federation {

std::unique_ptr<PeerConnection> ConnectionPool::take(const ConnectionKey& key) {
  for (auto at = idle_.end(); at != idle_.begin();) {
    --at;
    if ((*at)->key != key) continue;
    std::unique_ptr<PeerConnection> taken = std::move(*at);
    at = idle_.erase(at);
    if (taken->stream.is_quiet()) return taken;
  }
  return nullptr;
}

void ConnectionPool::put(std::unique_ptr<PeerConnection> connection,
                         std::chrono::steady_clock::time_point now) {
  connection->idle_since = now;
  const auto is_same_peer = [peer = connection->key.peer](const auto& other) {
    return other->key.peer == peer;
  };
  idle_.push_back(std::move(connection));
  const auto of_peer =
      static_cast<std::size_t>(std::count_if(idle_.begin(), idle_.end(), is_same_peer));
  if (of_peer > per_peer_max_) {
    idle_.erase(std::find_if(idle_.begin(), idle_.end(), is_same_peer));
  }
  if (idle_.size() > connections_max_) idle_.pop_front();
}

void ConnectionPool::close_older(std::chrono::steady_clock::time_point before) {
  while (!idle_.empty() && idle_.front()->idle_since <= before) idle_.pop_front();
}

std::optional<std::chrono::steady_clock::time_point> ConnectionPool::oldest() const {
  if (idle_.empty()) return std::nullopt;
  return idle_.front()->idle_since;
}

}  // namespace cpc::federation

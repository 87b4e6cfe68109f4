#include "daemon/graphql/document_cache.h"

#include <utility>

namespace cpc::graphql {

CheckedDocumentPointer DocumentCache::find(std::string_view text) {
  const std::lock_guard lock{mutex_};
  const auto found = by_text_.find(text);
  if (found == by_text_.end()) return nullptr;
  order_.splice(order_.begin(), order_, found->second);
  return *found->second;
}

void DocumentCache::insert(CheckedDocumentPointer document) {
  const std::string_view text = document->document->text;
  if (text.size() > bytes_max_) return;
  const std::lock_guard lock{mutex_};
  if (by_text_.contains(text)) return;  // Another thread was faster.
  order_.push_front(std::move(document));
  by_text_.emplace(text, order_.begin());
  bytes_ += text.size();
  while (order_.size() > documents_max_ || bytes_ > bytes_max_) {
    const std::string_view oldest = order_.back()->document->text;
    bytes_ -= oldest.size();
    by_text_.erase(oldest);
    order_.pop_back();
  }
}

std::size_t DocumentCache::size() const {
  const std::lock_guard lock{mutex_};
  return order_.size();
}

}  // namespace cpc::graphql

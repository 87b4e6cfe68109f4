// Documents that were found valid, kept for the next client who sends the same text. Invalid ones
// are not kept: they cost their sender a request each.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "daemon/graphql/ast.h"

namespace cpc::graphql {

/// A document that passed validation, and what is known about all its operations.
struct CheckedDocument {
  std::shared_ptr<const ast::Document> document;
  ast::Fragments fragments;
  bool asks_for_schema = false;
};
using CheckedDocumentPointer = std::shared_ptr<const CheckedDocument>;

/// The least recently used goes first. Safe from any thread.
class DocumentCache {
 public:
  DocumentCache(std::size_t documents_max, std::size_t bytes_max)
      : documents_max_(documents_max), bytes_max_(bytes_max) {}

  /// The document with exactly this text, or null.
  [[nodiscard]] CheckedDocumentPointer find(std::string_view text);

  /// Keeps `document`, unless its text alone is over the bound.
  void insert(CheckedDocumentPointer document);

  [[nodiscard]] std::size_t size() const;

 private:
  using Order = std::list<CheckedDocumentPointer>;

  std::size_t documents_max_;
  std::size_t bytes_max_;
  mutable std::mutex mutex_;
  Order order_;  // The most recently used first.
  std::unordered_map<std::string_view, Order::iterator> by_text_;
  std::size_t bytes_ = 0;
};

}  // namespace cpc::graphql

#include "daemon/graphql/document_cache.h"

#include <catch2/catch.hpp>

namespace cpc::graphql {
namespace {

CheckedDocumentPointer document(const std::string& text) {
  auto checked = std::make_shared<CheckedDocument>();
  checked->document = std::make_shared<const ast::Document>(text);
  return checked;
}

}  // namespace

TEST_CASE("the document that was not asked for longest goes first") {
  DocumentCache cache{2, 100};
  cache.insert(document("a"));
  cache.insert(document("b"));
  REQUIRE(cache.find("a") != nullptr);
  cache.insert(document("c"));
  CHECK(cache.find("b") == nullptr);
  CHECK(cache.find("a") != nullptr);
  CHECK(cache.find("c")->document->text == "c");
}

TEST_CASE("a document in use outlives its place in the cache") {
  DocumentCache cache{1, 100};
  cache.insert(document("a"));
  const CheckedDocumentPointer held = cache.find("a");
  cache.insert(document("b"));
  CHECK(cache.find("a") == nullptr);
  CHECK(held->document->text == "a");
}

}  // namespace cpc::graphql

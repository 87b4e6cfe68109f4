// What a stranger may ask the engine to read, check and run. Every bound refuses with
// QUERY_TOO_COMPLEX; none is reached by the queries of an ordinary client.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cpc::graphql {

struct Limits {
  std::size_t document_bytes_max = 64 * 1024;
  std::size_t tokens_max = 2000;  ///< Comments, commas and white space are no tokens.

  /// Brackets inside brackets (selections, lists, objects), fragments written out: what bounds
  /// every recursion here, the parser's first. Fragments count in it, and not in `depth_max`.
  /// Bounds JSON in variables too.
  std::size_t nesting_max = 64;

  std::size_t depth_max = 12;                ///< Fields inside fields, fragments written out.
  std::size_t introspection_depth_max = 20;  ///< The same below __schema and __type.
  /// Lists of types inside lists of types below __schema and __type: they multiply.
  std::size_t introspection_lists_max = 2;
  std::size_t aliases_max = 30;     ///< Aliases in the text of a document.
  std::size_t directives_max = 20;  ///< Directives in the text of a document.

  /// Each field costs 1 plus what it selects, fragments written out; what a field with an Int
  /// argument `first` or `last` selects counts that many times, or page_default times when it is
  /// given neither and the schema has no default.
  std::uint64_t cost_max = 2500;
  std::uint64_t page_default = 50;  ///< What resolvers serve when nobody says how many.

  /// Of one answer as text, about. An operation that reaches it is given up there and then.
  std::size_t answer_bytes_max = 8 * 1024 * 1024;

  std::size_t merge_steps_max = 100'000;  ///< Fields looked at to prove that answers merge.
  std::size_t errors_max = 20;            ///< Errors told about one document.
  std::size_t field_errors_max = 500;     ///< Errors told beside the data of one answer.
};

}  // namespace cpc::graphql

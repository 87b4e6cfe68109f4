// Runs one prepared operation (section 6): calls resolvers, completes values, and lets the null of
// a failed non-null field rise to the next place that may be null (section 6.4.4).
//
// Fields run one after the other. An answer is counted while it grows and given up at its limit,
// so that no operation holds more than that. Leaves are completed without a coroutine of their own,
// because they are most of every answer.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/graphql/document_cache.h"
#include "daemon/graphql/engine.h"
#include "daemon/graphql/plan.h"
#include "daemon/graphql/registry.h"

namespace cpc::graphql {

/// Where we are in the answer: a list on the stack, turned to JSON only for errors.
struct Path {
  const Path* up = nullptr;
  std::string_view name;
  std::optional<std::size_t> index;

  [[nodiscard]] Answer json() const;
};

/// What an exception says, for the log.
[[nodiscard]] std::string what_of(const std::exception_ptr& thrown);

class Execution {
 public:
  /// All must outlive the execution.
  Execution(const Schema& schema, const Registry& registry, const Limits& limits,
            const Prepared& prepared, PlannedOperation& planned, Request& request);

  /// A query or mutation: {"errors"?, "data"}.
  [[nodiscard]] boost::asio::awaitable<Answer> run();
  /// A subscription with `event` as the value of its root field: {"errors"?, "data"}.
  [[nodiscard]] boost::asio::awaitable<Answer> run_event(Outcome event);
  /// The events of a subscription.
  [[nodiscard]] boost::asio::awaitable<Checked<std::unique_ptr<EventSource>>> open_source();

 private:
  /// A value in the answer; nothing means: an error was told, and the place above must be null.
  using Completed = std::optional<Answer>;

  [[nodiscard]] boost::asio::awaitable<Completed> object(Plan& plan, const Json& parent,
                                                         const Path* path);
  [[nodiscard]] boost::asio::awaitable<Completed> resolved(const Resolver& resolver,
                                                           PlannedField& field, const Json& parent,
                                                           const Path& path);
  [[nodiscard]] boost::asio::awaitable<Completed> composite(TypeUse use, PlannedField& field,
                                                            const Json& value, const Path& path);
  [[nodiscard]] boost::asio::awaitable<Completed> list(TypeUse use, PlannedField& field,
                                                       const Json& value, const Path& path);
  [[nodiscard]] boost::asio::awaitable<Outcome> call(const Resolver& resolver, FieldCall call,
                                                     const Type& type, const PlannedField& field);

  [[nodiscard]] Completed leaf(TypeUse use, const PlannedField& field, const Json& value,
                               const Path& path);
  /// Puts a field into an object of the answer and counts it.
  void add(Answer& members, std::string_view name, Answer value);
  /// The answer has reached its limit: everything ends as it is, and nobody works any more.
  [[nodiscard]] bool is_full() const { return answer_bytes_ > limits_.answer_bytes_max; }
  [[nodiscard]] const Type* object_type(const TypeUse& use, const Json& value) const;
  [[nodiscard]] const Json& own_value(const Plan& plan, const PlannedField& field,
                                      const Json& parent, Json& made) const;

  /// Null, or what makes the place above null.
  [[nodiscard]] static Completed failed(const TypeUse& use);
  Completed fail_with(const FieldError& error, const TypeUse& use, const PlannedField& field,
                      const Path& path);
  Completed fail_internally(std::string_view reason, const TypeUse& use, const PlannedField& field,
                            const Path& path);
  [[nodiscard]] Problem problem_at(const PlannedField& field, const FieldError& error,
                                   const Path& path) const;
  [[nodiscard]] Answer answer(Completed data);

  const Schema& schema_;
  const Registry& registry_;
  const Limits& limits_;
  const Prepared& prepared_;
  Request& request_;
  PlannedOperation& planned_;
  Answer errors_ = Answer::array();
  std::size_t answer_bytes_ = 0;
};

}  // namespace cpc::graphql

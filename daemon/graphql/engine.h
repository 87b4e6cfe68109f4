// The GraphQL engine: from the text that a client sent to the answer it gets back, after the
// October 2021 specification (https://spec.graphql.org/October2021/). It knows nothing of
// messaging: the API gives it a schema text, a resolver for each field that must be worked for,
// and a source for each subscription.
//
// Start here, then follow a request:
//   lexer, parser          text -> ast.h                                  (sections 2 and 3)
//   schema, schema_*       SDL -> types, proved consistent at start       (section 3)
//   validation, validate_* may this document be run at all?               (section 5)
//   measure                depth, cost: what would it take?
//   coerce                 variables and literals -> JSON that resolvers read (section 6)
//   plan                   selections of one object -> fields to resolve  (section 6.3)
//   executor, stream       calls resolvers, shapes the answer, catches errors (section 6.4, 6.2.3)
//   introspection          the schema as data                             (section 4)
//   document_cache         clients repeat themselves: validate once
//
// Only this header, executor and stream know of Asio. Nothing here throws, but that a cancelled
// coroutine ends with operation_aborted, as everywhere in Asio; what a resolver throws becomes a
// field error INTERNAL, its text goes to the log.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

#include "core/base/log.h"
#include "daemon/graphql/limits.h"
#include "daemon/graphql/operation_kind.h"
#include "daemon/graphql/problem.h"
#include "daemon/graphql/scalar.h"

namespace cpc::graphql {

namespace ast {
struct Operation;
}
class Schema;
struct CheckedDocument;
class DocumentCache;
class Execution;
struct PlannedOperation;
class Registry;
class Stream;

/// Who asks, as the application sees it: one pointer to its own context (the signed-in person, the
/// store ...). A small value; what it points to must outlive the execution or the stream.
class Request {
 public:
  Request() = default;
  /// Not for a Request itself: copying one that is not const would take this for the better match.
  template <class Context>
  requires(!std::is_same_v<std::remove_const_t<Context>, Request>) explicit Request(
      Context& context)
      : context_(&context), type_(&typeid(Context)) {}

  /// The context given at construction. Asking for another type is a bug and aborts.
  template <class Context>
  [[nodiscard]] Context& context() const {
    require(typeid(Context));
    return *static_cast<Context*>(context_);
  }

 private:
  void require(const std::type_info& asked) const;
  void* context_ = nullptr;
  const std::type_info* type_ = nullptr;
};

/// Why one field has no value. `code` goes to `extensions.code`, beside `extensions` (an object).
struct FieldError {
  std::string message;
  std::string code;
  Json extensions = Json::object();
};

/// What a resolver returns: the value of the field, or why there is none.
/// Values: objects as JSON objects (whose members are the parent of the fields below; an object of
/// an interface or union type tells its type in a member `__typename`), enums as their name, lists
/// as arrays, scalars as their Scalar::serialise takes them.
class Outcome {
 public:
  // A resolver returns one or the other, as with Result.
  Outcome(Json value) : either_(std::move(value)) {}        // NOLINT(google-explicit-constructor)
  Outcome(FieldError error) : either_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return either_.index() == 0; }
  [[nodiscard]] Json& value() { return std::get<0>(either_); }
  [[nodiscard]] const Json& value() const { return std::get<0>(either_); }
  [[nodiscard]] const FieldError& error() const { return std::get<1>(either_); }

 private:
  std::variant<Json, FieldError> either_;
};

/// One field to resolve. All that it refers to lives until the resolver's coroutine has ended.
struct FieldCall {
  const Json& parent;  ///< The object that the field belongs to; null at the root.
  const Json& args;    ///< An object: coerced, with defaults. What was not given is not there.
  Request& request;
};

/// Works for one field. A named coroutine (or a plain function returning one): a capturing lambda
/// that is a coroutine itself would leave its captures dangling.
using Resolver = std::function<boost::asio::awaitable<Outcome>(FieldCall)>;

/// The events behind one running subscription. Used from one coroutine at a time, but for close().
class EventSource {
 public:
  virtual ~EventSource() = default;
  /// Waits for the next event; nothing once the source has ended or was closed. An event is the
  /// value of the subscription's root field, or an error of that field; neither ends the stream.
  [[nodiscard]] virtual boost::asio::awaitable<std::optional<Outcome>> next() = 0;
  /// Makes a waiting next() end. Called on the executor of the stream; may be called twice.
  virtual void close() = 0;
};

using SourceOutcome = std::variant<std::unique_ptr<EventSource>, FieldError>;
/// Opens the events of one subscription root field (section 6.2.3.1). `parent` is null.
using Source = std::function<boost::asio::awaitable<SourceOutcome>(FieldCall)>;

/// How many validated documents are kept for the next client who sends the same text.
struct CacheLimits {
  std::size_t documents_max = 256;
  std::size_t bytes_max = 4 * 1024 * 1024;  ///< Of text; what is parsed from it is about 10 times.
};

/// What an engine is built from.
struct Setup {
  std::string sdl;  ///< Type definitions and extensions, from our own file: trusted, but checked.
  Scalars scalars;  ///< One for each custom scalar of the SDL.
  Limits limits;
  CacheLimits cache;
  Log* log = nullptr;  ///< Told of resolvers that throw or break the schema's word. May be null.
};

/// What a client sent.
struct Incoming {
  std::string text;            ///< UTF-8.
  std::string operation_name;  ///< Empty: the document must hold one operation only.
  Json variables;              ///< An object, or null.
  bool may_introspect = false;
};

/// A document that may be run, one operation of it, and its coerced variables. Cheap to copy; may
/// be run many times, by several coroutines at once. Only for the engine that prepared it.
class Prepared {
 public:
  [[nodiscard]] OperationKind kind() const;
  [[nodiscard]] std::uint64_t cost() const { return cost_; }

 private:
  friend class Engine;
  friend class Execution;
  std::shared_ptr<const CheckedDocument> document_;
  const ast::Operation* operation_ = nullptr;
  std::shared_ptr<const Json> variables_;
  std::uint64_t cost_ = 0;
};

/// One schema with its resolvers. Set up by one thread; after check() every function is const and
/// safe from any thread, each execution staying on the executor that awaits it.
class Engine {
 public:
  /// Reads and checks `setup.sdl` (section 3). Fails with invalid, telling line and column of what
  /// is wrong, also if a custom scalar has no Scalar, or a Scalar no definition.
  [[nodiscard]] static Result<std::unique_ptr<Engine>> build(Setup setup);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Has `resolver` called for `field` of the object type `type`. A field without one is read
  /// from the member of that name of its parent. Errors are kept for check().
  /// For a field of the subscription root: called for each event, which is its `parent`; without
  /// one the event is the field's value.
  void resolve(std::string_view type, std::string_view field, Resolver resolver);

  /// Has `source` opened for `field` of the subscription root.
  void stream(std::string_view field, Source source);

  /// Ends the set-up. Fails with invalid if a resolver or source names a field that the SDL lacks
  /// or was given twice, or if a field of the query or mutation root has no resolver, or one of the
  /// subscription root no source.
  [[nodiscard]] Result<> check() const;

  /// Parses, validates, chooses the operation (section 6.1.1) and coerces its variables (6.1.2);
  /// the first two are remembered by text. Refuses with GRAPHQL_PARSE_FAILED,
  /// GRAPHQL_VALIDATION_FAILED (also: introspection by who may not), OPERATION_RESOLUTION_FAILURE,
  /// BAD_USER_INPUT, QUERY_TOO_COMPLEX. A transport answers a refusal with HTTP 400.
  [[nodiscard]] Checked<Prepared> prepare(const Incoming& incoming) const;

  /// Runs a query or mutation (sections 6.2.1, 6.2.2): {"errors"?, "data"}. Root fields of a
  /// mutation run one after the other, and so do those of a query. Never fails, but for a
  /// subscription, which is answered without data (OPERATION_RESOLUTION_FAILURE).
  [[nodiscard]] boost::asio::awaitable<Answer> execute(Prepared prepared, Request request) const;

  /// Opens the source of a subscription (section 6.2.3). Refuses if `prepared` is none
  /// (OPERATION_RESOLUTION_FAILURE), or with the code of the source's FieldError.
  /// The stream must not outlive the engine.
  [[nodiscard]] boost::asio::awaitable<Checked<std::unique_ptr<Stream>>> subscribe(
      Prepared prepared, Request request) const;

  [[nodiscard]] const Schema& schema() const { return *schema_; }
  /// How many validated documents are kept now.
  [[nodiscard]] std::size_t cached_documents() const;

 private:
  friend class Stream;
  Engine(const Setup& setup, std::unique_ptr<Schema> schema);
  [[nodiscard]] PlannedOperation plan(const Prepared& prepared) const;
  /// What one event makes of a subscription.
  [[nodiscard]] boost::asio::awaitable<Answer> execute_event(const Prepared& prepared,
                                                             PlannedOperation& planned,
                                                             Request request, Outcome event) const;
  [[nodiscard]] Checked<std::shared_ptr<const CheckedDocument>> checked_document(
      const std::string& text) const;

  Limits limits_;
  std::unique_ptr<Schema> schema_;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<DocumentCache> cache_;
};

/// A running subscription. Destroying it without close() drops the source as it is.
class Stream {
 public:
  Stream(const Engine& engine, Prepared prepared, std::unique_ptr<PlannedOperation> planned,
         Request request, std::unique_ptr<EventSource> source, Log* log);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();
  /// Waits for the next event and runs the selection on it (section 6.2.3.2): {"errors"?, "data"}.
  /// Nothing once the source has ended; a source that throws has ended.
  [[nodiscard]] boost::asio::awaitable<std::optional<Answer>> next();
  /// Ends a waiting next() (section 6.2.3.3).
  void close();

 private:
  const Engine& engine_;
  Prepared prepared_;
  std::unique_ptr<PlannedOperation> planned_;  ///< Points into prepared_'s document and variables.
  Request request_;
  std::unique_ptr<EventSource> source_;
  Log* log_;
};

/// The octets to send: JSON in UTF-8. Octets of a resolver that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string to_text(const Answer& answer);

}  // namespace cpc::graphql

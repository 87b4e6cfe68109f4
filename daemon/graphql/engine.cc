#include "daemon/graphql/engine.h"

#include <algorithm>
#include <cstdlib>

#include "daemon/graphql/coerce.h"
#include "daemon/graphql/document_cache.h"
#include "daemon/graphql/executor.h"
#include "daemon/graphql/measure.h"
#include "daemon/graphql/parser.h"
#include "daemon/graphql/registry.h"
#include "daemon/graphql/schema.h"
#include "daemon/graphql/validation.h"

namespace cpc::graphql {

using boost::asio::awaitable;

namespace {

// GetOperation (section 6.1).
Checked<const ast::Operation*> choose_operation(const ast::Document& document,
                                                const std::string& name) {
  const auto& operations = document.operations;
  if (name.empty()) {
    if (operations.size() == 1) return &operations.front();
    return refuse(code::operation_resolution, "the document has several operations: name one");
  }
  const auto found = std::ranges::find_if(
      operations, [&](const ast::Operation& one) { return one.name.text == name; });
  if (found == operations.end()) {
    return refuse(code::operation_resolution, "the document has no operation of that name");
  }
  return &*found;
}

}  // namespace

void Request::require(const std::type_info& asked) const {
  if (type_ == nullptr || *type_ != asked) std::abort();
}

OperationKind Prepared::kind() const {
  return operation_->kind;
}

Engine::Engine(const Setup& setup, std::unique_ptr<Schema> schema)
    : limits_(setup.limits),
      schema_(std::move(schema)),
      registry_(std::make_unique<Registry>(setup.log)),
      cache_(std::make_unique<DocumentCache>(setup.cache.documents_max, setup.cache.bytes_max)) {}

Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::build(Setup setup) {
  CPC_TRY(std::unique_ptr<Schema> schema,
          Schema::build(std::move(setup.sdl), std::move(setup.scalars)));
  return std::unique_ptr<Engine>{new Engine{setup, std::move(schema)}};
}

void Engine::resolve(std::string_view type, std::string_view field, Resolver resolver) {
  registry_->add(*schema_, type, field, std::move(resolver));
}

void Engine::stream(std::string_view field, Source source) {
  registry_->add(*schema_, field, std::move(source));
}

Result<> Engine::check() const {
  return registry_->check(*schema_);
}

std::size_t Engine::cached_documents() const {
  return cache_->size();
}

Checked<std::shared_ptr<const CheckedDocument>> Engine::checked_document(
    const std::string& text) const {
  if (CheckedDocumentPointer known = cache_->find(text)) return known;
  CPC_TRY(DocumentPointer document, parse_executable(text, limits_));
  CPC_TRY(validate(*schema_, *document, limits_));
  auto checked = std::make_shared<CheckedDocument>();
  checked->fragments = ast::fragments_of(*document);
  checked->asks_for_schema = asks_for_schema(*document);
  checked->document = std::move(document);
  cache_->insert(checked);
  return CheckedDocumentPointer{std::move(checked)};
}

Checked<Prepared> Engine::prepare(const Incoming& incoming) const {
  Prepared prepared;
  CPC_TRY(prepared.document_, checked_document(incoming.text));
  const ast::Document& document = *prepared.document_->document;
  if (prepared.document_->asks_for_schema && !incoming.may_introspect) {
    return refuse(code::validation_failed, "introspection is not open to you");
  }
  CPC_TRY(prepared.operation_, choose_operation(document, incoming.operation_name));
  CPC_TRY(Json variables,
          coerce_variables(*schema_, document, *prepared.operation_, incoming.variables, limits_));
  CPC_TRY(prepared.cost_, check_cost(*schema_, prepared.document_->fragments, *prepared.operation_,
                                     variables, limits_));
  prepared.variables_ = std::make_shared<const Json>(std::move(variables));
  return prepared;
}

awaitable<Answer> Engine::execute(Prepared prepared, Request request) const {
  if (prepared.kind() == OperationKind::subscription) {
    co_return refuse(code::operation_resolution, "a subscription needs a stream").answer();
  }
  PlannedOperation planned = plan(prepared);
  Execution execution{*schema_, *registry_, limits_, prepared, planned, request};
  co_return co_await execution.run();
}

awaitable<Checked<std::unique_ptr<Stream>>> Engine::subscribe(Prepared prepared,
                                                              Request request) const {
  if (prepared.kind() != OperationKind::subscription) {
    co_return refuse(code::operation_resolution, "only a subscription has a stream");
  }
  auto planned = std::make_unique<PlannedOperation>(plan(prepared));
  Execution execution{*schema_, *registry_, limits_, prepared, *planned, request};
  CPC_CO_TRY(std::unique_ptr<EventSource> source, co_await execution.open_source());
  co_return std::make_unique<Stream>(*this, std::move(prepared), std::move(planned), request,
                                     std::move(source), registry_->log());
}

PlannedOperation Engine::plan(const Prepared& prepared) const {
  const Planner planner{*schema_, prepared.document_->fragments, *prepared.variables_};
  return {planner, *schema_->root(prepared.kind()), prepared.operation_->selections};
}

awaitable<Answer> Engine::execute_event(const Prepared& prepared, PlannedOperation& planned,
                                        Request request, Outcome event) const {
  Execution execution{*schema_, *registry_, limits_, prepared, planned, request};
  co_return co_await execution.run_event(std::move(event));
}

std::string to_text(const Answer& answer) {
  return answer.dump(-1, ' ', false, Answer::error_handler_t::replace);
}

}  // namespace cpc::graphql

#include "daemon/graphql/executor.h"

#include <boost/asio/this_coro.hpp>
#include <exception>
#include <utility>
#include <vector>

#include "daemon/graphql/coerce.h"
#include "daemon/graphql/introspection.h"

namespace cpc::graphql {

using boost::asio::awaitable;

namespace {

constexpr std::string_view went_wrong = "something went wrong here";

// Appends without looking for the key, which is new: keys of one plan differ.
void append(Answer& object, std::string_view key, Answer value) {
  object.get_ref<Answer::object_t&>().push_back({std::string{key}, std::move(value)});
}

// How long `value`, a leaf, will be in the text of the answer, or a little more.
std::size_t text_bytes(const Answer& value) {
  constexpr std::size_t number_bytes_max = 24;
  if (!value.is_string()) return value.is_null() ? 4 : number_bytes_max;
  std::size_t bytes = 2;
  for (const char letter : value.get_ref<const std::string&>()) {
    const bool is_control = static_cast<unsigned char>(letter) < 0x20;
    const bool is_escaped = letter == '"' || letter == '\\';
    bytes += is_control ? 6 : is_escaped ? 2 : 1;
  }
  return bytes;
}

FieldError internal_error() {
  return FieldError{std::string{went_wrong}, std::string{code::internal}};
}

}  // namespace

std::string what_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "no standard exception";
  }
}

Answer Path::json() const {
  std::vector<Answer> steps;
  for (const Path* path = this; path != nullptr; path = path->up) {
    steps.push_back(path->index ? Answer(*path->index) : Answer(path->name));
  }
  return Answer(Answer::array_t(steps.rbegin(), steps.rend()));
}

Execution::Execution(const Schema& schema, const Registry& registry, const Limits& limits,
                     const Prepared& prepared, PlannedOperation& planned, Request& request)
    : schema_(schema),
      registry_(registry),
      limits_(limits),
      prepared_(prepared),
      request_(request),
      planned_(planned) {}

awaitable<Answer> Execution::run() {
  const Json nothing;
  Completed data = co_await object(*planned_.root, nothing, nullptr);
  co_return answer(std::move(data));
}

awaitable<Answer> Execution::run_event(Outcome event) {
  Answer data = Answer::object();
  for (PlannedField& field : planned_.root->fields) {  // One, or none if it was skipped.
    const Path path{nullptr, field.response_name, {}};
    const Resolver* resolver = registry_.resolver(*field.field);
    const TypeUse& use = field.field->use;
    Completed value;
    if (!event.has_value()) {
      value = fail_with(event.error(), use, field, path);
    } else if (resolver != nullptr) {
      value = co_await resolved(*resolver, field, event.value(), path);
    } else {
      value = co_await composite(use, field, event.value(), path);
    }
    if (!value || is_full()) co_return answer(std::nullopt);
    add(data, field.response_name, *std::move(value));
  }
  co_return answer(std::move(data));
}

awaitable<Checked<std::unique_ptr<EventSource>>> Execution::open_source() {
  if (planned_.root->fields.empty()) {
    co_return refuse(code::validation_failed, "a subscription must select a field");
  }
  PlannedField& field = planned_.root->fields.front();
  if (field.args_refusal) co_return *field.args_refusal;
  const Source& source = *registry_.source(*field.field);
  const Json nothing;
  std::exception_ptr thrown;
  SourceOutcome outcome = internal_error();
  try {
    outcome = co_await source(FieldCall{nothing, field.args, request_});
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown && (co_await boost::asio::this_coro::cancellation_state).cancelled() !=
                    boost::asio::cancellation_type::none) {
    std::rethrow_exception(thrown);
  }
  if (thrown && registry_.log() != nullptr) {
    registry_.log()->error("a subscription source threw",
                           {{"field", field.field->name}, {"reason", what_of(thrown)}});
  }
  if (auto* events = std::get_if<std::unique_ptr<EventSource>>(&outcome)) {
    if (*events != nullptr) co_return std::move(*events);
    outcome = internal_error();
  }
  const Path path{nullptr, field.response_name, {}};
  co_return Refusal{{problem_at(field, std::get<FieldError>(outcome), path)}};
}

// ExecuteSelectionSet (section 6.3): `parent` is the object, `path` leads to it.
awaitable<Execution::Completed> Execution::object(Plan& plan, const Json& parent,
                                                  const Path* path) {
  Answer members = Answer::object();
  members.get_ref<Answer::object_t&>().reserve(plan.fields.size());
  for (PlannedField& field : plan.fields) {
    const Path here{path, field.response_name, {}};
    const TypeUse& use = field.field->use;
    const Resolver* resolver = registry_.resolver(*field.field);
    Completed value;
    if (field.args_refusal) {
      const Problem& problem = field.args_refusal->problems.front();
      value = fail_with(FieldError{problem.message, problem.code}, use, field, here);
    } else if (resolver != nullptr) {
      value = co_await resolved(*resolver, field, parent, here);
    } else {
      Json made;
      const Json& own = own_value(plan, field, parent, made);
      if (use.type->is_leaf()) {
        value = leaf(use, field, own, here);
      } else {
        value = co_await composite(use, field, own, here);
      }
    }
    if (!value || is_full()) co_return std::nullopt;
    add(members, field.response_name, *std::move(value));
  }
  co_return members;
}

// ExecuteField (section 6.4) for a field that somebody works for.
awaitable<Execution::Completed> Execution::resolved(const Resolver& resolver, PlannedField& field,
                                                    const Json& parent, const Path& path) {
  const TypeUse& use = field.field->use;
  const FieldCall asked{parent, field.args, request_};
  const Outcome outcome = co_await call(resolver, asked, *use.type, field);
  if (!outcome.has_value()) co_return fail_with(outcome.error(), use, field, path);
  co_return co_await composite(use, field, outcome.value(), path);
}

awaitable<Outcome> Execution::call(const Resolver& resolver, FieldCall call, const Type& type,
                                   const PlannedField& field) {
  std::exception_ptr thrown;
  try {
    co_return co_await resolver(call);
  } catch (...) {
    thrown = std::current_exception();
  }
  const auto cancelled = (co_await boost::asio::this_coro::cancellation_state).cancelled();
  if (cancelled != boost::asio::cancellation_type::none) std::rethrow_exception(thrown);
  if (registry_.log() != nullptr) {
    registry_.log()->error(
        "a resolver threw",
        {{"field", field.field->name}, {"type", type.name}, {"reason", what_of(thrown)}});
  }
  co_return internal_error();
}

// CompleteValue (section 6.4.3), for everything that may hold objects, and at last for leaves.
awaitable<Execution::Completed> Execution::composite(TypeUse use, PlannedField& field,
                                                     const Json& value, const Path& path) {
  if (use.type->is_leaf()) co_return leaf(use, field, value, path);
  if (value.is_null()) {
    if (use.is_non_null()) co_return fail_internally("null", use, field, path);
    co_return Answer{};
  }
  if (use.is_list()) co_return co_await list(use, field, value, path);
  const Type* type = object_type(use, value);
  if (type == nullptr) co_return fail_internally("no object of its type", use, field, path);
  Completed members = co_await object(planned_.planner.below(field, *type), value, &path);
  if (!members) co_return failed(use);
  co_return members;
}

awaitable<Execution::Completed> Execution::list(TypeUse use, PlannedField& field, const Json& value,
                                                const Path& path) {
  if (!value.is_array()) co_return fail_internally("no list", use, field, path);
  Answer items = Answer::array();
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Path here{&path, {}, i};
    Completed item = co_await composite(use.item(), field, value[i], here);
    if (!item || is_full()) co_return failed(use);
    items.push_back(*std::move(item));
  }
  co_return items;
}

Execution::Completed Execution::leaf(TypeUse use, const PlannedField& field, const Json& value,
                                     const Path& path) {
  if (value.is_null()) {
    if (use.is_non_null()) return fail_internally("null", use, field, path);
    return Answer{};
  }
  if (!use.is_list()) {
    std::optional<Json> serialised = serialise_leaf(*use.type, value);
    if (!serialised) return fail_internally("no value of its type", use, field, path);
    Answer text(*std::move(serialised));
    answer_bytes_ += text_bytes(text) + 1;
    return text;
  }
  if (!value.is_array()) return fail_internally("no list", use, field, path);
  Answer items = Answer::array();
  for (std::size_t i = 0; i < value.size(); ++i) {
    Completed item = leaf(use.item(), field, value[i], Path{&path, {}, i});
    if (!item || is_full()) return failed(use);
    items.push_back(*std::move(item));
  }
  return items;
}

// ResolveAbstractType (section 6.4.3): objects tell their type themselves.
const Type* Execution::object_type(const TypeUse& use, const Json& value) const {
  if (use.type->is_meta()) return use.type;
  if (!value.is_object()) return nullptr;
  if (use.type->kind == TypeKind::object) return use.type;
  const auto name = value.find("__typename");
  if (name == value.end() || !name->is_string()) return nullptr;
  const Type* type = schema_.find(name->get_ref<const std::string&>());
  return type != nullptr && use.type->can_be(*type) ? type : nullptr;
}

// The value of a field that nobody works for: a member of its parent, or else kept in `made`.
const Json& Execution::own_value(const Plan& plan, const PlannedField& field, const Json& parent,
                                 Json& made) const {
  const std::string_view name = field.field->name;
  if (name == "__typename") return made = plan.type->name;
  if (plan.type->is_meta() || name.starts_with("__")) {
    return made = introspect(schema_, *plan.type, *field.field, parent, field.args);
  }
  const auto member = parent.is_object() ? parent.find(name) : parent.end();
  return member != parent.end() ? *member : made;
}

void Execution::add(Answer& members, std::string_view name, Answer value) {
  answer_bytes_ += name.size() + 4;  // Quotes, colon, comma; brackets come with what is in them.
  append(members, name, std::move(value));
}

Execution::Completed Execution::failed(const TypeUse& use) {
  return use.is_non_null() ? std::nullopt : Completed{Answer{}};
}

Problem Execution::problem_at(const PlannedField& field, const FieldError& error,
                              const Path& path) const {
  Problem problem;
  problem.message = error.message;
  problem.code = error.code;
  problem.extensions = error.extensions;
  problem.path = path.json();
  for (const ast::Selection* node : field.nodes) {
    problem.locations.push_back(locate(prepared_.document_->document->text, node->at));
  }
  return problem;
}

Execution::Completed Execution::fail_with(const FieldError& error, const TypeUse& use,
                                          const PlannedField& field, const Path& path) {
  if (errors_.size() < limits_.field_errors_max) {
    errors_.push_back(to_json(problem_at(field, error, path)));
  }
  return failed(use);
}

// A resolver broke the schema's word: our bug, so it is the log that learns what is wrong.
Execution::Completed Execution::fail_internally(std::string_view reason, const TypeUse& use,
                                                const PlannedField& field, const Path& path) {
  if (registry_.log() != nullptr) {
    registry_.log()->error(
        "a resolver broke the schema's word",
        {{"field", field.field->name}, {"type", use.text()}, {"returned", reason}});
  }
  return fail_with(internal_error(), use, field, path);
}

Answer Execution::answer(Completed data) {
  if (is_full()) {
    const std::string most = std::to_string(limits_.answer_bytes_max);
    Answer refused =
        refuse(code::too_complex, "the answer is larger than " + most + " octets").answer();
    append(refused, "data", Answer{});
    return refused;
  }
  Answer answer = Answer::object();
  if (!errors_.empty()) append(answer, "errors", std::move(errors_));
  append(answer, "data", std::move(data).value_or(Answer{}));
  return answer;
}

}  // namespace cpc::graphql

#include "daemon/graphql/coerce.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

namespace cpc::graphql {
namespace {

Refusal wrong_value(const std::string& where, const TypeUse& use) {
  return refuse(code::bad_user_input, where + ": expected a value of type \"" + use.text() + "\"");
}

// ---- JSON that came in variables

bool nests_deeper(const Json& value, std::size_t levels) {
  if (!value.is_structured()) return false;
  return levels == 0 || std::ranges::any_of(value, [levels](const Json& inner) {
           return nests_deeper(inner, levels - 1);
         });
}

Checked<Json> coerce_json(const TypeUse& use, const Json& value, const std::string& where);

Checked<Json> coerce_input_object(const TypeUse& use, const Json& value, const std::string& where) {
  if (!value.is_object()) return wrong_value(where, use);
  Json object = Json::object();
  for (const Input& input : use.type->inputs) {
    const std::string name{input.name};
    const std::string place = std::string{where}.append(".").append(name);
    const auto given = value.find(name);
    if (given != value.end()) {
      CPC_TRY(object[name], coerce_json(input.use, *given, place));
    } else if (input.default_value) {
      object[name] = *input.default_value;
    } else if (input.use.is_non_null()) {
      return wrong_value(place, input.use);
    }
  }
  for (const auto& [name, unused] : value.items()) {
    if (use.type->inputs.find(name) == nullptr) {
      return refuse(code::bad_user_input,
                    where + ": type \"" + std::string{use.type->name} + "\" lacks a field given");
    }
  }
  return object;
}

Checked<Json> coerce_list(const TypeUse& use, const Json& value, const std::string& where) {
  Json list = Json::array();
  if (!value.is_array()) {
    CPC_TRY(Json item, coerce_json(use.item(), value, where));
    list.push_back(std::move(item));
    return list;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    CPC_TRY(Json item, coerce_json(use.item(), value[i], where + "[" + std::to_string(i) + "]"));
    list.push_back(std::move(item));
  }
  return list;
}

// An enum is its name, a scalar what its parse makes of it.
std::optional<Json> parse_leaf(const Type& type, const Json& value) {
  if (type.kind == TypeKind::enumeration) {
    const bool is_known =
        value.is_string() && type.values.find(value.get_ref<const std::string&>()) != nullptr;
    return is_known ? std::optional{value} : std::nullopt;
  }
  Result<Json> parsed = type.scalar->parse(value);
  return parsed ? std::optional{std::move(parsed).value()} : std::nullopt;
}

Checked<Json> coerce_json(const TypeUse& use, const Json& value, const std::string& where) {
  if (value.is_null()) {
    if (use.is_non_null()) return wrong_value(where, use);
    return Json{};
  }
  if (use.is_list()) return coerce_list(use, value, where);
  if (use.type->kind == TypeKind::input) return coerce_input_object(use, value, where);
  std::optional<Json> leaf = parse_leaf(*use.type, value);
  if (!leaf) return wrong_value(where, use);
  return *std::move(leaf);
}

// ---- Literals

// A number as written; what no integer holds becomes a double, what no double holds, nothing.
std::optional<Json> number_json(const std::string& text) {
  std::int64_t integer = 0;
  const char* const end = text.data() + text.size();
  const auto [after, failure] = std::from_chars(text.data(), end, integer);
  if (failure == std::errc{} && after == end) return Json(integer);
  double number = 0;
  if (std::from_chars(text.data(), end, number).ec != std::errc{}) return std::nullopt;
  return Json(number);
}

// What a scalar's parse gets to see of a literal.
std::optional<Json> plain_json(const ast::Value& value, const Json& variables) {
  using ValueKind = ast::Value::Kind;
  switch (value.kind) {
    case ValueKind::variable:
      return variables.value(value.text, Json{});
    case ValueKind::integer:
    case ValueKind::floating:
      return number_json(value.text);
    case ValueKind::string:
      return Json(value.text);
    case ValueKind::boolean:
      return Json(value.text == "true");
    case ValueKind::null:
      return Json{};
    case ValueKind::enumeration:
      return std::nullopt;  // A word that only an enum can explain.
    case ValueKind::list: {
      Json list = Json::array();
      for (const ast::Value& item : value.items) {
        std::optional<Json> plain = plain_json(item, variables);
        if (!plain) return std::nullopt;
        list.push_back(*std::move(plain));
      }
      return list;
    }
    case ValueKind::object: {
      Json object = Json::object();
      for (const ast::Argument& field : value.fields) {
        std::optional<Json> plain = plain_json(field.value, variables);
        if (!plain) return std::nullopt;
        object[std::string{field.name.text}] = *std::move(plain);
      }
      return object;
    }
  }
  return std::nullopt;
}

bool is_absent(const ast::Value& value, const Json& variables) {
  return value.kind == ast::Value::Kind::variable && !variables.contains(value.text);
}

std::optional<Json> object_literal(const Type& type, const ast::Value& value,
                                   const Json& variables) {
  if (value.kind != ast::Value::Kind::object) return std::nullopt;
  Json object = Json::object();
  for (const Input& input : type.inputs) {
    const ast::Argument* given = ast::find(value.fields, input.name);
    const std::string name{input.name};
    if (given != nullptr && !is_absent(given->value, variables)) {
      std::optional<Json> field = coerce_literal(input.use, given->value, variables);
      if (!field) return std::nullopt;
      object[name] = *std::move(field);
    } else if (input.default_value) {
      object[name] = *input.default_value;
    } else if (input.use.is_non_null()) {
      return std::nullopt;
    }
  }
  return object;
}

std::optional<Json> list_literal(const TypeUse& use, const ast::Value& value,
                                 const Json& variables) {
  Json list = Json::array();
  const auto add = [&](const ast::Value& item) {
    std::optional<Json> coerced = coerce_literal(use.item(), item, variables);
    if (!coerced) return false;
    list.push_back(*std::move(coerced));
    return true;
  };
  if (value.kind != ast::Value::Kind::list) return add(value) ? std::optional{list} : std::nullopt;
  for (const ast::Value& item : value.items) {
    if (!add(item)) return std::nullopt;
  }
  return list;
}

std::optional<Json> leaf_literal(const Type& type, const ast::Value& value, const Json& variables) {
  if (type.kind == TypeKind::enumeration) {
    if (value.kind != ast::Value::Kind::enumeration) return std::nullopt;
    return parse_leaf(type, Json(value.text));
  }
  if (type.name == "ID" && value.kind == ast::Value::Kind::integer) return Json(value.text);
  const std::optional<Json> plain = plain_json(value, variables);
  return plain ? parse_leaf(type, *plain) : std::nullopt;
}

}  // namespace

std::optional<Json> coerce_literal(const TypeUse& use, const ast::Value& value,
                                   const Json& variables) {
  const bool is_variable = value.kind == ast::Value::Kind::variable;
  if (is_variable || value.kind == ast::Value::Kind::null) {
    // The variable has been coerced to its own type, which validation found to fit here.
    Json known = is_variable ? variables.value(value.text, Json{}) : Json{};
    if (known.is_null() && use.is_non_null()) return std::nullopt;
    return known;
  }
  if (use.is_list()) return list_literal(use, value, variables);
  if (use.type->kind == TypeKind::input) return object_literal(*use.type, value, variables);
  return leaf_literal(*use.type, value, variables);
}

Checked<Json> coerce_arguments(const Table<Input>& inputs,
                               const std::vector<ast::Argument>& arguments, const Json& variables) {
  Json coerced = Json::object();
  for (const Input& input : inputs) {
    const std::string name{input.name};
    const ast::Argument* given = ast::find(arguments, input.name);
    if (given != nullptr && !is_absent(given->value, variables)) {
      std::optional<Json> value = coerce_literal(input.use, given->value, variables);
      if (!value) return wrong_value("argument \"" + name + "\"", input.use);
      coerced[name] = *std::move(value);
    } else if (input.default_value) {
      coerced[name] = *input.default_value;
    } else if (input.use.is_non_null()) {
      return wrong_value("argument \"" + name + "\"", input.use);
    }
  }
  return coerced;
}

Checked<Json> coerce_variables(const Schema& schema, const ast::Document& document,
                               const ast::Operation& operation, const Json& given,
                               const Limits& limits) {
  if (!given.is_null() && !given.is_object()) {
    return refuse(code::bad_user_input, "variables must be an object");
  }
  if (nests_deeper(given, limits.nesting_max)) {
    return refuse(code::too_complex, "the variables nest deeper than " +
                                         std::to_string(limits.nesting_max) + " levels");
  }
  Json coerced = Json::object();
  Refusal refusal;
  for (const ast::VariableDefinition& variable : operation.variables) {
    const std::string name{variable.name.text};
    const TypeUse use = schema.use_of(variable.type);
    const std::string where = "variable \"$" + name + "\"";
    const auto value = given.is_object() ? given.find(name) : given.end();
    if (value == given.end()) {
      if (variable.default_value) {
        coerced[name] =
            coerce_literal(use, *variable.default_value, Json::object()).value_or(Json{});
      } else if (use.is_non_null()) {
        refusal.problems.push_back(wrong_value(where, use).problems.front());
      } else {
        continue;
      }
    } else if (Checked<Json> good = coerce_json(use, *value, where); good) {
      coerced[name] = std::move(good).value();
    } else {
      refusal.problems.push_back(good.error().problems.front());
    }
    if (!refusal.problems.empty() && refusal.problems.back().locations.empty()) {
      refusal.problems.back().locations = {locate(document.text, variable.name.at)};
    }
    if (refusal.problems.size() >= limits.errors_max) break;
  }
  if (!refusal.problems.empty()) return refusal;
  return coerced;
}

std::optional<Json> serialise_leaf(const Type& type, const Json& value) {
  if (type.kind == TypeKind::enumeration) return parse_leaf(type, value);
  Result<Json> serialised = type.scalar->serialise(value);
  return serialised ? std::optional{std::move(serialised).value()} : std::nullopt;
}

}  // namespace cpc::graphql

#include "daemon/graphql/introspection.h"

#include <algorithm>
#include <array>

namespace cpc::graphql {
namespace {

constexpr std::array<std::string_view, 6> kind_names{"SCALAR", "OBJECT", "INTERFACE",
                                                     "UNION",  "ENUM",   "INPUT_OBJECT"};

Json text_or_null(const std::string& text) {
  return text.empty() ? Json{} : Json(text);
}

Json name_or_null(const Type* type) {
  return type != nullptr ? Json(type->name) : Json{};
}

Json reason_or_null(const std::optional<std::string>& deprecation) {
  return deprecation ? Json(*deprecation) : Json{};
}

Json names_of(const std::vector<const Type*>& types) {
  Json names = Json::array();
  for (const Type* type : types) names.push_back(type->name);
  return names;
}

Json to_json(const Input& input) {
  return {{"name", input.name},
          {"description", text_or_null(input.description)},
          {"type", input.use.text()},
          {"defaultValue",
           input.default_literal != nullptr ? Json(ast::to_text(*input.default_literal)) : Json{}},
          {"isDeprecated", input.deprecation.has_value()},
          {"deprecationReason", reason_or_null(input.deprecation)}};
}

Json to_json(const EnumValue& value) {
  return {{"name", value.name},
          {"description", text_or_null(value.description)},
          {"isDeprecated", value.deprecation.has_value()},
          {"deprecationReason", reason_or_null(value.deprecation)}};
}

Json to_json(const Field& field);
Json to_json(const Directive& directive);

template <class Item>
Json to_json(const Table<Item>& items) {
  Json list = Json::array();
  for (const Item& item : items) list.push_back(to_json(item));
  return list;
}

Json to_json(const Field& field) {
  return {{"name", field.name},
          {"description", text_or_null(field.description)},
          {"args", to_json(field.arguments)},
          {"type", field.use.text()},
          {"isDeprecated", field.deprecation.has_value()},
          {"deprecationReason", reason_or_null(field.deprecation)}};
}

Json to_json(const Directive& directive) {
  return {{"name", directive.name},
          {"description", text_or_null(directive.description)},
          {"locations", directive.locations},
          {"args", to_json(directive.arguments)},
          {"isRepeatable", directive.is_repeatable}};
}

Json without_deprecated(Json list, const Json& args) {
  if (const auto all = args.find("includeDeprecated"); all != args.end() && *all == true)
    return list;
  auto& items = list.get_ref<Json::array_t&>();
  std::erase_if(items, [](const Json& item) { return item.at("isDeprecated").get<bool>(); });
  return list;
}

Json schema_json(const Schema& schema) {
  Json types = Json::array();
  for (const auto& type : schema.types()) types.push_back(type->name);
  return {{"description", text_or_null(schema.description())},
          {"types", std::move(types)},
          {"queryType", name_or_null(schema.root(OperationKind::query))},
          {"mutationType", name_or_null(schema.root(OperationKind::mutation))},
          {"subscriptionType", name_or_null(schema.root(OperationKind::subscription))},
          {"directives", to_json(schema.directives())}};
}

// The fields of a __Type with a name (section 4.2.2): null where the kind has no such thing.
Json type_member(const Type& type, std::string_view member, const Json& args) {
  const bool has_fields = type.kind == TypeKind::object || type.kind == TypeKind::interface;
  if (member == "kind") return kind_names[static_cast<std::size_t>(type.kind)];
  if (member == "name") return type.name;
  if (member == "description") return text_or_null(type.description);
  if (member == "specifiedByURL") {
    return type.specified_by ? Json(*type.specified_by) : Json{};
  }
  if (member == "fields" && has_fields) return without_deprecated(to_json(type.fields), args);
  if (member == "interfaces" && has_fields) return names_of(type.interfaces);
  if (member == "possibleTypes" && type.is_abstract()) return names_of(type.possible);
  if (member == "enumValues" && type.kind == TypeKind::enumeration) {
    return without_deprecated(to_json(type.values), args);
  }
  if (member == "inputFields" && type.kind == TypeKind::input) {
    return without_deprecated(to_json(type.inputs), args);
  }
  return {};
}

Json use_member(const Schema& schema, std::string_view use, std::string_view member,
                const Json& args) {
  const bool is_non_null = use.ends_with('!');
  const bool is_list = use.starts_with('[') && !is_non_null;
  if (!is_non_null && !is_list) {
    const Type* type = schema.find(use);
    return type != nullptr ? type_member(*type, member, args) : Json{};
  }
  if (member == "kind") return is_non_null ? "NON_NULL" : "LIST";
  if (member == "ofType") {
    return is_non_null ? use.substr(0, use.size() - 1) : use.substr(1, use.size() - 2);
  }
  return {};
}

}  // namespace

Json introspect(const Schema& schema, const Type& parent_type, const Field& field,
                const Json& parent, const Json& args) {
  if (field.name == "__schema") return schema_json(schema);
  if (field.name == "__type") {
    return name_or_null(schema.find(args.at("name").get_ref<const std::string&>()));
  }
  if (parent_type.name == "__Type") {
    return use_member(schema, parent.get_ref<const std::string&>(), field.name, args);
  }
  Json member = parent.value(std::string{field.name}, Json{});
  return field.name == "args" ? without_deprecated(std::move(member), args) : member;
}

std::string_view built_in_sdl() {
  return R"(
"A whole number from -(2^31) to 2^31 - 1."
scalar Int
"A number of double precision (IEEE 754)."
scalar Float
"Text in Unicode."
scalar String
"`true` or `false`."
scalar Boolean
"Names one thing. A text for machines, not for people; a whole number is taken as text."
scalar ID

"Leaves out the field or fragment if `if` is true."
directive @skip("The condition." if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
"Leaves out the field or fragment unless `if` is true."
directive @include("The condition." if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
"Still works, but should not be used any more."
directive @deprecated("Why, and what to use instead; in Markdown."
  reason: String = "No longer supported"
) on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
"Where the format of a scalar is specified."
directive @specifiedBy("The address of the specification." url: String!) on SCALAR

"What this service offers: its types, roots and directives."
type __Schema {
  description: String
  types: [__Type!]!
  queryType: __Type!
  mutationType: __Type
  subscriptionType: __Type
  directives: [__Directive!]!
}
"A type. Which fields have a value depends on `kind`."
type __Type {
  kind: __TypeKind!
  name: String
  description: String
  fields(includeDeprecated: Boolean = false): [__Field!]
  interfaces: [__Type!]
  possibleTypes: [__Type!]
  enumValues(includeDeprecated: Boolean = false): [__EnumValue!]
  inputFields(includeDeprecated: Boolean = false): [__InputValue!]
  ofType: __Type
  specifiedByURL: String
}
"The kinds of types."
enum __TypeKind {
  "Has no fields."
  SCALAR
  "Has `fields` and `interfaces`."
  OBJECT
  "Has `fields`, `interfaces` and `possibleTypes`."
  INTERFACE
  "Has `possibleTypes`."
  UNION
  "Has `enumValues`."
  ENUM
  "Has `inputFields`."
  INPUT_OBJECT
  "Has `ofType`."
  LIST
  "Has `ofType`."
  NON_NULL
}
"A field of an object or interface."
type __Field {
  name: String!
  description: String
  args(includeDeprecated: Boolean = false): [__InputValue!]!
  type: __Type!
  isDeprecated: Boolean!
  deprecationReason: String
}
"An argument, or a field of an input object."
type __InputValue {
  name: String!
  description: String
  type: __Type!
  "As GraphQL text."
  defaultValue: String
  isDeprecated: Boolean!
  deprecationReason: String
}
"A value of an enum."
type __EnumValue {
  name: String!
  description: String
  isDeprecated: Boolean!
  deprecationReason: String
}
"A directive."
type __Directive {
  name: String!
  description: String
  locations: [__DirectiveLocation!]!
  args(includeDeprecated: Boolean = false): [__InputValue!]!
  isRepeatable: Boolean!
}
"Where a directive may stand."
enum __DirectiveLocation {
  QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT
  VARIABLE_DEFINITION SCHEMA SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION
  ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION
}
"Holds the fields that every query has."
type __Meta {
  "The name of the type of this object."
  __typename: String!
  __schema: __Schema!
  __type(name: String!): __Type
}
)";
}

}  // namespace cpc::graphql

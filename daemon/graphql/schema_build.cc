// From the text of the schema to its types. The built-in types are appended to the text (behind it,
// so that its line numbers hold) and go the same way as ours.

#include <algorithm>
#include <array>
#include <unordered_set>

#include "daemon/graphql/coerce.h"
#include "daemon/graphql/introspection.h"
#include "daemon/graphql/parser.h"
#include "daemon/graphql/schema.h"
#include "daemon/graphql/schema_check.h"
#include "daemon/graphql/schema_text.h"

namespace cpc::graphql {
namespace {

constexpr std::size_t problems_max = 1;  // The log shows one at a time.
constexpr std::string_view meta_type = "__Meta";
constexpr std::array<std::string_view, 3> default_roots{"Query", "Mutation", "Subscription"};

Error first_of(const Refusal& refusal) {
  const Problem& problem = refusal.problems.front();
  std::string place;
  if (!problem.locations.empty()) {
    place = std::to_string(problem.locations.front().line) + ":" +
            std::to_string(problem.locations.front().column) + ": ";
  }
  return fail(ErrorCode::invalid, place + problem.message);
}

}  // namespace

class SchemaBuilder {
 public:
  SchemaBuilder(std::shared_ptr<ast::Document> document, std::size_t own_bytes, Scalars scalars)
      : document_(std::move(document)),
        own_bytes_(own_bytes),
        report_(document_->text, problems_max),
        schema_(new Schema) {
    schema_->document_ = document_;
    schema_->scalars_ = std::move(scalars);
  }

  Result<std::unique_ptr<Schema>> build() {
    using Step = void (SchemaBuilder::*)();
    for (const Step step :
         {&SchemaBuilder::merge, &SchemaBuilder::declare_types, &SchemaBuilder::define_directives,
          &SchemaBuilder::define_types, &SchemaBuilder::find_roots, &SchemaBuilder::check,
          &SchemaBuilder::settle_defaults, &SchemaBuilder::check_directives,
          &SchemaBuilder::drop_unused_scalars}) {
      (this->*step)();
      if (!report_.is_empty()) return first_of(report_.refusal());
    }
    schema_->meta_fields_ = std::move(meta_.fields);
    return std::move(schema_);
  }

 private:
  // ---- Names

  // Section 3.1: names that begin with __ are those of introspection.
  void check_name(const ast::Name& name) {
    if (name.at < own_bytes_ && name.text.starts_with("__")) {
      report_.add("the name " + in_quotes(name.text) + " begins with __", {name.at});
    }
  }

  template <class Item>
  void add(Table<Item>& table, Item item, const ast::Name& name) {
    check_name(name);
    if (table.add(std::move(item)) == nullptr) defined_twice(name);
  }

  void defined_twice(const ast::Name& name) {
    report_.add(in_quotes(name.text) + " is defined twice", {name.at});
  }

  Type* type_named(const ast::Name& name) {
    const auto found = schema_->by_name_.find(name.text);
    if (found != schema_->by_name_.end()) {
      used_.insert(found->second);
      return found->second;
    }
    report_.add("there is no type " + in_quotes(name.text), {name.at});
    return nullptr;
  }

  // ---- Steps

  void merge() { merge_extensions(*document_, report_); }

  void declare_types() {
    for (const ast::TypeDefinition& definition : document_->types) {
      if (definition.name.text == meta_type) continue;
      check_name(definition.name);
      auto type = std::make_unique<Type>();
      type->name = definition.name.text;
      type->kind = definition.kind;
      type->description = definition.description;
      type->at = definition.name.at;
      type->specified_by = specification_of(definition.directives);
      if (type->kind == TypeKind::scalar) type->scalar = scalar(definition.name);
      const auto [known, is_new] = schema_->by_name_.emplace(type->name, type.get());
      if (!is_new) {
        defined_twice({type->name, type->at < own_bytes_ ? type->at : known->second->at});
      }
      schema_->types_.push_back(std::move(type));
    }
    for (const auto& [name, unused] : schema_->scalars_) {
      const Type* type = schema_->find(name);
      if (type == nullptr || type->scalar == nullptr || built_in_scalars().contains(name)) {
        report_.add("scalar " + in_quotes(name) + " is not defined", {0});
      }
    }
  }

  const Scalar* scalar(const ast::Name& name) {
    const Scalars& scalars = name.at < own_bytes_ ? schema_->scalars_ : built_in_scalars();
    const auto found = scalars.find(name.text);
    if (found != scalars.end()) return &found->second;
    report_.add("nobody reads and writes scalar " + in_quotes(name.text), {name.at});
    return nullptr;
  }

  void define_directives() {
    for (const ast::DirectiveDefinition& definition : document_->directives) {
      Directive directive;
      directive.name = definition.name.text;
      directive.description = definition.description;
      directive.is_repeatable = definition.repeatable;
      define_inputs(directive.arguments, definition.arguments);
      for (const ast::Name& location : definition.locations) {
        directive.locations.push_back(location.text);
      }
      add(schema_->directives_, std::move(directive), definition.name);
    }
  }

  void define_inputs(Table<Input>& inputs, const std::vector<ast::InputDefinition>& definitions) {
    for (const ast::InputDefinition& definition : definitions) {
      Input input;
      input.name = definition.name.text;
      input.description = definition.description;
      input.use = {type_named(definition.type.name), definition.type.wrapping};
      input.default_literal = definition.default_value ? &*definition.default_value : nullptr;
      input.deprecation = deprecation_of(definition.directives);
      input.at = definition.name.at;
      add(inputs, std::move(input), definition.name);
    }
  }

  void define_types() {
    for (const ast::TypeDefinition& definition : document_->types) {
      Type& type =
          definition.name.text == meta_type ? meta_ : *schema_->by_name_.at(definition.name.text);
      define_fields(type, definition);
      define_inputs(type.inputs, definition.inputs);
      for (const ast::EnumValueDefinition& value : definition.values) {
        add(type.values,
            EnumValue{value.name.text, value.description, deprecation_of(value.directives)},
            value.name);
      }
      for (const ast::Name& member : definition.members) {
        type.possible.push_back(type_named(member));
      }
      if (type.kind == TypeKind::object) type.possible.push_back(&type);
      implement(type, definition.interfaces);
    }
    check_locations();
  }

  void define_fields(Type& type, const ast::TypeDefinition& definition) {
    for (const ast::FieldDefinition& one : definition.fields) {
      Field field;
      field.name = one.name.text;
      field.description = one.description;
      define_inputs(field.arguments, one.arguments);
      field.use = {type_named(one.type.name), one.type.wrapping};
      field.deprecation = deprecation_of(one.directives);
      field.at = one.name.at;
      add(type.fields, std::move(field), one.name);
    }
  }

  void implement(Type& type, const std::vector<ast::Name>& names) {
    for (const ast::Name& name : names) {
      Type* interface = type_named(name);
      if (interface == nullptr) continue;
      if (interface->kind != TypeKind::interface) {
        report_.add(in_quotes(name.text) + " is no interface", {name.at});
      }
      type.interfaces.push_back(interface);
      if (type.kind == TypeKind::object) interface->possible.push_back(&type);
    }
  }

  void check_locations() {
    const Type& known = *schema_->find("__DirectiveLocation");
    for (const ast::DirectiveDefinition& directive : document_->directives) {
      for (const ast::Name& location : directive.locations) {
        if (known.values.find(location.text) == nullptr) {
          report_.add("no directive can stand on " + in_quotes(location.text), {location.at});
        }
      }
    }
  }

  // Section 3.3.1: as `schema` says, or else by name.
  void find_roots() {
    if (document_->schemas.empty() || document_->schemas.front().extends) {
      for (std::size_t i = 0; i < default_roots.size(); ++i) {
        schema_->roots_[i] = schema_->find(default_roots[i]);
      }
    }
    for (const ast::SchemaDefinition& definition : document_->schemas) {
      schema_->description_ = definition.description;
      for (const ast::RootDefinition& root : definition.roots) {
        const Type*& known = schema_->roots_[static_cast<std::size_t>(root.kind)];
        if (known != nullptr) defined_twice(root.type);
        known = type_named(root.type);
      }
    }
  }

  void check() { check_types(*schema_, report_); }

  void settle_defaults() {
    for (Directive& directive : schema_->directives_) settle_all(directive.arguments);
    for (Field& field : meta_.fields) settle_all(field.arguments);
    for (const auto& type : schema_->types_) {
      settle_all(type->inputs);
      for (Field& field : type->fields) settle_all(field.arguments);
    }
  }

  void settle_all(Table<Input>& inputs) {
    for (Input& input : inputs) settle(input);
  }

  // Coerces the default of `input`, those that it is made of first.
  void settle(Input& input) {
    if (input.default_literal == nullptr || input.default_value) return;
    if (!settling_.insert(&input).second) {
      report_.add("the default of " + in_quotes(input.name) + " is made of itself", {input.at});
      return;
    }
    settle_inside(input.use, *input.default_literal);
    std::vector<VariableUsage> no_variables;
    Site site{*schema_, report_, no_variables};
    check_value(site, *input.default_literal, input.use, false);
    if (report_.is_empty()) {
      input.default_value = coerce_literal(input.use, *input.default_literal, Json::object());
    }
    settling_.erase(&input);
  }

  void settle_inside(const TypeUse& use, const ast::Value& value) {
    for (const ast::Value& item : value.items) {
      if (use.is_list()) settle_inside(use.item(), item);
    }
    if (use.type->kind != TypeKind::input || value.kind != ast::Value::Kind::object) return;
    for (Input& input : schema_->by_name_.at(use.type->name)->inputs) {
      const ast::Argument* given = ast::find(value.fields, input.name);
      if (given != nullptr) {
        settle_inside(input.use, given->value);
      } else {
        settle(input);
      }
    }
  }

  void check_directives() { check_definition_directives(*schema_, *document_, report_); }

  // Section 3.5: Int, Float and ID are in the schema only if something is of these types.
  void drop_unused_scalars() {
    std::erase_if(schema_->types_, [this](const std::unique_ptr<Type>& type) {
      const bool is_unused =
          type->kind == TypeKind::scalar && type->at >= own_bytes_ && !used_.contains(type.get());
      if (is_unused) schema_->by_name_.erase(type->name);
      return is_unused;
    });
  }

  std::shared_ptr<ast::Document> document_;
  std::size_t own_bytes_;
  Report report_;
  std::unique_ptr<Schema> schema_;
  Type meta_;  // __typename, __schema and __type, written down as the fields of a type.
  std::unordered_set<const Type*> used_;
  std::unordered_set<const Input*> settling_;
};

Result<std::unique_ptr<Schema>> Schema::build(std::string sdl, Scalars scalars) {
  const std::size_t own_bytes = sdl.size();
  sdl += built_in_sdl();
  Checked<std::shared_ptr<ast::Document>> document = parse_sdl(std::move(sdl));
  if (!document) return first_of(document.error());
  return SchemaBuilder{std::move(document).value(), own_bytes, std::move(scalars)}.build();
}

}  // namespace cpc::graphql

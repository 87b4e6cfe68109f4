#include "daemon/graphql/validation.h"

namespace cpc::graphql {
namespace {

/// Walks one operation or fragment, knowing the type it stands on.
class Walk {
 public:
  Walk(Validation& self, Uses& uses)
      : self_(self), uses_(uses), site_{self.schema, self.report, uses.variables} {}

  void selections(const Type& parent, const std::vector<ast::Selection>& selections) {
    for (const ast::Selection& selection : selections) {
      if (self_.report.is_full()) return;
      switch (selection.kind) {
        case ast::Selection::Kind::field:
          field(parent, selection);
          break;
        case ast::Selection::Kind::spread:
          spread(parent, selection);
          break;
        case ast::Selection::Kind::inline_fragment:
          inline_fragment(parent, selection);
          break;
      }
    }
  }

  void directives(const ast::Directives& directives, std::string_view location) {
    check_directives(site_, directives, location);
  }

  /// The composite type that a fragment names (sections 5.5.1.2, 5.5.1.3), or null.
  const Type* condition(const ast::Name& on) {
    const Type* type = self_.schema.find(on.text);
    if (type == nullptr) {
      self_.report.add("there is no type " + in_quotes(on.text), {on.at});
    } else if (!type->is_composite()) {
      self_.report.add("a fragment cannot be on type " + in_quotes(on.text), {on.at});
      return nullptr;
    }
    return type;
  }

 private:
  // Sections 5.3.1 and 5.3.3.
  void field(const Type& parent, const ast::Selection& selection) {
    check_directives(site_, selection.directives, "FIELD");
    const Field* field = self_.schema.field_of(parent, selection.name.text);
    if (field == nullptr) {
      self_.report.add(
          "type " + in_quotes(parent.name) + " has no field " + in_quotes(selection.name.text),
          {selection.at});
      return;
    }
    check_arguments(site_, field->arguments, selection.name, selection.arguments);
    const Type& type = *field->use.type;
    if (type.is_leaf() && !selection.selections.empty()) {
      self_.report.add("field " + in_quotes(selection.name.text) + " of type " +
                           in_quotes(field->use.text()) + " has nothing to select",
                       {selection.at});
    } else if (type.is_composite() && selection.selections.empty()) {
      self_.report.add("field " + in_quotes(selection.name.text) + " of type " +
                           in_quotes(field->use.text()) + " needs a selection",
                       {selection.at});
    } else {
      selections(type, selection.selections);
    }
  }

  void inline_fragment(const Type& parent, const ast::Selection& selection) {
    check_directives(site_, selection.directives, "INLINE_FRAGMENT");
    if (!selection.on) return selections(parent, selection.selections);
    const Type* type = condition(*selection.on);
    if (type == nullptr) return;
    check_possible(parent, *type, selection.at);
    selections(*type, selection.selections);
  }

  void spread(const Type& parent, const ast::Selection& selection) {
    check_directives(site_, selection.directives, "FRAGMENT_SPREAD");
    uses_.spreads.push_back(selection.name);
    const ast::Fragment* fragment = self_.fragment(selection.name.text);
    if (fragment == nullptr) {  // Section 5.5.2.1.
      self_.report.add("there is no fragment " + in_quotes(selection.name.text), {selection.at});
      return;
    }
    const Type* type = self_.schema.find(fragment->on.text);
    if (type != nullptr && type->is_composite()) check_possible(parent, *type, selection.at);
  }

  // Section 5.5.2.3.
  void check_possible(const Type& parent, const Type& on, std::uint32_t at) {
    if (overlap(parent, on)) return;
    self_.report.add(
        "nothing of type " + in_quotes(parent.name) + " can be of type " + in_quotes(on.name),
        {at});
  }

  Validation& self_;
  Uses& uses_;
  Site site_;
};

std::string_view location_of(OperationKind kind) {
  return kind == OperationKind::query      ? "QUERY"
         : kind == OperationKind::mutation ? "MUTATION"
                                           : "SUBSCRIPTION";
}

}  // namespace

void validate_fields(Validation& self) {
  for (const ast::Operation& operation : self.document.operations) {
    Walk walk{self, self.operation_uses[&operation]};
    walk.directives(operation.directives, location_of(operation.kind));
    const Type* root = self.schema.root(operation.kind);
    if (root == nullptr) {
      self.report.add("this kind of operation is not supported", {operation.name.at});
    } else {
      walk.selections(*root, operation.selections);
    }
  }
  for (const ast::Fragment& fragment : self.document.fragments) {
    Walk walk{self, self.fragment_uses[&fragment]};
    walk.directives(fragment.directives, "FRAGMENT_DEFINITION");
    const Type* type = walk.condition(fragment.on);
    if (type != nullptr) walk.selections(*type, fragment.selections);
  }
}

}  // namespace cpc::graphql

// Section 5.3.2: fields with the same response name must merge into one.
//
// Comparing all pairs of fields is quadratic, and worse with every level below. But "has the same
// shape" and "is the same field with the same arguments" are equivalences, so that each field needs
// to be compared with the first of its group only; what is below is merged once per group.
// Fragments lead to the same sets of fields again and again: each set is looked at once. What an
// attacker may still multiply by mixing abstract and concrete types, ends at `merge_steps_max`.

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

#include "daemon/graphql/validation.h"

namespace cpc::graphql {
namespace {

using FieldSet = std::vector<const ast::Selection*>;
using Groups = std::map<std::string_view, FieldSet>;

// What a field is; the same wherever its text is reached from.
struct Meaning {
  const Type* parent;
  const Field* field;
};

class Merging {
 public:
  explicit Merging(Validation& self) : self_(self) {}

  void check(const Type& root, const ast::Operation& operation) {
    FieldSet fields;
    std::unordered_set<const ast::Fragment*> spreads;
    collect(root, operation.selections, fields, spreads);
    check_shapes(fields);
    check_same_fields(std::move(fields));
  }

  [[nodiscard]] bool is_stopped() const {
    return steps_ > self_.limits.merge_steps_max || self_.report.is_full();
  }
  [[nodiscard]] bool is_too_much() const { return steps_ > self_.limits.merge_steps_max; }

 private:
  void collect(const Type& parent, const std::vector<ast::Selection>& selections, FieldSet& out,
               std::unordered_set<const ast::Fragment*>& spreads) {
    for (const ast::Selection& selection : selections) {
      ++steps_;
      if (is_stopped()) return;
      if (selection.kind == ast::Selection::Kind::field) {
        meanings_.try_emplace(&selection,
                              Meaning{&parent, self_.schema.field_of(parent, selection.name.text)});
        out.push_back(&selection);
      } else if (selection.kind == ast::Selection::Kind::inline_fragment) {
        const Type* type = selection.on ? self_.schema.find(selection.on->text) : &parent;
        collect(*type, selection.selections, out, spreads);
      } else if (const auto* fragment = self_.fragment(selection.name.text);
                 spreads.insert(fragment).second) {
        collect(*self_.schema.find(fragment->on.text), fragment->selections, out, spreads);
      }
    }
  }

  // All that is selected below the fields of one group.
  FieldSet below(const FieldSet& group) {
    FieldSet fields;
    std::unordered_set<const ast::Fragment*> spreads;
    for (const ast::Selection* selection : group) {
      collect(*meaning(selection).field->use.type, selection->selections, fields, spreads);
    }
    return fields;
  }

  static Groups by_response_name(const FieldSet& fields) {
    Groups groups;
    for (const ast::Selection* field : fields) groups[field->response_name()].push_back(field);
    return groups;
  }

  // SameResponseShape(), whatever the parents are.
  void check_shapes(FieldSet fields) {
    if (is_known(shapes_known_, fields)) return;
    for (const auto& [name, group] : by_response_name(fields)) {
      for (const ast::Selection* field : group) {
        if (!have_same_shape(*group.front(), *field)) conflict(*group.front(), *field);
      }
      check_shapes(below(group));
    }
  }

  // Fields whose parents may be the same object must be the same field with the same arguments:
  // those of each object type together with those of abstract types.
  void check_same_fields(FieldSet fields) {
    if (is_known(fields_known_, fields)) return;
    for (const auto& [name, group] : by_response_name(fields)) {
      FieldSet abstract;
      std::map<const Type*, FieldSet> concrete;
      for (const ast::Selection* field : group) {
        const Type* parent = meaning(field).parent;
        (parent->is_abstract() ? abstract : concrete[parent]).push_back(field);
      }
      if (concrete.empty()) concrete[nullptr];
      for (auto& [parent, together] : concrete) {
        steps_ += abstract.size();
        if (is_stopped()) return;
        together.insert(together.end(), abstract.begin(), abstract.end());
        check_same_field(together);
      }
    }
  }

  void check_same_field(const FieldSet& group) {
    const ast::Selection& first = *group.front();
    for (const ast::Selection* field : group) {
      if (is_stopped()) return;
      if (&first != field && !is_same_field(first, *field)) conflict(first, *field);
    }
    check_same_fields(below(group));
  }

  // Arguments may be long: each pair is compared once.
  bool is_same_field(const ast::Selection& first, const ast::Selection& second) {
    const auto [compared, is_new] = compared_.emplace(std::pair{&first, &second}, true);
    if (is_new) {
      compared->second =
          first.name.text == second.name.text && ast::same(first.arguments, second.arguments);
    }
    return compared->second;
  }

  bool have_same_shape(const ast::Selection& first, const ast::Selection& second) {
    const TypeUse& one = meaning(&first).field->use;
    const TypeUse& other = meaning(&second).field->use;
    if (one.wrapping != other.wrapping) return false;
    if (one.type->is_leaf() || other.type->is_leaf()) return one.type == other.type;
    return true;
  }

  void conflict(const ast::Selection& first, const ast::Selection& second) {
    const std::pair pair{&first, &second};
    if (!told_.insert(pair).second) return;
    self_.report.add(
        "fields " + in_quotes(first.response_name()) + " differ and cannot be merged; use an alias",
        {first.at, second.at});
  }

  bool is_known(std::set<FieldSet>& known, FieldSet& fields) {
    std::ranges::sort(fields, std::less<>{});
    fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
    return is_stopped() || fields.empty() || !known.insert(fields).second;
  }

  [[nodiscard]] const Meaning& meaning(const ast::Selection* field) const {
    return meanings_.at(field);
  }

  Validation& self_;
  std::size_t steps_ = 0;
  std::unordered_map<const ast::Selection*, Meaning> meanings_;
  std::set<FieldSet> shapes_known_;
  std::set<FieldSet> fields_known_;
  std::map<std::pair<const ast::Selection*, const ast::Selection*>, bool> compared_;
  std::set<std::pair<const ast::Selection*, const ast::Selection*>> told_;
};

}  // namespace

Checked<> validate_merging(Validation& self) {
  Merging merging{self};
  for (const ast::Operation& operation : self.document.operations) {
    merging.check(*self.schema.root(operation.kind), operation);
    if (merging.is_too_much()) {
      return refuse(code::too_complex, "it takes too long to see whether the fields merge");
    }
  }
  return success();
}

}  // namespace cpc::graphql

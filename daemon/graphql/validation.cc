#include "daemon/graphql/validation.h"

#include <unordered_set>

#include "daemon/graphql/measure.h"

namespace cpc::graphql {

Checked<> validate(const Schema& schema, const ast::Document& document, const Limits& limits) {
  Validation self{schema,
                  document,
                  limits,
                  Report{document.text, limits.errors_max},
                  ast::fragments_of(document),
                  {},
                  {}};
  validate_operations(self);
  validate_fields(self);
  if (!self.report.is_empty()) return self.report.refusal();
  validate_fragments(self);
  validate_variables(self);
  if (!self.report.is_empty()) return self.report.refusal();
  CPC_TRY(check_depth(document, self.fragments, limits));
  validate_subscriptions(self);
  CPC_TRY(validate_merging(self));
  if (!self.report.is_empty()) return self.report.refusal();
  return success();
}

std::vector<const ast::Fragment*> reachable(const Validation& self, const Uses& uses) {
  std::vector<const ast::Fragment*> found;
  std::unordered_set<const ast::Fragment*> met;
  const auto note = [&](const Uses& more) {
    for (const ast::Name& spread : more.spreads) {
      const ast::Fragment* fragment = self.fragment(spread.text);
      if (fragment != nullptr && met.insert(fragment).second) found.push_back(fragment);
    }
  };
  note(uses);
  // NOLINTNEXTLINE(modernize-loop-convert): it grows meanwhile.
  for (std::size_t i = 0; i < found.size(); ++i) note(self.fragment_uses.at(found[i]));
  return found;
}

}  // namespace cpc::graphql

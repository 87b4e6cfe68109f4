#include <unordered_set>

#include "daemon/graphql/validation.h"

namespace cpc::graphql {
namespace {

// Section 5.5.2.2, by depth first search with a stack of its own: fragments may lead to each other
// in a chain as long as the document.
class Cycles {
 public:
  explicit Cycles(Validation& self) : self_(self) {}

  void search(const ast::Fragment& start) {
    if (!met_.insert(&start).second) return;
    push(start);
    while (!path_.empty()) {
      Step& step = path_.back();
      if (step.next == step.uses->spreads.size()) {
        on_path_.erase(step.fragment);
        path_.pop_back();
        continue;
      }
      const ast::Name& spread = step.uses->spreads[step.next++];
      const ast::Fragment* fragment = self_.fragment(spread.text);
      if (fragment == nullptr) continue;
      if (on_path_.contains(fragment)) {
        self_.report.add("fragment " + in_quotes(spread.text) + " leads to itself", {spread.at});
      } else if (met_.insert(fragment).second) {
        push(*fragment);
      }
    }
  }

 private:
  struct Step {
    const ast::Fragment* fragment;
    const Uses* uses;
    std::size_t next = 0;
  };
  void push(const ast::Fragment& fragment) {
    on_path_.insert(&fragment);
    path_.push_back({&fragment, &self_.fragment_uses.at(&fragment)});
  }

  Validation& self_;
  std::vector<Step> path_;
  std::unordered_set<const ast::Fragment*> met_;
  std::unordered_set<const ast::Fragment*> on_path_;
};

}  // namespace

void validate_fragments(Validation& self) {
  for_each_twin(self.document.fragments, [&](const ast::Name& first, const ast::Name& second) {
    self.report.add("there are two fragments " + in_quotes(second.text), {first.at, second.at});
  });

  std::unordered_set<const ast::Fragment*> used;  // Section 5.5.1.4.
  for (const ast::Operation& operation : self.document.operations) {
    for (const ast::Fragment* fragment : reachable(self, self.operation_uses[&operation])) {
      used.insert(fragment);
    }
  }
  Cycles cycles{self};
  for (const ast::Fragment& fragment : self.document.fragments) {
    if (self.fragment(fragment.name.text) == &fragment && !used.contains(&fragment)) {
      self.report.add("fragment " + in_quotes(fragment.name.text) + " is not used",
                      {fragment.name.at});
    }
    cycles.search(fragment);
  }
}

}  // namespace cpc::graphql

// Who works for which field. Filled while the engine is set up, then only read.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/log.h"
#include "daemon/graphql/engine.h"
#include "daemon/graphql/schema.h"

namespace cpc::graphql {

class Registry {
 public:
  explicit Registry(Log* log) : log_(log) {}

  void add(const Schema& schema, std::string_view type, std::string_view field, Resolver resolver);
  void add(const Schema& schema, std::string_view field, Source source);

  /// Engine::check().
  [[nodiscard]] Result<> check(const Schema& schema) const;

  [[nodiscard]] const Resolver* resolver(const Field& field) const {
    return find(resolvers_, field);
  }
  [[nodiscard]] const Source* source(const Field& field) const { return find(sources_, field); }
  [[nodiscard]] Log* log() const { return log_; }

 private:
  template <class Map>
  static const typename Map::mapped_type* find(const Map& map, const Field& field) {
    const auto found = map.find(&field);
    return found == map.end() ? nullptr : &found->second;
  }
  template <class Map, class Worker>
  void put(Map& map, const Type* type, std::string_view name, Worker worker);

  std::unordered_map<const Field*, Resolver> resolvers_;
  std::unordered_map<const Field*, Source> sources_;
  std::string mistake_;  ///< The first one.
  Log* log_;
};

}  // namespace cpc::graphql

// The client API's engine: daemon/schema.graphql with a resolver for each of its fields that must
// be worked for. Queries are in queries.cc, mutations in mutations.cc.
#pragma once

#include <memory>

#include "daemon/api/api_parts.h"
#include "daemon/graphql/engine.h"

namespace cpc::api {

/// The engine's context is a Caller. `log` is told of resolvers that throw; it outlives the engine.
/// Fails with invalid when the schema and the resolvers do not fit: only a bug does that.
[[nodiscard]] Result<std::unique_ptr<graphql::Engine>> make_client_engine(Log& log);

/// How many messages a page has when nobody says.
inline constexpr std::size_t messages_page_default = 50;

/// The text of daemon/schema.graphql, compiled in.
[[nodiscard]] std::string_view client_schema();

void add_queries(graphql::Engine& engine);
void add_mutations(graphql::Engine& engine);

}  // namespace cpc::api

// The schema as data (section 4). Its types are ordinary types, written in SDL and appended to
// ours; only their values are found here instead of by resolvers.
//
// The parent of a __Type is the text of the type, `[User!]`: a type may lead to every other one,
// and text does not care. All other parents are plain JSON objects, read member by member.
#pragma once

#include <string_view>

#include "daemon/graphql/schema.h"

namespace cpc::graphql {

/// The built-in scalars and directives (sections 3.5, 3.13) and the types of section 4, with the
/// `includeDeprecated` of arguments and input fields that the tools know from later drafts.
[[nodiscard]] std::string_view built_in_sdl();

/// The value of `field`, which belongs to a type of introspection or is __schema or __type.
[[nodiscard]] Json introspect(const Schema& schema, const Type& parent_type, const Field& field,
                              const Json& parent, const Json& args);

}  // namespace cpc::graphql

// Reading what a client gave: arguments of fields, members of input objects. The engine has checked
// their types; whether something that may be null was given is asked here, so that an explicit null
// and a member that is not there are one thing.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace cpc::api {

[[nodiscard]] inline bool is_given(const nlohmann::json& args, const char* name) {
  const auto found = args.find(name);
  return found != args.end() && !found->is_null();
}

/// Only for what the schema promises: anything else throws.
[[nodiscard]] inline const std::string& text_in(const nlohmann::json& args, const char* name) {
  return args.at(name).get_ref<const std::string&>();
}

}  // namespace cpc::api

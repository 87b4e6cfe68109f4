// The version of this build, from CMakeLists.txt.
#pragma once

#include <string_view>

namespace cpc::daemon {

inline constexpr std::string_view version = CPC_VERSION;

}  // namespace cpc::daemon

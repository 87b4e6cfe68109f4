#include "daemon/graphql/scalar.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

namespace cpc::graphql {
namespace {

Error wrong_kind() {
  return fail(ErrorCode::invalid, "not a value of this scalar");
}

// The whole number in `value`, if it has 32 bits (section 3.5.1).
std::optional<std::int32_t> int32_of(const Json& value) {
  using Range = std::numeric_limits<std::int32_t>;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > Range::max()) return {};
  const auto number = value.get<std::int64_t>();
  if (number < Range::min() || number > Range::max()) return {};
  return static_cast<std::int32_t>(number);
}

Result<Json> parse_int(const Json& input) {
  if (!input.is_number_integer()) return wrong_kind();
  const auto number = int32_of(input);
  if (!number) return wrong_kind();
  return Json(*number);
}

// A resolver may return 3.0 for 3; nothing is lost.
Result<Json> serialise_int(const Json& value) {
  if (!value.is_number_float()) return parse_int(value);
  const double number = value.get<double>();
  const bool fits = std::abs(number) <= std::numeric_limits<std::int32_t>::max();
  if (!fits || std::trunc(number) != number) return wrong_kind();
  return Json(static_cast<std::int32_t>(number));
}

Result<Json> finite_number(const Json& value) {
  if (!value.is_number() || !std::isfinite(value.get<double>())) return wrong_kind();
  return Json(value.get<double>());
}

Result<Json> string_itself(const Json& value) {
  if (!value.is_string()) return wrong_kind();
  return value;
}

Result<Json> boolean_itself(const Json& value) {
  if (!value.is_boolean()) return wrong_kind();
  return value;
}

Result<Json> id_as_text(const Json& value) {
  if (value.is_string()) return value;
  if (!value.is_number_integer()) return wrong_kind();
  return Json(value.dump());
}

}  // namespace

const Scalars& built_in_scalars() {
  static const Scalars scalars{{"Int", {parse_int, serialise_int}},
                               {"Float", {finite_number, finite_number}},
                               {"String", {string_itself, string_itself}},
                               {"Boolean", {boolean_itself, boolean_itself}},
                               {"ID", {id_as_text, id_as_text}}};
  return scalars;
}

}  // namespace cpc::graphql

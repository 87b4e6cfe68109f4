// The scalar DateTime: RFC 3339 section 5.6 outside, milliseconds since the epoch inside.

#include <chrono>
#include <cstdio>
#include <optional>
#include <string_view>

#include "core/base/time.h"
#include "daemon/graphql/scalar.h"

namespace cpc::graphql {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr TimePoint first_moment = sys_days{std::chrono::year{1} / 1 / 1};
constexpr TimePoint last_moment = sys_days{std::chrono::year{10000} / 1 / 1} - Milliseconds{1};

// Reads `text` from the left, digit by digit: no locale, no signs, no spaces.
class Digits {
 public:
  explicit Digits(std::string_view text) : rest_(text) {}

  // Exactly `count` digits, not above `max`.
  int number(std::size_t count, int max) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value * 10 + digit();
    if (value > max) failed_ = true;
    return value;
  }
  // One of `wanted`, as it is written.
  char one_of(std::string_view wanted) {
    const bool found = !rest_.empty() && wanted.find(rest_.front()) != std::string_view::npos;
    if (!found) failed_ = true;
    const char c = rest_.empty() ? '\0' : rest_.front();
    rest_.remove_prefix(rest_.empty() ? 0 : 1);
    return c;
  }
  // What follows a dot, in milliseconds; finer digits are read and dropped.
  Milliseconds fraction() {
    if (rest_.empty() || rest_.front() != '.') return {};
    rest_.remove_prefix(1);
    if (!next_is_digit()) failed_ = true;
    int value = 0;
    for (int scale = 100; next_is_digit(); scale /= 10) value += digit() * scale;
    return Milliseconds{value};
  }
  [[nodiscard]] bool done() const { return rest_.empty() && !failed_; }

 private:
  [[nodiscard]] bool next_is_digit() const {
    return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }
  int digit() { return one_of("0123456789") - '0'; }

  std::string_view rest_;
  bool failed_ = false;
};

std::optional<TimePoint> parse_time(std::string_view text) {
  Digits digits{text};
  const std::chrono::year year{digits.number(4, 9999)};
  digits.one_of("-");
  const std::chrono::month month{static_cast<unsigned>(digits.number(2, 12))};
  digits.one_of("-");
  const std::chrono::day day{static_cast<unsigned>(digits.number(2, 31))};
  digits.one_of("Tt");
  Milliseconds of_day = hours{digits.number(2, 23)};
  digits.one_of(":");
  of_day += minutes{digits.number(2, 59)};
  digits.one_of(":");
  of_day += seconds{digits.number(2, 59)};
  of_day += digits.fraction();

  Milliseconds offset{};
  const char zone = digits.one_of("Zz+-");
  if (zone == '+' || zone == '-') {
    offset = hours{digits.number(2, 23)};
    digits.one_of(":");
    offset += minutes{digits.number(2, 59)};
    if (zone == '-') offset = -offset;
  }
  const std::chrono::year_month_day date{year, month, day};
  if (!digits.done() || !date.ok()) return {};
  const TimePoint time = sys_days{date} + of_day - offset;
  if (time < first_moment || time > last_moment) return {};
  return time;
}

Result<Json> parse_date_time(const Json& input) {
  if (!input.is_string()) return fail(ErrorCode::invalid, "a time is a string");
  const auto time = parse_time(input.get_ref<const std::string&>());
  if (!time) return fail(ErrorCode::invalid, "not a time of RFC 3339");
  return Json(to_milliseconds(*time));
}

Result<Json> serialise_date_time(const Json& value) {
  if (!value.is_number_integer()) return fail(ErrorCode::invalid, "a time is milliseconds");
  const TimePoint time = from_milliseconds(value.get<std::int64_t>());
  if (time < first_moment || time > last_moment) {
    return fail(ErrorCode::invalid, "a time outside of the years 0001 to 9999");
  }
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  char text[80];
  std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return Json(std::string{text});
}

}  // namespace

Scalar date_time_scalar() {
  return {parse_date_time, serialise_date_time};
}

}  // namespace cpc::graphql

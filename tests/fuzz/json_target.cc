// The strict reader of foreign JSON: what it accepts means one thing, to it and to everybody.
#include <cmath>
#include <string>

#include "federation/strict_json.h"
#include "tests/fuzz/target.h"

namespace cpc::fuzz {
namespace {

using federation::JsonLimits;
using federation::JsonObject;
using nlohmann::json;

struct Shape {
  std::size_t values = 0;
  std::size_t members = 0;
  std::size_t depth = 0;
  bool has_float = false;
};

void measure(const json& value, std::size_t depth, Shape& shape) {
  ++shape.values;
  if (value.is_structured()) {
    shape.depth = std::max(shape.depth, depth + 1);
    shape.members += value.is_object() ? value.size() : 0;
    for (const json& inner : value) measure(inner, depth + 1, shape);
  } else if (value.is_number_float()) {
    shape.has_float = true;
    promise(std::isfinite(value.get<double>()), "a number is finite");
  } else if (value.is_number()) {
    const auto number = value.get<std::int64_t>();
    promise(std::abs(number) <= federation::json_integer_max, "an integer is exact everywhere");
  }
}

// The library's own reader, which takes a key twice: it tells how many keys the text has.
struct KeyCounter final : nlohmann::json_sax<json> {
  std::size_t keys = 0;
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(std::int64_t) override { return true; }
  bool number_unsigned(std::uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(json::binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool key(std::string&) override {
    ++keys;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override {
    return false;
  }
};

void check_members(const json& value) {
  if (value.is_array()) {
    for (const json& item : value) check_members(item);
  }
  if (!value.is_object()) return;
  const JsonObject object = JsonObject::of(value, "fuzzed").value();
  for (const auto& [key, member] : value.items()) {
    promise(object.has(key), "a member that is there is found");
    if (const auto octets = object.base64url(key, 64)) {
      promise(octets.value().size() <= 64, "octets are within their bound");
      promise(base64url(octets.value()) == member.get_ref<const std::string&>(),
              "octets have one text");
    }
    if (const auto text = object.string(key, 64)) {
      promise(text.value().size() <= 64, "a text is within its bound");
      promise(text.value().find('\0') == std::string_view::npos, "a text holds no NUL");
    }
    if (const auto time = object.time(key)) {
      promise(time.value() <= federation::json_time_max, "a time can be written");
    }
    promise(!object.id<Digest>(key) || object.string(key, 43).has_value(), "an id has its length");
    check_members(member);
  }
}

void check_accepted(std::string_view text, const json& value, const JsonLimits& limits) {
  Shape shape;
  measure(value, 0, shape);
  promise(text.size() <= limits.bytes_max, "the size limit holds");
  promise(shape.depth <= limits.depth_max, "the depth limit holds");
  promise(shape.values <= limits.values_max, "the limit of values holds");
  promise(limits.allow_floats || !shape.has_float, "floats are only where they are allowed");
  KeyCounter counter;
  promise(json::sax_parse(text.begin(), text.end(), &counter), "what we take is JSON");
  promise(counter.keys == shape.members, "no key comes twice");

  const std::string compact = federation::compact_json(value);
  const auto again = federation::parse_strict_json(
      compact, {.bytes_max = compact.size(), .allow_floats = limits.allow_floats});
  promise(again.has_value() && again.value() == value, "what we write reads as the same");
  promise(federation::compact_json(again.value()) == compact, "a value has one spelling");
}

}  // namespace

void run(std::string_view octets) {
  constexpr JsonLimits narrow{.bytes_max = 256, .depth_max = 3, .values_max = 20};
  const auto plain = federation::parse_strict_json(octets);
  const auto few = federation::parse_strict_json(octets, narrow);
  const auto floats = federation::parse_strict_json(octets, {.allow_floats = true});
  if (floats) check_accepted(octets, floats.value(), {.allow_floats = true});
  promise(!few || plain.has_value(), "narrower limits take less");
  if (!plain) return;
  check_accepted(octets, plain.value(), {});
  check_members(plain.value());
  promise(floats && floats.value() == plain.value(), "to allow floats changes nothing else");

  Shape shape;
  measure(plain.value(), 0, shape);
  const bool fits = octets.size() <= narrow.bytes_max && shape.depth <= narrow.depth_max &&
                    shape.values <= narrow.values_max;
  promise(fits == few.has_value(), "limits refuse what is over them, and nothing else");
  promise(!few || few.value() == plain.value(), "a limit changes no value");
}

}  // namespace cpc::fuzz

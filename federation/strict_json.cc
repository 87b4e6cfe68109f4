#include "federation/strict_json.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace cpc::federation {
namespace {

using nlohmann::json;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Builds the value from the library's events, which it delivers without recursion, and stops at the
// first one that breaks a rule. The library itself keeps the last of duplicate keys, turns huge
// integers into doubles, skips a byte order mark and takes a NUL for the end of the text.
class StrictReader final : public nlohmann::json_sax<json> {
 public:
  explicit StrictReader(const JsonLimits& limits) : limits_(limits) {}

  json take() { return std::move(root_); }
  [[nodiscard]] const Error& error() const { return error_; }

  bool null() override { return place(nullptr) != nullptr; }
  bool boolean(bool value) override { return place(value) != nullptr; }

  bool number_integer(std::int64_t value) override {
    // The library delivers negative spellings here, and others as unsigned: so 0 was written "-0".
    if (value == 0 && !limits_.allow_floats) return refuse("JSON with a negative zero");
    if (value < -json_integer_max) return refuse("JSON with an integer beyond 2^53 - 1");
    return place(value) != nullptr;
  }

  bool number_unsigned(std::uint64_t value) override {
    if (value > std::uint64_t{json_integer_max}) {
      return refuse("JSON with an integer beyond 2^53 - 1");
    }
    return place(static_cast<std::int64_t>(value)) != nullptr;
  }

  bool number_float(double value, const std::string& text) override {
    if (text.find_first_of(".eE") == std::string::npos) {
      return refuse("JSON with an integer beyond 2^53 - 1");
    }
    if (!limits_.allow_floats) return refuse("JSON with a fraction or an exponent");
    if (!std::isfinite(value)) return refuse("JSON with a number beyond a double");
    return place(value) != nullptr;
  }

  bool string(std::string& value) override { return place(std::move(value)) != nullptr; }
  bool binary(json::binary_t&) override { return refuse("JSON with binary"); }

  bool start_object(std::size_t) override { return open(json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_array() override { return close(); }

  bool key(std::string& value) override {
    auto& object = open_.back()->get_ref<json::object_t&>();
    const auto [member, is_new] = object.emplace(std::move(value), nullptr);
    if (!is_new) return refuse("JSON with a key twice in one object");
    slot_ = &member->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
    return refuse("not JSON at octet " + std::to_string(position));
  }

 private:
  bool refuse(std::string why, ErrorCode code = ErrorCode::invalid) {
    error_ = fail(code, std::move(why));
    return false;
  }

  // Puts a value where the text has it; the last element of an array stays in place while it is
  // filled, so the pointer holds.
  json* place(json value) {
    if (++values_ > limits_.values_max) {
      refuse("JSON with too many values", ErrorCode::too_large);
      return nullptr;
    }
    if (open_.empty()) return &(root_ = std::move(value));
    if (open_.back()->is_array()) {
      return &open_.back()->get_ref<json::array_t&>().emplace_back(std::move(value));
    }
    return &(*slot_ = std::move(value));
  }

  bool open(json container) {
    if (open_.size() >= limits_.depth_max) {
      return refuse("JSON nested too deeply", ErrorCode::too_large);
    }
    json* const placed = place(std::move(container));
    if (placed == nullptr) return false;
    open_.push_back(placed);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  const JsonLimits& limits_;
  json root_;
  std::vector<json*> open_;  // The objects and arrays around the current place.
  json* slot_ = nullptr;     // Where the value of the last key goes.
  std::size_t values_ = 0;
  Error error_{ErrorCode::invalid, "not JSON"};
};

}  // namespace

Result<json> parse_strict_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes_max) return fail(ErrorCode::too_large, "JSON over its size limit");
  if (text.starts_with(byte_order_mark)) {
    return fail(ErrorCode::invalid, "JSON behind a byte order mark");
  }
  if (text.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::invalid, "JSON with a NUL octet");
  }
  StrictReader reader{limits};
  if (!json::sax_parse(text.begin(), text.end(), &reader)) return reader.error();
  return reader.take();
}

std::string compact_json(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<JsonObject> JsonObject::of(const json& value, std::string_view what) {
  if (!value.is_object()) return fail(ErrorCode::invalid, std::string{what} + ": not an object");
  return JsonObject{value, what};
}

Error JsonObject::wrong(std::string_view key, std::string_view why) const {
  std::string detail{what_};
  detail.append(": ").append(key).append(" ").append(why);
  return fail(ErrorCode::invalid, std::move(detail));
}

bool JsonObject::has(std::string_view key) const {
  return value_->contains(key);
}

Result<> JsonObject::only(std::initializer_list<std::string_view> known) const {
  for (const auto& [key, ignored] : value_->get_ref<const json::object_t&>()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return fail(ErrorCode::invalid, std::string{what_} + ": an unknown member");
    }
  }
  return success();
}

Result<const json*> JsonObject::value(std::string_view key) const {
  const auto found = value_->find(key);
  if (found == value_->end()) return wrong(key, "is missing");
  return &*found;
}

Result<std::string_view> JsonObject::string(std::string_view key, std::size_t bytes_max) const {
  CPC_TRY(const json* member, value(key));
  if (!member->is_string()) return wrong(key, "is not a string");
  const auto& text = member->get_ref<const std::string&>();
  if (text.size() > bytes_max) return wrong(key, "is too long");
  if (text.find('\0') != std::string::npos) return wrong(key, "holds NUL");
  return std::string_view{text};
}

Result<std::int64_t> JsonObject::integer(std::string_view key, std::int64_t min,
                                         std::int64_t max) const {
  CPC_TRY(const json* member, value(key));
  if (!member->is_number_integer()) return wrong(key, "is not an integer");
  const auto number = member->get<std::int64_t>();
  if (number < min || number > max) return wrong(key, "is out of range");
  return number;
}

Result<TimePoint> JsonObject::time(std::string_view key) const {
  CPC_TRY(const std::int64_t milliseconds, integer(key, 0, to_milliseconds(json_time_max)));
  return from_milliseconds(milliseconds);
}

Result<bool> JsonObject::boolean(std::string_view key) const {
  CPC_TRY(const json* member, value(key));
  if (!member->is_boolean()) return wrong(key, "is not true or false");
  return member->get<bool>();
}

Result<JsonObject> JsonObject::object(std::string_view key) const {
  CPC_TRY(const json* member, value(key));
  if (!member->is_object()) return wrong(key, "is not an object");
  return JsonObject{*member, key};
}

Result<std::span<const json>> JsonObject::array(std::string_view key, std::size_t items_max) const {
  CPC_TRY(const json* member, value(key));
  if (!member->is_array()) return wrong(key, "is not an array");
  if (member->size() > items_max) return wrong(key, "has too many items");
  return std::span<const json>{member->get_ref<const json::array_t&>()};
}

Result<std::vector<std::string>> JsonObject::strings(std::string_view key, std::size_t items_max,
                                                     std::size_t bytes_max) const {
  CPC_TRY(const auto items, array(key, items_max));
  std::vector<std::string> texts;
  texts.reserve(items.size());
  for (const json& item : items) {
    if (!item.is_string()) return wrong(key, "holds something that is not a string");
    texts.push_back(item.get_ref<const std::string&>());
    if (texts.back().size() > bytes_max) return wrong(key, "holds a string that is too long");
  }
  return texts;
}

Result<Bytes> JsonObject::base64url(std::string_view key, std::size_t bytes_max) const {
  CPC_TRY(const std::string_view text, string(key, (bytes_max * 4 + 2) / 3));
  Result<Bytes> raw = from_base64url(text);
  if (!raw) return wrong(key, "is not base64url");
  return raw;
}

}  // namespace cpc::federation

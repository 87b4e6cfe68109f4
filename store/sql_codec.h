// How one C++ value becomes one SQL value and back: the whole list of types that a column can have.
//
// decode() returns false for a value that encode() never wrote; the caller names table and column.
#pragma once

#include <optional>
#include <type_traits>

#include "core/address.h"
#include "core/base/time.h"
#include "store/database.h"
#include "store/table.h"

namespace cpc::store {

template <class T>
struct SqlCodec;

template <>
struct SqlCodec<std::int64_t> {
  static constexpr SqlType type = SqlType::integer;
  static SqlValue encode(std::int64_t value) { return value; }
  static bool decode(SqlValue& sql, std::int64_t& value) {
    const auto* integer = std::get_if<std::int64_t>(&sql);
    if (integer != nullptr) value = *integer;
    return integer != nullptr;
  }
};

template <>
struct SqlCodec<bool> {
  static constexpr SqlType type = SqlType::integer;
  static SqlValue encode(bool value) { return std::int64_t{value}; }
  static bool decode(SqlValue& sql, bool& value) {
    const auto* integer = std::get_if<std::int64_t>(&sql);
    if (integer != nullptr) value = *integer != 0;
    return integer != nullptr;
  }
};

/// The columns of an enum have a CHECK, so that no other number can be read.
template <class T>
requires std::is_enum_v<T>
struct SqlCodec<T> {
  static constexpr SqlType type = SqlType::integer;
  static SqlValue encode(T value) { return static_cast<std::int64_t>(value); }
  static bool decode(SqlValue& sql, T& value) {
    const auto* integer = std::get_if<std::int64_t>(&sql);
    if (integer != nullptr) value = static_cast<T>(*integer);
    return integer != nullptr;
  }
};

template <>
struct SqlCodec<TimePoint> {
  static constexpr SqlType type = SqlType::integer;
  static SqlValue encode(TimePoint value) { return to_milliseconds(value); }
  static bool decode(SqlValue& sql, TimePoint& value) {
    const auto* integer = std::get_if<std::int64_t>(&sql);
    if (integer != nullptr) value = from_milliseconds(*integer);
    return integer != nullptr;
  }
};

template <std::size_t N, class Tag>
struct SqlCodec<Id<N, Tag>> {
  static constexpr SqlType type = SqlType::blob;
  static SqlValue encode(const Id<N, Tag>& value) { return Blob{value.bytes()}; }
  static bool decode(SqlValue& sql, Id<N, Tag>& value) {
    const auto* blob = std::get_if<Blob>(&sql);
    if (blob == nullptr || blob->octets.size() != N) return false;
    std::copy(blob->octets.begin(), blob->octets.end(),
              reinterpret_cast<char*>(value.octets.data()));
    return true;
  }
};

/// Text. Octets are marked as such by the record map and use SqlCodec<Blob>.
template <>
struct SqlCodec<std::string> {
  static constexpr SqlType type = SqlType::text;
  static SqlValue encode(const std::string& value) { return value; }
  static bool decode(SqlValue& sql, std::string& value) {
    auto* text = std::get_if<std::string>(&sql);
    if (text != nullptr) value = std::move(*text);
    return text != nullptr;
  }
};

template <>
struct SqlCodec<Blob> {
  static constexpr SqlType type = SqlType::blob;
  static SqlValue encode(const Bytes& value) { return Blob{value}; }
  static bool decode(SqlValue& sql, Bytes& value) {
    auto* blob = std::get_if<Blob>(&sql);
    if (blob != nullptr) value = std::move(blob->octets);
    return blob != nullptr;
  }
};

/// The blank name is the empty text.
template <>
struct SqlCodec<core::InstanceName> {
  static constexpr SqlType type = SqlType::text;
  static SqlValue encode(const core::InstanceName& value) { return value.text(); }
  static bool decode(SqlValue& sql, core::InstanceName& value) {
    const auto* text = std::get_if<std::string>(&sql);
    if (text == nullptr) return false;
    value = {};
    if (text->empty()) return true;
    auto name = core::InstanceName::parse(*text);
    if (!name) return false;
    value = std::move(name).value();
    return true;
  }
};

/// `local@name.cpc`, one column: what ranges and keys compare.
template <>
struct SqlCodec<core::Address> {
  static constexpr SqlType type = SqlType::text;
  static SqlValue encode(const core::Address& value) { return value.text(); }
  static bool decode(SqlValue& sql, core::Address& value) {
    const auto* text = std::get_if<std::string>(&sql);
    const auto at = text == nullptr ? std::string::npos : text->rfind('@');
    if (at == std::string::npos) return false;
    value.local = text->substr(0, at);
    SqlValue name{text->substr(at + 1)};
    return SqlCodec<core::InstanceName>::decode(name, value.instance);
  }
};

template <class T>
struct SqlCodec<std::optional<T>> {
  static constexpr SqlType type = SqlCodec<T>::type;
  static SqlValue encode(const std::optional<T>& value) {
    return value ? SqlCodec<T>::encode(*value) : SqlValue{};
  }
  static bool decode(SqlValue& sql, std::optional<T>& value) {
    value.reset();
    if (std::holds_alternative<std::monostate>(sql)) return true;
    return SqlCodec<T>::decode(sql, value.emplace());
  }
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

}  // namespace cpc::store

// Formats: src/backend/utils/adt/int8.c (int8send), varlena.c (byteasend, textsend) and
// arrayfuncs.c (array_send) of PostgreSQL; numbers of types: pg_type.dat.
#include "store/postgres_values.h"

namespace cpc::store {
namespace {

constexpr unsigned type_bytea = 17, type_int8 = 20, type_int2 = 21, type_int4 = 23, type_text = 25;
constexpr unsigned type_bytea_array = 1001, type_text_array = 1009, type_int8_array = 1016;

struct TypeNumbers {
  unsigned one;
  unsigned array;
};
TypeNumbers numbers_of(SqlType type) {
  switch (type) {
    case SqlType::integer:
      return {type_int8, type_int8_array};
    case SqlType::text:
      return {type_text, type_text_array};
    case SqlType::blob:
      break;
  }
  return {type_bytea, type_bytea_array};
}

void append_element(Bytes& out, const SqlValue& value) {
  const auto append = [&](std::string_view octets) {
    append_big_endian(out, static_cast<std::uint32_t>(octets.size()));
    out.append(octets);
  };
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    append_big_endian(out, std::uint32_t{8});
    append_big_endian(out, static_cast<std::uint64_t>(*integer));
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    append(*text);
  } else if (const auto* blob = std::get_if<Blob>(&value)) {
    append(blob->octets);
  } else {
    append_big_endian(out, 0xffff'ffffU);  // -1: NULL.
  }
}

Result<SqlValue> integer_of(std::string_view octets, std::size_t size) {
  if (octets.size() != size) return fail(ErrorCode::internal, "PostgreSQL sent no integer");
  // The sign of the first octet is the number's.
  std::int64_t number = static_cast<signed char>(octets.front());
  for (const char octet : octets.substr(1)) {
    number = static_cast<std::int64_t>(static_cast<std::uint64_t>(number) << 8 |
                                       static_cast<unsigned char>(octet));
  }
  return SqlValue{number};
}

}  // namespace

PostgresValue to_postgres(const SqlValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    PostgresValue out{type_int8, false, {}};
    append_big_endian(out.octets, static_cast<std::uint64_t>(*integer));
    return out;
  }
  if (const auto* text = std::get_if<std::string>(&value)) return {type_text, false, *text};
  if (const auto* blob = std::get_if<Blob>(&value)) return {type_bytea, false, blob->octets};
  return {};
}

PostgresValue to_postgres_array(std::span<const SqlRow> rows, std::size_t column, SqlType type) {
  const TypeNumbers numbers = numbers_of(type);
  PostgresValue out{numbers.array, false, {}};
  append_big_endian(out.octets, std::uint32_t{1});  // Dimensions.
  append_big_endian(out.octets, std::uint32_t{1});  // There may be NULLs.
  append_big_endian(out.octets, static_cast<std::uint32_t>(numbers.one));
  append_big_endian(out.octets, static_cast<std::uint32_t>(rows.size()));
  append_big_endian(out.octets, std::uint32_t{1});  // The first has index 1.
  for (const SqlRow& row : rows) append_element(out.octets, row[column]);
  return out;
}

Result<SqlValue> from_postgres(unsigned type, std::string_view octets) {
  switch (type) {
    case type_int8:
      return integer_of(octets, 8);
    case type_int4:
      return integer_of(octets, 4);
    case type_int2:
      return integer_of(octets, 2);
    case type_bytea:
      return SqlValue{Blob{Bytes{octets}}};
    default:
      return SqlValue{std::string{octets}};  // text, name: as they are read.
  }
}

}  // namespace cpc::store

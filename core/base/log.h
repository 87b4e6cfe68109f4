// A log line is a constant sentence plus named values: constant, so that an
// operator can grep for it; named, so that a machine can read it. Never a body, a key or a token.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace cpc {

struct Field {
  Field(std::string_view field, std::string_view value) : name(field), text(value) {}
  Field(std::string_view field, std::int64_t value) : name(field), text(std::to_string(value)) {}
  std::string_view name;
  std::string text;
};

/// Where state changes are told to the operator. Implementations may be called from any thread.
class Log {
 public:
  virtual ~Log() = default;
  virtual void info(std::string_view sentence, std::initializer_list<Field> fields) = 0;
  virtual void warn(std::string_view sentence, std::initializer_list<Field> fields) = 0;
  /// Something only the operator can mend, or a bug of ours.
  virtual void error(std::string_view sentence, std::initializer_list<Field> fields) = 0;
};

}  // namespace cpc

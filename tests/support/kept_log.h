// A log that a test can read.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/log.h"

namespace cpc::tests {

/// One thread only.
class KeptLog final : public Log {
 public:
  struct Line {
    std::string level;
    std::string sentence;
    std::vector<std::pair<std::string, std::string>> fields;
    [[nodiscard]] std::string value(std::string_view name) const {
      const auto found =
          std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
      return found == fields.end() ? "" : found->second;
    }
  };
  std::vector<Line> lines;

  void info(std::string_view sentence, std::initializer_list<Field> fields) override {
    keep("info", sentence, fields);
  }
  void warn(std::string_view sentence, std::initializer_list<Field> fields) override {
    keep("warn", sentence, fields);
  }
  void error(std::string_view sentence, std::initializer_list<Field> fields) override {
    keep("error", sentence, fields);
  }
  [[nodiscard]] std::size_t count(std::string_view sentence) const {
    return static_cast<std::size_t>(std::ranges::count(lines, sentence, &Line::sentence));
  }

 private:
  void keep(std::string level, std::string_view sentence, std::initializer_list<Field> fields) {
    Line line{std::move(level), std::string{sentence}, {}};
    for (const Field& field : fields) line.fields.emplace_back(field.name, field.text);
    lines.push_back(std::move(line));
  }
};

}  // namespace cpc::tests
